package proof

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
)

// awardVarying is what changes between the awards of an achievement.
var awardVarying = []string{"/id", "/validFrom", "/validUntil", "/awardedDate", "/credentialSubject/identifier/*/identityHash",
	"/credentialSubject/identifier/*/salt", "/credentialSubject/narrative", "/evidence/*/id", "/evidence/*/name", "/evidence/*/narrative",
	"/credentialStatus/*/id", "/credentialStatus/*/statusListIndex", "/credentialStatus/*/statusListCredential"}

// awardText is what one award says.
type awardText struct {
	id, email, name, narrative, evidence string
	index                                int
	from                                 time.Time
}

func (a awardText) build(t testing.TB, did string) []byte {
	t.Helper()
	list := func(kind string) credential.StatusEntry {
		address := "https://badges.example.org/status/" + kind
		return credential.StatusEntry{ID: fmt.Sprintf("%s#%d", address, a.index), Purpose: kind, Index: a.index, List: address}
	}
	badge := credential.AchievementCredential{
		ID: a.id, Name: "Wait time", Issuer: credential.Party{ID: did, Name: "District", URL: "https://badges.example.org/i/1"},
		ValidFrom: a.from, ValidUntil: a.from.AddDate(1, 0, 0),
		Subject: credential.AchievementSubject{
			Identifiers: []credential.IdentityObject{credential.HashedIdentity("emailAddress", a.email), {Type: "name", Hash: a.name}},
			Narrative:   a.narrative,
			Achievement: &credential.Achievement{ID: "https://badges.example.org/a/1", Name: "Wait time", Description: "Waits.",
				Criteria: credential.Criteria{Narrative: "Show a film."}, Tags: []string{"a", "b"},
				Alignments: []credential.Alignment{{TargetName: "One", TargetURL: "https://example.org/1"}, {TargetName: "Two", TargetURL: "https://example.org/2"}}}},
		Evidence: []credential.Evidence{{ID: a.evidence, Name: "A film"}, {Name: "A plan", Narrative: a.narrative}},
		Status:   []credential.StatusEntry{list("revocation"), list("suspension")},
	}
	document, err := credential.Build(badge)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func plainAward(n int) awardText {
	return awardText{id: fmt.Sprintf("https://badges.example.org/c/%d", n), email: fmt.Sprintf("t%d@example.org", n), name: fmt.Sprintf("Teacher %d", n),
		narrative: "Waited.", evidence: fmt.Sprintf("https://example.org/film/%d", n), index: n, from: time.Date(2026, 3, 1, 9, 0, n%60, 0, time.UTC)}
}

// sealFitting seals a document with a template: ErrShape where it does not fit.
func sealFitting(ctx context.Context, template *Template, document []byte, o SealOptions) ([]byte, error) {
	if fitted := template.Fit(document); fitted != nil {
		return fitted.Seal(ctx, o)
	}
	return nil, ErrShape
}

func didOf(s keys.Signer) string { did, _, _ := strings.Cut(s.ID, "#"); return did }

// TestTemplate: a template writes the bytes that Seal and SealJWT write, for whatever the awards say, or says that they do not fit.
func TestTemplate(t *testing.T) {
	for _, c := range []struct{ suite, kind string }{{"eddsa-rdfc-2022", "Ed25519"}, {"ecdsa-rdfc-2019", "P-256"}, {"ecdsa-rdfc-2019", "P-384"}} {
		t.Run(c.suite+" "+c.kind, func(t *testing.T) {
			s := signerOf(t, c.kind)
			hash := suites[c.suite].hash(s.Signer.Public())
			template, err := NewTemplate(t.Context(), plainAward(1).build(t, didOf(s)), awardVarying, hash)
			if err != nil {
				t.Fatal(err)
			}
			text := rapid.OneOf(rapid.StringMatching(`[ -~]{1,40}`), rapid.String(), rapid.SampledFrom([]string{"é", `"`, `\`, "a\nb", "<b>&", "a", "one text 3", "\u2028"}))
			rapid.Check(t, func(r *rapid.T) {
				a := awardText{
					id:    rapid.SampledFrom([]string{"https://badges.example.org/c/", "urn:uuid:", "https://example.org/1?"}).Draw(r, "scheme") + rapid.StringMatching(`[a-z0-9]{1,20}`).Draw(r, "id"),
					email: rapid.StringMatching(`[a-z]{1,9}@example\.org`).Draw(r, "email"), name: "n" + text.Draw(r, "name"), narrative: "n" + text.Draw(r, "narrative"),
					evidence: rapid.SampledFrom([]string{"https", "http"}).Draw(r, "web") + "://example.org/" + rapid.StringMatching(`[a-z0-9]{0,9}`).Draw(r, "evidence"),
					index:    rapid.IntRange(0, 200000).Draw(r, "index"), from: time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "from"), 0),
				}
				document := a.build(t, didOf(s))
				o := SealOptions{Signer: s, Suite: c.suite, Created: time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "created"), 0)}
				sealed, err := sealFitting(t.Context(), template, document, o)
				if errors.Is(err, ErrShape) {
					if plain := plainAward(1); a.id[:6] == plain.id[:6] && a.evidence[:6] == plain.evidence[:6] && isPlain(a.name+a.narrative) {
						r.Fatalf("%s does not fit", document)
					}
					return
				}
				if err != nil {
					r.Fatal(err)
				}
				if err := verifyFirst(object(t, sealed), s.Signer.Public()); err != nil {
					r.Fatalf("%s: %v", sealed, err)
				}
				if err := template.Verify(t.Context(), sealed, o, nil); err != nil {
					r.Fatal(err)
				}
				whole, err := Seal(t.Context(), document, o)
				if err != nil {
					r.Fatal(err)
				}
				if c.kind == "Ed25519" && !bytes.Equal(sealed, whole) {
					r.Fatalf("the template wrote\n%s\nand Seal\n%s", sealed, whole)
				}
				token, err := template.Fit(document).SealJWT(s)
				if err != nil {
					r.Fatal(err)
				}
				if err := template.Fit(document).VerifyJWT(token, s, nil); err != nil {
					r.Fatal(err)
				}
				other, err := SealJWT(document, s)
				if err != nil {
					r.Fatal(err)
				}
				if signed(token) != signed(other) {
					r.Fatalf("the template wrote\n%s\nand SealJWT\n%s", token, other)
				}
			})
		})
	}
}

func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' })
}

// signed is what of a token is signed.
func signed(token string) string { return token[:strings.LastIndexByte(token, '.')] }

// TestTemplateRefuses: a template signs nothing that it was not made for, and no changed byte passes its check.
func TestTemplateRefuses(t *testing.T) {
	s := signerOf(t, "Ed25519")
	document := plainAward(7).build(t, didOf(s))
	template, err := NewTemplate(t.Context(), document, awardVarying, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	o := SealOptions{Signer: s, Suite: "eddsa-rdfc-2022", Created: time.Unix(1767225600, 0)}
	sealed, err := sealFitting(t.Context(), template, document, o)
	if err != nil {
		t.Fatal(err)
	}
	token, err := template.Fit(document).SealJWT(s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		var together keys.BatchVerifier
		if err := template.Verify(t.Context(), sealed, o, &together); err != nil {
			t.Fatal(err)
		}
		if template.Verify(t.Context(), changed, o, nil) == nil || template.Verify(t.Context(), changed, o, &together) == nil && !slices.Equal(together.Verify(), []int{1}) {
			t.Fatalf("byte %d changed (%q) and found good", i, changed[max(0, i-10):min(len(changed), i+10)])
		}
	}
	for i := 0; i < len(token); i += 7 {
		changed := []byte(token)
		changed[i] = map[bool]byte{true: 'B', false: 'A'}[changed[i] == 'A']
		var together keys.BatchVerifier
		if err := template.Fit(document).VerifyJWT(token, s, &together); err != nil {
			t.Fatal(err)
		}
		if template.Fit(document).VerifyJWT(string(changed), s, nil) == nil || template.Fit(document).VerifyJWT(string(changed), s, &together) == nil && !slices.Equal(together.Verify(), []int{1}) {
			t.Fatalf("byte %d of the token changed and found good", i)
		}
	}
	if template.Fit(plainAward(8).build(t, didOf(s))).VerifyJWT(token, s, nil) == nil {
		t.Error("a token of one award was found good for another")
	}
	for name, other := range map[string][]byte{
		"an escape":            []byte(strings.Replace(string(document), "Teacher 7", `Teacher \u0037`, 1)),
		"another member":       []byte(strings.Replace(string(document), `"name":"A film"`, `"name":"A film","genre":"film"`, 1)),
		"another achievement":  []byte(strings.Replace(string(document), "Waits.", "Runs.", 1)),
		"text behind":          append(bytes.Clone(document), ' '),
		"an address by prefix": []byte(strings.Replace(string(document), "https://example.org/film/7", "ob:film", 1)),
		"a space in an IRI":    []byte(strings.Replace(string(document), "https://example.org/film/7", "https://example.org/film 7", 1)),
		"the achievement's id": []byte(strings.Replace(string(document), "https://example.org/film/7", "https://badges.example.org/a/1", 1)),
		"the badge's own id":   []byte(strings.Replace(string(document), "https://example.org/film/7", "https://badges.example.org/c/7", 1)),
		"nothing":              nil,
	} {
		if _, err := sealFitting(t.Context(), template, other, o); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v, want ErrShape", name, err)
		}
	}
	if _, err := sealFitting(t.Context(), template, document, SealOptions{Signer: s, Suite: "eddsa-jcs-2022", Created: o.Created}); !errors.Is(err, ErrShape) {
		t.Errorf("a suite that signs text: %v", err)
	}
	if _, err := sealFitting(t.Context(), template, document, SealOptions{Signer: signerOf(t, "P-384"), Suite: "ecdsa-rdfc-2019", Created: o.Created}); !errors.Is(err, ErrShape) {
		t.Errorf("a key of another hash: %v", err)
	}
	for name, other := range map[string][]byte{
		"a proof":        sealed,
		"an unsafe term": []byte(strings.Replace(string(document), `"evidence"`, `"nowhere":"x","evidence"`, 1)),
		"a claim":        []byte(strings.Replace(string(document), `"evidence"`, `"exp":"x","evidence"`, 1)),
		"lines":          []byte(strings.Replace(string(document), `,"name"`, ",\n\"name\"", 1)),
		"no JSON":        []byte(`{"a":}`),
	} {
		if _, err := NewTemplate(t.Context(), other, awardVarying, crypto.SHA256); err == nil {
			t.Errorf("%s: a template was made", name)
		}
	}
}

// TestTemplateRepeats: two texts that make one statement of two do not fit, as a dataset has no statement twice.
func TestTemplateRepeats(t *testing.T) {
	s := signerOf(t, "Ed25519")
	document := plainAward(7).build(t, didOf(s))
	template, err := NewTemplate(t.Context(), document, append(slices.Clip(awardVarying), "/credentialSubject/achievement/tag/*"), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	o := SealOptions{Signer: s, Suite: "eddsa-rdfc-2022", Created: time.Unix(1767225600, 0)}
	for tags, fits := range map[string]bool{`"c","d"`: true, `"d","c"`: true, `"b","a"`: true, `"c","c"`: false, `"a","a"`: false} {
		other := []byte(strings.Replace(string(document), `"tag":["a","b"]`, `"tag":[`+tags+`]`, 1))
		whole, err := Seal(t.Context(), other, o)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := sealFitting(t.Context(), template, other, o)
		if fits && (err != nil || !bytes.Equal(sealed, whole)) || !fits && !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v\n%s\n%s", tags, err, sealed, whole)
		}
		if !fits && !errors.Is(template.Verify(t.Context(), whole, o, nil), ErrShape) {
			t.Errorf("%s: verified", tags)
		}
	}
}

// BenchmarkTemplate signs an award by its template, as JSON and as token, and checks both signatures over what was written.
func BenchmarkTemplate(b *testing.B) {
	s, w := signerOf(b, "Ed25519"), signerOf(b, "P-256")
	documents := make([][]byte, 100)
	for n := range documents {
		documents[n] = plainAward(n).build(b, didOf(s))
	}
	template, err := NewTemplate(b.Context(), documents[0], awardVarying, crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	o := SealOptions{Signer: s, Suite: "eddsa-rdfc-2022", Created: time.Unix(1767225600, 0)}
	ctx := context.Background()
	n := 0
	next := func() []byte { n++; return documents[n%len(documents)] }
	run := func(name string, do func(document []byte) error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := do(next()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("seal", func(d []byte) error { _, err := sealFitting(ctx, template, d, o); return err })
	run("seal whole", func(d []byte) error { _, err := Seal(ctx, d, o); return err })
	run("token", func(d []byte) error { _, err := template.Fit(d).SealJWT(w); return err })
	run("token whole", func(d []byte) error { _, err := SealJWT(d, w); return err })
	run("both and check", func(d []byte) error {
		sealed, err := sealFitting(ctx, template, d, o)
		if err != nil {
			return err
		}
		token, err := template.Fit(d).SealJWT(w)
		if err != nil {
			return err
		}
		return errors.Join(template.Verify(ctx, sealed, o, nil), template.Fit(d).VerifyJWT(token, w, nil))
	})
}
