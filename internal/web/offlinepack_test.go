package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestOfflinePack: a pack is made once for all who ask, to its end when they go away; what could not be made is not tried again at once.
func TestOfflinePack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := 0
		var trouble error
		p := &offlinePack{now: time.Now, gather: func(ctx context.Context) ([]byte, error) {
			made++
			time.Sleep(time.Second)
			if made == 4 {
				panic("a fault")
			}
			return []byte("pack"), errors.Join(trouble, ctx.Err())
		}}
		impatient, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if got := p.current(impatient); !errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("%+v", got)
		}
		for range 3 {
			if got := p.current(t.Context()); string(got.text) != "pack" || got.etag == "" || got.err != nil || made != 1 {
				t.Errorf("%+v, made %d times", got, made)
			}
		}
		time.Sleep(packFresh)
		trouble = errors.New("there is too much")
		for range 3 {
			if got := p.current(t.Context()); !errors.Is(got.err, trouble) || got.text != nil || made != 2 {
				t.Errorf("%+v, made %d times", got, made)
			}
		}
		time.Sleep(packFailed)
		trouble = nil
		if got := p.current(t.Context()); got.err != nil || made != 3 {
			t.Errorf("%+v, made %d times", got, made)
		}
		time.Sleep(packFresh)
		if got := p.current(t.Context()); !errors.Is(got.err, errPackFault) || made != 4 {
			t.Errorf("%+v, made %d times", got, made)
		}
		time.Sleep(packFailed)
		if got := p.current(t.Context()); string(got.text) != "pack" || made != 5 {
			t.Errorf("%+v, made %d times", got, made)
		}
	})
}
