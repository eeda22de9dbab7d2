package web

import (
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

const (
	verifyPerMinute = 120
	verifyBurst     = 60
	maxAddresses    = 8192 // of one generation; two are kept
)

// limiter allows each address so many requests a minute. It remembers a bounded number of addresses: when a generation is
// full the one before it is forgotten, so an address that keeps calling keeps its account.
type limiter struct {
	mu            sync.Mutex
	current, past map[netip.Prefix]*rate.Limiter // guarded by mu
}

func newLimiter() *limiter {
	return &limiter{current: make(map[netip.Prefix]*rate.Limiter)}
}

// allow says whether the address may make one more request now.
func (l *limiter) allow(address netip.Addr) bool {
	return l.account(address).Allow()
}

func (l *limiter) account(address netip.Addr) *rate.Limiter {
	key := network(address)
	l.mu.Lock()
	defer l.mu.Unlock()
	if account, ok := l.current[key]; ok {
		return account
	}
	account, ok := l.past[key]
	if !ok {
		account = rate.NewLimiter(rate.Limit(verifyPerMinute)/60, verifyBurst)
	}
	if len(l.current) >= maxAddresses {
		l.past, l.current = l.current, make(map[netip.Prefix]*rate.Limiter)
	}
	l.current[key] = account
	return account
}

// network is what shares one account: an IPv4 address, or the /64 of an IPv6 address, as one host may take any address
// in it.
func network(address netip.Addr) netip.Prefix {
	address = address.Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // an address that does not parse: all of them share one account
	}
	return prefix
}
