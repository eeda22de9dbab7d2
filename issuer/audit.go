package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// AuditEntry is one act. Entries form a chain: each holds the hash of the one before, so that none can be changed or taken
// out without a trace. They hold no personal data.
type AuditEntry struct {
	Sequence uint64    `json:"sequence"` // from 1, without gaps
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`            // who did it; never an e-mail address
	Action   string    `json:"action"`           // such as credential.revoked
	Subject  string    `json:"subject"`          // id of what it was done to
	Detail   string    `json:"detail,omitempty"` // ids and names of things, not of people
	Previous string    `json:"previous"`         // hash of the entry before; "" for the first
	Hash     string    `json:"hash,omitempty"`   // SHA-256 in base64url of the entry's JSON without this member
}

// auditHead is the end of the chain. It lets the loss of the newest entries be noticed, and the clock going back.
type auditHead struct {
	Sequence uint64    `json:"sequence"`
	Hash     string    `json:"hash"`
	Latest   time.Time `json:"latest"` // the latest instant of any entry
}

const auditHeadID = "head"

var auditEntries = Table[AuditEntry]{
	Kind: Kind{Name: "audit"},
	Key:  func(e *AuditEntry) string { return fmt.Sprintf("%020d", e.Sequence) },
}

var auditHeads = Table[auditHead]{
	Kind: Kind{Name: "audit-head"},
	Key:  func(*auditHead) string { return auditHeadID },
}

// digest is the hash that the entry has to carry.
func (e AuditEntry) digest() (string, error) {
	e.Hash = ""
	text, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// readHead returns the end of the chain, the zero value when there is none, and its version.
func readHead(tx Tx) (auditHead, uint64, error) {
	head, version, err := auditHeads.Get(tx, auditHeadID)
	if errors.Is(err, ErrNotFound) {
		return auditHead{}, 0, nil
	}
	return head, version, err
}

// record appends one act to the chain, in the transaction of the act.
func record(tx Tx, e AuditEntry) error {
	if strings.Contains(e.Actor, "@") {
		return invalid("actor", "The name of who does this must not be an e-mail address.")
	}
	head, version, err := readHead(tx)
	if err != nil {
		return err
	}
	e.At = e.At.UTC()
	e.Sequence, e.Previous = head.Sequence+1, head.Hash
	if e.Hash, err = e.digest(); err != nil {
		return err
	}
	if err := auditEntries.Put(tx, &e, 0); err != nil {
		return err
	}
	head.Sequence, head.Hash = e.Sequence, e.Hash
	if e.At.After(head.Latest) {
		head.Latest = e.At
	}
	return auditHeads.Put(tx, &head, version)
}

// VerifyAudit recomputes the whole chain and returns the number of its entries. A broken chain is an error of kind conflict
// and code audit_broken that names the first entry at fault.
func (s *Service) VerifyAudit(ctx context.Context) (entries int, err error) {
	return verifyAudit(ctx, s.store)
}

func verifyAudit(ctx context.Context, store Store) (entries int, err error) {
	err = store.View(ctx, func(tx Tx) error {
		entries = 0
		head, _, err := readHead(tx)
		if err != nil {
			return err
		}
		var last AuditEntry
		for q := (Query{Limit: 1000}); ; {
			page, next, err := auditEntries.List(tx, q)
			if err != nil {
				return err
			}
			for _, e := range page {
				want, err := e.digest()
				if err != nil {
					return err
				}
				if e.Sequence != last.Sequence+1 || e.Previous != last.Hash || e.Hash != want {
					return broken(last.Sequence + 1)
				}
				last = e
				entries++
			}
			if q.After = next; next == "" {
				break
			}
		}
		if head.Sequence != last.Sequence || head.Hash != last.Hash {
			return broken(last.Sequence + 1)
		}
		return nil
	})
	return entries, stored(err)
}

func broken(sequence uint64) error {
	return conflict("audit_broken", fmt.Sprintf("The audit log is not as it was written: entry %d was changed or is missing.", sequence))
}
