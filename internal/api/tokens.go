package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// tokenResource is a token of the organisation. Its text is shown once.
type tokenResource struct {
	ID       string          `json:"id"`
	Name     string          `json:"name,omitempty"`
	Scopes   []issuer.Scope  `json:"scopes"`
	Created  timestamp       `json:"created"`
	Expires  *timestamp      `json:"expires,omitempty"`
	LastUsed *timestamp      `json:"lastUsed,omitempty"`
	Rate     int             `json:"rate,omitempty"`
	Revoked  *changeResource `json:"revoked,omitempty"`
	Token    string          `json:"token,omitempty"`
}

func showToken(t issuer.Token) tokenResource {
	return tokenResource{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Created: timestamp{t.Created}, Expires: instantOf(t.Expires), LastUsed: instantOf(t.LastUsed),
		Rate: t.Rate, Revoked: showChange(t.Revoked)}
}

var tokenPlaces = places{codes: map[string]string{"name": "/name", "scopes": "/scopes", "expires": "/expires", "rate": "/rate"}}

func (s *server) tokens(c echo.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	space, _ := s.workspace(c)
	all, err := space.Tokens(c.Request().Context())
	if err != nil {
		return err
	}
	return giveList(c, all, showToken, page{}, "")
}

func (s *server) createToken(c echo.Context) error {
	var in issuer.TokenInput
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"name": f.text(&in.Name), "expires": f.instant(&in.Expires), "rate": f.whole(&in.Rate),
			"scopes": list(f, &in.Scopes, func(scope *issuer.Scope) reader { return word(f, scope) })}
	}, "scopes")
	if err != nil {
		return err
	}
	return s.change(c, write{status: http.StatusCreated, body: body, places: tokenPlaces, untagged: true,
		shown: func(value any) any {
			made := value.(issuer.NewToken)
			r := showToken(made.Token)
			r.Token = made.Text
			return r
		},
		kept: func(value any) any { return showToken(value.(issuer.Token)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			in.Expires = in.Expires.Truncate(time.Second)
			made, err := w.CreateToken(c.Request().Context(), in, Token(c), by)
			return made, 0, err
		}})
}

func (s *server) revokeToken(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.change(c, write{status: http.StatusOK, body: body, shown: func(value any) any { return showToken(value.(issuer.Token)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			t, err := w.RevokeToken(c.Request().Context(), id, Token(c), by)
			return t, 0, err
		}})
}
