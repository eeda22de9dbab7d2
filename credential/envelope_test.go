package credential

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/strict"
)

const tokenText = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"

func TestOpenEnvelope(t *testing.T) {
	const credential, presentation = `"EnvelopedVerifiableCredential"`, `"EnvelopedVerifiablePresentation"`
	const context = `"https://www.w3.org/ns/credentials/v2"`
	base64Token := base64.StdEncoding.EncodeToString([]byte(tokenText))
	for _, c := range []struct{ name, typ, context, id, more, want string }{
		{"a credential", credential, context, "data:application/vc+jwt," + tokenText, "", KindEnvelopedCredential},
		{"the older media type", credential, context, "data:application/jwt," + tokenText, "", KindEnvelopedCredential},
		{"a presentation", presentation, context, "data:application/vp+jwt," + tokenText, "", KindEnvelopedPresentation},
		{"a presentation in the older media type", presentation, context, "data:application/jwt," + tokenText, "", KindEnvelopedPresentation},
		{"type and context in arrays", "[" + credential + "]", "[" + context + `, "https://x.example/"]`, "data:application/vc+jwt," + tokenText, "", KindEnvelopedCredential},
		{"capitals, which mean the same", credential, context, "DATA:Application/VC+JWT," + tokenText, "", KindEnvelopedCredential},
		{"base64", credential, context, "data:application/vc+jwt;base64," + base64Token, "", KindEnvelopedCredential},
		{"escapes", credential, context, "data:application/vc+jwt," + strings.ReplaceAll(tokenText, ".", "%2E"), "", KindEnvelopedCredential},

		{"no type", `[]`, context, "data:application/vc+jwt," + tokenText, "", "no_credential /type"},
		{"another type", `"VerifiableCredential"`, context, "data:application/vc+jwt," + tokenText, "", "no_credential /type"},
		{"two types", `["VerifiableCredential", ` + credential + `]`, context, "data:application/vc+jwt," + tokenText, "", "ambiguous /type"},
		{"both envelopes", `[` + presentation + `, ` + credential + `]`, context, "data:application/vc+jwt," + tokenText, "", "ambiguous /type"},
		{"a type that is no text beside", `[` + credential + `, 7]`, context, "data:application/vc+jwt," + tokenText, "", "ambiguous /type"},
		{"a proof of its own", credential, context, "data:application/vc+jwt," + tokenText, `, "proof": {}`, "ambiguous /proof"},
		{"no context", credential, `[]`, "data:application/vc+jwt," + tokenText, "", "context_untrusted /@context"},
		{"another context first", credential, `["https://x.example/", ` + context + `]`, "data:application/vc+jwt," + tokenText, "", "context_untrusted /@context"},
		{"the context of 1.1", credential, `"https://www.w3.org/2018/credentials/v1"`, "data:application/vc+jwt," + tokenText, "", "context_untrusted /@context"},
		{"a bare token", credential, context, tokenText, "", "schema_invalid /id"},
		{"a web address", credential, context, "https://x.example/" + tokenText, "", "schema_invalid /id"},
		{"SD-JWT", credential, context, "data:application/vc+sd-jwt," + tokenText + "~", "", "alg_not_allowed /id"},
		{"COSE", credential, context, "data:application/vc+cose;base64,0oREoQ==", "", "alg_not_allowed /id"},
		{"a presentation where a credential belongs", credential, context, "data:application/vp+jwt," + tokenText, "", "no_credential /id"},
		{"a credential where a presentation belongs", presentation, context, "data:application/vc+jwt," + tokenText, "", "no_credential /id"},
		{"another media type", credential, context, "data:application/vc+ld+json,{}", "", "no_credential /id"},
		{"no media type", credential, context, "data:," + tokenText, "", "no_credential /id"},
		{"a parameter", credential, context, "data:application/vc+jwt;charset=utf-8," + tokenText, "", "no_credential /id"},
		{"a parameter without value", credential, context, "data:application/vc+jwt;base64url," + tokenText, "", "no_credential /id"},
		{"a token of two parts", credential, context, "data:application/vc+jwt,e30.AAAA", "", "no_credential /id"},
		{"a token with disclosures", credential, context, "data:application/vc+jwt," + tokenText + "~", "", "no_credential /id"},
		{"a token and a line end", credential, context, "data:application/vc+jwt," + tokenText + "%0A", "", "no_credential /id"},
		{"nothing", credential, context, "data:application/vc+jwt,", "", "no_credential /id"},
	} {
		value, err := strict.Object([]byte(`{"type":`+c.typ+`,"@context":`+c.context+`,"id":"`+c.id+`"`+c.more+`}`), JSONLimits())
		if err != nil {
			t.Fatal(err)
		}
		token, got, err := OpenEnvelope(value)
		var problem *Problem
		switch {
		case errors.As(err, &problem):
			got = problem.Code + " " + problem.Pointer
		case token != tokenText:
			t.Errorf("%s: the token is %q", c.name, token)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		// Check says the same of a document that is an envelope.
		if c, err := FromValue(nil, value); err == nil && (c.Kind == KindEnvelopedCredential || c.Kind == KindEnvelopedPresentation) {
			if found := Check(c, VerifiableCredentials); (problem == nil) != (len(found) == 0) {
				t.Errorf("Check: %v, OpenEnvelope: %v", lines(found), problem)
			}
		}
	}
}

func TestReadDataURL(t *testing.T) {
	for _, c := range []struct{ url, media, data string }{
		{"data:,Hello%2C%20World", "text/plain", "Hello, World"},
		{"data:text/plain;charset=utf-8,x", "text/plain", "x"},
		{"data:IMAGE/png;base64,AAECAw==", "image/png", "\x00\x01\x02\x03"},
		{"data:;base64,AA==", "text/plain", "\x00"},
		{"data:a/b;BASE64,AA%3D%3D", "a/b", "\x00"},
		{"data:a/b,", "a/b", ""},
	} {
		d, err := readDataURL(c.url)
		if err != nil || d.media != c.media || string(d.bytes) != c.data {
			t.Errorf("%s: %q %q %v", c.url, d.media, d.bytes, err)
		}
	}
	for name, url := range map[string]string{
		"another scheme": "date:,x", "no comma": "data:text/plain", "nothing": "", "the scheme alone": "data:",
		"media type without subtype": "data:text,x", "media type with two": "data:a/b/c,x", "media type without type": "data:/b,x",
		"parameter without value": "data:a/b;c,x", "parameter without name": "data:a/b;=c,x", "base64 not at the end": "data:a/b;base64;c=d,AA==",
		"a quoted parameter": `data:a/b;c="d,e",x`, "a space": "data:a/b,x y", "a line end": "data:a/b;base64,AA\n==", "a line end in an escape": "data:a/b;base64,AA%0A==",
		"a fragment": "data:a/b,x#y", "no ASCII": "data:a/b,ä", "half an escape": "data:a/b,%2", "no escape": "data:a/b,%zz",
		"base64 without padding": "data:a/b;base64,AA", "base64 of the other alphabet": "data:a/b;base64,__8=", "bits left over": "data:a/b;base64,AB==",
		"a long media type": "data:a/b;c=" + strings.Repeat("d", longestMediaType) + ",x",
	} {
		if d, err := readDataURL(url); err == nil {
			t.Errorf("%s: read as %q %q", name, d.media, d.bytes)
		}
	}
}

// FuzzReadDataURL: whatever is read can be written again, and is read as the same.
func FuzzReadDataURL(f *testing.F) {
	for _, seed := range []string{"data:application/vc+jwt," + tokenText, "data:a/b;c=d;base64,AAECAw==", "data:,%2C", "data:", "data:a/b;base64"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := readDataURL(s)
		if err != nil {
			return
		}
		again := "data:" + strings.Join(append([]string{d.media}, d.parameters...), ";") + ";base64," + base64.StdEncoding.EncodeToString(d.bytes)
		second, err := readDataURL(again)
		if err != nil {
			t.Fatalf("%q, written as %q: %v", s, again, err)
		}
		if diff := cmp.Diff(d, second, cmp.AllowUnexported(dataURL{})); diff != "" {
			t.Errorf("%q, written as %q: %s", s, again, diff)
		}
		if len(d.bytes) > len(s) {
			t.Errorf("%q holds %d bytes", s, len(d.bytes))
		}
	})
}

// FuzzOpenEnvelope: a token is given only in compact form, and otherwise a problem.
func FuzzOpenEnvelope(f *testing.F) {
	f.Add("EnvelopedVerifiableCredential", "data:application/vc+jwt,"+tokenText)
	f.Add("EnvelopedVerifiablePresentation", "data:application/jwt;base64,YS5iLmM=")
	f.Fuzz(func(t *testing.T, typ, id string) {
		token, kind, err := OpenEnvelope(map[string]any{"@context": contextV2, "type": typ, "id": id})
		var problem *Problem
		if err == nil && (kind != typ || !compactJWS.MatchString(token)) || err != nil && (!errors.As(err, &problem) || token != "" || kind != "") {
			t.Errorf("%q %q: %q %q %v", typ, id, token, kind, err)
		}
	})
}

// The presentations of VC-JOSE-COSE hold what its test suite says.
func TestPresentationsOfJOSE(t *testing.T) {
	folder := referenceFile(t, "vectors/vc-jose-cose/test-suite/input")
	for name, want := range map[string]string{
		"presentation-single.json": "token", "presentation-multiple.json": "token alg_not_allowed alg_not_allowed", "presentation-selective.json": "alg_not_allowed",
		"presentation-jose-multiple.txt": "token alg_not_allowed alg_not_allowed", "presentation-jose-bad-credential.txt": "schema_invalid",
	} {
		text := readFile(t, filepath.Join(folder, name))
		if segments := strings.Split(string(text), "."); strings.HasSuffix(name, ".txt") {
			var err error
			if text, err = base64.RawURLEncoding.DecodeString(segments[1]); err != nil {
				t.Fatal(err)
			}
		}
		c := mustParse(t, text)
		var got []string
		for _, nested := range c.Nested {
			switch {
			case nested.JWT != "":
				got = append(got, "token")
			case nested.Problem != nil:
				got = append(got, nested.Problem.Code)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if found := Check(c, VerifiableCredentials); (want == "schema_invalid") != (len(found) > 0) {
			t.Errorf("%s: %v", name, lines(found))
		}
	}
}
