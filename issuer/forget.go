package issuer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ForgetRecipient takes away what an organisation, or with "" all of them, keeps of an address beside awards: rows of batches that were
// rejected, also those whose address is broken, awards that were planned and not begun, and open proposals of awards to it. [Service.Erase] does what there is to do for awards.
// Being cut short does no harm when it is called again.
func (s *Service) ForgetRecipient(ctx context.Context, organisation, email, actor string) error {
	email, ok := Address(email)
	if !ok {
		return invalid("email", notAnAddress)
	}
	var keys, ours []string
	err := s.store.View(ctx, func(tx Tx) error {
		keys = nil
		if _, _, err := secrets.Get(tx, secretRecipients); errors.Is(err, ErrNotFound) { // nobody was to be awarded anything yet
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
	for _, key := range keys {
		for more := true; more && err == nil; {
			err = s.store.Update(ctx, func(tx Tx) error {
				more, err = s.forgetRows(tx, key, actor)
				return err
			})
		}
		if err == nil {
			err = s.store.Update(ctx, func(tx Tx) error { return s.forgetProposals(tx, key, "", "", actor) })
		}
	}
	for _, o := range ours {
		if err == nil {
			err = s.forgetBroken(ctx, o, email, actor)
		}
	}
	return stored(err)
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
