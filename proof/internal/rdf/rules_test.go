package rdf

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// rule is a reason of ours to refuse what jsonld accepts in safe mode. A refusal is by a rule when its detail says so and,
// where that can be judged without the code under test, the value it points to is really of the kind.
type rule struct {
	name, detail string
	holds        func(value any) bool // nil: nothing to judge at one place
	reason       string
}

var rules = []rule{
	{"IRI", `is not an absolute IRI, so it would not be signed$|^no context defines (the type )?"`, oddIRI,
		"RDF 1.1 N-Quads section 4 keeps these characters out of IRIREF, RFC 3986 section 3.1 these schemes, and a blank node is no type here; jsonld looks for white space only, rdf-canonize escapes the rest"},
	{"empty reference", `^"" is not an absolute IRI, so it would not be signed$`, func(v any) bool { return v == "" }, "it would not be signed: jsonld drops it without a trace, in safe mode too"},
	{"number", `^a number (changes when it is written|is beyond the range|has an exponent)`, func(v any) bool { n, ok := v.(json.Number); return ok && !exactNumber(string(n)) },
		"two texts would share one signature (JSON-LD API 1.1 section 8.6 rounds to 16 digits)"},
	{"xsd:double", `^a text of type xsd:double is not in canonical form$`, func(v any) bool { s, ok := v.(string); return ok && !plainDouble.MatchString(s) },
		"JSON-LD API 1.1 section 8.2.2 leaves the text, jsonld writes it anew: two texts would share one signature"},
	{"datatype by name", `^the datatype ".*" cannot be given by name$`, func(v any) bool {
		s, ok := v.(string)
		return ok && (s == langString || s == rdfJSON || strings.HasPrefix(s, i18n))
	}, "a text with @language, @direction or @json would share one signature with it, or it needs more than its text"},
	{"empty array", `^an empty (array|@graph) adds nothing to what is signed$`, func(v any) bool { a, ok := v.([]any); return ok && len(a) == 0 },
		"it can be added without a trace (Data Integrity 1.0 section 2.4.1)"},
	{"null", `^null adds nothing to what is signed$`, func(v any) bool { return v == nil }, "it can be added without a trace (Data Integrity 1.0 section 2.4.1)"},
	{"array in a value object", `^(a type is not a text|@value is neither a text, a number nor a boolean)$`, func(v any) bool { a, ok := v.([]any); return ok && len(a) < 2 },
		"JSON-LD API 1.1 section 5.1.2 steps 13.4.7.2 and 14.5 want a scalar and an IRI; jsonld takes an array of one for its element, and an empty one for none"},
	{"null language", `^@(language|direction) is not `, func(v any) bool { return v == nil }, "JSON-LD API 1.1 section 5.1.2 step 13.4.8 wants a string; it can be added without a trace"},
	{"two types", `^@type stands twice in one object$`, nil, "JSON-LD API 1.1 section 5.1.2 step 13.4.2 lets @type alone stand twice; readers look at one of them"},
	{"not signed beside", `^(a (list or set|value) object has a member that is not signed|an array stands inside a list object; write it as a list object)$`, nil,
		"JSON-LD API 1.1 section 5.1.2 steps 14.1 and 16.1 allow @index, which is not signed; jsonld drops the @type of a list too"},
	{"one credential", `^two objects are the same credential$`, func(v any) bool { _, ok := v.(map[string]any); return ok },
		"one node of the dataset: a member could move to where nobody looks for it"},
	{"contexts inside", `^@context stands (below the top of the document|inside an object that is not a credential)$`, nil,
		"a context inside could give the terms of a signed document another meaning (Data Integrity 1.0 section 4.6)"},
	{"contexts by URL", `^(a context is not named by its URL|@context is empty|@context has more than )`, nil, "only contexts that are pinned are read (VC Data Model 2.0 section 4.3)"},
	{"keywords", `^@[a-z]+ is not used in credentials and is not read$`, nil, "jsonld drops @base, @vocab and others without a trace, and reads @included, @nest, @reverse and @index, that no credential needs"},
	{"context features", `^(the context uses ".*"|(scoped context of ".*": |term ".*": )+.*), which is not supported$|@container holds what is not supported$|(term ".*": )+(@type ".*" is not supported|its IRI is too long|the IRI of @type is too long)$|@vocab is not an absolute IRI, or too long$|@id ".*" is not an absolute IRI$`, nil,
		"what no pinned context uses is not read, so that there is less to go wrong: @base, @language, @prefix, @nest, @reverse, index, language and id containers, a vocabulary or a term that is null, relative or blank"},
	{"second reading", `^(two readings of the document differ|the second reading of the document (failed|refuses it: ))`, nil,
		"a document that defines terms itself counts only where json-gold agrees; no document on the compiled path gets here"},
	{"limits", `^canonicalizing a dataset: its blank nodes are too alike|more than [0-9]+ (blank nodes|values|objects)|use more contexts than are read$|longer than may be$|larger than one that defines terms itself may be$`, nil,
		"RDFC-1.0 section 7.1 asks for limits on the work"},
}

var (
	oddCharacter = regexp.MustCompile("[<>\"{}|^`\\\\\\pZ\\p{Cc}\\x{FEFF}\\x{FFFD}]")
	oddScheme    = regexp.MustCompile("^[^:]*[^A-Za-z0-9+.:-][^:]*:|^[^A-Za-z:][^:]*:|^_:")
	plainDouble  = regexp.MustCompile(`^-?([1-9]\.([0-9]{0,14}[1-9]|0)E(0|-?[1-9][0-9]*)|0\.0E0)$`)
)

// oddIRI reports whether a text holds a character that no IRI may hold in N-Quads, or has no proper scheme before its colon.
func oddIRI(value any) bool {
	text, ok := value.(string)
	return ok && (oddCharacter.MatchString(text) || oddScheme.MatchString(text))
}

// exactNumber reports whether a number is a double, and one that 16 digits write exactly.
func exactNumber(text string) bool {
	if len(text) > 400 {
		return false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false
	}
	value, ok := new(big.Rat).SetString(text)
	short, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	long, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', 15, 64))
	return ok && value.Cmp(short) == 0 && value.Cmp(long) == 0
}

// ruleOf is the name of the rule by which a document is refused, "" for none.
func ruleOf(doc map[string]any, refusal *Error) string {
	for _, r := range rules {
		if regexp.MustCompile(r.detail).MatchString(refusal.Detail) && (r.holds == nil || r.holds(pointed(doc, refusal.Pointer))) {
			return r.name
		}
	}
	return ""
}

// pointed is the value at a JSON Pointer (RFC 6901).
func pointed(value any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch container := value.(type) {
		case map[string]any:
			value = container[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(container) {
				return nil
			}
			value = container[i]
		}
	}
	return value
}
