package batch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/verifier"
)

// TestSame: the same credential and the same file are found again, another award of the same thing too, and nobody is taken for
// somebody else by what he says of himself.
func TestSame(t *testing.T) {
	reading := award{id: "urn:uuid:0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33", name: "Reading aloud", achievement: "urn:uuid:7f0c4a44-39f0-4c9c-8f0f-0f9c6a3d2f10", email: "maria@example.org"}
	other := func(change func(a *award)) award { a := reading; change(&a); return a }
	badge := reading.seal(t, false)
	again := other(func(a *award) { a.id = "urn:uuid:1f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33" })
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, badge, "", "  "); err != nil {
		t.Fatal(err)
	}
	altered := bytes.Replace(badge, []byte("Ten minutes"), []byte("One minute"), 1)
	type marks struct{ SameAs, Like int }
	for name, test := range map[string]struct {
		files [][]byte
		want  []marks
	}{
		"the same file":              {[][]byte{badge, badge, badge}, []marks{{}, {1, 0}, {1, 0}}},
		"another form":               {[][]byte{badge, spaced.Bytes(), reading.seal(t, true)}, []marks{{}, {1, 0}, {1, 0}}},
		"awarded twice":              {[][]byte{badge, again.seal(t, false), badge, again.seal(t, true)}, []marks{{}, {0, 1}, {1, 0}, {2, 0}}},
		"another person":             {[][]byte{badge, other(func(a *award) { a.id, a.email = "urn:uuid:2", "juan@example.org" }).seal(t, false)}, []marks{{}, {}}},
		"another achievement":        {[][]byte{badge, other(func(a *award) { a.id, a.achievement = "urn:uuid:3", "urn:uuid:4" }).seal(t, false)}, []marks{{}, {}}},
		"another issuer's same id":   {[][]byte{badge, other(func(a *award) { a.seed = 7 }).seal(t, false)}, []marks{{}, {}}},
		"altered":                    {[][]byte{badge, altered, altered}, []marks{{}, {}, {2, 0}}},
		"not a badge, twice":         {[][]byte{[]byte("{}"), badge, []byte("{}"), []byte("{} ")}, []marks{{}, {}, {1, 0}, {}}},
		"the same in an archive":     {[][]byte{badge, archive(t, 2, string(badge))}, []marks{{}, {1, 0}, {1, 0}}},
		"nothing at all, in two":     {[][]byte{{}, {}}, []marks{{}, {}}},
		"a name is no identifier":    {[][]byte{byName(t, reading, "urn:uuid:5"), byName(t, reading, "urn:uuid:6")}, []marks{{}, {}}},
		"an archive handed in twice": {[][]byte{archive(t, 2, `{"a":1}`), archive(t, 2, `{"a":1}`)}, []marks{{}, {}, {1, 0}, {2, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			var sources []Source
			for i, file := range test.files {
				sources = append(sources, Source{Name: fmt.Sprint("file ", i), Bytes: file})
			}
			var got []marks
			for _, row := range rowsOf(t, checker(), sources) {
				got = append(got, marks{row.SameAs, row.Like})
				if row.Report.Document != nil {
					t.Error("a document was kept")
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// byName is a badge for somebody of whom only the name is said.
func byName(t *testing.T, a award, id string) []byte {
	t.Helper()
	a.id, a.email, a.person = id, "", "Maria Muñoz"
	return a.seal(t, false)
}

// TestWithoutID: what has no id, as presentations may, is known by what was secured, whatever its proof.
func TestWithoutID(t *testing.T) {
	mark := func(authentic verifier.Answer, document map[string]any) string {
		return marksOf(&verifier.Report{Authentic: authentic, Credential: &verifier.View{}, Document: document}, place{}).credential
	}
	one := mark(verifier.Yes, map[string]any{"holder": "did:key:z6Mk", "proof": "a"})
	if one == "" || one != mark(verifier.Yes, map[string]any{"proof": "b", "holder": "did:key:z6Mk"}) {
		t.Error("the same is not known again")
	}
	if one == mark(verifier.Yes, map[string]any{"holder": "did:key:z6Ml", "proof": "a"}) {
		t.Error("another holder is the same")
	}
	if mark(verifier.Undecided, map[string]any{"holder": "did:key:z6Mk"}) != "" || mark(verifier.Yes, nil) != "" {
		t.Error("what is not authentic has a mark")
	}
}

// TestPlaces: what was found in one file in several places is several things; the same file gives the same places again.
func TestPlaces(t *testing.T) {
	document, other := []byte("document"), []byte("document")
	report := func() *verifier.Report { return &verifier.Report{Input: verifier.Input{SHA256: "d"}} }
	var w whereabouts
	var got []string
	for _, file := range [][]byte{document, document, other, nil, nil} {
		got = append(got, marksOf(report(), w.next(carrier.Item{Bytes: file})).file)
	}
	if got[0] == got[1] || got[0] != got[2] || got[3] != got[4] {
		t.Errorf("%q", got)
	}
	if marksOf(&verifier.Report{}, place{}).file != "" {
		t.Error("what has no digest has a mark")
	}
}
