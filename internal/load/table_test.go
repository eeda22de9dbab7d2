package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	var out strings.Builder
	head(&out, "what", "ms", "times")
	row(&out, "page", 1500*time.Microsecond, math.NaN())
	row(&out, 7, 12345.6, -12.34)
	want := "\n| what | ms | times |\n|---|---|---|\n| page | 1.50 | - |\n| 7 | 12346 | -12.3 |\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
