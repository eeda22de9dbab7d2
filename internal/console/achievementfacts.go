package console

import (
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// facts collects those that are there.
type facts []fact

func (f *facts) text(label, text string) {
	if text != "" {
		*f = append(*f, fact{Label: label, Text: text})
	}
}

// long takes a text that may have several lines. It is shown as it was written, and not set.
func (f *facts) long(label, text string) {
	if text != "" {
		*f = append(*f, fact{Label: label, Text: text, Long: true})
	}
}

// markdown takes a text in Markdown.
func (f *facts) markdown(label, text string) {
	if text != "" {
		*f = append(*f, fact{Label: label, Text: text, Markdown: true})
	}
}

// link takes a text with an address; one that is none is shown as text.
func (f *facts) link(label, text, address string) {
	if text == "" {
		text = address
	}
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		address = ""
	}
	if text != "" {
		*f = append(*f, fact{Label: label, Text: text, Link: address})
	}
}

// achievementFacts are everything that is known of an achievement, in the order of its form.
func achievementFacts(a issuer.Achievement) []factGroup {
	c := a.Content
	var groups []factGroup
	group := func(id, title string, fill func(*facts)) {
		var found facts
		fill(&found)
		if len(found) > 0 {
			groups = append(groups, factGroup{id, title, found})
		}
	}
	group("what", "What it is", func(f *facts) {
		f.long("Description", c.Description)
		f.text("Version", c.Version)
		f.text("Language", c.InLanguage)
		f.text("Tags", strings.Join(c.Tags, ", "))
		f.text("Field of study", c.FieldOfStudy)
		f.text("Specialization", c.Specialization)
		f.text("Code", c.HumanCode)
		f.text("Hours or credits of the definition", numberOf(c.CreditsAvailable))
		if c.Creator != nil {
			f.link("Defined by", c.Creator.Name, c.Creator.URL)
		}
		for _, r := range c.Related {
			f.link("Related", "", r.ID)
		}
		for _, i := range c.OtherIdentifiers {
			f.text("Also known as", i.Type+" "+i.Value)
		}
	})
	group("earned", "How it is earned", func(f *facts) {
		f.markdown("Criteria", c.Criteria.Narrative)
		f.link("Published at", "", c.Criteria.ID)
	})
	group("rubric", "Rubric", func(f *facts) {
		for _, d := range c.ResultDescriptions {
			f.long(orWord(d.Name, "A result"), rubricText(d))
		}
	})
	group("aligned", "Aligned with", func(f *facts) {
		for _, l := range c.Alignments {
			f.link(orWord(l.TargetFramework, "Alignment"), strings.TrimSpace(l.TargetCode+" "+l.TargetName), l.TargetURL)
		}
	})
	group("about", "Before somebody starts", func(f *facts) {
		f.long("Competency", a.About.Competency)
		f.markdown("Key method", a.About.Method)
		f.markdown("Components of the method", a.About.Components)
		for _, r := range a.About.Research {
			f.link("Research", r.Title, r.URL)
		}
		for _, r := range a.About.Resources {
			f.link("Resource", r.Title, r.URL)
		}
		f.markdown("What to hand in", a.About.Submission)
	})
	group("quality", "Quality", func(f *facts) {
		f.text("Assessed by", a.About.Assessment)
		f.text("Participation", a.About.Participation)
		f.text("Hours of work", numberOf(a.About.Hours))
		f.text("Level", a.About.Level)
		f.link("Quality assured by", a.About.Quality, a.About.QualityURL)
		f.long("How", a.About.QualityAccount)
		for _, yes := range []struct {
			is   bool
			text string
		}{{a.About.Supervised, "The assessment is supervised"}, {a.About.IdentityProof, "Who earns it is checked"}, {a.About.Stackable, "It counts towards others"}} {
			if yes.is {
				f.text(yes.text, "yes")
			}
		}
	})
	group("settings", "Settings", func(f *facts) {
		f.text("Somebody is awarded it again", map[issuer.DuplicatePolicy]string{issuer.DuplicatesReplaced: "the new award takes the place of the old one",
			issuer.DuplicatesRefused: "refused"}[a.Duplicates])
		if a.Months > 0 {
			f.text("An award ends after", counted(a.Months, "1 month", "%d months"))
		}
		if a.Renewable {
			f.text("Awards can be renewed", "yes")
		}
	})
	return groups
}

func orWord(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// rubricText writes the levels or values of a result, one in a line.
func rubricText(d credential.ResultDescription) string {
	var lines []string
	for _, l := range d.Levels {
		line := orWord(l.Name, l.Level)
		if l.Points != "" {
			line += " (" + l.Points + ")"
		}
		if l.ID == d.RequiredLevel {
			line += ", required"
		}
		if l.Description != "" {
			line += ": " + l.Description
		}
		lines = append(lines, line)
	}
	if len(d.AllowedValues) > 0 {
		lines = append(lines, "From low to high: "+strings.Join(d.AllowedValues, ", "))
	}
	if d.ValueMin != "" || d.ValueMax != "" {
		lines = append(lines, "From "+orWord(d.ValueMin, "any")+" to "+orWord(d.ValueMax, "any"))
	}
	if d.RequiredValue != "" {
		lines = append(lines, "Required: "+d.RequiredValue)
	}
	if len(lines) == 0 {
		return d.ResultType
	}
	return strings.Join(lines, "\n")
}
