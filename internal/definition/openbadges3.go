package definition

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// openBadges3 reads an Achievement (OB 3.0 B Achievement).
func (r *reader) openBadges3(o *object, source Source) Definition {
	d := Definition{Source: source, Address: o.text("id")}
	in := &d.Input
	in.Name, in.Description, in.Type = o.text("name"), o.text("description"), o.text("achievementType")
	in.Version, in.Language, in.Tags = o.text("version"), o.text("inLanguage"), o.texts("tag")
	in.CriteriaURL, in.Criteria = o.criteria()
	if d.Address != "" && strings.HasPrefix(in.CriteriaURL, d.Address+"#") { // of the page that it stands on
		if in.Criteria != "" {
			in.CriteriaURL = ""
		}
	}
	in.Image, in.ImageCaption = o.picture("image")
	in.Creator = o.creator("creator")
	in.Alignments = o.alignments("alignment")
	in.Results = o.results("resultDescription", d.Address)
	for _, related := range o.members("related", strconv.Itoa) {
		in.Related = append(in.Related, credential.Related{ID: related.text("id"), InLanguage: related.text("inLanguage"), Version: related.text("version")})
		related.ignore("type")
		related.rest()
	}
	in.CreditsAvailable, in.FieldOfStudy, in.Specialization = o.number("creditsAvailable"), o.text("fieldOfStudy"), o.text("specialization")
	in.HumanCode = o.text("humanCode")
	for _, other := range o.members("otherIdentifier", strconv.Itoa) {
		in.OtherIdentifiers = append(in.OtherIdentifiers, credential.Identifier{Type: other.text("identifierType"), Value: other.text("identifier")})
		other.ignore("type")
		other.rest()
	}
	for _, name := range []string{"endorsement", "endorsementJwt"} {
		if says(o.take(name)) {
			r.note(o.pointer(name), "Endorsements are about the achievement at its address there: ask for new ones.")
		}
	}
	o.ignore("@context", "type")
	if source == SourceOpenBadges3 {
		o.rest()
	}
	return d
}

// addressOrText tells an address from a text.
func addressOrText(text string) (address, narrative string) {
	if trimmed := strings.TrimSpace(text); !strings.ContainsAny(trimmed, " \n\t<") && (strings.HasPrefix(trimmed, "https://") || strings.HasPrefix(trimmed, "http://")) {
		return trimmed, ""
	}
	return "", text
}

// creator reads a profile, or the address of one.
func (o *object) creator(name string) issuer.Creator {
	if address, is := o.value[name].(string); is {
		o.take(name)
		if address != "" {
			o.r.note(o.pointer(name), "It is named by an address alone ("+address+"): fill in the name where that is somebody else than you.")
		}
		return issuer.Creator{}
	}
	p := o.member(name)
	if p == nil {
		return issuer.Creator{}
	}
	c := issuer.Creator{Name: p.text("name"), ID: p.text("id"), URL: p.text("url"), Description: p.text("description")}
	if c.ID == c.URL || !strings.Contains(c.ID, ":") {
		c.ID = ""
	}
	p.ignore("type", "docId", "@context")
	p.rest()
	if c.Name == "" {
		if c != (issuer.Creator{}) {
			o.r.note(o.pointer(name), "It has no name, so it was left out.")
		}
		return issuer.Creator{}
	}
	return c
}

func (o *object) alignments(name string) (all []credential.Alignment) {
	for _, a := range o.members(name, strconv.Itoa) {
		one := credential.Alignment{TargetName: a.text("targetName"), TargetURL: a.text("targetUrl"), TargetCode: a.text("targetCode"),
			TargetDescription: a.text("targetDescription"), TargetFramework: a.text("targetFramework"), TargetType: a.text("targetType")}
		a.ignore("type", "id", "docId")
		a.rest()
		all = append(all, one)
	}
	return all
}

// results reads the rubric. The ids of its parts become short names, as the achievement gets another address here.
func (o *object) results(name, address string) (all []credential.ResultDescription) {
	names, taken := map[string]string{}, map[string]bool{}
	short := func(id, otherwise string) string {
		candidate := id[strings.LastIndexByte(id, '#')+1:]
		if address == "" || !strings.HasPrefix(id, address+"#") || !shortName(candidate) || taken[candidate] {
			candidate = otherwise
		}
		for n := 2; taken[candidate]; n++ {
			candidate = fmt.Sprintf("%s-%d", otherwise, n)
		}
		taken[candidate] = true
		if id != "" && names[id] == "" {
			names[id] = candidate
		}
		return candidate
	}
	for i, d := range o.members(name, strconv.Itoa) {
		one := credential.ResultDescription{Name: d.text("name"), ResultType: d.text("resultType"), AllowedValues: d.texts("allowedValue"),
			RequiredLevel: d.text("requiredLevel"), RequiredValue: d.text("requiredValue"), ValueMin: d.text("valueMin"), ValueMax: d.text("valueMax"),
			Alignments: d.alignments("alignment")}
		one.ID = short(d.text("id"), fmt.Sprintf("result-%d", i+1))
		for j, l := range d.members("rubricCriterionLevel", strconv.Itoa) {
			level := credential.RubricCriterionLevel{ID: short(l.text("id"), fmt.Sprintf("%s-level-%d", one.ID, j+1)), Name: l.text("name"),
				Level: l.text("level"), Points: l.text("points"), Description: l.text("description"), Alignments: l.alignments("alignment")}
			if level.Name == "" {
				level.Name, level.Level = level.Level, ""
			}
			l.ignore("type", "docId", "resultDescriptionId")
			l.rest()
			one.Levels = append(one.Levels, level)
		}
		if required := one.RequiredLevel; required != "" {
			if one.RequiredLevel = names[required]; one.RequiredLevel == "" {
				d.r.note(d.pointer("requiredLevel"), "The level that is required is not one of the levels, so it was left out.")
			}
		}
		if one.ResultType == "" {
			one.ResultType = "Result"
			if len(one.Levels) > 0 {
				one.ResultType = "RubricCriterion"
			}
		}
		d.ignore("type", "docId", "achievementId", "alignmentIds", "questionType", "uiPlacement", "requireFile")
		d.rest()
		all = append(all, one)
	}
	return all
}

func shortName(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}
