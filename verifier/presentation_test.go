package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof"
)

// TestPresentations: a presentation is worth what its own signature and the credentials in it are worth.
func TestPresentations(t *testing.T) {
	b := newBench(t)
	good := object(t, b.seal(b.badge(nothing)))
	expired := object(t, b.seal(b.badge(func(d map[string]any) { d["id"], d["validUntil"] = "urn:uuid:1", "2026-02-01T00:00:00Z" })))
	altered := object(t, b.sealed(func(d map[string]any) { d["id"] = "urn:uuid:2" }))
	suspicious := object(t, b.seal(b.badge(func(d map[string]any) {
		d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": listURL}
	})))
	token, err := proof.SealVCJWT(b.badge(nothing), b.key)
	if err != nil {
		t.Fatal(err)
	}
	stranger := newSigner(t, false)
	strangerDID, _, _ := strings.Cut(stranger.ID, "#")
	byStranger := &bench{TB: t, key: stranger, documents: b.documents}
	unsigned := object(t, b.badge(nothing))
	foreign := object(t, b.badge(func(d map[string]any) { d["issuer"].(map[string]any)["id"] = strangerDID }))
	held := func(id string) func(map[string]any) { return func(d map[string]any) { d["holder"] = id } }
	answering := proof.SealOptions{Challenge: challenge, Domain: []string{presentationFor}}
	vp := jose.Header{Type: "vp+jwt", ContentType: "vp"}
	payload := func(change func(map[string]any), inside ...any) map[string]any {
		d := object(t, b.presentation(nothing, inside...))
		change(d)
		return d
	}
	claim := func(change func(map[string]any), inside ...any) map[string]any {
		d := object(t, b.presentation(func(d map[string]any) { d["@context"] = []any{contextV1, contextOB} }, inside...))
		claims := map[string]any{"iss": webDID, "vp": d}
		change(claims)
		return claims
	}
	for name, c := range map[string]struct {
		input              []byte
		challenge, domain  string
		authentic, inForce Answer
		code               string
		inside             int
	}{
		"good":                  {b.present(b.presentation(nothing, good), proof.SealOptions{}), "", "", Yes, Yes, "", 1},
		"two":                   {b.present(b.presentation(nothing, good, enveloped("EnvelopedVerifiableCredential", []byte(token))), proof.SealOptions{}), "", "", Yes, Yes, "", 2},
		"nobody holds it":       {b.present(b.presentation(func(d map[string]any) { delete(d, "holder") }, good), proof.SealOptions{}), "", "", Yes, Yes, "", 1},
		"holder an object":      {b.present(b.presentation(func(d map[string]any) { d["holder"] = map[string]any{"id": webDID} }, good), proof.SealOptions{}), "", "", Yes, Yes, "", 1},
		"held by another":       {b.present(b.presentation(held(strangerDID), good), proof.SealOptions{}), "", "", No, Undecided, "issuer_mismatch", 1},
		"by a stranger":         {byStranger.present(b.presentation(held(strangerDID), good), proof.SealOptions{}), "", "", Yes, Yes, "subject_mismatch", 1},
		"for issuing":           {b.sign(b.presentation(nothing, good), proof.SealOptions{}), "", "", No, Undecided, "proof_purpose", 1},
		"unsigned":              {b.presentation(nothing, good), "", "", No, Undecided, "malformed", 1},
		"holder changed":        {[]byte(strings.Replace(string(b.present(b.presentation(nothing, good), proof.SealOptions{})), `"holder":"`+webDID, `"holder":"`+strangerDID, 1)), "", "", No, Undecided, "issuer_mismatch", 1},
		"expired inside":        {b.present(b.presentation(nothing, good, expired), proof.SealOptions{}), "", "", Yes, No, "expired", 2},
		"altered inside":        {b.present(b.presentation(nothing, altered, good), proof.SealOptions{}), "", "", No, Undecided, "signature_invalid", 2},
		"status unknown inside": {b.present(b.presentation(nothing, suspicious), proof.SealOptions{}), "", "", Yes, Undecided, "status_unavailable", 1},
		"unsigned inside":       {b.present(b.presentation(nothing, unsigned), proof.SealOptions{}), "", "", Yes, Yes, "", 1},
		"unsigned beside a bad": {b.present(b.presentation(nothing, expired, unsigned), proof.SealOptions{}), "", "", Yes, No, "expired", 2},
		"unsigned of another":   {b.present(b.presentation(nothing, foreign), proof.SealOptions{}), "", "", No, Undecided, "schema_invalid", 1},
		"all unsigned":          {b.presentation(nothing, unsigned), "", "", No, Undecided, "malformed", 1},
		"no credential inside":  {b.token(payload(nothing, map[string]any{"type": []any{"Profile"}}), vp), "", "", No, Undecided, "", 1},
		"a text inside":         {b.presentation(nothing, token), "", "", No, Undecided, "", 1},
		"answers":               {b.present(b.presentation(nothing, good), answering), challenge, presentationFor, Yes, Yes, "", 1},
		"answers unasked":       {b.present(b.presentation(nothing, good), answering), "", "", Yes, Yes, "", 1},
		"another challenge":     {b.present(b.presentation(nothing, good), answering), challenge + "0", presentationFor, No, Undecided, "challenge_mismatch", 1},
		"no challenge":          {b.present(b.presentation(nothing, good), proof.SealOptions{}), challenge, "", No, Undecided, "challenge_mismatch", 1},
		"another domain":        {b.present(b.presentation(nothing, good), answering), challenge, "https://other.example", No, Undecided, "domain_mismatch", 1},
		"one domain more": {b.present(b.presentation(nothing, good), proof.SealOptions{Domain: []string{presentationFor, "https://other.example"}}),
			"", presentationFor, No, Undecided, "domain_mismatch", 1},
		"JWT":                     {b.token(payload(nothing, good), vp), "", "", Yes, Yes, "", 1},
		"JWT of a token":          {b.token(payload(nothing, enveloped("EnvelopedVerifiableCredential", []byte(token))), vp), "", "", Yes, Yes, "", 1},
		"JWT in an envelope":      {marshal(t, enveloped("EnvelopedVerifiablePresentation", b.token(payload(nothing, good), vp))), "", "", Yes, Yes, "", 1},
		"JWT called a credential": {marshal(t, enveloped("EnvelopedVerifiableCredential", b.token(payload(nothing, good), vp))), "", "", No, Undecided, "malformed", 0},
		"JWT of a presentation":   {b.token(payload(nothing, enveloped("EnvelopedVerifiableCredential", b.token(payload(nothing, good), vp))), vp), "", "", No, Undecided, "malformed", 1},
		"JWT answers": {b.token(payload(func(d map[string]any) {
			d["iss"], d["nonce"], d["aud"] = webDID, challenge, []any{presentationFor}
		}, good), vp), challenge, presentationFor, Yes, Yes, "", 1},
		"JWT with another nonce":   {b.token(payload(func(d map[string]any) { d["nonce"] = "x" }, good), vp), challenge, "", No, Undecided, "challenge_mismatch", 1},
		"JWT for another":          {b.token(payload(func(d map[string]any) { d["aud"] = "https://other.example" }, good), vp), "", presentationFor, No, Undecided, "domain_mismatch", 1},
		"JWT with nonce a number":  {b.token(payload(func(d map[string]any) { d["nonce"] = 1 }, good), vp), "", "", No, Undecided, "malformed", 0},
		"JWT of another holder":    {b.token(payload(func(d map[string]any) { d["iss"] = strangerDID }, good), vp), "", "", No, Undecided, "issuer_mismatch", 1},
		"JWT that has ended":       {b.token(payload(func(d map[string]any) { d["exp"] = at.Unix() }, good), vp), "", "", Yes, No, "expired", 1},
		"JWT that has not begun":   {b.token(payload(func(d map[string]any) { d["nbf"] = at.Unix() + 3600 }, good), vp), "", "", Yes, No, "not_yet_valid", 1},
		"JWT with a vp claim":      {b.token(payload(func(d map[string]any) { d["vp"] = map[string]any{} }, good), vp), "", "", No, Undecided, "malformed", 0},
		"JWT of a credential":      {b.token(object(t, b.badge(nothing)), vp), "", "", No, Undecided, "", 0},
		"credential token of a VP": {b.token(payload(nothing, good), jose.Header{Type: "vc+jwt", ContentType: "vc"}), "", "", No, Undecided, "", 1},
		"vp claim":                 {b.token(claim(nothing, string(jwtOf11(t, b))), jose.Header{Type: "JWT"}), "", "", Yes, Yes, "", 1},
		"vp claim, other parts": {b.token(claim(func(d map[string]any) { d["name"] = "x" }, string(jwtOf11(t, b))), jose.Header{Type: "JWT"}),
			"", "", No, Undecided, "ambiguous", 0},
		"vc and vp claims": {b.token(claim(func(d map[string]any) { d["vc"] = map[string]any{} }), jose.Header{Type: "JWT"}), "", "", No, Undecided, "ambiguous", 0},
		"vp claim of another": {b.token(claim(func(d map[string]any) { d["iss"] = strangerDID }, string(jwtOf11(t, b))), jose.Header{Type: "JWT"}),
			"", "", No, Undecided, "issuer_mismatch", 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{At: at, Fetch: b.documents, Challenge: c.challenge}
			if c.domain != "" {
				o.Domain = []string{c.domain}
			}
			r, err := Verify(context.Background(), c.input, o)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, name, r, c.authentic, c.inForce, c.code)
			if len(r.Credentials) != c.inside {
				t.Errorf("%d reports inside, want %d", len(r.Credentials), c.inside)
			}
			if (name == "unsigned" || name == "held by another") && r.Credentials[0].Outcome != Valid {
				t.Errorf("the credential inside: %s", findings(r.Credentials[0]))
			}
		})
	}
}

// jwtOf11 is a badge of the data model 1.1 as a token.
func jwtOf11(t testing.TB, b *bench) []byte {
	old := object(t, b.badge(older))
	return b.token(map[string]any{"iss": webDID, "jti": old["id"], "sub": "did:example:teacher", "nbf": 1767225600, "exp": 1798761600, "vc": old}, jose.Header{Type: "JWT"})
}

// TestRecords: a record says on what it was told; what is inside is judged by itself and changes nothing about it.
func TestRecords(t *testing.T) {
	b := newBench(t)
	good := object(t, b.seal(b.badge(nothing)))
	expired := object(t, b.seal(b.badge(func(d map[string]any) { d["validUntil"] = "2026-02-01T00:00:00Z" })))
	stranger := newSigner(t, false)
	strangerDID, _, _ := strings.Cut(stranger.ID, "#")
	unsigned := object(t, b.badge(nothing))
	nobody := object(t, b.badge(func(d map[string]any) { delete(subject(d), "id") }))
	foreign := object(t, b.badge(func(d map[string]any) { d["issuer"].(map[string]any)["id"] = strangerDID }))
	association := func(target string) func(map[string]any) {
		return func(d map[string]any) {
			subject(d)["association"] = []any{map[string]any{"type": "Association", "associationType": "isParentOf", "sourceId": "urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11", "targetId": target}}
		}
	}
	for name, c := range map[string]struct {
		input              []byte
		authentic, inForce Answer
		code               string
		inside             Outcome
	}{
		"good":            {b.seal(b.record(nothing, good)), Yes, Yes, "", Valid},
		"expired inside":  {b.seal(b.record(nothing, expired)), Yes, Yes, "expired", Invalid},
		"unsigned inside": {b.seal(b.record(nothing, nobody)), Yes, Yes, "", Valid},
		"mingled":         {b.seal(b.record(nothing, unsigned)), Yes, Yes, "ambiguous", Unknown},
		"unsigned, JCS":   {b.sign(b.record(nothing, unsigned), proof.SealOptions{Suite: "eddsa-jcs-2022"}), Yes, Yes, "", Valid},
		"unsigned, JWT":   {b.token(object(t, b.record(nothing, unsigned)), jose.Header{Type: "vc+jwt"}), Yes, Yes, "", Valid},
		"expired record":  {b.seal(b.record(func(d map[string]any) { d["validUntil"] = "2026-03-01T00:00:00Z" }, nobody)), Yes, No, "expired", Invalid},
		"record of unknown status": {b.seal(b.record(func(d map[string]any) {
			d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": listURL}
		}, nobody)), Yes, Undecided, "status_unavailable", Unknown},
		"of another issuer": {b.seal(b.record(nothing, foreign)), Yes, Yes, "issuer_mismatch", Unknown},
		"unsigned record":   {b.record(nothing, unsigned), No, Undecided, "malformed", Invalid},
		"signed in one":     {b.record(nothing, good), No, Undecided, "malformed", Valid},
		"association":       {b.seal(b.record(association("https://issuer.example/a/1"), good)), Yes, Yes, "", Valid},
	} {
		t.Run(name, func(t *testing.T) {
			r := b.verify(c.input)
			expect(t, name, r, c.authentic, c.inForce, c.code)
			if len(r.Credentials) != 1 || r.Credentials[0].Outcome != c.inside {
				t.Fatalf("inside: %d %s", len(r.Credentials), findings(r.Credentials[0]))
			}
			if r.Credentials[0].Pointer != "/credentialSubject/verifiableCredential/0" {
				t.Error(r.Credentials[0].Pointer)
			}
		})
	}
	dangling := b.verify(b.seal(b.record(association("urn:nobody"), good)))
	expect(t, "association to nothing", dangling, Yes, Yes, "")
	found := false
	for _, c := range dangling.Checks {
		found = found || c.Outcome == Warn && strings.HasPrefix(c.Pointer, "/credentialSubject/association")
	}
	if !found {
		t.Errorf("an association that leads nowhere: %s", findings(dangling))
	}
}

// TestNestedBounds: what stands inside is bounded in number, depth and work, and everything beyond is said to be unknown.
func TestNestedBounds(t *testing.T) {
	b := newBench(t)
	good := object(t, b.seal(b.badge(nothing)))
	var many []any
	for i := range credential.Limits.Nested + 1 {
		many = append(many, object(t, b.seal(b.badge(func(d map[string]any) { d["id"] = fmt.Sprint("urn:n:", i) }))))
	}
	r := b.verify(b.present(b.presentation(nothing, many...), proof.SealOptions{}))
	if r.Outcome == Valid || len(r.Credentials) > credential.Limits.Nested {
		t.Errorf("%d credentials: %s with %d reports; %s", len(many), r.Outcome, len(r.Credentials), findings(r))
	}
	r = b.verify(b.present(b.presentation(nothing, many[1:]...), proof.SealOptions{}))
	if r.Outcome != Valid || len(r.Credentials) != credential.Limits.Nested {
		t.Errorf("%d credentials: %s with %d reports; %s", len(many)-1, r.Outcome, len(r.Credentials), findings(r))
	}
	inner := good
	for i := range nestedDeepest + 1 {
		inner = object(t, b.seal(b.record(func(d map[string]any) { d["id"] = fmt.Sprint("urn:r:", i) }, inner)))
	}
	r = b.verify(b.present(b.presentation(nothing, inner), proof.SealOptions{}))
	deepest := r
	for len(deepest.Credentials) > 0 {
		deepest = deepest.Credentials[0]
	}
	if !strings.Contains(findings(deepest), "too_complex") {
		t.Errorf("the deepest: %s %s", deepest.Outcome, findings(deepest))
	}
}

// TestCheckProof: the policy of the interoperability suites looks at the data model and the proof, and calls nothing authentic.
func TestCheckProof(t *testing.T) {
	b := newBench(t)
	stranger := newSigner(t, false)
	sealed, err := proof.Seal(context.Background(), b.badge(nothing), proof.SealOptions{Signer: stranger, Created: at})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		input   []byte
		holds   bool
		warning string
	}{
		"good":                  {b.seal(b.badge(nothing)), true, ""},
		"signed by a stranger":  {sealed, true, "issuer_mismatch"},
		"expired":               {b.seal(b.badge(func(d map[string]any) { d["validUntil"] = "2026-02-01T00:00:00Z" })), true, "expired"},
		"altered":               {b.sealed(func(d map[string]any) { d["name"] = "Other" }), false, ""},
		"unsigned":              {b.badge(nothing), false, ""},
		"of another purpose":    {b.present(b.badge(nothing), proof.SealOptions{}), false, ""},
		"presentation":          {b.present(b.presentation(nothing, object(t, sealed)), proof.SealOptions{}), true, ""},
		"altered presentation":  {[]byte(strings.Replace(string(b.present(b.presentation(nothing, object(t, sealed)), proof.SealOptions{})), "Feedback", "Feedbeck", 1)), false, ""},
		"presentation of a bad": {b.present(b.presentation(nothing, object(t, b.sealed(func(d map[string]any) { d["name"] = "Other" }))), proof.SealOptions{}), false, ""},
		"not JSON":              {[]byte("{"), false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := CheckProof(context.Background(), c.input, Options{At: at, Fetch: b.documents})
			if err != nil {
				t.Fatal(err)
			}
			warned := c.warning == ""
			for _, w := range r.Warnings {
				warned = warned || w.Code == c.warning
			}
			if r.Holds != c.holds || !warned || r.Holds != (len(r.Errors) == 0) || r.Holds != (r.Document != nil) {
				text, _ := json.Marshal(r)
				t.Errorf("holds: %v, want %v with the warning %q; %s", r.Holds, c.holds, c.warning, text)
			}
		})
	}
}
