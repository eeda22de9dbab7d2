package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// head begins a table of Markdown.
func head(out io.Writer, names ...string) {
	fmt.Fprintf(out, "\n| %s |\n%s|\n", strings.Join(names, " | "), strings.Repeat("|---", len(names)))
}

// row writes a line of a table: numbers with about three figures, times in milliseconds, all else as it prints.
func row(out io.Writer, cells ...any) {
	for _, c := range cells {
		switch n := c.(type) {
		case float64:
			c = figure(n)
		case time.Duration:
			c = figure(ms(n))
		}
		fmt.Fprintf(out, "| %v ", c)
	}
	fmt.Fprintln(out, "|")
}

// figure is a number as tables show it, "-" for one that is none.
func figure(n float64) string {
	decimals := 2
	switch {
	case math.IsNaN(n):
		return "-"
	case math.Abs(n) >= 100:
		decimals = 0
	case math.Abs(n) >= 10:
		decimals = 1
	}
	return strconv.FormatFloat(n, 'f', decimals, 64)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
