package api

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

var keyPlaces = places{codes: map[string]string{"not_found": "/key", "since": "/since"}}

// rotateKey puts a new key in the place of one.
func (s *server) rotateKey(c echo.Context) error {
	return s.changeKey(c, http.StatusCreated, nothing, issuer.Workspace.RotateKey)
}

// retireKey takes a key out of use.
func (s *server) retireKey(c echo.Context) error {
	return s.changeKey(c, http.StatusOK, nothing, issuer.Workspace.RetireKey)
}

// compromiseKey says that others may have had a key.
func (s *server) compromiseKey(c echo.Context) error {
	var since time.Time
	return s.changeKey(c, http.StatusOK, func(f *form) map[string]reader { return map[string]reader{"since": f.instant(&since)} },
		func(w issuer.Workspace, ctx context.Context, method string, by issuer.Write) (issuer.Key, error) {
			return w.CompromiseKey(ctx, method, since, by)
		})
}

func (s *server) changeKey(c echo.Context, status int, fill func(*form) map[string]reader, step func(issuer.Workspace, context.Context, string, issuer.Write) (issuer.Key, error)) error {
	method, body, err := s.ownKey(c, fill)
	if err != nil {
		return err
	}
	return s.change(c, write{status: status, body: body, places: keyPlaces, untagged: true, shown: func(value any) any { return showKey(value.(issuer.Key)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			k, err := step(w, c.Request().Context(), method, by)
			return k, 0, err
		}})
}

// reissueKey begins a batch that signs anew what a key has signed that is in use no more.
func (s *server) reissueKey(c echo.Context) error {
	method, body, err := s.ownKey(c, nothing)
	if err != nil {
		return err
	}
	return s.changeBatch(c, write{status: http.StatusCreated, body: body, places: keyPlaces, do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		b, err := w.Reissue(c.Request().Context(), method, by)
		return b, 0, err
	}})
}

// ownKey reads a request about a key of the organisation that the token is for. The body names it, as its id is no part of an address.
func (s *server) ownKey(c echo.Context, fill func(*form) map[string]reader) (method string, body []byte, err error) {
	if err := s.ownAddress(c); err != nil {
		return "", nil, err
	}
	body, err = decode(c.Request(), func(f *form) map[string]reader {
		members := map[string]reader{"key": f.text(&method)}
		maps.Copy(members, fill(f))
		return members
	}, "key")
	return method, body, err
}
