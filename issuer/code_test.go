package issuer

import (
	"strings"
	"testing"
)

// TestCode: an award has one code that can be read aloud, whatever its id, and keeps it: it stands on paper.
func TestCode(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{"AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBB", ""} {
		c := Credential{ID: id}
		code := c.Code()
		if len(code) != 9 || code[4] != '-' || strings.ContainsAny(code, "ILOU") || seen[code] || code != c.Code() {
			t.Errorf("%q has the code %s", id, code)
		}
		seen[code] = true
	}
	if c := (Credential{ID: "AAAAAAAAAAAAAAAAAAAAAA"}); c.Code() != "ZGYT-1V98" {
		t.Errorf("the code has become %s", c.Code())
	}
}
