package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	keepFor = 30 * 24 * time.Hour // deliveries

	atOnce = 100 // deliveries that one transaction changes
)

// Redeliver sends a delivery again under the same id, as if it were new. One that waits for that anyway is sent at once. Kind conflict,
// code disabled, when its endpoint is turned off.
func (h *Hooks) Redeliver(ctx context.Context, organisation, id, actor string) (d Delivery, err error) {
	err = h.update(ctx, func(tx issuer.Tx) error {
		var version uint64
		if d, version, err = delivery(tx, organisation, id); err != nil {
			return err
		}
		e, err := enabled(tx, organisation, d.Endpoint)
		if err != nil {
			return err
		}
		if err := h.again(tx, &d, version); err != nil {
			return err
		}
		if err := h.once.KeepIn(tx, d, 0); err != nil {
			return err
		}
		return h.record(tx, e, "webhook.redelivered", actor, d.ID)
	})
	return d, err
}

// RedeliverFailed sends all deliveries of an endpoint again that have failed for good and whose event was not before an instant, and
// returns how many. It does so some at a time: when it fails, some may be sent already, and whoever asks again has the others sent.
func (h *Hooks) RedeliverFailed(ctx context.Context, organisation, endpoint string, since time.Time, actor string) (count int, err error) {
	for more := true; more; {
		found := 0
		err := h.update(ctx, func(tx issuer.Tx) error {
			e, err := enabled(tx, organisation, endpoint)
			if err != nil {
				return err
			}
			page, _, err := deliveries.List(tx, issuer.Query{By: "failed", Value: endpoint, Limit: atOnce, Backward: true})
			if err != nil {
				return err
			}
			found, more = 0, len(page) == atOnce
			for _, one := range page {
				if one.At.Before(since) {
					more = false
					break
				}
				d, version, err := deliveries.Get(tx, one.ID)
				if err != nil {
					return err
				}
				if err := h.again(tx, &d, version); err != nil {
					return err
				}
				found++
			}
			if !more {
				if err := h.once.KeepIn(tx, count+found, 0); err != nil {
					return err
				}
			}
			if found == 0 {
				return nil
			}
			return h.record(tx, e, "webhook.redelivered", actor, fmt.Sprintf("%d failed ones", found))
		})
		if err != nil {
			return count, err
		}
		count += found
	}
	return count, nil
}

// enabled reads an endpoint that somebody wants to send something to now, and ends a pause of it.
func enabled(tx issuer.Tx, organisation, id string) (Endpoint, error) {
	e, version, err := find(tx, organisation, id)
	switch {
	case err != nil:
	case e.Disabled != nil:
		err = disabled()
	case !e.Paused.IsZero():
		e.Paused = time.Time{}
		err = endpoints.Put(tx, &e, version)
	}
	return e.Endpoint, err
}

// again puts a delivery among those that are to be sent now.
func (h *Hooks) again(tx issuer.Tx, d *Delivery, version uint64) error {
	err := tx.Delete(dues.Kind, d.ID)
	if err != nil && !errors.Is(err, issuer.ErrNotFound) {
		return err
	}
	return expect(tx, h.enqueue, d, version, h.now())
}

// Sweep forgets deliveries of more than 30 days ago, and puts jobs into the queue again that were lost. Call it about once an hour.
func (h *Hooks) Sweep(ctx context.Context) error {
	for more := true; more; {
		err := h.store.Update(ctx, func(tx issuer.Tx) error {
			oldest, _, err := deliveries.List(tx, issuer.Query{By: "all", Value: inAll, Limit: atOnce})
			if err != nil {
				return err
			}
			more = len(oldest) == atOnce
			for _, d := range oldest {
				if h.now().Sub(d.At) < keepFor {
					more = false
					break
				}
				if err := tx.Delete(deliveries.Kind, d.ID); err != nil {
					return err
				}
				if err := tx.Delete(dues.Kind, d.ID); err != nil && !errors.Is(err, issuer.ErrNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("forgetting old webhook deliveries: %w", err)
		}
	}
	if err := h.revive(ctx); err != nil {
		return fmt.Errorf("looking for lost webhook jobs: %w", err)
	}
	return nil
}

// revive queues a job for every endpoint that something is to be sent to and that has none.
func (h *Hooks) revive(ctx context.Context) error {
	for q := (issuer.Query{Limit: atOnce}); ; {
		next := ""
		err := h.store.Update(ctx, func(tx issuer.Tx) error {
			page, following, err := endpoints.List(tx, q)
			if err != nil {
				return err
			}
			next = following
			for _, e := range page {
				if e.Disabled != nil || !e.Waking.IsZero() && h.now().Sub(e.Waking) < lost {
					continue
				}
				first, _, err := dues.List(tx, issuer.Query{By: "endpoint", Value: e.ID, Limit: 1})
				if err != nil {
					return err
				}
				if len(first) > 0 {
					if err := wake(tx, h.enqueue, e.ID, h.now()); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}
