package issuer

import (
	"fmt"
	"math"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// About is what an achievement says of itself beside what Open Badges 3.0 has words for. It is public, stands on the page of the
// achievement and in its export, and is no part of what is signed.
type About struct {
	// After Digital Promise: what a teacher has to know before starting.
	Competency string     `json:"competency,omitempty"` // what the earner can do
	Method     string     `json:"method,omitempty"`     // the key method, Markdown
	Components string     `json:"components,omitempty"` // of the method, Markdown
	Research   []Citation `json:"research,omitempty"`   // that supports it
	Resources  []Citation `json:"resources,omitempty"`  // to learn from
	Submission string     `json:"submission,omitempty"` // what to hand in, Markdown

	// After edubadges: how it was assessed and by whom that is vouched for.
	Assessment     string  `json:"assessment,omitempty"`    // how it is assessed, such as a portfolio
	Participation  string  `json:"participation,omitempty"` // online, on site, blended
	Supervised     bool    `json:"supervised,omitempty"`    // the assessment is supervised
	IdentityProof  bool    `json:"identityProof,omitempty"` // who earns it is checked
	Hours          float64 `json:"hours,omitempty"`         // of work that it takes on average
	Level          string  `json:"level,omitempty"`         // of a framework of qualifications, such as EQF 7
	Quality        string  `json:"quality,omitempty"`       // who assures its quality
	QualityURL     string  `json:"qualityUrl,omitempty"`
	QualityAccount string  `json:"qualityAccount,omitempty"` // how it is assured
	Stackable      bool    `json:"stackable,omitempty"`      // it counts towards others
}

// Citation names something to read.
type Citation struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"` // https or http
	Note  string `json:"note,omitempty"`
}

const longestWork = 100_000 // hours of work

func (a About) check() error {
	what := func(member string) string { return "/about/" + member }
	err := firstError(
		checkProse("about", what("competency"), "The competency", a.Competency),
		checkProse("about", what("method"), "The method", a.Method),
		checkProse("about", what("components"), "The text on the components of the method", a.Components),
		checkProse("about", what("submission"), "The text on what to hand in", a.Submission),
		checkProse("about", what("assessment"), "The text on the assessment", a.Assessment),
		checkLine("about", what("participation"), "The way of taking part", a.Participation, longestPhrase),
		checkLine("about", what("level"), "The level", a.Level, longestPhrase),
		checkLine("about", what("quality"), "The name of who assures the quality", a.Quality, longestPhrase),
		checkLink("about", what("qualityUrl"), "The address of who assures the quality", a.QualityURL),
		checkProse("about", what("qualityAccount"), "The text on how the quality is assured", a.QualityAccount),
		checkCitations("research", "Research", a.Research), checkCitations("resources", "Resource", a.Resources),
	)
	if err == nil && (math.IsNaN(a.Hours) || a.Hours < 0 || a.Hours > longestWork) {
		err = wrongField("about", what("hours"), "The hours have to be a number from 0 to %d.", longestWork)
	}
	return err
}

func checkCitations(member, name string, all []Citation) error {
	if err := checkCount("about", "/about/"+member, "entries under "+member, len(all), mostCitations); err != nil {
		return err
	}
	for i, c := range all {
		at, what := fmt.Sprintf("/about/%s/%d", member, i), fmt.Sprintf("%s %d", name, i+1)
		err := firstError(
			checkLine("about", at+"/title", what+": its title", c.Title, longestPhrase),
			checkLink("about", at+"/url", what+": its address", c.URL),
			checkProse("about", at+"/note", what+": the note", c.Note),
		)
		if err == nil && strings.TrimSpace(c.Title) == "" {
			err = wrongField("about", at+"/title", "%s needs a title.", what)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c Creator) check() error {
	if c == (Creator{}) {
		return nil
	}
	switch {
	case strings.TrimSpace(c.Name) == "":
		return wrongField("creator", "/creator/name", "The creator needs a name.")
	case c.ID == "" && c.URL == "":
		return wrongField("creator", "/creator/id", "The creator needs a web address or an identifier.")
	case c.ID != "" && (len(c.ID) > longestLink || !isWebAddress(c.ID) && !strings.HasPrefix(c.ID, "did:") && !strings.HasPrefix(c.ID, "urn:")):
		return wrongField("creator", "/creator/id", "The identifier of the creator has to begin with https://, http://, did: or urn:.")
	}
	return firstError(
		checkLine("creator", "/creator/name", "The name of the creator", c.Name, longestName),
		checkLink("creator", "/creator/url", "The address of the creator", c.URL),
		checkProse("creator", "/creator/description", "The description of the creator", c.Description),
	)
}

// party is the creator as a badge names it; nil is none.
func (c Creator) party() *credential.Party {
	if c == (Creator{}) {
		return nil
	}
	p := &credential.Party{ID: c.ID, Name: strings.TrimSpace(c.Name), URL: c.URL, Description: c.Description}
	if p.ID == "" {
		p.ID = c.URL
	}
	return p
}
