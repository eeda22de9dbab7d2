package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	for held, want := range map[uint64]int{0: 800, 1 << 20: 800, 4 << 20: 800, 8 << 20: 400, 16 << 20: 200, 32 << 20: 100, 1 << 30: 100} {
		if got := percentFor(held); got != want {
			t.Errorf("%d bytes held: %d %%, want %d", held, got, want)
		}
	}
}

// TestCollector: the collector waits while little is held, runs as it would by itself while much is, and does as it did before once
// it is over or where the operator has set it.
func TestCollector(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	setting := func() int {
		percent := debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return percent
	}
	// becomes waits for what is set after a run of the collector.
	becomes := func(what string, want func(percent int) bool) {
		t.Helper()
		for begun := time.Now(); !want(setting()); time.Sleep(time.Millisecond) {
			if runtime.GC(); time.Since(begun) > 20*time.Second {
				t.Fatalf("%s: %d %%", what, setting())
			}
		}
	}
	t.Setenv("GOMEMLIMIT", "")
	t.Setenv("GOGC", "100")
	calmCollector()()
	if got := setting(); got != 100 {
		t.Errorf("GOGC is set, but the collector is at %d %%", got)
	}
	t.Setenv("GOGC", "")
	end := calmCollector()
	becomes("little is held", func(percent int) bool { return percent > 100 })
	much := make([]byte, 64<<20)
	becomes("much is held", func(percent int) bool { return percent == 100 })
	runtime.KeepAlive(much)
	much = nil
	becomes("little is held again", func(percent int) bool { return percent > 100 })
	end()
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if got := setting(); got != 100 {
		t.Errorf("it is over, but the collector is at %d %%", got)
	}
}
