package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/wording"
)

// languageParameter names a language in an address. It wins over what the browser asks for, and no cookie remembers it.
const languageParameter = "lang"

// languageOf is the language in which a request wants to be answered.
func languageOf(c echo.Context) wording.Language {
	if named, ok := namedLanguage(c); ok {
		return named
	}
	return wording.Match(c.Request().Header.Get("Accept-Language"))
}

// namedLanguage is the language that the address of a request names.
func namedLanguage(c echo.Context) (wording.Language, bool) {
	named := c.QueryParam(languageParameter)
	for _, l := range wording.Languages {
		if named == string(l) {
			return l, true
		}
	}
	return "", false
}

// tongue is one language as a page offers it.
type tongue struct {
	Code string
	Name string // how it calls itself
	Link string // the page in that language; "" where the report on it has to be sent along
}

// spoken is the frame of a page that speaks every language: it offers the others, and its links stay in the language that was
// chosen.
func (s *server) spoken(c echo.Context, title string) frame {
	f := s.frame(title, true)
	if named, ok := namedLanguage(c); ok {
		f.Query = "?" + url.Values{languageParameter: {string(named)}}.Encode()
	}
	now := languageOf(c)
	for _, l := range wording.Languages {
		if l != now {
			f.Tongues = append(f.Tongues, tongue{Code: string(l), Name: l.Name(), Link: addressIn(c, l)})
		}
	}
	return f
}

// addressIn is where the page of a request is found in another language: at its own address, but what a form has sent is at that of
// the form.
func addressIn(c echo.Context, l wording.Language) string {
	query := url.Values{languageParameter: {string(l)}}
	if method := c.Request().Method; method != http.MethodGet && method != http.MethodHead {
		return "/verify?" + query.Encode()
	}
	for _, name := range []string{searchParameter, issuersParameter, achievementsParameter} {
		if value := c.QueryParam(name); value != "" {
			query.Set(name, value)
		}
	}
	path := "/" + strings.TrimLeft(c.Request().URL.EscapedPath(), "/\\") // never the address of another host
	return path + "?" + query.Encode()
}

// to is the address of a page of this installation in the language that was chosen.
func (f frame) to(path string) string {
	switch {
	case path == "":
		return ""
	case f.Query != "" && strings.Contains(path, "?"):
		return path + "&" + f.Query[1:]
	}
	return path + f.Query
}

// words are the functions by which templates speak a language.
func words(l wording.Language) map[string]any {
	return map[string]any{
		"shapes": func() []wording.Shape {
			return []wording.Shape{wording.ShapeYes, wording.ShapeNo, wording.ShapeUnknown, wording.ShapeNote, wording.ShapeNone}
		},
		"lang":  func() string { return string(l) },
		"say":   func(key string, pairs ...any) string { return l.Say(key, texts(pairs)...) },
		"count": func(key string, n int, pairs ...any) string { return l.Count(key, n, texts(pairs)...) },
	}
}

func texts(values []any) []string {
	said := make([]string, len(values))
	for i, v := range values {
		said[i] = fmt.Sprint(v)
	}
	return said
}
