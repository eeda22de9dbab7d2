package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// headFresh is how long a signed end of the audit log is given again: nobody needs a newer one, and each costs a signature.
const headFresh = 5 * time.Minute

// auditHead answers with the signed end of the audit log, a token, so that others can keep it as witnesses.
type auditHead struct {
	sign func(ctx context.Context) (string, error)
	now  func() time.Time

	mu    sync.Mutex // held while one is signed: who waits gets the same
	token string
	until time.Time
}

func (h *auditHead) serve(c echo.Context) error {
	token, err := h.current(c.Request().Context())
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.Blob(http.StatusOK, "application/jwt", []byte(token+"\n"))
}

func (h *auditHead) current(ctx context.Context) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if left := h.until.Sub(now); h.token != "" && left > 0 && left <= headFresh {
		return h.token, nil
	}
	token, err := h.sign(ctx)
	if err != nil {
		return "", err
	}
	h.token, h.until = token, now.Add(headFresh)
	return token, nil
}
