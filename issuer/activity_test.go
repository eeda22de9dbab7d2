package issuer_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// acts are the actions of entries with the text beside each.
func acts(list []issuer.Activity) (all []string) {
	for _, a := range list {
		text := a.Action
		if a.Text != "" {
			text += ": " + a.Text
		}
		if a.Erased {
			text += " (erased)"
		}
		all = append(all, text)
	}
	return all
}

func (d *desk) activity(t testing.TB, f issuer.ActivityFilter) []string {
	t.Helper()
	list, next, err := d.Activity(t.Context(), f, "", 0)
	if err != nil || next != "" {
		t.Fatalf("next %q, error %v", next, err)
	}
	return acts(list)
}

// TestActivity: what was done is listed by organisation, subject and actor, the newest first, with the reasons that were given, and
// nothing of another organisation is among it.
func TestActivity(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	if _, err := d.Revoke(t.Context(), c.ID, "A mistake", "account:7"); err != nil {
		t.Fatal(err)
	}
	other, err := d.CreateOrganisation(t.Context(), "Another", "", "account:7")
	if err != nil {
		t.Fatal(err)
	}
	token, err := d.CreateToken(t.Context(), issuer.TokenInput{Organisation: other.ID, Scopes: []issuer.Scope{issuer.ScopeKeysRead}, Actor: "account:7"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.RevokeToken(t.Context(), token.ID, "account:8"); err != nil {
		t.Fatal(err)
	}
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours := all[0].ID
	for name, test := range map[string]struct {
		filter issuer.ActivityFilter
		want   []string
	}{
		"all": {issuer.ActivityFilter{}, []string{"token.revoked", "token.created", "organisation.created", "credential.revoked: A mistake",
			"credential.issued", "credential.intended", "achievement.published", "organisation.created", "installation.created"}},
		"an organisation":          {issuer.ActivityFilter{Organisation: ours}, []string{"credential.revoked: A mistake", "credential.issued", "achievement.published", "organisation.created"}},
		"the other":                {issuer.ActivityFilter{Organisation: other.ID}, []string{"token.revoked", "token.created", "organisation.created"}},
		"a subject":                {issuer.ActivityFilter{Subject: c.ID}, []string{"credential.revoked: A mistake", "credential.issued"}},
		"a subject of the other":   {issuer.ActivityFilter{Organisation: other.ID, Subject: c.ID}, nil},
		"an actor":                 {issuer.ActivityFilter{Organisation: ours, Actor: "account:7"}, []string{"credential.revoked: A mistake"}},
		"the same elsewhere":       {issuer.ActivityFilter{Organisation: other.ID, Actor: "account:7"}, []string{"token.created", "organisation.created"}},
		"a subject and an actor":   {issuer.ActivityFilter{Organisation: ours, Subject: c.ID, Actor: "test"}, []string{"credential.issued"}},
		"on the installation":      {issuer.ActivityFilter{Actor: "laurel"}, []string{"installation.created"}},
		"nothing that is known":    {issuer.ActivityFilter{Organisation: "none"}, nil},
		"what can be no id at all": {issuer.ActivityFilter{Subject: "\xff"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, d.activity(t, test.filter)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if err := d.EraseReason(t.Context(), 6, "account:9"); err != nil {
		t.Fatal(err)
	}
	if got := d.activity(t, issuer.ActivityFilter{Subject: c.ID})[0]; got != "credential.revoked (erased)" {
		t.Errorf("after its reason was erased: %s", got)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestActivityPages: pages follow each other without a gap, also where much is left out, and a cursor of another list is refused.
func TestActivityPages(t *testing.T) {
	d := newDesk(t, "")
	d.publish(t)
	c := d.award(t)
	for i := range 60 {
		change, actor := d.Suspend, "one"
		if i%2 == 1 {
			change, actor = func(ctx context.Context, id, _, actor string) (issuer.Credential, error) {
				return d.Reinstate(ctx, id, actor)
			}, "another"
		}
		if _, err := change(t.Context(), c.ID, strconv.Itoa(i), actor); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []issuer.ActivityFilter{{Subject: c.ID}, {Subject: c.ID, Actor: "one"}, {}} {
		var all []uint64
		cursor := ""
		for {
			page, next, err := d.Activity(t.Context(), f, cursor, 7)
			if err != nil || len(page) > 7 {
				t.Fatalf("%d entries, error %v", len(page), err)
			}
			for _, a := range page {
				if len(all) > 0 && a.Sequence >= all[len(all)-1] {
					t.Fatalf("%d after %d", a.Sequence, all[len(all)-1])
				}
				all = append(all, a.Sequence)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if want := map[string]int{"": 61, "one": 30}[f.Actor]; f.Subject != "" && len(all) != want {
			t.Errorf("%+v: %d entries", f, len(all))
		}
	}
	_, _, err := d.Activity(t.Context(), issuer.ActivityFilter{}, "x", 7)
	wantCode(t, err, issuer.KindInvalid, "cursor")
}

// TestActivityOrganisation: entries say of which organisation their subject is; those of an act on the installation do not.
func TestActivityOrganisation(t *testing.T) {
	d, o := signingDesk(t, public)
	d.publish(t)
	d.leave(t)
	draft, err := d.space(t).Draft(t.Context(), issuer.AchievementInput{Name: "N", Description: "D", Criteria: "C"}, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.space(t).Publish(t.Context(), draft.ID, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.space(t).Sign(t.Context(), issuer.SignInput{Document: unsigned(o.DID), Purposes: []string{"revocation"}}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.RotateKey(t.Context(), o.ID, "EdDSA", "test"); err != nil {
		t.Fatal(err)
	}
	list, _, err := d.Activity(t.Context(), issuer.ActivityFilter{}, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if want := map[bool]string{true: "", false: o.ID}[a.Action == "installation.created"]; a.Organisation != want {
			t.Errorf("%s of %s is of %q", a.Action, a.Subject, a.Organisation)
		}
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}
