package rdf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const (
	contextV1    = "https://www.w3.org/2018/credentials/v1"
	contextV2    = "https://www.w3.org/ns/credentials/v2"
	contextOB    = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	contextVocab = "https://www.w3.org/ns/credentials/examples/v2"
)

// badge is a credential with the members given, under credentials/v2 and Open Badges 3.0.3.
func badge(members string) string {
	return fmt.Sprintf(`{"@context":[%q,%q],"id":"urn:uuid:1","type":["VerifiableCredential","OpenBadgeCredential"],%s}`, contextV2, contextOB, members)
}

// anything is a credential whose context gives every word a meaning.
func anything(members string) string {
	return fmt.Sprintf(`{"@context":[%q,%q],"id":"urn:uuid:1","type":"VerifiableCredential",%s}`, contextV2, contextVocab, members)
}

func wantRefusal(t *testing.T, err error, code, pointer string) {
	t.Helper()
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Errorf("got %v, want %s at %q", err, code, pointer)
	} else if refusal.Code != code || refusal.Pointer != pointer {
		t.Errorf("got %s at %q (%s), want %s at %q", refusal.Code, refusal.Pointer, refusal.Detail, code, pointer)
	}
}

func TestWhatWouldNotBeSigned(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	for _, c := range []struct{ name, doc, pointer string }{
		{"undefined term", badge(`"foo":"bar"`), "/foo"},
		{"undefined term in a nested object", badge(`"issuer":{"id":"did:ex:1","foo":{}}`), "/issuer/foo"},
		{"undefined term in an array", badge(`"evidence":[{"id":"urn:e"},{"id":"urn:f","type":"Evidence","foo":1}]`), "/evidence/1/foo"},
		{"term of another type's context", badge(`"issuer":{"id":"did:ex:1","email":"a@example.org"}`), "/issuer/email"},
		{"term in other letters", badge(`"Name":"n"`), "/Name"},
		{"date of the old data model", badge(`"issuanceDate":"2026-01-01T00:00:00Z"`), "/issuanceDate"},
		{"undefined type", badge(`"credentialSubject":{"type":["AchievementSubject","Foo"]}`), "/credentialSubject/type/1"},
		{"type whose context is missing", badge(`"credentialStatus":{"id":"urn:s","type":"1EdTechRevocationList"}`), "/credentialStatus/type"},
		{"type that is a relative reference", badge(`"evidence":{"type":"a/b"}`), "/evidence/type"},
		{"type that is not a text", badge(`"evidence":{"type":{"a":"b"}}`), "/evidence/type"},
		{"type null", badge(`"evidence":{"type":["Evidence",null]}`), "/evidence/type/1"},
		{"no type in the array", badge(`"evidence":{"type":[]}`), "/evidence/type"},
		{"blank type", badge(`"evidence":{"type":"_:t"}`), "/evidence/type"},
		{"empty type under a vocabulary", anything(`"evidence":{"type":""}`), "/evidence/type"},
		{"type by two names", badge(`"evidence":{"type":"Evidence","@type":"Profile"}`), "/evidence/type"},
		{"word in the form of a keyword", badge(`"@foo":"bar"`), "/@foo"},
		{"word in the form of a keyword under a vocabulary", anything(`"@foo":"bar"`), "/@foo"},
		{"keyword form as identifier", badge(`"evidence":{"id":"@foo"}`), "/evidence/id"},
		{"empty name", badge(`"":"x"`), "/"},
		{"empty name under a vocabulary", anything(`"":"x"`), "/"},
		{"name with a slash", badge(`"a/b":"x"`), "/a~1b"},
		{"name with a space under a vocabulary", anything(`"a b":"x"`), "/a b"},
		{"blank predicate", badge(`"_:p":"x"`), "/_:p"},
		{"predicate that is no IRI", badge(`"http://a b":"x"`), "/http:~1~1a b"},
		{"relative identifier of the document", fmt.Sprintf(`{"@context":%q,"id":"badge-1","type":"VerifiableCredential"}`, contextV2), "/id"},
		{"relative identifier", badge(`"evidence":{"id":"rel/ative","name":"n"}`), "/evidence/id"},
		{"relative value of a reference", badge(`"issuer":"issuer.json"`), "/issuer"},
		{"relative value in an array", badge(`"termsOfUse":["urn:a","b"]`), "/termsOfUse/1"},
		{"undefined word of a vocabulary reference", badge(`"proof":{"type":"DataIntegrityProof","proofPurpose":"anything"}`), "/proof/proofPurpose"},
		{"identifier with a space", badge(`"evidence":{"id":"http://a b"}`), "/evidence/id"},
		{"identifier that closes the IRI", badge(`"evidence":{"id":"urn:a> <urn:b"}`), "/evidence/id"},
		{"identifier with a quotation mark", badge(`"evidence":{"id":"urn:\"a"}`), "/evidence/id"},
		{"identifier with braces", badge(`"evidence":{"id":"http://a/{b}"}`), "/evidence/id"},
		{"identifier with a bar", badge(`"evidence":{"id":"http://a/|"}`), "/evidence/id"},
		{"identifier with a caret", badge(`"evidence":{"id":"http://a/^"}`), "/evidence/id"},
		{"identifier with a grave accent", badge("\"evidence\":{\"id\":\"http://a/`\"}"), "/evidence/id"},
		{"identifier with a backslash", badge(`"evidence":{"id":"http://a\\b"}`), "/evidence/id"},
		{"identifier with a control", badge(`"evidence":{"id":"http://a/\u0001"}`), "/evidence/id"},
		{"identifier with a wide space", badge(`"evidence":{"id":"http://a/\u00a0"}`), "/evidence/id"},
		{"identifier with a scheme of digits", badge(`"evidence":{"id":"1a:b"}`), "/evidence/id"},
		{"identifier that is not a text", badge(`"evidence":{"id":["urn:a"]}`), "/evidence/id"},
		{"identifier null", badge(`"evidence":{"id":null}`), "/evidence/id"},
		{"identifier by two names", badge(`"evidence":{"@id":"urn:a","id":"urn:b"}`), "/evidence/id"},
		{"null", badge(`"name":null`), "/name"},
		{"null in an array", badge(`"name":["a",null]`), "/name/1"},
		{"null in a list", badge(`"urn:p":{"@list":["a",null]}`), "/urn:p/@list/1"},
		{"null value", badge(`"name":{"@value":null}`), "/name/@value"},
		{"empty array in an array", badge(`"name":["a",[]]`), "/name/1"},
		{"empty set", badge(`"name":{"@set":[]}`), "/name/@set"},
		{"language map", badge(`"name":{"en":"Badge"}`), "/name/en"},
		{"language tag with a space", badge(`"name":{"@value":"a","@language":"e n"}`), "/name/@language"},
		{"language tag that closes the literal", badge(`"name":{"@value":"a","@language":"en> <urn:b"}`), "/name/@language"},
		{"language tag too long", badge(`"name":{"@value":"a","@language":"abcdefghi"}`), "/name/@language"},
		{"language tag with an empty part", badge(`"name":{"@value":"a","@language":"en-"}`), "/name/@language"},
		{"language of a number", badge(`"name":{"@value":1,"@language":"en"}`), "/name/@language"},
		{"language null", badge(`"name":{"@value":"a","@language":null}`), "/name/@language"},
		{"language without a value", badge(`"name":{"@language":"en"}`), "/name/@language"},
		{"direction unknown", badge(`"name":{"@value":"a","@direction":"up"}`), "/name/@direction"},
		{"direction of a number", badge(`"name":{"@value":1,"@direction":"ltr"}`), "/name/@direction"},
		{"direction null", badge(`"name":{"@value":"a","@direction":null}`), "/name/@direction"},
		{"datatype that is relative", badge(`"name":{"@value":"a","@type":"date"}`), "/name/@type"},
		{"datatype that closes the IRI", badge(`"name":{"@value":"a","@type":"urn:d> <urn:g"}`), "/name/@type"},
		{"datatype that is blank", badge(`"name":{"@value":"a","@type":"_:d"}`), "/name/@type"},
		{"two datatypes", badge(`"name":{"@value":"a","@type":["urn:a","urn:b"]}`), "/name/@type"},
		{"datatype beside a language", badge(`"name":{"@value":"a","@type":"urn:a","@language":"en"}`), "/name/@type"},
		{"datatype langString without a language", badge(`"name":{"@value":"a","@type":"` + langString + `"}`), "/name/@type"},
		{"index of a value", badge(`"name":{"@value":"a","@index":"i"}`), "/name/@index"},
		{"identifier of a value", badge(`"name":{"@value":"a","id":"urn:a"}`), "/name/id"},
		{"unknown member of a value", badge(`"name":{"@value":"a","foo":"b"}`), "/name/foo"},
		{"array as a value", badge(`"name":{"@value":["a"]}`), "/name/@value"},
		{"member of a list object", badge(`"urn:p":{"@list":["a"],"name":"n"}`), "/urn:p"},
		{"array in a list object", badge(`"urn:p":{"@list":["a",["b"]]}`), "/urn:p/@list/1"},
		{"index", badge(`"evidence":{"@index":"i","name":"n"}`), "/evidence/@index"},
		{"reverse", badge(`"@reverse":{"urn:p":{"id":"urn:a"}}`), "/@reverse"},
		{"included", badge(`"@included":{"id":"urn:a","name":"n"}`), "/@included"},
		{"nest", badge(`"@nest":{"name":"n"}`), "/@nest"},
		{"base in the body", badge(`"@base":"http://a/"`), "/@base"},
		{"document with an identifier only", fmt.Sprintf(`{"@context":%q,"id":"urn:a"}`, contextV2), ""},
		{"document with a context only", fmt.Sprintf(`{"@context":%q}`, contextV2), ""},
		{"document that is a value", `{"@value":"a"}`, ""},
		{"document that is a list", `{"@list":["a"]}`, ""},
		{"text in a graph", badge(`"@graph":["a"]`), "/@graph/0"},
		{"reference in a graph", badge(`"@graph":[{"id":"urn:a","name":"n"},{"id":"urn:b"}]`), "/@graph/1"},
		{"empty object in a graph", badge(`"@graph":[{}]`), "/@graph/0"},
		{"reference in a graph container", badge(`"proof":{"id":"urn:proof"}`), "/proof"},
		{"text in a graph container", badge(`"proof":"urn:proof"`), "/proof"},
		{"empty object in a graph container", badge(`"proof":[{"type":"DataIntegrityProof"},{}]`), "/proof/1"},
		{"double in another form", badge(`"name":{"@value":"1.50E0","@type":"` + xsdDouble + `"}`), "/name/@value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := processor.ToRDF(parse(t, c.doc))
			wantRefusal(t, err, CodeUnsafeJSONLD, c.pointer)
		})
	}
}

// TestNumberThatChanges: it cannot be signed in a canonical form, and where the text is signed it is only not part of the dataset.
func TestNumberThatChanges(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	doc := parse(t, badge(`"urn:p":9007199254740993`))
	_, err := processor.ToRDF(doc)
	wantRefusal(t, err, CodeMalformed, "/urn:p")
	wantRefusal(t, processor.Check(doc), CodeUnsafeJSONLD, "/urn:p")
}

func TestContextsThatMayNotBeUsed(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	endorsement := func(context, types string) string {
		return badge(`"endorsement":[{"@context":` + context + `,"id":"urn:e","type":` + types + `,"issuer":"did:ex:2"}]`)
	}
	if _, err := processor.ToRDF(parse(t, badge(`"name":"n"`))); err != nil { // keeps the list of two contexts
		t.Fatal(err)
	}
	for _, c := range []struct{ name, doc, code, pointer string }{
		{"unknown URL", `{"@context":"https://example.org/v1","urn:a":"b"}`, CodeContextUntrusted, "/@context"},
		{"unknown URL in a list", fmt.Sprintf(`{"@context":[%q,"https://example.org/v1"],"urn:a":"b"}`, contextV2), CodeContextUntrusted, "/@context/1"},
		{"known URL in capitals", `{"@context":"HTTPS://www.w3.org/ns/credentials/v2","urn:a":"b"}`, CodeContextUntrusted, "/@context"},
		{"known URL with a query", fmt.Sprintf(`{"@context":%q,"urn:a":"b"}`, contextV2+"?"), CodeContextUntrusted, "/@context"},
		{"known URL with a fragment", fmt.Sprintf(`{"@context":%q,"urn:a":"b"}`, contextV2+"#"), CodeContextUntrusted, "/@context"},
		{"two known URLs in one text", fmt.Sprintf(`{"@context":"%s %s","urn:a":"b"}`, contextV2, contextOB), CodeContextUntrusted, "/@context"},
		{"file", `{"@context":"/etc/passwd","urn:a":"b"}`, CodeContextUntrusted, "/@context"},
		{"data URL", `{"@context":"data:application/json,{}","urn:a":"b"}`, CodeContextUntrusted, "/@context"},
		{"object", `{"@context":{"a":"urn:a"},"a":"b"}`, CodeContextUntrusted, "/@context"},
		{"object in a list", fmt.Sprintf(`{"@context":[%q,{"a":"urn:a"}],"a":"b"}`, contextV2), CodeContextUntrusted, "/@context/1"},
		{"null", `{"@context":null,"urn:a":"b"}`, CodeContextUntrusted, "/@context"},
		{"null in a list", fmt.Sprintf(`{"@context":[null,%q],"urn:a":"b"}`, contextV2), CodeContextUntrusted, "/@context/0"},
		{"empty list", `{"@context":[],"urn:a":"b"}`, CodeContextUntrusted, "/@context"},
		{"too many", `{"@context":[` + strings.Repeat(`"`+contextV2+`",`, 8) + `"` + contextV2 + `"],"urn:a":"b"}`, CodeTooComplex, "/@context"},
		{"below the top", badge(`"issuer":{"@context":"` + contextV2 + `","id":"did:ex:1","name":"n"}`), CodeContextUntrusted, "/issuer/@context"},
		{"in an endorsement, unknown", endorsement(`["https://example.org/v1"]`, `"VerifiableCredential"`), CodeContextUntrusted, "/endorsement/0/@context/0"},
		{"in an endorsement, an object", endorsement(`{"a":"urn:a"}`, `"VerifiableCredential"`), CodeContextUntrusted, "/endorsement/0/@context"},
		{"in an endorsement, null", endorsement(`null`, `"VerifiableCredential"`), CodeContextUntrusted, "/endorsement/0/@context"},
		{"in an endorsement that is no credential", endorsement(`"`+contextV2+`"`, `"urn:T"`), CodeContextUntrusted, "/endorsement/0/@context"},
		{"in an endorsement, protected terms defined anew", endorsement(`"`+contextV1+`"`, `"VerifiableCredential"`), CodeContextUntrusted, "/endorsement/0/@context"},
		{"credentials/v2 with Open Badges 3.0.0", fmt.Sprintf(`{"@context":[%q,"https://purl.imsglobal.org/spec/ob/v3p0/context.json"],"urn:a":"b"}`, contextV2), CodeContextUntrusted, "/@context"},
		{"credentials/v2 with Open Badges 3.0.1", fmt.Sprintf(`{"@context":[%q,"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"],"urn:a":"b"}`, contextV2), CodeContextUntrusted, "/@context"},
		{"credentials/v2 with credentials/v1", fmt.Sprintf(`{"@context":[%q,%q],"urn:a":"b"}`, contextV2, contextV1), CodeContextUntrusted, "/@context"},
		{"types that define each other's protected terms", badge(`"evidence":{"type":["Achievement","Result"]}`), CodeContextUntrusted, "/evidence/type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := processor.ToRDF(parse(t, c.doc))
			wantRefusal(t, err, c.code, c.pointer)
		})
	}
	_, err := ToRDF(map[string]any{"@context": contextV2, "urn:a": "b"}, Options{})
	wantRefusal(t, err, CodeContextUntrusted, "/@context")
}

func TestTooComplex(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	many := func(n int, member string) string { return strings.Repeat(member+",", n-1) + member }
	for _, c := range []struct{ name, doc, pointer string }{
		{"values of one property", badge(`"name":[` + many(1001, `"a"`) + `],"https://schema.org/name":[` + many(1000, `"a"`) + `]`), "/name"},
		{"objects without an identifier", badge(`"evidence":[` + many(1500, `{"name":"a"}`) + `],"urn:p":{"@list":[` + many(1500, `"a"`) + `]}`), ""},
		{"contexts of types", badge(`"evidence":[` + many(1990, `{"id":"urn:e","type":["Address","Evidence","GeoCoordinates","Image"]}`) + `]`), "/evidence/999/type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := processor.ToRDF(parse(t, c.doc))
			wantRefusal(t, err, CodeTooComplex, c.pointer)
		})
	}
}
