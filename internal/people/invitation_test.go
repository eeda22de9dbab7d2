package people

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

func TestInvitation(t *testing.T) {
	h := opened(t)
	ctx, id := t.Context(), h.first.ID
	made, link, err := h.Invite(ctx, h.owner, InvitationInput{Organisation: id, Email: "Bo@Cedar.example", Role: RoleIssuer, Language: "es"})
	ok(t, err)
	m := h.mailed()
	if link != "" || m.To != "bo@cedar.example" || m.Kind != MessageInvitation || m.Name != "Cedar County Schools" || m.Language != "es" || m.Role != RoleIssuer {
		t.Errorf("the message is %+v, the link %q", m, link)
	}
	if strings.Contains(h.dump(), token(m.Link)) {
		t.Error("the token of an invitation is kept")
	}
	open, err := h.PeekInvitation(ctx, token(m.Link))
	if err != nil || open.Name != "Cedar County Schools" || open.Known || open.ID != made.ID {
		t.Errorf("it reads %+v, %v", open, err)
	}
	_, _, err = h.AcceptInvitation(ctx, token(m.Link), Acceptance{})
	is(t, err, issuer.KindInvalid, "name")
	joined, proof, err := h.AcceptInvitation(ctx, token(m.Link), Acceptance{Person: PersonInput{Name: "Bo"}})
	ok(t, err)
	a, err := h.Account(ctx, proof.Account())
	if err != nil || a.Email != "bo@cedar.example" || !a.Proven || a.Language != "es" || joined.Role != RoleIssuer || joined.Account != a.ID {
		t.Errorf("the account is %+v, the membership %+v, %v", a, joined, err)
	}
	_, _, err = h.AcceptInvitation(ctx, token(m.Link), Acceptance{Person: PersonInput{Name: "Bo"}})
	is(t, err, issuer.KindMissing, "not_found")
	_, _, err = h.Invite(ctx, h.owner, InvitationInput{Organisation: id, Email: "bo@cedar.example", Role: RoleOwner})
	is(t, err, issuer.KindConflict, "already_member")
	_, _, err = h.Invite(ctx, a.ID, InvitationInput{Organisation: id, Email: "eve@cedar.example", Role: RoleOwner})
	is(t, err, issuer.KindDenied, "role")
}

func TestInvitationEnds(t *testing.T) {
	h := opened(t)
	ctx, id := t.Context(), h.first.ID
	first := h.invite(id, h.owner, "bo@cedar.example", RoleIssuer)
	second := h.invite(id, h.owner, "bo@cedar.example", RoleAuditor)
	_, err := h.PeekInvitation(ctx, first)
	is(t, err, issuer.KindMissing, "not_found")
	list, err := h.Invitations(ctx, h.owner, id)
	if err != nil || len(list) != 1 || list[0].Role != RoleAuditor {
		t.Fatalf("open are %+v, %v", list, err)
	}
	ok(t, h.Withdraw(ctx, h.owner, id, list[0].ID))
	_, err = h.PeekInvitation(ctx, second)
	is(t, err, issuer.KindMissing, "not_found")
	is(t, h.Withdraw(ctx, h.owner, id, list[0].ID), issuer.KindMissing, "not_found")

	third := h.invite(id, h.owner, "bo@cedar.example", RoleAuditor)
	h.pass(7 * 24 * time.Hour)
	_, _, err = h.AcceptInvitation(ctx, third, Acceptance{Person: PersonInput{Name: "Bo"}})
	is(t, err, issuer.KindMissing, "not_found")

	cleo := h.member(id, "cleo@cedar.example", RoleOwner)
	theirs := h.invite(id, cleo, "eve@cedar.example", RoleOwner)
	ok(t, h.RemoveMember(ctx, h.owner, id, cleo))
	_, err = h.PeekInvitation(ctx, theirs)
	is(t, err, issuer.KindMissing, "not_found")
}

func TestInvitationOfAnAccount(t *testing.T) {
	h := opened(t)
	ctx, id := t.Context(), h.first.ID
	bo, cleo := h.member(h.other.ID, "bo@birch.example", RoleOwner), h.member(h.other.ID, "cleo@birch.example", RoleAuditor)
	t.Run("its link signs it in", func(t *testing.T) {
		link := h.invite(id, h.owner, "bo@birch.example", RoleIssuer)
		open, err := h.PeekInvitation(ctx, link)
		if err != nil || !open.Known {
			t.Errorf("it reads %+v, %v", open, err)
		}
		joined, proof, err := h.AcceptInvitation(ctx, link, Acceptance{})
		if err != nil || proof.Account() != bo || joined.Account != bo {
			t.Errorf("it joined as %+v, %v", joined, err)
		}
	})
	t.Run("another account has to confirm", func(t *testing.T) {
		link := h.invite(id, h.owner, "cleo.private@birch.example", RoleIssuer)
		_, _, err := h.AcceptInvitation(ctx, link, Acceptance{Account: cleo})
		is(t, err, issuer.KindConflict, "other_account")
		joined, proof, err := h.AcceptInvitation(ctx, link, Acceptance{Account: cleo, Confirmed: true})
		if err != nil || joined.Account != cleo || proof.Account() != "" {
			t.Errorf("it joined as %+v, %v", joined, err)
		}
	})
	t.Run("a member keeps its role", func(t *testing.T) {
		link := h.invite(id, h.owner, "else@birch.example", RoleAuditor)
		_, _, err := h.AcceptInvitation(ctx, link, Acceptance{Account: h.owner, Confirmed: true})
		is(t, err, issuer.KindConflict, "already_member")
		_, err = h.PeekInvitation(ctx, link)
		ok(t, err)
	})
}

// TestShownInvitation: where no mail is sent, whoever invites sees the link, and gets nobody's account by it.
func TestShownInvitation(t *testing.T) {
	h := empty(t, func(c *Config) { c.Mail = nil })
	ctx := t.Context()
	owner := h.settle()
	mallory := h.member(h.other.ID, "mallory@birch.example", RoleOwner)
	invite := func(email string) string {
		_, link, err := h.Invite(ctx, mallory, InvitationInput{Organisation: h.other.ID, Email: email, Role: RoleIssuer})
		if err != nil || !strings.HasPrefix(link, testBase+PathInvitation) {
			t.Fatalf("the link is %q, %v", link, err)
		}
		return token(link)
	}
	link := invite("ada@cedar.example")
	_, proof, err := h.AcceptInvitation(ctx, link, Acceptance{})
	is(t, err, issuer.KindDenied, "sign_in_first")
	if proof.Account() != "" {
		t.Error("it signs in somebody else")
	}
	_, _, err = h.AcceptInvitation(ctx, link, Acceptance{Account: owner})
	ok(t, err)

	// An account that was made so is not known to be that of its address: once it is, what was put in it meanwhile ends.
	_, proof, err = h.AcceptInvitation(ctx, invite("bo@cedar.example"), Acceptance{Person: PersonInput{Name: "Bo"}})
	ok(t, err)
	bo := proof.Account()
	session := h.signIn(bo)
	ok(t, h.store.Update(ctx, func(tx issuer.Tx) error {
		return passkeys.Put(tx, &passkey{Passkey: Passkey{ID: "theirs", Account: bo}}, 0)
	}))
	h.Service.mail = h.mail
	if _, err = h.UseLink(ctx, h.link("bo@cedar.example")); err != nil {
		t.Fatal(err)
	}
	if list, err := h.Passkeys(ctx, bo); err != nil || len(list) != 0 {
		t.Errorf("it still has the passkeys %v, %v", list, err)
	}
	_, _, err = h.Visit(ctx, session)
	is(t, err, issuer.KindDenied, "sign_in")
}

// TestInviterGone: an invitation is worth nothing once its maker may not invite any more.
func TestInviterGone(t *testing.T) {
	for name, leave := range map[string]func(h *house, bad string) error{
		"demoted": func(h *house, bad string) error {
			_, err := h.SetRole(h.t.Context(), h.owner, h.first.ID, bad, RoleAuditor)
			return err
		},
		"removed":  func(h *house, bad string) error { return h.RemoveMember(h.t.Context(), h.owner, h.first.ID, bad) },
		"disabled": func(h *house, bad string) error { return h.DisableAccount(h.t.Context(), h.owner, bad) },
		"deleted":  func(h *house, bad string) error { return h.DeleteAccount(h.t.Context(), h.owner, bad) },
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			bad := h.member(h.first.ID, "bad@cedar.example", RoleOwner)
			link := h.invite(h.first.ID, bad, "bad.home@mail.example", RoleOwner)
			ok(t, leave(h, bad))
			_, _, err := h.AcceptInvitation(t.Context(), link, Acceptance{Person: PersonInput{Name: "Bad"}})
			is(t, err, issuer.KindMissing, "not_found")
			if len(h.rows("invitation")) != 0 || !slices.Contains(h.actions(), "account:"+h.owner+" invitation.withdrawn") {
				t.Errorf("it is still there, or the log does not say that it went: %v", h.actions())
			}
		})
	}
	t.Run("whatever ended it", func(t *testing.T) { // without anybody withdrawing it
		h := opened(t)
		ctx := t.Context()
		bad := h.member(h.first.ID, "bad@cedar.example", RoleOwner)
		link := h.invite(h.first.ID, bad, "bad.home@mail.example", RoleOwner)
		ok(t, h.store.Update(ctx, func(tx issuer.Tx) error {
			m, version, err := memberships.Get(tx, membershipID(h.first.ID, bad))
			if err != nil {
				return err
			}
			m.Role = RoleIssuer
			return memberships.Put(tx, &m, version)
		}))
		_, err := h.PeekInvitation(ctx, link)
		is(t, err, issuer.KindMissing, "not_found")
		_, _, err = h.AcceptInvitation(ctx, link, Acceptance{Account: h.member(h.other.ID, "eve@birch.example", RoleAuditor), Confirmed: true})
		is(t, err, issuer.KindMissing, "not_found")
		_, err = h.greet("bad.home@mail.example")
		is(t, err, issuer.KindDenied, "not_invited")
		if len(h.rows("membership")) != 3 {
			t.Error("somebody joined")
		}
	})
	t.Run("token revoked", func(t *testing.T) {
		h := opened(t)
		ctx := t.Context()
		office := h.office.(*issuer.Service)
		made, err := office.CreateToken(ctx, issuer.TokenInput{Organisation: h.first.ID, Name: "HR", Scopes: RoleOwner.Scopes(), Actor: "test"})
		ok(t, err)
		for _, email := range []string{"bo@cedar.example", "cleo@cedar.example", "dan@cedar.example"} {
			_, _, err := h.Program(made.Token).Invite(ctx, InvitationInput{Email: email, Role: RoleIssuer})
			ok(t, err)
		}
		_, _, err = h.AcceptInvitation(ctx, token(h.mails[0].Link), Acceptance{Person: PersonInput{Name: "Bo"}})
		ok(t, err)
		_, err = h.greet("cleo@cedar.example")
		ok(t, err)
		_, err = office.RevokeToken(ctx, made.ID, "test")
		ok(t, err)
		_, _, err = h.AcceptInvitation(ctx, token(h.mails[2].Link), Acceptance{Person: PersonInput{Name: "Dan"}})
		is(t, err, issuer.KindMissing, "not_found")
		_, err = h.greet("dan@cedar.example")
		is(t, err, issuer.KindDenied, "not_invited")
	})
}

// greet is what comes of a sign-in with a provider that calls an address verified.
func (h *house) greet(email string) (account string, err error) {
	err = h.update(h.t.Context(), func(tx issuer.Tx) error {
		account, err = h.identified(tx, Identity{ID: digestOf(email)}, claims{Email: email, Verified: true})
		return err
	})
	return account, err
}

// TestShownInvitationTellsNothing: whoever invites and is shown the link does not learn from it who has an account.
func TestShownInvitationTellsNothing(t *testing.T) {
	h := empty(t, func(c *Config) { c.Mail = nil })
	h.settle()
	mallory := h.member(h.other.ID, "mallory@birch.example", RoleOwner)
	var seen []OpenInvitation
	for _, email := range []string{"ada@cedar.example", "nobody@cedar.example"} {
		_, link, err := h.Invite(t.Context(), mallory, InvitationInput{Organisation: h.other.ID, Email: email, Role: RoleIssuer})
		ok(t, err)
		open, err := h.PeekInvitation(t.Context(), token(link))
		ok(t, err)
		open.ID, open.Email = "", ""
		seen = append(seen, open)
	}
	if seen[0] != seen[1] {
		t.Errorf("they differ: %+v", seen)
	}
}

func TestReplacedInvitationIsLogged(t *testing.T) {
	h := opened(t)
	for range 2 {
		h.invite(h.first.ID, h.owner, "bo@cedar.example", RoleIssuer)
	}
	if !slices.Contains(h.actions(), "account:"+h.owner+" invitation.withdrawn") {
		t.Errorf("the log says %v", h.actions())
	}
}
