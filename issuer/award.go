package issuer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof"
)

// AwardInput is an award to be made.
type AwardInput struct {
	Organisation   string // Organisation.ID, of which the achievement has to be; "" where any will do
	Achievement    string // Achievement.ID; "" where exactly one is published and not archived
	Recipient      string // e-mail address; it goes into the credential in lower case and is kept nowhere else
	PlainRecipient bool   // put the address into the credential readably; otherwise its salted hash stands there
	Name           string // of the recipient, to be shown; optional
	Narrative      string // about this award, Markdown; optional
	Evidence       []Evidence
	// Results are what the recipient reached. ResultDescription and AchievedLevel are ids, or short names as in AchievementInput.
	Results    []credential.Result
	ValidFrom  time.Time // zero: now
	ValidUntil time.Time // zero: without end
	Actor      string    // who awards it, for the audit log; no e-mail address
	Once       *Once     `json:"-"` // makes the award repeatable; nil: not
}

// Evidence is something that the recipient showed.
type Evidence struct {
	URL       string // https or http; optional
	Name      string
	Narrative string // Markdown
}

var credentials = Table[Credential]{
	Kind:  Kind{Name: "credential", Lookups: []string{"draft", "organisation", "state", "achievement", "achievement-state", "integrity-key", "token-key"}},
	Key:   func(c *Credential) string { return c.ID },
	Order: func(c *Credential) string { return sequenced(c.Sequence) },
	Lookups: func(c *Credential) []string {
		draft, state := "", "/"+string(c.State())
		if c.Issued.IsZero() {
			draft = inAll
		}
		ours, same := c.Organisation, c.Organisation+"/"+c.Achievement
		return []string{draft, ours, ours + state, same, same + state, keyLookup(ours, c.IntegrityKey), keyLookup(ours, c.TokenKey)}
	},
}

// keyLookup is the value under which the awards stand that a key of the organisation has signed.
func keyLookup(organisation, name string) string {
	if name == "" {
		return ""
	}
	return organisation + "/" + name
}

// Issue makes an award: it records the intent with id and place in the status lists, signs, has its own work checked, and
// records the signed forms. When it fails after the first step the award stays a draft, which the next Open completes; the
// error then has kind unavailable or internal. It refuses (code clock_back) while the clock stands more than five minutes
// before the latest recorded act.
func (s *Service) Issue(ctx context.Context, in AwardInput) (Credential, error) {
	badge, err := s.badge(in)
	if err != nil {
		return Credential{}, err
	}
	var draft Credential
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		draft, err = s.intend(tx, in, badge)
		return err
	})
	if err != nil {
		return Credential{}, stored(err)
	}
	return s.complete(context.WithoutCancel(ctx), draft) // what is begun is finished, also for a caller who has gone
}

// badge checks the input and fills in all that depends on it alone.
func (s *Service) badge(in AwardInput) (credential.AchievementCredential, error) {
	var badge credential.AchievementCredential
	email, err := checkEmail(in.Recipient)
	if err != nil {
		return badge, err
	}
	recipient := credential.IdentityObject{Type: "emailAddress", Hash: email}
	if !in.PlainRecipient {
		recipient = credential.HashedIdentity("emailAddress", email)
	}
	badge.Subject.Identifiers = []credential.IdentityObject{recipient}
	if name := strings.TrimSpace(in.Name); name != "" {
		if err := checkName(name, "The recipient"); err != nil {
			return badge, err
		}
		badge.Subject.Identifiers = append(badge.Subject.Identifiers, credential.IdentityObject{Type: "name", Hash: name})
	}
	badge.Subject.Narrative, badge.Subject.Results = strings.TrimSpace(in.Narrative), in.Results
	for _, e := range in.Evidence {
		if e.URL != "" && !isWebAddress(e.URL) {
			return badge, invalid("evidence", "The address of evidence has to begin with https:// or http://.")
		}
		if e == (Evidence{}) {
			return badge, invalid("evidence", "A piece of evidence is empty.")
		}
		badge.Evidence = append(badge.Evidence, credential.Evidence{ID: e.URL, Name: e.Name, Narrative: e.Narrative})
	}
	badge.ValidFrom, badge.ValidUntil = in.ValidFrom.UTC().Truncate(time.Second), in.ValidUntil.UTC().Truncate(time.Second)
	if in.ValidFrom.IsZero() {
		badge.ValidFrom = s.instant()
	}
	if in.ValidUntil.IsZero() {
		badge.ValidUntil = time.Time{}
	} else if !badge.ValidUntil.After(badge.ValidFrom) {
		return badge, invalid("dates", "The badge would end before it begins.")
	}
	return badge, nil
}

// intend records the intent of an award, with everything that its signed document will say.
func (s *Service) intend(tx Tx, in AwardInput, badge credential.AchievementCredential) (Credential, error) {
	if err := s.clockHolds(tx); err != nil {
		return Credential{}, err
	}
	a, err := awardable(tx, in.Organisation, in.Achievement)
	if err != nil {
		return Credential{}, err
	}
	o, _, err := organisations.Get(tx, a.Organisation)
	if err != nil {
		return Credential{}, err
	}
	c := s.newCredential()
	c.Organisation, c.Achievement, c.By = o.ID, a.ID, in.Actor
	if c.Sequence, err = tx.Next("credential"); err != nil {
		return Credential{}, err
	}
	if c.Slot, err = takeSlot(tx, o.ID); err != nil {
		return Credential{}, err
	}
	if c.Unsigned, err = s.compose(badge, o, a, c); err != nil {
		return Credential{}, err
	}
	if err := credentials.Put(tx, &c, 0); err != nil {
		return Credential{}, err
	}
	if err := in.Once.keep(tx, c.ID, nil, 0); err != nil {
		return Credential{}, err
	}
	return c, record(tx, AuditEntry{At: c.Intended, Actor: in.Actor, Action: "credential.intended", Subject: c.ID, Detail: a.ID})
}

// compose writes the document of the award c.
func (s *Service) compose(badge credential.AchievementCredential, o Organisation, a Achievement, c Credential) ([]byte, error) {
	badge.ID, badge.Name = c.Identifier, a.Name
	badge.Issuer = credential.Party{ID: o.DID, Name: o.Name, URL: o.URL, Email: o.Email}
	badge.Subject.Achievement = placed(a.Content, a.URL)
	badge.Subject.Results = slices.Clone(badge.Subject.Results)
	for i := range badge.Subject.Results {
		r := &badge.Subject.Results[i]
		r.ResultDescription, r.AchievedLevel = place(a.URL, r.ResultDescription), place(a.URL, r.AchievedLevel)
	}
	badge.Status = []credential.StatusEntry{
		s.entry(status.PurposeRevocation, c.Slot.Revocation, c.Slot.Index),
		s.entry(status.PurposeSuspension, c.Slot.Suspension, c.Slot.Index),
	}
	document, err := credential.Build(badge)
	if err != nil {
		return nil, unbuildable(err)
	}
	return document, nil
}

// clockHolds refuses to sign while the clock stands more than five minutes before the latest recorded act: dates in badges
// would be wrong for good.
func (s *Service) clockHolds(tx Tx) error {
	head, _, err := readHead(tx)
	if err != nil {
		return err
	}
	if now := s.now(); !within(now, head.Latest) {
		return &Error{Kind: KindUnavailable, Code: "clock_back", Detail: fmt.Sprintf(
			"The clock of this machine says %s, but the latest entry was made at %s. Set the clock, then award again.",
			now.UTC().Format(time.RFC3339), head.Latest.Format(time.RFC3339))}
	}
	return nil
}

// entry is the status entry of a place in a list.
func (s *Service) entry(purpose, list string, index int) credential.StatusEntry {
	address := listURL(s.base, list)
	return credential.StatusEntry{ID: fmt.Sprintf("%s#%d", address, index), Purpose: purpose, Index: index, List: address}
}

// newCredential chooses the names of an award. Without a public address the identifier is a urn:uuid of the same bits as the
// id, so that each leads to the other.
func (s *Service) newCredential() Credential {
	c := Credential{ID: newID(), Intended: s.now().UTC()}
	if !s.public {
		var random uuid.UUID
		c.ID = shortID(func() [16]byte { random = uuid.New(); return random })
		c.Identifier = random.URN()
	}
	c.URL = s.base + "/c/" + c.ID
	if s.public {
		c.Identifier = c.URL
	}
	return c
}

// Codes of what stays wrong when it is tried again.
const (
	codeSelfCheck = "self_check_failed"
	codeSigning   = "signing_failed"
)

// errKeyChanged says that a key of the organisation ended while it signed.
var errKeyChanged = &Error{Kind: KindUnavailable, Code: "key_changed", Detail: "The keys of the issuer are being changed. Try again."}

// complete signs a draft, checks what it signed and records it. Doing it twice gives the same award. When a key was changed
// meanwhile, which may be because it was stolen, the award is signed anew.
func (s *Service) complete(ctx context.Context, draft Credential) (done Credential, err error) {
	for range 3 {
		if done, err = s.completeOnce(ctx, draft); !errors.Is(err, errKeyChanged) {
			return done, err
		}
	}
	return done, err
}

func (s *Service) completeOnce(ctx context.Context, draft Credential) (done Credential, err error) {
	o, err := s.Organisation(ctx, draft.Organisation)
	if err != nil {
		return Credential{}, err
	}
	signed, err := s.sign(ctx, o, draft.Unsigned, o.suite())
	if err != nil {
		return Credential{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		done, err = s.keep(tx, draft.ID, signed)
		return err
	})
	if err != nil {
		return Credential{}, stored(err)
	}
	return done, nil
}

// sign signs the document of an award in all its forms, and has them checked.
func (s *Service) sign(ctx context.Context, o Organisation, document []byte, suite string) (forms, error) {
	signed, err := s.seal(ctx, o, document, suite)
	if err != nil {
		return forms{}, err
	}
	for _, form := range [][]byte{signed.published, []byte(signed.token)} {
		if err := s.check(ctx, form); err != nil {
			if ctx.Err() != nil {
				return forms{}, ctx.Err()
			}
			return forms{}, internal(codeSelfCheck, "What was signed did not pass this program's own check, so it was not given out.", err)
		}
	}
	return signed, nil
}

// keep records the signed forms of a draft. An award that has some stays as it is.
func (s *Service) keep(tx Tx, id string, signed forms) (Credential, error) {
	c, version, err := credentials.Get(tx, id)
	if err != nil || !c.Issued.IsZero() {
		return c, err
	}
	c.Issued, c.Unsigned, c.Tried = s.now().UTC(), nil, Tries{}
	if err := signed.into(tx, &c, version); err != nil {
		return Credential{}, err
	}
	return c, record(tx, AuditEntry{At: c.Issued, Actor: c.By, Action: "credential.issued", Subject: c.ID, Detail: c.Achievement})
}

// forms are what an award is signed as.
type forms struct {
	suite     string // of published
	published []byte // with a Data Integrity proof
	base      []byte // with a base proof, where published carries a derived one
	token     string

	integrityKey, tokenKey Key
}

// into writes the forms into the record of their award, unless the organisation signs otherwise by now.
func (f forms) into(tx Tx, c *Credential, version uint64) error {
	o, _, err := organisations.Get(tx, c.Organisation)
	if err != nil {
		return err
	}
	integrity, _ := o.keyFor(f.suite)
	token, err := o.jwtKey()
	if err != nil || f.suite != o.suiteOf(c) || integrity.Name != f.integrityKey.Name || token.Name != f.tokenKey.Name {
		return errKeyChanged
	}
	c.JSON, c.Base, c.JWT = f.published, f.base, f.token
	c.IntegrityKey, c.TokenKey = integrity.Name, token.Name
	return credentials.Put(tx, c, version)
}

// suiteOf is the suite to sign an award with: that of the organisation. An award whose holder has a base proof keeps one, as long as
// the organisation can make it.
func (o *Organisation) suiteOf(c *Credential) string {
	if _, can := o.keyFor(SuiteSelective); can && c.Base != nil {
		return SuiteSelective
	}
	return o.suite()
}

// seal signs the document of an award in all its forms.
func (s *Service) seal(ctx context.Context, o Organisation, document []byte, suite string) (signed forms, err error) {
	k, ok := o.keyFor(suite)
	if !ok {
		return forms{}, noKey(suite)
	}
	signed.suite, signed.integrityKey = suite, k
	if suite != SuiteSelective {
		signed.published, err = s.sealIntegrity(ctx, k, document, suite)
	} else {
		signed.published, signed.base, err = s.sealSelective(ctx, k, document)
	}
	if err != nil {
		return forms{}, err
	}
	if signed.tokenKey, err = o.jwtKey(); err != nil {
		return forms{}, err
	}
	signer, err := s.signer(signed.tokenKey)
	if err != nil {
		return forms{}, err
	}
	if signed.token, err = proof.SealJWT(document, signer); err != nil {
		return forms{}, unsigned("The badge could not be signed.", err)
	}
	return signed, nil
}

// sealIntegrity adds a Data Integrity proof. mandatory is for ecdsa-sd-2023 alone.
func (s *Service) sealIntegrity(ctx context.Context, k Key, document []byte, suite string, mandatory ...string) ([]byte, error) {
	signer, err := s.signer(k)
	if err != nil {
		return nil, err
	}
	signer.ID = k.integrityMethod()
	sealed, err := proof.Seal(ctx, document, proof.SealOptions{Signer: signer, Suite: suite, Created: s.instant(), Mandatory: mandatory})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unsigned("The document could not be signed.", err)
	}
	return sealed, nil
}

// sealSelective signs a badge with ecdsa-sd-2023, such that no holder can leave out what Open Badges 3.0 requires, and derives
// the form to be published, which reveals all of it. The base proof is for the holder alone (VC-DI-ECDSA section 3.4).
func (s *Service) sealSelective(ctx context.Context, k Key, document []byte) (published, base []byte, err error) {
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		return nil, nil, unsigned("The document could not be signed.", err)
	}
	if base, err = s.sealIntegrity(ctx, k, document, SuiteSelective, proof.OpenBadgeMandatory(value)...); err != nil {
		return nil, nil, err
	}
	published, err = revealed(ctx, base)
	return published, base, err
}

// revealed derives from a document with a base proof one that reveals all of it.
func revealed(ctx context.Context, base []byte) ([]byte, error) {
	value, err := strict.Object(base, credential.JSONLimits())
	if err != nil {
		return nil, unsigned("The document could not be signed.", err)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(value)) {
		if name != "@context" && name != "proof" {
			all = append(all, strict.Escape(name))
		}
	}
	derived, err := proof.Derive(ctx, base, all, proof.Options{VC: true})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unsigned("The document could not be signed.", err)
	}
	return derived, nil
}
