package strict

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRefusals keeps every refusal as it is, to the byte at which reading stops: reports carry code, pointer and detail.
// Limits are those of wide: 65,536 bytes, 8 deep, 4 objects, 3 members.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		text string
		want Error
	}{
		// before the first value
		{``, Error{CodeMalformed, "", 0, "the JSON text ends too early"}},
		{" \n\t", Error{CodeMalformed, "", 3, "the JSON text ends too early"}},
		{"\ufeff{}", Error{CodeEncoding, "", 0, "the text begins with a byte order mark"}},
		{"\ufeff", Error{CodeEncoding, "", 0, "the text begins with a byte order mark"}},
		{"\xff", Error{CodeEncoding, "", 0, "the text is not valid UTF-8"}},
		{"{\"a\":\"\xc3\"}", Error{CodeEncoding, "", 6, "the text is not valid UTF-8"}},
		{"\"\xed\xa0\x80\"", Error{CodeEncoding, "", 1, "the text is not valid UTF-8"}},
		{"\"\xc0\xaf\"", Error{CodeEncoding, "", 1, "the text is not valid UTF-8"}},
		{"\"ok\xf4\x90\x80\x80\"", Error{CodeEncoding, "", 3, "the text is not valid UTF-8"}},
		{"[1,}\xff", Error{CodeEncoding, "", 4, "the text is not valid UTF-8"}},
		{strings.Repeat(` `, 1<<16) + `1`, Error{CodeTooLarge, "", 0, "the text is longer than 65536 bytes"}},
		{strings.Repeat("\xff", 1<<16+1), Error{CodeTooLarge, "", 0, "the text is longer than 65536 bytes"}},

		// words and what is no value
		{`tru`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`nul`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`fals`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`True`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`NaN`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`Infinity`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`'a'`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`+1`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`.5`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`}`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`]`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`,`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`:`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{"\x00", Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{"\x7f", Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{"\u00a0{}", Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`/*c*/1`, Error{CodeMalformed, "", 0, "a JSON value was expected"}},
		{`truefalse`, Error{CodeMalformed, "", 4, "there is more text after the JSON value"}},
		{`nulll`, Error{CodeMalformed, "", 4, "there is more text after the JSON value"}},
		{"true \x00", Error{CodeMalformed, "", 5, "there is more text after the JSON value"}},
		{`{} {}`, Error{CodeMalformed, "", 3, "there is more text after the JSON value"}},
		{`1 2`, Error{CodeMalformed, "", 2, "there is more text after the JSON value"}},
		{`{}]`, Error{CodeMalformed, "", 2, "there is more text after the JSON value"}},
		{`"a""b"`, Error{CodeMalformed, "", 3, "there is more text after the JSON value"}},

		// numbers
		{`01`, Error{CodeMalformed, "", 1, "there is more text after the JSON value"}},
		{`-`, Error{CodeMalformed, "", 1, "a number is not complete"}},
		{`-a`, Error{CodeMalformed, "", 1, "a number is not complete"}},
		{`1.`, Error{CodeMalformed, "", 2, "a number is not complete"}},
		{`1.e1`, Error{CodeMalformed, "", 2, "a number is not complete"}},
		{`1e`, Error{CodeMalformed, "", 2, "a number is not complete"}},
		{`1e+`, Error{CodeMalformed, "", 3, "a number is not complete"}},
		{`1E-`, Error{CodeMalformed, "", 3, "a number is not complete"}},
		{`-01`, Error{CodeMalformed, "", 2, "there is more text after the JSON value"}},
		{`0x10`, Error{CodeMalformed, "", 1, "there is more text after the JSON value"}},
		{`1.5.2`, Error{CodeMalformed, "", 3, "there is more text after the JSON value"}},
		{`[1e]`, Error{CodeMalformed, "/0", 3, "a number is not complete"}},
		{`{"a":{"b":-}}`, Error{CodeMalformed, "/a/b", 11, "a number is not complete"}},
		{`1_000`, Error{CodeMalformed, "", 1, "there is more text after the JSON value"}},
		{`--1`, Error{CodeMalformed, "", 1, "a number is not complete"}},

		// strings
		{"\"a\nb\"", Error{CodeMalformed, "", 2, "a string holds a control character that is not escaped"}},
		{"\"\x00\"", Error{CodeMalformed, "", 1, "a string holds a control character that is not escaped"}},
		{"\"12345678\x1f\"", Error{CodeMalformed, "", 9, "a string holds a control character that is not escaped"}},
		{"\"1234567\x1fabcdefghijkl\"", Error{CodeMalformed, "", 8, "a string holds a control character that is not escaped"}},
		{"\"\\n\x01\"", Error{CodeMalformed, "", 3, "a string holds a control character that is not escaped"}},
		{`"open`, Error{CodeMalformed, "", 5, "the JSON text ends inside a string"}},
		{`"`, Error{CodeMalformed, "", 1, "the JSON text ends inside a string"}},
		{`"open\n`, Error{CodeMalformed, "", 7, "the JSON text ends inside a string"}},
		{`"12345678`, Error{CodeMalformed, "", 9, "the JSON text ends inside a string"}},
		{`{"a`, Error{CodeMalformed, "", 3, "the JSON text ends inside a string"}},
		{`{"a\n`, Error{CodeMalformed, "", 5, "the JSON text ends inside a string"}},
		{`["0","open]`, Error{CodeMalformed, "/1", 11, "the JSON text ends inside a string"}},
		{`{"a	b":1}`, Error{CodeMalformed, "", 3, "a string holds a control character that is not escaped"}},
		{"{\"x\":[\"\u00e9\n\"]}", Error{CodeMalformed, "/x/0", 9, "a string holds a control character that is not escaped"}},

		// escapes
		{`"\x"`, Error{CodeMalformed, "", 3, "a string holds an unknown escape"}},
		{`"\`, Error{CodeMalformed, "", 2, "a string holds an unknown escape"}},
		{`"\"`, Error{CodeMalformed, "", 3, "the JSON text ends inside a string"}},
		{`"\u`, Error{CodeMalformed, "", 3, "the JSON text ends inside an escape"}},
		{`"\u12`, Error{CodeMalformed, "", 3, "the JSON text ends inside an escape"}},
		{`"\u123"`, Error{CodeMalformed, "", 3, "a string holds an escape that is not four hexadecimal digits"}},
		{`"\u12g4"`, Error{CodeMalformed, "", 3, "a string holds an escape that is not four hexadecimal digits"}},
		{`"\u12G4 and more"`, Error{CodeMalformed, "", 3, "a string holds an escape that is not four hexadecimal digits"}},
		{`"\U0041"`, Error{CodeMalformed, "", 3, "a string holds an unknown escape"}},
		{`"\'"`, Error{CodeMalformed, "", 3, "a string holds an unknown escape"}},
		{`"12345678\a"`, Error{CodeMalformed, "", 11, "a string holds an unknown escape"}},
		{`{"\q":1}`, Error{CodeMalformed, "", 4, "a string holds an unknown escape"}},
		{"\"\\\n\"", Error{CodeMalformed, "", 3, "a string holds an unknown escape"}},
		{`"\é"`, Error{CodeMalformed, "", 3, "a string holds an unknown escape"}},
		{`[["\u00e9","\u00eg"]]`, Error{CodeMalformed, "/0/1", 14, "a string holds an escape that is not four hexadecimal digits"}},

		// surrogates
		{`"\ud800"`, Error{CodeEncoding, "", 7, "a string holds a lone surrogate"}},
		{`"\udc00"`, Error{CodeEncoding, "", 7, "a string holds a lone surrogate"}},
		{`"\ud800\u0041"`, Error{CodeEncoding, "", 13, "a string holds a lone surrogate"}},
		{`"\ud800\ud800"`, Error{CodeEncoding, "", 13, "a string holds a lone surrogate"}},
		{`"\ud800\n"`, Error{CodeEncoding, "", 7, "a string holds a lone surrogate"}},
		{`"\ud800 \udc00"`, Error{CodeEncoding, "", 7, "a string holds a lone surrogate"}},
		{`"\ud800\`, Error{CodeEncoding, "", 7, "a string holds a lone surrogate"}},
		{`"\ud800\u`, Error{CodeMalformed, "", 9, "the JSON text ends inside an escape"}},
		{`"\ud800\udc0`, Error{CodeMalformed, "", 9, "the JSON text ends inside an escape"}},
		{`"\ud800\udcxx"`, Error{CodeMalformed, "", 9, "a string holds an escape that is not four hexadecimal digits"}},
		{`"\udc00\ud800"`, Error{CodeEncoding, "", 13, "a string holds a lone surrogate"}},
		{`{"a":["\ud83d"]}`, Error{CodeEncoding, "/a/0", 13, "a string holds a lone surrogate"}},
		{`{"\ud83d":1}`, Error{CodeEncoding, "", 8, "a string holds a lone surrogate"}},
		{`{"ok":"\ud83d\ude00\ud83d"}`, Error{CodeEncoding, "/ok", 25, "a string holds a lone surrogate"}},

		// objects
		{`{`, Error{CodeMalformed, "", 1, "a member name was expected"}},
		{`{ `, Error{CodeMalformed, "", 2, "a member name was expected"}},
		{`{"a"`, Error{CodeMalformed, "/a", 4, "a colon was expected after a member name"}},
		{`{"a" `, Error{CodeMalformed, "/a", 5, "a colon was expected after a member name"}},
		{`{"a" 1`, Error{CodeMalformed, "/a", 5, "a colon was expected after a member name"}},
		{`{"a":`, Error{CodeMalformed, "/a", 5, "the JSON text ends too early"}},
		{`{"a":}`, Error{CodeMalformed, "/a", 5, "a JSON value was expected"}},
		{`{"a":1`, Error{CodeMalformed, "", 6, "a comma or a closing brace was expected"}},
		{`{"a":1 `, Error{CodeMalformed, "", 7, "a comma or a closing brace was expected"}},
		{`{"a":1,`, Error{CodeMalformed, "", 7, "a member name was expected"}},
		{`{"a":1,}`, Error{CodeMalformed, "", 7, "a member name was expected"}},
		{`{,}`, Error{CodeMalformed, "", 1, "a member name was expected"}},
		{`{1:2}`, Error{CodeMalformed, "", 1, "a member name was expected"}},
		{`{'a':1}`, Error{CodeMalformed, "", 1, "a member name was expected"}},
		{`{a:1}`, Error{CodeMalformed, "", 1, "a member name was expected"}},
		{`{"a":1;"b":2}`, Error{CodeMalformed, "", 6, "a comma or a closing brace was expected"}},
		{`{"a":1 "b":2}`, Error{CodeMalformed, "", 7, "a comma or a closing brace was expected"}},
		{`{"a":1]`, Error{CodeMalformed, "", 6, "a comma or a closing brace was expected"}},
		{`{"a":{"b":[1,{"c":tru}]}}`, Error{CodeMalformed, "/a/b/1/c", 18, "a JSON value was expected"}},
		{`{"":{"":x}}`, Error{CodeMalformed, "//", 8, "a JSON value was expected"}},
		{`{"a/b":{"m~n":{"~1":?}}}`, Error{CodeMalformed, "/a~1b/m~0n/~01", 20, "a JSON value was expected"}},
		{`{"caf\u00e9":{"\u002f":!}}`, Error{CodeMalformed, "/café/~1", 23, "a JSON value was expected"}},

		// arrays
		{`[`, Error{CodeMalformed, "/0", 1, "the JSON text ends too early"}},
		{`[ `, Error{CodeMalformed, "/0", 2, "the JSON text ends too early"}},
		{`[,`, Error{CodeMalformed, "/0", 1, "a JSON value was expected"}},
		{`[1`, Error{CodeMalformed, "", 2, "a comma or a closing bracket was expected"}},
		{`[1 `, Error{CodeMalformed, "", 3, "a comma or a closing bracket was expected"}},
		{`[1,`, Error{CodeMalformed, "/1", 3, "the JSON text ends too early"}},
		{`[1,]`, Error{CodeMalformed, "/1", 3, "a JSON value was expected"}},
		{`[1,,2]`, Error{CodeMalformed, "/1", 3, "a JSON value was expected"}},
		{`[1 2]`, Error{CodeMalformed, "", 3, "a comma or a closing bracket was expected"}},
		{`[1}`, Error{CodeMalformed, "", 2, "a comma or a closing bracket was expected"}},
		{`[1,2,}`, Error{CodeMalformed, "/2", 5, "a JSON value was expected"}},
		{`[[],[],[x]]`, Error{CodeMalformed, "/2/0", 8, "a JSON value was expected"}},
		{`[{"a":[0,[0,{"b":}]]}]`, Error{CodeMalformed, "/0/a/1/1/b", 17, "a JSON value was expected"}},

		// repeated names
		{`{"a":1,"a":2}`, Error{CodeDuplicateKey, "/a", 10, "a member name stands twice in one object"}},
		{`{"a":1,"a"`, Error{CodeDuplicateKey, "/a", 10, "a member name stands twice in one object"}},
		{`{"a":1,"a" x`, Error{CodeDuplicateKey, "/a", 10, "a member name stands twice in one object"}},
		{`{"a":1,"\u0061":2}`, Error{CodeDuplicateKey, "/a", 15, "a member name stands twice in one object"}},
		{`{"\u0061":1,"a":2}`, Error{CodeDuplicateKey, "/a", 15, "a member name stands twice in one object"}},
		{`{"":1,"":2}`, Error{CodeDuplicateKey, "/", 8, "a member name stands twice in one object"}},
		{`{"x/y":{"~":1,"~":2}}`, Error{CodeDuplicateKey, "/x~1y/~0", 17, "a member name stands twice in one object"}},
		{`{"a":{"a":1},"b":{"a":1,"a":1}}`, Error{CodeDuplicateKey, "/b/a", 27, "a member name stands twice in one object"}},
		{`[0,{"k":1,"l":2,"k":3}]`, Error{CodeDuplicateKey, "/1/k", 19, "a member name stands twice in one object"}},
		{`{"a":1,"a":tru}`, Error{CodeDuplicateKey, "/a", 10, "a member name stands twice in one object"}},
		{`{"a":tru,"a":1}`, Error{CodeMalformed, "/a", 5, "a JSON value was expected"}},
		{`{"a":1,"a\u0000":2,"a\u0000":3}`, Error{CodeDuplicateKey, "/a\x00", 28, "a member name stands twice in one object"}},
		{`{"0":0,"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"8":0}`, Error{CodeDuplicateKey, "/8", 58, "a member name stands twice in one object"}},
		{`{"a0":0,"a1":0,"a2":0,"a3":0,"a4":0,"a5":0,"a6":0,"a7":0,"a8":0,"a9":0,"b0":0,"b1":0,"b2":0,"b3":0,"b4":0,"b5":0,"a0":0}`, Error{CodeDuplicateKey, "/a0", 117, "a member name stands twice in one object"}},

		// limits
		{`[1,2,3,4]`, Error{CodeTooComplex, "", 7, "an array has more than 3 members"}},
		{`[1,2,3,`, Error{CodeTooComplex, "", 7, "an array has more than 3 members"}},
		{`[1,2,3, x`, Error{CodeTooComplex, "", 7, "an array has more than 3 members"}},
		{`{"a":[[],[1,2,3,4]]}`, Error{CodeTooComplex, "/a/1", 16, "an array has more than 3 members"}},
		{`[{},{},[{},{},{}]]`, Error{CodeTooComplex, "/2/2", 14, "there are more than 4 objects"}},
		{`[[{},{}],[{},{},{}]]`, Error{CodeTooComplex, "/1/2", 16, "there are more than 4 objects"}},
		{`{"a":{"b":{"c":{"d":{}}}}}`, Error{CodeTooComplex, "/a/b/c/d", 20, "there are more than 4 objects"}},
		{`{"a":{},"b":{},"c":{},"c":{}}`, Error{CodeDuplicateKey, "/c", 25, "a member name stands twice in one object"}},
		{`{"a":{},"b":{},"c":{},"d":{`, Error{CodeTooComplex, "/d", 26, "there are more than 4 objects"}},
		{strings.Repeat(`[`, 9) + strings.Repeat(`]`, 9), Error{CodeTooComplex, "/0/0/0/0/0/0/0/0", 8, "values are nested more than 8 deep"}},
		{strings.Repeat(`[`, 9), Error{CodeTooComplex, "/0/0/0/0/0/0/0/0", 8, "values are nested more than 8 deep"}},
		{strings.Repeat(`[`, 8), Error{CodeMalformed, "/0/0/0/0/0/0/0/0", 8, "the JSON text ends too early"}},
		{strings.Repeat(`{"a":`, 9), Error{CodeTooComplex, "/a/a/a/a", 20, "there are more than 4 objects"}},
		{strings.Repeat(`[0,`, 9), Error{CodeTooComplex, "/1/1/1/1/1/1/1/1", 24, "values are nested more than 8 deep"}},
		{`{"a":{"b":` + strings.Repeat(`[`, 7), Error{CodeTooComplex, "/a/b/0/0/0/0/0/0", 16, "values are nested more than 8 deep"}},
	} {
		v, err := Parse([]byte(c.text), wide)
		var refusal *Error
		if !errors.As(err, &refusal) {
			t.Errorf("%.60q: read as %v with error %v", c.text, v, err)
		} else if diff := cmp.Diff(c.want, *refusal); diff != "" {
			t.Errorf("%.60q: %s", c.text, diff)
		} else if v != nil {
			t.Errorf("%.60q: refused and read as %v", c.text, v)
		}
	}
}

// TestLimits: at each limit a text is read, and one below it the same text is refused. A limit of 0 allows nothing.
func TestLimits(t *testing.T) {
	const text = `{"a":[1,2,[{}]],"b":{}}`
	exact := Limits{Bytes: len(text), Depth: 4, Objects: 3, Values: 3}
	if _, err := Parse([]byte(text), exact); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		less func(*Limits)
		want Error
	}{
		"bytes":            {text, func(l *Limits) { l.Bytes-- }, Error{CodeTooLarge, "", 0, "the text is longer than 22 bytes"}},
		"depth":            {text, func(l *Limits) { l.Depth-- }, Error{CodeTooComplex, "/a/2/0", 11, "values are nested more than 3 deep"}},
		"objects":          {text, func(l *Limits) { l.Objects-- }, Error{CodeTooComplex, "/b", 20, "there are more than 2 objects"}},
		"members":          {text, func(l *Limits) { l.Values-- }, Error{CodeTooComplex, "/a", 10, "an array has more than 2 members"}},
		"no bytes":         {"1", func(l *Limits) { l.Bytes = 0 }, Error{CodeTooLarge, "", 0, "the text is longer than 0 bytes"}},
		"no depth":         {"[]", func(l *Limits) { l.Depth = 0 }, Error{CodeTooComplex, "", 0, "values are nested more than 0 deep"}},
		"no objects":       {"[{}]", func(l *Limits) { l.Objects = 0 }, Error{CodeTooComplex, "/0", 1, "there are more than 0 objects"}},
		"no members":       {"[ 1]", func(l *Limits) { l.Values = 0 }, Error{CodeTooComplex, "", 2, "an array has more than 0 members"}},
		"depth by objects": {`{"a":{"b":0}}`, func(l *Limits) { l.Depth = 1 }, Error{CodeTooComplex, "/a", 5, "values are nested more than 1 deep"}},
	} {
		limits := exact
		c.less(&limits)
		_, err := Parse([]byte(c.text), limits)
		var refusal *Error
		if !errors.As(err, &refusal) {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(c.want, *refusal); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestMembers: the members of all objects count together, and a limit of 0 is no bound on them.
func TestMembers(t *testing.T) {
	const bound = 1000
	beyond := func(pointer string) *Error {
		return &Error{Code: CodeTooComplex, Pointer: pointer, Detail: "the objects have more than 1000 members together"}
	}
	one := func(members int) string { return string(object(members, "%d")) }
	many := func(objects int) string { return "[" + strings.Repeat(one(4)+",", objects-1) + one(4) + "]" }
	for name, c := range map[string]struct {
		text  string
		bound int
		want  *Error
	}{
		"one object at the bound":      {one(bound), bound, nil},
		"one object beyond it":         {one(bound + 1), bound, beyond("")},
		"one object without a bound":   {one(bound + 1), 0, nil},
		"many objects at the bound":    {many(bound / 4), bound, nil},
		"many objects beyond it":       {many(bound/4 + 1), bound, beyond("/250")},
		"many objects without a bound": {many(bound/4 + 1), 0, nil},
		"nested at the bound":          {`{"a":{"b":` + one(bound-2) + `}}`, bound, nil},
		"nested beyond it":             {`{"a":{"b":` + one(bound-1) + `}}`, bound, beyond("/a/b")},
		"beyond it after an object":    {`{"a":` + one(bound-1) + `,"b":0}`, bound, beyond("")},
		"empty objects count nothing":  {`[{},{},` + one(bound) + `,{}]`, bound, nil},
		"values in arrays do not":      {`[0,1,2,` + one(bound) + `,3]`, bound, nil},
	} {
		limits := ample
		limits.Members = c.bound
		_, err := Parse([]byte(c.text), limits)
		var refusal *Error
		if errors.As(err, &refusal); refusal != nil {
			refusal.Offset = 0
		}
		if diff := cmp.Diff(c.want, refusal); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestObject: a text that is JSON and no object is refused as a whole.
func TestObject(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: "the JSON value is not an object", `null`: "the JSON value is not an object", `"{}"`: "the JSON value is not an object",
		`{`: "a member name was expected", `{}`: "",
	} {
		object, err := Object([]byte(text), wide)
		var refusal *Error
		switch {
		case want == "" && (err != nil || object == nil):
			t.Errorf("%s: %v", text, err)
		case want != "" && (!errors.As(err, &refusal) || refusal.Code != CodeMalformed || refusal.Detail != want || object != nil):
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
