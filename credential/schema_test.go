package credential

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table of classes says what the published JSON Schemas say. Where it differs on purpose, the difference stands here.
var deviations = map[string]string{
	"Achievement.endorsement": "embedded", "Profile.endorsement": "embedded", "AchievementCredential.endorsement": "embedded",
	"AchievementCredentialv1p1.endorsement": "embedded", // judged as documents of their own
}

func TestClassesEqualTheSchema(t *testing.T) {
	var schema map[string]any
	readJSON(t, referenceFile(t, "schemas/json-ld-2025-11/ob_v3p0_achievementcredential_schema.json"), &schema)
	compareClass(t, "AchievementCredential", schema)
	for name, v := range schema["$defs"].(map[string]any) {
		if name != "Context" && name != "ProfileRef" {
			compareClass(t, name, v.(map[string]any))
		}
	}
	for class, file := range map[string]string{"AchievementCredentialv1p1": "achievementcredentialv1p1", "EndorsementCredentialv1p1": "endorsementcredentialv1p1"} {
		var schema map[string]any
		readJSON(t, referenceFile(t, "schemas/appendix-E-1.4/ob_v3p0_"+file+"-jsonschema1.json"), &schema)
		compareClass(t, class, schema)
	}
}

// shape is what both sides can say about a property.
type shape struct {
	Required, Several bool
	Kind              string
	Terms             []string
}

func compareClass(t *testing.T, name string, schema map[string]any) {
	t.Helper()
	class, known := openBadges[name]
	if !known {
		t.Errorf("no class %s", name)
		return
	}
	required := texts(schema["required"])
	want, got := map[string]shape{}, map[string]shape{}
	for property, v := range schema["properties"].(map[string]any) {
		if property == "@context" {
			continue
		}
		s := schemaShape(property, v.(map[string]any))
		s.Required = slices.Contains(required, property)
		if property == "credentialStatus" { // see frame
			s.Several = true
		}
		if kind := deviations[name+"."+property]; kind != "" {
			s.Kind = kind
		}
		want[property] = s
	}
	for _, p := range class.properties {
		s := shape{Required: p.card == one || p.card == some, Several: p.card == some || p.card == many, Kind: tableKind(p)}
		if p.kind == term || p.kind == advised {
			s.Terms = slices.Sorted(slices.Values(vocabularies[p.of].terms))
			if vocabularies[p.of].open {
				s.Terms = append(s.Terms, "ext:")
			}
		}
		got[p.name] = s
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
	if closed := schema["additionalProperties"] == false; closed != class.closed {
		t.Errorf("%s: closed %t, in the schema %t", name, class.closed, closed)
	}
}

func tableKind(p property) string {
	switch p.kind {
	case object, reference:
		return p.of
	case number:
		return "number"
	case boolean:
		return "boolean"
	case stamp, moment:
		return "date-time"
	case day:
		return "date"
	case typed, constant:
		return "type " + p.of
	case language:
		return "pattern " + languageTag.String()
	case jws:
		return "pattern " + compactJWS.String()
	case embedded:
		return "embedded"
	}
	return "text"
}

// schemaShape reads the JSON Schema of one property, whose choices are single values, arrays of them and language maps.
func schemaShape(property string, node map[string]any) shape {
	var s shape
	var read func(node map[string]any)
	read = func(node map[string]any) {
		for _, word := range []string{"oneOf", "anyOf", "allOf"} {
			for _, choice := range values(node[word]) {
				read(choice.(map[string]any))
			}
		}
		if ref, ok := node["$ref"].(string); ok {
			s.Kind = strings.TrimPrefix(ref, "#/$defs/")
		}
		switch node["type"] {
		case "array":
			s.Several = true
			if contains, ok := node["contains"].(map[string]any); ok && property == "type" && !strings.HasPrefix(s.Kind, "type ") {
				s.Kind = "type " + contains["enum"].([]any)[0].(string)
			} else if items, ok := node["items"].(map[string]any); ok {
				read(items)
			}
		case "string":
			switch terms := texts(node["enum"]); {
			case property == "type" && len(terms) == 1:
				s.Kind = "type " + terms[0]
			case len(terms) > 0:
				s.Terms = slices.Sorted(slices.Values(terms))
			case node["format"] != nil:
				s.Kind = node["format"].(string)
			case node["pattern"] != nil && strings.Contains(node["pattern"].(string), "ext:"):
				s.Terms = append(s.Terms, "ext:")
			case node["pattern"] != nil:
				s.Kind = "pattern " + node["pattern"].(string)
			}
		case "number", "boolean":
			s.Kind = node["type"].(string)
		}
		if s.Kind == "" {
			s.Kind = "text"
		}
	}
	read(node)
	s.Kind = strings.TrimSuffix(s.Kind, "v1p1")
	if s.Kind == "ProfileRef" {
		s.Kind = "Profile"
	}
	return s
}
