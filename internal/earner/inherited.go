package earner

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// inherit enters an award of a release that kept no addresses, or what takes the place of one. The award says whom it is for: mostly by
// the name, and by a salted hash of the address, from which the address can be recognised and not be read.
func (b *Book) inherit(tx issuer.Tx, c issuer.Credential) error {
	if _, version, err := optional(tx, holdings, c.ID); err != nil || version > 0 {
		return err
	}
	text := c.JSON
	if text == nil {
		text = c.Unsigned
	}
	badge, err := credential.Parse(text)
	if err != nil {
		return nil // its own page tells of it
	}
	h := Holding{Credential: c.ID, Organisation: c.Organisation, Created: c.Intended.UTC(), Claimed: c.Claimed, Ended: c.Revoked != nil || c.SupersededBy != "",
		Reminders: len(reminders)} // whoever was told long ago, or not at all, need not be reminded
	for _, identity := range badge.Subject.Identifiers {
		switch {
		case identity.Type == "name" && !identity.Hashed:
			h.Name = identity.Hash
		case identity.Type != "emailAddress":
		case identity.Hashed:
			h.Hash, h.Salt = identity.Hash, identity.Salt
		default:
			if to, ok := issuer.Address(identity.Hash); ok {
				h.Address = to
			}
		}
	}
	if h.Address != "" {
		h.Hash, h.Salt = "", ""
	}
	if h.Name == "" && h.Address == "" && h.Hash == "" {
		return nil
	}
	return holdings.Put(tx, &h, 0)
}

// mostHashes is how many hashes of addresses are compared at most where somebody asks who need not be trusted, or often: a fraction of a
// second. The newest awards come first.
const mostHashes = 20_000

// recognised are awards of which the hash of an address alone was known before.
type recognised struct {
	ids  []string // Credential.ID, the newest first
	next string   // cursor of those that were not looked at; "" when there are none
}

// recognise finds awards of which the hash of this address alone is known, and enters the address. after is a cursor; most is how many are
// looked at; 0: all. Installations that began with this release or a later one have none.
func (s *Service) recognise(ctx context.Context, to, after string, most int) (found recognised, err error) {
	q := issuer.Query{By: "address", Value: unknown, After: after, Limit: 1000, Backward: true}
	for looked, more := 0, true; more; more = q.After != "" && (most == 0 || looked < most) {
		var page []Holding
		err := s.Store.View(ctx, func(tx issuer.Tx) (err error) { // one for each page: all of them take their time
			page, q.After, err = holdings.List(tx, issuer.Query{By: q.By, Value: q.Value, After: q.After, Limit: q.Limit, Backward: true})
			return err
		})
		if err != nil {
			return found, stored(err)
		}
		looked += len(page)
		for _, h := range page {
			if credential.MatchesIdentity(credential.IdentityObject{Type: "emailAddress", Hash: h.Hash, Hashed: true, Salt: h.Salt}, to) {
				found.ids = append(found.ids, h.Credential)
			}
		}
	}
	found.next = q.After
	if len(found.ids) == 0 {
		return found, nil
	}
	return found, stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		for _, id := range found.ids {
			h, version, err := optional(tx, holdings, id)
			if err != nil {
				return err
			}
			if version == 0 || h.Address != "" { // erased meanwhile, or found by somebody else
				continue
			}
			h.Address, h.Hash, h.Salt = to, "", ""
			if err := holdings.Put(tx, &h, version); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Anew puts a page of the records anew that are kept otherwise than in an earlier release, as [issuer.Config] Upgrade asks for: the holdings
// for what they are listed by, and the badges that were brought for what stands in them.
func Anew(tx issuer.Tx, after string) (count int, next string, err error) {
	if cursor, is := strings.CutPrefix(after, inImports); is {
		return importsAnew(tx, cursor)
	}
	rows, next, err := tx.List(holdings.Kind, issuer.Query{After: after, Limit: 500})
	if err != nil {
		return 0, "", err
	}
	for _, row := range rows {
		var h Holding
		if err := json.Unmarshal(row.Body, &h); err != nil {
			return 0, "", fmt.Errorf("reading %s %s: %w", holdings.Kind.Name, row.ID, err)
		}
		if err := holdings.Put(tx, &h, row.Version); err != nil {
			return 0, "", err
		}
	}
	if next != "" {
		return len(rows), next, nil
	}
	count, next, err = importsAnew(tx, "")
	return len(rows) + count, next, err
}
