package main

import (
	"os"
	"runtime"
)

// calmBytes is how much the collector takes to be in use beside what is.
const calmBytes = 32 << 20

// calmCollector keeps the garbage collector from running every dozen documents, which it does while little memory is in use, and
// which keeps a second processor from helping (docs/performance.md). It holds memory that is never touched, and so costs address
// space only: the collector runs when as much again has been used. With much in use it runs as often as without. Where the
// operator has set GOGC or GOMEMLIMIT, these alone hold. The function that it returns ends it.
func calmCollector() (end func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	calm := make([]byte, calmBytes)
	return func() { runtime.KeepAlive(calm) }
}
