package people

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

const (
	testBase = "https://badges.cedar.example"
	firefox  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
)

var (
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	anywhere = netip.MustParseAddr("192.0.2.1")
)

// house is an installation on a real store with two organisations, whose clock is set by hand.
type house struct {
	*Service
	t     *testing.T
	store issuer.Store // of the service
	below issuer.Store // on which the installation is
	first issuer.Organisation
	other issuer.Organisation
	owner string // Account.ID of the owner of the first organisation, once opened made it

	mu    sync.Mutex
	now   time.Time
	mails []Message
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// onServer begins the names of tests that keep their records in PostgreSQL.
const onServer = "TestOnPostgreSQL/"

// engine is an empty store.
func engine(t *testing.T) store.Engine {
	t.Helper()
	var made store.Engine
	var err error
	if strings.HasPrefix(t.Name(), onServer) {
		made, err = postgres.Open(t.Context(), pgtest.Start(t).Database(t))
	} else {
		made, err = bolt.Open(t.TempDir())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.Close() })
	return made
}

// empty is a house without an account. Its clock stands still; nil options are those of an installation that sends mail.
func empty(t *testing.T, options func(*Config)) *house {
	t.Helper()
	h := &house{t: t, now: noon}
	c := Config{Now: h.clock, Base: testBase, Mail: h.mail, Forget: h.forget}
	if options != nil {
		options(&c)
	}
	folder, _, err := keys.OpenFolder(filepath.Join(t.TempDir(), "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	store := engine(t)
	office, err := issuer.Open(t.Context(), issuer.Config{
		Store: store, Keys: folder, Now: c.Now, Base: testBase, Public: true, Check: func(context.Context, []byte) error { return nil },
		Enqueue: func(issuer.Tx, issuer.Work) error { return nil }, // batches are prepared here, and never done
		Observe: func(tx issuer.Tx, e issuer.Event) error {
			if h.Service == nil {
				return nil
			}
			return h.Observe(tx, e)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if h.first, _, err = office.EnsureOrganisation(t.Context(), "Cedar County Schools", ""); err != nil {
		t.Fatal(err)
	}
	if h.other, err = office.CreateOrganisation(t.Context(), "Birch Union", "", "test"); err != nil {
		t.Fatal(err)
	}
	h.store, h.below = office.Records(), store
	c.Office, c.Store = office, h.store
	if h.Service, err = New(c); err != nil {
		t.Fatal(err)
	}
	return h
}

// mail takes a message.
func (h *house) mail(_ issuer.Tx, m Message) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mails = append(h.mails, m)
	return nil
}

// forget takes the messages back that went to an address.
func (h *house) forget(_ issuer.Tx, address string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mails = slices.DeleteFunc(h.mails, func(m Message) bool { return m.To == address })
	return nil
}

// opened is a house with an owner.
func opened(t *testing.T) *house {
	t.Helper()
	h := empty(t, nil)
	h.owner = h.settle()
	return h
}

// settle makes the first owner, ada@cedar.example.
func (h *house) settle() string {
	h.t.Helper()
	link, err := h.FirstOwner(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	proof, err := h.UseFirst(h.t.Context(), token(link), FirstInput{"Ada@Cedar.example ", PersonInput{Name: "Ada Example"}})
	if err != nil {
		h.t.Fatal(err)
	}
	return proof.Account()
}

// token is the last part of a link.
func token(link string) string { return link[strings.LastIndexAny(link, "=/")+1:] }

// mailed returns the newest message.
func (h *house) mailed() Message {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.mails) == 0 {
		h.t.Fatal("no message was sent")
	}
	return h.mails[len(h.mails)-1]
}

// member puts an account into an organisation, whoever may do so.
func (h *house) member(organisation, email string, role Role) string {
	h.t.Helper()
	var account string
	err := h.store.Update(h.t.Context(), func(tx issuer.Tx) error {
		a, err := byEmail(tx, email)
		if errors.Is(err, issuer.ErrNotFound) {
			a, err = h.create(tx, email, PersonInput{Name: strings.ToUpper(email[:1]) + email[1:]}, true)
		}
		if err != nil {
			return err
		}
		account = a.ID
		if role == "" {
			return nil
		}
		_, err = h.join(tx, organisation, a.ID, role, "test")
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return account
}

// link asks for a link to sign in and returns its token.
func (h *house) link(email string) string {
	h.t.Helper()
	if err := h.AskLink(h.t.Context(), email, anywhere); err != nil {
		h.t.Fatal(err)
	}
	m := h.mailed()
	if m.Kind != MessageSignIn || m.To != email || !strings.HasPrefix(m.Link, PathLink) {
		h.t.Fatalf("the message is %+v", m)
	}
	return token(m.Link)
}

// signIn begins a session for an account and returns its token.
func (h *house) signIn(account string) string {
	h.t.Helper()
	session, _, err := h.Begin(h.t.Context(), Proof{account, ByLink}, firefox, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return session
}

// invite invites an address and returns the token of the invitation.
func (h *house) invite(organisation, by, email string, role Role) string {
	h.t.Helper()
	if _, _, err := h.Invite(h.t.Context(), by, InvitationInput{Organisation: organisation, Email: email, Role: role}); err != nil {
		h.t.Fatal(err)
	}
	return token(h.mailed().Link)
}

// actions are the acts of the audit log so far.
func (h *house) actions() (list []string) {
	for _, row := range h.rows("audit") {
		var e struct{ Actor, Action string }
		unmarshal(h.t, row.Body, &e)
		list = append(list, e.Actor+" "+e.Action)
	}
	return list
}

// rows are all records of a kind.
func (h *house) rows(kind string) (rows []issuer.Row) {
	h.t.Helper()
	for _, k := range slices.Concat(issuer.Kinds(), Kinds(), mail.Kinds()) {
		if k.Name != kind {
			continue
		}
		err := h.store.View(h.t.Context(), func(tx issuer.Tx) (err error) {
			rows, _, err = tx.List(k, issuer.Query{Limit: 1000})
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return rows
}

// dump is all that people have in the store, and the audit log.
func (h *house) dump() string {
	var b strings.Builder
	for _, k := range slices.Concat(Kinds(), mail.Kinds(), []issuer.Kind{{Name: "audit"}}) {
		for _, row := range h.rows(k.Name) {
			fmt.Fprintln(&b, k.Name, row.ID, row.Version, row.Lookups, string(row.Body))
		}
	}
	return b.String()
}

// is fails unless err is of a kind and a code.
func is(t *testing.T, err error, kind issuer.ErrorKind, code string) {
	t.Helper()
	var e *issuer.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Errorf("the error is %#v, not %s %s", err, kind, code)
	} else if e.Detail == "" || strings.Contains(e.Detail, "@") && e.Code != "email" {
		t.Errorf("the sentence of %s is %q", code, e.Detail)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRoles(t *testing.T) {
	reads := []issuer.Scope{issuer.ScopeAchievementsRead, issuer.ScopeCredentialsRead, issuer.ScopeKeysRead, issuer.ScopePeopleRead, issuer.ScopeAuditRead, issuer.ScopeCasesRead, issuer.ScopeWebhooksRead}
	for _, scope := range reads {
		if !RoleOwner.May(scope) || !RoleAuditor.May(scope) {
			t.Errorf("%s: owners and auditors read everything", scope)
		}
	}
	for _, scope := range RoleAuditor.Scopes() {
		if !slices.Contains(reads, scope) {
			t.Errorf("an auditor may %s", scope)
		}
	}
	for _, role := range Roles() {
		for _, scope := range role.Scopes() {
			if !RoleOwner.May(scope) {
				t.Errorf("an owner may not %s", scope)
			}
		}
	}
	for _, scope := range []issuer.Scope{issuer.ScopePeopleWrite, issuer.ScopeIssuerWrite, issuer.ScopeWebhooksWrite, issuer.ScopeCredentialsSign} {
		for _, role := range Roles()[1:] {
			if role.May(scope) {
				t.Errorf("%s may %s", role, scope)
			}
		}
	}
	if RoleAssessor.May(issuer.ScopeCredentialsWrite) || !RoleAssessor.May(issuer.ScopeCredentialsPropose) || !RoleIssuer.May(issuer.ScopeCredentialsWrite) {
		t.Error("an assessor proposes, an issuer awards")
	}
	if len(Role("admin").Scopes()) != 0 || Role("").May(issuer.ScopeCredentialsRead) {
		t.Error("what is no role may do something")
	}
}

func TestNewRefuses(t *testing.T) {
	h := empty(t, nil)
	good := Config{Office: h.office, Store: h.store, Now: h.clock, Base: testBase}
	for name, change := range map[string]func(*Config){
		"no store":     func(c *Config) { c.Store = nil },
		"no base":      func(c *Config) { c.Base = "" },
		"base of path": func(c *Config) { c.Base = testBase + "/here" },
		"no client":    func(c *Config) { c.Providers = []Provider{{Name: "One", Issuer: "https://id.example", ClientID: "x"}} },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
