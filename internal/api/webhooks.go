package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
)

// webhookResource is an address that is told of events. Secret is there once, in the answer that makes it.
type webhookResource struct {
	ID       string             `json:"id"`
	URL      string             `json:"url"`
	Events   []issuer.EventType `json:"events"`
	Created  timestamp          `json:"created"`
	By       string             `json:"by"`
	Disabled *changeResource    `json:"disabled,omitempty"`
	Failing  *timestamp         `json:"failing,omitempty"`
	Failures int                `json:"failures,omitempty"`
	Rotated  *timestamp         `json:"rotated,omitempty"`
	Secret   string             `json:"secret,omitempty"`
}

func (r webhookResource) address() string { return prefix + "/webhooks/" + r.ID }

func showWebhook(e webhook.Endpoint) webhookResource {
	return webhookResource{ID: e.ID, URL: e.URL, Events: append([]issuer.EventType{}, e.Events...), Created: timestamp{e.Created}, By: e.By,
		Disabled: showChange(e.Disabled), Failing: instantOf(e.Failing), Failures: e.Failures, Rotated: instantOf(e.Rotated)}
}

// deliveryResource is one event for one webhook.
type deliveryResource struct {
	ID          string            `json:"id"`
	Webhook     string            `json:"webhook"`
	Type        issuer.EventType  `json:"type"`
	At          timestamp         `json:"at"`
	Subject     string            `json:"subject"`
	Achievement string            `json:"achievement,omitempty"`
	State       webhook.State     `json:"state"`
	Next        *timestamp        `json:"next,omitempty"`
	Tries       int               `json:"tries"`
	Attempts    []attemptResource `json:"attempts"`
}

type attemptResource struct {
	At     timestamp `json:"at"`
	Status int       `json:"status,omitempty"`
	Cause  string    `json:"cause,omitempty"`
}

func showDelivery(d webhook.Delivery) deliveryResource {
	r := deliveryResource{ID: d.ID, Webhook: d.Endpoint, Type: d.Type, At: timestamp{d.At}, Subject: d.Subject, Achievement: d.Achievement, State: d.State,
		Next: instantOf(d.Next), Tries: d.Tries, Attempts: []attemptResource{}}
	for _, a := range d.Attempts {
		r.Attempts = append(r.Attempts, attemptResource{timestamp{a.At}, a.Status, a.Cause})
	}
	return r
}

var webhookPlaces = places{codes: map[string]string{"url": "/url", "events": "/events"}}

// endpoint reads the path of a request about one webhook of the organisation.
func (s *server) endpoint(c echo.Context) (organisation, id string, err error) {
	if s.hooks == nil {
		return "", "", notHere()
	}
	id, err = identifier(c)
	return Token(c).Organisation, id, err
}

func (s *server) webhooks(c echo.Context) error {
	if s.hooks == nil {
		return notHere()
	}
	if err := noQuery(c); err != nil {
		return err
	}
	all, err := s.hooks.Endpoints(c.Request().Context(), Token(c).Organisation)
	if err != nil {
		return err
	}
	return giveList(c, all, showWebhook, page{}, "")
}

func (s *server) webhook(c echo.Context) error {
	organisation, id, err := s.endpoint(c)
	if err == nil {
		err = noQuery(c)
	}
	if err != nil {
		return err
	}
	e, err := s.hooks.Endpoint(c.Request().Context(), organisation, id)
	if err != nil {
		return err
	}
	return give(c, 0, showWebhook(e))
}

func webhookMembers(in *webhook.Input) func(*form) map[string]reader {
	return func(f *form) map[string]reader {
		return map[string]reader{"url": f.text(&in.URL), "events": list(f, &in.Events, func(e *issuer.EventType) reader { return word(f, e) })}
	}
}

func (s *server) createWebhook(c echo.Context) error {
	if s.hooks == nil {
		return notHere()
	}
	var in webhook.Input
	body, err := decode(c.Request(), webhookMembers(&in), "url")
	if err != nil {
		return err
	}
	return s.changeWebhooks(c, write{status: http.StatusCreated, body: body}, func(ctx context.Context, hooks *webhook.Hooks, by string) (any, error) {
		made, err := hooks.Create(ctx, Token(c).Organisation, in, by)
		return made, err
	})
}

// showHooked shows what acts on webhooks return, and what is kept of it: that has no secret.
func showHooked(value any) any {
	switch value := value.(type) {
	case webhook.NewEndpoint:
		r := showWebhook(value.Endpoint)
		r.Secret = value.Secret
		return r
	case webhook.Endpoint:
		return showWebhook(value)
	case webhook.Delivery:
		return showDelivery(value)
	}
	return struct {
		Count any `json:"count"`
	}{value}
}

func (s *server) changeWebhook(c echo.Context) error {
	organisation, id, err := s.endpoint(c)
	if err != nil {
		return err
	}
	var in webhook.Input
	body, err := decode(c.Request(), webhookMembers(&in), "url", "events")
	if err != nil {
		return err
	}
	return s.changeWebhooks(c, write{status: http.StatusOK, body: body}, func(ctx context.Context, hooks *webhook.Hooks, by string) (any, error) {
		e, err := hooks.Change(ctx, organisation, id, in, by)
		return e, err
	})
}

// webhookStep does something to a webhook that takes nothing but its id.
func (s *server) webhookStep(c echo.Context, status int, step func(ctx context.Context, hooks *webhook.Hooks, organisation, id, by string) (any, error)) error {
	organisation, id, err := s.endpoint(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.changeWebhooks(c, write{status: status, body: body}, func(ctx context.Context, hooks *webhook.Hooks, by string) (any, error) {
		return step(ctx, hooks, organisation, id, by)
	})
}

func (s *server) removeWebhook(c echo.Context) error {
	return s.webhookStep(c, http.StatusNoContent, func(ctx context.Context, hooks *webhook.Hooks, organisation, id, by string) (any, error) {
		return nil, hooks.Remove(ctx, organisation, id, by)
	})
}

// rotateWebhook gives a webhook a new secret. The time of its last rotation is what a body can name, and has to while secrets of before sign.
func (s *server) rotateWebhook(c echo.Context) error {
	organisation, id, err := s.endpoint(c)
	if err != nil {
		return err
	}
	var rotated time.Time
	var named bool
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"rotated": given(&named, f.instant(&rotated))}
	})
	if err != nil {
		return err
	}
	var seen []time.Time
	if named {
		seen = append(seen, rotated)
	}
	return s.changeWebhooks(c, write{status: http.StatusOK, body: body}, func(ctx context.Context, hooks *webhook.Hooks, by string) (any, error) {
		made, err := hooks.Rotate(ctx, organisation, id, by, seen...)
		return made, err
	})
}

func (s *server) disableWebhook(c echo.Context) error {
	organisation, id, err := s.endpoint(c)
	if err != nil {
		return err
	}
	var reason string
	body, err := decode(c.Request(), func(f *form) map[string]reader { return map[string]reader{"reason": f.text(&reason)} })
	if err != nil {
		return err
	}
	if len(reason) > longestReason {
		return wrongMembers(at("/reason", "the reason is longer than 2000 bytes"))
	}
	return s.changeWebhooks(c, write{status: http.StatusOK, body: body}, func(ctx context.Context, hooks *webhook.Hooks, by string) (any, error) {
		e, err := hooks.Disable(ctx, organisation, id, reason, by)
		return e, err
	})
}

const longestReason = 2000 // bytes, of why a webhook is turned off

func (s *server) enableWebhook(c echo.Context) error {
	return s.webhookStep(c, http.StatusOK, func(ctx context.Context, hooks *webhook.Hooks, organisation, id, by string) (any, error) {
		e, err := hooks.Enable(ctx, organisation, id, by)
		return e, err
	})
}

func (s *server) pingWebhook(c echo.Context) error {
	return s.webhookStep(c, http.StatusOK, func(ctx context.Context, hooks *webhook.Hooks, organisation, id, by string) (any, error) {
		d, err := hooks.Ping(ctx, organisation, id, by)
		return d, err
	})
}

func (s *server) deliveries(c echo.Context) error {
	organisation, id, err := s.endpoint(c)
	if err != nil {
		return err
	}
	p, err := pageOf(c.Request(), map[string]func(string) bool{"state": func(state string) bool { return state == string(webhook.Failed) }})
	if err != nil {
		return err
	}
	all, next, err := s.hooks.Deliveries(c.Request().Context(), organisation, id, p.filters["state"] != "", p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showDelivery, p, next)
}

// redeliver sends one delivery again.
func (s *server) redeliver(c echo.Context) error {
	delivery, err := parameter(c, "delivery")
	if err != nil {
		return err
	}
	return s.webhookStep(c, http.StatusOK, func(ctx context.Context, hooks *webhook.Hooks, organisation, id, by string) (any, error) {
		d, err := hooks.Delivery(ctx, organisation, delivery)
		if err == nil && d.Endpoint != id {
			err = notFound()
		}
		if err == nil {
			d, err = hooks.Redeliver(ctx, organisation, delivery, by)
		}
		return d, err
	})
}

// redeliverFailed sends all deliveries again that have failed for good.
func (s *server) redeliverFailed(c echo.Context) error {
	organisation, id, err := s.endpoint(c)
	if err != nil {
		return err
	}
	var since time.Time
	body, err := decode(c.Request(), func(f *form) map[string]reader { return map[string]reader{"since": f.instant(&since)} })
	if err != nil {
		return err
	}
	return s.changeWebhooks(c, write{status: http.StatusOK, body: body}, func(ctx context.Context, hooks *webhook.Hooks, by string) (any, error) {
		count, err := hooks.RedeliverFailed(ctx, organisation, id, since, by)
		return count, err
	})
}

func (s *server) changeWebhooks(c echo.Context, w write, do func(ctx context.Context, hooks *webhook.Hooks, by string) (any, error)) error {
	w.places, w.shown = webhookPlaces, showHooked
	w.do = func(_ issuer.Workspace, by issuer.Write) (any, uint64, error) {
		value, err := do(c.Request().Context(), s.hooks.Once(by.Once), by.Actor)
		return value, 0, err
	}
	return s.change(c, w)
}
