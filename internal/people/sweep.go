package people

import (
	"context"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

const sweepAtOnce = 500 // records in one transaction, which others wait for

// Sweep deletes the sessions, links, invitations and ceremonies that have ended, and returns how many. Links stay for a day, so that
// whoever opens one is told what became of it. Call it now and then.
func (s *Service) Sweep(ctx context.Context) (deleted int, err error) {
	now := s.now()
	for _, sweep := range []func(issuer.Tx) (int, error){
		ended(sessions, now, func(x *session) time.Time { return x.Expires }),
		ended(links, now.Add(-spentKept), func(l *link) time.Time { return l.Expires }),
		ended(invitations, now, func(i *invitation) time.Time { return i.Expires }),
		ended(ceremonies, now, func(c *ceremony) time.Time { return c.Expires }),
	} {
		for {
			count := 0
			err := s.update(ctx, func(tx issuer.Tx) (err error) {
				count, err = sweep(tx)
				return err
			})
			if err != nil {
				return deleted, err
			}
			deleted += count
			if count < sweepAtOnce {
				break
			}
		}
	}
	return deleted, nil
}

// ended deletes some records of a table in the order of their end, those that ended by an instant.
func ended[T any](t issuer.Table[T], by time.Time, end func(*T) time.Time) func(issuer.Tx) (int, error) {
	return func(tx issuer.Tx) (count int, err error) {
		page, _, err := t.List(tx, issuer.Query{By: "all", Value: inAll, Limit: sweepAtOnce})
		for i := range page {
			if err != nil || end(&page[i]).After(by) {
				break
			}
			err = tx.Delete(t.Kind, t.Key(&page[i]))
			count++
		}
		return count, err
	}
}
