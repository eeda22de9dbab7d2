package issuer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// Inspection is how an installation stands, by its store alone.
type Inspection struct {
	Base          string         `json:"base"`
	Public        bool           `json:"public"`              // Base was given as the public address
	Moved         string         `json:"moved,omitempty"`     // where the installation was moved to; nothing is issued here then
	Unsettled     bool           `json:"unsettled,omitempty"` // a restore of a backup was broken off: nothing is issued yet
	Organisations []Organisation `json:"organisations"`
	Acts          int            `json:"acts"`              // entries of the audit log
	Broken        string         `json:"broken,omitempty"`  // why the audit log cannot be trusted; "" when its chain holds
	Latest        time.Time      `json:"latest,omitzero"`   // instant of the latest act
	Drafts        int            `json:"drafts"`            // awards that were begun and are not finished
	Lists         int            `json:"lists"`             // status lists
	Unsigned      int            `json:"unsigned"`          // status lists that have changed since they were last signed
	ListsEnd      time.Time      `json:"listsEnd,omitzero"` // when the first of the signed copies ends
}

// drafting is how long an award may be on its way before it counts as unfinished.
const drafting = time.Minute

// Inspect reads how the installation stands at the instant now. Reading the whole audit log takes about a second for
// 100,000 acts. Kind missing when the store holds no installation.
func (d *Documents) Inspect(ctx context.Context, now time.Time) (Inspection, error) {
	var found Inspection
	err := d.store.View(ctx, func(tx Tx) error {
		here, _, err := installations.Get(tx, installationID)
		if err != nil {
			return err
		}
		found = Inspection{Base: here.Base, Public: here.Public}
		if found.Organisations, err = every(tx, organisations); err != nil {
			return err
		}
		head, err := readHead(tx)
		if err != nil {
			return err
		}
		found.Latest, found.Moved, found.Unsettled = head.Latest, head.Moved, head.Unsettled
		if found.Drafts, err = unfinished(tx, now.Add(-drafting)); err != nil {
			return err
		}
		return found.readLists(tx)
	})
	if err != nil {
		return found, stored(err)
	}
	found.Acts, err = d.VerifyAudit(ctx)
	var told *Error
	if errors.As(err, &told) && told.Code == "audit_broken" {
		found.Broken, err = told.Detail, nil
	}
	return found, err
}

// unfinished counts the awards that were begun before an instant and are not signed.
func unfinished(tx Tx, before time.Time) (int, error) {
	count := 0
	for q := (Query{By: "draft", Value: inAll, Limit: 1000}); ; {
		drafts, next, err := credentials.List(tx, q)
		if err != nil {
			return 0, err
		}
		for _, draft := range drafts {
			if draft.Intended.Before(before) {
				count++
			}
		}
		if q.After = next; next == "" {
			more, err := unfinishedIntents(tx, before)
			return count + more, err
		}
	}
}

func (i *Inspection) readLists(tx Tx) error {
	lists, err := every(tx, statusLists)
	if err != nil {
		return err
	}
	i.Lists = len(lists)
	for _, l := range lists {
		signed, _, err := publishedLists.Get(tx, l.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err != nil || signed.Version != l.Version {
			i.Unsigned++
			continue
		}
		if end := signed.Signed.Add(listValid); i.ListsEnd.IsZero() || end.Before(i.ListsEnd) {
			i.ListsEnd = end
		}
	}
	return nil
}

// Inspect is [Documents.Inspect] now.
func (s *Service) Inspect(ctx context.Context) (Inspection, error) {
	return s.documents.Inspect(ctx, s.now())
}

// readyAtOnce is of how many organisations Ready looks at the status lists. The next call goes on with others.
const readyAtOnce = 8

// Ready says whether readers and awards will get their answers: the installation was not moved away, the store can be read, the keys
// that sign can be opened, and the status lists in which the next awards stand can be had as they stand now. Of many organisations
// it looks at the lists of eight, at those of others the next time, so that it costs little however many there are.
func (s *Service) Ready(ctx context.Context) error {
	all, err := s.Organisations(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		for _, k := range o.Keys {
			if k.State != KeyActive {
				continue
			}
			if _, err := s.signer(k); err != nil {
				return fmt.Errorf("opening the key %s: %w", k.Method, err)
			}
		}
	}
	from := s.looks.Add(1) * readyAtOnce
	var lists []string
	err = s.store.View(ctx, func(tx Tx) error {
		lists = nil
		if err := live(tx); err != nil {
			return err
		}
		for i := range uint64(min(len(all), readyAtOnce)) {
			p, _, err := pairs.Get(tx, all[(from+i)%uint64(len(all))].ID)
			if errors.Is(err, ErrNotFound) { // it has made no award
				continue
			}
			if err != nil {
				return err
			}
			lists = append(lists, p.Revocation, p.Suspension)
		}
		return nil
	})
	if err != nil {
		return stored(err)
	}
	for _, id := range lists {
		if _, err := s.StatusList(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// ActionOf returns the action of the audit entry that a row of a kind is, "" when it is another record: for a [Store] that
// counts what is done where it is recorded.
func ActionOf(k Kind, r Row) string {
	if k.Name != auditEntries.Kind.Name {
		return ""
	}
	_, rest, _ := bytes.Cut(r.Body, []byte(`,"action":"`)) // as seal writes it: within a text each quote has a backslash
	action, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(action)
}
