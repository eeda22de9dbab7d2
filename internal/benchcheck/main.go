// Benchcheck says which part of Laurel has become slower: it measures a fixed set of operations in turns with work of the machine
// that is always the same, and compares the ratios with those of docs/bench-reference.txt.
//
//	go run ./internal/benchcheck              (make bench-check)
//	go run ./internal/benchcheck -renew       keeps what it finds as the reference (make bench-reference)
//	go run ./internal/benchcheck -only award  the operations of which the name holds "award"
//
// It ends with 0 when nothing got worse, with 1 when something did, and with 2 when it cannot say.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

const (
	reference = "docs/bench-reference.txt"
	again     = 2                // how often what is not as before is measured anew, before it is said
	first     = 90 * time.Second // at most, by the clock
	later     = 40 * time.Second // of each time anew
)

func main() {
	worse, err := run(os.Args[1:])
	switch {
	case worse:
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "benchcheck:", err)
		os.Exit(2)
	}
}

func run(arguments []string) (worse bool, err error) {
	flags := flag.NewFlagSet("benchcheck", flag.ExitOnError)
	renew := flags.Bool("renew", false, "keep what is found as the reference")
	only := flags.String("only", "", "operations of which the name holds this `TEXT`")
	rounds := flags.Int("rounds", 45, "how often each operation is measured")
	_ = flags.Parse(arguments) // it says what is wrong and ends the program
	if *rounds < fewest || *renew && *only != "" {
		return false, errors.New("at least 9 rounds, and -renew takes all operations")
	}
	folder, err := os.MkdirTemp("", "benchcheck")
	if err != nil {
		return false, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	all, end, err := operations(context.Background(), folder)
	if err != nil {
		return false, fmt.Errorf("preparing: %w", err)
	}
	defer end()
	var chosen []operation
	for _, o := range all {
		if strings.Contains(o.name, *only) {
			chosen = append(chosen, o)
		}
	}
	now, err := measure(chosen, *rounds, first)
	if err != nil {
		return false, err
	}
	machine := fmt.Sprintf("%s %s/%s, %d × %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processorName())
	if *renew {
		if err := os.WriteFile(reference, []byte(results{machine, now}.String()), 0o644); err != nil {
			return false, fmt.Errorf("keeping the reference: %w", err)
		}
	}
	text, err := os.ReadFile(reference)
	if err != nil {
		return false, fmt.Errorf("reading the reference: %w", err)
	}
	before, err := parse(string(text))
	if err != nil {
		return false, fmt.Errorf("reading the reference: %w", err)
	}
	found := compare(before.figures, now, *only == "")
	for range again {
		doubtful := unlike(chosen, found)
		if len(doubtful) == 0 {
			break
		}
		fmt.Printf("measured again, as they are not as before: %s\n", strings.Join(names(doubtful), ", "))
		once, err := measure(doubtful, *rounds, later)
		if err != nil {
			return false, err
		}
		now = replaced(now, once)
		found = compare(before.figures, now, *only == "")
	}
	if load := loadAverage(); load > 1.5*float64(runtime.NumCPU()) {
		fmt.Printf("the load of this machine is %.1f on %d processors: neighbours move ratios too, if less than times\n", load, runtime.NumCPU())
	}
	if before.machine != machine {
		fmt.Printf("the reference is of %s, this is %s: ratios may differ for that reason alone\n", before.machine, machine)
	}
	return report(os.Stdout, found)
}
