package rdf

import "maps"

// inlineDocument draws a document that defines terms itself, some of them in ways that are refused.
func (l *library) inlineDocument(seed uint64) map[string]any {
	g := l.generator(seed, false)
	kind := pick(g, recipes)
	if g.one(2) {
		kind = recipe{}
	}
	local := g.context(0)
	terms := l.of(nil, kind.contexts).with(local)
	document := g.node(terms, kind.types, 0, true)
	entries := append(texts(kind.contexts), local)
	if g.one(6) {
		local = g.context(0)
		entries = append(entries, local)
	}
	document["@context"] = entries
	if len(entries) == 1 && g.one(2) {
		document["@context"] = local
	}
	return document
}

// context draws a context object.
func (g *generator) context(depth int) map[string]any {
	local := map[string]any{"ex": "https://example.org/#"}
	if g.one(4) {
		local["@protected"] = !g.one(20)
	}
	if g.one(4) {
		local["@vocab"] = pick(g, []any{"https://example.org/v#", "urn:v:", "ex:", "", nil}[:2+g.IntN(4)/3*3])
	}
	if g.one(3) {
		maps.Copy(local, map[string]any{"id": "@id", "type": "@type"})
	}
	if g.one(25) {
		maps.Copy(local, pick(g, []map[string]any{{"@version": 1.1}, {"@language": "en"}, {"@base": "https://example.org/"}, {"@propagate": true}, {"@import": contextV2},
			{"": "urn:a"}, {"a": "b:x", "b": "a:x"}, {"@foo": "urn:a"}, {"kind": map[string]any{"@id": "@type", "@container": "@set"}}}))
	}
	if depth > 0 && g.one(10) {
		local["@propagate"] = g.one(2)
	}
	for range 2 + g.IntN(5) {
		name := pick(g, []string{"a", "b", "c-d", "été", "T", "U", "Other", "e.f", "ref", "list", "graph", "json"})
		if g.one(15) {
			name = pick(g, []string{"name", "evidence", "proof", "Profile", "VerifiableCredential", "ex:p", "urn:q", "https://example.org/#r"})
		}
		local[name] = g.definition(name, depth)
	}
	return local
}

// definition draws a term definition.
func (g *generator) definition(name string, depth int) any {
	id := pick(g, []string{"urn:x:" + name, "https://example.org/ns#" + name, "ex:" + name, "ex:shared", "https://schema.org/name"})
	if name == "ex:p" || name == "urn:q" || name == "https://example.org/#r" {
		id = name
	}
	if g.one(3) {
		return id
	}
	definition := map[string]any{"@id": id}
	if g.one(2) && name[0] > 'Z' {
		definition["@type"] = pick(g, []string{"@id", "@vocab", "@json", "@none", "ex:datatype", xsdDouble, xsdInteger, "http://www.w3.org/2001/XMLSchema#dateTime"})
	}
	if g.one(3) && name[0] > 'Z' {
		definition["@container"] = pick(g, []any{"@set", "@list", []any{"@set"}, []any{"@list"}, "@graph", []any{"@graph", "@set"}})
	}
	if (g.one(5) || name[0] <= 'Z' && g.one(2)) && depth < 3 {
		definition["@context"] = any(g.context(depth + 1))
		if g.one(8) {
			definition["@context"] = pick(g, []any{nil, []any{nil, g.context(depth + 1)}, map[string]any{}, []any{}})
		}
	}
	if g.one(25) {
		member := pick(g, []map[string]any{{"@protected": true}, {"@reverse": "urn:r"}, {"@container": "@language"}, {"@container": "@index"}, {"@container": "@id"}, {"@container": []any{"@list", "@set"}},
			{"@language": "en"}, {"@direction": "rtl"}, {"@prefix": true}, {"@nest": "@nest"}, {"@index": "ex:i"}, {"@id": nil}, {"@id": "@type"}, {"@id": "relative"}, {"@id": 5}, {"@type": "relative"}, {"@foo": 1}})
		maps.Copy(definition, member)
	}
	if g.one(60) {
		return pick(g, []any{nil, 5, true, []any{}, "relative", "@foo", "_:b"})
	}
	return definition
}
