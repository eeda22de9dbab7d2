package rdf

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential/strict"
)

var literalLimits = strict.Limits{Bytes: 1 << 20, Depth: 64, Objects: 5000, Values: 2000}

// canonicalText is the canonical form by ours and by another implementation.
func canonicalText(t interface{ Fatalf(string, ...any) }, text []byte) (ours, theirs string) {
	value, err := strict.Parse(text, literalLimits)
	if err != nil {
		return "", ""
	}
	if strict.CheckNumbers(value, strict.Verbatim) != nil {
		return "", ""
	}
	form, err := appendCanonicalJSON(nil, value)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	wrapped, err := jcs.Transform(append(append([]byte{'['}, text...), ']')) // it takes arrays and objects only
	if err != nil {
		t.Fatalf("%s: they say %v", text, err)
	}
	return string(form), string(wrapped[1 : len(wrapped)-1])
}

// TestCanonicalJSON: examples of RFC 8785 and what is near its edges.
func TestCanonicalJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"peach":"This sorting order","p\u00e9ch\u00e9":"is wrong according to French","p\u00eache":"but canonicalization MUST","sin":"ignore locale"}`:                                                             `{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}`,
		`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`: "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
		`[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]`:   `[333333333.3333333,1e+30,4.5,0.002,1e-27]`,
		`[-0,0.0,1e21,1e20,1e-6,1e-7,-1e-7,1.5e-300,5e-324,9007199254740993]`: `[0,0,1e+21,100000000000000000000,0.000001,1e-7,-1e-7,1.5e-300,5e-324,9007199254740992]`,
		`"\u0000\u0007\b\t\n\u000b\f\r\u001f\"\\\/\u007f<>&\u2028"`:           "\"\\u0000\\u0007\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\u007f<>&\u2028\"",
		`{"a":[true,false,null,{}],"":[]}`:                                    `{"":[],"a":[true,false,null,{}]}`,
	} {
		if got, theirs := canonicalText(t, []byte(text)); got != want || theirs != want {
			t.Errorf("%s:\n got %s\nwant %s\nthey %s", text, got, want, theirs)
		}
	}
	if _, err := appendCanonicalJSON(nil, []any{struct{}{}}); err == nil {
		t.Error("what is no JSON value was written")
	}
}

// TestCanonicalNumbers: every double is written as another implementation writes it.
func TestCanonicalNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return
		}
		want, err := jcs.NumberToJSON(f)
		if got := string(appendCanonicalNumber(nil, f)); err != nil || got != want {
			t.Fatalf("%b: %s, want %s %v", f, got, want, err)
		}
	})
}

// FuzzCanonicalJSON: any JSON has one canonical form, that of another implementation.
func FuzzCanonicalJSON(f *testing.F) {
	for _, seed := range []string{`{"b":1,"a":[1e-7,"\u00e9"]}`, `{"\ud83d\ude00":1,"\ufb33":2}`, `"\u0000"`, `-0`, `[[],{}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ours, theirs := canonicalText(t, text)
		if ours != theirs {
			t.Fatalf("%s:\nours   %s\ntheirs %s", text, ours, theirs)
		}
		if ours == "" {
			return
		}
		if again, _ := canonicalText(t, []byte(ours)); again != ours || !json.Valid([]byte(ours)) {
			t.Fatalf("%s became %s", ours, again)
		}
	})
}
