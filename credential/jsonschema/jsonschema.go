// Package jsonschema judges a JSON value by a JSON Schema that somebody else wrote.
//
// Start with [Validate]. The schema behind a credential's credentialSchema comes from wherever the credential says, so its
// author is not trusted. A few hundred bytes of one can mean more steps than there is time for, and a few kilobytes a pattern
// of gigabytes. So what the schema and the value may cost is counted before the library that judges them is let loose: the
// schema as it is read (schema.go), each pattern as it is compiled (pattern.go), and every pair of a subschema and a value that
// meet (price.go). What is too dear cannot be judged. Nothing is ever loaded: neither a file nor an address.
//
// The package is pure: bytes and values in, a finding out.
package jsonschema

import (
	"errors"
	"fmt"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// Draft is a version of JSON Schema.
type Draft int

// Drafts for a schema that names none in its $schema.
const (
	Draft202012 Draft = iota
	Draft201909       // what a credentialSchema of type 1EdTechJsonSchemaValidator2019 means
)

// Undecided is the error of a schema by which nothing can be judged: it is no JSON Schema of draft 4, 6, 7, 2019-09 or 2020-12,
// refers to something outside itself, or would cost too much.
type Undecided struct {
	Detail string // one clause for a person
}

// Error returns the detail.
func (e *Undecided) Error() string { return e.Detail }

// Violation is the error of a value that does not fit a schema. Of several it is the first in the order of places and keywords.
type Violation struct {
	Pointer string // JSON Pointer (RFC 6901) into the value
	Keyword string // of the schema, such as required
	Detail  string // one clause for a person
}

// Error returns the detail and the place.
func (e *Violation) Error() string {
	if e.Pointer == "" {
		return e.Detail
	}
	return fmt.Sprintf("%s (at %s)", e.Detail, e.Pointer)
}

const root = "urn:x-schema" // the name of a schema that gives itself none

// Validate judges a value as [strict.Parse] reads it by the text of a JSON Schema of at most 1 MiB. The schema is of the draft
// that its $schema names, else of the one given. The keyword format is an assertion up to draft 7 and an annotation since
// (JSON Schema Validation 2019-09 and 2020-12 section 7); content keywords are annotations. The error is a [*Violation] when the
// value does not fit, and an [*Undecided] when that cannot be told.
func Validate(schema []byte, value any, draft Draft) (err error) {
	// The library is fed with what strangers write. A fault in it must cost an answer and not the process.
	defer func() {
		if recover() != nil {
			err = &Undecided{"the schema cannot be worked with"}
		}
	}()
	document, refusal := readSchema(schema)
	if refusal != nil {
		return refusal
	}
	patterns := &engine{compiled: map[string]*pattern{}}
	compiler := library.NewCompiler()
	compiler.UseLoader(nowhere{})
	compiler.UseRegexpEngine(patterns.compile)
	compiler.DefaultDraft(library.Draft2020)
	if draft == Draft201909 {
		compiler.DefaultDraft(library.Draft2019)
	}
	if err := compiler.AddResource(root, document); err != nil {
		return &Undecided{"the schema cannot be worked with"}
	}
	compiled, err := compiler.Compile(root)
	if err != nil {
		return patterns.explain(err)
	}
	if refusal := price(compiled, value); refusal != nil {
		return refusal
	}
	err = compiled.Validate(value)
	var finding *library.ValidationError
	switch {
	case patterns.refusal != nil: // a pattern in the value, where the schema asks for one
		return patterns.refusal
	case err == nil:
		return nil
	case errors.As(err, &finding):
		return violation(finding)
	}
	return &Undecided{"the schema cannot be worked with"}
}

var errOutside = errors.New("nothing outside the schema is read")

// nowhere is the loader of a library that must load nothing.
type nowhere struct{}

// Load refuses.
func (nowhere) Load(string) (any, error) { return nil, errOutside }

// explain says why a schema could not be compiled.
func (e *engine) explain(err error) error {
	if e.refusal != nil {
		return e.refusal
	}
	var load *library.LoadURLError
	if errors.As(err, &load) {
		return &Undecided{"the schema refers to something outside itself"}
	}
	return &Undecided{"it is not a valid JSON Schema"}
}
