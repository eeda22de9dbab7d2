package credential

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/strict"
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

// The classes of CLR 2.0 say what its published JSON Schema says, which draws the flavour of VC Data Model 1.1 and leaves types to
// the prose. The members that it has not are those that every credential may have.
func TestRecordsEqualTheSchema(t *testing.T) {
	var schema map[string]any
	readJSON(t, referenceFile(t, "schemas/clr/clr_v2p0_clrcredential_schema_draft4.json"), &schema)
	deviations := map[string]string{"ClrCredential.endorsement": "embedded", "ClrSubject.verifiableCredential": "embedded"} // judged as documents of their own
	for name, node := range map[string]any{"ClrCredential": schema, "ClrSubject": schema["$defs"].(map[string]any)["ClrSubject"],
		"Association": schema["$defs"].(map[string]any)["Association"]} {
		node := node.(map[string]any)
		class := openBadges[name]
		if name == "ClrCredential" {
			class = openBadges[name+"v1p1"]
		}
		properties, required := node["properties"].(map[string]any), strict.Texts(node["required"])
		want, got := map[string]shape{}, map[string]shape{}
		for property, v := range properties {
			if property == "@context" || property == "type" {
				continue
			}
			s := schemaShape(property, v.(map[string]any))
			s.Required = slices.Contains(required, property)
			s.Several = s.Several || property == "credentialStatus" // see frame
			if kind := deviations[name+"."+property]; kind != "" {
				s.Kind = kind
			}
			want[property] = s
		}
		for _, p := range class.properties {
			if _, there := properties[p.name]; there && p.name != "type" {
				got[p.name] = tableShape(p)
			} else if !there && !slices.Contains(frame, p) {
				t.Errorf("%s: the schema has no %s", name, p.name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if closed := node["additionalProperties"] == false; closed != class.closed {
			t.Errorf("%s: closed %t, in the schema %t", name, class.closed, closed)
		}
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
	required := strict.Texts(schema["required"])
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
		got[p.name] = tableShape(p)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
	if closed := schema["additionalProperties"] == false; closed != class.closed {
		t.Errorf("%s: closed %t, in the schema %t", name, class.closed, closed)
	}
}

func tableShape(p property) shape {
	s := shape{Required: p.card == one || p.card == some, Several: p.card == some || p.card == many, Kind: tableKind(p)}
	if p.kind == term || p.kind == advised {
		s.Terms = slices.Sorted(slices.Values(vocabularies[p.of].terms))
		if vocabularies[p.of].open {
			s.Terms = append(s.Terms, "ext:")
		}
	}
	return s
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
			for _, choice := range strict.Values(node[word]) {
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
			switch terms := strict.Texts(node["enum"]); {
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
