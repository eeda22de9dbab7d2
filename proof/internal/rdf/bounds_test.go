package rdf

import (
	"crypto"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// Bounds that keep one document from costing others. The figures are bytes, units and counts, which are the same on every machine.

func repeated(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ",")
}

// TestKeysOfLists: one text that is made to look like two URLs is not taken for them, whatever has been read before.
func TestKeysOfLists(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	endorsement := func(context string) string {
		return badge(`"endorsement":[{"@context":` + context + `,"id":"urn:e","type":["VerifiableCredential"],"issuer":"did:ex:2"}]`)
	}
	both := fmt.Sprintf("[%q,%q]", contextV2, contextOB)
	for _, good := range []string{badge(`"name":"n"`), endorsement(both)} {
		if _, err := processor.Canonicalize(t.Context(), parse(t, good), crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	for _, forged := range []string{
		fmt.Sprintf("%d %s%d %s", len(contextV2), contextV2, len(contextOB), contextOB),
		fmt.Sprintf("%s%s", contextV2, contextOB), fmt.Sprintf("%q %q", contextV2, contextOB), fmt.Sprintf("%d %s", len(contextV2), contextV2),
	} {
		_, err := processor.Canonicalize(t.Context(), parse(t, fmt.Sprintf(`{"@context":%q,"id":"urn:c","name":"n"}`, forged)), crypto.SHA256)
		wantRefusal(t, err, CodeContextUntrusted, "/@context")
		_, err = processor.Canonicalize(t.Context(), parse(t, endorsement(fmt.Sprintf("%q", forged))), crypto.SHA256)
		wantRefusal(t, err, CodeContextUntrusted, "/endorsement/0/@context")
	}
}

// TestEndorsementsAreRead: as many as a badge may carry, each with its own contexts.
func TestEndorsementsAreRead(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	own := fmt.Sprintf(`{"@context":[%q,%q],"id":"urn:e:%%d","type":["VerifiableCredential","EndorsementCredential"],"issuer":"did:ex:2"}`, contextV2, contextOB)
	if _, err := processor.Canonicalize(t.Context(), parse(t, badge(`"endorsement":[`+repeated(400, own)+`]`)), crypto.SHA256); err != nil {
		t.Error(err)
	}
	once, again := badge(`"evidence":{"type":["Evidence"]}`), badge(`"evidence":{"type":[`+strings.Repeat(`"Evidence",`, 1900)+`"Evidence"]}`)
	for _, text := range []string{once, again} {
		before := processor.kept.Load()
		if _, err := processor.Canonicalize(t.Context(), parse(t, text), crypto.SHA256); err != nil || processor.kept.Load() > before+4 {
			t.Errorf("%v, %d contexts made", err, processor.kept.Load()-before)
		}
	}
}

// TestHonestDocumentsAreRead: long texts, pictures in data: URLs and long identifiers, each many times, up to the largest document.
func TestHonestDocumentsAreRead(t *testing.T) {
	processor := NewProcessor(inlineOptions(t))
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, text := range map[string]string{
		"picture of 3 MB":            badge(`"image":{"id":"data:image/png;base64,` + long(3_000_000) + `","type":"Image"}`),
		"three pictures":             badge(`"evidence":[` + repeated(3, `{"id":"data:image/png;base64,%d`+long(900_000)+`","type":["Evidence"],"name":"n"}`) + `]`),
		"long texts":                 badge(`"evidence":[` + repeated(1900, `{"type":["Evidence"],"narrative":"%d `+long(2000)+`"}`) + `]`),
		"long identifiers":           badge(`"evidence":[` + repeated(1900, `{"id":"https://example.org/%d?`+long(1500)+`","type":["Evidence"],"name":"n"}`) + `]`),
		"credentials with own terms": inline(`{"zz":"urn:zz"}`, `"verifiableCredential":[`+repeated(24, fmt.Sprintf(`{"@context":[%q,{"zz":"urn:zz","yy":"urn:yy","xx":"urn:xx"}],"id":"urn:c:%%d","type":"VerifiableCredential","zz":"1"}`, contextV2))+`]`),
	} {
		if name == "credentials with own terms" {
			text = strings.Replace(text, `"VerifiableCredential"],"issuer":"did:ex:1"`, `"VerifiablePresentation"],"holder":"did:ex:1"`, 1)
		}
		if _, err := processor.Canonicalize(t.Context(), parse(t, text), crypto.SHA256); err != nil {
			t.Errorf("%s, %d kB: %v", name, len(text)>>10, err)
		}
	}
}

// TestLiteralsBesideAlikeNodes: the search for canonical identifiers passes by what mentions no other blank node, so texts on alike
// nodes neither slow it nor pay for it.
func TestLiteralsBesideAlikeNodes(t *testing.T) {
	clique := func(size, texts int) string {
		objects := make([]string, size)
		for i := range objects {
			var others []string
			for j := range size {
				if j != i {
					others = append(others, fmt.Sprintf(`{"id":"_:n%d"}`, j))
				}
			}
			objects[i] = fmt.Sprintf(`{"id":"_:n%d","type":["Profile"],"parentOrg":[%s],"name":[%s]}`, i, strings.Join(others, ","), repeated(texts, `"%d"`))
		}
		return badge(`"evidence":[` + strings.Join(objects, ",") + `]`)
	}
	processor := NewProcessor(inlineOptions(t))
	_, few, err := processor.Sum(t.Context(), parse(t, clique(5, 1)), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	_, many, err := processor.Sum(t.Context(), parse(t, clique(5, 1900)), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if more := 5 * 1900 * 20; many > few+more {
		t.Errorf("%d units, and %d with texts", few, many)
	}
	for _, texts := range []int{1, 1900} {
		_, _, err = processor.Sum(t.Context(), parse(t, clique(7, texts)), crypto.SHA256)
		wantRefusal(t, err, CodeTooComplex, "")
	}
}

// TestTextDoesNotGrow: a long identifier or IRI that stands in many statements is refused before the statements are written.
func TestTextDoesNotGrow(t *testing.T) {
	processor := NewProcessor(inlineOptions(t))
	long := strings.Repeat("x", 60000)
	for name, text := range map[string]string{
		"identifier of many values": badge(`"credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"urn:` + long + `","type":["Achievement"],"tag":[` + repeated(1900, `"%d"`) + `]}}`),
		"identifier beside objects without one": strings.Replace(badge(`"evidence":[`+repeated(1900, `{"type":["Evidence"],"name":"%d"}`)+`]`),
			`"id":"urn:`, `"id":"urn:`+long, 1),
		"vocabulary":           inline(`{"@vocab":"urn:`+strings.Repeat("v", 500)+`"}`, `"credentialSubject":{`+repeated(50000, `"m%d":[]`)+`}`),
		"vocabulary in values": inline(`{"@vocab":"urn:`+strings.Repeat("v", 500)+`"}`, `"credentialSubject":{`+repeated(9000, `"m%d":"a"`)+`}`),
	} {
		doc := parse(t, text)
		for path, read := range map[string]func() error{
			"canonical": func() error { _, err := processor.Canonicalize(t.Context(), doc, crypto.SHA256); return err },
			"check":     func() error { return processor.Check(doc) },
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read()
			runtime.ReadMemStats(&after)
			var refusal *Error
			if path == "canonical" && (!errors.As(err, &refusal) || refusal.Code != CodeTooComplex) {
				t.Errorf("%s: %v", name, err)
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 64<<20 {
				t.Errorf("%s, %s: %d MiB were allocated for %d kB", name, path, made>>20, len(text)>>10)
			}
		}
	}
}

// TestNothingIsKept: what a document brings goes with it.
func TestNothingIsKept(t *testing.T) {
	processor := NewProcessor(inlineOptions(t))
	padding := strings.Repeat("p", 1<<20)
	held := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	lists := []string{contextV2, contextOB, "https://w3id.org/security/data-integrity/v2", "https://w3id.org/security/multikey/v1"}
	before := held()
	for i := range 24 {
		// Each document compiles a list of its own, and derives contexts behind one that it has written itself.
		list := fmt.Sprintf("%q,%q", lists[0], lists[1])
		for n := range 3 {
			list += fmt.Sprintf(",%q", lists[(i>>n&1)+2])
		}
		text := fmt.Sprintf(`{"@context":[%s],"id":"urn:vp","type":"VerifiablePresentation","holder":"urn:%s","verifiableCredential":[{"@context":[%q,{"zz":"urn:zz:%d"}],"id":"urn:a","type":"VerifiableCredential","zz":"1"},%s]}`,
			list, padding, contextV2, i, repeated(12, fmt.Sprintf(`{"@context":[%q,%q],"id":"urn:%d:%%d","type":["VerifiableCredential","OpenBadgeCredential"]}`, contextV2, contextOB, i)))
		_, _ = processor.Canonicalize(t.Context(), parse(t, text), crypto.SHA256)
	}
	if grown := int64(held()) - int64(before); grown > 8<<20 {
		t.Errorf("%d MiB are held after 24 documents of 1 MiB, with %d contexts", grown>>20, processor.kept.Load())
	}
	many := parse(t, `{"@context":`+fmt.Sprintf("%q", contextV2)+`,`+repeated(59000, `"m%d":1`)+`}`)
	_, _ = processor.Canonicalize(t.Context(), many, crypto.SHA256)
	r := processor.run()
	if cap(r.walk.members) > runMost || cap(r.canonicalizer.line) > runLongest {
		t.Errorf("room for %d members and %d bytes was kept", cap(r.walk.members), cap(r.canonicalizer.line))
	}
}

// TestUnits: what is refused late has cost what it has cost, and a JSON literal is not free.
func TestUnits(t *testing.T) {
	processor := NewProcessor(inlineOptions(t))
	for name, c := range map[string]struct {
		text  string
		least int
	}{
		"small":              {badge(`"name":"n"`), 1},
		"JSON literal":       {badge(`"credentialSchema":{"id":"urn:s","type":"JsonSchema","jsonSchema":[` + repeated(1900, `"abcdefghijklmnopqrstuvwxyz %d"`) + `]}`), 1900},
		"no identifiers":     {badge(`"evidence":[` + repeated(1900, `{"type":["Evidence"],"name":"%d"}`) + `]`), 40000},
		"refused at last":    {badge(`"evidence":[` + repeated(1000, `{"type":["Evidence"],"name":"%d"}`) + `],"issuer":{"id":"did:ex:1","name":null}`), 10000},
		"context of its own": {inline(`{"zz":"urn:zz"}`, `"zz":"1"`), generalUnits * 2 * entrySize},
	} {
		_, units, _ := processor.Sum(t.Context(), parse(t, c.text), crypto.SHA256)
		if units < c.least {
			t.Errorf("%s: %d units, want at least %d", name, units, c.least)
		}
	}
}
