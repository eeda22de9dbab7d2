package jsonschema

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
	library "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// violation chooses one finding of the library: the first in the order of places and keywords, so that one value always gets
// the same answer.
func violation(e *library.ValidationError) error {
	var first *Violation
	var collect func(e *library.ValidationError)
	collect = func(e *library.ValidationError) {
		switch e.ErrorKind.(type) {
		case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
			for _, cause := range e.Causes {
				collect(cause)
			}
			return
		}
		v := &Violation{Keyword: keyword(e.ErrorKind), Detail: inWords(e.ErrorKind)}
		if v.Keyword != "propertyNames" { // for which the library gives a place that it has written over meanwhile
			for _, token := range e.InstanceLocation {
				v.Pointer += strict.Escape(token)
			}
		}
		if first == nil || cmp.Or(cmp.Compare(v.Pointer, first.Pointer), cmp.Compare(v.Keyword, first.Keyword), cmp.Compare(v.Detail, first.Detail)) < 0 {
			first = v
		}
	}
	collect(e)
	if first == nil {
		return &Undecided{"the schema cannot be worked with"}
	}
	return first
}

// keyword is the keyword of the schema that a value breaks.
func keyword(k library.ErrorKind) string {
	switch k.(type) {
	case *kind.FalseSchema:
		return "false"
	case *kind.Not:
		return "not"
	}
	path := k.KeywordPath()
	if len(path) == 0 {
		return ""
	}
	return path[0]
}

// inWords says what is wrong with a value. Of the schema it repeats names and numbers only, and of the value nothing.
func inWords(k library.ErrorKind) string {
	switch k := k.(type) {
	case *kind.FalseSchema:
		return "nothing may stand here"
	case *kind.Type:
		return "the value is of type " + k.Got + ", not " + strings.Join(k.Want, " or ")
	case *kind.Const:
		return "the value is not the one that is asked for"
	case *kind.Enum:
		return "the value is not one of those that are allowed"
	case *kind.Format:
		return "the text is not of the form " + quoted(k.Want)
	case *kind.Pattern:
		return "the text does not follow the pattern that is asked for"
	case *kind.Required:
		return "the member " + least(k.Missing) + " is missing"
	case *kind.Dependency:
		return "the member " + least(k.Missing) + " is missing, which another asks for"
	case *kind.DependentRequired:
		return "the member " + least(k.Missing) + " is missing, which another asks for"
	case *kind.AdditionalProperties:
		return "the member " + least(k.Properties) + " is not allowed"
	case *kind.PropertyNames:
		return "the name " + quoted(k.Property) + " is not allowed"
	case *kind.MinProperties:
		return fmt.Sprintf("it has %d members, fewer than %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("it has %d members, more than %d", k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("it has %d items, fewer than %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("it has %d items, more than %d", k.Got, k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("the text has %d characters, fewer than %d", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("the text has %d characters, more than %d", k.Got, k.Want)
	case *kind.UniqueItems:
		return "two items are equal"
	case *kind.AdditionalItems:
		return "there are more items than are allowed"
	case *kind.Contains, *kind.MinContains:
		return "too few items are of the kind that is asked for"
	case *kind.MaxContains:
		return "too many items are of one kind"
	case *kind.Minimum, *kind.ExclusiveMinimum:
		return "the number is too small"
	case *kind.Maximum, *kind.ExclusiveMaximum:
		return "the number is too large"
	case *kind.MultipleOf:
		return "the number is not a multiple of the one that is asked for"
	case *kind.AnyOf:
		return "it fits none of the alternatives"
	case *kind.OneOf:
		return "it does not fit exactly one of the alternatives"
	case *kind.Not:
		return "it is what must not be"
	}
	return "it does not fit"
}

// least is the first of some names, for the order of an object is chance.
func least(names []string) string {
	if len(names) == 0 {
		return "asked for"
	}
	first := names[0]
	for _, name := range names[1:] {
		first = min(first, name)
	}
	return quoted(first)
}
