package credential

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

// referenceFile is the path of a file or folder of the reference data; the test is skipped where there is none.
func referenceFile(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(referencedata.Folder(t), name)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// document is the JSON of a credential in a file: the text itself, or the payload of a JWT (its vc claim, where it has one).
// It is nil for pictures.
func document(t *testing.T, path string) []byte {
	t.Helper()
	data := []byte(strings.TrimSpace(string(readFile(t, path))))
	if len(data) > 0 && data[0] == '{' {
		return data
	}
	segments := strings.Split(string(data), ".")
	if !strings.HasSuffix(path, ".jwt") || len(segments) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var claims struct{ VC json.RawMessage }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if claims.VC != nil {
		return claims.VC
	}
	return payload
}

func mustParse(t *testing.T, data []byte) *Credential {
	t.Helper()
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// edit puts JSON text at a pointer of a document; no text removes the member.
func edit(t *testing.T, data []byte, pointer, text string) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	var v any
	if text != "" {
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	at, tokens := root, strings.Split(pointer, "/")[1:]
	for _, token := range tokens[:len(tokens)-1] {
		switch parent := at.(type) {
		case map[string]any:
			at = parent[token]
		case []any:
			i, _ := strconv.Atoi(token)
			at = parent[i]
		}
	}
	last := tokens[len(tokens)-1]
	switch parent := at.(type) {
	case map[string]any:
		if parent[last] = v; text == "" {
			delete(parent, last)
		}
	case []any:
		i, _ := strconv.Atoi(last)
		parent[i] = v
	default:
		t.Fatalf("no object or array above %s", pointer)
	}
	edited, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return edited
}

// failures are the problems that are no warnings.
func failures(problems []Problem) []Problem {
	var all []Problem
	for _, p := range problems {
		if !p.Warning {
			all = append(all, p)
		}
	}
	return all
}

// lines writes problems as "code pointer", with a mark for warnings.
func lines(problems []Problem) []string {
	all := []string{}
	for _, p := range problems {
		line := p.Code + " " + p.Pointer
		if p.Warning {
			line = "warning " + line
		}
		all = append(all, line)
	}
	return all
}

func isStrict(err error) bool {
	var refusal *strict.Error
	return errors.As(err, &refusal)
}
