package rdf

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseNQuads(t *testing.T) {
	iri := func(s string) Term { return Term{Kind: IRI, Value: s} }
	blank := func(s string) Term { return Term{Kind: Blank, Value: s} }
	text := func(s string) Term { return Term{Kind: Literal, Value: s, Datatype: xsdString} }
	s, p := iri("urn:s"), iri("urn:p")
	tests := []struct {
		name, text string
		want       []Quad
	}{
		{"empty text is an empty dataset", "", nil},
		{"comments and empty lines are passed over", "# a\r\n\n \t# b", nil},
		{"three IRIs", "<urn:s> <urn:p> <urn:o> .\n", []Quad{{s, p, iri("urn:o"), Term{}}}},
		{"no final line feed", "<urn:s> <urn:p> <urn:o> .", []Quad{{s, p, iri("urn:o"), Term{}}}},
		{"no white space where none is needed", `_:a<urn:p>"x"<urn:g>.`, []Quad{{blank("a"), p, text("x"), iri("urn:g")}}},
		{"comment after a statement", "<urn:s> <urn:p> <urn:o> . # c", []Quad{{s, p, iri("urn:o"), Term{}}}},
		{"carriage return ends a line", "<urn:s> <urn:p> _:a .\r<urn:s> <urn:p> _:b .", []Quad{{s, p, blank("a"), Term{}}, {s, p, blank("b"), Term{}}}},
		{"blank graph name", "<urn:s> <urn:p> _:a _:b .", []Quad{{s, p, blank("a"), blank("b")}}},
		{"label does not take the full stop", "<urn:s> <urn:p> _:0a.b-c.", []Quad{{s, p, blank("0a.b-c"), Term{}}}},
		{"label beyond ASCII", "<urn:s> <urn:p> _:é·:ü .", []Quad{{s, p, blank("é·:ü"), Term{}}}},
		{"language tag as written", `<urn:s> <urn:p> "x"@de-CH-1996 .`, []Quad{{s, p, Term{Kind: Literal, Value: "x", Datatype: langString, Language: "de-CH-1996"}, Term{}}}},
		{"datatype", `<urn:s> <urn:p> "x"^^<urn:d> .`, []Quad{{s, p, Term{Kind: Literal, Value: "x", Datatype: "urn:d"}, Term{}}}},
		{"xsd:string written out", `<urn:s> <urn:p> "x"^^<http://www.w3.org/2001/XMLSchema#string> .`, []Quad{{s, p, text("x"), Term{}}}},
		{"escapes of a literal", `<urn:s> <urn:p> "\t\b\n\r\f\"\'\\\u00e9\U0001F303é" .`, []Quad{{s, p, text("\t\b\n\r\f\"'\\é\U0001F303é"), Term{}}}},
		{"escapes of an IRI", `<urn:\u0073> <urn:p> <urn:\U0001F303> .`, []Quad{{s, p, iri("urn:\U0001F303"), Term{}}}},
		{"raw tab in a literal", "<urn:s> <urn:p> \"\t\" .", []Quad{{s, p, text("\t"), Term{}}}},
		{"repeated statement stands twice", "<urn:s> <urn:p> _:a .\n<urn:s> <urn:p> _:a .", []Quad{{s, p, blank("a"), Term{}}, {s, p, blank("a"), Term{}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseNQuads([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("quads (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseNQuadsRefuses(t *testing.T) {
	tests := []struct{ name, text, line string }{
		{"relative IRI", `<s> <urn:p> <urn:o> .`, "line 1:"},
		{"IRI without scheme characters", `<1a:s> <urn:p> <urn:o> .`, "line 1:"},
		{"space in an IRI", "<urn:s> <urn:p> <urn:o> .\n<urn:a b> <urn:p> <urn:o> .", "line 2:"},
		{"escaped space in an IRI", `<urn:a\u0020b> <urn:p> <urn:o> .`, "line 1:"},
		{"escaped end of an IRI", `<urn:a\u003E> <urn:p> <urn:o> .`, "line 1:"},
		{"character escape in an IRI", `<urn:a\n> <urn:p> <urn:o> .`, "line 1:"},
		{"literal as subject", `"s" <urn:p> <urn:o> .`, "line 1:"},
		{"blank node as predicate", `<urn:s> _:p <urn:o> .`, "line 1:"},
		{"literal as graph name", `<urn:s> <urn:p> <urn:o> "g" .`, "line 1:"},
		{"fifth term", `<urn:s> <urn:p> <urn:o> <urn:g> <urn:h> .`, "line 1:"},
		{"missing object", `<urn:s> <urn:p> .`, "line 1:"},
		{"missing full stop", "<urn:s> <urn:p> <urn:o>\r\n", "line 1:"},
		{"statement over two lines", "<urn:s> <urn:p>\n<urn:o> .", "line 1:"},
		{"two statements on a line", `<urn:s> <urn:p> <urn:o> . <urn:s> <urn:p> <urn:o> .`, "line 1:"},
		{"open literal", "\r\n\r<urn:s> <urn:p> \"x\n\" .", "line 3:"},
		{"open text", `<urn:s> <urn:p> "x`, "line 1:"},
		{"unknown escape", `<urn:s> <urn:p> "\a" .`, "line 1:"},
		{"short escape", `<urn:s> <urn:p> "\u12" .`, "line 1:"},
		{"control characters for digits", "<urn:s> <urn:p> \"\\u\x10\x10\x10\x11\" .", "line 1:"},
		{"escaped surrogate", `<urn:s> <urn:p> "\uD83C\uDF03" .`, "line 1:"},
		{"escape beyond Unicode", `<urn:s> <urn:p> "\U00110000" .`, "line 1:"},
		{"escape that would overflow", `<urn:s> <urn:p> "\UFFFFFFFF" .`, "line 1:"},
		{"backslash at the end", `<urn:s> <urn:p> "\`, "line 1:"},
		{"empty language tag", `<urn:s> <urn:p> "x"@ .`, "line 1:"},
		{"open language tag", `<urn:s> <urn:p> "x"@en- .`, "line 1:"},
		{"base direction", `<urn:s> <urn:p> "x"@en--ltr .`, "line 1:"},
		{"rdf:langString without a language", `<urn:s> <urn:p> "x"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .`, "line 1:"},
		{"label that begins with a hyphen", `_:-a <urn:p> <urn:o> .`, "line 1:"},
		{"no label", `_: <urn:p> <urn:o> .`, "line 1:"},
		{"invalid UTF-8", "<urn:s> <urn:p> <urn:o> .\n<urn:s> <urn:p> \"\xff\" .", "line 2:"},
		{"byte order mark", "\uFEFF<urn:s> <urn:p> <urn:o> .", "line 1:"},
		{"triple term", `<urn:s> <urn:p> <<( <urn:s> <urn:p> <urn:o> )>> .`, "line 1:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseNQuads([]byte(test.text))
			var fault *Error
			if !errors.As(err, &fault) || fault.Code != CodeMalformed || !strings.Contains(fault.Detail, test.line) {
				t.Errorf("got %v, %v; want malformed on %s", got, err, test.line)
			}
		})
	}
}

func TestAppendNQuadEscapes(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"short escapes", "\t\b\n\r\f\"\\", `\t\b\n\r\f\"\\`},
		{"other controls in upper case", "\x00\x0b\x1f\x7f", `\u0000\u000B\u001F\u007F`},
		{"no character of XML 1.1", "a\uFFFEb\uFFFFc", `a\uFFFEb\uFFFFc`},
		{"neighbours as they are", "\uFFFD\uF000\u0080'é\U0001F303", "\uFFFD\uF000\u0080'é\U0001F303"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q := Quad{Term{Kind: IRI, Value: "urn:s"}, Term{Kind: IRI, Value: "urn:p"}, Term{Kind: Literal, Value: test.value, Datatype: xsdString}, Term{}}
			if got, want := string(AppendNQuad(nil, q)), `<urn:s> <urn:p> "`+test.want+"\" .\n"; got != want {
				t.Errorf("got %s want %s", got, want)
			}
		})
	}
}

func TestEveryStringSurvivesNQuads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := strings.ToValidUTF8(rapid.String().Draw(t, "value"), "?")
		want := []Quad{{Term{Kind: Blank, Value: "s"}, Term{Kind: IRI, Value: "urn:p"}, Term{Kind: Literal, Value: value, Datatype: "urn:d"}, Term{Kind: IRI, Value: "urn:g"}}}
		got, err := ParseNQuads(AppendNQuad(nil, want[0]))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("quads (-want +got):\n%s", diff)
		}
	})
}

func FuzzParseNQuads(f *testing.F) {
	for _, seed := range []string{
		"<urn:s> <urn:p> _:o <urn:g> . # c\r\n",
		`_:a.b<urn:p>"\u0041\n"@en-GB .`,
		`<urn:\u0073> <urn:p> "\U0001F303"^^<urn:d> _:g .`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		quads, err := ParseNQuads(text)
		if err != nil {
			return
		}
		var written []byte
		for _, q := range quads {
			if fault := nquadsCheck(&q); fault != "" {
				t.Fatalf("a parsed statement is refused: %s", fault)
			}
			written = AppendNQuad(written, q)
		}
		again, err := ParseNQuads(written)
		if err != nil {
			t.Fatalf("reading %q: %v", written, err)
		}
		if diff := cmp.Diff(quads, again); diff != "" {
			t.Fatalf("quads changed (-first +second):\n%s", diff)
		}
	})
}
