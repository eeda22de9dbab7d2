package people

import (
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestProgram: a token works on the people of its own organisation, as far as its scopes go, and hands on nothing that it may not do.
func TestProgram(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	may := func(organisation string, scopes ...issuer.Scope) Program {
		return h.Program(issuer.Token{ID: "t", Organisation: organisation, Scopes: scopes})
	}
	everything := may(h.first.ID, RoleOwner.Scopes()...)
	lee := h.member(h.first.ID, "lee@cedar.example", RoleAuditor)
	if all, err := everything.Members(ctx); err != nil || len(all) != 2 {
		t.Errorf("%v, error %v", all, err)
	}
	if m, err := everything.SetRole(ctx, lee, RoleIssuer); err != nil || m.Role != RoleIssuer {
		t.Errorf("%v, error %v", m, err)
	}
	invited, link, err := everything.Invite(ctx, InvitationInput{Organisation: h.other.ID, Email: "max@cedar.example", Role: RoleIssuer})
	if err != nil || link != "" || invited.Organisation != h.first.ID || invited.By != "token:t" {
		t.Errorf("%+v %q, error %v", invited, link, err)
	}
	if open, err := everything.Invitations(ctx); err != nil || len(open) != 1 {
		t.Errorf("%v, error %v", open, err)
	}

	// One that may do less.
	modest := may(h.first.ID, append(RoleAuditor.Scopes(), issuer.ScopePeopleWrite)...)
	for name, try := range map[string]func() error{
		"making an owner":    func() error { _, err := modest.SetRole(ctx, lee, RoleOwner); return err },
		"unmaking an issuer": func() error { _, err := modest.SetRole(ctx, lee, RoleAuditor); return err },
		"removing the owner": func() error { return modest.RemoveMember(ctx, h.owner) },
		"inviting an issuer": func() error {
			_, _, err := modest.Invite(ctx, InvitationInput{Email: "eve@cedar.example", Role: RoleIssuer})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { is(t, try(), issuer.KindDenied, "beyond") })
	}
	if _, _, err := modest.Invite(ctx, InvitationInput{Email: "kim@cedar.example", Role: RoleAuditor}); err != nil {
		t.Error(err)
	}

	// Ones that may not, and one of another organisation.
	reader := may(h.first.ID, issuer.ScopePeopleRead)
	_, err = reader.SetRole(ctx, lee, RoleAuditor)
	is(t, err, issuer.KindDenied, "role")
	is(t, reader.RemoveMember(ctx, lee), issuer.KindDenied, "role")
	is(t, reader.Withdraw(ctx, invited.ID), issuer.KindDenied, "role")
	_, err = may(h.first.ID, issuer.ScopePeopleWrite).Members(ctx)
	is(t, err, issuer.KindDenied, "role")
	stranger := may(h.other.ID, RoleOwner.Scopes()...)
	_, err = stranger.SetRole(ctx, lee, RoleAuditor)
	is(t, err, issuer.KindMissing, "not_found")
	is(t, stranger.RemoveMember(ctx, lee), issuer.KindMissing, "not_found")
	is(t, stranger.Withdraw(ctx, invited.ID), issuer.KindMissing, "not_found")

	if err := everything.Withdraw(ctx, invited.ID); err != nil {
		t.Error(err)
	}

	// A token that was stolen makes nobody an owner, and takes nobody out who is one.
	bo := h.member(h.first.ID, "bo@cedar.example", RoleOwner)
	before := h.dump()
	for name, try := range map[string]func() error{
		"inviting an owner": func() error {
			_, _, err := everything.Invite(ctx, InvitationInput{Email: "eve@cedar.example", Role: RoleOwner})
			return err
		},
		"making an owner":   func() error { _, err := everything.SetRole(ctx, lee, RoleOwner); return err },
		"unmaking an owner": func() error { _, err := everything.SetRole(ctx, bo, RoleIssuer); return err },
		"removing an owner": func() error { return everything.RemoveMember(ctx, bo) },
	} {
		t.Run(name+" with every scope", func(t *testing.T) { is(t, try(), issuer.KindDenied, "beyond") })
	}
	if h.dump() != before {
		t.Error("something was changed")
	}
	if err := everything.RemoveMember(ctx, lee); err != nil {
		t.Error(err)
	}
}
