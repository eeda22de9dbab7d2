// Load puts the real server under load: the built program on one processor, a store of its own, and requests from another processor.
// docs/performance.md says what it found. It is no part of the product.
//
//	go run ./internal/load rates                     requests a second of one processor, beside a handler that only greets
//	go run ./internal/load rates -bin ./laurel       with a program that is built already
//	go run ./internal/load rates -only page,status   some scenarios only
//	go run ./internal/load soak -for 1h              a mixed load for long; what may not grow did not
//	go run ./internal/load fair                      how people fare while others do harm or much
package main

import (
	"fmt"
	"os"
)

// commands are what the program does, by the word that asks for it.
var commands = map[string]func(arguments []string) error{
	"rates": rates,
	"hello": hello,
	"soak":  soak,
	"fair":  fair,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "load: name what to do: rates, soak or fair")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
