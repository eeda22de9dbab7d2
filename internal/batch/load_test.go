package batch

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"
)

// TestMemory: 500 files of 100 kB stay within the memory and the time that an office has for them.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: 500 files of 100 kB take a while")
	}
	reading := award{name: "Reading aloud", achievement: "urn:uuid:7f0c4a44-39f0-4c9c-8f0f-0f9c6a3d2f10", email: "maria@example.org", filler: 100000}
	var sources []Source
	for i := range MostRows {
		reading.id = fmt.Sprintf("urn:uuid:0f7e7d1a-6f55-4a41-8b8e-%012d", i)
		sources = append(sources, Source{Name: fmt.Sprintf("%d.json", i), Bytes: reading.seal(t, false)})
	}
	runtime.GC()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256 << 20)) // as the service would run it
	var most atomic.Uint64
	done := make(chan struct{})
	go func() {
		var m runtime.MemStats
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapAlloc))
			}
		}
	}()
	started := time.Now()
	rows := rowsOf(t, checker(), sources)
	close(done)
	took := time.Since(started)
	t.Logf("%d rows in %v, at most %d MB", len(rows), took, most.Load()>>20)
	if len(rows) != MostRows || most.Load() > 300<<20 {
		t.Errorf("%d rows, %d MB", len(rows), most.Load()>>20)
	}
	for i, row := range rows {
		if row.Report.Outcome != "valid" || row.SameAs != 0 || sources[i].Bytes != nil {
			t.Fatalf("row %d: %s, same as %d", row.Number, row.Report.Outcome, row.SameAs)
		}
	}
}
