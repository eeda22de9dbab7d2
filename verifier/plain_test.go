package verifier

import (
	"testing"

	"pgregory.net/rapid"
)

// TestPlain: what is taken as it is is what quoting it gives. The line feed behind it is left out by quoting, and keeps it from being plain.
func TestPlain(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[a-z" ~\x7fé]{0,8}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "text")
		if quoted := quotedTo(s+"\n", len(s)+1); isPlain(s, len(s)) && quoted != s {
			t.Fatalf("%q: quoted %q", s, quoted)
		}
		if s != "" && isPlain(s, len(s)-1) {
			t.Fatalf("%q is longer than %d", s, len(s)-1)
		}
	})
	for _, plain := range []string{"", "a", "a b", "https://example.org/~x", "did:web:example.org"} {
		if !isPlain(plain, 30) {
			t.Errorf("%q is not plain", plain)
		}
	}
}

// TestFactsAnd: facts that were handed out stay as they are, and nothing is no facts.
func TestFactsAnd(t *testing.T) {
	if got := (Facts{}).and(FactName, "", FactCase, " "); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	first := Facts(nil).and(FactCase, "one")
	second := first.and(FactCase, "two", FactName, "a \"b\"")
	if len(first) != 1 || first[FactCase] != "one" || len(second) != 2 || second[FactCase] != "two" || second[FactName] != "a 'b'" {
		t.Errorf("%v, %v", first, second)
	}
}
