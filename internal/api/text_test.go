package api

import "testing"

func TestTextOf(t *testing.T) {
	for name, test := range map[string]struct{ object, want string }{
		"a member":                 {`{"id":"x","validFrom":"2026-01-02T03:04:05Z","name":"y"}`, "2026-01-02T03:04:05Z"},
		"with spaces":              {"{\n  \"id\" : \"x\",\n  \"validFrom\" : \"2026\"\n}", "2026"},
		"none":                     {`{"id":"validFrom"}`, ""},
		"a text like the name":     {`{"id":"validFrom","name":"\"validFrom\":\"2001\"","validFrom":"2026"}`, "2026"},
		"in another object":        {`{"proof":{"validFrom":"2001"},"all":[{"validFrom":"2002"}]}`, ""},
		"after another object":     {`{"proof":{"validFrom":"2001","a":["}"]},"validFrom":"2026"}`, "2026"},
		"a text that ends escaped": {`{"name":"a\\","validFrom":"2026"}`, "2026"},
		"not a text":               {`{"validFrom":2026}`, ""},
		"nothing at all":           {``, ""},
		"cut short":                {`{"validFrom":"20`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := textOf([]byte(test.object), "validFrom"); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
