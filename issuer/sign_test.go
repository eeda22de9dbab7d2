package issuer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// own answers the documents of the installation to the verifier.
type own struct{ *desk }

func (o own) Fetch(ctx context.Context, address string, _ int) (verifier.Document, error) {
	text, err := o.Document(ctx, address)
	if err != nil {
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return verifier.Document{Bytes: text, URL: address, ReadAt: o.clock.Now(), Origin: verifier.Installation}, nil
}

// signingDesk is an installation that checks with the verifier what it signs, with the keys of every kind there is.
func signingDesk(t testing.TB, base string) (*desk, issuer.Organisation) {
	t.Helper()
	d := newDesk(t, base)
	d.check = func(ctx context.Context, sealed []byte) error {
		return verifier.Authentic(ctx, sealed, verifier.Options{At: d.clock.Now(), Profile: credential.VerifiableCredentials, Fetch: own{d}})
	}
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []keys.Kind{keys.P256, keys.P384, keys.RSA2048} {
		if _, err := d.AddKey(t.Context(), all[0].ID, kind, "test"); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	o, err := d.Organisation(t.Context(), all[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return d, o
}

// key is the did:key of the newest key of an algorithm.
func keyOf(t testing.TB, o issuer.Organisation, algorithm string) string {
	t.Helper()
	did := ""
	for _, k := range o.Keys {
		if k.Algorithm == algorithm {
			did = "did:key:" + k.Multikey
		}
	}
	if did == "" {
		t.Fatalf("no key for %s", algorithm)
	}
	return did
}

func unsigned(issuer string) []byte {
	return fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11",`+
		`"type":["VerifiableCredential"],"issuer":%q,"validUntil":"2020-01-01T00:00:00Z","credentialSubject":{"id":"did:example:alice","name":"Alice"}}`, issuer)
}

func unsigned11(issuer string) []byte {
	return fmt.Appendf(nil, `{"@context":["https://www.w3.org/2018/credentials/v1"],"id":"urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a12",`+
		`"type":["VerifiableCredential"],"issuer":%q,"issuanceDate":"2020-01-01T00:00:00Z","credentialSubject":{"id":"did:example:alice"}}`, issuer)
}

// TestSignSuites: which key signs and how follows from the issuer that the credential names and from what is asked for; what comes
// out verifies.
func TestSignSuites(t *testing.T) {
	for _, base := range []string{"", public} {
		d, o := signingDesk(t, base)
		ed, p256, p384, rsa := keyOf(t, o, keys.EdDSA), keyOf(t, o, keys.ES256), keyOf(t, o, keys.ES384), keyOf(t, o, keys.RS256)
		for name, test := range map[string]struct {
			in     issuer.SignInput
			method string // begins so
			suite  string // or the code of the refusal
			local  string // the refusal where the identity is one key; "" is none
		}{
			"as itself":              {issuer.SignInput{Document: unsigned(o.DID)}, o.DID, "eddsa-rdfc-2022", ""},
			"as itself by a suite":   {issuer.SignInput{Document: unsigned(o.DID), Suite: "ecdsa-jcs-2019"}, o.DID, "ecdsa-jcs-2019", "suite"},
			"as its Ed25519 key":     {issuer.SignInput{Document: unsigned(ed)}, ed, "eddsa-rdfc-2022", ""},
			"JCS":                    {issuer.SignInput{Document: unsigned(ed), Suite: "eddsa-jcs-2022"}, ed, "eddsa-jcs-2022", ""},
			"as its P-256 key":       {issuer.SignInput{Document: unsigned(p256)}, p256, "ecdsa-rdfc-2019", ""},
			"as its P-384 key":       {issuer.SignInput{Document: unsigned(p384)}, p384, "ecdsa-rdfc-2019", ""},
			"P-384 with JCS":         {issuer.SignInput{Document: unsigned(p384), Suite: "ecdsa-jcs-2019"}, p384, "ecdsa-jcs-2019", ""},
			"data model 1.1":         {issuer.SignInput{Document: unsigned11(p256)}, p256, "ecdsa-rdfc-2019", ""},
			"old suite":              {issuer.SignInput{Document: unsigned11(ed), Suite: "Ed25519Signature2020"}, ed, "Ed25519Signature2020", ""},
			"selective by suite":     {issuer.SignInput{Document: unsigned(p256), Suite: "ecdsa-sd-2023"}, p256, "ecdsa-sd-2023", ""},
			"selective by pointers":  {issuer.SignInput{Document: unsigned(p256), Mandatory: []string{"/credentialSubject/name"}}, p256, "ecdsa-sd-2023", ""},
			"selective 1.1":          {issuer.SignInput{Document: unsigned11(p256), Suite: "ecdsa-sd-2023"}, p256, "ecdsa-sd-2023", ""},
			"token as itself":        {issuer.SignInput{Document: unsigned(o.DID), Token: true}, o.DID, "token", ""},
			"token of a key":         {issuer.SignInput{Document: unsigned(p384), Token: true}, p384, "token", ""},
			"token of an RSA key":    {issuer.SignInput{Document: unsigned(rsa), Token: true}, rsa, "token", ""},
			"RSA has no suite":       {issuer.SignInput{Document: unsigned(rsa)}, "", "suite", "suite"},
			"wrong key for suite":    {issuer.SignInput{Document: unsigned(ed), Suite: "ecdsa-rdfc-2019"}, "", "suite", "suite"},
			"selective by P-384":     {issuer.SignInput{Document: unsigned(p384), Suite: "ecdsa-sd-2023"}, "", "suite", "suite"},
			"no such suite":          {issuer.SignInput{Document: unsigned(ed), Suite: "eddsa-2022"}, "", "suite", "suite"},
			"pointers without suite": {issuer.SignInput{Document: unsigned(ed), Mandatory: []string{"/id"}}, "", "suite", "suite"},
			"pointer to nothing":     {issuer.SignInput{Document: unsigned(p256), Mandatory: []string{"/nothing"}}, "", "malformed", "malformed"},
			"another issuer":         {issuer.SignInput{Document: unsigned("did:web:elsewhere.example.org")}, "", "issuer", "issuer"},
			"token of model 1.1":     {issuer.SignInput{Document: unsigned11(ed), Token: true}, "", "envelope", "envelope"},
			"token with a suite":     {issuer.SignInput{Document: unsigned(ed), Token: true, Suite: "eddsa-rdfc-2022"}, "", "suite", "suite"},
		} {
			t.Run(base+" "+name, func(t *testing.T) {
				signed, err := d.Workspace(o.ID).Sign(t.Context(), test.in, issuer.Write{Actor: "test"})
				if base == "" && test.local != "" || test.method == "" {
					wantCode(t, err, issuer.KindInvalid, firstOf(base == "" && test.local != "", test.local, test.suite))
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if test.suite == "token" {
					if signed.JSON != nil || strings.Count(signed.Token, ".") != 2 {
						t.Fatalf("%+v", signed)
					}
					return
				}
				var got struct {
					Proof struct{ Type, Cryptosuite, VerificationMethod, Created string }
				}
				if err := json.Unmarshal(signed.JSON, &got); err != nil {
					t.Fatal(err)
				}
				if suite := got.Proof.Cryptosuite + strings.TrimPrefix(got.Proof.Type, "DataIntegrityProof"); suite != test.suite {
					t.Errorf("suite %s, want %s", suite, test.suite)
				}
				if !strings.HasPrefix(got.Proof.VerificationMethod, test.method+"#") || got.Proof.Created != "2026-11-22T12:00:00Z" {
					t.Errorf("signed by %s at %s", got.Proof.VerificationMethod, got.Proof.Created)
				}
			})
		}
	}
}

func firstOf(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// TestSignRefuses: what breaks the data model, or would not be signed whole, leaves no trace: no entry in the log, and no place in the
// status lists, which is taken with it.
func TestSignRefuses(t *testing.T) {
	d, o := signingDesk(t, public)
	with := func(old, now string) issuer.SignInput {
		text := strings.Replace(string(unsigned(o.DID)), old, now, 1)
		if text == string(unsigned(o.DID)) {
			t.Fatalf("nothing to replace: %s", old)
		}
		return issuer.SignInput{Document: []byte(text)}
	}
	named := with(`"id":"urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11",`, "")
	named.Purposes = []string{"revocation"}
	twice := issuer.SignInput{Document: unsigned(o.DID), Purposes: []string{"revocation", "revocation"}}
	foreign := issuer.SignInput{Document: unsigned(o.DID), Purposes: []string{"message"}}
	long := issuer.SignInput{Document: unsigned(o.DID), Name: strings.Repeat("x", 3000)}
	withStatus := func(in issuer.SignInput) issuer.SignInput {
		in.Name, in.Purposes = "urn:a", []string{"revocation", "suspension"}
		return in
	}
	token := withStatus(with(`credentials/v2"`, `credentials/v2","https://example.org/context"`))
	token.Token = true
	claim := issuer.SignInput{Document: with(`"type"`, `"nbf":1,"type"`).Document, Token: true}
	pointer := withStatus(issuer.SignInput{Document: unsigned(o.DID), Mandatory: []string{"/nothing"}})
	d.publish(t)
	award := issuer.SignInput{Document: unsigned(o.DID), Name: d.award(t).URL}
	further, err := d.AddKey(t.Context(), o.ID, keys.Ed25519, "test")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := withStatus(issuer.SignInput{Document: unsigned("did:key:" + further.Multikey)})
	before := d.inspect(t).Acts
	for name, test := range map[string]struct {
		in   issuer.SignInput
		code string
	}{
		"no JSON":              {issuer.SignInput{Document: []byte("{")}, "malformed"},
		"a member twice":       {with(`"type"`, `"type":["VerifiableCredential"],"type"`), "duplicate_key"},
		"not a credential":     {with(`["VerifiableCredential"]`, `["VerifiablePresentation"]`), "credential"},
		"no subject":           {with(`"credentialSubject"`, `"other"`), "schema_invalid"},
		"a proof already":      {with(`"type"`, `"proof":{},"type"`), "proof"},
		"an undefined term":    {withStatus(with(`"name"`, `"undefinedTerm"`)), "unsafe_jsonld"},
		"a token's context":    {token, "context_untrusted"},
		"a token's claim":      {claim, "ambiguous"},
		"a pointer to nothing": {pointer, "malformed"},
		"an unknown context":   {with(`credentials/v2"`, `credentials/v2","https://example.org/context"`), "context_untrusted"},
		"status without id":    {named, "name"},
		"a purpose twice":      {twice, "status"},
		"a purpose not signed": {foreign, "status"},
		"a long name":          {long, "name"},
		"no list of its own":   {elsewhere, "status"},
	} {
		_, err := d.Workspace(o.ID).Sign(t.Context(), test.in, issuer.Write{Actor: "test"})
		var told *issuer.Error
		if !errors.As(err, &told) || told.Kind != issuer.KindInvalid || told.Code != test.code {
			t.Errorf("%s: %v, want %s", name, err, test.code)
		}
		if after := d.inspect(t).Acts; after != before {
			t.Errorf("%s: %d acts, and %d before", name, after, before)
		}
	}
	_, err = d.Workspace(o.ID).Sign(t.Context(), award, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindConflict, "name_taken")
	for _, id := range []string{award.Name, public + "/status/abc"} { // without a name, and all the same
		own := issuer.SignInput{Document: []byte(strings.Replace(string(unsigned(o.DID)), "urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11", id, 1))}
		_, err = d.Workspace(o.ID).Sign(t.Context(), own, issuer.Write{Actor: "test"})
		wantCode(t, err, issuer.KindConflict, "name_taken")
	}
	if _, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: unsigned(o.DID)}, issuer.Write{Actor: "a@example.org"}); err == nil {
		t.Error("an e-mail address in the log")
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSignChecks: what does not pass the check of this program is not given out, and its name can be used again.
func TestSignChecks(t *testing.T) {
	d, o := signingDesk(t, public)
	good := d.check
	d.check = func(context.Context, []byte) error { return errors.New("Signature: it does not fit") }
	in := issuer.SignInput{Document: unsigned(o.DID), Name: "urn:a", Purposes: []string{"revocation"}}
	_, err := d.Workspace(o.ID).Sign(t.Context(), in, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindInvalid, "self_check_failed")
	wantCode(t, d.Workspace(o.ID).SetStatus(t.Context(), issuer.StatusChange{Name: "urn:a", Purpose: "revocation", Set: true}, issuer.Write{Actor: "test"}),
		issuer.KindMissing, "not_found")
	d.check = good
	if _, err := d.Workspace(o.ID).Sign(t.Context(), in, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Workspace(o.ID).Sign(t.Context(), in, issuer.Write{Actor: "test"}); err != nil { // its answer may have been lost
		t.Fatal(err)
	}
	in.Document = []byte(strings.Replace(string(in.Document), "Alice", "Bob", 1))
	_, err = d.Workspace(o.ID).Sign(t.Context(), in, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindConflict, "name_taken")
}

// TestSignSameNameAtOnce: of many who use one name at once, one gets a credential.
func TestSignSameNameAtOnce(t *testing.T) {
	d, o := signingDesk(t, public)
	var done sync.WaitGroup
	var mu sync.Mutex
	got := 0
	for i := range 8 {
		done.Go(func() {
			text := strings.Replace(string(unsigned(o.DID)), `"Alice"`, fmt.Sprintf(`"Alice %d"`, i), 1)
			_, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: []byte(text), Name: "urn:a", Purposes: []string{"suspension"}}, issuer.Write{Actor: "test"})
			mu.Lock()
			defer mu.Unlock()
			var told *issuer.Error
			switch {
			case err == nil:
				got++
			case !errors.As(err, &told) || told.Kind != issuer.KindConflict:
				t.Error(err)
			}
		})
	}
	done.Wait()
	if got != 1 {
		t.Errorf("%d credentials of one name", got)
	}
}

// TestSignStatus: entries are added to the document and their bits follow, for good where the purpose is revocation.
func TestSignStatus(t *testing.T) {
	for name, document := range map[string]func(string) []byte{"2.0": unsigned, "1.1": unsigned11} {
		t.Run(name, func(t *testing.T) {
			d, o := signingDesk(t, public)
			w, by := d.Workspace(o.ID), issuer.Write{Actor: "test"}
			signed, err := w.Sign(t.Context(), issuer.SignInput{Document: document(o.DID), Purposes: []string{"revocation", "suspension"}, Name: "https://example.org/c/1"}, by)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				CredentialStatus []struct{ ID, Type, StatusPurpose, StatusListIndex, StatusListCredential string }
			}
			if err := json.Unmarshal(signed.JSON, &got); err != nil || len(got.CredentialStatus) != 2 {
				t.Fatalf("%s, error %v", signed.JSON, err)
			}
			status := func() (all string) {
				for _, e := range got.CredentialStatus {
					var index int
					if _, err := fmt.Sscan(e.StatusListIndex, &index); err != nil {
						t.Fatal(err)
					}
					_, list, _ := strings.Cut(e.StatusListCredential, "/status/")
					set, err := d.published(t, list).Get(index)
					if err != nil {
						t.Fatal(err)
					}
					all += fmt.Sprintf("%s %t ", e.StatusPurpose, set)
				}
				return strings.TrimSpace(all)
			}
			set := func(purpose string, on bool) error {
				return w.SetStatus(t.Context(), issuer.StatusChange{Name: "https://example.org/c/1", Purpose: purpose, Set: on}, by)
			}
			for _, step := range []struct {
				purpose string
				on      bool
				code    string
				want    string
			}{
				{"suspension", true, "", "revocation false suspension true"},
				{"suspension", true, "", "revocation false suspension true"},
				{"suspension", false, "", "revocation false suspension false"},
				{"revocation", false, "", "revocation false suspension false"},
				{"revocation", true, "", "revocation true suspension false"},
				{"revocation", true, "", "revocation true suspension false"},
				{"revocation", false, "already_revoked", "revocation true suspension false"},
				{"suspension", true, "already_revoked", "revocation true suspension false"},
			} {
				if err := set(step.purpose, step.on); step.code != "" {
					wantCode(t, err, issuer.KindConflict, step.code)
				} else if err != nil {
					t.Fatal(err)
				}
				if now := status(); now != step.want {
					t.Errorf("after %s %t: %s, want %s", step.purpose, step.on, now, step.want)
				}
			}
			e := got.CredentialStatus[0]
			for reason, c := range map[string]issuer.StatusChange{
				"purpose": {Name: "https://example.org/c/1", Purpose: "message", Set: true},
				"entry":   {Name: "https://example.org/c/1", Purpose: e.StatusPurpose, Index: e.StatusListIndex + "1", Set: true},
			} {
				wantCode(t, w.SetStatus(t.Context(), c, by), issuer.KindInvalid, reason)
			}
			if err := w.SetStatus(t.Context(), issuer.StatusChange{Name: "https://example.org/c/1", Purpose: e.StatusPurpose, Index: e.StatusListIndex, List: e.StatusListCredential, Set: true}, by); err != nil {
				t.Error(err)
			}
			other, err := d.CreateOrganisation(t.Context(), "Hillside", "", "test")
			if err != nil {
				t.Fatal(err)
			}
			wantCode(t, d.Workspace(other.ID).SetStatus(t.Context(), issuer.StatusChange{Name: "https://example.org/c/1", Purpose: "revocation", Set: true}, by),
				issuer.KindMissing, "not_found")
		})
	}
}

// TestSignWithoutStatus: a name is kept, and has no status.
func TestSignWithoutStatus(t *testing.T) {
	d, o := signingDesk(t, public)
	w, by := d.Workspace(o.ID), issuer.Write{Actor: "test"}
	if _, err := w.Sign(t.Context(), issuer.SignInput{Document: unsigned(o.DID), Name: "urn:b"}, by); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.SetStatus(t.Context(), issuer.StatusChange{Name: "urn:b", Purpose: "revocation", Set: true}, by), issuer.KindInvalid, "no_status")
	wantCode(t, w.SetStatus(t.Context(), issuer.StatusChange{Name: "urn:c", Purpose: "revocation", Set: true}, by), issuer.KindMissing, "not_found")
}

// TestSetStatusOfAward: an award is found by any of its names, and its page says that it was changed.
func TestSetStatusOfAward(t *testing.T) {
	d, o := signingDesk(t, public)
	d.publish(t)
	c := d.award(t)
	w, by := d.Workspace(o.ID), issuer.Write{Actor: "test"}
	for _, step := range []struct {
		purpose            string
		on                 bool
		code               string
		revoked, suspended bool
	}{
		{"suspension", true, "", false, true}, {"suspension", true, "", false, true}, {"suspension", false, "", false, false},
		{"revocation", false, "", false, false}, {"revocation", true, "", true, false}, {"revocation", true, "", true, false},
		{"revocation", false, "already_revoked", true, false}, {"suspension", true, "already_revoked", true, false},
	} {
		err := w.SetStatus(t.Context(), issuer.StatusChange{Name: c.Identifier, Purpose: step.purpose, Set: step.on}, by)
		if step.code != "" {
			wantCode(t, err, issuer.KindConflict, step.code)
		} else if err != nil {
			t.Fatal(err)
		}
		d.wantBits(t, c, step.revoked, step.suspended)
	}
	other, err := d.CreateOrganisation(t.Context(), "Hillside", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.Workspace(other.ID).SetStatus(t.Context(), issuer.StatusChange{Name: c.Identifier, Purpose: "revocation", Set: true}, by), issuer.KindMissing, "not_found")
}

// TestSignRecords: what is signed stands in the log before the key is used, and after.
func TestSignRecords(t *testing.T) {
	d, o := signingDesk(t, public)
	before := d.inspect(t).Acts
	d.clock.Add(time.Minute)
	during := 0
	good := d.check
	d.check = func(ctx context.Context, sealed []byte) error { during = d.inspect(t).Acts; return good(ctx, sealed) }
	if _, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: unsigned(o.DID)}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	if after := d.inspect(t).Acts; during != before+1 || after != before+2 {
		t.Errorf("%d acts before, %d when it was signed, %d after", before, during, after)
	}
	d.clock.Add(-time.Hour)
	_, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: unsigned(o.DID)}, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindUnavailable, "clock_back")
}
