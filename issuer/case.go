package issuer

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// CaseState is the life of a case file. It goes in this order; only a case that is open or noticed can be decided without an answer.
type CaseState string

const (
	CaseOpen     CaseState = "open"     // an allegation was recorded
	CaseNoticed  CaseState = "noticed"  // the earner was told, and by when to answer
	CaseAnswered CaseState = "answered" // the earner has answered
	CaseDecided  CaseState = "decided"
	CaseClosed   CaseState = "closed" // nothing more is written into it
)

// CaseStep is what an entry of a case file records.
type CaseStep string

const (
	CaseNotice   CaseStep = "notice"   // the earner was told
	CaseAnswer   CaseStep = "answer"   // what the earner said
	CaseDocument CaseStep = "document" // something that was looked at, by reference
	CaseVote     CaseStep = "vote"     // of a member of the committee, to revoke or not
)

// Verdict is how a case ends.
type Verdict string

const (
	VerdictRevoke Verdict = "revoke" // the award is revoked
	VerdictKeep   Verdict = "keep"   // it stays, and is reinstated when the case had it suspended
	VerdictAmend  Verdict = "amend"  // as keep, and another award is to take its place: see [Workspace.Amend]
)

// Case is the file on an inquiry into one award: what is alleged, that the earner was told, what they said, who voted how, and what was
// decided. Its texts can be erased; then its steps are left, with who and when.
type Case struct {
	ID           string      `json:"id"` // 22 characters
	Organisation string      `json:"organisation"`
	Credential   string      `json:"credential"` // Credential.ID
	State        CaseState   `json:"state"`
	By           string      `json:"by"` // who opened it
	At           time.Time   `json:"at"`
	Code         ReasonCode  `json:"code"` // what is alleged
	Allegation   string      `json:"allegation,omitempty"`
	Suspended    bool        `json:"suspended,omitempty"` // the award was suspended when the case was opened
	Due          time.Time   `json:"due,omitzero"`        // until when the earner may answer; zero before the first notice
	Entries      []CaseEntry `json:"entries,omitempty"`   // in the order in which they were made
	Decision     *Decision   `json:"decision,omitempty"`
	Closed       *Change     `json:"closed,omitempty"`
	Erased       bool        `json:"erased,omitempty"` // the texts were taken away, with the award
	Sequence     uint64      `json:"sequence"`
}

// CaseEntry is one step of a case. A member that its step does not name is empty.
type CaseEntry struct {
	Number int       `json:"number"` // from 1
	Step   CaseStep  `json:"step"`
	By     string    `json:"by"` // who recorded it
	At     time.Time `json:"at"`
	Text   string    `json:"text,omitempty"` // of the notice or answer; what the document shows; why the vote

	Sent   time.Time `json:"sent,omitzero"`    // notice: when the earner was told; answer: when it came
	Due    time.Time `json:"due,omitzero"`     // notice: until when the earner may answer
	Earner bool      `json:"earner,omitempty"` // answer: the earner wrote it; else it was recorded for them
	URL    string    `json:"url,omitempty"`    // document: where it lies
	Digest string    `json:"digest,omitempty"` // document: as in digestSRI, such as sha256-…
	For    bool      `json:"for,omitempty"`    // vote: to revoke
}

// Decision ends a case.
type Decision struct {
	Verdict Verdict    `json:"verdict"`
	Code    ReasonCode `json:"code,omitempty"`   // of revoke: public
	Reason  string     `json:"reason,omitempty"` // public
	Note    string     `json:"note,omitempty"`   // for the issuer alone
	Urgent  string     `json:"urgent,omitempty"` // of revoke: why it could not wait for the earner; "" when it did
	By      string     `json:"by"`
	At      time.Time  `json:"at"`
	Votes   int        `json:"votes"` // that counted
	For     int        `json:"for"`   // of them, to revoke
}

// CaseInput is an allegation.
type CaseInput struct {
	Credential string     // Credential.ID
	Code       ReasonCode // what is alleged
	Allegation string     // in words, for the issuer and the earner
	Suspend    bool       // the award is suspended as long as nothing is decided, if it is not already
}

// heldCase is the record of a case. The salt keeps erased texts from being guessed by the digests in the audit log.
type heldCase struct {
	Case
	Salt string `json:"salt,omitempty"`
}

var cases = Table[heldCase]{
	Kind:  Kind{Name: "case", Lookups: []string{"organisation", "state", "credential"}},
	Key:   func(c *heldCase) string { return c.ID },
	Order: func(c *heldCase) string { return sequenced(c.Sequence) },
	Lookups: func(c *heldCase) []string {
		return []string{c.Organisation, c.Organisation + "/" + string(c.State), c.Credential}
	},
}

const (
	longestStatement = 20_000 // bytes of a text in a case
	mostEntries      = 200    // of a case
)

// caseCodes are what can be alleged, and why a decision can revoke.
var caseCodes = []ReasonCode{ReasonError, ReasonEvidence, ReasonPolicy, ReasonRequest, ReasonOther}

func caseText(text string, needed bool, what string) (string, error) {
	text = strings.TrimSpace(text)
	if needed && text == "" || len(text) > longestStatement || !plainText(text) {
		least := 0
		if needed {
			least = 1
		}
		return "", invalid("text", fmt.Sprintf("%s needs %d to %d bytes of valid text.", what, least, longestStatement))
	}
	return text, nil
}

func knownCode(code ReasonCode) error {
	for _, known := range caseCodes {
		if code == known {
			return nil
		}
	}
	return invalid("code", fmt.Sprintf("The reason has to be one of these: %v.", caseCodes))
}

// OpenCase opens a case on an award and has that suspended, if it is asked for, in the same transaction. There is one case of an award
// that is not closed at most (kind conflict, code case_open). by.Once gets the [Case].
func (w Workspace) OpenCase(ctx context.Context, in CaseInput, by Write) (Case, uint64, error) {
	if err := knownCode(in.Code); err != nil {
		return Case{}, 0, err
	}
	text, err := caseText(in.Allegation, true, "The allegation")
	if err != nil {
		return Case{}, 0, err
	}
	now := w.service.now().UTC()
	fresh := heldCase{Salt: newID(), Case: Case{ID: newID(), Organisation: w.organisation, Credential: in.Credential, State: CaseOpen,
		By: by.Actor, At: now, Code: in.Code, Allegation: text}}
	err = w.service.store.Update(ctx, func(tx Tx) error {
		award, _, err := w.named(in.Credential)(tx)
		switch {
		case err != nil:
			return err
		case award.Erased != nil:
			return conflict("erased", "The award was erased: nothing is left to look into.")
		case award.Revoked != nil:
			return conflict("already_revoked", "The award was already revoked, on "+day(*award.Revoked)+", which is for good.")
		case award.Issued.IsZero():
			return conflict("not_issued", "The award is still being made.")
		}
		last, _, err := cases.List(tx, Query{By: "credential", Value: in.Credential, Limit: 1, Backward: true})
		if err != nil {
			return err
		}
		if len(last) > 0 && last[0].State != CaseClosed {
			return conflict("case_open", "There is a case on this award already that is not closed.")
		}
		if fresh.Suspended = in.Suspend && award.Suspended == nil; fresh.Suspended {
			if _, _, err := w.service.suspendIn(tx, w.named(in.Credential), Cause{Code: ReasonInquiry}, Write{Actor: by.Actor}); err != nil {
				return err
			}
		}
		if fresh.Sequence, err = tx.Next("case"); err != nil {
			return err
		}
		return w.service.putCase(tx, &fresh, 0, AuditEntry{Action: "case.opened", Detail: in.Credential}, by)
	})
	if err != nil {
		return Case{}, 0, stored(err)
	}
	return fresh.Case, 1, nil
}

// putCase writes a case with the audit entry about it, which names ids only.
func (s *Service) putCase(tx Tx, c *heldCase, version uint64, e AuditEntry, by Write) error {
	if err := cases.Put(tx, c, version); err != nil {
		return err
	}
	if err := by.Once.keep(tx, "", c.Case, version+1); err != nil {
		return err
	}
	e.At, e.Actor, e.Subject, e.Organisation = s.now(), by.Actor, c.ID, c.Organisation
	return record(tx, e)
}

// openedCase reads a case of the organisation that is not closed.
func (w Workspace) openedCase(tx Tx, id string, by Write) (heldCase, uint64, error) {
	c, version, err := cases.Get(tx, id)
	if err = w.ours(c.Organisation, err); err != nil {
		return c, 0, err
	}
	if err := by.on(version); err != nil {
		return c, 0, err
	}
	if c.State == CaseClosed {
		return c, 0, conflict("case_closed", "The case is closed: nothing more is written into it.")
	}
	return c, version, nil
}

// undecided refuses a step that comes too late.
func (c *heldCase) undecided() error {
	if c.State == CaseDecided {
		return conflict("case_decided", "The case is decided already.")
	}
	return nil
}

// heard says that the earner has answered, or had time to.
func (c *heldCase) heard(now time.Time) bool {
	return c.State == CaseAnswered || c.State == CaseNoticed && !now.Before(c.Due)
}

// step adds an entry to a case that is not decided; move checks it against the case and says where the case stands then.
func (w Workspace) step(ctx context.Context, id string, e CaseEntry, by Write, move func(*heldCase, *CaseEntry) error) (c Case, version uint64, err error) {
	err = w.service.store.Update(ctx, func(tx Tx) error {
		held, read, err := w.openedCase(tx, id, by)
		if err != nil {
			return err
		}
		if err := held.undecided(); err != nil {
			return err
		}
		if len(held.Entries) >= mostEntries {
			return conflict("case_full", fmt.Sprintf("A case holds %d entries at most, and this one does.", mostEntries))
		}
		e := e
		e.Number, e.By, e.At = len(held.Entries)+1, by.Actor, w.service.now().UTC()
		if err := move(&held, &e); err != nil {
			return err
		}
		held.Entries = append(held.Entries, e)
		c, version = held.Case, read+1
		if err := w.service.putCase(tx, &held, read, AuditEntry{Action: "case." + string(e.Step), Detail: fmt.Sprintf("entry %d", e.Number)}, by); err != nil || e.Step != CaseNotice {
			return err
		}
		award, _, err := credentials.Get(tx, c.Credential)
		if err != nil {
			return err
		}
		return w.service.observe(tx, Event{Type: EventNoticed, Organisation: w.organisation, Subject: c.ID, Actor: by.Actor, Credential: &award, Until: e.Due})
	})
	return c, version, stored(err)
}

// NotifyCase records that the earner was told of the allegation, when that was, and until when they may answer, which is still to come.
// Telling them again can only give them more time. Sent zero is now.
func (w Workspace) NotifyCase(ctx context.Context, id string, sent, due time.Time, text string, by Write) (Case, uint64, error) {
	text, err := caseText(text, true, "The notice")
	if err != nil {
		return Case{}, 0, err
	}
	e := CaseEntry{Step: CaseNotice, Text: text, Sent: sent.UTC(), Due: due.UTC()}
	return w.step(ctx, id, e, by, func(c *heldCase, e *CaseEntry) error {
		if sent.IsZero() {
			e.Sent = e.At
		}
		switch {
		case c.State == CaseAnswered:
			return conflict("case_answered", "The earner has answered already.")
		case e.Sent.After(e.At) || e.Sent.Before(c.At):
			return invalid("sent", "The notice was sent after the case was opened, and not in the future.")
		case !e.Due.After(e.At):
			return invalid("due", "The earner needs time to answer: the day until which they may do so has to come.")
		case e.Due.Before(c.Due):
			return invalid("due", "The earner was given more time than that, until "+c.Due.Format("2 January 2006")+".")
		}
		c.State, c.Due = CaseNoticed, e.Due
		return nil
	})
}

// AnswerCase records what the earner says to the allegation, once they were told of it: in their own words, or as it was recorded for
// them. Came is when it came; zero is now. They may say more until the case is decided.
func (w Workspace) AnswerCase(ctx context.Context, id, text string, earner bool, came time.Time, by Write) (Case, uint64, error) {
	text, err := caseText(text, true, "The answer")
	if err != nil {
		return Case{}, 0, err
	}
	e := CaseEntry{Step: CaseAnswer, Text: text, Earner: earner, Sent: came.UTC()}
	return w.step(ctx, id, e, by, func(c *heldCase, e *CaseEntry) error {
		if came.IsZero() {
			e.Sent = e.At
		}
		if c.State == CaseOpen {
			return conflict("not_noticed", "The earner was not told of the allegation yet: record the notice first.")
		}
		if e.Sent.After(e.At) || e.Sent.Before(c.At) {
			return invalid("came", "The answer came after the case was opened, and not in the future.")
		}
		c.State = CaseAnswered
		return nil
	})
}

// AddToCase records a document that is looked at, by its address (https or http), the digest of its bytes as in digestSRI (sha256-,
// sha384- or sha512- and base64), or both, and what it shows. The document itself is not kept.
func (w Workspace) AddToCase(ctx context.Context, id, address, digest, text string, by Write) (Case, uint64, error) {
	text, err := caseText(text, true, "What the document shows")
	switch {
	case err != nil:
		return Case{}, 0, err
	case address == "" && digest == "":
		return Case{}, 0, invalid("document", "Say where the document lies, or give the digest of its bytes.")
	case address != "" && (!isWebAddress(address) || len(address) > longestAddress || !validText(address)):
		return Case{}, 0, invalid("url", "The address of the document has to begin with https:// or http://, and may have 2000 bytes.")
	case digest != "" && !isDigest(digest):
		return Case{}, 0, invalid("digest", "The digest of the document has to be sha256-, sha384- or sha512- followed by base64.")
	}
	return w.step(ctx, id, CaseEntry{Step: CaseDocument, Text: text, URL: address, Digest: digest}, by, func(*heldCase, *CaseEntry) error { return nil })
}

// isDigest tells a digest as Subresource Integrity writes one.
func isDigest(text string) bool {
	name, encoded, _ := strings.Cut(text, "-")
	bits, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && len(bits) > 0 && len(bits) == map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}[name]
}

// VoteOnCase records a vote to revoke, or not to, once the earner has answered or their time to do so has passed (kind conflict, code
// not_heard). The last vote of an actor counts. A program has none.
func (w Workspace) VoteOnCase(ctx context.Context, id string, revoke bool, note string, by Write) (Case, uint64, error) {
	note, err := caseText(note, false, "The note")
	if err != nil {
		return Case{}, 0, err
	}
	if isProgram(by.Actor) {
		return Case{}, 0, &Error{Kind: KindDenied, Code: "program", Detail: "A program has no vote."}
	}
	return w.step(ctx, id, CaseEntry{Step: CaseVote, Text: note, For: revoke}, by, func(c *heldCase, e *CaseEntry) error {
		if !c.heard(e.At) {
			return notHeard(c)
		}
		return nil
	})
}

func notHeard(c *heldCase) error {
	if c.State == CaseOpen {
		return conflict("not_heard", "The earner was not told of the allegation yet.")
	}
	return conflict("not_heard", "The earner may still answer, until "+c.Due.Format("2 January 2006")+".")
}

// tally counts the last vote of each actor, and says whether somebody else than one of them voted to revoke.
func (c *heldCase) tally(by string) (votes, toRevoke int, another bool) {
	last := map[string]bool{}
	for _, e := range c.Entries {
		if e.Step == CaseVote {
			last[e.By] = e.For
		}
	}
	for actor, revoke := range last {
		if votes++; revoke {
			toRevoke++
			another = another || actor != by
		}
	}
	return votes, toRevoke, another
}
