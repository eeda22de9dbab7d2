package issuer

import (
	"context"
	"errors"
)

// Activity is an entry of the audit log with the text that lies beside it.
type Activity struct {
	AuditEntry
	Text   string `json:"reasonText,omitempty"`   // the reason, in the words of whoever did it
	Erased bool   `json:"reasonErased,omitempty"` // there was a reason, and it was erased
}

// ActivityFilter says which entries to list. An empty member leaves nothing out. In no list but the one of all are entries of earlier
// releases, and those of an intent without a text, such as credential.intended: another entry tells how that ended.
type ActivityFilter struct {
	Organisation string // Organisation.ID
	Subject      string // id of what something was done to
	Actor        string // who did it, in Organisation; without one, to the installation itself
}

// listable is a value to list by. A text that is too long for an id is one of no subject and no actor.
func listable(text string) string {
	if len(text) > longestListed || !validText(text) {
		return ""
	}
	return text
}

const longestListed = 256 // bytes

// actorLookup is the value under which the acts of somebody in an organisation stand.
func actorLookup(e AuditEntry) string {
	if e.Actor == "" {
		return ""
	}
	return listable(e.Organisation + "/" + e.Actor)
}

// activityPages bounds how much of the log is read for one page, when most of what is read is left out.
const activityPages = 20

// Activity lists what was done, the newest first, with the cursor of the page after, "" after the last. limit 0 means 100. Where a
// subject is asked for together with something else, a page may have fewer entries than limit, or none, and another one follow. A
// cursor of another list has kind invalid, code cursor.
func (s *Service) Activity(ctx context.Context, f ActivityFilter, after string, limit int) (page []Activity, next string, err error) {
	q := Query{After: after, Limit: limit, Backward: true}
	switch {
	case f.Subject != "":
		q.By, q.Value = "subject", listable(f.Subject)
	case f.Actor != "":
		q.By, q.Value = "actor", actorLookup(AuditEntry{Organisation: f.Organisation, Actor: f.Actor})
	case f.Organisation != "":
		q.By, q.Value = "organisation", listable(f.Organisation)
	}
	if q.By != "" && q.Value == "" {
		return nil, "", nil
	}
	err = s.store.View(ctx, func(tx Tx) error {
		page, next = nil, ""
		for range activityPages {
			entries, following, err := auditEntries.List(tx, q)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if f.leavesOut(e) {
					continue
				}
				a, err := activityOf(tx, e)
				if err != nil {
					return err
				}
				page = append(page, a)
			}
			if q.After, next = following, following; next == "" || len(page) > 0 {
				return nil
			}
		}
		return nil
	})
	return page, next, stored(err)
}

func (f ActivityFilter) leavesOut(e AuditEntry) bool {
	return f.Organisation != "" && e.Organisation != f.Organisation || f.Actor != "" && e.Actor != f.Actor
}

// activityOf reads the text beside an entry.
func activityOf(tx Tx, e AuditEntry) (Activity, error) {
	a := Activity{AuditEntry: e}
	if e.Reason == "" {
		return a, nil
	}
	r, _, err := auditReasons.Get(tx, sequenced(e.Sequence))
	if errors.Is(err, ErrNotFound) {
		a.Erased, err = true, nil
	}
	a.Text = r.Text
	return a, err
}
