package web

import (
	"bytes"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/internal/zipped"
	"github.com/laurelbadges/laurel/issuer"
)

// Bounds of the pages of badges that are kept as they were sent.
const (
	mostShownBytes = 8 << 20  // of all together, with what they rest on
	mostShownPage  = 64 << 10 // of one; a larger one is drawn each time
	shownBeside    = 8 << 10  // counted for what one rests on
)

// asSent is where a page is asked for as it was sent: a *drawnPage.
const asSent = "as sent"

// shownPage is the page of a badge as it was sent. It is sent again while all that it rests on reads as it did, and as long as what was
// found about the badge would be shown again.
type shownPage struct {
	drawnPage
	link    string          // header
	robots  []string        // header
	witness *issuer.Witness // of what it rests on
	from    time.Time
}

// pageAsked is what decides about the page of a badge beside the records.
type pageAsked struct {
	path     string
	query    string // "", or the one that names the language
	language wording.Language
	zipped   bool
	linkedIn bool
}

// asked says what a request asks for; not ok where more than that may decide.
func asked(c echo.Context) (a pageAsked, ok bool) {
	r := c.Request()
	l := languageOf(c)
	a = pageAsked{path: r.URL.EscapedPath(), query: r.URL.RawQuery, language: l, zipped: zipped.Taken(r.Header.Get("Accept-Encoding")), linkedIn: isLinkedIn(r)}
	return a, readsAddress(c) && len(a.path) <= 128 && (a.query == "" || a.query == languageParameter+"="+string(l))
}

// keptCredentialPage shows a credential of this installation: as it was shown before, where nothing has changed.
func (s *server) keptCredentialPage(c echo.Context) error {
	ctx, key, now := c.Request().Context(), pageAsked{}, s.Now()
	mayKeep := false
	if s.Facts != nil {
		key, mayKeep = asked(c)
	}
	h := c.Response().Header()
	if mayKeep {
		if page := s.shown.find(key); page != nil && !now.Before(page.from) && s.Facts.Still(ctx, page.witness) {
			h.Set("Vary", "Accept")
			h.Set("Link", page.link)
			h.Del("X-Robots-Tag")
			if page.robots != nil {
				h["X-Robots-Tag"] = page.robots
			}
			return s.sendDrawn(c, page.drawnPage)
		}
	}
	var drawn drawnPage
	var witness *issuer.Witness
	if mayKeep {
		ctx, witness = issuer.Watched(ctx)
		c.SetRequest(c.Request().WithContext(ctx))
		c.Set(asSent, &drawn)
	}
	record, err := s.issued(c)
	if err != nil {
		return err
	}
	h.Set("Vary", "Accept")
	h.Set("Link", linkTo(record))
	if err := s.credentialPage(c, record); err != nil {
		return err
	}
	if mayKeep && drawn.body != nil {
		s.shown.keep(key, &shownPage{drawnPage: drawn, link: linkTo(record), robots: h["X-Robots-Tag"], witness: witness, from: now})
	}
	return nil
}

// shownPages keeps pages, in two generations: when one is full the one before it is forgotten, so that what is asked for again and again
// stays.
type shownPages struct {
	most int // bytes of both generations

	mu            sync.Mutex
	current, past map[pageAsked]*shownPage // guarded by mu, as is bytes
	bytes         int                      // of current
}

func newShownPages(most int) *shownPages {
	return &shownPages{most: most, current: map[pageAsked]*shownPage{}}
}

// find returns what was kept; nil for nothing.
func (s *shownPages) find(key pageAsked) *shownPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := s.current[key]
	if page == nil {
		if page = s.past[key]; page != nil {
			s.put(key, page)
		}
	}
	return page
}

// keep keeps a page in place of the one before.
func (s *shownPages) keep(key pageAsked, page *shownPage) {
	if _, good := page.witness.Good(); !good || len(page.body) > mostShownPage {
		return
	}
	page.body = bytes.Clone(page.body) // without the room that it was drawn into, which is not counted
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, page)
}

func (s *shownPages) put(key pageAsked, page *shownPage) {
	if s.bytes > s.most/2 {
		s.past, s.current, s.bytes = s.current, map[pageAsked]*shownPage{}, 0
	}
	if before := s.current[key]; before != nil {
		s.bytes -= len(before.body) + shownBeside
	}
	s.current[key], s.bytes = page, s.bytes+len(page.body)+shownBeside
}

// forget forgets everything: something was erased.
func (s *shownPages) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.past, s.current, s.bytes = nil, map[pageAsked]*shownPage{}, 0
}
