package people

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/issuer"
)

// target is what an outsider would like to reach.
type target struct {
	organisation, account, invitation, session, passkey, identity string
	addressToken                                                  string
}

// reaching are all methods that name something of an organisation or of another account, as an outsider would call them.
var reaching = map[string]func(ctx context.Context, s *Service, by string, at target) error{
	"Authorize": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.Authorize(ctx, by, at.organisation, issuer.ScopeAchievementsRead)
		return err
	},
	"Members": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.Members(ctx, by, at.organisation)
		return err
	},
	"SetRole": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.SetRole(ctx, by, at.organisation, at.account, RoleAuditor)
		return err
	},
	"RemoveMember": func(ctx context.Context, s *Service, by string, at target) error {
		return s.RemoveMember(ctx, by, at.organisation, at.account)
	},
	"Invite": func(ctx context.Context, s *Service, by string, at target) error {
		_, _, err := s.Invite(ctx, by, InvitationInput{Organisation: at.organisation, Email: "eve@birch.example", Role: RoleOwner})
		return err
	},
	"Invitations": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.Invitations(ctx, by, at.organisation)
		return err
	},
	"Withdraw": func(ctx context.Context, s *Service, by string, at target) error {
		return s.Withdraw(ctx, by, at.organisation, at.invitation)
	},
	"TokensOf": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.TokensOf(ctx, by, at.organisation, at.account)
		return err
	},
	"AllTokensOf": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.AllTokensOf(ctx, by, at.account)
		return err
	},
	"MayMake": func(ctx context.Context, s *Service, by string, at target) error {
		return s.view(ctx, s.MayMake(by, at.organisation, nil))
	},
	"CreateOrganisation": func(ctx context.Context, s *Service, by string, _ target) error {
		_, err := s.CreateOrganisation(ctx, by, "Mine", "")
		return err
	},
	"Ownerless": func(ctx context.Context, s *Service, by string, _ target) error {
		_, err := s.Ownerless(ctx, by)
		return err
	},
	"Adopt": func(ctx context.Context, s *Service, by string, at target) error {
		return s.Adopt(ctx, by, at.organisation)
	},
	"Accounts": func(ctx context.Context, s *Service, by string, _ target) error {
		_, err := s.Accounts(ctx, by, "", 0)
		return err
	},
	"DisableAccount": func(ctx context.Context, s *Service, by string, at target) error {
		return s.DisableAccount(ctx, by, at.account)
	},
	"EnableAccount": func(ctx context.Context, s *Service, by string, at target) error {
		return s.EnableAccount(ctx, by, at.account)
	},
	"DeleteAccount": func(ctx context.Context, s *Service, by string, at target) error {
		return s.DeleteAccount(ctx, by, at.account)
	},
	"EndSession": func(ctx context.Context, s *Service, by string, at target) error {
		return s.EndSession(ctx, by, at.session)
	},
	"RenamePasskey": func(ctx context.Context, s *Service, by string, at target) error {
		return s.RenamePasskey(ctx, by, at.passkey, "Mine")
	},
	"RemovePasskey": func(ctx context.Context, s *Service, by string, at target) error {
		return s.RemovePasskey(ctx, by, at.passkey)
	},
	"RemoveIdentity": func(ctx context.Context, s *Service, by string, at target) error {
		return s.RemoveIdentity(ctx, by, at.identity)
	},
	"UseAddress": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.UseAddress(ctx, by, at.addressToken)
		return err
	},
	"FinishPasskey": func(ctx context.Context, s *Service, by string, at target) error {
		_, err := s.FinishPasskey(ctx, by, at.passkey, "Mine", nil) // its id is no token
		return err
	},
	"AcceptInvitation": func(ctx context.Context, s *Service, by string, at target) error {
		_, _, err := s.AcceptInvitation(ctx, at.invitation, Acceptance{Account: by, Confirmed: true}) // its id is no token
		return err
	},
	"PeekInvitation": func(ctx context.Context, s *Service, _ string, at target) error {
		_, err := s.PeekInvitation(ctx, at.invitation)
		return err
	},
	"Visit": func(ctx context.Context, s *Service, _ string, at target) error { // the id of a session is no token
		_, _, err := s.Visit(ctx, at.session)
		return err
	},
}

// own are the methods that name nothing of others: they concern the caller, whose account or token they are given, or nobody yet.
var own = []string{
	"Account", "ChangeAccount", "Memberships", "Administers", "Sessions", "EndSessions", "Passkeys", "BeginPasskey", "Identities", "AskAddress",
	"PeekAddress", "Mails", "PasskeysWork", "Providers", "Begin", "SignOut", "AskLink", "PeekLink", "UseLink", "OperatorLink", "FirstOwner", "PeekFirst",
	"UseFirst", "BeginPasskeySignIn", "UsePasskey", "BeginProvider", "UseProvider", "Sweep", "Program", "Once", "Observe", "Complete",
}

// TestEveryMethodIsTried: a new method is tried with the roles of others, or stands among those that need not be.
func TestEveryMethodIsTried(t *testing.T) {
	service := reflect.TypeFor[*Service]()
	for i := range service.NumMethod() {
		name := service.Method(i).Name
		if _, tried := reaching[name]; tried == slices.Contains(own, name) {
			t.Errorf("%s has to stand in one of the two lists", name)
		}
	}
	if service.NumMethod() != len(reaching)+len(own) {
		t.Error("a list names what is no method")
	}
}

// aimed makes what there is to reach in an organisation: an issuer with everything that an account can have.
func (h *house) aimed(organisation, owner, email string) target {
	h.t.Helper()
	ctx := h.t.Context()
	at := target{organisation: organisation, account: h.member(organisation, email, RoleIssuer)}
	made, _, err := h.Invite(ctx, owner, InvitationInput{Organisation: organisation, Email: "new." + email, Role: RoleOwner})
	ok(h.t, err)
	at.invitation = made.ID
	at.session = digestOf(h.signIn(at.account))
	key, err := h.register(at.account, newDevice(h.t))
	ok(h.t, err)
	at.passkey, at.identity = key.ID, "identity of "+email
	ok(h.t, h.store.Update(ctx, func(tx issuer.Tx) error {
		return identities.Put(tx, &Identity{ID: at.identity, Account: at.account}, 0)
	}))
	ok(h.t, h.AskAddress(ctx, at.account, "other."+email))
	at.addressToken = token(h.mailed().Link)
	return at
}

// TestForeign: whatever role somebody has in other organisations, and without any, they reach nothing here, are told nothing, and
// change nothing, whichever methods they call in whichever order.
func TestForeign(t *testing.T) {
	h := opened(t)
	cleo := h.member(h.other.ID, "cleo@birch.example", RoleOwner)
	cedar, birch := h.aimed(h.first.ID, h.owner, "bo@cedar.example"), h.aimed(h.other.ID, cleo, "dan@birch.example")
	outsiders := map[string]string{"nobody": "", "unknown": "no-account", "without a role": h.member("", "eve@elm.example", "")}
	for _, role := range Roles() {
		outsiders[string(role)] = h.member(h.other.ID, string(role)+"@birch.example", role)
	}
	// In their own organisation the owners of the first one, who administer the installation, are outsiders to the second as well.
	administering := []string{"CreateOrganisation", "Ownerless", "Accounts", "DisableAccount", "EnableAccount", "DeleteAccount", "AllTokensOf"}
	allowed := []issuer.ErrorKind{issuer.KindMissing, issuer.KindDenied}
	before := h.dump()
	try := func(t interface{ Errorf(string, ...any) }, method, who, by string, at target) {
		err := reaching[method](context.Background(), h.Service, by, at)
		var refused *issuer.Error
		if !errors.As(err, &refused) || !slices.Contains(allowed, refused.Kind) {
			t.Errorf("%s by %s: %v", method, who, err)
		}
		foreign := at
		foreign.organisation = "unknown"
		var unknown *issuer.Error
		if errors.As(reaching[method](context.Background(), h.Service, by, foreign), &unknown) && refused != nil && (unknown.Kind != refused.Kind || unknown.Detail != refused.Detail) {
			t.Errorf("%s by %s tells an organisation from none: %q and %q", method, who, refused.Detail, unknown.Detail)
		}
	}
	for method := range reaching {
		for who, by := range outsiders {
			try(t, method, who, by, cedar)
		}
		if !slices.Contains(administering, method) {
			try(t, method, "the administrator", h.owner, birch)
		}
	}
	if h.dump() != before {
		t.Fatal("an outsider changed something")
	}

	names := slices.Sorted(func(yield func(string) bool) {
		for name := range reaching {
			if !yield(name) {
				return
			}
		}
	})
	whos := []string{"nobody", "unknown", "without a role", "owner", "issuer", "assessor", "auditor"}
	rapid.Check(t, func(r *rapid.T) {
		for range rapid.IntRange(1, 4).Draw(r, "calls") {
			at := cedar
			if rapid.Bool().Draw(r, "mixed") { // ids of one organisation under the name of another
				at.account, at.invitation, at.session, at.passkey = birch.account, birch.invitation, birch.session, birch.passkey
			}
			who := rapid.SampledFrom(whos).Draw(r, "who")
			method := rapid.SampledFrom(names).Draw(r, "method")
			try(r, method, who, outsiders[who], at)
		}
	})
	if h.dump() != before {
		t.Error("an outsider changed something")
	}
}

// TestForeignIDs: ids of another organisation under the name of one's own are missing.
func TestForeignIDs(t *testing.T) {
	h := opened(t)
	cleo := h.member(h.other.ID, "cleo@birch.example", RoleOwner)
	at := h.aimed(h.first.ID, h.owner, "bo@cedar.example")
	at.organisation = h.other.ID
	before := h.dump()
	for _, method := range []string{"SetRole", "RemoveMember", "Withdraw"} {
		is(t, reaching[method](t.Context(), h.Service, cleo, at), issuer.KindMissing, "not_found")
	}
	if h.dump() != before {
		t.Error("something was changed")
	}
}

// TestTokensOfNobody: every way in refuses what is no token, and says nothing else.
func TestTokensOfNobody(t *testing.T) {
	h := opened(t)
	for _, text := range []string{"", "A", decoy, forFirst, h.owner, "\x00", string(make([]byte, 2000))} {
		_, err := h.PeekLink(t.Context(), text)
		is(t, err, issuer.KindMissing, "not_found")
		is(t, h.PeekFirst(t.Context(), text), issuer.KindMissing, "not_found")
		is(t, h.PeekAddress(t.Context(), text), issuer.KindMissing, "not_found")
		_, err = h.PeekInvitation(t.Context(), text)
		is(t, err, issuer.KindMissing, "not_found")
		_, err = h.UsePasskey(t.Context(), text, nil)
		is(t, err, issuer.KindMissing, "not_found")
		_, err = h.UseProvider(t.Context(), text, url.Values{"state": {text}})
		is(t, err, issuer.KindMissing, "not_found")
	}
}
