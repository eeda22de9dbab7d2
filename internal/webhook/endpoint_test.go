package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// TestEndpoints: an endpoint is made, changed and taken away, with an entry in the log for each act.
func TestEndpoints(t *testing.T) {
	w := newWorld(t, loopback)
	first := w.endpoint(t, "https://hooks.example.org/a", issuer.EventRevoked, issuer.EventIssued, issuer.EventRevoked)
	w.wait(time.Second)
	second := w.endpoint(t, "https://hooks.example.org/b")
	if diff := cmp.Diff([]issuer.EventType{issuer.EventIssued, issuer.EventRevoked}, first.Events); diff != "" {
		t.Error(diff)
	}
	changed, err := w.Change(t.Context(), w.ours, first.ID, Input{URL: "https://hooks.example.org/c"}, "account:2")
	if err != nil || changed.URL != "https://hooks.example.org/c" || changed.Events != nil || !changed.Created.Equal(first.Created) {
		t.Errorf("%+v, error %v", changed, err)
	}
	for _, in := range []Input{{URL: "http://example.org:22/"}, {URL: "https://a.example/", Events: []issuer.EventType{issuer.EventIntended}}, {URL: "https://a.example/", Events: []issuer.EventType{EventPing}}} {
		if _, err := w.Change(t.Context(), w.ours, first.ID, in, "account:2"); err == nil {
			t.Errorf("%+v was taken", in)
		}
	}
	if list, err := w.Endpoints(t.Context(), w.ours); err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != second.ID {
		t.Errorf("%+v, error %v", list, err)
	}
	if err := w.Remove(t.Context(), w.ours, first.ID, "account:2"); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Endpoints(t.Context(), w.ours); err != nil || len(list) != 1 {
		t.Errorf("%+v, error %v", list, err)
	}
	log, _, err := w.office.Activity(t.Context(), issuer.ActivityFilter{Organisation: w.ours, Subject: first.ID}, "", 0)
	var acts []string
	for _, a := range log {
		acts = append(acts, a.Action+" by "+a.Actor)
	}
	if diff := cmp.Diff([]string{"webhook.removed by account:2", "webhook.changed by account:2", "webhook.created by account:1"}, acts); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for i := range mostEndpoints - 1 {
		w.endpoint(t, fmt.Sprintf("https://hooks.example.org/%d", i))
	}
	_, err = w.Create(t.Context(), w.ours, Input{URL: "https://hooks.example.org/"}, "account:1")
	wantCode(t, err, issuer.KindConflict, "too_many")
	if _, err := w.Create(t.Context(), w.ours, Input{URL: "https://hooks.example.org/"}, "ada@example.org"); err == nil {
		t.Error("an address in the log")
	}
	if _, err := w.office.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestForeign: what belongs to another organisation is answered like what never existed.
func TestForeign(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	d, err := w.Ping(t.Context(), w.ours, e.ID, "account:1")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, who := range []struct{ organisation, endpoint, delivery string }{{w.theirs, e.ID, d.ID}, {w.ours, "none", "none"}, {w.theirs, "", ""}} {
		for name, act := range map[string]func() error{
			"Endpoint": func() error { _, err := w.Endpoint(ctx, who.organisation, who.endpoint); return err },
			"Change": func() error {
				_, err := w.Change(ctx, who.organisation, who.endpoint, Input{URL: r.URL}, "a")
				return err
			},
			"Rotate":          func() error { _, err := w.Rotate(ctx, who.organisation, who.endpoint, "a"); return err },
			"Disable":         func() error { _, err := w.Disable(ctx, who.organisation, who.endpoint, "", "a"); return err },
			"Enable":          func() error { _, err := w.Enable(ctx, who.organisation, who.endpoint, "a"); return err },
			"Remove":          func() error { return w.Remove(ctx, who.organisation, who.endpoint, "a") },
			"Ping":            func() error { _, err := w.Ping(ctx, who.organisation, who.endpoint, "a"); return err },
			"Deliveries":      func() error { _, _, err := w.Deliveries(ctx, who.organisation, who.endpoint, false, "", 0); return err },
			"Delivery":        func() error { _, err := w.Delivery(ctx, who.organisation, who.delivery); return err },
			"Redeliver":       func() error { _, err := w.Redeliver(ctx, who.organisation, who.delivery, "a"); return err },
			"RedeliverFailed": func() error { _, err := w.RedeliverFailed(ctx, who.organisation, who.endpoint, noon, "a"); return err },
		} {
			if err := act(); !errors.Is(err, issuer.ErrNotFound) {
				t.Errorf("%s of %+v: error %v", name, who, err)
			} else {
				wantCode(t, err, issuer.KindMissing, "not_found")
			}
		}
	}
	if list, err := w.Endpoints(ctx, w.theirs); err != nil || len(list) != 0 {
		t.Errorf("%+v, error %v", list, err)
	}
	w.work(t)
	if got := r.take(); len(got) != 1 || parsed(t, got[0].body)["type"] != "webhook.ping" {
		t.Errorf("%+v", got)
	}
}

// TestRedeliverFailed: all that has failed since an instant is sent again, also when it is more than one transaction takes.
func TestRedeliverFailed(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	var all []issuer.Event
	for i := range atOnce + 20 {
		all = append(all, issued(fmt.Sprint("c", i)))
	}
	w.happen(t, all[:10]...)
	w.wait(time.Hour)
	w.happen(t, all[10:]...)
	failed := func() (count int) {
		page, _, err := w.Deliveries(t.Context(), w.ours, e.ID, true, "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		return len(page)
	}
	err := w.store.Update(t.Context(), func(tx issuer.Tx) error { // as after three days
		page, _, err := deliveries.List(tx, issuer.Query{By: "endpoint", Value: e.ID, Limit: 1000})
		for _, d := range page {
			if d.State = Failed; err == nil {
				err = errors.Join(deliveries.Put(tx, &d, 1), requeue(tx, d))
			}
		}
		return err
	})
	if err != nil || failed() != len(all) {
		t.Fatalf("%d, error %v", failed(), err)
	}
	count, err := w.RedeliverFailed(t.Context(), w.ours, e.ID, noon.Add(time.Minute), "account:1")
	if err != nil || count != len(all)-10 || failed() != 10 {
		t.Errorf("%d, %d left, error %v", count, failed(), err)
	}
	if w.work(t); len(r.take()) != len(all)-10 {
		t.Error("not all were sent")
	}
	if again, err := w.RedeliverFailed(t.Context(), w.ours, e.ID, noon.Add(time.Minute), "account:1"); err != nil || again != 0 {
		t.Errorf("%d, error %v", again, err)
	}
}

// TestSweep: deliveries are kept for thirty days, and listed page by page, the newest first.
func TestSweep(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	r.says(status(http.StatusNotFound))
	for i := range 2*atOnce + 5 {
		w.happen(t, issued(fmt.Sprint("c", i)))
	}
	w.wait(29 * 24 * time.Hour)
	w.happen(t, issued("new"))
	if err := w.Sweep(t.Context()); err != nil || len(w.list(t, e.ID)) != 2*atOnce+6 {
		t.Fatalf("%d, error %v", len(w.list(t, e.ID)), err)
	}
	first, next, err := w.Deliveries(t.Context(), w.ours, e.ID, false, "", 1)
	if err != nil || len(first) != 1 || first[0].Subject != "new" || next == "" {
		t.Errorf("%+v, error %v", first, err)
	}
	_, _, err = w.Deliveries(t.Context(), w.ours, e.ID, false, "x", 1)
	wantCode(t, err, issuer.KindInvalid, "cursor")
	w.wait(24*time.Hour + time.Second)
	if err := w.Sweep(t.Context()); err != nil || len(w.list(t, e.ID)) != 1 {
		t.Errorf("%d, error %v", len(w.list(t, e.ID)), err)
	}
	if left := w.dues(t); left != 1 {
		t.Errorf("%d are to be sent", left)
	}
}

// dues counts what is to be sent.
func (w *world) dues(t testing.TB) (count int) {
	t.Helper()
	err := w.view(t.Context(), func(tx issuer.Tx) error {
		all, _, err := dues.List(tx, issuer.Query{Limit: 1000})
		count = len(all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// TestRemoved: what waits for an endpoint that is taken away is sent nowhere, and one that cannot be read stops no other.
func TestRemoved(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	w.happen(t, issued("c1"))
	if err := w.Remove(t.Context(), w.ours, e.ID, "account:1"); err != nil {
		t.Fatal(err)
	}
	if w.work(t); len(r.take()) != 0 {
		t.Error("sent to what was taken away")
	}
	other := w.endpoint(t, r.URL)
	w.happen(t, issued("c2"), issued("c3"))
	err := w.store.Update(t.Context(), func(tx issuer.Tx) error {
		page, _, err := dues.List(tx, issuer.Query{By: "endpoint", Value: other.ID, Limit: 1})
		if err == nil {
			err = tx.Delete(deliveries.Kind, page[0].Delivery)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.work(t); len(r.take()) != 1 {
		t.Error("one that is gone stops another")
	}
}
