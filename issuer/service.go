package issuer

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/laurelbadges/laurel/keys"
)

// Config is what a Service works with. All but CheckDocument, Enqueue, Observe, Upgrade, Base and Public must be set.
type Config struct {
	Store Store
	Keys  keys.Store // where private keys lie
	// Check judges what was just signed, with the verifier, in the profile it was made for: form, contexts, schema, issuer
	// and proof must hold; dates and status are not judged. sealed is JSON or a JWT. Open calls it for awards that a crash
	// left half done, so it takes documents of this installation from [Documents], not from the Service.
	Check func(ctx context.Context, sealed []byte) error
	// CheckDocument is Check for what others have made and this program signs, in profile vc. Nil: [Workspace.Sign] signs nothing.
	CheckDocument func(ctx context.Context, sealed []byte) error
	Now           func() time.Time
	// Enqueue puts a job into the queue, in the transaction of its cause. Nil: nothing is queued, and batches are refused.
	Enqueue func(tx Tx, j Work) error
	// Observe is told of what happens, in its transaction, which fails with it: so it is quick, and writes only what has to be there
	// whenever the event is. Nil: nobody is told.
	Observe func(tx Tx, e Event) error
	// Upgrade puts a page of the records anew that the rooms beside the issuer have kept in an earlier release, as after is the cursor of
	// the page before; count says how many, next is "" after the last. Nil: there are none.
	Upgrade func(tx Tx, after string) (count int, next string, err error)
	// Base is the address that ids and links begin with: scheme and host without a path. It is stored at the first start;
	// later "" means the stored one, and without Public another value is passed over for the stored one.
	Base string
	// Public says that Base was given as the public address of the installation (--public-url). Without it Base works on
	// this machine only.
	Public bool
}

// Service is the issuing half of one installation. It may be used by several goroutines; one process has one Service.
type Service struct {
	documents     *Documents
	store         Store // counts into commits
	keys          keys.Store
	check         func(ctx context.Context, sealed []byte) error
	checkDocument func(ctx context.Context, sealed []byte) error
	enqueue       func(tx Tx, j Work) error
	observer      func(tx Tx, e Event) error
	upgradeRooms  func(tx Tx, after string) (count int, next string, err error)
	now           func() time.Time
	base          string
	public        bool
	opening       Opening

	signers sync.Map // name of a key -> crypto.Signer
	known   keys.KnownKeys
	lists   sync.Map // id of a status list -> *heldList
	keyed   keyDocuments
	commits atomic.Uint64
	begun   sync.Map      // id of a repeatable write -> it is under way
	looks   atomic.Uint64 // calls of Ready
	press   press         // templates of what batches sign
	singles atomic.Int32  // single awards that are being made
	vouched vouched       // what the verifier has read of what single awards sign with templates

	texts         awardTexts // what the awards of an achievement share
	organisations often[Organisation]
	achievements  often[Achievement]
	tokens        often[heldToken]
	oldestRepeat  atomic.Pointer[time.Time] // when the oldest answer to a repeatable write was given, at the latest look; nil: not looked yet

	recipients atomic.Pointer[[]byte] // the secret of RecipientKey, once it was read
}

// countedStore counts what this process may have committed. As long as the count stands still, what was read from the store
// is what the store says.
type countedStore struct {
	Store
	commits *atomic.Uint64
}

// Update counts before it returns, so whoever is told of a change finds it counted. A failed one counts too: whether it
// reached the disk is not certain.
func (s countedStore) Update(ctx context.Context, fn func(Tx) error) error {
	defer s.commits.Add(1)
	return update(ctx, s.Store, fn)
}

// View lets the witness of a context note what is read.
func (s countedStore) View(ctx context.Context, fn func(Tx) error) error {
	w := WitnessOf(ctx)
	if w == nil {
		return s.Store.View(ctx, fn)
	}
	return s.Store.View(ctx, func(tx Tx) error { return fn(watching{tx, w}) })
}

// Opening says what Open found to do.
type Opening struct {
	Finished   int   // half-done awards and endorsements that were completed
	Burned     int   // half-done awards that were given up: signing them failed at five starts, or another award was to end with them that has ended otherwise
	Unfinished error // why others could not be completed; all but the burned are tried again at the next Open
	Upgraded   int   // records of earlier releases that were put anew
}

// installation is the record of the one installation in a store.
type installation struct {
	Base    string    `json:"base"`
	Public  bool      `json:"public"`
	Created time.Time `json:"created"`
	Data    int       `json:"data,omitempty"` // version of the records in the store: see dataVersion
	// FirstKeys are the names of the keys that were made, or begun, for the first organisation. No others can be there before it.
	FirstKeys []string  `json:"firstKeys,omitempty"`
	Upgrading *progress `json:"upgrading,omitempty"` // how far an upgrade has come; nil: none is under way
}

const installationID = "this"

var installations = Table[installation]{
	Kind: Kind{Name: "installation"},
	Key:  func(*installation) string { return installationID },
}

// Open starts the issuing half. The first time it stores Base; from then on Base never changes, but for one step: an
// installation without a public address that has made no award yet may be given one. Another public address is refused
// (kind denied, code base_changed), and so is a store that a newer program has put anew (kind denied, code newer_data). Records of
// earlier releases are put anew first. Awards whose intent was recorded, but not their signed forms, are completed with the
// same id and the same place in the status lists, or given up after five starts; see [Opening].
func Open(ctx context.Context, c Config) (*Service, error) {
	if c.Store == nil || c.Keys == nil || c.Check == nil || c.Now == nil {
		return nil, errors.New("opening the issuer: store, keys, check and clock must be set")
	}
	base, err := checkBase(c.Base)
	if err != nil {
		return nil, err
	}
	if base == "" && c.Public {
		return nil, errors.New("opening the issuer: a public installation needs its base")
	}
	s := &Service{keys: c.Keys, check: c.Check, checkDocument: c.CheckDocument, enqueue: c.Enqueue, observer: c.Observe, upgradeRooms: c.Upgrade, now: c.Now}
	s.store = countedStore{c.Store, &s.commits}
	s.documents = NewDocuments(s.store)
	s.organisations.table, s.achievements.table, s.tokens.table = organisations, achievements, tokens
	here, err := s.settle(ctx, base, c.Public)
	if err != nil {
		return nil, err
	}
	s.base, s.public = here.Base, here.Public
	upgraded := 0
	if here.Data < dataVersion {
		if upgraded, err = s.upgrade(ctx); err != nil {
			return nil, err
		}
	}
	if s.opening, err = s.finishDrafts(ctx, time.Time{}, true); err != nil {
		return nil, err
	}
	s.opening.Upgraded = upgraded
	return s, nil
}

// Base returns the stored address that ids and links begin with, without a slash at the end.
func (s *Service) Base() string { return s.base }

// Local says that Base works on this machine only.
func (s *Service) Local() bool { return !s.public }

// Opening says what Open found to do.
func (s *Service) Opening() Opening { return s.opening }

// checkBase refuses what is no address to build others on, and cuts a slash at the end.
func checkBase(base string) (string, error) {
	if base == "" {
		return "", nil
	}
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", invalid("base", "The public address has to be a URL of scheme and host only, such as https://badges.example.org.")
	}
	host := strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme]) // as browsers leave it away
	return u.Scheme + "://" + host, nil
}

// settle stores the base at the first start and holds later starts to it. Several processes may do so at once.
func (s *Service) settle(ctx context.Context, base string, public bool) (here installation, err error) {
	err = s.store.View(ctx, func(tx Tx) (err error) {
		if here, _, err = installations.Get(tx, installationID); err == nil {
			err = live(tx)
		}
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound) && base == "":
		return here, &Error{Kind: KindMissing, Code: "no_installation", Err: ErrNotFound,
			Detail: "This folder holds no installation yet. Start `laurel serve` there once, or name another folder with --data."}
	case err != nil && !errors.Is(err, ErrNotFound):
		return here, stored(err)
	case err == nil && (here.Data > dataVersion || here.serves(base, public)):
		return here, here.readable()
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		old, version, err := installations.Get(tx, installationID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if version > 0 && old.serves(base, public) { // another process was faster
			here = old
			return here.readable()
		}
		action := "installation.created"
		here = installation{Base: base, Public: public, Created: s.instant(), Data: dataVersion}
		if version > 0 {
			if err := movable(tx, old, base); err != nil {
				return err
			}
			if err := move(tx, base); err != nil {
				return err
			}
			action, here = actionPublished, old
			here.Base, here.Public = base, public
		}
		if err := installations.Put(tx, &here, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: "laurel", Action: action, Subject: installationID, Detail: base})
	})
	return here, stored(err)
}

// serves says that the installation is the one that a start with base asks for.
func (i installation) serves(base string, public bool) bool {
	return !public || i.Public && i.Base == base
}

// movable says whether the installation may still be given the public address base.
func movable(tx Tx, old installation, base string) error {
	if old.Public {
		return baseChanged(fmt.Sprintf("This folder belongs to %[1]s, and its badges say so; it cannot become %[2]s. "+
			"Start it with --public-url %[1]s, or start %[2]s in a new folder (--data).", old.Base, base))
	}
	for _, signs := range []struct {
		kind Kind
		what string
	}{{credentials.Kind, "badges awarded"}, {endorsements.Kind, "endorsements published"}, {signedDocuments.Kind, "documents signed"}} {
		some, _, err := tx.List(signs.kind, Query{Limit: 1})
		if err != nil {
			return err
		}
		if len(some) > 0 {
			return baseChanged(fmt.Sprintf("The %s from this folder carry addresses that work on this machine only (%s), "+
				"and what is signed cannot change. Start without --public-url, or start %s in a new folder (--data).", signs.what, old.Base, base))
		}
	}
	return nil
}

func baseChanged(detail string) error {
	return &Error{Kind: KindDenied, Code: "base_changed", Detail: detail}
}

// move gives what was published so far, and named in no signed document, its addresses under base.
func move(tx Tx, base string) error {
	all, err := every(tx, organisations)
	if err != nil {
		return err
	}
	for _, o := range all {
		o, version, err := organisations.Get(tx, o.ID)
		if err != nil {
			return err
		}
		o.URL = base + "/i/" + o.ID
		if err := organisations.Put(tx, &o, version); err != nil {
			return err
		}
	}
	published, err := every(tx, achievements)
	if err != nil {
		return err
	}
	for _, a := range published {
		a, version, err := achievements.Get(tx, a.ID)
		if err != nil {
			return err
		}
		a.URL = base + "/a/" + a.ID
		if err := nameReplaced(tx, &a); err != nil {
			return err
		}
		if a.Document, err = achievementDocument(a.Content, a.URL); err != nil {
			return err
		}
		if err := achievements.Put(tx, &a, version); err != nil {
			return err
		}
	}
	return nil
}

// every returns all records of a table that declares the lookup all, in order.
func every[T any](tx Tx, t Table[T]) ([]T, error) { return Every(tx, t, "all", inAll) }

// inAll is the value of the lookup all, under which every record of a kind stands.
const inAll = "yes"

// instant is the time now as documents carry it: whole seconds, UTC.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Second) }

// sequenced writes n so that texts sort as the numbers do: order must not hang on a clock.
func sequenced(n uint64) string { return fmt.Sprintf("%020d", n) }

// sortable writes t so that texts sort as the instants do.
func sortable(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// newID returns 128 random bits as 22 characters of base64url.
func newID() string { return shortID(func() (id [16]byte) { _, _ = rand.Read(id[:]); return id }) }

// shortID writes the first of random values that does not begin with a hyphen: on a command line such an id would read as a
// flag.
func shortID(random func() [16]byte) string {
	for {
		bits := random()
		if id := base64.RawURLEncoding.EncodeToString(bits[:]); id[0] != '-' {
			return id
		}
	}
}

// webHost returns the host of base, with its port, when it can carry a did:web: https and a DNS name that others can look up.
func webHost(base string) (string, bool) {
	host, ok := strings.CutPrefix(base, "https://")
	u, err := url.Parse(base)
	if !ok || err != nil {
		return "", false
	}
	name := strings.TrimSuffix(u.Hostname(), ".")
	_, notAddress := netip.ParseAddr(name)
	return host, notAddress != nil && strings.Contains(name, ".")
}

// signer returns the private key of k under its public name.
func (s *Service) signer(k Key) (keys.Signer, error) {
	if held, ok := s.signers.Load(k.Name); ok {
		return keys.Signer{ID: k.Method, Signer: held.(crypto.Signer)}, nil
	}
	private, err := s.keys.Load(k.Name)
	if err != nil {
		return keys.Signer{}, &Error{Kind: KindUnavailable, Code: "key_unavailable", Detail: "The signing key could not be opened.", Err: err}
	}
	public, err := keys.Multikey(private.Public())
	if err != nil || public != k.Multikey {
		return keys.Signer{}, internal("key_mismatch", "The key file is not the one that belongs to this issuer.", err)
	}
	s.signers.Store(k.Name, private)
	return keys.Signer{ID: k.Method, Signer: private}, nil
}
