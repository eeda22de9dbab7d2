package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// calmBytes is how much may be used between two runs of the garbage collector, however little is held.
const calmBytes = 32 << 20

// calmCollector keeps the garbage collector from running every dozen documents, which it does while little memory is held, and which
// keeps a second processor from helping (docs/performance.md). After each run it sets how much may be used until the next: calmBytes,
// or as much again as is held when that is more, which is what Go does by itself. Where the operator has set GOGC or GOMEMLIMIT,
// these alone hold. Once the server is quiet, memory goes back to the system. The function that it returns ends it.
func calmCollector() (end func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	over := make(chan struct{})
	go giveBack(over, quietFor)
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
		close(over)
		debug.SetGCPercent(before)
	}
}

// percentFor is the setting of the collector for so many bytes that are held. Go takes a little heap for one of 4 MiB, which bounds
// the setting from above.
func percentFor(held uint64) int {
	return int(min(max(100*calmBytes/max(held, 1), 100), 100*calmBytes/(4<<20)))
}

// Bounds of giving memory back.
const (
	quietFor   = 10 * time.Second
	quietBytes = 4 << 20  // allocated in that time while nobody asks for much
	worthBytes = 16 << 20 // allocated since memory was given back last: for less it is not worth it
)

// giveBack gives memory back to the system when a burst is over: the collector does not run while nobody asks for anything, or only
// every two minutes, and what it does not run for stays resident. It looks once in every, until over is closed.
func giveBack(over <-chan struct{}, every time.Duration) {
	look := time.NewTicker(every)
	defer look.Stop()
	before, given := allocatedBytes(), uint64(0)
	for {
		select {
		case <-over:
			return
		case <-look.C:
		}
		now := allocatedBytes()
		if burstOver(now, before, given) {
			runtime.GC() // what pools hold stays for one run more
			debug.FreeOSMemory()
			now = allocatedBytes()
			given = now
		}
		before = now
	}
}

// burstOver says, of what was allocated until now, that little of it was since before, and much since memory was given back. How much of
// it is held still nobody can say: when the collector ran last, in the burst, all of it may have been.
func burstOver(now, before, given uint64) bool {
	return now-before < quietBytes && now-given >= worthBytes
}

// allocatedBytes is what was allocated since the program began.
func allocatedBytes() uint64 { return readMetric("/gc/heap/allocs:bytes") }

// heldBytes is what the last run of the collector found in use.
func heldBytes() uint64 { return readMetric("/gc/heap/live:bytes") }

func readMetric(metric string) uint64 {
	sample := []metrics.Sample{{Name: metric}}
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
