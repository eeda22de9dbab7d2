package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
)

// Bounds of what reports are shown by: how many issuers are known by name, how many are read anew for each report, and how long what was
// read of more counts.
const (
	mostHere  = 2000
	fewHere   = 100
	hereFor   = 3 * time.Second
	mostNamed = 8000 // bytes of the list in the page that checks in the browser
)

// namesHere remembers the issuers of the installation for a moment, where they are many.
type namesHere struct {
	mu    sync.Mutex
	known *wording.Here
	read  time.Time // zero where nothing is remembered
}

// here is what reports of documents from anywhere are shown by: who issues here. It is nil, and then a signer is named by host or key
// alone, where the issuers cannot be read or are more than can be kept apart.
func (s *server) here(ctx context.Context) *wording.Here {
	s.apart.mu.Lock()
	defer s.apart.mu.Unlock()
	if now := s.Now(); !s.apart.read.IsZero() && !now.Before(s.apart.read) && now.Sub(s.apart.read) < hereFor {
		return s.apart.known
	}
	s.apart.read = time.Time{}
	all, whole := s.issuersHere(ctx, mostHere)
	if !whole {
		return nil
	}
	known := wording.NewHere(s.Base, all)
	if len(all) > fewHere {
		s.apart.known, s.apart.read = known, s.Now()
	}
	return known
}

// issuersHere are all issuers of the installation. whole is false where they are more than most, or cannot be read.
func (s *server) issuersHere(ctx context.Context, most int) (all []wording.Issuer, whole bool) {
	for after := ""; ; {
		page, next, err := s.Office.OrganisationsFrom(ctx, after, min(most+1, 100))
		if err != nil {
			return nil, false
		}
		for _, o := range page {
			if o.DID != "" {
				all = append(all, wording.Issuer{ID: o.DID, Name: o.Name, URL: o.URL})
			}
		}
		if after = next; len(all) > most {
			return nil, false
		}
		if after == "" {
			return all, true
		}
	}
}

// hereData is the same for the page that checks in the browser, as JSON; "" where it would be too long.
func (s *server) hereData(ctx context.Context) string {
	all, whole := s.issuersHere(ctx, fewHere)
	if !whole {
		return ""
	}
	text, err := json.Marshal(all)
	if err != nil || len(text) > mostNamed {
		return ""
	}
	return string(text)
}

// Here is what this installation knows of its issuers, for other handlers that show reports.
func (s *Site) Here(r *http.Request) *wording.Here { return s.server.here(r.Context()) }
