package attack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// Dear are documents of up to size bytes that cost a verifier the most for their length: each has as many proofs as are looked at, no
// two of which cover the same, so that each needs the whole document anew; and one has blank nodes that are hard to tell apart.
func Dear(size int) [][]byte {
	badge := func(members map[string]any) []byte {
		const issuer = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH" // anybody's; no signature is its own
		document := map[string]any{
			"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
			"id":       "urn:dear", "type": []any{"VerifiableCredential", "OpenBadgeCredential"}, "name": "A badge", "validFrom": "2026-01-01T00:00:00Z",
			"issuer": map[string]any{"id": issuer, "type": []any{"Profile"}, "name": "Somebody"},
			"credentialSubject": map[string]any{"id": "urn:recipient", "type": []any{"AchievementSubject"}, "achievement": map[string]any{
				"id": "urn:achievement", "type": []any{"Achievement"}, "name": "A badge", "description": "For something.", "criteria": map[string]any{"narrative": "Do it."}}},
		}
		var proofs []any
		for n := range credential.Limits.Proofs {
			p := map[string]any{"id": fmt.Sprintf("urn:proof:%d", n), "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-01-01T00:00:00Z",
				"proofPurpose": "assertionMethod", "verificationMethod": issuer + "#" + strings.TrimPrefix(issuer, "did:key:"), "proofValue": "z" + strings.Repeat("2", 87)}
			if n > 0 {
				p["previousProof"] = several(n, func(i int) any { return fmt.Sprintf("urn:proof:%d", i) })
			}
			proofs = append(proofs, p)
		}
		document["proof"] = proofs
		for name, value := range members {
			document[name] = value
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(document); err != nil {
			panic(err) // it is made of texts and lists
		}
		return out.Bytes()
	}
	var ones []any
	for left := max(size/2-12_000, 10); left > 0; left -= credential.Limits.Values {
		ones = append(ones, several(min(left, credential.Limits.Values), func(int) any { return 1 }))
	}
	return [][]byte{
		badge(map[string]any{"credentialSchema": map[string]any{"id": "urn:s", "type": "JsonSchema", "jsonSchema": ones}}),
		badge(map[string]any{"evidence": several(min(size/80, 1900), func(n int) any {
			return map[string]any{"id": fmt.Sprintf("urn:e:%d", n), "type": []any{"Evidence"}, "name": strings.Repeat("x", size/6000)}
		})}),
		badge(map[string]any{"evidence": several(min(size/60, 1900), func(int) any { return map[string]any{"type": []any{"Evidence"}, "name": "a twin"} })}),
		badge(map[string]any{"evidence": several(min(size/2000, 45), func(int) any {
			return map[string]any{"type": []any{"Profile"}, "parentOrg": several(40, func(int) any { return map[string]any{"type": "Profile", "name": "a child"} })}
		})}),
	}
}

// Knot is a badge with so many blank nodes, each of which names all others: the dearest that canonicalization knows.
func Knot(nodes int) []byte {
	return bytes.Replace(Dear(10)[1], []byte(`"evidence":[]`), []byte(`"evidence":`+encoded(several(nodes, func(i int) any {
		return map[string]any{"id": fmt.Sprintf("_:e%d", i), "type": []any{"Evidence"}, "name": several(nodes, func(j int) any { return map[string]any{"id": fmt.Sprintf("_:e%d", j)} })}
	}))), 1)
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it is made of texts and lists
	}
	return string(text)
}

func several(count int, part func(n int) any) []any {
	out := []any{}
	for n := range count {
		out = append(out, part(n))
	}
	return out
}
