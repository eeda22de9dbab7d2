package verifier

import (
	"bytes"
	"context"
	"crypto"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/proof"
)

// FuzzVerify: whatever is given, there is a report with every step in order, and nothing that differs from a signed badge in
// more than white space is called authentic.
func FuzzVerify(f *testing.F) {
	b := newBench(f)
	sealed := b.seal(b.badge(nothing))
	token, err := proof.SealJWT(b.badge(nothing), b.key)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{sealed, []byte(token), b.badge(nothing), []byte("{}"), nil, []byte("a.b.c"), []byte("\x89PNG\r\n\x1a\n")} {
		f.Add(seed)
	}
	original := string(canonicalForm(f, b, sealed))
	f.Fuzz(func(t *testing.T, input []byte) {
		report, err := Verify(context.Background(), input, Options{At: at, Fetch: b.documents})
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, c := range report.Checks {
			if len(order) == 0 || order[len(order)-1] != c.Step {
				order = append(order, c.Step)
			}
		}
		if !slices.Equal(order, Steps) {
			t.Fatalf("steps %v", order)
		}
		if report.Authentic != Yes || report.Input.Kind == "jwt" && bytes.Equal(bytes.TrimSpace(input), []byte(token)) {
			return
		}
		if report.Input.Kind != "json" || string(canonicalForm(t, b, input)) != original {
			t.Fatalf("authentic: %q", input)
		}
	})
}

// canonicalForm is what the signature of a document covers.
func canonicalForm(t testing.TB, b *bench, text []byte) []byte {
	t.Helper()
	r := &run{Options: Options{Fetch: b.documents}, at: at, documents: map[string]resolved{}, lists: map[string]*statusList{}}
	if !r.form(sealed{bytes: text}) {
		t.Fatalf("not a document: %q", text)
	}
	canonical, err := proof.Canonical(context.Background(), r.secured.Value, crypto.SHA256, proof.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return canonical
}
