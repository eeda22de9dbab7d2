package issuer

import (
	"bytes"
	"context"
	"testing"
)

func TestPermuteIsOneToOne(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: it goes through a whole list")
	}
	secret := bytes.Repeat([]byte{7}, 32)
	seen := make([]bool, listEntries)
	neighbours := 0
	last := permute(secret, listEntries-1)
	for n := range uint32(listEntries) {
		index := permute(secret, n)
		if index >= listEntries || seen[index] {
			t.Fatalf("%d maps to %d, which is outside or taken", n, index)
		}
		seen[index] = true
		if index == last+1 {
			neighbours++
		}
		last = index
	}
	if neighbours > 20 { // one is to be expected of a random order
		t.Errorf("%d indices follow their predecessor: the order shows", neighbours)
	}
	if other := bytes.Repeat([]byte{8}, 32); permute(secret, 0) == permute(other, 0) && permute(secret, 1) == permute(other, 1) {
		t.Error("the order does not depend on the secret")
	}
}

// Plant stores count awards without signing them, each in a place of its own, for tests of what follows after.
func (s *Service) Plant(ctx context.Context, organisation string, count int) (planted []Credential, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		planted = nil
		for range count {
			c := s.newCredential()
			c.Organisation, c.Issued = organisation, c.Intended
			var err error
			if c.Slot, err = takeSlot(tx, organisation); err != nil {
				return err
			}
			if err := credentials.Put(tx, &c, 0); err != nil {
				return err
			}
			planted = append(planted, c)
		}
		return nil
	})
	return planted, err
}
