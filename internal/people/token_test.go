package people

import (
	"fmt"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// made is what a token was made by: an account, or another token.
func (h *house) made(organisation, name string, maker issuer.Token, by string, scopes ...issuer.Scope) issuer.NewToken {
	h.t.Helper()
	t, err := h.office.(*issuer.Service).Workspace(organisation).CreateToken(h.t.Context(), issuer.TokenInput{Name: name, Scopes: scopes}, maker, issuer.Write{Actor: by})
	ok(h.t, err)
	return t
}

// working are the names of the tokens that open something.
func (h *house) working(all ...issuer.NewToken) (names []string) {
	for _, t := range all {
		if _, err := h.office.(*issuer.Service).Authenticate(h.t.Context(), t.Text); err == nil {
			names = append(names, t.Name)
		}
	}
	return names
}

// TestTokensEndWithTheirMaker: whoever made a token, or the token that made it, and loses the right to, loses the token, in the same
// transaction, with every token and invitation that came of it.
func TestTokensEndWithTheirMaker(t *testing.T) {
	everything := RoleOwner.Scopes()
	for name, c := range map[string]struct {
		act  func(h *house, bad string) error
		left []string
	}{
		"removed":  {func(h *house, bad string) error { return h.RemoveMember(h.t.Context(), h.owner, h.first.ID, bad) }, []string{"other house", "of the owner", "of the operator"}},
		"leaving":  {func(h *house, bad string) error { return h.RemoveMember(h.t.Context(), bad, h.first.ID, bad) }, []string{"other house", "of the owner", "of the operator"}},
		"disabled": {func(h *house, bad string) error { return h.DisableAccount(h.t.Context(), h.owner, bad) }, []string{"of the owner", "of the operator"}},
		"deleted":  {func(h *house, bad string) error { return h.DeleteAccount(h.t.Context(), h.owner, bad) }, []string{"of the owner", "of the operator"}},
		"erasing themselves": {func(h *house, bad string) error { return h.DeleteAccount(h.t.Context(), bad, bad) },
			[]string{"of the owner", "of the operator"}},
		"demoted": {func(h *house, bad string) error {
			_, err := h.SetRole(h.t.Context(), h.owner, h.first.ID, bad, RoleIssuer)
			return err
		}, []string{"awards", "other house", "of the owner", "of the operator"}},
		"given the same role": {func(h *house, bad string) error {
			_, err := h.SetRole(h.t.Context(), h.owner, h.first.ID, bad, RoleOwner)
			return err
		}, []string{"all", "awards", "child", "grandchild", "of a revoked one", "other house", "of the owner", "of the operator"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			ctx := t.Context()
			office := h.office.(*issuer.Service)
			bad := h.member(h.first.ID, "bad@cedar.example", RoleOwner)
			h.member(h.other.ID, "bad@cedar.example", RoleOwner)
			h.member(h.other.ID, "cleo@birch.example", RoleOwner)
			person := issuer.Token{Scopes: everything}
			tokens := []issuer.NewToken{h.made(h.first.ID, "all", person, actor(bad), everything...), h.made(h.first.ID, "awards", person, actor(bad), issuer.ScopeCredentialsWrite)}
			tokens = append(tokens, h.made(h.first.ID, "child", tokens[0].Token, tokens[0].Actor(), issuer.ScopePeopleWrite, issuer.ScopeAuditRead))
			tokens = append(tokens, h.made(h.first.ID, "grandchild", tokens[2].Token, tokens[2].Actor(), issuer.ScopePeopleWrite))
			revoked := h.made(h.first.ID, "revoked", person, actor(bad), everything...)
			tokens = append(tokens, h.made(h.first.ID, "of a revoked one", revoked.Token, revoked.Actor(), issuer.ScopeAuditRead))
			_, err := office.RevokeToken(ctx, revoked.ID, "test")
			ok(t, err)
			tokens = append(tokens, h.made(h.other.ID, "other house", person, actor(bad), everything...))
			tokens = append(tokens, h.made(h.first.ID, "of the owner", person, actor(h.owner), everything...), h.made(h.first.ID, "of the operator", person, "laurel", everything...))
			_, _, err = h.Program(tokens[3].Token).Invite(ctx, InvitationInput{Email: "eve@cedar.example", Role: RoleAuditor})
			if err == nil {
				t.Error("a token hands on what it may not do")
			}
			_, _, err = h.Program(tokens[0].Token).Invite(ctx, InvitationInput{Email: "eve@cedar.example", Role: RoleIssuer})
			ok(t, err)
			link := token(h.mailed().Link)

			told, err := h.TokensOf(ctx, h.owner, h.first.ID, bad)
			if got := names(told); err != nil || fmt.Sprint(got) != "[all awards child grandchild of a revoked one]" {
				t.Errorf("the page names %q, error %v", got, err)
			}
			if told, err := h.AllTokensOf(ctx, h.owner, bad); err != nil || len(told) != 6 {
				t.Errorf("the page of the installation names %q, error %v", names(told), err)
			}
			ok(t, c.act(h, bad))
			if got := h.working(tokens...); fmt.Sprint(got) != fmt.Sprint(c.left) {
				t.Errorf("these work still: %q, want %q", got, c.left)
			}
			_, _, err = h.AcceptInvitation(ctx, link, Acceptance{Person: PersonInput{Name: "Eve"}})
			if stands := slices.Contains(c.left, "all"); stands != (err == nil) {
				t.Errorf("the invitation that a token made: %v", err)
			}
			ended := 0
			for _, action := range h.actions() {
				if action == actor(h.owner)+" token.revoked" || action == actor(bad)+" token.revoked" {
					ended++
				}
			}
			if ended != len(tokens)-len(c.left) {
				t.Errorf("the log has %d tokens that ended, and %d did", ended, len(tokens)-len(c.left))
			}
			if _, err := office.VerifyAudit(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func names(tokens []issuer.Token) (all []string) {
	for _, t := range tokens {
		all = append(all, t.Name)
	}
	slices.Sort(all)
	return all
}

// TestTokenOfNobody: a token that is made while its maker loses the right to is not made.
func TestTokenOfNobody(t *testing.T) {
	h := opened(t)
	office := h.office.(*issuer.Service)
	bad := h.member(h.first.ID, "bad@cedar.example", RoleOwner)
	scopes := RoleOwner.Scopes()
	make := func(maker issuer.Token, by string, allow func(issuer.Tx) error) error {
		_, err := office.Workspace(h.first.ID).CreateToken(t.Context(), issuer.TokenInput{Name: "late", Scopes: scopes, Allow: allow}, maker, issuer.Write{Actor: by})
		return err
	}
	parent := h.made(h.first.ID, "parent", issuer.Token{Scopes: scopes}, actor(bad), scopes...)
	may := h.MayMake(bad, h.first.ID, scopes)
	ok(t, make(issuer.Token{Scopes: scopes}, actor(bad), may))
	_, err := h.SetRole(t.Context(), h.owner, h.first.ID, bad, RoleIssuer)
	ok(t, err)
	is(t, make(issuer.Token{Scopes: scopes}, actor(bad), may), issuer.KindDenied, "role")
	is(t, make(parent.Token, parent.Actor(), nil), issuer.KindDenied, "token")
	ok(t, h.RemoveMember(t.Context(), h.owner, h.first.ID, bad))
	is(t, make(issuer.Token{Scopes: scopes}, actor(bad), may), issuer.KindMissing, "not_found")
}

// TestInvitationOfAStrangersToken: an invitation that a token made stands as long as who stands behind the token may invite, also where
// the token was not revoked with them, as before there was that rule.
func TestInvitationOfAStrangersToken(t *testing.T) {
	h := opened(t)
	bad := h.member(h.first.ID, "bad@cedar.example", RoleOwner)
	all := h.made(h.first.ID, "all", issuer.Token{Scopes: RoleOwner.Scopes()}, actor(bad), RoleOwner.Scopes()...)
	child := h.made(h.first.ID, "child", all.Token, all.Actor(), RoleOwner.Scopes()...)
	_, _, err := h.Program(child.Token).Invite(t.Context(), InvitationInput{Email: "eve@cedar.example", Role: RoleIssuer})
	ok(t, err)
	link := token(h.mailed().Link)
	_, err = h.PeekInvitation(t.Context(), link)
	ok(t, err)
	ok(t, h.store.Update(t.Context(), func(tx issuer.Tx) error { return tx.Delete(memberships.Kind, membershipID(h.first.ID, bad)) }))
	_, err = h.PeekInvitation(t.Context(), link)
	is(t, err, issuer.KindMissing, "not_found")
}

// TestInvitationsFloodNobody: an address gets three invitations of an organisation in an hour, whether the ones before were withdrawn, and
// whoever makes them; and strangers get 200.
func TestInvitationsFloodNobody(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	program := h.Program(h.made(h.first.ID, "HR", issuer.Token{Scopes: RoleOwner.Scopes()}, actor(h.owner), RoleOwner.Scopes()...).Token)
	invite := func(email string) (Invitation, error) {
		in := InvitationInput{Organisation: h.first.ID, Email: email, Role: RoleIssuer}
		if len(h.mails)%2 == 0 {
			made, _, err := program.Invite(ctx, in)
			return made, err
		}
		made, _, err := h.Invite(ctx, h.owner, in)
		return made, err
	}
	for i := range 40 {
		made, err := invite("victim@elm.example")
		if i < mostSent {
			ok(t, err)
			if i == 1 {
				ok(t, h.Withdraw(ctx, h.owner, h.first.ID, made.ID))
				is(t, h.Withdraw(ctx, h.owner, h.first.ID, made.ID), issuer.KindMissing, "not_found")
			}
			continue
		}
		is(t, err, issuer.KindConflict, "invited_often")
	}
	if open, err := h.Invitations(ctx, h.owner, h.first.ID); err != nil || len(open) != 1 || len(h.mails) != mostSent {
		t.Errorf("%d open, %d sent, error %v", len(open), len(h.mails), err)
	}
	_, err := h.PeekInvitation(ctx, token(h.mailed().Link)) // the last of them can be accepted
	ok(t, err)
	_, err = invite("other@elm.example")
	ok(t, err)
	h.pass(sentWithin)
	_, err = invite("victim@elm.example")
	ok(t, err)
	if _, err := h.Sweep(ctx); err != nil || len(h.rows("invitation")) != 2 {
		t.Errorf("%d records, error %v", len(h.rows("invitation")), err)
	}
	for range 3 { // what is kept of an address goes with its account
		made, err := invite("lee@elm.example")
		if err == nil {
			err = h.Withdraw(ctx, h.owner, h.first.ID, made.ID)
		}
		ok(t, err)
	}
	ok(t, h.DeleteAccount(ctx, h.owner, h.member("", "lee@elm.example", "")))
	if len(h.rows("invitation")) != 2 {
		t.Error("the address of somebody who was erased is kept")
	}
	now := h.now
	ok(t, h.store.Update(ctx, func(tx issuer.Tx) error { // others were written to, and withdrawn at once
		for i := range mostInvitations - 3 {
			gone := invitation{Withdrawn: true, Invitation: Invitation{ID: fmt.Sprint("gone", i), Organisation: h.first.ID, Email: fmt.Sprint("stranger", i, "@elm.example"),
				Created: now, Expires: now.Add(sentWithin)}}
			if err := invitations.Put(tx, &gone, 0); err != nil {
				return err
			}
		}
		return nil
	}))
	made, err := invite("last@elm.example") // beside the two that are open
	ok(t, err)
	ok(t, h.Withdraw(ctx, h.owner, h.first.ID, made.ID))
	_, last := invite("one.more@elm.example")
	is(t, last, issuer.KindConflict, "invitations")
}

// TestSessionsElsewhere: an owner who removes somebody ends no session that they have for another organisation.
func TestSessionsElsewhere(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	h.member(h.other.ID, "bo@cedar.example", RoleIssuer)
	cleo := h.member(h.other.ID, "cleo@birch.example", RoleOwner)
	session := h.signIn(bo)
	ok(t, h.RemoveMember(ctx, h.owner, h.first.ID, bo))
	_, _, err := h.Visit(ctx, session)
	ok(t, err)
	_, err = h.Authorize(ctx, bo, h.first.ID, issuer.ScopeAchievementsRead)
	is(t, err, issuer.KindMissing, "not_found")
	ok(t, h.RemoveMember(ctx, cleo, h.other.ID, bo))
	_, _, err = h.Visit(ctx, session)
	is(t, err, issuer.KindDenied, "sign_in")
}

// TestPersonsActOnce: an act of a person keeps its answer in its own transaction.
func TestPersonsActOnce(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	office := h.office.(*issuer.Service)
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	var open Invitation
	for name, act := range map[string]func(s *Service) error{
		"inviting": func(s *Service) (err error) {
			open, _, err = s.Invite(ctx, h.owner, InvitationInput{Organisation: h.first.ID, Email: "lee@cedar.example", Role: RoleIssuer})
			return err
		},
		"a role":    func(s *Service) error { _, err := s.SetRole(ctx, h.owner, h.first.ID, bo, RoleAuditor); return err },
		"disabling": func(s *Service) error { return s.DisableAccount(ctx, h.owner, h.member("", "kim@cedar.example", "")) },
		"removing": func(s *Service) error {
			return s.RemoveMember(ctx, h.owner, h.first.ID, h.member(h.first.ID, "max@cedar.example", RoleIssuer))
		},
		"erasing": func(s *Service) error { return s.DeleteAccount(ctx, h.owner, h.member("", "eve@cedar.example", "")) },
	} {
		begin := func() *issuer.Once {
			once, err := office.Workspace(h.first.ID).Once(ctx, issuer.OnceKey{Actor: actor(h.owner), Act: name, Text: "k"}, nil, func(any, uint64) ([]byte, error) { return []byte(name), nil })
			ok(t, err)
			return once
		}
		once := begin()
		ok(t, act(h.Once(once)))
		once.End()
		if once = begin(); string(once.Answer) != name {
			t.Errorf("%s keeps %q", name, once.Answer)
		}
		once.End()
	}
	if open.ID == "" {
		t.Error("nobody was invited")
	}
}
