package credential

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/laurelbadges/laurel/credential/strict"
)

// badgeText is a badge with one of everything that the view shows; some members stand alone where an array is usual.
const badgeText = `{
 "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
 "id": "urn:uuid:1", "type": ["VerifiableCredential", "OpenBadgeCredential"],
 "name": "Reading circle", "description": "Held a reading circle",
 "issuer": {"id": "https://school.example/i/1", "type": ["Profile"], "name": "School", "url": "https://school.example/",
  "image": {"id": "https://school.example/logo.png", "type": "Image", "caption": "Logo"},
  "endorsementJwt": ["a.b.c"], "parentOrg": {"id": "https://board.example/", "type": "Profile", "endorsement": {"id": "urn:e:2"}}},
 "validFrom": "2026-01-31T12:00:00Z", "validUntil": "2027-01-31T12:00:00Z", "awardedDate": "2025-06-01T00:00:00Z",
 "credentialSubject": {"id": "did:example:learner", "type": "AchievementSubject",
  "identifier": {"type": "IdentityObject", "hashed": false, "identityHash": "Ada", "identityType": "name"},
  "achievement": {"id": "https://school.example/a/1", "type": ["Achievement"], "name": "Circle", "description": "A circle",
   "achievementType": "Badge", "criteria": {"narrative": "Hold it"}, "tag": "reading", "creator": {"id": "https://school.example/i/1", "type": ["Profile"]},
   "endorsement": [{"id": "urn:e:3"}],
   "alignment": {"type": ["Alignment"], "targetName": "Reads", "targetUrl": "https://frame.example/1"},
   "resultDescription": [{"id": "urn:r:1", "type": ["ResultDescription"], "name": "Level", "resultType": "RubricCriterionLevel",
    "requiredLevel": "urn:l:1", "rubricCriterionLevel": [{"id": "urn:l:1", "type": ["RubricCriterionLevel"], "name": "Good", "points": "2"}]}]},
  "result": [{"type": ["Result"], "resultDescription": "urn:r:1", "achievedLevel": "urn:l:1"}]},
 "evidence": [{"id": "https://school.example/e/1", "type": ["Evidence"], "name": "Minutes"}],
 "credentialStatus": {"id": "https://school.example/s/1#7", "type": "BitstringStatusListEntry"},
 "credentialSchema": [{"id": "https://schema.example/", "type": "1EdTechJsonSchemaValidator2019"}],
 "refreshService": {"id": "https://school.example/r", "type": "1EdTechCredentialRefresh"},
 "endorsement": {"id": "urn:e:1"}, "endorsementJwt": "d.e.f",
 "proof": [{"type": "DataIntegrityProof"}]
}`

func TestParseView(t *testing.T) {
	c := mustParse(t, []byte(badgeText))
	if string(c.Raw()) != badgeText || c.Value()["id"] != "urn:uuid:1" {
		t.Error("the received text or its value is not kept")
	}
	want := &Credential{
		Contexts:  []any{contextV2, contextOB303},
		Types:     []string{"VerifiableCredential", "OpenBadgeCredential"},
		DataModel: DataModel20, Kind: KindAchievement, ID: "urn:uuid:1", Name: "Reading circle", Description: "Held a reading circle",
		Issuer: Party{ID: "https://school.example/i/1", Name: "School", URL: "https://school.example/",
			Image: Image{ID: "https://school.example/logo.png", Caption: "Logo"}, ParentOrg: &Party{ID: "https://board.example/"}},
		Subject: AchievementSubject{ID: "did:example:learner", Identifiers: []IdentityObject{{Type: "name", Hash: "Ada"}},
			Achievement: &Achievement{ID: "https://school.example/a/1", Name: "Circle", Description: "A circle",
				Criteria: Criteria{Narrative: "Hold it"}, AchievementType: "Badge", Tags: []string{"reading"},
				Creator:    &Party{ID: "https://school.example/i/1"},
				Alignments: []Alignment{{TargetName: "Reads", TargetURL: "https://frame.example/1"}},
				ResultDescriptions: []ResultDescription{{ID: "urn:r:1", Name: "Level", ResultType: "RubricCriterionLevel",
					RequiredLevel: "urn:l:1", Levels: []RubricCriterionLevel{{ID: "urn:l:1", Name: "Good", Points: "2"}}}}},
			Results: []Result{{ResultDescription: "urn:r:1", AchievedLevel: "urn:l:1"}}},
		ValidFrom: "2026-01-31T12:00:00Z", ValidUntil: "2027-01-31T12:00:00Z", Awarded: "2025-06-01T00:00:00Z",
		Statuses: []Part{{"/credentialStatus", map[string]any{"id": "https://school.example/s/1#7", "type": "BitstringStatusListEntry"}}},
		Schemas:  []Part{{"/credentialSchema/0", map[string]any{"id": "https://schema.example/", "type": "1EdTechJsonSchemaValidator2019"}}},
		Refresh:  []Part{{"/refreshService", map[string]any{"id": "https://school.example/r", "type": "1EdTechCredentialRefresh"}}},
		Proofs:   []Part{{"/proof/0", map[string]any{"type": "DataIntegrityProof"}}},
		Evidence: []Evidence{{ID: "https://school.example/e/1", Name: "Minutes"}},
		Endorsements: []Endorsement{
			{Pointer: "/endorsement", Carrier: "urn:uuid:1", Value: map[string]any{"id": "urn:e:1"}},
			{Pointer: "/endorsementJwt", Carrier: "urn:uuid:1", JWT: "d.e.f"},
			{Pointer: "/issuer/endorsementJwt/0", Carrier: "https://school.example/i/1", JWT: "a.b.c"},
			{Pointer: "/issuer/parentOrg/endorsement", Carrier: "https://board.example/", Value: map[string]any{"id": "urn:e:2"}},
			{Pointer: "/credentialSubject/achievement/endorsement/0", Carrier: "https://school.example/a/1", Value: map[string]any{"id": "urn:e:3"}},
		},
	}
	c.raw, c.value = nil, nil
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(Credential{})); diff != "" {
		t.Error(diff)
	}
}

func TestParseDates(t *testing.T) {
	const v1, v2 = `"@context":["https://www.w3.org/2018/credentials/v1"]`, `"@context":["https://www.w3.org/ns/credentials/v2"]`
	for name, c := range map[string]struct{ text, from, until string }{
		"2.0 takes its own names": {v2 + `,"validFrom":"a","validUntil":"b","issuanceDate":"c","expirationDate":"d"`, "a", "b"},
		"2.0 knows no others":     {v2 + `,"issuanceDate":"c","expirationDate":"d"`, "", ""},
		"1.1 takes its own names": {v1 + `,"issuanceDate":"c","expirationDate":"d"`, "c", "d"},
		"1.1 falls back":          {v1 + `,"validFrom":"a","validUntil":"b"`, "a", "b"},
		"1.1 takes the stricter": {v1 + `,"issuanceDate":"2026-01-01T00:00:00Z","validFrom":"2026-01-01T00:00:00-01:00",` +
			`"expirationDate":"2027-01-01T00:00:00Z","validUntil":"2027-01-01T00:00:00+01:00"`, "2026-01-01T00:00:00-01:00", "2027-01-01T00:00:00+01:00"},
		"1.1 keeps the stricter": {v1 + `,"issuanceDate":"2026-01-02T00:00:00Z","validFrom":"2026-01-01T00:00:00Z"`, "2026-01-02T00:00:00Z", ""},
		"1.1 shows what is unreadable": {v1 + `,"issuanceDate":"2026-01-02T00:00:00Z","validFrom":"soon",` +
			`"expirationDate":"late","validUntil":"2026-01-01T00:00:00Z"`, "soon", "late"},
	} {
		got := mustParse(t, []byte("{"+c.text+"}"))
		if got.ValidFrom != c.from || got.ValidUntil != c.until {
			t.Errorf("%s: %q to %q", name, got.ValidFrom, got.ValidUntil)
		}
	}
}

func TestParseTolerates(t *testing.T) {
	c := mustParse(t, []byte(`{"type":"EndorsementCredential","@context":7,"issuer":"did:example:i","credentialSubject":[{"id":["x"],
		"endorsementComment":{"@value":"Good","@language":"en"}},{"id":"y"}],"evidence":"text","proof":[1,{"type":"A"}],"name":[{"@value":"N"}],
		"image":"https://a.example/","endorsementJwt":[7,"a.b.c"],"validFrom":5}`))
	if c.Kind != KindEndorsement || c.DataModel != "" || c.Issuer.ID != "did:example:i" || c.Comment != "Good" || c.Name != "N" ||
		c.Evidence != nil || len(c.Proofs) != 1 || c.Proofs[0].Pointer != "/proof/1" || c.Image.ID != "https://a.example/" ||
		c.ValidFrom != "" || len(c.Endorsements) != 1 || c.Endorsements[0].Pointer != "/endorsementJwt/1" {
		t.Errorf("%+v", c)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, code string }{
		"no JSON":               {"<svg/>", strict.CodeMalformed},
		"no object":             {"[]", strict.CodeMalformed},
		"a repeated name":       {`{"type":"A","type":"B"}`, strict.CodeDuplicateKey},
		"neither member":        {`{"keys":[]}`, CodeNoCredential},
		"both members are null": {`{"@context":null,"type":null}`, CodeNoCredential},
	} {
		_, err := Parse([]byte(c.text))
		var refusal *strict.Error
		var problem *Problem
		switch {
		case errors.As(err, &refusal) && refusal.Code == c.code:
		case errors.As(err, &problem) && problem.Code == c.code && problem.Step() == "form":
		default:
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParse: no text makes reading or judging fail in another way than it says, and judging is the same every time.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{badgeText, `{"type":[]}`, `{"@context":[{}],"type":"VerifiableCredential","issuer":null}`,
		`{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential","EndorsementCredential"],"credentialSubject":[[]]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			var problem *Problem
			if !isStrict(err) && !errors.As(err, &problem) {
				t.Fatalf("foreign error %v", err)
			}
			return
		}
		for _, profile := range []Profile{OpenBadges, VerifiableCredentials} {
			first := Check(c, profile)
			if len(first) > 2*mostProblems {
				t.Fatalf("%d problems", len(first))
			}
			if diff := cmp.Diff(first, Check(c, profile)); diff != "" {
				t.Fatal(diff)
			}
			for _, p := range first {
				if p.Code == "" || p.Detail == "" || (p.Pointer != "" && p.Pointer[0] != '/') {
					t.Fatalf("%+v", p)
				}
			}
		}
	})
}
