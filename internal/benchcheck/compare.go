package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

const (
	mostSlower = 1.15 // times the reference, of processor time
	mostSpread = 0.15 // of a ratio, above which nothing is said of it
	mostMemory = 1.05 // times the reference, of bytes and allocations
	fewBytes   = 64   // of which a difference is nothing
	fewAllocs  = 1
)

// figure is what one operation costs.
type figure struct {
	name   string
	ratio  float64 // processor time beside that of the floor: the median of the rounds
	spread float64 // how far the ratio may be off to either side, as a share of it: what the rounds of this run leave open
	bytes  float64 // allocated
	allocs float64
}

// results are those of one machine, in the order in which they are measured.
type results struct {
	machine string
	figures []figure
}

func (r results) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n# operation, times its floor, spread, bytes, allocations\n", r.machine)
	for _, f := range r.figures {
		fmt.Fprintf(&out, "%s\t%.4g\t%.3f\t%.0f\t%.1f\n", f.name, f.ratio, f.spread, f.bytes, f.allocs)
	}
	return out.String()
}

// parse reads results as String writes them.
func parse(text string) (r results, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if machine, is := strings.CutPrefix(line, "# "); is {
			if r.machine == "" {
				r.machine = machine
			}
			continue
		}
		name, rest, _ := strings.Cut(line, "\t")
		f := figure{name: name}
		if _, err := fmt.Sscanf(rest, "%g\t%g\t%g\t%g", &f.ratio, &f.spread, &f.bytes, &f.allocs); err != nil || !(f.ratio > 0) || name == "" {
			return results{}, fmt.Errorf("%q is no figure of an operation", line)
		}
		r.figures = append(r.figures, f)
	}
	return r, nil
}

// verdict says how an operation does beside the reference.
type verdict string

const (
	same    verdict = "as before"
	slower  verdict = "SLOWER"
	larger  verdict = "MORE MEMORY"
	both    verdict = "SLOWER, MORE MEMORY"
	faster  verdict = "faster: make bench-reference keeps it"
	unclear verdict = "too noisy to say"
	unknown verdict = "not in the reference: make bench-reference"
	gone    verdict = "in the reference, and not measured"
)

type finding struct {
	before, now figure
	verdict     verdict
}

// compare holds what is measured now against the reference. With all, nothing that the reference has may be missing.
func compare(reference, now []figure, all bool) (found []finding) {
	named := func(name string) func(figure) bool { return func(f figure) bool { return f.name == name } }
	for _, f := range now {
		at := slices.IndexFunc(reference, named(f.name))
		if at < 0 {
			found = append(found, finding{figure{}, f, unknown})
			continue
		}
		found = append(found, finding{reference[at], f, judge(reference[at], f)})
	}
	for _, f := range reference {
		if all && !slices.ContainsFunc(now, named(f.name)) {
			found = append(found, finding{f, figure{name: f.name}, gone})
		}
	}
	return found
}

func judge(before, now figure) verdict {
	more := now.bytes > before.bytes*mostMemory+fewBytes || now.allocs > before.allocs*mostMemory+fewAllocs
	slow := now.ratio > before.ratio*mostSlower
	switch {
	case now.spread > mostSpread && !more:
		return unclear
	case now.spread > mostSpread:
		return larger
	case slow && more:
		return both
	case slow:
		return slower
	case more:
		return larger
	case now.ratio < before.ratio/mostSlower:
		return faster
	}
	return same
}

// report prints the table. It says that something is worse, or with an error that it cannot be said of everything.
func report(w io.Writer, found []finding) (worse bool, err error) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "operation\ttimes its floor\treference\tchange\tspread\tbytes\tallocations\t")
	doubt := 0
	for _, f := range found {
		change, was := "", ""
		if f.before.ratio > 0 && f.now.ratio > 0 {
			change, was = fmt.Sprintf("%+.1f %%", 100*(f.now.ratio/f.before.ratio-1)), fmt.Sprintf("%.4g", f.before.ratio)
		}
		_, _ = fmt.Fprintf(table, "%s\t%.4g\t%s\t%s\t%.1f %%\t%s\t%s\t%s\n", f.now.name, f.now.ratio, was, change, 100*f.now.spread,
			beside(f.now.bytes, f.before.bytes), beside(f.now.allocs, f.before.allocs), f.verdict)
		switch f.verdict {
		case slower, larger, both:
			worse = true
		case unclear, unknown, gone:
			doubt++
		}
	}
	if err := table.Flush(); err != nil {
		return worse, fmt.Errorf("printing: %w", err)
	}
	if doubt > 0 {
		return worse, errors.New("not everything could be compared")
	}
	return worse, nil
}

// beside writes a number, and the one before where they differ by more than nothing.
func beside(now, before float64) string {
	if before > 0 && (now > before*1.01 || now < before/1.01) {
		return fmt.Sprintf("%.0f (was %.0f)", now, before)
	}
	return fmt.Sprintf("%.0f", now)
}

// unlike are the operations that are worth another look.
func unlike(all []operation, found []finding) (doubtful []operation) {
	for _, o := range all {
		for _, f := range found {
			if f.now.name == o.name && f.verdict != same && f.verdict != unknown {
				doubtful = append(doubtful, o)
			}
		}
	}
	return doubtful
}

func names(all []operation) (names []string) {
	for _, o := range all {
		names = append(names, o.name)
	}
	return names
}

// replaced are the figures with newer ones in place of older.
func replaced(older, newer []figure) []figure {
	older = slices.Clone(older)
	for _, f := range newer {
		for i := range older {
			if older[i].name == f.name {
				older[i] = f
			}
		}
	}
	return older
}
