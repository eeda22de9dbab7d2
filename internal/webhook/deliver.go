package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/dial"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	sendTime  = 10 * time.Second // one attempt, from DNS to the answer
	readMost  = 4 << 10          // bytes of an answer, which nobody looks at
	maxHeader = 16 << 10         // bytes of the header of an answer

	sendMost = 20              // deliveries before others have their turn
	sendFor  = 5 * time.Second // after which none is begun before others have their turn

	longestPause = 30 * time.Minute   // of an endpoint that does not answer
	longestAfter = 24 * time.Hour     // that Retry-After can ask for
	givenUp      = 5 * 24 * time.Hour // after which an endpoint that takes nothing is disabled
	keptAttempts = 20
)

// schedule is how long a delivery waits after each failed attempt: more than three days in all. After the last it has failed.
var schedule = [...]time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// client speaks to endpoints through a dialler.
func client(dialer *net.Dialer) *http.Client {
	return &http.Client{
		Timeout: sendTime,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy named in the environment would dial in our place, without the address rule
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost:    1,
			MaxIdleConns:           32,
			IdleConnTimeout:        30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Deliver sends what is to be sent to an endpoint, the oldest first, and returns [jobs.ErrMore] when others shall have their turn before
// it goes on. payload comes from the work that was queued. What is not taken is sent again later, for more than three days.
func (h *Hooks) Deliver(ctx context.Context, payload []byte) error {
	var c call
	if err := json.Unmarshal(payload, &c); err != nil {
		return fmt.Errorf("reading what a webhook job is told: %w", err)
	}
	begun := h.now()
	for sent := 0; ; sent++ {
		e, d, ready, err := h.next(ctx, c)
		if damage := (*unreadable)(nil); errors.As(err, &damage) { // it must not stop the others
			err = h.store.Update(ctx, func(tx issuer.Tx) error { return requeue(tx, Delivery{ID: damage.delivery}) })
			if err == nil {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("reading what is to be sent: %w", err)
		}
		if !ready {
			return h.rest(ctx, c)
		}
		if sent == sendMost || h.now().Sub(begun) >= sendFor {
			return jobs.ErrMore
		}
		now := h.now().UTC()
		answer, err := h.send(ctx, e, d, now)
		if ctx.Err() != nil {
			return ctx.Err() // the program ends: that says nothing of the endpoint
		}
		if err != nil {
			return fmt.Errorf("sending a webhook: %w", err)
		}
		if err := h.keep(ctx, d, now, answer); err != nil {
			return fmt.Errorf("recording what became of a webhook: %w", err)
		}
	}
}

// next reads what is to be sent now; ready is false when there is nothing, or this job is one of the past.
func (h *Hooks) next(ctx context.Context, c call) (e heldEndpoint, d Delivery, ready bool, err error) {
	err = h.store.View(ctx, func(tx issuer.Tx) error {
		ready = false
		if e, _, err = endpoints.Get(tx, c.Endpoint); errors.Is(err, issuer.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		now := h.now()
		if !e.Waking.Equal(c.Waking) || e.Disabled != nil || e.Paused.After(now) {
			return nil
		}
		first, _, err := dues.List(tx, issuer.Query{By: "endpoint", Value: c.Endpoint, Limit: 1})
		if err != nil || len(first) == 0 || first[0].Next.After(now) {
			return err
		}
		d, _, err = deliveries.Get(tx, first[0].Delivery)
		if ready = err == nil; errors.Is(err, issuer.ErrDamaged) || errors.Is(err, issuer.ErrNotFound) {
			return &unreadable{first[0].Delivery}
		}
		return err
	})
	return e, d, ready, err
}

// unreadable is a delivery whose record is not as it was written.
type unreadable struct{ delivery string }

func (*unreadable) Error() string { return "a webhook delivery cannot be read" }

// rest ends a job: another is queued for when there is something to be sent again.
func (h *Hooks) rest(ctx context.Context, c call) error {
	more := false
	err := h.store.Update(ctx, func(tx issuer.Tx) error {
		more = false
		e, version, err := endpoints.Get(tx, c.Endpoint)
		if errors.Is(err, issuer.ErrNotFound) || err == nil && !e.Waking.Equal(c.Waking) {
			return nil
		}
		if err != nil {
			return err
		}
		first, _, err := dues.List(tx, issuer.Query{By: "endpoint", Value: e.ID, Limit: 1})
		if err != nil {
			return err
		}
		if len(first) == 0 || e.Disabled != nil {
			e.Waking = time.Time{}
			return endpoints.Put(tx, &e, version)
		}
		at := first[0].Next
		if e.Paused.After(at) {
			at = e.Paused
		}
		if more = !at.After(h.now()); more { // something has come in the meantime
			return nil
		}
		return arm(tx, h.enqueue, &e, version, at)
	})
	if err != nil {
		return fmt.Errorf("ending a webhook job: %w", err)
	}
	if more {
		return jobs.ErrMore
	}
	return nil
}

// answer is what came of an attempt.
type answer struct {
	status int           // 0: there was no answer
	cause  string        // a sentence; "": it was taken
	after  time.Duration // that the endpoint asks to wait; 0: it does not say
	down   bool          // the endpoint takes nothing now, whatever it is
}

// send makes one attempt. The error is one on this side.
func (h *Hooks) send(ctx context.Context, e heldEndpoint, d Delivery, now time.Time) (answer, error) {
	body, err := h.Text(d)
	if err != nil {
		return answer{}, err
	}
	if fault := h.rules.Fault(e.URL); fault != "" { // the rules may be others than when it was made
		return answer{cause: "The address is not called any more: " + fault + ".", down: true}, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	timestamp := strconv.FormatInt(now.Unix(), 10)
	signatures := sign(e.Secret, d.ID, timestamp, body)
	for _, earlier := range e.earlier(now) {
		signatures += " " + sign(earlier.Secret, d.ID, timestamp, body)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Laurel")
	request.Header.Set(HeaderID, d.ID)
	request.Header.Set(HeaderTimestamp, timestamp)
	request.Header.Set(HeaderSignature, signatures)
	through := h.secure
	if request.URL.Scheme == "http" {
		through = h.plain
	}
	response, err := through.Do(request)
	if err != nil {
		return answer{cause: causeOf(err), down: true}, nil
	}
	_, _ = io.CopyN(io.Discard, response.Body, readMost) // so that the connection can be used again
	_ = response.Body.Close()
	return answerOf(response, now), nil
}

// causeOf names what went wrong, and no network address. Whether a name is known where this program runs is not told: somebody could
// learn the names of its own network so.
func causeOf(err error) string {
	var late net.Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, dial.ErrRefused), errors.As(err, &name):
		return "The name of the server leads to no address that is called."
	case errors.As(err, &late) && late.Timeout():
		return "There was no answer in 10 seconds."
	case errors.As(err, &certificate):
		return "The certificate of the server is not trusted."
	}
	return "The connection failed."
}

func answerOf(r *http.Response, now time.Time) answer {
	a := answer{status: r.StatusCode}
	switch code := r.StatusCode; {
	case code >= 200 && code < 300:
		return a
	case code >= 300 && code < 400:
		a.cause = fmt.Sprintf("It answered with status %d, which leads elsewhere; that is not followed.", code)
	default:
		a.cause = fmt.Sprintf("It answered with status %d.", code)
		a.down = code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout
	}
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		a.after = retryAfter(r.Header.Get("Retry-After"), now)
	}
	return a
}

// retryAfter reads the header of this name (RFC 9110 section 10.2.3), a day at most.
func retryAfter(text string, now time.Time) time.Duration {
	pause := time.Duration(0)
	if seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32); err == nil {
		pause = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		pause = at.Sub(now)
	}
	return min(max(pause, 0), longestAfter)
}

// keep records an attempt at a delivery and what follows from it.
func (h *Hooks) keep(ctx context.Context, sent Delivery, at time.Time, a answer) error {
	return h.store.Update(ctx, func(tx issuer.Tx) error {
		d, version, err := deliveries.Get(tx, sent.ID)
		if errors.Is(err, issuer.ErrNotFound) { // it was swept
			return nil
		}
		if err != nil {
			return err
		}
		d.Attempts = append(d.Attempts, Attempt{At: at, Status: a.status, Cause: a.cause})
		d.Attempts = d.Attempts[max(0, len(d.Attempts)-keptAttempts):]
		d.Tries++
		switch {
		case d.State != Waiting: // a job that was taken for lost was faster
		case a.cause == "":
			d.State, d.Next = Delivered, time.Time{}
		case d.Tries > len(schedule):
			d.State, d.Next = Failed, time.Time{}
		default:
			d.Next = h.now().UTC().Add(max(spread(schedule[d.Tries-1]), a.after))
		}
		if err := deliveries.Put(tx, &d, version); err != nil {
			return err
		}
		if err := requeue(tx, d); err != nil {
			return err
		}
		return h.judge(tx, d.Endpoint, a)
	})
}

// requeue puts a delivery in its place among those that are to be sent, or takes it from there.
func requeue(tx issuer.Tx, d Delivery) error {
	_, version, err := dues.Get(tx, d.ID)
	switch {
	case err != nil && !errors.Is(err, issuer.ErrNotFound):
		return err
	case d.State == Waiting:
		return dues.Put(tx, &due{Delivery: d.ID, Endpoint: d.Endpoint, Next: d.Next}, version)
	case version > 0:
		return tx.Delete(dues.Kind, d.ID)
	}
	return nil
}

// judge notes what an answer says of its endpoint: one that is down is left alone for a while, and one that is gone, or has taken nothing
// for days, is disabled.
func (h *Hooks) judge(tx issuer.Tx, id string, a answer) error {
	e, version, err := endpoints.Get(tx, id)
	if errors.Is(err, issuer.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now := h.now().UTC()
	if a.cause == "" {
		if e.Failures == 0 { // nothing to note: most go well
			return nil
		}
		e.Failing, e.Failures, e.Paused = time.Time{}, 0, time.Time{}
		return endpoints.Put(tx, &e, version)
	}
	if e.Failures++; e.Failing.IsZero() {
		e.Failing = now
	}
	if a.down {
		e.Paused = now.Add(max(min(schedule[min(e.Failures, len(schedule))-1], longestPause), a.after))
	}
	var reason string
	switch {
	case e.Disabled != nil:
	case a.status == http.StatusGone: // Standard Webhooks, Deliverability and reliability
		reason = "It answered with status 410: nobody wants to be told there any more."
	case now.Sub(e.Failing) >= givenUp:
		reason = "It has taken nothing for five days. " + a.cause
	}
	if reason != "" {
		e.Disabled = &issuer.Change{At: now, By: program, Reason: reason}
	}
	if err := endpoints.Put(tx, &e, version); err != nil || reason == "" {
		return err
	}
	return h.record(tx, e.Endpoint, "webhook.disabled", program, "")
}

// program is who does in the audit log what no person has asked for.
const program = "laurel"
