package status

import (
	"fmt"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
)

func TestParseRevocations(t *testing.T) {
	list := func(members string) string {
		return `{"id":"https://e.example/r","issuer":"https://e.example/i"` + members + `}`
	}
	type outcome struct {
		text   string
		code   string
		reason string // of urn:c:1
		found  bool
	}
	for name, c := range map[string]outcome{
		"singular":                 {list(`,"revokedCredential":[{"id":"urn:c:1"}]`), "", "", true},
		"plural":                   {list(`,"revokedCredentials":[{"id":"urn:c:1","revoked":true,"revocationReason":"Error"}]`), "", "Error", true},
		"both, in the first":       {list(`,"revokedCredential":[{"id":"urn:c:1"}],"revokedCredentials":[]`), "", "", true},
		"both, in the second":      {list(`,"revokedCredential":[],"revokedCredentials":[{"id":"urn:c:1"}]`), "", "", true},
		"empty":                    {list(`,"revokedCredential":[]`), "", "", false},
		"another":                  {list(`,"revokedCredential":[{"id":"urn:c:2"},{"id":"urn:c:11"},{"id":"urn:C:1"}]`), "", "", false},
		"not revoked":              {list(`,"revokedCredential":[{"id":"urn:c:1","revoked":false}]`), "", "", false},
		"not revoked, and revoked": {list(`,"revokedCredential":[{"id":"urn:c:1","revoked":false},{"id":"urn:c:1"}]`), "", "", true},
		"revoked, and not revoked": {list(`,"revokedCredential":[{"id":"urn:c:1","revocationReason":"A"},{"id":"urn:c:1","revoked":false}]`), "", "A", true},
		"twice, one reason":        {list(`,"revokedCredential":[{"id":"urn:c:1","revocationReason":"A"},{"id":"urn:c:1"}]`), "", "A", true},
		"no reason":                {list(`,"revokedCredential":[{"id":"urn:c:1","revocationReason":null}]`), "", "", true},
		"escaped":                  {list(`,"revokedCredential":[{"id":"urn:c%3A1"}]`), "", "", true},
		"with spaces":              {list(`,"revokedCredential":[{"id":" urn:c:1%20\n"}]`), "", "", true},
		"bad escape":               {list(`,"revokedCredential":[{"id":"urn:c:1%zz"}]`), "", "", false},
		"issuer an object":         {`{"issuer":{"id":"https://e.example/i","type":"Profile"},"revokedCredential":[{"id":"urn:c:1"}]}`, "", "", true},
		"no id, no issuer":         {`{"revokedCredential":[{"id":"urn:c:1"}]}`, "", "", true},
		"other members":            {list(`,"@context":["x"],"type":["y"],"revokedCredential":[{"id":"urn:c:1","when":3}]`), "", "", true},
		"no list":                  {list(``), CodeInvalid, "", false},
		"list of another name":     {list(`,"RevokedCredential":[{"id":"urn:c:1"}]`), CodeInvalid, "", false},
		"one object":               {list(`,"revokedCredential":{"id":"urn:c:1"}`), CodeInvalid, "", true},
		"null":                     {list(`,"revokedCredential":null`), CodeInvalid, "", false},
		"texts":                    {list(`,"revokedCredential":["urn:c:1"]`), CodeInvalid, "", false},
		"one good, one bad":        {list(`,"revokedCredential":[{"id":"urn:c:1"},{"revoked":true}]`), CodeInvalid, "", true},
		"second name bad":          {list(`,"revokedCredential":[{"id":"urn:c:1"}],"revokedCredentials":7`), CodeInvalid, "", true},
		"empty id":                 {list(`,"revokedCredential":[{"id":""}]`), CodeInvalid, "", false},
		"id of spaces":             {list(`,"revokedCredential":[{"id":"%20"}]`), CodeInvalid, "", false},
		"id a number":              {list(`,"revokedCredential":[{"id":1}]`), CodeInvalid, "", false},
		"revoked a text":           {list(`,"revokedCredential":[{"id":"urn:c:1","revoked":"true"}]`), CodeInvalid, "", false},
		"revoked a number":         {list(`,"revokedCredential":[{"id":"urn:c:1","revoked":1}]`), CodeInvalid, "", false},
		"revoked null":             {list(`,"revokedCredential":[{"id":"urn:c:1","revoked":null}]`), CodeInvalid, "", false},
		"revoked twice":            {list(`,"revokedCredential":[{"id":"urn:c:1","revoked":false,"revoked":true}]`), CodeInvalid, "", false},
		"issuer a list":            {`{"issuer":["https://e.example/i"],"revokedCredential":[]}`, CodeInvalid, "", false},
		"id not a URL":             {`{"id":"r","revokedCredential":[]}`, CodeInvalid, "", false},
		"not an object":            {`[{"id":"urn:c:1"}]`, CodeInvalid, "", false},
		"not JSON":                 {`<html>`, CodeInvalid, "", false},
		"cut":                      {`{"revokedCredential":[{"id":"urn:c:1"}`, CodeInvalid, "", false},
		"two values":               {`{"revokedCredential":[]}{}`, CodeInvalid, "", false},
		"byte order mark":          {"\ufeff" + `{"revokedCredential":[]}`, CodeInvalid, "", false},
		"too deep":                 {list(`,"revokedCredential":` + strings.Repeat("[", 200) + strings.Repeat("]", 200)), CodeTooLarge, "", false},
		"too many":                 {list(`,"revokedCredential":[` + strings.Repeat(`{"id":"a"},`, maxRevocations) + `{"id":"urn:c:1"}]`), CodeTooLarge, "", false},
		"as many as are read":      {list(`,"revokedCredential":[` + strings.Repeat(`{"id":"a"},`, maxRevocations-1) + `{"id":"urn:c:1"}]`), "", "", true},
		"too long":                 {list(`,"revokedCredential":[]` + strings.Repeat(" ", credential.Limits.Body)), CodeTooLarge, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseRevocations([]byte(c.text))
			got := code(err)
			if err == nil && r.Fault != nil {
				got = r.Fault.Code
			}
			if got != c.code {
				t.Fatalf("got %v, want code %q", got, c.code)
			}
			if err != nil {
				return
			}
			if reason, found := r.Find("urn:c:1"); found != c.found || reason != c.reason {
				t.Errorf("found %v, %q", found, reason)
			}
			if _, found := r.Find("\turn%3ac:1 "); found != c.found {
				t.Errorf("by another spelling: %v", found)
			}
			if _, found := r.Find(""); found {
				t.Error("a credential without an id was found")
			}
		})
	}
	r, err := ParseRevocations([]byte(`{"id":"https://e.example/r","issuer":{"id":"did:web:e.example"},"revokedCredential":[]}`))
	if err != nil || r.ID != "https://e.example/r" || r.Issuer != "did:web:e.example" {
		t.Errorf("%+v, %v", r, err)
	}
}

// FuzzParseRevocations: a text is refused with a known code, or its entries are found and nothing else is.
func FuzzParseRevocations(f *testing.F) {
	f.Add([]byte(`{"id":"https://e.example/r","issuer":"https://e.example/i","revokedCredential":[{"id":"urn:c:1","revoked":true,"revocationReason":"x"}]}`))
	f.Add([]byte(`{"issuer":{"id":"did:web:e.example"},"revokedCredentials":[{"id":"urn:c:1%20"}],"revokedCredential":[{"id":"a","revoked":false}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRevocations(text)
		if err != nil {
			if c := code(err); c != CodeInvalid && c != CodeTooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		for id := range r.reasons {
			if id == "" || compared(id) == "" {
				t.Fatalf("an entry for %q", id)
			}
		}
		if _, found := r.Find("  "); found {
			t.Fatal("nothing was found")
		}
	})
}

// BenchmarkParseRevocations reads lists as long as are read, of the usual entries and of the shortest.
func BenchmarkParseRevocations(b *testing.B) {
	for name, entry := range map[string]string{
		"usual": `{"id":"urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-%012d"},`,
		"short": `{"id":"%d"},`,
	} {
		var text strings.Builder
		text.WriteString(`{"revokedCredential":[`)
		for i := 0; i < maxRevocations-1 && text.Len() < credential.Limits.Body-100; i++ {
			fmt.Fprintf(&text, entry, i)
		}
		text.WriteString(`{"id":"urn:c:1"}]}`)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseRevocations([]byte(text.String())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
