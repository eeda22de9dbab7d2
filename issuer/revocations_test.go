package issuer_test

import (
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/issuer"
)

func TestRevocationList(t *testing.T) {
	for _, base := range []string{public, ""} {
		l := newLife(t, base)
		o := l.organisation(t)
		early := l.issue(t, issuer.AwardInput{})
		if len(read(t, early).Statuses) != 2 {
			t.Errorf("%s", early.JSON)
		}
		_, err := l.RevocationList(t.Context(), o.ID, 1)
		wantCode(t, err, issuer.KindMissing, "not_found")
		l.settle(t, func(s *issuer.Settings) { s.RevocationList = true })
		var all []issuer.Credential
		for range 4 {
			all = append(all, l.issue(t, issuer.AwardInput{}))
		}
		address := o.URL + "/revocations"
		entry := read(t, all[0]).Statuses[2].Value
		if entry["id"] != address || entry["type"] != status.TypeRevocationList {
			t.Errorf("entry %v", entry)
		}
		list := func() (*status.Revocations, string) {
			t.Helper()
			served, err := l.RevocationList(t.Context(), o.ID, 1)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := issuer.NewDocuments(l.store).Document(t.Context(), address); err != nil || string(text) != string(served.JSON) {
				t.Fatalf("%s, error %v", text, err)
			}
			parsed, err := status.ParseRevocations(served.JSON)
			if err != nil || parsed.Fault != nil || parsed.ID != address || parsed.Issuer != o.DID {
				t.Fatalf("%+v, error %v: %s", parsed, err, served.JSON)
			}
			return parsed, served.ETag
		}
		_, empty := list()
		if _, err := l.Suspend(t, all[0]); err != nil {
			t.Fatal(err)
		}
		if _, _, err := l.Workspace.Revoke(t.Context(), early.ID, issuer.Cause{Code: issuer.ReasonError}, staff); err != nil {
			t.Fatal(err)
		}
		if _, tag := list(); tag != empty { // neither stands in it
			t.Errorf("ETag %s, before %s", tag, empty)
		}
		if _, _, err := l.Workspace.Revoke(t.Context(), all[1].ID, issuer.Cause{Code: issuer.ReasonError, Reason: "Ada told us"}, staff); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Amend(t.Context(), all[2].ID, issuer.Amendment{Recipient: ptr("bo@example.org")}, staff); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Erase(t.Context(), all[1].ID, "", "earner"); err != nil {
			t.Fatal(err)
		}
		now, tag := list()
		for i, want := range []string{"", "Awarded by mistake", "Another award takes its place", ""} {
			if reason, revoked := now.Find(all[i].Identifier); reason != want || revoked != (want != "") {
				t.Errorf("%d: %v, %q, want %q", i, revoked, reason, want)
			}
		}
		if tag == empty {
			t.Error("the ETag is the same")
		}
		for _, other := range []string{"/revocations/1", "/revocations/2", "/revocations/02", "/revocations/x", "/revocation"} {
			_, err := l.Document(t.Context(), o.URL+other)
			wantCode(t, err, issuer.KindMissing, "not_found")
		}
	}
}

// TestRevocationListsFollow: a full list is followed by the next one, and the longest is one that verifiers read.
func TestRevocationListsFollow(t *testing.T) {
	l := newLife(t, public)
	o := l.organisation(t)
	l.settle(t, func(s *issuer.Settings) { s.RevocationList = true })
	err := l.store.Update(t.Context(), func(tx issuer.Tx) error {
		for range issuer.RevocationsMost - 1 {
			if _, err := tx.Next("revocations/" + o.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last, next := l.issue(t, issuer.AwardInput{}), l.issue(t, issuer.AwardInput{})
	if last.Revocations != 1 || next.Revocations != 2 || read(t, next).Statuses[2].Value["id"] != o.URL+"/revocations/2" {
		t.Errorf("lists %d and %d", last.Revocations, next.Revocations)
	}
	if _, _, err := l.Workspace.Revoke(t.Context(), next.ID, issuer.Cause{Code: issuer.ReasonError}, staff); err != nil {
		t.Fatal(err)
	}
	kind := kindOf(t, "revoked")
	entry := l.rows(t, kind)[0]
	err = l.store.Update(t.Context(), func(tx issuer.Tx) error { // the list is as full as can be
		for range issuer.RevocationsMost - 1 {
			entry.ID, entry.Version = entry.ID[:8]+issuer.NewID()[8:], 0
			if err := tx.Put(kind, entry); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	served, err := l.RevocationList(t.Context(), o.ID, 2)
	if err != nil {
		t.Fatal(err)
	}
	longest := len(served.JSON) + issuer.RevocationsMost*(253-len("badges.example.org"))
	if _, err := status.ParseRevocations(served.JSON); err != nil || longest > credential.Limits.Body {
		t.Errorf("%d bytes, with the longest name of a host %d, of %d: %v", len(served.JSON), longest, credential.Limits.Body, err)
	}
}
