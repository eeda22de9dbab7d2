package referencedata

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// What a measurement has to know of the badge of [Badge].
const (
	BadgeIssuer    = "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7" // stands twice in it; whoever signs puts the own one there
	BadgeList      = "https://badges.example.edu/status/7"                      // its status list
	BadgeListIndex = 94567                                                      // its place in the list
)

// Badge is the unsigned badge of the performance figures, on one line, with that many alignments and pieces of evidence: 1,
// which is about 3 kB and has two alignments, 10, 100 or 1,000. It is perf/badge-*.json of the reference data to the byte.
func Badge(items int) []byte {
	type image struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Caption string `json:"caption"`
	}
	type profile struct {
		ID    string   `json:"id"`
		Type  []string `json:"type"`
		Name  string   `json:"name"`
		URL   string   `json:"url,omitempty"`
		Email string   `json:"email,omitempty"`
		Image *image   `json:"image,omitempty"`
	}
	type identity struct {
		Type         string `json:"type"`
		IdentityHash string `json:"identityHash"`
		IdentityType string `json:"identityType"`
		Hashed       bool   `json:"hashed"`
		Salt         string `json:"salt"`
	}
	type criteria struct {
		ID        string `json:"id"`
		Narrative string `json:"narrative"`
	}
	type alignment struct {
		Type        []string `json:"type"`
		Code        string   `json:"targetCode"`
		Name        string   `json:"targetName"`
		Description string   `json:"targetDescription"`
		Framework   string   `json:"targetFramework"`
		TargetType  string   `json:"targetType"`
		URL         string   `json:"targetUrl"`
	}
	type resultDescription struct {
		ID            string   `json:"id"`
		Type          []string `json:"type"`
		Name          string   `json:"name"`
		ResultType    string   `json:"resultType"`
		AllowedValue  []string `json:"allowedValue"`
		RequiredValue string   `json:"requiredValue"`
	}
	type result struct {
		Type        []string `json:"type"`
		Description string   `json:"resultDescription"`
		Value       string   `json:"value"`
	}
	type achievement struct {
		ID                string              `json:"id"`
		Type              []string            `json:"type"`
		AchievementType   string              `json:"achievementType"`
		Name              string              `json:"name"`
		Description       string              `json:"description"`
		Criteria          criteria            `json:"criteria"`
		Image             image               `json:"image"`
		Tag               []string            `json:"tag"`
		Creator           profile             `json:"creator"`
		Alignment         []alignment         `json:"alignment"`
		ResultDescription []resultDescription `json:"resultDescription"`
	}
	type subject struct {
		Type          []string    `json:"type"`
		Identifier    []identity  `json:"identifier"`
		Start         string      `json:"activityStartDate"`
		End           string      `json:"activityEndDate"`
		CreditsEarned float64     `json:"creditsEarned"`
		Achievement   achievement `json:"achievement"`
		Result        []result    `json:"result"`
	}
	type evidence struct {
		ID          string   `json:"id"`
		Type        []string `json:"type"`
		Name        string   `json:"name"`
		Description string   `json:"description"`
		Genre       string   `json:"genre"`
		Narrative   string   `json:"narrative"`
	}
	type entry struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Purpose string `json:"statusPurpose"`
		Index   string `json:"statusListIndex"`
		List    string `json:"statusListCredential"`
	}
	const (
		site   = "https://badges.example.edu/"
		course = site + "achievements/ada-2"
		grade  = "urn:uuid:f6ab24cd-86e8-4eaf-b8c6-ded74e8fd41c"
		name   = "Applied Data Analysis - Level 2"
		school = "Example University"
	)
	var alignments []alignment
	for n := range max(items, 2) {
		alignments = append(alignments, alignment{
			Type: []string{"Alignment"}, Code: fmt.Sprintf("ESCO-%d", 1000+n), Name: fmt.Sprintf("Perform data analysis %d", n),
			Description: "Collect data and statistics to test and evaluate.", Framework: "ESCO v1.2", TargetType: "CFItem",
			URL: fmt.Sprintf("https://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc%d", n),
		})
	}
	var pieces []evidence
	for n := range items {
		pieces = append(pieces, evidence{
			ID: fmt.Sprintf("%sevidence/%d", site, 88010+n), Type: []string{"Evidence"}, Name: fmt.Sprintf("Project report %d", n),
			Description: fmt.Sprintf("Notebook and written report of graded project %d.", n), Genre: "Report",
			Narrative: "The learner analysed open traffic data and reported the results.",
		})
	}
	badge := struct {
		Context     []string   `json:"@context"`
		ID          string     `json:"id"`
		Type        []string   `json:"type"`
		Name        string     `json:"name"`
		Description string     `json:"description"`
		Issuer      profile    `json:"issuer"`
		ValidFrom   string     `json:"validFrom"`
		ValidUntil  string     `json:"validUntil"`
		Subject     subject    `json:"credentialSubject"`
		Evidence    []evidence `json:"evidence"`
		Status      entry      `json:"credentialStatus"`
	}{
		Context: []string{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		ID:      site + "credentials/3f2a8c1e-6d54-4f0b-9a31-0c7be1f4d2aa", Type: []string{"VerifiableCredential", "OpenBadgeCredential"}, Name: name,
		Description: "Awarded to learners who complete the applied data analysis course with a passing grade.",
		Issuer: profile{ID: BadgeIssuer, Type: []string{"Profile"}, Name: school, URL: "https://www.example.edu/", Email: "badges@example.edu",
			Image: &image{ID: site + "img/issuer.png", Type: "Image", Caption: school + " crest"}},
		ValidFrom: "2026-01-15T09:30:00Z", ValidUntil: "2031-01-15T09:30:00Z",
		Subject: subject{Type: []string{"AchievementSubject"},
			Identifier: []identity{{Type: "IdentityObject", IdentityHash: "sha256$c7ef86405ba71b85acd8e2e95166c4b111448089f2e1599f42fe1bba46e865c5",
				IdentityType: "emailAddress", Hashed: true, Salt: "deadsea"}},
			Start: "2025-09-01T00:00:00Z", End: "2025-12-19T00:00:00Z", CreditsEarned: 6.5,
			Achievement: achievement{ID: course, Type: []string{"Achievement"}, AchievementType: "Course", Name: name,
				Description: "The learner can clean, model and present a data set of moderate size and defend the choices made.",
				Criteria: criteria{ID: course + "/criteria",
					Narrative: "To earn this badge the learner passes **three graded projects** and a final oral examination, each with at least 60 %."},
				Image: image{ID: course + "/image.png", Type: "Image", Caption: "A blue shield with a bar chart"},
				Tag:   []string{"statistics", "data analysis", "python"}, Creator: profile{ID: BadgeIssuer, Type: []string{"Profile"}, Name: school},
				Alignment: alignments,
				ResultDescription: []resultDescription{{ID: grade, Type: []string{"ResultDescription"}, Name: "Final grade", ResultType: "LetterGrade",
					AllowedValue: []string{"A", "B", "C", "D", "F"}, RequiredValue: "C"}}},
			Result: []result{{Type: []string{"Result"}, Description: grade, Value: "A"}}},
		Evidence: pieces,
		Status:   entry{ID: fmt.Sprintf("%s#%d", BadgeList, BadgeListIndex), Type: "BitstringStatusListEntry", Purpose: "revocation", Index: fmt.Sprint(BadgeListIndex), List: BadgeList},
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(badge); err != nil {
		panic(err) // texts and one number
	}
	return bytes.TrimSpace(out.Bytes())
}
