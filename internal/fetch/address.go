package fetch

import (
	"net/netip"

	"github.com/laurelbadges/laurel/internal/dial"
)

const maxURL = dial.MaxURL

// public tells whether an address may be dialled.
func public(address netip.Addr) bool { return dial.Public(address) }

// Allowed judges an address by its text alone, without DNS, as [dial.Fault] does: nil when Laurel may call it, else an error that
// wraps [verifier.ErrBlocked]. A name that passes may still resolve to an address that is not public; that is judged when it is
// dialled.
func Allowed(address string) error {
	if reason := dial.Fault(address); reason != "" {
		return blocked(reason)
	}
	return nil
}
