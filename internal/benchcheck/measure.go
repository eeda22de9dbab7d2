package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// operation is one thing that is measured, beside work of the machine that resembles it.
type operation struct {
	name  string
	floor func() error
	do    func() error
}

// A turn is short, so that a neighbour's falls between two of them more often than into one, and a floor runs before and after each: what
// slows the machine falls on both. All in processor time.
const (
	turn      = 15 * time.Millisecond
	floorTurn = 5 * time.Millisecond
	fewest    = 9 // rounds that are made however long they take
)

// measure takes all operations in turns, so many rounds, or fewer when it lasts longer by the clock. The collector runs between turns
// and not within: what it would cost is in the bytes, which are exact.
func measure(all []operation, rounds int, longest time.Duration) ([]figure, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	type series struct{ ratios, bytes, allocs []float64 }
	found := make([]series, len(all))
	begun := time.Now()
	for round := range rounds + 1 { // the first warms up
		if round > fewest && time.Since(begun) > longest {
			break
		}
		for i, o := range all {
			runtime.GC()
			sample, err := once(o)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", o.name, err)
			}
			if round == 0 {
				continue
			}
			found[i].ratios = append(found[i].ratios, sample.ratio)
			found[i].bytes = append(found[i].bytes, sample.bytes)
			found[i].allocs = append(found[i].allocs, sample.allocs)
		}
	}
	figures := make([]figure, len(all))
	for i, s := range found {
		low, middle, high := middles(s.ratios)
		_, bytes, _ := middles(s.bytes)
		_, allocs, _ := middles(s.allocs)
		figures[i] = figure{all[i].name, middle, (high - low) / 2 / middle, bytes, allocs}
	}
	return figures, nil
}

func once(o operation) (figure, error) {
	before, err := spin(o.floor, floorTurn)
	if err != nil {
		return figure{}, err
	}
	ours, err := spin(o.do, turn)
	if err != nil {
		return figure{}, err
	}
	after, err := spin(o.floor, floorTurn)
	if err != nil {
		return figure{}, err
	}
	return figure{ratio: 2 * ours.seconds / (before.seconds + after.seconds), bytes: ours.bytes, allocs: ours.allocs}, nil
}

type cost struct{ seconds, bytes, allocs float64 }

// spin repeats until that much processor time is used, and gives what each repetition took.
func spin(do func() error, least time.Duration) (cost, error) {
	var from, to runtime.MemStats
	runtime.ReadMemStats(&from)
	n, begun, spent := 0, processorTime(), time.Duration(0)
	for batch := 1; spent < least; batch = max(1, min(2*n, int(float64(n)*float64(least-spent)/float64(spent)))) {
		for range batch {
			if err := do(); err != nil {
				return cost{}, err
			}
		}
		n += batch
		spent = max(processorTime()-begun, 1)
	}
	runtime.ReadMemStats(&to)
	return cost{spent.Seconds() / float64(n), float64(to.TotalAlloc-from.TotalAlloc) / float64(n), float64(to.Mallocs-from.Mallocs) / float64(n)}, nil
}

// processorTime is that of this process, the collector's included.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// middles gives the median, and between what values that of many more rounds would lie, in 95 of 100 runs: the distribution-free interval
// of its rank.
func middles(values []float64) (low, median, high float64) {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	away := int(math.Ceil(0.98 * math.Sqrt(float64(n)))) // 1.96 standard deviations of a count that is right half of the times
	return values[max(0, n/2-away)], values[n/2], values[min(n-1, n/2+away)]
}

func processorName() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, is := strings.CutPrefix(line, "model name\t: "); is {
			return strings.TrimSpace(name)
		}
	}
	return "unnamed processors"
}

// loadAverage is that of the last minute; 0 where the system does not say.
func loadAverage() (load float64) {
	text, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(text), &load)
	return load
}
