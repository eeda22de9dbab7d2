package contexts

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

// bounds are wide enough for every context, and no wider than a few times that.
var bounds = strict.Limits{Bytes: 64 << 10, Depth: 16, Objects: 1000, Values: 16}

func TestEveryFileIsThePinnedOne(t *testing.T) {
	named := map[string]bool{}
	for _, c := range All() {
		if got := hash(c.JSON); got != c.SHA256 {
			t.Errorf("%s: %s has SHA-256 %s, pinned is %s", c.URL, c.file, got, c.SHA256)
		}
		if named[c.file] || named[c.URL] {
			t.Errorf("%s: its URL or its file is in the table twice", c.URL)
		}
		named[c.file], named[c.URL] = true, true
	}
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !named[path] {
			t.Errorf("%s is embedded and not in the table", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryFileIsStrictJSONWithOneContext(t *testing.T) {
	for _, c := range All() {
		object, err := strict.Object(c.JSON, bounds)
		if err != nil {
			t.Errorf("%s: %v", c.URL, err)
			continue
		}
		if terms, ok := object["@context"].(map[string]any); !ok || len(terms) == 0 || len(object) != 1 {
			t.Errorf("%s: not an object with @context alone, and that an object with terms", c.URL)
		}
	}
}

func TestGet(t *testing.T) {
	for _, want := range All() {
		got, err := Get(want.URL)
		if err != nil {
			t.Errorf("%s: %v", want.URL, err)
		} else if diff := cmp.Diff(want, got, cmp.AllowUnexported(Context{})); diff != "" {
			t.Errorf("%s: %s", want.URL, diff)
		}
	}
}

func TestGetRefuses(t *testing.T) {
	for name, url := range map[string]string{
		"empty":           "",
		"trailing slash":  "https://www.w3.org/ns/credentials/v2/",
		"fragment":        "https://www.w3.org/ns/credentials/v2#",
		"query":           "https://www.w3.org/ns/credentials/v2?x=1",
		"scheme":          "http://www.w3.org/ns/credentials/v2",
		"host case":       "https://www.W3.org/ns/credentials/v2",
		"path case":       "https://www.w3.org/ns/Credentials/v2",
		"port":            "https://www.w3.org:443/ns/credentials/v2",
		"dot segment":     "https://www.w3.org/ns/./credentials/v2",
		"percent-encoded": "https://www.w3.org/ns/credentials/%762",
		"space":           "https://www.w3.org/ns/credentials/v2 ",
		"file name":       "credentials-v2.jsonld",
		"prefix":          "https://www.w3.org/ns/credentials/v",
		"next version":    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.4.json",
		"other context":   "https://w3id.org/security/v2",
	} {
		got, err := Get(url)
		if !errors.Is(err, ErrUnknown) || got.JSON != nil || err != nil && !strings.Contains(err.Error(), url) {
			t.Errorf("%s: Get(%q) = %d bytes, %v", name, url, len(got.JSON), err)
		}
	}
	if _, err := Get(strings.Repeat("x", 1<<20)); err == nil || len(err.Error()) > 400 {
		t.Error("the error for a very long URL is missing or as long as the URL")
	}
}

func TestCallerOwnsWhatGetReturns(t *testing.T) {
	for _, c := range All() {
		clear(c.JSON)
		clear(c.Older)
	}
	for _, c := range All() {
		if hash(c.JSON) != c.SHA256 || slices.Contains(c.Older, "") {
			t.Errorf("%s: a caller changed the built-in context", c.URL)
		}
	}
}

// The contexts that no Open Badge may use give a meaning to names that nobody defined, or describe keys.
func TestVCOnly(t *testing.T) {
	var got []string
	for _, c := range All() {
		if c.VCOnly {
			got = append(got, c.URL)
		}
		if strings.Contains(string(c.JSON), `"@vocab":`) && !c.VCOnly {
			t.Errorf("%s: has @vocab and may be used in an Open Badge", c.URL)
		}
	}
	want := []string{
		"https://www.w3.org/ns/credentials/examples/v2",
		"https://www.w3.org/ns/credentials/undefined-terms/v2",
		"https://www.w3.org/ns/cid/v1",
		"https://w3id.org/security/jwk/v1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSourcesNameEveryPin(t *testing.T) {
	sources, err := os.ReadFile("SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../testdata/npm/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, c := range All() {
		_, entry, found := strings.Cut(string(sources), "## "+c.URL+"\n")
		entry, _, _ = strings.Cut(entry, "\n#")
		for _, fact := range append([]string{c.file, c.SHA256, c.Published, c.Source, c.Licence}, c.Older...) {
			if !found || !strings.Contains(entry, fact) {
				t.Errorf("SOURCES.md: the entry of %s does not say %q", c.URL, fact)
			}
		}
		name, version, _ := strings.Cut(c.Source, " ")
		switch {
		case c.Source == Own:
			if !strings.HasPrefix(c.file, "own/") {
				t.Errorf("%s: %s is our own and not in own/", c.URL, c.file)
			}
		case manifest.Dependencies[name] != version:
			t.Errorf("%s: the table says %s, testdata/npm/package.json has %q", c.URL, c.Source, manifest.Dependencies[name])
		}
	}
}

// TestDrift rebuilds the files from the installed packages.
func TestDrift(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the contexts are not compared with their packages")
	}
	if _, err := os.Stat("../testdata/npm/node_modules"); err != nil {
		t.Skip("testdata/npm/node_modules is absent (npm ci there): the contexts are not compared with their packages")
	}
	check := exec.Command(node, "testdata/npm/contexts.mjs", "--check")
	check.Dir = ".."
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("the contexts are not those of their packages: %v\n%s", err, out)
	}
}

// TestPublished compares every context with the text that its publisher serves, byte for byte by hash and then as JSON.
func TestPublished(t *testing.T) {
	folder := reference(t)
	published := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(folder, "*.json*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		published[hash(text)] = text
	}
	for _, c := range All() {
		text, ok := published[c.Published]
		if !ok {
			t.Errorf("%s: no reference file has SHA-256 %s", c.URL, c.Published)
			continue
		}
		if diff := cmp.Diff(parse(t, text), parse(t, c.JSON)); diff != "" {
			t.Errorf("%s: %s", c.URL, diff)
		}
		if sum := sha512.Sum384(text); hex.EncodeToString(sum[:]) != c.Published384 {
			t.Errorf("%s: the published text has another SHA-384", c.URL)
		}
		if sum := sha512.Sum512(text); hex.EncodeToString(sum[:]) != c.Published512 {
			t.Errorf("%s: the published text has another SHA-512", c.URL)
		}
		for _, older := range c.Older {
			text, ok := published[older]
			if !ok {
				t.Errorf("%s: no reference file has SHA-256 %s", c.URL, older)
				continue
			}
			terms := parse(t, c.JSON)["@context"].(map[string]any)
			for term, definition := range parse(t, text)["@context"].(map[string]any) {
				if diff := cmp.Diff(definition, terms[term]); diff != "" {
					t.Errorf("%s: the older text defines %s otherwise: %s", c.URL, term, diff)
				}
			}
		}
	}
}

// reference is the folder of the contexts as published.
func reference(t *testing.T) string {
	t.Helper()
	return filepath.Join(referencedata.Folder(t), "contexts")
}

func parse(t *testing.T, text []byte) map[string]any {
	t.Helper()
	object, err := strict.Object(text, bounds)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
