package credential

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func smallBadge() AchievementCredential {
	return AchievementCredential{
		ID: "urn:uuid:1", Name: "Reading <circle> & talk",
		Issuer:    Party{ID: "https://school.example/i/1", Name: "Schule für alle", URL: "https://school.example/"},
		ValidFrom: time.Date(2026, 1, 31, 13, 0, 0, 999, time.FixedZone("", 3600)),
		Subject: AchievementSubject{ID: "did:example:learner",
			Achievement: &Achievement{ID: "https://school.example/a/1", Name: "Circle", Description: "A circle", Criteria: Criteria{Narrative: "Hold it"}}},
	}
}

func fullBadge() AchievementCredential {
	align := []Alignment{{TargetName: "Reads", TargetURL: "https://frame.example/1", TargetCode: "R1", TargetDescription: "Can read",
		TargetFramework: "Frame", TargetType: "CFItem"}}
	b := smallBadge()
	b.Description, b.Image = "Held a circle", Image{ID: "https://school.example/c.png", Caption: "Circle"}
	b.Issuer.Email, b.Issuer.Description, b.Issuer.Image = "office@school.example", "A school", Image{ID: "https://school.example/logo.png"}
	b.ValidUntil, b.Awarded = b.ValidFrom.AddDate(1, 0, 0), b.ValidFrom.AddDate(-1, 0, 0)
	b.Subject.Identifiers = []IdentityObject{HashedIdentity("emailAddress", "Ada@School.example"), {Type: "name", Hash: "Ada L."}}
	b.Subject.Narrative, b.Subject.Image = "She held it", Image{ID: "https://school.example/s.png"}
	b.Subject.Results = []Result{{ResultDescription: "urn:uuid:r1", Value: "4", AchievedLevel: "urn:uuid:l1", Alignments: align},
		{ResultDescription: "urn:uuid:r2", Status: "Completed"}}
	a := b.Subject.Achievement
	a.AchievementType, a.Version, a.InLanguage, a.Image, a.Tags, a.Alignments = "MicroCredential", "2", "de-AT", Image{ID: "data:image/png;base64,AAAA"}, []string{"reading", "talk"}, align
	a.Creator, a.Criteria.ID = &Party{ID: "https://school.example/i/1", Name: "School"}, "https://school.example/a/1/criteria"
	a.ResultDescriptions = []ResultDescription{
		{ID: "urn:uuid:r1", Name: "Rubric", ResultType: "RubricCriterionLevel", AllowedValues: []string{"1", "4"}, RequiredLevel: "urn:uuid:l1",
			RequiredValue: "4", ValueMin: "1", ValueMax: "4", Alignments: align,
			Levels: []RubricCriterionLevel{{ID: "urn:uuid:l1", Name: "Good", Level: "4", Points: "4", Description: "All done", Alignments: align}}},
		{ID: "urn:uuid:r2", Name: "State", ResultType: "Status"}}
	b.Evidence = []Evidence{{ID: "https://school.example/e/1", Name: "Minutes", Narrative: "*ok*", Description: "D", Genre: "Report", Audience: "All"}}
	party := func(name string) *Party {
		return &Party{ID: "https://" + name + ".example/", Name: name, Official: "Ada", OtherIdentifiers: []Identifier{{Type: "systemId", Value: name}},
			Address: &Address{Country: "Österreich", CountryCode: "AT", Region: "Wien", Locality: "Wien", Street: "Ring 1", PostOfficeBox: "7", PostalCode: "1010"}}
	}
	b.Issuer.ParentOrg, b.Subject.Source, a.Creator.ParentOrg = party("board"), party("assessor"), party("state")
	b.Subject.Role, b.Subject.Term, b.Subject.LicenseNumber = "Teacher", "Fall", "L-7"
	b.Subject.ActivityStartDate, b.Subject.ActivityEndDate = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00"
	a.Related = []Related{{ID: "https://school.example/a/0", InLanguage: "de", Version: "1"}, {ID: "urn:a:2"}}
	a.CreditsAvailable, a.FieldOfStudy, a.Specialization, a.HumanCode = 1.5, "Education", "Reading", "RC 1"
	a.OtherIdentifiers = []Identifier{{Type: "ext:catalogue", Value: "77"}}
	b.RefreshService, b.RevocationList = "https://school.example/c/1/refresh", "https://school.example/i/1/revocations"
	b.Status = []StatusEntry{{ID: "https://school.example/s/1#7", Purpose: "revocation", Index: 7, List: "https://school.example/s/1"}}
	return b
}

func TestBuildText(t *testing.T) {
	const want = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",` +
		`"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"],"id":"urn:uuid:1","type":["VerifiableCredential","OpenBadgeCredential"],` +
		`"name":"Reading <circle> & talk","issuer":{"id":"https://school.example/i/1","type":["Profile"],"name":"Schule für alle",` +
		`"url":"https://school.example/"},"validFrom":"2026-01-31T12:00:00Z","credentialSubject":{"id":"did:example:learner",` +
		`"type":["AchievementSubject"],"achievement":{"id":"https://school.example/a/1","type":["Achievement"],"name":"Circle",` +
		`"description":"A circle","criteria":{"narrative":"Hold it"}}},"credentialSchema":[{"id":` +
		`"https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json","type":"1EdTechJsonSchemaValidator2019"}]}`
	got, err := Build(smallBadge())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestBuildRoundTrip(t *testing.T) {
	badge := fullBadge()
	text, err := Build(badge)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Build(badge)
	if string(again) != string(text) {
		t.Error("one badge has two texts")
	}
	if strings.Contains(string(text), "null") || strings.Contains(string(text), "[]") || strings.Contains(string(text), `""`) {
		t.Errorf("an empty value in %s", text)
	}
	c := mustParse(t, text)
	for _, pair := range [][2]any{{badge.Issuer, c.Issuer}, {badge.Subject, c.Subject}, {badge.Evidence, c.Evidence}, {badge.Image, c.Image},
		{[]string{badge.ID, badge.Name, badge.Description}, []string{c.ID, c.Name, c.Description}},
		{"2026-01-31T12:00:00Z 2027-01-31T12:00:00Z 2025-01-31T12:00:00Z", c.ValidFrom + " " + c.ValidUntil + " " + c.Awarded},
		{map[string]any{"id": badge.Status[0].ID, "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7",
			"statusListCredential": badge.Status[0].List}, c.Statuses[0].Value},
		{map[string]any{"id": badge.RevocationList, "type": "1EdTechRevocationList"}, c.Statuses[1].Value},
		{map[string]any{"id": badge.RefreshService, "type": "1EdTechCredentialRefresh"}, c.Refresh[0].Value}} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Error(diff)
		}
	}
	if !MatchesIdentity(c.Subject.Identifiers[0], "ada@school.example") {
		t.Error("the recipient is not found")
	}
}

const proven = `,"proof":{"type":"DataIntegrityProof"}`

func endorsed(id, proof string) []json.RawMessage {
	return []json.RawMessage{[]byte(`{ "type": ["VerifiableCredential","EndorsementCredential"], "credentialSubject": {"id": "` + id + `","n":1.50}` + proof + `}`)}
}

// TestBuildEndorsed: endorsements stand in a badge as they were signed, and are found again with whom they are about.
func TestBuildEndorsed(t *testing.T) {
	badge := smallBadge()
	badge.Subject.Achievement.Creator = &Party{ID: "https://state.example/", Endorsed: Endorsed{Endorsements: endorsed("https://state.example/", proven)}}
	badge.Endorsements, badge.EndorsementJWTs = endorsed(badge.ID, proven), []string{"a.b.c"}
	badge.Issuer.Endorsements = endorsed(badge.Issuer.ID, proven)
	badge.Subject.Achievement.Endorsements = endorsed(badge.Subject.Achievement.ID, proven)
	text, err := Build(badge)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"endorsement":[{"type":["VerifiableCredential","EndorsementCredential"],"credentialSubject":{"id":"urn:uuid:1","n":1.50}`; !strings.Contains(string(text), want) {
		t.Errorf("%s is not in %s", want, text)
	}
	var carriers []string
	for _, e := range mustParse(t, text).Endorsements {
		carriers = append(carriers, e.Carrier+e.JWT)
	}
	if diff := cmp.Diff([]string{badge.ID, badge.ID + "a.b.c", badge.Issuer.ID, badge.Subject.Achievement.ID, "https://state.example/"}, carriers); diff != "" {
		t.Error(diff)
	}
}

func TestCTID(t *testing.T) {
	const id = "ce-01234567-89ab-cdef-0123-456789abcdef"
	got, err := AlignmentOfCTID(id, "Reading")
	want := Alignment{TargetName: "Reading", TargetURL: "https://credentialfinder.org/credential/" + id, TargetCode: id,
		TargetFramework: "Credential Engine Registry", TargetType: "ceterms:Credential"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, wrong := range []string{"", id[3:], strings.ToUpper(id), id + "0", "ce-0123"} {
		if _, err := AlignmentOfCTID(wrong, "x"); err == nil {
			t.Errorf("%q passed", wrong)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*AchievementCredential)
		pointer string // of the first problem; "" when the error is another
	}{
		"no id":                     {func(b *AchievementCredential) { b.ID = "" }, "/id"},
		"relative id":               {func(b *AchievementCredential) { b.ID = "c/1" }, "/id"},
		"no issuer":                 {func(b *AchievementCredential) { b.Issuer = Party{} }, "/issuer/id"},
		"issuer url without scheme": {func(b *AchievementCredential) { b.Issuer.URL = "school.example" }, "/issuer/url"},
		"no beginning":              {func(b *AchievementCredential) { b.ValidFrom = time.Time{} }, "/validFrom"},
		"ends before it begins":     {func(b *AchievementCredential) { b.ValidUntil = b.ValidFrom.Add(-time.Hour) }, "/validUntil"},
		"no recipient":              {func(b *AchievementCredential) { b.Subject.ID = "" }, "/credentialSubject"},
		"no achievement":            {func(b *AchievementCredential) { b.Subject.Achievement = nil }, "/credentialSubject/achievement"},
		"no criteria":               {func(b *AchievementCredential) { b.Subject.Achievement.Criteria = Criteria{} }, "/credentialSubject/achievement/criteria"},
		"word of no vocabulary":     {func(b *AchievementCredential) { b.Subject.Achievement.AchievementType = "Module" }, "/credentialSubject/achievement/achievementType"},
		"result of nothing":         {func(b *AchievementCredential) { b.Subject.Results = []Result{{ResultDescription: "urn:x"}} }, "/credentialSubject/result/0/resultDescription"},
		"caption without image":     {func(b *AchievementCredential) { b.Image.Caption = "x" }, "/image/id"},
		"name of the subject":       {func(b *AchievementCredential) { b.Subject.Name = "Ada" }, ""},
		"no UTF-8":                  {func(b *AchievementCredential) { b.Name = "\xff" }, ""},
		"no UTF-8 in a tag":         {func(b *AchievementCredential) { b.Subject.Achievement.Tags = []string{"\xff"} }, ""},
		"year of five digits":       {func(b *AchievementCredential) { b.ValidUntil = b.ValidFrom.AddDate(9000, 0, 0) }, ""},
		"what it counts for":        {func(b *AchievementCredential) { b.Subject.CreditsEarned = 3 }, ""},
		"no number":                 {func(b *AchievementCredential) { b.Subject.Achievement.CreditsAvailable = math.Inf(1) }, ""},
		"related to nothing":        {func(b *AchievementCredential) { b.Subject.Achievement.Related = []Related{{Version: "1"}} }, "/credentialSubject/achievement/related/0/id"},
		"identifier of no kind": {func(b *AchievementCredential) {
			b.Subject.Achievement.OtherIdentifiers = []Identifier{{Value: "1", Type: "no"}}
		}, "/credentialSubject/achievement/otherIdentifier/0/identifierType"},
		"an address of no refresh": {func(b *AchievementCredential) { b.RefreshService = "refresh" }, "/refreshService/id"},
		"two lists of one address": {func(b *AchievementCredential) {
			b.RevocationList, b.Status = "https://s.example/", []StatusEntry{{Purpose: "revocation", List: "https://s.example/"}}
		}, ""},
		"endorsement without proof": {func(b *AchievementCredential) { b.Endorsements = endorsed(b.ID, "") }, ""},
		"endorsement of another":    {func(b *AchievementCredential) { b.Endorsements = endorsed("urn:uuid:2", proven) }, ""},
		"endorsement that is none":  {func(b *AchievementCredential) { b.Issuer.Endorsements = []json.RawMessage{[]byte(`{"type":"x"}`)} }, ""},
		"endorsement of no JSON": {func(b *AchievementCredential) {
			b.Issuer.ParentOrg = &Party{Endorsed: Endorsed{Endorsements: []json.RawMessage{[]byte("{")}}}
		}, ""},
		"endorsement of no form": {func(b *AchievementCredential) { b.EndorsementJWTs = []string{"a b"} }, "/endorsementJwt/0"},
		"status without purpose": {func(b *AchievementCredential) { b.Status = []StatusEntry{{List: "https://s.example/"}} }, ""},
		"status without list":    {func(b *AchievementCredential) { b.Status = []StatusEntry{{Purpose: "revocation"}} }, ""},
		"status before the list": {func(b *AchievementCredential) {
			b.Status = []StatusEntry{{Purpose: "revocation", Index: -1, List: "https://s.example/"}}
		}, ""},
		"status with the list's id": {func(b *AchievementCredential) {
			b.Status = []StatusEntry{{Purpose: "revocation", ID: "https://s.example/", List: "https://s.example/"}}
		}, ""},
	} {
		badge := smallBadge()
		c.change(&badge)
		text, err := Build(badge)
		var problems Problems
		switch {
		case err == nil:
			t.Errorf("%s: built %s", name, text)
		case c.pointer == "" && !errors.As(err, &problems) && text == nil:
		case errors.As(err, &problems) && problems[0].Pointer == c.pointer:
		default:
			t.Errorf("%s: %v", name, err)
		}
	}
}
