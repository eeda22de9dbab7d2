// Package earner knows who holds which award: it has awards delivered, lets their earners take them without an account, decide who sees
// them, take everything away with them or have it erased, and lets the staff of an issuer find them by the name or the address of their
// earner. It keeps its records beside those of the issuer and knows no HTTP.
//
// A [Book] is told of every act on awards, in its transaction ([issuer.Config] Observe). A [Service] does the rest; start with [New].
// Names and addresses lie in holdings, passes, persons and messages only, and go with the award or the person they belong to.
package earner

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// Holding is an award in the hands of an earner.
type Holding struct {
	Credential   string    `json:"credential"` // Credential.ID
	Organisation string    `json:"organisation"`
	Address      string    `json:"address"`            // e-mail address, in lower case; "" where Hash alone is known
	Hash         string    `json:"hash,omitempty"`     // of the address, as the award of an earlier release holds it (OB 3.0 IdentityHash)
	Salt         string    `json:"salt,omitempty"`     // of Hash
	Name         string    `json:"name,omitempty"`     // as the issuer wrote it
	Language     string    `json:"language,omitempty"` // BCP 47; "" is that of the organisation
	Created      time.Time `json:"created"`            // when the award was begun
	Delivered    time.Time `json:"delivered,omitzero"` // when the mail server took the message that tells of it
	Refused      time.Time `json:"refused,omitzero"`   // when a message was refused for good, or given up: the address is not reached
	Claimed      time.Time `json:"claimed,omitzero"`
	Reminders    int       `json:"reminders,omitempty"` // sent so far
	Reminded     time.Time `json:"reminded,omitzero"`   // when the last one was queued
	Ended        bool      `json:"ended,omitempty"`     // revoked, or another award took its place
}

// waiting says that the earner is still expected to take the award.
func (h *Holding) waiting() bool { return h.Claimed.IsZero() && !h.Ended && h.Address != "" }

// unknown stands in lists for the addresses of which only a hash is known. No address reads like it.
const unknown = "?"

var holdings = issuer.Table[Holding]{
	Kind:  issuer.Kind{Name: "holding", Lookups: append([]string{"address", "organisation-address", "given", "family", "unclaimed", "remind"}, between...)},
	Key:   func(h *Holding) string { return h.Credential },
	Order: func(h *Holding) string { return issuer.Sortable(h.Created) },
	Lookups: func(h *Holding) []string {
		given, family, middle := "", "", make([]string, len(between))
		if words := words(h.Name); len(words) > 0 {
			given, family = within(h.Organisation, words[0]), within(h.Organisation, words[len(words)-1])
			for i := 1; i < len(words)-1; i++ {
				middle[i-1] = within(h.Organisation, words[i])
			}
		}
		unclaimed, remind := "", ""
		if h.waiting() {
			unclaimed = h.Organisation
			if h.Reminders < len(reminders) && h.Refused.IsZero() {
				remind = reminders[h.Reminders].list
			}
		}
		address := cmp.Or(h.Address, unknown)
		return append([]string{address, within(h.Organisation, address), given, family, unclaimed, remind}, middle...)
	},
}

// between are the lists of the words of a name between the first and the last.
var between = []string{"second", "third", "fourth", "fifth", "sixth", "seventh"}

// within is the value of a lookup inside an organisation.
func within(organisation, value string) string { return organisation + "/" + value }

// address is what is kept of an e-mail address beside its holdings. Most have none. Its id is a digest, as ids stand in logs.
type address struct {
	Address string `json:"address"`
	Person  string `json:"person,omitempty"` // person.ID, of several addresses that were joined
	Stopped bool   `json:"stopped,omitempty"`
}

var addresses = issuer.Table[address]{
	Kind:    issuer.Kind{Name: "earner-address", Lookups: []string{"person"}},
	Key:     func(a *address) string { return digest(a.Address) },
	Lookups: func(a *address) []string { return []string{a.Person} },
}

// ask counts the messages of one kind that were asked for to an address, whether anything is known of it or not.
type ask struct {
	Digest string    `json:"digest"` // of the address and the kind
	Since  time.Time `json:"since"`
	Count  int       `json:"count"`
	Last   time.Time `json:"last"`
}

var asks = issuer.Table[ask]{
	Kind:    issuer.Kind{Name: "earner-ask", Lookups: []string{"all"}},
	Key:     func(a *ask) string { return a.Digest },
	Order:   func(a *ask) string { return issuer.Sortable(a.Since) },
	Lookups: func(*ask) []string { return []string{inAll} },
}

func askID(address string, what purpose) string { return digest(address + " " + string(what)) }

// Kinds are the kinds of record that this package keeps.
func Kinds() []issuer.Kind {
	return []issuer.Kind{holdings.Kind, passes.Kind, addresses.Kind, asks.Kind, imports.Kind, files.Kind, sets.Kind, copies.Kind}
}

const inAll = "yes" // value of lookups under which every record of a kind stands

// Actor is who acts, in the audit log, when an earner does.
const Actor = "earner"

// Office is what is asked of the issuing half; issuer.Service fulfils it.
type Office interface {
	Awards
	Acts
	Lists
}

// Lists finds awards by whom they are for.
type Lists interface {
	RecipientKey(ctx context.Context, organisation, email string) (string, error)
	RecipientKeys(ctx context.Context) (func(organisation, email string) string, error)
	Recipients(ctx context.Context, found func(email string)) error
	Workspace(organisation string) issuer.Workspace
}

// Acts are what an earner does to an award, each with its audit entry and its event.
type Acts interface {
	Claim(ctx context.Context, id, actor string) (issuer.Credential, error)
	SetAccess(ctx context.Context, id string, access issuer.Access, actor string) (issuer.Credential, error)
	Erase(ctx context.Context, id, reason, actor string) (issuer.Credential, error)
	ForgetRecipient(ctx context.Context, organisation, email, actor string) error
	ForgetErased(ctx context.Context, e issuer.Erasure, email, actor string) error
	KnowsErasure(ctx context.Context, e issuer.Erasure) (bool, error)
}

// Awards is what is known of awards.
type Awards interface {
	Credential(ctx context.Context, id string) (issuer.Credential, error)
	Achievement(ctx context.Context, id string) (issuer.Achievement, error)
	Organisation(ctx context.Context, id string) (issuer.Organisation, error)
	Document(ctx context.Context, url string) ([]byte, error)
	CredentialVCJWT(ctx context.Context, id string) (string, error)
}

// Config is what a Service works with. All must be set.
type Config struct {
	Book   *Book
	Office Office
	Store  issuer.Store // issuer.Service.Records
	Base   string       // of links: scheme and host
}

// Service is what earners, and staff who look for them, can do. It may be used by several goroutines.
type Service struct {
	Config
	mail    *mail.Outbox
	now     func() time.Time
	hashes  int                                                                // compared at most where somebody asks often, see mostHashes
	zones   *sync.Map                                                          // time zones by their names
	packing *sync.Map                                                          // digests of bearers who have an archive written
	own     func(context.Context, issuer.Credential) (*verifier.Report, error) // CollectionConfig.Own; nil where there are no collections
	art     func() ([]byte, error)                                             // the picture of achievements without one of their own, drawn at the first call
}

// New returns the service. It completes the messages of the book's outbox from now on, and learns what became of them.
func New(c Config) (*Service, error) {
	if c.Book == nil || c.Book.Mail == nil || c.Book.Now == nil || c.Office == nil || c.Store == nil || c.Base == "" {
		return nil, errors.New("setting up the rooms of earners: something is not set")
	}
	s := &Service{Config: c, mail: c.Book.Mail, now: c.Book.Now, hashes: mostHashes, packing: &sync.Map{}, zones: &sync.Map{}, art: sync.OnceValues(paper.ArtPNG)}
	s.mail.Complete, s.mail.Done = s.complete, s.Book.done
	return s, nil
}

// Mails says whether messages are sent. Where none are, links are handed out by the staff, see [Service.Link].
func (s *Service) Mails() bool { return s.mail.On }

// missing is the one answer for what does not exist, is over, or is not to be seen.
func missing() error {
	return &issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: "Nothing of this name exists here, or the link works no more.", Err: issuer.ErrNotFound}
}

func refused(kind issuer.ErrorKind, code, detail string) error {
	return &issuer.Error{Kind: kind, Code: code, Detail: detail}
}

// addressOf is what is kept of an e-mail address; version 0 where that is nothing.
func addressOf(tx issuer.Tx, of string) (address, uint64, error) {
	return optional(tx, addresses, digest(of))
}

// stored words what comes out of a transaction.
func stored(err error) error {
	var known *issuer.Error
	if errors.Is(err, issuer.ErrNotFound) && !errors.As(err, &known) {
		return missing()
	}
	return issuer.Stored(err)
}

// optional is the value with this id, or the zero value where there is none.
func optional[T any](tx issuer.Tx, t issuer.Table[T], id string) (value T, version uint64, err error) {
	value, version, err = t.Get(tx, id)
	if errors.Is(err, issuer.ErrNotFound) {
		return value, 0, nil
	}
	return value, version, err
}

// drain takes away all records of a list.
func drain[T any](tx issuer.Tx, t issuer.Table[T], by, value string) error {
	if value == "" {
		return nil
	}
	for {
		page, next, err := t.List(tx, issuer.Query{By: by, Value: value})
		if err != nil {
			return err
		}
		for i := range page {
			if err := tx.Delete(t.Kind, t.Key(&page[i])); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
	}
}
