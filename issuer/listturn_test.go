package issuer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestListTurn: who waits for somebody else's signature waits a while, and not for ever behind a store that hangs.
func TestListTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeldList()
		if err := h.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		var busy *Error
		if err := h.take(t.Context()); !errors.As(err, &busy) || busy.Kind != KindUnavailable || time.Since(begun) != listPatience {
			t.Errorf("after %v: error %v", time.Since(begun), err)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if err := h.take(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("a reader who has gone: error %v", err)
		}
		go func() {
			time.Sleep(time.Second)
			<-h.turn
		}()
		if err := h.take(t.Context()); err != nil {
			t.Errorf("after its turn came: error %v", err)
		}
	})
}
