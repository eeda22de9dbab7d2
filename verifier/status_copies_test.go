package verifier

import (
	"testing"
	"time"
)

// TestStatusCopies: what a copy of a list says against a credential counts beside the list, and nothing that it says for it. A
// suspension ends, so only the copy that was signed last decides about one.
func TestStatusCopies(t *testing.T) {
	b := newBench(t)
	signed := func(hours int) func(map[string]any) {
		return func(d map[string]any) {
			d["validFrom"] = at.Add(time.Duration(hours-2) * time.Hour).Format(time.RFC3339)
		}
	}
	set := map[int]uint32{7: 1}
	both := []any{"revocation", "suspension"}
	clear, raised := listText{purposes: both, change: signed(0)}.signed(b), listText{purposes: both, set: set, change: signed(0)}.signed(b)
	later := listText{purposes: both, set: set, change: signed(1)}.signed(b)
	for name, test := range map[string]struct {
		purpose    string
		list, copy []byte
		want       Outcome
		origin     string
	}{
		"neither":                      {"revocation", clear, clear, Valid, "installation"},
		"revoked in the list":          {"revocation", raised, clear, Invalid, "installation"},
		"revoked in the copy":          {"revocation", clear, raised, Invalid, "pack"},
		"in a list that is none":       {"revocation", []byte("{}"), raised, Invalid, "pack"},
		"a copy for a list of nothing": {"revocation", []byte("{}"), clear, Unknown, "installation"},
		"a copy that is none":          {"revocation", clear, []byte("{}"), Valid, "installation"},
		"suspended before":             {"suspension", clear, raised, Valid, "installation"},
		"suspended since":              {"suspension", clear, later, Invalid, "pack"},
	} {
		source := Document{Bytes: test.list, URL: listURL, Origin: Installation, ReadAt: at,
			Others: []Document{{Bytes: test.copy, URL: listURL, Origin: Packed, ReadAt: at.Add(-time.Hour), Signer: "did:key:z6", Key: "thumb"}}}
		r, err := Verify(t.Context(), b.withStatus(entryFor(false, test.purpose, 7)), Options{At: at, Fetch: answering{b.documents, listURL, source, nil}})
		if err != nil {
			t.Fatal(err)
		}
		c := about(r)[0]
		if r.Outcome != test.want || c.Facts[FactOrigin] != test.origin || (c.Facts[FactPackSigner] == "did:key:z6" && c.Facts[FactPackKey] == "thumb") != (test.origin == "pack") {
			t.Errorf("%s: %s, %+v", name, r.Outcome, c)
		}
	}
}
