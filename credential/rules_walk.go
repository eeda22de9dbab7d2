package credential

import (
	"encoding/json"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// walk checks a document against a table of classes and collects what it finds, in the order of the tables.
type walk struct {
	classes  map[string]class
	clause   func(class, property string) string
	legacy   bool // data model 1.1, whose deviations in the wild are warnings where the meaning is plain
	problems []Problem
	count    [2]int // failures, warnings
}

// mostProblems bounds how many problems of each severity are kept, so that a hostile document cannot make a long report.
const mostProblems = 32

func (w *walk) report(p Problem) {
	severity := 0
	if p.Warning {
		severity = 1
	}
	if w.count[severity]++; w.count[severity] <= mostProblems {
		w.problems = append(w.problems, p)
	}
}

func (w *walk) fail(pointer, clause, detail string) {
	w.report(Problem{Pointer: pointer, Code: CodeSchemaInvalid, Clause: clause, Detail: detail})
}

func (w *walk) warn(pointer, clause, detail string) {
	w.report(Problem{Pointer: pointer, Code: CodeSchemaInvalid, Clause: clause, Detail: detail, Warning: true})
}

// object checks one object, at pointer, against a class.
func (w *walk) object(pointer, name string, members map[string]any) {
	class := w.classes[name]
	for _, p := range class.properties {
		at, clause := place(pointer, p.name), w.clause(name, p.name)
		v, present := members[p.name]
		switch {
		case present && v == nil:
			w.fail(at, clause, "the member "+p.name+" is null; a member without a value is left out")
		case present:
			w.property(at, clause, p, v)
		case p.card == one || p.card == some:
			w.fail(at, clause, "the member "+p.name+" is missing")
		}
	}
	if class.closed {
		w.closed(pointer, name, members)
	}
}

func (w *walk) closed(pointer, name string, members map[string]any) {
	var foreign []string
	for member := range members {
		if !slices.ContainsFunc(w.classes[name].properties, func(p property) bool { return p.name == member }) {
			foreign = append(foreign, member)
		}
	}
	sort.Strings(foreign)
	for _, member := range foreign {
		w.fail(place(pointer, member), w.clause(name, member), "a member that the class "+name+" does not allow")
	}
}

func (w *walk) property(at, clause string, p property, v any) {
	array, several := v.([]any)
	switch {
	case p.kind == typed || p.kind == labels:
		w.types(at, clause, p, values(v))
	case !several:
		w.value(at, clause, p, v)
	case p.card == one || p.card == maybe:
		w.fail(at, clause, "the member "+p.name+" takes one value, not an array")
	case len(array) == 0 && p.card == some:
		w.fail(at, clause, "the member "+p.name+" has no value")
	case len(array) == 0:
		w.warn(at, clause, "the member "+p.name+" is an empty array, which is to be left out")
	}
	if several && (p.card == some || p.card == many) && p.kind != typed && p.kind != labels {
		for i, member := range array {
			w.value(at+"/"+strconv.Itoa(i), clause, p, member)
		}
	}
}

func (w *walk) types(at, clause string, p property, types []any) {
	if len(types) == 0 {
		w.fail(at, clause, "the member type has no value")
		return
	}
	for _, v := range types {
		if s, ok := v.(string); !ok || s == "" || strings.ContainsAny(s, " \t\r\n") {
			w.fail(at, clause, "a type is not a term or an absolute URL")
			return
		}
	}
	if p.kind == typed && !slices.Contains(types, any(p.of)) {
		w.fail(at, clause, "the type "+p.of+" is missing")
	}
}

// value checks one value, after arrays are taken apart.
func (w *walk) value(at, clause string, p property, v any) {
	s, isText := v.(string)
	members, isObject := v.(map[string]any)
	switch p.kind {
	case plain:
		if !isText && !languageMap(members) {
			w.fail(at, clause, "the member "+p.name+" is not a text")
		}
	case identifier:
		if !absolute(s) {
			w.fail(at, clause, "the member "+p.name+" is not one absolute URL")
		}
	case link:
		if !isText {
			w.fail(at, clause, "the member "+p.name+" is not one URL")
		} else if !absolute(s) {
			w.warn(at, clause, "the member "+p.name+" is not an absolute URL")
		}
	case number:
		if _, ok := v.(json.Number); !ok {
			w.fail(at, clause, "the member "+p.name+" is not a number")
		}
	case boolean:
		if _, ok := v.(bool); !ok {
			w.fail(at, clause, "the member "+p.name+" is neither true nor false")
		}
	case stamp, moment:
		if _, err := ParseDateTime(s); err != nil && (p.kind == stamp || err != ErrNoOffset) {
			w.fail(at, clause, "the member "+p.name+" is not a date and time with a time zone, such as 2026-01-31T12:00:00Z")
		}
	case day:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			w.fail(at, clause, "the member "+p.name+" is not a date such as 2026-01-31")
		}
	case language:
		if !languageTag.MatchString(s) {
			w.fail(at, clause, "the member "+p.name+" is not a language tag such as en or de-AT")
		}
	case jws:
		if !compactJWS.MatchString(s) {
			w.fail(at, clause, "the member "+p.name+" is not a JWS in compact form")
		}
	case constant:
		if s != p.of {
			w.fail(at, clause, "the type is not "+p.of)
		}
	case label:
		if s == "" {
			w.fail(at, clause, "the member "+p.name+" is not a text")
		}
	case term, advised:
		w.term(at, clause, p, s)
	case object:
		switch {
		case isObject:
			w.object(at, p.of, members)
		case w.legacy && isText && (p.of == "Image" || p.of == "Profile" && p.name == "issuer") && absolute(s):
			w.warn(at, clause, "the member "+p.name+" is a bare address, not an object of the class "+p.of)
		default:
			w.fail(at, clause, "the member "+p.name+" is not an object")
		}
	case reference:
		if isObject {
			w.object(at, p.of, members)
		} else if !absolute(s) {
			w.fail(at, clause, "the member "+p.name+" is neither an absolute URL nor an object")
		}
	case embedded:
		if !isObject {
			w.fail(at, clause, "the member "+p.name+" is not an object")
		}
	case digest:
		if !digests[p.of].MatchString(s) {
			w.fail(at, clause, "the member "+p.name+" is not a digest")
		}
	case description:
		if !isText && !languageValue(members) {
			w.fail(at, clause, "the member "+p.name+" is neither a text nor a language value")
		}
	}
}

func (w *walk) term(at, clause string, p property, s string) {
	vocabulary := vocabularies[p.of]
	if slices.Contains(vocabulary.terms, s) || vocabulary.open && extension.MatchString(s) {
		return
	}
	detail := "the member " + p.name + " is not a term of its vocabulary"
	if vocabulary.open {
		detail += " and does not begin with ext:"
	}
	if p.kind == advised && s != "" {
		w.warn(at, clause, detail)
	} else {
		w.fail(at, clause, detail)
	}
}

// languageMap says whether members maps languages to texts, as the published JSON Schema of Open Badges allows.
func languageMap(members map[string]any) bool {
	for name, v := range members {
		if _, ok := v.(string); !ok || !languageName.MatchString(name) {
			return false
		}
	}
	return len(members) > 0
}

// languageValue says whether members is a language value object: a string, with language and direction, and nothing else
// (VCDM 2.0 section 11.1).
func languageValue(members map[string]any) bool {
	for name, v := range members {
		s, ok := v.(string)
		if !ok || (name != "@value" && name != "@language" && (name != "@direction" || s != "ltr" && s != "rtl")) {
			return false
		}
	}
	return members["@value"] != nil
}

// digests are the forms of VCDM 2.0 section 5.3: Subresource Integrity, and Multihash in Multibase (base64url or base58).
var digests = map[string]*regexp.Regexp{
	"SRI":       regexp.MustCompile(`^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}( sha(256|384|512)-[A-Za-z0-9+/]+={0,2})*$`),
	"Multibase": regexp.MustCompile(`^(u[A-Za-z0-9_-]+|z[1-9A-HJ-NP-Za-km-z]+)$`),
}
