package proof

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
)

// selectiveSigner is a P-256 key under its did:key.
func selectiveSigner(t testing.TB) (*ecdsa.PrivateKey, keys.Signer) {
	t.Helper()
	key := newP256(t)
	did, err := keys.DIDKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: key}
}

// sealed and derived, from the badge of 3 kB.
func selectiveBadge(t testing.TB, mandatory, pointers []string) (key *ecdsa.PrivateKey, base, derived []byte) {
	t.Helper()
	key, signer := selectiveSigner(t)
	base, err := Seal(context.Background(), referencedata.Badge(1), SealOptions{Signer: signer, Suite: ecdsaSD2023, Created: time.Unix(1767225600, 0), Mandatory: mandatory})
	if err != nil {
		t.Fatal(err)
	}
	if derived, err = Derive(context.Background(), base, pointers, Options{}); err != nil {
		t.Fatal(err)
	}
	return key, base, derived
}

func codeOf(err error) string {
	var fault *Error
	if errors.As(err, &fault) {
		return fault.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// TestSelectiveTampering: whatever of a derived credential is changed, it does not verify; nor does it with a key of anybody else.
func TestSelectiveTampering(t *testing.T) {
	ctx := context.Background()
	key, base, derived := selectiveBadge(t, []string{"/issuer", "/validFrom", "/credentialSubject/identifier"}, []string{"/name", "/evidence", "/credentialSubject/achievement/resultDescription"})
	baseProof, err := readBaseValue(object(t, base)["proof"].(map[string]any)["proofValue"].(string))
	if err != nil {
		t.Fatal(err)
	}
	proofOf := func(document map[string]any) map[string]any { return document["proof"].(map[string]any) }
	value := func(change func(d *derivedValue)) func(map[string]any) {
		return func(document map[string]any) {
			d, err := readDerivedValue(proofOf(document)["proofValue"].(string))
			if err != nil {
				t.Fatal(err)
			}
			change(&d)
			if proofOf(document)["proofValue"], err = d.encode(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, own := selectiveSigner(t)
	edward, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(document map[string]any)
		key    crypto.PublicKey
		want   string
	}{
		"nothing":                        {nil, nil, ""},
		"another key":                    {nil, &newP256(t).PublicKey, CodeSignatureInvalid},
		"the ephemeral key":              {nil, mustEphemeral(t, baseProof.ephemeral), CodeSignatureInvalid},
		"a key of another kind":          {nil, edward, CodeKeyMismatch},
		"a mandatory member":             {func(d map[string]any) { d["validFrom"] = "2026-01-16T09:30:00Z" }, nil, CodeSignatureInvalid},
		"a chosen member":                {func(d map[string]any) { d["name"] = "Better" }, nil, CodeSignatureInvalid},
		"a member more":                  {func(d map[string]any) { d["description"] = "x" }, nil, CodeSignatureInvalid},
		"a mandatory member less":        {func(d map[string]any) { delete(d, "validFrom") }, nil, CodeSignatureInvalid},
		"a chosen member less":           {func(d map[string]any) { delete(d, "name") }, nil, CodeSignatureInvalid},
		"a blank node less":              {func(d map[string]any) { delete(d["credentialSubject"].(map[string]any), "identifier") }, nil, CodeSignatureInvalid},
		"an undefined term":              {func(d map[string]any) { d["unknown"] = "x" }, nil, CodeUnsafeJSONLD},
		"the proof's created":            {func(d map[string]any) { proofOf(d)["created"] = "2026-01-02T00:00:00Z" }, nil, CodeSignatureInvalid},
		"the proof's method":             {func(d map[string]any) { proofOf(d)["verificationMethod"] = own.ID }, nil, CodeSignatureInvalid},
		"a context in the proof":         {func(d map[string]any) { proofOf(d)["@context"] = "https://www.w3.org/ns/credentials/v2" }, nil, CodeContextUntrusted},
		"no text":                        {func(d map[string]any) { proofOf(d)["proofValue"] = "u" }, nil, CodeSignatureInvalid},
		"base58":                         {func(d map[string]any) { proofOf(d)["proofValue"] = "z3FXQ" }, nil, CodeSignatureInvalid},
		"the base proof":                 {func(d map[string]any) { proofOf(d)["proofValue"], _ = baseProof.encode() }, nil, CodeMalformed},
		"the base signature":             {value(func(d *derivedValue) { d.signature[5] ^= 1 }), nil, CodeSignatureInvalid},
		"the last signature":             {value(func(d *derivedValue) { d.signatures[len(d.signatures)-1][63] ^= 1 }), nil, CodeSignatureInvalid},
		"two signatures swapped":         {value(func(d *derivedValue) { d.signatures[0], d.signatures[1] = d.signatures[1], d.signatures[0] }), nil, CodeSignatureInvalid},
		"a signature less":               {value(func(d *derivedValue) { d.signatures = d.signatures[1:] }), nil, CodeSignatureInvalid},
		"a signature more":               {value(func(d *derivedValue) { d.signatures = append(d.signatures, d.signatures[0]) }), nil, CodeSignatureInvalid},
		"a label":                        {value(func(d *derivedValue) { d.labels[0][0] ^= 1 }), nil, CodeSignatureInvalid},
		"two labels swapped":             {value(func(d *derivedValue) { d.labels[0], d.labels[1] = d.labels[1], d.labels[0] }), nil, CodeSignatureInvalid},
		"a label less":                   {value(func(d *derivedValue) { d.labels = d.labels[1:] }), nil, CodeSignatureInvalid},
		"a label more":                   {value(func(d *derivedValue) { d.labels = append(d.labels, make([]byte, 32)) }), nil, CodeSignatureInvalid},
		"a mandatory statement less":     {value(func(d *derivedValue) { d.mandatory = d.mandatory[1:] }), nil, CodeSignatureInvalid},
		"another mandatory statement":    {value(func(d *derivedValue) { d.mandatory[0]++; d.mandatory = slices.Compact(d.mandatory) }), nil, CodeSignatureInvalid},
		"a mandatory one that is none":   {value(func(d *derivedValue) { d.mandatory = append(d.mandatory, 4000) }), nil, CodeSignatureInvalid},
		"everything mandatory":           {value(func(d *derivedValue) { d.mandatory, d.signatures = everyPlace(len(d.mandatory)+len(d.signatures)), nil }), nil, CodeSignatureInvalid},
		"another ephemeral key":          {value(func(d *derivedValue) { d.ephemeral, _ = ephemeralMultikey(&newP256(t).PublicKey) }), nil, CodeSignatureInvalid},
		"an ephemeral key of P-384":      {value(func(d *derivedValue) { d.ephemeral[0] = 0x81 }), nil, CodeSignatureInvalid},
		"an ephemeral key off the curve": {value(func(d *derivedValue) { d.ephemeral[2] = 9 }), nil, CodeSignatureInvalid},
	} {
		document := object(t, derived)
		if c.change != nil {
			c.change(document)
		}
		if c.key == nil {
			c.key = &key.PublicKey
		}
		s, err := ReadIntegrity(document, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := codeOf(s.Verify(ctx, s.Proofs[0], c.key)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func mustEphemeral(t testing.TB, data []byte) crypto.PublicKey {
	t.Helper()
	key, err := ephemeralKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func everyPlace(n int) (places []int) {
	for i := range n {
		places = append(places, i)
	}
	return places
}

// TestSelectiveForged: who signs a base proof with the ephemeral key in place of the issuer's gets nowhere.
func TestSelectiveForged(t *testing.T) {
	forger, issuer := newP256(t), newP256(t)
	text, err := sealBase(t, forger, string(referencedata.Badge(1)), []string{"/issuer"})
	if err != nil {
		t.Fatal(err)
	}
	derived, err := Derive(t.Context(), text, []string{"/name"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, p := readSelective(t, derived, Options{})
	if got := codeOf(s.Verify(t.Context(), p, &issuer.PublicKey)); got != CodeSignatureInvalid {
		t.Errorf("a proof by a key of the forger's own: %q", got)
	}
}

// TestSelectiveValue: proof values that are not exactly of the form that the suite asks for are refused.
func TestSelectiveValue(t *testing.T) {
	signature, key := make([]byte, 64), append([]byte{0x80, 0x24}, make([]byte, 33)...)
	label := func(n byte) []byte { return append(make([]byte, 31), n) }
	type items = []any
	good := items{signature, key, items{signature}, map[any]any{0: label(0), 1: label(1)}, items{0, 2}}
	with := func(place int, item any) items {
		changed := slices.Clone(good)
		changed[place] = item
		return changed
	}
	text := func(item any) string {
		data, err := cbor.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		return "u" + base64.RawURLEncoding.EncodeToString(append([]byte(selectiveDerived), data...))
	}
	raw := func(data string) string { return "u" + base64.RawURLEncoding.EncodeToString([]byte(data)) }
	if _, err := readDerivedValue(text(good)); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	whole, err := base64.RawURLEncoding.DecodeString(text(good)[1:])
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"empty":                        "",
		"no prefix":                    text(good)[1:],
		"base58 prefix":                "z" + text(good)[1:],
		"padding":                      text(good) + "==",
		"a line break":                 text(good)[:20] + "\n" + text(good)[20:],
		"standard alphabet":            "u2V0B+/",
		"bits behind the end":          "u2V0BhV",
		"head only":                    raw(selectiveDerived),
		"shorter than the head":        raw("\xd9\x5d"),
		"another tag":                  raw("\xd9\x5d\x02" + string(whole[3:])),
		"a base proof":                 raw(selectiveBase + string(whole[3:])),
		"bytes behind the end":         raw(string(whole) + "\x00"),
		"cut short":                    raw(string(whole[:len(whole)-1])),
		"an array without length":      raw(selectiveDerived + "\x9f" + string(whole[4:]) + "\xff"),
		"a tag inside":                 raw(selectiveDerived + "\x85\xd8\x40" + string(whole[4:])),
		"a promise of four billion":    raw(selectiveDerived + "\x9a\xff\xff\xff\xff"),
		"nested deeply":                raw(selectiveDerived + strings.Repeat("\x81", 50000)),
		"a map":                        text(map[string]int{"a": 1}),
		"four items":                   text(good[:4]),
		"six items":                    text(append(slices.Clone(good), 1)),
		"a signature of 63 bytes":      text(with(0, signature[1:])),
		"a signature that is text":     text(with(0, string(signature))),
		"a signature that is an array": text(with(0, make([]int, 64))),
		"a signature that is null":     text(with(0, nil)),
		"a key of 34 bytes":            text(with(1, key[1:])),
		"a key of 36 bytes":            text(with(1, append(slices.Clone(key), 0))),
		"signatures null":              text(with(2, nil)),
		"signatures in a map":          text(with(2, map[int][]byte{0: signature})),
		"one signature short":          text(with(2, items{signature[1:]})),
		"one signature a number":       text(with(2, items{1})),
		"labels null":                  text(with(3, nil)),
		"labels in an array":           text(with(3, items{label(0)})),
		"a label under a text":         text(with(3, map[any]any{"c14n0": label(0)})),
		"a label under -1":             text(with(3, map[any]any{-1: label(0)})),
		"a label under 0.0":            text(with(3, map[any]any{0.0: label(0)})),
		"a label missing":              text(with(3, map[any]any{0: label(0), 2: label(2)})),
		"a label of 31 bytes":          text(with(3, map[any]any{0: label(0)[1:]})),
		"two labels alike":             text(with(3, map[any]any{0: label(0), 1: label(0)})),
		"a label twice":                raw(selectiveDerived + "\x85" + cborOf(t, signature, key, items{signature}) + "\xa2\x00" + cborOf(t, label(0)) + "\x00" + cborOf(t, label(1)) + cborOf(t, items{0})),
		"places null":                  text(with(4, nil)),
		"places in bytes":              text(with(4, []byte{0, 2})),
		"places that descend":          text(with(4, items{2, 0})),
		"a place twice":                text(with(4, items{1, 1})),
		"a place below 0":              text(with(4, items{-1})),
		"a place that is no integer":   text(with(4, items{1.0})),
		"a place beyond all":           text(with(4, items{uint64(1) << 63})),
	} {
		if _, err := readDerivedValue(value); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	base := items{signature, key, label(0), items{signature}, items{"/issuer"}}
	baseText := func(place int, item any) string {
		changed := slices.Clone(base)
		changed[place] = item
		return raw(selectiveBase + cborOf(t, changed))
	}
	if _, err := readBaseValue(raw(selectiveBase + cborOf(t, base))); err != nil {
		t.Fatalf("a good base proof: %v", err)
	}
	for name, value := range map[string]string{
		"a derived proof":          text(good),
		"an HMAC key of 31 bytes":  baseText(2, label(0)[1:]),
		"pointers null":            baseText(4, nil),
		"a pointer that is number": baseText(4, items{1}),
		"a pointer that is bytes":  baseText(4, items{[]byte("/issuer")}),
		"a pointer no UTF-8":       raw(selectiveBase + "\x85" + cborOf(t, signature, key, label(0), items{signature}) + "\x81\x62/\xff"),
	} {
		if _, err := readBaseValue(value); err == nil {
			t.Errorf("base proof, %s: read", name)
		}
	}
}

func cborOf(t testing.TB, items ...any) (text string) {
	t.Helper()
	for _, item := range items {
		data, err := cbor.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	return text
}

// TestSelectivePointers: pointers that name nothing, and those that select what has another meaning on its own, are refused when
// the credential is made and when it is derived from, with the pointer.
func TestSelectivePointers(t *testing.T) {
	_, signer := selectiveSigner(t)
	const document = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"type":["VerifiableCredential","OpenBadgeCredential"],
		"issuer":{"id":"https://example.org/i","type":["Profile"],"name":"I"},"validFrom":"2026-01-01T00:00:00Z","credentialSchema":[],"evidence":[{"type":["Evidence"],"name":"a"},{"type":["Evidence"],"name":"b"}],
		"credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A/~","description":"D",
		"criteria":{"narrative":"C"},"resultDescription":[{"id":"urn:uuid:00000000-0000-4000-8000-00000000000a","type":["ResultDescription"],"name":"R","resultType":"LetterGrade","allowedValue":["A","B","C"]},
		{"id":"urn:uuid:00000000-0000-4000-8000-00000000000b","type":["ResultDescription"],"name":"S","resultType":"LetterGrade","allowedValue":["Z"]}]}},
		"endorsement":[{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"urn:uuid:00000000-0000-4000-8000-000000000006","type":["VerifiableCredential","EndorsementCredential"],
		"issuer":{"id":"https://example.org/e","type":["Profile"]},"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"id":"https://example.org/a","type":["EndorsementSubject"],"endorsementComment":"good"}}]}`
	base, err := Seal(t.Context(), []byte(document), SealOptions{Signer: signer, Suite: ecdsaSD2023})
	if err != nil {
		t.Fatal(err)
	}
	const results = "/credentialSubject/achievement/resultDescription"
	for pointer, good := range map[string]bool{
		"": true, "/issuer": true, "/issuer/id": true, "/@context": true, "/@context/1": true, "/type": true, "/type/1": true, "/evidence/1": true, "/credentialSchema": true,
		results + "/0/allowedValue": true, results + "/0": true, results + "/1/allowedValue/0": true, "/endorsement": true, "/endorsement/0": true,
		"issuer": false, "/": false, "/issuer/": false, "/nothing": false, "/issuer/id/x": false, "/evidence/2": false, "/evidence/-": false, "/evidence/01": false, "/evidence/+1": false,
		"/evidence/1x": false, "/evidence/-1": false, "/evidence/99999999999999999999": false, "/iss~uer": false, "/issuer~2": false, "/issuer~": false, "/credentialSchema/0": false, "/proof": false,
		results + "/0/allowedValue/0": false, results + "/0/allowedValue/2": false, strings.Repeat("/a", 5000): false,
	} {
		_, sealing := Seal(t.Context(), []byte(document), SealOptions{Signer: signer, Suite: ecdsaSD2023, Mandatory: []string{"/validFrom", pointer}})
		_, deriving := Derive(t.Context(), base, []string{"/validFrom", pointer}, Options{})
		for what, err := range map[string]error{"sealing": sealing, "deriving": deriving} {
			var fault *Error
			switch {
			case good && err != nil:
				t.Errorf("%s, %.80q: %v", what, pointer, err)
			case !good && (!errors.As(err, &fault) || fault.Code != CodeMalformed || fault.Pointer != pointer):
				t.Errorf("%s, %.80q: %v, want malformed with the pointer", what, pointer, err)
			}
		}
	}
	_, err = Seal(t.Context(), []byte(document), SealOptions{Signer: signer, Suite: ecdsaSD2023, Mandatory: []string{"/credentialSubject/invalidPointer"}})
	if want := `JSON pointer "/credentialSubject/invalidPointer" does not match document.`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	many := slices.Repeat([]string{"/issuer"}, selectivePointers+1)
	if _, err := Derive(t.Context(), base, many, Options{}); codeOf(err) != CodeTooComplex {
		t.Errorf("too many pointers: %v", err)
	}
}

// TestDeriveOrder: members stay in the order of the document, on lines of their own where the document has them, and nothing else
// is revealed.
func TestDeriveOrder(t *testing.T) {
	key, signer := selectiveSigner(t)
	const document = "{\n  \"@context\": [\"https://www.w3.org/ns/credentials/v2\"],\n  \"validUntil\": \"2027-01-01T00:00:00Z\", \"type\": [\"VerifiableCredential\"],\n" +
		"  \"name\": \"\\u0041 <b>\", \"credentialSubject\": [{\"id\": \"did:example:a\"}, {\"id\": \"did:example:b\"}],\n  \"issuer\": \"did:example:i\", \"description\": \"secret\"\n}\n"
	base, err := Seal(t.Context(), []byte(document), SealOptions{Signer: signer, Suite: ecdsaSD2023, Mandatory: []string{"/issuer", "/credentialSubject/1"}})
	if err != nil {
		t.Fatal(err)
	}
	derived, err := Derive(t.Context(), base, []string{"/name", "/validUntil"}, Options{VC: true})
	if err != nil {
		t.Fatal(err)
	}
	head, proof, _ := strings.Cut(string(derived), `  "proof": {`)
	want := "{\n  \"@context\": [\n    \"https://www.w3.org/ns/credentials/v2\"\n  ],\n  \"validUntil\": \"2027-01-01T00:00:00Z\",\n  \"type\": [\n    \"VerifiableCredential\"\n  ],\n" +
		"  \"name\": \"\\u0041 <b>\",\n  \"credentialSubject\": [\n    {\n      \"id\": \"did:example:b\"\n    }\n  ],\n  \"issuer\": \"did:example:i\",\n"
	if diff := cmp.Diff(want, head); diff != "" || !strings.HasPrefix(proof, "\n    \"type\": \"DataIntegrityProof\",") {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s, p := readSelective(t, derived, Options{VC: true})
	if err := s.Verify(t.Context(), p, &key.PublicKey); err != nil {
		t.Error(err)
	}
	if _, err := Derive(t.Context(), derived, []string{"/name"}, Options{VC: true}); codeOf(err) != CodeMalformed {
		t.Errorf("deriving from a derived proof: %v", err)
	}
}

// TestDeriveNothing: with nothing mandatory and nothing chosen there is a credential of context and types, which verifies.
func TestDeriveNothing(t *testing.T) {
	key := newP256(t)
	base, err := sealBase(t, key, string(referencedata.Badge(1)), nil) // as other issuers may
	if err != nil {
		t.Fatal(err)
	}
	derived, err := Derive(t.Context(), base, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, p := readSelective(t, derived, Options{})
	if err := s.Verify(t.Context(), p, &key.PublicKey); err != nil {
		t.Error(err)
	}
	if got, want := slices.Sorted(maps.Keys(s.Value)), []string{"@context", "id", "type"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestDeriveRefuses: what is no document with one base proof that fits it is refused.
func TestDeriveRefuses(t *testing.T) {
	_, base, derived := selectiveBadge(t, []string{"/issuer"}, []string{"/name"})
	text := string(base)
	_, proof, _ := strings.Cut(text, `"proof":`)
	proof = strings.TrimSuffix(proof, "}")
	for name, document := range map[string]string{
		"no JSON":               text[:len(text)-1],
		"no proof":              string(referencedata.Badge(1)),
		"proof null":            strings.Replace(text, proof, "null", 1),
		"no proofs":             strings.Replace(text, proof, "[]", 1),
		"proofs of other kinds": strings.Replace(text, proof, `[1,"a",{},{"type":"DataIntegrityProof","cryptosuite":"ecdsa-sd-2023"}]`, 1),
		"a derived proof":       string(derived),
		"two base proofs":       strings.Replace(text, proof, "["+proof+","+proof+"]", 1),
		"a chain":               strings.Replace(text, proof, `{"previousProof":"urn:x",`+proof[1:], 1),
		"another suite":         strings.Replace(text, "ecdsa-sd-2023", "ecdsa-rdfc-2019", 1),
		"a member changed":      strings.Replace(text, `"name":"Applied`, `"name":"applied`, 1),
		"a member more":         strings.Replace(text, `"name":"Applied`, `"awardedDate":"2026-01-01T00:00:00Z","name":"Applied`, 1),
		"a value cut short":     strings.Replace(text, `"proofValue":"u2V0A`, `"proofValue":"u2V0AAA`, 1),
		"an undefined term":     strings.Replace(text, `"name":"Applied`, `"unknown":"x","name":"Applied`, 1),
	} {
		if document == text {
			t.Fatalf("%s: nothing changed", name)
		}
		if out, err := Derive(t.Context(), []byte(document), []string{"/name"}, Options{}); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
	if out, err := Derive(t.Context(), []byte(strings.Replace(text, proof, "["+proof+"]", 1)), []string{"/name"}, Options{}); err != nil || !json.Valid(out) {
		t.Errorf("a base proof in an array: %v", err)
	}
}

// TestSelectiveWork: what proofs for selective disclosure may cost is bounded, and counted.
func TestSelectiveWork(t *testing.T) {
	key, signer := selectiveSigner(t)
	badge := referencedata.Badge(270) // nearly as many statements as may be signed one by one
	base, err := Seal(t.Context(), badge, SealOptions{Signer: signer, Suite: ecdsaSD2023})
	if err != nil {
		t.Fatal(err)
	}
	derived, err := Derive(t.Context(), base, []string{""}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, p := readSelective(t, derived, Options{})
	d, err := readDerivedValue(p.raw["proofValue"].(string))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	shared, own, err := s.VerifyCounting(t.Context(), p, &key.PublicKey)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d signatures: %v, %d units, which is %v at most", len(d.signatures), time.Since(begun), own, time.Duration(own)*time.Microsecond/4)
	all, err := s.jsonld.Statements(t.Context(), s.Value, nil, unlabelled)
	if err != nil {
		t.Fatal(err)
	}
	if want := all.Units + selectiveUnits*(1+len(d.signatures)); own != want || all.Units < 1000 || shared != s.Units() {
		t.Errorf("%d units of its own, want %d; %d shared, want %d", own, want, shared, s.Units())
	}
	if len(d.signatures) < selectiveMost*9/10 {
		t.Errorf("only %d signatures", len(d.signatures))
	}
	if _, err := Seal(t.Context(), referencedata.Badge(1000), SealOptions{Signer: signer, Suite: ecdsaSD2023}); codeOf(err) != CodeTooComplex {
		t.Errorf("more statements than are signed one by one: %v", err)
	}
	if _, err := Seal(t.Context(), referencedata.Badge(1000), SealOptions{Signer: signer, Suite: ecdsaSD2023, Mandatory: []string{"/credentialSubject", "/evidence"}}); err != nil {
		t.Errorf("the same, mandatory: %v", err)
	}

	// The same proof sixteen times: the first is checked, and none beyond the bound.
	document := object(t, derived)
	document["proof"] = slices.Repeat([]any{document["proof"]}, 16)
	if s, err = ReadIntegrity(document, Options{}); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, p := range s.Proofs {
		codes = append(codes, codeOf(s.Verify(t.Context(), p, &key.PublicKey)))
	}
	if want := append([]string{""}, slices.Repeat([]string{CodeTooComplex}, 15)...); !slices.Equal(codes, want) {
		t.Errorf("sixteen proofs: %q", codes)
	}
	s, _ = ReadIntegrity(document, Options{})
	if got := codeOf(s.Verify(t.Context(), s.Proofs[9], &key.PublicKey)); got != CodeTooComplex {
		t.Errorf("the tenth, asked first: %q", got)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	s, p = readSelective(t, derived, Options{})
	if err := s.Verify(canceled, p, &key.PublicKey); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestSelectiveManyProofs: small proofs that each need the statements of a dear document are looked at as long as their statements
// together are no dearer than other canonical forms may be.
func TestSelectiveManyProofs(t *testing.T) {
	key := newP256(t)
	ephemeral, err := ephemeralMultikey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	value, err := derivedValue{signature: make([]byte, signatureLength), ephemeral: ephemeral}.encode()
	if err != nil {
		t.Fatal(err)
	}
	dearest := 0
	for entries, refused := range map[int]bool{1: false, 150: true, 1500: true} {
		document := object(t, referencedata.Badge(entries))
		document["proof"] = slices.Repeat([]any{map[string]any{"type": "DataIntegrityProof", "cryptosuite": ecdsaSD2023, "verificationMethod": "urn:a", "proofPurpose": "assertionMethod", "proofValue": value}}, 16)
		s, err := ReadIntegrity(document, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for i, p := range s.Proofs {
			got = append(got, codeOf(s.Verify(t.Context(), p, &key.PublicKey)))
			if i >= setsAlways && i*s.Units() > unitsMost {
				want = append(want, CodeTooComplex)
			} else {
				want = append(want, CodeSignatureInvalid)
			}
		}
		if !slices.Equal(got, want) || slices.Contains(got, CodeTooComplex) != refused {
			t.Errorf("%d entries, %d units: %q, want %q", entries, s.Units(), got, want)
		}
		dearest = max(dearest, s.Units())
	}
	if dearest <= unitsMost {
		t.Errorf("no document costs more than %d units", dearest)
	}
}

// TestSelectiveSet: derived proofs stand beside other proofs, and a proof of another suite may cover a derived one.
func TestSelectiveSet(t *testing.T) {
	key, signer := selectiveSigner(t)
	other, witness := selectiveSigner(t)
	const id = "urn:uuid:00000000-0000-4000-8000-000000000001"
	base, err := Seal(t.Context(), referencedata.Badge(1), SealOptions{Signer: signer, Suite: ecdsaSD2023, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	derived, err := Derive(t.Context(), base, []string{"/evidence"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range []string{ecdsaRDFC2019.name, ecdsaJCS2019.name} {
		for _, previous := range [][]string{nil, {id}} {
			both, err := AddProof(t.Context(), derived, SealOptions{Signer: witness, Suite: suite, Previous: previous})
			if err != nil {
				t.Fatal(err)
			}
			codes := func(change func(derived map[string]any)) (codes []string) {
				document := object(t, both)
				change(document["proof"].([]any)[0].(map[string]any))
				s, err := ReadIntegrity(document, Options{})
				if err != nil {
					t.Fatal(err)
				}
				for i, key := range []crypto.PublicKey{&key.PublicKey, &other.PublicKey} {
					codes = append(codes, codeOf(s.Verify(t.Context(), s.Proofs[i], key)))
				}
				return codes
			}
			if got := codes(func(map[string]any) {}); !slices.Equal(got, []string{"", ""}) {
				t.Errorf("%s, over %q: %q", suite, previous, got)
			}
			want := []string{CodeSignatureInvalid, ""}
			if previous != nil {
				want[1] = CodeSignatureInvalid
			}
			if got := codes(func(p map[string]any) { p["created"] = "2026-01-02T00:00:00Z" }); !slices.Equal(got, want) {
				t.Errorf("%s, over %q: with the derived proof changed %q, want %q", suite, previous, got, want)
			}
		}
	}
}

// TestAlwaysMandatory: whatever pointers an issuer gives, no holder leaves out who issued a credential, when it holds and how its
// status is learned; a badge for which none are given keeps what a badge needs.
func TestAlwaysMandatory(t *testing.T) {
	_, signer := selectiveSigner(t)
	const status = `"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"1","statusListCredential":"https://example.org/l/1"}`
	const other = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"name":"n",`
	const badge = `{` + selectiveV2 + `,"type":["VerifiableCredential","OpenBadgeCredential"],"name":"n","description":"d","issuer":{"id":"https://example.org/i","type":["Profile"]},"validFrom":"2026-01-01T00:00:00Z",` + status +
		`,"credentialSubject":{"id":"did:example:s","type":["AchievementSubject"],"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"}}}}`
	ofBadge := []string{"/credentialStatus", "/credentialSubject/id", "/credentialSubject/type", "/credentialSubject/achievement/id", "/credentialSubject/achievement/type",
		"/credentialSubject/achievement/name", "/credentialSubject/achievement/description", "/credentialSubject/achievement/criteria", "/issuer", "/name", "/validFrom"}
	for name, c := range map[string]struct {
		document    string
		asked, want []string
		shown       []string // beside @context and type
	}{
		"every member": {other + `"validUntil":"2027-01-01T00:00:00Z","validFrom":"2026-01-01T00:00:00Z","issuer":{"id":"https://example.org/i","name":"I"},` + status + `,"credentialSubject":{"name":"s"}}`,
			nil, []string{"/issuer", "/validFrom", "/validUntil", "/credentialStatus"}, []string{"credentialStatus", "issuer", "validFrom", "validUntil"}},
		"beside others": {other + `"validUntil":"2027-01-01T00:00:00Z","issuer":"https://example.org/i","credentialSubject":{"name":"s"}}`,
			[]string{"/credentialSubject/name", "/validUntil"}, []string{"/credentialSubject/name", "/validUntil", "/issuer"}, []string{"credentialSubject", "issuer", "validUntil"}},
		"only a part is asked for": {other + `"issuer":{"id":"https://example.org/i","name":"I"},"credentialSubject":{"name":"s"}}`,
			[]string{"/issuer/id"}, []string{"/issuer/id", "/issuer"}, []string{"issuer"}},
		"data model 1.1": {`{"@context":["https://www.w3.org/2018/credentials/v1","https://w3id.org/security/data-integrity/v2"],"type":["VerifiableCredential"],"issuer":"https://example.org/i","issuanceDate":"2026-01-01T00:00:00Z",
			"expirationDate":"2027-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s"}}`, []string{"/credentialSubject"},
			[]string{"/credentialSubject", "/issuer", "/issuanceDate", "/expirationDate"}, []string{"credentialSubject", "expirationDate", "issuanceDate", "issuer"}},
		"a badge":               {badge, nil, ofBadge, []string{"credentialStatus", "credentialSubject", "issuer", "name", "validFrom"}},
		"a badge by other name": {strings.Replace(badge, "OpenBadgeC", "AchievementC", 1), []string{}, ofBadge, []string{"credentialStatus", "credentialSubject", "issuer", "name", "validFrom"}},
		"a badge, with its own": {badge, []string{"/description"}, []string{"/description", "/issuer", "/validFrom", "/credentialStatus"}, []string{"credentialStatus", "description", "issuer", "validFrom"}},
		"nothing of all this":   {other + `"credentialSubject":{"name":"s"}}`, nil, nil, nil},
	} {
		asked := append(make([]string, 0, 8), c.asked...) // with room in which nothing may be written
		base, err := Seal(t.Context(), []byte(c.document), SealOptions{Signer: signer, Suite: ecdsaSD2023, Mandatory: asked})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, p := readSelective(t, base, Options{VC: true})
		value, err := readBaseValue(p.raw["proofValue"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, value.pointers); diff != "" || asked[:8][len(asked)] != "" {
			t.Errorf("%s: mandatory %v:\n%s", name, asked, diff)
		}
		derived, err := Derive(t.Context(), base, nil, Options{VC: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		shown := without(without(without(object(t, derived), "@context"), "type"), "proof")
		if got := slices.Sorted(maps.Keys(shown)); !slices.Equal(got, c.shown) {
			t.Errorf("%s: %q is shown, want %q", name, got, c.shown)
		}
		for _, kept := range alwaysMandatory {
			if diff := cmp.Diff(s.Value[kept], shown[kept]); diff != "" {
				t.Errorf("%s: %s is not kept whole:\n%s", name, kept, diff)
			}
		}
		if err := verifyDerived(t, derived); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSelectiveInteropCases: the derived proofs of the public interop suites are judged as they expect.
func TestSelectiveInteropCases(t *testing.T) {
	judged := 0
	for line := range strings.Lines(string(referencedata.File(t, "vc-api/cases.jsonl"))) {
		var c struct {
			Suite, Kind, Expect, Why string
			N                        int
			Request                  struct {
				Credential json.RawMessage `json:"verifiableCredential"`
			}
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Suite != "ecdsa" || c.Kind != "verify" || !strings.Contains(string(c.Request.Credential), ecdsaSD2023) {
			continue
		}
		value, err := strict.Object(c.Request.Credential, credential.JSONLimits())
		var s *Secured
		if err == nil {
			s, err = ReadIntegrity(value, Options{VC: true})
		}
		if err == nil {
			for _, p := range s.Proofs {
				_, fragment, _ := strings.Cut(p.Method, "#")
				key, keyErr := keys.ParseMultikey(fragment)
				if err = keyErr; err == nil {
					err = s.Verify(t.Context(), p, key)
				}
				if err == nil && p.Purpose != keys.AssertionMethod {
					err = errors.New("the purpose is another")
				}
				if err != nil {
					break
				}
			}
		}
		judged++
		if (err == nil) != (c.Expect == "accept") {
			t.Errorf("case %d (%s: %s): %v", c.N, c.Expect, c.Why, err)
		}
	}
	t.Logf("%d cases", judged)
	if judged < 20 {
		t.Errorf("only %d cases", judged)
	}
}

// badgeWithResults has results of which two have a status.
const badgeWithResults = `{` + selectiveV2 + `,"id":"urn:uuid:00000000-0000-4000-8000-000000000007","type":["VerifiableCredential","OpenBadgeCredential"],"name":"n","issuer":{"id":"https://example.org/i","type":["Profile"]},
	"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s","type":["AchievementSubject"],"result":[{"type":["Result"],"resultDescription":"urn:uuid:00000000-0000-4000-8000-00000000000a","value":"B"},
	{"type":["Result"],"resultDescription":"urn:uuid:00000000-0000-4000-8000-00000000000a","value":"F","status":"Failed"},{"type":["Result"],"status":"InProgress","value":"C"}],
	"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"},
	"resultDescription":[{"id":"urn:uuid:00000000-0000-4000-8000-00000000000a","type":["ResultDescription"],"name":"R","resultType":"LetterGrade"}]}}}`

// TestOpenBadgeMandatory: whatever a holder derives from a badge with these pointers is a whole badge, and verifies.
func TestOpenBadgeMandatory(t *testing.T) {
	key, signer := selectiveSigner(t)
	badges := map[string]string{"3 kB": string(referencedata.Badge(1)), "10": string(referencedata.Badge(10)), "with results": badgeWithResults}
	for _, c := range selectiveCases {
		if strings.Contains(c.credential, "OpenBadgeCredential") && !strings.Contains(c.credential, "without names") {
			badges[c.name] = c.credential
		}
	}
	judged := 0
	for name, text := range badges {
		value := object(t, []byte(text))
		if len(failures(t, []byte(text))) > 0 {
			continue // it is no whole badge to begin with
		}
		judged++
		pointers := OpenBadgeMandatory(value)
		base, err := Seal(t.Context(), []byte(text), SealOptions{Signer: signer, Suite: ecdsaSD2023, Mandatory: pointers})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, choice := range []string{"", "/evidence", "/image", "/description", "/endorsement", "/credentialSubject/result", "/credentialSubject/result/0", "/credentialSubject/achievement/alignment",
			"/credentialSubject/achievement/alignment/1", "/credentialSubject/achievement/image", "/credentialSubject/achievement/creator", "/credentialSubject/achievement/tag", "/credentialSubject/narrative"} {
			var chosen []string
			if tokens, _ := readPointer(choice); choice != "" && names(value, tokens) {
				chosen = []string{choice}
			} else if choice != "" {
				continue
			}
			derived, err := Derive(t.Context(), base, chosen, Options{})
			if err != nil {
				t.Errorf("%s, %q: %v", name, chosen, err)
				continue
			}
			s, p := readSelective(t, derived, Options{})
			if err := s.Verify(t.Context(), p, &key.PublicKey); err != nil {
				t.Errorf("%s, %q: %v", name, chosen, err)
			}
			if problems := failures(t, derived); len(problems) > 0 {
				t.Errorf("%s, %q: %v", name, chosen, problems)
			}
			for _, kept := range []string{"issuer", "validFrom", "validUntil", "issuanceDate", "expirationDate", "name", "credentialStatus", "credentialSchema"} {
				if diff := cmp.Diff(value[kept], s.Value[kept]); diff != "" {
					t.Errorf("%s, %q: %s is not kept:\n%s", name, chosen, kept, diff)
				}
			}
			if name == "with results" && !strings.HasPrefix(choice, "/credentialSubject/result") {
				want := []any{map[string]any{"type": []any{"Result"}, "status": "Failed", "resultDescription": "urn:uuid:00000000-0000-4000-8000-00000000000a"}, map[string]any{"type": []any{"Result"}, "status": "InProgress"}}
				if diff := cmp.Diff(want, s.Value["credentialSubject"].(map[string]any)["result"]); diff != "" {
					t.Errorf("%s, %q: only the status of results is kept:\n%s", name, chosen, diff)
				}
			}
			if _, shown := s.Value["evidence"]; shown && !slices.Contains(chosen, "/evidence") {
				t.Errorf("%s, %q: the evidence is shown", name, chosen)
			}
		}
	}
	t.Log(strconv.Itoa(judged) + " badges")
	if judged < 7 {
		t.Errorf("only %d badges", judged)
	}
}

// failures are the rules of Open Badges that a document breaks.
func failures(t testing.TB, text []byte) (problems []credential.Problem) {
	t.Helper()
	c, err := credential.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range credential.Check(c, credential.OpenBadges) {
		if !p.Warning {
			problems = append(problems, p)
		}
	}
	return problems
}
