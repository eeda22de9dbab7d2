package main

import (
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"strings"
	"time"
)

// spread counts durations by size: 32 steps between a power of two of nanoseconds and the next, so that it errs by 3 % at most and has one
// size however long a load is.
type spread struct {
	count int
	sum   time.Duration
	most  time.Duration
	steps [64 * 32]uint32
}

func (s *spread) note(d time.Duration) {
	s.count++
	s.sum += d
	s.most = max(s.most, d)
	s.steps[stepOf(d)]++
}

func stepOf(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < 32 {
		return int(n)
	}
	power := bits.Len64(n) - 6 // so that n>>power lies in 32..63
	return (power+1)*32 + int(n>>power) - 32
}

// upTo is the greatest duration of a step.
func upTo(step int) time.Duration {
	if step < 32 {
		return time.Duration(step)
	}
	power := step/32 - 1
	return time.Duration((uint64(step%32)+33)<<power) - 1
}

func (s *spread) add(o spread) {
	s.count += o.count
	s.sum += o.sum
	s.most = max(s.most, o.most)
	for i, n := range o.steps {
		s.steps[i] += n
	}
}

// within is the duration within which this share of all lay; 0 where there are none.
func (s *spread) within(share float64) time.Duration {
	left := int(share * float64(s.count))
	for step, n := range s.steps {
		if left -= int(n); left < 0 {
			return min(upTo(step), s.most)
		}
	}
	return s.most
}

// state is how much of the machine a process uses.
type state struct {
	processor time.Duration // user and system, since its start
	resident  float64       // MiB
	anonymous float64       // MiB of it that lie in no file
	files     int           // open
}

// stateOf reads it from /proc, whose clock has steps of 10 ms.
func stateOf(process int) (s state, err error) {
	folder := "/proc/" + strconv.Itoa(process)
	stat, err := os.ReadFile(folder + "/stat")
	if err != nil {
		return s, fmt.Errorf("measuring: %w", err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])) // proc(5): from the third on
	for _, at := range []int{11, 12} {
		ticks, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return s, fmt.Errorf("measuring: %w", err)
		}
		s.processor += time.Duration(ticks) * 10 * time.Millisecond
	}
	status, err := os.ReadFile(folder + "/status")
	if err != nil {
		return s, fmt.Errorf("measuring: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %f kB", &s.resident)
		_, _ = fmt.Sscanf(line, "RssAnon: %f kB", &s.anonymous)
	}
	s.resident, s.anonymous = s.resident/1024, s.anonymous/1024
	open, err := os.ReadDir(folder + "/fd")
	s.files = len(open)
	return s, err
}
