// Package webhook tells the programs of an organisation what happens to its awards, by the rules of Standard Webhooks 1.0
// (https://www.standardwebhooks.com): a small JSON text with ids and no personal data, signed, sent again until it is taken.
//
// [Observe] writes down, in the transaction of an event, that it is to be told; [Hooks.Deliver] is the job that tells it. [Hooks] also
// looks after endpoints and shows what became of deliveries. There is one job for each endpoint and not for each delivery, so that an
// endpoint that does not answer holds up nothing but its own deliveries. What was sent and could not be recorded, because the
// program was killed, is sent again under the same id.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/dial"
	"github.com/laurelbadges/laurel/issuer"
)

// Work is the name of the work that [Hooks.Deliver] does.
const Work = "webhook"

// EventPing is the type of the delivery that [Hooks.Ping] makes.
const EventPing issuer.EventType = "webhook.ping"

// Types are the events that endpoints are told of.
func Types() []issuer.EventType {
	return []issuer.EventType{issuer.EventIssued, issuer.EventClaimed, issuer.EventRevoked, issuer.EventSuspended, issuer.EventReinstated,
		issuer.EventRenewed, issuer.EventSuperseded, issuer.EventErased, issuer.EventPublished, issuer.EventArchived, issuer.EventBatchEnded}
}

// Endpoint is an address that an organisation wants to be told at.
type Endpoint struct {
	ID           string             `json:"id"`
	Organisation string             `json:"organisation"`
	URL          string             `json:"url"`
	Events       []issuer.EventType `json:"events,omitempty"` // that it is told of; none: all
	Created      time.Time          `json:"created"`
	By           string             `json:"by"`
	Disabled     *issuer.Change     `json:"disabled,omitempty"` // it is told of nothing more; Reason says why
	Failing      time.Time          `json:"failing,omitzero"`   // since when it has taken nothing of what was sent; zero: it took the last
	Failures     int                `json:"failures,omitempty"` // since then
	Rotated      time.Time          `json:"rotated,omitzero"`   // when its secret was changed last
}

// heldEndpoint is the record of an endpoint.
type heldEndpoint struct {
	Endpoint
	Secret  []byte          `json:"secret"`            // signs what is sent; shown once, when it is made
	Earlier []earlierSecret `json:"earlier,omitempty"` // sign too; the last one is the one before Secret
	Before  []byte          `json:"before,omitempty"`  // of an earlier release: the secret before, which signs too for bothSign after Rotated
	Paused  time.Time       `json:"paused,omitzero"`   // nothing is sent before this instant
	// Waking is when the one job of the endpoint is due; zero: there is none. A job that was told another instant is of the past.
	Waking time.Time `json:"waking,omitzero"`
}

// earlierSecret is a secret in whose place another one came. It signs for bothSign after that.
type earlierSecret struct {
	Secret []byte    `json:"secret"`
	Until  time.Time `json:"until"`
}

// State is what became of a delivery.
type State string

const (
	Waiting   State = "waiting"   // is sent, or sent again, at Next
	Delivered State = "delivered" // the endpoint took it
	Failed    State = "failed"    // it was sent too often and is not sent again, unless somebody says so
)

// Delivery is one event for one endpoint.
type Delivery struct {
	ID           string           `json:"id"` // msg_ and 22 characters: the same each time it is sent
	Organisation string           `json:"organisation"`
	Endpoint     string           `json:"endpoint"` // Endpoint.ID
	Type         issuer.EventType `json:"type"`
	At           time.Time        `json:"at"`                    // of the event
	Subject      string           `json:"subject"`               // id of the award, achievement, batch or, of a ping, endpoint
	Achievement  string           `json:"achievement,omitempty"` // of the award
	State        State            `json:"state"`
	Next         time.Time        `json:"next,omitzero"`      // of one that waits: when it is sent at the earliest
	Tries        int              `json:"tries"`              // since it was last asked for
	Attempts     []Attempt        `json:"attempts,omitempty"` // the last of all attempts, the first made first
}

// Attempt is one time that a delivery was sent.
type Attempt struct {
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"` // of the answer; 0: there was none
	Cause  string    `json:"cause,omitempty"`  // a sentence; "": it was taken
}

// due says when a delivery that waits is to be sent.
type due struct {
	Delivery string    `json:"delivery"`
	Endpoint string    `json:"endpoint"`
	Next     time.Time `json:"next"`
}

var endpoints = issuer.Table[heldEndpoint]{
	Kind:    issuer.Kind{Name: "webhook", Lookups: []string{"organisation"}},
	Key:     func(e *heldEndpoint) string { return e.ID },
	Order:   func(e *heldEndpoint) string { return issuer.Sortable(e.Created) },
	Lookups: func(e *heldEndpoint) []string { return []string{e.Organisation} },
}

var deliveries = issuer.Table[Delivery]{
	Kind:  issuer.Kind{Name: "webhook-delivery", Lookups: []string{"all", "endpoint", "failed"}},
	Key:   func(d *Delivery) string { return d.ID },
	Order: func(d *Delivery) string { return issuer.Sortable(d.At) },
	Lookups: func(d *Delivery) []string {
		if d.State == Failed {
			return []string{inAll, d.Endpoint, d.Endpoint}
		}
		return []string{inAll, d.Endpoint, ""}
	},
}

var dues = issuer.Table[due]{
	Kind:    issuer.Kind{Name: "webhook-due", Lookups: []string{"endpoint"}},
	Key:     func(d *due) string { return d.Delivery },
	Order:   func(d *due) string { return issuer.Sortable(d.Next) },
	Lookups: func(d *due) []string { return []string{d.Endpoint} },
}

const inAll = "yes"

// Kinds are the kinds of record that this package keeps.
func Kinds() []issuer.Kind { return []issuer.Kind{endpoints.Kind, deliveries.Kind, dues.Kind} }

// Config is what Hooks work with. All but Rules must be set.
type Config struct {
	Store   issuer.Store // [issuer.Service.Records]
	Base    string       // that addresses begin with, see [issuer.Service.Base]
	Enqueue func(tx issuer.Tx, w issuer.Work) error
	Now     func() time.Time
	Rules   dial.Rules // addresses of the own network that the operator has opened for webhooks
}

// Hooks look after the endpoints of all organisations. What belongs to another organisation is answered like what never existed:
// kind missing. Actors are as in the audit log. It is safe for concurrent use.
type Hooks struct {
	store   issuer.Store
	base    string
	enqueue func(tx issuer.Tx, w issuer.Work) error
	now     func() time.Time
	rules   dial.Rules
	once    *issuer.Once // keeps the answer to the next act

	secure, plain *http.Client // for https and for http
}

// New returns Hooks.
func New(c Config) *Hooks {
	return &Hooks{store: c.Store, base: c.Base, enqueue: c.Enqueue, now: c.Now, rules: c.Rules,
		secure: client(c.Rules.Dialer(true)), plain: client(c.Rules.Dialer(false))}
}

// Once returns Hooks whose next act keeps its answer in its transaction, see [issuer.Once]; with nil it keeps none. What is kept is the
// [Endpoint] of Create, Change, Rotate, Disable and Enable, without the secret, the [Delivery] of Ping and Redeliver, the number of
// RedeliverFailed, and nil of Remove.
func (h *Hooks) Once(once *issuer.Once) *Hooks {
	again := *h
	again.once = once
	return &again
}

// Observe is told of events, see [issuer.Config]: it notes a delivery for every endpoint that wants one, and sees to it that the job of
// that endpoint is in the queue.
func Observe(enqueue func(tx issuer.Tx, w issuer.Work) error) func(tx issuer.Tx, e issuer.Event) error {
	told := Types()
	return func(tx issuer.Tx, e issuer.Event) error {
		if !slices.Contains(told, e.Type) {
			return nil
		}
		all, _, err := endpoints.List(tx, issuer.Query{By: "organisation", Value: e.Organisation, Limit: mostEndpoints})
		if err != nil {
			return fmt.Errorf("reading the webhooks: %w", err)
		}
		for _, found := range all {
			if found.Disabled != nil || len(found.Events) > 0 && !slices.Contains(found.Events, e.Type) {
				continue
			}
			d := newDelivery(found.Endpoint, e.Type, e.At, e.Subject)
			if e.Credential != nil {
				d.Achievement = e.Credential.Achievement
			}
			if err := expect(tx, enqueue, &d, 0, e.At); err != nil {
				return fmt.Errorf("noting a webhook: %w", err)
			}
		}
		return nil
	}
}

func newDelivery(e Endpoint, kind issuer.EventType, at time.Time, subject string) Delivery {
	return Delivery{ID: "msg_" + issuer.NewID(), Organisation: e.Organisation, Endpoint: e.ID, Type: kind, At: at.UTC(), Subject: subject}
}

// expect puts a delivery among those that are to be sent from now on.
func expect(tx issuer.Tx, enqueue func(issuer.Tx, issuer.Work) error, d *Delivery, version uint64, now time.Time) error {
	d.State, d.Next, d.Tries = Waiting, now.UTC(), 0
	if err := deliveries.Put(tx, d, version); err != nil {
		return err
	}
	if err := dues.Put(tx, &due{Delivery: d.ID, Endpoint: d.Endpoint, Next: d.Next}, 0); err != nil {
		return err
	}
	return wake(tx, enqueue, d.Endpoint, now)
}

// lost is after how long a job that has not ended is taken for lost. It may then be done by two at once for a moment.
const lost = time.Hour

// wake sees to it that the job of an endpoint is in the queue.
func wake(tx issuer.Tx, enqueue func(issuer.Tx, issuer.Work) error, endpoint string, now time.Time) error {
	e, version, err := endpoints.Get(tx, endpoint)
	if err != nil {
		return err
	}
	at := now.UTC()
	if e.Paused.After(at) {
		at = e.Paused
	}
	if !e.Waking.IsZero() && !e.Waking.After(at) && now.Sub(e.Waking) < lost {
		return nil
	}
	return arm(tx, enqueue, &e, version, at)
}

// arm puts the job of an endpoint into the queue. One that is there already finds that its time is another.
func arm(tx issuer.Tx, enqueue func(issuer.Tx, issuer.Work) error, e *heldEndpoint, version uint64, at time.Time) error {
	e.Waking = at.UTC()
	payload, err := json.Marshal(call{Endpoint: e.ID, Waking: e.Waking})
	if err != nil {
		return err
	}
	if err := endpoints.Put(tx, e, version); err != nil {
		return err
	}
	return enqueue(tx, issuer.Work{Name: Work, Organisation: e.Organisation, Payload: payload, After: e.Waking})
}

// call is what a job is told.
type call struct {
	Endpoint string    `json:"endpoint"`
	Waking   time.Time `json:"waking"`
}

// Text is the body of a delivery, the same each time it is sent.
func (h *Hooks) Text(d Delivery) ([]byte, error) {
	type data struct {
		Organisation string `json:"organisation"`
		Credential   string `json:"credential,omitempty"`
		Achievement  string `json:"achievement,omitempty"`
		Batch        string `json:"batch,omitempty"`
		Webhook      string `json:"webhook,omitempty"`
		URL          string `json:"url,omitempty"`
	}
	content := data{Organisation: d.Organisation, Achievement: d.Achievement}
	switch class, _, _ := strings.Cut(string(d.Type), "."); class {
	case "credential":
		content.Credential, content.URL = d.Subject, h.base+"/c/"+d.Subject
	case "achievement":
		content.Achievement, content.URL = d.Subject, h.base+"/a/"+d.Subject
	case "batch":
		content.Batch = d.Subject
	case "webhook":
		content.Webhook = d.Subject
	}
	return json.Marshal(struct {
		Type      issuer.EventType `json:"type"`
		Timestamp time.Time        `json:"timestamp"`
		Data      data             `json:"data"`
	}{d.Type, d.At, content})
}

// spread lengthens a pause by up to a fifth, so that what failed together does not come back together.
func spread(pause time.Duration) time.Duration { return pause + rand.N(pause/5+1) }

func invalid(code, detail string) error {
	return &issuer.Error{Kind: issuer.KindInvalid, Code: code, Detail: detail}
}

func conflict(code, detail string) error {
	return &issuer.Error{Kind: issuer.KindConflict, Code: code, Detail: detail}
}

func missing() error {
	return &issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: "There is no webhook of this name here.", Err: issuer.ErrNotFound}
}

// find reads an endpoint of an organisation.
func find(tx issuer.Tx, organisation, id string) (heldEndpoint, uint64, error) {
	e, version, err := endpoints.Get(tx, id)
	if errors.Is(err, issuer.ErrNotFound) || err == nil && e.Organisation != organisation {
		err = missing()
	}
	return e, version, err
}

// update runs fn and gives its error a name of package issuer where it has none.
func (h *Hooks) update(ctx context.Context, fn func(tx issuer.Tx) error) error {
	return issuer.Stored(h.store.Update(ctx, fn))
}

func (h *Hooks) view(ctx context.Context, fn func(tx issuer.Tx) error) error {
	return issuer.Stored(h.store.View(ctx, fn))
}
