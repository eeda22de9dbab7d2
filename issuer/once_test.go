package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// written is what tests answer a write with.
func written(value any, version uint64) ([]byte, error) {
	return fmt.Appendf(nil, "%T in version %d", value, version), nil
}

func (d *desk) space(t testing.TB) issuer.Workspace {
	t.Helper()
	all, err := d.Organisations(t.Context())
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	return d.Workspace(all[0].ID)
}

func once(t testing.TB, w issuer.Workspace, key, request string) *issuer.Once {
	t.Helper()
	o, err := w.Once(t.Context(), issuer.OnceKey{Actor: "test", Text: key}, []byte(request), written)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestOnce: one key at a time, one request a key, and the first answer for two days.
func TestOnce(t *testing.T) {
	d := newDesk(t, "")
	d.publish(t)
	award := d.award(t)
	w := d.space(t)
	first := once(t, w, "k", "suspend")
	_, err := w.Once(t.Context(), issuer.OnceKey{Actor: "test", Text: "k"}, []byte("suspend"), written)
	wantCode(t, err, issuer.KindConflict, "under_way")
	once(t, w, "another", "suspend").End()
	if _, _, err := w.Suspend(t.Context(), award.ID, issuer.Cause{Code: issuer.ReasonOther}, issuer.Write{Actor: "test", Once: first}); err != nil {
		t.Fatal(err)
	}
	first.End()
	for range 2 { // also in another process
		again := once(t, d.space(t), "k", "suspend")
		if string(again.Answer) != "issuer.Credential in version 3" {
			t.Errorf("answer %q", again.Answer)
		}
		again.End()
		d.open(t, "")
	}
	w = d.space(t)
	for range 2 { // a refusal lets go of the key
		_, err = w.Once(t.Context(), issuer.OnceKey{Actor: "test", Text: "k"}, []byte("revoke"), written)
		wantCode(t, err, issuer.KindInvalid, "key_reused")
	}
	d.clock.Add(48*time.Hour + 1)
	late := once(t, w, "k", "revoke")
	if late.Answer != nil {
		t.Error("an answer is kept for ever")
	}
	if _, version, err := w.Revoke(t.Context(), award.ID, issuer.Cause{Code: issuer.ReasonOther, Reason: "r"}, issuer.Write{Actor: "test", Once: late}); err != nil || version != 4 {
		t.Error(version, err)
	}
	late.End()
	again := once(t, w, "k", "revoke")
	if string(again.Answer) != "issuer.Credential in version 4" {
		t.Errorf("answer %q", again.Answer)
	}
	again.End()
}

// TestOnceOfAnother: the same text is another key of somebody else, for another act, and in another organisation.
func TestOnceOfAnother(t *testing.T) {
	d := newDesk(t, "")
	w := d.space(t)
	key := issuer.OnceKey{Actor: "token:a", Act: "POST /awards", Text: "k"}
	first, err := w.Once(t.Context(), key, nil, written)
	if err != nil {
		t.Fatal(err)
	}
	defer first.End()
	if err := first.Keep(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	_, err = w.Once(t.Context(), key, nil, written)
	wantCode(t, err, issuer.KindConflict, "under_way")
	for name, other := range map[string]issuer.OnceKey{
		"actor": {Actor: "token:b", Act: key.Act, Text: "k"}, "act": {Actor: key.Actor, Act: "POST /webhooks", Text: "k"},
		"moved border": {Actor: "token:a POST", Act: "/awards", Text: "k"},
	} {
		o, err := w.Once(t.Context(), other, nil, written)
		if err != nil || o.Answer != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o.End()
	}
}

// TestOnceNotDone: what was refused leaves nothing behind, so it can be asked for again.
func TestOnceNotDone(t *testing.T) {
	d := newDesk(t, "")
	d.publish(t)
	award := d.award(t)
	w := d.space(t)
	for range 2 {
		o := once(t, w, "k", "reinstate")
		_, _, err := w.Reinstate(t.Context(), award.ID, issuer.Write{Actor: "test", Once: o})
		wantCode(t, err, issuer.KindConflict, "not_suspended")
		o.End()
	}
	away := errors.New("no ink")
	o, err := w.Once(t.Context(), issuer.OnceKey{Actor: "test", Text: "k"}, []byte("suspend"), func(any, uint64) ([]byte, error) { return nil, away })
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Suspend(t.Context(), award.ID, issuer.Cause{Code: issuer.ReasonOther}, issuer.Write{Actor: "test", Once: o}); !errors.Is(err, away) {
		t.Error(err)
	}
	if c, _, err := w.Credential(t.Context(), award.ID); err != nil || c.Suspended != nil {
		t.Errorf("done without an answer: %+v %v", c, err)
	}
}

// TestOnceAcrossCrash: an award that a crash cut off between intent and signature is the one that the next try gets, whether
// the start after the crash completed it or not, and it is made anew when it was given up.
func TestOnceAcrossCrash(t *testing.T) {
	for name, c := range map[string]struct {
		starts int // that find the signing broken
		same   bool
	}{"completed at the start": {0, true}, "still broken at the start": {1, true}, "given up": {5, false}} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, "")
			d.publish(t)
			try := func() (issuer.Credential, error) {
				w := d.space(t)
				o := once(t, w, "k", "award")
				defer o.End()
				return w.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}, issuer.Write{Actor: "test", Once: o})
			}
			d.check = func(context.Context, []byte) error { return errors.New("broken") }
			if _, err := try(); err == nil {
				t.Fatal("awarded without a check")
			}
			begun, _, err := d.Credentials(t.Context(), "", 10)
			if err != nil || len(begun) != 1 {
				t.Fatal(begun, err)
			}
			for range c.starts {
				d.open(t, "")
				d.clock.Add(time.Hour)
			}
			d.check = accept
			if c.starts == 0 {
				d.open(t, "")
			}
			var made [2]issuer.Credential
			for i := range made {
				if made[i], err = try(); err != nil || made[i].Issued.IsZero() {
					t.Fatal(made[i], err)
				}
			}
			if made[0].ID != made[1].ID || (made[0].ID == begun[0].ID) != c.same {
				t.Errorf("begun %s, made %s and %s", begun[0].ID, made[0].ID, made[1].ID)
			}
			if all, _, err := d.Credentials(t.Context(), "", 10); err != nil || len(all) != 1 {
				t.Errorf("%d awards, error %v", len(all), err)
			}
			if _, err := d.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
