// Growth keeps what was measured of how cost grows with size, and draws it: the curves of docs/performance.md. It reads no clock and no
// network, and makes the same bytes from the same figures each time. Measuring is TestGrowth of cmd/laurel.
//
//	make growth                            measures everything, keeps and draws it
//	go run ./internal/growth take < LINES  keeps the lines "growth: CURVE SIZE FIGURE" of a run, and draws
//	go run ./internal/growth draw          draws what is kept
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(".", os.Args[1:], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(2)
	}
}

// run works in the folder at root, which is that of the repository.
func run(root string, arguments []string, in io.Reader) error {
	if len(arguments) != 1 || arguments[0] != "take" && arguments[0] != "draw" {
		return errors.New("say take or draw")
	}
	kept := filepath.Join(root, "docs", "growth", "figures.txt")
	text, err := os.ReadFile(kept)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reading the figures: %w", err)
	}
	f, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("reading the figures: %w", err)
	}
	if arguments[0] == "take" {
		if err := f.take(in); err != nil {
			return err
		}
		if err := os.WriteFile(kept, []byte(f.String()), 0o644); err != nil {
			return fmt.Errorf("keeping the figures: %w", err)
		}
	}
	for _, c := range charts() {
		picture, err := c.draw(f)
		if err == nil {
			err = os.WriteFile(filepath.Join(root, "docs", "growth", c.file), picture, 0o644)
		}
		if err != nil {
			return fmt.Errorf("drawing %s: %w", c.file, err)
		}
	}
	document := filepath.Join(root, "docs", "performance.md")
	page, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	page, err = f.insert(page)
	if err == nil {
		err = os.WriteFile(document, page, 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the tables: %w", err)
	}
	return nil
}
