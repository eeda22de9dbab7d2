package credential

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The recorded requests of the public interoperability suites: Check refuses those that break the data model, and no other.
func TestInteroperabilityCases(t *testing.T) {
	// What is refused for other reasons than the data model is refused by another room.
	elsewhere := []string{
		"JSON-LD",                 // contexts step: what the words mean
		"proof",                   // proof step: no proof, a part of it missing, its value, its suite
		"vp proof",                // the same
		"previousProof not found", // the same
		"issue: JSON pointer",     // a pointer that ecdsa-sd-2023 cannot follow
	}
	cases := bufio.NewScanner(bytes.NewReader(readFile(t, referenceFile(t, "vc-api/cases.jsonl"))))
	cases.Buffer(nil, 4<<20)
	judged, refused := 0, 0
	for cases.Scan() {
		var c struct {
			Suite, Kind, Expect, Why string
			N                        int
			Request                  map[string]json.RawMessage
		}
		line := strings.NewReplacer("{{ISSUER_ED25519}}", "did:key:a", "{{ISSUER_P256}}", "did:key:b", "{{ISSUER_P384}}", "did:key:c").Replace(cases.Text())
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		member := map[string]string{"issue": "credential", "verify": "verifiableCredential", "verify-presentation": "verifiablePresentation"}[c.Kind]
		document := c.Request[member]
		if member == "" || document == nil {
			continue // resolution, or a request without a document
		}
		name := fmt.Sprintf("%s %d %s (%s)", c.Suite, c.N, c.Kind, c.Why)
		found, err := judge(document)
		judged++
		switch broken := err != nil || len(found) > 0; {
		case c.Expect == "accept" && broken:
			t.Errorf("%s: %v %v", name, err, lines(found))
		case c.Expect == "refuse" && slices.ContainsFunc(elsewhere, func(why string) bool { return strings.HasPrefix(c.Why, why) }):
		case c.Expect == "refuse" && !broken:
			t.Errorf("%s: nothing is found in %s", name, document)
		case broken:
			refused++
		}
	}
	if err := cases.Err(); err != nil || judged < 410 || refused < 134 {
		t.Errorf("%d cases were judged, %d refused: %v", judged, refused, err)
	}
}

// judge checks a document and what is inside it, each by itself.
func judge(document []byte) ([]Problem, error) {
	c, err := Parse(document)
	if err != nil {
		return nil, err
	}
	found := failures(Check(c, VerifiableCredentials))
	for _, nested := range c.Nested {
		if nested.Value == nil {
			continue
		}
		inner, err := FromValue(nil, nested.Value)
		if err != nil {
			return found, err
		}
		found = append(found, failures(Check(inner, VerifiableCredentials))...)
	}
	return found, nil
}
