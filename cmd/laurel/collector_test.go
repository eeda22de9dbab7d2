package main

import (
	"math"
	"runtime/debug"
	"testing"
)

// TestCollector: what the operator has set stays.
func TestCollector(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	t.Setenv("GOGC", "100")
	t.Setenv("GOMEMLIMIT", "1GiB")
	setCollector()
	if percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); percent != 100 || limit != math.MaxInt64 {
		t.Errorf("%d %%, %d bytes", percent, limit)
	}
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	setCollector()
	if percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); percent != collectorPercent || limit != memoryGoal {
		t.Errorf("%d %%, %d bytes", percent, limit)
	}
}
