//go:build !js || !wasm

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "laurel-device runs in a browser; `laurel verify` does the same here")
	os.Exit(2)
}
