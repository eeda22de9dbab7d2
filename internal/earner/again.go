package earner

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// EraseAgain forgets those again of whom a log says that they were erased, where the store is one from before: what they brought, shared
// and joined, and what is planned, proposed and rejected for their addresses. The awards themselves are erased by their ids, after this. It
// returns how many of these erasures were not known here. It can be done over and over, and goes on where it was cut short.
func (s *Service) EraseAgain(ctx context.Context, erasures []issuer.Erasure, actor string) (done int, err error) {
	type person struct{ organisation, digest string }
	todo := map[person]issuer.Erasure{}
	for _, e := range erasures {
		known, err := s.Office.KnowsErasure(ctx, e)
		if err != nil {
			return 0, err
		}
		who := person{e.Organisation, e.Digest}
		if last, is := todo[who]; !known && (!is || last.At.Before(e.At)) {
			todo[who] = e
		}
	}
	if len(todo) == 0 {
		return 0, nil
	}
	every := map[string]bool{} // organisation
	for who := range todo {
		every[who.organisation] = true
	}
	digest, err := s.Office.RecipientKeys(ctx)
	if err != nil {
		return 0, err
	}
	named := map[person]string{} // the address
	look := func(to string) {
		for organisation := range every {
			who := person{organisation, digest(organisation, to)}
			if _, is := todo[who]; is {
				named[who] = to
			}
		}
	}
	if err := s.addresses(ctx, look); err != nil {
		return 0, err
	}
	for who, e := range todo {
		to := named[who]
		if to != "" && who.organisation == "" { // else it is one organisation that has erased them
			err := s.Store.Update(ctx, func(tx issuer.Tx) error {
				if err := abandon(tx, to); err != nil {
					return err
				}
				return s.forgetEmpty(tx, []string{to})
			})
			if err != nil {
				return done, stored(err)
			}
		}
		if err := s.Office.ForgetErased(ctx, e, to, actor); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// addresses calls found with each e-mail address that stands anywhere, more than once where it stands in several records.
func (s *Service) addresses(ctx context.Context, found func(string)) error {
	for _, kind := range []issuer.Kind{holdings.Kind, passes.Kind, addresses.Kind, imports.Kind, files.Kind, sets.Kind} {
		for q := (issuer.Query{Limit: 1000}); ; {
			var page []issuer.Row
			err := s.Store.View(ctx, func(tx issuer.Tx) (err error) {
				page, q.After, err = tx.List(kind, issuer.Query{Limit: q.Limit, After: q.After})
				return err
			})
			if err != nil {
				return stored(err)
			}
			for _, row := range page {
				var of struct{ Address, Other string }
				if err := json.Unmarshal(row.Body, &of); err != nil {
					return fmt.Errorf("reading %s %s: %w", kind.Name, row.ID, err)
				}
				for _, text := range []string{of.Address, of.Other} {
					if to, ok := mail.Address(text); ok {
						found(to)
					}
				}
			}
			if q.After == "" {
				break
			}
		}
	}
	return s.Office.Recipients(ctx, found)
}
