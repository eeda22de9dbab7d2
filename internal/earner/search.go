package earner

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	mostWords = 8    // of a name or a question that count
	wordMost  = 64   // bytes of a word that count
	mostRows  = 2000 // holdings that one search looks at
)

// words are the words of a name as they are compared: without accents, in one case, with apostrophes left away. García-López is
// garcia, lopez; O'Brien is obrien.
func words(name string) []string {
	folded := cases.Fold().String(norm.NFKD.String(name))
	var all []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			all = append(all, strings.ToValidUTF8(word.String()[:min(word.Len(), wordMost)], ""))
			word.Reset()
		}
	}
	for _, r := range folded {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ':
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			word.WriteRune(r)
		default:
			end()
		}
	}
	end()
	if len(all) > mostWords { // of a very long name the first words and the last one count
		all = append(all[:mostWords-1:mostWords-1], all[len(all)-1])
	}
	return all
}

// Search finds awards of an organisation by whom they are for, and returns a page of their ids and the cursor of the next page, "" after
// the last. text is a whole e-mail address, words of a name (all of which have to stand in it, and one of which begins or ends it), or
// an award by its id or address. A page may hold fewer ids than limit, or none, and yet have one after it: a search looks at a bounded
// number of awards at a time.
func (s *Service) Search(ctx context.Context, organisation, text, after string, limit int) (ids []string, next string, err error) {
	if limit <= 0 {
		limit = 100
	}
	text = strings.TrimSpace(text)
	if to, ok := mail.Address(text); ok {
		err = s.Store.View(ctx, func(tx issuer.Tx) error {
			var page []Holding
			page, next, err = holdings.List(tx, issuer.Query{By: "organisation-address", Value: within(organisation, to), After: after, Limit: limit, Backward: true})
			ids = ids[:0]
			for _, h := range page {
				ids = append(ids, h.Credential)
			}
			return err
		})
		return ids, next, stored(err)
	}
	if named := s.named(text); named != "" && after == "" {
		if c, err := s.Office.Credential(ctx, named); err == nil && c.Organisation == organisation {
			return []string{c.ID}, "", nil
		}
	}
	asked := words(text)
	if len(asked) == 0 {
		return nil, "", nil
	}
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		ids, next, err = byName(tx, organisation, asked, after, limit)
		return err
	})
	return ids, next, stored(err)
}

// named is the name of an award when text can be one; "" when it cannot.
func (s *Service) named(text string) string {
	text, _, _ = strings.Cut(text, "#")
	text, _, _ = strings.Cut(text, "?")
	text = strings.TrimSuffix(text, ".json")
	if strings.HasPrefix(text, s.Base+"/c/") || strings.HasPrefix(text, "urn:uuid:") || len(text) == 22 && !strings.ContainsAny(text, " .") {
		return text
	}
	return ""
}

// byName goes through the lists in which a name with these words can stand, one after the other. A holding counts in the first of them
// that it stands in.
func byName(tx issuer.Tx, organisation string, asked []string, after string, limit int) (ids []string, next string, err error) {
	type list struct{ by, word string }
	var lists []list
	for _, by := range []string{"family", "given"} { // family names are rarer
		for _, word := range asked {
			if l := (list{by, word}); !slices.Contains(lists, l) {
				lists = append(lists, l)
			}
		}
	}
	at := 0
	if after != "" {
		number, cursor, ok := strings.Cut(after, "~")
		if at, err = strconv.Atoi(number); err != nil || !ok || at < 0 || at >= len(lists) {
			return nil, "", issuer.ErrCursor
		}
		after = cursor
	}
	for looked := 0; at < len(lists); {
		page, following, err := holdings.List(tx, issuer.Query{By: lists[at].by, Value: within(organisation, lists[at].word), After: after, Limit: limit - len(ids), Backward: true})
		if err != nil {
			return nil, "", err
		}
		for _, h := range page {
			name := words(h.Name)
			stands := func(l list) bool {
				return len(name) > 0 && (l.by == "given" && name[0] == l.word || l.by == "family" && name[len(name)-1] == l.word)
			}
			if !slices.ContainsFunc(lists[:at], stands) && !slices.ContainsFunc(asked, func(word string) bool { return !slices.Contains(name, word) }) {
				ids = append(ids, h.Credential)
			}
		}
		looked += max(len(page), 20) // an empty list takes its time as well
		if after = following; following == "" {
			at++
		}
		if at < len(lists) && (len(ids) >= limit || looked >= mostRows) {
			return ids, strconv.Itoa(at) + "~" + after, nil
		}
	}
	return ids, "", nil
}

// Holders returns who holds the awards of an organisation with these ids, by id. Awards of others, and those of which nothing is kept,
// are left out.
func (s *Service) Holders(ctx context.Context, organisation string, ids []string) (map[string]Holding, error) {
	var found map[string]Holding
	err := s.Store.View(ctx, func(tx issuer.Tx) error {
		found = make(map[string]Holding, len(ids))
		for _, id := range ids {
			h, version, err := optional(tx, holdings, id)
			if err != nil {
				return err
			}
			if version > 0 && h.Organisation == organisation {
				found[id] = h
			}
		}
		return nil
	})
	return found, stored(err)
}

// Unclaimed returns a page of the awards of an organisation that were not taken yet, the oldest first, and the cursor of the next page.
func (s *Service) Unclaimed(ctx context.Context, organisation, after string, limit int) (page []Holding, next string, err error) {
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		page, next, err = holdings.List(tx, issuer.Query{By: "unclaimed", Value: organisation, After: after, Limit: limit})
		return err
	})
	return page, next, stored(err)
}
