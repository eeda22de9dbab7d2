package pdf

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestValues: one text, one value (7.3).
func TestValues(t *testing.T) {
	for in, want := range map[string]any{
		"12":                       12.0,
		"+17 ":                     17.0,
		"-.002":                    -0.002,
		"4.":                       4.0,
		"--5":                      -5.0,
		"5-3":                      5.0,
		"99999999999999999999":     1e15,
		"true":                     true,
		"null":                     nil,
		"% a comment\r\nfalse":     false,
		"/Name":                    name("Name"),
		"/A#20B#zz":                name("A B#zz"),
		"/":                        name(""),
		"12 0 R":                   ref(12),
		"0 0 R":                    nil,
		"-1 0 R":                   nil,
		"12 0 obj":                 12.0,
		"(a (nested) one)":         text("a (nested) one"),
		`(\n\)\\\101\1018\7\x)`:    text("\n)\\AA8\x07x"),
		"(two\\\r\nlines\r\nmore)": text("twolines\nmore"),
		"(not closed":              text("not closed"),
		"(not closed\\":            text("not closed\\"),
		"<48 656C6c 6f7>":          text("Hellop"),
		"<4x8":                     text("H"),
		"[1 2 R 3 0 R/A(b)[]]":     array{ref(1), ref(3), name("A"), text("b"), array(nil)},
		"[1 2":                     array{1.0, 2.0},
		"<</A 1/B 2 0 R/A 3>>":     dict{{"A", 1.0}, {"B", ref(2)}, {"A", 3.0}},
		"<< 1 /A 2 /B >>":          dict{{"A", 2.0}},
		"<</A<</B[<<>>]>>":         dict{{"A", dict{{"B", array{dict{}}}}}},
		"endobj":                   nil,
		"":                         nil,
	} {
		l := lexer{data: []byte(in)}
		got := l.object()
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	if got := (dict{{"A", 1.0}, {"A", 3.0}}).at("A"); got != 3.0 {
		t.Errorf("the last of several counts: %v", got)
	}
}
