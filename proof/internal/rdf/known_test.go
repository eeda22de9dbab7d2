package rdf

import (
	"crypto"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/piprate/json-gold/ld"
)

// bug is a fault of jsonld or rdf-canonize that shows in documents of credentials. Documents of its kind are left out of the
// comparison with them, and of no other: the test fails when it is gone.
type bug struct {
	name, clause string
	shows        func(in traits, answer theirs) bool
	document     string // a smallest one
	ours, theirs string // canonical forms; theirs may be part of an error
}

const sharedType = "<urn:a> <" + rdfType + "> <urn:T> .\n<urn:a> <urn:p> _:c14n0 .\n_:c14n0 <" + rdfType + "> <urn:T> .\n"

const vocabulary = `"@context":"` + contextVocab + `"`

var bugs = []bug{
	{"jsonld: a fraction that JavaScript writes without a point becomes an integer", "JSON-LD API 1.1 section 8.2.2 steps 10 and 11, section 8.6",
		func(in traits, _ theirs) bool { return in.pointless }, `{` + vocabulary + `,"@id":"urn:a","a":1e-7}`,
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"1.0E-7\"^^<" + xsdDouble + "> .\n",
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"0\"^^<" + xsdInteger + "> .\n"},
	{"rdf-canonize: U+FFFE and U+FFFF stand as they are", "RDF Dataset Canonicalization appendix A: what is no Char of XML 1.1 is escaped",
		func(in traits, _ theirs) bool { return in.nonCharacter }, `{` + vocabulary + `,"@id":"urn:a","a":"` + "\uFFFE" + `"}`,
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"\\uFFFE\" .\n",
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"\uFFFE\" .\n"},
	{"rdf-canonize: lines stand in the order of UTF-16 units", "RDF Dataset Canonicalization section 4.4.3 step 7: code point order",
		func(in traits, _ theirs) bool { return in.high && in.supplementary }, `{` + vocabulary + `,"@id":"urn:a","a":["𐀀","` + "\uFF00" + `"]}`,
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"\uFF00\" .\n<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"𐀀\" .\n",
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"𐀀\" .\n<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"\uFF00\" .\n"},
	{"jsonld and rdf-canonize: a statement stands twice (an empty list, a JSON literal, one literal in two forms)", "RDF 1.1 Concepts section 3: a graph is a set",
		func(_ traits, answer theirs) bool { return hasRepeatedLine(answer.OK) }, `{` + vocabulary + `,"@id":"urn:a","a":[{"@list":[]},{"@list":[]}]}`,
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> <" + rdfNil + "> .\n",
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> <" + rdfNil + "> .\n<urn:a> <https://www.w3.org/ns/credentials/examples#a> <" + rdfNil + "> .\n"},
	{"jsonld: a text that differs from another one in its direction only is lost", "JSON-LD API 1.1 section 7.2 step 4.1.2: only an equivalent value is left out",
		func(in traits, _ theirs) bool { return in.directions }, `{` + vocabulary + `,"@id":"urn:a","a":["x",{"@value":"x","@direction":"rtl"}]}`,
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"x\" .\n<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"x\"^^<https://www.w3.org/ns/i18n#_rtl> .\n",
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"x\" .\n"},
	{"jsonld: a graph container without values is taken for no member at all", "JSON-LD API 1.1 section 5.1.2 step 19: the object has a member",
		func(in traits, answer theirs) bool {
			return in.emptyGraph && strings.Contains(answer.Error, "Dropping")
		}, `{"@context":"` + contextV1 + `","@graph":[{"proof":[]},{"id":"urn:a","type":"VerifiableCredential"}]}`,
		"<urn:a> <" + rdfType + "> <" + credentialType + "> .\n", "Dropping empty object"},
	{"jsonld: @protected false is a cycle", "JSON-LD API 1.1 section 4.1.2 step 5.13: its value is handed on",
		func(in traits, answer theirs) bool { return in.unprotected && answer.Error != "" }, `{"@context":{"@protected":false,"a":"urn:p"},"@id":"urn:a","a":"x"}`, "<urn:a> <urn:p> \"x\" .\n", "Cyclical context definition"},
	{"jsonld: a type-scoped null context goes on in the objects below", "JSON-LD API 1.1 section 4.1.2 step 5.1.2: previous context is set",
		func(in traits, _ theirs) bool { return in.nullContext }, `{"@context":{"T":{"@id":"urn:T","@context":null}},"@id":"urn:a","@type":"T","urn:p":{"@type":"T"}}`, sharedType, "Relative @type reference"},
}

// knownBug is the name of the bug of the peer that shows in a document, "" for none.
func knownBug(doc map[string]any, answer theirs) string {
	in := traits{texts: map[string]string{}}
	in.add(doc)
	for _, b := range bugs {
		if b.shows(in, answer) {
			return b.name
		}
	}
	return ""
}

func hasRepeatedLine(text string) bool {
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if seen[line] {
			return true
		}
		seen[line] = true
	}
	return false
}

// traits are what a document has of the kinds that the bugs need.
type traits struct {
	nonCharacter, high, supplementary, pointless, directions, emptyGraph, unprotected, nullContext bool

	texts map[string]string // with the direction that each had first
}

func (t *traits) add(value any) {
	switch value := value.(type) {
	case string:
		for _, r := range value {
			t.nonCharacter = t.nonCharacter || r == 0xFFFE || r == 0xFFFF
			t.high = t.high || r >= 0xE000 && r <= 0xFFFF
			t.supplementary = t.supplementary || r > 0xFFFF
		}
		t.direct(value, "")
	case json.Number:
		f, _ := value.Float64()
		t.pointless = t.pointless || f != math.Trunc(f) && !strings.Contains(strconv.FormatFloat(f, 'g', -1, 64), ".")
	case []any:
		for _, member := range value {
			t.add(member)
		}
	case map[string]any:
		says, graphs := 0, 0
		for name, member := range value {
			array, _ := member.([]any)
			switch empty := array != nil && len(array) == 0; {
			case name == "id" || name == "@id":
			case empty && (name == "proof" || name == "verifiableCredential"):
				graphs++
			default:
				says++
			}
			contexts, isArray := member.([]any)
			t.nullContext = t.nullContext || name == "@context" && (member == nil || isArray && slices.ContainsFunc(contexts, func(c any) bool { return c == nil }))
			t.unprotected = t.unprotected || name == "@protected" && member == false
			t.add(name)
			if text, isText := member.(string); isText && name == "@value" {
				direction, _ := value["@direction"].(string)
				t.direct(text, direction+" ")
			}
			if name != "@value" || value["@direction"] == nil {
				t.add(member)
			}
		}
		t.emptyGraph = t.emptyGraph || says == 0 && graphs > 0
	}
}

// direct notes the direction of a text.
func (t *traits) direct(text, direction string) {
	direction = strings.TrimSpace(direction)
	if before, known := t.texts[text]; known && before != direction {
		t.directions = true
	}
	t.texts[text] = direction
}

// differentialKnown: each bug of the peer is still there, and what is right comes out here.
func differentialKnown(t *testing.T, l *library, peer *peer) {
	options := l.options()
	options.Inline = true
	processor := newReadings(options)
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			doc := parse(t, b.document)
			text, refusal, difference := processor.canonical(doc)
			if difference != "" || refusal != nil {
				t.Fatalf("%s %s", said(refusal), difference)
			}
			if diff := cmp.Diff(b.ours, text); diff != "" {
				t.Errorf("here (-want +got), against %s:\n%s", b.clause, diff)
			}
			if peer == nil {
				return
			}
			peer.ask(t, doc, processor.hash)
			answer := peer.answer(t)
			if knownBug(doc, answer) != b.name {
				t.Errorf("the document counts as %q", knownBug(doc, answer))
			}
			if answer.OK != b.theirs && (answer.Error == "" || !strings.Contains(answer.Error, b.theirs)) {
				t.Errorf("the bug is gone or has changed: they give %q %q, not %q", answer.OK, answer.Error, b.theirs)
			}
		})
	}
}

// differentialWarnings: a document that jsonld refuses for a warning in its own context has the documents after it refused
// that use the contexts before it, too (context.js: one list of events for all contexts of a list, kept with each of them).
// This is why the peer reads a refused document again.
func differentialWarnings(t *testing.T, _ *library, peer *peer) {
	if peer == nil {
		t.Skip("skipped: there is no jsonld")
	}
	const unused = "https://www.w3.org/ns/credentials/undefined-terms/v2"
	good := parse(t, `{"@context":"`+unused+`","@id":"urn:a","name":"n"}`)
	bad := parse(t, `{"@context":["`+unused+`",{"@foo":"urn:b"}],"@id":"urn:a","name":"n"}`)
	for _, doc := range []map[string]any{bad, good} {
		peer.send(t, map[string]any{"document": doc, "hash": "sha256", "kept": true})
		if answer := peer.answer(t); answer.Error == "" {
			t.Errorf("the bug is gone: %v is accepted", doc)
		}
	}
	peer.ask(t, good, crypto.SHA256)
	if again := peer.answer(t); again.Error != "" {
		t.Errorf("refused with nothing kept: %s", again.Error)
	}
}

// goldBug is a fault of json-gold 0.9.1: what its Normalize gives in safe mode, or a part of its error. The general path takes
// nothing from it but the expansion, and is around each fault but those with a refusal: a part of what it says then.
type goldBug struct {
	name, clause, document string
	ours                   string // "" where the document is refused
	gold, refusal          string
}

var goldBugs = []goldBug{
	{"a context that stands twice in a list is a recursion", "JSON-LD API 1.1 section 4.1.2 step 5.2: it may stand twice",
		`{"@context":["` + contextV2 + `","` + contextV2 + `"],"id":"urn:a","name":"n"}`, "<urn:a> <https://schema.org/name> \"n\" .\n", "recursive context inclusion", "recursive context inclusion"},
	{"statements with an IRI that a regular expression does not like are dropped", "JSON-LD API 1.1 section 8.1: only what is not well-formed is",
		`{` + vocabulary + `,"@id":"https://a.b-.c/x","a":"b"}`, "<https://a.b-.c/x> <https://www.w3.org/ns/credentials/examples#a> \"b\" .\n", "", ""},
	{"controls are not escaped", "RDF Dataset Canonicalization appendix A",
		`{` + vocabulary + `,"@id":"urn:a","a":"\u0008\u007f"}`, "<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"\\b\\u007F\" .\n",
		"<urn:a> <https://www.w3.org/ns/credentials/examples#a> \"\b\x7f\" .\n", ""},
	{"a property with a null context loses its graph container", "JSON-LD API 1.1 section 5.1.2 step 13.5: the container in the active context, not in the property-scoped one",
		`{"@context":"` + contextV2 + `","id":"urn:p","type":"VerifiablePresentation","verifiableCredential":{"@context":"` + contextV2 + `","id":"urn:c","type":"VerifiableCredential"}}`,
		"<urn:c> <" + rdfType + "> <" + credentialType + "> _:c14n0 .\n<urn:p> <" + rdfType + "> <https://www.w3.org/2018/credentials#VerifiablePresentation> .\n<urn:p> <https://www.w3.org/2018/credentials#verifiableCredential> _:c14n0 .\n",
		"<urn:c> <" + rdfType + "> <" + credentialType + "> .\n<urn:p> <" + rdfType + "> <https://www.w3.org/2018/credentials#VerifiablePresentation> .\n<urn:p> <https://www.w3.org/2018/credentials#verifiableCredential> <urn:c> .\n", ""},
	{"Normalize does not look at its safe mode", "the term is lost, as outside safe mode", `{"@context":"` + contextV2 + `","id":"urn:a","name":"n","foo":"bar"}`, "", "<urn:a> <https://schema.org/name> \"n\" .\n", ""},
	{"an object with a relative identifier is lost as a whole, in safe mode too", "Data Integrity 1.0 section 2.4.1: the loss has to be seen",
		`{"@context":"` + contextV2 + `","id":"urn:a","name":"n","urn:p":{"id":"rel/ative","name":"lost"}}`, "", "<urn:a> <https://schema.org/name> \"n\" .\n", ""},
}

// knownOfGeneral says whether the general path refuses a document for a bug of json-gold: a context that stands twice in a list.
func knownOfGeneral(doc any, refusal *Error) bool {
	return strings.Contains(refusal.Detail, "recursive context inclusion") && repeatsContext(doc)
}

func repeatsContext(value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, repeatsContext)
	case map[string]any:
		list, _ := value["@context"].([]any)
		for i, entry := range list {
			if url, ok := entry.(string); ok && slices.Contains(list[:i], any(url)) {
				return true
			}
		}
		for _, member := range value {
			if repeatsContext(member) {
				return true
			}
		}
	}
	return false
}

func TestKnownBugsOfJSONGold(t *testing.T) {
	l := builtIn(t)
	processor := newReadings(l.options())
	for _, b := range goldBugs {
		t.Run(b.name, func(t *testing.T) {
			doc := parse(t, b.document)
			text, refusal, difference := processor.canonical(doc)
			if difference != "" || (refusal != nil) != (b.ours == "") {
				t.Fatalf("%s %s", said(refusal), difference)
			}
			if diff := cmp.Diff(b.ours, text); diff != "" {
				t.Errorf("here (-want +got), against %s:\n%s", b.clause, diff)
			}
			options := ld.NewJsonLdOptions("")
			options.ProcessingMode, options.Algorithm, options.Format = ld.JsonLd_1_1, ld.AlgorithmURDNA2015, "application/n-quads"
			options.SafeMode = true
			options.DocumentLoader = memory(l.terms)
			gold, err := ld.NewJsonLdProcessor().Normalize(doc, options)
			if err != nil && !strings.Contains(err.Error(), b.gold) || err == nil && gold != b.gold {
				t.Errorf("the bug is gone or has changed: json-gold gives %q %v, not %q", gold, err, b.gold)
			}
		})
	}
}

// memory serves contexts by URL to json-gold.
type memory map[string]any

func (m memory) LoadDocument(url string) (*ld.RemoteDocument, error) {
	terms, known := m[url]
	if !known {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, slices.Sorted(maps.Keys(m)))
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: map[string]any{"@context": terms}}, nil
}
