package fetch

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestAlternates(t *testing.T) {
	page, err := url.Parse("https://badges.example.org/c/1?x=1")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		fields []string
		want   []string
	}{
		"none":                       {nil, nil},
		"one":                        {[]string{`<https://badges.example.org/c/1.json>; rel="alternate"; type="application/vc"`}, []string{"https://badges.example.org/c/1.json"}},
		"relative":                   {[]string{`</c/1.json>;rel=alternate;type=application/vc`}, []string{"https://badges.example.org/c/1.json"}},
		"several values":             {[]string{`<a.json>; rel=alternate; type="application/json", <a.jwt>; rel="canonical alternate"; type=application/vc+jwt`}, []string{"https://badges.example.org/c/a.jwt", "https://badges.example.org/c/a.json"}},
		"several fields":             {[]string{`<a>; rel=alternate; type="application/ld+json"`, `<b>; rel=alternate; type="application/vc"`}, []string{"https://badges.example.org/c/b", "https://badges.example.org/c/a"}},
		"a comma in quotation marks": {[]string{`<a>; title="one, <two>; rel=x"; rel=alternate; type=application/vc`}, []string{"https://badges.example.org/c/a"}},
		"an escaped mark":            {[]string{`<a>; title="\""; rel=alternate; type=application/vc`}, []string{"https://badges.example.org/c/a"}},
		"the first of two counts":    {[]string{`<a>; rel=next; rel=alternate; type=application/vc`}, nil},
		"a fragment":                 {[]string{`<a#b>; rel=alternate; type=application/vc, <a#c>; rel=alternate; type=application/vc`}, []string{"https://badges.example.org/c/a"}},
		"media type with parameters": {[]string{`<a>; rel=alternate; type="application/ld+json; profile=x"`}, []string{"https://badges.example.org/c/a"}},
		"the page itself":            {[]string{`<>; rel=alternate; type=application/vc, <?x=1>; rel=alternate; type=application/vc`}, nil},
		"another relation":           {[]string{`<a>; rel=stylesheet; type=application/json`}, nil},
		"another type":               {[]string{`<a>; rel=alternate; type=application/rss+xml, <b>; rel=alternate`}, nil},
		"no https":                   {[]string{`<http://badges.example.org/a>; rel=alternate; type=application/vc, <javascript:x>; rel=alternate; type=application/vc, <file:///a>; rel=alternate; type=application/vc`}, nil},
		"not closed":                 {[]string{`<a; rel=alternate; type=application/vc`}, nil},
		"mark not closed":            {[]string{`<a>; rel="alternate; type=application/vc`}, nil},
		"no link":                    {[]string{`a; rel=alternate`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := alternates(c.fields, page); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	var many strings.Builder
	for i := range 500 {
		many.WriteString(`<` + strings.Repeat("a", i%200) + `.json>; rel=alternate; type=application/json,`)
	}
	if got := alternates([]string{many.String()}, page); len(got) != maxAlternates {
		t.Errorf("%d alternates, want %d", len(got), maxAlternates)
	}
}

func FuzzAlternates(f *testing.F) {
	f.Add(`</c/1.json>; rel="alternate"; type="application/vc", <a>; title="\"x, <y>"; rel=alternate; type=application/jwt`)
	f.Add(`<`)
	f.Add(`<a>; rel="`)
	page, err := url.Parse("https://badges.example.org/c/1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, field string) {
		got := alternates([]string{field}, page)
		if len(got) > maxAlternates {
			t.Errorf("%d alternates", len(got))
		}
		for i, address := range got {
			if !strings.HasPrefix(address, "https://") || slices.Contains(got[:i], address) || address == page.String() {
				t.Errorf("alternate %q of %q", address, got)
			}
		}
	})
}
