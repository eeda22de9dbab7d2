package issuer_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// life is an installation with a published achievement that tells what happens in it.
type life struct {
	*desk
	issuer.Workspace
	a      issuer.Achievement
	events []issuer.Event
}

func newLife(t testing.TB, base string) *life {
	t.Helper()
	l := &life{desk: newDesk(t, base)}
	l.a = l.publish(t)
	l.start(t)
	return l
}

// start opens the installation anew, as another process would.
func (l *life) start(t testing.TB) {
	t.Helper()
	folder, _, err := keys.OpenFolder(filepath.Join(l.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	l.Service, err = issuer.Open(t.Context(), issuer.Config{Store: l.store, Keys: folder, Now: l.clock.Now, Enqueue: l.enqueue,
		Check: func(ctx context.Context, sealed []byte) error { return l.check(ctx, sealed) },
		Observe: func(_ issuer.Tx, e issuer.Event) error {
			if e.Credential != nil {
				c := *e.Credential
				e.Credential = &c
			}
			l.events = append(l.events, e)
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	l.Workspace = l.Service.Workspace(l.organisation(t).ID)
}

// told returns the events since the last call, and their types.
func (l *life) told() (events []issuer.Event, types []issuer.EventType) {
	events, l.events = l.events, nil
	for _, e := range events {
		types = append(types, e.Type)
	}
	return events, types
}

// now reads an award as it is.
func (l *life) now(t testing.TB, id string) issuer.Credential {
	t.Helper()
	c, err := l.Service.Credential(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (l *life) issue(t testing.TB, in issuer.AwardInput) issuer.Credential {
	t.Helper()
	if in.Recipient == "" {
		in.Recipient = "Ada@Example.org"
	}
	c, err := l.Workspace.Issue(t.Context(), in, staff)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// settle changes settings of the organisation.
func (l *life) settle(t testing.TB, change func(*issuer.Settings)) {
	t.Helper()
	o := l.organisation(t)
	c := issuer.Configuration{Name: o.Name, Email: o.Email, Settings: o.Settings}
	change(&c.Settings)
	if _, _, err := l.Configure(t.Context(), c, staff); err != nil {
		t.Fatal(err)
	}
}

var staff = issuer.Write{Actor: "account:1"}

// read is the document of an award.
func read(t testing.TB, c issuer.Credential) *credential.Credential {
	t.Helper()
	document, err := credential.Parse(c.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func ptr[T any](v T) *T { return &v }

func TestAwardSaysMore(t *testing.T) {
	l := newLife(t, public)
	l.settings(t, issuer.AchievementSettings{Months: 25, Renewable: true})
	from := time.Date(2024, 1, 31, 9, 0, 0, 0, time.UTC)
	c := l.issue(t, issuer.AwardInput{AwardedDate: noon.AddDate(0, -3, 0), Role: " Mentor ", Term: "Spring 2026", LicenseNumber: "T-1", ValidFrom: from})
	d := read(t, c)
	if d.Awarded != "2026-08-22T12:00:00Z" || d.ValidFrom != "2024-01-31T09:00:00Z" || d.ValidUntil != "2026-02-28T09:00:00Z" ||
		d.Subject.Role != "Mentor" || d.Subject.Term != "Spring 2026" || d.Subject.LicenseNumber != "T-1" {
		t.Errorf("%s", c.JSON)
	}
	if len(d.Refresh) != 1 || d.Refresh[0].Value["id"] != c.URL+"/refresh" || d.Refresh[0].Value["type"] != "1EdTechCredentialRefresh" {
		t.Errorf("refresh service %+v", d.Refresh)
	}
	if given := read(t, l.issue(t, issuer.AwardInput{ValidUntil: noon.AddDate(1, 0, 0)})); given.ValidUntil != "2027-11-22T12:00:00Z" || given.Awarded != "" {
		t.Errorf("ends %s, awarded %s", given.ValidUntil, given.Awarded)
	}
	for name, test := range map[string]struct {
		in   issuer.AwardInput
		code string
	}{
		"awarded tomorrow":       {issuer.AwardInput{AwardedDate: noon.Add(24 * time.Hour)}, "awarded"},
		"awarded before 1990":    {issuer.AwardInput{AwardedDate: time.Date(1989, 12, 31, 0, 0, 0, 0, time.UTC)}, "awarded"},
		"public from the start":  {issuer.AwardInput{Access: issuer.AccessPublic}, "access"},
		"an access of no name":   {issuer.AwardInput{Access: "secret"}, "access"},
		"it ends before it does": {issuer.AwardInput{ValidUntil: noon.Add(-time.Hour)}, "dates"},
	} {
		t.Run(name, func(t *testing.T) {
			test.in.Recipient = "ada@example.org"
			_, err := l.Workspace.Issue(t.Context(), test.in, staff)
			wantCode(t, err, issuer.KindInvalid, test.code)
		})
	}
}

func TestCause(t *testing.T) {
	l := newLife(t, public)
	const note = "Parent called; see file 12."
	c := l.issue(t, issuer.AwardInput{})
	for name, test := range map[string]struct {
		cause issuer.Cause
		code  string
	}{
		"no code":        {issuer.Cause{Reason: "why"}, "code"},
		"unknown code":   {issuer.Cause{Code: "dislike", Reason: "why"}, "code"},
		"other, no text": {issuer.Cause{Code: issuer.ReasonOther}, "reason"},
		"long reason":    {issuer.Cause{Code: issuer.ReasonError, Reason: string(make([]byte, 2001))}, "reason"},
		"bad note":       {issuer.Cause{Code: issuer.ReasonError, Note: "\xff"}, "note"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := l.Workspace.Revoke(t.Context(), c.ID, test.cause, staff)
			wantCode(t, err, issuer.KindInvalid, test.code)
		})
	}
	suspended, _, err := l.Workspace.Suspend(t.Context(), c.ID, issuer.Cause{Code: issuer.ReasonInquiry, Note: note}, staff)
	if err != nil || suspended.Suspended.Code != issuer.ReasonInquiry || suspended.Suspended.Note != note || suspended.Suspended.Reason != "" {
		t.Fatalf("%+v, error %v", suspended.Suspended, err)
	}
	revoked, version, err := l.Workspace.Revoke(t.Context(), c.ID, issuer.Cause{Code: issuer.ReasonEvidence, Reason: "The lessons are not hers.", Note: note}, staff)
	if err != nil || version != 4 || revoked.Revoked.Code != issuer.ReasonEvidence || revoked.Revoked.Note != note {
		t.Fatalf("%+v, version %d, error %v", revoked.Revoked, version, err)
	}
	texts := map[string]int{}
	for _, row := range l.rows(t, kindOf(t, "audit-reason")) {
		texts[object(t, row.Body)["text"].(string)]++
	}
	if texts[note] != 2 || len(texts) != 1 {
		t.Errorf("beside the log %v", texts)
	}
}

func TestSecondPersonIsAsked(t *testing.T) {
	l := newLife(t, public)
	c := l.issue(t, issuer.AwardInput{})
	l.settle(t, func(s *issuer.Settings) { s.Second = []issuer.Act{issuer.ActAward, issuer.ActRevoke} })
	l.settings(t, issuer.AchievementSettings{Renewable: true})
	for name, act := range map[string]func() error{
		"award": func() error {
			_, err := l.Workspace.Issue(t.Context(), issuer.AwardInput{Recipient: "bo@example.org"}, staff)
			return err
		},
		"revoke": func() error {
			_, _, err := l.Workspace.Revoke(t.Context(), c.ID, issuer.Cause{Code: issuer.ReasonError}, staff)
			return err
		},
		"revoke by a program": func() error {
			return l.SetStatus(t.Context(), issuer.StatusChange{Name: c.ID, Purpose: "revocation", Set: true}, staff)
		},
		"give to another": func() error {
			_, err := l.Amend(t.Context(), c.ID, issuer.Amendment{Recipient: ptr("bo@example.org")}, staff)
			return err
		},
		"renew": func() error {
			_, err := l.Renew(t.Context(), c.ID, issuer.Renewal{Recipient: "ada@example.org"}, staff)
			return err
		},
	} {
		wantCode(t, act(), issuer.KindDenied, "second_person")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if n := l.count(t, "credential"); n != 1 {
		t.Errorf("%d awards", n)
	}
}

// settings changes what is done with awards of the achievement.
func (l *life) settings(t testing.TB, s issuer.AchievementSettings) {
	t.Helper()
	if _, err := l.SetAchievement(t.Context(), l.a.ID, s, staff); err != nil {
		t.Fatal(err)
	}
}

// Suspend suspends an award for an inquiry.
func (l *life) Suspend(t testing.TB, c issuer.Credential) (issuer.Credential, error) {
	got, _, err := l.Workspace.Suspend(t.Context(), c.ID, issuer.Cause{Code: issuer.ReasonInquiry}, staff)
	return got, err
}

// successorOf publishes the next version of an achievement.
func (l *life) successorOf(t testing.TB, a issuer.Achievement) issuer.Achievement {
	t.Helper()
	draft, err := l.NewVersion(t.Context(), a.ID, staff)
	if err != nil {
		t.Fatal(err)
	}
	next, err := l.Publish(t.Context(), draft.ID, staff)
	if err != nil {
		t.Fatal(err)
	}
	return next
}
