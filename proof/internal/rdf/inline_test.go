package rdf

import (
	"crypto"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// inlineOptions are those of the profile vc.
func inlineOptions(t testing.TB) Options {
	options := referenceOptions(t)
	options.loose, options.Inline = false, true
	return options
}

// inline is a credential whose second context is written into it.
func inline(context, members string) string {
	return fmt.Sprintf(`{"@context":[%q,%s],"id":"urn:c","type":["VerifiableCredential"],"issuer":"did:ex:1",%s}`, contextV2, context, members)
}

func TestInlineContexts(t *testing.T) {
	processor := NewProcessor(inlineOptions(t))
	for _, c := range []struct{ name, doc, line string }{
		{"term", inline(`{"hours":"urn:ex:hours"}`, `"hours":"3"`), `<urn:c> <urn:ex:hours> "3" .`},
		{"in a wrapping", inline(`{"@context":{"hours":"urn:ex:hours"}}`, `"hours":"3"`), `<urn:c> <urn:ex:hours> "3" .`},
		{"vocabulary", inline(`{"@vocab":"urn:ex:"}`, `"hours":"3"`), `<urn:c> <urn:ex:hours> "3" .`},
		{"type and its context", inline(`{"Course":{"@id":"urn:ex:Course","@context":{"hours":{"@id":"urn:ex:hours","@type":"http://www.w3.org/2001/XMLSchema#integer"}}}}`,
			`"credentialSubject":{"id":"urn:s","type":"Course","hours":"3"}`), `<urn:s> <urn:ex:hours> "3"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		{"container", inline(`{"steps":{"@id":"urn:ex:steps","@container":"@list"}}`, `"steps":["a"]`), `_:c14n0 <` + rdfFirst + `> "a" .`},
		{"version as a number", inline(`{"@version":1.1,"hours":"urn:ex:hours"}`, `"hours":"3"`), `<urn:c> <urn:ex:hours> "3" .`},
		{"object alone", `{"@context":{"@vocab":"urn:ex:","id":"@id"},"id":"urn:c","a":"b"}`, `<urn:c> <urn:ex:a> "b" .`},
		{"in an endorsement", inline(`"`+contextOB+`"`, `"endorsement":[{"@context":["`+contextV2+`",{"hours":"urn:ex:hours"}],"id":"urn:e","type":["VerifiableCredential"],"hours":"3"}]`),
			`<urn:e> <urn:ex:hours> "3" .`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, before := processor.Counts()
			got, err := processor.Canonicalize(t.Context(), parse(t, c.doc), crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got.NQuads), c.line+"\n") {
				t.Errorf("got\n%swant %s", got.NQuads, c.line)
			}
			if _, after := processor.Counts(); after != before+1 {
				t.Error("it did not take the general path")
			}
		})
	}
	if compiled, _ := processor.Counts(); compiled != 0 {
		t.Errorf("%d documents took the compiled path", compiled)
	}
}

func TestInlineContextsThatAreRefused(t *testing.T) {
	processor := NewProcessor(inlineOptions(t))
	many := func(n int, f string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(f, i)
		}
		return strings.Join(parts, ",")
	}
	for _, c := range []struct{ name, doc, code, pointer string }{
		{"protected term", inline(`{"name":"urn:ex:name"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"alias of a keyword", inline(`{"id":"urn:ex:id"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"import", inline(`{"@import":"https://example.org/v1"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"in a wrapping with more in it", inline(`{"@context":{"a":"urn:a"},"b":"urn:b"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"in two wrappings", inline(`{"@context":{"@context":{"a":"urn:a"}}}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"in a wrapping that holds a URL", inline(`{"@context":"`+contextOB+`"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"remote context in a term", inline(`{"a":{"@id":"urn:a","@context":"https://example.org/v1"}}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"base", inline(`{"@base":"https://example.org/"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"default language", inline(`{"@language":"en"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"null", inline(`null`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"list in a list", inline(`[{"a":"urn:a"}]`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"relative identifier", inline(`{"a":"b"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"term that it does not define", inline(`{"a":"urn:a"}`, `"b":"n"`), CodeUnsafeJSONLD, "/b"},
		{"term by its IRI", inline(`{"a":"urn:a"}`, `"urn:a":"n"`), CodeUnsafeJSONLD, "/urn:a"},
		{"below the top", inline(`{"a":"urn:a"}`, `"credentialSubject":{"@context":{"b":"urn:b"},"id":"urn:s","b":"c"}`), CodeContextUntrusted, "/credentialSubject/@context"},
		{"many definitions", inline(`{`+many(300, `"a%[1]d":"urn:a%[1]d"`)+`}`, `"name":"n"`), CodeTooComplex, "/@context/1"},
		{"long vocabulary", inline(`{"@vocab":"urn:`+strings.Repeat("v", 512)+`"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"long IRI", inline(`{"a":"urn:`+strings.Repeat("v", 512)+`"}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"long datatype", inline(`{"a":{"@id":"urn:a","@type":"urn:`+strings.Repeat("v", 512)+`"}}`, `"name":"n"`), CodeContextUntrusted, "/@context/1"},
		{"statements that grow", inline(`{"p":"urn:`+strings.Repeat("v", 500)+`:"}`, `"credentialSubject":[`+many(20, `{"id":"urn:%d","type":[`+strings.Repeat(`"p:a",`, 1999)+`"p:a"]}`)+`]`), CodeTooComplex, ""},
		{"large document", inline(`{"@vocab":"urn:v:"}`, `"credentialSubject":{`+many(11000, `"a%d":"b"`)+`}`), CodeTooComplex, "/credentialSubject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := processor.Canonicalize(t.Context(), parse(t, c.doc), crypto.SHA256)
			wantRefusal(t, err, c.code, c.pointer)
		})
	}
}

// TestRenamed: no context of a document gives a word that readers look for another name, nor an identifier another look.
func TestRenamed(t *testing.T) {
	options := inlineOptions(t)
	options.Vocabulary = []string{contextV2, contextOB, "https://www.w3.org/2018/credentials/v1"}
	processor := NewProcessor(options)
	const cred = "https://www.w3.org/2018/credentials#"
	for _, c := range []struct{ name, doc, pointer string }{
		{"status", inline(`{"st":{"@id":"`+cred+`credentialStatus","@type":"@id"}}`, `"st":{"id":"urn:s","type":"BitstringStatusListEntry"}`), "/st"},
		{"end by a vocabulary", inline(`{"@vocab":"`+cred+`valid"}`, `"Until":"2026-01-01T00:00:00Z"`), "/Until"},
		{"identifier", inline(`{"ident":"@id"}`, `"credentialSubject":{"ident":"urn:s","name":"n"}`), "/credentialSubject/ident"},
		{"type", inline(`{"Badge":"https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"}`, `"credentialSubject":{"id":"urn:s","type":"Badge"}`), "/credentialSubject/type"},
		{"in the scope of a type", inline(`{"Course":{"@id":"urn:ex:Course","@context":{"till":"`+cred+`validUntil"}}}`, `"credentialSubject":{"id":"urn:s","type":"Course","till":"2026-01-01T00:00:00Z"}`), "/credentialSubject/till"},
		{"scoped in a published context", inline(`{"where":"https://www.w3.org/ns/credentials/status#statusListIndex"}`, `"credentialStatus":{"id":"urn:s","type":"BitstringStatusListEntry","where":"1"}`), "/credentialStatus/where"},
		{"another meaning for a member", inline(`{"achievement":"urn:ex:likes"}`, `"credentialSubject":{"id":"urn:s","achievement":"x"}`), "/credentialSubject/achievement"},
		{"another meaning for a type", inline(`{"OpenBadgeCredential":"urn:ex:Favourite"}`, `"credentialSubject":{"id":"urn:s","type":"OpenBadgeCredential"}`), "/credentialSubject/type"},
		{"a prefix in an identifier", inline(`{"mailto":"https://people.example/"}`, `"credentialSubject":{"id":"mailto:alice","name":"n"}`), "/credentialSubject/id"},
		{"a prefix in a value", inline(`{"mailto":"https://people.example/","knows":{"@id":"urn:ex:knows","@type":"@id"}}`, `"knows":"mailto:alice"`), "/knows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := processor.Canonicalize(t.Context(), parse(t, c.doc), crypto.SHA256)
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Code != CodeUnsafeJSONLD || refusal.Pointer != c.pointer {
				t.Errorf("%v", err)
			}
		})
	}
	for name, doc := range map[string]string{
		"the published name":   inline(`{"@vocab":"`+cred+`"}`, `"validUntil":"2026-01-01T00:00:00Z"`),
		"a word of schema.org": inline(`{"image":"https://schema.org/image"}`, `"image":"https://people.example/i.png"`),
		"another meaning":      inline(`{"Until":"urn:ex:until"}`, `"Until":"2026-01-01T00:00:00Z"`),
		"a whole identifier":   inline(`{"mailto":"https://people.example/"}`, `"credentialSubject":{"id":"https://people.example/alice","name":"n"}`),
		"a prefix of nothing":  inline(`{"ex":"https://people.example/"}`, `"credentialSubject":{"id":"mailto:alice","name":"n"}`),
	} {
		if _, err := processor.Canonicalize(t.Context(), parse(t, doc), crypto.SHA256); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
