package earner

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// Bounds of sets.
const (
	MostSets  = 50  // of a person
	MostInSet = 60  // badges: a presentation holds no more that a verifier looks at
	MostTitle = 100 // characters; of the name as well
	MostText  = 600 // characters
)

// Set is some of a person's badges, shown as one page. Title, text and name are the person's own words.
type Set struct {
	ID      string        `json:"id"`      // 126 bits that nobody can guess, the {id} of /s/{id}
	Address string        `json:"address"` // whose it is: one of the person's addresses
	Title   string        `json:"title"`
	Text    string        `json:"text,omitempty"`
	Name    string        `json:"name,omitempty"` // of the person, as far as they choose; "" for none
	Items   []Item        `json:"items"`
	Access  issuer.Access `json:"access"`          // unlisted, public or off
	Files   bool          `json:"files,omitempty"` // whoever sees the page can download the badges
	Created time.Time     `json:"created"`
	Changed time.Time     `json:"changed"`
}

// Item is a badge in a set: an award of this installation, or one that was brought. One of the two is set.
type Item struct {
	Award    string `json:"award,omitempty"`
	Imported string `json:"imported,omitempty"`
}

var sets = issuer.Table[Set]{
	Kind:    issuer.Kind{Name: "earner-set", Lookups: []string{"address"}},
	Key:     func(s *Set) string { return s.ID },
	Order:   func(s *Set) string { return issuer.Sortable(s.Created) },
	Lookups: func(s *Set) []string { return []string{s.Address} },
}

// SetInput is what a person says of a set.
type SetInput struct {
	// ID of the one to change; "" makes one. Once tells a form that is sent twice from two forms: the same word in the same session makes
	// one set.
	ID, Once          string
	Title, Text, Name string
	Items             []Item
	Access            issuer.Access
	Files             bool
}

// Save makes or changes a set of the person in a session, and returns its id. Kind invalid: what the person wrote is too long (long) or
// no title (title), or no badge was chosen (empty) or too many (many). Kind missing: a badge is not theirs, or not taken yet.
func (c *Collection) Save(ctx context.Context, session string, in SetInput) (id string, err error) {
	if err := in.clean(); err != nil {
		return "", err
	}
	id = in.ID
	if id == "" {
		sum := sha256.Sum256([]byte("set " + session + " " + in.Once)) // nobody else knows the session
		id = "s" + base64.RawURLEncoding.EncodeToString(sum[:])[:21]
	}
	now := c.Earners.now().UTC()
	return id, stored(c.Earners.Store.Update(ctx, func(tx issuer.Tx) error {
		p, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		set, version, err := optional(tx, sets, id)
		switch {
		case err != nil:
			return err
		case version > 0 && !slices.Contains(ours, set.Address), version == 0 && in.ID != "":
			return missing()
		case version > 0 && in.ID == "":
			return nil // the form was sent twice
		case version == 0:
			count := 0
			for _, a := range ours {
				have, err := issuer.Every(tx, sets, "address", a)
				if err != nil {
					return err
				}
				count += len(have)
			}
			if count >= MostSets {
				return refused(issuer.KindConflict, "sets_full", "Fifty pages are the most that one person can have.")
			}
			set = Set{ID: id, Address: p.Address, Created: now}
		}
		if err := theirs(tx, ours, in.Items); err != nil {
			return err
		}
		set.Title, set.Text, set.Name, set.Items, set.Access, set.Files, set.Changed = in.Title, in.Text, in.Name, in.Items, in.Access, in.Files, now
		return sets.Put(tx, &set, version)
	}))
}

// clean makes one line of each text, and refuses what is out of bounds.
func (in *SetInput) clean() error {
	in.Title, in.Text, in.Name = wording.Prose(in.Title), wording.Prose(in.Text), wording.Prose(in.Name)
	seen, items := map[Item]bool{}, []Item(nil)
	for _, item := range in.Items {
		if (item.Award == "") == (item.Imported == "") {
			return missing()
		}
		if !seen[item] {
			seen[item] = true
			items = append(items, item)
		}
	}
	in.Items = items
	switch {
	case in.Title == "":
		return refused(issuer.KindInvalid, "set_title", "Give the page a title.")
	case utf8.RuneCountInString(in.Title) > MostTitle, utf8.RuneCountInString(in.Name) > MostTitle, utf8.RuneCountInString(in.Text) > MostText:
		return refused(issuer.KindInvalid, "set_long", "A title and a name have at most 100 characters, the text 600.")
	case len(in.Items) == 0:
		return refused(issuer.KindInvalid, "set_empty", "Choose at least one badge.")
	case len(in.Items) > MostInSet:
		return refused(issuer.KindInvalid, "set_many", "One page shows at most sixty badges.")
	case in.Access != issuer.AccessUnlisted && in.Access != issuer.AccessPublic && in.Access != issuer.AccessOff:
		return refused(issuer.KindInvalid, "access", "A page is public, unlisted or off.")
	}
	return nil
}

// theirs says whether all badges belong to whoever has some addresses.
func theirs(tx issuer.Tx, ours []string, items []Item) error {
	for _, item := range items {
		if item.Imported != "" {
			if _, _, err := importOf(tx, ours, item.Imported); err != nil {
				return err
			}
			continue
		}
		h, version, err := optional(tx, holdings, item.Award)
		switch {
		case err != nil:
			return err
		case version == 0 || !slices.Contains(ours, h.Address):
			return missing()
		case h.Claimed.IsZero():
			return refused(issuer.KindConflict, "unclaimed", "Take the badge first. Then you can show it.")
		}
	}
	return nil
}

// Sets are all sets of the person in a session, the newest first.
func (c *Collection) Sets(ctx context.Context, session string) (all []Set, err error) {
	err = c.Earners.Store.View(ctx, func(tx issuer.Tx) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		all, err = setsOf(tx, ours)
		return err
	})
	return all, stored(err)
}

func setsOf(tx issuer.Tx, ours []string) (all []Set, err error) {
	for _, a := range ours {
		some, err := issuer.Every(tx, sets, "address", a)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b Set) int { return b.Created.Compare(a.Created) })
	return all, nil
}

// Set returns one of the sets of the person in a session.
func (c *Collection) Set(ctx context.Context, session, id string) (set Set, err error) {
	err = c.Earners.Store.View(ctx, func(tx issuer.Tx) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		set, _, err = setOf(tx, ours, id)
		return err
	})
	return set, stored(err)
}

func setOf(tx issuer.Tx, ours []string, id string) (Set, uint64, error) {
	if id == "" || len(id) > 64 {
		return Set{}, 0, missing()
	}
	set, version, err := sets.Get(tx, id)
	if err == nil && !slices.Contains(ours, set.Address) {
		return Set{}, 0, missing()
	}
	return set, version, err
}

// RemoveSet takes away a set of the person in a session. What it showed stays where it is.
func (c *Collection) RemoveSet(ctx context.Context, session, id string) error {
	return stored(c.Earners.Store.Update(ctx, func(tx issuer.Tx) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		if _, _, err := setOf(tx, ours, id); err != nil {
			return err
		}
		return tx.Delete(sets.Kind, id)
	}))
}

// Shown is a set with what it shows now.
type Shown struct {
	Set
	Badges []Badge
	Hidden int // badges that are not shown: their own page is off, or that of an award in them, or they are gone
}

// Badge is a badge in a set. One of Award and Imported is set; both for somebody else's award of this installation.
type Badge struct {
	Number   int // of its place in the set, from 1; it stays as others go
	Award    *Award
	Imported *Imported
	Whose    Whose            // where Imported is set
	Report   *verifier.Report // nil before it was judged
	Late     bool             // Report is that of an earlier day: there was no time to judge it now
}

// Shown returns the set at an address that its maker has not turned off, unjudged. Any other has kind missing.
func (c *Collection) Shown(ctx context.Context, id string) (Shown, error) {
	return c.shown(ctx, id, 0, open)
}

// Open is Shown without the badges.
func (c *Collection) Open(ctx context.Context, id string) (s Set, err error) {
	if id == "" || len(id) > 64 {
		return s, missing()
	}
	err = c.Earners.Store.View(ctx, func(tx issuer.Tx) error {
		if s, _, err = sets.Get(tx, id); err != nil {
			return err
		}
		return open(tx, s)
	})
	if err != nil {
		return Set{}, stored(err)
	}
	return s, nil
}

// One is Shown with one badge alone, that of a number; the others are not read. Kind missing where it is not shown.
func (c *Collection) One(ctx context.Context, id string, number int) (Shown, Badge, error) {
	if number < 1 || number > MostInSet {
		return Shown{}, Badge{}, missing()
	}
	s, err := c.shown(ctx, id, number, open)
	if err == nil && len(s.Badges) == 0 {
		err = missing()
	}
	if err != nil {
		return Shown{}, Badge{}, err
	}
	return s, s.Badges[0], nil
}

// open says whether others may see a set.
func open(_ issuer.Tx, set Set) error {
	if set.Access == issuer.AccessOff {
		return missing()
	}
	return nil
}

// Preview is Shown for whoever made the set, in a session, on or off.
func (c *Collection) Preview(ctx context.Context, session, id string) (Shown, error) {
	return c.shown(ctx, id, 0, func(tx issuer.Tx, set Set) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err == nil && !slices.Contains(ours, set.Address) {
			err = missing()
		}
		return err
	})
}

// shown reads a set, and its badges: all, or where only is not 0 the one of that number.
func (c *Collection) shown(ctx context.Context, id string, only int, may func(issuer.Tx, Set) error) (s Shown, err error) {
	if id == "" || len(id) > 64 {
		return s, missing()
	}
	held := map[int]Holding{}
	var ours []string
	err = c.Earners.Store.View(ctx, func(tx issuer.Tx) error {
		s, held = Shown{}, map[int]Holding{}
		if s.Set, _, err = sets.Get(tx, id); err != nil {
			return err
		}
		if err := may(tx, s.Set); err != nil {
			return err
		}
		if ours, err = addressesOf(tx, s.Address); err != nil {
			return err
		}
		for n, item := range s.Items {
			if only != 0 && n+1 != only {
				continue
			}
			if item.Imported != "" {
				i, _, err := importOf(tx, ours, item.Imported)
				if err == nil && i.Award != "" {
					s.Badges = append(s.Badges, Badge{Number: n + 1, Imported: &i, Award: &Award{}})
				} else if err == nil {
					fine, err := theirsInside(tx, ours, i.Holds) // an address may have left them since
					if err != nil {
						return err
					}
					if fine {
						s.Badges = append(s.Badges, Badge{Number: n + 1, Imported: &i, Whose: i.Whose(ours), Report: i.Report, Late: true})
					}
				} else if err = stored(err); !isMissing(err) {
					return err
				}
				continue
			}
			h, version, err := optional(tx, holdings, item.Award)
			if err != nil {
				return err
			}
			if version > 0 && slices.Contains(ours, h.Address) && !h.Claimed.IsZero() {
				held[n+1] = h
				s.Badges = append(s.Badges, Badge{Number: n + 1, Award: &Award{}})
			}
		}
		return nil
	})
	if err != nil {
		return Shown{}, stored(err)
	}
	seen := s.Badges[:0]
	for _, b := range s.Badges {
		if b.Award != nil && b.Imported != nil {
			a, err := c.Award(ctx, b.Imported)
			if err != nil && !isMissing(err) {
				return Shown{}, err
			}
			if err != nil { // its own earner shows it to nobody
				continue
			}
			b.Award, b.Whose = &a, a.Whose(ours)
		} else if b.Award != nil {
			a, err := c.Earners.award(ctx, held[b.Number])
			if err != nil && !isMissing(err) {
				return Shown{}, err
			}
			if err != nil || !a.Credential.Visible() { // whoever turned its page off wants it seen by nobody
				continue
			}
			b.Award = &a
		} else if fine, err := c.Earners.shownInside(ctx, b.Imported); err != nil {
			return Shown{}, err
		} else if !fine { // an award in it is shown to nobody
			continue
		}
		seen = append(seen, b)
	}
	s.Badges = seen
	s.Hidden = len(s.Items) - len(seen)
	return s, nil
}

// Bounds of judging a set.
const (
	setTime    = 6 * time.Second
	setWorkers = 4
)

// Judge judges every badge of a set now. A badge from elsewhere for which there was no time keeps the report of before, and is Late.
func (c *Collection) Judge(ctx context.Context, s *Shown) error {
	for i := range s.Badges {
		if a := s.Badges[i].Award; a != nil {
			report, err := c.Own(ctx, a.Credential)
			if err != nil {
				return err
			}
			s.Badges[i].Report = report
		}
	}
	now := c.Earners.now()
	ctx, cancel := context.WithTimeout(fetch.WithBatch(ctx), setTime)
	defer cancel()
	next, work := make(chan *Badge), sync.WaitGroup{}
	var mu sync.Mutex
	var fault error
	for range setWorkers {
		work.Go(func() {
			for b := range next {
				report, err := c.judge(ctx, b.Imported)
				if err == nil {
					b.Report, b.Late = report, false
				} else if ctx.Err() == nil {
					mu.Lock()
					fault = err
					mu.Unlock()
				}
			}
		})
	}
	for i := range s.Badges {
		b := &s.Badges[i]
		if b.Award != nil {
			continue
		}
		if r := c.judged.find(b.Imported.ID, now); r != nil {
			b.Report, b.Late = r, false
			continue
		}
		next <- b
	}
	close(next)
	work.Wait()
	return fault
}

func (c *Collection) judge(ctx context.Context, i *Imported) (*verifier.Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := c.file(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	report, err := c.Verify(c.begin(ctx), []byte(f.Text))
	if err != nil {
		return nil, err
	}
	report = lean(report)
	c.judged.keep(i.ID, report)
	return report, nil
}

// file is the text of a badge that was brought.
func (c *Collection) file(ctx context.Context, id string) (f File, err error) {
	err = c.Earners.Store.View(ctx, func(tx issuer.Tx) error {
		f, _, err = files.Get(tx, id)
		return err
	})
	return f, stored(err)
}

// Text is the text of a badge of a set, as its issuer signed it. There is none of somebody else's award (kind missing): that is for its own
// earner to give.
func (c *Collection) Text(ctx context.Context, b Badge) (text []byte, token bool, err error) {
	switch {
	case b.Award != nil && b.Imported != nil:
		return nil, false, missing()
	case b.Award != nil:
		return b.Award.Credential.JSON, false, nil
	}
	f, err := c.file(ctx, b.Imported.ID)
	return []byte(f.Text), !strings.HasPrefix(f.Text, "{"), err
}

// Picture is the picture that came with a badge from elsewhere and its media type; kind missing where there is none.
func (c *Collection) Picture(ctx context.Context, i *Imported) ([]byte, string, error) {
	if i.Picture == "" {
		return nil, "", missing()
	}
	f, err := c.file(ctx, i.ID)
	return f.Picture, i.Picture, err
}
