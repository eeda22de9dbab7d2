package main

import (
	"os"
	"runtime/debug"
)

// The heap of a server is small, so by default the collector would run every dozen documents and keep a second processor from
// helping. With these it runs a quarter as often, and as often as before when memory comes near the goal (docs/performance.md).
const (
	collectorPercent = 400
	memoryGoal       = 192 << 20 // bytes
)

// setCollector does what GOGC and GOMEMLIMIT would do where the operator has not set them.
func setCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
}
