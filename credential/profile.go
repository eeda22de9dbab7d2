package credential

import "slices"

// Profile says which documents are expected. The zero value is the stricter one.
type Profile int

const (
	OpenBadges            Profile = iota // an AchievementCredential or EndorsementCredential of Open Badges 3.0, contexts by address only
	VerifiableCredentials                // any W3C Verifiable Credential; contexts may be objects
)

// String returns the name of the profile on the command line and in the API: openbadges or vc.
func (p Profile) String() string {
	if p == VerifiableCredentials {
		return "vc"
	}
	return "openbadges"
}

// Check judges a credential by the rules of its data model: VC Data Model 2.0 or 1.1 (by its first context), and in profile
// [OpenBadges] the classes of Open Badges 3.0 in the form of the published JSON Schema, with what their text demands beyond it.
// It returns nil when every rule holds, and otherwise at most 32 failures and 32 warnings. A problem with Warning set leaves
// the document standing. Endorsements are judged by themselves: call Check for each.
//
// Not judged are signatures, the meaning of terms (JSON-LD), documents behind credentialSchema, status entries, and whether the
// dates hold today.
func Check(c *Credential, profile Profile) []Problem {
	badge := profile == OpenBadges
	suffix := ""
	if c.DataModel == DataModel11 {
		suffix = "v1p1"
	}
	w := &walk{classes: verifiable, legacy: c.DataModel == DataModel11, clause: clauseVC}
	if badge && c.Kind != KindAchievement && c.Kind != KindEndorsement {
		w.fail("/type", "OB 3.0 B AchievementCredential", "the document is not an Open Badge")
		badge = false
	}
	w.contexts(c, badge)
	if badge {
		w.classes, w.clause = openBadges, clauseOB
		w.object(c.Kind+suffix, c.value)
		w.badge(c)
	} else {
		w.object(KindOther+suffix, c.value)
		w.parts(c)
	}
	w.dates(c)
	return w.problems
}

func clauseOB(class, _ string) string { return "OB 3.0 B " + class }

func clauseVC(class, property string) string {
	if class == KindOther+"v1p1" {
		return "VCDM 1.1 4"
	}
	if section := sections[property]; section != "" && class == KindOther {
		return "VCDM 2.0 " + section
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

// parts checks what the table of the W3C classes cannot say: a subject makes at least one claim (VCDM 2.0 section 4.8), and a
// related resource has a digest and is listed once (section 5.3).
func (w *walk) parts(c *Credential) {
	for _, subject := range parts(c.value, "", "credentialSubject") {
		if len(subject.Value) == 0 {
			w.fail(subject.Pointer, "VCDM 2.0 4.8", "a subject has no claim")
		}
	}
	var seen []string
	for _, resource := range parts(c.value, "", "relatedResource") {
		id := text(resource.Value["id"])
		if slices.Contains(seen, id) {
			w.fail(resource.Pointer+"/id", "VCDM 2.0 5.3", "a related resource is listed twice")
		}
		seen = append(seen, id)
		if resource.Value["digestSRI"] == nil && resource.Value["digestMultibase"] == nil {
			w.fail(resource.Pointer, "VCDM 2.0 5.3", "a related resource has no digest")
		}
	}
}

// badge checks what the classes of Open Badges say in prose only.
func (w *walk) badge(c *Credential) {
	if slices.Contains(c.Types, KindEndorsement) && c.Kind == KindAchievement {
		w.report(Problem{Pointer: "/type", Code: CodeAmbiguous, Clause: "OB 3.0 B AchievementCredential",
			Detail: "the document claims to be a badge and an endorsement at once"})
	}
	subject, ok := c.value["credentialSubject"].(map[string]any)
	if !ok || c.Kind != KindAchievement {
		return
	}
	if c.Subject.ID == "" && len(c.Subject.Identifiers) == 0 {
		w.report(Problem{Pointer: "/credentialSubject", Code: CodeNoRecipient, Clause: "OB 3.0 B AchievementSubject", Warning: true,
			Detail: "this badge names no recipient by identifier: anyone can present it"})
	}
	achievement, ok := subject["achievement"].(map[string]any)
	if !ok {
		return
	}
	const at = "/credentialSubject/achievement"
	if criteria, ok := achievement["criteria"].(map[string]any); ok && text(criteria["id"]) == "" && len(values(criteria["narrative"])) == 0 {
		w.fail(at+"/criteria", "OB 3.0 B Criteria", "the criteria have neither an address nor a text")
	}
	descriptions := parts(achievement, at, "resultDescription")
	levels := make([]map[string]bool, len(descriptions)) // ids of the rubric of each description
	for i, description := range descriptions {
		levels[i] = map[string]bool{}
		for _, level := range parts(description.Value, "", "rubricCriterionLevel") {
			levels[i][text(level.Value["id"])] = true
		}
		if level := text(description.Value["requiredLevel"]); level != "" && !levels[i][level] {
			w.fail(description.Pointer+"/requiredLevel", "OB 3.0 B ResultDescription", "the required level is not one of the rubric")
		}
	}
	for _, result := range parts(subject, "/credentialSubject", "result") {
		w.result(result, descriptions, levels)
	}
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
