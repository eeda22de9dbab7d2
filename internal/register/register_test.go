package register

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/verifier"
)

func report() *verifier.Report {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return &verifier.Report{
		Outcome: verifier.Invalid, Authentic: verifier.Yes, InForce: verifier.No, AsOf: at,
		Input: verifier.Input{Kind: "png", SHA256: strings.Repeat("ab", 32), Name: "Kim Lee.png", URL: "https://badges.example.org/c/secret"},
		Checks: []verifier.Check{
			{Step: "form", Outcome: verifier.Pass},
			{Step: "status", Code: "revoked", Outcome: verifier.Fail, Detail: "Kim Lee asked for it.", Facts: verifier.Facts{verifier.FactReason: "Kim Lee"}},
			{Step: "subject", Code: "no_recipient", Outcome: verifier.Warn},
			{Step: "endorsement", Code: "not_decided", Outcome: verifier.NotKnown, Facts: verifier.Facts{verifier.FactCase: "not_looked_at"}},
			{Step: "refresh", Code: "issuer_unresolved", Outcome: verifier.NotKnown},
			{Step: "recognition", Code: "issuer_unresolved", Outcome: verifier.NotKnown}, // one cause, told once
		},
		Credential: &verifier.View{Name: "Kim Lee"},
	}
}

func lines(t *testing.T, path string) []Entry {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []Entry
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		var e Entry
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", scanner.Text(), err)
		}
		all = append(all, e)
	}
	return all
}

// TestEntry: a line says hash, answers and time, and nothing that names a person or a badge.
func TestEntry(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "checks")
	r, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	made := time.Date(2026, 11, 30, 23, 59, 59, 0, time.FixedZone("PST", -8*3600)) // December in UTC
	if err := r.Enter(made, report()); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "2026-12.jsonl")
	want := []Entry{{At: made.UTC(), SHA256: strings.Repeat("ab", 32), Kind: "png", Outcome: verifier.Invalid, Authentic: verifier.Yes, InForce: verifier.No,
		JudgedAt: report().AsOf, Codes: []string{"revoked", "issuer_unresolved"}}}
	if diff := cmp.Diff(want, lines(t, path)); diff != "" {
		t.Error(diff)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"Kim", "secret", "example.org"} {
		if strings.Contains(string(text), personal) {
			t.Errorf("the register holds %q: %s", personal, text)
		}
	}
	for _, name := range []string{folder, path} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", name, info.Mode())
		}
	}
}

// TestManyAtOnce: lines of many checks do not mix, and a second start goes on where the first ended.
func TestManyAtOnce(t *testing.T) {
	folder := t.TempDir()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for range 2 {
		r, err := Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if err := r.Enter(at, report()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(lines(t, filepath.Join(folder, "2026-11.jsonl"))); got != 100 {
		t.Errorf("%d lines, want 100", got)
	}
}

// TestNoPlace: where no register can be kept, that is said at the start.
func TestNoPlace(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "checks")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(folder); err == nil {
		t.Error("a file was taken for the folder")
	}
}

// TestTornLine: a line that was not written to its end, as the disk was full or the power went, spoils no other.
func TestTornLine(t *testing.T) {
	folder := t.TempDir()
	at := time.Now().UTC()
	path := filepath.Join(folder, at.Format("2006-01")+".jsonl")
	const torn = `{"at":"2026-11-`
	if err := os.WriteFile(path, []byte(torn), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Enter(at, report()); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(all) != 3 || all[0] != torn {
		t.Fatalf("%q", all)
	}
	for _, line := range all[1:] {
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}
