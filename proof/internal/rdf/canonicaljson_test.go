package rdf

import (
	"errors"
	"path"
	"testing"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

// TestCanonicalJSONVectors: the examples of RFC 8785 have the published form. One whose numbers change on the way has a form as well, but
// is nothing to sign.
func TestCanonicalJSONVectors(t *testing.T) {
	for name, signable := range map[string]bool{
		"arrays.json": true, "french.json": true, "structures.json": true, "unicode.json": true, "values.json": false, "weird.json": true,
	} {
		value, err := strict.Parse(referencedata.File(t, path.Join("vectors/jcs/input", name)), literalLimits)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := string(referencedata.File(t, path.Join("vectors/jcs/output", name)))
		if form, err := appendCanonicalJSON(nil, value); err != nil || string(form) != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", name, err, form, want)
		}
		form, err := AppendCanonicalJSON([]byte("before "), value)
		var fault *Error
		if signable && (err != nil || string(form) != "before "+want) || !signable && (!errors.As(err, &fault) || fault.Code != CodeMalformed || fault.Pointer == "") {
			t.Errorf("%s: %v\n%s", name, err, form)
		}
	}
}

// TestNoCanonicalJSON: what RFC 8785 gives no form to (section 3.1, I-JSON) never becomes a value, and what is no value has no form.
func TestNoCanonicalJSON(t *testing.T) {
	for name, text := range map[string]string{
		"lone surrogate": `["\ud800"]`, "surrogates in the wrong order": `["\udc00\ud800"]`, "bytes that are no UTF-8": "[\"\xff\"]", "one name twice": `{"a":1,"a":1}`,
		"one name twice, escaped": `{"a":1,"\u0061":1}`, "not a number": `[NaN]`,
	} {
		if _, err := strict.Parse([]byte(text), literalLimits); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	var fault *Error
	if _, err := AppendCanonicalJSON(nil, map[string]any{"a": struct{}{}}); !errors.As(err, &fault) || fault.Code != CodeMalformed {
		t.Errorf("%v, want malformed", err)
	}
}
