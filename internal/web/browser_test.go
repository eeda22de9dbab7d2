package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var pictures = flag.String("pictures", "", "folder for pictures of every page, to be looked at")

// walked are the pages that the browser opens: all in English but those that look like another one, and one of each kind in Spanish.
func walked() map[string]stop {
	all := stops()
	for _, name := range []string{"badge-in-place", "badge-public", "badge-revoked-by-mistake", "endorsement-revoked", "issuer-further"} {
		delete(all, name)
	}
	for name := range all {
		kinds := []string{"verify", "table", "report-in-force", "error-nothing-given", "home", "issuer", "achievement-full", "badge-backed", "share-expired", "card-unknown"}
		if english, spanish := strings.CutSuffix(name, "-es"); spanish && !slices.Contains(kinds, english) {
			delete(all, name)
		}
	}
	return all
}

// TestBrowser opens every page of the gallery in Chromium: axe has nothing to say against it, it never scrolls sideways and loses nothing
// at 320 pixels and at 400 %, nothing moves, signs and buttons are seen in forced colours, the console stays empty, all of it is reached
// by Tab, it is light, and it works without JavaScript.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a walk through all pages takes half a minute or more")
	}
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
	server := httptest.NewServer(newGallery(t))
	defer server.Close()
	if *pictures != "" {
		if err := os.MkdirAll(*pictures, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	input, err := json.Marshal(map[string]any{"origin": server.URL, "stops": walked(), "pictures": *pictures})
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	walk := exec.CommandContext(t.Context(), node, filepath.Join(home, "browser.mjs"))
	walk.Stdin, walk.Stdout, walk.Stderr = bytes.NewReader(input), &out, &log
	if err := walk.Run(); err != nil {
		t.Fatalf("the walk ended early: %v\n%s", err, log.Bytes())
	}
	var result struct {
		Looks    int
		Pictures int
		Heaviest struct {
			Bytes int
			Name  string
		}
		Findings []string
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	want := 4 // reports of the table, and the form at work
	for name := range walked() {
		if want++; !strings.HasSuffix(name, "-es") {
			want++
		}
	}
	if result.Looks != want {
		t.Errorf("axe looked %d times, not %d", result.Looks, want)
	}
	t.Logf("%d looks, %d pictures; heaviest: %s, %d bytes", result.Looks, result.Pictures, result.Heaviest.Name, result.Heaviest.Bytes)
	for _, finding := range result.Findings {
		t.Error(finding)
	}
}
