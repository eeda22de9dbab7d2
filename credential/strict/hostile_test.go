package strict

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// ample are limits under which the hostile texts are read to their end, where there is one.
var ample = Limits{Bytes: 4 << 20, Depth: 1000, Objects: 1 << 20, Values: 4 << 20}

// hostile are texts made to cost, of about size bytes.
var hostile = []struct {
	name string
	text func(size int) []byte
}{
	{"brackets", repeat("", "[", "")},
	{"objects in objects", repeat("", `{"a":`, "")},
	{"NUL escapes", repeat(`"`, `\u0000`, `"`)},
	{"quotes", repeat(`"`, `\"`, `"`)},
	{"a string without end", repeat(`"`, `\n`, "")},
	{"a string", repeat(`"`, "a", `"`)},
	{"a long name over numbers", func(size int) []byte {
		return []byte(`{"` + strings.Repeat("a", size/2-8) + `":[` + strings.Repeat("0,", size/4-8) + `1e999]}`)
	}},
	{"a number", repeat("", "1", "")},
	{"places", repeat("1.", "0", "")},
	{"numbers", repeat("[0", ",-1.5", "]")},
	{"strings", repeat(`[""`, `,""`, "]")},
	{"objects", repeat("[{}", `,{"a":{}}`, "]")},
	{"space", repeat("", " \n", "1")},
	{"one object", func(size int) []byte { return object(size/21, "%016x") }},
	{"names alike", func(size int) []byte {
		one := object(8, "as many as a small map compares one by one, %d")
		return repeat("[0", ","+string(one), "]")(size)
	}},
}

func repeat(before, unit, after string) func(size int) []byte {
	return func(size int) []byte {
		return []byte(before + strings.Repeat(unit, (size-len(before)-len(after))/len(unit)) + after)
	}
}

// object writes an object with names that differ in their last digits only.
func object(members int, format string) []byte {
	var out bytes.Buffer
	for i := range members {
		fmt.Fprintf(&out, `,"`+format+`":0`, i)
	}
	out.WriteByte('}')
	out.Bytes()[0] = '{'
	return out.Bytes()
}

// TestHostileWork: eight times the text takes at most sixteen times the memory, in bytes and in pieces, to read and to
// check: eight times, and twice for what grows by doubling. Both are counted; times are in BenchmarkHostile.
func TestHostileWork(t *testing.T) {
	for _, shape := range hostile {
		small, large := shape.text(16<<10), shape.text(128<<10)
		bytesSmall, piecesSmall := allocated(small)
		bytesLarge, piecesLarge := allocated(large)
		if bytesLarge > 16*bytesSmall || piecesLarge > 16*piecesSmall {
			t.Errorf("%s: %d bytes take %d bytes in %d pieces, %d take %d in %d", shape.name,
				len(small), bytesSmall, piecesSmall, len(large), bytesLarge, piecesLarge)
		}
		if most := uint64(80 * len(large)); bytesLarge > most { // a map of one member is 336 bytes for 8 of text
			t.Errorf("%s: %d bytes take %d, more than %d", shape.name, len(large), bytesLarge, most)
		}
	}
}

func allocated(text []byte) (size, pieces uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if v, err := Parse(text, ample); err == nil {
		_ = CheckNumbers(v, Canonical)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
}
