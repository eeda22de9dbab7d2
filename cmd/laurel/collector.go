package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// calmBytes is how much may be used between two runs of the garbage collector, however little is held.
const calmBytes = 32 << 20

// calmCollector keeps the garbage collector from running every dozen documents, which it does while little memory is held, and which
// keeps a second processor from helping (docs/performance.md). After each run it sets how much may be used until the next: calmBytes,
// or as much again as is held when that is more, which is what Go does by itself. Where the operator has set GOGC or GOMEMLIMIT,
// these alone hold. The function that it returns ends it.
func calmCollector() (end func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	var mu sync.Mutex
	ended, before := false, debug.SetGCPercent(percentFor(0))
	afterEachRun(func() bool {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			debug.SetGCPercent(percentFor(heldBytes()))
		}
		return !ended
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		debug.SetGCPercent(before)
	}
}

// percentFor is the setting of the collector for so many bytes that are held. Go takes a little heap for one of 4 MiB, which bounds
// the setting from above.
func percentFor(held uint64) int {
	return int(min(max(100*calmBytes/max(held, 1), 100), 100*calmBytes/(4<<20)))
}

// heldBytes is what the last run of the collector found in use.
func heldBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// afterEachRun calls f after every run of the collector until it returns false. It leaves an object that nobody holds: each run finds
// it, and so calls f.
func afterEachRun(f func() bool) {
	type unheld struct{ f func() bool }
	runtime.SetFinalizer(&unheld{f}, func(*unheld) {
		if f() {
			afterEachRun(f)
		}
	})
}
