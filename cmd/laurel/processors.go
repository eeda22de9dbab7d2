package main

import (
	"os"
	"runtime"
)

// runBesideDisk lets two goroutines run at a time where there is one processor. While the only one that may run waits for the disk, which a
// store does for each award, Go looks at nothing else for up to 10 ms, at new requests neither; then awards were made one after another
// instead of sixteen with two commits. GOMAXPROCS in the environment holds alone.
func runBesideDisk() {
	if runtime.GOMAXPROCS(0) == 1 && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2)
	}
}

// processors is how many goroutines can work at a time without taking the processor from each other.
func processors() int { return min(runtime.NumCPU(), runtime.GOMAXPROCS(0)) }
