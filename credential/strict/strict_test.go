package strict

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var wide = Limits{Bytes: 1 << 16, Depth: 8, Objects: 4, Values: 3}

func TestParseAccepts(t *testing.T) {
	for text, want := range map[string]any{
		" {} ":                     map[string]any{},
		`{"a":[1,-0.5e+3,null]}`:   map[string]any{"a": []any{json.Number("1"), json.Number("-0.5e+3"), nil}},
		`"\ud83d\ude00\u00e9\/\b"`: "\U0001F600é/\b",
		`[true,false]`:             []any{true, false},
		`"\u0000"`:                 "\x00",
		`0`:                        json.Number("0"),
		`{"A":1,"a":2}`:            map[string]any{"A": json.Number("1"), "a": json.Number("2")},
	} {
		got, err := Parse([]byte(text), wide)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, code, pointer string }{
		{"", CodeMalformed, ""},
		{"{} {}", CodeMalformed, ""},
		{"{\"a\":1,}", CodeMalformed, ""},
		{"[1,]", CodeMalformed, "/1"},
		{"{'a':1}", CodeMalformed, ""},
		{"01", CodeMalformed, ""},
		{"-", CodeMalformed, ""},
		{"1.", CodeMalformed, ""},
		{"1e", CodeMalformed, ""},
		{"NaN", CodeMalformed, ""},
		{"tru", CodeMalformed, ""},
		{"\"a\nb\"", CodeMalformed, ""},
		{`"\x"`, CodeMalformed, ""},
		{`"\`, CodeMalformed, ""},
		{`"\u12`, CodeMalformed, ""},
		{`"\u12g4"`, CodeMalformed, ""},
		{`"open`, CodeMalformed, ""},
		{`{"a"`, CodeMalformed, "/a"},
		{"{\"a\":[\"\\ud800\"]}", CodeEncoding, "/a/0"},
		{`"\ud800\u0041"`, CodeEncoding, ""},
		{`"\udc00"`, CodeEncoding, ""},
		{"\xef\xbb\xbf{}", CodeEncoding, ""},
		{"\"\xff\"", CodeEncoding, ""},
		{"\"\xed\xa0\x80\"", CodeEncoding, ""},
		{`{"a":1,"\u0061":2}`, CodeDuplicateKey, "/a"},
		{`{"x/y":{"~":1,"~":2}}`, CodeDuplicateKey, "/x~1y/~0"},
		{strings.Repeat("[", 9) + strings.Repeat("]", 9), CodeTooComplex, "/0/0/0/0/0/0/0/0"},
		{`[{},{},{}]`, "", ""},
		{`[1,2,3,4]`, CodeTooComplex, ""},
		{`[[{},{}],[{},{},{}]]`, CodeTooComplex, "/1/2"},
		{strings.Repeat(" ", 1<<16) + "1", CodeTooLarge, ""},
	} {
		_, err := Parse([]byte(c.text), wide)
		var refusal *Error
		switch {
		case c.code == "" && err == nil:
		case !errors.As(err, &refusal):
			t.Errorf("%.40q: %v, want %s", c.text, err, c.code)
		case refusal.Code != c.code || refusal.Pointer != c.pointer:
			t.Errorf("%.40q: %s at %q, want %s at %q", c.text, refusal.Code, refusal.Pointer, c.code, c.pointer)
		}
	}
}

func TestCheckNumbers(t *testing.T) {
	for _, c := range []struct {
		text      string
		canonical bool
		verbatim  bool
	}{
		{"0.1", true, true}, {"1.0", true, true}, {"-0", true, true}, {"3.5", true, true}, {"1e2", true, true},
		{"9007199254740992", true, true}, {"1e21", true, true}, {"100000000000000000000", true, true},
		{"0.10000000000000001", false, true}, {"9007199254740993", false, true}, {"0.30000000000000004", false, true},
		{"1e400", false, false}, {"1e00001", false, false}, {"1e-400", false, true}, {"-1e309", false, false},
	} {
		v, err := Parse([]byte(`{"a":[`+c.text+`]}`), wide)
		if err != nil {
			t.Fatal(err)
		}
		for form, want := range map[Form]bool{Canonical: c.canonical, Verbatim: c.verbatim} {
			err := CheckNumbers(v, form)
			if (err == nil) != want {
				t.Errorf("%s in form %d: %v", c.text, form, err)
			}
			var refusal *Error
			if err != nil && (!errors.As(err, &refusal) || refusal.Pointer != "/a/0") {
				t.Errorf("%s: %v", c.text, err)
			}
		}
	}
}

// FuzzParse: whatever this reader accepts, encoding/json accepts too, with the same value.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"\u00e9",{"b":null}]}`, `{"a":1,"a":2}`, `"\ud800"`, "\xef\xbb\xbf1", `1e5`, `[[[[]]]]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Parse(data, Limits{Bytes: 1 << 16, Depth: 16, Objects: 100, Values: 100})
		if err != nil {
			var refusal *Error
			if !errors.As(err, &refusal) {
				t.Fatalf("foreign error %v", err)
			}
			return
		}
		decoder := json.NewDecoder(strings.NewReader(string(data)))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
