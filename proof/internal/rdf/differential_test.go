package rdf

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// readings are the two ways of this package. They must give the same bytes or the same refusal for every document.
type readings struct {
	compiled, general *Processor
	hash              crypto.Hash
}

func newReadings(o Options) readings {
	compiled := NewProcessor(o)
	o.General = true
	return readings{compiled, NewProcessor(o), crypto.SHA256}
}

// canonical gives the canonical form of a document, or the refusal of both readings, or what differs between them.
func (r readings) canonical(doc map[string]any) (text string, refusal *Error, difference string) {
	text, refusal, fault := outcome(r.compiled, doc, r.hash)
	second, other, otherFault := outcome(r.general, doc, r.hash)
	same := text == second && (refusal == nil) == (other == nil)
	if same && refusal != nil {
		same = *refusal == *other
	}
	switch {
	case refusal == nil && other != nil && knownOfGeneral(doc, other):
	case fault != "" || otherFault != "":
		difference = "compiled path: " + fault + "; general path: " + otherFault
	case !same:
		difference = fmt.Sprintf("the compiled path (-) and the general path (+) differ: %s; %s\n%s", said(refusal), said(other), lineDifference(text, second))
	}
	return text, refusal, difference
}

// outcome is the canonical form by one reading, or its refusal; fault is what must never be: a panic or an error without a code.
func outcome(processor *Processor, doc map[string]any, hash crypto.Hash) (text string, refusal *Error, fault string) {
	defer func() {
		if r := recover(); r != nil {
			fault = fmt.Sprint("panic: ", r)
		}
	}()
	result, err := processor.Canonicalize(context.Background(), doc, hash)
	if err == nil {
		return string(result.NQuads), nil, ""
	}
	if !errors.As(err, &refusal) || refusal.Code == "" || refusal.Detail == "" {
		return "", nil, "an error without a code: " + err.Error()
	}
	return "", refusal, ""
}

func said(refusal *Error) string {
	if refusal == nil {
		return "accepted"
	}
	return fmt.Sprintf("%s at %q: %s", refusal.Code, refusal.Pointer, refusal.Detail)
}

func written(doc any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(doc); err != nil {
		return err.Error()
	}
	return text.String()
}

// lineDifference is the lines that stand in one text only.
func lineDifference(a, b string) string {
	has := func(text string) map[string]bool {
		lines := map[string]bool{}
		for line := range strings.Lines(text) {
			lines[line] = true
		}
		return lines
	}
	inA, inB := has(a), has(b)
	var difference strings.Builder
	for line := range strings.Lines(a) {
		if !inB[line] {
			difference.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(b) {
		if !inA[line] {
			difference.WriteString("+ " + line)
		}
	}
	return difference.String()
}

// comparison runs documents through all readings and counts what came of it.
type comparison struct {
	readings
	peer   *peer // nil where there is none
	counts map[string]int
}

const sameBytes = "same bytes"

// judge runs one document through all readings. It returns what became of it, for the count, and the difference that no
// rule of ours and no known bug explains.
func (c *comparison) judge(t testing.TB, doc map[string]any) (what, difference string) {
	t.Helper()
	if c.peer != nil {
		c.peer.ask(t, doc, c.hash) // it works while this process does
	}
	text, refusal, difference := c.readings.canonical(doc)
	var other theirs
	if c.peer != nil {
		other = c.peer.answer(t)
	}
	switch {
	case difference != "":
		return "differ", difference
	case c.peer == nil && refusal == nil:
		return sameBytes, ""
	case c.peer == nil:
		return "refused", ""
	}
	switch {
	case refusal != nil && other.Error != "":
		return "refused by all: " + ruleOf(doc, refusal), ""
	case refusal != nil:
		if rule := ruleOf(doc, refusal); rule != "" {
			return "refused here only: " + rule, ""
		}
		return "differ", "refused here by no listed rule, while jsonld accepts it: " + said(refusal)
	case knownBug(doc, other) != "":
		return "left out: " + knownBug(doc, other), ""
	case other.Error != "":
		return "differ", "accepted here, refused by jsonld: " + other.Error
	case text != other.OK:
		return "differ", "the canonical form here (-) is not that of jsonld (+)\n" + lineDifference(text, other.OK)
	}
	return sameBytes, ""
}

// compare fails t for a difference, with the smallest document that shows it. It reports whether all gave the same bytes.
func (c *comparison) compare(t testing.TB, name string, doc map[string]any) (same bool) {
	t.Helper()
	what, difference := c.judge(t, doc)
	c.counts[what]++
	if difference == "" {
		return what == sameBytes
	}
	least := smallest(copied(doc).(map[string]any), func(doc map[string]any) bool {
		_, another := c.judge(t, doc)
		return kindOf(another) == kindOf(difference)
	})
	_, difference = c.judge(t, least)
	t.Errorf("%s: %s\n%s", name, difference, written(least))
	return false
}

// kindOf is the part of a difference that stays while a document shrinks.
func kindOf(difference string) string {
	kind, _, _ := strings.Cut(difference, "\n")
	return strings.Join(strings.FieldsFunc(kind, func(r rune) bool { return r == '/' || r >= '0' && r <= '9' })[:min(1, len(kind))], "")
}

func (c *comparison) log(t testing.TB) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		t.Logf("%6d %s", c.counts[what], what)
	}
}

func newComparison(options Options, p *peer) *comparison {
	return &comparison{readings: newReadings(options), peer: p, counts: map[string]int{}}
}

// rounds is how many generated documents are compared: LAUREL_DIFFERENTIAL, else few enough for every day.
func rounds(t testing.TB) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("LAUREL_DIFFERENTIAL"), "300"))
	if err != nil || n < 1 {
		t.Fatalf("LAUREL_DIFFERENTIAL is not a number of documents: %v", err)
	}
	return n
}

// long reports whether this is a long run, in which every term has to come.
func long() bool { n, _ := strconv.Atoi(os.Getenv("LAUREL_DIFFERENTIAL")); return n >= 10000 }

// parsed reads a document back from its text, so that all readings have the same.
func parsed(t testing.TB, doc map[string]any) map[string]any {
	t.Helper()
	value, err := strict.Object([]byte(written(doc)), credential.JSONLimits())
	if err != nil {
		t.Fatalf("%v\n%s", err, written(doc))
	}
	return value
}

// TestDifferential compares over the built-in contexts, with one process of node for all its parts.
func TestDifferential(t *testing.T) {
	l := builtIn(t)
	p := newPeer(t, l.texts)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *library, *peer)
	}{
		{"warnings", differentialWarnings}, // first, as it is about what the peer has not read yet
		{"known bugs", differentialKnown}, {"found", differentialFound}, {"generated", differentialGenerated}, {"inline", differentialInline}, {"mutated", differentialMutated},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, l, p) })
	}
}

// differentialGenerated: generated documents have one canonical form by every reading, or none by all. Every class of the
// built-in contexts, and in the long form every property, is among those that have one.
func differentialGenerated(t *testing.T, l *library, p *peer) {
	c := newComparison(l.options(), p)
	terms := newReadings(Options{Context: l.options().Context}) // members have to be terms
	drawn := map[string]bool{}
	for seed := range rounds(t) {
		c.hash = []crypto.Hash{crypto.SHA256, crypto.SHA384}[seed/7%2]
		doc := parsed(t, l.document(uint64(seed), seed%10 == 0))
		if c.compare(t, fmt.Sprintf("seed %d", seed), doc) {
			noteWords(doc, drawn)
		}
		if seed%4 == 0 {
			if _, _, difference := terms.canonical(doc); difference != "" {
				t.Errorf("seed %d, members as terms: %s\n%s", seed, difference, written(doc))
			}
		}
	}
	c.log(t)
	var missing []string
	for _, word := range l.words() {
		if !drawn[word] {
			missing = append(missing, word)
		}
	}
	t.Logf("%d of %d terms are in no document that was accepted: %q", len(missing), len(l.words()), missing)
	if long() && len(missing) > 0 {
		t.Error("the generator leaves terms out")
	}
}

// differentialInline: documents that define terms themselves, which always take the general path.
func differentialInline(t *testing.T, l *library, p *peer) {
	options := l.options()
	options.Inline = true
	c := newComparison(options, p)
	for seed := range rounds(t) / 4 {
		c.compare(t, fmt.Sprintf("seed %d", seed), parsed(t, l.inlineDocument(uint64(seed))))
	}
	c.log(t)
}

// differentialFound: the documents in which a difference was found before, each as small as it gets.
func differentialFound(t *testing.T, l *library, p *peer) {
	options := l.options()
	options.Inline = true
	c := newComparison(options, p)
	for _, found := range []struct{ name, doc string }{
		{"infinity as a text", `{"@context":"` + contextV2 + `","name":{"@type":"` + xsdDouble + `","@value":"INF"}}`},
		{"negative infinity as a text", `{"@context":"` + contextV2 + `","name":{"@type":"` + xsdDouble + `","@value":"-Infinity"}}`},
		{"no number as a text", `{"@context":"` + contextV2 + `","name":{"@type":"` + xsdDouble + `","@value":"NaN"}}`},
		{"JSON literal in a list container", `{"@context":{"a":{"@id":"urn:a","@type":"@json","@container":"@list"}},"a":"x"}`},
		{"JSON literal in a list container that its own context takes away", `{"@context":{"a":{"@id":"urn:a","@type":"@json","@container":"@list","@context":{"a":"urn:b"}}},"a":"x"}`},
		{"JSON literal in a graph container that its own context takes away", `{"@context":{"a":{"@id":"urn:a","@type":"@json","@container":"@graph","@context":{"a":"urn:b"}}},"a":"x"}`},
		{"context of the document that does not go on", `{"@context":{"@propagate":false,"a":"urn:a","id":"@id"},"a":{"id":"urn:b"}}`},
		{"two unknown members of a definition", `{"@context":{"a":{"@id":"urn:a","b":1,"c":1,"d":1,"e":1}},"a":"x"}`},
		{"a list in a property whose context takes the list away", `{"@context":{"a":{"@id":"urn:a","@container":"@list","@context":{"a":"urn:b"}}},"a":"x"}`},
		{"one node twice with an empty list", `{"@context":"` + contextV2 + `","@graph":[{"id":"urn:a","name":{"@list":[]}},{"id":"urn:a","name":{"@list":[]}}]}`},
	} {
		doc := parse(t, found.doc)
		for range 20 { // no answer may hang on the order in which a map is read
			if _, difference := c.judge(t, doc); difference != "" {
				t.Errorf("%s: %s\n%s", found.name, difference, found.doc)
				break
			}
		}
	}
	c.log(t)
}

// noteWords notes the names and texts of a document.
func noteWords(value any, words map[string]bool) {
	switch value := value.(type) {
	case string:
		words[value] = true
	case []any:
		for _, member := range value {
			noteWords(member, words)
		}
	case map[string]any:
		for name, member := range value {
			words[name] = true
			noteWords(member, words)
		}
	}
}

// TestDifferentialCorpus: real documents, examples and vectors, whole, without their proofs, and the proofs alone.
func TestDifferentialCorpus(t *testing.T) {
	folder := referenceFolder(t)
	texts := map[string]json.RawMessage{}
	for url, file := range referenceContexts {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		texts[url] = text
	}
	c := newComparison(referenceOptions(t), newPeer(t, texts))
	terms := newReadings(Options{Context: referenceOptions(t).Context}) // members have to be terms
	seen := map[string]bool{}
	compare := func(name string, doc map[string]any) {
		if text := written(doc); !seen[text] && (long() || len(text) < 30000) {
			seen[text] = true
			c.compare(t, name, doc)
			if _, _, difference := terms.canonical(doc); difference != "" {
				t.Errorf("%s, members as terms: %s", name, difference)
			}
		}
	}
	documents(t, "", func(name string, doc map[string]any) {
		compare(name, doc)
		context, has := doc["@context"]
		if proof, ok := doc["proof"].(map[string]any); ok && has {
			alone, configuration := maps.Clone(doc), maps.Clone(proof)
			delete(alone, "proof")
			delete(configuration, "proofValue")
			configuration["@context"] = context
			compare(name+" without its proof", alone)
			compare(name+", its proof", configuration)
		}
	})
	c.log(t)
}
