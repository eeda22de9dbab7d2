package jsonschema

import (
	"errors"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/referencedata"
)

// TestValidate: one case for each keyword, in the words of the finding.
func TestValidate(t *testing.T) {
	for _, c := range []struct{ name, schema, value, keyword, pointer, detail string }{
		{"true", `true`, `1`, "", "", ""},
		{"empty", `{}`, `1`, "", "", ""},
		{"false", `false`, `1`, "false", "", "nothing may stand here"},
		{"type", `{"type":"string"}`, `1`, "type", "", "the value is of type number, not string"},
		{"types", `{"type":["string","null"]}`, `1`, "type", "", "the value is of type number, not null or string"},
		{"an integer with places", `{"type":"integer"}`, `1.0`, "", "", ""},
		{"no integer", `{"type":"integer"}`, `1.5`, "type", "", "the value is of type number, not integer"},
		{"const", `{"const":{"a":1.0}}`, `{"a":1}`, "", "", ""},
		{"another const", `{"const":{"a":1.0}}`, `{"a":2}`, "const", "", "the value is not the one that is asked for"},
		{"numbers beyond a double", `{"const":9007199254740993}`, `9007199254740992`, "const", "", "the value is not the one that is asked for"},
		{"enum", `{"enum":["a","b"]}`, `"c"`, "enum", "", "the value is not one of those that are allowed"},
		{"pattern", `{"pattern":"^a$"}`, `"b"`, "pattern", "", "the text does not follow the pattern that is asked for"},
		{"required", `{"properties":{"a":{"required":["y","x"]}}}`, `{"a":{}}`, "required", "/a", `the member "x" is missing`},
		{"additionalProperties", `{"additionalProperties":false}`, `{"b":1,"a":1}`, "additionalProperties", "", `the member "a" is not allowed`},
		{"unevaluatedProperties", `{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}`, `{"a":1,"b":1}`, "false", "/b", "nothing may stand here"},
		{"propertyNames", `{"properties":{"x":{"propertyNames":{"maxLength":1}}}}`, `{"x":{"aa":1}}`, "propertyNames", "", `the name "aa" is not allowed`},
		{"dependentRequired", `{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, "dependentRequired", "", `the member "b" is missing, which another asks for`},
		{"dependentSchemas", `{"dependentSchemas":{"a":{"maxProperties":1}}}`, `{"a":1,"b":1}`, "maxProperties", "", "it has 2 members, more than 1"},
		{"minProperties", `{"minProperties":1}`, `{}`, "minProperties", "", "it has 0 members, fewer than 1"},
		{"minItems", `{"minItems":1}`, `[]`, "minItems", "", "it has 0 items, fewer than 1"},
		{"maxItems", `{"maxItems":1}`, `[1,2]`, "maxItems", "", "it has 2 items, more than 1"},
		{"prefixItems", `{"prefixItems":[true,{"type":"string"}],"items":false}`, `[1,1]`, "type", "/1", "the value is of type number, not string"},
		{"items", `{"prefixItems":[true],"items":{"minimum":2}}`, `[0,1]`, "minimum", "/1", "the number is too small"},
		{"contains", `{"contains":{"const":1}}`, `[2]`, "contains", "", "too few items are of the kind that is asked for"},
		{"maxContains", `{"contains":{"const":1},"maxContains":1}`, `[1,1]`, "maxContains", "", "too many items are of one kind"},
		{"uniqueItems", `{"uniqueItems":true}`, `[{"a":1},{"a":1.0}]`, "uniqueItems", "", "two items are equal"},
		{"minLength", `{"minLength":3}`, `"äö"`, "minLength", "", "the text has 2 characters, fewer than 3"},
		{"maxLength", `{"maxLength":1}`, `"äö"`, "maxLength", "", "the text has 2 characters, more than 1"},
		{"exclusiveMaximum", `{"exclusiveMaximum":2}`, `2`, "exclusiveMaximum", "", "the number is too large"},
		{"multipleOf", `{"multipleOf":0.1}`, `0.3`, "", "", ""},
		{"no multiple", `{"multipleOf":0.1}`, `0.35`, "multipleOf", "", "the number is not a multiple of the one that is asked for"},
		{"anyOf", `{"anyOf":[{"type":"string"},{"minimum":2}]}`, `1`, "anyOf", "", "it fits none of the alternatives"},
		{"oneOf", `{"oneOf":[true,{"minimum":0}]}`, `1`, "oneOf", "", "it does not fit exactly one of the alternatives"},
		{"allOf", `{"allOf":[true,{"minimum":2}]}`, `1`, "minimum", "", "the number is too small"},
		{"not", `{"not":{}}`, `1`, "not", "", "it is what must not be"},
		{"if", `{"if":{"const":1},"then":{"minimum":2}}`, `1`, "minimum", "", "the number is too small"},
		{"else", `{"if":{"const":2},"else":{"minimum":2}}`, `1`, "minimum", "", "the number is too small"},
		{"a reference", `{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}`, `1`, "type", "", "the value is of type number, not string"},
		{"a reference by name", `{"$ref":"#a","$defs":{"x":{"$anchor":"a","type":"string"}}}`, `1`, "type", "", "the value is of type number, not string"},
		{"a reference to its own address", `{"$id":"https://a.example/s","$ref":"https://a.example/s#/$defs/a","$defs":{"a":{"type":"string"}}}`, `1`, "type", "", "the value is of type number, not string"},
		{"a tree", `{"properties":{"a":{"$ref":"#"}},"maxProperties":1}`, `{"a":{"a":{"a":1,"b":2}}}`, "maxProperties", "/a/a", "it has 2 members, more than 1"},
		{"a name that needs escapes", `{"additionalProperties":{"type":"string"}}`, `{"a/b~":1}`, "type", "/a~1b~0", "the value is of type number, not string"},
		{"the first of several", `{"required":["z"],"properties":{"b":{"type":"string"},"a":{"type":"string"}}}`, `{"b":1,"a":1}`, "required", "", `the member "z" is missing`},
		{"format since 2019-09", `{"format":"date-time"}`, `"yesterday"`, "", "", ""},
		{"format in draft 7", `{"$schema":"http://json-schema.org/draft-07/schema#","format":"date-time"}`, `"yesterday"`, "format", "", `the text is not of the form "date-time"`},
		{"a reference in draft 7", `{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/a","type":"string","definitions":{"a":{}}}`, `1`, "", "", ""},
		{"items in draft 6", `{"$schema":"http://json-schema.org/draft-06/schema#","items":[{"type":"string"}]}`, `[1]`, "type", "/0", "the value is of type number, not string"},
		{"additionalItems in draft 6", `{"$schema":"http://json-schema.org/draft-06/schema#","items":[{}],"additionalItems":false}`, `[1,2]`, "additionalItems", "", "there are more items than are allowed"},
		{"exclusiveMinimum in draft 4", `{"$schema":"http://json-schema.org/draft-04/schema#","minimum":1,"exclusiveMinimum":true}`, `1`, "exclusiveMinimum", "", "the number is too small"},
		{"dependencies in draft 4", `{"$schema":"http://json-schema.org/draft-04/schema","dependencies":{"a":["b"]}}`, `{"a":1}`, "dependency", "", `the member "b" is missing, which another asks for`},
		{"the schema of draft 7", `{"$ref":"http://json-schema.org/draft-07/schema#"}`, `{"minLength":-1}`, "minimum", "/minLength", "the number is too small"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Validate([]byte(c.schema), parse(t, c.value), Draft202012)
			var v *Violation
			switch {
			case c.keyword == "" && err != nil:
				t.Errorf("it fits, and %v", err)
			case c.keyword == "":
			case !errors.As(err, &v):
				t.Errorf("%v; want %s", err, c.keyword)
			case v.Keyword != c.keyword || v.Pointer != c.pointer || v.Detail != c.detail:
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestDraft: what a schema that names no draft is read as.
func TestDraft(t *testing.T) {
	schema, value := []byte(`{"items":[{"type":"string"}]}`), parse(t, `[1]`)
	var violation *Violation
	if err := Validate(schema, value, Draft201909); !errors.As(err, &violation) {
		t.Errorf("in 2019-09 an array of items is their schemas: %v", err)
	}
	var undecided *Undecided
	if err := Validate(schema, value, Draft202012); !errors.As(err, &undecided) {
		t.Errorf("in 2020-12 it is no schema: %v", err)
	}
}

// TestUndecided: by these nothing can be judged.
func TestUndecided(t *testing.T) {
	for name, schema := range map[string]string{
		"empty":                         ``,
		"not JSON":                      `{`,
		"two values":                    `{}{}`,
		"a repeated name":               `{"type":"string","type":"number"}`,
		"no schema":                     `[]`,
		"a text":                        `"x"`,
		"too large":                     `{"title":"` + strings.Repeat("a", maxBytes) + `"}`,
		"too deep":                      strings.Repeat(`{"not":`, 65) + `{}` + strings.Repeat("}", 65),
		"a keyword of a wrong type":     `{"type":1}`,
		"a wrong keyword inside":        `{"properties":{"a":{"required":"b"}}}`,
		"another address":               `{"$ref":"https://a.example/s.json"}`,
		"a file":                        `{"$ref":"file:///etc/hostname"}`,
		"a path":                        `{"$ref":"other.json"}`,
		"an address inside":             `{"$id":"https://a.example/s","$ref":"t"}`,
		"a place that is not there":     `{"$ref":"#/$defs/a"}`,
		"a name that is not there":      `{"$ref":"#a"}`,
		"another dialect":               `{"$schema":"https://a.example/dialect"}`,
		"its own dialect":               `{"$schema":"urn:x-schema"}`,
		"draft 3":                       `{"$schema":"http://json-schema.org/draft-03/schema#"}`,
		"another dialect inside":        `{"$defs":{"a":{"$id":"https://a.example/a","$schema":"https://a.example/dialect"}}}`,
		"an address twice":              `{"$defs":{"a":{"$id":"https://a.example/a"},"b":{"$id":"https://a.example/a"}}}`,
		"a name twice":                  `{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}`,
		"no multiple of nothing":        `{"multipleOf":0}`,
		"a pattern that looks ahead":    `{"pattern":"^(?!a)"}`,
		"a pattern in another language": `{"patternProperties":{"\\Qa":{}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate([]byte(schema), map[string]any{}, Draft202012)
			var undecided *Undecided
			if !errors.As(err, &undecided) || undecided.Detail == "" {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestRegexFormat: up to draft 7 a schema can ask for patterns in the value. Those that are not understood are not judged.
func TestRegexFormat(t *testing.T) {
	schema := []byte(`{"$schema":"http://json-schema.org/draft-07/schema#","items":{"format":"regex"}}`)
	if err := Validate(schema, parse(t, `["^a$",1]`), Draft202012); err != nil {
		t.Error(err)
	}
	for _, value := range []string{`["(?=a)"]`, `["` + strings.Repeat("a", 2000) + `"]`, `["("]`} {
		var undecided *Undecided
		if err := Validate(schema, parse(t, value), Draft202012); !errors.As(err, &undecided) {
			t.Errorf("%.20s: %v", value, err)
		}
	}
}

// TestPublishedSchemas: the badges of the performance figures fit the published schemas of Open Badges 3.0, up to 1,000 items,
// and do not without a member that those ask for.
func TestPublishedSchemas(t *testing.T) {
	for _, schema := range []string{"json-ld-2025-11/ob_v3p0_achievementcredential_schema.json", "strict-2024/ob_v3p0_achievementcredential_schema.json",
		"appendix-E-1.4/ob_v3p0_anyachievementcredential-jsonschema1.json"} {
		text := referencedata.File(t, "schemas/"+schema)
		for _, badge := range []string{"3kB", "10", "100", "1000"} {
			value := parse(t, string(referencedata.File(t, "perf/badge-"+badge+".json"))).(map[string]any)
			if err := Validate(text, value, Draft201909); err != nil {
				t.Errorf("%s, %s: %v", schema, badge, err)
			}
			delete(value["credentialSubject"].(map[string]any)["achievement"].(map[string]any), "criteria")
			var violation *Violation
			if err := Validate(text, value, Draft201909); !errors.As(err, &violation) {
				t.Errorf("%s, %s without criteria: %v", schema, badge, err)
			}
		}
	}
}

// BenchmarkValidate is the cost of a published schema on a badge of 3 kB.
func BenchmarkValidate(b *testing.B) {
	schema := referencedata.File(b, "schemas/json-ld-2025-11/ob_v3p0_achievementcredential_schema.json")
	value := parse(b, string(referencedata.File(b, "perf/badge-3kB.json")))
	b.ReportAllocs()
	for b.Loop() {
		if err := Validate(schema, value, Draft201909); err != nil {
			b.Fatal(err)
		}
	}
}
