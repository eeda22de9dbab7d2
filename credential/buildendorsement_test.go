package credential

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func smallEndorsement() EndorsementCredential {
	return EndorsementCredential{ID: "urn:uuid:1", Name: "State <endorsement>", Issuer: Party{ID: "https://state.example/i/1", Name: "State"},
		ValidFrom: time.Date(2026, 1, 31, 13, 0, 0, 999, time.FixedZone("", 3600)), Subject: "https://school.example/a/1", Comment: "*Good*",
		Status: []StatusEntry{{ID: "https://state.example/s/1#7", Purpose: "revocation", Index: 7, List: "https://state.example/s/1"}}}
}

func TestBuildEndorsementText(t *testing.T) {
	const want = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",` +
		`"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"],"id":"urn:uuid:1","type":["VerifiableCredential","EndorsementCredential"],` +
		`"name":"State <endorsement>","issuer":{"id":"https://state.example/i/1","type":["Profile"],"name":"State"},` +
		`"validFrom":"2026-01-31T12:00:00Z","credentialSubject":{"id":"https://school.example/a/1","type":["EndorsementSubject"],` +
		`"endorsementComment":"*Good*"},"credentialSchema":[{"id":` +
		`"https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_endorsementcredential_schema.json","type":"1EdTechJsonSchemaValidator2019"}],` +
		`"credentialStatus":[{"id":"https://state.example/s/1#7","type":"BitstringStatusListEntry","statusPurpose":"revocation",` +
		`"statusListIndex":"7","statusListCredential":"https://state.example/s/1"}]}`
	got, err := BuildEndorsement(smallEndorsement())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	c, err := Parse(got)
	if err != nil || c.Kind != KindEndorsement || c.Comment != "*Good*" || c.Subject.ID != "https://school.example/a/1" {
		t.Errorf("read as %+v, error %v", c, err)
	}
}

func TestBuildEndorsementRefuses(t *testing.T) {
	for name, change := range map[string]func(*EndorsementCredential){
		"no name":                  func(e *EndorsementCredential) { e.Name = "" },
		"no subject":               func(e *EndorsementCredential) { e.Subject = "" },
		"a subject that is no URI": func(e *EndorsementCredential) { e.Subject = "badge" },
		"an id that is no URI":     func(e *EndorsementCredential) { e.ID = "1" },
		"no issuer":                func(e *EndorsementCredential) { e.Issuer = Party{} },
		"itself":                   func(e *EndorsementCredential) { e.Subject = e.ID },
		"no beginning":             func(e *EndorsementCredential) { e.ValidFrom = time.Time{} },
		"a year of five digits":    func(e *EndorsementCredential) { e.ValidUntil = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"an end before it begins":  func(e *EndorsementCredential) { e.ValidUntil = e.ValidFrom.Add(-time.Hour) },
		"no text":                  func(e *EndorsementCredential) { e.Comment = "\xff" },
		"a list that is no URL":    func(e *EndorsementCredential) { e.Status[0].List = "list" },
	} {
		t.Run(name, func(t *testing.T) {
			e := smallEndorsement()
			change(&e)
			text, err := BuildEndorsement(e)
			if err == nil {
				t.Errorf("built %s", text)
			}
			if problems := (Problems)(nil); errors.As(err, &problems) && len(problems) == 0 || err != nil && strings.Contains(err.Error(), "panic") {
				t.Errorf("error %v", err)
			}
		})
	}
}
