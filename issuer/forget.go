package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ActionPersonErased is the action of the audit entry that says that an organisation, or with "" all of them, forgot a person. Its subject
// is the digest of the address that [Service.RecipientKey] makes: who has the log alone finds nobody by it, and who has the store as it was
// before finds whom to forget again.
const ActionPersonErased = "person.erased"

// Erasure is what an entry of [ActionPersonErased] tells.
type Erasure struct {
	Organisation string    `json:"organisation,omitempty"` // "" is all
	Digest       string    `json:"digest"`
	At           time.Time `json:"at"`
}

// ForgetRecipient takes away what an organisation, or with "" all of them, keeps of an address beside awards: rows of batches that were
// rejected, also those whose address is broken, awards that were planned and not begun, and open proposals of awards to it. [Service.Erase]
// does what there is to do for awards. The audit log tells of it by a digest alone, see [ActionPersonErased], before anything is taken
// away. Being cut short does no harm when it is called again.
func (s *Service) ForgetRecipient(ctx context.Context, organisation, email, actor string) error {
	email, ok := Address(email)
	if !ok {
		return invalid("email", notAnAddress)
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		if _, _, err := secrets.Get(tx, secretRecipients); errors.Is(err, ErrNotFound) { // nobody was to be awarded anything yet
			return nil
		}
		digest, err := s.recipientKey(tx, organisation, email)
		if err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: ActionPersonErased, Subject: digest, Organisation: organisation})
	})
	if err == nil {
		err = s.forgetAddress(ctx, organisation, email, actor)
	}
	return stored(err)
}

// ForgetErased does again what a log says was done, after a store from before was put back, and enters it once that is done. email is the
// address that the digest is of; "" where it stands nowhere: then what stands under the digest itself goes.
func (s *Service) ForgetErased(ctx context.Context, e Erasure, email, actor string) (err error) {
	if email != "" {
		err = s.forgetAddress(ctx, e.Organisation, email, actor)
	} else {
		err = s.forgetKey(ctx, e.Digest, actor)
	}
	if err != nil {
		return stored(err)
	}
	return stored(s.store.Update(ctx, func(tx Tx) error {
		return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: ActionPersonErased, Subject: e.Digest, Organisation: e.Organisation})
	}))
}

// KnowsErasure says whether the audit log here has an erasure, or a later one of the same person.
func (s *Service) KnowsErasure(ctx context.Context, e Erasure) (known bool, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		all, err := Every(tx, auditEntries, "subject", listable(e.Digest))
		known = slices.ContainsFunc(all, func(in AuditEntry) bool {
			return in.Action == ActionPersonErased && in.Organisation == e.Organisation && !in.At.Before(e.At)
		})
		return err
	})
	return known, stored(err)
}

// Recipients calls found with each address that stands in awards that are planned or proposed, and in rejected rows; more than once where
// it stands in several.
func (s *Service) Recipients(ctx context.Context, found func(email string)) error {
	return stored(s.store.View(ctx, func(tx Tx) error {
		err := pages(ctx, tx, batchRows.Kind, func(row Row) error {
			var r heldRow
			if err := json.Unmarshal(row.Body, &r); err != nil {
				return fmt.Errorf("reading row %s: %w", row.ID, err)
			}
			if r.Plan != nil && r.Plan.Email != "" {
				found(r.Plan.Email)
			}
			for _, cell := range r.Cells {
				if email, ok := Address(cell); ok {
					found(email)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return pages(ctx, tx, proposals.Kind, func(row Row) error {
			var p heldProposal
			if err := json.Unmarshal(row.Body, &p); err != nil {
				return fmt.Errorf("reading proposal %s: %w", row.ID, err)
			}
			if email, ok := Address(p.recipient()); ok {
				found(email)
			}
			return nil
		})
	}))
}

// forgetAddress is [Service.ForgetRecipient] without its entry. Proposals come last, as one may be what this was allowed with.
func (s *Service) forgetAddress(ctx context.Context, organisation, email, actor string) error {
	var keys, ours []string
	err := s.store.View(ctx, func(tx Tx) error {
		keys, ours = nil, nil
		if _, _, err := secrets.Get(tx, secretRecipients); errors.Is(err, ErrNotFound) {
			return nil
		}
		ours = []string{organisation}
		if organisation == "" {
			all, err := every(tx, organisations)
			if err != nil {
				return err
			}
			ours = nil
			for _, o := range all {
				ours = append(ours, o.ID)
			}
		}
		for _, o := range ours {
			key, err := s.recipientKey(tx, o, email)
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		return nil
	})
	for _, o := range ours {
		if err == nil {
			err = s.forgetBroken(ctx, o, email, actor)
		}
	}
	for _, key := range keys {
		if err == nil {
			err = s.forgetKey(ctx, key, actor)
		}
	}
	return err
}

// forgetKey takes away what stands under the digest of an address.
func (s *Service) forgetKey(ctx context.Context, key, actor string) error {
	for more := true; more; {
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			more, err = s.forgetRows(tx, key, actor)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.store.Update(ctx, func(tx Tx) error { return s.forgetProposals(tx, key, "", "", actor) })
}

// forgetBroken takes away what was given in rejected rows whose address could not be read, and so stands in no list, where it may have been
// meant to be this one.
func (s *Service) forgetBroken(ctx context.Context, organisation, email, actor string) error {
	for q := (Query{By: "organisation", Value: organisation}); ; {
		var some []Batch
		err := s.store.View(ctx, func(tx Tx) (err error) {
			some, q.After, err = batches.List(tx, q)
			return err
		})
		if err != nil {
			return err
		}
		for _, b := range some {
			for after, more := "", b.Kept; more; more = after != "" {
				next := ""
				err := s.store.Update(ctx, func(tx Tx) error {
					next, err = s.forgetBrokenRows(tx, b.ID, email, after, actor)
					return err
				})
				if after = next; err != nil {
					return err
				}
			}
		}
		if q.After == "" {
			return nil
		}
	}
}

// forgetBrokenRows does so for a page of the rejected rows of a batch, and returns the cursor of the next one.
func (s *Service) forgetBrokenRows(tx Tx, batch, email, after, actor string) (next string, err error) {
	rows, next, err := batchRows.List(tx, Query{By: "problem", Value: problemLookup(batch, RowRejected), After: after, Limit: rowsPage})
	if err != nil {
		return "", err
	}
	for _, listed := range rows {
		if listed.Recipient != "" || !listed.means(email) {
			continue
		}
		row, version, err := batchRows.Get(tx, rowID(batch, listed.Number))
		if err != nil {
			return "", err
		}
		row.forget()
		if err := batchRows.Put(tx, &row, version); err != nil {
			return "", err
		}
		if err := record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "batch.row_erased", Subject: batch}); err != nil {
			return "", err
		}
	}
	return next, nil
}

// leastTelling is how many letters and digits the part of an address before the @ needs to tell somebody by itself.
const leastTelling = 4

// means says that something in a row may have been meant to be an address: it has its letters and digits in their order, or those before
// the @. That it takes a row too many does little harm: the row was rejected.
func (r *heldRow) means(email string) bool {
	local, _, _ := strings.Cut(email, "@")
	all, first := bare(email), bare(local)
	has := func(text string) bool {
		text = bare(text)
		return strings.Contains(text, all) || utf8.RuneCountInString(first) >= leastTelling && strings.Contains(text, first)
	}
	return slices.ContainsFunc(r.Cells, has) || slices.ContainsFunc(r.Problems, func(p RowProblem) bool { return has(p.Value) })
}

// bare are the letters and digits of a text, in lower case.
func bare(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, norm.NFKC.String(text))
}

// forgetRows takes some rows of batches out of what is kept of a recipient; more says that there may be others.
func (s *Service) forgetRows(tx Tx, recipientKey, actor string) (more bool, err error) {
	rows, _, err := batchRows.List(tx, Query{By: "recipient", Value: recipientKey})
	if err != nil {
		return false, err
	}
	for _, listed := range rows {
		b, version, err := batches.Get(tx, listed.Batch)
		if err != nil {
			return false, err
		}
		row, rowVersion, err := batchRows.Get(tx, rowID(listed.Batch, listed.Number))
		if err != nil {
			return false, err
		}
		waiting := row.Plan != nil
		if row.forget(); waiting {
			row.Plan = nil
			row.fail(&Error{Code: "erased", Detail: "The person has asked for what is kept of them to be erased, so nothing is awarded to them."})
			b.count(&row)
		}
		if err := batchRows.Put(tx, &row, rowVersion); err != nil {
			return false, err
		}
		switch {
		case !waiting:
		case b.State == BatchOpen || b.State == BatchHeld:
			err = s.putBatch(tx, &b, version) // it may have been the last
		default:
			err = batches.Put(tx, &b, version) // whoever is filling it is told to begin anew
		}
		if err != nil {
			return false, err
		}
		if err := record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "batch.row_erased", Subject: b.ID}); err != nil {
			return false, err
		}
	}
	return len(rows) > 0, nil
}

// forget takes away what was given in a row that was rejected.
func (r *heldRow) forget() {
	r.Cells, r.Recipient = nil, ""
	for i := range r.Problems {
		r.Problems[i].Value = ""
	}
}

// forgetProposals ends the open proposals about a recipient, and takes away what was written about those that were decided: all, or
// those that one award has come of, and all but one.
func (s *Service) forgetProposals(tx Tx, recipientKey, award, but, actor string) error {
	if recipientKey == "" {
		return nil
	}
	all, err := Every(tx, proposals, "recipient", recipientKey)
	for _, p := range all {
		if err == nil && p.ID != but && (award == "" || p.Result == award) {
			err = s.endProposal(tx, p.ID, actor)
		}
	}
	return err
}
