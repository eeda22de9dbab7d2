package earner

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// TestStrangersAreAskedSeldom: nobody has messages sent to many strangers, from whichever of their addresses, or many to one.
func TestStrangersAreAskedSeldom(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana")
	w.post()
	sent, joins := func() int { return len(w.post()) }, 0
	for session, i := w.session("ana@example.org"), 0; i < 60; i++ {
		err := w.earners.AddAddress(t.Context(), session, fmt.Sprintf("stranger%d@example.net", i), "en")
		if i < asksMost {
			w.good(err)
		} else {
			w.bad(err, "joins")
		}
		if i == 30 {
			joins += sent()
			session = w.session("ana@example.org") // another session is the same person
		}
	}
	if joins += sent(); joins != asksMost {
		t.Errorf("%d strangers were written to", joins)
	}
	w.now = w.now.Add(asksIn)
	w.good(w.earners.AddAddress(t.Context(), w.session("ana@example.org"), "stranger9@example.net", "en"))

	w.post()
	count := 0
	resend := func() error { return w.earners.Resend(t.Context(), w.ours.ID, c.ID, "account:1") }
	for range 25 {
		if err := resend(); err == nil {
			count++
		} else {
			w.bad(err, "sent")
		}
	}
	if count != 1 || sent() != 1 {
		t.Errorf("sent again %d times at once", count)
	}
	for range 20 {
		w.now = w.now.Add(resentApart)
		if resend() == nil {
			count++
		}
	}
	if count != asksMost {
		t.Errorf("sent again %d times in a day", count)
	}
	w.now = w.now.Add(asksIn)
	w.good(resend())
}

// TestEraseForTakesTwo: where revoking needs a second person, the staff erases nobody alone; the operator and the earner do.
func TestEraseForTakesTwo(t *testing.T) {
	w := newWorld(t)
	first, second := w.award("ana@example.org", "Ana"), w.award("ana@example.org", "Ana")
	ctx, space := t.Context(), w.office.Workspace(w.ours.ID)
	if _, _, err := space.Configure(ctx, issuer.Configuration{Name: w.ours.Name, Settings: issuer.Settings{Second: []issuer.Act{issuer.ActRevoke}}}, issuer.Write{Actor: "account:9"}); err != nil {
		t.Fatal(err)
	}
	_, err := w.earners.EraseAlone(ctx, w.ours.ID, "ana@example.org", "", "account:1")
	w.bad(err, "second_person")
	p, err := w.earners.ProposeErasure(ctx, w.ours.ID, "ANA@example.org", "she wrote", "", issuer.Write{Actor: "account:1"})
	if err != nil || len(p.Awards) != 2 || p.Address != "ana@example.org" {
		t.Fatalf("%+v, error %v", p, err)
	}
	erased := func(id string) bool {
		c, err := w.office.Credential(context.WithoutCancel(ctx), id)
		w.good(err)
		return c.Erased != nil
	}
	if erased(first.ID) {
		t.Fatal("erased before anybody allowed it")
	}
	if _, err = space.Allow(ctx, p.ID, issuer.Write{Actor: "account:1"}); !errors.As(err, new(*issuer.Error)) || erased(first.ID) {
		t.Fatal("whoever asked allowed it", err)
	}
	if p, err = space.Allow(ctx, p.ID, issuer.Write{Actor: "account:2"}); err != nil || p.State != issuer.ProposalAllowed || !erased(first.ID) || !erased(second.ID) {
		t.Fatalf("%+v, error %v", p, err)
	}
	w.now = w.now.Add(time.Hour)
	if left := w.left(); left["holding"] != 0 {
		t.Error(left)
	}
	third := w.award("ana@example.org", "Ana")
	if n, err := w.earners.EraseFor(ctx, w.ours.ID, "ana@example.org", "", "operator"); n != 1 || err != nil || !erased(third.ID) {
		t.Errorf("the operator: %d, error %v", n, err)
	}
}
