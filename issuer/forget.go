package issuer

import (
	"context"
	"errors"
)

// ForgetRecipient takes away what an organisation, or with "" all of them, keeps of an address beside awards: rows of batches that were
// rejected, awards that were planned and not begun, and open proposals of awards to it. [Service.Erase] does what there is to do for awards.
// Being cut short does no harm when it is called again.
func (s *Service) ForgetRecipient(ctx context.Context, organisation, email, actor string) error {
	email, ok := Address(email)
	if !ok {
		return invalid("email", notAnAddress)
	}
	var keys []string
	err := s.store.View(ctx, func(tx Tx) error {
		keys = nil
		if _, _, err := secrets.Get(tx, secretRecipients); errors.Is(err, ErrNotFound) { // nobody was to be awarded anything yet
			return nil
		}
		ours := []string{organisation}
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
			err = s.store.Update(ctx, func(tx Tx) error { return s.forgetProposals(tx, key, "", actor) })
		}
	}
	return stored(err)
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

// forgetProposals ends the open proposals of awards to a recipient, and takes away what was written about those that were decided: all, or
// those that one award has come of.
func (s *Service) forgetProposals(tx Tx, recipientKey, award, actor string) error {
	if recipientKey == "" {
		return nil
	}
	all, err := Every(tx, proposals, "recipient", recipientKey)
	for _, p := range all {
		if err == nil && (award == "" || p.Result == award) {
			err = s.endProposal(tx, p.ID, actor)
		}
	}
	return err
}
