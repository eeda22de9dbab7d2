package credential

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a document may cost is in proportion to its size: each case is of about the size that is allowed, and would take far more
// memory if the work grew faster.
func TestCheckIsInProportion(t *testing.T) {
	name, data := strings.Repeat("n", 3<<20), strings.Repeat("d", 3<<20)
	array := func(value string, n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(value+",", n), ",") + "]"
	}
	for _, c := range []struct{ name, text, pointer, value string }{
		{"contexts below a long name", badgeText, "/" + name, array(`{"@context":{}}`, 1900)},
		{"digests below a long name", badgeText, "/" + name, array(`{"id":"data:,x","digestSRI":"sha384-AAAA"}`, 1900)},
		{"digests of long data", credentialText, "/evidence", fmt.Sprintf(`{"type":"E","id":"data:,%s","digestSRI":%s,"digestMultibase":%s}`,
			data, array(`"sha384-AAAA sha512-AAAA"`, 1900), array(`"uEiAAAA"`, 1900))},
		{"digests of contexts", credentialText, "/relatedResource", array(`{"id":"https://www.w3.org/ns/credentials/v2","digestSRI":"sha384-AAAA"}`, 1900)},
		{"a long digest", credentialText, "/relatedResource", `{"id":"https://www.w3.org/ns/credentials/v2","digestMultibase":"z` + data + `"}`},
		{"a long media type", presentationText, "/verifiableCredential/1/id", `"data:` + strings.Repeat(";", 3<<20) + `,a.b.c"`},
		{"many credentials inside", presentationText, "/verifiableCredential", array(`{"type":"VerifiableCredential"}`, 1900)},
		{"subjects that hold credentials", clrText, "/credentialSubject", array(`{"verifiableCredential":[{"@context":[]}],"x":{"@context":[]}}`, 1500)},
		{"a foreign member with a long name", badgeText, "/credentialSubject/identifier/" + name, `1`},
		{"many associations", clrText, "/credentialSubject/association", array(`{"type":"Association","associationType":"precedes","sourceId":"urn:1","targetId":"urn:2"}`, 1900)},
	} {
		text := edit(t, []byte(c.text), c.pointer, c.value)
		for _, profile := range []Profile{OpenBadges, VerifiableCredentials} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			document, err := Parse(text)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			found := Check(document, profile)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 96<<20 {
				t.Errorf("%s (%s): %d MB", c.name, profile, used>>20)
			}
			size := 0
			for _, p := range found {
				size += len(p.Pointer)
			}
			if size > 2*mostProblems*(longestPointer+64) {
				t.Errorf("%s: %d bytes of pointers", c.name, size)
			}
		}
	}
}

// FuzzCheck: the rules hold for whatever the reader lets through, and say the same each time.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{badgeText, legacyText, endorsementText, credentialText, presentationText, legacyPresentationText, clrText} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		again, _ := Parse(text)
		for _, profile := range []Profile{OpenBadges, VerifiableCredentials} {
			found := Check(c, profile)
			if diff := cmp.Diff(found, Check(again, profile)); diff != "" {
				t.Errorf("%s: %s", text, diff)
			}
			if len(found) > 2*mostProblems || !json.Valid(text) {
				t.Errorf("%d problems in %s", len(found), text)
			}
		}
	})
}
