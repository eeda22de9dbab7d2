package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
)

// figure is one measured value. Whoever has other machines measures them there and gives the values in a file (-figures).
type figure struct {
	Name  string  // as the model asks for it
	Value float64 // in Unit
	Unit  string
	From  string // the benchmark, or the document that names one
}

const (
	answers = "internal/scale BenchmarkAnswers/"
	awarded = "internal/scale BenchmarkAwards/"
)

// measured are the figures of one machine: two cores of an AMD EPYC with a virtual disk, and PostgreSQL 15 beside the program on a
// Unix socket. They are medians of two to four runs while others worked on the machine: processor times lay up to 1.6 times apart,
// rates by the clock (chain) up to three times, and those are on the low side.
func measured() []figure {
	return []figure{
		{"page cpu bbolt", 798, "µs", answers + "bbolt/page"},
		{"page cpu postgres", 1538, "µs", answers + "postgres/page"},
		{"page db", 325, "µs", answers + "postgres/page"},
		{"page again cpu bbolt", 521, "µs", answers + "bbolt/page_seen_lately"},
		{"page again cpu postgres", 871, "µs", answers + "postgres/page_seen_lately"},
		{"page again db", 193, "µs", answers + "postgres/page_seen_lately"},
		{"page bytes", 13582, "B", answers + "bbolt/page"},
		{"json cpu bbolt", 67, "µs", answers + "bbolt/json"},
		{"json cpu postgres", 135, "µs", answers + "postgres/json_unchanged"},
		{"json db", 41, "µs", answers + "postgres/json_unchanged"},
		{"json bytes", 2242, "B", answers + "bbolt/json"},
		{"list cpu bbolt", 11, "µs", answers + "bbolt/list_unchanged"},
		{"list cpu postgres", 95, "µs", answers + "postgres/list_unchanged"},
		{"list db", 47, "µs", answers + "postgres/list_unchanged"},
		{"list bytes", 5006, "B", "internal/scale BenchmarkListBytes/2, and 382 B of proof from BenchmarkAnswers"},
		{"did cpu bbolt", 92, "µs", answers + "bbolt/did"},
		{"did cpu postgres", 213, "µs", answers + "postgres/did"},
		{"did db", 63, "µs", answers + "postgres/did"},
		{"did bytes", 1812, "B", answers + "bbolt/did"},
		{"art cpu bbolt", 160, "µs", answers + "bbolt/art"},
		{"art cpu postgres", 245, "µs", answers + "postgres/art"},
		{"art db", 36, "µs", answers + "postgres/art"},
		{"art bytes", 7398, "B", answers + "bbolt/art"},
		{"style cpu bbolt", 20, "µs", answers + "bbolt/style"},
		{"style cpu postgres", 26, "µs", answers + "postgres/style"},
		{"style db", 0, "µs", answers + "postgres/style"},
		{"style bytes", 18312, "B", answers + "bbolt/style"},
		{"check cpu bbolt", 404, "µs", answers + "bbolt/check"},
		{"check cpu postgres", 706, "µs", answers + "postgres/check"},
		{"check db", 153, "µs", answers + "postgres/check"},
		{"check bytes", 4731, "B", answers + "bbolt/check"},
		{"connection cpu", 47, "µs", "internal/scale BenchmarkConnection, the asker's half included; no TLS"},
		{"award cpu bbolt", 1073, "µs", awarded + "bbolt/64_writers"},
		{"award cpu postgres", 1170, "µs", awarded + "postgres/64_writers"},
		{"award db", 466, "µs", awarded + "postgres/64_writers"},
		{"award disk bbolt", 10092, "B", awarded + "bbolt/64_writers"},
		{"award disk postgres", 8501, "B", awarded + "postgres/64_writers"},
		{"award wal", 9438, "B", awarded + "postgres/64_writers"},
		{"change cpu bbolt", 252, "µs", "internal/scale BenchmarkChanges/bbolt"},
		{"change cpu postgres", 351, "µs", "internal/scale BenchmarkChanges/postgres"},
		{"change db", 247, "µs", "internal/scale BenchmarkChanges/postgres"},
		{"sign list cpu", 1480, "µs", "internal/scale BenchmarkSignList"},
		{"chain bbolt", 2778, "awards/s", "internal/scale BenchmarkChain/bbolt"},
		{"chain 1", 2018, "awards/s", "internal/scale BenchmarkChain/postgres_of_1"},
		{"chain 2", 1604, "awards/s", "internal/scale BenchmarkChain/postgres_of_2"},
		{"chain 4", 1214, "awards/s", "internal/scale BenchmarkChain/postgres_of_4"},
		{"signatures", 62978, "/s of a core", "docs/performance.md, Floor/sign"},
		{"audit entries", 100_000, "/s", "docs/operate.md, doctor"},
		{"memory", 67, "MiB", "docs/performance.md, BenchmarkVerifyForLong"},
	}
}

// figures is what the model works with.
type figures map[string]float64

// read takes the measured figures, with those of the file at path in their place; "" names none. The file is a JSON object
// of names and numbers. A name that the model does not know is an error, as is a number that cannot be meant.
func read(path string) (figures, error) {
	f := figures{}
	for _, m := range measured() {
		f[m.Name] = m.Value
	}
	if path == "" {
		return f, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the figures: %w", err)
	}
	var others map[string]float64
	if err := json.Unmarshal(text, &others); err != nil {
		return nil, fmt.Errorf("reading the figures in %s: %w", path, err)
	}
	return f, f.replace(others)
}

func (f figures) replace(others map[string]float64) error {
	for name, value := range others {
		if _, known := f[name]; !known {
			return fmt.Errorf("there is no figure or assumption %q; -list shows all", name)
		}
		// A price may be nothing, and a share of something; what is divided by may not.
		mayBeNone := strings.HasSuffix(name, " price") || strings.HasSuffix(name, " share") || name == "headers"
		if !(value > 0 && value < math.MaxFloat32) && (value != 0 || !mayBeNone) {
			return fmt.Errorf("%s: %v is not above 0, or too large", name, value)
		}
		f[name] = value
	}
	return nil
}
