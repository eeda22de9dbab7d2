package issuer_test

import (
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestUndoCorrected: undoing a batch revokes what was made in the place of its awards by correcting and renewing them, and not what
// somebody was awarded anew.
func TestUndoCorrected(t *testing.T) {
	l := newLife(t, public)
	l.settings(t, issuer.AchievementSettings{Renewable: true})
	b := l.batch(t, 4)
	l.run(t, b.ID)
	rows := l.rowsOf(t, b.ID)
	amend := func(id, email string) issuer.Credential {
		c, err := l.Amend(t.Context(), id, issuer.Amendment{Recipient: &email}, staff)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	corrected := amend(rows[0].Award, "zoe@example.org")
	renewed, err := l.Renew(t.Context(), amend(rows[1].Award, "kim@example.org").ID, issuer.Renewal{Recipient: "kim@example.org"}, staff)
	if err != nil {
		t.Fatal(err)
	}
	l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesReplaced})
	anew := l.issue(t, issuer.AwardInput{Recipient: awards(4)[2].Recipient})
	if l.now(t, rows[2].Award).SupersededBy != anew.ID {
		t.Fatal("nothing was replaced")
	}
	cause := issuer.Cause{Code: issuer.ReasonError}
	_, version, err := l.Workspace.Batch(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.UndoBatch(t.Context(), b.ID, cause, issuer.Write{Actor: staff.Actor, Versions: []uint64{version + 1}})
	wantRefusal(t, "on another version", err, issuer.KindConflict, "version")
	undoing, err := l.UndoBatch(t.Context(), b.ID, cause, issuer.Write{Actor: staff.Actor, Versions: []uint64{version}})
	if err != nil || undoing.Total != 4 { // the correction, that of the second and its renewal, and the fourth
		t.Fatalf("%+v, error %v", undoing, err)
	}
	l.run(t, undoing.ID)
	for what, c := range map[string]struct {
		id    string
		state issuer.CredentialState
	}{
		"the correction": {corrected.ID, issuer.CredentialRevoked}, "the renewal": {renewed.ID, issuer.CredentialRevoked},
		"what was renewed": {renewed.Supersedes, issuer.CredentialRevoked}, "the last": {rows[3].Award, issuer.CredentialRevoked},
		"what was awarded anew": {anew.ID, issuer.CredentialIssued},
	} {
		if now := l.now(t, c.id); now.State() != c.state {
			t.Errorf("%s is %s", what, now.State())
		}
	}
}

// TestRevocationLeavesOut: the order in which awards are listed leaves none of them out.
func TestRevocationLeavesOut(t *testing.T) {
	l := newLife(t, public)
	c := l.issue(t, issuer.AwardInput{})
	in := issuer.RevokeInput{Name: "all", Filter: issuer.CredentialFilter{Newest: true}, Cause: issuer.Cause{Code: issuer.ReasonError}}
	_, err := l.PrepareRevocation(t.Context(), in, staff)
	wantRefusal(t, "no filter", err, issuer.KindInvalid, "filter")
	in.IDs = []string{c.ID}
	if b, err := l.PrepareRevocation(t.Context(), in, staff); err != nil || b.Total != 1 {
		t.Errorf("%+v, error %v", b, err)
	}
}

// TestDropAgain: who asks again under the same key whether a batch was ended gets the first answer.
func TestDropAgain(t *testing.T) {
	l := newLife(t, public)
	b := l.batch(t, 3)
	for try := range 2 {
		o, err := l.Once(t.Context(), issuer.OnceKey{Actor: "test", Text: "key"}, []byte("request"), func(value any, _ uint64) ([]byte, error) { return []byte(value.(issuer.Batch).State), nil })
		if err != nil {
			t.Fatal(err)
		}
		if try == 0 {
			_, err = l.Workspace.DropBatch(t.Context(), b.ID, issuer.Write{Actor: program.Actor, Once: o})
		}
		if o.End(); err != nil || try > 0 && string(o.Answer) != string(issuer.BatchFinished) {
			t.Errorf("answer %q, error %v", o.Answer, err)
		}
	}
}
