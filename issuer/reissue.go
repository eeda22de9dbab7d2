package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
)

// Affected returns a page of the awards that carry a signature of a key, named by its method, in either form, and the cursor of the
// next page, "" after the last; a page before the last may be shorter than limit. A cursor of another list has kind invalid, code
// cursor. What the key signed for others ([Workspace.Sign]) is not kept here, so it is not among them: the audit log has its digests
// (document.signed).
func (s *Service) Affected(ctx context.Context, organisation, method, after string, limit int) (page []Credential, next string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		o, _, err := organisations.Get(tx, organisation)
		if err != nil {
			return err
		}
		k, err := o.find(method)
		if err != nil {
			return err
		}
		page, next, err = affected(tx, o.ID, k.Name, after, limit)
		return err
	})
	return page, next, stored(err)
}

// affected lists by one form and then by the other.
func affected(tx Tx, organisation, key, after string, limit int) (page []Credential, next string, err error) {
	const byIntegrity, byToken = "i", "t"
	part, cursor, _ := strings.Cut(after, ".")
	if after == "" {
		part = byIntegrity
	}
	by := map[string]string{byIntegrity: "integrity-key", byToken: "token-key"}[part]
	if by == "" {
		return nil, "", ErrCursor
	}
	listed, next, err := credentials.List(tx, Query{By: by, Value: keyLookup(organisation, key), After: cursor, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	for _, c := range listed {
		if part == byIntegrity || c.IntegrityKey != key { // once in all
			page = append(page, c)
		}
	}
	switch {
	case next != "":
		next = part + "." + next
	case part == byIntegrity:
		next = byToken + "."
	}
	return page, next, nil
}

// Reissue begins a batch that signs every award anew that a key, named by its method, has signed in either form: the same document
// under the same id and address and at the same place in the status lists, with the keys that sign now. Awards that are revoked or
// suspended stay so and are signed anew too, so that they are told to be that, and not merely not authentic. Copies that holders have
// are not changed by it: they are given the new one. A key that still signs is refused (kind conflict, code key_active), as is one
// that no award carries, any more or at all (code nothing_to_do).
func (s *Service) Reissue(ctx context.Context, organisation, method, actor string) (Batch, error) {
	return s.beginReissue(ctx, organisation, method, Write{Actor: actor})
}

func (s *Service) beginReissue(ctx context.Context, organisation, method string, by Write) (Batch, error) {
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return Batch{}, err
	}
	k, err := o.find(method)
	if err != nil {
		return Batch{}, err
	}
	if k.State == KeyActive {
		return Batch{}, conflict("key_active", "The key is in use. Rotate it, or mark it as compromised, before its awards are signed anew.")
	}
	rows := func(tx Tx, after string) (page []heldRow, next string, err error) {
		awards, next, err := affected(tx, o.ID, k.Name, after, rowsPage)
		for _, c := range awards {
			page = append(page, heldRow{BatchRow: BatchRow{Award: c.ID}})
		}
		return page, next, err
	}
	return s.fillBatch(ctx, Batch{Organisation: o.ID, Kind: BatchReissue, Name: k.Method, Key: k.Name, By: by.Actor}, rows, func(tx Tx, b *Batch, version uint64) error {
		return s.openBatch(tx, b, by, version)
	})
}

// reissue puts new signed forms in the place of those that a key of the batch has signed.
func (s *Service) reissue(tx Tx, b *Batch, id string, signed forms) error {
	c, version, err := credentials.Get(tx, id)
	if err != nil || !b.concerns(&c) {
		return err
	}
	if err := signed.into(tx, &c, version); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: s.now(), Actor: b.By, Action: "credential.reissued", Subject: c.ID, Detail: signed.integrityKey.Method})
}

// document is what was signed: the text of the award without its proof. A base proof stands at the end of the text as it was composed;
// a derived one may stand in a text that was written anew.
func (c *Credential) document() ([]byte, error) {
	text := []byte(c.JSON)
	if c.Base != nil {
		text = c.Base
	}
	reader := json.NewDecoder(bytes.NewReader(text))
	_, err := reader.Token() // the brace
	for err == nil && reader.More() {
		from := reader.InputOffset() // behind the member before
		var name json.Token
		var value json.RawMessage
		if name, err = reader.Token(); err != nil {
			break
		}
		if err = reader.Decode(&value); err == nil && name == "proof" {
			document := bytes.Join([][]byte{text[:from], text[reader.InputOffset():]}, nil)
			if json.Valid(document) {
				return document, nil
			}
			break
		}
	}
	return nil, internal(codeStoredAward, "An award in the store cannot be read.", err)
}

// codeStoredAward: what is stored of an award cannot be read, whatever is done with it.
const codeStoredAward = "stored_award"
