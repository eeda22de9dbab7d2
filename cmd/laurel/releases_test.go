package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// TestReleases opens what each earlier release left behind: every award is served as it was, in force, revoked or suspended as
// before, in every list; tokens work; the audit chain holds; and the office goes on with its keys.
func TestReleases(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/releases/*.tar.gz")
	if err != nil || len(archives) < 5 {
		t.Fatalf("%d archives, error %v", len(archives), err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".tar.gz"), func(t *testing.T) {
			r := &release{folder: t.TempDir()}
			r.unpack(t, archive)
			r.open(t)
			r.open(t) // what was put anew opens again
		})
	}
}

// release is an unpacked archive.
type release struct {
	folder string
	opened int
}

func (r *release) unpack(t *testing.T, archive string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(r.folder, filepath.FromSlash(header.Name))
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o700)
		} else {
			var content []byte
			if content, err = io.ReadAll(files); err == nil {
				err = os.WriteFile(path, content, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (r *release) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func (r *release) open(t *testing.T) {
	t.Helper()
	here, _, err := openInstallation(t.Context(), &grammar{Data: filepath.Join(r.folder, "data")}, "", false, officeFlags{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := here.Close(); err != nil {
			t.Error(err)
		}
	}()
	source := ownDocuments{here, nil}
	ids := strings.Fields(r.read(t, "ids"))
	for i, id := range ids {
		r.award(t, here.Service, source, id, map[int]issuer.CredentialState{1: issuer.CredentialRevoked, 2: issuer.CredentialSuspended}[i])
	}
	r.listed(t, here, ids)
	r.found(t, here, ids)
	if token, err := os.ReadFile(filepath.Join(r.folder, "token")); err == nil {
		if _, err := here.Authenticate(t.Context(), strings.TrimSpace(string(token))); err != nil {
			t.Errorf("the token: %v", err)
		}
	}
	if _, err := here.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
	made, err := here.Issue(t.Context(), issuer.AwardInput{Recipient: "new@example.org", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if report, err := verifier.Verify(t.Context(), made.JSON, verifier.Options{Fetch: source}); err != nil || report.Outcome != verifier.Valid {
		t.Errorf("a new award: %v, %+v", err, report)
	}
	if r.opened++; r.opened > 1 { // at last, as nothing is left of it
		if erased, err := here.earners.EraseFor(t.Context(), made.Organisation, "t3@example.org", "", "test"); erased != 1 || err != nil {
			t.Errorf("%d awards are erased, error %v", erased, err)
		}
	}
}

func (r *release) award(t *testing.T, s *issuer.Service, source verifier.Fetcher, id string, state issuer.CredentialState) {
	t.Helper()
	c, err := s.Credential(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if state == "" {
		state = issuer.CredentialIssued
	}
	if c.State() != state {
		t.Errorf("%s is %s, was %s", id, c.State(), state)
	}
	if !bytes.Equal(bytes.TrimSpace(c.JSON), []byte(r.read(t, "served/"+id+".json"))) || c.JWT != r.read(t, "served/"+id+".jwt") {
		t.Errorf("%s is not what was served before", id)
	}
	for _, form := range [][]byte{c.JSON, []byte(c.JWT)} {
		report, err := verifier.Verify(t.Context(), form, verifier.Options{Fetch: source})
		if err != nil || report.Authentic != verifier.Yes || (report.Outcome == verifier.Valid) != (state == issuer.CredentialIssued) {
			t.Errorf("%s (%s): %v, %+v", id, state, err, report)
		}
	}
}

// found says that the staff find the earner of an award that was made before holdings were kept: by name, and by the address of which the
// award holds a hash.
func (r *release) found(t *testing.T, here installation, ids []string) {
	t.Helper()
	organisation, err := here.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []string{"teacher", "t1@example.org"} {
		found, _, err := here.earners.Search(t.Context(), organisation[0].ID, asked, "", 100)
		if err != nil || len(found) == 0 || asked == "teacher" && len(found) < len(ids)-1 {
			t.Errorf("%q finds %d awards, error %v", asked, len(found), err)
		}
	}
}

// listed says that every award stands in the lists, also of those that its release did not know.
func (r *release) listed(t *testing.T, here installation, ids []string) {
	t.Helper()
	s := here.Service
	organisation, err := s.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page, _, err := s.Workspace(organisation[0].ID).Credentials(t.Context(), issuer.CredentialFilter{}, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, c := range page {
		there[c.ID] = true
	}
	for _, id := range ids {
		if !there[id] {
			t.Errorf("%s is in no list", id)
		}
	}
	keys, err := s.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	affected := 0
	for _, k := range keys {
		before := affected
		err := eachAffected(t.Context(), here, organisation[0].ID, k.Method, func(issuer.Credential) error { affected++; return nil })
		if err != nil || k.State == issuer.KeyRetired && affected == before {
			t.Errorf("%d awards are known to be signed by %s, error %v", affected-before, k.Method, err)
		}
	}
	if affected < 2*len(ids)-1 { // one key may have signed both forms of an award
		t.Errorf("%d signatures are known for %d awards", affected, len(ids))
	}
}
