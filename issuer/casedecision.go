package issuer

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// DecideCase ends the inquiry; of d it takes Verdict, Code, Reason, Note and Urgent. To revoke, the earner must have answered, or their
// time to do so have passed, unless d.Urgent says why it could not wait (kind conflict, code not_heard). Where votes were cast the award
// is revoked if more voted for it than against, and else it is not (kind conflict, code against_votes). Where revoking needs a second
// person, that is whoever else voted for it, or whoever opened the case, if another decides (kind denied, code second_person).
//
// What follows happens in the same transaction: the award is revoked with the code and reason of the decision, or reinstated, when the
// case had it suspended and it still is for that inquiry. by.Once gets the [Case].
func (w Workspace) DecideCase(ctx context.Context, id string, d Decision, by Write) (c Case, version uint64, err error) {
	if d, err = d.checked(); err != nil {
		return Case{}, 0, err
	}
	if isProgram(by.Actor) {
		return Case{}, 0, &Error{Kind: KindDenied, Code: "program", Detail: "A program decides no case."}
	}
	err = w.service.store.Update(ctx, func(tx Tx) error {
		held, read, err := w.openedCase(tx, id, by)
		if err != nil {
			return err
		}
		if err := held.undecided(); err != nil {
			return err
		}
		d := d
		d.By, d.At = by.Actor, w.service.now().UTC()
		another := false
		d.Votes, d.For, another = held.tally(by.Actor)
		if err := w.decidable(tx, &held, &d, another); err != nil {
			return err
		}
		held.State, held.Decision = CaseDecided, &d
		if err := w.execute(tx, &held, Write{Actor: by.Actor}); err != nil {
			return err
		}
		c, version = held.Case, read+1
		return w.service.putCase(tx, &held, read, AuditEntry{Action: "case.decided", Detail: string(d.Verdict)}, by)
	})
	return c, version, stored(err)
}

// checked returns what somebody decided, and nothing that is not theirs to say.
func (d Decision) checked() (Decision, error) {
	d = Decision{Verdict: d.Verdict, Code: d.Code, Reason: strings.TrimSpace(d.Reason), Note: strings.TrimSpace(d.Note), Urgent: strings.TrimSpace(d.Urgent)}
	if len(d.Reason) > longestReason || !plainText(d.Reason) {
		return d, invalid("reason", "The reason is longer than 2000 bytes or not valid text.")
	}
	if len(d.Note) > longestReason || !plainText(d.Note) {
		return d, invalid("note", "The note is longer than 2000 bytes or not valid text.")
	}
	switch d.Verdict {
	case VerdictRevoke:
		if err := knownCode(d.Code); err != nil {
			return d, err
		}
		if d.Reason == "" {
			return d, invalid("reason", "Say why the award is revoked: the reason is shown to everybody who looks at it.")
		}
		if len(d.Urgent) > longestReason || !plainText(d.Urgent) {
			return d, invalid("urgent", "The reason why it cannot wait is longer than 2000 bytes or not valid text.")
		}
	case VerdictKeep, VerdictAmend:
		if d.Code != "" || d.Urgent != "" {
			return d, invalid("verdict", "A code, and why it cannot wait, are said of a decision to revoke only.")
		}
	default:
		return d, invalid("verdict", "A case is decided with revoke, keep or amend.")
	}
	return d, nil
}

// decidable holds a decision against the rules of the file; another says that somebody else than who decides voted to revoke.
func (w Workspace) decidable(tx Tx, c *heldCase, d *Decision, another bool) error {
	revokes := d.Verdict == VerdictRevoke
	if revokes && d.Urgent == "" && !c.heard(d.At) {
		return notHeard(c)
	}
	if majority := 2*d.For > d.Votes; d.Votes > 0 && majority != revokes {
		return conflict("against_votes", fmt.Sprintf("%d of %d voted to revoke, and the decision has to follow the votes.", d.For, d.Votes))
	}
	if revokes && !another && (c.By == d.By || isProgram(c.By)) {
		return needsSecond(tx, w.organisation, ActRevoke)
	}
	return nil
}

// execute does to the award what was decided. One that has ended by itself meanwhile is left as it is.
func (w Workspace) execute(tx Tx, c *heldCase, by Write) error {
	award, _, err := w.named(c.Credential)(tx)
	if err != nil || award.Revoked != nil {
		return err
	}
	switch {
	case c.Decision.Verdict == VerdictRevoke:
		_, _, err = w.service.revokeIn(tx, w.named(c.Credential), Cause{Code: c.Decision.Code, Reason: c.Decision.Reason, Note: c.Decision.Note}, by)
	case c.Suspended && award.Suspended != nil && award.Suspended.Code == ReasonInquiry:
		_, _, err = w.service.reinstateIn(tx, w.named(c.Credential), by)
	}
	return err
}

// CloseCase closes a case that is decided: nothing more is written into it, and another can be opened on the award. by.Once gets the
// [Case].
func (w Workspace) CloseCase(ctx context.Context, id string, by Write) (c Case, version uint64, err error) {
	err = w.service.store.Update(ctx, func(tx Tx) error {
		held, read, err := w.openedCase(tx, id, by)
		if err != nil {
			return err
		}
		if held.State != CaseDecided {
			return conflict("not_decided", "The case is not decided yet. To drop it, decide to keep the award.")
		}
		held.State, held.Closed = CaseClosed, &Change{At: w.service.instant(), By: by.Actor}
		c, version = held.Case, read+1
		return w.service.putCase(tx, &held, read, AuditEntry{Action: "case.closed"}, by)
	})
	return c, version, stored(err)
}

// Case returns a case by its id, with the version of its record.
func (w Workspace) Case(ctx context.Context, id string) (c Case, version uint64, err error) {
	err = w.service.store.View(ctx, func(tx Tx) error {
		var held heldCase
		held, version, err = cases.Get(tx, id)
		c = held.Case
		return w.ours(c.Organisation, err)
	})
	if err != nil {
		return Case{}, 0, stored(err)
	}
	return c, version, nil
}

// CaseFilter says which cases to list. An empty member leaves nothing out.
type CaseFilter struct {
	State      CaseState
	Credential string // Credential.ID; the state then leaves out what is on the page, so that it may have fewer cases than asked for
}

// Cases returns a page of the cases of the organisation, the newest first, and the cursor of the next page, "" after the last. A cursor
// of another list has kind invalid, code cursor.
func (w Workspace) Cases(ctx context.Context, f CaseFilter, after string, limit int) (page []Case, next string, err error) {
	q := Query{By: "organisation", Value: w.organisation, After: after, Limit: limit, Backward: true}
	switch {
	case f.Credential != "":
		q.By, q.Value = "credential", f.Credential
	case f.State != "":
		q.By, q.Value = "state", w.organisation+"/"+string(f.State)
	}
	err = w.service.store.View(ctx, func(tx Tx) error {
		var held []heldCase
		held, next, err = cases.List(tx, q)
		page = make([]Case, 0, len(held))
		for _, c := range held {
			if c.Organisation == w.organisation && (f.State == "" || c.State == f.State) {
				page = append(page, c.Case)
			}
		}
		return err
	})
	return page, next, stored(err)
}

// eraseCases takes the texts out of the cases on an award and closes them: steps, actors and dates are left.
func (s *Service) eraseCases(tx Tx, credential, actor string) error {
	for q := (Query{By: "credential", Value: credential}); ; {
		page, next, err := cases.List(tx, q)
		if err != nil {
			return err
		}
		for _, one := range page {
			c, version, err := cases.Get(tx, one.ID)
			if err != nil {
				return err
			}
			if c.Erased {
				continue
			}
			c.erase()
			if c.State != CaseClosed {
				c.State, c.Closed = CaseClosed, &Change{At: s.instant(), By: actor}
			}
			if err := s.putCase(tx, &c, version, AuditEntry{Action: "case.erased"}, Write{Actor: actor}); err != nil {
				return err
			}
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}

// erase takes away what the case says of people.
func (c *heldCase) erase() {
	c.Allegation, c.Salt, c.Erased = "", "", true
	c.Entries = slices.Clone(c.Entries)
	for i := range c.Entries {
		e := &c.Entries[i]
		e.Text, e.URL, e.Digest = "", "", ""
	}
	if c.Decision != nil {
		d := *c.Decision
		d.Reason, d.Note, d.Urgent = "", "", ""
		c.Decision = &d
	}
}
