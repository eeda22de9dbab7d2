package lookalike

import "testing"

func TestOf(t *testing.T) {
	const name = "Cedar Valley School District (sample)"
	for _, like := range []string{
		name, "cedar  valley SCHOOL district (sample)", "\u0421edar Valley School District (sample)", "Cedar Va\u200blley School District (sample)", "Cedar Val1ey Schoo1 District (sample)",
		"Cedar Valley School Distrlct (sample)", "Cedar Valley School District\u00a0(sample)", "Cedar\ufe0f Valley School D\u0131strict (sample)",
	} {
		if Of(like) != Of(name) {
			t.Errorf("%q is taken for another name", like)
		}
	}
	for _, other := range []string{"", "Cedar Valley School District", "Cedar Valley School Districts (sample)", "Cedar Galley School District (sample)"} {
		if Of(other) == Of(name) {
			t.Errorf("%q is taken for %q", other, name)
		}
	}
}
