package picture

import (
	"regexp"
	"slices"
	"strings"
)

// weigh refuses a drawing that draws too much, or without end: a few parts that refer to each other over and over do. What is painted with
// a part draws that part, and so does all that is drawn inside it, as paint is inherited (CSS Cascading 4 section 7.1).
func weigh(root *element) error {
	w := weighing{named: map[string]*element{}}
	w.collect(root)
	if w.tests > maxTests {
		return refused("The picture refers to its parts from more than %d places in its styles.", maxTests)
	}
	return w.count(root)
}

// maxTests bounds what each element is held against.
const maxTests = 2000

type weighing struct {
	named    map[string]*element // by "#" and id, the first of each
	rules    []rule
	tests    int  // selectors of the rules
	inherits bool // some style asks for what is not inherited by itself
}

// rule is a reference in a style sheet.
type rule struct {
	painted
	all       bool       // it may be about any element
	selectors []selector // otherwise
}

// painted is a reference to a part that something is painted with.
type painted struct{ property, target string }

// selector is the end of a selector: what it says of the element itself.
type selector struct {
	name    string // "" is any
	id      string
	classes []string
}

// self is what selectors ask of an element.
type self struct {
	name, id string
	classes  map[string]bool // in lower case
}

// collect lists the elements that have an id, and the references in styles.
func (w *weighing) collect(e *element) {
	for _, a := range e.attributes {
		if a.name == "id" && w.named["#"+a.value] == nil {
			w.named["#"+a.value] = e
		}
		w.inherits = w.inherits || inherit.MatchString(a.value)
	}
	if e.name == "style" {
		text := e.style()
		for _, r := range rulesOf(text) {
			w.rules, w.tests = append(w.rules, r), w.tests+max(1, len(r.selectors))
		}
		w.inherits = w.inherits || inherit.MatchString(text)
	}
	for _, child := range e.children {
		if child.element != nil {
			w.collect(child.element)
		}
	}
}

// count weighs an element.
func (w *weighing) count(e *element) error {
	tooMuch := refused("The picture repeats its parts too often, or a part holds itself.")
	switch {
	case e.drawn < 0:
		return tooMuch
	case e.drawn > 0:
		return nil
	}
	e.drawn = -1
	drawn, marked, weight := 1, 1, 1
	add := func(other *element) error {
		if err := w.count(other); err != nil {
			return err
		}
		if drawn, marked, weight = drawn+other.drawn, marked+other.marked, weight+other.weight; weight > maxDrawn {
			return tooMuch
		}
		return nil
	}
	for _, child := range e.children {
		if child.element != nil {
			if err := add(child.element); err != nil {
				return err
			}
		}
	}
	for _, a := range e.attributes {
		switch a.name {
		case "d", "points":
			marked += len(a.value) // a place of a path has at least one character
		case "href":
			if other := w.named[a.value]; other != nil {
				if err := add(other); err != nil {
					return err
				}
			}
		}
	}
	for _, p := range w.paint(e) {
		other := w.named[p.target]
		if other == nil || strings.HasSuffix(other.name, "Gradient") { // which draws nothing of its own
			continue
		}
		if err := w.count(other); err != nil {
			return err
		}
		times := drawn
		switch {
		case strings.HasPrefix(p.property, "marker"):
			times = marked
		case slices.Contains([]string{"clip-path", "mask", "filter"}, p.property) && !w.inherits: // CSS Masking 1, Filter Effects 1: for the element as a whole
			times = 1
		}
		if weight += times * other.weight; weight > maxDrawn {
			return tooMuch
		}
	}
	e.drawn, e.marked, e.weight = drawn, marked, weight
	return nil
}

// paint are the references of an element to what it is painted with.
func (w *weighing) paint(e *element) (all []painted) {
	this := self{name: e.name, classes: map[string]bool{}}
	for _, a := range e.attributes {
		switch a.name {
		case "href":
			continue
		case "id":
			this.id = a.value
		case "class":
			for class := range strings.FieldsSeq(strings.ToLower(a.value)) {
				this.classes[class] = true
			}
		case "style":
			all = append(all, declared(a.value)...)
			continue
		}
		for _, target := range targets(a.value) {
			all = append(all, painted{a.name, target})
		}
	}
	for _, r := range w.rules {
		if r.all || slices.ContainsFunc(r.selectors, this.fits) {
			all = append(all, r.painted)
		}
	}
	return all
}

// fits says that an element may be the one that a selector means.
func (e self) fits(s selector) bool {
	return (s.name == "" || strings.EqualFold(s.name, e.name)) && (s.id == "" || strings.EqualFold(s.id, e.id)) &&
		!slices.ContainsFunc(s.classes, func(class string) bool { return !e.classes[class] })
}

// targets are the parts that a value refers to.
func targets(value string) (all []string) {
	if strings.Contains(value, "(") {
		for _, found := range inside.FindAllStringSubmatch(value, -1) {
			all = append(all, found[1]+found[2]+found[3])
		}
	}
	return all
}

// declared are the references in declarations. Where it is not clear to which property one belongs it has none.
func declared(declarations string) (all []painted) {
	for one := range strings.SplitSeq(declarations, ";") {
		name, value, _ := strings.Cut(one, ":")
		if name = strings.ToLower(strings.TrimSpace(name)); !plainName.MatchString(name) || strings.ContainsAny(one, `"'/{}`) {
			name, value = "", one
		}
		for _, target := range targets(value) {
			if name == "" {
				name = "marker" // what counts most
			}
			all = append(all, painted{name, target})
		}
	}
	return all
}

var (
	inherit   = regexp.MustCompile(`(?i)inherit`)
	plainName = regexp.MustCompile(`^[a-z-]+$`)
	comments  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	pseudo    = regexp.MustCompile(`::?[a-zA-Z-]+`)
	compound  = regexp.MustCompile(`^([\pL_][\pL\pN_-]*|\*)?((?:[.#][\pL_-][\pL\pN_-]*)*)$`)
	part      = regexp.MustCompile(`[.#][^.#]+`)
	combined  = regexp.MustCompile(`[\s>+~]+`)
	// sheet is a style sheet of plain rules: none in another, no text in quotes that could hold a brace, and parentheses that end where
	// they begin.
	sheet = regexp.MustCompile(`^(?:[^{}"'()\[\];/]*\{(?:[^{}"'()\[\]/]|/[^*{}"'()\[\]/]|\([^{}"'()\[\]/]*\)|'[^'"{}()\[\]/;\n\r\f]*'|"[^'"{}()\[\]/;\n\r\f]*")*\})*\s*$`)
	block = regexp.MustCompile(`([^{}]*)\{([^{}]*)\}`)
)

// rulesOf are the references in a style sheet, which was found harmless. One that is not clear may be about any element.
func rulesOf(text string) (all []rule) {
	if !strings.Contains(text, "(") {
		return nil
	}
	plain := text
	if !strings.ContainsAny(text, `"'`) { // a comment could begin in a text in quotes
		plain = comments.ReplaceAllString(text, " ")
	}
	plain = inside.ReplaceAllStringFunc(plain, func(found string) string { return "url(" + targets(found)[0] + ")" })
	if !sheet.MatchString(plain) {
		for _, target := range targets(text) {
			all = append(all, rule{painted: painted{"marker", target}, all: true})
		}
		return all
	}
	for _, found := range block.FindAllStringSubmatch(plain, -1) {
		selectors, clear := selectorsOf(found[1])
		for _, p := range declared(found[2]) {
			all = append(all, rule{painted: p, all: !clear, selectors: selectors})
		}
	}
	return all
}

// selectorsOf reads the selectors of a rule; clear is false where one is not of the plain kinds.
func selectorsOf(text string) (all []selector, clear bool) {
	for one := range strings.SplitSeq(pseudo.ReplaceAllString(text, ""), ",") {
		words := combined.Split(strings.TrimSpace(one), -1)
		found := compound.FindStringSubmatch(words[len(words)-1])
		if found == nil || len(found[2]) > 200 {
			return nil, false
		}
		s := selector{name: strings.TrimPrefix(found[1], "*")}
		for _, p := range part.FindAllString(found[2], -1) {
			if p[0] == '.' {
				s.classes = append(s.classes, strings.ToLower(p[1:]))
			} else {
				s.id = p[1:]
			}
		}
		all = append(all, s)
	}
	return all, true
}
