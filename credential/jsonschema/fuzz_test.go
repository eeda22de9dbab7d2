package jsonschema

import (
	"errors"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// FuzzValidate: whatever the schema and the value, there is one answer, of the three kinds, and it comes soon. The bound is a
// hundred times what was measured at worst, for a slow machine that does much else.
func FuzzValidate(f *testing.F) {
	for _, c := range hostile() {
		if len(c.schema)+len(c.value) < 8<<10 {
			f.Add([]byte(c.schema), []byte(c.value))
		}
	}
	f.Add([]byte(`{"$schema":"http://json-schema.org/draft-04/schema#","id":"x","properties":{"a":{"$ref":"#"}},"required":["a"]}`), []byte(`{"a":{}}`))
	f.Fuzz(func(t *testing.T, schema, value []byte) {
		v, err := strict.Parse(value, credential.JSONLimits())
		if err != nil {
			return
		}
		began := time.Now()
		err = Validate(schema, v, Draft202012)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %v", took)
		}
		var violation *Violation
		var undecided *Undecided
		if err != nil && !errors.As(err, &violation) && !errors.As(err, &undecided) {
			t.Errorf("an error of another kind: %v", err)
		}
		again := Validate(schema, v, Draft202012)
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
			t.Errorf("%v, and again %v", err, again)
		}
	})
}
