package api

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// window is how long a limit counts the requests of a token before it begins anew.
const window = time.Minute

// meter counts the requests of the tokens that have a limit of their own. Each process counts by itself.
type meter struct {
	now func() time.Time

	mu     sync.Mutex
	counts map[string]*count // by Token.ID; only tokens that are good come here, so it has as many entries as there are of them at most
}

type count struct {
	began time.Time
	used  int
}

func newMeter() *meter { return &meter{now: time.Now, counts: map[string]*count{}} }

// take counts a request, and returns how many are left until the limit begins anew.
func (m *meter) take(t issuer.Token) (left int, until time.Duration, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	n := m.counts[t.ID]
	if n == nil || now.Sub(n.began) >= window || now.Before(n.began) {
		n = &count{began: now}
		m.counts[t.ID] = n
	}
	until = n.began.Add(window).Sub(now)
	if n.used >= t.Rate {
		return 0, until, false
	}
	n.used++
	return t.Rate - n.used, until, true
}

// admit counts a request of a token with a limit, tells how the limit stands (draft-ietf-httpapi-ratelimit-headers), and refuses the
// request where nothing is left of it.
func (m *meter) admit(c echo.Context, t issuer.Token) error {
	if t.Rate == 0 {
		return nil
	}
	left, until, ok := m.take(t)
	seconds := int(math.Ceil(until.Seconds()))
	h := c.Response().Header()
	h.Set("RateLimit-Policy", fmt.Sprintf(`"token";q=%d;w=%d`, t.Rate, int(window.Seconds())))
	h.Set("RateLimit", fmt.Sprintf(`"token";r=%d;t=%d`, left, seconds))
	if ok {
		return nil
	}
	return failure{status: http.StatusTooManyRequests, code: "rate_limited", after: seconds,
		detail: fmt.Sprintf("The token may make %d requests a minute, and has made them. Ask again in %d seconds.", t.Rate, seconds)}
}
