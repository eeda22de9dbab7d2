package rdf

import (
	"crypto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What JSON-LD values become: JSON-LD API 1.1 section 8.2.2 and 8.6, and the i18n namespace for directions.
func TestLiterals(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	const float = "http://www.w3.org/2001/XMLSchema#float"
	typed := func(text, datatype string) string { return `"` + text + `"^^<` + datatype + `>` }
	for value, want := range map[string]string{
		`"a"`:                                    `"a"`,
		`true`:                                   typed("true", xsdBoolean),
		`false`:                                  typed("false", xsdBoolean),
		`5`:                                      typed("5", xsdInteger),
		`5.0`:                                    typed("5", xsdInteger),
		`-0`:                                     typed("0", xsdInteger),
		`-0.0`:                                   typed("0", xsdInteger),
		`100000000000000000000`:                  typed("100000000000000000000", xsdInteger),
		`1e21`:                                   typed("1.0E21", xsdDouble),
		`-1e21`:                                  typed("-1.0E21", xsdDouble),
		`5.5`:                                    typed("5.5E0", xsdDouble),
		`0.1`:                                    typed("1.0E-1", xsdDouble),
		`1e-7`:                                   typed("1.0E-7", xsdDouble),
		`1.25e300`:                               typed("1.25E300", xsdDouble),
		`{"@value":3.5,"@type":"` + float + `"}`: typed("3.5E0", float),
		`{"@value":3,"@type":"` + float + `"}`:   typed("3", float),
		`{"@value":"3.50","@type":"` + float + `"}`:                typed("3.50", float),
		`{"@value":3,"@type":"` + xsdDouble + `"}`:                 typed("3.0E0", xsdDouble),
		`{"@value":-0,"@type":"` + xsdDouble + `"}`:                typed("0.0E0", xsdDouble),
		`{"@value":"3.0E0","@type":"` + xsdDouble + `"}`:           typed("3.0E0", xsdDouble),
		`{"@value":true,"@type":"urn:t"}`:                          typed("true", "urn:t"),
		`{"@value":"a","@language":"EN-gb"}`:                       `"a"@en-gb`,
		`{"@value":"a","@direction":"rtl"}`:                        typed("a", i18n+"_rtl"),
		`{"@value":"a","@language":"de-CH","@direction":"ltr"}`:    typed("a", i18n+"de-ch_ltr"),
		`{"@value":{"b":1.50,"a":[null,"<"]},"@type":"@json"}`:     typed(`{\"a\":[null,\"<\"],\"b\":1.5}`, rdfJSON),
		`{"@value":null,"@type":"@json"}`:                          typed(`null`, rdfJSON),
		`{"@value":"\u00e9\u2028","@type":"@json"}`:                typed(`\"é`+"\u2028"+`\"`, rdfJSON),
		`{"@value":{"\ud83d\ude00":1,"\ufb33":2},"@type":"@json"}`: typed(`{\"😀\":1,\"`+"\ufb33"+`\":2}`, rdfJSON),
	} {
		quads, err := processor.ToRDF(parse(t, `{"@id":"urn:s","urn:p":`+value+`}`))
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		if got := string(AppendNQuad(nil, quads[0])); len(quads) != 1 || got != "<urn:s> <urn:p> "+want+" .\n" {
			t.Errorf("%s: %d quads, first %s, want %s", value, len(quads), got, want)
		}
	}
}

// How objects become statements: nodes that merge, lists and graphs.
func TestShapes(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"nodes of one name merge", badge(`"evidence":[{"id":"urn:e","name":"a"},{"id":"urn:e","name":"a","description":"b"}]`),
			"<urn:e> <https://schema.org/description> \"b\" .\n<urn:e> <https://schema.org/name> \"a\" .\n<urn:uuid:1> <https://www.w3.org/2018/credentials#evidence> <urn:e> .\n"},
		{"blank nodes of one label merge", badge(`"evidence":[{"id":"_:e","name":"a"},{"id":"_:e","description":"b"}]`),
			"<urn:uuid:1> <https://www.w3.org/2018/credentials#evidence> _:c14n0 .\n_:c14n0 <https://schema.org/description> \"b\" .\n_:c14n0 <https://schema.org/name> \"a\" .\n"},
		{"list", badge(`"urn:p":{"@list":["a",{"id":"urn:b"}]}`),
			"<urn:uuid:1> <urn:p> _:c14n1 .\n_:c14n0 <" + rdfFirst + "> <urn:b> .\n_:c14n0 <" + rdfRest + "> <" + rdfNil + "> .\n_:c14n1 <" + rdfFirst + "> \"a\" .\n_:c14n1 <" + rdfRest + "> _:c14n0 .\n"},
		{"list object in a list", badge(`"credentialSubject":{"id":"urn:s","type":"ResultDescription","allowedValue":{"@list":[]}}`),
			"<urn:s> <" + rdfType + "> <https://purl.imsglobal.org/spec/vc/ob/vocab.html#ResultDescription> .\n<urn:s> <https://purl.imsglobal.org/spec/vc/ob/vocab.html#allowedValue> <" + rdfNil + "> .\n<urn:uuid:1> <https://www.w3.org/2018/credentials#credentialSubject> <urn:s> .\n"},
		{"graph of its own for each proof", badge(`"proof":[{"id":"urn:a","nonce":"1","type":"DataIntegrityProof"}]`),
			"<urn:a> <" + rdfType + "> <https://w3id.org/security#DataIntegrityProof> _:c14n0 .\n<urn:a> <https://w3id.org/security#nonce> \"1\" _:c14n0 .\n<urn:uuid:1> <https://w3id.org/security#proof> _:c14n0 .\n"},
		{"top graph", `{"@graph":[{"@id":"urn:uuid:1","urn:p":"a"},{"@id":"urn:b","urn:p":"c"}]}`, "<urn:b> <urn:p> \"c\" .\n<urn:uuid:1> <urn:p> \"a\" .\n"},
		{"named graph", `{"@id":"urn:g","@graph":{"@id":"urn:b","urn:p":"c"}}`, "<urn:b> <urn:p> \"c\" <urn:g> .\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := canonical(t, parse(t, c.doc), crypto.SHA256)
			for _, line := range []string{"VerifiableCredential", "OpenBadgeCredential"} {
				got = withoutLine(got, "<urn:uuid:1> <"+rdfType+">", line)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func withoutLine(text, prefix, part string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, prefix) || !strings.Contains(line, part) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
