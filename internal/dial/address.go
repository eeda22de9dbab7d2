// Package dial says which servers this program may call of its own accord. What may be called is judged twice: the text of an
// address by [Fault] or [Rules.Fault] before any DNS, and the network address at the moment it is dialled, by [Public] or a
// [Rules.Dialer], so that a name that changes its answer in between gains nothing.
package dial

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// MaxURL bounds the length of an address in bytes.
const MaxURL = 2048

// privateZones are name endings that never lead to a public server.
var privateZones = []string{
	"localhost",                                              // RFC 6761 section 6.3
	"local",                                                  // RFC 6762 section 3
	"internal", "intranet", "private", "corp", "home", "lan", // RFC 6762 appendix G; internal also by ICANN in 2024
	"home.arpa",   // RFC 8375
	"localdomain", // the default of many resolvers
}

// reserved are the ranges that are not public servers, after the special-purpose address registries of IANA for IPv4 and
// IPv6. Of IPv6, only 2000::/3 is global unicast; the prefixes outside it stand here to name what they are.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),         // this network, RFC 791
	netip.MustParsePrefix("10.0.0.0/8"),        // private use, RFC 1918
	netip.MustParsePrefix("100.64.0.0/10"),     // shared address space of carriers, RFC 6598
	netip.MustParsePrefix("127.0.0.0/8"),       // loopback, RFC 1122
	netip.MustParsePrefix("169.254.0.0/16"),    // link-local, RFC 3927; cloud metadata
	netip.MustParsePrefix("172.16.0.0/12"),     // private use, RFC 1918
	netip.MustParsePrefix("192.0.0.0/24"),      // protocol assignments, RFC 6890
	netip.MustParsePrefix("192.0.2.0/24"),      // documentation, RFC 5737
	netip.MustParsePrefix("192.31.196.0/24"),   // AS112, RFC 7535
	netip.MustParsePrefix("192.52.193.0/24"),   // multicast tunnels, RFC 7450
	netip.MustParsePrefix("192.88.99.0/24"),    // 6to4 relays, withdrawn, RFC 7526
	netip.MustParsePrefix("192.168.0.0/16"),    // private use, RFC 1918
	netip.MustParsePrefix("192.175.48.0/24"),   // AS112, RFC 7534
	netip.MustParsePrefix("198.18.0.0/15"),     // benchmarks, RFC 2544
	netip.MustParsePrefix("198.51.100.0/24"),   // documentation, RFC 5737
	netip.MustParsePrefix("203.0.113.0/24"),    // documentation, RFC 5737
	netip.MustParsePrefix("224.0.0.0/4"),       // multicast, RFC 1112
	netip.MustParsePrefix("240.0.0.0/4"),       // future use and broadcast, RFC 1112, RFC 919
	netip.MustParsePrefix("::/128"),            // unspecified, RFC 4291
	netip.MustParsePrefix("::1/128"),           // loopback, RFC 4291
	netip.MustParsePrefix("::ffff:0:0/96"),     // IPv4-mapped, RFC 4291
	netip.MustParsePrefix("64:ff9b::/96"),      // IPv4 translation, RFC 6052: leads to any IPv4 address
	netip.MustParsePrefix("64:ff9b:1::/48"),    // local IPv4 translation, RFC 8215
	netip.MustParsePrefix("100::/64"),          // discard, RFC 6666
	netip.MustParsePrefix("100:0:0:1::/64"),    // dummy, RFC 9780
	netip.MustParsePrefix("2001::/23"),         // protocol assignments, RFC 2928; Teredo 2001::/32 (RFC 4380), ORCHID
	netip.MustParsePrefix("2001:db8::/32"),     // documentation, RFC 3849
	netip.MustParsePrefix("2002::/16"),         // 6to4, RFC 3056: leads to any IPv4 address
	netip.MustParsePrefix("2620:4f:8000::/48"), // AS112, RFC 7534
	netip.MustParsePrefix("3fff::/20"),         // documentation, RFC 9637
	netip.MustParsePrefix("5f00::/16"),         // segment routing, RFC 9602
	netip.MustParsePrefix("fc00::/7"),          // unique local, RFC 4193
	netip.MustParsePrefix("fe80::/10"),         // link-local, RFC 4291
	netip.MustParsePrefix("fec0::/10"),         // site-local, withdrawn, RFC 3879
	netip.MustParsePrefix("ff00::/8"),          // multicast, RFC 4291
}

var globalUnicast = netip.MustParsePrefix("2000::/3") // RFC 4291 section 2.4, as allocated by IANA

// Public tells whether an address is one of a public server.
func Public(address netip.Addr) bool {
	if !address.IsValid() || address.Zone() != "" || (address.Is6() && !globalUnicast.Contains(address)) {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(address) })
}

// Fault judges an address by its text alone, without DNS: "" when this program may call it, else the rule that it breaks, as the end of
// a sentence. It passes https URLs on port 443 or from 1024 on, to a host name of two labels or more that is not a literal address in any
// notation and not in a zone of private networks. A name that passes may still resolve to an address that is not public.
func Fault(address string) string {
	u, fault := parse(address)
	switch {
	case fault != "":
		return fault
	case u.Scheme != "https":
		return "it does not begin with https"
	case u.User != nil:
		return "it carries a user name"
	}
	host, port, hasPort := strings.Cut(u.Host, ":")
	if strings.HasPrefix(u.Host, "[") {
		return "its host is a literal address"
	}
	if hasPort && !portAllowed(port, 443) {
		return "its port is not 443 and not 1024 or higher"
	}
	if climbs(u) {
		return "its path leads upwards"
	}
	return hostFault(strings.ToLower(host))
}

// parse reads an address that has one meaning to all who read it.
func parse(address string) (u *url.URL, fault string) {
	if len(address) > MaxURL {
		return nil, "it is too long"
	}
	// Programs disagree about what these characters mean in a URL, so that one text could name two hosts.
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c > '~' || c == '\\' {
			return nil, "it holds a character that has no place in a URL"
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" {
		return nil, "it is not a URL"
	}
	return u, ""
}

// climbs says whether a path leads upwards.
func climbs(u *url.URL) bool {
	for segment := range strings.SplitSeq(u.Path, "/") { // u.Path is unescaped, so %2e counts as well
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// portAllowed says whether a port is that of the scheme, or one that no service of the system has.
func portAllowed(port string, usual uint64) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == port && (n == usual || n >= 1024)
}

// hostFault judges a host name in lower case by RFC 1123 section 2.1 and the zones above.
func hostFault(host string) string {
	switch labels := strings.Split(host, "."); {
	case !plainHost(labels):
		return "its host is not a plain host name"
	case numeric(labels[len(labels)-1]):
		return "its host is a literal address"
	case len(labels) < 2 || len(host) > longestHost:
		return "its host is not the full name of a public server"
	}
	for _, zone := range privateZones {
		if strings.HasSuffix("."+host, "."+zone) {
			return "its host is a name of a private network"
		}
	}
	return ""
}

const longestHost = 253 // characters, RFC 1035 section 2.3.4 without the length of each label

func plainHost(labels []string) bool {
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// numeric tells a number, decimal, octal or hexadecimal: readers of URLs take a host whose last label is one as an IPv4 address.
func numeric(label string) bool {
	digits, hex := strings.CutPrefix(label, "0x")
	return strings.Trim(label, "0123456789") == "" || hex && strings.Trim(digits, "0123456789abcdef") == ""
}
