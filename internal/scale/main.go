// Scale turns measured figures into machines, bytes and cost: what Laurel needs for one district, for a state, for the teachers of a
// nation and for a billion checks a day, in several layouts, and which part gives way first. docs/scale.md says what follows
// from it. It reads no clock and no network, and prints the same each time.
//
//	go run ./internal/scale                              the tables of docs/scale.md
//	go run ./internal/scale -into docs/scale.md          writes them there
//	go run ./internal/scale -list                        every figure and assumption, by name
//	go run ./internal/scale -figures FILE.json           with the figures of other machines: {"page cpu postgres": 900}
//	go run ./internal/scale -set 'page share=0.1' -set 'cdn price=0'
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(2)
	}
}

func run(arguments []string) error {
	m := model{a: figures{}}
	for _, a := range assumptions() {
		m.a[a.Name] = a.Value
	}
	flags := flag.NewFlagSet("scale", flag.ExitOnError)
	file := flags.String("figures", "", "JSON `FILE` with measured figures in place of ours")
	into := flags.String("into", "", "write the tables into this Markdown `FILE`, between its marks")
	list := flags.Bool("list", false, "print figures and assumptions instead")
	flags.Func("set", "another assumption or price, as `NAME=VALUE`", func(text string) error {
		name, number, _ := strings.Cut(text, "=")
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return err
		}
		return m.a.replace(map[string]float64{name: value})
	})
	_ = flags.Parse(arguments) // it says what is wrong and ends the program
	var err error
	if m.f, err = read(*file); err != nil {
		return err
	}
	if *list {
		m.inputs(os.Stdout)
		return nil
	}
	if *into != "" {
		return m.insert(*into)
	}
	m.report(os.Stdout)
	return nil
}
