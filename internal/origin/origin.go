// Package origin tells requests that a page of this site sends from those that pages of other sites send with the cookies of a visitor. The
// rooms with forms share it, so that all refuse the same.
package origin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Guard looks at where a request comes from.
type Guard struct {
	own   string
	sites *http.CrossOriginProtection
}

// New is the guard of an installation by its address: scheme and host without a path.
func New(base string) (*Guard, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Path != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("guarding forms: %q is not a URL of scheme and host only", base)
	}
	host := strings.ToLower(u.Host)
	if port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]; strings.HasSuffix(host, port) { // browsers leave it out
		host = strings.TrimSuffix(host, port)
	}
	g := &Guard{own: u.Scheme + "://" + host, sites: http.NewCrossOriginProtection()}
	// Behind a proxy the Host header need not be ours: pages of our own address may always post.
	if err := g.sites.AddTrustedOrigin(g.own); err != nil {
		return nil, fmt.Errorf("guarding forms: %w", err)
	}
	return g, nil
}

// Reading says that a request asks for something and changes nothing (RFC 9110 section 9.2.1). Those may come from anywhere.
func Reading(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
}

// Said says that a request tells where it comes from, as every browser does with a form. Programs do not.
func Said(r *http.Request) bool {
	return r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
}

// Check refuses a request that changes something and comes from another site: by Sec-Fetch-Site, and by Origin, which has to be that of this
// installation to the letter, so that a page of the same host without TLS, or at another port, is another site. Pages that keep to
// themselves where they are (Referrer-Policy no-referrer) say "null": that passes where Sec-Fetch-Site, which no page can set, says that
// they are ours (Fetch, "append a request `Origin` header"). What says neither passes; see [Said].
func (g *Guard) Check(r *http.Request) error {
	if Reading(r) {
		return nil
	}
	for _, from := range r.Header.Values("Origin") {
		if from != g.own && (from != "null" || r.Header.Get("Sec-Fetch-Site") != "same-origin") {
			return fmt.Errorf("a request of origin %q was refused", from)
		}
	}
	return g.sites.Check(r)
}
