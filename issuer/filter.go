package issuer

import (
	"context"
	"strings"
	"time"
)

// CredentialFilter says which awards to list. An empty member leaves nothing out.
type CredentialFilter struct {
	Achievement string // Achievement.ID
	State       CredentialState
	Recipient   string // Credential.Recipient, see [Service.RecipientKey]
	Batch       string // Batch.ID
	// IssuedFrom and IssuedUntil are the first and the last day of issue: the days in UTC on which these instants lie.
	IssuedFrom, IssuedUntil time.Time
	Newest                  bool // the last begun first
}

// daysAtOnce bounds how many days are looked at for one page.
const daysAtOnce = 400

// Credentials returns a page of awards, the first begun first unless the filter says otherwise, and the cursor of the next page, ""
// after the last. No more than limit awards are read for a page (0 means 100): one before the last may be shorter, or empty, where
// Recipient, Batch or days are combined with other members. A cursor of another list has kind invalid, code cursor.
func (w Workspace) Credentials(ctx context.Context, f CredentialFilter, after string, limit int) (page []Credential, next string, err error) {
	q := Query{By: "organisation", Value: w.organisation, After: after, Limit: limit, Backward: f.Newest}
	var dated bool
	switch {
	case f.Recipient != "":
		q.By, q.Value = "recipient", f.Recipient
	case f.Batch != "":
		q.By, q.Value = "batch", keyLookup(w.organisation, f.Batch)
	case !f.IssuedFrom.IsZero() || !f.IssuedUntil.IsZero():
		dated = true
	default:
		if f.Achievement != "" {
			q.By, q.Value = "achievement", q.Value+"/"+f.Achievement
		}
		if f.State != "" {
			q.By, q.Value = map[string]string{"organisation": "state", "achievement": "achievement-state"}[q.By], q.Value+"/"+string(f.State)
		}
	}
	err = w.service.store.View(ctx, func(tx Tx) (err error) {
		var all []Credential
		if dated {
			all, next, err = w.issuedOn(tx, f, q)
		} else {
			all, next, err = credentials.List(tx, q)
		}
		page = make([]Credential, 0, len(all))
		for _, c := range all {
			if c.Organisation == w.organisation && f.fits(&c) {
				page = append(page, c)
			}
		}
		return err
	})
	return page, next, stored(err)
}

// fits says whether an award is one that is asked for.
func (f *CredentialFilter) fits(c *Credential) bool {
	switch {
	case f.Achievement != "" && c.Achievement != f.Achievement, f.State != "" && c.State() != f.State,
		f.Recipient != "" && c.Recipient != f.Recipient, f.Batch != "" && c.Batch != f.Batch:
		return false
	case f.IssuedFrom.IsZero() && f.IssuedUntil.IsZero():
		return true
	}
	issued := dayOf(c.Issued)
	return !c.Issued.IsZero() && (f.IssuedFrom.IsZero() || !issued.Before(dayOf(f.IssuedFrom))) &&
		(f.IssuedUntil.IsZero() || !issued.After(dayOf(f.IssuedUntil)))
}

func dayOf(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// issuedOn lists day by day. The cursor is the day and, where there are more of that day, the cursor within it.
func (w Workspace) issuedOn(tx Tx, f CredentialFilter, q Query) (page []Credential, next string, err error) {
	o, _, err := organisations.Get(tx, w.organisation)
	if err != nil {
		return nil, "", err
	}
	first, last := dayOf(o.Created), dayOf(w.service.now())
	if from := dayOf(f.IssuedFrom); !f.IssuedFrom.IsZero() && from.After(first) {
		first = from
	}
	if until := dayOf(f.IssuedUntil); !f.IssuedUntil.IsZero() && until.Before(last) {
		last = until
	}
	day, step := first, 24*time.Hour
	if q.Backward {
		day, step = last, -step
	}
	if q.After != "" {
		var text string
		text, q.After, _ = strings.Cut(q.After, ".")
		if day, err = time.Parse(time.DateOnly, text); err != nil {
			return nil, "", ErrCursor
		}
	}
	if q.By = "day"; q.Limit == 0 {
		q.Limit = 100
	}
	for range daysAtOnce {
		if day.Before(first) || day.After(last) {
			return page, "", nil
		}
		q.Value = dayLookup(w.organisation, day)
		some, more, err := credentials.List(tx, q)
		if err != nil {
			return nil, "", err
		}
		page = append(page, some...)
		if more != "" {
			return page, day.Format(time.DateOnly) + "." + more, nil
		}
		day = day.Add(step)
		if q.After, q.Limit = "", q.Limit-len(some); q.Limit == 0 {
			break
		}
	}
	if day.Before(first) || day.After(last) {
		return page, "", nil
	}
	return page, day.Format(time.DateOnly), nil
}
