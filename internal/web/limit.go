package web

import (
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

const maxAddresses = 8192 // of one generation; two are kept

// limiter allows each address so many requests a minute, half of them at once. It remembers a bounded number of addresses;
// one that keeps calling keeps its account.
type limiter struct {
	perMinute int
	mu        sync.Mutex
	accounts  recent[netip.Prefix, *rate.Limiter] // guarded by mu
}

func newLimiter(perMinute int) *limiter {
	return &limiter{perMinute: perMinute, accounts: newRecent[netip.Prefix, *rate.Limiter](maxAddresses)}
}

// allow says whether the address may make one more request now.
func (l *limiter) allow(address netip.Addr) bool {
	return l.account(network(address)).Allow()
}

func (l *limiter) account(key netip.Prefix) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	account, ok := l.accounts.get(key)
	if !ok {
		account = rate.NewLimiter(rate.Limit(l.perMinute)/60, max(1, l.perMinute/2))
		l.accounts.put(key, account)
	}
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
