package web

import (
	"net/http"
	"net/netip"
)

// Asset is the address of a static file, such as laurel.css, for others who serve pages of the same look.
func (s *Site) Asset(name string) (string, error) { return s.server.assets.link(name) }

// Visitor is the address that a request comes from, by what trusted proxies say; the zero value when it has none.
func (s *Site) Visitor(r *http.Request) netip.Addr {
	address, _ := netip.ParseAddr(s.visitor(r))
	return address
}
