package people

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

func TestLinkWorksOnce(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	link := h.link("ada@cedar.example")
	for range 3 { // programs that look at mail
		email, err := h.PeekLink(ctx, link)
		if err != nil || email != "ada@cedar.example" {
			t.Fatalf("a look at it says %q, %v", email, err)
		}
	}
	proof, err := h.UseLink(ctx, link)
	if err != nil || proof.Account() != h.owner {
		t.Fatalf("it signs in %v, %v", proof, err)
	}
	for name, again := range map[string]func() error{
		"used": func() error { _, err := h.UseLink(ctx, link); return err },
		"seen": func() error { _, err := h.PeekLink(ctx, link); return err },
	} {
		t.Run(name, func(t *testing.T) { is(t, again(), issuer.KindConflict, "link_used") })
	}
	_, err = h.UseLink(ctx, link+"A")
	is(t, err, issuer.KindMissing, "not_found")
	_, err = h.UseLink(ctx, "")
	is(t, err, issuer.KindMissing, "not_found")
	if !slices.Contains(h.actions(), "account:"+h.owner+" account.signed-in") {
		t.Error("the sign-in is not in the log")
	}
	if strings.Contains(h.dump(), link) {
		t.Error("the token of a link is kept")
	}
}

func TestLinkEnds(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	first, second := h.link("ada@cedar.example"), h.link("ada@cedar.example")
	_, err := h.PeekLink(ctx, first)
	ok(t, err) // asking again does not end the one that is on its way
	_, err = h.UseLink(ctx, second)
	ok(t, err)
	_, err = h.UseLink(ctx, first)
	is(t, err, issuer.KindConflict, "link_ended")

	late := h.link("ada@cedar.example")
	h.pass(15*time.Minute - time.Second)
	_, err = h.PeekLink(ctx, late)
	ok(t, err)
	h.pass(time.Second)
	_, err = h.UseLink(ctx, late)
	is(t, err, issuer.KindConflict, "link_expired")

	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	theirs := h.link("bo@cedar.example")
	ok(t, h.DisableAccount(ctx, h.owner, bo))
	_, err = h.UseLink(ctx, theirs)
	is(t, err, issuer.KindMissing, "not_found")
}

// TestAskingTellsNothing: the answer is the same for an address with an account, without one, and with one that is disabled, and a
// record is written for each.
func TestAskingTellsNothing(t *testing.T) {
	h := opened(t)
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	ok(t, h.DisableAccount(t.Context(), h.owner, bo))
	for _, email := range []string{"nobody@cedar.example", "bo@cedar.example"} {
		before := h.dump()
		ok(t, h.AskLink(t.Context(), email, anywhere))
		if len(h.mails) != 0 {
			t.Errorf("%s gets a message", email)
		}
		if h.dump() == before {
			t.Errorf("nothing is written for %s", email)
		}
	}
	if got := len(h.rows("sign-in-link")); got > 2 { // that of the first owner, and the decoy
		t.Errorf("asking for addresses without an account leaves %d records", got)
	}
	_, err := h.UseLink(t.Context(), decoy)
	is(t, err, issuer.KindMissing, "not_found")
	is(t, h.AskLink(t.Context(), "nobody", anywhere), issuer.KindInvalid, "email")
}

func TestAskingIsBounded(t *testing.T) {
	for name, ask := range map[string]struct {
		email func(i int) string
		from  func(i int) netip.Addr
	}{
		"one address": {
			func(int) string { return "ada@cedar.example" },
			func(i int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i+1)) },
		},
		"one client": {
			func(i int) string { return fmt.Sprintf("p%d@cedar.example", i) },
			func(int) netip.Addr { return anywhere },
		},
		"one network": {
			func(i int) string { return fmt.Sprintf("p%d@cedar.example", i) },
			func(i int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", i+1)) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			for i := range 5 {
				ok(t, h.AskLink(t.Context(), ask.email(i), ask.from(i)))
			}
			is(t, h.AskLink(t.Context(), ask.email(5), ask.from(5)), issuer.KindDenied, "rate")
			h.pass(time.Minute)
			ok(t, h.AskLink(t.Context(), ask.email(6), ask.from(6)))
			if name == "one address" && len(h.mails) != 5 { // the sixth would be the sixth that is open
				t.Errorf("%d messages went to one mailbox", len(h.mails))
			}
		})
	}
}

// TestOneClientStopsNobody: whoever asks too often is refused, however many addresses they name, and nobody else is.
func TestOneClientStopsNobody(t *testing.T) {
	for name, from := range map[string]func(i int) netip.Addr{
		"one address": func(int) netip.Addr { return netip.MustParseAddr("203.0.113.9") },
		"one site":    func(i int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("2001:db8:1:%x::1", i)) },
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			refused := 0
			for i := range askedKeys + 5 {
				if h.AskLink(t.Context(), fmt.Sprintf("x%d@evil.example", i), from(i)) != nil {
					refused++
				}
			}
			if refused < askedKeys-siteMost*askedMost {
				t.Errorf("only %d were refused", refused)
			}
			elsewhere := netip.MustParseAddr("2001:db8:2::1")
			ok(t, h.AskLink(t.Context(), "ada@cedar.example", elsewhere))
			if m := h.mailed(); m.To != "ada@cedar.example" {
				t.Errorf("the message is %+v", m)
			}
			_, _, err := h.BeginPasskeySignIn(t.Context(), from(0)) // is counted by itself
			ok(t, err)
		})
	}
}

// TestLimiterForgets: however many ask, somebody new is let in, whoever asked just now is still counted, and memory has a bound.
func TestLimiterForgets(t *testing.T) {
	now := noon
	l := newLimiter(func() time.Time { return now }, 2)
	for i := range 3 * askedKeys {
		if !l.allow(fmt.Sprint(i)) {
			t.Fatal("it refuses somebody new")
		}
		if i%1000 == 0 && l.allow("often") != (i < 2000) {
			t.Fatalf("after %d others it has forgotten who asks often", i)
		}
		if len(l.young)+len(l.old) > 2*askedKeys {
			t.Fatal("it remembers without bound")
		}
	}
	now = now.Add(askedWithin - 1)
	if l.allow("often") {
		t.Error("it forgets too early")
	}
	now = now.Add(1)
	for range 2 {
		if !l.allow("often") {
			t.Error("it remembers for too long")
		}
	}
	now = now.Add(askedWithin)
	l.allow("one more")
	now = now.Add(askedWithin)
	if l.allow("one more"); len(l.young)+len(l.old) != 1 {
		t.Errorf("it still remembers %d", len(l.young)+len(l.old))
	}
}

func TestFirstOwner(t *testing.T) {
	h := empty(t, nil)
	ctx := t.Context()
	old, err := h.FirstOwner(ctx)
	ok(t, err)
	if !strings.HasPrefix(old, testBase+PathFirst) {
		t.Errorf("the link is %s", old)
	}
	h.pass(time.Second)
	link, err := h.FirstOwner(ctx)
	ok(t, err)
	is(t, h.PeekFirst(ctx, token(old)), issuer.KindConflict, "link_ended")
	ok(t, h.PeekFirst(ctx, token(link)))
	_, err = h.UseLink(ctx, token(link))
	is(t, err, issuer.KindMissing, "not_found")
	_, err = h.UseFirst(ctx, token(link), FirstInput{"ada", PersonInput{Name: "Ada"}})
	is(t, err, issuer.KindInvalid, "email")
	_, err = h.UseFirst(ctx, token(link), FirstInput{"ada@cedar.example", PersonInput{}})
	is(t, err, issuer.KindInvalid, "name")
	proof, err := h.UseFirst(ctx, token(link), FirstInput{"ada@cedar.example", PersonInput{Name: "Ada"}})
	ok(t, err)
	if m, err := h.Authorize(ctx, proof.Account(), h.first.ID, issuer.ScopePeopleWrite); err != nil || m.Role != RoleOwner {
		t.Errorf("the first is %+v, %v", m, err)
	}
	_, err = h.UseFirst(ctx, token(link), FirstInput{"eve@cedar.example", PersonInput{Name: "Eve"}})
	is(t, err, issuer.KindConflict, "link_used")
	_, err = h.FirstOwner(ctx)
	is(t, err, issuer.KindConflict, "accounts_exist")

	h = empty(t, nil)
	link, err = h.FirstOwner(ctx)
	ok(t, err)
	h.pass(24 * time.Hour)
	_, err = h.UseFirst(ctx, token(link), FirstInput{"ada@cedar.example", PersonInput{Name: "Ada"}})
	is(t, err, issuer.KindConflict, "link_expired")
	h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	is(t, h.PeekFirst(ctx, token(link)), issuer.KindConflict, "link_expired")
}

func TestOperatorLink(t *testing.T) {
	h := empty(t, func(c *Config) { c.Mail = nil })
	ctx := t.Context()
	owner := h.settle()
	ok(t, h.AskLink(ctx, "ada@cedar.example", anywhere)) // nothing to send with
	is(t, h.AskAddress(ctx, owner, "ada@birch.example"), issuer.KindConflict, "no_mail")
	link, err := h.OperatorLink(ctx, "Ada@cedar.example")
	ok(t, err)
	proof, err := h.UseLink(ctx, token(link))
	if err != nil || proof.Account() != owner {
		t.Errorf("it signs in %v, %v", proof, err)
	}
	_, err = h.OperatorLink(ctx, "bo@cedar.example")
	is(t, err, issuer.KindMissing, "not_found")
}

func TestSweep(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	h.link("ada@cedar.example")
	used := h.link("ada@cedar.example")
	_, err := h.UseLink(ctx, used)
	ok(t, err)
	h.invite(h.first.ID, h.owner, "bo@cedar.example", RoleIssuer)
	h.signIn(h.owner)
	count := func() (n int) {
		for _, kind := range []string{"sign-in-link", "invitation", "session", "ceremony"} {
			n += len(h.rows(kind))
		}
		return n
	}
	before := count()
	if n, err := h.Sweep(ctx); err != nil || n != 0 || count() != before {
		t.Errorf("%d were swept too early, %v", n, err)
	}
	h.pass(23 * time.Hour)
	_, err = h.UseLink(ctx, used)
	is(t, err, issuer.KindConflict, "link_used")
	h.pass(10 * 365 * 24 * time.Hour)
	if n, err := h.Sweep(ctx); err != nil || n != before || count() != 0 {
		t.Errorf("%d of %d were swept, %v", n, before, err)
	}
}

// TestOperatorLinkProves: whoever made the account of another's address by a link that was shown to them keeps no way into it.
func TestOperatorLinkProves(t *testing.T) {
	h := empty(t, func(c *Config) { c.Mail = nil })
	ctx := t.Context()
	h.owner = h.settle()
	mallory := h.member(h.other.ID, "mallory@birch.example", RoleOwner)
	shown := func(by, organisation string) string {
		_, link, err := h.Invite(ctx, by, InvitationInput{Organisation: organisation, Email: "grace@cedar.example", Role: RoleIssuer})
		ok(t, err)
		return token(link)
	}
	_, proof, err := h.AcceptInvitation(ctx, shown(mallory, h.other.ID), Acceptance{Person: PersonInput{Name: "Grace"}})
	ok(t, err)
	grace := proof.Account()
	stranger := h.signIn(grace)
	ok(t, h.store.Update(ctx, func(tx issuer.Tx) error {
		if err := identities.Put(tx, &Identity{ID: "theirs", Account: grace}, 0); err != nil {
			return err
		}
		return passkeys.Put(tx, &passkey{Passkey: Passkey{ID: "theirs", Account: grace}}, 0)
	}))

	link, err := h.OperatorLink(ctx, "grace@cedar.example")
	ok(t, err)
	proof, err = h.UseLink(ctx, token(link))
	ok(t, err)
	_, _, err = h.AcceptInvitation(ctx, shown(h.owner, h.first.ID), Acceptance{Account: proof.Account()})
	ok(t, err)
	_, _, err = h.Visit(ctx, stranger)
	is(t, err, issuer.KindDenied, "sign_in")
	if n := len(h.rows("passkey")) + len(h.rows("identity")); n != 0 {
		t.Errorf("the stranger keeps %d ways to sign in", n)
	}

	// From now on it is proven: another such link ends nothing.
	session := h.signIn(grace)
	link, err = h.OperatorLink(ctx, "grace@cedar.example")
	ok(t, err)
	_, err = h.UseLink(ctx, token(link))
	ok(t, err)
	_, _, err = h.Visit(ctx, session)
	ok(t, err)
}
