package claim

import (
	"net/netip"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	asksMost   = 20  // requests for a message from one host, or the network that it may take any address in, in a window
	siteMost   = 100 // from one site, which may have many such networks (RFC 6177)
	asksWindow = 10 * time.Minute
	networks   = 8192 // that are remembered
)

// How often pictures on the pages of sets can be asked for in a window: a page has 24 of them.
const (
	picturesMost     = 1500
	picturesSiteMost = 6000
)

// limiter counts how often each network asks for messages, or for pictures. Addresses have a bound of their own behind it.
type limiter struct {
	now    func() time.Time
	host   int // how often one host may ask, and one site
	site   int
	mu     sync.Mutex
	since  time.Time            // when the window began; this and counts are guarded by mu
	counts map[netip.Prefix]int // in this window
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, host: asksMost, site: siteMost, counts: map[netip.Prefix]int{}}
}

// allow counts a request. When more networks ask than are remembered, one of them is forgotten: nobody is shut out by what others do, and
// addresses have their own bound.
func (l *limiter) allow(visitor netip.Addr) error {
	visitor = visitor.Unmap().WithZone("")
	counted := map[netip.Prefix]int{} // networks that the visitor is in, and how often each may ask
	if visitor.Is6() {
		host, _ := visitor.Prefix(64)
		site, _ := visitor.Prefix(48)
		counted[host], counted[site] = l.host, l.site
	} else {
		host, _ := visitor.Prefix(visitor.BitLen()) // what is no address shares one account
		counted[host] = l.host
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.now(); now.Sub(l.since) >= asksWindow {
		l.since, l.counts = now, map[netip.Prefix]int{}
	}
	for network, most := range counted {
		if l.counts[network] >= most { // what is refused is not remembered
			return &issuer.Error{Kind: issuer.KindDenied, Code: "rate_limited", Detail: "Too much was asked for from your address. Please wait a few minutes."}
		}
	}
	for network := range counted {
		if _, known := l.counts[network]; !known && len(l.counts) >= networks {
			for some := range l.counts {
				delete(l.counts, some)
				break
			}
		}
		l.counts[network]++
	}
	return nil
}
