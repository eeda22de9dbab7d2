package issuer_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestSecret: it is made once, for all who ask, and stays.
func TestSecret(t *testing.T) {
	a, b := newReplicas(t)
	var group sync.WaitGroup
	var made [16][]byte
	for i := range made {
		group.Go(func() {
			var err error
			if made[i], err = []*desk{a, b}[i%2].Secret(t.Context(), "seal"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, one := range made {
		if len(one) != 32 || !bytes.Equal(one, made[0]) {
			t.Fatalf("%x and %x", one, made[0])
		}
	}
	a.open(t, "")
	again, err := a.Secret(t.Context(), "seal")
	if err != nil || !bytes.Equal(again, made[0]) {
		t.Errorf("%x, error %v", again, err)
	}
	if other, err := a.Secret(t.Context(), "other"); err != nil || bytes.Equal(other, again) {
		t.Errorf("%x, error %v", other, err)
	}
	for _, name := range []string{"", "a b", strings.Repeat("a", 65)} {
		_, err := a.Secret(t.Context(), name)
		wantCode(t, err, issuer.KindInvalid, "name")
	}
}
