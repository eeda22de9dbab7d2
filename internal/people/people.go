// Package people knows who works in an issuing office: accounts, their roles in each organisation, invitations, the ways to sign in
// (links by e-mail, passkeys, providers of OpenID Connect), and sessions. It holds the rules and the records; pages are elsewhere.
//
// Call [New] first. A way to sign in ends in a [Proof], which [Service.Begin] turns into a session. Each request then asks
// [Service.Visit] who it is and [Service.Authorize] what they may do: permissions are read from the membership at every request,
// and never kept in a session.
//
// Whatever belongs to another organisation, or to another account, is answered like what never existed. Personal data lies in the
// records of this package, and in messages that were not delivered yet: with the link in clear, which is kept nowhere else. It goes with
// the account. The audit log holds ids.
package people

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/scs/v2"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// Office is what this package needs of the issuer.
type Office interface {
	Organisation(ctx context.Context, id string) (issuer.Organisation, error)
	Organisations(ctx context.Context) ([]issuer.Organisation, error) // the first created first
	CreateOrganisation(ctx context.Context, name, email, actor string) (issuer.Organisation, error)
}

// Config is what a Service works with. All but Mail, Forget, Gather, Client and Providers must be set.
type Config struct {
	Office Office
	Store  issuer.Store // [issuer.Service.Records]
	Now    func() time.Time
	Base   string // the address that links begin with: scheme and host without a path
	// Mail queues a message, in the transaction of its cause. Nil: this installation sends no mail. Links of invitations are then given
	// to whoever invites, and sign-in links are made by the operator alone; see [Service.OperatorLink].
	Mail func(tx issuer.Tx, m Message) error
	// Forget takes away the messages of this package to an address that were not sent yet, as the account of the address is erased, in
	// the transaction in which it is. It must be set with Mail, and also where an installation does not send mail any more.
	Forget func(tx issuer.Tx, address string) error
	// Gather queues a message of which many things can be the cause, as [mail.Outbox.Gather]. It is completed by [Service.Complete]. Nil:
	// nobody is told of proposals.
	Gather func(tx issuer.Tx, m mail.Message) error
	// Client calls the providers of OpenID Connect. It bounds the time and the size of their answers. It may be nil without Providers.
	Client    *http.Client
	Providers []Provider
}

// Message is a message to be written and sent.
type Message struct {
	To           string // address
	Kind         MessageKind
	Person       string    // name of whom it is to; "" when it is not known
	Link         string    // path below Base
	Organisation string    // Organisation.ID; "" for a message that concerns none
	Name         string    // of the organisation
	Role         Role      // of an invitation
	Language     string    // BCP 47; "" is English
	Expires      time.Time // when Link works no more
}

// MessageKind says what a message is for.
type MessageKind string

// All messages of this package.
const (
	MessageSignIn     MessageKind = "sign-in"    // a link to sign in
	MessageInvitation MessageKind = "invitation" // a link to join an organisation
	MessageAddress    MessageKind = "address"    // a link that proves the new address of an account
)

// Where links lead, below Base. Those that end in = or / are followed by a token.
const (
	PathLink       = "/sign-in/link?token="
	PathFirst      = "/first?token="
	PathInvitation = "/invitation/"
	PathAddress    = "/console/address?token="
	PathProvider   = "/sign-in/provider/return" // where providers send browsers back to, as the operator tells them
)

// Service is the people of one installation. It may be used by several goroutines.
type Service struct {
	office    Office
	store     issuer.Store
	now       func() time.Time
	base      string
	mail      func(tx issuer.Tx, m Message) error
	forget    func(tx issuer.Tx, address string) error // may be nil
	gather    func(tx issuer.Tx, m mail.Message) error // may be nil
	sessions  *scs.SessionManager
	askedTo   *limiter // of addresses, and of accounts that would have another
	askedBy   clients
	begun     clients
	web       *webauthn.WebAuthn // nil when passkeys cannot work here
	providers []*provider
	client    *http.Client // calls them
	once      *issuer.Once // keeps the answer to what is done; nil: none
}

// New returns the people of an installation. It reads nothing and calls nobody.
func New(c Config) (*Service, error) {
	if c.Office == nil || c.Store == nil || c.Now == nil {
		return nil, errors.New("opening the accounts: office, store and clock must be set")
	}
	if (c.Mail != nil || c.Gather != nil) && c.Forget == nil {
		return nil, errors.New("opening the accounts: what sends messages has to forget them as well")
	}
	base, err := url.Parse(strings.TrimSuffix(c.Base, "/"))
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Hostname() == "" || base.Path != "" {
		return nil, errors.New("opening the accounts: the base has to be a URL of scheme and host only")
	}
	s := &Service{office: c.Office, store: c.Store, now: c.Now, base: base.String(), mail: c.Mail, client: c.Client, forget: c.Forget, gather: c.Gather,
		askedTo: newLimiter(c.Now, askedMost), askedBy: newClients(c.Now, askedMost), begun: newClients(c.Now, begunMost)}
	s.sessions = s.newManager()
	if s.web, err = newWebAuthn(base); err != nil {
		return nil, err
	}
	if s.providers, err = newProviders(c); err != nil {
		return nil, err
	}
	return s, nil
}

// Once returns a Service whose next act keeps its answer in its transaction, see [issuer.Once]; with nil it keeps none. What is kept is
// the [Membership] of SetRole, the [Invitation] of Invite, without the link, and nil of RemoveMember, Withdraw, DisableAccount,
// EnableAccount and DeleteAccount. Other acts keep nothing.
func (s *Service) Once(once *issuer.Once) *Service {
	again := *s
	again.once = once
	return &again
}

// Mails says whether this installation sends mail.
func (s *Service) Mails() bool { return s.mail != nil }

// Kinds are the kinds of record that this package keeps.
func Kinds() []issuer.Kind {
	return []issuer.Kind{accounts.Kind, memberships.Kind, invitations.Kind, links.Kind, sessions.Kind, passkeys.Kind, identities.Kind, ceremonies.Kind}
}

// Passing are those kinds of them that hold for a while only: sessions, links to sign in, and sign-ins that have begun. A restore leaves
// them out: they may have been ended or used since the backup.
func Passing() []issuer.Kind { return []issuer.Kind{sessions.Kind, links.Kind, ceremonies.Kind} }

// actorPrefix begins how an account is named in the audit log.
const actorPrefix = "account:"

// actor is the name of an account in the audit log.
func actor(account string) string { return actorPrefix + account }

// operator is whoever has the command line of the server.
const operator = "laurel"

func (s *Service) record(tx issuer.Tx, by, action, subject, detail string) error {
	return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Actor: by, Action: action, Subject: subject, Detail: detail})
}

// recordIn is record for an act in an organisation.
func (s *Service) recordIn(tx issuer.Tx, organisation, by, action, subject string, role Role) error {
	return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Organisation: organisation, Actor: by, Action: action, Subject: subject, Detail: string(role)})
}

// instant is the time now as records carry it: whole seconds, UTC.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Second) }

// inAll is the value of the lookup all, under which every record of a kind stands.
const inAll = "yes"

// newToken returns 256 random bits as 43 characters of base64url, and the digest that is kept in their place.
func newToken() (token, digest string) {
	bits := make([]byte, 32)
	_, _ = rand.Read(bits) // never fails
	token = base64.RawURLEncoding.EncodeToString(bits)
	return token, digestOf(token)
}

// digestOf is what is kept of a token: it is found by this, so that no secret is compared with another.
func digestOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func invalid(code, detail string) error {
	return &issuer.Error{Kind: issuer.KindInvalid, Code: code, Detail: detail}
}

func denied(code, detail string) error {
	return &issuer.Error{Kind: issuer.KindDenied, Code: code, Detail: detail}
}

func conflict(code, detail string) error {
	return &issuer.Error{Kind: issuer.KindConflict, Code: code, Detail: detail}
}

func missing(detail string) error {
	return &issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: detail, Err: issuer.ErrNotFound}
}

// orMissing is missing for a record that is not there, and err for what else went wrong.
func orMissing(err error, detail string) error {
	if errors.Is(err, issuer.ErrNotFound) {
		return missing(detail)
	}
	return err
}

func (s *Service) view(ctx context.Context, fn func(issuer.Tx) error) error {
	return issuer.Stored(s.store.View(ctx, fn))
}

func (s *Service) update(ctx context.Context, fn func(issuer.Tx) error) error {
	return issuer.Stored(s.store.Update(ctx, fn))
}

// checkEmail returns an address in lower case. It takes a bare one in ASCII alone: letters that only look like others name other people.
func checkEmail(text string) (string, error) {
	text = strings.TrimSpace(text)
	for _, r := range text {
		if r >= utf8.RuneSelf {
			return "", invalid("email", "The e-mail address has letters beyond plain ASCII, which are not taken here.")
		}
	}
	address, ok := issuer.Address(text)
	if !ok {
		return "", invalid("email", "The e-mail address is not one. Write it as name@example.org.")
	}
	return address, nil
}

const longestName = 200 // characters

func checkName(text, what string) (string, error) {
	text = strings.TrimSpace(text)
	hidden := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > longestName || strings.ContainsFunc(text, hidden) {
		return "", invalid("name", what+" needs a name of 1 to 200 characters, on one line.")
	}
	return text, nil
}

// checkLanguage takes "" and what has the form of a language tag (BCP 47).
func checkLanguage(tag string) error {
	if tag == "" {
		return nil
	}
	for i, part := range strings.Split(tag, "-") {
		plain := strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
		if !plain || part == "" || len(part) > 8 || i == 0 && len(part) < 2 || len(tag) > 35 {
			return invalid("language", "The language has to be a tag such as en or es-MX.")
		}
	}
	return nil
}
