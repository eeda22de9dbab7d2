package rdf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// generator draws documents that are hard on a processor. Most of them are good.
type generator struct {
	*rand.Rand
	library *library
	rare    bool // draw what the second implementations are known to get wrong, too
	objects int  // still to draw
	ids     []string
	issued  int
}

// recipe is a kind of document: contexts that go together, and the types of its root.
type recipe struct {
	contexts, types []string
}

const (
	contextOB1        = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
	contextOB2        = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
	contextExtensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
	contextCLR        = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
	contextDI1        = "https://w3id.org/security/data-integrity/v1"
	contextDI2        = "https://w3id.org/security/data-integrity/v2"
	contextMultikey   = "https://w3id.org/security/multikey/v1"
	contextEd25519    = "https://w3id.org/security/suites/ed25519-2020/v1"
	contextDID        = "https://www.w3.org/ns/did/v1"
	contextStatusList = "https://w3id.org/vc/status-list/2021/v1"
	contextStatus     = "https://www.w3.org/ns/credentials/status/v1"
	contextUndefined  = "https://www.w3.org/ns/credentials/undefined-terms/v2"
	contextCID        = "https://www.w3.org/ns/cid/v1"
	contextJWK        = "https://w3id.org/security/jwk/v1"
)

var recipes = []recipe{
	{[]string{contextV2, contextOB}, []string{"VerifiableCredential", "OpenBadgeCredential"}},
	{[]string{contextV2, contextOB}, []string{"VerifiableCredential", "EndorsementCredential"}},
	{[]string{contextV2, contextOB, contextExtensions}, []string{"VerifiableCredential", "AchievementCredential"}},
	{[]string{contextV2, contextOB2}, []string{"VerifiableCredential", "OpenBadgeCredential"}},
	{[]string{contextV2, contextCLR, contextOB}, []string{"VerifiableCredential", "ClrCredential"}},
	{[]string{contextV2, contextCLR, contextOB}, []string{"ClrSubject"}},
	{[]string{contextV1, contextOB1}, []string{"VerifiableCredential", "OpenBadgeCredential"}},
	{[]string{contextV1, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json", contextExtensions}, []string{"VerifiableCredential", "OpenBadgeCredential"}},
	{[]string{contextV1, contextOB2, contextEd25519}, []string{"VerifiableCredential"}},
	{[]string{contextV1, contextStatusList}, []string{"VerifiableCredential", "StatusList2021Credential"}},
	{[]string{contextV1, contextStatus, contextDI1}, []string{"VerifiableCredential"}},
	{[]string{contextV1, contextDI2}, []string{"VerifiablePresentation"}},
	{[]string{contextV2}, []string{"VerifiableCredential", "BitstringStatusListCredential"}},
	{[]string{contextV2}, []string{"VerifiableCredential", "JsonSchemaCredential"}},
	{[]string{contextV2}, []string{"VerifiablePresentation"}},
	{[]string{contextV2, contextOB}, []string{"VerifiablePresentation"}},
	{[]string{contextV2}, []string{"DataIntegrityProof"}},
	{[]string{contextDI1}, []string{"DataIntegrityProof"}},
	{[]string{contextDI2, contextMultikey}, []string{"DataIntegrityProof"}},
	{[]string{contextEd25519}, []string{"Ed25519Signature2020"}},
	{[]string{contextDID, contextMultikey}, nil},
	{[]string{contextDID, contextEd25519}, nil},
	{[]string{contextCID}, nil},
	{[]string{contextDID, contextJWK}, nil},
	{[]string{contextMultikey}, []string{"Multikey"}},
	{[]string{contextV2, contextVocab}, []string{"VerifiableCredential"}},
	{[]string{contextV2, contextOB, contextUndefined}, []string{"VerifiableCredential"}},
}

// generator makes the choices of a seed.
func (l *library) generator(seed uint64, rare bool) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 2026)), library: l, rare: rare, objects: 8 + int(seed%7)*4}
}

// document draws the document of a seed. Recipes and the classes of their contexts take turns, so that each comes.
func (l *library) document(seed uint64, rare bool) map[string]any {
	g := l.generator(seed, rare)
	kind := recipes[seed%uint64(len(recipes))]
	if g.one(25) {
		kind = recipe{contexts: g.list(1 + g.IntN(3))}
	}
	terms := l.root(kind.contexts)
	types := slices.Clone(kind.types)
	if turn := int(seed) / len(recipes); len(terms.classes) > 0 && (types == nil || g.one(2)) {
		if class := terms.classes[turn%len(terms.classes)]; g.joins(terms, types, class) {
			types = append(types, class)
		} else {
			types = []string{class}
		}
	}
	var document map[string]any
	switch {
	case g.one(25):
		var graph []any
		for range 1 + g.IntN(3) {
			graph = append(graph, g.node(terms, types, 1, true))
		}
		document = map[string]any{"@graph": graph}
		if g.one(2) {
			document["@id"] = g.identifier()
			if len(terms.properties) > 0 && g.one(2) {
				g.fill(document, terms, terms, 1)
			}
		}
	default:
		document = g.node(terms, types, 0, true)
	}
	if g.one(12) {
		g.shape(document)
	}
	document["@context"] = kind.contexts[0]
	if len(kind.contexts) > 1 || g.one(2) {
		document["@context"] = texts(kind.contexts)
	}
	return document
}

func texts(values []string) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

func (g *generator) list(n int) []string {
	urls := make([]string, n)
	for i := range urls {
		urls[i] = pick(g, g.library.urls)
	}
	return urls
}

// joins reports whether a class can stand beside the types.
func (g *generator) joins(terms *lexicon, types []string, class string) bool {
	for _, other := range types {
		if other == class || !terms.agree(other, class) {
			return g.one(40)
		}
	}
	return true
}

// node draws a node object whose names are read by outer. A node that says something has a type or a property.
func (g *generator) node(outer *lexicon, types []string, depth int, says bool) map[string]any {
	g.objects--
	object := map[string]any{}
	if types == nil && len(outer.classes) > 0 && !g.one(4) {
		for range 1 + g.IntN(6)/4 {
			if class := pick(g, outer.classes); g.joins(outer, types, class) {
				types = append(types, class)
			}
		}
	}
	if outer.vocabulary && g.one(6) {
		types = append(types, "Unheard", "https://example.org/#T")[:len(types)+1+g.IntN(2)]
	}
	if g.one(50) {
		types = append(types, "https://example.org/#T")
	}
	credential := slices.Contains(types, "VerifiableCredential") || slices.Contains(types, "EnvelopedVerifiableCredential")
	if len(types) > 0 {
		var value any = texts(types)
		if len(types) == 1 && g.one(2) {
			value = types[0]
		}
		object[g.alias(outer, "type")] = value
	}
	switch {
	case credential && !g.one(6): // no two objects may be one credential
		g.issued++
		object[g.alias(outer, "id")] = fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", g.issued)
	case !credential && g.one(2):
		object[g.alias(outer, "id")] = g.identifier()
	}
	inside := outer.inside(types)
	g.fill(object, outer, inside, depth)
	if says && len(object) < 2 && types == nil {
		object["urn:says"] = g.text()
	}
	return object
}

// alias is a keyword as it stands in an object: the alias, if there is one, or now and then the keyword itself.
func (g *generator) alias(terms *lexicon, name string) string {
	if _, has := terms.terms[name]; !has || g.one(60) {
		return "@" + name
	}
	return name
}

// fill draws properties of an object.
func (g *generator) fill(object map[string]any, outer, inside *lexicon, depth int) {
	var own []string // names that the types bring along
	for _, name := range inside.properties {
		if _, before := outer.terms[name]; !before {
			own = append(own, name)
		}
	}
	for range g.IntN(5) + g.IntN(5) {
		if g.objects < 0 {
			return
		}
		from := inside.properties
		if len(own) > 0 && !g.one(4) {
			from = own
		}
		name := "urn:example:p" + strconv.Itoa(g.IntN(3))
		switch {
		case len(from) > 0 && !g.one(15):
			name = pick(g, from)
		case g.one(3):
			name = "https://schema.org/name" // another name of a term
		case inside.terms["cred"].id != "" && g.one(2):
			name = "cred:evidence"
		case inside.vocabulary:
			name = pick(g, []string{"unheard", "Great", "été", "a_b", "名前"})
		}
		m := inside.terms[name]
		object[name] = g.values(name, m, inside, outer.below(name, m), depth)
	}
}

// values draws what stands at a property: one value or several, maybe alike.
func (g *generator) values(name string, m meaning, inside, next *lexicon, depth int) any {
	if m.coercion == "@json" {
		return g.json(0)
	}
	n := 1
	if g.one(3) {
		n = g.IntN(5)
	}
	list := []any{}
	for range n {
		value := g.value(name, m, inside, next, depth)
		list = append(list, value)
		if g.one(8) && (g.one(20) || !strings.Contains(written(value), `"VerifiableCredential"`)) {
			list = append(list, copied(value)) // one statement, or a blank node that is the like of another
		}
	}
	switch {
	case len(list) == 1 && !g.one(3):
		return list[0]
	case m.graph:
		return list
	case g.one(20) && len(list) > 0:
		return map[string]any{"@set": list}
	case g.one(25):
		return map[string]any{"@list": list}
	case g.one(60) && len(list) > 1:
		return []any{list, list[:len(list)/2]}
	}
	return list
}

func (g *generator) value(name string, m meaning, inside, next *lexicon, depth int) any {
	if name == "endorsement" || name == "verifiableCredential" || m.graph {
		return g.embedded(name, m, next, depth)
	}
	switch n := g.IntN(16); {
	case n < 5 && depth < 9 && g.objects > 0, depth > 0 && depth < 25 && g.one(30):
		return g.node(next, nil, depth+1, false)
	case n == 5:
		return map[string]any{g.alias(inside, "id"): g.identifier()}
	case n == 6:
		return g.valueObject()
	case n == 7:
		return g.number()
	case n == 8:
		return g.one(2)
	}
	switch {
	case m.coercion == "@id" && !g.one(40):
		return g.identifier()
	case m.coercion == "@vocab" && !g.one(40):
		words := append(slices.Clone(next.properties), next.classes...)
		if len(words) > 0 && !g.one(6) {
			return pick(g, words)
		}
		return g.identifier()
	case strings.HasSuffix(m.coercion, "dateTime"):
		return fmt.Sprintf("20%02d-01-01T00:00:00Z", g.IntN(40))
	}
	return g.text()
}

// embedded draws a node where the built-in contexts let one bring contexts of its own, or a graph.
func (g *generator) embedded(name string, m meaning, next *lexicon, depth int) any {
	if name == "proof" || len(next.terms) > 0 && g.one(2) {
		return g.node(next, nil, depth+1, true)
	}
	kind := pick(g, recipes)
	types := kind.types
	if !slices.Contains(types, "VerifiableCredential") {
		kind, types = recipes[0], recipes[0].types
	}
	if kind.contexts[0] == contextV2 && g.one(5) {
		types = []string{"EnvelopedVerifiableCredential"}
	}
	object := g.node(g.library.of(next, kind.contexts), types, depth+1, true)
	object["@context"] = texts(kind.contexts)
	return object
}

// identifier draws an absolute IRI, a compact one, or a blank node label; often one that the document has already.
func (g *generator) identifier() string {
	if len(g.ids) > 0 && g.one(3) {
		return pick(g, g.ids)
	}
	id := pick(g, identifiers)
	switch g.IntN(8) {
	case 0, 1, 2:
		id = fmt.Sprintf("https://example.org/%d", g.IntN(1000))
	case 3:
		id = "_:" + pick(g, []string{"a", "b0", "b1", "c14n0", "c14n1", "x.y", "é", "b", "e-1"})
	case 4:
		if g.one(30) {
			id = pick(g, badIdentifiers)
		}
	}
	g.ids = append(g.ids, id)
	return id
}

// shape links blank nodes by their labels into a small graph: rings, cliques, twins.
func (g *generator) shape(document map[string]any) {
	n := 2 + g.IntN(4)
	var nodes []any
	for i := range n {
		var to []any
		for j := range n {
			if ring := (i+1)%n == j; ring && g.one(2) || g.one(3) {
				to = append(to, map[string]any{"@id": "_:s" + strconv.Itoa(j)})
			}
		}
		nodes = append(nodes, map[string]any{"@id": "_:s" + strconv.Itoa(i), "urn:to": append(to, "x")})
	}
	document["urn:shape"] = nodes
}

// copied is a deep copy of a JSON value.
func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, member := range value {
			object[name] = copied(member)
		}
		return object
	case []any:
		array := make([]any, len(value))
		for i, member := range value {
			array[i] = copied(member)
		}
		return array
	}
	return value
}
