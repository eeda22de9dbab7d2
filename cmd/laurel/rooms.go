package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/internal/dial"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
)

// rooms are what lies around the issuer: mail, earners, webhooks and people. What happens to awards is told to them in its transaction.
type rooms struct {
	outbox *mail.Outbox
	book   *earner.Book
	tell   func(issuer.Tx, issuer.Event) error // of webhooks
	erased forgetting

	earners *earner.Service
	hooks   *webhook.Hooks
	people  *people.Service
}

// mailFlags say how messages are sent.
type mailFlags struct {
	MailServer string `help:"Server that mail goes through: smtp://USER:PASSWORD@HOST:587 or smtps://...; give it in the environment (LAUREL_MAIL_SERVER) when it holds a password. Without one no mail is sent, and links are shown to the staff." placeholder:"URL"`
	MailFrom   string `help:"Address that mail comes from, such as 'Badge office <badges@example.org>'." placeholder:"ADDRESS"`
}

// officeFlags are what a server alone knows of the rooms. A command that opens the store itself neither sends nor signs anybody in.
type officeFlags struct {
	providers []people.Provider
	rules     dial.Rules
}

// check refuses half of a configuration.
func (f mailFlags) check() error {
	if (f.MailServer == "") != (f.MailFrom == "") {
		return errors.New("--mail-server and --mail-from go together: give both, or neither")
	}
	return nil
}

// newRooms makes what has to be there before the issuer is opened.
func newRooms(records issuer.Store, f mailFlags, enqueue func(issuer.Tx, issuer.Work) error) (*rooms, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	r := &rooms{outbox: &mail.Outbox{Store: records, Now: time.Now, Enqueue: enqueue, On: f.MailServer != ""}, tell: webhook.Observe(enqueue)}
	r.book = &earner.Book{Mail: r.outbox, Now: time.Now}
	return r, nil
}

// passing are the kinds of record of the rooms that no restore brings back: messages would be sent twice, sessions that were ended would
// be open again.
func passing() []issuer.Kind { return append(people.Passing(), mail.Kinds()...) }

// observe is told of what happens to awards and proposals.
func (r *rooms) observe(tx issuer.Tx, e issuer.Event) error {
	if err := r.book.Observe(tx, e); err != nil {
		return err
	}
	if e.Type == issuer.EventErased || e.Type == issuer.EventBurned {
		r.erased.forget()
	}
	if r.people != nil { // an upgrade tells of awards before there are any
		if err := r.people.Observe(tx, e); err != nil {
			return err
		}
	}
	return r.tell(tx, e)
}

// forgetting has what pages were drawn forgotten when something is erased.
type forgetting struct {
	mu    sync.Mutex
	do    func()
	after *time.Timer
}

// set says what to do. Nothing is to be forgotten before.
func (f *forgetting) set(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.do = do
}

// forget is called in the transaction that erases. Until that has ended somebody may draw what is going, so all is forgotten once more.
func (f *forgetting) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.do == nil {
		return
	}
	f.do()
	if f.after != nil {
		f.after.Stop()
	}
	f.after = time.AfterFunc(forgetAfter, f.do)
}

// Times of forgetting.
const (
	forgetAfter = 5 * time.Second  // no transaction of one erasure takes that long
	forgetEvery = 10 * time.Minute // where other processes may have erased something
)

// every forgets now and then, until ctx ends.
func (f *forgetting) every(ctx context.Context) {
	ticker := time.NewTicker(forgetEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f.forget()
		}
	}
}

// open makes the rest, with the issuer.
func (r *rooms) open(service *issuer.Service, f mailFlags, o officeFlags) (err error) {
	if r.outbox.On {
		sender, err := mail.New(mail.Config{Server: f.MailServer, From: f.MailFrom, Base: service.Base()})
		if err != nil {
			return err
		}
		r.outbox.Send = sender.Send
	}
	if r.earners, err = earner.New(earner.Config{Book: r.book, Office: service, Store: service.Records(), Base: service.Base()}); err != nil {
		return err
	}
	r.hooks = webhook.New(webhook.Config{Store: service.Records(), Base: service.Base(), Enqueue: r.outbox.Enqueue, Now: time.Now, Rules: o.rules})
	c := people.Config{Office: service, Store: service.Records(), Now: time.Now, Base: service.Base(), Providers: o.providers, Forget: r.outbox.ForgetStaff,
		Client: &http.Client{Timeout: 10 * time.Second, Transport: boundedTransport{http.DefaultTransport}}}
	if r.outbox.On {
		c.Mail = func(tx issuer.Tx, m people.Message) error { return r.outbox.Queue(tx, messageOf(m)) }
		c.Gather = r.outbox.Gather
	}
	if r.people, err = people.New(c); err != nil {
		return err
	}
	awards := r.outbox.Complete
	r.outbox.Complete = func(ctx context.Context, m *mail.Message) error {
		switch m.Template {
		case mail.Waiting, mail.Decided:
			return r.people.Complete(ctx, m)
		}
		return awards(ctx, m)
	}
	return nil
}

// messageOf is a message to staff as the room of mail words it.
func messageOf(m people.Message) mail.Message {
	template := map[people.MessageKind]mail.Template{people.MessageSignIn: mail.SignIn, people.MessageInvitation: mail.Invitation, people.MessageAddress: mail.NewAddress}[m.Kind]
	return mail.Message{Template: template, To: m.To, Language: m.Language, Organisation: m.Organisation,
		Name: m.Person, Issuer: m.Name, Title: string(m.Role), Link: m.Link, Ends: m.Expires}
}

// handlers are the jobs of the rooms.
func (r *rooms) handlers() map[string]jobs.Handler {
	return map[string]jobs.Handler{
		mail.Work:    r.outbox.Deliver,
		webhook.Work: func(ctx context.Context, j jobs.Job) error { return r.hooks.Deliver(ctx, j.Payload) },
	}
}

// every is what the rooms do again and again.
func (r *rooms) every() []jobs.Every {
	plain := func(do func(context.Context) error) jobs.Handler {
		return func(ctx context.Context, _ jobs.Job) error { return do(ctx) }
	}
	return []jobs.Every{
		{Name: "webhooks", Period: time.Hour, Do: plain(r.hooks.Sweep)},
		{Name: "people", Period: time.Hour, Do: plain(func(ctx context.Context) error { _, err := r.people.Sweep(ctx); return err })},
		{Name: "messages", Period: 24 * time.Hour, Do: r.outbox.Tidy},
		{Name: "earners", Period: 24 * time.Hour, Do: r.earners.Tidy},
		{Name: "reminders", Period: 24 * time.Hour, Do: r.earners.Remind},
	}
}

// boundedTransport bounds what a sign-in service may answer.
type boundedTransport struct{ next http.RoundTripper }

// answerMost is the most that is read of an answer, in bytes: a key set has some kilobytes.
const answerMost = 1 << 20

// RoundTrip implements [http.RoundTripper].
func (b boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, answerMost), answer.Body}
	return answer, nil
}

// readProviders reads the file of --sign-in-services, a JSON array.
func readProviders(file string) ([]people.Provider, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the sign-in services: %w", err)
	}
	var listed []struct {
		Name         string `json:"name"`
		Issuer       string `json:"issuer"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	if err := json.Unmarshal(text, &listed); err != nil {
		return nil, fmt.Errorf(`--sign-in-services %s is not a JSON array of {"name", "issuer", "client_id", "client_secret"}: %w`, file, err)
	}
	var all []people.Provider
	for _, p := range listed {
		all = append(all, people.Provider{Name: p.Name, Issuer: p.Issuer, ClientID: p.ClientID, Secret: p.ClientSecret})
	}
	return all, nil
}

// readRules reads the networks that webhooks may reach beside the public ones.
func readRules(networks []string) (rules dial.Rules, err error) {
	for _, text := range networks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return rules, fmt.Errorf("--webhook-allow %q is not a network such as 10.1.2.0/24", text)
		}
		rules.Allow = append(rules.Allow, network)
	}
	return rules, nil
}
