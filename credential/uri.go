package credential

import (
	"net/url"
	"strings"
)

// absolute says whether s is an absolute URL, URI or IRI: a scheme (RFC 3986 section 3.1), and then text without a character
// that RFC 3987 never allows. An http or https one has a host.
func absolute(s string) bool {
	scheme, rest, found := strings.Cut(s, ":")
	if !found || rest == "" || strings.ContainsFunc(rest, never) {
		return false
	}
	for i, c := range scheme {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", c)) {
			return false
		}
	}
	if scheme = strings.ToLower(scheme); scheme == "http" || scheme == "https" {
		u, err := url.Parse(s)
		return err == nil && u.Host != ""
	}
	return scheme != ""
}

func never(c rune) bool {
	return c <= ' ' || c == 0x7f || strings.ContainsRune("<>\"{}|\\^`", c)
}
