package definition

import (
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

// mostCitations is how many entries an achievement can have under research, and under resources.
const mostCitations = 50

// badgeEngine reads an achievement as Badge Engine of Digital Promise keeps or exports it: like Open Badges 3.0, with rich text, an
// extension for assessments, and answers that are asked for.
func (r *reader) badgeEngine(o *object) Definition {
	asked := o.asked()
	d := r.openBadges3(o, SourceBadgeEngine)
	in := &d.Input
	in.Description, in.Criteria = markdown(in.Description), markdown(in.Criteria)
	if in.Type == "EventAttendance" {
		in.Type = "ext:EventAttendance"
	}
	for i := range in.Results {
		for j := range in.Results[i].Levels {
			level := &in.Results[i].Levels[j]
			level.Description = markdown(level.Description)
		}
	}
	in.About.Submission = asked
	extensions := o.members("assessmentExtensions", strconv.Itoa)
	for _, e := range o.members("extensions", strconv.Itoa) {
		extensions = append(extensions, e.members("assessmentExtensions", strconv.Itoa)...)
		e.ignore("id", "achievementId", "type", "@context")
		e.rest()
	}
	for _, e := range append(extensions, o) {
		add := func(to *[]issuer.Citation, name string) {
			text := e.text(name)
			if len(text) > longestRich {
				r.note(e.pointer(name), "The text is too long: only the beginning was taken.")
			}
			for _, c := range citations(text) {
				if len(*to) == mostCitations {
					r.note(e.pointer(name), "There are more entries than an achievement can have; the first were taken.")
					break
				}
				if !slices.Contains(*to, c) { // the same extension stands in two places
					*to = append(*to, c)
				}
			}
		}
		add(&in.About.Research, "supportingResearchAndRationale")
		add(&in.About.Resources, "resources")
		if e != o {
			e.ignore("id", "achievementId", "extensionsId", "type", "context", "@context", "credentialSchema")
			e.rest()
		}
	}
	if validity := o.member("validFor"); validity != nil {
		in.Months = validity.months()
	}
	o.leave("What Badge Engine keeps for itself was left out", "docId", "_id", "createdAt", "updatedAt", "creatorId", "imageId", "alignmentIds",
		"isPublic", "validityId")
	o.rest()
	return d
}

// months reads how long an award is valid.
func (o *object) months() int {
	period := o.member("specifiedPeriod")
	never := o.flag("neverExpires")
	o.ignore("id")
	o.rest()
	if period == nil || never {
		return 0
	}
	n, unit := int(period.number("numberInput")), period.text("duration")
	period.ignore("id")
	period.rest()
	switch unit {
	case "YEARS":
		return 12 * n
	case "MONTHS":
		return n
	}
	o.r.note(o.at, "Awards end after "+strconv.Itoa(n)+" "+strings.ToLower(unit)+", which cannot be said in months: set how long they are valid.")
	return 0
}

// asked says in Markdown which answers are to be handed in.
func (o *object) asked() string {
	places := map[string]string{"Overview": "Overview", "WorkExample": "Work example", "Reflection": "Reflection"}
	var lines []string
	list, _ := o.value["resultDescription"].([]any)
	for i, v := range list {
		value, _ := v.(map[string]any)
		d := o.r.object(value, o.pointer("resultDescription")+"/"+strconv.Itoa(i))
		place, kind := places[d.text("uiPlacement")], ""
		switch d.text("questionType") {
		case "FILEQUESTION":
			kind = "a file"
		case "TEXTQUESTION":
			kind = "a text"
		}
		if file, is := value["requireFile"].(bool); is {
			kind = map[bool]string{true: "a file", false: "a text"}[file]
		}
		if place == "" && kind == "" {
			continue
		}
		line := "- " + escape(d.text("name"))
		if kind != "" {
			line += " (" + kind + ")"
		}
		if place != "" {
			line = "- " + place + ": " + strings.TrimPrefix(line, "- ")
		}
		lines = append(lines, line)
	}
	if lines == nil {
		return ""
	}
	return "To hand in:\n\n" + strings.Join(lines, "\n")
}
