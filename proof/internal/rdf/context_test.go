package rdf

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
)

// contextsOf serves one context made for a test.
func contextsOf(text string) Options {
	return Options{loose: true, Context: func(url string) ([]byte, error) {
		if url != "https://example.org/v1" {
			return nil, errors.New("unknown")
		}
		return []byte(`{"@context":` + text + `}`), nil
	}}
}

func TestContextFeatures(t *testing.T) {
	for _, c := range []struct{ name, context, member, quad string }{
		{"prefix", `{"ex":"https://example.org/#"}`, `"ex:a":"v"`, `<urn:s> <https://example.org/#a> "v" .`},
		{"expanded definition is no prefix", `{"ex":{"@id":"https://example.org/#"}}`, `"ex:a":"v"`, `<urn:s> <ex:a> "v" .`},
		{"text that ends in a letter is no prefix", `{"ex":"https://example.org/x"}`, `"ex:a":"v"`, `<urn:s> <ex:a> "v" .`},
		{"term by a later prefix", `{"a":"ex:a","ex":"https://example.org/#"}`, `"a":"v"`, `<urn:s> <https://example.org/#a> "v" .`},
		{"compact term", `{"ex":"https://example.org/#","ex:a":{"@type":"@id"}}`, `"ex:a":"urn:v"`, `<urn:s> <https://example.org/#a> <urn:v> .`},
		{"term that is an IRI", `{"urn:a":{"@type":"@id"}}`, `"urn:a":"urn:v"`, `<urn:s> <urn:a> <urn:v> .`},
		{"vocabulary", `{"@vocab":"https://example.org/#","a":{}}`, `"a":"v"`, `<urn:s> <https://example.org/#a> "v" .`},
		{"datatype by prefix", `{"xsd":"http://www.w3.org/2001/XMLSchema#","a":{"@id":"urn:a","@type":"xsd:date"}}`, `"a":"v"`, `<urn:s> <urn:a> "v"^^<http://www.w3.org/2001/XMLSchema#date> .`},
		{"none", `{"a":{"@id":"urn:a","@type":"@none"}}`, `"a":"v"`, `<urn:s> <urn:a> "v" .`},
		{"vocabulary reference", `{"a":{"@id":"urn:a","@type":"@vocab"},"b":"urn:b"}`, `"a":"b"`, `<urn:s> <urn:a> <urn:b> .`},
		{"words of a property's own context", `{"a":{"@id":"urn:a","@type":"@vocab","@context":{"b":"urn:b"}}}`, `"a":"b"`, `<urn:s> <urn:a> <urn:b> .`},
		{"number of a reference", `{"a":{"@id":"urn:a","@type":"@id"}}`, `"a":5`, `<urn:s> <urn:a> "5"^^<` + xsdInteger + `> .`},
		{"empty list", `{"a":{"@id":"urn:a","@container":"@list"}}`, `"a":[]`, `<urn:s> <urn:a> <` + rdfNil + `> .`},
		{"version", `{"@version":1.1,"a":"urn:a"}`, `"a":"v"`, `<urn:s> <urn:a> "v" .`},
		{"list of contexts", `[{"a":"urn:x"},{"a":"urn:a"}]`, `"a":"v"`, `<urn:s> <urn:a> "v" .`},
		{"property's context goes on", `{"a":{"@id":"urn:a","@context":{"b":"urn:b"}},"c":"urn:c"}`, `"a":{"@id":"urn:t","c":{"@id":"urn:u","b":"v"}}`, `<urn:u> <urn:b> "v" .`},
		{"propagating type", `{"T":{"@id":"urn:T","@context":{"@propagate":true,"b":"urn:b"}},"c":"urn:c"}`, `"@type":"T","c":{"@id":"urn:u","b":"v"}`, `<urn:u> <urn:b> "v" .`},
		{"property that may redefine", `{"a":{"@id":"urn:a","@context":{"b":"urn:b"}},"b":{"@id":"urn:x","@protected":true}}`, `"a":{"@id":"urn:t","b":"v"}`, `<urn:t> <urn:b> "v" .`},
		{"equal definition of a protected term", `[{"a":{"@id":"urn:a","@protected":true}},{"a":"urn:a"}]`, `"a":"v"`, `<urn:s> <urn:a> "v" .`},
		{"same definition of a protected term", `[{"@protected":true,"a":"urn:a"},{"a":"urn:a"}]`, `"a":"v"`, `<urn:s> <urn:a> "v" .`},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := parse(t, `{"@context":"https://example.org/v1","@id":"urn:s",`+c.member+`}`)
			quads, err := ToRDF(doc, contextsOf(c.context))
			if err != nil {
				t.Fatal(err)
			}
			var lines []byte
			for _, quad := range quads {
				lines = AppendNQuad(lines, quad)
			}
			if !strings.Contains(string(lines), c.quad+"\n") {
				t.Errorf("got\n%swant %s", lines, c.quad)
			}
		})
	}
}

func TestContextRefusals(t *testing.T) {
	for _, c := range []struct{ name, context, member, pointer string }{
		{"term mapped to null", `{"@vocab":"urn:v:","a":null}`, `"a":"v"`, "/a"},
		{"term with the identifier null", `{"@vocab":"urn:v:","a":{"@id":null}}`, `"a":"v"`, "/a"},
		{"type's context does not go on", `{"T":{"@id":"urn:T","@context":{"b":"urn:b"}},"c":"urn:c"}`, `"@type":"T","c":{"@id":"urn:u","b":"v"}`, "/c/b"},
		{"protected term", `[{"@protected":true,"a":"urn:a"},{"a":"urn:b"}]`, `"a":"v"`, "/@context"},
		{"protected null term", `[{"@protected":true,"a":null},{"a":"urn:b"}]`, `"a":"v"`, "/@context"},
		{"protected term in a type's context", `{"@protected":true,"T":{"@id":"urn:T","@context":{"a":"urn:b"}},"a":"urn:a"}`, `"@type":"T"`, "/@type"},
		{"null context over protected terms", `[{"@protected":true,"a":"urn:a"},null]`, `"urn:a":"v"`, "/@context"},
		{"term by itself", `{"a":"b:x","b":"a:x"}`, `"a":"v"`, "/@context"},
		{"term without an identifier", `{"a":{}}`, `"a":"v"`, "/@context"},
		{"relative identifier", `{"a":"b"}`, `"a":"v"`, "/@context"},
		{"blank identifier", `{"a":"_:b"}`, `"a":"v"`, "/@context"},
		{"empty term", `{"":"urn:a"}`, `"urn:a":"v"`, "/@context"},
		{"IRI defined as another", `{"urn:a":"urn:b"}`, `"urn:a":"v"`, "/@context"},
		{"reserved word", `{"@foo":"urn:a"}`, `"urn:a":"v"`, "/@context"},
		{"import", `{"@import":"https://example.org/v1"}`, `"urn:a":"v"`, "/@context"},
		{"itself", `"https://example.org/v1"`, `"urn:a":"v"`, "/@context"},
		{"base", `{"@base":"https://example.org/"}`, `"urn:a":"v"`, "/@context"},
		{"default language", `{"@language":"en"}`, `"urn:a":"v"`, "/@context"},
		{"reverse property", `{"a":{"@reverse":"urn:a"}}`, `"urn:a":"v"`, "/@context"},
		{"index container", `{"a":{"@id":"urn:a","@container":"@index"}}`, `"urn:a":"v"`, "/@context"},
		{"number as container", `{"a":{"@id":"urn:a","@container":1}}`, `"urn:a":"v"`, "/@context"},
		{"list and set", `{"a":{"@id":"urn:a","@container":["@list","@set"]}}`, `"urn:a":"v"`, "/@context"},
		{"text as protection", `{"@protected":"yes"}`, `"urn:a":"v"`, "/@context"},
		{"fault in a context that nothing uses", `{"a":{"@id":"urn:a","@context":{"b":5}}}`, `"urn:a":"v"`, "/@context"},
		{"other version", `{"@version":1.0}`, `"urn:a":"v"`, "/@context"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := parse(t, `{"@context":"https://example.org/v1","@id":"urn:s",`+c.member+`}`)
			_, err := ToRDF(doc, contextsOf(c.context))
			code := CodeUnsafeJSONLD
			if strings.HasPrefix(c.pointer, "/@") { // the contexts themselves are at fault
				code = CodeContextUntrusted
			}
			wantRefusal(t, err, code, c.pointer)
		})
	}
}

func TestProcessorServesManyAtOnce(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	text := badge(`"issuer":{"id":"did:ex:1","type":"Profile","name":"n"},"evidence":{"type":"Evidence","genre":"g"}`)
	doc := parse(t, text)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if quads, err := processor.ToRDF(doc); err != nil || len(quads) != 8 {
				t.Errorf("%d quads, %v", len(quads), err)
			}
		})
	}
	group.Wait()
	if after, err := json.Marshal(doc); err != nil || len(after) != len(text) {
		t.Errorf("the document was changed: %s, %v", after, err)
	}
}
