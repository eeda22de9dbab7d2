package issuer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// VerifyAudit recomputes the whole chain and returns the number of its entries. A log that is not as it was written has kind
// conflict and code audit_broken, and the sentence says what is wrong with the first entry at fault: changed, missing, out of its
// place, a reason that does not fit, an end that is not the one on record.
func (s *Service) VerifyAudit(ctx context.Context) (entries int, err error) {
	return s.documents.VerifyAudit(ctx)
}

// VerifyAudit is [Service.VerifyAudit] by the store alone.
func (d *Documents) VerifyAudit(ctx context.Context) (entries int, err error) {
	return d.verifyAudit(ctx, nil)
}

// VerifyAuditDeep is [Service.VerifyAudit], and then holds what the log says against what there is: every organisation,
// achievement, credential, token and record of a signed document against the newest entry about it, each entry against the one before
// it about the same object, and the chain against the signed heads that are kept. What was changed beside the program has kind
// conflict and code audit_differs. Left out are what no act is about (pictures, status lists and their bits, answers to
// repeatable writes, the installation itself), the last use of tokens, and what was last changed by a release before the digests.
// It keeps 32 bytes in memory for each object.
func (s *Service) VerifyAuditDeep(ctx context.Context) (entries int, err error) {
	return s.documents.VerifyAuditDeep(ctx)
}

// VerifyAuditDeep is [Service.VerifyAuditDeep] by the store alone.
func (d *Documents) VerifyAuditDeep(ctx context.Context) (entries int, err error) {
	return d.verifyAudit(ctx, newDeepAudit())
}

func (d *Documents) verifyAudit(ctx context.Context, deep *deepAudit) (entries int, err error) {
	err = d.store.View(ctx, func(tx Tx) error {
		head, err := readHead(tx)
		if err != nil {
			return err
		}
		if deep != nil {
			if err := deep.readHeads(tx); err != nil {
				return err
			}
		}
		c := chain{whole: true}
		err = auditRows(ctx, tx, func(row Row, e AuditEntry) error {
			fault, err := c.follow(e, row.ID, row.Body)
			if fault == "" && err == nil && e.Reason != "" {
				fault, err = c.reason(tx, e)
			}
			if fault != "" {
				return broken(fault)
			}
			if deep != nil && err == nil {
				err = deep.follow(e)
			}
			return err
		})
		entries = c.entries
		if err == nil {
			err = c.end(head)
		}
		if err == nil && deep != nil {
			err = deep.compare(ctx, tx)
		}
		return err
	})
	return entries, stored(err)
}

// auditRows gives every entry of the log in order, page by page.
func auditRows(ctx context.Context, tx Tx, do func(Row, AuditEntry) error) error {
	return pages(ctx, tx, auditEntries.Kind, func(row Row) error {
		e, fault := readEntry(row.Body)
		if fault != nil {
			return broken(fmt.Sprintf("the record %s cannot be read", row.ID))
		}
		return do(row, e)
	})
}

// pages gives every record of a kind in the order of ids.
func pages(ctx context.Context, tx Tx, k Kind, do func(Row) error) error {
	for q := (Query{Limit: 1000}); ; {
		page, next, err := tx.List(k, q)
		if err != nil {
			return err
		}
		for _, row := range page {
			if err := do(row); err != nil {
				return err
			}
		}
		if q.After = next; next == "" {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// chain is a log as far as it was read.
type chain struct {
	whole   bool // it has to begin with the first entry
	entries int
	first   uint64
	last    AuditEntry
	latest  time.Time
	moved   string          // as the entries tell
	erased  map[uint64]bool // entries whose reason is gone, and of which no entry has said so yet
}

// follow takes the next entry, as it stands in text, under the name that it has in the store; "" where it has none. The fault says
// what is wrong with it, "" that nothing is.
func (c *chain) follow(e AuditEntry, name string, text []byte) (fault string, err error) {
	written, hash, err := e.seal()
	if err != nil {
		return "", err
	}
	next := c.last.Sequence + 1
	if c.entries == 0 && !c.whole {
		next = e.Sequence
	}
	switch {
	case e.Hash != hash || !bytes.Equal(text, written):
		place := strconv.FormatUint(next, 10)
		if n, err := strconv.ParseUint(name, 10, 64); err == nil {
			place = strconv.FormatUint(n, 10)
		}
		return "entry " + place + " was changed", nil
	case name != "" && name != sequenced(e.Sequence):
		return fmt.Sprintf("entry %d is not in its place, but stands as record %s", e.Sequence, name), nil
	case e.Sequence > next:
		return fmt.Sprintf("entry %d is missing, or not in its place", next), nil
	case e.Sequence < next:
		return fmt.Sprintf("entry %d is not in its place: it comes after entry %d", e.Sequence, c.last.Sequence), nil
	case next == 0, (c.entries > 0 || next == 1) && e.Previous != c.last.Hash:
		return fmt.Sprintf("entry %d does not follow from the one before it, which is another than when it was written", e.Sequence), nil
	}
	if c.entries++; c.entries == 1 {
		c.first = e.Sequence
	}
	if c.last = e; e.At.After(c.latest) {
		c.latest = e.At
	}
	switch e.Action {
	case actionMoved:
		c.moved = e.Detail
	case actionResumed, actionRestored:
		c.moved = ""
	case actionErased:
		if n, err := strconv.ParseUint(e.Subject, 10, 64); err == nil {
			delete(c.erased, n)
		}
	}
	return "", nil
}

// reason looks at the text that lies beside an entry.
func (c *chain) reason(tx Tx, e AuditEntry) (fault string, err error) {
	r, _, err := auditReasons.Get(tx, sequenced(e.Sequence))
	switch {
	case errors.Is(err, ErrNotFound):
		if c.erased == nil {
			c.erased = map[uint64]bool{}
		}
		c.erased[e.Sequence] = true
		return "", nil
	case err == nil && !r.fits(e.Reason):
		return fmt.Sprintf("the reason beside entry %d is not the one that it was recorded with", e.Sequence), nil
	}
	return "", err
}

// end holds the chain against its end on record.
func (c *chain) end(head auditHead) error {
	switch last := c.last.Sequence; {
	case head.Sequence == last+1:
		return broken(fmt.Sprintf("entry %d, the newest, is missing", head.Sequence))
	case head.Sequence > last:
		return broken(fmt.Sprintf("entries %d to %d, the newest, are missing", last+1, head.Sequence))
	case head.Sequence < last:
		return broken(fmt.Sprintf("its end on record is entry %d, and entry %d comes after it", head.Sequence, head.Sequence+1))
	case head.Hash != c.last.Hash:
		return broken(fmt.Sprintf("its end on record does not fit entry %d", last))
	case !head.Latest.Equal(c.latest) || head.Moved != c.moved:
		return broken("its end on record says what no entry says")
	case len(c.erased) > 0:
		return broken(fmt.Sprintf("the reason beside entry %d is gone, and no entry says that it was erased", slices.Min(slices.Collect(maps.Keys(c.erased)))))
	}
	return nil
}

func broken(fault string) error {
	return conflict("audit_broken", "The audit log is not as it was written: "+fault+".")
}

// AuditHolds says whether the log still has the entry that a head of it named, as it was then: a nil error. A log from which it
// is gone, or in which it is another, has kind conflict and code audit_broken; so has one that came from a backup older than the
// head. That the entries before it are as they were is what VerifyAudit finds out.
func (d *Documents) AuditHolds(ctx context.Context, head AuditHead) error {
	return stored(d.store.View(ctx, func(tx Tx) error {
		if head.Sequence == 0 && head.Hash == "" {
			return nil
		}
		e, _, err := auditEntries.Get(tx, sequenced(head.Sequence))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err != nil {
			return broken(fmt.Sprintf("entry %d, whose hash was published, is missing, or the store came from a backup that is older than it", head.Sequence))
		}
		if _, hash, err := e.seal(); err != nil || hash != head.Hash || e.Hash != head.Hash {
			return broken(fmt.Sprintf("entry %d is another than the one whose hash was published, or the store came from a backup that is older than that", head.Sequence))
		}
		return nil
	}))
}

// AuditHolds is [Documents.AuditHolds].
func (s *Service) AuditHolds(ctx context.Context, head AuditHead) error {
	return s.documents.AuditHolds(ctx, head)
}
