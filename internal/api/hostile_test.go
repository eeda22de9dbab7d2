package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// hostile are texts that break programs which take a text for more than it is.
var hostile = []string{
	"", " ", "a", "\u0001", "\t", "\r\n", "\u007f", "\u0085", "\u2028", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U0001f9d1\u200d\U0001f3eb", "\U0010ffff", "\u202eabc", "e\u0301",
	`"`, `\`, `</script><script>alert(1)</script>`, "{{7*7}}", "'; DROP TABLE credential;--", "%00", "%zz", "@type", "@value", "_:b0", "#", "..", "/", "null", "true", "-0", "1e400", "NaN",
	"https://example.org", "https://example.org/a b", "https://example.org/<>", "https://example.org/%", "https://example.org/\u00e9", "https://exa\u200dmple.org/", "https://example.org:99999/",
	"https://[::1]/", "https://user:pass@example.org/", "http://", "https://example.org/#a#b", "https://example.org/?a=[]", "https://example.org/\\", "HTTPS://EXAMPLE.ORG", "//example.org", "urn:uuid:x",
	"did:key:z6Mk", "javascript:alert(1)", "data:text/html,x", "mailto:kim@example.org", "en", "en-US", "en_US", "x-private", "\u0130", "ext:Medal", "ext:", "ext:a b", "Percent", "RubricCriterionLevel", "Status", "Completed",
	strings.Repeat("a", 201), strings.Repeat("a", 70000), strings.Repeat("\u00e9", 40000), strings.Repeat("https://example.org/", 3000),
}

// TestHostileTexts: whatever stands in any member, a request is done or refused, never failed; and what is done can be signed
// and passes the verifier. Of all pairs of member and text it takes every sixteenth: all of them pass, but take minutes.
func TestHostileTexts(t *testing.T) {
	w := newWorld(t)
	step, at := 16, 0
	if testing.Short() {
		step = 101
	}
	texts := func(yield func(string) bool) {
		for _, text := range hostile {
			if at++; at%step == 0 && !yield(text) {
				return
			}
		}
	}
	var achievement, award any
	if err := json.Unmarshal([]byte(rubric(t)), &achievement); err != nil {
		t.Fatal(err)
	}
	id := w.ask(t, w.ours, "POST", "/api/v1/achievements", rubric(t)).want(t, 201, "").at("id")
	w.ask(t, w.ours, "POST", "/api/v1/achievements/"+id+"/publish", "").want(t, 200, "")
	if err := json.Unmarshal([]byte(`{"achievement":"`+id+`","recipient":{"email":"kim@example.org","name":"Kim"},"narrative":"n",
		"evidence":[{"id":"https://example.org/e","name":"e","narrative":"n"}],"result":[{"resultDescription":"practice","achievedLevel":"meets","value":"1","status":"Completed"}],
		"validFrom":"2026-01-01T00:00:00Z","validUntil":"2099-01-01T00:00:00Z"}`), &award); err != nil {
		t.Fatal(err)
	}
	done := 0
	each(achievement, func(set func(string)) {
		for text := range texts {
			set(text)
			body, err := json.Marshal(achievement)
			if err != nil {
				t.Fatal(err)
			}
			made := w.ask(t, w.ours, "POST", "/api/v1/achievements", string(body))
			if made.status != 201 {
				continue
			}
			w.ask(t, w.ours, "POST", "/api/v1/achievements/"+made.at("id")+"/publish", "").want(t, 200, "")
			if r := w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(made.at("id"), "kim@example.org")); r.status != 201 {
				t.Errorf("published, but not awarded: %s", body)
			}
			done++
		}
	})
	each(award, func(set func(string)) {
		for text := range texts {
			set(text)
			body, err := json.Marshal(award)
			if err != nil {
				t.Fatal(err)
			}
			if r := w.ask(t, w.ours, "POST", "/api/v1/credentials", string(body)); r.status == 201 {
				done++
			}
		}
	})
	if done == 0 {
		t.Error("nothing was done")
	}
	if pending := w.ask(t, w.ours, "GET", "/api/v1/credentials?state=pending", "").items(); len(pending) > 0 {
		t.Errorf("%d awards were begun that could not be signed", len(pending))
	}
}

// each calls do for every text in a value of JSON, with a function that puts another in its place; it is put back after.
func each(value any, do func(set func(string))) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			inside := value[name]
			if text, ok := inside.(string); ok {
				do(func(other string) { value[name] = other })
				value[name] = text
			} else {
				each(inside, do)
			}
		}
	case []any:
		for i, inside := range value {
			if text, ok := inside.(string); ok {
				do(func(other string) { value[i] = other })
				value[i] = text
			} else {
				each(inside, do)
			}
		}
	}
}
