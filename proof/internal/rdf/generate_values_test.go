package rdf

import (
	"encoding/json"
	"strconv"
	"strings"
)

// identifiers at the edge of validity.
var identifiers = []string{
	"urn:a", "urn:a:b#c?d", "a:", "x+y-z.1:q", "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ8XRVX1FDGQX", "https://a.b-.c/x", "https://1.2.3/x",
	"https://example.org/é", "https://例え.jp/テスト", "https://example.org/𝒳", "https://example.org/%7B%zz", "http://[::1]:80/", "HTTP://EXAMPLE.org/../a/./b//c",
	"mailto:a@b", "data:,a,b", "tag:x,2026:y", "https://example.org/?a=b&c='d'", "https://example.org/#", "https:", "https://", "urn:uuid:00000000-0000-4000-8000-000000000000",
	"schema:name", "cred:evidence", "sec:proof", "xsd:date", "obi:Achievement", "id:x", "type:x", "Profile:x", "https://user:pass@example.org:8443/~x;y=1!$()*+",
}

var badIdentifiers = []string{
	"", "rel/ative", "#fragment", "?query", "//host/path", "1a:b", "a,b:c", "a b:c", "http://a b", "urn:a> <urn:b", "urn:\"a", "http://a/{b}", "http://a/|", "http://a/^", "http://a/`",
	"http://a\\b", "http://a/\u0001", "http://a/\u00a0", "http://a/\ufeff", "http://a/\ufffd", "http://a/\u0085", "http://a/\u2028", "_:", "_: a", "@id", "@foo", "@foo:bar", ":a", "é:a",
}

// scripts are ranges of characters: with all that N-Quads escapes, and none of what rareScripts are for.
var scripts = [][2]rune{{0x20, 0x7e}, {0x20, 0x7e}, {0x00, 0x1f}, {0x7f, 0x9f}, {0xa0, 0x24f}, {0x300, 0x36f}, {0x370, 0x3ff}, {0x400, 0x4ff}, {0x590, 0x5ff}, {0x600, 0x6ff},
	{0x900, 0x97f}, {0xe00, 0xe7f}, {0x1100, 0x11ff}, {0x2000, 0x206f}, {0x3040, 0x30ff}, {0x4e00, 0x4fff}, {0xac00, 0xad00}, {0xd7f0, 0xd7ff}, {0x10000, 0x100ff},
	{0x1f300, 0x1f6ff}, {0x2f800, 0x2f8ff}, {0xe0000, 0xe007f}, {0x10fff0, 0x10ffff}}

// rareScripts are what rdf-canonize gets wrong: characters between the surrogates and the supplementary planes.
var rareScripts = [][2]rune{{0xe000, 0xe0ff}, {0xf900, 0xfaff}, {0xfe00, 0xfe0f}, {0xff00, 0xffef}, {0xfff0, 0xffff}}

func (g *generator) text() string {
	var b strings.Builder
	if g.one(30) {
		return ""
	}
	for range 1 + g.IntN(4) {
		script := pick(g, scripts)
		if g.rare && g.one(30) {
			script = pick(g, rareScripts)
		}
		for range 1 + g.IntN(6) {
			b.WriteRune(script[0] + rune(g.IntN(int(script[1]-script[0])+1)))
		}
	}
	return b.String()
}

var (
	languages = []string{"en", "AR", "zh-Hant", "de-CH-1996", "x-private", "i-klingon", "sl-rozaj-biske-1994"}
	datatypes = []string{"http://www.w3.org/2001/XMLSchema#date", xsdBoolean, xsdInteger, xsdDouble, xsdString, "urn:datatype", "https://example.org/#é",
		"http://www.w3.org/1999/02/22-rdf-syntax-ns#HTML", i18n + "en_ltr", "https://www.w3.org/2001/XMLSchema#float"}
	numbers = []json.Number{"0", "-0", "-0.0", "1", "-1", "1.0", "1e2", "1E30", "1e21", "1e20", "100000000000000000000", "123456789012345680000", "4.5", "0.002", "333333333.3333333",
		"12.25", "1.5e300", "5e-324", "9007199254740991", "-9007199254740992", "0.000001", "0.1", "1.5e-10", "0.00000015", "3.14"}
	// rareNumbers are doubles that JavaScript writes without a point: jsonld takes them for integers.
	rareNumbers = []json.Number{"1e-7", "2E-9", "5e-324", "-3e-10"}
	badNumbers  = []json.Number{"9007199254740993", "1e400", "0.1234567890123456789"}
)

func (g *generator) number() any {
	switch {
	case g.one(250):
		return pick(g, badNumbers)
	case g.rare && g.one(40):
		return pick(g, rareNumbers)
	case g.one(3):
		return json.Number(strconv.Itoa(g.IntN(2000000) - 1000000))
	case g.one(3):
		return json.Number(strconv.FormatFloat(float64(g.IntN(2000000)-1000000)/1024, 'g', -1, 64))
	}
	if n := pick(g, numbers); n != "5e-324" {
		return n
	}
	return json.Number("7")
}

// valueObject draws a value object: a type, or a language and a direction, or none of them.
func (g *generator) valueObject() any {
	object := map[string]any{"@value": g.text()}
	switch g.IntN(8) {
	case 0, 1:
		object["@language"] = pick(g, languages)
	case 2:
		object["@direction"] = pick(g, []string{"ltr", "rtl"})
	case 3:
		object["@language"], object["@direction"] = pick(g, languages), "rtl"
	case 4:
		object["@type"] = pick(g, datatypes)
		if object["@type"] == xsdDouble {
			object["@value"] = pick(g, []any{"1.0E0", "-1.5E-7", "1.0", "INF", json.Number("5"), json.Number("0.1"), json.Number("1e21"), "0.0E0"})
		}
	case 5:
		object["@type"], object["@value"] = pick(g, datatypes), g.number()
	case 6:
		object["@type"], object["@value"] = "@json", g.json(0)
	case 7:
		object["@value"] = pick(g, []any{true, false, g.number()})
	}
	return object
}

// json draws any JSON value.
func (g *generator) json(depth int) any {
	switch n := g.IntN(9); {
	case n < 2 && depth < 5:
		object := map[string]any{}
		for range g.IntN(5) {
			object[g.text()] = g.json(depth + 1)
		}
		return object
	case n == 2 && depth < 5:
		array := []any{}
		for range g.IntN(4) {
			array = append(array, g.json(depth+1))
		}
		return array
	case n == 3:
		return nil
	case n == 4:
		return g.one(2)
	case n < 7:
		return g.number()
	}
	return g.text()
}
