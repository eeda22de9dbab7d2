// Package client speaks to the issuer's API of a Laurel server (/api/v1): it awards, revokes and suspends, and has lists of awards
// checked, made and undone. Begin with [New].
//
// The token goes to the server that it was made for and nowhere else: redirects are not followed. A write is sent under an
// Idempotency-Key, so that it is done once however often it has to be sent. What the API refuses is an [*Error]; an act that waits for a
// second person is an [*Proposed].
package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Options say how to call. The zero value is safe.
type Options struct {
	Transport http.RoundTripper // nil: [http.DefaultTransport]
	Timeout   time.Duration     // of one attempt, with the body; 0: a minute
	Attempts  int               // how often a call is sent at most when the server cannot be reached or asks to wait; 0: 4
	Patience  time.Duration     // the longest that is waited between two attempts; a server that asks for more is not asked again. 0: a minute
}

// Client calls one server with one token. It may be used by several goroutines.
type Client struct {
	base     string
	token    string
	http     *http.Client
	attempts int
	patience time.Duration
}

// New returns a client for the server at base, which is scheme and host without a path: https, or http to this machine alone.
func New(base, token string, o Options) (*Client, error) {
	base, err := checkBase(base)
	if err != nil {
		return nil, err
	}
	if token == "" || strings.ContainsFunc(token, func(c rune) bool { return c < '!' || c > '~' }) {
		return nil, errors.New("the token is not one: it has to be the text that was shown when it was made")
	}
	return &Client{base: base, token: token, attempts: cmp.Or(o.Attempts, 4), patience: cmp.Or(o.Patience, time.Minute), http: &http.Client{
		Transport: o.Transport, Timeout: cmp.Or(o.Timeout, time.Minute),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func checkBase(text string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the address of the server has to be scheme and host alone, such as https://badges.example.org")
	}
	if !private(u) {
		return "", errors.New("the server has to be reached by https: a token is not sent readably over a network")
	}
	return u.Scheme + "://" + u.Host, nil
}

// private says that nobody on the way reads what is sent to an address.
func private(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	address, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && address.IsLoopback())
}

// Error is a refusal of the server.
type Error struct {
	Status int         `json:"status"`
	Code   string      `json:"code"`   // stable name of the cause
	Detail string      `json:"detail"` // one sentence for a person
	Wrong  []Violation `json:"errors"`
}

// Error returns the sentence, with the places that are wrong.
func (e *Error) Error() string {
	text := e.Detail
	for _, w := range e.Wrong {
		if place := cmp.Or(w.Pointer, w.Parameter); place != "" && w.Detail != e.Detail {
			text += " " + place + ": " + w.Detail + "."
		}
	}
	return text
}

// Violation is one thing that is wrong in a request.
type Violation struct {
	Pointer   string `json:"pointer"` // JSON Pointer into the body
	Parameter string `json:"parameter"`
	Detail    string `json:"detail"`
}

// Proposed says that an act is not done: it waits until another person allows it.
type Proposed struct {
	ID   string `json:"id"` // of the proposal
	Kind string `json:"kind"`
}

// Error says so.
func (p *Proposed) Error() string {
	return fmt.Sprintf("this needs a second person, so it was proposed and not done: proposal %s", p.ID)
}

const (
	mostAnswer = 16 << 20 // bytes of an answer in JSON
	mostFile   = 64 << 20 // bytes of a file
	media      = "application/json"
)

// question is a call of the API.
type question struct {
	method, path string
	query        url.Values
	body         []byte
	media        string // of body; "" is JSON
	plain        bool   // the call changes nothing: it needs no key
}

// do calls, and calls again as long as that may help and can do no harm. A nil result reads nothing.
func (c *Client) do(ctx context.Context, q question, result any) (http.Header, error) {
	header, text, err := c.ask(ctx, q, mostAnswer)
	if err != nil || result == nil {
		return header, err
	}
	if err := json.Unmarshal(text, result); err != nil {
		return header, fmt.Errorf("reading the answer of the server: %w", err)
	}
	return header, nil
}

// ask is do for an answer as it is, of so many bytes at most.
func (c *Client) ask(ctx context.Context, q question, most int64) (http.Header, []byte, error) {
	key := ""
	if q.method != http.MethodGet && !q.plain {
		key = rand.Text()
	}
	for attempt := 1; ; attempt++ {
		header, text, wait, err := c.once(ctx, q, key, most)
		if err == nil || wait < 0 || attempt >= c.attempts || wait > c.patience {
			return header, text, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, ctx.Err()
		}
	}
}

// never is for what does not help to try again.
const never = -1

// once sends a call once. wait is how long to wait before it is sent again.
func (c *Client) once(ctx context.Context, q question, key string, most int64) (header http.Header, text []byte, wait time.Duration, err error) {
	address := c.base + "/api/v1" + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, q.method, address, bytes.NewReader(q.body))
	if err != nil {
		return nil, nil, never, fmt.Errorf("calling the server: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", media)
	if len(q.body) > 0 {
		r.Header.Set("Content-Type", cmp.Or(q.media, media))
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, never, ctx.Err()
		}
		return nil, nil, time.Second, fmt.Errorf("calling the server: %w", withoutAddress(err))
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return nil, nil, time.Second, fmt.Errorf("reading the answer of the server: %w", err)
	case int64(len(text)) > most:
		return nil, nil, never, errors.New("the answer of the server is larger than is read here")
	case answer.StatusCode == http.StatusAccepted:
		var p Proposed
		if err := json.Unmarshal(text, &p); err != nil || p.ID == "" {
			return nil, nil, never, errors.New("the answer of the server cannot be read")
		}
		return answer.Header, nil, never, &p
	case answer.StatusCode >= 200 && answer.StatusCode < 300:
		return answer.Header, text, never, nil
	}
	return nil, nil, pause(answer), refusal(answer, text)
}

// withoutAddress takes the address out of an error: a query may say more than belongs into a log.
func withoutAddress(err error) error {
	var sent *url.Error
	if errors.As(err, &sent) {
		return sent.Err
	}
	return err
}

// pause is how long the server asks to wait.
func pause(answer *http.Response) time.Duration {
	again := answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable ||
		answer.StatusCode == http.StatusConflict && answer.Header.Get("Retry-After") != ""
	if !again {
		return never
	}
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		seconds = 1
	}
	return time.Duration(seconds) * time.Second
}

// refusal reads a problem (RFC 9457), or words what is none.
func refusal(answer *http.Response, text []byte) error {
	e := Error{Status: answer.StatusCode}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(text, &e) != nil || e.Detail == "" {
		e = Error{Detail: fmt.Sprintf("The server answers %q, and not as this API does. Is the address that of a Laurel server?", answer.Status)}
	}
	e.Status = answer.StatusCode
	return &e
}

// next is the address of the page after, from the field Link (RFC 8288) of a list of this API; nil after the last.
func next(header http.Header) url.Values {
	address, rest, _ := strings.Cut(strings.TrimPrefix(header.Get("Link"), "<"), ">")
	u, err := url.Parse(address)
	if err != nil || !strings.Contains(rest, `rel="next"`) {
		return nil
	}
	return url.Values{"cursor": u.Query()["cursor"]}
}

// every lists all pages, each under the address below, until each returns false or an error.
func every[T any](ctx context.Context, c *Client, path string, query url.Values, each func(T) error) error {
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", "100")
	for {
		var page struct {
			Items []T `json:"items"`
		}
		header, err := c.do(ctx, question{method: http.MethodGet, path: path, query: query}, &page)
		if err != nil {
			return err
		}
		for _, one := range page.Items {
			if err := each(one); err != nil {
				return err
			}
		}
		after := next(header)
		if after == nil {
			return nil
		}
		query.Set("cursor", after.Get("cursor"))
	}
}

// send is a write whose body is JSON.
func (c *Client) send(ctx context.Context, method, path string, body, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing the request: %w", err)
	}
	_, err = c.do(ctx, question{method: method, path: path, body: text}, result)
	return err
}
