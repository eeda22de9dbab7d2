package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	searchParameter = "q"
	longestSearch   = 100 // characters of a search
	mostFound       = 50
	indexedFor      = time.Minute
	mostIndexed     = 5000 // achievements, the oldest of which are found
	indexedAtOnce   = 500
)

// index holds the names of what can be earned here, to be searched. It is read anew when it is a minute old and somebody searches, so
// that searches do not read the store.
type index struct {
	mu      sync.Mutex
	read    time.Time // guarded by mu
	entries []indexed // guarded by mu; never changed once it is there
}

type indexed struct {
	id, organisation string
	name, issuer     string
	language         string // of name; "" where that is not known
	art              string // address of its picture
	folded           string // both names, as searches are compared
}

// names reads the index.
func (s *server) names(ctx context.Context) ([]indexed, error) {
	x := s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if now := s.Now(); !x.read.IsZero() && !now.Before(x.read) && now.Before(x.read.Add(indexedFor)) {
		return x.entries, nil
	}
	var entries []indexed
	issuers := make(map[string]string)
	for after := ""; len(entries) < mostIndexed; {
		found, next, err := s.Office.AchievementsFrom(ctx, "", after, indexedAtOnce)
		if err != nil {
			return nil, fmt.Errorf("listing the achievements: %w", err)
		}
		for _, a := range found {
			e, err := s.indexedOf(ctx, a, issuers)
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
		if after = next; after == "" {
			break
		}
	}
	x.entries, x.read = entries, s.Now()
	return entries, nil
}

func (s *server) indexedOf(ctx context.Context, a issuer.Achievement, issuers map[string]string) (indexed, error) {
	name, known := issuers[a.Organisation]
	if !known {
		var err error
		if name, err = s.issuerName(ctx, a.Organisation); err != nil {
			return indexed{}, err
		}
		issuers[a.Organisation] = name
	}
	e := indexed{id: a.ID, organisation: a.Organisation, name: wording.Plain(a.Name), issuer: name, language: a.Content.InLanguage, art: artOf(a)}
	e.folded = folded(e.name + "\n" + e.issuer)
	return e, nil
}

// folded is a text as it is compared: in small letters, without accents.
func folded(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text)))
}

// search is a form to search with, and what it has found.
type search struct {
	Path  string // of the page that holds it
	Query string // what is searched; "" for nothing
	Lang  string // named in the address; "" for none
	Said  string // how much was found
	Found []reference
	All   string // address of the page without a search
}

// searched answers the search of a request among the achievements of one organisation or, for "", of all. Every word has to be in a
// name of the achievement or of its issuer; where all are in its own name it comes before others.
func (s *server) searched(c echo.Context, l wording.Language, f frame, organisation, path string) (search, error) {
	found := search{Path: path, Query: wording.Cut(wording.Plain(c.QueryParam(searchParameter)), longestSearch), All: f.to(path)}
	if named, ok := namedLanguage(c); ok {
		found.Lang = string(named)
	}
	if found.Query == "" {
		return found, nil
	}
	entries, err := s.names(c.Request().Context())
	if err != nil {
		return found, err
	}
	words := strings.Fields(folded(found.Query))
	type hit struct {
		indexed
		rank int
	}
	var hits []hit
	for _, e := range entries {
		if organisation != "" && e.organisation != organisation || len(words) == 0 {
			continue
		}
		own, _, _ := strings.Cut(e.folded, "\n")
		rank := 0
		for _, word := range words {
			if !strings.Contains(e.folded, word) {
				rank = -1
				break
			}
			if !strings.Contains(own, word) {
				rank = 1
			}
		}
		if rank >= 0 {
			hits = append(hits, hit{e, rank})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.rank, b.rank) })
	switch n := len(hits); {
	case n == 0:
		found.Said = l.Say("page.search.none", "query", found.Query)
	case n > mostFound:
		hits = hits[:mostFound]
		found.Said = l.Say("page.search.first", "n", fmt.Sprint(mostFound), "query", found.Query)
	default:
		found.Said = l.Count("page.search.found", n, "query", found.Query)
	}
	for _, h := range hits {
		r := reference{Name: h.name, Lang: l.Other(h.language), Link: f.to("/a/" + h.id), Art: h.art}
		if organisation == "" {
			r.Lines = wording.Present(h.issuer)
		}
		found.Found = append(found.Found, r)
	}
	return found, nil
}
