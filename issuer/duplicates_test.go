package issuer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

func TestDuplicates(t *testing.T) {
	l := newLife(t, public)
	person := issuer.AwardInput{Recipient: "Ada@example.org"}
	first := l.issue(t, person)
	l.issue(t, person) // allowed

	l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesRefused})
	_, err := l.Workspace.Issue(t.Context(), person, staff)
	wantCode(t, err, issuer.KindConflict, "duplicate")
	l.issue(t, issuer.AwardInput{Recipient: "bo@example.org"})
	bo, err := l.Amend(t.Context(), first.ID, issuer.Amendment{Recipient: ptr("bo@example.org")}, staff)
	wantCode(t, err, issuer.KindConflict, "duplicate")
	if bo.ID != "" {
		t.Error("an award was made")
	}
	held := l.issue(t, issuer.AwardInput{Recipient: "cy@example.org", ValidUntil: noon.Add(time.Hour)})
	_, err = l.Workspace.Issue(t.Context(), issuer.AwardInput{Recipient: "CY@example.org "}, staff)
	wantCode(t, err, issuer.KindConflict, "duplicate")
	l.clock.Add(2 * time.Hour) // it has ended
	second := l.issue(t, issuer.AwardInput{Recipient: "cy@example.org"})
	if held.ID == second.ID || second.Supersedes != "" {
		t.Errorf("%+v", second)
	}
	if _, _, err := l.Workspace.Revoke(t.Context(), second.ID, issuer.Cause{Code: issuer.ReasonError}, staff); err != nil {
		t.Fatal(err)
	}
	l.issue(t, issuer.AwardInput{Recipient: "cy@example.org"})

	l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesReplaced})
	person.Recipient = "dee@example.org"
	older := l.issue(t, person)
	l.told()
	newer := l.issue(t, person)
	if _, types := l.told(); !slices.Equal(types, []issuer.EventType{issuer.EventIntended, issuer.EventIssued, issuer.EventSuperseded}) {
		t.Errorf("events %v", types)
	}
	if older = l.now(t, older.ID); newer.Supersedes != older.ID || older.SupersededBy != newer.ID || older.Revoked == nil || older.Revoked.Code != issuer.ReasonSuperseded {
		t.Errorf("older %+v, newer %+v", older, newer)
	}
	l.wantBits(t, older, true, false)
	l.check = func(context.Context, []byte) error { return errors.New("a crash") }
	_, err = l.Workspace.Issue(t.Context(), person, staff)
	wantCode(t, err, issuer.KindInternal, "self_check_failed")
	l.check = accept
	_, err = l.Workspace.Issue(t.Context(), person, staff) // which of the two would it take the place of?
	wantCode(t, err, issuer.KindConflict, "superseded")
}

// TestDuplicateVersions: whoever holds one version of an achievement holds the others too.
func TestDuplicateVersions(t *testing.T) {
	l := newLife(t, public)
	first := l.a
	l.issue(t, issuer.AwardInput{Achievement: first.ID})
	l.a = l.successorOf(t, first)
	l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesRefused})
	_, err := l.Workspace.Issue(t.Context(), issuer.AwardInput{Achievement: l.a.ID, Recipient: "ada@example.org"}, staff)
	wantCode(t, err, issuer.KindConflict, "duplicate")
	l.a = l.publish(t) // another achievement
	l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesRefused})
	l.issue(t, issuer.AwardInput{Achievement: l.a.ID})
}
