package credential

import (
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Profile says which documents are expected. The zero value is the stricter one.
type Profile int

const (
	// OpenBadges expects an AchievementCredential or EndorsementCredential of Open Badges 3.0, a ClrCredential of CLR 2.0, or
	// a presentation around such credentials; contexts by address only.
	OpenBadges Profile = iota
	// VerifiableCredentials expects any W3C Verifiable Credential or presentation; contexts may be objects.
	VerifiableCredentials
)

// String returns the name of the profile on the command line and in the API: openbadges or vc.
func (p Profile) String() string {
	if p == VerifiableCredentials {
		return "vc"
	}
	return "openbadges"
}

// Check judges a credential or presentation by the rules of its data model: VC Data Model 2.0 or 1.1 (by its first context), and
// in profile [OpenBadges] the classes of Open Badges 3.0 and CLR 2.0 in the form of the published JSON Schemas, with what their
// text demands beyond them. Digests of the built-in contexts and of data: URLs are compared with what they are of.
// It returns nil when every rule holds, and otherwise at most 32 failures and 32 warnings. A problem with Warning set leaves
// the document standing. Of an envelope only [OpenEnvelope] is asked. Endorsements, and the credentials inside a presentation or
// CLR, are judged by themselves: call Check for each.
//
// Not judged are signatures, the meaning of terms (JSON-LD), documents behind credentialSchema, status entries, and whether the
// dates hold today.
func Check(c *Credential, profile Profile) []Problem {
	w := &walk{classes: verifiable, legacy: c.DataModel == DataModel11, clause: clauseVC}
	if c.Kind == KindEnvelopedCredential || c.Kind == KindEnvelopedPresentation {
		if _, _, err := OpenEnvelope(c.value); err != nil {
			w.report(*err.(*Problem)) // as OpenEnvelope says
		}
		return w.problems
	}
	w.holds = scan(c.value)
	suffix := ""
	if c.DataModel == DataModel11 {
		suffix = "v1p1"
	}
	badge := profile == OpenBadges && (c.Kind == KindAchievement || c.Kind == KindEndorsement || c.Kind == KindCLR)
	if profile == OpenBadges && !badge && c.Kind != KindPresentation {
		w.fail("/type", "OB 3.0 B AchievementCredential", "the document is not an Open Badge")
	}
	w.oneKind(c, badge)
	w.bounded(c)
	w.contexts(c, badge || profile == OpenBadges && c.Kind == KindPresentation)
	switch {
	case c.Kind == KindPresentation:
		w.object(KindPresentation+suffix, c.value)
		w.presentation(c, profile)
	case badge:
		w.classes, w.clause = openBadges, clauseOB
		w.object(c.Kind+suffix, c.value)
		w.badge(c)
		w.classes, w.clause = verifiable, clauseVC
		w.object("Resources", c.value)
	default:
		w.object(KindOther+suffix, c.value)
		w.subjects(c)
	}
	w.resources(c)
	w.dates(c)
	return w.problems
}

// oneKind checks that a document is of one kind: not a credential and a presentation at once, nor, as a badge, two of the
// credentials of Open Badges and CLR. Readers that look for either would each find another document.
func (w *walk) oneKind(c *Credential, badge bool) {
	for _, k := range kinds {
		switch {
		case k.kind == c.Kind || !slices.Contains(c.Types, k.typ):
		case c.Kind == KindPresentation, badge && k.kind != KindOther:
			w.report(Problem{Pointer: "/type", Code: CodeAmbiguous, Clause: "VCDM 2.0 4.5",
				Detail: "the document claims to be of two kinds at once: " + c.Kind + " and " + k.kind})
			return
		}
	}
}

func clauseOB(class, _ string) string {
	if class == "Association" || strings.HasPrefix(class, "Clr") {
		return "CLR 2.0 " + class
	}
	return "OB 3.0 B " + class
}

func clauseVC(class, property string) string {
	switch class {
	case KindOther + "v1p1":
		return "VCDM 1.1 4"
	case KindPresentation, "Holder":
		return "VCDM 2.0 4.13"
	case KindPresentation + "v1p1":
		return "VCDM 1.1 4.10"
	case "Resources", "RelatedResource":
		return "VCDM 2.0 5.3"
	case KindOther:
		if section := sections[property]; section != "" {
			return "VCDM 2.0 " + section
		}
	}
	return "VCDM 2.0 4, 5"
}

// dates checks that validity does not end before it begins (VCDM 2.0 section 4.9).
func (w *walk) dates(c *Credential) {
	from, errFrom := ParseDateTime(c.ValidFrom)
	until, errUntil := ParseDateTime(c.ValidUntil)
	if errFrom == nil && errUntil == nil && until.Before(from) {
		_, name := dateNames(c.DataModel)
		w.fail("/"+name, "VCDM 2.0 4.9", "the credential ends before it begins")
	}
}

// subjects checks that each subject makes at least one claim (VCDM 2.0 section 4.8).
func (w *walk) subjects(c *Credential) {
	for _, subject := range parts(c.value, "", "credentialSubject") {
		if len(subject.Value) == 0 {
			w.fail(subject.Pointer, "VCDM 2.0 4.8", "a subject has no claim")
		}
	}
}

// resources checks what the table of the W3C classes cannot say of digests (VCDM 2.0 section 5.3): a related resource has one and
// is listed once, and a digest fits what it is of, where that is at hand.
func (w *walk) resources(c *Credential) {
	if related := parts(c.value, "", "relatedResource"); len(related) > 0 {
		seen := map[string]bool{}
		for _, resource := range related {
			id := text(resource.Value["id"])
			if seen[id] {
				w.fail(resource.Pointer+"/id", clauseDigest, "a related resource is listed twice")
			}
			seen[id] = true
			if resource.Value["digestSRI"] == nil && resource.Value["digestMultibase"] == nil {
				w.fail(resource.Pointer, clauseDigest, "a related resource has no digest")
			}
		}
	}
	if w.holds.digests {
		w.eachObject(c, c.value, w.digests)
	}
}

// badge checks what the classes of Open Badges and CLR say in prose only.
func (w *walk) badge(c *Credential) {
	subject, ok := c.value["credentialSubject"].(map[string]any)
	if !ok || c.Kind == KindEndorsement {
		return
	}
	const at = "/credentialSubject"
	if c.Subject.ID == "" && len(c.Subject.Identifiers) == 0 {
		class, detail := "OB 3.0 B AchievementSubject", "this badge names no recipient by identifier: anyone can present it"
		if c.Kind == KindCLR {
			class, detail = "CLR 2.0 ClrSubject", "this record names no learner by identifier: anyone can present it"
		}
		w.report(Problem{Pointer: at, Code: CodeNoRecipient, Clause: class, Warning: true, Detail: detail})
	}
	if c.Kind == KindCLR {
		for _, achievement := range parts(subject, at, "achievement") {
			w.achievement(achievement)
		}
		w.record(c)
		return
	}
	achievement, ok := subject["achievement"].(map[string]any)
	if !ok {
		return
	}
	descriptions, levels := w.achievement(Part{Pointer: at + "/achievement", Value: achievement})
	for _, result := range parts(subject, at, "result") {
		w.result(result, descriptions, levels)
	}
}

// achievement checks one achievement, and gives the descriptions of its results with the ids of the rubric of each.
func (w *walk) achievement(achievement Part) (descriptions []Part, levels []map[string]bool) {
	if criteria, ok := achievement.Value["criteria"].(map[string]any); ok && text(criteria["id"]) == "" && len(strict.Values(criteria["narrative"])) == 0 {
		w.fail(achievement.Pointer+"/criteria", "OB 3.0 B Criteria", "the criteria have neither an address nor a text")
	}
	descriptions = parts(achievement.Value, achievement.Pointer, "resultDescription")
	levels = make([]map[string]bool, len(descriptions))
	for i, description := range descriptions {
		levels[i] = map[string]bool{}
		for _, level := range parts(description.Value, "", "rubricCriterionLevel") {
			levels[i][text(level.Value["id"])] = true
		}
		if level := text(description.Value["requiredLevel"]); level != "" && !levels[i][level] {
			w.fail(description.Pointer+"/requiredLevel", "OB 3.0 B ResultDescription", "the required level is not one of the rubric")
		}
	}
	return descriptions, levels
}

// result checks the links of one result to the descriptions in the achievement and the levels of their rubrics (OB 3.0 B Result).
func (w *walk) result(result Part, descriptions []Part, levels []map[string]bool) {
	const clause = "OB 3.0 B Result"
	linked := levels
	if id := text(result.Value["resultDescription"]); id != "" {
		i := slices.IndexFunc(descriptions, func(d Part) bool { return text(d.Value["id"]) == id })
		if i < 0 {
			w.fail(result.Pointer+"/resultDescription", clause, "the result belongs to no result description of the achievement")
			return
		}
		linked = levels[i : i+1]
		if text(descriptions[i].Value["resultType"]) == "Status" && result.Value["status"] == nil {
			w.fail(result.Pointer+"/status", clause, "the result has no status, which its description asks for")
		}
	}
	level := text(result.Value["achievedLevel"])
	reached := func(rubric map[string]bool) bool { return rubric[level] }
	switch {
	case level == "" || slices.ContainsFunc(linked, reached):
	case slices.ContainsFunc(levels, reached): // as in the complete example of the specification itself
		w.warn(result.Pointer+"/achievedLevel", clause, "the level is one of another rubric than that of the result")
	default:
		w.fail(result.Pointer+"/achievedLevel", clause, "the level is not one of a rubric of the achievement")
	}
}
