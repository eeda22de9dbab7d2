package issuer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// mostEvidence is how many pieces of evidence an award may have.
const mostEvidence = 50

// checkSubject checks what an award says of somebody, with the bounds that texts of achievements have.
func checkSubject(subject *credential.AchievementSubject) error {
	checks := []error{
		checkProse("narrative", "", "The text about the award", subject.Narrative),
		checkLine("role", "", "The role", subject.Role, longestPhrase),
		checkLine("term", "", "The term", subject.Term, longestPhrase),
		checkLine("license", "", "The number of the licence", subject.LicenseNumber, longestPhrase),
		checkResults(subject.Results),
	}
	return plainly(firstError(checks...))
}

// checkResults checks what somebody reached. Whether the achievement has such results is found out when the badge is written.
func checkResults(all []credential.Result) error {
	if err := checkCount("result", "", "results", len(all), mostResults); err != nil {
		return err
	}
	for i, r := range all {
		if err := checkLine("result", "", fmt.Sprintf("Result %d", i+1), r.Value, longestPhrase); err != nil {
			return err
		}
	}
	return nil
}

// evidence checks what the recipient showed.
func evidence(given []Evidence) ([]credential.Evidence, error) {
	if err := checkCount("evidence", "", "pieces of evidence", len(given), mostEvidence); err != nil {
		return nil, plainly(err)
	}
	var all []credential.Evidence
	for i, e := range given {
		if e == (Evidence{}) {
			return nil, invalid("evidence", "A piece of evidence is empty.")
		}
		what := fmt.Sprintf("Evidence %d: ", i+1)
		err := firstError(
			checkLink("evidence", "", "The address of evidence", e.URL),
			checkLine("evidence", "", what+"its name", e.Name, longestPhrase),
			checkProse("evidence", "", what+"the text about it", e.Narrative),
		)
		if err != nil {
			return nil, plainly(err)
		}
		all = append(all, credential.Evidence{ID: e.URL, Name: e.Name, Narrative: e.Narrative})
	}
	return all, nil
}

// plainly takes the place in an achievement off an error: it is about an award.
func plainly(err error) error {
	if of := (*Error)(nil); errors.As(err, &of) {
		return invalid(of.Code, of.Detail)
	}
	return err
}

// checkLetterLanguage checks in which language somebody is written to; "" is that of the organisation.
func checkLetterLanguage(tag string) error {
	if tag != "" && !letterLanguage.MatchString(tag) {
		return invalid("language", "The language is not a tag such as en, es or pt-BR.")
	}
	return nil
}

// checkEvidenceNames refuses evidence under the address of something else that the badge speaks of: of two things with one id it is not
// signed which of them says what, so nobody could call the badge authentic.
func checkEvidenceNames(badge *credential.AchievementCredential) error {
	for _, e := range badge.Evidence {
		if what := named(badge, e.ID); what != "" {
			return invalid("evidence", fmt.Sprintf("The address %s is that of %s, so it cannot be that of evidence too. Give the address of what the recipient showed.", e.ID, what))
		}
	}
	return nil
}

// named says what else than evidence has an id in a badge; "" for nothing.
func named(badge *credential.AchievementCredential, id string) string {
	if id == "" {
		return ""
	}
	a := badge.Subject.Achievement
	switch id {
	case badge.ID, badge.Image.ID, badge.RefreshService, badge.RevocationList, badge.Subject.ID:
		return "the badge"
	case badge.Issuer.ID, badge.Issuer.Image.ID:
		return "the issuer"
	case a.ID, a.Image.ID:
		return "the achievement"
	case a.Criteria.ID:
		return "the criteria of the achievement"
	}
	if strings.HasPrefix(id, a.ID+"#") { // no other part of it has such an address either
		return "a part of the achievement"
	}
	for p := a.Creator; p != nil; p = p.ParentOrg {
		if id == p.ID || id == p.Image.ID {
			return "who wrote the achievement"
		}
	}
	for p := badge.Issuer.ParentOrg; p != nil; p = p.ParentOrg {
		if id == p.ID || id == p.Image.ID {
			return "the issuer"
		}
	}
	for _, r := range a.Related {
		if id == r.ID {
			return "another achievement"
		}
	}
	for _, e := range badge.Status { // which of the lists of this server is known only when the award is made
		if strings.HasPrefix(id, e.List[:strings.LastIndexByte(e.List, '/')+1]) {
			return "a status list"
		}
	}
	return ""
}
