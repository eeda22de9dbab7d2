package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestCollector: the memory that calms the collector is not used, and what the operator has set stays.
func TestCollector(t *testing.T) {
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	t.Setenv("GOMEMLIMIT", "")
	t.Setenv("GOGC", "100")
	before, resident := inUse(), residentBytes(t)
	end := calmCollector()
	if grown := int64(inUse()) - int64(before); grown > calmBytes/2 {
		t.Errorf("the heap grew by %d bytes although GOGC is set", grown)
	}
	end()
	t.Setenv("GOGC", "")
	end = calmCollector()
	if grown := int64(inUse()) - int64(before); grown < calmBytes/2 {
		t.Errorf("the heap grew by %d bytes only", grown)
	}
	if grown := residentBytes(t) - resident; grown > calmBytes/2 {
		t.Errorf("%d bytes more are resident", grown)
	}
	end()
}

// residentBytes is what the process holds of the machine's memory.
func residentBytes(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("skipped: there is no /proc here")
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
