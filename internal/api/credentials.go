package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// credentialResource is an award as the API shows it: everything about it but the person, who stands in its files.
type credentialResource struct {
	ID          string                 `json:"id"`
	Identifier  string                 `json:"identifier"` // the id inside the credential
	URL         string                 `json:"url"`
	Issuer      string                 `json:"issuer"`
	Achievement string                 `json:"achievement"`
	State       issuer.CredentialState `json:"state"`
	Issued      *timestamp             `json:"issued,omitempty"`
	ValidFrom   string                 `json:"validFrom"`
	ValidUntil  string                 `json:"validUntil,omitempty"`
	Revoked     *changeResource        `json:"revoked,omitempty"`
	Suspended   *changeResource        `json:"suspended,omitempty"`
	Files       *files                 `json:"files,omitempty"`
}

func (r credentialResource) address() string { return prefix + "/credentials/" + r.ID }

// changeResource says when and why the standing of an award changed.
type changeResource struct {
	At     timestamp `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// files are the addresses of an award in its forms.
type files struct {
	JSON string `json:"json"`
	JWT  string `json:"jwt"`
	PNG  string `json:"png"`
	SVG  string `json:"svg"`
	Base string `json:"base,omitempty"` // under this API alone: for the holder, who derives from it what he shows
}

func showCredential(c issuer.Credential) credentialResource {
	r := credentialResource{ID: c.ID, Identifier: c.Identifier, URL: c.URL, Issuer: c.Organisation, Achievement: c.Achievement,
		State: c.State(), Revoked: showChange(c.Revoked), Suspended: showChange(c.Suspended)}
	document := c.JSON
	if c.Issued.IsZero() {
		document = c.Unsigned
	} else {
		r.Issued = optional(&c.Issued)
		r.Files = &files{JSON: c.URL + ".json", JWT: c.URL + ".jwt", PNG: c.URL + ".png", SVG: c.URL + ".svg"}
		if c.Base != nil {
			r.Files.Base = r.address() + "/base"
		}
	}
	var dates struct{ ValidFrom, ValidUntil string }
	_ = json.Unmarshal(document, &dates) // this program wrote it
	r.ValidFrom, r.ValidUntil = dates.ValidFrom, dates.ValidUntil
	return r
}

func showChange(c *issuer.Change) *changeResource {
	if c == nil {
		return nil
	}
	return &changeResource{timestamp{c.At}, c.Reason}
}

// timestamp is an instant in UTC, in whole seconds, as documents have it.
type timestamp struct{ time.Time }

// MarshalJSON writes RFC 3339.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.UTC().Format(time.RFC3339) + `"`), nil
}

func optional(t *time.Time) *timestamp {
	if t == nil {
		return nil
	}
	return &timestamp{*t}
}

// awardMembers are the members of a request for an award. hashed is true unless it says otherwise.
func awardMembers(in *issuer.AwardInput, hashed *bool) func(*form) map[string]reader {
	return func(f *form) map[string]reader {
		return map[string]reader{
			"achievement": f.text(&in.Achievement),
			"recipient":   f.members(map[string]reader{"email": f.text(&in.Recipient), "name": f.text(&in.Name), "hashed": f.boolean(hashed)}, "email"),
			"narrative":   f.text(&in.Narrative),
			"evidence": objects(f, &in.Evidence, func(e *issuer.Evidence) map[string]reader {
				return map[string]reader{"id": f.text(&e.URL), "name": f.text(&e.Name), "narrative": f.text(&e.Narrative)}
			}),
			"result": objects(f, &in.Results, func(r *credential.Result) map[string]reader {
				return map[string]reader{"resultDescription": f.text(&r.ResultDescription), "achievedLevel": f.text(&r.AchievedLevel),
					"value": f.text(&r.Value), "status": f.text(&r.Status)}
			}),
			"validFrom": f.instant(&in.ValidFrom), "validUntil": f.instant(&in.ValidUntil),
		}
	}
}

var credentialPlaces = places{strips: "/credentialSubject", codes: map[string]string{"achievement": "/achievement", "email": "/recipient/email",
	"name": "/recipient/name", "evidence": "/evidence", "dates": "/validUntil", "reason": "/reason"}}

func (s *server) credentials(c echo.Context) error {
	p, err := pageOf(c.Request(), map[string]func(string) bool{"achievement": isID, "state": func(state string) bool {
		return slices.Contains([]issuer.CredentialState{issuer.CredentialPending, issuer.CredentialIssued, issuer.CredentialSuspended, issuer.CredentialRevoked}, issuer.CredentialState(state))
	}})
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	filter := issuer.CredentialFilter{Achievement: p.filters["achievement"], State: issuer.CredentialState(p.filters["state"])}
	all, next, err := space.Credentials(c.Request().Context(), filter, p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showCredential, p, next)
}

func (s *server) credential(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
		return err
	}
	space, _ := s.workspace(c)
	award, version, err := space.Credential(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return give(c, version, showCredential(award))
}

// base gives the form of an award from which its holder derives others. Whoever may award hands it on; it is published nowhere.
func (s *server) base(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
		return err
	}
	space, _ := s.workspace(c)
	award, _, err := space.Credential(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if award.Base == nil {
		return notFound()
	}
	return c.Blob(http.StatusOK, mediaCredential, award.Base)
}

func (s *server) award(c echo.Context) error {
	var in issuer.AwardInput
	hashed := true
	body, err := decode(c.Request(), awardMembers(&in, &hashed), "achievement", "recipient")
	if err != nil {
		return err
	}
	if in.Achievement == "" { // to the issuer it would mean the only one
		return failure{status: http.StatusUnprocessableEntity, code: "achievement", detail: "Say which achievement is awarded.",
			errors: []violation{at("/achievement", "the text is empty")}}
	}
	in.PlainRecipient = !hashed
	return s.changeCredential(c, http.StatusCreated, body, func(w issuer.Workspace, by issuer.Write) (issuer.Credential, uint64, error) {
		award, err := w.Issue(c.Request().Context(), in, by)
		return award, 0, err
	})
}

func (s *server) revoke(c echo.Context) error {
	return s.standing(c, issuer.Workspace.Revoke, "reason")
}

func (s *server) suspend(c echo.Context) error {
	return s.standing(c, issuer.Workspace.Suspend)
}

// standing changes the standing of an award for a reason.
func (s *server) standing(c echo.Context, step func(issuer.Workspace, context.Context, string, string, issuer.Write) (issuer.Credential, uint64, error), required ...string) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var reason string
	body, err := decode(c.Request(), func(f *form) map[string]reader { return map[string]reader{"reason": f.text(&reason)} }, required...)
	if err != nil {
		return err
	}
	return s.changeCredential(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (issuer.Credential, uint64, error) {
		return step(w, c.Request().Context(), id, reason, by)
	})
}

func (s *server) reinstate(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.changeCredential(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (issuer.Credential, uint64, error) {
		return w.Reinstate(c.Request().Context(), id, by)
	})
}

func (s *server) changeCredential(c echo.Context, status int, body []byte, do func(issuer.Workspace, issuer.Write) (issuer.Credential, uint64, error)) error {
	return s.change(c, write{status: status, body: body, places: credentialPlaces,
		shown: func(value any) any { return showCredential(value.(issuer.Credential)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			award, version, err := do(w, by)
			return award, version, err
		}})
}
