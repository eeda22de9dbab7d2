package issuer

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// duplicates finds the awards that the person with this key holds of an achievement already, in any of its versions: those that are
// begun or issued and neither revoked nor at their end, and whose place no other award has taken. It passes over one, by its id. An
// empty key is nobody's. With most it stops at so many; 0: it finds all.
func (s *Service) duplicates(tx Tx, a Achievement, recipientKey, except string, most int) (existing []Credential, err error) {
	if recipientKey == "" {
		return nil, nil
	}
	same := map[string]bool{a.ID: true} // by Achievement.ID
	for q := (Query{By: "recipient", Value: recipientKey}); ; {
		page, next, err := credentials.List(tx, q)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if c.ID == except || c.Organisation != a.Organisation || c.Revoked != nil || c.Erased != nil || c.SupersededBy != "" || c.ended(s.now()) {
				continue
			}
			is, known := same[c.Achievement]
			if !known {
				other, _, err := achievements.Get(tx, c.Achievement)
				if err != nil {
					return nil, err
				}
				is = series(a) == series(other)
				same[c.Achievement] = is
			}
			if is {
				existing = append(existing, c)
			}
			if most > 0 && len(existing) == most {
				return existing, nil
			}
		}
		if q.After = next; next == "" {
			return existing, nil
		}
	}
}

// series is the id that all versions of an achievement share.
func series(a Achievement) string {
	if a.Series != "" {
		return a.Series
	}
	return a.ID
}

// ended says that the award has come to the end that its document names.
func (c *Credential) ended(now time.Time) bool {
	document := c.JSON
	if c.Issued.IsZero() {
		document = c.Unsigned
	}
	var dates struct{ ValidUntil string }
	if json.Unmarshal(document, &dates) != nil || dates.ValidUntil == "" {
		return false
	}
	until, err := credential.ParseDateTime(dates.ValidUntil)
	return err == nil && now.After(until)
}

// refusedDuplicate says that somebody holds an award already.
func refusedDuplicate(existing *Credential) error {
	return conflict("duplicate", fmt.Sprintf("This person holds an award of this achievement already: %s.", existing.ID))
}

// judgeDuplicates applies the policy of the achievement to a new award: it gives the ids of the awards whose place it takes, the newest
// first.
func (s *Service) judgeDuplicates(tx Tx, a *Achievement, recipientKey string) (replaced []string, err error) {
	if a.Duplicates == "" || a.Duplicates == DuplicatesAllowed {
		return nil, nil
	}
	most := 0
	if a.Duplicates == DuplicatesRefused {
		most = 1
	}
	existing, err := s.duplicates(tx, *a, recipientKey, "", most)
	switch {
	case err != nil || len(existing) == 0:
		return nil, err
	case a.Duplicates == DuplicatesRefused:
		return nil, refusedDuplicate(&existing[0])
	case a.Duplicates != DuplicatesReplaced:
		return nil, internal("duplicates", "What happens with a second award of this achievement is not known.", nil)
	}
	for i := range existing {
		if err := succeedable(tx, &existing[i]); err != nil {
			return nil, err
		}
		replaced = append(replaced, existing[i].ID)
	}
	slices.Reverse(replaced)
	return replaced, nil
}
