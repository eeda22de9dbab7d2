package web

import (
	"bytes"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/batch"
)

// TestSealOf: processes with one secret and one version open each other's seals, and nobody else's.
func TestSealOf(t *testing.T) {
	secret := bytes.Repeat([]byte("k"), 32)
	text, err := sealOf(secret, "1.2").close([]batch.Row{{Number: 1, Report: goodReport()}})
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := sealOf(secret, "1.2").open(text); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, error %v", len(rows), err)
	}
	for name, other := range map[string]seal{
		"another version": sealOf(secret, "1.3"), "another secret": sealOf(bytes.Repeat([]byte("l"), 32), "1.2"), "no secret": newSeal(),
	} {
		if _, err := other.open(text); err != errUnsealed {
			t.Errorf("%s: %v", name, err)
		}
	}
	config := Config{Office: office{}, Verify: panicking, Check: unchecked(), Base: testBase, Seal: secret}
	if site, err := New(config); err != nil || site.server.seal != sealOf(secret, "") {
		t.Errorf("the seal is not that of the secret: %v", err)
	}
	config.Seal = secret[:31]
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "shorter than 32 bytes") {
		t.Error(err)
	}
}
