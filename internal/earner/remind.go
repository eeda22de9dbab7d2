package earner

import (
	"context"
	"fmt"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

const day = 24 * time.Hour

// reminders are sent about an award that nobody took, each once. list is the value of the lookup of those that wait for it.
var reminders = []struct {
	list  string
	after time.Duration // since the award was begun
}{{"0", 7 * day}, {"1", 30 * day}}

const (
	remindApart = 7 * day // between two reminders, also where the first came late
	remindPage  = 100     // holdings in one transaction
)

// Remind queues reminders of awards that were not taken after a week and after a month. It is work for once a day.
func (s *Service) Remind(ctx context.Context, _ jobs.Job) error {
	if !s.mail.On {
		return nil
	}
	for number := len(reminders) - 1; number >= 0; number-- { // the last first, so that nobody gets two
		for after, more := "", true; more; {
			var next string
			err := s.Store.Update(ctx, func(tx issuer.Tx) (err error) {
				next, err = s.remindSome(tx, number, after)
				return err
			})
			if err != nil {
				return fmt.Errorf("reminding of awards that were not taken: %w", err)
			}
			after, more = next, next != ""
		}
	}
	return nil
}

// remindSome deals with a page of those who wait for a reminder, and returns the cursor of the next page; "" after the last that is due.
func (s *Service) remindSome(tx issuer.Tx, number int, after string) (string, error) {
	now := s.now().UTC()
	page, next, err := holdings.List(tx, issuer.Query{By: "remind", Value: reminders[number].list, After: after, Limit: remindPage})
	if err != nil {
		return "", err
	}
	for _, listed := range page {
		if now.Sub(listed.Created) < reminders[number].after {
			return "", nil // those behind it are younger
		}
		if now.Sub(listed.Reminded) < remindApart {
			continue
		}
		h, version, err := holdings.Get(tx, listed.Credential)
		if err != nil {
			return "", err
		}
		a, _, err := addressOf(tx, h.Address)
		if err != nil {
			return "", err
		}
		if a.Stopped {
			h.Reminders = len(reminders)
		} else {
			h.Reminders, h.Reminded = number+1, now
		}
		if err := holdings.Put(tx, &h, version); err != nil {
			return "", err
		}
		if a.Stopped {
			continue
		}
		stop, _, err := s.Book.newPass(tx, pass{Purpose: toStop, Address: h.Address})
		if err != nil {
			return "", err
		}
		if err := s.Book.write(tx, h, mail.Message{Template: mail.Reminder, Stop: path[toStop] + stop}); err != nil {
			return "", err
		}
	}
	return next, nil
}

// Tidy takes away passes that are over, and counts of messages that were asked for long ago. It is work for once a day.
func (s *Service) Tidy(ctx context.Context, _ jobs.Job) error {
	now := s.now().UTC()
	err := tidy(ctx, s.Store, passes, func(p pass) bool { return now.After(p.Ends) })
	if err == nil {
		err = tidy(ctx, s.Store, asks, func(a ask) bool { return now.Sub(a.Since) >= asksIn })
	}
	if err != nil {
		return fmt.Errorf("clearing links that are over: %w", err)
	}
	return nil
}

// tidy takes away the records at the beginning of the list of all that are over.
func tidy[T any](ctx context.Context, store issuer.Store, t issuer.Table[T], over func(T) bool) error {
	for more := true; more; {
		err := store.Update(ctx, func(tx issuer.Tx) error {
			page, _, err := t.List(tx, issuer.Query{By: "all", Value: inAll})
			if err != nil {
				return err
			}
			more = len(page) > 0
			for i := range page {
				if !over(page[i]) {
					more = false
					return nil
				}
				if err := tx.Delete(t.Kind, t.Key(&page[i])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
