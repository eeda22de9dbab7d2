package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ProposalKind says what is proposed.
type ProposalKind string

const (
	ProposalAward    ProposalKind = "award"    // to make an award
	ProposalAmend    ProposalKind = "amend"    // to correct whom an award is for
	ProposalRenew    ProposalKind = "renew"    // to renew an award
	ProposalRevoke   ProposalKind = "revoke"   // to revoke an award
	ProposalErase    ProposalKind = "erase"    // to erase what an award says of a person, or all that is kept of one
	ProposalBatch    ProposalKind = "batch"    // to confirm a prepared batch, of awards or of revocations
	ProposalSettings ProposalKind = "settings" // to configure the organisation
)

// ProposalState is the life of a proposal. All but open are its end.
type ProposalState string

const (
	ProposalOpen      ProposalState = "open"
	ProposalAllowed   ProposalState = "allowed"   // another person allowed it, and it is done
	ProposalRefused   ProposalState = "refused"   // another person said no
	ProposalWithdrawn ProposalState = "withdrawn" // who made it took it back
	ProposalExpired   ProposalState = "expired"   // nobody decided in time
	ProposalFailed    ProposalState = "failed"    // it was allowed and cannot be done
)

const (
	proposalLife = 30 * 24 * time.Hour // after which a proposal that nobody decided expires, and after which the note of a decided one goes
	longestNote  = 2000                // bytes of what people write beside a proposal
	mostErased   = 1000                // awards of one person that are erased at once
)

// Proposal is an act that one person asks for and another allows. What it says of people is in it as long as it is open.
type Proposal struct {
	ID           string        `json:"id"` // 22 characters
	Organisation string        `json:"organisation"`
	Kind         ProposalKind  `json:"kind"`
	Act          Act           `json:"act,omitempty"` // that of Settings.Second to which it belongs; "" for settings
	State        ProposalState `json:"state"`
	By           string        `json:"by"` // who asked
	// Handed is who made the link over which an earner has asked for an erasure, where the staff hand links over: whoever has such a link
	// acts in the place of the earner. Where revoking needs a second person, that one does not allow it.
	Handed  string    `json:"handed,omitempty"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`

	Award         *AwardInput    `json:"award,omitempty"`         // of an award, while it is open
	Credential    string         `json:"credential,omitempty"`    // Credential.ID of what is to be revoked, erased, corrected or renewed
	Address       string         `json:"address,omitempty"`       // of whom all is to be erased, until that is done
	Awards        []string       `json:"awards,omitempty"`        // Credential.ID of each award to Address, as long as that stands here; at most 1000
	Amendment     *Amendment     `json:"amendment,omitempty"`     // of a correction, while it is open
	Renewal       *Renewal       `json:"renewal,omitempty"`       // of a renewal, while it is open
	Cause         *Cause         `json:"cause,omitempty"`         // of a revocation or an erasure, while it is open
	Batch         string         `json:"batch,omitempty"`         // Batch.ID of what is to be confirmed
	SkipRejected  bool           `json:"skipRejected,omitempty"`  // of a batch: its rejected rows are left out
	Configuration *Configuration `json:"configuration,omitempty"` // of settings, while it is open
	Why           string         `json:"why,omitempty"`           // for whoever decides, while it is open

	Decided   time.Time `json:"decided,omitzero"`
	DecidedBy string    `json:"decidedBy,omitempty"`
	Note      string    `json:"note,omitempty"`    // of whoever decided; goes after 30 days
	Result    string    `json:"result,omitempty"`  // Credential.ID or Batch.ID of what was done
	Code      string    `json:"code,omitempty"`    // of an Error: why it could not be done
	Problem   string    `json:"problem,omitempty"` // the same as a sentence
	Sequence  uint64    `json:"sequence"`
}

// heldProposal is the record of a proposal. The salt keeps what was erased from being guessed by the digests in the audit log.
type heldProposal struct {
	Proposal
	Salt string `json:"salt,omitempty"`
	// Recipient is the keyed digest of the address that an award is proposed for, see [Service.RecipientKey], as long as anything is
	// written here.
	Recipient string `json:"recipient,omitempty"`
	Before    string `json:"before,omitempty"` // of settings, while it is open: digest of the configuration that is to be changed
}

var proposals = Table[heldProposal]{
	Kind:  Kind{Name: "proposal", Lookups: []string{"organisation", "state", "subject", "due", "recipient"}},
	Key:   func(p *heldProposal) string { return p.ID },
	Order: func(p *heldProposal) string { return sequenced(p.Sequence) },
	Lookups: func(p *heldProposal) []string {
		due := ""
		if p.State == ProposalOpen || p.Note != "" || p.Problem != "" || p.underWay() {
			due = inAll
		}
		return []string{p.Organisation, p.Organisation + "/" + string(p.State), p.Credential + p.Batch, due, p.Recipient}
	},
}

// underWay says that all that is kept of a person is being erased, as the proposal was allowed. Its end takes the address away.
func (p *heldProposal) underWay() bool { return p.State == ProposalAllowed && p.Address != "" }

// erase takes away what the proposal says of people.
func (p *heldProposal) erase() {
	p.Award, p.Amendment, p.Renewal, p.Cause, p.Configuration, p.Before, p.Why = nil, nil, nil, nil, nil, "", ""
	p.Address, p.Awards = "", nil
	if p.Note == "" && p.Problem == "" {
		p.Salt, p.Recipient = "", ""
	}
}

// needsSecond refuses an act of one person where the organisation wants two (kind denied, code second_person).
func needsSecond(tx Tx, organisation string, act Act) error {
	o, _, err := organisations.Get(tx, organisation)
	if err != nil {
		return err
	}
	return o.needsSecond(act)
}

func (o *Organisation) needsSecond(act Act) error {
	if slices.Contains(o.Settings.Second, act) {
		return secondPerson()
	}
	return nil
}

const codeSecond = "second_person"

func secondPerson() error {
	return &Error{Kind: KindDenied, Code: codeSecond, Detail: "This needs a second person: propose it, and let somebody else allow it."}
}

// alone lets a finder refuse what it found where the act on it needs a second person.
func (w Workspace) alone(act Act, find finder) finder {
	return func(tx Tx) (Credential, uint64, error) {
		c, version, err := find(tx)
		if err == nil {
			err = needsSecond(tx, w.organisation, act)
		}
		return c, version, err
	}
}

// aloneBatch finds a batch of the organisation for somebody who confirms it alone, and refuses one that needs a second person. Policies
// can change while it is worked on, so the batch remembers that nobody else has allowed it.
func (w Workspace) aloneBatch(id string) batchFinder {
	return func(tx Tx) (Batch, uint64, error) {
		b, version, err := w.batch(id)(tx)
		if err == nil && b.act() != "" {
			err = needsSecond(tx, w.organisation, b.act())
		}
		if err == nil && b.Kind == BatchAward {
			err = w.aloneReplacing(tx, b.Achievement)
		}
		b.Alone = true
		return b, version, err
	}
}

// aloneReplacing refuses awards of an achievement whose policy lets them revoke others, where revoking needs a second person. Of several
// achievements, achievement is "", any may be one of them.
func (w Workspace) aloneReplacing(tx Tx, achievement string) error {
	if achievement != "" {
		a, _, err := achievements.Get(tx, achievement)
		if errors.Is(err, ErrNotFound) || err == nil && a.Duplicates != DuplicatesReplaced {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return needsSecond(tx, w.organisation, ActRevoke)
}

// allowance is the key of what a context holds that somebody allows an award with: a function that ends the proposal.
type allowance struct{}

// began is the last step of the transaction that begins an award: where somebody allows one in the place of another, the proposal ends
// here, and else it must need no second person. What takes the award before out of force revokes it: a correction does, and a second
// award where the achievement has it replace the first.
func (w Workspace) began(ctx context.Context, tx Tx, c *Credential) error {
	if end, allowed := ctx.Value(allowance{}).(func(Tx, string) error); allowed {
		return end(tx, c.ID)
	}
	o, _, err := w.service.organisations.get(tx, w.organisation)
	if err == nil {
		err = o.needsSecond(ActAward)
	}
	if err == nil && c.Supersedes != "" && !c.Renewal {
		err = needsSecond(tx, w.organisation, ActRevoke)
	}
	return err
}

// isProgram says that an actor is no person.
func isProgram(actor string) bool {
	_, program := TokenOf(actor)
	return program
}

// maker is who stands behind an actor: of a token whoever made it, or made the token that made it; any other the actor itself. "" is
// the operator of an earlier release.
func maker(tx Tx, actor string) (string, error) {
	for {
		id, program := TokenOf(actor)
		if !program {
			return actor, nil
		}
		t, _, err := tokens.Get(tx, id)
		if errors.Is(err, ErrNotFound) {
			return actor, nil
		}
		if err != nil {
			return "", err
		}
		actor = t.By // which was there before the token, so that this comes to an end
	}
}

// Propose asks for an act, which another person allows; in says which with its Kind and the members of that kind, and Why. What can be
// said of it before is checked as if it were done now. Of what is to be revoked or confirmed there is one open proposal at most
// (kind conflict, code proposed). by.Versions are of what it is about: the award, the batch, or for settings the organisation. by.Once
// gets the [Proposal].
func (w Workspace) Propose(ctx context.Context, in Proposal, by Write) (Proposal, error) {
	p, err := w.proposal(in)
	if err != nil {
		return Proposal{}, err
	}
	now := w.service.now().UTC()
	p.ID, p.Organisation, p.State, p.By, p.At, p.Expires = newID(), w.organisation, ProposalOpen, by.Actor, now, now.Add(proposalLife)
	p.Salt = newID()
	err = w.service.store.Update(ctx, func(tx Tx) error {
		if err := w.proposable(tx, &p, by); err != nil {
			return err
		}
		if p.Recipient, err = w.service.recipientKey(tx, w.organisation, p.recipient()); err != nil {
			return err
		}
		if p.Address != "" {
			before, err := Every(tx, proposals, "recipient", p.Recipient)
			if err != nil {
				return err
			}
			for _, other := range before {
				if other.Address != "" && other.State == ProposalOpen && now.Before(other.Expires) {
					return conflict("proposed", "That was proposed before, and nobody has decided yet.")
				}
			}
		}
		if subject := p.Credential + p.Batch; subject != "" {
			last, _, err := proposals.List(tx, Query{By: "subject", Value: subject, Limit: 1, Backward: true})
			if err != nil {
				return err
			}
			if len(last) > 0 && last[0].State == ProposalOpen && now.Before(last[0].Expires) {
				return conflict("proposed", "That was proposed before, and nobody has decided yet.")
			}
		}
		if p.Sequence, err = tx.Next("proposal"); err != nil {
			return err
		}
		if err := proposals.Put(tx, &p, 0); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", p.Proposal, 1); err != nil {
			return err
		}
		err := record(tx, AuditEntry{At: now, Actor: by.Actor, Action: "proposal.made", Subject: p.ID, Organisation: p.Organisation, Detail: strings.TrimSpace(string(p.Kind) + " " + p.Credential + p.Batch)})
		if err != nil {
			return err
		}
		return w.service.observe(tx, Event{Type: EventProposed, Organisation: p.Organisation, Subject: p.ID, Actor: by.Actor, Proposal: &p.Proposal})
	})
	return p.Proposal, stored(err)
}

// recipient is the address that an award is proposed for, "" where it is said nowhere.
func (p *heldProposal) recipient() string {
	switch {
	case p.Award != nil:
		return p.Award.Recipient
	case p.Amendment != nil && p.Amendment.Recipient != nil:
		return *p.Amendment.Recipient
	case p.Renewal != nil:
		return p.Renewal.Recipient
	}
	return p.Address
}

// proposal takes from an input what belongs to its kind, checked as far as that can be said without the store.
func (w Workspace) proposal(in Proposal) (p heldProposal, err error) {
	p.Kind, p.Why = in.Kind, strings.TrimSpace(in.Why)
	if len(p.Why) > longestNote || !plainText(p.Why) {
		return p, invalid("why", "The reason for the proposal is longer than 2000 bytes or not valid text.")
	}
	switch in.Kind {
	case ProposalAward:
		if in.Award == nil {
			return p, invalid("award", "The proposal does not say what to award.")
		}
		award := *in.Award
		award.Organisation, award.Actor, award.Once = w.organisation, "", nil
		p.Act, p.Award = ActAward, &award
	case ProposalAmend:
		if in.Amendment == nil {
			return p, invalid("amendment", "The proposal does not say what to correct.")
		}
		p.Act, p.Credential, p.Amendment = ActAward, in.Credential, in.Amendment
	case ProposalRenew:
		if in.Renewal == nil {
			return p, invalid("renewal", "The proposal does not say how to renew the award.")
		}
		p.Act, p.Credential, p.Renewal = ActAward, in.Credential, in.Renewal
	case ProposalRevoke:
		if in.Cause == nil {
			return p, invalid("code", "Say why the award is to be revoked.")
		}
		cause, err := in.Cause.checked()
		if err != nil {
			return p, err
		}
		if cause.Code == ReasonOther && cause.Reason == "" {
			return p, invalid("reason", "Say why the award is to be revoked: the reason is shown to everybody who looks at it.")
		}
		p.Act, p.Credential, p.Cause = ActRevoke, in.Credential, &cause
	case ProposalErase:
		if (in.Credential == "") == (in.Address == "") {
			return p, invalid("email", "The proposal does not say what to erase: an award, or all that is kept of an address.")
		}
		if in.Address != "" {
			var ok bool
			if p.Address, ok = Address(in.Address); !ok {
				return p, invalid("email", notAnAddress)
			}
			if len(in.Awards) > mostErased {
				return p, conflict("too_many", fmt.Sprintf("More than %d awards cannot be erased at once by a proposal. Whoever runs this server can erase them.", mostErased))
			}
			p.Awards = slices.Compact(slices.Sorted(slices.Values(in.Awards)))
		}
		cause := Cause{}
		if in.Cause != nil {
			cause = *in.Cause
		}
		cause, err := Cause{Code: ReasonRequest, Reason: cause.Reason}.checked()
		if err != nil {
			return p, err
		}
		p.Act, p.Credential, p.Cause, p.Handed = ActRevoke, in.Credential, &cause, in.Handed
	case ProposalBatch:
		p.Batch, p.SkipRejected = in.Batch, in.SkipRejected // Act follows from the batch
	case ProposalSettings:
		if in.Configuration == nil {
			return p, invalid("settings", "The proposal does not say how to configure the issuer.")
		}
		c, err := in.Configuration.checked()
		if err != nil {
			return p, err
		}
		p.Configuration = &c
	default:
		return p, invalid("proposal", "It is not known how to do what is proposed.")
	}
	return p, nil
}

// proposable refuses what could not be done if it were allowed now.
func (w Workspace) proposable(tx Tx, p *heldProposal, by Write) error {
	switch p.Kind {
	case ProposalAward:
		badge, err := w.service.badge(*p.Award)
		if err != nil {
			return err
		}
		a, err := awardable(tx, w.organisation, p.Award.Achievement)
		if err != nil {
			return err
		}
		p.Award.Achievement = a.ID // what was seen is what is awarded
		o, _, err := organisations.Get(tx, w.organisation)
		if err != nil {
			return err
		}
		example := w.service.newCredential()
		example.Slot = Slot{Revocation: newID(), Suspension: newID()}
		_, err = w.service.compose(badge, o, a, example)
		return err
	case ProposalRevoke:
		c, version, err := w.named(p.Credential)(tx)
		if err == nil {
			err = by.on(version)
		}
		if err == nil && c.Revoked != nil {
			err = conflict("already_revoked", "The award was already revoked, on "+day(*c.Revoked)+", which is for good.")
		}
		return err
	case ProposalErase:
		if p.Credential != "" {
			c, version, err := w.named(p.Credential)(tx)
			if err == nil {
				err = by.on(version)
			}
			if err == nil && c.Erased != nil {
				err = conflict("already_erased", "The award was erased before.")
			}
			return err
		}
		for _, id := range p.Awards {
			if _, _, err := w.named(id)(tx); err != nil {
				return err
			}
		}
		return nil
	case ProposalAmend, ProposalRenew:
		c, version, err := w.named(p.Credential)(tx)
		if err == nil {
			err = by.on(version)
		}
		if err == nil {
			err = succeedable(tx, &c)
		}
		if err == nil && p.Kind == ProposalRenew {
			_, err = renewable(tx, c.Achievement)
		}
		return err
	case ProposalBatch:
		b, version, err := w.batch(p.Batch)(tx)
		if err == nil {
			err = by.on(version)
		}
		switch {
		case err != nil:
			return err
		case b.State != BatchPrepared:
			return conflict("not_prepared", "The batch is not waiting to be confirmed: it was confirmed before.")
		case b.Rejected > 0 && !p.SkipRejected:
			return conflict("rejected_rows", fmt.Sprintf("%d of %d rows are rejected. Correct them, or say that they are to be left out.", b.Rejected, b.Total))
		}
		p.Act = b.act()
		if end := b.Prepared.Add(confirmable); end.Before(p.Expires) { // then there is nothing left to confirm
			p.Expires = end
		}
	case ProposalSettings:
		o, version, err := organisations.Get(tx, w.organisation)
		if err == nil {
			err = by.on(version)
		}
		if err == nil {
			err = renamed(tx, &o, *p.Configuration)
		}
		if err == nil {
			p.Before, err = o.configuration().digest()
		}
		return err
	}
	return nil
}

// digest tells one configuration from another.
func (c Configuration) digest() (string, error) {
	text, err := json.Marshal(c)
	return digestOf(text), err
}

// act is what confirming a batch does; "" needs no second person.
func (b *Batch) act() Act {
	switch b.Kind {
	case BatchAward:
		return ActAward
	case BatchRevoke:
		return ActRevoke
	}
	return ""
}

// Proposal returns a proposal by its id, with the version of its record.
func (w Workspace) Proposal(ctx context.Context, id string) (p Proposal, version uint64, err error) {
	err = w.service.store.View(ctx, func(tx Tx) error {
		var held heldProposal
		held, version, err = proposals.Get(tx, id)
		p = held.Proposal
		return w.ours(p.Organisation, err)
	})
	if err != nil {
		return Proposal{}, 0, stored(err)
	}
	return p, version, nil
}

// Proposals returns a page of the proposals of the organisation, the newest first, and the cursor of the next page, "" after the last;
// state "" is any. A cursor of another list has kind invalid, code cursor.
func (w Workspace) Proposals(ctx context.Context, state ProposalState, after string, limit int) (page []Proposal, next string, err error) {
	q := Query{By: "organisation", Value: w.organisation, After: after, Limit: limit, Backward: true}
	if state != "" {
		q.By, q.Value = "state", w.organisation+"/"+string(state)
	}
	err = w.service.store.View(ctx, func(tx Tx) error {
		var held []heldProposal
		held, next, err = proposals.List(tx, q)
		page = make([]Proposal, len(held))
		for i := range held {
			page[i] = held[i].Proposal
		}
		return err
	})
	return page, next, stored(err)
}

// SweepProposals ends what nobody decided within 30 days, takes away what was written about decisions of more than 30 days ago, and goes on
// with erasures that were allowed and cut short. It is called now and then; being cut short does no harm.
func (s *Service) SweepProposals(ctx context.Context) error {
	for after := ""; ; {
		var due []heldProposal
		err := s.store.View(ctx, func(tx Tx) (err error) {
			due, after, err = proposals.List(tx, Query{By: "due", Value: inAll, After: after, Limit: 500})
			return err
		})
		if err != nil {
			return stored(err)
		}
		for _, p := range due {
			if p.underWay() {
				err = s.eraseAllowed(ctx, p.ID)
			} else {
				err = s.sweepProposal(ctx, p.ID)
			}
			if err != nil {
				return err
			}
		}
		if after == "" {
			return nil
		}
	}
}

func (s *Service) sweepProposal(ctx context.Context, id string) error {
	now := s.now().UTC()
	return stored(s.store.Update(ctx, func(tx Tx) error {
		p, version, err := proposals.Get(tx, id)
		switch {
		case err != nil:
			return err
		case p.State == ProposalOpen && !now.Before(p.Expires):
			return s.decide(tx, p, version, ProposalExpired, Write{Actor: "laurel"})
		case p.State != ProposalOpen && now.Sub(p.Decided) >= proposalLife && (p.Note != "" || p.Problem != ""):
			return s.eraseProposal(tx, p, version, "laurel")
		}
		return nil
	}))
}

// eraseProposal takes away all that was written in a proposal.
func (s *Service) eraseProposal(tx Tx, p heldProposal, version uint64, actor string) error {
	p.Note, p.Problem = "", ""
	p.erase()
	if err := proposals.Put(tx, &p, version); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "proposal.erased", Subject: p.ID, Organisation: p.Organisation})
}

// eraseProposals takes away what is written in proposals about an award, but for one. One that is open ends: there is nothing left to
// revoke.
func (s *Service) eraseProposals(tx Tx, credential, but, actor string) error {
	for q := (Query{By: "subject", Value: credential}); ; {
		page, next, err := proposals.List(tx, q)
		if err != nil {
			return err
		}
		for _, p := range page {
			if p.ID == but {
				continue
			}
			if err := s.endProposal(tx, p.ID, actor); err != nil {
				return err
			}
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}

// endProposal takes away what is written in a proposal, which ends if it is open.
func (s *Service) endProposal(tx Tx, id, actor string) error {
	p, version, err := proposals.Get(tx, id)
	if err != nil {
		return err
	}
	if p.State == ProposalOpen {
		p.State, p.Decided, p.DecidedBy = ProposalWithdrawn, s.now().UTC(), actor
	}
	if err := s.eraseProposal(tx, p, version, actor); err != nil {
		return err
	}
	return forgetAnswers(tx, p.ID)
}
