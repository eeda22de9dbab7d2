package people

import (
	"net/netip"
	"sync"
	"time"
)

const (
	askedMost   = 5  // links a minute for one address, or from one client
	begunMost   = 30 // sign-ins a minute that one client begins in other ways
	siteMost    = 10 // times what one client may, for all clients of one site
	askedWithin = time.Minute
	askedKeys   = 10_000 // after so many the limiter begins to forget who has asked longest ago
)

// limiter counts what was asked for in the last minute, in this process: with several, each allows as much. It forgets, so that nobody
// has to wait because many others ask. That no mailbox is flooded rests on mostLinks, which the store knows.
type limiter struct {
	now  func() time.Time
	most int // of one key in a minute

	mu         sync.Mutex
	young, old map[string][]time.Time // guarded by mu; what was asked for under a key, the first first. A key is in one of them
	turned     time.Time              // when young became old; guarded by mu
}

func newLimiter(now func() time.Time, most int) *limiter {
	return &limiter{now: now, most: most, young: map[string][]time.Time{}}
}

// allow counts one under a key, unless there were most of them in the last minute.
func (l *limiter) allow(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if len(l.young) >= askedKeys || now.Sub(l.turned) >= askedWithin {
		l.young, l.old, l.turned = map[string][]time.Time{}, l.young, now
	}
	times, known := l.young[key]
	if !known {
		times = l.old[key]
		delete(l.old, key)
	}
	for len(times) > 0 && now.Sub(times[0]) >= askedWithin {
		times = times[1:]
	}
	fits := len(times) < l.most
	if fits {
		times = append(times, now)
	}
	l.young[key] = times
	return fits
}

// clients counts what clients ask for.
type clients struct{ client, site *limiter }

func newClients(now func() time.Time, most int) clients {
	return clients{newLimiter(now, most), newLimiter(now, most*siteMost)}
}

// allow counts one of a client. Whoever has an IPv6 address has a whole /64 of them, and whoever has a site 65,536 of these.
func (c clients) allow(client netip.Addr) bool {
	client = client.Unmap().WithZone("")
	if !client.Is6() {
		return c.client.allow(client.String())
	}
	network, _ := client.Prefix(64)
	site, _ := client.Prefix(48)
	return c.client.allow(network.String()) && c.site.allow(site.String())
}

// hurried is the refusal of whoever asks too often.
func hurried() error {
	return denied("rate", "That was asked for too often. Please wait a minute.")
}
