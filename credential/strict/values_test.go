package strict

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValues(t *testing.T) {
	for text, want := range map[string]struct {
		values []any
		texts  []string
	}{
		`null`:              {nil, nil},
		`[]`:                {[]any{}, nil},
		`"a"`:               {[]any{"a"}, []string{"a"}},
		`""`:                {[]any{""}, []string{""}},
		`false`:             {[]any{false}, nil},
		`{}`:                {[]any{map[string]any{}}, nil},
		`["a",null,"b",{}]`: {[]any{"a", nil, "b", map[string]any{}}, []string{"a", "b"}},
		`[["a"]]`:           {[]any{[]any{"a"}}, nil},
	} {
		v, err := Parse([]byte(text), Limits{Bytes: 100, Depth: 4, Objects: 4, Values: 10})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.values, Values(v)) + cmp.Diff(want.texts, Texts(v)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
