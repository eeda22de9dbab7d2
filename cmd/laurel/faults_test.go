package main

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// TestDamagedRecord turns one bit in the record of an award. It is never given out, nor taken for one that is not there; all others
// are, and doctor and backup name it.
func TestDamagedRecord(t *testing.T) {
	faulty(t)
	onBoth(t, func(t *testing.T, g *ground) {
		flags := []string{"--public-url", publicBase, "--verify-rate", "0"}
		p := g.start(t, append(flags, "--sample")...)
		office := g.office(t)
		var awards [2]issuer.Credential
		for i := range awards {
			var err error
			if awards[i], err = office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Name: "Kim Lee", Actor: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		damaged, good := awards[0], awards[1]
		p.kill(t)
		g.flip(t, damaged)

		p = g.start(t, flags...)
		for _, form := range []string{"", ".json", ".jwt", ".png", ".svg"} {
			accept := map[bool]string{true: "text/html"}[form == ""]
			answer := p.ask(t, "/c/"+damaged.ID+form, accept)
			if answer.status != http.StatusServiceUnavailable || answer.header.Get("Retry-After") == "" || bytes.Contains(answer.body, []byte("Kim Lee")) {
				t.Errorf("%q of the damaged record: %d, Retry-After %q", form, answer.status, answer.header.Get("Retry-After"))
			}
			if err := answer.refusal(http.StatusServiceUnavailable); err != nil && form != "" {
				t.Error(err)
			}
			if form == "" && !bytes.Contains(answer.body, []byte("<h1")) {
				t.Errorf("no page for people: %.300s", answer.body)
			}
			if answer := p.ask(t, "/c/"+good.ID+form, accept); answer.status != http.StatusOK {
				t.Errorf("%q of another record: %d", form, answer.status)
			}
		}
		// What its file says is not in doubt, and its place in the lists can be read.
		for _, c := range awards {
			if report, err := p.judge(t, "application/vc", c.JSON); err != nil || report.Outcome != "valid" && (c.ID == good.ID || report.Outcome != "unknown") {
				t.Errorf("the file of %s is judged %s, error %v: %s", c.ID, report.Outcome, err, report.codes())
			}
		}
		// One whose place would be right beside it is refused: what cannot be read may be of the same name. The next has another name.
		made := 0
		for range 30 {
			_, err := g.office(t).Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Actor: "test"})
			var refused *issuer.Error
			if err == nil {
				made++
			} else if !errors.As(err, &refused) || refused.Code != "record_damaged" {
				t.Errorf("a new award: %v", err)
			}
		}
		if made == 0 {
			t.Error("no new award was made")
		}
		t.Logf("%d of 30 new awards were made", made)
		g.names(t, damaged.ID, "beside the server")
		if answer := p.ask(t, "/readyz", ""); answer.status != http.StatusOK {
			t.Errorf("/readyz answers %d", answer.status)
		}
		p.kill(t)
		g.names(t, damaged.ID, "without a server")
	})
}

// names says that doctor and backup find a damaged record.
func (g *ground) names(t *testing.T, id, when string) {
	t.Helper()
	if found := g.laurel(t, "doctor", "--deep", "--offline"); found.status != exitInvalid || !strings.Contains(found.out, id) {
		t.Errorf("%s doctor ends with %d:\n%s%s", when, found.status, found.out, found.err)
	}
	identity := filepath.Join(t.TempDir(), "identity")
	recipient := strings.TrimSpace(g.laurel(t, "backup", "--new-identity", identity).well(t).out)
	file := identity + ".backup"
	if made := g.laurel(t, "backup", "--to", recipient, "--output", file); made.status != exitCannot || !strings.Contains(made.err, id) || exists(file) {
		t.Errorf("%s backup ends with %d, file %v:\n%s", when, made.status, exists(file), made.err)
	}
}

var proofValue = regexp.MustCompile(`"proofValue": ?"([^"]+)"`)

// flip turns a bit of a stored award, where its proof stands.
func (g *ground) flip(t *testing.T, c issuer.Credential) {
	t.Helper()
	found := proofValue.FindSubmatch(c.JSON)
	if found == nil {
		t.Fatalf("no proof in %s", c.JSON)
	}
	was := found[1]
	is := bytes.Clone(was)
	is[len(is)/2] ^= 1
	if g.cluster != nil {
		conn := g.connect(t)
		defer conn.Close(t.Context())
		done, err := conn.Exec(t.Context(), `UPDATE "credential" SET "body" = replace("body", $1, $2) WHERE "id" = $3 AND "body" LIKE '%' || $1 || '%'`, string(was), string(is), c.ID)
		if err != nil || done.RowsAffected() != 1 {
			t.Fatalf("%v, error %v", done, err)
		}
		return
	}
	path := filepath.Join(g.folder, bolt.FileName)
	file, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(file, was) { // also in pages that are free by now
		t.Fatalf("the proof is not in the file, error %v", err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(file, was, is), 0o600); err != nil {
		t.Fatal(err)
	}
}
