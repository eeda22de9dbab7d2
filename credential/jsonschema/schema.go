package jsonschema

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Bounds of a schema as text. The published schema of Open Badges 3.0 has 124 kB, 964 places for a subschema, 24 references that
// differ, and one name.
const (
	maxBytes      = 1 << 20
	maxDepth      = 64
	maxItems      = 50_000  // of one array: a vocabulary
	maxSubschemas = 4000    // objects and truth values: the library compares each with all before it
	maxNesting    = 10_000  // of the same, each with an eighth of its depth: the library looks back along it
	maxPointers   = 4 << 20 // bytes of the pointers to them: the library builds each several times
	maxNames      = 100     // $id, $anchor and $dynamicAnchor: the library searches them for each subschema
	maxReferenced = 50_000  // objects that the library may have to read again, once for each $ref
	maxDigits     = 64      // of a number
)

// survey is what a schema holds, counted.
type survey struct {
	subschemas int
	nesting    int // in eighths
	pointers   int
	names      int
	references map[string]int // each $ref as written, and how often
}

// readSchema reads the text of a schema and refuses what the library would read too slowly.
func readSchema(text []byte) (any, error) {
	document, err := strict.Parse(text, strict.Limits{Bytes: maxBytes, Depth: maxDepth, Objects: maxSubschemas, Values: maxItems})
	if err != nil {
		return nil, &Undecided{"it is not JSON, or too large"}
	}
	switch document.(type) {
	case map[string]any, bool:
	default:
		return nil, &Undecided{"it is not a JSON Schema"}
	}
	s := survey{references: map[string]int{}}
	if err := s.walk(document, 0, 0); err != nil {
		return nil, err
	}
	if s.names > maxNames || s.referenced(document) > maxReferenced {
		return nil, tooDear()
	}
	return document, nil
}

func tooDear() error { return &Undecided{"the schema would take too much work"} }

// walk counts what is in v, which stands so deep at a pointer of so many bytes. What is no subschema, such as an example, is counted
// as one: which it is depends on the draft, and a reference may lead into anything.
func (s *survey) walk(v any, depth, pointer int) error {
	if s.subschemas > maxSubschemas || s.nesting > 8*maxNesting || s.pointers > maxPointers {
		return tooDear()
	}
	switch v := v.(type) {
	case map[string]any:
		s.place(depth, pointer)
		for name, member := range v {
			if text, isText := member.(string); isText {
				if err := s.word(name, text); err != nil {
					return err
				}
				continue
			}
			if err := s.walk(member, depth+1, pointer+len(strict.Escape(name))); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range v {
			if err := s.walk(item, depth+1, pointer+len("/00000")); err != nil {
				return err
			}
		}
	case bool:
		s.place(depth, pointer)
	case json.Number:
		if !isShort(v) {
			return &Undecided{"the schema holds a number that is too long"}
		}
	}
	return nil
}

// place counts one place for a subschema.
func (s *survey) place(depth, pointer int) {
	s.subschemas++
	s.nesting += 8 + depth
	s.pointers += pointer
}

// word looks at a member that is a text.
func (s *survey) word(name, text string) error {
	switch name {
	case "$schema":
		if !isDraft(text) {
			return &Undecided{"the schema is of a kind that Laurel does not know"}
		}
	case "$id", "id", "$anchor", "$dynamicAnchor":
		s.names++
	case "$ref", "$recursiveRef", "$dynamicRef":
		s.references[text]++
	}
	return nil
}

// isDraft says whether a $schema is the address of one of the five drafts.
func isDraft(address string) bool {
	address = strings.TrimSuffix(address, "#")
	address = strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://")
	switch address {
	case "json-schema.org/draft/2020-12/schema", "json-schema.org/draft/2019-09/schema",
		"json-schema.org/draft-07/schema", "json-schema.org/draft-06/schema", "json-schema.org/draft-04/schema":
		return true
	}
	return false
}

// referenced prices the references, in objects read once more. For each that leads to a place where the draft knows no
// subschema, the library copies its table of places and reads what stands there as a schema. Where the schema names parts of
// itself, one text can be many references, and lead anywhere.
func (s *survey) referenced(document any) int {
	const copied = 64 // entries of the table in the time of one object
	price := 0
	for reference, times := range s.references {
		target := s.subschemas
		if s.names <= 1 {
			times, target = 1, 0
			if pointer, within := strings.CutPrefix(reference, "#/"); within {
				target = objects(find(document, pointer))
			}
		}
		price += times * (s.subschemas/copied + target)
	}
	return price
}

// find is the value at a pointer without its first slash, or nil.
func find(v any, pointer string) any {
	pointer, err := url.PathUnescape(pointer)
	if err != nil {
		return nil
	}
	for token := range strings.SplitSeq(pointer, "/") {
		switch container := v.(type) {
		case map[string]any:
			v = container[strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			v = container[i]
		default:
			return nil
		}
	}
	return v
}

// objects counts the objects in v.
func objects(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		n++
		for _, member := range v {
			n += objects(member)
		}
	case []any:
		for _, item := range v {
			n += objects(item)
		}
	}
	return n
}

// isShort says whether a number is cheap to calculate with: the library takes numbers as exact fractions.
func isShort(n json.Number) bool {
	if len(n) > maxDigits {
		return false
	}
	if i := strings.IndexAny(string(n), "eE"); i >= 0 {
		return len(strings.TrimLeft(string(n[i+1:]), "+-0")) <= 3
	}
	return true
}

// quoted writes a name that comes from a schema into a sentence.
func quoted(name string) string {
	const most = 64
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return fmt.Sprintf("%q", name)
}
