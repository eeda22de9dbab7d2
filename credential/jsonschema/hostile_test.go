package jsonschema

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

func parse(t testing.TB, text string) any {
	t.Helper()
	v, err := strict.Parse([]byte(text), credential.JSONLimits())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// list writes n items.
func list(n int, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ",")
}

func same(text string) func(int) string { return func(int) string { return text } }

type hostileCase struct {
	name, schema, value string
	dear                bool // whether it has to be refused
}

// hostile are schemas and values made to cost. Each is judged in bounded time, whatever the answer.
func hostile() []hostileCase {
	return []hostileCase{
		{"doubling by allOf", doubling("allOf", `{"type":"string"}`), `1`, true},
		{"doubling by anyOf", doubling("anyOf", `{"type":"string"}`), `1`, true},
		{"doubling by oneOf", doubling("oneOf", `{"const":0}`), `1`, true},
		{"doubling under not", `{"not":{"$ref":"#/$defs/0"},` + doubling("allOf", `{"type":"string"}`)[1:], `1`, true},
		{"doubling on members", doublingOn("properties", `"a":`), `{"a":{"a":{"a":1}}}`, false},
		{"doubling by depth", `{"anyOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}]}`, strings.Repeat("[", 60) + "1" + strings.Repeat("]", 60), true},
		{"a circle", `{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}`, `1`, true},
		{"a circle through allOf", `{"allOf":[{"$ref":"#"}]}`, `1`, true},
		{"a long chain", `{"$ref":"#/$defs/0","$defs":{` + list(1000, func(i int) string { return fmt.Sprintf(`"%d":{"$ref":"#/$defs/%d"}`, i, i+1) }) + `,"1000":{}}}`, `1`, true},
		{"deep", strings.Repeat(`{"not":`, 63) + "{}" + strings.Repeat("}", 63), `1`, false},
		{"deep and wide", strings.Repeat(`{"properties":{"a":`, 30) + `{"properties":{` + list(4000, func(i int) string { return fmt.Sprintf(`"p%d":{"type":"string"}`, i) }) + `}}` + strings.Repeat("}}", 30), `1`, true},
		{"wide at each depth", wideAtEachDepth(60, 60), `1`, false},
		{"subschemas", `{"allOf":[` + list(3990, same(`{"type":"string"}`)) + `]}`, `1`, false},
		{"too many subschemas", `{"allOf":[` + list(6000, same(`{"type":"string"}`)) + `]}`, `1`, true},
		{"truths", `{"allOf":[` + list(49_000, same(`true`)) + `]}`, `1`, true},
		{"long pointers", `{"properties":{"` + strings.Repeat("a", 500_000) + `":{"allOf":[` + list(4000, same(`{}`)) + `]}}}`, `1`, true},
		{"names", `{"allOf":[` + list(99, func(i int) string { return fmt.Sprintf(`{"$id":"https://a.example/%d"}`, i) }) + `,` + list(3800, same(`{}`)) + `]}`, `1`, false},
		{"too many names", `{"allOf":[` + list(300, func(i int) string { return fmt.Sprintf(`{"$anchor":"a%d"}`, i) }) + `]}`, `1`, true},
		{"references to odd places", `{"x":[` + list(1500, same(`{}`)) + `],"allOf":[` + list(1500, func(i int) string { return fmt.Sprintf(`{"$ref":"#/x/%d"}`, i) }) + `]}`, `1`, true},
		{"references to all of it", `{"x":{"y":{"z":{"allOf":[` + list(2000, same(`{"type":"string"}`)) + `]}}},"allOf":[{"$ref":"#/x"},{"$ref":"#/x/y"},{"$ref":"#/x/y/z"},` + list(60, func(i int) string { return fmt.Sprintf(`{"$ref":"#/x/%%79/z%s"}`, strings.Repeat("/allOf/0", i)) }) + `]}`, `1`, true},
		{"a large enumeration", `{"items":{"enum":[` + list(40_000, func(i int) string { return fmt.Sprintf(`"code-%d"`, i) }) + `]}}`, `[` + list(2000, same(`"code-x"`)) + `]`, true},
		{"one text in a large enumeration", `{"enum":[` + list(40_000, func(i int) string { return fmt.Sprintf(`"code-%d"`, i) }) + `]}`, `"code-x"`, false},
		{"numbers against numbers", `{"items":{"enum":[` + list(10_000, func(i int) string { return fmt.Sprintf(`%d.5e-99`, i) }) + `]}}`, `[` + list(2000, same(`1e99`)) + `]`, true},
		{"numbers", `{"items":{"minimum":1e-999,"maximum":1e999,"multipleOf":7e-99,"type":"integer"}}`, `[` + list(2000, func(i int) string { return fmt.Sprintf("%de299", i+1) }) + `]`, false},
		{"a long number in the schema", `{"minimum":1` + strings.Repeat("0", 1000) + `}`, `1`, true},
		{"a large exponent in the schema", `{"multipleOf":1e-100000000}`, `1`, true},
		{"a large exponent in the value", `{"minimum":0}`, `1e100000000`, true},
		{"a large exponent in an enumeration", `{"enum":[[1]]}`, `[1e-9999]`, true},
		{"equal hashes", `{"uniqueItems":true}`, `[` + list(1999, equalHash) + `]`, true},
		{"equal hashes within bounds", `{"uniqueItems":true}`, `[` + list(60, equalHash) + `]`, false},
		{"unique objects again and again", `{"allOf":[` + list(4000, same(`{"uniqueItems":true}`)) + `]}`, `[` + list(20, same(`{"a":{"b":"c"}}`)) + `]`, true},
		{"patterns on members", `{"patternProperties":{` + list(200, func(i int) string { return fmt.Sprintf(`"^(a+)+%d$":{"type":"string"}`, i) }) + `}}`, `{` + list(1500, func(i int) string { return fmt.Sprintf(`"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d":1`, i) }) + `}`, true},
		{"a pattern that backtracks", `{"pattern":"^(([a-z])+.)+[A-Z]([a-z])+$"}`, `"` + strings.Repeat("a", 10_000) + `"`, false},
		{"a long text and a large pattern", `{"pattern":"(x{500}|y{500})$"}`, `"` + strings.Repeat("x", 1_000_000) + `"`, true},
		{"a large pattern", `{"pattern":"((x{1000}){1000}){3}"}`, `"x"`, true},
		{"a long pattern", `{"pattern":"` + strings.Repeat(`\\pL`, 100_000) + `"}`, `"x"`, true},
		{"classes", `{"allOf":[` + list(16, func(i int) string { return fmt.Sprintf(`{"pattern":"%s%d"}`, strings.Repeat(`\\p{L}`, 160), i) }) + `]}`, `"x"`, true},
		{"many patterns", `{"allOf":[` + list(3900, func(i int) string { return fmt.Sprintf(`{"pattern":"%d"}`, i+1000) }) + `]}`, `"x"`, false},
		{"groups", `{"pattern":"` + strings.Repeat("(", 1000) + strings.Repeat(")", 20) + `"}`, `"x"`, true},
		{"errors at every place", `{"$defs":{"a":{"type":["array","object"],"minItems":9,"items":{"$ref":"#/$defs/a"},"allOf":[` + list(10, same(`{"minItems":9}`)) + `]}},"$ref":"#/$defs/a"}`, strings.Repeat("[", 50) + list(1900, same("[]")) + strings.Repeat("]", 50), false},
		{"conditions", `{"allOf":[` + list(900, same(`{"if":{"type":"object"},"then":{"required":["a"]},"else":{"required":["b"]}}`)) + `]}`, `{}`, false},
		{"unevaluated", `{"allOf":[` + list(1900, same(`{"properties":{"a":true}}`)) + `],"unevaluatedProperties":false}`, `{` + list(1900, func(i int) string { return fmt.Sprintf(`"m%d":1`, i) }) + `}`, true},
		{"unevaluated within bounds", `{"allOf":[` + list(200, same(`{"properties":{"a":true}}`)) + `],"unevaluatedProperties":false}`, `{` + list(1900, func(i int) string { return fmt.Sprintf(`"m%d":1`, i) }) + `}`, false},
		{"contains", `{"allOf":[` + list(900, same(`{"contains":{"const":"a"}}`)) + `]}`, `[` + list(2000, same(`"b"`)) + `]`, true},
		{"content", `{"contentMediaType":"application/json","contentEncoding":"base64","contentSchema":{"$ref":"#"}}`, `"` + strings.Repeat("W1tb", 10_000) + `"`, false},
		{"the way decides", `{"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a","not":{"$dynamicRef":"#a"}}}}`, `1`, true},
		{"recursion by the way", `{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"items":{"$recursiveRef":"#"}}`, `[[1]]`, true},
		{"the schema of schemas", `{"$ref":"https://json-schema.org/draft/2020-12/schema"}`, `{"allOf":[{"type":"strin"}]}`, true},
		{"the old schema of schemas", `{"$ref":"http://json-schema.org/draft-07/schema#"}`, `{"allOf":[{"type":"strin"}]}`, false},
		{"required names", `{"allOf":[` + list(2000, same(`{"required":["a","b","c","d","e","f","g","h","i","j"]}`)) + `]}`, `{}`, false},
	}
}

// doubling refers to each of 40 definitions twice, from the one before it.
func doubling(keyword, last string) string {
	defs := list(40, func(i int) string {
		return fmt.Sprintf(`"%d":{"%s":[{"$ref":"#/$defs/%d"},{"$ref":"#/$defs/%d"}]}`, i, keyword, i+1, i+1)
	})
	return `{"$ref":"#/$defs/0","$defs":{` + defs + `,"40":` + last + `}}`
}

func doublingOn(keyword, name string) string {
	defs := list(40, func(i int) string {
		return fmt.Sprintf(`"%d":{"%s":{%s{"allOf":[{"$ref":"#/$defs/%d"},{"$ref":"#/$defs/%d"}]}}}`, i, keyword, name, i+1, i+1)
	})
	return `{"$ref":"#/$defs/0","$defs":{` + defs + `,"40":{"type":"string"}}}`
}

func wideAtEachDepth(depth, width int) string {
	text := "{}"
	for range depth / 2 {
		text = `{"allOf":[` + list(width-1, same(`{"type":"string"}`)) + `,` + text + `]}`
	}
	return text
}

// equalHash writes arrays that the library hashes alike: the mark of a text can stand in a text.
func equalHash(i int) string {
	text := `["a`
	for bit := range 11 {
		if i>>bit&1 == 0 {
			text += `","a`
		} else {
			text += `\u0004a`
		}
	}
	return text + `"]`
}

// TestHostile: nothing takes more than 128 MiB, and what has to be refused is not judged. Memory is counted, in all that was
// asked for; times are in BenchmarkHostile.
func TestHostile(t *testing.T) {
	for _, c := range hostile() {
		t.Run(c.name, func(t *testing.T) {
			value := parse(t, c.value)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := Validate([]byte(c.schema), value, Draft202012)
			runtime.ReadMemStats(&after)
			var undecided *Undecided
			if errors.As(err, &undecided) != c.dear {
				t.Errorf("judged as %v; refused is to be %v", err, c.dear)
			}
			allocated := after.TotalAlloc - before.TotalAlloc
			if allocated > 128<<20 {
				t.Errorf("took %d MiB", allocated>>20)
			}
		})
	}
}

// BenchmarkHostile is the time of each: less than half a second.
func BenchmarkHostile(b *testing.B) {
	for _, c := range hostile() {
		value := parse(b, c.value)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = Validate([]byte(c.schema), value, Draft202012)
			}
		})
	}
}
