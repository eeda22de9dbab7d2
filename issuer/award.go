package issuer

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
)

// AwardInput is an award to be made.
type AwardInput struct {
	Organisation   string // Organisation.ID, of which the achievement has to be; "" where any will do
	Achievement    string // Achievement.ID; "" where exactly one is published and not archived
	Recipient      string // e-mail address; it goes into the credential in lower case and is kept nowhere else
	PlainRecipient bool   // put the address into the credential readably; otherwise its salted hash stands there
	Name           string // of the recipient, to be shown; optional
	Language       string // BCP 47, in which the recipient is written to; "" is that of the organisation
	Narrative      string // about this award, Markdown; optional
	Evidence       []Evidence
	// Results are what the recipient reached. ResultDescription and AchievedLevel are ids, or short names as in AchievementInput.
	Results    []credential.Result
	ValidFrom  time.Time // zero: when the award is begun
	ValidUntil time.Time // zero: after the months of the achievement, or without end where it has none
	// AwardedDate is when it was earned, if that was before it is in force: from 1990 to now. Zero: it is not said.
	AwardedDate   time.Time
	Role          string // of the recipient in what was achieved; optional
	Term          string // academic term; optional
	LicenseNumber string // optional
	Access        Access // "" or held. An award is held in any case where the organisation says so of all
	Batch         string // Batch.ID of the batch that it is made by; "" for none
	Actor         string // who awards it, for the audit log; no e-mail address
	Once          *Once  `json:"-"` // makes the award repeatable; nil: not
}

// Evidence is something that the recipient showed.
type Evidence struct {
	URL       string // https or http; optional
	Name      string
	Narrative string // Markdown
}

var credentials = Table[Credential]{
	Kind: Kind{Name: "credential", Lookups: []string{"draft", "organisation", "state", "achievement", "achievement-state", "integrity-key", "token-key", "recipient",
		"batch", "day", "supersedes"}},
	Key:   func(c *Credential) string { return c.ID },
	Order: func(c *Credential) string { return sequenced(c.Sequence) },
	Lookups: func(c *Credential) []string {
		draft, day, state := inAll, "", "/"+string(c.State())
		if !c.Issued.IsZero() {
			draft, day = "", dayLookup(c.Organisation, c.Issued)
		}
		ours, same := c.Organisation, c.Organisation+"/"+c.Achievement
		return []string{draft, ours, ours + state, same, same + state, keyLookup(ours, c.IntegrityKey), keyLookup(ours, c.TokenKey), c.Recipient,
			keyLookup(ours, c.Batch), day, c.Supersedes}
	},
	Write: writeCredential,
}

// writeCredential writes the record of an award, with the long texts at its end: encoding/json would read each of them three times.
func writeCredential(c *Credential) ([]byte, error) {
	short := *c
	short.Unsigned, short.JSON, short.Base, short.JWT = nil, nil, nil, ""
	head, err := json.Marshal(&short)
	if err != nil {
		return nil, err
	}
	texts := len(c.Unsigned) + len(c.JSON) + len(c.Base)
	out := append(make([]byte, 0, len(head)+texts+texts/8+len(c.JWT)+64), head...) // an eighth for escapes
	for _, text := range []struct {
		name string
		text Text
	}{{"unsigned", c.Unsigned}, {"json", c.JSON}, {"base", c.Base}} {
		if err := text.text.check(); err != nil {
			return nil, err
		}
		if out, err = appendText(out, text.name, text.text); err != nil {
			return nil, err
		}
	}
	return appendText(out, "jwt", c.JWT)
}

// dayLookup is the value under which the awards stand that an organisation has issued on the day of an instant, in UTC.
func dayLookup(organisation string, at time.Time) string {
	return organisation + "/" + at.UTC().Format(time.DateOnly)
}

// keyLookup is the value under which the awards stand that something with this name in the organisation stands for: a key that has
// signed them, or a batch that has made them.
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
	return s.issue(ctx, in, func(Tx, *Credential) error { return nil })
}

// issue is Issue where allowed says so of the draft, at the end of the transaction that records it.
func (s *Service) issue(ctx context.Context, in AwardInput, allowed func(Tx, *Credential) error) (Credential, error) {
	badge, err := s.badge(in)
	if err != nil {
		return Credential{}, err
	}
	s.singles.Add(1)
	defer s.singles.Add(-1)
	var d draft
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		if d, err = s.intend(tx, in, badge); err != nil {
			return err
		}
		return allowed(tx, &d.Credential)
	})
	if err != nil {
		return Credential{}, stored(err)
	}
	return s.completeDraft(context.WithoutCancel(ctx), d) // what is begun is finished, also for a caller who has gone
}

// badge checks the input and fills in all that depends on it alone.
func (s *Service) badge(in AwardInput) (credential.AchievementCredential, error) {
	var badge credential.AchievementCredential
	email, err := NewAddress(in.Recipient)
	if err != nil {
		return badge, err
	}
	recipient := credential.IdentityObject{Type: "emailAddress", Hash: email}
	if !in.PlainRecipient {
		recipient = credential.HashedIdentity("emailAddress", email)
	}
	badge.Subject.Identifiers = []credential.IdentityObject{recipient}
	if name := strings.TrimSpace(in.Name); name != "" {
		if err := checkPerson(name); err != nil {
			return badge, err
		}
		badge.Subject.Identifiers = append(badge.Subject.Identifiers, credential.IdentityObject{Type: "name", Hash: name})
	}
	badge.Subject.Narrative, badge.Subject.Results = strings.TrimSpace(in.Narrative), in.Results
	badge.Subject.Role, badge.Subject.Term = strings.TrimSpace(in.Role), strings.TrimSpace(in.Term)
	badge.Subject.LicenseNumber = strings.TrimSpace(in.LicenseNumber)
	if badge.Evidence, err = evidence(in.Evidence); err != nil {
		return badge, err
	}
	if err := firstError(checkSubject(&badge.Subject), checkLetterLanguage(in.Language)); err != nil {
		return badge, err
	}
	if in.Access != "" && in.Access != AccessHeld {
		return badge, invalid("access", "Whether the page of an award is public is for the earner to say: it can only be held until it is claimed.")
	}
	if badge.ValidFrom, badge.ValidUntil, err = s.validity(in.ValidFrom, in.ValidUntil); err != nil {
		return badge, err
	}
	badge.Awarded, err = s.awarded(in.AwardedDate)
	return badge, err
}

// validity checks when an award begins, the zero value for when it is made, and that it does not end before.
func (s *Service) validity(from, until time.Time) (begins, ends time.Time, err error) {
	if !from.IsZero() {
		begins = from.UTC().Truncate(time.Second)
	}
	if until.IsZero() {
		return begins, ends, nil
	}
	ends = until.UTC().Truncate(time.Second)
	return begins, ends, s.endsAfter(begins, ends)
}

// endsAfter refuses an award that would end before it begins.
func (s *Service) endsAfter(begins, ends time.Time) error {
	if begins.IsZero() {
		begins = s.instant()
	}
	if !ends.IsZero() && !ends.After(begins) {
		return invalid("dates", "The badge would end before it begins.")
	}
	return nil
}

// firstAwarded is before any badge: a year before it is a mistake in a list.
const firstAwarded = 1990

// awarded checks when an award was earned.
func (s *Service) awarded(at time.Time) (time.Time, error) {
	switch {
	case at.IsZero():
		return time.Time{}, nil
	case at.After(s.now()):
		return at, invalid("awarded", "The day on which it was earned lies in the future.")
	case at.UTC().Year() < firstAwarded:
		return at, invalid("awarded", fmt.Sprintf("The day on which it was earned lies before %d.", firstAwarded))
	}
	return at.UTC().Truncate(time.Second), nil
}

// monthsAfter is the same day of the month some months later, or the last day of a month that has no such day.
func monthsAfter(at time.Time, months int) time.Time {
	later := at.AddDate(0, months, 0)
	if later.Day() != at.Day() { // it went over into the month after
		later = later.AddDate(0, 0, -later.Day())
	}
	return later
}

// intend records the intent of an award, with everything that its signed document will say.
func (s *Service) intend(tx Tx, in AwardInput, badge credential.AchievementCredential) (d draft, err error) {
	if err := s.clockHolds(tx); err != nil {
		return d, err
	}
	a, err := s.awardable(tx, in.Organisation, in.Achievement)
	if err != nil {
		return d, err
	}
	o, _, err := s.organisations.get(tx, a.Organisation)
	if err != nil {
		return d, err
	}
	d.Credential = s.newCredential()
	d.Batch = in.Batch
	build := s.texts.builder(o, a)
	d.body, err = s.intendFor(tx, &d.Credential, beginning{organisation: o, achievement: a, badge: badge, build: build, access: in.Access, actor: in.Actor, once: in.Once,
		recipient: Recipient{Email: in.Recipient, Name: in.Name, Language: in.Language}})
	return d, err
}

// intendFor records the intent of the award c to somebody, and returns its record.
func (s *Service) intendFor(tx Tx, c *Credential, b beginning) (body []byte, err error) {
	if err := s.apply(tx, c, &b); err != nil {
		return nil, err
	}
	return s.begin(tx, c, b)
}

// apply fills in of an award to somebody what follows from the policies of its organisation and achievement.
func (s *Service) apply(tx Tx, c *Credential, b *beginning) (err error) {
	if b.badge.ValidFrom.IsZero() { // a batch may have been prepared long ago
		b.badge.ValidFrom = c.Intended.Truncate(time.Second)
		if err := s.endsAfter(b.badge.ValidFrom, b.badge.ValidUntil); err != nil {
			return err
		}
	}
	if b.badge.ValidUntil.IsZero() && b.achievement.Months > 0 {
		b.badge.ValidUntil = monthsAfter(b.badge.ValidFrom, b.achievement.Months)
	}
	if c.Access = b.access; b.organisation.Settings.Held {
		c.Access = AccessHeld
	}
	c.Organisation = b.organisation.ID
	if c.Recipient, err = s.recipientKey(tx, c.Organisation, b.recipient.Email); err != nil {
		return err
	}
	return s.replace(tx, c, b.achievement, b.alone)
}

// replace finds the awards whose place a new one takes. alone says that one person makes it, who revokes nothing where that needs two.
func (s *Service) replace(tx Tx, c *Credential, a *Achievement, alone bool) error {
	c.Supersedes, c.AlsoReplaces = "", nil
	replaced, err := s.judgeDuplicates(tx, a, c.Recipient)
	if err != nil || len(replaced) == 0 {
		return err
	}
	if c.Supersedes = replaced[0]; len(replaced) > 1 {
		c.AlsoReplaces = replaced[1:]
	}
	if alone {
		return needsSecond(tx, c.Organisation, ActRevoke)
	}
	return nil
}

// beginning is what an award begins with, beside what its record says.
type beginning struct {
	organisation *Organisation
	achievement  *Achievement
	content      *credential.Achievement // of achievement, as an award says it; nil: it is made of that
	badge        credential.AchievementCredential
	build        builder // nil: credential.Build
	access       Access
	recipient    Recipient
	note         string // why, for the issuer alone
	actor        string
	alone        bool // by one person, who revokes nothing where that needs two
	once         *Once
}

// begin gives an award its place in the lists and records it as a draft. It returns the record.
func (s *Service) begin(tx Tx, c *Credential, b beginning) (body []byte, err error) {
	if err := takePlace(tx, c, b.organisation); err != nil {
		return nil, err
	}
	if err := s.describe(c, &b); err != nil {
		return nil, err
	}
	if body, err = credentials.body(c); err != nil {
		return nil, fmt.Errorf("writing an award: %w", err)
	}
	if err := credentials.putBody(tx, c, body, 0); err != nil {
		return nil, err
	}
	if err := b.once.keep(tx, c.ID, nil, 0); err != nil {
		return nil, err
	}
	return body, s.recordBegun(tx, c, b.recipient, b.note)
}

// takePlace gives an award its place in the lists of an organisation.
func takePlace(tx Tx, c *Credential, o *Organisation) (err error) {
	if c.Sequence, err = tx.Next("credential"); err != nil {
		return err
	}
	if c.Slot, err = takeSlot(tx, o.ID); err != nil {
		return err
	}
	if o.Settings.RevocationList {
		c.Revocations, err = takeRevocations(tx, o.ID)
	}
	return err
}

// describe writes the document of an award that has its place.
func (s *Service) describe(c *Credential, b *beginning) (err error) {
	c.Organisation, c.Achievement, c.By = b.organisation.ID, b.achievement.ID, b.actor
	build := b.build
	if build == nil {
		build = credential.Build
	}
	content := b.content
	if content == nil {
		content = placed(b.achievement.Content, b.achievement.URL)
	}
	c.Unsigned, err = s.composeWith(build, b.badge, b.organisation, b.achievement, content, c)
	return err
}

// recordBegun records that an award is recorded as a draft.
func (s *Service) recordBegun(tx Tx, c *Credential, to Recipient, note string) error {
	e := AuditEntry{At: c.Intended, Actor: c.By, Action: string(EventIntended), Subject: c.ID, Organisation: c.Organisation, Detail: c.Achievement, why: note}
	if err := record(tx, e); err != nil {
		return err
	}
	return s.tellBegun(tx, c, to)
}

// tellBegun tells of an award that is begun.
func (s *Service) tellBegun(tx Tx, c *Credential, to Recipient) error {
	to.Email = strings.ToLower(strings.TrimSpace(to.Email))
	return s.observe(tx, Event{Type: EventIntended, Organisation: c.Organisation, Subject: c.ID, Actor: c.By, Credential: c, Recipient: &to})
}

// compose writes the document of the award c.
func (s *Service) compose(badge credential.AchievementCredential, o Organisation, a Achievement, c Credential) ([]byte, error) {
	return s.composeWith(credential.Build, badge, &o, &a, placed(a.Content, a.URL), &c)
}

// builder writes the text of a badge, as credential.Build does.
type builder func(credential.AchievementCredential) ([]byte, error)

// composeWith is compose with what writes the text, and with the content of the achievement as an award says it.
func (s *Service) composeWith(build builder, badge credential.AchievementCredential, o *Organisation, a *Achievement, content *credential.Achievement,
	c *Credential) ([]byte, error) {
	badge.ID, badge.Name = c.Identifier, a.Name
	if badge.ValidFrom.IsZero() { // of an example
		badge.ValidFrom = s.instant()
	}
	badge.Issuer = o.party()
	badge.Subject.Achievement = content
	badge.Subject.Results = slices.Clone(badge.Subject.Results)
	for i := range badge.Subject.Results {
		r := &badge.Subject.Results[i]
		r.ResultDescription, r.AchievedLevel = place(a.URL, r.ResultDescription), place(a.URL, r.AchievedLevel)
	}
	badge.Status = []credential.StatusEntry{
		s.entry(status.PurposeRevocation, c.Slot.Revocation, c.Slot.Index),
		s.entry(status.PurposeSuspension, c.Slot.Suspension, c.Slot.Index),
	}
	if c.Revocations > 0 {
		badge.RevocationList = revocationsURL(s.base, o.ID, c.Revocations)
	}
	if a.Renewable {
		badge.RefreshService = c.URL + "/" + refreshPart
	}
	if err := checkEvidenceNames(&badge); err != nil {
		return nil, err
	}
	document, err := build(badge)
	if err != nil {
		return nil, unbuildable(err)
	}
	return document, nil
}

// clockHolds refuses to sign while the clock stands more than five minutes before the latest recorded act: dates in badges
// would be wrong for good.
func (s *Service) clockHolds(tx Tx) error {
	head, err := readHead(tx)
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
	if s.public {
		return s.namedCredential(newID())
	}
	return s.namedCredential(shortID(func() [16]byte { return uuid.New() }))
}

// namedCredential is newCredential with an id that was chosen so before.
func (s *Service) namedCredential(id string) Credential {
	c := Credential{ID: id, Intended: s.now().UTC(), URL: s.base + "/c/" + id}
	if c.Identifier = c.URL; !s.public {
		var random uuid.UUID
		_, _ = base64.RawURLEncoding.Decode(random[:], []byte(id)) // as shortID has written it
		c.Identifier = random.URN()
	}
	return c
}

// Codes of what stays wrong when it is tried again.
const (
	codeSelfCheck = "self_check_failed"
	codeSigning   = "signing_failed"
)

const selfCheckFailed = "What was signed did not pass this program's own check, so it was not given out."

// errKeyChanged says that a key of the organisation ended while it signed.
var errKeyChanged = &Error{Kind: KindUnavailable, Code: "key_changed", Detail: "The keys of the issuer are being changed. Try again."}

// draft is an award that is begun. body is its record, nil where that is not known.
type draft struct {
	Credential
	body []byte
}

// complete signs a draft, checks what it signed and records it. Doing it twice gives the same award. When a key was changed
// meanwhile, which may be because it was stolen, the award is signed anew.
func (s *Service) complete(ctx context.Context, begun Credential) (done Credential, err error) {
	return s.completeDraft(ctx, draft{Credential: begun})
}

func (s *Service) completeDraft(ctx context.Context, d draft) (done Credential, err error) {
	for range 3 {
		if done, err = s.completeOnce(ctx, &d); !errors.Is(err, errKeyChanged) {
			return done, err
		}
	}
	return done, err
}

func (s *Service) completeOnce(ctx context.Context, d *draft) (done Credential, err error) {
	var o *Organisation
	err = s.store.View(ctx, func(tx Tx) error {
		o, _, err = s.organisations.get(tx, d.Organisation)
		return err
	})
	if err != nil {
		return Credential{}, stored(err)
	}
	signed, err := s.signSingle(ctx, o, d.Achievement, d.Unsigned, o.suite())
	if err != nil {
		return Credential{}, err
	}
	var overtaken *Error
	err = s.store.Update(ctx, func(tx Tx) error {
		done, overtaken, err = s.keepDraft(tx, d, signed)
		return err
	})
	switch {
	case err != nil:
		return Credential{}, stored(err)
	case overtaken != nil:
		return Credential{}, gaveUp{overtaken}
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
			return forms{}, internal(codeSelfCheck, selfCheckFailed, err)
		}
	}
	return signed, nil
}

// now reads the draft as it is by now: mostly as it was begun.
func (d *draft) now(tx Tx) (Credential, uint64, error) {
	if d.body == nil {
		return credentials.Get(tx, d.ID)
	}
	row, err := tx.Get(credentials.Kind, d.ID)
	if err != nil {
		return Credential{}, 0, err
	}
	if bytes.Equal(row.Body, d.body) {
		return d.Credential, row.Version, nil
	}
	return credentials.read(row)
}

// keep records the signed forms of a draft. An award that has some stays as it is; for overtaken see [Service.overtaken].
func (s *Service) keep(tx Tx, id string, signed forms) (c Credential, overtaken *Error, err error) {
	return s.keepDraft(tx, &draft{Credential: Credential{ID: id}}, signed)
}

func (s *Service) keepDraft(tx Tx, d *draft, signed forms) (c Credential, overtaken *Error, err error) {
	c, version, err := d.now(tx)
	if err != nil || !c.Issued.IsZero() {
		return c, nil, err
	}
	if overtaken, err = s.overtaken(tx, &c); overtaken != nil || err != nil {
		return Credential{}, overtaken, err
	}
	c.Issued, c.Unsigned, c.Tried = s.now().UTC(), nil, Tries{}
	o, _, err := s.organisations.get(tx, c.Organisation)
	if err == nil {
		err = signed.intoOf(tx, o, &c, version)
	}
	if err != nil {
		return Credential{}, nil, err
	}
	return c, nil, s.kept(tx, &c)
}

// kept records that the award has its signed forms.
func (s *Service) kept(tx Tx, c *Credential) error {
	e := AuditEntry{At: c.Issued, Actor: c.By, Action: string(EventIssued), Subject: c.ID, Organisation: c.Organisation, Detail: c.Achievement}
	if err := record(tx, e); err != nil {
		return err
	}
	if err := s.observe(tx, Event{Type: EventIssued, Organisation: c.Organisation, Subject: c.ID, Actor: c.By, Credential: c}); err != nil {
		return err
	}
	return s.succeed(tx, c)
}
