package issuer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// revocationsMost is how many awards name one 1EdTechRevocationList: a list of as many fits into what verifiers read of one
// (credential.Limits.Body) whatever the name of the host.
const revocationsMost = 2048

// revocationList is a 1EdTechRevocationList (1EdTech VCRL 1.0), which is not signed. An organisation has several, by their numbers from
// 1; the one that an award names is Credential.Revocations.
type revocationList struct {
	Organisation string `json:"organisation"`
	Number       int    `json:"number"`
	Count        uint64 `json:"count"` // of its entries, which are never taken out: so it says whether a copy is current
}

var revocationLists = Table[revocationList]{
	Kind: Kind{Name: "revocation-list"},
	Key:  func(l *revocationList) string { return revocationListID(l.Organisation, l.Number) },
}

// revokedEntry is an entry of such a list.
type revokedEntry struct {
	Award      string     `json:"award"` // Credential.ID
	List       string     `json:"list"`  // id of the revocationList
	Identifier string     `json:"identifier"`
	Code       ReasonCode `json:"code"`
	Count      uint64     `json:"count"` // of the list with this entry: their order
}

var revokedEntries = Table[revokedEntry]{
	Kind:    Kind{Name: "revoked", Lookups: []string{"list"}},
	Key:     func(e *revokedEntry) string { return e.Award },
	Order:   func(e *revokedEntry) string { return sequenced(e.Count) },
	Lookups: func(e *revokedEntry) []string { return []string{e.List} },
}

func revocationListID(organisation string, number int) string {
	return fmt.Sprintf("%s/%d", organisation, number)
}

// revocationsURL is the address of a list: the first stands where older verifiers look for the only one.
func revocationsURL(base, organisation string, number int) string {
	address := base + "/i/" + organisation + "/" + revocationsPart
	if number > 1 {
		address += "/" + strconv.Itoa(number)
	}
	return address
}

const revocationsPart = "revocations"

// revocationsNumber reads the number of a list from the part of a path behind that of its organisation; 0: it is of no list.
func revocationsNumber(part string) int {
	if part == revocationsPart {
		return 1
	}
	text, ok := strings.CutPrefix(part, revocationsPart+"/")
	number, err := strconv.Atoi(text)
	if !ok || err != nil || number < 2 || strconv.Itoa(number) != text {
		return 0
	}
	return number
}

// takeRevocations gives the next award that names such a list the number of its list.
func takeRevocations(tx Tx, organisation string) (int, error) {
	given, err := tx.Next("revocations/" + organisation)
	if err != nil {
		return 0, err
	}
	l := revocationList{Organisation: organisation, Number: int((given-1)/revocationsMost) + 1}
	if (given-1)%revocationsMost > 0 {
		return l.Number, nil
	}
	if _, _, err := revocationLists.Get(tx, revocationListID(organisation, l.Number)); !errors.Is(err, ErrNotFound) { // of before a restore
		return l.Number, err
	}
	return l.Number, revocationLists.Put(tx, &l, 0)
}

// listRevoked puts a revoked award into the list that it names, once.
func listRevoked(tx Tx, c *Credential) error {
	if c.Revoked == nil || c.Revocations == 0 {
		return nil
	}
	if _, err := tx.Get(revokedEntries.Kind, c.ID); !errors.Is(err, ErrNotFound) {
		return err
	}
	l, version, err := revocationLists.Get(tx, revocationListID(c.Organisation, c.Revocations))
	if err != nil {
		return err
	}
	l.Count++
	if err := revocationLists.Put(tx, &l, version); err != nil {
		return err
	}
	e := revokedEntry{Award: c.ID, List: revocationListID(l.Organisation, l.Number), Identifier: c.Identifier, Code: c.Revoked.Code, Count: l.Count}
	return revokedEntries.Put(tx, &e, 0)
}

// RevocationList returns a 1EdTechRevocationList of an organisation, by its number from 1: the awards that name it and are revoked,
// also those in whose place another award stands, and never those that are suspended. It has no signature, by design, and gives of
// the reasons only what their codes say. It shows every change that was acknowledged before the call, and its ETag changes with
// nothing else. Kind missing when there is no such list.
func (s *Service) RevocationList(ctx context.Context, organisation string, number int) (StatusDocument, error) {
	var text []byte
	var l revocationList
	err := s.store.View(ctx, func(tx Tx) (err error) {
		if l, _, err = revocationLists.Get(tx, revocationListID(organisation, number)); err != nil {
			return err
		}
		text, err = revocationsDocument(tx, s.base, l)
		return err
	})
	if err != nil {
		return StatusDocument{}, stored(err)
	}
	return StatusDocument{JSON: text, ETag: fmt.Sprintf(`"%d-%d"`, l.Number, l.Count), Expires: s.instant().Add(listTTL)}, nil
}

// readRevocations finds the list of a path below that of its organisation.
func readRevocations(tx Tx, organisation, part string) ([]byte, error) {
	number := revocationsNumber(part)
	l, _, err := revocationLists.Get(tx, revocationListID(organisation, number))
	if err != nil {
		return nil, err
	}
	here, _, err := installations.Get(tx, installationID)
	if err != nil {
		return nil, err
	}
	return revocationsDocument(tx, here.Base, l)
}

// revocationsDocument writes a list under the name of the member that is in use (revokedCredential; the text of the specification has a
// plural that its own validator does not read).
func revocationsDocument(tx Tx, base string, l revocationList) ([]byte, error) {
	o, _, err := organisations.Get(tx, l.Organisation)
	if err != nil {
		return nil, err
	}
	type entry struct {
		ID      string `json:"id"`
		Revoked bool   `json:"revoked"`
		Reason  string `json:"revocationReason"`
	}
	list := struct {
		ID      string  `json:"id"`
		Issuer  string  `json:"issuer"`
		Revoked []entry `json:"revokedCredential"`
	}{revocationsURL(base, o.ID, l.Number), o.DID, []entry{}}
	for q := (Query{By: "list", Value: revocationListID(o.ID, l.Number), Limit: 1000}); ; {
		page, next, err := revokedEntries.List(tx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			list.Revoked = append(list.Revoked, entry{e.Identifier, true, reasonCodes[e.Code]})
		}
		if q.After = next; next == "" {
			return indented(list)
		}
	}
}
