package vcapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzSplit: the members of a body are those that encoding/json reads, each once, and their texts are parts of the body.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{}`, `{"credential":{},"options":{"cryptosuite":"x"}}`, `{"credential":{"a":[1,2]},"credential":1}`, `[]`, `{"options":`, "{\"a\xff\":1}", `{"options":null} {}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		members, err := split(body, "credential", "options")
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("%v, and it was split", err)
		}
		if len(members) != len(want) {
			t.Fatalf("%d members, and %d are there", len(members), len(want))
		}
		for name, value := range members {
			if string(value) != string(want[name]) || !strings.Contains(string(body), string(value)) {
				t.Fatalf("%s is %s", name, value)
			}
		}
		if _, err := options(members, "cryptosuite"); err == nil {
			_, _ = signInput(members, "")
		}
	})
}

// FuzzStatusChange: a body is a whole change or refused.
func FuzzStatusChange(f *testing.F) {
	f.Add([]byte(`{"credentialId":"a","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"1"},"status":true}`))
	f.Add([]byte(`{"credentialStatus":[],"status":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if change, err := statusChange(body); err == nil && (change.Name == "" || change.Purpose == "") {
			t.Fatalf("%+v", change)
		}
	})
}

// FuzzResolve: every address is answered with a resolution, never with 500, and no address outside of did:web asks anybody.
func FuzzResolve(f *testing.F) {
	w := newWorld(f)
	for _, seed := range []string{"did:key:" + ed25519Key, "did:jwk:" + p256JWK, "did:web:example.org%3A8443:a", "did:key:z#a", "did:web:a#b?c", "did:x:/"} {
		f.Add(seed, "publicKeyFormat=Multikey")
	}
	f.Fuzz(func(t *testing.T, did, query string) {
		r := httptest.NewRequest("GET", "/vc-api/identifiers/x", nil)
		r.URL = &url.URL{Path: "/vc-api/identifiers/" + did, RawPath: "/vc-api/identifiers/" + url.PathEscape(did), RawQuery: query}
		w.asked = nil
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		if recorder.Code >= 500 || recorder.Code != http.StatusOK && recorder.Code != 400 && recorder.Code != 404 {
			t.Fatalf("%d %s", recorder.Code, recorder.Body)
		}
		if !json.Valid(recorder.Body.Bytes()) {
			t.Fatalf("%s", recorder.Body)
		}
		if len(w.asked) > 0 && !strings.HasPrefix(did, "did:web:") {
			t.Fatalf("%v was asked", w.asked)
		}
	})
}

// FuzzBodies: whatever is sent, an answer never has status 500, and 200 never comes with a failure inside.
func FuzzBodies(f *testing.F) {
	w := newWorld(f)
	paths := []string{"/vc-api/credentials/verify", "/vc-api/policies/proof/credentials/verify", "/vc-api/presentations/verify",
		"/vc-api/policies/proof/presentations/verify", w.issueAt(), "/vc-api/issuers/" + w.ours.ID + "/credentials/status"}
	good := w.signed(f, unsigned(w.ours.DID, ""), `{}`)
	for i := range paths {
		f.Add(uint8(i), `{"verifiableCredential":`+good+`,"options":{"returnResults":true,"returnCredential":true}}`)
		f.Add(uint8(i), `{"verifiablePresentation":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiablePresentation","verifiableCredential":[`+good+`]}}`)
		f.Add(uint8(i), `{"credential":`+unsigned(w.ours.DID, "")+`,"options":{"credentialStatus":{"type":"BitstringStatusListEntry"}}}`)
		f.Add(uint8(i), `{"verifiableCredential":{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,e30.e30.e30"}}`)
	}
	f.Fuzz(func(t *testing.T, path uint8, body string) {
		a := w.ask(t, "POST", paths[int(path)%len(paths)], body)
		if a.status == http.StatusOK && int(path)%len(paths) < 4 && !read[struct{ Verified bool }](t, a).Verified {
			t.Fatalf("%s", a.body)
		}
	})
}
