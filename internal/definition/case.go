package definition

import (
	"fmt"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/credential"
)

// longestTarget is how many characters of a statement stand in the name of an alignment; a longer one is its description.
const longestTarget = 300

// caseFramework reads an item or a package of CASE 1.0 or 1.1 (CASE 1.1, CFItem, CFPackage): what an achievement can be aligned to, and
// rubrics, which are its results.
func (r *reader) caseFramework(o *object) (Definition, error) {
	d := Definition{Source: SourceCASE}
	framework := ""
	if document := o.member("CFDocument"); document != nil {
		framework, d.Address = document.text("title"), document.text("uri")
		document.leave("Of the framework its title was taken, and not the rest", "identifier", "creator", "lastChangeDateTime", "adoptionStatus", "CFPackageURI", "officialSourceURL", "description", "publisher",
			"language", "version", "statusStartDate", "statusEndDate", "licenseURI", "notes", "subject", "subjectURI", "caseVersion", "frameworkType")
		document.rest()
	}
	items := append(o.members("CFItems", anyPlace), o.members("CFItem", anyPlace)...)
	if o.value["fullStatement"] != nil {
		items = append(items, o)
	}
	if len(items) > mostItems {
		return d, fmt.Errorf("reading the framework: it has more than %d items", mostItems)
	}
	for _, item := range items {
		d.Input.Alignments = append(d.Input.Alignments, item.caseItem(framework))
	}
	for i, rubric := range o.members("CFRubrics", anyPlace) {
		for j, criterion := range rubric.members("CFRubricCriteria", anyPlace) {
			d.Input.Results = append(d.Input.Results, criterion.caseCriterion(fmt.Sprintf("rubric-%d-%d", i+1, j+1), framework))
		}
		rubric.leave("Of a rubric the criteria and their levels were taken, and not the rest", "identifier", "uri", "lastChangeDateTime", "CFDocumentURI", "title", "description")
		rubric.rest()
	}
	if len(items) != 1 || items[0] != o {
		o.rest()
	}
	if len(d.Input.Alignments)+len(d.Input.Results) == 0 {
		return d, ErrUnknown
	}
	return d, nil
}

// caseItem reads an item as something to align to.
func (o *object) caseItem(framework string) credential.Alignment {
	a := credential.Alignment{TargetName: o.text("abbreviatedStatement"), TargetURL: o.text("uri"), TargetCode: o.text("humanCodingScheme"),
		TargetDescription: o.text("fullStatement"), TargetFramework: framework, TargetType: "CFItem"}
	if identifier := o.text("identifier"); a.TargetCode == "" {
		a.TargetCode = identifier
	}
	if document := o.member("CFDocumentURI"); document != nil && framework == "" {
		a.TargetFramework = document.text("title")
	}
	if a.TargetName == "" {
		a.TargetName = cut(a.TargetDescription, longestTarget)
	}
	if a.TargetName == a.TargetDescription {
		a.TargetDescription = ""
	}
	o.leave("Of an item the statement, the code and the address were taken, where the rest can be read", "CFItemType", "CFItemTypeURI", "lastChangeDateTime", "CFItemURI", "CFPackageURI", "licenseURI", "statusStartDate", "statusEndDate", "listEnumeration",
		"alternativeLabel", "language", "educationLevel", "conceptKeywords", "conceptKeywordsURI", "notes", "subject", "subjectURI")
	o.rest()
	return a
}

// caseCriterion reads one criterion of a rubric (CASE 1.1, CFRubricCriterion).
func (o *object) caseCriterion(id, framework string) credential.ResultDescription {
	d := credential.ResultDescription{ID: id, Name: o.text("category"), ResultType: "RubricCriterionLevel"}
	description := o.text("description")
	if d.Name == "" {
		d.Name = cut(description, longestTarget)
	}
	if address := o.text("uri"); address != "" {
		d.Alignments = []credential.Alignment{{TargetName: d.Name, TargetURL: address, TargetCode: o.text("identifier"), TargetDescription: description,
			TargetFramework: framework, TargetType: "CFRubricCriterion"}}
	}
	for i, l := range o.members("CFRubricCriterionLevels", anyPlace) {
		level := credential.RubricCriterionLevel{ID: fmt.Sprintf("%s-level-%d", id, i+1), Name: l.text("quality"), Points: l.text("score"), Description: l.text("description")}
		if level.Name == "" {
			level.Name = cut(level.Description, longestTarget)
		}
		l.leave("Of a level the words and the points were taken, and not the rest", "identifier", "uri", "position", "lastChangeDateTime", "rubricCriterionId", "feedback")
		l.rest()
		d.Levels = append(d.Levels, level)
	}
	o.leave("Of a criterion the words and the levels were taken, and not the rest", "identifier", "rubricId", "position", "lastChangeDateTime", "weight", "CFItemURI")
	o.rest()
	return d
}

// cut shortens a text to a number of characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
