package issuer

import (
	"bytes"
	"testing"
)

func TestPermuteIsOneToOne(t *testing.T) {
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
