package issuer

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// AuditEntry is one act. Entries form a chain: each holds the hash of the one before, so that none can be changed or taken
// out without a trace. They hold no personal data: what a person wrote lies beside the entry, which has its digest only.
type AuditEntry struct {
	Sequence uint64    `json:"sequence"` // from 1, without gaps
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`            // who did it; never an e-mail address
	Action   string    `json:"action"`           // such as credential.revoked
	Subject  string    `json:"subject"`          // id of what it was done to
	Detail   string    `json:"detail,omitempty"` // ids and names of things, not of people
	// Organisation is the id of the organisation that the subject belongs to; "" for acts on the installation itself, and in entries of
	// releases that did not write it.
	Organisation string `json:"organisation,omitempty"`
	// Before and After are the SHA-256 in base64url of the stored record of the subject before and after the act: Before is ""
	// when there was none, After when it was taken out, and both when the act changed no record or comes from a release that
	// did not write them. A token counts without its last use.
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	Reason   string `json:"reason,omitempty"` // SHA-256 in base64url of a salt of 16 bytes and the text of the reason
	Previous string `json:"previous"`         // hash of the entry before; "" for the first
	Hash     string `json:"hash,omitempty"`   // SHA-256 in base64url of the entry's JSON without this member

	why string // the text of the reason, for record
}

// auditHead is the end of the chain. It lets the loss of the newest entries be noticed, and the clock going back.
type auditHead struct {
	Sequence uint64    `json:"sequence"`
	Hash     string    `json:"hash"`
	Latest   time.Time `json:"latest"`          // the latest instant of any entry
	Moved    string    `json:"moved,omitempty"` // where the installation was moved to: nothing more is done here
	// Unsettled says that a backup was put here, and that [Restored] has not yet closed its status lists: nothing is done before.
	Unsettled bool `json:"unsettled,omitempty"`
}

// auditReason is the text of a reason. It may speak of people, so it can be erased, and the chain holds without it.
type auditReason struct {
	Sequence uint64 `json:"sequence"` // of its entry
	Salt     string `json:"salt"`     // 16 random bytes in base64url: without them a short reason could be guessed from its digest
	Text     string `json:"text"`
}

const auditHeadID = "head"

var auditEntries = Table[AuditEntry]{
	Kind: Kind{Name: "audit", Lookups: []string{"organisation", "subject", "actor"}},
	Key:  func(e *AuditEntry) string { return sequenced(e.Sequence) },
	Lookups: func(e *AuditEntry) []string {
		// Another entry tells how an intent ended; that spares half of what the lists cost where many are awarded. A text has to be found.
		if strings.HasSuffix(e.Action, ".intended") && e.Reason == "" {
			return []string{"", "", ""}
		}
		return []string{e.Organisation, listable(e.Subject), actorLookup(*e)}
	},
}

var auditHeads = Table[auditHead]{
	Kind: Kind{Name: "audit-head"},
	Key:  func(*auditHead) string { return auditHeadID },
}

var auditReasons = Table[auditReason]{
	Kind: Kind{Name: "audit-reason"},
	Key:  func(r *auditReason) string { return sequenced(r.Sequence) },
}

// seal returns the entry's JSON as it is stored, with the hash that it has to carry, and that hash.
func (e AuditEntry) seal() (text []byte, hash string, err error) {
	e.Hash = ""
	if text, err = json.Marshal(e); err != nil {
		return nil, "", err
	}
	hash = digestOf(text)
	return append(text[:len(text)-1], `,"hash":"`+hash+`"}`...), hash, nil
}

// fits says whether the text is the one that an entry has the digest of.
func (r auditReason) fits(digest string) bool {
	salt, err := base64.RawURLEncoding.DecodeString(r.Salt)
	return err == nil && digestOf(append(salt, r.Text...)) == digest
}

// readHead returns the end of the chain, the zero value when there is none.
func readHead(tx Tx) (auditHead, error) {
	if notes, ok := tx.(*noting); ok {
		head, err := notes.end()
		if err != nil {
			return auditHead{}, err
		}
		return *head, nil
	}
	head, _, err := storedHead(tx)
	return head, err
}

// changeHead has the end of the chain written otherwise, with the update that tx is of.
func changeHead(tx Tx, change func(*auditHead)) error {
	notes, ok := tx.(*noting)
	if !ok {
		return outsideUpdate()
	}
	head, err := notes.end()
	if err != nil {
		return err
	}
	change(head)
	notes.moved = true
	return nil
}

func outsideUpdate() error {
	return internal("audit", "An act was to be recorded outside of an update that notes what it changes.", nil)
}

// storedHead is readHead without what the update changes, and the version.
func storedHead(tx Tx) (auditHead, uint64, error) {
	head, version, err := auditHeads.Get(tx, auditHeadID)
	if errors.Is(err, ErrNotFound) {
		return auditHead{}, 0, nil
	}
	return head, version, err
}

// record appends one act to the chain, in the transaction of the act, after all that it changed was put. The digests of the
// subject come from what the transaction has noted. An installation that was moved away takes no more acts, and one that is being
// restored none yet.
func record(tx Tx, e AuditEntry) error {
	return enter(tx, e, auditHead.live)
}

// enter is record for an installation that fit finds nothing wrong with.
func enter(tx Tx, e AuditEntry, fit func(auditHead) error) error {
	notes, ok := tx.(*noting)
	if !ok {
		return outsideUpdate()
	}
	if strings.Contains(e.Actor, "@") {
		return invalid("actor", "The name of who does this must not be an e-mail address.")
	}
	head, err := readHead(tx)
	if err != nil {
		return err
	}
	if err := fit(head); err != nil {
		return err
	}
	e.At = e.At.UTC()
	e.Sequence, e.Previous = head.Sequence+1, head.Hash
	if e.Organisation == "" {
		e.Organisation = notes.organisation(e)
	}
	e.Before, e.After = notes.digests(e)
	if e.why != "" {
		salt := make([]byte, 16, 16+len(e.why))
		_, _ = rand.Read(salt) // never fails
		r := auditReason{Sequence: e.Sequence, Salt: base64.RawURLEncoding.EncodeToString(salt), Text: e.why}
		e.Reason = digestOf(append(salt, e.why...))
		if err := auditReasons.Put(tx, &r, 0); err != nil {
			return err
		}
	}
	text, hash, err := e.seal()
	if err != nil {
		return err
	}
	e.Hash = hash
	if err := auditEntries.putBody(tx, &e, text, 0); err != nil {
		return err
	}
	return changeHead(tx, func(head *auditHead) {
		head.Sequence, head.Hash = e.Sequence, e.Hash
		if e.At.After(head.Latest) {
			head.Latest = e.At
		}
	})
}

// organisation is the id of the organisation that the subject of an entry belongs to, as far as the transaction has seen its record.
func (n *noting) organisation(e AuditEntry) string {
	class := classOf(e.Action)
	seen := n.notes[object{class, e.Subject}]
	switch {
	case seen == nil:
		return ""
	case class == "organisation":
		return e.Subject
	case seen.after != nil:
		return organisationOf(seen.after)
	}
	return organisationOf(seen.before)
}

// organisationOf reads the member organisation of a record, which stands near its beginning: what follows is not read.
func organisationOf(body []byte) string {
	reader := json.NewDecoder(bytes.NewReader(body))
	if _, err := reader.Token(); err != nil { // the brace
		return ""
	}
	for reader.More() {
		name, err := reader.Token()
		if err != nil {
			return ""
		}
		var value json.RawMessage
		if err := reader.Decode(&value); err != nil {
			return ""
		}
		if id := ""; name == "organisation" && json.Unmarshal(value, &id) == nil {
			return id
		}
	}
	return ""
}

const actionErased = "reason.erased" // the subject is the sequence of the entry

// EraseReason erases the text of the reason of an entry from the log, because it speaks of a person; the entry keeps its digest,
// and another entry says that this was done. What is shown elsewhere, such as the reason on the page of an award, stays. Kind
// missing when the entry has no such text.
func (s *Service) EraseReason(ctx context.Context, sequence uint64, actor string) error {
	return stored(s.store.Update(ctx, func(tx Tx) error {
		if err := tx.Delete(auditReasons.Kind, sequenced(sequence)); errors.Is(err, ErrNotFound) {
			return missing("The entry of this number has no reason, or it was erased already.")
		} else if err != nil {
			return err
		}
		of, _, err := auditEntries.Get(tx, sequenced(sequence))
		if err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: actionErased, Subject: strconv.FormatUint(sequence, 10), Organisation: of.Organisation})
	}))
}
