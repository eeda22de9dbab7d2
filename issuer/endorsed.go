package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof"
)

const (
	mostEndorsed       = 20       // endorsements of one achievement or issuer that are published
	longestEndorsement = 64 << 10 // bytes of one that was received
)

// AttachInput is an endorsement that somebody else has given to an achievement of the organisation, or to the organisation itself.
type AttachInput struct {
	Document []byte // JSON with a Data Integrity proof, or a compact JWS
	// Check says whether the endorsement is authentic: a nil error. Of a document that it calls authentic nothing but the form is judged
	// again. It may ask the web.
	Check func(ctx context.Context, document []byte) error `json:"-"`
}

// Attach publishes an endorsement of somebody else with what it is about. One that is not authentic, has ended, or is about something
// else than an achievement of the organisation or its identity, has kind invalid; one that is attached already, or has no room beside the
// others, kind conflict.
func (w Workspace) Attach(ctx context.Context, in AttachInput, by Write) (Endorsement, error) {
	if in.Check == nil {
		return Endorsement{}, &Error{Kind: KindUnavailable, Code: "no_check", Detail: "Endorsements of others are not taken here."}
	}
	text := bytes.TrimSpace(in.Document)
	e, err := readEndorsement(text)
	if err != nil {
		return Endorsement{}, err
	}
	o, _, err := w.Organisation(ctx)
	if err != nil {
		return Endorsement{}, err
	}
	find := func(tx Tx) error { return e.ofOurs(tx, &o, w.service.base) }
	if err := w.service.store.View(ctx, find); err != nil { // before anything is fetched for it
		return Endorsement{}, stored(err)
	}
	if err := in.Check(ctx, text); err != nil {
		if ctx.Err() != nil {
			return Endorsement{}, ctx.Err()
		}
		return Endorsement{}, &Error{Kind: KindInvalid, Code: "not_authentic", Err: err, Detail: "The endorsement could not be shown to come from whom it names, so it is not published."}
	}
	e.ID, e.Organisation, e.By = newID(), o.ID, by.Actor
	err = w.service.store.Update(ctx, func(tx Tx) error {
		if err := find(tx); err != nil {
			return err
		}
		now := w.service.now().UTC()
		if !e.ValidUntil.IsZero() && now.After(e.ValidUntil) {
			return invalid("ended", "The endorsement ended on "+e.ValidUntil.Format("2 January 2006")+".")
		}
		beside, _, err := endorsements.List(tx, Query{By: "subject", Value: subjectLookup(o.ID, e.Subject), Limit: 1000})
		if err != nil {
			return err
		}
		published := 0
		for _, other := range beside {
			if other.Received && other.Identifier == e.Identifier && other.Issuer == e.Issuer {
				return conflict("attached", "This endorsement is attached already.")
			}
			if other.Received {
				published++
			}
		}
		if published >= mostEndorsed {
			return conflict("too_many", "There are 20 endorsements of this already. Take one away first.")
		}
		if e.Sequence, err = tx.Next("endorsement"); err != nil {
			return err
		}
		e.Intended, e.Issued = now, now
		if err := endorsements.Put(tx, &e, 0); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", e, 1); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: now, Actor: by.Actor, Action: "endorsement.attached", Subject: e.ID, Organisation: o.ID, Detail: string(e.Kind)})
	})
	if err != nil {
		return Endorsement{}, stored(err)
	}
	return e, nil
}

// readEndorsement reads an endorsement of somebody else, and judges its form.
func readEndorsement(text []byte) (Endorsement, error) {
	refused := func(err error) (Endorsement, error) {
		return Endorsement{}, &Error{Kind: KindInvalid, Code: "endorsement", Err: err,
			Detail: "This is no endorsement that can be published. It has to be an EndorsementCredential of Open Badges 3.0, as JSON with a proof or as a JWT, of at most 64 KiB."}
	}
	if len(text) == 0 || len(text) > longestEndorsement {
		return refused(nil)
	}
	e := Endorsement{Received: true}
	var value map[string]any
	var err error
	if text[0] == '{' {
		e.JSON = slices.Clone(text)
		value, err = strict.Object(text, credential.JSONLimits())
	} else {
		var token *proof.Secured
		e.JWT = string(text)
		if token, err = proof.ReadJWT(text, proof.Options{}); err == nil {
			value = token.Value
		}
	}
	if err != nil {
		return refused(err)
	}
	c, err := credential.FromValue(text, value)
	if err != nil {
		return refused(err)
	}
	if c.Kind != credential.KindEndorsement || e.JSON != nil && len(c.Proofs) == 0 {
		return refused(nil)
	}
	var problems credential.Problems
	for _, problem := range credential.Check(c, credential.OpenBadges) {
		if !problem.Warning {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return refused(problems)
	}
	e.Identifier, e.Subject, e.Name, e.Comment = c.ID, c.Subject.ID, c.Name, c.Comment
	e.Issuer, e.IssuerName, e.IssuerURL = c.Issuer.ID, c.Issuer.Name, c.Issuer.URL
	if e.ValidFrom, err = credential.ParseDateTime(c.ValidFrom); err != nil {
		return refused(err)
	}
	if c.ValidUntil != "" {
		if e.ValidUntil, err = credential.ParseDateTime(c.ValidUntil); err != nil {
			return refused(err)
		}
	}
	return e, nil
}

// ofOurs says what an endorsement is of, and refuses one that is of nothing that the organisation has.
func (e *Endorsement) ofOurs(tx Tx, o *Organisation, base string) error {
	if e.Subject == o.DID {
		e.Kind = EndorsesIssuer
		return nil
	}
	if id, here := strings.CutPrefix(e.Subject, base+"/a/"); here {
		a, _, err := achievements.Get(tx, id)
		if err == nil && a.Organisation == o.ID {
			e.Kind = EndorsesAchievement
			return nil
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return invalid("subject", "The endorsement is about something else. It can be published when the id of its subject is the address of one of your achievements, or "+o.DID+".")
}

// Detach takes an endorsement of somebody else away from what it is published with.
func (w Workspace) Detach(ctx context.Context, id string, by Write) error {
	return stored(w.service.store.Update(ctx, func(tx Tx) error {
		e, version, err := w.endorsement(tx, id, true)
		if err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		if err := tx.Delete(endorsements.Kind, id); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", e, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: w.service.now(), Actor: by.Actor, Action: "endorsement.detached", Subject: e.ID, Organisation: e.Organisation, Detail: string(e.Kind)})
	}))
}

// EndorsementsOf returns the endorsements that are published of something that an organisation has, and that count today: of an
// achievement by its URL, of the organisation by its DID.
func (s *Service) EndorsementsOf(ctx context.Context, organisation, subject string) (list []Endorsement, err error) {
	now, w := s.now(), WitnessOf(ctx)
	err = s.store.View(ctx, func(tx Tx) error {
		list, err = publishedEndorsements(tx, organisation, subject, func(e *Endorsement) bool {
			if e.ValidFrom.After(now) {
				w.Until(e.ValidFrom)
			} else if !e.ValidUntil.Before(now) {
				w.Until(e.ValidUntil)
			}
			return e.Counts(now)
		})
		return err
	})
	return list, stored(err)
}

func publishedEndorsements(tx Tx, organisation, subject string, counts func(*Endorsement) bool) ([]Endorsement, error) {
	all, _, err := endorsements.List(tx, Query{By: "subject", Value: subjectLookup(organisation, subject), Limit: 1000})
	all = slices.DeleteFunc(all, func(e Endorsement) bool { return !counts(&e) })
	return all[:min(len(all), mostEndorsed)], err
}

// withEndorsements puts what is published of the endorsements of something into its document, an unsigned JSON object without any.
// Those that have ended by their dates stand in it too: whoever reads it judges them.
func withEndorsements(tx Tx, organisation, subject string, document []byte) ([]byte, error) {
	all, err := publishedEndorsements(tx, organisation, subject, func(e *Endorsement) bool { return !e.Issued.IsZero() && e.Revoked == nil })
	if err != nil || len(all) == 0 {
		return document, err
	}
	var members struct {
		Documents []json.RawMessage `json:"endorsement,omitempty"`
		Tokens    []string          `json:"endorsementJwt,omitempty"`
	}
	for _, e := range all {
		if e.JSON != nil {
			members.Documents = append(members.Documents, json.RawMessage(e.JSON))
		} else {
			members.Tokens = append(members.Tokens, e.JWT)
		}
	}
	added, err := marshalled(members)
	if err != nil {
		return nil, internal("document", "A document could not be written.", err)
	}
	document = bytes.TrimSpace(document)
	return slices.Concat(bytes.TrimSpace(document[:len(document)-1]), []byte(","), added[1:]), nil
}

func marshalled(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}
