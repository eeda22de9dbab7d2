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
	legacy   bool  // data model 1.1, whose deviations in the wild are warnings where the meaning is plain
	holds    found // what is only looked for where it is
	path     []step
	problems []Problem
	count    [2]int // failures, warnings
}

// step is one reference token of the place that the walk is at: a name, or the place in an array, from 0; -1 with a name.
type step struct {
	name  string
	index int
}

// enter goes to a member of the object at hand, and item to a value of the array at hand; leave goes back.
func (w *walk) enter(name string) { w.path = append(w.path, step{name, -1}) }
func (w *walk) item(index int)    { w.path = append(w.path, step{"", index}) }
func (w *walk) leave()            { w.path = w.path[:len(w.path)-1] }

// longestPointer bounds the pointer of a problem, in bytes: where names are so long, the pointer is that of an object further out.
const longestPointer = 1024

// here is the JSON Pointer of the place that the walk is at. It is written only for a problem: most documents have none.
func (w *walk) here() string {
	pointer := ""
	for _, s := range w.path {
		switch {
		case len(pointer)+len(s.name) > longestPointer:
			return pointer
		case s.index >= 0:
			pointer += "/" + strconv.Itoa(s.index)
		default:
			pointer = place(pointer, s.name)
		}
	}
	return pointer
}

// member is the JSON Pointer of a member of the object at hand.
func (w *walk) member(name string) string {
	w.enter(name)
	pointer := w.here()
	w.leave()
	return pointer
}

// eachObject visits every object in v, which stands at the place that the walk is at: outermost first and then by the names of
// members, but for those in documents of their own, which are endorsements and the credentials inside a presentation or CLR.
// It ends when no further failure would be kept.
func (w *walk) eachObject(c *Credential, v any, visit func(object map[string]any)) {
	switch v := v.(type) {
	case []any:
		for i, member := range v {
			w.item(i)
			w.eachObject(c, member, visit)
			w.leave()
		}
	case map[string]any:
		if w.count[0] > mostProblems {
			return
		}
		visit(v)
		names := make([]string, 0, len(v))
		for name, member := range v {
			switch member.(type) {
			case map[string]any, []any:
				names = append(names, name)
			}
		}
		sort.Strings(names)
		for _, name := range names {
			if name != "@context" && name != "endorsement" && !(name == "verifiableCredential" && w.holdsCredentials(c)) {
				w.enter(name)
				w.eachObject(c, v[name], visit)
				w.leave()
			}
		}
	}
}

// holdsCredentials says whether the object at hand holds credentials in its member verifiableCredential: a presentation, or a
// subject of a CLR.
func (w *walk) holdsCredentials(c *Credential) bool {
	return c.Kind == KindPresentation && len(w.path) == 0 || c.Kind == KindCLR && w.within("credentialSubject")
}

// within says whether the object at hand is the value of a member of the document, or one of its values.
func (w *walk) within(name string) bool {
	return len(w.path) > 0 && w.path[0].name == name && (len(w.path) == 1 || len(w.path) == 2 && w.path[1].index >= 0)
}

// rule is what the tables ask of one member: the class and its property.
type rule struct {
	class string
	property
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

// breaks reports that the value at hand breaks a rule.
func (w *walk) breaks(r rule, detail string) { w.fail(w.here(), w.clause(r.class, r.name), detail) }

// deviates reports that the value at hand is not as the rule has it, but may stand.
func (w *walk) deviates(r rule, detail string) { w.warn(w.here(), w.clause(r.class, r.name), detail) }

// object checks the object at hand against a class.
func (w *walk) object(name string, members map[string]any) {
	class := w.classes[name]
	for i := range class.properties {
		r := rule{name, class.properties[i]}
		v, present := members[r.name]
		if !present && r.card != one && r.card != some {
			continue
		}
		w.enter(r.name)
		switch {
		case present && v == nil:
			w.breaks(r, "the member "+r.name+" is null; a member without a value is left out")
		case present:
			w.property(r, v)
		default:
			w.breaks(r, "the member "+r.name+" is missing")
		}
		w.leave()
	}
	if class.closed {
		w.closed(name, members)
	}
}

func (w *walk) closed(name string, members map[string]any) {
	var foreign []string
	for member := range members {
		if !slices.ContainsFunc(w.classes[name].properties, func(p property) bool { return p.name == member }) {
			foreign = append(foreign, member)
		}
	}
	sort.Strings(foreign)
	for _, member := range foreign {
		w.fail(w.member(member), w.clause(name, member), "a member that the class "+name+" does not allow")
	}
}

func (w *walk) property(r rule, v any) {
	array, several := v.([]any)
	switch {
	case r.kind == typed || r.kind == labels:
		w.types(r, v)
		return
	case !several:
		w.value(r, v)
	case r.card == one || r.card == maybe:
		w.breaks(r, "the member "+r.name+" takes one value, not an array")
		return
	case len(array) == 0 && r.card == some:
		w.breaks(r, "the member "+r.name+" has no value")
	case len(array) == 0:
		w.deviates(r, "the member "+r.name+" is an empty array, which is to be left out")
	}
	for i, member := range array {
		w.item(i)
		w.value(r, member)
		w.leave()
	}
}

func (w *walk) types(r rule, v any) {
	types, several := v.([]any)
	if !several {
		types = []any{v}
	}
	if len(types) == 0 {
		w.breaks(r, "the member type has no value")
		return
	}
	named := false
	for _, v := range types {
		s, ok := v.(string)
		if !ok || s == "" || strings.ContainsAny(s, " \t\r\n") {
			w.breaks(r, "a type is not a term or an absolute URL")
			return
		}
		named = named || s == r.of
	}
	if r.kind == typed && !named {
		w.breaks(r, "the type "+r.of+" is missing")
	}
}

// value checks one value, after arrays are taken apart.
func (w *walk) value(r rule, v any) {
	s, isText := v.(string)
	members, isObject := v.(map[string]any)
	switch r.kind {
	case plain:
		if !isText && !languageMap(members) {
			w.breaks(r, "the member "+r.name+" is not a text")
		}
	case identifier:
		if !absolute(s) {
			w.breaks(r, "the member "+r.name+" is not one absolute URL")
		}
	case link:
		if !isText {
			w.breaks(r, "the member "+r.name+" is not one URL")
		} else if !absolute(s) {
			w.deviates(r, "the member "+r.name+" is not an absolute URL")
		}
	case number:
		if _, ok := v.(json.Number); !ok {
			w.breaks(r, "the member "+r.name+" is not a number")
		}
	case boolean:
		if _, ok := v.(bool); !ok {
			w.breaks(r, "the member "+r.name+" is neither true nor false")
		}
	case stamp, moment:
		if _, err := ParseDateTime(s); err != nil && (r.kind == stamp || err != ErrNoOffset) {
			w.breaks(r, "the member "+r.name+" is not a date and time with a time zone, such as 2026-01-31T12:00:00Z")
		}
	case day:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			w.breaks(r, "the member "+r.name+" is not a date such as 2026-01-31")
		}
	case language:
		if !languageTag.MatchString(s) {
			w.breaks(r, "the member "+r.name+" is not a language tag such as en or de-AT")
		}
	case jws:
		if !compactJWS.MatchString(s) {
			w.breaks(r, "the member "+r.name+" is not a JWS in compact form")
		}
	case constant:
		if s != r.of {
			w.breaks(r, "the type is not "+r.of)
		}
	case label:
		if s == "" {
			w.breaks(r, "the member "+r.name+" is not a text")
		}
	case term, advised:
		w.term(r, s)
	case object:
		switch {
		case isObject:
			w.object(r.of, members)
		case w.legacy && isText && (r.of == "Image" || r.of == "Profile" && r.name == "issuer") && absolute(s):
			w.deviates(r, "the member "+r.name+" is a bare address, not an object of the class "+r.of)
		default:
			w.breaks(r, "the member "+r.name+" is not an object")
		}
	case reference:
		if isObject {
			w.object(r.of, members)
		} else if !absolute(s) {
			w.breaks(r, "the member "+r.name+" is neither an absolute URL nor an object")
		}
	case embedded:
		if !isObject {
			w.breaks(r, "the member "+r.name+" is not an object")
		}
	case digest:
		if !digests[r.of].MatchString(s) {
			w.breaks(r, "the member "+r.name+" is not a digest")
		}
	case description:
		if !isText && !languageValue(members) {
			w.breaks(r, "the member "+r.name+" is neither a text nor a language value")
		}
	}
}

func (w *walk) term(r rule, s string) {
	vocabulary := vocabularies[r.of]
	if slices.Contains(vocabulary.terms, s) || vocabulary.open && extension.MatchString(s) {
		return
	}
	detail := "the member " + r.name + " is not a term of its vocabulary"
	if vocabulary.open {
		detail += " and does not begin with ext:"
	}
	if r.kind == advised && s != "" {
		w.deviates(r, detail)
	} else {
		w.breaks(r, detail)
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
