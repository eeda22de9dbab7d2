package openbadges2

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// FuzzRead: whatever a document says, each reader gives a view and complete problems, the document is not changed, and it does not
// differ from itself; what has no problem has what the verifier needs.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{assertion, badgeClass, profile, key, list, `{}`, `{"@context":["https://w3id.org/openbadges/v2"],"revoked":true,"id":["urn:x"]}`,
		`{"verification":[{"type":[]}],"evidence":[[],{"id":{}}],"recipient":[null],"badge":{"issuer":{"publicKey":[{}]}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := strict.Object(text, credential.JSONLimits())
		if err != nil {
			return
		}
		VersionOf(value)
		KindOf(value)
		a, broken := ReadAssertion(value)
		if len(broken) == 0 && (!isIRI(a.ID) || !a.Revoked && (a.Badge.ID == "" || a.Recipient.Identity == "" || a.IssuedOn == "")) {
			t.Fatalf("an assertion without what it needs: %+v", a)
		}
		b, more := ReadBadgeClass(value)
		if len(more) == 0 && (b.Issuer.ID == "" || b.Name == "") {
			t.Fatalf("a badge without what it needs: %+v", b)
		}
		p, rest := ReadProfile(value)
		p.InScope(a.ID)
		_, ofKey := ReadKey(value)
		list, ofList := ReadRevocationList(value)
		list.Revoked(a)
		for _, all := range [][]credential.Problem{broken, more, rest, ofKey, ofList, CheckContext(value)} {
			for _, problem := range all {
				if problem.Code == "" || problem.Clause == "" || problem.Detail == "" || !strings.HasPrefix(problem.Pointer, "/") {
					t.Fatalf("an incomplete problem: %+v", problem)
				}
			}
		}
		again, err := strict.Object(text, credential.JSONLimits())
		if err != nil {
			t.Fatal(err)
		}
		if at, differ := Difference(value, again, nil); differ {
			t.Fatalf("it differs from itself at %s", at)
		}
	})
}

// FuzzInScope: nothing is in the scope of an issuer but addresses on the hosts that it named.
func FuzzInScope(f *testing.F) {
	f.Add("https://issuer.example/a/1", "https://issuer.example/a/")
	f.Add("https://issuer.example@evil.example/", "https://issuer.example")
	f.Fuzz(func(t *testing.T, id, prefix string) {
		p := Profile{ID: "https://issuer.example/i", StartsWith: []string{prefix}}
		if p.InScope(id) && (!SameOrigin(id, prefix) || !IsAddress(id)) {
			t.Fatalf("%q is in the scope of %q", id, prefix)
		}
		p = Profile{ID: "https://issuer.example/i", AllowedOrigins: []string{"issuer.example"}}
		if p.InScope(id) && !SameOrigin(id, "https://issuer.example") && !SameOrigin(id, "http://issuer.example") {
			t.Fatalf("%q is on issuer.example", id)
		}
	})
}
