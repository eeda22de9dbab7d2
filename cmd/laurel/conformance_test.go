package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// TestConformance replays the recorded requests of the public interoperability suites of the W3C and the Credentials Community
// Group against a server with an issuer that has Ed25519, P-256 and P-384 keys. Every answer has to be the expected one.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: requests one after another")
	}
	script := filepath.Join(referencedata.Folder(t), "..", "tools", "vc-api-replay.mjs")
	if _, err := os.Stat(script); err != nil {
		t.Skipf("the replay of the interoperability suites is not here: %v", err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	folder := t.TempDir()
	server := startBinary(t, buildBinary(t), folder, "--verify-rate", "0")
	office := control.Dial(t.Context(), folder)
	if office == nil {
		t.Fatal("the server has no socket")
	}
	all, err := office.Organisations(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d organisations, error %v", len(all), err)
	}
	o := all[0]
	token, err := office.CreateToken(t.Context(), issuer.TokenInput{Organisation: o.ID, Scopes: []issuer.Scope{issuer.ScopeCredentialsSign}, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	did := map[keys.Kind]string{keys.Ed25519: o.DID}
	for _, kind := range []keys.Kind{keys.P256, keys.P384} {
		k, err := office.AddKey(t.Context(), o.ID, kind, "test")
		if err != nil {
			t.Fatal(err)
		}
		did[kind] = "did:key:" + k.Multikey
	}
	api := server.address + "/vc-api"
	command := exec.CommandContext(t.Context(), node, script, "--bearer", token.Text,
		"--issue", api+"/issuers/"+o.ID+"/credentials/issue", "--issue-sd", api+"/issuers/"+o.ID+"/ecdsa-sd-2023/credentials/issue",
		"--verify", api+"/policies/proof/credentials/verify", "--present", api+"/policies/proof/presentations/verify",
		"--resolver", api+"/identifiers",
		"--did-ed25519", did[keys.Ed25519], "--did-p256", did[keys.P256], "--did-p384", did[keys.P384])
	said, err := command.CombinedOutput()
	lines := strings.Split(string(bytes.TrimSpace(said)), "\n")
	if last := lines[len(lines)-1]; err != nil || last != "428 passed, 0 failed, 0 skipped" {
		t.Errorf("error %v\n%s", err, said)
	} else {
		t.Log(last)
	}
	if complaints := server.log.String(); complaints != "" {
		t.Errorf("the server complains:\n%s", complaints)
	}
}
