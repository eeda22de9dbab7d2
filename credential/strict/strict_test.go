package strict

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
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

// TestParseReadsWhatWasWritten: what encoding/json writes of a value is read as that value, however it is set.
func TestParseReadsWhatWasWritten(t *testing.T) {
	value := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(strconv.FormatInt(n, 10)) }),
		rapid.SampledFrom([]any{true, false, nil, json.Number("-0.5e+3"), "", `"\/`, "\u2028", "\x00\U0001F600"}),
	)
	for range 3 {
		inner := value
		value = rapid.OneOf(
			inner,
			rapid.Map(rapid.SliceOfN(inner, 0, 6), func(v []any) any { return v }),
			rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-c"\\é]{0,2}`), inner, 0, 12), func(v map[string]any) any { return v }),
		)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := value.Draw(t, "value")
		text, err := json.MarshalIndent(want, rapid.SampledFrom([]string{"", " ", "\r\n"}).Draw(t, "prefix"), rapid.SampledFrom([]string{"", "\t"}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(text, Limits{Bytes: len(text), Depth: 3, Objects: 1000, Values: 6})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}

// TestStringsOfEveryLength: what ends or interrupts a string is seen wherever it stands, with any text after it.
func TestStringsOfEveryLength(t *testing.T) {
	for length := range 40 {
		for _, filler := range []string{"a", "!", "#", "[", "]", "\x7f", "\u00a2", "\u0121\u025c", "\U0001F600"} {
			body := strings.Repeat(filler, length)
			for _, after := range []string{"", " ", strings.Repeat(" ", 20)} {
				for inside, want := range map[string]string{"": "", `\"`: `"`, `\\`: `\`, `\u0000`: "\x00"} {
					got, err := Parse([]byte(`"`+body+inside+body+`"`+after), wide)
					if err != nil || got != body+want+body {
						t.Fatalf("%q around %q: %q, %v", body, inside, got, err)
					}
				}
				for _, control := range []string{"\x00", "\n", "\x1f"} {
					_, err := Parse([]byte(`"`+body+control+`"`+after), wide)
					var refusal *Error
					if !errors.As(err, &refusal) || refusal.Code != CodeMalformed || refusal.Offset != 1+len(body) {
						t.Fatalf("%q before %q: %v", body, control, err)
					}
				}
			}
		}
	}
}

// TestRepeatedNames: the second of two names is refused where it ends, however many members the object has.
func TestRepeatedNames(t *testing.T) {
	for members := 1; members < 40; members++ {
		text := string(object(members, "n%02d"))
		for repeated := range members {
			again := text[:len(text)-1] + fmt.Sprintf(`,"n%02d"`, repeated)
			_, err := Parse([]byte(again+`:?`), wide)
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Code != CodeDuplicateKey || refusal.Offset != len(again) || refusal.Pointer != fmt.Sprintf("/n%02d", repeated) {
				t.Fatalf("%s: %v", again, err)
			}
		}
	}
}

// TestParseKeepsNothingOfTheCaller: the text may be overwritten once it is read.
func TestParseKeepsNothingOfTheCaller(t *testing.T) {
	data := []byte(`{"name":["text","\u0041",-1.5]}`)
	got, err := Parse(data, wide)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if diff := cmp.Diff(map[string]any{"name": []any{"text", "A", json.Number("-1.5")}}, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzParse: whatever this reader accepts, encoding/json accepts too, with the same value; whatever it calls malformed,
// encoding/json refuses; and every refusal says where, inside the text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,"\u00e9",{"b":null}]}`, `{"a":1,"a":2}`, `"\ud800"`, "\xef\xbb\xbf1", `1e5`, `[[[[]]]]`,
		` { "~/" : [ true , false , -0.5e+3 , "\ud83d\ude00\"\\ and more text" ] , "": {} } `, `["12345678`, `{"a":[0,{"b":tru}]}`, `[1,]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Parse(data, Limits{Bytes: 1 << 16, Depth: 16, Objects: 100, Values: 100})
		if err != nil {
			var refusal *Error
			switch {
			case !errors.As(err, &refusal):
				t.Fatalf("foreign error %v", err)
			case refusal.Code == CodeMalformed && json.Valid(data):
				t.Fatalf("called malformed what is JSON: %v", err)
			case refusal.Offset < 0 || refusal.Offset > len(data) || refusal.Detail == "":
				t.Fatalf("no place or no reason: %#v", refusal)
			case refusal.Pointer != "" && refusal.Pointer[0] != '/':
				t.Fatalf("no pointer: %q", refusal.Pointer)
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
