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
// the last. text is a whole e-mail address, words of a name, all of which have to stand in it, or
// an award by its id or address. A page may hold fewer ids than limit, or none, and yet have one after it: a search looks at a bounded
// number of awards at a time.
func (s *Service) Search(ctx context.Context, organisation, text, after string, limit int) (ids []string, next string, err error) {
	if limit <= 0 {
		limit = 100
	}
	text = strings.TrimSpace(text)
	if to, ok := mail.Address(text); ok {
		return s.byAddress(ctx, organisation, to, after, limit)
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

// older begins the cursors of a search by an address among awards of which a hash alone is known; no other begins with it.
const older = "older~"

// byAddress finds the awards to an address. Where more are known by a hash alone than are compared at once, pages follow on which those are
// that were found among the older ones.
func (s *Service) byAddress(ctx context.Context, organisation, to, after string, limit int) (ids []string, next string, err error) {
	var found recognised
	from, among := strings.CutPrefix(after, older)
	if after == "" || among {
		if found, err = s.recognise(ctx, to, from, s.hashes); err != nil {
			return nil, "", err
		}
	}
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		ids, next = nil, ""
		if among {
			for _, id := range found.ids {
				if h, _, err := optional(tx, holdings, id); err != nil {
					return err
				} else if h.Organisation == organisation {
					ids = append(ids, id)
				}
			}
			return nil
		}
		page, following, err := holdings.List(tx, issuer.Query{By: "organisation-address", Value: within(organisation, to), After: after, Limit: limit, Backward: true})
		for _, h := range page {
			ids = append(ids, h.Credential)
		}
		next = following
		return err
	})
	if err != nil {
		return nil, "", stored(err)
	}
	if found.next != "" && next == "" {
		next = older + found.next
	}
	return ids, next, nil
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

// placed are the lists of words of names, with the place of the word in the name; that of the last is -1. Family names are rarer than
// others.
var placed = []place{{"family", -1}, {"given", 0}, {"second", 1}, {"third", 2}, {"fourth", 3}, {"fifth", 4}, {"sixth", 5}, {"seventh", 6}}

type place struct {
	by string
	at int
}

// holds says whether a name has a word at the place.
func (p place) holds(name []string, word string) bool {
	at := p.at
	if at < 0 {
		at = len(name) - 1
	}
	return at >= 0 && at < len(name) && name[at] == word && (p.at <= 0 || at < len(name)-1)
}

// byName goes through the lists in which the rarest of these words can stand, one after the other. A holding counts in the first of them
// that it stands in.
func byName(tx issuer.Tx, organisation string, asked []string, after string, limit int) (ids []string, next string, err error) {
	at := 0 // in placed, for each word that is asked for
	if after != "" {
		number, cursor, ok := strings.Cut(after, "~")
		if at, err = strconv.Atoi(number); err != nil || !ok || at < 0 || at >= len(asked)*len(placed) {
			return nil, "", issuer.ErrCursor
		}
		after = cursor
	} else if len(asked) > 1 {
		rarest, err := rarest(tx, organisation, asked)
		if err != nil {
			return nil, "", err
		}
		at = rarest * len(placed)
	}
	first := at - at%len(placed)
	word := asked[first/len(placed)]
	for looked := 0; at < first+len(placed); {
		page, following, err := holdings.List(tx, issuer.Query{By: placed[at-first].by, Value: within(organisation, word), After: after, Limit: limit - len(ids), Backward: true})
		if err != nil {
			return nil, "", err
		}
		for _, h := range page {
			name := words(h.Name)
			before := slices.ContainsFunc(placed[:at-first], func(p place) bool { return p.holds(name, word) })
			if !before && !slices.ContainsFunc(asked, func(word string) bool { return !slices.Contains(name, word) }) {
				ids = append(ids, h.Credential)
			}
		}
		looked += max(len(page), 20) // an empty list takes its time as well
		if after = following; following == "" {
			at++
		}
		if at < first+len(placed) && (len(ids) >= limit || looked >= mostRows) {
			return ids, strconv.Itoa(at) + "~" + after, nil
		}
	}
	return ids, "", nil
}

// rarest is the number of the word that the fewest names have, as far as the first of each list tell; of several the last, as family names
// are mostly written last.
func rarest(tx issuer.Tx, organisation string, asked []string) (number int, err error) {
	const probe = 30
	fewest := len(placed)*probe + 1
	for i, word := range asked {
		count := 0
		for _, p := range placed {
			page, _, err := holdings.List(tx, issuer.Query{By: p.by, Value: within(organisation, word), Limit: probe})
			if err != nil {
				return 0, err
			}
			count += len(page)
		}
		if count <= fewest {
			number, fewest = i, count
		}
	}
	return number, nil
}

// Holders returns who holds the awards of an organisation with these ids, by id. Awards of others, and those of which no address is kept,
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
			if version > 0 && h.Organisation == organisation && h.Address != "" {
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
