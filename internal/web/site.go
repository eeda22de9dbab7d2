package web

import (
	"net/http"
	"net/netip"

	"github.com/laurelbadges/laurel/internal/kept"
)

// Asset is the address of a static file, such as laurel.css, for others who serve pages of the same look.
func (s *Site) Asset(name string) (string, error) { return s.server.assets.link(name) }

// Visitor is the address that a request comes from, by what trusted proxies say; the zero value when it has none.
func (s *Site) Visitor(r *http.Request) netip.Addr {
	address, _ := netip.ParseAddr(s.visitor(r))
	return address
}

// Bounds of what is kept of pictures and files that are drawn.
const (
	mostKept      = 2048     // entries
	mostKeptBytes = 16 << 20 // of all entries together
)

// Kept is where this site keeps what it draws, for other handlers that draw: memory is one.
func (s *Site) Kept() *kept.Keep { return s.server.kept }

// Forget forgets all that was drawn and found, as something was erased of which a part may stand in any of it: names in certificates and
// pages, reports.
func (s *Site) Forget() {
	s.server.kept.Forget()
	s.server.judged.forget()
	s.server.shown.forget()
}
