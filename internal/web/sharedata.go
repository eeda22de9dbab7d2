package web

import (
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// What pages say to programs in the words of schema.org, as JSON-LD. Members that say nothing are left out.
type (
	schemaCredential struct {
		Context            string         `json:"@context,omitempty"`
		Type               string         `json:"@type"` // EducationalOccupationalCredential
		Name               string         `json:"name"`
		Description        string         `json:"description,omitempty"`
		URL                string         `json:"url"`
		Image              string         `json:"image,omitempty"`
		Category           *schemaTerm    `json:"credentialCategory,omitempty"`
		CompetencyRequired []schemaTerm   `json:"competencyRequired,omitempty"`
		EducationalLevel   string         `json:"educationalLevel,omitempty"`
		Publisher          *schemaParty   `json:"publisher,omitempty"`
		RecognizedBy       []schemaParty  `json:"recognizedBy,omitempty"`
		ValidFor           string         `json:"validFor,omitempty"` // duration of ISO 8601
		Identifier         []schemaNumber `json:"identifier,omitempty"`
		InLanguage         string         `json:"inLanguage,omitempty"`
	}
	schemaTerm struct {
		Type string `json:"@type"` // DefinedTerm
		Name string `json:"name"`
		Code string `json:"termCode,omitempty"`
		URL  string `json:"url,omitempty"`
		Set  string `json:"inDefinedTermSet,omitempty"`
	}
	schemaParty struct {
		Type string `json:"@type"` // Organization
		Name string `json:"name"`
		URL  string `json:"url,omitempty"`
	}
	schemaNumber struct {
		Type  string `json:"@type"` // PropertyValue
		Name  string `json:"propertyID"`
		Value string `json:"value"`
	}
	schemaPerson struct {
		Context string           `json:"@context"`
		Type    string           `json:"@type"` // Person
		Name    string           `json:"name"`
		Holds   schemaCredential `json:"hasCredential"`
	}
)

const schemaOrg = "https://schema.org"

// schemaOf is an achievement as schema.org has it. recognised are those whose endorsement of it was found to be authentic and in force.
func (s *server) schemaOf(l wording.Language, a issuer.Achievement, o issuer.Organisation, endorsements []endorsement) schemaCredential {
	content := a.Content
	category := "badge"
	if content.AchievementType == "MicroCredential" {
		category = "microcredential"
	}
	c := schemaCredential{
		Context: schemaOrg, Type: "EducationalOccupationalCredential", Name: wording.First(a.Name, l.Say("page.achievement.unnamed")), Description: wording.Prose(content.Description),
		URL: a.URL, Image: s.achievementPreview(l, a, o).address, Category: &schemaTerm{Type: "DefinedTerm", Name: category}, EducationalLevel: wording.Plain(a.About.Level),
		Publisher: &schemaParty{Type: "Organization", Name: wording.Plain(o.Name), URL: o.URL}, InLanguage: wording.Plain(content.InLanguage),
	}
	for _, of := range content.Alignments {
		c.CompetencyRequired = append(c.CompetencyRequired, schemaTerm{Type: "DefinedTerm", Name: wording.First(of.TargetName, of.TargetCode), Code: wording.Plain(of.TargetCode),
			URL: webLink(of.TargetURL), Set: wording.Plain(of.TargetFramework)})
	}
	for _, e := range endorsements {
		if e.Shape == wording.ShapeYes && e.By.ID != o.DID { // to endorse what one awards oneself recognises nothing
			c.RecognizedBy = append(c.RecognizedBy, schemaParty{Type: "Organization", Name: e.By.Name, URL: e.By.Link})
		}
	}
	if a.Months > 0 {
		c.ValidFor = "P" + strconv.Itoa(a.Months) + "M"
		if a.Months%12 == 0 {
			c.ValidFor = "P" + strconv.Itoa(a.Months/12) + "Y"
		}
	}
	for _, i := range content.OtherIdentifiers {
		if credential.IsCTID(i.Value) {
			c.Identifier = append(c.Identifier, schemaNumber{Type: "PropertyValue", Name: strings.TrimPrefix(i.Type, "ext:"), Value: i.Value})
		}
	}
	return c
}

// personOf is the recipient of an award as schema.org has it; nil unless the earner made the page public, its name was signed, and it
// is in force.
func (s *server) personOf(l wording.Language, a shownAward, b *badge) *schemaPerson {
	if a.record.Access != issuer.AccessPublic || b == nil || b.Recipient == "" || a.standing() != inForce {
		return nil
	}
	holds := s.schemaOf(l, a.achievement, a.organisation, nil)
	holds.Context = ""
	return &schemaPerson{Context: schemaOrg, Type: "Person", Name: b.Recipient, Holds: holds}
}
