package main

import (
	"context"
	"fmt"
	"os"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// kept is the kind of row that is measured alone.
var kept = issuer.Kind{Name: "measured", Lookups: []string{"all"}}

// shelf is a store of 500 rows, which stays as large as it is.
type shelf struct {
	*bolt.Store
	next int
}

func rowID(n int) string { return fmt.Sprintf("%022d", n*2654435761%1_000_000_007) } // lies anywhere

func newShelf(ctx context.Context, folder string, body []byte) (*shelf, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	store, err := bolt.Open(folder)
	if err != nil {
		return nil, err
	}
	s := &shelf{Store: store}
	err = s.Update(ctx, func(tx issuer.Tx) error {
		for n := range 500 {
			if err := tx.Put(kept, issuer.Row{ID: rowID(n), Order: fmt.Sprintf("%016x", n), Lookups: []string{"yes"}, Body: body}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *shelf) close() { _ = s.Close() } // its folder goes next

// again puts the next row over itself.
func (s *shelf) again(ctx context.Context, body []byte) error {
	s.next++
	return s.Update(ctx, func(tx issuer.Tx) error {
		r, err := tx.Get(kept, rowID(s.next%500))
		if err != nil {
			return err
		}
		r.Body = body
		return tx.Put(kept, r)
	})
}
