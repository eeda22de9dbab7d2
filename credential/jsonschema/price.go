package jsonschema

import (
	"encoding/json"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of what a schema may cost on one value, in steps of about a tenth of a microsecond.
const (
	maxSteps = 1 << 21
	maxPairs = 1 << 17 // of a subschema and a value, for the table of prices
	maxChain = 64      // subschemas in each other on one value: the library looks back along them, at each
	maxStack = 1 << 10 // and on values in each other
)

// Prices, in steps.
const (
	visitSteps  = 4  // to begin with a pair, and one for each level of the value: the library copies its place
	numberSteps = 16 // to make a fraction of a number
)

// price counts the steps that the library takes at most to judge a value, and refuses a schema that is too dear. It is counted
// by the pair of a subschema and a value, each once, so that a schema that doubles its work at each level costs no more to price
// than to write. Where the library may stop early, it is not believed to.
func price(s *library.Schema, value any) error {
	p := pricer{known: map[pair]tag{}}
	_, err := p.visit(s, &node{value: value}, 0, 0)
	return err
}

// node is a value in its place, with those inside it as far as they were asked for.
type node struct {
	value   any
	depth   int
	members map[string]*node
	items   []*node
	names   map[string]*node // the names of members, as values
}

func (n *node) member(name string) *node {
	if n.members == nil {
		n.members = map[string]*node{}
	}
	if n.members[name] == nil {
		n.members[name] = &node{value: n.value.(map[string]any)[name], depth: n.depth + 1}
	}
	return n.members[name]
}

func (n *node) item(i int) *node {
	if n.items == nil {
		n.items = make([]*node, len(n.value.([]any)))
	}
	if n.items[i] == nil {
		n.items[i] = &node{value: n.value.([]any)[i], depth: n.depth + 1}
	}
	return n.items[i]
}

func (n *node) name(name string) *node {
	if n.names == nil {
		n.names = map[string]*node{}
	}
	if n.names[name] == nil {
		n.names[name] = &node{value: name, depth: n.depth}
	}
	return n.names[name]
}

// pair is a subschema on a value.
type pair struct {
	schema *library.Schema
	node   *node
}

// tag is the price of a pair: its steps, and how far subschemas reach into each other from it, on the one value and in all.
// The steps of a pair that is being priced are 0.
type tag struct {
	steps, chain, stack int
}

type pricer struct {
	known map[pair]tag
	spent int // steps of pricing itself
}

// spend counts steps of pricing: a schema that is dear to price is dear to use.
func (p *pricer) spend(steps int) error {
	if p.spent += steps; p.spent > maxSteps {
		return tooDear()
	}
	return nil
}

// visit prices a pair that is reached through so many subschemas on the same value, and so many in all.
func (p *pricer) visit(s *library.Schema, n *node, chain, stack int) (tag, error) {
	at := pair{s, n}
	t, known := p.known[at]
	switch {
	case known && t.steps == 0:
		return t, &Undecided{"the schema leads back to itself without end"} // JSON Schema Core 2020-12 section 9.4.1
	case !known:
		if len(p.known) == maxPairs {
			return t, tooDear()
		}
		p.known[at] = tag{}
		v := pricing{pricer: p, node: n, chain: chain, stack: stack, tag: tag{steps: visitSteps + n.depth}}
		if v.subschema(s); v.err != nil {
			return t, v.err
		}
		t = v.tag
		p.known[at] = t
	}
	if t.steps > maxSteps || chain+t.chain > maxChain || stack+t.stack > maxStack {
		return t, tooDear()
	}
	return t, nil
}

// pricing is how one pair is priced.
type pricing struct {
	*pricer
	node         *node
	chain, stack int
	tag          tag
	err          error
}

func (v *pricing) add(steps int) {
	v.tag.steps += steps
	if v.err == nil {
		v.err = v.spend(1 + steps/16)
	}
}

// here adds a subschema on the same value.
func (v *pricing) here(subschemas ...*library.Schema) {
	for _, s := range subschemas {
		if s == nil || v.err != nil {
			continue
		}
		var t tag
		t, v.err = v.visit(s, v.node, v.chain+1, v.stack+1)
		v.tag.chain = max(v.tag.chain, t.chain+1)
		v.inside(t)
	}
}

// on adds a subschema on a value within this one.
func (v *pricing) on(n *node, s *library.Schema) {
	if s == nil || v.err != nil {
		return
	}
	var t tag
	t, v.err = v.visit(s, n, 0, v.stack+1)
	v.inside(t)
}

func (v *pricing) inside(t tag) {
	v.tag.stack = max(v.tag.stack, t.stack+1)
	v.tag.steps = min(v.tag.steps+t.steps, 2*maxSteps)
	if v.err == nil && v.tag.steps > maxSteps {
		v.err = tooDear()
	}
}

// subschema follows what the library does with one subschema on one value.
func (v *pricing) subschema(s *library.Schema) {
	if s.Bool != nil {
		return
	}
	value := v.node.value
	if number, isNumber := value.(json.Number); isNumber {
		if !isShort(number) {
			v.err = &Undecided{"the value holds a number that is too long"}
			return
		}
		v.add(numberSteps) // for the type integer
	}
	if s.Types != nil && !s.Types.IsEmpty() && !mayBe(s.Types, value) {
		return // the library goes on to nothing else
	}
	if s.Const != nil {
		v.add(v.comparing(*s.Const, value))
	}
	if s.Enum != nil {
		for _, item := range s.Enum.Values {
			v.add(v.comparing(item, value))
		}
	}
	if text, isText := value.(string); isText && s.Format != nil {
		v.add(4 + len(text)/4)
	}
	v.here(s.Ref)
	if s.DraftVersion < 2019 && s.Ref != nil {
		return
	}
	if s.RecursiveRef != nil {
		v.dynamic(s.RecursiveRef, s.RecursiveRef.RecursiveAnchor)
	}
	if s.DynamicRef != nil {
		v.dynamic(s.DynamicRef.Ref, s.DynamicRef.Anchor != "" && s.DynamicRef.Ref.DynamicAnchor == s.DynamicRef.Anchor)
	}
	switch value := value.(type) {
	case map[string]any:
		v.object(s, value)
	case []any:
		v.array(s, value)
	case string:
		v.text(s, value)
	case json.Number:
		for _, limit := range []bool{s.Minimum != nil, s.Maximum != nil, s.ExclusiveMinimum != nil, s.ExclusiveMaximum != nil, s.MultipleOf != nil} {
			if limit {
				v.add(numberSteps)
			}
		}
	}
	v.here(s.Not, s.If, s.Then, s.Else)
	v.here(s.AllOf...)
	v.here(s.AnyOf...)
	v.here(s.OneOf...)
}

// dynamic adds a reference whose target may depend on the way that led to it. One that does is not followed.
func (v *pricing) dynamic(target *library.Schema, depends bool) {
	if depends && v.err == nil {
		v.err = &Undecided{"the schema has references whose meaning depends on the way to them"}
	}
	v.here(target)
}

func (v *pricing) object(s *library.Schema, object map[string]any) {
	v.add(len(object) + len(s.Required) + len(s.Dependencies) + len(s.DependentSchemas) + len(s.DependentRequired))
	additional, _ := s.AdditionalProperties.(*library.Schema)
	for name := range object {
		if v.err != nil {
			return
		}
		of, listed := s.Properties[name]
		v.onMember(name, of)
		for expression, of := range s.PatternProperties {
			v.match(expression, name)
			v.onMember(name, of)
		}
		if !listed {
			v.onMember(name, additional)
		}
		v.onMember(name, s.UnevaluatedProperties)
		if s.PropertyNames != nil {
			v.on(v.node.name(name), s.PropertyNames)
		}
		switch dependency := s.Dependencies[name].(type) {
		case []string:
			v.add(len(dependency))
		case *library.Schema:
			v.here(dependency)
		}
		v.here(s.DependentSchemas[name])
		v.add(len(s.DependentRequired[name]))
	}
}

// onMember adds a subschema on the member of that name.
func (v *pricing) onMember(name string, s *library.Schema) {
	if s != nil {
		v.on(v.node.member(name), s)
	}
}

func (v *pricing) array(s *library.Schema, array []any) {
	v.add(len(array))
	if s.UniqueItems {
		v.unique(array)
	}
	var prefix []*library.Schema
	var rest *library.Schema
	switch items := s.Items.(type) { // before 2020-12
	case *library.Schema:
		rest = items
	case []*library.Schema:
		prefix = items
		rest, _ = s.AdditionalItems.(*library.Schema)
	}
	if s.DraftVersion >= 2020 {
		prefix, rest = s.PrefixItems, s.Items2020
	}
	for i := range array {
		if v.err != nil {
			return
		}
		of := rest
		if i < len(prefix) {
			of = prefix[i]
		}
		for _, of := range []*library.Schema{of, s.Contains, s.UnevaluatedItems} {
			if of != nil {
				v.on(v.node.item(i), of)
			}
		}
	}
}

// unique adds the search for equal items: by hash in a long array, where items made for it may all have the same.
func (v *pricing) unique(array []any) {
	const few = 20 // the library compares so many with each other
	weight, nested := 0, false
	for _, item := range array {
		switch item.(type) {
		case map[string]any, []any:
			nested = true
		}
		if weight += v.weight(item); v.err != nil {
			return
		}
	}
	if nested || len(array) <= few {
		weight *= 1 + len(array)/2
	}
	v.add(weight)
}

func (v *pricing) text(s *library.Schema, text string) {
	if s.MinLength != nil || s.MaxLength != nil {
		v.add(len(text) / 32)
	}
	if s.Pattern != nil {
		v.match(s.Pattern, text)
	}
}

// match adds the search for a pattern in a text.
func (v *pricing) match(expression library.Regexp, text string) {
	p, ours := expression.(*pattern)
	if !ours && v.err == nil {
		v.err = tooDear()
	}
	if v.err == nil {
		v.add(2 + (1+len(text))*p.steps/8)
	}
}

// comparing is the price of the question whether two values are equal.
func (v *pricing) comparing(a, b any) int {
	switch a := a.(type) {
	case map[string]any:
		if b, both := b.(map[string]any); both && len(a) == len(b) {
			return v.weight(a) + v.weight(b)
		}
	case []any:
		if b, both := b.([]any); both && len(a) == len(b) {
			return v.weight(a) + v.weight(b)
		}
	case json.Number:
		if b, both := b.(json.Number); both {
			if !isShort(b) && v.err == nil {
				v.err = &Undecided{"the value holds a number that is too long"}
			}
			return 2 * numberSteps
		}
	case string:
		if b, both := b.(string); both && len(a) == len(b) {
			return 1 + len(a)/64
		}
	}
	return 1
}

// weight is the price of reading a whole value.
func (v *pricing) weight(value any) int {
	if v.err == nil {
		v.err = v.spend(1)
	}
	if v.err != nil {
		return 0
	}
	weight := 1
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			weight += 2 + len(name)/32 + v.weight(member)
		}
	case []any:
		for _, item := range value {
			weight += v.weight(item)
		}
	case string:
		weight += len(value) / 32
	case json.Number:
		weight += 2 * numberSteps
		if !isShort(value) && v.err == nil {
			v.err = &Undecided{"the value holds a number that is too long"}
		}
	}
	return weight
}

// mayBe says whether a value may be of one of the types.
func mayBe(types *library.Types, value any) bool {
	name := ""
	switch value.(type) {
	case nil:
		name = "null"
	case bool:
		name = "boolean"
	case string:
		name = "string"
	case map[string]any:
		name = "object"
	case []any:
		name = "array"
	default:
		return true // a number, which may be an integer
	}
	for _, listed := range types.ToStrings() {
		if listed == name {
			return true
		}
	}
	return false
}
