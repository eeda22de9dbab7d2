package issuer

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/picture"
)

// Bounds of an achievement. Every award holds all of it twice, and a verifier reads all of it.
const (
	longestPhrase   = 500     // characters of a text on one line
	longestProse    = 20_000  // characters of a text of several lines
	longestTag      = 100     // characters
	longestLink     = 2000    // bytes of a web address
	longestDocument = 256_000 // bytes of all of it, as JSON

	mostTags        = 50
	mostAlignments  = 200 // of the achievement, its results and their levels together
	mostResults     = 50
	mostLevels      = 20 // of one result
	mostValues      = 100
	mostRelated     = 20
	mostIdentifiers = 20
	mostCitations   = 50   // research, or resources
	mostCredits     = 1e6  // credits or hours
	mostMonths      = 1200 // after which an award ends
)

// Names of the picture of an achievement or organisation under its address.
const (
	imageName = "image.png"
	imageSVG  = "image.svg"
)

const defaultType = "MicroCredential"

// atAchievement is where an achievement lies in a badge, for pointers.
const atAchievement = "/credentialSubject/achievement"

// wrongField refuses a field of an achievement. pointer leads to it in the JSON of the achievement.
func wrongField(field, pointer, detail string, values ...any) error {
	detail = fmt.Sprintf(detail, values...)
	return &Error{Kind: KindInvalid, Code: field, Detail: detail, Err: credential.Problems{{
		Pointer: atAchievement + pointer, Code: credential.CodeSchemaInvalid, Clause: "OB 3.0 B Achievement", Detail: detail}}}
}

// checkLine checks a text on one line, that may be missing. what names it at the beginning of a sentence.
func checkLine(field, pointer, what, text string, most int) error {
	switch {
	case !validText(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || turnsText(r) }):
		return wrongField(field, pointer, "%s has to be one line of plain text, without hidden characters.", what)
	case utf8.RuneCountInString(text) > most:
		return wrongField(field, pointer, "%s may have at most %d characters.", what, most)
	}
	return nil
}

// checkProse checks a text of several lines.
func checkProse(field, pointer, what, text string) error {
	switch {
	case !plainText(text):
		return wrongField(field, pointer, "%s has to be plain text, without hidden characters.", what)
	case utf8.RuneCountInString(text) > longestProse:
		return wrongField(field, pointer, "%s may have at most %d characters.", what, longestProse)
	}
	return nil
}

// plainText says that a text of several lines has no characters that nobody sees.
func plainText(text string) bool {
	return validText(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) })
}

// turnsText says whether a character changes the direction of what stands around it, so that a line reads otherwise than it is written.
func turnsText(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// checkLink checks a web address that may be missing.
func checkLink(field, pointer, what, text string) error {
	if text != "" && (len(text) > longestLink || !isWebAddress(text)) {
		return wrongField(field, pointer, "%s has to be a web address that begins with https:// or http://.", what)
	}
	return nil
}

func checkCount(field, pointer, what string, n, most int) error {
	if n > most {
		return wrongField(field, pointer, "There may be at most %d %s.", most, what)
	}
	return nil
}

// firstError returns the first error of some checks, which are all made.
func firstError(checks ...error) error {
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// content checks the input as far as the rules of Open Badges, which the builder knows, do not, gives every part of the rubric its short
// name, and cleans the picture.
func (in AchievementInput) content() (c credential.Achievement, clean []byte, err error) {
	in.Name, in.Description, in.Criteria = plainName(in.Name), strings.TrimSpace(in.Description), strings.TrimSpace(in.Criteria)
	if err := in.check(); err != nil {
		return c, nil, err
	}
	c = credential.Achievement{
		Name: in.Name, Description: in.Description, AchievementType: in.Type, Version: in.Version,
		InLanguage: in.Language, Tags: in.Tags, Alignments: completeAlignments(in.Alignments),
		Criteria: credential.Criteria{ID: in.CriteriaURL, Narrative: in.Criteria},
		Related:  in.Related, CreditsAvailable: in.CreditsAvailable, FieldOfStudy: in.FieldOfStudy, Specialization: in.Specialization,
		HumanCode: in.HumanCode, OtherIdentifiers: in.OtherIdentifiers, Creator: in.Creator.party(),
	}
	if c.AchievementType == "" {
		c.AchievementType = defaultType
	}
	if len(in.Image) > 0 {
		c.Image.Caption = in.ImageCaption
		if c.Image.ID, clean, err = cleaned(in.Image); err != nil {
			return c, nil, err
		}
	}
	c.ResultDescriptions, err = namedResults(in.Results)
	return c, clean, err
}

// cleaned makes a picture safe to serve, and gives its name under the address of what has it.
func cleaned(image []byte) (name string, clean []byte, err error) {
	clean, media, _, _, err := picture.Clean(image)
	if err != nil {
		return "", nil, &Error{Kind: KindInvalid, Code: "image", Detail: err.Error()}
	}
	return map[string]string{picture.PNG: imageName, picture.SVG: imageSVG}[media], clean, nil
}

// completeAlignments fills in what follows from the identifier of the Credential Engine Registry, where only that is given.
func completeAlignments(all []credential.Alignment) []credential.Alignment {
	all = slices.Clone(all)
	for i, a := range all {
		if a.TargetURL == "" && credential.IsCTID(a.TargetCode) {
			all[i], _ = credential.AlignmentOfCTID(a.TargetCode, a.TargetName)
			all[i].TargetDescription = a.TargetDescription
		}
	}
	return all
}

// namedResults gives every part of the rubric its short name.
func namedResults(all []credential.ResultDescription) ([]credential.ResultDescription, error) {
	taken := map[string]bool{}
	name := func(given, otherwise string) (string, error) {
		if given == "" {
			given = otherwise
		}
		if !isShortName(given) || taken[given] {
			return "", invalid("result_name", "The parts of the rubric need names of letters, digits, - and _, each used once.")
		}
		taken[given] = true
		return given, nil
	}
	all = slices.Clone(all)
	for i := range all {
		d, err := &all[i], error(nil)
		if d.ID, err = name(d.ID, fmt.Sprintf("result-%d", i+1)); err != nil {
			return nil, err
		}
		d.Levels = slices.Clone(d.Levels)
		for j := range d.Levels {
			if d.Levels[j].ID, err = name(d.Levels[j].ID, fmt.Sprintf("%s-level-%d", d.ID, j+1)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// check judges every field by itself.
func (in AchievementInput) check() error {
	if err := checkName(in.Name, "The achievement"); err != nil {
		return err
	}
	if in.CriteriaURL != "" && (len(in.CriteriaURL) > longestLink || !isWebAddress(in.CriteriaURL)) {
		return invalid("criteria_url", "The address of the criteria has to begin with https:// or http://.")
	}
	err := firstError(
		checkLine("name", "/name", "The name", in.Name, longestName),
		checkProse("description", "/description", "The description", in.Description),
		checkProse("criteria", "/criteria/narrative", "The text of the criteria", in.Criteria),
		checkLine("type", "/achievementType", "The type", in.Type, longestPhrase),
		checkLine("version", "/version", "The version", in.Version, longestTag),
		checkLine("image", "/image", "The words for the picture", in.ImageCaption, longestPhrase),
		checkLine("field_of_study", "/fieldOfStudy", "The field of study", in.FieldOfStudy, longestPhrase),
		checkLine("specialization", "/specialization", "The specialization", in.Specialization, longestPhrase),
		checkLine("human_code", "/humanCode", "The code", in.HumanCode, longestTag),
		checkCount("tag", "/tag", "tags", len(in.Tags), mostTags),
		checkCount("related", "/related", "related achievements", len(in.Related), mostRelated),
		checkCount("other_identifier", "/otherIdentifier", "other identifiers", len(in.OtherIdentifiers), mostIdentifiers),
		checkCount("result", "/resultDescription", "results", len(in.Results), mostResults),
		in.Creator.check(), in.About.check(), in.settings().check(),
	)
	if err != nil {
		return err
	}
	if c := in.CreditsAvailable; math.IsNaN(c) || c < 0 || c > mostCredits {
		return wrongField("credits", "/creditsAvailable", "The credits have to be a number from 0 to %d.", int(mostCredits))
	}
	for i, tag := range in.Tags {
		at := fmt.Sprintf("/tag/%d", i)
		if strings.TrimSpace(tag) == "" {
			return wrongField("tag", at, "Tag %d is empty.", i+1)
		}
		if err := checkLine("tag", at, fmt.Sprintf("Tag %d", i+1), tag, longestTag); err != nil {
			return err
		}
	}
	for i, r := range in.Related {
		at, what := fmt.Sprintf("/related/%d", i), fmt.Sprintf("Related achievement %d", i+1)
		if len(r.ID) > longestLink || !isWebAddress(r.ID) && !strings.HasPrefix(r.ID, "urn:") {
			return wrongField("related", at+"/id", "%s: its address has to begin with https://, http:// or urn:.", what)
		}
		if slices.ContainsFunc(in.Related[:i], func(other credential.Related) bool { return other.ID == r.ID }) {
			return wrongField("related", at+"/id", "%s is listed twice.", what)
		}
		if err := checkLine("related", at+"/version", what+": its version", r.Version, longestTag); err != nil {
			return err
		}
	}
	for i, other := range in.OtherIdentifiers {
		at, what := fmt.Sprintf("/otherIdentifier/%d", i), fmt.Sprintf("Identifier %d", i+1)
		if strings.TrimSpace(other.Value) == "" {
			return wrongField("other_identifier", at+"/identifier", "%s is empty.", what)
		}
		if err := checkLine("other_identifier", at+"/identifier", what, other.Value, longestPhrase); err != nil {
			return err
		}
	}
	return in.checkRubric()
}

// checkRubric judges alignments and results.
func (in AchievementInput) checkRubric() error {
	count := len(in.Alignments)
	if err := checkAlignments("alignment", "", "", in.Alignments); err != nil {
		return err
	}
	for i, d := range in.Results {
		at, what := fmt.Sprintf("/resultDescription/%d", i), fmt.Sprintf("Result %d", i+1)
		count += len(d.Alignments)
		err := firstError(
			checkLine("result", at+"/name", what+": its name", d.Name, longestPhrase),
			checkLine("result", at+"/requiredValue", what+": the value that is required", d.RequiredValue, longestPhrase),
			checkLine("result", at+"/valueMin", what+": the lowest value", d.ValueMin, longestTag),
			checkLine("result", at+"/valueMax", what+": the highest value", d.ValueMax, longestTag),
			checkCount("result", at+"/allowedValue", "values of a result", len(d.AllowedValues), mostValues),
			checkCount("result", at+"/rubricCriterionLevel", "levels of a result", len(d.Levels), mostLevels),
			checkAlignments("result", at, what+", ", d.Alignments),
		)
		if err != nil {
			return err
		}
		if strings.TrimSpace(d.Name) == "" {
			return wrongField("result", at+"/name", "%s needs a name.", what)
		}
		for j, value := range d.AllowedValues {
			if err := checkLine("result", fmt.Sprintf("%s/allowedValue/%d", at, j), fmt.Sprintf("%s: value %d", what, j+1), value, longestPhrase); err != nil {
				return err
			}
		}
		low, lowErr := strconv.ParseFloat(d.ValueMin, 64)
		high, highErr := strconv.ParseFloat(d.ValueMax, 64)
		if lowErr == nil && highErr == nil && !(low <= high) {
			return wrongField("result", at+"/valueMin", "%s: the lowest value is above the highest.", what)
		}
		if d.RequiredValue != "" && len(d.AllowedValues) > 0 && !slices.Contains(d.AllowedValues, d.RequiredValue) {
			return wrongField("result", at+"/requiredValue", "%s: the value that is required is not one of the allowed ones.", what)
		}
		for j, level := range d.Levels {
			at, what := fmt.Sprintf("%s/rubricCriterionLevel/%d", at, j), fmt.Sprintf("%s, level %d", what, j+1)
			count += len(level.Alignments)
			err := firstError(
				checkLine("result", at+"/name", what+": its name", level.Name, longestPhrase),
				checkLine("result", at+"/level", what+": its step", level.Level, longestPhrase),
				checkLine("result", at+"/points", what+": its points", level.Points, longestTag),
				checkProse("result", at+"/description", what+": its description", level.Description),
				checkAlignments("result", at, what+", ", level.Alignments),
			)
			if err != nil {
				return err
			}
			if strings.TrimSpace(level.Name) == "" {
				return wrongField("result", at+"/name", "%s needs a name.", what)
			}
		}
	}
	return checkCount("alignment", "/alignment", "alignments in all", count, mostAlignments)
}

// checkAlignments judges those of one part. An alignment of the achievement itself by a CTID alone needs no address.
func checkAlignments(field, at, what string, all []credential.Alignment) error {
	for i, a := range all {
		at, what := fmt.Sprintf("%s/alignment/%d", at, i), fmt.Sprintf("%salignment %d: ", what, i+1)
		what = strings.ToUpper(what[:1]) + what[1:]
		err := firstError(
			checkLine(field, at+"/targetName", what+"the name", a.TargetName, longestPhrase),
			checkLine(field, at+"/targetCode", what+"the code", a.TargetCode, longestPhrase),
			checkLine(field, at+"/targetFramework", what+"the framework", a.TargetFramework, longestPhrase),
			checkProse(field, at+"/targetDescription", what+"the description", a.TargetDescription),
			checkLink(field, at+"/targetUrl", what+"the address", a.TargetURL),
		)
		switch {
		case err != nil:
			return err
		case strings.TrimSpace(a.TargetName) == "":
			return wrongField(field, at+"/targetName", "%sit needs a name.", what)
		case a.TargetURL == "" && (field != "alignment" || !credential.IsCTID(a.TargetCode)):
			return wrongField(field, at+"/targetUrl", "%sit needs the web address of what it aligns to, or a CTID as its code.", what)
		}
	}
	return nil
}

func isShortName(name string) bool {
	return name != "" && len(name) <= 64 &&
		strings.Trim(name, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}
