package postgres

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// Hurry has a store wait for answers no longer than this. Nothing uses it yet.
func Hurry(s *Store, answer time.Duration) { s.health.answer = answer }

// TestPatience: what takes long ends only when nothing was heard for a while, and the time that this side takes does not count.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatience(t.Context(), time.Second)
		for range 5 {
			time.Sleep(900 * time.Millisecond)
			p.pause()
			time.Sleep(time.Minute)
			p.renew()
		}
		if p.Err() != nil {
			t.Error("ended although something was heard")
		}
		time.Sleep(1100 * time.Millisecond)
		if err := p.end(context.Canceled); !errors.Is(err, errSilent) || errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if err := newPatience(t.Context(), time.Second).end(io.EOF); !errors.Is(err, io.EOF) {
			t.Errorf("error %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		p = newPatience(ctx, time.Second)
		cancel()
		if err := p.end(p.Err()); !errors.Is(err, context.Canceled) || errors.Is(err, errSilent) {
			t.Errorf("error %v", err)
		}
	})
}
