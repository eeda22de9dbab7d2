package console

import (
	"net/url"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// TestTokensEndOnPages: whoever removes, demotes, disables or erases somebody is told which tokens end, and they do.
func TestTokensEndOnPages(t *testing.T) {
	w := newWorld(t)
	o := w.owner
	olive := w.account(o)
	bad := w.invite(olive, w.ours.ID, people.RoleOwner, "bad")
	account := w.account(bad)
	token := func(name string, scopes ...string) issuer.NewToken {
		t.Helper()
		in := issuer.TokenInput{Name: name}
		for _, scope := range scopes {
			in.Scopes = append(in.Scopes, issuer.Scope(scope))
		}
		if scopes == nil {
			in.Scopes = people.RoleOwner.Scopes()
		}
		made, err := w.service.Workspace(w.ours.ID).CreateToken(t.Context(), in, issuer.Token{Scopes: people.RoleOwner.Scopes()}, issuer.Write{Actor: "account:" + account})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	works := func(made issuer.NewToken, want bool) {
		t.Helper()
		if _, err := w.service.Authenticate(t.Context(), made.Text); (err == nil) != want {
			t.Errorf("the token %s: %v", made.Name, err)
		}
	}
	o.get(w.at("people", account, "remove")).want(t, 200, "No token of a program ends")
	awards, all := token("Moodle <i>", "credentials:read"), token("Human Resources")
	o.get(w.at("people", account, "role")).want(t, 200, "may do more than the new role", "Human Resources", "Moodle &lt;i&gt;")
	o.follow(o.confirm(w.at("people", account, "role"), url.Values{"role": {"issuer"}})).want(t, 200, "The role was changed")
	works(all, false)
	works(awards, true)
	o.follow(o.confirm(w.at("people", account, "role"), url.Values{"role": {"owner"}})).want(t, 200, "The role was changed")
	works(all, false) // what has ended stays so

	late := token("Late")
	disable := "/console/installation/accounts/" + account
	o.get(disable+"/erase").want(t, 200, "Moodle &lt;i&gt;", "Late").lacks(t, "Human Resources")
	o.get(disable+"/disable").want(t, 200, "Moodle &lt;i&gt;", "Late")
	o.follow(o.confirm(disable+"/disable", nil)).want(t, 200, "was disabled")
	works(awards, false)
	works(late, false)
	o.follow(o.confirm(disable+"/enable", nil)).want(t, 200)
	works(late, false)

	last := token("Last")
	o.get(w.at("people", account, "remove")).want(t, 200, "are revoked: Last.").lacks(t, "Human Resources", "Late")
	o.follow(o.confirm(w.at("people", account, "remove"), nil)).want(t, 200, "The member was removed")
	works(last, false)
	o.get(w.at("activity")).want(t, 200, "Olive Owner", "Last")
}

// TestLeavingOne: whoever leaves one of two organisations stays signed in for the other.
func TestLeavingOne(t *testing.T) {
	w := newWorld(t)
	two := w.roles[people.RoleAssessor]
	if err := join(t, w, w.account(w.foreign[people.RoleOwner]), w.theirs.ID, two); err != nil {
		t.Fatal(err)
	}
	if err := w.people.RemoveMember(t.Context(), w.account(w.owner), w.ours.ID, w.account(two)); err != nil {
		t.Fatal(err)
	}
	two.get(w.in("awards")).want(t, 404)
	two.get("/console/"+w.theirs.ID).want(t, 200, "Hillside District")

	// By themselves, from a page.
	owners := w.roles[people.RoleAuditor]
	if err := join(t, w, w.account(w.foreign[people.RoleOwner]), w.theirs.ID, owners); err != nil {
		t.Fatal(err)
	}
	if _, err := w.people.SetRole(t.Context(), w.account(w.owner), w.ours.ID, w.account(owners), people.RoleOwner); err != nil {
		t.Fatal(err)
	}
	leave := w.at("people", w.account(owners), "remove")
	owners.get(leave).want(t, 200, "You stay signed in")
	owners.confirm(leave, nil).want(t, 303)
	owners.get("/console/"+w.theirs.ID).want(t, 200, "Hillside District")
	owners.get(w.in("awards")).want(t, 404)
}

// join makes somebody a member of a second organisation.
func join(t *testing.T, w *world, owner, organisation string, b *browser) error {
	t.Helper()
	account, err := w.people.Account(t.Context(), w.account(b))
	if err != nil {
		return err
	}
	_, link, err := w.people.Invite(t.Context(), owner, people.InvitationInput{Organisation: organisation, Email: account.Email, Role: people.RoleAssessor})
	if err != nil {
		return err
	}
	_, _, err = w.people.AcceptInvitation(t.Context(), link[len(base+people.PathInvitation):], people.Acceptance{Account: account.ID})
	return err
}
