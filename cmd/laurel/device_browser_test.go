package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDevice checks badges in Chromium without a server's help, with and without a network, and scans one with a camera; and does the
// same with a pack on the command line. Nothing that is checked leaves the page. LAUREL_SCREENSHOTS names a folder for pictures.
func TestDevice(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: a walk through pages takes ten seconds")
	}
	t.Parallel()
	home := filepath.Join("..", "..", "testdata", "npm")
	for _, needed := range []string{"/usr/bin/chromium", filepath.Join(home, "node_modules", "playwright-core"), filepath.Join(home, "node_modules", "axe-core")} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("skipped: %s is absent; `make tools` installs it", needed)
		}
	}
	if _, err := os.Stat(filepath.Join("..", "..", "internal", "web", "device", "laurel-device.wasm.gz")); err != nil {
		t.Skip("skipped: the verifier for browsers is not built; `make device` does that")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: Node.js is absent; `make tools` installs it")
	}
	g := onFile(t)
	p := g.start(t, "--sample", "--verify-rate", "0")
	base, _, found := strings.Cut(p.first, "/first")
	if !found {
		t.Fatalf("the first link is %q", p.first)
	}
	laurel := func(status int, arguments ...string) string {
		t.Helper()
		command := exec.Command(buildBinary(t), arguments...)
		command.Env = []string{"PATH=" + os.Getenv("PATH")}
		out, _ := command.CombinedOutput()
		if got := command.ProcessState.ExitCode(); got != status {
			t.Fatalf("%v: status %d, not %d\n%s", arguments, got, status, out)
		}
		return string(out)
	}
	folder := t.TempDir()
	var good, revoked struct{ ID, URL string }
	for _, award := range []*struct{ ID, URL string }{&good, &revoked} {
		if err := json.Unmarshal([]byte(laurel(0, "issue", "--data", g.folder, "--recipient", "ada@example.org", "--name", "Ada Example", "--json")), award); err != nil {
			t.Fatal(err)
		}
	}
	before := filepath.Join(folder, "before.pack")
	laurel(0, "pack", "--data", g.folder, "-o", before)
	laurel(0, "revoke", "--data", g.folder, "--reason", "Test.", revoked.ID)

	// A pack from the command line, for the command line.
	packed, badge := filepath.Join(folder, "laurel.pack"), filepath.Join(folder, "badge.json")
	laurel(0, "pack", "--data", g.folder, "-o", packed)
	text := p.get(t, "/c/"+good.ID+".json")
	if err := os.WriteFile(badge, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := laurel(0, "verify", "--offline", "--pack", packed, badge); !regexp.MustCompile(`from the offline pack of \d+ \w+ \d{4}`).MatchString(said) {
		t.Errorf("the command line does not say that it read a pack:\n%s", said)
	}
	laurel(3, "verify", "--offline", badge)
	aged := laurel(0, "verify", "--offline", "--pack", packed, "--at", time.Now().Add(6*24*time.Hour).UTC().Format(time.RFC3339), badge)
	if strings.Contains(aged, "in force.") || !strings.Contains(aged, "not taken back as of") {
		t.Errorf("an old pack is told as if it were of the day:\n%s", aged)
	}
	signed := regexp.MustCompile(`signed by .* <(did:\S+)>, key ([\w-]{43})`).FindStringSubmatch(aged)
	if signed == nil || !strings.Contains(aged, "--pack-signer") {
		t.Fatalf("the signer of the pack is not named:\n%s", aged)
	}
	for signer, status := range map[string]int{signed[1]: 0, signed[2]: 0, "did:web:other.example": 2, signed[2][1:] + "A": 2} {
		if said := laurel(status, "verify", "--data", g.folder, "--offline", "--pack", packed, "--pack-signer="+signer, badge); strings.Contains(said, "was not checked") {
			t.Errorf("%s:\n%s", signer, said)
		}
	}
	var report struct {
		Checks []struct{ Facts map[string]string }
	}
	if err := json.Unmarshal([]byte(regexp.MustCompile(`(?m)^laurel: .*\n`).ReplaceAllString(laurel(0, "verify", "--json", "--offline", "--pack", packed, badge), "")), &report); err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if c.Facts["origin"] == "pack" && (c.Facts["packSigner"] != signed[1] || c.Facts["packKey"] != signed[2]) {
			t.Errorf("%+v", c)
		}
	}
	// Where the server can be asked, it is asked first.
	bad := filepath.Join(folder, "revoked.json")
	if err := os.WriteFile(bad, p.get(t, "/c/"+revoked.ID+".json"), 0o600); err != nil {
		t.Fatal(err)
	}
	laurel(0, "verify", "--offline", "--pack", before, bad)
	laurel(1, "verify", "--offline", "--pack", packed, bad)
	laurel(1, "verify", "--offline", "--pack", packed, "--pack", before, bad)
	laurel(1, "verify", "--offline", "--pack", before, "--pack", packed, bad)
	laurel(1, "verify", "--data", g.folder, "--pack", before, bad)
	changed, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packed, append(changed, ' '), 0o600); err != nil {
		t.Fatal(err)
	}
	laurel(2, "verify", "--offline", "--pack", packed, badge)

	pictures := os.Getenv("LAUREL_SCREENSHOTS")
	input, err := json.Marshal(map[string]any{"origin": base, "good": good.ID, "revoked": revoked.ID, "folder": folder, "before": before, "pictures": pictures})
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	walk := exec.CommandContext(t.Context(), node, filepath.Join(home, "device.mjs"))
	walk.Stdin, walk.Stdout, walk.Stderr = bytes.NewReader(input), &out, &log
	if err := walk.Run(); err != nil {
		t.Fatalf("the walk ended early: %v\n%s", err, log.Bytes())
	}
	var result struct {
		Looks    int
		Times    map[string]int // milliseconds
		Reports  map[string][2]string
		Findings []string
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d looks, %v", result.Looks, result.Times)
	for _, finding := range result.Findings {
		t.Error(finding)
	}
	// The two were asked at different instants, and may have read the lists at others.
	instants := regexp.MustCompile(`("asOf": )"[^"]+"`)
	if len(result.Reports) != 4 {
		t.Errorf("%d reports compared", len(result.Reports))
	}
	for name, both := range result.Reports {
		if here, there := instants.ReplaceAllString(both[0], "$1"), instants.ReplaceAllString(both[1], "$1"); here != there {
			t.Errorf("%s: the browser says\n%s\nand the server\n%s", name, here, there)
		}
	}
	if said := p.log.String(); said != "" {
		t.Errorf("the server complained:\n%s", said)
	}
}
