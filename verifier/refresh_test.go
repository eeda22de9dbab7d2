package verifier

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

const refreshURL = "https://issuer.example/refresh/1"

// refreshable names the place to ask for a newer version.
func refreshable(d map[string]any) {
	extended(d)
	d["refreshService"] = map[string]any{"id": refreshURL, "type": refreshType}
}

// newerVersion is a change that makes the version that begins in February.
func newerVersion(change func(map[string]any)) func(map[string]any) {
	return func(d map[string]any) {
		refreshable(d)
		d["validFrom"], d["name"] = "2026-02-01T00:00:00Z", "Feedback, corrected"
		change(d)
	}
}

// TestRefresh: what the issuer offers is shown when it is a newer version of the same credential, and whatever it is, the answers
// are those of the version that was given (Open Badges 3.0 section 9.1).
func TestRefresh(t *testing.T) {
	b := newBench(t)
	sealed := func(change func(map[string]any)) []byte { return b.seal(b.badge(newerVersion(change))) }
	altered := func(change func(map[string]any)) []byte {
		var d map[string]any
		if err := json.Unmarshal(sealed(nothing), &d); err != nil {
			t.Fatal(err)
		}
		change(d)
		return marshal(t, d)
	}
	token, err := proof.SealJWT(b.badge(newerVersion(nothing)), b.key)
	if err != nil {
		t.Fatal(err)
	}
	other := newSigner(t, false)
	otherDID, _, _ := strings.Cut(other.ID, "#")
	foreign, err := proof.Seal(context.Background(), b.badge(newerVersion(func(d map[string]any) { d["issuer"].(map[string]any)["id"] = otherDID })), proof.SealOptions{Signer: other, Created: at})
	if err != nil {
		t.Fatal(err)
	}
	listed := func(d map[string]any) {
		d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "94567", "statusListCredential": listURL}
	}
	// successor is a change that makes an award of its own that takes the place of the first.
	successor := func(change func(map[string]any)) func(map[string]any) {
		return func(d map[string]any) {
			d["id"], d["awardedDate"] = "urn:uuid:9b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11", "2025-12-31T19:00:00-05:00" // when the first began
			change(d)
		}
	}
	given := b.badge(refreshable)
	anew, err := proof.Seal(context.Background(), given, proof.SealOptions{Signer: b.key, Created: at.Add(-time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		offered    []byte // nil is not reachable
		outcome    string
		detail     string // a part of it
		superseded bool
	}{
		"newer":             {sealed(nothing), "pass", "from 1 February 2026, 00:00 UTC, which is authentic and in force.", true},
		"newer, as a token": {[]byte(token), "pass", "which is authentic and in force.", true},
		"newer, and ended":  {sealed(func(d map[string]any) { d["validUntil"] = "2026-03-01T00:00:00Z" }), "pass", "not in force (expired).", true},
		"newer, not begun":  {sealed(func(d map[string]any) { d["validFrom"] = "2026-12-01T00:00:00Z" }), "pass", "not in force (not_yet_valid).", true},
		"newer, revoked":    {sealed(listed), "pass", "not in force (revoked).", true},
		"newer, status unknown": {sealed(func(d map[string]any) {
			listed(d)
			d["credentialStatus"].(map[string]any)["statusListCredential"] = "https://gone.example/l"
		}), "pass", "whether it is in force is not known.", true},
		"the same":              {b.seal(given), "pass", "This is the current version", false},
		"the same, signed anew": {anew, "pass", "This is the current version", false},
		"another, of that time": {b.seal(b.badge(func(d map[string]any) { refreshable(d); d["name"] = "Other" })), "warn date_mismatch /refreshService", "says something else", false},
		"older":                 {sealed(func(d map[string]any) { d["validFrom"] = "2025-02-01T00:00:00Z" }), "warn date_mismatch /refreshService", "older", false},
		"another id":            {sealed(func(d map[string]any) { d["id"] = "urn:uuid:9b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11" }), "warn id_mismatch /refreshService", "another credential", false},
		"an id like it":         {sealed(func(d map[string]any) { d["id"] = "urn:uuid:5B0A5A52-8a7a-4d6c-9d0b-0f2d6a1c3e11" }), "warn id_mismatch /refreshService", "another credential", false},
		"a successor":           {sealed(successor(nothing)), "pass", "from 1 February 2026, 00:00 UTC, which is authentic and in force.", true},
		"a successor, same day": {sealed(successor(func(d map[string]any) { d["validFrom"] = "2026-01-01T00:00:00Z" })), "pass", "a newer version which is authentic and in force.", true},
		"a successor, revoked":  {sealed(successor(listed)), "pass", "not in force (revoked).", true},
		"an earlier successor":  {sealed(successor(func(d map[string]any) { d["validFrom"] = "2025-02-01T00:00:00Z" })), "warn date_mismatch /refreshService", "older", false},
		"of another day":        {sealed(successor(func(d map[string]any) { d["awardedDate"] = "2026-01-02T00:00:00Z" })), "warn id_mismatch /refreshService", "another credential", false},
		"of another person":     {sealed(successor(func(d map[string]any) { subject(d)["id"] = "did:example:other" })), "warn id_mismatch /refreshService", "another credential", false},
		"of nobody":             {sealed(successor(func(d map[string]any) { delete(subject(d), "id") })), "warn id_mismatch /refreshService", "another credential", false},
		"another issuer":        {foreign, "warn issuer_mismatch /refreshService", "another credential", false},
		"another recipient":     {sealed(func(d map[string]any) { subject(d)["id"] = "did:example:other" }), "warn subject_mismatch /refreshService", "another credential", false},
		"no recipient":          {sealed(func(d map[string]any) { delete(subject(d), "id") }), "warn subject_mismatch /refreshService", "another credential", false},
		"altered":               {altered(func(d map[string]any) { d["name"] = "Other" }), "warn signature_invalid /refreshService", "not authentic", false},
		"unsigned":              {b.badge(newerVersion(nothing)), "warn malformed /refreshService", "not authentic", false},
		"malformed":             {[]byte(`{"a":`), "warn malformed /refreshService", "not authentic", false},
		"breaks the rules":      {altered(func(d map[string]any) { delete(subject(d), "achievement") }), "warn schema_invalid /refreshService", "not authentic", false},
		"no credential":         {[]byte(`{"a":1}`), "warn no_credential /refreshService", "not authentic", false},
		"a page":                {[]byte(`<html>`), "warn no_credential /refreshService", "no credential", false},
		"empty":                 {[]byte{}, "warn no_credential /refreshService", "no credential", false},
		"too large":             {make([]byte, credential.Limits.Document+1), "unknown too_large /refreshService", "too large", false},
		"not reachable":         {nil, "unknown refresh_unavailable /refreshService", "could not be asked", false},
	} {
		t.Run(name, func(t *testing.T) {
			b.documents = library{webDoc: b.documents[webDoc], listURL: b.list(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.AddDate(0, 0, -1), ValidUntil: at.AddDate(0, 0, 1)}, true, false, nil)}
			if c.offered != nil {
				b.documents[refreshURL] = c.offered
			}
			report, asked := b.ask(b.seal(given), Options{})
			expect(t, name, report, Yes, Yes, "")
			if got := outcomes(report, "refresh"); len(got) != 1 || got[0] != c.outcome {
				t.Errorf("%q, want %q", got, c.outcome)
			}
			for _, check := range report.Checks {
				if check.Step == "refresh" && !strings.Contains(check.Detail, c.detail) {
					t.Errorf("%q, want %q", check.Detail, c.detail)
				}
			}
			if (report.Credential.Superseded == refreshURL) != c.superseded {
				t.Errorf("superseded by %q", report.Credential.Superseded)
			}
			if report.Credential.Name != "Feedback" {
				t.Errorf("shown is %q, not what was given", report.Credential.Name)
			}
			if n := len(slices.DeleteFunc(asked, func(a string) bool { return a != refreshURL })); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestRefreshByIdentifiers: a recipient without an id is told by all the identifiers, in any order.
func TestRefreshByIdentifiers(t *testing.T) {
	b := newBench(t)
	named := func(values ...string) func(map[string]any) {
		return func(d map[string]any) {
			refreshable(d)
			delete(subject(d), "id")
			var all []any
			for _, v := range values {
				all = append(all, map[string]any{"type": "IdentityObject", "hashed": false, "identityType": "name", "identityHash": v})
			}
			if all != nil {
				subject(d)["identifier"] = all
			}
		}
	}
	for name, c := range map[string]struct {
		before, after []string
		want          string
	}{
		"the same":     {[]string{"Ada", "A. L."}, []string{"A. L.", "Ada"}, "pass"},
		"another":      {[]string{"Ada"}, []string{"Eve"}, "warn subject_mismatch /refreshService"},
		"one more":     {[]string{"Ada"}, []string{"Ada", "Eve"}, "warn subject_mismatch /refreshService"},
		"nobody named": {nil, nil, "warn subject_mismatch /refreshService"},
	} {
		b.documents[refreshURL] = b.seal(b.badge(newerVersion(named(c.after...))))
		report, _ := b.ask(b.seal(b.badge(named(c.before...))), Options{})
		if got := outcomes(report, "refresh"); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestRefreshBySuccessor: an award that takes the place of another has its recipient, told by more than a name that may be corrected.
func TestRefreshBySuccessor(t *testing.T) {
	b := newBench(t)
	named := func(address, name string, change func(map[string]any)) []byte {
		return b.seal(b.badge(func(d map[string]any) {
			refreshable(d)
			delete(subject(d), "id")
			all := []any{map[string]any{"type": "IdentityObject", "hashed": false, "identityType": "name", "identityHash": name}}
			if address != "" {
				all = append(all, map[string]any{"type": "IdentityObject", "hashed": true, "identityType": "emailAddress", "identityHash": "sha256$" + address, "salt": "s"})
			}
			subject(d)["identifier"] = all
			change(d)
		}))
	}
	ada, eve := strings.Repeat("a", 64), strings.Repeat("e", 64)
	for name, c := range map[string]struct {
		before, after, name, want string
	}{
		"a corrected name":    {ada, ada, "Ada Lovelace", "pass"},
		"the same name":       {ada, eve, "Ada", "warn id_mismatch /refreshService"},
		"known by name alone": {"", "", "Ada", "warn id_mismatch /refreshService"},
	} {
		b.documents[refreshURL] = named(c.after, c.name, func(d map[string]any) {
			d["id"], d["awardedDate"] = "urn:uuid:9b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11", "2026-01-01T00:00:00Z"
		})
		report, _ := b.ask(named(c.before, "Ada", nothing), Options{})
		if got := outcomes(report, "refresh"); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestRefreshNotAsked: nothing is asked for what is not authentic, offline, by a way that is not known, or again for what came back.
func TestRefreshNotAsked(t *testing.T) {
	service := func(kind, id string) map[string]any { return map[string]any{"type": kind, "id": id} }
	services := func(all ...any) func(d map[string]any) {
		return func(d map[string]any) {
			d["refreshService"] = all
			if len(all) == 1 {
				d["refreshService"] = all[0]
			}
		}
	}
	for name, c := range map[string]struct {
		profile credential.Profile // Open Badges knows one service only
		change  func(map[string]any)
		outcome string
		asked   int
	}{
		"as it is":           {0, nothing, "pass", 1},
		"no service":         {0, func(d map[string]any) { delete(d, "refreshService") }, "not_applicable", 0},
		"another way":        {0, services(service("JsonSchema", refreshURL)), "not_applicable", 0},
		"not https":          {0, services(service(refreshType, "http://issuer.example/refresh/1")), "not_applicable", 0},
		"a file":             {0, services(service(refreshType, "file:///etc/hostname")), "not_applicable", 0},
		"blocked":            {0, services(service(refreshType, "https://10.0.0.1/x")), "unknown ssrf_blocked /refreshService", 0},
		"issuer not known":   {0, func(d map[string]any) { d["issuer"].(map[string]any)["id"] = "did:web:gone.example" }, "not_applicable", 0},
		"two places":         {credential.VerifiableCredentials, services(service(refreshType, refreshURL), service(refreshType, refreshURL+"/2")), "pass", 1},
		"the second is ours": {credential.VerifiableCredentials, services(service("JsonSchema", refreshURL+"/2"), service(refreshType, refreshURL)), "pass", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.documents[refreshURL] = b.seal(b.badge(newerVersion(func(d map[string]any) {
				d["refreshService"].(map[string]any)["id"] = refreshURL + "/again"
			})))
			if name == "issuer not known" { // the key in the fragment fits, and proves nothing
				multikey, err := keys.Multikey(b.key.Signer.Public())
				if err != nil {
					t.Fatal(err)
				}
				b.key.ID = "did:web:gone.example#" + multikey
			}
			input := b.seal(b.badge(func(d map[string]any) { refreshable(d); c.change(d) }))
			report, asked := b.ask(input, Options{Profile: c.profile})
			if got := outcomes(report, "refresh"); len(got) != 1 || got[0] != c.outcome {
				t.Errorf("%q, want %q", got, c.outcome)
			}
			if n := len(slices.DeleteFunc(asked, func(a string) bool { return !strings.HasPrefix(a, refreshURL) })); n != c.asked {
				t.Errorf("asked %d times", n)
			}
		})
	}
	signer := newSigner(t, false) // offline, with an issuer that needs no document
	b := newBench(t)
	b.key = signer
	did, _, _ := strings.Cut(signer.ID, "#")
	report, err := Verify(context.Background(), b.seal(b.badge(func(d map[string]any) { refreshable(d); d["issuer"].(map[string]any)["id"] = did })), Options{At: at})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "offline", report, Yes, Yes, "refresh_unavailable")
}

// TestRefreshOfRevoked: a newer version does not undo the revocation of the one that was given.
func TestRefreshOfRevoked(t *testing.T) {
	b := newBench(t)
	b.documents[listURL] = b.list(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.AddDate(0, 0, -1), ValidUntil: at.AddDate(0, 0, 1)}, true, false, nil)
	b.documents[refreshURL] = b.seal(b.badge(newerVersion(nothing)))
	report, _ := b.ask(b.seal(b.badge(func(d map[string]any) {
		refreshable(d)
		d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "94567", "statusListCredential": listURL}
	})), Options{})
	expect(t, "revoked", report, Yes, No, "revoked")
	if report.Credential.Superseded != refreshURL {
		t.Error("the newer version is not shown")
	}
}
