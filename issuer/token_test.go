package issuer_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

var allScopes = []issuer.Scope{issuer.ScopeAchievementsRead, issuer.ScopeAchievementsWrite, issuer.ScopeCredentialsRead, issuer.ScopeCredentialsSign, issuer.ScopeCredentialsWrite, issuer.ScopeKeysRead}

// TestTokenText: a token has the form that scanners look for, and lies in the store as its digest only.
func TestTokenText(t *testing.T) {
	d := newDesk(t, "")
	made, err := d.CreateToken(t.Context(), issuer.TokenInput{Name: " Course system ", Scopes: append(allScopes, issuer.ScopeKeysRead), Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	digits, found := strings.CutPrefix(made.Text, "laurel_")
	secret, err := hex.DecodeString(digits[:64])
	if !found || err != nil || len(digits) != 72 || fmt.Sprintf("%08x", crc32.ChecksumIEEE(secret)) != digits[64:] {
		t.Errorf("token %s", made.Text)
	}
	if !regexp.MustCompile(`^laurel_[0-9a-f]{72}$`).MatchString(made.Text) {
		t.Errorf("token %s", made.Text)
	}
	want := issuer.Token{ID: made.ID, Organisation: made.Organisation, Name: "Course system", Scopes: allScopes, Created: noon.Truncate(time.Second), By: "test"}
	if diff := cmp.Diff(want, made.Token); diff != "" {
		t.Error(diff)
	}
	other, err := d.CreateToken(t.Context(), issuer.TokenInput{Scopes: allScopes[:1], Actor: "test"})
	if err != nil || other.Text == made.Text || other.ID == made.ID {
		t.Errorf("%+v %v", other, err)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(d.folder, bolt.FileName))
	if err != nil || bytes.Contains(file, []byte(digits[:64])) || bytes.Contains(file, secret) {
		t.Errorf("the secret of a token is in the store: %v", err)
	}
}

func TestAuthenticate(t *testing.T) {
	d := newDesk(t, "")
	end := noon.Add(24 * time.Hour)
	made, err := d.CreateToken(t.Context(), issuer.TokenInput{Scopes: allScopes[:1], Expires: end, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	used := func() time.Time {
		all, err := d.Tokens(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%v %v", all, err)
		}
		return all[0].LastUsed
	}
	if !used().IsZero() {
		t.Error("used before it was")
	}
	for _, step := range []struct {
		later time.Duration
		used  time.Time
	}{{0, noon}, {59 * time.Minute, noon}, {time.Minute, noon.Add(time.Hour)}, {time.Minute, noon.Add(time.Hour)}, {5 * time.Hour, noon.Add(6*time.Hour + time.Minute)}} {
		d.clock.Add(step.later)
		got, err := d.Authenticate(t.Context(), made.Text)
		if err != nil || got.ID != made.ID || !got.May(allScopes[0]) || got.May(allScopes[1]) {
			t.Errorf("%+v %v", got, err)
		}
		if !used().Equal(step.used.Truncate(time.Second)) {
			t.Errorf("after %s: used %s, want %s", step.later, used(), step.used)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "another prefix": "x" + made.Text[1:], "upper case": "laurel_" + strings.ToUpper(made.Text[7:]), "longer": made.Text + "0", "shorter": made.Text[1:],
		"another checksum": made.Text[:71] + strings.Repeat("0", 8), "not hexadecimal": "laurel_" + strings.Repeat("g", 72), "unknown": "laurel_" + strings.Repeat("0", 64) + "190a55ad",
	} {
		_, err := d.Authenticate(t.Context(), text)
		t.Log(name)
		wantCode(t, err, issuer.KindDenied, "token")
	}
	d.clock.Set(end.Add(-time.Nanosecond))
	if _, err := d.Authenticate(t.Context(), made.Text); err != nil {
		t.Error("refused before its end:", err)
	}
	d.clock.Set(end)
	_, err = d.Authenticate(t.Context(), made.Text)
	wantCode(t, err, issuer.KindDenied, "token")
	d.clock.Set(noon)
	if _, err := d.RevokeToken(t.Context(), made.ID, "test"); err != nil {
		t.Fatal(err)
	}
	_, err = d.Authenticate(t.Context(), made.Text)
	wantCode(t, err, issuer.KindDenied, "token")
	_, err = d.RevokeToken(t.Context(), made.ID, "test")
	wantCode(t, err, issuer.KindConflict, "already_revoked")
	_, err = d.RevokeToken(t.Context(), "nothing", "test")
	wantCode(t, err, issuer.KindMissing, "not_found")
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTokenRefusals(t *testing.T) {
	d := newDesk(t, "")
	for name, c := range map[string]struct {
		in   issuer.TokenInput
		kind issuer.ErrorKind
		code string
	}{
		"no scope":      {issuer.TokenInput{Actor: "test"}, issuer.KindInvalid, "scopes"},
		"unknown scope": {issuer.TokenInput{Scopes: []issuer.Scope{"keys:delete"}, Actor: "test"}, issuer.KindInvalid, "scopes"},
		"ended":         {issuer.TokenInput{Scopes: allScopes, Expires: noon, Actor: "test"}, issuer.KindInvalid, "expires"},
		"name":          {issuer.TokenInput{Scopes: allScopes, Name: "a\nb", Actor: "test"}, issuer.KindInvalid, "name"},
		"organisation":  {issuer.TokenInput{Organisation: "x", Scopes: allScopes, Actor: "test"}, issuer.KindMissing, "not_found"},
		"actor":         {issuer.TokenInput{Scopes: allScopes, Actor: "kim@example.org"}, issuer.KindInvalid, "actor"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.CreateToken(t.Context(), c.in)
			wantCode(t, err, c.kind, c.code)
		})
	}
	if all, err := d.Tokens(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("%v %v", all, err)
	}
}
