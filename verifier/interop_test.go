package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// answer is what a second implementation says to one task of testdata/npm/interop.mjs.
type answer struct {
	OK    json.RawMessage `json:"ok"`
	Error string          `json:"error"`
}

// others runs tasks in the second implementations.
func others(t *testing.T, documents map[string]any, tasks []map[string]any) []answer {
	t.Helper()
	const home = "../testdata/npm"
	if _, err := os.Stat(home + "/node_modules"); err != nil {
		t.Skip("skipped: the npm packages of testdata/npm are not installed (`make tools`)")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("skipped: node is not installed")
	}
	texts := map[string]string{}
	for _, c := range contexts.All() {
		texts[c.URL] = string(c.JSON)
	}
	input, err := json.Marshal(map[string]any{"contexts": texts, "documents": documents, "tasks": tasks})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", home+"/interop.mjs")
	command.Stdin = bytes.NewReader(input)
	var errors bytes.Buffer
	command.Stderr = &errors
	output, err := command.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, errors.String())
	}
	var answers []answer
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(tasks) {
		t.Fatalf("%d answers to %d tasks", len(answers), len(tasks))
	}
	return answers
}

// plain is a badge that both sides can issue.
func plain(i int) map[string]any {
	random := mathrand.New(mathrand.NewPCG(7, uint64(i)))
	text := func() string {
		letters := []rune("abc XYZ 019 äöüß \" \\ \n\t Ωшע漢 👩\U0001F3EB")
		var b strings.Builder
		for range 1 + random.IntN(30) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	return map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", i), "type": []any{"VerifiableCredential", "OpenBadgeCredential"},
		"issuer": map[string]any{"id": "https://example.org/issuer", "type": []any{"Profile"}, "name": "Example"}, "name": fmt.Sprint("Badge ", i),
		"validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": map[string]any{"type": []any{"AchievementSubject"}, "narrative": text(),
			"identifier": []any{map[string]any{"type": "IdentityObject", "hashed": false, "identityHash": text(), "identityType": "name"}},
			"achievement": map[string]any{"id": "urn:uuid:8e2b3f8c-52f5-4b2c-9f5c-3a4d2b1c0e9f", "type": []any{"Achievement"}, "name": text(), "description": text(),
				"criteria": map[string]any{"narrative": text()}}},
	}
}

func newSigner(t testing.TB, p256 bool) keys.Signer {
	t.Helper()
	if p256 {
		return signerOn(t, elliptic.P256())
	}
	return signerOn(t, nil)
}

// signerOn makes a key on a curve; nil is Ed25519.
func signerOn(t testing.TB, curve elliptic.Curve) keys.Signer {
	t.Helper()
	var private crypto.Signer
	var err error
	if curve != nil {
		private, err = ecdsa.GenerateKey(curve, rand.Reader)
	} else {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
}

// signerRSA makes a key of RSA, whose identifier is the key itself as a JWK.
func signerRSA(t testing.TB) keys.Signer {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := keys.MarshalJWK(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(jwk)
	if err != nil {
		t.Fatal(err)
	}
	return keys.Signer{ID: "did:jwk:" + base64.RawURLEncoding.EncodeToString(text) + "#0", Signer: private}
}

func issuedBy(t testing.TB, d map[string]any, s keys.Signer) []byte {
	t.Helper()
	did, _, _ := strings.Cut(s.ID, "#")
	d["issuer"].(map[string]any)["id"] = did
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestInteropDataIntegrity: for every suite, what they issue is valid here, what Laurel signs is verified there, and a changed one is
// not; sets of proofs too. eddsa-2022 goes one way, as Laurel does not sign under that name.
func TestInteropDataIntegrity(t *testing.T) {
	ctx := context.Background()
	type key = map[string]any // of theirs
	kinds := []struct {
		suite string
		curve elliptic.Curve // nil is Ed25519
	}{
		{"eddsa-rdfc-2022", nil}, {"eddsa-jcs-2022", nil}, {"Ed25519Signature2020", nil}, {"eddsa-2022", nil},
		{"ecdsa-rdfc-2019", elliptic.P256()}, {"ecdsa-rdfc-2019", elliptic.P384()}, {"ecdsa-jcs-2019", elliptic.P256()}, {"ecdsa-jcs-2019", elliptic.P384()},
	}
	const rounds = 6
	badge := func(i, round int) map[string]any { // the one after the last round is for a set
		d := plain(100*i + round)
		d["@context"] = append(d["@context"].([]any), "https://w3id.org/security/suites/ed25519-2020/v1")
		if kinds[i].suite != "eddsa-2022" && round < rounds {
			return d
		}
		// Their eddsa-2022 brings a canonicalisation along that is older than RDFC-1.0 and leaves a tab as it is, which is to be escaped.
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		d = nil
		if err := json.Unmarshal(bytes.ReplaceAll(text, []byte(`\t`), []byte(" ")), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	theirs := func(i int) key {
		k := key{"suite": kinds[i].suite, "seed": fmt.Sprint(i)}
		if kinds[i].curve != nil {
			k["curve"] = kinds[i].curve.Params().Name
		}
		return k
	}
	var tasks []map[string]any
	var names []string
	add := func(name string, task map[string]any) {
		tasks, names = append(tasks, task), append(names, name)
	}
	for i, kind := range kinds {
		for round := range rounds {
			add("issue "+kind.suite, map[string]any{"do": "issue", "credential": badge(i, round), "keys": []key{theirs(i)}})
		}
		next := (i + 1) % len(kinds)
		add("issue "+kind.suite+" and "+kinds[next].suite, map[string]any{"do": "issue", "credential": badge(i, rounds), "keys": []key{theirs(i), theirs(next)}})
	}
	issued := len(tasks)
	seal := func(text []byte, i int, s keys.Signer, how func(context.Context, []byte, proof.SealOptions) ([]byte, error)) []byte {
		sealed, err := how(ctx, text, proof.SealOptions{Signer: s, Suite: kinds[i].suite, Created: time.Now()})
		if err != nil {
			t.Fatalf("%s: %v", kinds[i].suite, err)
		}
		return sealed
	}
	for i, kind := range kinds {
		if kind.suite == "eddsa-2022" {
			continue
		}
		s := signerOn(t, kind.curve)
		for round := range rounds {
			var d map[string]any
			if err := json.Unmarshal(seal(issuedBy(t, badge(i, round), s), i, s, proof.Seal), &d); err != nil {
				t.Fatal(err)
			}
			name := "good " + kind.suite
			if round%2 == 1 {
				d["name"], name = "changed", "changed "+kind.suite
			}
			add(name, map[string]any{"do": "verify", "credential": d})
		}
		next := (i + 1) % len(kinds) // of the same key: they take no other than the issuer's
		for kinds[next].suite == "eddsa-2022" || kinds[next].curve != kind.curve {
			next = (next + 1) % len(kinds)
		}
		set := seal(seal(issuedBy(t, badge(i, rounds), s), i, s, proof.Seal), next, s, proof.AddProof)
		add("good set of "+kind.suite+" and "+kinds[next].suite, map[string]any{"do": "verify", "credential": json.RawMessage(set)})
	}
	for i, a := range others(t, nil, tasks) {
		name := names[i]
		if a.Error != "" {
			t.Errorf("%s: %s", name, a.Error)
			continue
		}
		if i >= issued {
			var result struct {
				Verified bool
				Each     []bool
			}
			if err := json.Unmarshal(a.OK, &result); err != nil {
				t.Fatal(err)
			}
			good := strings.HasPrefix(name, "good")
			wanted := 1
			if strings.Contains(name, " and ") {
				wanted = 2
			}
			if result.Verified != good || good && (len(result.Each) != wanted || slices.Contains(result.Each, false)) {
				t.Errorf("%s: they say %s", name, a.OK)
			}
			continue
		}
		report, err := Verify(ctx, a.OK, Options{})
		if err != nil || report.Outcome != Valid {
			t.Errorf("%s: %v %+v", name, err, report)
		}
		passes := 0
		for _, c := range report.Checks {
			if c.Step == "proof" && c.Outcome == Pass {
				passes++
			}
		}
		if wanted := len(tasks[i]["keys"].([]key)); passes != wanted {
			t.Errorf("%s: %d good signatures, want %d: %+v", name, passes, wanted, report.Checks)
		}
		changed := bytes.Replace(a.OK, []byte(`"Badge `), []byte(`"Bodge `), 1)
		if report, err = Verify(ctx, changed, Options{}); err != nil || report.Authentic != No {
			t.Errorf("%s, changed: %v %+v", name, err, report)
		}
	}
}

// library is a Fetcher over documents in memory.
type library map[string][]byte

func (l library) Fetch(_ context.Context, url string, limit int) (Document, error) {
	text, here := l[url]
	switch {
	case !here:
		return Document{}, ErrUnavailable
	case len(text) > limit:
		return Document{}, ErrTooLarge
	}
	return Document{Bytes: text, URL: url, ReadAt: time.Now(), Origin: Given}, nil
}

// TestInteropStatus: their status list decides a badge here, ours decides one there.
func TestInteropStatus(t *testing.T) {
	ctx := context.Background()
	const address = "https://example.org/status/1"
	entry := func(index string) map[string]any {
		return map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": index, "statusListCredential": address}
	}
	s := newSigner(t, false)
	did, _, _ := strings.Cut(s.ID, "#")
	list := status.New(131072)
	for _, i := range []int{0, 7, 94567, 131071} {
		if err := list.Set(i, true); err != nil {
			t.Fatal(err)
		}
	}
	unsigned, err := status.Credential(status.ListOptions{ID: address, Issuer: did, Purpose: "revocation", ValidFrom: time.Now(), ValidUntil: time.Now().Add(time.Hour)}, list)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := proof.Seal(ctx, unsigned, proof.SealOptions{Signer: s, Created: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(ours, &document); err != nil {
		t.Fatal(err)
	}
	encoded := document["credentialSubject"].(map[string]any)["encodedList"]
	tasks := []map[string]any{
		{"do": "list", "id": address, "purpose": "revocation", "set": []int{0, 94567}, "seed": "status"},
		{"do": "bits", "encodedList": encoded, "indexes": []int{0, 1, 7, 8, 94567, 131071}},
	}
	for _, index := range []string{"94567", "94568"} {
		d := plain(1)
		d["credentialStatus"] = entry(index)
		sealed, err := proof.Seal(ctx, issuedBy(t, d, s), proof.SealOptions{Signer: s, Created: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, map[string]any{"do": "verify", "credential": json.RawMessage(sealed)})
		d = plain(2)
		d["credentialStatus"] = entry(index)
		tasks = append(tasks, map[string]any{"do": "issue", "credential": d, "keys": []map[string]any{{"seed": "status"}}})
	}
	answers := others(t, map[string]any{address: document}, tasks)
	for i, a := range answers {
		if a.Error != "" {
			t.Fatalf("task %d: %s", i, a.Error)
		}
	}
	if got := string(answers[1].OK); got != "[true,false,true,false,true,true]" {
		t.Errorf("they read our bits as %s", got)
	}
	for i, revoked := range []bool{true, false} {
		var result struct {
			Status []struct{ Status bool }
			Error  string
		}
		if err := json.Unmarshal(answers[2+2*i].OK, &result); err != nil || len(result.Status) != 1 || result.Status[0].Status != revoked {
			t.Errorf("they say of our badge %s, want status %v", answers[2+2*i].OK, revoked)
		}
		report, err := Verify(ctx, answers[3+2*i].OK, Options{Fetch: library{address: answers[0].OK}})
		if err != nil || (report.InForce == No) != revoked || report.Authentic != Yes {
			t.Errorf("their badge, revoked %v: %v %+v", revoked, err, report)
		}
	}
}

// TestInteropJWT: tokens of Laurel verify in jose, tokens of jose verify here, for every algorithm and in both forms; changed ones
// do not.
func TestInteropJWT(t *testing.T) {
	ctx := context.Background()
	var tasks []map[string]any
	var names []string
	forms := map[string]func([]byte, keys.Signer) (string, error){"JWT": proof.SealJWT, "vc+jwt": proof.SealVCJWT}
	for i, s := range []keys.Signer{signerOn(t, nil), signerOn(t, elliptic.P256()), signerOn(t, elliptic.P384()), signerRSA(t)} {
		jwk, err := keys.MarshalJWK(s.Signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		for _, typ := range slices.Sorted(maps.Keys(forms)) {
			token, err := forms[typ](issuedBy(t, plain(i), s), s)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(token, ".")
			payload, err := base64.RawURLEncoding.DecodeString(parts[1])
			if err != nil {
				t.Fatal(err)
			}
			changed := parts[0] + "." + base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte(`"Badge `), []byte(`"Bodge `), 1)) + "." + parts[2]
			algorithm := keys.AlgorithmFor(s.Signer.Public())
			tasks = append(tasks, map[string]any{"do": "jwtVerify", "token": token, "jwk": jwk}, map[string]any{"do": "jwtVerify", "token": changed, "jwk": jwk},
				map[string]any{"do": "jwtSign", "payload": json.RawMessage(payload), "jwk": privateJWK(t, s.Signer, jwk), "header": map[string]any{"alg": algorithm, "kid": s.ID, "typ": typ}})
			names = append(names, "ours "+algorithm+" "+typ, "changed "+algorithm+" "+typ, "theirs "+algorithm+" "+typ)
		}
	}
	for i, a := range others(t, nil, tasks) {
		name := names[i]
		if refused := a.Error != ""; refused != strings.HasPrefix(name, "changed") {
			t.Errorf("%s: they say %q", name, a.Error)
			continue
		}
		if !strings.HasPrefix(name, "theirs") {
			continue
		}
		var token string
		if err := json.Unmarshal(a.OK, &token); err != nil {
			t.Fatal(err)
		}
		report, err := Verify(ctx, []byte(token), Options{})
		if err != nil || report.Outcome != Valid {
			t.Errorf("%s: %v %+v", name, err, report)
		}
		parts := strings.Split(token, ".")
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		parts[1] = base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte(`"Badge `), []byte(`"Bodge `), 1))
		if report, err = Verify(ctx, []byte(strings.Join(parts, ".")), Options{}); err != nil || report.Authentic != No {
			t.Errorf("%s, changed: %v %+v", name, err, report)
		}
	}
}

// privateJWK adds the private members that jose needs to sign.
func privateJWK(t *testing.T, private crypto.Signer, public any) map[string]any {
	t.Helper()
	text, err := json.Marshal(public)
	if err != nil {
		t.Fatal(err)
	}
	var jwk map[string]any
	if err := json.Unmarshal(text, &jwk); err != nil {
		t.Fatal(err)
	}
	var d []byte
	switch k := private.(type) {
	case ed25519.PrivateKey:
		d = k.Seed()
	case *ecdsa.PrivateKey:
		if d, err = k.Bytes(); err != nil {
			t.Fatal(err)
		}
	case *rsa.PrivateKey:
		d = k.D.Bytes()
		for name, number := range map[string]*big.Int{"p": k.Primes[0], "q": k.Primes[1], "dp": k.Precomputed.Dp, "dq": k.Precomputed.Dq, "qi": k.Precomputed.Qinv} {
			jwk[name] = base64.RawURLEncoding.EncodeToString(number.Bytes())
		}
	}
	jwk["d"] = base64.RawURLEncoding.EncodeToString(d)
	return jwk
}
