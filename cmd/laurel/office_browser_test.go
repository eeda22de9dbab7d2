package main

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// TestOfficeInBrowser walks through the console in Chromium, against the program as it is shipped: the first owner, a definition by
// keyboard alone, an award, a batch whose progress moves, a revocation, colleagues, settings, a passkey. Beside it an earner collects
// badges and shows them, in two languages, and somebody checks, claims, shares, awards and revokes by keyboard alone. Every page is looked
// at on a desktop by day and enlarged to 400 % by night: axe finds nothing, nothing is lost or moves, all of it is reached by Tab, it is
// light, and nothing is asked of other servers. LAUREL_SCREENSHOTS names a folder for pictures.
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
	rows := "Recipient Name,Recipient Email,Issued on\r\n𓂋𓈖 Pupil,pupil@example.org,2026-05-01\r\n" // no typeface of ours prints this name
	for n := 1; n < count; n++ {
		rows += fmt.Sprintf("Pupil %d,pupil%d@example.org,2026-05-%02d\r\n", n, n, n%28+1)
	}
	rows += "Nobody,nobody,2026-05-01\r\n"
	input, err := json.Marshal(map[string]any{"origin": base, "first": p.first, "rows": rows, "count": count, "pictures": pictures, "town": newTown(t)})
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
		Pictures int
		Heaviest struct {
			Bytes int
			Name  string
		}
		Times    map[string]int // milliseconds
		Visited  []string
		Findings []string
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d looks at %d pages, %d pictures, %v; heaviest: %s, %d bytes; %s", result.Looks, len(result.Visited), result.Pictures, result.Times,
		result.Heaviest.Name, result.Heaviest.Bytes, strings.Join(result.Visited, " "))
	for _, finding := range result.Findings {
		t.Error(finding)
	}
	if said := p.log.String(); said != "" {
		t.Errorf("the server complained:\n%s", said)
	}
}

// town is a server that sends mail, with people to whom it awards badges.
type town struct {
	Origin      string            `json:"origin"`
	Letters     string            `json:"letters"`    // address that tells the link in the newest message to somebody, and below it one that revokes
	Badges      map[string]string `json:"badges"`     // of another issuer, by the name of the file
	Earner      string            `json:"earner"`     // who collects badges
	Keyboarder  string            `json:"keyboarder"` // who has a keyboard alone
	Staff       string            `json:"staff"`
	Achievement string            `json:"achievement"`
	Result      string            `json:"result"`
}

// newTown starts one.
func newTown(t *testing.T) town {
	t.Helper()
	mail, g := startPost(t), onFile(t)
	p := g.start(t, append(mail.flags(), "--sample", "--verify-rate", "0")...)
	base, _, found := strings.Cut(p.first, "/first")
	if !found {
		t.Fatalf("the first link is %q", p.first)
	}
	u := town{Origin: base, Earner: "pat@example.org", Keyboarder: "kim@example.org", Staff: "olive@example.org", Badges: fromElsewhere(t),
		Achievement: "Feedback that moves learning forward", Result: "Feedback in practice"}
	p.person(t, "owner", base).open(p.first).submit("Make the first account", "name", "Olive Owner", "email", u.Staff).want(http.StatusOK)
	for _, to := range []string{u.Keyboarder, u.Earner, u.Earner} {
		g.laurel(t, "issue", "--recipient", to, "--name", "Pat Pupil").well(t)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		link := mail.newest(r.FormValue("to"), r.FormValue("path"))
		if link == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = fmt.Fprint(w, link)
	})
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) {
		if ended := g.laurel(t, "revoke", "--reason", "The portfolio was withdrawn.", r.FormValue("id")); ended.status != exitGood {
			http.Error(w, ended.err, http.StatusInternalServerError)
		}
	})
	letters := httptest.NewServer(mux)
	t.Cleanup(letters.Close)
	t.Cleanup(func() {
		if said := p.log.String(); said != "" {
			t.Errorf("the server of the town complained:\n%s", said)
		}
	})
	u.Letters = letters.URL + "/"
	return u
}

// newest is the link below a path in the newest message to somebody that has one; "" while there is none.
func (o *postOffice) newest(to, path string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range slices.Backward(o.letters[to]) {
		for _, link := range linkInLetter.FindAllString(l.text, -1) {
			if strings.Contains(link, path) {
				return link
			}
		}
	}
	return ""
}

// fromElsewhere are badges of an issuer without a server: one in force, one that has ended, and one that names a website as its issuer
// that cannot be asked.
func fromElsewhere(t *testing.T) map[string]string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	badge := func(n int, issuer string, pairs ...string) string {
		issuer = cmp.Or(issuer, did)
		document := strings.NewReplacer(append(pairs, "ISSUER", issuer, "4b2c7e52", fmt.Sprintf("%08x", n))...).Replace(carried)
		sealed, err := proof.Seal(t.Context(), []byte(document), proof.SealOptions{
			Signer: keys.Signer{ID: issuer + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}, Created: time.Now().Add(-time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		return string(sealed)
	}
	return map[string]string{
		"badge.json":   badge(1, ""),
		"ended.json":   badge(2, "", `"validFrom": "2026-01-05T08:00:00Z"`, `"validFrom": "2024-01-05T08:00:00Z", "validUntil": "2025-01-05T08:00:00Z"`, "Reading aloud", "Reading quietly"),
		"unknown.json": badge(3, "did:web:localhost", "Reading aloud", "Reading in a group"),
	}
}
