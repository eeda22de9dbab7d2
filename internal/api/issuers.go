package api

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// issuerResource is an organisation as the API shows it.
type issuerResource struct {
	ID      string    `json:"id"`
	DID     string    `json:"did"`
	Name    string    `json:"name"`
	URL     string    `json:"url"`
	Email   string    `json:"email,omitempty"`
	Created timestamp `json:"created"`
}

func showIssuer(o issuer.Organisation) issuerResource {
	return issuerResource{ID: o.ID, DID: o.DID, Name: o.Name, URL: o.URL, Email: o.Email, Created: timestamp{o.Created}}
}

// keyResource is the public part of a key.
type keyResource struct {
	ID        string          `json:"id"` // verification method
	Algorithm string          `json:"algorithm"`
	Multibase string          `json:"publicKeyMultibase"`
	State     issuer.KeyState `json:"state"`
	Created   timestamp       `json:"created"`
	Ended     *timestamp      `json:"ended,omitempty"`
}

func showKey(k issuer.Key) keyResource {
	return keyResource{ID: k.Method, Algorithm: k.Algorithm, Multibase: k.Multikey, State: k.State, Created: timestamp{k.Created}, Ended: optional(k.Ended)}
}

type listResource struct {
	ID      string `json:"id"`
	URL     string `json:"url"`
	Purpose string `json:"statusPurpose"`
}

// issuers lists the one organisation that the token is for.
func (s *server) issuers(c echo.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	space, _ := s.workspace(c)
	o, _, err := space.Organisation(c.Request().Context())
	if err != nil {
		return err
	}
	return giveList(c, []issuer.Organisation{o}, showIssuer, page{}, "")
}

// own reads the organisation that the path names, if the token is for it.
func (s *server) own(c echo.Context) (issuer.Organisation, uint64, error) {
	if err := noQuery(c); err != nil {
		return issuer.Organisation{}, 0, err
	}
	if err := s.ownAddress(c); err != nil {
		return issuer.Organisation{}, 0, err
	}
	space, _ := s.workspace(c)
	return space.Organisation(c.Request().Context())
}

// ownAddress says whether the path names the organisation of the token.
func (s *server) ownAddress(c echo.Context) error {
	if c.Param("id") != Token(c).Organisation {
		return notFound()
	}
	return nil
}

func (s *server) issuer(c echo.Context) error {
	o, version, err := s.own(c)
	if err != nil {
		return err
	}
	return give(c, version, showIssuer(o))
}

func (s *server) keys(c echo.Context) error {
	o, _, err := s.own(c)
	if err != nil {
		return err
	}
	return giveList(c, o.Keys, showKey, page{}, "")
}

func (s *server) statusLists(c echo.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	space, _ := s.workspace(c)
	all, err := space.StatusLists(c.Request().Context())
	if err != nil {
		return err
	}
	return giveList(c, all, func(l issuer.StatusList) listResource { return listResource(l) }, page{}, "")
}

// identifier is the {id} of a path. What cannot be an id is not found before it reaches the store.
func identifier(c echo.Context) (string, error) { return parameter(c, "id") }

// parameter is an id in a path.
func parameter(c echo.Context, name string) (string, error) {
	if id := c.Param(name); isID(id) {
		return id, nil
	}
	return "", notFound()
}

// named is identifier for what takes no query.
func named(c echo.Context) (string, error) {
	id, err := identifier(c)
	if err == nil {
		err = noQuery(c)
	}
	return id, err
}

func isID(text string) bool {
	if text == "" || len(text) > 64 {
		return false
	}
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// parseQuery reads the query, all of it or nothing.
func parseQuery(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, failure{status: http.StatusBadRequest, code: "parameters", detail: "The query of the address could not be read."}
	}
	return query, nil
}

// noQuery refuses parameters where there are none.
func noQuery(c echo.Context) error {
	query, err := parseQuery(c.Request())
	if err != nil || len(query) == 0 {
		return err
	}
	return failure{status: http.StatusBadRequest, code: "parameters", detail: "This address takes no parameters."}
}
