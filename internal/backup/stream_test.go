package backup

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// stream is a store.Engine with many records, none of which is in memory before it is asked for.
type stream struct {
	memory
	count int
	body  []byte
}

func (s *stream) Export(_ context.Context, kinds []issuer.Kind, to store.Sink) error {
	for i := range s.count {
		if err := to.Row(kinds[1], issuer.Row{ID: fmt.Sprintf("%020d", i), Version: 1, Body: s.body}); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) Import(_ context.Context, fill func(store.Sink) error) error { return fill(nothing{}) }

// TestStream: memory does not grow with the store. LAUREL_STREAM says how many records are passed through, 40 MB else.
func TestStream(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("LAUREL_STREAM"))
	if err != nil {
		count = 20000
	}
	if testing.Short() {
		count = 2000
	}
	identity, recipient := pair(t)
	engine := &stream{count: count, body: make([]byte, 2000)}
	for i := range engine.body {
		engine.body[i] = 'a' + byte(i*i%23)
	}
	in, out := io.Pipe()
	runtime.GC()
	before, peak, began := heapNow(), heapPeak(), time.Now()
	written := make(chan Summary, 1)
	go func() {
		s, err := Write(t.Context(), out, Options{Recipients: []string{recipient}, Engine: engine, Kinds: testKinds})
		_ = out.CloseWithError(err)
		written <- s
	}()
	read, err := Read(t.Context(), in, []string{identity}, Into{Engine: engine, Kinds: testKinds})
	must(t, err)
	if diff := cmp.Diff(<-written, read); diff != "" {
		t.Error(diff)
	}
	grown := int64(peak()) - int64(before)
	t.Logf("%d records written and read in %v, heap grew by %d KiB at most", count, time.Since(began).Round(time.Millisecond), grown>>10)
	if grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

const heapLive = "/gc/heap/live:bytes" // as the last collection found it

func heapNow() uint64 {
	sample := []metrics.Sample{{Name: heapLive}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// heapPeak watches the heap until the function that it returns is called, which gives the most bytes that were alive.
func heapPeak() func() uint64 {
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		for most := uint64(0); ; {
			most = max(most, heapNow())
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); return <-peak }
}
