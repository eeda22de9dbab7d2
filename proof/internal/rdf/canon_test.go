package rdf

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"pgregory.net/rapid"
)

// The tests of the W3C RDF Canonicalization and Hash Working Group: 64 for the text, 21 for the identifiers, one to refuse.
func TestCanonicalizeSuite(t *testing.T) {
	folder := filepath.Join(referencedata.Folder(t), "vectors", "rdf-canon")
	manifest, err := os.ReadFile(filepath.Join(folder, "manifest.jsonld"))
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Entries []struct{ ID, Type, Action, Result, HashAlgorithm string }
	}
	if err := json.Unmarshal(manifest, &suite); err != nil {
		t.Fatal(err)
	}
	if len(suite.Entries) != 86 {
		t.Errorf("the manifest has %d tests, not 86", len(suite.Entries))
	}
	read := func(t *testing.T, name string) []byte {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, entry := range suite.Entries {
		t.Run(entry.ID, func(t *testing.T) {
			quads, err := ParseNQuads(read(t, entry.Action))
			if err != nil {
				t.Fatal(err)
			}
			hash := crypto.SHA256
			if entry.HashAlgorithm == "SHA384" {
				hash = crypto.SHA384
			}
			got, err := Canonicalize(t.Context(), quads, hash)
			if entry.Type == "rdfc:RDFC10NegativeEvalTest" {
				canonWantTooComplex(t, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			switch entry.Type {
			case "rdfc:RDFC10EvalTest":
				if diff := cmp.Diff(string(read(t, entry.Result)), string(got.NQuads)); diff != "" {
					t.Errorf("canonical N-Quads (-want +got):\n%s", diff)
				}
			case "rdfc:RDFC10MapTest":
				want := map[string]string{}
				if err := json.Unmarshal(read(t, entry.Result), &want); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got.Labels); diff != "" {
					t.Errorf("issued identifiers map (-want +got):\n%s", diff)
				}
			default:
				t.Errorf("unknown type %s", entry.Type)
			}
		})
	}
}

func canonWantTooComplex(t *testing.T, err error) {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) || fault.Code != CodeTooComplex {
		t.Errorf("got error %v, want too_complex", err)
	}
}

// canonEdge is _:subject <urn:p> _:object.
func canonEdge(subject, object int) Quad {
	return Quad{
		Subject:   Term{Kind: Blank, Value: "e" + strconv.Itoa(subject)},
		Predicate: Term{Kind: IRI, Value: "urn:p"},
		Object:    Term{Kind: Blank, Value: "e" + strconv.Itoa(object)},
	}
}

func canonClique(n int) (quads []Quad) {
	for i := range n {
		for j := range n {
			if i != j {
				quads = append(quads, canonEdge(i, j))
			}
		}
	}
	return quads
}

func canonRing(n int) (quads []Quad) {
	for i := range n {
		quads = append(quads, canonEdge(i, (i+1)%n))
	}
	return quads
}

func canonChain(n int) []Quad { return canonRing(n)[:n-1] }

func canonEqualNodes(n int) (quads []Quad) {
	for i := range n {
		q := canonEdge(i, i)
		q.Object = Term{Kind: Literal, Value: "same", Datatype: xsdString}
		quads = append(quads, q)
	}
	return quads
}

// canonHubs is so many hubs that are alike, each with as many leaves that are alike.
func canonHubs(hubs, leaves int) (quads []Quad) {
	for hub := range hubs {
		for leaf := range leaves {
			quads = append(quads, canonEdge(hub, hubs+hub*leaves+leaf))
		}
	}
	return quads
}

// canonBipartite joins each of n blank nodes to each of n others.
func canonBipartite(n int) (quads []Quad) {
	for i := range n {
		for j := range n {
			quads = append(quads, canonEdge(i, n+j))
		}
	}
	return quads
}

var canonShapes = []struct {
	name    string
	quads   []Quad
	refused bool
}{
	{"clique of 3", canonClique(3), false},
	{"clique of 4", canonClique(4), false},
	{"clique of 5", canonClique(5), false},
	{"clique of 6", canonClique(6), true},
	{"clique of 7", canonClique(7), true},
	{"clique of 8", canonClique(8), true},
	{"clique of 9", canonClique(9), true},
	{"clique of 10", canonClique(10), true},
	{"clique of 11", canonClique(11), true},
	{"clique of 12", canonClique(12), true},
	{"clique of 300", canonClique(300), true},
	{"ring of 100", canonRing(100), false},
	{"ring of 400", canonRing(400), true},
	{"ring of 2000", canonRing(2000), true},
	{"chain of 100", canonChain(100), false},
	{"chain of 1000", canonChain(1000), true},
	{"2000 equal blank nodes", canonEqualNodes(2000), false},
	{"4000 equal blank nodes", canonEqualNodes(4000), true},
	{"one hub with 1999 equal leaves", canonHubs(1, 1999), false},
	{"2 equal hubs with 5 equal leaves", canonHubs(2, 5), false},
	{"2 equal hubs with 999 equal leaves", canonHubs(2, 999), true},
	{"20 to 20", canonBipartite(20), true},
}

func TestCanonicalizePoison(t *testing.T) {
	for _, shape := range canonShapes {
		t.Run(shape.name, func(t *testing.T) {
			got, err := Canonicalize(t.Context(), shape.quads, crypto.SHA256)
			if shape.refused {
				canonWantTooComplex(t, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			canonWantStable(t, shape.quads, got)
		})
	}
}

// canonWantStable checks that the canonical text is its own canonical form, and has as many statements as the input.
func canonWantStable(t interface {
	Helper()
	Fatalf(string, ...any)
}, quads []Quad, got *Canonical) {
	t.Helper()
	again, err := ParseNQuads(got.NQuads)
	if err != nil {
		t.Fatalf("reading the canonical form: %v", err)
	}
	distinct := map[Quad]bool{}
	for _, q := range quads {
		distinct[q] = true
	}
	if len(again) != len(distinct) {
		t.Fatalf("%d statements in, %d out", len(distinct), len(again))
	}
	second, err := Canonicalize(context.Background(), again, crypto.SHA256)
	if err != nil {
		t.Fatalf("canonicalizing again: %v", err)
	}
	if !bytes.Equal(got.NQuads, second.NQuads) {
		t.Fatalf("canonical form changed:\n%s\n%s", got.NQuads, second.NQuads)
	}
}

func BenchmarkPoison(b *testing.B) {
	for _, shape := range canonShapes {
		b.Run(shape.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Canonicalize(b.Context(), shape.quads, crypto.SHA256); (err != nil) != shape.refused {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCanonicalize has the size of a common credential: 86 statements with 10 blank nodes, all distinct.
func BenchmarkCanonicalize(b *testing.B) {
	var quads []Quad
	for i := range 86 {
		q := canonEdge(i%10, i%10)
		q.Predicate.Value = "https://example.org/vocabulary#property" + strconv.Itoa(i%9)
		q.Object = Term{Kind: Literal, Value: "The value of statement " + strconv.Itoa(i), Datatype: xsdString}
		if i >= 76 {
			q.Object = Term{Kind: Blank, Value: "e" + strconv.Itoa((i+1)%10)}
		}
		quads = append(quads, q)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Canonicalize(b.Context(), quads, crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCanonicalizeRefuses(t *testing.T) {
	good := canonEdge(0, 1)
	change := func(f func(q *Quad)) Quad {
		q := good
		f(&q)
		return q
	}
	tests := []struct {
		name string
		quad Quad
	}{
		{"no subject", change(func(q *Quad) { q.Subject = Term{} })},
		{"literal subject", change(func(q *Quad) { q.Subject = Term{Kind: Literal, Datatype: xsdString} })},
		{"blank predicate", change(func(q *Quad) { q.Predicate.Kind = Blank })},
		{"no object", change(func(q *Quad) { q.Object = Term{} })},
		{"literal graph name", change(func(q *Quad) { q.Graph = Term{Kind: Literal, Datatype: xsdString} })},
		{"IRI that closes itself", change(func(q *Quad) { q.Predicate.Value = "urn:p> <urn:o> .\n<urn:x" })},
		{"relative IRI", change(func(q *Quad) { q.Predicate.Value = "p" })},
		{"empty IRI", change(func(q *Quad) { q.Predicate.Value = "" })},
		{"datatype that closes itself", change(func(q *Quad) { q.Object = Term{Kind: Literal, Datatype: "urn:d> <urn:g"} })},
		{"no datatype", change(func(q *Quad) { q.Object = Term{Kind: Literal} })},
		{"language that holds more", change(func(q *Quad) {
			q.Object = Term{Kind: Literal, Datatype: langString, Language: "en <urn:g>"}
		})},
		{"no language", change(func(q *Quad) { q.Object = Term{Kind: Literal, Datatype: langString} })},
		{"language of a plain string", change(func(q *Quad) {
			q.Object = Term{Kind: Literal, Datatype: xsdString, Language: "en"}
		})},
		{"literal that is not UTF-8", change(func(q *Quad) {
			q.Object = Term{Kind: Literal, Value: "\xff", Datatype: xsdString}
		})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var fault *Error
			if _, err := Canonicalize(t.Context(), []Quad{good, test.quad}, crypto.SHA256); !errors.As(err, &fault) || fault.Code != CodeMalformed {
				t.Errorf("got error %v, want malformed", err)
			}
		})
	}
	t.Run("another hash", func(t *testing.T) {
		if _, err := Canonicalize(t.Context(), []Quad{good}, crypto.SHA1); err == nil {
			t.Error("no error for SHA-1")
		}
	})
	t.Run("an ended context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Canonicalize(ctx, []Quad{good}, crypto.SHA256); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that of the context", err)
		}
	})
	t.Run("a context that ends in the middle", func(t *testing.T) {
		ctx := &canonEndingContext{Context: t.Context()}
		if _, err := Canonicalize(ctx, canonClique(10), crypto.SHA256); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that of the context", err)
		}
	})
	t.Run("one blank node too many", func(t *testing.T) {
		quads := canonEqualNodes(credential.Limits.BlankNodes + 1)
		_, err := Canonicalize(t.Context(), quads, crypto.SHA256)
		canonWantTooComplex(t, err)
	})
}

// canonEndingContext ends after the first look at it.
type canonEndingContext struct {
	context.Context
	looked bool
}

func (c *canonEndingContext) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (c *canonEndingContext) Err() error {
	if !c.looked {
		c.looked = true
		return nil
	}
	return context.Canceled
}

func TestCanonicalizeEmptyAndRepeated(t *testing.T) {
	got, err := Canonicalize(t.Context(), nil, crypto.SHA256)
	if err != nil || len(got.NQuads) != 0 || len(got.Labels) != 0 {
		t.Errorf("empty dataset: got %v, %v", got, err)
	}
	got, err = Canonicalize(t.Context(), []Quad{canonEdge(0, 0), canonEdge(0, 0)}, crypto.SHA256)
	if want := "_:c14n0 <urn:p> _:c14n0 .\n"; err != nil || string(got.NQuads) != want {
		t.Errorf("repeated statement: got %v, %v", got, err)
	}
}

// canonAnyQuads draws a small dataset in which blank nodes are often alike. No statement has three of them: Hash N-Degree
// Quads sees to whom a blank node is related, not whether two relations are of one statement, so that RDFC-1.0 itself gives
// some such datasets two forms, as for _:x p "v". _:s p _:x _:g. _:g p _:t _:s.
func canonAnyQuads(t *rapid.T) []Quad {
	node := rapid.Custom(func(t *rapid.T) Term {
		return Term{Kind: Blank, Value: "e" + strconv.Itoa(rapid.IntRange(0, 6).Draw(t, "node"))}
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Quad {
		q := Quad{Subject: node.Draw(t, "subject"), Predicate: Term{Kind: IRI, Value: rapid.SampledFrom([]string{"urn:p", "urn:q"}).Draw(t, "predicate")}}
		switch rapid.IntRange(0, 5).Draw(t, "object kind") {
		case 0:
			q.Object = Term{Kind: Literal, Value: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "value"), Datatype: xsdString}
		case 1:
			q.Object = Term{Kind: IRI, Value: "urn:o"}
		default:
			q.Object = node.Draw(t, "object")
		}
		if q.Object.Kind != Blank {
			q.Graph = rapid.SampledFrom([]Term{{}, {Kind: IRI, Value: "urn:g"}, node.Draw(t, "graph")}).Draw(t, "graph kind")
		}
		return q
	}), 0, 14).Draw(t, "quads")
}

// canonRelabel gives the quads, in the order of places, with the labels that rename gives.
func canonRelabel(quads []Quad, places []int, rename func(label string) string) []Quad {
	result := make([]Quad, len(quads))
	for i, place := range places {
		q := quads[place]
		for _, t := range []*Term{&q.Subject, &q.Object, &q.Graph} {
			if t.Kind == Blank {
				t.Value = rename(t.Value)
			}
		}
		result[i] = q
	}
	return result
}

func TestCanonicalFormIgnoresLabelsAndOrder(t *testing.T) {
	labels := []string{"e0", "e1", "e2", "e3", "e4", "e5", "e6"}
	rapid.Check(t, func(t *rapid.T) {
		quads := canonAnyQuads(t)
		places := make([]int, len(quads))
		for i := range places {
			places[i] = i
		}
		places = rapid.Permutation(places).Draw(t, "places")
		names := rapid.Permutation(labels).Draw(t, "names")
		rename := func(label string) string { return names[slices.Index(labels, label)] }

		first, err := Canonicalize(context.Background(), quads, crypto.SHA256)
		if err != nil {
			t.Skip("too complex")
		}
		second, err := Canonicalize(context.Background(), canonRelabel(quads, places, rename), crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.NQuads, second.NQuads) {
			t.Fatalf("two canonical forms:\n%s\n%s", first.NQuads, second.NQuads)
		}
		canonWantStable(t, quads, first)
	})
}

func FuzzCanonicalize(f *testing.F) {
	f.Add([]byte{0x01, 0x12, 0x20}) // a ring of three
	f.Add([]byte{0x01, 0x10, 0x23, 0x32, 0x88})
	f.Add([]byte{0x01, 0x02, 0x03, 0x41, 0x42, 0x43})
	f.Fuzz(func(t *testing.T, edges []byte) {
		var quads []Quad
		for _, edge := range edges[:min(len(edges), 12)] { // two nodes of 0 to 7, and a bit for the predicate
			q := canonEdge(int(edge>>4&7), int(edge&7))
			q.Predicate.Value += strconv.Itoa(int(edge >> 7))
			quads = append(quads, q)
		}
		places := make([]int, len(quads))
		for i := range places {
			places[i] = len(places) - 1 - i
		}
		reversed := canonRelabel(quads, places, func(label string) string {
			return "z" + strconv.Itoa(7-int(label[1]-'0'))
		})
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
			first, err := Canonicalize(t.Context(), quads, hash)
			if err != nil {
				t.Skip()
			}
			second, err := Canonicalize(t.Context(), reversed, hash)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.NQuads, second.NQuads) {
				t.Fatalf("two canonical forms:\n%s\n%s", first.NQuads, second.NQuads)
			}
		}
	})
}
