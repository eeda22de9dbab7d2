package issuer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

func TestAmend(t *testing.T) {
	l := newLife(t, public)
	l.settle(t, func(s *issuer.Settings) { s.RevocationList = true })
	before := l.issue(t, issuer.AwardInput{Name: "Ada Lovelace", Narrative: "Two *lessons*.", ValidFrom: noon.AddDate(0, -2, 0), ValidUntil: noon.AddDate(3, 0, 0),
		Evidence: []issuer.Evidence{{URL: "https://example.org/1", Name: "One", Narrative: "It."}},
		Results:  []credential.Result{{ResultDescription: "result-1", AchievedLevel: "meets"}}})
	if _, err := l.Archive(t.Context(), l.a.ID, staff); err != nil { // what is awarded no more is corrected all the same
		t.Fatal(err)
	}
	l.told()
	for name, test := range map[string]struct {
		in   issuer.Amendment
		kind issuer.ErrorKind
		code string
	}{
		"no address":       {issuer.Amendment{Name: ptr("Ada King")}, issuer.KindInvalid, "email"},
		"no address at it": {issuer.Amendment{Recipient: ptr("ada")}, issuer.KindInvalid, "email"},
		"nothing new":      {issuer.Amendment{Name: ptr(" Ada Lovelace "), Recipient: ptr("ADA@example.org")}, issuer.KindInvalid, "unchanged"},
		"long name":        {issuer.Amendment{Name: ptr(string(make([]byte, 5000))), Recipient: ptr("ada@example.org")}, issuer.KindInvalid, "name"},
		"long note":        {issuer.Amendment{Note: string(make([]byte, 5000)), Recipient: ptr("bo@example.org")}, issuer.KindInvalid, "note"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Amend(t.Context(), before.ID, test.in, staff)
			wantCode(t, err, test.kind, test.code)
		})
	}
	after, err := l.Amend(t.Context(), before.ID, issuer.Amendment{Name: ptr("Ada King"), Recipient: ptr("Ada@example.org"), Language: "es", Note: "She married."}, staff)
	if err != nil {
		t.Fatal(err)
	}
	events, types := l.told()
	if !slices.Equal(types, []issuer.EventType{issuer.EventIntended, issuer.EventIssued, issuer.EventSuperseded}) ||
		*events[0].Recipient != (issuer.Recipient{Email: "ada@example.org", Name: "Ada King", Language: "es"}) ||
		events[2].Subject != before.ID || events[2].Credential.SupersededBy != after.ID {
		t.Errorf("events %v: %+v", types, events)
	}
	old := l.now(t, before.ID)
	if after.Supersedes != before.ID || after.Recipient != before.Recipient || old.SupersededBy != after.ID || old.Revoked == nil ||
		old.Revoked.Code != issuer.ReasonSuperseded || old.Revoked.By != staff.Actor || string(old.JSON) != string(before.JSON) {
		t.Errorf("before %+v, after %+v", old, after)
	}
	l.wantBits(t, old, true, false)
	l.wantBits(t, after, false, false)
	was, is := read(t, before), read(t, after)
	if is.ValidFrom != was.ValidFrom || is.ValidUntil != was.ValidUntil || is.Awarded != was.ValidFrom || is.Subject.Narrative != was.Subject.Narrative ||
		len(is.Evidence) != 1 || is.Evidence[0] != was.Evidence[0] || len(is.Subject.Results) != 1 || is.Subject.Results[0].AchievedLevel != was.Subject.Results[0].AchievedLevel ||
		is.Subject.Achievement.ID != l.a.URL || is.Subject.Identifiers[0] != was.Subject.Identifiers[0] || is.Subject.Identifiers[1].Hash != "Ada King" || len(is.Subject.Identifiers) != 2 {
		t.Errorf("%s\nbecame\n%s", before.JSON, after.JSON)
	}
	if len(is.Statuses) != 3 || is.Statuses[0].Value["statusListIndex"] == was.Statuses[0].Value["statusListIndex"] && is.Statuses[0].Value["statusListCredential"] == was.Statuses[0].Value["statusListCredential"] {
		t.Errorf("status %+v", is.Statuses)
	}
	_, err = l.Amend(t.Context(), before.ID, issuer.Amendment{Recipient: ptr("bo@example.org")}, staff)
	wantCode(t, err, issuer.KindConflict, "already_revoked")

	// The address changes, and with it whose award it is.
	if _, err := l.Claim(t.Context(), after.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SetAccess(t.Context(), after.ID, issuer.AccessPublic, "earner"); err != nil {
		t.Fatal(err)
	}
	third, err := l.Amend(t.Context(), after.ID, issuer.Amendment{Name: ptr(""), Recipient: ptr("ada.king@example.org")}, staff)
	if err != nil || third.Recipient == after.Recipient || third.Access != issuer.AccessUnlisted || !third.Claimed.IsZero() {
		t.Fatalf("%+v, error %v", third, err)
	}
	if d := read(t, third); d.Awarded != was.ValidFrom || len(d.Subject.Identifiers) != 1 || !credential.MatchesIdentity(d.Subject.Identifiers[0], "ada.king@example.org") || !d.Subject.Identifiers[0].Hashed {
		t.Errorf("%s", third.JSON)
	}
	if newest, err := l.Newest(t.Context(), before.URL); err != nil || newest.ID != after.ID { // and not to whom it belongs now
		t.Errorf("newest %s, error %v", newest.ID, err)
	}
	if _, err := l.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAmendReadableAddress(t *testing.T) {
	l := newLife(t, "")
	c := l.issue(t, issuer.AwardInput{PlainRecipient: true})
	after, err := l.Amend(t.Context(), c.ID, issuer.Amendment{Name: ptr("Ada")}, staff)
	if err != nil {
		t.Fatal(err)
	}
	if i := read(t, after).Subject.Identifiers; i[0].Hash != "ada@example.org" || i[0].Hashed || i[1].Hash != "Ada" {
		t.Errorf("%+v", i)
	}
}

func TestNoSuccessor(t *testing.T) {
	l := newLife(t, public)
	l.settings(t, issuer.AchievementSettings{Renewable: true})
	other, err := l.CreateOrganisation(t.Context(), "Hillside", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	amendment := issuer.Amendment{Recipient: ptr("bo@example.org")}
	for name, test := range map[string]struct {
		make func(c issuer.Credential) error
		code string
	}{
		"suspended": {func(c issuer.Credential) error { _, err := l.Suspend(t, c); return err }, "suspended"},
		"revoked": {func(c issuer.Credential) error {
			_, _, err := l.Workspace.Revoke(t.Context(), c.ID, issuer.Cause{Code: issuer.ReasonError}, staff)
			return err
		}, "already_revoked"},
		"erased": {func(c issuer.Credential) error { _, err := l.Erase(t.Context(), c.ID, "", "earner"); return err }, "erased"},
		"renewed": {func(c issuer.Credential) error {
			_, err := l.Renew(t.Context(), c.ID, issuer.Renewal{Recipient: "ada@example.org"}, staff)
			return err
		}, "superseded"},
	} {
		t.Run(name, func(t *testing.T) {
			c := l.issue(t, issuer.AwardInput{})
			if err := test.make(c); err != nil {
				t.Fatal(err)
			}
			_, err := l.Amend(t.Context(), c.ID, amendment, staff)
			wantCode(t, err, issuer.KindConflict, test.code)
			_, err = l.Renew(t.Context(), c.ID, issuer.Renewal{Recipient: "ada@example.org"}, staff)
			wantCode(t, err, issuer.KindConflict, test.code)
		})
	}
	c := l.issue(t, issuer.AwardInput{})
	_, err = l.Service.Workspace(other.ID).Amend(t.Context(), c.ID, amendment, staff)
	wantCode(t, err, issuer.KindMissing, "not_found")
	_, err = l.Amend(t.Context(), "nothing", amendment, staff)
	wantCode(t, err, issuer.KindMissing, "not_found")
	_, err = l.Amend(t.Context(), c.ID, amendment, issuer.Write{Actor: "test", Versions: []uint64{1}})
	wantCode(t, err, issuer.KindConflict, "version")
	draft := l.leave(t)
	_, err = l.Amend(t.Context(), draft.ID, amendment, staff)
	wantCode(t, err, issuer.KindConflict, "not_issued")
}

// TestAmendAfterCrash: a correction that is cut short between its two steps is completed at the next start, once, and meanwhile no other
// one begins.
func TestAmendAfterCrash(t *testing.T) {
	l := newLife(t, public)
	before := l.issue(t, issuer.AwardInput{})
	amendment := issuer.Amendment{Recipient: ptr("bo@example.org")}
	l.check = func(context.Context, []byte) error { return errors.New("a crash") }
	key := once(t, l.Workspace, "k", "amend")
	_, err := l.Amend(t.Context(), before.ID, amendment, issuer.Write{Actor: "account:1", Once: key})
	wantCode(t, err, issuer.KindInternal, "self_check_failed")
	key.End()
	if c := l.now(t, before.ID); c.Revoked != nil || c.SupersededBy != "" {
		t.Errorf("%+v", c)
	}
	_, err = l.Amend(t.Context(), before.ID, amendment, staff)
	wantCode(t, err, issuer.KindConflict, "superseded")
	l.check = accept
	l.told()
	l.start(t)
	old := l.now(t, before.ID)
	if _, types := l.told(); l.Opening().Finished != 1 || old.Revoked == nil || old.SupersededBy == "" ||
		!slices.Equal(types, []issuer.EventType{issuer.EventIssued, issuer.EventSuperseded}) {
		t.Fatalf("opening %+v, before %+v, events %v", l.Opening(), old, types)
	}
	key = once(t, l.Workspace, "k", "amend") // who asked did not hear of it and asks again
	again, err := l.Amend(t.Context(), before.ID, amendment, issuer.Write{Actor: "account:1", Once: key})
	key.End()
	if err != nil || again.ID != old.SupersededBy || again.Supersedes != before.ID {
		t.Errorf("%+v, error %v", again, err)
	}
	if n := l.count(t, "credential"); n != 2 {
		t.Errorf("%d awards", n)
	}
	if _, err := l.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAmendGivenUp: where the correction cannot be signed the award stays as it was, and can be corrected again.
func TestAmendGivenUp(t *testing.T) {
	l := newLife(t, public)
	before := l.issue(t, issuer.AwardInput{})
	amendment := issuer.Amendment{Recipient: ptr("bo@example.org")}
	l.check = func(context.Context, []byte) error { return errors.New("it does not read back") }
	_, err := l.Amend(t.Context(), before.ID, amendment, staff)
	wantCode(t, err, issuer.KindInternal, "self_check_failed")
	for range 5 {
		l.clock.Add(time.Hour)
		l.start(t)
	}
	l.check = accept
	if c := l.now(t, before.ID); l.Opening().Burned != 1 || c.Revoked != nil || c.SupersededBy != "" {
		t.Fatalf("opening %+v, before %+v", l.Opening(), c)
	}
	if _, err := l.Amend(t.Context(), before.ID, amendment, staff); err != nil {
		t.Error(err)
	}
}

func TestRenew(t *testing.T) {
	l := newLife(t, public)
	before := l.issue(t, issuer.AwardInput{ValidUntil: noon.AddDate(0, 1, 0), Evidence: []issuer.Evidence{{Name: "One"}}})
	_, err := l.Renew(t.Context(), before.ID, issuer.Renewal{Recipient: "ada@example.org"}, staff)
	wantCode(t, err, issuer.KindConflict, "not_renewable")
	l.settings(t, issuer.AchievementSettings{Months: 12, Renewable: true})
	for name, test := range map[string]struct {
		in   issuer.Renewal
		code string
	}{
		"no address":      {issuer.Renewal{}, "email"},
		"another address": {issuer.Renewal{Recipient: "bo@example.org"}, "email"},
		"no dates":        {issuer.Renewal{Recipient: "ada@example.org", ValidUntil: noon.AddDate(-1, 0, 0)}, "dates"},
		"empty evidence":  {issuer.Renewal{Recipient: "ada@example.org", Evidence: []issuer.Evidence{{}}}, "evidence"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Renew(t.Context(), before.ID, test.in, staff)
			wantCode(t, err, issuer.KindInvalid, test.code)
		})
	}
	l.told()
	after, err := l.Renew(t.Context(), before.ID, issuer.Renewal{Recipient: "ada@example.org", ValidFrom: noon.AddDate(0, 1, 0), Evidence: []issuer.Evidence{{Name: "Two"}}}, staff)
	if err != nil {
		t.Fatal(err)
	}
	events, types := l.told()
	if !slices.Equal(types, []issuer.EventType{issuer.EventIntended, issuer.EventIssued, issuer.EventRenewed}) || events[2].Subject != before.ID {
		t.Errorf("events %v", types)
	}
	old, is := l.now(t, before.ID), read(t, after)
	if old.Revoked != nil || old.SupersededBy != after.ID || after.Supersedes != before.ID || !after.Renewal {
		t.Errorf("before %+v, after %+v", old, after)
	}
	if is.ValidUntil != "2027-12-22T12:00:00Z" || is.Awarded != "2026-11-22T12:00:00Z" || len(is.Evidence) != 1 || is.Evidence[0].Name != "Two" {
		t.Errorf("%s", after.JSON)
	}
	l.wantBits(t, old, false, false)
	for _, address := range []string{before.URL + "/refresh", after.URL + "/refresh"} {
		if text, err := l.Document(t.Context(), address); err != nil || string(text) != string(after.JSON) {
			t.Errorf("%s: %v", address, err)
		}
	}
	// Once the renewal is revoked there is none, and the award can be renewed anew.
	if _, _, err := l.Workspace.Revoke(t.Context(), after.ID, issuer.Cause{Code: issuer.ReasonError}, staff); err != nil {
		t.Fatal(err)
	}
	l.clock.Add(366 * 24 * time.Hour) // it has ended meanwhile
	again, err := l.Renew(t.Context(), before.ID, issuer.Renewal{Recipient: "ada@example.org"}, staff)
	if old := l.now(t, before.ID); err != nil || old.SupersededBy != again.ID {
		t.Errorf("%+v, error %v", old, err)
	}
}

func TestRenewNewestVersion(t *testing.T) {
	l := newLife(t, public)
	c := l.issue(t, issuer.AwardInput{Results: []credential.Result{{ResultDescription: "result-1", AchievedLevel: "meets"}}})
	newer := l.successorOf(t, l.a)
	l.a = newer
	l.settings(t, issuer.AchievementSettings{Renewable: true})
	after, err := l.Renew(t.Context(), c.ID, issuer.Renewal{Recipient: "ada@example.org"}, staff)
	if err != nil || after.Achievement != newer.ID || read(t, after).Subject.Achievement.ID != newer.URL || read(t, after).Subject.Results != nil {
		t.Errorf("%s, error %v", after.JSON, err)
	}
	if _, err := l.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}
