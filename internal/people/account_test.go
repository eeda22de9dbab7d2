package people

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

func unmarshal(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestAccountsChange(t *testing.T) {
	h := opened(t)
	a, err := h.ChangeAccount(t.Context(), h.owner, PersonInput{Name: " Ada B. Example ", Language: "es-MX"})
	ok(t, err)
	if a.Name != "Ada B. Example" || a.Email != "ada@cedar.example" || a.Language != "es-MX" {
		t.Errorf("the account is %+v", a)
	}
	for name, in := range map[string]PersonInput{
		"name":     {Name: " "},
		"language": {Name: "Ada", Language: "e"},
	} {
		_, err := h.ChangeAccount(t.Context(), h.owner, in)
		is(t, err, issuer.KindInvalid, name)
	}
	for _, name := range []string{"Ada\nBcc: x", "Ada \u202e", "\xff", strings.Repeat("a", 201)} {
		_, err := h.ChangeAccount(t.Context(), h.owner, PersonInput{Name: name})
		is(t, err, issuer.KindInvalid, "name")
	}
	_, err = h.ChangeAccount(t.Context(), "nobody", PersonInput{Name: "Ada"})
	is(t, err, issuer.KindMissing, "not_found")
}

func TestAddressesAreChecked(t *testing.T) {
	for _, text := range []string{"", "ada", "Ada <ada@cedar.example>", "аda@cedar.example", "ada@cedar.example\r\nBcc: x@y.example", "\"a b\"@cedar.example", "\u212a@cedar.example"} {
		if _, err := checkEmail(text); err == nil {
			t.Errorf("%q is taken for an address", text)
		}
	}
	if got, err := checkEmail(" Ada.B@Cedar.Example "); err != nil || got != "ada.b@cedar.example" {
		t.Errorf("it became %q, %v", got, err)
	}
}

func TestLastOwnerStays(t *testing.T) {
	h := opened(t)
	ctx, id := t.Context(), h.first.ID
	second := h.member(id, "bo@cedar.example", RoleAuditor)
	_, err := h.SetRole(ctx, h.owner, id, h.owner, RoleIssuer)
	is(t, err, issuer.KindConflict, "last_owner")
	is(t, h.RemoveMember(ctx, h.owner, id, h.owner), issuer.KindConflict, "last_owner")
	is(t, h.DisableAccount(ctx, h.owner, h.owner), issuer.KindConflict, "last_owner")
	is(t, h.DeleteAccount(ctx, h.owner, h.owner), issuer.KindConflict, "last_owner")

	_, err = h.SetRole(ctx, h.owner, id, second, RoleOwner)
	ok(t, err)
	ok(t, h.DisableAccount(ctx, h.owner, second))
	// One whose account cannot be used is no owner to rely on.
	is(t, h.RemoveMember(ctx, h.owner, id, h.owner), issuer.KindConflict, "last_owner")
	ok(t, h.EnableAccount(ctx, h.owner, second))
	ok(t, h.RemoveMember(ctx, h.owner, id, h.owner))
	_, err = h.Authorize(ctx, h.owner, id, issuer.ScopeCredentialsRead)
	is(t, err, issuer.KindMissing, "not_found")
	is(t, h.DeleteAccount(ctx, second, second), issuer.KindConflict, "last_owner")
}

func TestPermissionsAreReadAnew(t *testing.T) {
	h := opened(t)
	ctx, id := t.Context(), h.first.ID
	bo := h.member(id, "bo@cedar.example", RoleIssuer)
	m, err := h.Authorize(ctx, bo, id, issuer.ScopeCredentialsWrite)
	ok(t, err)
	if m.Role != RoleIssuer {
		t.Errorf("the membership is %+v", m)
	}
	_, err = h.SetRole(ctx, h.owner, id, bo, RoleAssessor)
	ok(t, err)
	_, err = h.Authorize(ctx, bo, id, issuer.ScopeCredentialsWrite)
	is(t, err, issuer.KindDenied, "role")
	_, err = h.SetRole(ctx, h.owner, id, bo, "admin")
	is(t, err, issuer.KindInvalid, "role")
	ok(t, h.DisableAccount(ctx, h.owner, bo))
	_, err = h.Authorize(ctx, bo, id, issuer.ScopeCredentialsRead)
	is(t, err, issuer.KindDenied, "account_disabled")
	is(t, h.DisableAccount(ctx, h.owner, bo), issuer.KindConflict, "already_disabled")

	members, err := h.Members(ctx, h.owner, id)
	ok(t, err)
	if len(members) != 2 || members[0].Account.Email != "ada@cedar.example" && members[1].Account.Email != "ada@cedar.example" {
		t.Errorf("the members are %+v", members)
	}
}

// TestDeletedAccountLeavesIDs: after it is deleted nothing in the store says who it was, not even a message on its way.
func TestDeletedAccountLeavesIDs(t *testing.T) {
	var queued int
	outbox := &mail.Outbox{On: true, Now: func() time.Time { return noon }, Enqueue: func(issuer.Tx, issuer.Work) error { queued++; return nil }}
	var h *house
	h = empty(t, func(c *Config) {
		c.Mail = func(tx issuer.Tx, m Message) error {
			_ = h.mail(tx, m)
			template := map[MessageKind]mail.Template{MessageSignIn: mail.SignIn, MessageInvitation: mail.Invitation, MessageAddress: mail.NewAddress}[m.Kind]
			return outbox.Queue(tx, mail.Message{Template: template, To: m.To, Name: m.Person, Link: m.Link, Ends: m.Expires})
		}
		c.Forget = outbox.ForgetStaff
	})
	h.owner = h.settle()
	ctx := t.Context()
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	h.member(h.other.ID, "bo@cedar.example", RoleAuditor)
	elm, err := h.CreateOrganisation(ctx, h.owner, "Elm", "")
	ok(t, err)
	h.invite(elm.ID, h.owner, "bo@cedar.example", RoleIssuer)
	h.link("bo@cedar.example")
	h.link("ada@cedar.example")
	ok(t, h.AskAddress(ctx, bo, "bo@birch.example"))
	session := h.signIn(bo)
	if _, _, err := h.Visit(ctx, session); err != nil {
		t.Fatal(err)
	}
	if text := h.dump(); strings.Count(text, "bo@birch.example") < 3 || queued != 4 || len(h.rows("message")) != 4 {
		t.Fatal("the test looks at the wrong records")
	}
	ok(t, h.DeleteAccount(ctx, bo, bo))
	if text := h.dump(); strings.Contains(text, "bo@") || strings.Contains(text, "Bo@") {
		t.Errorf("it is still known: %s", text)
	}
	if len(h.rows("message")) != 1 {
		t.Error("messages to others went with it")
	}
	_, _, err = h.Visit(ctx, session)
	is(t, err, issuer.KindDenied, "sign_in")
	list, err := h.Memberships(ctx, bo)
	if err != nil || len(list) != 0 {
		t.Errorf("its memberships are %v, %v", list, err)
	}
	if text := strings.Join(h.actions(), "\n"); strings.Contains(text, "@") || !strings.Contains(text, "account:"+bo+" account.deleted") {
		t.Errorf("the log says %s", text)
	}
	removed := map[string]bool{}
	for _, row := range h.rows("audit") {
		var e issuer.AuditEntry
		unmarshal(t, row.Body, &e)
		if e.Action == "member.removed" && e.Subject == bo && e.Actor == "account:"+bo {
			removed[e.Organisation] = true
		}
	}
	if len(removed) != 2 || !removed[h.first.ID] || !removed[h.other.ID] {
		t.Errorf("it was removed from %v", removed)
	}
}

func TestAdministrators(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	for account, want := range map[string]bool{h.owner: true, bo: false, "nobody": false} {
		if got, err := h.Administers(ctx, account); err != nil || got != want {
			t.Errorf("%s administers: %v, %v", account, got, err)
		}
	}
	_, err := h.CreateOrganisation(ctx, bo, "Elm", "")
	is(t, err, issuer.KindDenied, "administrator")
	elm, err := h.CreateOrganisation(ctx, h.owner, "Elm", "")
	ok(t, err)
	if m, err := h.Authorize(ctx, h.owner, elm.ID, issuer.ScopePeopleWrite); err != nil || m.Role != RoleOwner {
		t.Errorf("whoever made it is %+v, %v", m, err)
	}
	list, err := h.Ownerless(ctx, h.owner)
	if err != nil || len(list) != 1 || list[0].ID != h.other.ID {
		t.Errorf("without an owner are %+v, %v", list, err)
	}
	is(t, h.Adopt(ctx, bo, h.other.ID), issuer.KindDenied, "administrator")
	is(t, h.Adopt(ctx, bo, "nothing"), issuer.KindDenied, "administrator")
	is(t, h.Adopt(ctx, h.owner, "nothing"), issuer.KindMissing, "not_found")
	cleo := h.member(h.other.ID, "cleo@birch.example", RoleOwner)
	is(t, h.Adopt(ctx, h.owner, h.other.ID), issuer.KindMissing, "not_found")
	_, err = h.SetRole(ctx, cleo, h.other.ID, cleo, RoleIssuer)
	is(t, err, issuer.KindConflict, "last_owner")
	ok(t, h.DisableAccount(ctx, h.owner, bo))
	page, err := h.Accounts(ctx, h.owner, "", 2)
	if err != nil || len(page.Accounts) != 2 || page.Next == "" {
		t.Errorf("the first accounts are %+v, %v", page, err)
	}
	_, err = h.Accounts(ctx, h.owner, "elsewhere", 2)
	is(t, err, issuer.KindInvalid, "cursor")
	_, err = h.Accounts(ctx, cleo, "", 2)
	is(t, err, issuer.KindDenied, "administrator")
	is(t, h.DisableAccount(ctx, cleo, bo), issuer.KindDenied, "administrator")
}

func TestAddressChanges(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	old := h.link("bo@cedar.example")
	is(t, h.AskAddress(ctx, bo, "bo"), issuer.KindInvalid, "email")
	before := len(h.mails)
	ok(t, h.AskAddress(ctx, bo, "ada@cedar.example")) // taken, which is not told
	if len(h.mails) != before {
		t.Error("a message went to somebody else's address")
	}
	ok(t, h.AskAddress(ctx, bo, "BO@birch.example"))
	m := h.mailed()
	if m.Kind != MessageAddress || m.To != "bo@birch.example" || !strings.HasPrefix(m.Link, PathAddress) {
		t.Fatalf("the message is %+v", m)
	}
	_, err := h.UseLink(ctx, token(m.Link))
	is(t, err, issuer.KindMissing, "not_found")
	_, err = h.UseAddress(ctx, h.owner, token(m.Link))
	is(t, err, issuer.KindMissing, "not_found")
	ok(t, h.PeekAddress(ctx, token(m.Link)))
	a, err := h.UseAddress(ctx, bo, token(m.Link))
	if err != nil || a.Email != "bo@birch.example" {
		t.Errorf("the account is %+v, %v", a, err)
	}
	_, err = h.UseAddress(ctx, bo, token(m.Link))
	is(t, err, issuer.KindConflict, "link_used")
	_, err = h.UseLink(ctx, old)
	is(t, err, issuer.KindConflict, "link_ended")
	h.link("bo@birch.example")
}
