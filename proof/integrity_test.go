package proof

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
)

// foreign knows the built-in contexts, and the one that a vector of the W3C needs besides.
func foreign(t testing.TB) Options {
	return Options{Context: func(url string) ([]byte, error) {
		if url == "https://w3id.org/citizenship/v4rc1" {
			return referencedata.File(t, "vectors/contexts/citizenship_v4rc1.jsonld"), nil
		}
		c, err := contexts.Get(url)
		return c.JSON, err
	}}
}

func object(t testing.TB, text []byte) map[string]any {
	t.Helper()
	v, err := strict.Object(text, credential.JSONLimits())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestVectorsEdDSA: the signed documents of VC-DI-EDDSA appendix B verify, sets and chains of proofs included (B.5).
func TestVectorsEdDSA(t *testing.T) {
	for name, want := range map[string]int{
		"eddsa-rdfc-2022/signedDataInt.json":        1,
		"eddsa-rdfc-2022/employ/signedDataInt.json": 1,
		"proof-set-chain/signedProofSet1.json":      1,
		"proof-set-chain/signedProofSet2.json":      2,
		"proof-set-chain/signedProofChain1.json":    3,
		"proof-set-chain/signedProofChain2.json":    4,
	} {
		s, err := ReadIntegrity(object(t, referencedata.File(t, "vectors/di-eddsa/"+name)), foreign(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(s.Proofs) != want {
			t.Errorf("%s: %d proofs, want %d", name, len(s.Proofs), want)
		}
		for _, p := range s.Proofs {
			_, fragment, _ := strings.Cut(p.Method, "#")
			key, err := keys.ParseMultikey(fragment)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(context.Background(), p, key); err != nil {
				t.Errorf("%s %s: %v", name, p.Pointer, err)
			}
		}
		s.Value["name"] = "changed"
		s.hashes = map[string]hashed{}
		for _, p := range s.Proofs {
			_, fragment, _ := strings.Cut(p.Method, "#")
			key, _ := keys.ParseMultikey(fragment)
			if err := s.Verify(context.Background(), p, key); err == nil {
				t.Errorf("%s %s: a changed document verifies", name, p.Pointer)
			}
		}
	}
}

// TestVectorOpenBadges: the signed badge of the Open Badges implementation guide verifies, and its hashes are the published ones.
func TestVectorOpenBadges(t *testing.T) {
	s, err := ReadIntegrity(object(t, referencedata.File(t, "examples/spec-docs-1.2/linked-data-proof-ob__signed-credential.json")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.ParseMultikey("z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(context.Background(), s.Proofs[0], key); err != nil {
		t.Error(err)
	}
	hash, _, err := s.hashDocument(context.Background(), nil, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(hash); got != "87f65a76d40146205e3b3e06cb0fbd153f97f9ce70372390f52566bb7f9e0773" {
		t.Errorf("document hash %s", got)
	}
}

// TestChainNeedsItsProofs: a proof that covers another one does not stand without it (Data Integrity 1.0 section 4.5).
func TestChainNeedsItsProofs(t *testing.T) {
	document := object(t, referencedata.File(t, "vectors/di-eddsa/proof-set-chain/signedProofChain1.json"))
	all := document["proof"].([]any)
	document["proof"] = all[2:]
	var fault *Error
	if _, err := ReadIntegrity(document, foreign(t)); !errors.As(err, &fault) || fault.Code != CodeMalformed {
		t.Fatalf("%v, want malformed", err)
	}
}

const badge = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  "id": "urn:uuid:3f9f0d3a-0f3c-4d43-9d0e-0d8a3f5b8f11",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "issuer": {"id": "ISSUER", "type": ["Profile"], "name": "Example District"},
  "validFrom": "2026-01-01T00:00:00Z",
  "validUntil": "2030-01-01T00:00:00Z",
  "name": "Feedback that moves learning",
  "credentialSubject": {
    "id": "did:example:teacher", "type": ["AchievementSubject"],
    "achievement": {
      "id": "urn:uuid:8e2b3f8c-52f5-4b2c-9f5c-3a4d2b1c0e9f", "type": ["Achievement"], "creditsAvailable": 0.5,
      "name": "Feedback that moves learning", "description": "Gives feedback that learners act on.", "criteria": {"narrative": "Three lessons."}
    }
  }
}`

func signer(t testing.TB) keys.Signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
}

func unsigned(s keys.Signer) []byte {
	did, _, _ := strings.Cut(s.ID, "#")
	return []byte(strings.Replace(badge, "ISSUER", did, 1))
}

// TestSealOpen: what Seal makes verifies; the text of the document is kept; any change of a value breaks it.
func TestSealOpen(t *testing.T) {
	s := signer(t)
	created := time.Date(2026, 1, 2, 3, 4, 5, 999, time.UTC)
	sealed, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s, Created: created})
	if err != nil {
		t.Fatal(err)
	}
	if before := strings.TrimSuffix(string(unsigned(s)), "\n}"); !strings.HasPrefix(string(sealed), before) {
		t.Errorf("the text has changed:\n%s", sealed)
	}
	verify := func(text []byte) error {
		secured, err := ReadIntegrity(object(t, text), Options{})
		if err != nil {
			return err
		}
		return secured.Verify(context.Background(), secured.Proofs[0], s.Signer.Public())
	}
	if err := verify(sealed); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"Three lessons", "No lesson"}, {"2030-01-01", "2090-01-01"}, {"did:example:teacher", "did:example:other"}, {"0.5", "1.5"},
		{"2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"}, {`"assertionMethod"`, `"authentication"`}, {`"proofValue":"z`, `"proofValue":"u`},
		{`"type": ["Achievement"]`, `"type": ["Achievement", "Profile"]`},
	} {
		changed := strings.Replace(string(sealed), change[0], change[1], 1)
		if changed == string(sealed) {
			t.Fatalf("nothing to change: %s", change[0])
		}
		var fault *Error
		if err := verify([]byte(changed)); !errors.As(err, &fault) || fault.Code != CodeSignatureInvalid {
			t.Errorf("%s: %v, want signature_invalid", change[1], err)
		}
	}
	// White space and the order of members are not part of the graph.
	var generic map[string]any
	if err := json.Unmarshal(sealed, &generic); err != nil {
		t.Fatal(err)
	}
	compact, err := json.Marshal(generic)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(compact); err != nil {
		t.Error(err)
	}
}

// TestUnsafe: nothing is added to a signed document without being noticed, and no number has two texts.
func TestUnsafe(t *testing.T) {
	s := signer(t)
	for addition, code := range map[string]string{
		`"undefinedTerm": 1`: CodeUnsafeJSONLD,
		`"evidence": [{"id": "rel/ative", "type": ["Evidence"]}]`: CodeUnsafeJSONLD,
		`"awardedDate": null`: CodeUnsafeJSONLD,
		`"@graph": []`:        CodeUnsafeJSONLD,
		`"credentialSchema": {"id": "https://example.org/s", "type": "Undefined"}`: CodeUnsafeJSONLD,
		`"creditsEarned": 0.10000000000000001`:                                     CodeMalformed,
		`"creditsEarned": 9007199254740993`:                                        CodeMalformed,
	} {
		text := strings.Replace(string(unsigned(s)), `"validFrom"`, addition+`, "validFrom"`, 1)
		var fault *Error
		if _, err := Seal(context.Background(), []byte(text), SealOptions{Signer: s}); !errors.As(err, &fault) || fault.Code != code {
			t.Errorf("%s: %v, want %s", addition, err, code)
		}
	}
	swapped := strings.Replace(string(unsigned(s)), "context-3.0.3.json", "context-3.0.3.json?x", 1)
	var fault *Error
	if _, err := Seal(context.Background(), []byte(swapped), SealOptions{Signer: s}); !errors.As(err, &fault) || fault.Code != CodeContextUntrusted {
		t.Errorf("%v, want context_untrusted", err)
	}
}

func TestReadIntegrityRefuses(t *testing.T) {
	s := signer(t)
	sealed, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s, Created: time.Unix(1767225600, 0)})
	if err != nil {
		t.Fatal(err)
	}
	valid := object(t, sealed)["proof"].(map[string]any)
	with := func(changes map[string]any) map[string]any {
		p := map[string]any{}
		for name, v := range valid {
			p[name] = v
		}
		for name, v := range changes {
			if v == nil {
				delete(p, name)
			} else {
				p[name] = v
			}
		}
		return p
	}
	for name, c := range map[string]struct {
		proof any
		code  string // of the document, or of the first proof
	}{
		"none":            {nil, CodeMalformed},
		"empty set":       {[]any{}, CodeMalformed},
		"a text":          {"proof", CodeMalformed},
		"no value":        {with(map[string]any{"proofValue": nil}), CodeMalformed},
		"no method":       {with(map[string]any{"verificationMethod": nil}), CodeMalformed},
		"other type":      {with(map[string]any{"type": "Ed25519Signature2018"}), CodeAlgNotAllowed},
		"other suite":     {with(map[string]any{"cryptosuite": "eddsa-rdfc-2023"}), CodeAlgNotAllowed},
		"bad date":        {with(map[string]any{"created": "yesterday"}), CodeMalformed},
		"same ids":        {[]any{with(map[string]any{"id": "urn:a"}), with(map[string]any{"id": "urn:a"})}, CodeMalformed},
		"circle":          {[]any{with(map[string]any{"id": "urn:a", "previousProof": "urn:b"}), with(map[string]any{"id": "urn:b", "previousProof": "urn:a"})}, CodeMalformed},
		"itself":          {with(map[string]any{"id": "urn:a", "previousProof": "urn:a"}), CodeMalformed},
		"absent previous": {with(map[string]any{"previousProof": "urn:x"}), CodeMalformed},
		"too many":        {make([]any, 17), CodeTooComplex},
		"empty suite":     {with(map[string]any{"cryptosuite": ""}), CodeMalformed},
		"empty id":        {with(map[string]any{"id": ""}), CodeMalformed},
		"empty purpose":   {with(map[string]any{"proofPurpose": ""}), CodeMalformed},
		"empty date":      {with(map[string]any{"created": ""}), CodeMalformed},
		"empty end":       {with(map[string]any{"expires": ""}), CodeMalformed},
		"empty previous":  {with(map[string]any{"previousProof": ""}), CodeMalformed},
		"empty domain":    {with(map[string]any{"domain": ""}), CodeMalformed},
		"one empty":       {with(map[string]any{"domain": []any{"https://a.example", ""}}), CodeMalformed},
		"empty challenge": {with(map[string]any{"challenge": ""}), CodeMalformed},
		"empty nonce":     {with(map[string]any{"nonce": ""}), CodeMalformed},
		"a nonce of 1":    {with(map[string]any{"nonce": true}), CodeMalformed},
	} {
		document := object(t, unsigned(s))
		if c.proof != nil {
			document["proof"] = c.proof
		}
		secured, err := ReadIntegrity(document, Options{})
		var fault *Error
		if err == nil {
			fault = secured.Proofs[0].Fault()
		} else {
			errors.As(err, &fault)
		}
		if fault == nil || fault.Code != c.code {
			t.Errorf("%s: %v, want %s", name, fault, c.code)
		}
	}
}

// TestOwnProofContext: the suite replaces a context inside the proof by the document's, so another one would go unsigned.
func TestOwnProofContext(t *testing.T) {
	s := signer(t)
	sealed, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s})
	if err != nil {
		t.Fatal(err)
	}
	document := object(t, sealed)
	p := document["proof"].(map[string]any)
	p["@context"] = "https://w3id.org/security/data-integrity/v2"
	secured, err := ReadIntegrity(document, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var fault *Error
	if err := secured.Verify(context.Background(), secured.Proofs[0], s.Signer.Public()); !errors.As(err, &fault) || fault.Code != CodeContextUntrusted {
		t.Errorf("%v, want context_untrusted", err)
	}
	p["@context"] = document["@context"]
	if err := secured.Verify(context.Background(), secured.Proofs[0], s.Signer.Public()); err != nil {
		t.Error(err)
	}
}
