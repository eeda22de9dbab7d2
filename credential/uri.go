package credential

import (
	"net/url"
	"strings"
)

// absolute says whether s is an absolute URL, URI or IRI: a scheme (RFC 3986 section 3.1), and then text without a character
// that RFC 3987 never allows. An http or https one has a host.
func absolute(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon <= 0 || colon == len(s)-1 {
		return false
	}
	for i := range colon {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	rest := s[colon+1:]
	for i := range len(rest) {
		if never[rest[i]] {
			return false
		}
	}
	if scheme := s[:colon]; !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return true
	}
	if plainHost(rest) {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != ""
}

// never are the characters that no IRI has (RFC 3987 section 2.2). All are ASCII: a byte of a longer character is none of them.
var never = func() (table [256]bool) {
	for c := range ' ' + 1 {
		table[c] = true
	}
	for _, c := range "<>\"{}|\\^`\x7f" {
		table[c] = true
	}
	return table
}()

// plainHost says that rest, what follows the colon of an http or https URL, is two slashes and the letters of a domain name,
// and after it at most a path, query or fragment without an escape: that is a URL, and parsing it would tell nothing more.
func plainHost(rest string) bool {
	if !strings.HasPrefix(rest, "//") || strings.IndexByte(rest, '%') >= 0 {
		return false
	}
	end := 2
	for end < len(rest) && (rest[end]|0x20 >= 'a' && rest[end]|0x20 <= 'z' || rest[end] >= '0' && rest[end] <= '9' || rest[end] == '-' || rest[end] == '.') {
		end++
	}
	return end > 2 && (end == len(rest) || rest[end] == '/' || rest[end] == '?' || rest[end] == '#')
}
