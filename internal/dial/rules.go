package dial

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// ErrRefused says that a name leads to an address that may not be called.
var ErrRefused = errors.New("its name leads into a private network")

// Rules say what may be called beside public servers. The zero value opens nothing.
type Rules struct {
	Allow []netip.Prefix // addresses that the operator has opened, by https and by http
}

// Fault judges an address by its text alone, as the function [Fault] does: "" when it may be called. Where the operator has opened
// addresses it passes these as well, written as numbers, any plain host name, and http: whether a name leads to one of them is
// judged when it is dialled.
func (r Rules) Fault(address string) string {
	fault := Fault(address)
	if fault == "" || len(r.Allow) == 0 {
		return fault
	}
	u, unread := parse(address)
	if unread != "" {
		return unread
	}
	usual := uint64(443)
	switch u.Scheme {
	case "https":
	case "http":
		usual = 80
	default:
		return "it begins neither with https nor with http"
	}
	if u.User != nil {
		return "it carries a user name"
	}
	if port := u.Port(); port != "" && !portAllowed(port, usual) || strings.HasSuffix(u.Host, ":") {
		return "its port is not the usual one and not 1024 or higher"
	}
	if climbs(u) {
		return "its path leads upwards"
	}
	host := strings.ToLower(u.Hostname())
	if literal, err := netip.ParseAddr(host); err == nil {
		if !r.allows(literal) {
			return "its host is an address that is not opened here"
		}
		return ""
	}
	if labels := strings.Split(host, "."); !plainHost(labels) || numeric(labels[len(labels)-1]) || len(host) > longestHost {
		return "its host is not a plain host name"
	}
	return ""
}

// Dialer connects to addresses that the rules allow and refuses others with [ErrRefused], after DNS, on the very address that is about
// to be dialled. What is not encrypted goes to addresses that the operator has opened and to no public server.
func (r Rules) Dialer(encrypted bool) *net.Dialer {
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil && (r.allows(to.Addr()) || encrypted && Public(to.Addr())) {
			return nil
		}
		return ErrRefused
	}}
}

func (r Rules) allows(address netip.Addr) bool {
	address = address.Unmap() // an IPv4 address in the notation of IPv6 is the same server
	return slices.ContainsFunc(r.Allow, func(p netip.Prefix) bool { return p.Contains(address) })
}
