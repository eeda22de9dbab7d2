package issuer_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

func TestAccess(t *testing.T) {
	l := newLife(t, public)
	seen := func(c issuer.Credential, want bool) {
		t.Helper()
		c = l.now(t, c.ID)
		text, err := l.Document(t.Context(), c.URL)
		if c.Visible() != want || (err == nil) != want || want && string(text) != string(c.JSON) {
			t.Fatalf("visible %v, error %v, want %v", c.Visible(), err, want)
		}
	}
	step := func(_ issuer.Credential, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	open := l.issue(t, issuer.AwardInput{})
	l.settle(t, func(s *issuer.Settings) { s.Held = true })
	held := l.issue(t, issuer.AwardInput{})
	l.told()
	seen(open, true)
	seen(held, false)
	_, err := l.SetAccess(t.Context(), held.ID, issuer.AccessPublic, "earner")
	wantCode(t, err, issuer.KindConflict, "held")
	_, err = l.SetAccess(t.Context(), open.ID, issuer.AccessHeld, "earner")
	wantCode(t, err, issuer.KindInvalid, "access")
	for range 2 { // the second time nothing happens
		step(l.Claim(t.Context(), held.ID, "earner"))
		step(l.SetAccess(t.Context(), held.URL, issuer.AccessOff, "earner"))
	}
	seen(held, false)
	if c := l.now(t, held.ID); !c.Claimed.Equal(noon.Truncate(time.Second)) {
		t.Errorf("claimed %v", c.Claimed)
	}
	step(l.SetAccess(t.Context(), held.ID, issuer.AccessPublic, "earner"))
	seen(held, true)
	step(l.SetAccess(t.Context(), held.ID, issuer.AccessUnlisted, "earner"))
	seen(held, true)
	if _, types := l.told(); !slices.Equal(types, []issuer.EventType{issuer.EventClaimed}) {
		t.Errorf("events %v", types)
	}
	if n := l.actions(t, "credential.access"); n != 3 {
		t.Errorf("%d changes of access are recorded", n)
	}
	if _, _, err := l.Workspace.Revoke(t.Context(), open.ID, issuer.Cause{Code: issuer.ReasonError}, staff); err != nil { // before it was claimed
		t.Fatal(err)
	}
	_, err = l.Claim(t.Context(), open.ID, "earner")
	wantCode(t, err, issuer.KindConflict, "already_revoked")
	draft := l.leave(t)
	_, err = l.Claim(t.Context(), draft.ID, "earner")
	wantCode(t, err, issuer.KindConflict, "not_issued")
	_, err = l.Claim(t.Context(), "nothing", "earner")
	wantCode(t, err, issuer.KindMissing, "not_found")
	if _, err := l.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestErase: nothing of the person is left in any record, and the status lists and the log hold as they did.
func TestErase(t *testing.T) {
	l := newLife(t, public)
	for _, settings := range []issuer.Settings{{RevocationList: true}} {
		l.settle(t, func(s *issuer.Settings) { *s = settings })
	}
	c := l.issue(t, issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada Lovelace", Narrative: "Analytical engines", PlainRecipient: true,
		Evidence: []issuer.Evidence{{Narrative: "Note G"}}})
	other := l.issue(t, issuer.AwardInput{Recipient: "bo@example.org", Name: "Bo Diddley"})
	if _, _, err := l.OpenCase(t.Context(), issuer.CaseInput{Credential: c.ID, Code: issuer.ReasonEvidence, Allegation: "Lovelace copied it", Suspend: true}, staff); err != nil {
		t.Fatal(err)
	}
	key := once(t, l.Workspace, "k", "revoke")
	tell := func(value any, _ uint64) ([]byte, error) {
		c := value.(issuer.Credential)
		return []byte(c.ID + c.Revoked.Reason), nil
	}
	key.End()
	key, err := l.Once(t.Context(), issuer.OnceKey{Actor: "test", Text: "k"}, []byte("revoke"), tell)
	if err != nil {
		t.Fatal(err)
	}
	cause := issuer.Cause{Code: issuer.ReasonEvidence, Reason: "Of Lovelace none", Note: "Ask Byron"}
	if _, _, err := l.Workspace.Revoke(t.Context(), c.ID, cause, issuer.Write{Actor: "account:1", Once: key}); err != nil {
		t.Fatal(err)
	}
	key.End()
	if _, _, err := l.Workspace.Revoke(t.Context(), other.ID, issuer.Cause{Code: issuer.ReasonError, Reason: "Diddley stays"}, staff); err != nil {
		t.Fatal(err)
	}
	l.told()
	for range 2 {
		got, err := l.Erase(t.Context(), c.Identifier, "The earner wrote to us.", "account:1")
		if err != nil || got.Erased == nil || got.Erased.By != "account:1" {
			t.Fatalf("%+v, error %v", got, err)
		}
	}
	if events, types := l.told(); !slices.Equal(types, []issuer.EventType{issuer.EventErased}) || events[0].Credential.JSON != nil {
		t.Errorf("events %v", types)
	}
	gone := l.now(t, c.ID)
	if gone.JSON != nil || gone.JWT != "" || gone.Base != nil || gone.Recipient != "" || gone.Visible() || gone.IntegrityKey != "" || gone.State() != issuer.CredentialRevoked ||
		gone.Slot != c.Slot || gone.Identifier != c.Identifier || gone.By != staff.Actor || gone.Revoked.Code != issuer.ReasonEvidence || gone.Revoked.Reason+gone.Revoked.Note != "" {
		t.Errorf("%+v", gone)
	}
	kept := map[string]bool{"Diddley": false, "Diddley stays": false, "wrote to us": false}
	for _, k := range issuer.Kinds() {
		for _, row := range l.rows(t, k) {
			body := string(row.Body)
			for _, text := range []string{"ada@example.org", "Lovelace", "Analytical", "Note G", "Byron", base64.StdEncoding.EncodeToString([]byte(c.ID))[:20]} {
				if strings.Contains(body, text) || strings.Contains(strings.Join(row.Lookups, " "), c.Recipient) {
					t.Errorf("%s %s still says %q", k.Name, row.ID, text)
				}
			}
			for text := range kept {
				kept[text] = kept[text] || strings.Contains(body, text)
			}
		}
	}
	for text, there := range kept {
		if !there {
			t.Errorf("%q is gone too", text)
		}
	}
	l.wantBits(t, gone, true, true)
	_, err = l.Document(t.Context(), c.URL)
	wantCode(t, err, issuer.KindMissing, "not_found")
	_, err = l.Document(t.Context(), c.URL+"/refresh")
	wantCode(t, err, issuer.KindMissing, "not_found")
	if _, err := l.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}

	// It can still be revoked, and nothing is written down of it any more.
	third := l.issue(t, issuer.AwardInput{})
	if _, err := l.Erase(t.Context(), third.ID, "", "earner"); err != nil {
		t.Fatal(err)
	}
	if c := l.now(t, third.ID); c.State() != issuer.CredentialErased {
		t.Errorf("state %s", c.State())
	}
	if _, err := l.SetAccess(t.Context(), third.ID, issuer.AccessPublic, "earner"); err == nil {
		t.Error("an erased award has a page")
	}
	revoked, _, err := l.Workspace.Revoke(t.Context(), third.ID, issuer.Cause{Code: issuer.ReasonError, Reason: "Ada", Note: "Ada"}, staff)
	if err != nil || revoked.Revoked.Reason+revoked.Revoked.Note != "" {
		t.Errorf("%+v, error %v", revoked.Revoked, err)
	}
	draft := l.leave(t)
	if got, err := l.Erase(t.Context(), draft.ID, "", "earner"); err != nil || got.Erased == nil || got.Unsigned != nil || len(l.drafts(t)) > 0 {
		t.Errorf("%+v, error %v", got, err)
	}
	// Awards that are erased are signed anew by nothing.
	l.start(t)
	if err := l.Opening().Unfinished; err != nil {
		t.Error(err)
	}
	if _, err := l.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestEraseEarly: of an award of an earlier release the texts are found too, whose entries are in no list.
func TestEraseEarly(t *testing.T) {
	l := newLife(t, public)
	c := l.issue(t, issuer.AwardInput{})
	if _, err := l.Service.Revoke(t.Context(), c.ID, "Of Lovelace none", "test"); err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]int{"audit": {0, 1, 2}, "credential": {7}}
	for name, lookups := range kinds {
		k := kindOf(t, name)
		for _, row := range l.rows(t, k) {
			for _, i := range lookups {
				row.Lookups[i] = ""
			}
			row.Body = bytes.Replace(row.Body, []byte(`,"recipient":"`+c.Recipient+`"`), nil, 1)
			l.put(t, k, row)
		}
	}
	if _, err := l.Erase(t.Context(), c.ID, "", "earner"); err != nil {
		t.Fatal(err)
	}
	if n := l.count(t, "audit-reason"); n != 0 {
		t.Errorf("%d texts are left", n)
	}
	if _, err := l.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}
