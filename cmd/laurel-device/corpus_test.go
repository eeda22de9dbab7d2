package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/device"
	"github.com/laurelbadges/laurel/internal/pack"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/verifier"
)

// TestSameReports: over real credentials, with the documents that they lead to in an offline pack, the verifier for browsers writes the
// very bytes that POST /verify answers with.
func TestSameReports(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: WebAssembly is slow to begin")
	}
	built := filepath.Join("..", "..", "internal", "web", "device")
	program := filepath.Join(built, "laurel-device.wasm.gz")
	if _, err := os.Stat(program); err != nil {
		t.Skip("skipped: the verifier for browsers is not built; `make device` does that")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: Node.js is absent; `make tools` installs it")
	}
	folder := filepath.Join(referencedata.Folder(t), "corpus")
	var items []struct{ File string }
	var known map[string]string
	for name, into := range map[string]any{"manifest.json": &items, "offline-map.json": &known} {
		if err := json.Unmarshal(referencedata.File(t, "corpus/"+name), into); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	documents := map[string]pack.Document{}
	for name, file := range known {
		if address, err := keys.WebURL(name); err == nil {
			name = address
		}
		documents[name] = pack.Document{Text: string(referencedata.File(t, "corpus/"+file)), ReadAt: at.Add(-72 * time.Hour)}
	}
	signed, did := packOf(t, documents)
	var files []string
	for _, item := range items {
		files = append(files, filepath.Join(folder, item.File))
	}
	path := filepath.Join(t.TempDir(), "corpus.pack")
	if err := os.WriteFile(path, signed, 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]any{"runtime": filepath.Join(built, "wasm_exec.js"), "program": program, "pack": path, "signer": did, "at": at, "files": files})
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	run := exec.CommandContext(t.Context(), node, filepath.Join("..", "..", "testdata", "npm", "device-corpus.mjs"))
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(input), &out, &log
	if err := run.Run(); err != nil {
		t.Fatalf("the verifier for browsers ended early: %v\n%s", err, log.Bytes())
	}
	var here [][]string
	if err := json.Unmarshal(out.Bytes(), &here); err != nil {
		t.Fatal(err)
	}

	opened, err := pack.Open(signed, pack.Signer(did, nil))
	if err != nil {
		t.Fatal(err)
	}
	server := batch.Checker{At: at, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		return verifier.VerifyItem(ctx, item, verifier.Options{At: at, Fetch: opened.After(nil)})
	}}
	valid := 0
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := server.All(t.Context(), []batch.Source{{Name: filepath.Base(file), Bytes: content}})
		if err != nil {
			t.Fatal(err)
		}
		var there []string
		for _, row := range rows {
			text, err := device.JSON(row.Report)
			if err != nil {
				t.Fatal(err)
			}
			there = append(there, string(text))
			if row.Outcome == verifier.Valid {
				valid++
			}
		}
		if diff := cmp.Diff(there, here[i]); diff != "" {
			t.Errorf("%s: (-server +browser)\n%s", file, diff)
		}
	}
	t.Logf("%d files, %d valid", len(files), valid)
	if valid == 0 {
		t.Error("none is valid")
	}
}

// packOf is a signed pack, and who signed it.
func packOf(t *testing.T, documents map[string]pack.Document) (text []byte, did string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	body, digest, err := pack.Write(documents)
	if err != nil {
		t.Fatal(err)
	}
	if did, err = keys.DIDKey(public); err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{"iss": did, "iat": time.Now().Unix(), "sha256": digest})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.SignTyped(payload, jose.TypeOfflinePack, did+"#"+did[len("did:key:"):], private)
	if err != nil {
		t.Fatal(err)
	}
	return pack.Join(token, body), did
}
