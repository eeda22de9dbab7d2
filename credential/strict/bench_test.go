package strict

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/referencedata"
)

// BenchmarkParse reads badges of four sizes, and beside it encoding/json reads the same text.
func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"3kB", "10", "100", "1000"} {
		data := referencedata.File(b, "perf/badge-"+name+".json")
		b.Run(name+"/strict", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(data, ample); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				var v map[string]any
				if err := json.Unmarshal(data, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCheckNumbers checks a badge, which holds one number, and a hundred numbers of a kind. The last two kinds are
// refused at the first of them.
func BenchmarkCheckNumbers(b *testing.B) {
	for _, c := range []struct{ name, number string }{
		{"badge", ""}, {"whole", "1234567"}, {"short", "6.25"}, {"long", "0.1234567890123456789"}, {"largest", "1.7976931348623157e308"},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := []byte("[" + strings.Repeat(c.number+",", 99) + c.number + "]")
			if c.number == "" {
				text = referencedata.File(b, "perf/badge-3kB.json")
			}
			v, err := Parse(text, ample)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				_ = CheckNumbers(v, Canonical)
			}
		})
	}
}

// BenchmarkHostile reads and checks texts made to cost, in two sizes: the bytes per second are to stay what they are.
func BenchmarkHostile(b *testing.B) {
	for _, shape := range hostile {
		for _, size := range []int{256 << 10, 4 << 20} {
			b.Run(fmt.Sprintf("%s/%dk", shape.name, size>>10), func(b *testing.B) {
				data := shape.text(size)
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if v, err := Parse(data, ample); err == nil {
						_ = CheckNumbers(v, Canonical)
					}
				}
			})
		}
	}
}
