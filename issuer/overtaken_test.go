package issuer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// TestOvertaken: an award that is to take the place of another does not come into force once that one has come to another end, however
// the two are finished, and nothing is left of it.
func TestOvertaken(t *testing.T) {
	amend := func(t *testing.T, l *life, c issuer.Credential) error {
		_, err := l.Amend(t.Context(), c.ID, issuer.Amendment{Name: ptr("Ada Kingsley"), Recipient: ptr("ada@example.org"), Note: "Ada married Mr Kingsley."}, staff)
		return err
	}
	renew := func(t *testing.T, l *life, c issuer.Credential) error {
		_, err := l.Renew(t.Context(), c.ID, issuer.Renewal{Recipient: "ada@example.org", Note: "Ada Kingsley has shown it again."}, staff)
		return err
	}
	replace := func(t *testing.T, l *life, _ issuer.Credential) error {
		_, err := l.Workspace.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada Kingsley"}, staff)
		return err
	}
	revoke := func(t *testing.T, l *life, c issuer.Credential) error {
		_, _, err := l.Workspace.Revoke(t.Context(), c.ID, issuer.Cause{Code: issuer.ReasonEvidence, Reason: "Copied."}, staff)
		return err
	}
	suspend := func(t *testing.T, l *life, c issuer.Credential) error {
		_, _, err := l.OpenCase(t.Context(), issuer.CaseInput{Credential: c.ID, Code: issuer.ReasonEvidence, Allegation: "Copied.", Suspend: true}, staff)
		return err
	}
	erase := func(t *testing.T, l *life, c issuer.Credential) error {
		_, err := l.Erase(t.Context(), c.ID, "", "earner")
		return err
	}
	for name, test := range map[string]struct {
		begin, end func(*testing.T, *life, issuer.Credential) error
		state      issuer.CredentialState
		code       string
	}{
		"corrected and revoked":   {amend, revoke, issuer.CredentialRevoked, "already_revoked"},
		"corrected and suspended": {amend, suspend, issuer.CredentialSuspended, "suspended"},
		"corrected and erased":    {amend, erase, issuer.CredentialErased, ""},
		"renewed and revoked":     {renew, revoke, issuer.CredentialRevoked, "already_revoked"},
		"renewed and suspended":   {renew, suspend, issuer.CredentialSuspended, "suspended"},
		"renewed and erased":      {renew, erase, issuer.CredentialErased, ""},
		"replaced and revoked":    {replace, revoke, issuer.CredentialRevoked, "already_revoked"},
		"replaced and erased":     {replace, erase, issuer.CredentialErased, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLife(t, public)
			l.settings(t, issuer.AchievementSettings{Renewable: true, Months: 12, Duplicates: issuer.DuplicatesReplaced})
			before := l.issue(t, issuer.AwardInput{Name: "Ada"})
			l.check = func(context.Context, []byte) error { return errors.New("away") }
			wantCode(t, test.begin(t, l, before), issuer.KindInternal, "self_check_failed")
			after := l.drafts(t)[0]
			l.check = accept
			l.told()
			if err := test.end(t, l, before); err != nil {
				t.Fatal(err)
			}
			l.start(t)
			opening := l.Opening()
			if test.code == "" { // it went with the one before
				if opening.Burned+opening.Finished != 0 || opening.Unfinished != nil {
					t.Errorf("opening %+v", opening)
				}
			} else if opening.Burned != 1 || opening.Finished != 0 || opening.Unfinished == nil || !strings.Contains(opening.Unfinished.Error(), "giving up the award "+after.ID) {
				t.Errorf("opening %+v", opening)
			} else {
				var why *issuer.Error
				if !errors.As(opening.Unfinished, &why) || why.Code != test.code {
					t.Errorf("given up because of %v", why)
				}
			}
			if c := l.now(t, before.ID); c.State() != test.state || c.SupersededBy != "" {
				t.Errorf("before: %+v", c)
			}
			_, err := l.Service.Credential(t.Context(), after.ID)
			wantCode(t, err, issuer.KindMissing, "not_found")
			if _, types := l.told(); !slices.Contains(types, issuer.EventBurned) || slices.Contains(types, issuer.EventIssued) {
				t.Errorf("events %v", types)
			}
			for _, k := range issuer.Kinds() {
				l.wantForgotten(t, k.Name, "Kingsley")
			}
			if n := l.actions(t, "credential.burned"); n != 1 {
				t.Errorf("%d entries tell of it", n)
			}
			if _, err := l.VerifyAuditDeep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOvertakenWhileSigned: who waits for the award is told why there is none, and so is the row of a batch.
func TestOvertakenWhileSigned(t *testing.T) {
	l := newLife(t, public)
	l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesReplaced})
	revoking := func(id string) {
		var first sync.Once
		l.check = func(ctx context.Context, _ []byte) (err error) {
			first.Do(func() { _, _, err = l.Workspace.Revoke(ctx, id, issuer.Cause{Code: issuer.ReasonEvidence}, staff) })
			return err
		}
	}
	before := l.issue(t, issuer.AwardInput{})
	revoking(before.ID)
	_, err := l.Amend(t.Context(), before.ID, issuer.Amendment{Recipient: ptr("bo@example.org")}, staff)
	wantCode(t, err, issuer.KindConflict, "already_revoked")

	held := l.issue(t, issuer.AwardInput{Recipient: "p0@example.org"})
	b := l.batch(t, 2)
	revoking(held.ID)
	if finished, err := l.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Fatal(finished, err)
	}
	b, err = l.Service.Batch(t.Context(), b.ID)
	rows := l.rowsOf(t, b.ID)
	if err != nil || b.Done != 1 || b.Failed != 1 || rows[0].Code != "already_revoked" || rows[0].Problem == "" || rows[1].State() != issuer.RowDone {
		t.Errorf("%+v, rows %+v, error %v", b, rows, err)
	}
	if len(l.drafts(t)) > 0 {
		t.Error("drafts are left")
	}
}

// TestReplaceAll: a new award takes the place of all that the person holds of the achievement, but for those that have come to another end
// by then.
func TestReplaceAll(t *testing.T) {
	l := newLife(t, public)
	person := issuer.AwardInput{Recipient: "ada@example.org"}
	a, b, c := l.issue(t, person), l.issue(t, person), l.issue(t, person)
	l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesReplaced})
	l.check = func(ctx context.Context, _ []byte) error {
		l.check = accept
		_, _, err := l.Workspace.Revoke(ctx, b.ID, issuer.Cause{Code: issuer.ReasonError}, staff)
		return err
	}
	l.told()
	n := l.issue(t, person)
	a, b, c = l.now(t, a.ID), l.now(t, b.ID), l.now(t, c.ID)
	if a.SupersededBy != n.ID || c.SupersededBy != n.ID || a.Revoked == nil || c.Revoked == nil || b.SupersededBy != "" || b.Revoked.Code != issuer.ReasonError || n.State() != issuer.CredentialIssued {
		t.Errorf("%+v\n%+v\n%+v\n%+v", a, b, c, n)
	}
	if _, types := l.told(); !slices.Equal(types, []issuer.EventType{issuer.EventIntended, issuer.EventRevoked, issuer.EventIssued, issuer.EventSuperseded, issuer.EventSuperseded}) {
		t.Errorf("events %v", types)
	}
	l.wantBits(t, a, true, false)
	again := l.issue(t, person)
	if n = l.now(t, n.ID); n.SupersededBy != again.ID || again.AlsoReplaces != nil {
		t.Errorf("%+v", again)
	}
}

// TestGivenUpIsTold: of an award that cannot be signed everybody who was told that it was begun is told that it was given up.
func TestGivenUpIsTold(t *testing.T) {
	l := newLife(t, public)
	l.check = func(context.Context, []byte) error { return errors.New("x") }
	_, err := l.Workspace.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}, staff)
	wantCode(t, err, issuer.KindInternal, "self_check_failed")
	draft := l.drafts(t)[0]
	l.told()
	for range 5 {
		l.clock.Add(time.Hour)
		l.start(t)
	}
	if events, types := l.told(); !slices.Equal(types, []issuer.EventType{issuer.EventBurned}) || events[0].Subject != draft.ID || events[0].Credential == nil {
		t.Errorf("events %v", types)
	}
}
