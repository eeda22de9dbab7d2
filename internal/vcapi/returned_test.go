package vcapi

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestReturnedIsSecured: what is given back is what the token holds, and nothing that stands beside it.
func TestReturnedIsSecured(t *testing.T) {
	w := newWorld(t)
	var e map[string]any
	if err := json.Unmarshal([]byte(w.signed(t, unsigned(w.ours.DID, ""), `{"envelope":"vc+jwt"}`)), &e); err != nil {
		t.Fatal(err)
	}
	e["type"], e["issuer"], e["credentialSubject"] = []any{"EnvelopedVerifiableCredential"}, "did:web:trusted.example", map[string]any{"id": "did:example:mallory"}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/vc-api/credentials/verify", "/vc-api/policies/proof/credentials/verify"} {
		a := w.ask(t, "POST", path, `{"verifiableCredential":`+string(text)+`,"options":{"returnCredential":true}}`)
		if a.status != 200 || strings.Contains(string(a.body), "mallory") || !strings.Contains(string(a.body), "did:example:alice") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
