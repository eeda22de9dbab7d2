package issuer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// dataVersion counts the changes of the records in a store that earlier releases have to be put anew for, so that what they are
// listed by, and what the engine adds to each, is there:
//
//	0  the releases before there was a version
//	1  documents are text; awards name the keys that signed them; each row of a file has a checksum
//	2  awards are listed by day, acts by subject and actor, batches by when they end, status lists by organisation
//	3  the rooms beside the issuer know of awards that were made before they were there, and list people by every word of their names
//	4  the rooms beside the issuer know which awards stand in the badges that people have brought
const dataVersion = 4

// upgradePage is how many records an upgrade puts anew in one transaction.
const upgradePage = 500

// progress is how far an upgrade has come. It is kept in the transaction of each page, so that one that was killed goes on, and several
// processes can share one.
type progress struct {
	Table int    `json:"table"` // in upgrades
	After string `json:"after"` // cursor
}

// step puts the records of one table anew for stores below a data version.
type step struct {
	below int
	page  func(tx Tx, after string) (count int, next string, err error)
	with  func(s *Service, tx Tx, after string) (count int, next string, err error) // in the place of page, where the service is needed
}

// upgrades are the steps in their order, which is kept: [progress] names them by their place. New ones come at the end.
var upgrades = []step{
	at(1, anew(organisations, nil)), at(1, anew(achievements, nil)), at(1, asItIs(pictures.Kind)), at(1, anew(drafts, nil)), at(1, asItIs(draftPictures.Kind)),
	at(1, anew(credentials, nameKeys)), at(1, asItIs(pairs.Kind)), at(1, anew(statusLists, nil)), at(1, asItIs(segments.Kind)), at(1, anew(publishedLists, nil)),
	at(1, asItIs(signedDocuments.Kind)), at(1, anew(tokens, nil)), at(1, anew(repeats, nil)), at(1, asItIs(auditEntries.Kind)), at(1, asItIs(auditHeads.Kind)),
	at(2, anew(credentials, nil)), at(2, anew(auditEntries, nil)), at(2, anew(batches, nil)), at(2, anew(batchRows, nil)),
	at(2, anew(statusLists, nil)), at(2, anew(repeats, nil)),
	{below: 3, with: (*Service).tellInherited}, {below: 3, with: (*Service).roomsAnew},
	{below: 4, with: (*Service).roomsAnew},
}

func at(below int, page func(tx Tx, after string) (int, string, error)) step {
	return step{below: below, page: page}
}

// readable refuses records of a newer program: this one would write them without what it does not know.
func (i installation) readable() error {
	if i.Data <= dataVersion {
		return nil
	}
	return &Error{Kind: KindDenied, Code: "newer_data", Detail: fmt.Sprintf(
		"The records here were written by a newer version of laurel (data version %d; this one knows %d). Start that version, or a newer one.", i.Data, dataVersion)}
}

// upgrade puts the records of earlier releases anew, once, and returns how many it did.
func (s *Service) upgrade(ctx context.Context) (done int, err error) {
	for more := true; more; {
		count := 0
		err := s.store.Update(ctx, func(tx Tx) error {
			here, version, err := installations.Get(tx, installationID)
			if err != nil {
				return err
			}
			if count, more = 0, here.Data < dataVersion; !more { // another process has ended it
				return here.readable()
			}
			at := progress{}
			if here.Upgrading != nil {
				at = *here.Upgrading
			}
			if at.Table == len(upgrades) {
				detail := fmt.Sprintf("data version %d to %d", here.Data, dataVersion)
				here.Data, here.Upgrading, more = dataVersion, nil, false
				if err := installations.Put(tx, &here, version); err != nil {
					return err
				}
				return record(tx, AuditEntry{At: s.now(), Actor: "laurel", Action: actionUpgraded, Subject: installationID, Detail: detail})
			}
			switch now := upgrades[at.Table]; {
			case here.Data >= now.below:
				at.After = ""
			case now.with != nil:
				count, at.After, err = now.with(s, tx, at.After)
			default:
				count, at.After, err = now.page(tx, at.After)
			}
			if err != nil {
				return err
			}
			if at.After == "" {
				at.Table++
			}
			here.Upgrading = &at
			return installations.Put(tx, &here, version)
		})
		if err != nil {
			return done, stored(err)
		}
		done += count
	}
	return done, nil
}

// tellInherited tells the rooms of a page of awards that nobody was told of when they were made.
func (s *Service) tellInherited(tx Tx, after string) (count int, next string, err error) {
	if s.observer == nil {
		return 0, "", nil
	}
	page, next, err := credentials.List(tx, Query{After: after, Limit: upgradePage})
	for i := range page {
		c := &page[i]
		if err != nil || c.Recipient != "" || c.Issued.IsZero() || c.Erased != nil {
			continue
		}
		count++
		err = s.observe(tx, Event{Type: EventInherited, Organisation: c.Organisation, Subject: c.ID, Actor: "laurel", Credential: c})
	}
	return count, next, err
}

// roomsAnew puts a page of the records of the rooms anew.
func (s *Service) roomsAnew(tx Tx, after string) (count int, next string, err error) {
	if s.upgradeRooms == nil {
		return 0, "", nil
	}
	return s.upgradeRooms(tx, after)
}

// anew puts a page of a table as it would be written now, after mend, where there is one, has filled in what is new.
func anew[T any](t Table[T], mend func(Tx, *T) error) func(Tx, string) (int, string, error) {
	return func(tx Tx, after string) (int, string, error) {
		rows, next, err := tx.List(t.Kind, Query{After: after, Limit: upgradePage})
		if err != nil {
			return 0, "", err
		}
		for _, row := range rows {
			var value T
			if err := json.Unmarshal(row.Body, &value); err != nil {
				return 0, "", fmt.Errorf("reading %s %s: %w", t.Kind.Name, row.ID, err)
			}
			if mend != nil {
				if err := mend(tx, &value); err != nil {
					return 0, "", err
				}
			}
			if err := t.Put(tx, &value, row.Version); err != nil {
				return 0, "", err
			}
		}
		return len(rows), next, nil
	}
}

// asItIs puts a page of a kind whose records are what they were, in the lists in which they were: the engine alone adds to them.
func asItIs(k Kind) func(Tx, string) (int, string, error) {
	return func(tx Tx, after string) (int, string, error) {
		rows, next, err := tx.List(k, Query{After: after, Limit: upgradePage})
		if err != nil {
			return 0, "", err
		}
		for _, row := range rows {
			row.Lookups = append(row.Lookups, make([]string, len(k.Lookups)-len(row.Lookups))...) // declared since: in none of those lists
			if err := tx.Put(k, row); err != nil {
				return 0, "", err
			}
		}
		return len(rows), next, nil
	}
}

// nameKeys fills in which keys signed an award, by what its signed forms say. A key that the organisation does not have stays
// without a name.
func nameKeys(tx Tx, c *Credential) error {
	if c.Issued.IsZero() {
		return nil
	}
	o, _, err := organisations.Get(tx, c.Organisation)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var signed struct {
		Proof struct {
			Method string `json:"verificationMethod"`
		} `json:"proof"`
	}
	if json.Unmarshal(c.JSON, &signed) == nil {
		if k, err := o.find(signed.Proof.Method); err == nil {
			c.IntegrityKey = k.Name
		}
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	encoded, _, _ := strings.Cut(c.JWT, ".")
	if text, err := base64.RawURLEncoding.DecodeString(encoded); err == nil && json.Unmarshal(text, &header) == nil {
		if k, err := o.find(header.KeyID); err == nil {
			c.TokenKey = k.Name
		}
	}
	return nil
}
