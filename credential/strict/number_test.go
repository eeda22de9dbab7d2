package strict

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// slowFault is [numberFault] as the rules read, with fractions of any size in place of rows of digits.
func slowFault(text string, form Form) string {
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(strings.TrimLeft(text[i+1:], "+-")) > 4 {
		return "a number has an exponent of more than four digits"
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return "a number is beyond the range of a double"
	}
	linked := strconv.FormatFloat(f, 'E', 15, 64)
	if f == math.Trunc(f) && math.Abs(f) < 1e21 {
		linked = strconv.FormatFloat(f, 'f', 0, 64)
	}
	for _, written := range []string{strconv.FormatFloat(f, 'g', -1, 64), linked} {
		x, okX := new(big.Rat).SetString(text)
		y, okY := new(big.Rat).SetString(written)
		if form == Canonical && !(okX && okY && x.Cmp(y) == 0) {
			return "a number changes when it is written in the signed form; give it fewer digits"
		}
	}
	return ""
}

// TestNumberFault: the short ways give what the rules give, for every number that JSON can write.
func TestNumberFault(t *testing.T) {
	digit := rapid.SampledFrom([]rune("0000123456789999"))
	number := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string {
			whole := strings.TrimLeft(rapid.StringOfN(digit, 1, 24, -1).Draw(t, "whole"), "0")
			text := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + whole
			if whole == "" {
				text += "0"
			}
			if rapid.Bool().Draw(t, "fraction") {
				text += "." + rapid.StringOfN(digit, 1, 24, -1).Draw(t, "places")
			}
			if rapid.Bool().Draw(t, "exponent") {
				text += rapid.SampledFrom([]string{"e", "E", "e+", "E-", "e-"}).Draw(t, "e") + rapid.StringOfN(digit, 1, 5, -1).Draw(t, "power")
			}
			return text
		}),
		rapid.Custom(func(t *rapid.T) string { // as people write them
			cents := rapid.Int64Range(-1e15, 1e15).Draw(t, "cents")
			return strconv.FormatFloat(float64(cents)/100, 'f', -1, 64)
		}),
		rapid.Custom(func(t *rapid.T) string {
			return strconv.FormatFloat(rapid.Float64().Draw(t, "double"), 'g', rapid.IntRange(-1, 20).Draw(t, "digits"), 64)
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		for _, text := range rapid.SliceOfN(number, 50, 50).Draw(t, "numbers") {
			for _, form := range []Form{Canonical, Verbatim} {
				if got, want := numberFault(text, form), slowFault(text, form); json.Valid([]byte(text)) && got != want {
					t.Fatalf("%s in form %d: %q, want %q", text, form, got, want)
				}
			}
		}
	})
}

// FuzzNumberFault: the short ways to judge a number give what the rules give.
func FuzzNumberFault(f *testing.F) {
	for _, seed := range []string{"0", "-0.0", "123456789012345", "1234567890123456", "9.2", "0.30000000000000004", "1e22", "4.9e-324", "100e-2", "1e00001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, _ := Parse([]byte(text), Limits{Bytes: 1 << 10})
		number, ok := v.(json.Number)
		if !ok {
			return
		}
		text = string(number)
		for _, form := range []Form{Canonical, Verbatim} {
			if got, want := numberFault(text, form), slowFault(text, form); got != want {
				t.Fatalf("%s in form %d: %q, want %q", text, form, got, want)
			}
		}
	})
}

func TestNumberFaultAtTheEdges(t *testing.T) {
	for _, text := range []string{
		"0", "-0", "-0.0e9999", "0e99999", "999999999999999", "-999999999999999", "9007199254740991", "-9007199254740993",
		"9.2", "5.3", "0.3", "6.5", "1e22", "1e23", "123456789012345680000", "4.9e-324", "2.2250738585072014e-308", "1e-9999",
		"1.7976931348623157e308", "100e-2", "0.000001e6", "1" + strings.Repeat("0", 400), "0." + strings.Repeat("0", 9998) + "1e9999",
		"1." + strings.Repeat("0", 400) + "1",
	} {
		for _, form := range []Form{Canonical, Verbatim} {
			if got, want := numberFault(text, form), slowFault(text, form); got != want {
				t.Errorf("%.40s in form %d: %q, want %q", text, form, got, want)
			}
		}
	}
	for text, pass := range map[string]bool{ // a number has at most a million places, unless it is zero
		"1." + strings.Repeat("0", 1_000_000):         true,
		"1." + strings.Repeat("0", 1_000_001):         false,
		"1." + strings.Repeat("0", 1_000_001) + "e1":  true,
		"1." + strings.Repeat("0", 1_000_000) + "e-1": false,
		"-0." + strings.Repeat("0", 1_000_001):        true,
	} {
		if detail := numberFault(text, Canonical); (detail == "") != pass {
			t.Errorf("%.20s (%d bytes): %q", text, len(text), detail)
		}
	}
	for _, text := range []string{"", "-", "NaN", "Inf", "0x1p4", "1_0", "1e", "one"} { // no number of JSON
		if numberFault(text, Canonical) == "" {
			t.Errorf("%q is no number and passes", text)
		}
	}
}

// TestCheckNumbersOrder: of several numbers at fault the first in the order of sorted names is reported.
func TestCheckNumbersOrder(t *testing.T) {
	member := rapid.SampledFrom([]string{"1", "0.5", "1e400", "1e00001", "0.10000000000000001"})
	name := rapid.StringOfN(rapid.SampledFrom([]rune("ab/~é")), 0, 3, -1)
	value := rapid.Deferred(func() *rapid.Generator[any] { return rapid.Just[any](nil) })
	for range 3 {
		inner := value
		value = rapid.OneOf(
			rapid.Map(member, func(s string) any { return json.Number(s) }),
			rapid.Map(rapid.SliceOfN(inner, 0, 3), func(v []any) any { return v }),
			rapid.Map(rapid.MapOfN(name, inner, 0, 4), func(v map[string]any) any { return v }),
		)
	}
	var slow func(v any, form Form, pointer string) *Error
	slow = func(v any, form Form, pointer string) *Error {
		switch v := v.(type) {
		case map[string]any:
			var names []string
			for name := range v {
				names = append(names, name)
			}
			sort.Strings(names)
			for _, name := range names {
				if refusal := slow(v[name], form, pointer+Escape(name)); refusal != nil {
					return refusal
				}
			}
		case []any:
			for i, member := range v {
				if refusal := slow(member, form, pointer+"/"+strconv.Itoa(i)); refusal != nil {
					return refusal
				}
			}
		case json.Number:
			if detail := slowFault(string(v), form); detail != "" {
				return &Error{Code: CodeMalformed, Pointer: pointer, Detail: detail}
			}
		}
		return nil
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value.Draw(t, "value")
		for _, form := range []Form{Canonical, Verbatim} {
			var got *Error
			if err := CheckNumbers(v, form); err != nil && !errors.As(err, &got) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(slow(v, form, ""), got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
