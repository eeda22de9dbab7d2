package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	mostEndpoints = 20             // of one organisation
	bothSign      = 24 * time.Hour // that a secret still signs after it was changed
	mostEarlier   = 8              // secrets of before that sign at once
)

// Input is what is chosen of an endpoint.
type Input struct {
	URL    string             // https; http only to an address that the operator has opened
	Events []issuer.EventType // out of [Types]; none: all
}

// NewEndpoint is an endpoint with the secret that signs what is sent to it. The secret is shown this once.
type NewEndpoint struct {
	Endpoint
	Secret string `json:"secret"` // whsec_ and base64
}

// read judges an input.
func (h *Hooks) read(in Input) (Input, error) {
	if fault := h.rules.Fault(in.URL); fault != "" {
		return in, invalid("url", "This address cannot be called: "+fault+".")
	}
	in.Events = slices.Compact(slices.Sorted(slices.Values(in.Events)))
	for _, e := range in.Events {
		if !slices.Contains(Types(), e) {
			return in, invalid("events", fmt.Sprintf("%q is not one of the events that can be told: %v.", e, Types()))
		}
	}
	return in, nil
}

// Create makes an endpoint. An organisation has 20 at most (kind conflict, code too_many).
func (h *Hooks) Create(ctx context.Context, organisation string, in Input, actor string) (NewEndpoint, error) {
	in, err := h.read(in)
	if err != nil {
		return NewEndpoint{}, err
	}
	now := h.now().UTC()
	e := heldEndpoint{Secret: newSecret(), Endpoint: Endpoint{ID: issuer.NewID(), Organisation: organisation, URL: in.URL, Events: in.Events, Created: now, By: actor}}
	err = h.update(ctx, func(tx issuer.Tx) error {
		before, _, err := endpoints.List(tx, issuer.Query{By: "organisation", Value: organisation, Limit: mostEndpoints})
		if err != nil {
			return err
		}
		if len(before) >= mostEndpoints {
			return conflict("too_many", fmt.Sprintf("There are %d webhooks already. Remove one first.", mostEndpoints))
		}
		if err := endpoints.Put(tx, &e, 0); err != nil {
			return err
		}
		if err := h.once.KeepIn(tx, e.Endpoint, 0); err != nil {
			return err
		}
		return h.record(tx, e.Endpoint, "webhook.created", actor, "")
	})
	if err != nil {
		return NewEndpoint{}, err
	}
	return NewEndpoint{Endpoint: e.Endpoint, Secret: secretText(e.Secret)}, nil
}

func (h *Hooks) record(tx issuer.Tx, e Endpoint, action, actor, detail string) error {
	return issuer.Record(tx, issuer.AuditEntry{At: h.now(), Actor: actor, Action: action, Subject: e.ID, Organisation: e.Organisation, Detail: detail})
}

// Endpoints lists the endpoints of an organisation, the first made first.
func (h *Hooks) Endpoints(ctx context.Context, organisation string) (list []Endpoint, err error) {
	err = h.view(ctx, func(tx issuer.Tx) error {
		all, _, err := endpoints.List(tx, issuer.Query{By: "organisation", Value: organisation, Limit: mostEndpoints})
		list = nil
		for _, e := range all {
			list = append(list, e.Endpoint)
		}
		return err
	})
	return list, err
}

// Endpoint returns an endpoint of an organisation.
func (h *Hooks) Endpoint(ctx context.Context, organisation, id string) (e Endpoint, err error) {
	err = h.view(ctx, func(tx issuer.Tx) error {
		held, _, err := find(tx, organisation, id)
		e = held.Endpoint
		return err
	})
	return e, err
}

// change changes an endpoint in one transaction with its audit entry.
func (h *Hooks) change(ctx context.Context, organisation, id, action, actor string, apply func(tx issuer.Tx, e *heldEndpoint) error) (e heldEndpoint, err error) {
	err = h.update(ctx, func(tx issuer.Tx) error {
		var version uint64
		if e, version, err = find(tx, organisation, id); err != nil {
			return err
		}
		if err := apply(tx, &e); err != nil {
			return err
		}
		if err := endpoints.Put(tx, &e, version); err != nil {
			return err
		}
		if err := h.once.KeepIn(tx, e.Endpoint, 0); err != nil {
			return err
		}
		return h.record(tx, e.Endpoint, action, actor, "")
	})
	return e, err
}

// Change changes what is chosen of an endpoint. What waits is sent to the new address.
func (h *Hooks) Change(ctx context.Context, organisation, id string, in Input, actor string) (Endpoint, error) {
	in, err := h.read(in)
	if err != nil {
		return Endpoint{}, err
	}
	e, err := h.change(ctx, organisation, id, "webhook.changed", actor, func(_ issuer.Tx, e *heldEndpoint) error {
		e.URL, e.Events = in.URL, in.Events
		return nil
	})
	return e.Endpoint, err
}

// Rotate gives an endpoint a new secret. Each one before signs as well until 24 hours after another came in its place.
//
// seen is the time of the last rotation, to the second, as the caller knows it. While a secret of before still signs, a rotation has to
// name it, so that two who do not know of each other do not both rotate: else, and when another time is named, kind conflict, code
// version. Code too_many when 8 secrets of before sign already.
func (h *Hooks) Rotate(ctx context.Context, organisation, id, actor string, seen ...time.Time) (NewEndpoint, error) {
	fresh := newSecret()
	e, err := h.change(ctx, organisation, id, "webhook.rotated", actor, func(_ issuer.Tx, e *heldEndpoint) error {
		now := h.now().UTC().Truncate(time.Second)
		earlier := e.earlier(now)
		switch last := e.Rotated.UTC().Truncate(time.Second); {
		case len(seen) == 0 && len(earlier) > 0:
			return conflict("version", "The secret was changed less than a day ago. Say when that was, to change it once more.")
		case len(seen) > 0 && !seen[0].UTC().Truncate(time.Second).Equal(last):
			return conflict("version", "The secret was changed since you looked at it. Please look again.")
		case len(earlier) >= mostEarlier:
			return conflict("too_many", fmt.Sprintf("%d secrets of before sign as well at this moment. Wait until the first of them has ended.", mostEarlier))
		case !now.After(last): // it tells rotations apart
			now = last.Add(time.Second)
		}
		e.Earlier, e.Before = append(earlier, earlierSecret{e.Secret, now.Add(bothSign)}), nil
		e.Secret, e.Rotated = fresh, now
		return nil
	})
	if err != nil {
		return NewEndpoint{}, err
	}
	return NewEndpoint{Endpoint: e.Endpoint, Secret: secretText(e.Secret)}, nil
}

// earlier are the secrets of before that still sign.
func (e *heldEndpoint) earlier(now time.Time) (still []earlierSecret) {
	all := e.Earlier
	if e.Before != nil {
		all = []earlierSecret{{e.Before, e.Rotated.Add(bothSign)}}
	}
	for _, one := range all {
		if now.Before(one.Until) {
			still = append(still, one)
		}
	}
	return still
}

// Disable ends what is sent to an endpoint until Enable. What waits goes on waiting, and what happens meanwhile is not told later. Kind
// conflict, code disabled, when it is disabled already.
func (h *Hooks) Disable(ctx context.Context, organisation, id, reason, actor string) (Endpoint, error) {
	e, err := h.change(ctx, organisation, id, "webhook.disabled", actor, func(_ issuer.Tx, e *heldEndpoint) error {
		if e.Disabled != nil {
			return disabled()
		}
		e.Disabled = &issuer.Change{At: h.now().UTC(), By: actor, Reason: reason}
		return nil
	})
	return e.Endpoint, err
}

func disabled() error {
	return conflict("disabled", "The webhook is turned off. Turn it on first.")
}

// Enable takes a disabled endpoint into use again, and sends what waits. Kind conflict, code enabled, when it is not disabled.
func (h *Hooks) Enable(ctx context.Context, organisation, id, actor string) (e Endpoint, err error) {
	err = h.update(ctx, func(tx issuer.Tx) error {
		held, version, err := find(tx, organisation, id)
		if err != nil {
			return err
		}
		if held.Disabled == nil {
			return conflict("enabled", "The webhook is turned on already.")
		}
		held.Disabled, held.Failing, held.Failures, held.Paused = nil, time.Time{}, 0, time.Time{}
		e = held.Endpoint
		if err := arm(tx, h.enqueue, &held, version, h.now()); err != nil {
			return err
		}
		if err := h.once.KeepIn(tx, e, 0); err != nil {
			return err
		}
		return h.record(tx, e, "webhook.enabled", actor, "")
	})
	return e, err
}

// Remove takes an endpoint away. What was sent to it is forgotten when it is old enough, see [Hooks.Sweep].
func (h *Hooks) Remove(ctx context.Context, organisation, id, actor string) error {
	return h.update(ctx, func(tx issuer.Tx) error {
		e, _, err := find(tx, organisation, id)
		if err != nil {
			return err
		}
		if err := tx.Delete(endpoints.Kind, id); err != nil {
			return err
		}
		if err := h.once.KeepIn(tx, nil, 0); err != nil {
			return err
		}
		return h.record(tx, e.Endpoint, "webhook.removed", actor, "")
	})
}

// Ping sends something to try an endpoint with: an event of the type [EventPing]. Kind conflict, code disabled, when it is turned off.
func (h *Hooks) Ping(ctx context.Context, organisation, id, actor string) (d Delivery, err error) {
	err = h.update(ctx, func(tx issuer.Tx) error {
		e, err := enabled(tx, organisation, id)
		if err != nil {
			return err
		}
		d = newDelivery(e, EventPing, h.now(), e.ID)
		if err := expect(tx, h.enqueue, &d, 0, h.now()); err != nil {
			return err
		}
		if err := h.once.KeepIn(tx, d, 0); err != nil {
			return err
		}
		return h.record(tx, e, "webhook.pinged", actor, d.ID)
	})
	return d, err
}

// Deliveries lists what was or is to be sent to an endpoint, the newest first, with the cursor of the next page, "" after the last.
// failed leaves out all but what has failed for good. A cursor of another list has kind invalid, code cursor.
func (h *Hooks) Deliveries(ctx context.Context, organisation, endpoint string, failed bool, after string, limit int) (page []Delivery, next string, err error) {
	q := issuer.Query{By: "endpoint", Value: endpoint, After: after, Limit: limit, Backward: true}
	if failed {
		q.By = "failed"
	}
	err = h.view(ctx, func(tx issuer.Tx) error {
		if _, _, err := find(tx, organisation, endpoint); err != nil {
			return err
		}
		page, next, err = deliveries.List(tx, q)
		return err
	})
	return page, next, err
}

// Delivery returns a delivery of an organisation.
func (h *Hooks) Delivery(ctx context.Context, organisation, id string) (d Delivery, err error) {
	err = h.view(ctx, func(tx issuer.Tx) error {
		d, _, err = delivery(tx, organisation, id)
		return err
	})
	return d, err
}

func delivery(tx issuer.Tx, organisation, id string) (Delivery, uint64, error) {
	d, version, err := deliveries.Get(tx, id)
	if errors.Is(err, issuer.ErrNotFound) || err == nil && d.Organisation != organisation {
		err = missing()
	}
	return d, version, err
}
