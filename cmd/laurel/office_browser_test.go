package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOfficeInBrowser walks through the console in Chromium, against the program as it is shipped: the first owner, a definition by
// keyboard alone, an award, a batch whose progress moves, a revocation, colleagues, settings, a passkey. Every page is looked at on a
// desktop and on a telephone, by day and by night: axe finds nothing, all of it is reached by Tab, and nothing is asked of other servers.
// LAUREL_SCREENSHOTS names a folder for pictures.
func TestOfficeInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: a walk through all pages takes half a minute or more")
	}
	t.Parallel()
	home := filepath.Join("..", "..", "testdata", "npm")
	for _, needed := range []string{"/usr/bin/chromium", filepath.Join(home, "node_modules", "playwright-core"), filepath.Join(home, "node_modules", "axe-core")} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("skipped: %s is absent; `make tools` installs it", needed)
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: Node.js is absent; `make tools` installs it")
	}
	g := onFile(t)
	p := g.start(t, "--organisation", "Riverside District", "--verify-rate", "0")
	base, _, found := strings.Cut(p.first, "/first")
	if !found || !strings.HasPrefix(base, "http://localhost:") { // passkeys need a name, not a number
		t.Fatalf("the first link is %q", p.first)
	}
	pictures := os.Getenv("LAUREL_SCREENSHOTS")
	if pictures != "" {
		if err := os.MkdirAll(pictures, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const count = 400
	rows := "Recipient Name,Recipient Email,Issued on\r\n"
	for n := range count {
		rows += fmt.Sprintf("Pupil %d,pupil%d@example.org,2026-05-%02d\r\n", n, n, n%28+1)
	}
	rows += "Nobody,nobody,2026-05-01\r\n"
	input, err := json.Marshal(map[string]any{"origin": base, "first": p.first, "rows": rows, "count": count, "pictures": pictures})
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	walk := exec.CommandContext(t.Context(), node, filepath.Join(home, "office.mjs"))
	walk.Stdin, walk.Stdout, walk.Stderr = bytes.NewReader(input), &out, &log
	if err := walk.Run(); err != nil {
		t.Fatalf("the walk ended early: %v\n%s", err, log.Bytes())
	}
	var result struct {
		Looks    int
		Times    map[string]int // milliseconds
		Visited  []string
		Findings []string
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d looks at %d pages, %v: %s", result.Looks, len(result.Visited), result.Times, strings.Join(result.Visited, " "))
	for _, finding := range result.Findings {
		t.Error(finding)
	}
	if said := p.log.String(); said != "" {
		t.Errorf("the server complained:\n%s", said)
	}
}
