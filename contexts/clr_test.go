package contexts_test

import (
	"crypto"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/proof"
)

// The context of CLR 2.0, written by hand, gives the statements of the vector of its publisher, for the record and for the
// badges inside it, which bring contexts of their own.
func TestCLRIsSignedAsPublished(t *testing.T) {
	folder := filepath.Join(referencedata.Folder(t), "examples")
	want := read(t, filepath.Join(folder, "impl-test-vectors", "clrv2p0", "document-canon.txt"))
	got, err := canonical(t, read(t, filepath.Join(folder, "spec-docs-1.2", "linked-data-proof-clr__signed-credential.json")))
	if err != nil {
		t.Fatal(err)
	}
	if g, w := strings.TrimSpace(got), strings.TrimSpace(want); g != w {
		t.Errorf("the canonical statements are\n%s\nand not\n%s", g, w)
	}
}

// Real records canonicalize when every context of theirs is built in.
func TestRealCLR(t *testing.T) {
	root := filepath.Join(referencedata.Folder(t), "corpus")
	var items []struct {
		File, Kind string
		Contexts   []any
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(root, "manifest.json"))), &items); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, item := range items {
		if item.Kind != "clr2" {
			continue
		}
		judged++
		_, err := canonical(t, read(t, filepath.Join(root, item.File)))
		foreign := false // a draft, or an address that CLR 2.0 had before version 2.0.1
		for _, c := range item.Contexts {
			foreign = foreign || c == "https://dc.imsglobal.org/draft/clr/v2p0/context" || c == "https://purl.imsglobal.org/spec/clr/v2p0/context.json"
		}
		if (err != nil) != foreign {
			t.Errorf("%s: %v", item.File, err)
		}
	}
	if judged < 4 {
		t.Errorf("only %d records were judged", judged)
	}
}

func canonical(t *testing.T, text string) (string, error) {
	t.Helper()
	document, err := strict.Object([]byte(text), strict.Limits{Bytes: 4 << 20, Depth: 64, Objects: 5000, Values: 2000})
	if err != nil {
		t.Fatal(err)
	}
	delete(document, "proof")
	statements, err := proof.Canonical(t.Context(), document, crypto.SHA256, proof.Options{})
	return string(statements), err
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
