package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// hostiles are the inputs. Each was thought out against one step of the way: reading, the vocabulary, canonicalization, keys
// and signatures, pictures, and what a document leads to.
var hostiles = []hostile{
	// Reading.
	{name: "brackets", make: func(_ *hostileKey, size int) []byte { return bytes.Repeat([]byte("["), size) }},
	{name: "duplicate-name", make: func(_ *hostileKey, size int) []byte {
		return []byte(`{"a":1` + fill(size, func(n int) string { return fmt.Sprintf(`,"n%d":0`, n) }) + `,"a":2}`)
	}},
	{name: "escaped-text", make: func(h *hostileKey, size int) []byte { return h.text(strings.Repeat(`\u0001\"\\`, size/10)) }},
	{name: "escaped-planes", make: func(h *hostileKey, size int) []byte { return h.text(strings.Repeat(`\ud83d\ude00`, size/12)) }},
	{name: "controls", make: func(h *hostileKey, size int) []byte { return h.text(strings.Repeat("\x7f", size)) }},
	{name: "quotes", make: func(h *hostileKey, size int) []byte { return h.text(strings.Repeat(`\"`, size/2)) }},
	{name: "unknown-members", make: func(h *hostileKey, size int) []byte {
		members := object{}
		for n := range size / 14 {
			members[fmt.Sprintf("u%06d", n)] = 0
		}
		return h.signed(members)
	}},
	{name: "long-name", make: func(h *hostileKey, size int) []byte {
		return h.signed(object{strings.Repeat("n", size/2): zeros(size / 4)})
	}},
	{name: "long-name-deep", make: func(h *hostileKey, size int) []byte {
		inner := any(zeros(size / 4))
		for range 40 {
			inner = object{strings.Repeat("n", size/2/40): inner}
		}
		return h.signed(object{"zzz": inner})
	}},

	// What stands inside.
	{name: "presentation", make: func(h *hostileKey, size int) []byte {
		return h.presentation(size, func(n int) object { return object{"proof": h.proof(n)} })
	}},
	{name: "proofs-inside", make: func(h *hostileKey, size int) []byte { // each proof holds nodes that are alike
		alike := several(5, func(int) any { return object{"type": "DataIntegrityProof", "cryptosuite": "x"} })
		return h.presentation(size, func(int) object {
			return object{"proof": several(credential.Limits.Proofs, func(i int) any {
				p := h.proof(i)
				p["proof"] = alike
				return p
			})}
		})
	}},

	// Numbers.
	{name: "digits", make: func(h *hostileKey, size int) []byte {
		return h.achievement(object{"creditsAvailable": json.Number("1." + strings.Repeat("0", size))})
	}},
	{name: "digits-of-zero", make: func(h *hostileKey, size int) []byte {
		return h.achievement(object{"creditsAvailable": json.Number("0." + strings.Repeat("0", size) + "e-9999")})
	}},
	{name: "numbers", make: func(h *hostileKey, size int) []byte {
		return h.numbers(size, func(n int) string { return fmt.Sprint(n) })
	}},
	{name: "small-numbers", make: func(h *hostileKey, size int) []byte {
		small := wholeNumbers("e-300")
		return h.numbers(size, func(n int) string { return small[n%len(small)] })
	}},
	{name: "large-numbers", make: func(h *hostileKey, size int) []byte {
		large := wholeNumbers("e300")
		return h.numbers(size, func(n int) string { return large[n%len(large)] })
	}},

	// Vocabulary.
	{name: "depth", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any {
			inner := object{"id": fmt.Sprintf("urn:d:%d", n), "type": array{"Profile"}, "name": "x"}
			for range 27 {
				inner = object{"type": array{"Profile"}, "parentOrg": inner}
			}
			return inner
		})
	}},
	{name: "objects", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any { return object{"id": fmt.Sprintf("urn:o:%d", n), "type": array{"Evidence"}} })
	}},
	{name: "classes", make: func(h *hostileKey, size int) []byte { // the contexts of types, in all combinations
		types := array{"Address", "Alignment", "DataIntegrityProof", "Evidence", "IdentityObject", "Profile", "RubricCriterionLevel", "JsonSchema", "GeoCoordinates", "EndorsementSubject", "BitstringStatusList", "IdentifierEntry", "Result"}
		return h.evidence(size, func(n int) any {
			chosen := array{}
			for i, t := range types {
				if (n+1)>>i&1 == 1 {
					chosen = append(chosen, t)
				}
			}
			return object{"id": fmt.Sprintf("urn:t:%d", n), "type": chosen}
		})
	}},
	{name: "classes-nested", make: func(h *hostileKey, size int) []byte {
		types := []string{"Profile", "Evidence", "Alignment", "IdentityObject", "RubricCriterionLevel", "EndorsementSubject"}
		return h.evidence(size, func(n int) any {
			inner := object{"id": fmt.Sprintf("urn:t:%d", n), "type": "Profile"}
			for i := range 24 {
				inner = object{"type": array{"Profile", types[(n>>(i%8)+i)%len(types)]}, "parentOrg": inner}
			}
			return inner
		})
	}},
	{name: "same-class", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any {
			return object{"id": fmt.Sprintf("urn:t:%d", n), "type": slices.Repeat(array{"Profile"}, 100)}
		})
	}},
	{name: "long-types", make: func(h *hostileKey, size int) []byte {
		types := array{"VerifiableCredential", "OpenBadgeCredential"}
		for n := range 1900 {
			types = append(types, fmt.Sprintf("https://example.org/%s/%d", strings.Repeat("t", size/2000), n))
		}
		return h.signed(object{"type": types})
	}},
	{name: "long-identifier", make: func(h *hostileKey, size int) []byte {
		return h.signed(object{"id": "https://example.org/" + strings.Repeat("i", size)})
	}},
	{name: "long-identifier-of-values", make: func(h *hostileKey, size int) []byte { // it stands in every line
		document := h.unsigned(nil)
		maps.Copy(document["credentialSubject"].(object)["achievement"].(object), object{"id": "urn:" + strings.Repeat("i", size-20000), "tag": several(1900, func(n int) any { return fmt.Sprint(n) })})
		return h.sealed(document, nil)
	}},
	{name: "long-identifier-of-objects", make: func(h *hostileKey, size int) []byte {
		return h.signed(object{"id": "urn:" + strings.Repeat("i", size/4), "evidence": several(min(size/60, 1900), func(n int) any {
			return object{"type": array{"Evidence"}, "name": fmt.Sprint(n)}
		})})
	}},
	{name: "long-identifiers", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any {
			return object{"id": fmt.Sprintf("https://example.org/%s/%d", strings.Repeat("ä", 500), n), "type": array{"Evidence"}}
		})
	}},
	{name: "keywords", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any {
			return object{"@graph": array{object{"id": fmt.Sprintf("urn:g:%d", n), "name": "x"}}}
		})
	}},
	{name: "languages", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any {
			return object{"id": fmt.Sprintf("urn:l:%d", n), "name": object{"@value": fmt.Sprint(n), "@language": fmt.Sprintf("en-Latn-US-x%d", n%7), "@direction": "rtl"}}
		})
	}},
	{name: "texts", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any {
			return object{"id": fmt.Sprintf("urn:l:%d", n), "name": several(40, func(i int) any { return fmt.Sprintf("%d-%d", n, i) })}
		})
	}},
	{name: "repeated", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(int) any {
			return object{"id": "urn:same", "type": array{"Evidence"}, "name": slices.Repeat(array{"the same again"}, 8)}
		})
	}},
	{name: "endorsement-contexts", make: func(h *hostileKey, size int) []byte {
		contexts := append(slices.Clone(badgeContexts), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
		return h.filled("endorsement", size, nil, func(n int) any {
			return object{"@context": contexts, "id": fmt.Sprintf("urn:e:%d", n), "type": array{"VerifiableCredential", "EndorsementCredential"}}
		})
	}},
	{name: "json-members", make: func(h *hostileKey, size int) []byte { // a JSON literal is signed as JCS
		members := object{}
		for n := range size / 14 {
			members[fmt.Sprintf("m%06d", n)] = 0
		}
		return h.schema(members)
	}},
	{name: "json-numbers", make: func(h *hostileKey, size int) []byte {
		small := wholeNumbers("e-300")
		return h.schema(object{"a": chunks(size/18, func(n int) any { return json.Number(small[n%len(small)]) })})
	}},
	{name: "json-depth", make: func(h *hostileKey, size int) []byte {
		return h.schema(object{"a": several(min(size/130, 80), func(int) any {
			inner := any(0)
			for range 55 {
				inner = object{"é": inner}
			}
			return inner
		})})
	}},
	{name: "json-literals", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any {
			return object{"id": fmt.Sprintf("urn:j:%d", n), "name": object{"@type": "@json", "@value": array{n, object{"b": 1, "a": 2}}}}
		})
	}},

	{name: "json-ones", make: func(h *hostileKey, size int) []byte {
		return encoded(h.ones(size))
	}},
	{name: "json-ones-16-proofs", make: func(h *hostileKey, size int) []byte { return h.chained(h.ones(size)) }},
	{name: "own-vocabulary", profile: credential.VerifiableCredentials, make: func(h *hostileKey, size int) []byte {
		members := object{}
		for n := range size / 12 {
			members[fmt.Sprintf("m%d", n)] = array{}
		}
		return h.signed(object{"@context": append(slices.Clone(badgeContexts), object{"@vocab": "urn:" + strings.Repeat("v", 500)}), "credentialSubject": members})
	}},
	{name: "own-context-inside-16-proofs", profile: credential.VerifiableCredentials, make: func(h *hostileKey, size int) []byte {
		contexts := append(slices.Clone(badgeContexts), object{"zz": "urn:zz"})
		return h.chained(h.unsigned(object{"endorsement": several(min(size/400, 90), func(n int) any {
			return object{"@context": contexts, "id": fmt.Sprintf("urn:e:%d", n), "type": array{"VerifiableCredential", "EndorsementCredential"}, "zz": "1"}
		})}))
	}},
	{name: "own-context", profile: credential.VerifiableCredentials, make: func(h *hostileKey, size int) []byte { return h.ownContext(size) }},
	{name: "own-context-scopes", profile: credential.VerifiableCredentials, make: func(h *hostileKey, size int) []byte {
		scoped := object{}
		for n := range 240 {
			scoped[fmt.Sprintf("s%d", n)] = fmt.Sprintf("https://example.org/s%d", n)
		}
		contexts := append(slices.Clone(badgeContexts), object{"Wide": object{"@id": "https://example.org/Wide", "@context": scoped}})
		return h.filled("evidence", size, object{"@context": contexts}, func(n int) any {
			return object{"id": fmt.Sprintf("urn:w:%d", n), "type": "Wide", "s1": "x"}
		})
	}},

	// Canonicalization.
	{name: "blank-nodes", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(n int) any { return object{"type": array{"Evidence"}, "name": fmt.Sprint(n)} })
	}},
	{name: "blank-twins", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(int) any { return object{"type": array{"Evidence"}, "name": "a twin"} })
	}},
	{name: "blank-families", make: func(h *hostileKey, size int) []byte { // alike parents of alike children
		return h.evidence(size, func(int) any {
			return object{"type": array{"Profile"}, "parentOrg": several(40, func(int) any { return object{"type": "Profile", "name": "a child"} })}
		})
	}},
	{name: "blank-chains", make: func(h *hostileKey, size int) []byte {
		return h.evidence(size, func(int) any {
			inner := object{"type": "Profile"}
			for range 27 {
				inner = object{"type": "Profile", "parentOrg": inner}
			}
			return inner
		})
	}},
	{name: "blank-clique", make: func(h *hostileKey, size int) []byte { return h.linked(size, 12, 1, 0) }},
	{name: "blank-circles", make: func(h *hostileKey, size int) []byte { return h.linked(size, 3, 300, 0) }},
	{name: "blank-pairs", make: func(h *hostileKey, size int) []byte { return h.linked(size, 2, 900, 0) }},
	{name: "blank-cliques", make: func(h *hostileKey, size int) []byte { return h.linked(size, 5, 350, 0) }},
	{name: "blank-heavy", make: func(h *hostileKey, size int) []byte { return h.linked(size, 6, 1, size/6/7) }},
	{name: "blank-ring", make: func(h *hostileKey, size int) []byte { // one circle of all
		count := min(size/100, 1900)
		return h.evidence(size, func(n int) any {
			if n >= count {
				return nil
			}
			return object{"id": fmt.Sprintf("_:n%d", n), "type": "Profile", "parentOrg": object{"id": fmt.Sprintf("_:n%d", (n+1)%count)}}
		})
	}},
	{name: "blank-twins-16-proofs", make: func(h *hostileKey, size int) []byte {
		return h.chained(h.unsigned(object{"evidence": several(min(size/60, 1900), func(int) any { return object{"type": array{"Evidence"}, "name": "a twin"} })}))
	}},
	{name: "blank-families-16-proofs", make: func(h *hostileKey, size int) []byte {
		return h.chained(h.unsigned(object{"evidence": several(min(size/2000, 45), func(int) any {
			return object{"type": array{"Profile"}, "parentOrg": several(40, func(int) any { return object{"type": "Profile", "name": "a child"} })}
		})}))
	}},

	// Keys and signatures.
	{name: "proof-chains", make: func(h *hostileKey, size int) []byte {
		return h.chained(h.unsigned(object{"evidence": several(min(size/80, 1900), func(n int) any {
			return object{"id": fmt.Sprintf("urn:e:%d", n), "type": array{"Evidence"}, "name": strings.Repeat("x", size/6000)}
		})}))
	}},
	{name: "proof-value", make: func(h *hostileKey, size int) []byte {
		return h.sealed(h.unsigned(nil), object{"proofValue": "z" + strings.Repeat("2", size)})
	}},
	{name: "proof-values", make: func(h *hostileKey, size int) []byte {
		proofs := array{}
		for n := range 16 {
			p := h.proof(n)
			p["proofValue"] = "z" + strings.Repeat("2", size/16)
			proofs = append(proofs, p)
		}
		document := h.unsigned(nil)
		document["proof"] = proofs
		return encoded(document)
	}},
	{name: "did-key", make: func(h *hostileKey, size int) []byte {
		did := "did:key:z" + strings.Repeat("2", size/2)
		return h.sealed(h.unsigned(object{"issuer": object{"id": did, "type": array{"Profile"}, "name": "x"}}), object{"verificationMethod": did + "#z2"})
	}},
	{name: "did-jwk", make: func(h *hostileKey, size int) []byte {
		jwk := fmt.Sprintf(`{"kty":"RSA","e":"AQAB","n":%q}`, base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, size/4)))
		did := "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(jwk))
		return h.sealed(h.unsigned(object{"issuer": object{"id": did, "type": array{"Profile"}, "name": "x"}}), object{"verificationMethod": did + "#0"})
	}},
	{name: "proof-members", make: func(h *hostileKey, size int) []byte {
		return h.sealed(h.unsigned(nil), object{"domain": several(2000, func(n int) any { return strings.Repeat("d", size/2500) + fmt.Sprint(n) })})
	}},

	// Tokens.
	{name: "token-objects", make: func(h *hostileKey, size int) []byte {
		return h.token(h.unsigned(object{"evidence": several(min(size/60, 1990), func(n int) any { return object{"id": fmt.Sprintf("urn:o:%d", n), "type": array{"Evidence"}} })}))
	}},
	{name: "token-long-name", make: func(h *hostileKey, size int) []byte {
		return h.token(h.unsigned(object{strings.Repeat("n", size/3): zeros(size / 6)}))
	}},
	{name: "token-classes", make: func(h *hostileKey, size int) []byte {
		types := array{"Address", "Alignment", "DataIntegrityProof", "Evidence", "IdentityObject", "Profile", "RubricCriterionLevel", "JsonSchema", "GeoCoordinates", "EndorsementSubject", "BitstringStatusList", "IdentifierEntry", "Result"}
		return h.token(h.unsigned(object{"evidence": several(min(size/120, 1990), func(n int) any {
			chosen := array{}
			for i, t := range types {
				if (n+1)>>i&1 == 1 {
					chosen = append(chosen, t)
				}
			}
			return object{"id": fmt.Sprintf("urn:t:%d", n), "type": chosen}
		})}))
	}},
	{name: "token-dots", make: func(_ *hostileKey, size int) []byte { return []byte("eyJ" + strings.Repeat(".", size)) }},
	{name: "token-key", make: func(_ *hostileKey, size int) []byte {
		encode := base64.RawURLEncoding.EncodeToString
		header := fmt.Sprintf(`{"alg":"RS256","jwk":{"kty":"RSA","e":"AQAB","n":%q}}`, encode(bytes.Repeat([]byte{0xff}, size/3)))
		return []byte(encode([]byte(header)) + "." + encode([]byte("{}")) + "." + encode(bytes.Repeat([]byte{1}, size/3)))
	}},

	// What a document leads to.
	{name: "endorsements-16-proofs", make: func(h *hostileKey, size int) []byte {
		return h.signed(object{"endorsement": several(credential.Limits.Proofs, func(n int) any {
			var signed any
			_ = json.Unmarshal(h.chained(h.unsigned(object{"id": fmt.Sprintf("urn:e:%d", n), "type": array{"VerifiableCredential", "EndorsementCredential"},
				"credentialSubject": object{"id": "urn:hostile", "type": "EndorsementSubject", "endorsementComment": strings.Repeat("c", max(size/16-11000, 1))}})), &signed)
			return signed
		})})
	}},
	{name: "lists-of-most-bits", make: statusEntries, leads: func(h *hostileKey, _ int) []byte { return h.list(8 * credential.Limits.StatusList) }},
	{name: "lists-with-16-proofs", make: statusEntries, leads: func(h *hostileKey, size int) []byte {
		return h.chained(h.unsigned(object{"evidence": several(min(size/80, 1900), func(n int) any {
			return object{"id": fmt.Sprintf("urn:e:%d", n), "type": array{"Evidence"}, "name": strings.Repeat("x", size/6000)}
		})}))
	}},
	{name: "lists-of-json-16-proofs", make: statusEntries, leads: func(h *hostileKey, size int) []byte { return h.chained(h.ones(size)) }},
	{name: "lists-with-contexts", make: statusEntries, leads: func(h *hostileKey, size int) []byte { return h.ownContext(size) }},
	{name: "endorsement-tokens", make: func(h *hostileKey, size int) []byte {
		token := string(h.token(object{"@context": badgeContexts,
			"id": "urn:e:1", "type": array{"VerifiableCredential", "EndorsementCredential"}, "issuer": h.did, "validFrom": "2026-01-01T00:00:00Z",
			"credentialSubject": object{"id": "urn:hostile", "type": "EndorsementSubject", "endorsementComment": strings.Repeat("c", max(size/22-500, 1))}}))
		return h.signed(object{"endorsementJwt": several(16, func(int) any { return token })})
	}},
	{name: "endorsements", make: func(h *hostileKey, size int) []byte {
		return h.signed(object{"endorsement": several(16, func(n int) any {
			var signed any
			_ = json.Unmarshal(h.signed(object{"id": fmt.Sprintf("urn:e:%d", n), "type": array{"VerifiableCredential", "EndorsementCredential"},
				"credentialSubject": object{"id": "urn:hostile", "type": "EndorsementSubject", "endorsementComment": strings.Repeat("c", max(size/16-900, 1))}}), &signed)
			return signed
		})})
	}},

	// Pictures.
	{name: "png-chunks", make: func(_ *hostileKey, size int) []byte {
		return picture(func(add func(kind string, data []byte)) {
			for range size / 16 {
				add("tEXt", []byte("a\x00b"))
			}
		})
	}},
	{name: "png-inflates", make: func(_ *hostileKey, size int) []byte {
		return picture(func(add func(kind string, data []byte)) {
			add("iTXt", append([]byte("openbadgecredential\x00\x01\x00\x00\x00"), deflated(bytes.Repeat([]byte{' '}, size*900))...))
		})
	}},
	{name: "svg-elements", make: func(_ *hostileKey, size int) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g/>", size/4) + `</svg>`)
	}},
	{name: "svg-depth", make: func(_ *hostileKey, size int) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g>", size/3))
	}},
	{name: "svg-attributes", make: func(_ *hostileKey, size int) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg"` + fill(size, func(n int) string { return fmt.Sprintf(` a%d=""`, n) }) + `/>`)
	}},
	{name: "svg-namespaces", make: func(_ *hostileKey, size int) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + fill(size, func(n int) string { return fmt.Sprintf(`<g xmlns:n%d="u:%d">`, n, n) }))
	}},
}
