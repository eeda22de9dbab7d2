package rdf

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// canonicalLabels are the labels that the canonical form has.
func canonicalLabels(blanks int) (labels []string, err error) {
	for n := range blanks {
		labels = append(labels, canonPrefix+strconv.Itoa(n))
	}
	return labels, nil
}

// part is what a selection selects of a value, as selectJsonLd of VC-DI-ECDSA section 3.4 gives it.
func (s *Selection) part(value any, top bool) any {
	if s.Whole() {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		object := map[string]any{}
		for name, member := range value {
			if name == "id" || name == "type" || top && name == "@context" {
				object[name] = member
			} else if inner := s.Part(name); inner != nil {
				object[name] = inner.part(member, false)
			}
		}
		return object
	case []any:
		var array []any
		for i, item := range value {
			if inner := s.Part(strconv.Itoa(i)); inner != nil {
				array = append(array, inner.part(item, false))
			}
		}
		return array
	}
	return value
}

// paths are the reference tokens of every value below an object, and whether the value has no meaning without what is around it: it
// stands in a list or a value object, in a JSON literal, or in an object with contexts of its own.
func paths(value any, at []string, bound bool, each func(path []string, bound bool)) {
	if len(at) > 0 {
		each(at, bound)
	}
	switch value := value.(type) {
	case map[string]any:
		if _, own := value["@context"]; own && len(at) > 0 {
			bound = true
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			_, hasValue := value["@value"]
			paths(value[name], append(slices.Clone(at), name), bound || hasValue || strings.HasPrefix(name, "@"), func(path []string, inner bool) {
				each(path, inner || len(path) > len(at)+1 && slices.Contains(literals, name))
			})
		}
	case []any:
		for i, item := range value {
			paths(item, append(slices.Clone(at), strconv.Itoa(i)), bound, each)
		}
	}
}

// literals are terms whose value is a JSON literal, and lists.
var literals = []string{"publicKeyJwk", "secretKeyJwk", "jwk", "_sd", "jsonSchema", "allowedValue"}

// TestStatements: the statements of a document are the lines of its canonical form; those that a selection selects are the ones of
// the part of the document that it selects, wherever that part means the same on its own.
func TestStatements(t *testing.T) {
	l := builtIn(t)
	p := NewProcessor(Options{Context: l.options().Context})
	ctx := context.Background()
	alike, other := 0, 0
	for seed := range uint64(600) {
		doc := parsed(t, l.document(seed, false))
		canonical, err := p.Canonicalize(ctx, doc, crypto.SHA256)
		if err != nil {
			continue
		}
		all, err := p.Statements(ctx, doc, nil, canonicalLabels)
		if err != nil {
			t.Fatal(err)
		}
		if joined(all.All) != string(canonical.NQuads) {
			t.Fatalf("seed %d: statements:\n%s\nwant:\n%s", seed, joined(all.All), canonical.NQuads)
		}
		random := rand.New(rand.NewPCG(seed, 4))
		paths(doc, nil, false, func(path []string, bound bool) {
			if random.IntN(4) > 0 {
				return
			}
			s := &Selection{}
			s.Add(path)
			chosen, err := p.Statements(ctx, doc, []*Selection{nil, s}, canonicalLabels)
			if err != nil {
				t.Fatal(err)
			}
			part, err := p.Canonicalize(ctx, s.part(doc, true).(map[string]any), crypto.SHA256)
			if err == nil && bytes.Equal(part.NQuads, chosen.Selected) {
				alike++
				return
			}
			other++
			if !bound {
				t.Errorf("seed %d %q means something else on its own: %v", seed, path, err)
			}
		})
	}
	t.Logf("%d parts alike, %d that mean something else on their own", alike, other)
}

// TestStatementsSelected: a pointer selects the whole value, and the way there; blank nodes keep their names whatever is selected.
func TestStatementsSelected(t *testing.T) {
	p := NewProcessor(Options{Context: builtIn(t).options().Context})
	doc := objectOf(t, `{"@context":["`+contextV2+`","`+contextOB+`"],"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"urn:i","type":["Profile"],"name":"I"},
		"credentialSubject":{"type":["AchievementSubject"],"identifier":[{"type":"IdentityObject","salt":"a"},{"type":"IdentityObject","salt":"b"}],
		"achievement":{"id":"urn:a","type":["Achievement"],"creator":{"id":"urn:i","type":["Profile"],"name":"I"},
		"resultDescription":[{"id":"urn:r","type":["ResultDescription"],"allowedValue":["x","y"]}]}}}`)
	for name, c := range map[string]struct {
		pointers string
		want     int // statements, of 23
	}{
		"nothing":                   {"", 0},
		"the document":              {"/", 23},
		"a type":                    {"/type/0", 2},
		"the context":               {"/@context", 2},
		"an object":                 {"/issuer", 2 + 3},
		"one item":                  {"/credentialSubject/identifier/1", 2 + 2 + 3},
		"a member on the way":       {"/credentialSubject/achievement/id", 2 + 2 + 2},
		"what stands at two places": {"/credentialSubject/achievement/creator/name", 2 + 2 + 2 + 3},
		"a list":                    {"/credentialSubject/achievement/resultDescription/0/allowedValue", 2 + 2 + 2 + 2 + 5},
		"two":                       {"/issuer/name /credentialSubject/identifier/0/salt", 2 + 3 + 2 + 3},
	} {
		var s *Selection
		for _, pointer := range strings.Fields(c.pointers) {
			if s == nil {
				s = &Selection{}
			}
			if pointer == "/" {
				s.Add(nil)
			} else {
				s.Add(strings.Split(pointer, "/")[1:])
			}
		}
		all, err := p.Statements(context.Background(), doc, []*Selection{s}, canonicalLabels)
		if err != nil {
			t.Fatal(err)
		}
		selected := 0
		for _, s := range all.All {
			selected += int(s.By)
		}
		if selected != c.want || bytes.Count(all.Selected, []byte("\n")) != c.want {
			t.Errorf("%s: %d statements, want %d\n%s", name, selected, c.want, all.Selected)
		}
		for n, label := range all.Labels {
			if bytes.Contains(all.Selected, []byte("_:c14n"+strconv.Itoa(n)+" ")) != strings.Contains(joined(all.All), "_:"+label+" ") {
				t.Errorf("%s: c14n%d is %s", name, n, label)
			}
		}
	}
	stop := errors.New("stop")
	if _, err := p.Statements(context.Background(), doc, nil, func(int) ([]string, error) { return nil, stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want the error of the caller", err)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Statements(canceled, doc, nil, canonicalLabels); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
	if _, err := p.Statements(context.Background(), objectOf(t, `{"@context":"`+contextV2+`","x":1}`), nil, canonicalLabels); err == nil {
		t.Error("a document that would not be signed whole has statements")
	}
}

func joined(all []Statement) string {
	var lines strings.Builder
	for _, s := range all {
		lines.WriteString(s.Line)
	}
	return lines.String()
}

func objectOf(t testing.TB, text string) map[string]any {
	t.Helper()
	value, err := strict.Object([]byte(text), credential.JSONLimits())
	if err != nil {
		t.Fatal(err)
	}
	return value
}
