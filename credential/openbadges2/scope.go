package openbadges2

import (
	"net/url"
	"slices"
	"strings"
)

// isIRI says whether s is an absolute IRI: a scheme, and no character that RFC 3987 never allows. An http or https one has a host.
func isIRI(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f || strings.IndexByte("<>\"{}|\\^`", s[i]) >= 0 {
			return false
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || len(s) == len(u.Scheme)+1 {
		return false
	}
	return u.Scheme != "http" && u.Scheme != "https" || u.Host != ""
}

// place is an address on the web, parted so that no text can stand for another part than it is in.
type place struct {
	origin string // scheme, host and port, in one writing
	host   string // with the port, unless it is the scheme's own
	path   string // with the query, as written
}

// placeOf parts an http or https URL. One with a user name before the host is none: it is written to be misread.
func placeOf(address string) (place, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || !isIRI(address) {
		return place{}, false
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	return place{u.Scheme + "://" + host, host, path}, true
}

// IsAddress says whether an id is an http or https address, at which a document can be published.
func IsAddress(id string) bool {
	_, ok := placeOf(id)
	return ok
}

// SameOrigin says whether two addresses have one scheme, host and port.
func SameOrigin(a, b string) bool {
	one, ok := placeOf(a)
	other, too := placeOf(b)
	return ok && too && one.origin == other.origin
}

// InScope says whether an issuer publishes hosted Assertions at an address ("HostedBadge Verification", "VerificationObject"): it
// begins with one of the prefixes that the Profile names, and is on one of the hosts that it names; where it names neither, on
// the same origin as the Profile.
//
// The standard compares texts. Here scheme, host and port of a prefix have to be equal as such, so that https://a.example does not
// stand for https://a.example.evil, and an address that climbs out of a path (/a/../b) is in no path.
func (p Profile) InScope(id string) bool {
	at, ok := placeOf(id)
	if !ok {
		return false
	}
	if len(p.StartsWith) == 0 && len(p.AllowedOrigins) == 0 {
		return SameOrigin(id, p.ID)
	}
	begins := func(prefix string) bool {
		from, ok := placeOf(prefix)
		if !ok || from.origin != at.origin {
			return false
		}
		return from.path == "/" || strings.HasPrefix(at.path, from.path) && !climbs(at.path)
	}
	hosted := func(origin string) bool {
		if from, ok := placeOf(origin); ok {
			return from.origin == at.origin
		}
		return strings.EqualFold(origin, at.host)
	}
	return (len(p.StartsWith) == 0 || slices.ContainsFunc(p.StartsWith, begins)) &&
		(len(p.AllowedOrigins) == 0 || slices.ContainsFunc(p.AllowedOrigins, hosted))
}

// climbs says whether a server could read a path as another one: it has a segment of dots, or an escape that may stand for such or
// for the mark between segments.
func climbs(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	lower := strings.ToLower(path)
	for _, escape := range [...]string{"%2e", "%2f", "%5c", "%25"} {
		if strings.Contains(lower, escape) {
			return true
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
