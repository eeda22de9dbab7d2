package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestCollector: the memory that calms the collector is not used, and what the operator has set stays. It runs in a process of its
// own, as a server does that has just begun: memory that was used before would be cleared, and so be used again.
func TestCollector(t *testing.T) {
	if os.Getenv("LAUREL_TEST_COLLECTOR") == "" {
		command := exec.Command(os.Args[0], "-test.run=^TestCollector$", "-test.v")
		command.Env = append(os.Environ(), "LAUREL_TEST_COLLECTOR=1")
		if text, err := command.CombinedOutput(); err != nil || !strings.Contains(string(text), "--- PASS: TestCollector") {
			t.Errorf("%v\n%s", err, text)
		}
		return
	}
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
