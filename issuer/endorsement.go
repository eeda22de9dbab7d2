package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
)

// Endorsement is an EndorsementCredential of Open Badges 3.0 (B EndorsementCredential): one that the organisation has given, or one of
// somebody else that it has accepted for an achievement of its own or for itself. Those that are published stand in the document of the
// achievement or issuer that they are about, and in no award: what an award says is signed when it is made and never changes.
type Endorsement struct {
	ID           string             `json:"id"`           // 22 characters, the {id} of /e/{id}
	Organisation string             `json:"organisation"` // who gave it or, of one that was received, whom it was given to
	Received     bool               `json:"received,omitempty"`
	Identifier   string             `json:"identifier"` // the id of the credential
	URL          string             `json:"url"`        // where it is published; "" for one that was received
	Subject      string             `json:"subject"`    // URI: id of what is endorsed
	Kind         EndorsementSubject `json:"kind"`
	Name         string             `json:"name"`
	Comment      string             `json:"comment,omitempty"` // Markdown
	Issuer       string             `json:"issuer"`            // id of who endorses
	IssuerName   string             `json:"issuerName,omitempty"`
	IssuerURL    string             `json:"issuerUrl,omitempty"`
	ValidFrom    time.Time          `json:"validFrom"`
	ValidUntil   time.Time          `json:"validUntil,omitzero"` // zero: without end
	Slot         *Slot              `json:"slot,omitempty"`      // nil for one that was received
	Sequence     uint64             `json:"sequence"`            // counts the endorsements in the order in which they came
	Intended     time.Time          `json:"intended"`            // when it was begun, before anything was signed, or attached
	Issued       time.Time          `json:"issued,omitzero"`     // zero until the signed forms are recorded
	By           string             `json:"by,omitempty"`        // who gave or attached it
	Unsigned     Text               `json:"unsigned,omitempty"`  // the document as recorded before signing; nil once JSON is there
	JSON         Text               `json:"json,omitempty"`      // with its Data Integrity proof; nil for one that was received as a token
	JWT          string             `json:"jwt,omitempty"`       // compact JWS; "" for one that was received as JSON
	IntegrityKey string             `json:"integrityKey,omitempty"`
	TokenKey     string             `json:"tokenKey,omitempty"`
	Revoked      *Change            `json:"revoked,omitempty"`
	Erased       *Change            `json:"erased,omitempty"` // the award that it is of was erased: nothing is left but its names and its place in the lists
}

// EndorsementSubject is what an endorsement is about.
type EndorsementSubject string

// All there are.
const (
	EndorsesAchievement EndorsementSubject = "achievement"
	EndorsesIssuer      EndorsementSubject = "issuer"
	EndorsesCredential  EndorsementSubject = "credential"
)

// Counts says whether the issuer of the endorsement stands by it at an instant, as far as is known here. Whether one that was received
// has been revoked is known to a verifier alone.
func (e *Endorsement) Counts(at time.Time) bool {
	return !e.Issued.IsZero() && e.Revoked == nil && !at.Before(e.ValidFrom) && (e.ValidUntil.IsZero() || !at.After(e.ValidUntil))
}

var endorsements = Table[Endorsement]{
	Kind:  Kind{Name: "endorsement", Lookups: []string{"draft", "organisation", "subject", "award"}},
	Key:   func(e *Endorsement) string { return e.ID },
	Order: func(e *Endorsement) string { return sequenced(e.Sequence) },
	Lookups: func(e *Endorsement) []string {
		draft, award := "", ""
		if e.Issued.IsZero() {
			draft = inAll
		}
		if e.Kind == EndorsesCredential && e.Erased == nil {
			award = digestOf([]byte(e.Subject))
		}
		return []string{draft, e.Organisation, subjectLookup(e.Organisation, e.Subject), award}
	},
}

// subjectLookup is the value under which the endorsements of something stand that an organisation has.
func subjectLookup(organisation, subject string) string {
	return organisation + "/" + digestOf([]byte(subject))
}

// EndorseInput is an endorsement to be given.
type EndorseInput struct {
	Kind EndorsementSubject
	// Subject is the id of what is endorsed: of an achievement, an issuer (such as a DID) or a credential, of this installation or
	// elsewhere. The address of an issuer of this installation stands for its id.
	Subject    string
	Name       string    // "" is made of the name of the organisation
	Comment    string    // Markdown; why it is endorsed
	ValidFrom  time.Time // zero: now
	ValidUntil time.Time // zero: without end
}

const longestComment = 10_000 // bytes

// Endorse gives an endorsement, in the order of an award: the intent with id and place in the status lists is recorded, then it is signed
// as awards are, checked, and the signed forms are recorded. When it fails after the first step the endorsement stays pending, and is
// completed later; under a repeatable write an earlier try that got as far is completed, and returned as it was then, whatever has become
// of it.
func (w Workspace) Endorse(ctx context.Context, in EndorseInput, by Write) (Endorsement, error) {
	if e, done, err := w.endorsedBefore(ctx, by); done {
		return e, err
	}
	if err := in.check(w.service.instant()); err != nil {
		return Endorsement{}, err
	}
	var e Endorsement
	err := w.service.store.Update(ctx, func(tx Tx) (err error) {
		e, err = w.service.intendEndorsement(tx, w.organisation, in, by)
		return err
	})
	if err != nil {
		return Endorsement{}, stored(err)
	}
	return w.service.completeEndorsement(context.WithoutCancel(ctx), e) // what is begun is finished, also for a caller who has gone
}

// endorsedBefore finds the endorsement that an earlier try of a repeatable write has begun, and completes it; done says that there is one.
func (w Workspace) endorsedBefore(ctx context.Context, by Write) (e Endorsement, done bool, err error) {
	if by.Once == nil || by.Once.begun == "" {
		return e, false, nil
	}
	e, _, err = w.Endorsement(ctx, by.Once.begun)
	if err == nil && e.Issued.IsZero() {
		e, err = w.service.completeEndorsement(context.WithoutCancel(ctx), e)
	}
	if errors.Is(err, ErrNotFound) { // one that was given up is made anew
		return e, false, nil
	}
	e.Revoked = nil
	return e, true, err
}

func (in *EndorseInput) check(now time.Time) error {
	if !slices.Contains([]EndorsementSubject{EndorsesAchievement, EndorsesIssuer, EndorsesCredential}, in.Kind) {
		return invalid("kind", "An endorsement is of an achievement, an issuer or a credential.")
	}
	if in.Name = strings.TrimSpace(in.Name); in.Name != "" {
		if err := checkName(in.Name, "The endorsement"); err != nil {
			return err
		}
	}
	if in.Comment = strings.TrimSpace(in.Comment); len(in.Comment) > longestComment || !validText(in.Comment) {
		return invalid("comment", fmt.Sprintf("The comment is longer than %d bytes or not valid text.", longestComment))
	}
	if in.Subject = strings.TrimSpace(in.Subject); in.Subject == "" || len(in.Subject) > longestDocumentName {
		return invalid("subject", "Say what is endorsed by its id, such as the address of an achievement or the DID of an issuer.")
	}
	if in.ValidFrom = in.ValidFrom.UTC().Truncate(time.Second); in.ValidFrom.Before(time.Unix(0, 0)) {
		in.ValidFrom = now
	}
	if in.ValidUntil.IsZero() {
		in.ValidUntil = time.Time{}
	} else if in.ValidUntil = in.ValidUntil.UTC().Truncate(time.Second); !in.ValidUntil.After(in.ValidFrom) {
		return invalid("dates", "The endorsement would end before it begins.")
	}
	return nil
}

// intendEndorsement records the intent of an endorsement, with everything that its signed document will say.
func (s *Service) intendEndorsement(tx Tx, organisation string, in EndorseInput, by Write) (Endorsement, error) {
	if err := s.clockHolds(tx); err != nil {
		return Endorsement{}, err
	}
	o, _, err := organisations.Get(tx, organisation)
	if err != nil {
		return Endorsement{}, err
	}
	e := Endorsement{ID: newID(), Organisation: o.ID, Kind: in.Kind, Name: in.Name, Comment: in.Comment, ValidFrom: in.ValidFrom, ValidUntil: in.ValidUntil,
		Issuer: o.DID, IssuerName: o.Name, IssuerURL: o.URL, Intended: s.now().UTC(), By: by.Actor}
	e.URL = s.base + "/e/" + e.ID
	if e.Identifier = e.URL; !s.public {
		e.Identifier = uuid.New().URN()
	}
	if e.Name == "" {
		e.Name = endorsementBy(o.Name)
	}
	if e.Subject, err = s.endorsable(tx, o.ID, in.Kind, in.Subject); err != nil {
		return Endorsement{}, err
	}
	if e.Sequence, err = tx.Next("endorsement"); err != nil {
		return Endorsement{}, err
	}
	slot, err := takeSlot(tx, o.ID)
	if err != nil {
		return Endorsement{}, err
	}
	e.Slot = &slot
	if e.Unsigned, err = credential.BuildEndorsement(credential.EndorsementCredential{
		ID: e.Identifier, Name: e.Name, Issuer: credential.Party{ID: o.DID, Name: o.Name, URL: o.URL, Email: o.Email},
		ValidFrom: e.ValidFrom, ValidUntil: e.ValidUntil, Subject: e.Subject, Comment: e.Comment,
		Status: []credential.StatusEntry{s.entry(status.PurposeRevocation, slot.Revocation, slot.Index)},
	}); err != nil {
		return Endorsement{}, unendorsable(err)
	}
	if err := endorsements.Put(tx, &e, 0); err != nil {
		return Endorsement{}, err
	}
	if err := by.Once.keep(tx, e.ID, nil, 0); err != nil {
		return Endorsement{}, err
	}
	return e, record(tx, AuditEntry{At: e.Intended, Actor: by.Actor, Action: "endorsement.intended", Subject: e.ID, Organisation: o.ID, Detail: string(in.Kind)})
}

// unendorsable says what is wrong with the content of an endorsement.
func unendorsable(err error) error {
	var problems credential.Problems
	if errors.As(err, &problems) && len(problems) > 0 {
		p := problems[0]
		return &Error{Kind: KindInvalid, Code: p.Code, Detail: "An endorsement of this content would break the rules of Open Badges: " + p.Error() + ".", Err: err}
	}
	return &Error{Kind: KindInvalid, Code: credential.CodeSchemaInvalid, Detail: "An endorsement of this content cannot be written.", Err: err}
}

// endorsable is the id of what an organisation is to endorse. What has an address of this installation has to be there, and to be seen.
func (s *Service) endorsable(tx Tx, organisation string, kind EndorsementSubject, subject string) (string, error) {
	path, here := strings.CutPrefix(subject, s.base+"/")
	if !here {
		return subject, nil
	}
	class, id, _ := strings.Cut(path, "/")
	var err error
	switch {
	case class == "a" && kind == EndorsesAchievement:
		_, _, err = achievements.Get(tx, id)
	case class == "i" && kind == EndorsesIssuer:
		var o Organisation
		o, _, err = organisations.Get(tx, id)
		subject = o.DID
	case class == "c" && kind == EndorsesCredential:
		var c Credential
		c, _, err = credentials.Get(tx, id)
		subject = c.Identifier
		if err == nil && (c.Issued.IsZero() || c.Erased != nil || !c.Visible() && c.Organisation != organisation) {
			err = ErrNotFound
		}
	default:
		err = ErrNotFound
	}
	if errors.Is(err, ErrNotFound) {
		return "", &Error{Kind: KindMissing, Code: "subject", Detail: fmt.Sprintf("There is no %s of this name here.", kind), Err: ErrNotFound}
	}
	return subject, err
}

// completeEndorsement signs an endorsement, checks what it signed and records it. Doing it twice gives the same endorsement.
func (s *Service) completeEndorsement(ctx context.Context, draft Endorsement) (done Endorsement, err error) {
	for range 3 {
		if done, err = s.completeEndorsementOnce(ctx, draft); !errors.Is(err, errKeyChanged) {
			return done, err
		}
	}
	return done, err
}

func (s *Service) completeEndorsementOnce(ctx context.Context, draft Endorsement) (e Endorsement, err error) {
	o, err := s.Organisation(ctx, draft.Organisation)
	if err != nil {
		return Endorsement{}, err
	}
	signed, err := s.sign(ctx, o, draft.Unsigned, o.listSuite()) // no holder leaves out a part of an endorsement
	if err != nil {
		return Endorsement{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if e, version, err = endorsements.Get(tx, draft.ID); err != nil || !e.Issued.IsZero() {
			return err
		}
		o, _, err := organisations.Get(tx, e.Organisation)
		if err != nil {
			return err
		}
		integrity, _ := o.keyFor(signed.suite)
		token, err := o.jwtKey()
		if err != nil || signed.suite != o.listSuite() || integrity.Name != signed.integrityKey.Name || token.Name != signed.tokenKey.Name {
			return errKeyChanged
		}
		e.Issued, e.Unsigned = s.now().UTC(), nil
		e.JSON, e.JWT, e.IntegrityKey, e.TokenKey = signed.published, signed.token, integrity.Name, token.Name
		if err := endorsements.Put(tx, &e, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: e.Issued, Actor: e.By, Action: "endorsement.issued", Subject: e.ID, Organisation: e.Organisation, Detail: string(e.Kind)})
	})
	if err != nil {
		return Endorsement{}, stored(err)
	}
	return e, nil
}

// finishEndorsements completes the endorsements that were begun longer ago than a duration and have no signed forms. One that cannot be
// signed for its own sake is given up: nobody has received it, and the audit log keeps its id and why. It returns how many it completed;
// the error says why others are left.
func (s *Service) finishEndorsements(ctx context.Context, before time.Time) (finished int, left error) {
	for q := (Query{By: "draft", Value: inAll}); ; {
		var drafts []Endorsement
		next := ""
		err := s.store.View(ctx, func(tx Tx) (err error) {
			drafts, next, err = endorsements.List(tx, q)
			return err
		})
		if err != nil {
			return finished, errors.Join(left, stored(err))
		}
		for _, draft := range drafts {
			if !before.IsZero() && draft.Intended.After(before) {
				continue
			}
			_, err := s.completeEndorsement(ctx, draft)
			switch refusal := (*Error)(nil); {
			case ctx.Err() != nil:
				return finished, ctx.Err()
			case err == nil:
				finished++
				continue
			case errors.Is(err, ErrNotFound): // another process gave it up
				continue
			case errors.As(err, &refusal) && (refusal.Code == codeSelfCheck || refusal.Code == codeSigning):
				err = errors.Join(err, s.burnEndorsement(ctx, draft.ID, refusal.Code))
			}
			left = errors.Join(left, fmt.Errorf("completing the endorsement %s: %w", draft.ID, err))
		}
		if q.After = next; next == "" {
			return finished, left
		}
	}
}

func (s *Service) burnEndorsement(ctx context.Context, id, code string) error {
	return stored(s.store.Update(ctx, func(tx Tx) error {
		e, _, err := endorsements.Get(tx, id)
		if errors.Is(err, ErrNotFound) || err == nil && !e.Issued.IsZero() {
			return nil
		}
		if err != nil {
			return err
		}
		return s.giveUpEndorsement(tx, &e, "laurel", code)
	}))
}

// giveUpEndorsement takes out one that is not signed yet. Its place in the status lists is not given again.
func (s *Service) giveUpEndorsement(tx Tx, e *Endorsement, actor, why string) error {
	if err := tx.Delete(endorsements.Kind, e.ID); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "endorsement.burned", Subject: e.ID, Organisation: e.Organisation, Detail: why})
}

// eraseEndorsements takes away what all endorsements of an award say, whoever gave them: an endorsement speaks of the person too. Their
// names and places in the lists stay, and those that are not signed yet are given up.
func (s *Service) eraseEndorsements(tx Tx, award, actor string) error {
	all, err := Every(tx, endorsements, "award", digestOf([]byte(award)))
	for _, e := range all {
		if err == nil {
			err = s.eraseEndorsement(tx, e.ID, actor)
		}
	}
	return err
}

func (s *Service) eraseEndorsement(tx Tx, id, actor string) error {
	e, version, err := endorsements.Get(tx, id)
	if err != nil {
		return err
	}
	if e.Issued.IsZero() {
		return s.giveUpEndorsement(tx, &e, actor, "erased")
	}
	now := s.instant()
	e.Name, e.Comment, e.JSON, e.JWT, e.IntegrityKey, e.TokenKey = endorsementBy(e.IssuerName), "", nil, "", "", ""
	if e.Revoked != nil {
		e.Revoked = &Change{At: e.Revoked.At, By: e.Revoked.By}
	}
	e.Erased = &Change{At: now, By: actor}
	if err := endorsements.Put(tx, &e, version); err != nil {
		return err
	}
	if err := record(tx, AuditEntry{At: now, Actor: actor, Action: "endorsement.erased", Subject: e.ID, Organisation: e.Organisation}); err != nil {
		return err
	}
	if err := eraseReasons(tx, e.ID, nil, AuditEntry{At: now, Actor: actor, Organisation: e.Organisation}); err != nil {
		return err
	}
	return forgetAnswers(tx, e.ID)
}

// endorsementBy is the name of an endorsement that was given none.
func endorsementBy(issuer string) string { return "Endorsement by " + issuer }

// RevokeEndorsement ends an endorsement that the organisation has given, for good. It needs a reason, which is public. Kind conflict when
// it is revoked (already_revoked) or still being made (not_issued).
func (w Workspace) RevokeEndorsement(ctx context.Context, id, reason string, by Write) (e Endorsement, err error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > longestReason || !validText(reason) {
		return Endorsement{}, invalid("reason", "Say why the endorsement is revoked, in at most 2000 bytes: the reason is shown to everybody who looks at it.")
	}
	err = w.service.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if e, version, err = w.endorsement(tx, id, false); err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		switch {
		case e.Issued.IsZero():
			return conflict("not_issued", "The endorsement is still being made.")
		case e.Revoked != nil:
			return conflict("already_revoked", "The endorsement was already revoked, on "+day(*e.Revoked)+", which is for good.")
		}
		if e.Erased != nil { // nothing is written down of it any more
			reason = ""
		}
		e.Revoked = &Change{At: w.service.instant(), By: by.Actor, Reason: reason}
		if err := endorsements.Put(tx, &e, version); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", e, version+1); err != nil {
			return err
		}
		if err := setBit(tx, e.Slot.Revocation, e.Slot.Index, true); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: e.Revoked.At, Actor: by.Actor, Action: "endorsement.revoked", Subject: e.ID, Organisation: e.Organisation, why: reason})
	})
	return e, stored(err)
}

// endorsement reads one of the organisation that was received, or one that was given.
func (w Workspace) endorsement(tx Tx, id string, received bool) (Endorsement, uint64, error) {
	e, version, err := endorsements.Get(tx, id)
	if err = w.ours(e.Organisation, err); err == nil && e.Received != received {
		err = ErrNotFound
	}
	return e, version, err
}

// Endorsement returns an endorsement that the organisation has given or received, with the version of its record.
func (w Workspace) Endorsement(ctx context.Context, id string) (e Endorsement, version uint64, err error) {
	err = w.service.store.View(ctx, func(tx Tx) error {
		e, version, err = endorsements.Get(tx, id)
		return w.ours(e.Organisation, err)
	})
	return e, version, stored(err)
}

// Endorsements returns a page of the endorsements that the organisation has given and received, the first first, and the cursor of the
// next page, "" after the last. With a subject only those of that are listed. A cursor of another list has kind invalid, code cursor.
func (w Workspace) Endorsements(ctx context.Context, subject, after string, limit int) (page []Endorsement, next string, err error) {
	q := Query{By: "organisation", Value: w.organisation, After: after, Limit: limit}
	if subject != "" {
		q.By, q.Value = "subject", subjectLookup(w.organisation, subject)
	}
	err = w.service.store.View(ctx, func(tx Tx) error {
		page, next, err = endorsements.List(tx, q)
		return err
	})
	return page, next, stored(err)
}

// Endorsement returns an endorsement that was given here, by the id of its address. Kind missing when there is none, or it is still
// being made or was erased.
func (s *Service) Endorsement(ctx context.Context, id string) (e Endorsement, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		e, err = givenEndorsement(tx, id)
		return err
	})
	return e, stored(err)
}

func givenEndorsement(tx Tx, id string) (Endorsement, error) {
	e, _, err := endorsements.Get(tx, id)
	if err == nil && (e.Received || e.Issued.IsZero() || e.Erased != nil) {
		err = ErrNotFound
	}
	return e, err
}
