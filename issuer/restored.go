package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Acts on a whole installation.
const (
	actionPublished = "installation.published"
	actionUpgraded  = "installation.upgraded"
	actionRestored  = "installation.restored" // the detail is the instant of the backup
	actionMoved     = "installation.moved"    // the detail is where to
	actionResumed   = "installation.resumed"
	actionDisplaced = "document.displaced" // what was to be signed lost its place in the status lists
	actionHeld      = "batch.held"         // what is left of the batch may have been done in the hours that a restore has lost
)

// Restoring is what a backup is passed through on its way into an empty store. It marks the installation in it, so that nothing is
// done there before [Restored] was called, also when the program that restores is killed in between; it takes away a mark that the
// installation was moved, which the backup may have met; and it leaves out (keep is false) where the next places in the status lists
// would have been, so that no program of any release gives them again.
func Restoring(k Kind, r Row) (row Row, keep bool, err error) {
	switch k.Name {
	case pairs.Kind.Name:
		return r, false, nil
	case auditHeads.Kind.Name:
		var head auditHead
		if err = json.Unmarshal(r.Body, &head); err == nil {
			head.Unsettled, head.Moved = true, ""
			r.Body, err = json.Marshal(head)
		}
	}
	if err != nil {
		return r, false, fmt.Errorf("reading %s %s: %w", k.Name, r.ID, err)
	}
	return r, true, nil
}

// Restored makes a store fit to go on from a backup of the instant backup, of which the hours since are lost. In these hours
// places in the status lists were given that the store does not know of, so no list is given another place of: the next award
// begins a new pair, and what was to be signed when the backup was made gets another place. Batches that were open are on hold:
// rows that the backup has not begun may have been done since; see [Service.ReleaseBatch] and [Service.DropBatch]. Answers to
// repeatable writes are kept. An installation that was moved away is refused (kind denied, code moved). Call it once, at the instant now, before anything
// is issued; until it has ended well nothing can be done in the store, and it can be called again. Kind missing when the store holds
// no installation.
//
// passing are kinds of record that hold for a while only and may have come to their end in the hours since, such as messages that were
// sent, or sessions that were ended: all of these records are deleted.
func Restored(ctx context.Context, store Store, backup, now time.Time, actor string, passing ...Kind) error {
	err := update(ctx, store, func(tx Tx) error {
		if _, _, err := installations.Get(tx, installationID); err != nil {
			return err
		}
		head, err := readHead(tx)
		if err == nil && head.Moved != "" {
			err = movedAway(head.Moved)
		}
		if err != nil {
			return err
		}
		return unsettle(tx, true)
	})
	steps := []settling{closePairs, displace, holdBatches}
	for _, k := range passing {
		steps = append(steps, forgetting(k))
	}
	for _, settle := range steps {
		if err == nil {
			err = settleAll(ctx, store, settle, AuditEntry{At: now, Actor: actor})
		}
	}
	if err == nil {
		err = update(ctx, store, func(tx Tx) error {
			if err := unsettle(tx, false); err != nil {
				return err
			}
			return record(tx, AuditEntry{At: now, Actor: actor, Action: actionRestored, Subject: installationID, Detail: backup.UTC().Format(time.RFC3339)})
		})
	}
	return stored(err)
}

// unsettle sets or takes away the mark of [Restoring].
func unsettle(tx Tx, on bool) error {
	return changeHead(tx, func(head *auditHead) { head.Unsettled = on })
}

// settling says what is to be done with the records of a kind, of which there may be very many, for few of them.
type settling struct {
	kind Kind
	due  func(body []byte) (bool, error)
	do   func(tx Tx, id string, e AuditEntry) error // e has the instant and who does it
}

// anyway lets acts be recorded that are part of a restore.
func anyway(auditHead) error { return nil }

// settleMost is how many records one transaction settles.
const settleMost = 100

// settleAll finds the records first and then changes them some at a time. What is marked by [Restoring] changes in no other way.
func settleAll(ctx context.Context, store Store, s settling, e AuditEntry) error {
	var found []string
	err := store.View(ctx, func(tx Tx) error {
		found = nil
		return pages(ctx, tx, s.kind, func(row Row) error {
			due, err := s.due(row.Body)
			if err != nil {
				return fmt.Errorf("reading %s %s: %w", s.kind.Name, row.ID, err)
			}
			if due {
				found = append(found, row.ID)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(found, settleMost) {
		err := update(ctx, store, func(tx Tx) error {
			for _, id := range some {
				if err := s.do(tx, id, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetting deletes all records of a kind.
func forgetting(k Kind) settling {
	return settling{
		kind: k,
		due:  func([]byte) (bool, error) { return true, nil },
		do:   func(tx Tx, id string, _ AuditEntry) error { return tx.Delete(k, id) },
	}
}

// closePairs forgets where the next places would have been. The lists stay, with the places that are given in them.
var closePairs = forgetting(pairs.Kind)

// displace takes their places from documents that were to be signed: another document may have been signed at them since. The place of
// an award is its own: it would be completed as the same award.
var displace = settling{
	kind: signedDocuments.Kind,
	due: func(body []byte) (bool, error) {
		var d struct {
			Slot   *struct{}
			Signed time.Time
		}
		err := json.Unmarshal(body, &d)
		return d.Slot != nil && d.Signed.IsZero(), err
	},
	do: func(tx Tx, id string, e AuditEntry) error {
		d, version, err := signedDocuments.Get(tx, id)
		if err != nil {
			return err
		}
		d.Slot = nil
		if err := signedDocuments.Put(tx, &d, version); err != nil {
			return err
		}
		e.Action, e.Subject = actionDisplaced, d.Digest
		return enter(tx, e, anyway)
	},
}

// holdBatches puts the batches on hold that were open.
var holdBatches = settling{
	kind: batches.Kind,
	due: func(body []byte) (bool, error) {
		var b struct{ State BatchState }
		err := json.Unmarshal(body, &b)
		return b.State == BatchOpen, err
	},
	do: func(tx Tx, id string, e AuditEntry) error {
		b, version, err := batches.Get(tx, id)
		if err != nil {
			return err
		}
		b.State = BatchHeld
		if err := batches.Put(tx, &b, version); err != nil {
			return err
		}
		e.Action, e.Subject = actionHeld, id
		return enter(tx, e, anyway)
	},
}

// MarkMoved says that the installation in store was moved to another place, such as a folder or the URL of a database, of which
// password and options are left out. From then on Open refuses the store, and so does every act in processes that have it open:
// kind denied, code moved. to "" takes the mark away, for a copy that is to be used, or a move that failed. It is marked before it
// is copied, so that nothing is done that the copy does not have. Marking it again in the same way does nothing; marking it as moved
// to yet another place is refused (kind denied, code moved).
func MarkMoved(ctx context.Context, store Store, to string, now time.Time, actor string) error {
	to = withoutPassword(to)
	return stored(update(ctx, store, func(tx Tx) error {
		if _, _, err := installations.Get(tx, installationID); err != nil {
			return err
		}
		head, err := readHead(tx)
		if err != nil || head.Moved == to {
			return err
		}
		if head.Moved != "" && to != "" { // a second copy would give places that the first has given since
			return movedAway(head.Moved)
		}
		if head.Moved != "" { // or nothing could be recorded
			if err := changeHead(tx, func(head *auditHead) { head.Moved = "" }); err != nil {
				return err
			}
		}
		e := AuditEntry{At: now, Actor: actor, Action: actionResumed, Subject: installationID}
		if to != "" {
			e.Action, e.Detail = actionMoved, to
		}
		if err := record(tx, e); err != nil || to == "" {
			return err
		}
		return changeHead(tx, func(head *auditHead) { head.Moved = to })
	}))
}

// live refuses an installation that was moved away, or is not yet restored.
func live(tx Tx) error {
	head, err := readHead(tx)
	if err == nil {
		err = head.live()
	}
	return err
}

func (h auditHead) live() error {
	switch {
	case h.Unsettled:
		return &Error{Kind: KindDenied, Code: "unsettled",
			Detail: "A restore of a backup was broken off here. Run laurel restore --recovered, which ends it, or restore again into an empty folder or database."}
	case h.Moved != "":
		return movedAway(h.Moved)
	}
	return nil
}

func movedAway(to string) error {
	return &Error{Kind: KindDenied, Code: "moved",
		Detail: "This installation was moved to " + to + ". Start it there. If it ran here as well, two badges could get one place in the status lists, and revoking one would revoke the other."}
}

// withoutPassword names a place so that it can be shown.
func withoutPassword(place string) string {
	u, err := url.Parse(place)
	switch {
	case err == nil && u.Scheme != "" && (u.Host != "" || len(u.Path) > 1): // without a host where a server has a socket alone
		shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
		return shown.String()
	case strings.Contains(place, "://") || strings.Contains(strings.ToLower(place), "password"):
		return "another database"
	}
	return place
}
