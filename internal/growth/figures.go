package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// point is one figure: at a size, so much. Both are above zero.
type point struct{ x, y float64 }

// figures are what was measured on one machine.
type figures struct {
	machine string             // Go version, processors
	curves  map[string][]point // by name, in the order of sizes
}

// prefix begins a line of a run that is a figure, or says on what machine it ran: "growth: machine ...".
const prefix = "growth: "

// parse reads figures as String writes them.
func parse(text string) (figures, error) {
	f := figures{curves: map[string][]point{}}
	for line := range strings.Lines(text) {
		if err := f.add(strings.TrimSpace(line)); err != nil {
			return figures{}, err
		}
	}
	return f, nil
}

// take adds the figures among the lines of a run, in place of older ones for the same size.
func (f *figures) take(in io.Reader) error {
	lines, found := bufio.NewScanner(in), false
	for lines.Scan() {
		line, is := strings.CutPrefix(lines.Text(), prefix)
		if !is {
			continue
		}
		if err := f.add(line); err != nil {
			return err
		}
		found = true
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the lines of the run: %w", err)
	}
	if !found {
		return errors.New("no figure among the lines of the run")
	}
	return nil
}

func (f *figures) add(line string) error {
	if machine, is := strings.CutPrefix(line, "machine "); is {
		f.machine = machine
		return nil
	}
	words := strings.Fields(line)
	if len(words) != 3 {
		return fmt.Errorf("%q is not CURVE SIZE FIGURE", line)
	}
	x, badX := strconv.ParseFloat(words[1], 64)
	y, badY := strconv.ParseFloat(words[2], 64)
	if badX != nil || badY != nil || !(x > 0 && y > 0) || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return fmt.Errorf("%q has no figure above zero", line)
	}
	points := f.curves[words[0]]
	at, there := slices.BinarySearchFunc(points, x, func(p point, x float64) int { return cmp.Compare(p.x, x) })
	if there {
		points[at].y = y
	} else {
		points = slices.Insert(points, at, point{x, y})
	}
	f.curves[words[0]] = points
	return nil
}

// String gives all figures, a line each, in a fixed order.
func (f figures) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "machine %s\n", f.machine)
	for _, name := range slices.Sorted(maps.Keys(f.curves)) {
		for _, p := range f.curves[name] {
			fmt.Fprintf(&out, "%s %.0f %.4g\n", name, p.x, p.y)
		}
	}
	return out.String()
}

// at is the figure of a curve for a size.
func (f figures) at(curve string, x float64) (float64, bool) {
	for _, p := range f.curves[curve] {
		if p.x == x {
			return p.y, true
		}
	}
	return 0, false
}
