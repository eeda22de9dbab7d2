package rdf

import (
	"bufio"
	"crypto"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// peer is jsonld with rdf-canonize in a process of node.
type peer struct {
	input  io.Writer
	output *bufio.Reader
}

// theirs is what the peer says of a document: its canonical form, or why it refuses.
type theirs struct{ OK, Error string }

// newPeer starts the peer, or returns nil with a line in the log where it cannot run here.
func newPeer(t testing.TB, texts map[string]json.RawMessage) *peer {
	t.Helper()
	home := filepath.Join("..", "..", "..", "testdata", "npm")
	if _, err := exec.LookPath("node"); err != nil {
		t.Log("not compared with jsonld: node is not installed")
		return nil
	}
	if _, err := os.Stat(filepath.Join(home, "node_modules", "jsonld")); err != nil {
		t.Log("not compared with jsonld: the npm packages of testdata/npm are not installed (`make tools`)")
		return nil
	}
	command := exec.Command("node", filepath.Join(home, "differential.mjs"))
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	})
	p := &peer{input: input, output: bufio.NewReader(output)}
	p.send(t, map[string]any{"contexts": texts})
	return p
}

// ask sends a document; the next answer is for it.
func (p *peer) ask(t testing.TB, doc map[string]any, hash crypto.Hash) {
	t.Helper()
	name := map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384"}[hash]
	p.send(t, map[string]any{"document": doc, "hash": name})
}

func (p *peer) send(t testing.TB, line any) {
	t.Helper()
	if err := json.NewEncoder(p.input).Encode(line); err != nil {
		t.Fatal(err)
	}
}

func (p *peer) answer(t testing.TB) (answer theirs) {
	t.Helper()
	line, err := p.output.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &answer)
	}
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	return answer
}
