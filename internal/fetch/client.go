// Package fetch is the one door to the public web: it reads documents for the verifier, and nothing else in Laurel calls
// an address that a credential names.
//
// [New] makes a [Client]; [Offline] and [Resolved] take its place or stand before it. All three are a [verifier.Fetcher].
// What may be called is judged twice: the text of the address by [Allowed] before any DNS, and the network address at the
// moment it is dialled, so that a name that changes its answer in between gains nothing. No option loosens either rule.
package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

const (
	wholeTime    = 5 * time.Second // one fetch with its redirects, from DNS to the last byte
	maxRedirects = 3
	maxHeader    = 16 << 10 // bytes of an answer's header

	// accept names every type that credentials, status lists, DID documents (also as DID Core calls them), controlled identifier
	// documents, keys and key sets come in, so that a server that also has a page for people answers with one of these.
	accept = "application/vc, application/did, application/did+json, application/did+ld+json, application/cid, application/json, application/ld+json, " +
		"application/jwk-set+json, application/jwk+json, application/jwt, application/vc+jwt, text/plain;q=0.5, */*;q=0.1"
)

// Options of a [Client].
type Options struct {
	// KeepFor is how long a document is kept and handed out again. 0 and anything above mean 5 minutes; a negative value
	// means not at all. An answer whose Cache-Control says less is kept for less.
	KeepFor time.Duration
}

// Client reads documents from public https servers. It is safe for concurrent use.
type Client struct {
	dialer    *net.Dialer
	transport *http.Transport
	client    *http.Client
	cache     *cache
	failures  *cache
	flights   *flights
	now       func() time.Time
}

// New returns a Client.
func New(o Options) *Client {
	if o.KeepFor == 0 || o.KeepFor > longestKept {
		o.KeepFor = longestKept
	}
	dialer := &net.Dialer{Control: refusePrivate}
	transport := &http.Transport{
		Proxy:                  nil, // a proxy named in the environment would dial in our place, without the address rule
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
	return &Client{
		dialer:    dialer,
		transport: transport,
		client:    &http.Client{Transport: transport, CheckRedirect: checkRedirect},
		cache:     newCache(o.KeepFor, cacheDocument),
		failures:  newCache(o.KeepFor, cacheFailure),
		flights:   &flights{under: map[flightKey]*flight{}},
		now:       time.Now,
	}
}

// Fetch reads the document at address, at most limit bytes of it, within 5 seconds and the budget of ctx ([WithBudget]).
// Document.URL is the address that answered: a caller that accepts no other host compares it. Only status 200 without a
// content coding counts as an answer. An address that gave none is not asked again for 30 seconds. All who ask for one document at
// the same time get the answer to one request. Errors wrap [verifier.ErrBlocked], [verifier.ErrTooLarge] or
// [verifier.ErrUnavailable], for status 410 [verifier.ErrGone], say their [verifier.Cause], and name no network address.
func (c *Client) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	if err := judge(address); err != nil {
		return verifier.Document{}, err
	}
	address, _, _ = strings.Cut(address, "#") // a fragment names a part of the document
	for _, known := range []*cache{c.cache, c.failures} {
		if document, err, ok := known.get(address, limit, c.now()); ok {
			return document, err
		}
	}
	remaining, done, err := spend(ctx, c.now)
	if err != nil {
		return verifier.Document{}, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, remaining)
	defer cancel()
	return c.flights.fly(ctx, flightKey{address, limit}, func(ctx context.Context) (verifier.Document, error) {
		document, keepFor, err := c.read(ctx, address, limit)
		switch {
		case err == nil:
			c.cache.put(address, entry{document: document}, document.ReadAt, keepFor)
		case !errors.Is(ctx.Err(), context.Canceled): // a request that was broken off says nothing of the server
			c.failures.put(address, entry{err: err, limit: limit}, c.now(), failureKept)
		}
		return document, err
	})
}

// judge applies the address rule. A DID is no address: one that reaches this far cannot be resolved.
func judge(address string) error {
	if strings.HasPrefix(address, "did:") {
		return unavailable(verifier.CauseMethod, "this kind of DID is not published on the web")
	}
	return Allowed(address)
}

// read makes one request with its redirects. It also returns how long the answer says it may be kept.
func (c *Client) read(ctx context.Context, address string, limit int) (verifier.Document, time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return verifier.Document{}, 0, unavailable(verifier.CauseOther, "the request could not be made")
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", "Laurel")
	response, err := c.client.Do(request)
	if err != nil {
		return verifier.Document{}, 0, classify(ctx, request.URL.Host, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusGone {
		return verifier.Document{}, 0, &verifier.FetchError{Kind: verifier.ErrGone, Cause: verifier.CauseGone, Status: http.StatusGone, Detail: "the server answered with status 410"}
	}
	if code := response.StatusCode; code != http.StatusOK {
		cause := verifier.CauseStatus
		if code == http.StatusNotFound {
			cause = verifier.CauseNotFound
		}
		return verifier.Document{}, 0, &verifier.FetchError{Kind: verifier.ErrUnavailable, Cause: cause, Status: code, Detail: fmt.Sprintf("the server answered with status %d", code)}
	}
	if coding := response.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return verifier.Document{}, 0, unavailable(verifier.CauseForm, "the server answered with a compressed document")
	}
	if response.ContentLength > int64(limit) {
		return verifier.Document{}, 0, tooLarge(limit)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
	if err == nil {
		err = ctx.Err() // a server that sees us hang up may still end its answer in good form
	}
	if err != nil {
		return verifier.Document{}, 0, classify(ctx, request.URL.Host, err)
	}
	if len(body) > limit {
		return verifier.Document{}, 0, tooLarge(limit)
	}
	final := response.Request.URL
	return verifier.Document{
		Bytes:  body,
		URL:    (&url.URL{Scheme: final.Scheme, Host: final.Host, Path: final.Path, RawPath: final.RawPath, RawQuery: final.RawQuery}).String(),
		ReadAt: c.now(),
		Origin: verifier.Network,

		Alternates: alternates(response.Header.Values("Link"), final),
	}, lifetime(response.Header), nil
}

// refusePrivate runs after DNS, on the very address that is about to be dialled.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !public(to.Addr()) {
		return blocked("its name leads into a private network")
	}
	return nil
}

var errRedirects = errors.New("too many redirects")

// checkRedirect judges each further address like the first one.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errRedirects
	}
	next.Header.Del("Referer") // the next server need not know who sent us
	return Allowed(next.URL.String())
}

// classify turns an error of net/http, of a request that was made to host, into one of the three of the port. Its own text is dropped,
// because it names network addresses.
func classify(ctx context.Context, host string, err error) error {
	var dialling *net.OpError
	var last *url.Error // of the last request
	moved := false
	if errors.As(err, &last) {
		to, parsed := url.Parse(last.URL)
		moved = parsed == nil && to.Host != host
	}
	switch {
	case errors.Is(err, verifier.ErrBlocked) && !moved && errors.As(err, &dialling): // refused while dialling
		return dialling.Err
	case errors.Is(err, verifier.ErrBlocked): // the address itself is one that is called, and what it leads to is not
		return &verifier.FetchError{Kind: verifier.ErrBlocked, Cause: verifier.CauseElsewhere, Detail: "it leads on to an address that is not a public https address"}
	case errors.Is(err, errRedirects):
		return unavailable(verifier.CauseRedirects, fmt.Sprintf("there are more than %d redirects", maxRedirects))
	case ctx.Err() != nil:
		return unavailable(verifier.CauseTimeout, "the server did not answer in time")
	case errors.As(err, new(*net.DNSError)):
		return unavailable(verifier.CauseName, "the name of the server could not be resolved")
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return unavailable(verifier.CauseCertificate, "the certificate of the server is not trusted")
	}
	return unavailable(verifier.CauseConnection, "the connection to the server failed")
}

func unavailable(cause, detail string) error {
	return &verifier.FetchError{Kind: verifier.ErrUnavailable, Cause: cause, Detail: detail}
}

func blocked(detail string) error {
	return &verifier.FetchError{Kind: verifier.ErrBlocked, Cause: verifier.CauseBlocked, Detail: detail}
}

func tooLarge(limit int) error {
	return &verifier.FetchError{Kind: verifier.ErrTooLarge, Cause: verifier.CauseTooLarge, Detail: fmt.Sprintf("it has more than %d bytes", limit)}
}
