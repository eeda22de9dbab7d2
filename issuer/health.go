package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Inspection is how an installation stands, by its store alone.
type Inspection struct {
	Base          string         `json:"base"`
	Public        bool           `json:"public"` // Base was given as the public address
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
		head, _, err := readHead(tx)
		if err != nil {
			return err
		}
		found.Latest = head.Latest
		if found.Drafts, err = unfinished(tx, now.Add(-drafting)); err != nil {
			return err
		}
		return found.readLists(tx)
	})
	if err != nil {
		return found, stored(err)
	}
	found.Acts, err = verifyAudit(ctx, d.store)
	var told *Error
	if errors.As(err, &told) && told.Code == "audit_broken" {
		found.Broken, err = told.Detail, nil
	}
	return found, err
}

// unfinished counts the drafts that were begun before an instant.
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
			return count, nil
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

// Ready says whether readers and awards will get their answers: the store can be read, the keys that sign can be opened, and
// every status list can be had as it stands now. It costs little while nothing has changed.
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
	var lists []statusList
	err = s.store.View(ctx, func(tx Tx) (err error) {
		lists, err = every(tx, statusLists)
		return err
	})
	if err != nil {
		return stored(err)
	}
	for _, l := range lists {
		if _, err := s.StatusList(ctx, l.ID); err != nil {
			return err
		}
	}
	return nil
}

// ActionOf returns the action of the audit entry that a row of a kind is, "" when it is another record: for a [Store] that
// counts what is done where it is recorded.
func ActionOf(k Kind, r Row) string {
	var e AuditEntry
	if k.Name != auditEntries.Kind.Name || json.Unmarshal(r.Body, &e) != nil {
		return ""
	}
	return e.Action
}
