package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sample is how large the server is at a time, and what it answered since the sample before.
type sample struct {
	At         time.Duration `json:"at"` // since the load began, in ns
	Goroutines float64       `json:"goroutines"`
	Files      float64       `json:"files"`     // descriptors that are open
	Live       float64       `json:"live"`      // bytes of heap that the last run of the collector found in use
	Anonymous  float64       `json:"anonymous"` // resident bytes that lie in no file: heap, stacks, what the runtime keeps
	InFiles    float64       `json:"inFiles"`   // resident bytes of the program and of the store's file
	Mapped     float64       `json:"mapped"`    // bytes of the store's file in the address space
	Store      float64       `json:"store"`     // bytes of the data folder
	Awards     float64       `json:"awards"`    // that were made so far
	Answers    float64       `json:"answers"`   // good ones since the sample before
	P50        time.Duration `json:"p50"`       // of them, in ns
	P99        time.Duration `json:"p99"`
}

// look takes a sample of a server.
func (g *ground) look(since time.Time) (s sample, err error) {
	process := g.command.Process.Pid
	used, err := stateOf(process)
	if err != nil {
		return s, err
	}
	s = sample{At: time.Since(since), Files: float64(used.files), Anonymous: used.anonymous * (1 << 20), InFiles: (used.resident - used.anonymous) * (1 << 20), Awards: float64(g.next.Load())}
	counters, err := http.Get(g.metrics)
	if err != nil {
		return s, fmt.Errorf("reading the counters: %w", err)
	}
	defer counters.Body.Close()
	for lines := bufio.NewScanner(counters.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if into := map[string]*float64{"go_goroutines": &s.Goroutines, "go_gc_heap_live_bytes": &s.Live}[name]; into != nil {
			if *into, err = strconv.ParseFloat(value, 64); err != nil {
				return s, fmt.Errorf("reading the counters: %w", err)
			}
		}
	}
	maps, err := os.ReadFile("/proc/" + strconv.Itoa(process) + "/maps")
	if err != nil {
		return s, fmt.Errorf("measuring: %w", err)
	}
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err == nil && strings.Contains(line, g.folder) {
			s.Mapped += float64(to - from)
		}
	}
	err = filepath.WalkDir(g.folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // it went away
		}
		if info, err := entry.Info(); err == nil {
			s.Store += float64(info.Size())
		}
		return nil
	})
	return s, err
}

// watched are the figures that may not grow, however much the store holds. What lies in files is shown beside them and may: the system takes
// these pages back when others need the room, and the store's file grows with every award.
var watched = []struct {
	name  string
	of    func(sample) float64
	unit  float64 // in which it is shown
	least float64 // gain that is none in any case: less than what one request or one run of the collector makes
}{
	{"goroutines", func(s sample) float64 { return s.Goroutines }, 1, 2},
	{"open files", func(s sample) float64 { return s.Files }, 1, 2},
	{"heap in use, MiB", func(s sample) float64 { return s.Live }, 1 << 20, 2 << 20},
	{"resident outside of files, MiB", func(s sample) float64 { return s.Anonymous }, 1 << 20, 4 << 20},
	{"resident in files, MiB", func(s sample) float64 { return s.InFiles }, 1 << 20, math.Inf(1)},
}
