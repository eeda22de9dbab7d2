package web

import "net/url"

// webLink is the address when it is one that a page may link to: absolute, http or https. Else it is "".
func webLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return u.String()
}
