package credential

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// presentationText holds a credential with a proof, one in an envelope, and one of the holder's own.
const presentationText = `{
 "@context": ["https://www.w3.org/ns/credentials/v2"], "id": "urn:uuid:6", "type": ["VerifiablePresentation"], "holder": {"id": "did:example:h"},
 "verifiableCredential": [
  {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"], "issuer": "did:example:i", "credentialSubject": {"a": 1},
   "proof": {"type": "DataIntegrityProof"}},
  {"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,a.b.c"},
  {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"], "issuer": {"id": "did:example:h"}, "credentialSubject": {"a": 1}}],
 "proof": {"type": "DataIntegrityProof"}
}`

// legacyPresentationText is a presentation of VC Data Model 1.1, in which a token stands as a string.
const legacyPresentationText = `{
 "@context": ["https://www.w3.org/2018/credentials/v1"], "type": "VerifiablePresentation", "holder": "did:example:h",
 "verifiableCredential": "a.b.c"
}`

func TestNested(t *testing.T) {
	type nested struct{ Pointer, Is string }
	const envelope = `{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+sd-jwt,a"}`
	for _, c := range []struct {
		name, text, pointer, value string
		want                       []nested
	}{
		{"a presentation", presentationText, "/id", "", []nested{{"/verifiableCredential/0", "object"}, {"/verifiableCredential/1", "token a.b.c"}, {"/verifiableCredential/2", "object"}}},
		{"one credential without its array", presentationText, "/verifiableCredential", `{"type":"VerifiableCredential"}`, []nested{{"/verifiableCredential", "object"}}},
		{"none", presentationText, "/verifiableCredential", "", nil},
		{"null", presentationText, "/verifiableCredential", "null", nil},
		{"a token in 1.1", legacyPresentationText, "/id", "", []nested{{"/verifiableCredential", "token a.b.c"}}},
		{"tokens in 1.1", legacyPresentationText, "/verifiableCredential", `["a.b.c","d.e.f"]`, []nested{{"/verifiableCredential/0", "token a.b.c"}, {"/verifiableCredential/1", "token d.e.f"}}},
		{"a text in 1.1", legacyPresentationText, "/verifiableCredential", `"urn:uuid:1"`, []nested{{"/verifiableCredential", "schema_invalid /verifiableCredential"}}},
		{"a token in 2.0", presentationText, "/verifiableCredential", `["a.b.c"]`, []nested{{"/verifiableCredential/0", "schema_invalid /verifiableCredential/0"}}},
		{"numbers, null, an array", presentationText, "/verifiableCredential", `[7,null,[{}]]`, []nested{{"/verifiableCredential/0", "schema_invalid /verifiableCredential/0"},
			{"/verifiableCredential/1", "schema_invalid /verifiableCredential/1"}, {"/verifiableCredential/2", "schema_invalid /verifiableCredential/2"}}},
		{"an envelope of SD-JWT", presentationText, "/verifiableCredential/0", envelope, []nested{{"/verifiableCredential/0", "alg_not_allowed /verifiableCredential/0/id"},
			{"/verifiableCredential/1", "token a.b.c"}, {"/verifiableCredential/2", "object"}}},
		{"a presentation in a presentation", presentationText, "/verifiableCredential", `{"type":["VerifiablePresentation"]}`, []nested{{"/verifiableCredential", "schema_invalid /verifiableCredential"}}},
		{"a record", clrText, "/id", "", []nested{{"/credentialSubject/verifiableCredential/0", "object"}}},
		{"a record with a token", clrText, "/credentialSubject/verifiableCredential/0", `"a.b.c"`, []nested{{"/credentialSubject/verifiableCredential/0", "schema_invalid /credentialSubject/verifiableCredential/0"}}},
		{"a badge is none", clrText, "/type", `["VerifiableCredential","OpenBadgeCredential"]`, nil},
		{"more than the bound", presentationText, "/verifiableCredential", "[" + strings.Repeat("{},", Limits.Nested) + "{}]", func() []nested {
			all := make([]nested, Limits.Nested)
			for i := range all {
				all[i] = nested{fmt.Sprintf("/verifiableCredential/%d", i), "object"}
			}
			return all
		}()},
	} {
		var got []nested
		for _, n := range mustParse(t, edit(t, []byte(c.text), c.pointer, c.value)).Nested {
			is := "object"
			switch {
			case n.Problem != nil:
				is = n.Problem.Code + " " + n.Problem.Pointer
			case n.JWT != "":
				is = "token " + n.JWT
			}
			if set := map[bool]int{true: 1}; set[n.Value != nil]+set[n.JWT != ""]+set[n.Problem != nil] != 1 {
				t.Errorf("%s: not exactly one of the three at %s", c.name, n.Pointer)
			}
			got = append(got, nested{n.Pointer, is})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestHolderAndAssociations(t *testing.T) {
	if got := mustParse(t, []byte(presentationText)).Holder.ID; got != "did:example:h" {
		t.Errorf("the holder is %q", got)
	}
	if got := mustParse(t, []byte(legacyPresentationText)).Holder.ID; got != "did:example:h" {
		t.Errorf("the holder by address is %q", got)
	}
	clr := mustParse(t, []byte(clrText))
	if diff := cmp.Diff([]Association{{"/credentialSubject/association/0", "isParentOf", "urn:a:1", "urn:a:2"}}, clr.Associations); diff != "" {
		t.Error(diff)
	}
	if clr.Kind != KindCLR || clr.Subject.ID != "did:example:s" || clr.Subject.Achievement != nil {
		t.Errorf("%s %+v", clr.Kind, clr.Subject)
	}
}

// Each case edits one place of a presentation or record that is good and says what Check finds then.
func TestCheckPresentationsAndRecords(t *testing.T) {
	texts := map[string]string{"presentation": presentationText, "1.1": legacyPresentationText, "clr": clrText}
	const subject, inside = "/credentialSubject", "/verifiableCredential"
	const ambiguous, schema, context, warning = CodeAmbiguous + " ", CodeSchemaInvalid + " ", CodeContextUntrusted + " ", "warning " + CodeSchemaInvalid + " "
	for _, c := range []struct{ name, text, pointer, value, want string }{
		{"a good presentation", "presentation", "/id", "", ""},
		{"a good 1.1 presentation", "1.1", "/id", `"urn:uuid:7"`, ""},
		{"no credentials", "presentation", inside, "", ""},
		{"id no URL", "presentation", "/id", `"p"`, schema + "/id"},
		{"no context", "presentation", "/@context", "", context + "/@context"},
		{"context as a text", "presentation", "/@context", `"https://www.w3.org/ns/credentials/v2"`, context + "/@context"},
		{"another context first", "presentation", "/@context/0", `"https://x.example/"`, context + "/@context/0"},
		{"a credential at once", "presentation", "/type", `["VerifiablePresentation","VerifiableCredential"]`, ambiguous + "/type"},
		{"a badge at once", "presentation", "/type", `["OpenBadgeCredential","VerifiablePresentation"]`, ambiguous + "/type"},
		{"holder no URL", "presentation", "/holder", `"h"`, schema + "/holder; " + schema + inside + "/2/issuer"},
		{"holder without id", "presentation", "/holder", `{"name":"H"}`, schema + "/holder/id; " + schema + "/holder"},
		{"two holders", "presentation", "/holder", `["did:example:h"]`, schema + "/holder"},
		{"no holder of what has no proof", "presentation", "/holder", "", schema + "/holder"},
		{"no holder, and proofs everywhere", "1.1", "/holder", "", ""},
		{"another issuer of what has no proof", "presentation", inside + "/2/issuer", `"did:example:i"`, schema + inside + "/2/issuer"},
		{"a credential without its type", "presentation", inside + "/0/type", `["Other"]`, schema + inside + "/0/type"},
		{"an envelope without its type", "presentation", inside + "/1/type", "", schema + inside + "/1/type; " + schema + inside + "/1/issuer"},
		{"an envelope of nothing", "presentation", inside + "/1/id", `"a.b.c"`, schema + inside + "/1/id"},
		{"an envelope without the context", "presentation", inside + "/1/@context", `["https://x.example/"]`, context + inside + "/1/@context"},
		{"an envelope of SD-JWT is its own matter", "presentation", inside + "/1/id", `"data:application/vc+sd-jwt,a~"`, ""},
		{"a credential as a text", "presentation", inside + "/1", `"a.b.c"`, schema + inside + "/1"},
		{"a credential as a text in 1.1", "1.1", inside, `"urn:uuid:1"`, schema + inside},
		{"a credential with its own contexts", "presentation", inside + "/0/@context", `["https://www.w3.org/ns/credentials/v2",{"a":"urn:a"}]`, ""},
		{"proof without type", "presentation", "/proof", `{}`, schema + "/proof/type"},
		{"terms of use without type", "presentation", "/termsOfUse", `{}`, schema + "/termsOfUse/type"},
		{"more than the bound", "presentation", inside, "[" + strings.TrimSuffix(strings.Repeat(`{"type":"VerifiableCredential","proof":{}},`, Limits.Nested+1), ",") + "]", "too_complex " + inside},

		{"a good record", "clr", "/name", `"R"`, ""},
		{"a record's 1.1 flavour", "clr", "", `{"@context":["https://www.w3.org/2018/credentials/v1","` + contextCLR201 + `","` + contextOB300 + `"],"id":"urn:uuid:4",` +
			`"type":["VerifiableCredential","ClrCredential"],"name":"R","issuer":{"id":"did:example:i","type":"Profile"},"issuanceDate":"2020-01-31T12:00:00Z",` +
			`"credentialSubject":{"id":"did:example:s","type":"ClrSubject","verifiableCredential":[{"type":"VerifiableCredential"}]}}`, ""},
		{"two contexts", "clr", "/@context", `["https://www.w3.org/ns/credentials/v2","` + contextCLR201 + `"]`, context + "/@context"},
		{"one context", "clr", "/@context", `["https://www.w3.org/ns/credentials/v2"]`, context + "/@context"},
		{"2.0 over the first Open Badges context", "clr", "/@context/2", `"` + contextOB300 + `"`, context + "/@context/2"},
		{"2.0 over 3.0.2", "clr", "/@context/2", `"` + contextOB302 + `"`, ""},
		{"a badge and a record at once", "clr", "/type", `["VerifiableCredential","ClrCredential","OpenBadgeCredential"]`,
			ambiguous + "/type; " + context + "/@context/1; " + context + subject + "/verifiableCredential/0/@context; " + schema + subject + "/type; " + schema + subject + "/achievement"},
		{"name missing", "clr", "/name", "", schema + "/name"},
		{"issuanceDate in 2.0", "clr", "/validFrom", "", schema + "/validFrom"},
		{"partial as text", "clr", "/partial", `"true"`, schema + "/partial"},
		{"learner without id and identifier", "clr", subject + "/id", "", "warning no_recipient " + subject},
		{"context inside an achievement", "clr", subject + "/achievement/0/@context", `{}`, context + subject + "/achievement/0/@context"},
		{"context inside a credential is its own matter", "clr", subject + "/verifiableCredential/0/@context", `[{"a":"urn:a"}]`, ""},
		{"a credential without its type", "clr", subject + "/verifiableCredential/0/type", `"ClrCredential"`, schema + subject + "/verifiableCredential/0/type"},
		{"an achievement without name", "clr", subject + "/achievement/0/name", "", schema + subject + "/achievement/0/name"},
		{"an association with a member too many", "clr", subject + "/association/0/note", `"x"`, schema + subject + "/association/0/note"},
		{"an association without target", "clr", subject + "/association/0/targetId", "", schema + subject + "/association/0/targetId"},
		{"an association of a credential", "clr", subject + "/association/0/targetId", `"urn:uuid:5"`, ""},
		{"an association of nothing in the record", "clr", subject + "/association/0/sourceId", `"urn:a:9"`, warning + subject + "/association/0/sourceId"},
		{"an association beside a token", "clr", subject, `{"id":"did:example:s","type":"ClrSubject","verifiableCredential":[{"@context":"https://www.w3.org/ns/credentials/v2",` +
			`"type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,a.b.c"}],"association":[{"type":"Association","associationType":"precedes","sourceId":"urn:1","targetId":"urn:2"}]}`, ""},
	} {
		text := []byte(c.value)
		if c.pointer != "" {
			text = edit(t, []byte(texts[c.text]), c.pointer, c.value)
		}
		profile := VerifiableCredentials
		if c.text == "clr" {
			profile = OpenBadges
		}
		if got := strings.Join(lines(Check(mustParse(t, text), profile)), "; "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The bound holds in either profile, and over all subjects together: what is left out of Nested nobody judges.
func TestNestedIsBounded(t *testing.T) {
	half := "[" + strings.TrimSuffix(strings.Repeat(`{"type":"VerifiableCredential"},`, Limits.Nested/2), ",") + "]"
	subject := `{"id":"did:example:s","type":"ClrSubject","verifiableCredential":` + half + `}`
	for _, c := range []struct {
		value string
		want  int
	}{{"[" + subject + "," + subject + "]", 0}, {"[" + subject + "," + subject + "," + subject + "]", 1}} {
		clr := mustParse(t, edit(t, []byte(clrText), "/credentialSubject", c.value))
		for _, profile := range []Profile{OpenBadges, VerifiableCredentials} {
			found := 0
			for _, p := range Check(clr, profile) {
				if p.Code == "too_complex" && p.Pointer == "/credentialSubject/2/verifiableCredential" {
					found++
				}
			}
			if found != c.want || len(clr.Nested) != Limits.Nested {
				t.Errorf("%s: %d problems, %d inside", profile, found, len(clr.Nested))
			}
		}
	}
}

// In profile openbadges a presentation is a cover around badges: it has contexts by address, and holds something.
func TestPresentationOfBadges(t *testing.T) {
	for _, c := range []struct{ name, pointer, value, want string }{
		{"as it is", "/id", "", ""},
		{"nothing inside", "/verifiableCredential", "", "schema_invalid /verifiableCredential"},
		{"a context written into it", "/@context", `["https://www.w3.org/ns/credentials/v2",{}]`, "context_untrusted /@context/1"},
		{"a context of the holder's own", "/holder/@context", `{}`, "context_untrusted /holder/@context"},
		{"contexts of a credential", "/verifiableCredential/0/@context", `[{}]`, ""},
	} {
		got := strings.Join(lines(Check(mustParse(t, edit(t, []byte(presentationText), c.pointer, c.value)), OpenBadges)), "; ")
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
