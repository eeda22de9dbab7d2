package fetch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/laurelbadges/laurel/verifier"
)

func TestOffline(t *testing.T) {
	for address, want := range map[string]error{
		"https://example.org/did.json": verifier.ErrUnavailable,
		"did:ion:EiAnKD8":              verifier.ErrUnavailable,
		"https://localhost/did.json":   verifier.ErrBlocked,
		"http://example.org/":          verifier.ErrBlocked,
	} {
		if _, err := (Offline{}).Fetch(t.Context(), address, 100); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("docs/did.json", `{"id":"did:web:example.org"}`)
	mapFile := write("map.json", `{
		"did:web:example.org": "docs/did.json",
		"did:web:example.org:u:1#key": "docs/did.json",
		"did:example:1": "docs/did.json",
		"https://example.org/status/3": "docs/did.json",
		"https://example.org/gone": "docs/gone.json"}`)
	r, err := Resolve(mapFile, Offline{})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{
		"https://example.org/.well-known/did.json", "https://example.org/.well-known/did.json#key-0", "https://example.org/u/1/did.json",
		"did:example:1", "https://example.org/status/3",
	} {
		document, err := r.Fetch(t.Context(), address, 100)
		if err != nil || document.Origin != verifier.Given || len(document.Bytes) == 0 || document.ReadAt.IsZero() {
			t.Errorf("%s: %+v, %v", address, document, err)
		}
	}
	for address, want := range map[string]error{
		"https://example.org/gone":     verifier.ErrUnavailable,
		"https://example.org/status/4": verifier.ErrUnavailable,
		"https://127.0.0.1/":           verifier.ErrBlocked,
	} {
		if _, err := r.Fetch(t.Context(), address, 100); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
	if _, err := r.Fetch(t.Context(), "https://example.org/status/3", 5); !errors.Is(err, verifier.ErrTooLarge) {
		t.Errorf("beyond the limit: %v", err)
	}
	for name, content := range map[string]string{
		"not JSON":         `[`,
		"an array":         `["a"]`,
		"a value not text": `{"https://example.org/": 1}`,
		"an empty path":    `{"https://example.org/": ""}`,
		"one name twice":   `{"https://example.org/": "a", "https://example.org/": "b"}`,
	} {
		if _, err := Resolve(write("bad.json", content), Offline{}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := Resolve(filepath.Join(folder, "none.json"), Offline{}); err == nil {
		t.Error("a map file that is not there was taken")
	}
}
