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

func TestBurstOver(t *testing.T) {
	for name, c := range map[string]struct {
		now, before, given uint64
		want               bool
	}{
		"a burst is over":                {101 << 20, 100 << 20, 0, true},
		"a burst is going on":            {200 << 20, 100 << 20, 0, false},
		"little came":                    {9 << 20, 8 << 20, 0, false},
		"nothing came since it was done": {101 << 20, 100 << 20, 100 << 20, false},
	} {
		if got := burstOver(c.now, c.before, c.given); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestGiveBack: what a burst has taken goes back, though the collector found all of it in use when it ran last.
func TestGiveBack(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	resident := func() uint64 { return stats.HeapSys - stats.HeapReleased }
	before := resident()
	burst := make([][]byte, 64)
	for i := range burst {
		burst[i] = make([]byte, 1<<20)
		clear(burst[i])
	}
	runtime.GC()
	runtime.KeepAlive(burst)
	go giveBack(over, 20*time.Millisecond)
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if runtime.ReadMemStats(&stats); resident() < before+32<<20 {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("%d bytes are held, %d before", resident(), before)
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
			if runtime.GC(); time.Since(begun) > patience {
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
