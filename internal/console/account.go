package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

type accountPage struct {
	Email      string
	Passkeys   []people.Passkey
	NoPasskeys string // why they cannot be used here; "" where they can
	Sessions   []people.Session
	Recent     bool   // a passkey can be added now; else the person signs in once more before
	AddPasskey string // where they do so
	Administer string // where the installation is looked after; "" for whoever does not
}

// accountPage shows somebody their own account.
func (s *server) accountPage(v *visit) error {
	f := newForm()
	f.Set("name", v.person.Name)
	return s.accountForm(v, http.StatusOK, f)
}

func (s *server) accountForm(v *visit, status int, f *form) (err error) {
	data := accountPage{Email: v.person.Email, Recent: v.recent(), AddPasskey: pathAccount + "/passkeys/new"}
	administers, err := s.People.Administers(v.ctx(), v.person.ID)
	if err != nil {
		return err
	}
	if administers {
		data.Administer = pathInstallation
	}
	p := page{Title: "Your account", Form: f, Script: "passkey.js"}
	var refused *issuer.Error
	if errors.As(s.People.PasskeysWork(), &refused) {
		data.NoPasskeys, p.Script = refused.Detail, ""
	}
	if data.Passkeys, err = s.People.Passkeys(v.ctx(), v.person.ID); err != nil {
		return err
	}
	if data.Sessions, err = s.People.Sessions(v.ctx(), v.person.ID, v.session.ID); err != nil {
		return err
	}
	p.Data = data
	return v.show(status, "account", p)
}

func (s *server) changeAccount(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if _, err := s.People.ChangeAccount(v.ctx(), v.person.ID, people.PersonInput{Name: f.Get("name"), Language: v.person.Language}); err != nil {
		if err := f.refused(err, map[string]string{"name": "name"}); err != nil {
			return err
		}
		return s.accountForm(v, http.StatusUnprocessableEntity, f)
	}
	return v.done("account-changed", pathAccount)
}

// endSessions ends one session, or all but this one.
func (s *server) endSessions(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if id := f.Get("id"); id == "others" {
		err = s.People.EndSessions(v.ctx(), v.person.ID, v.session.ID)
	} else {
		err = s.People.EndSession(v.ctx(), v.person.ID, id)
	}
	if err != nil {
		return err
	}
	return v.done("sessions-ended", pathAccount)
}

func (s *server) removePasskey(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if err := s.People.RemovePasskey(v.ctx(), v.person.ID, f.Get("id")); err != nil {
		return err
	}
	return v.done("passkey-removed", pathAccount)
}

// addressPage shows a button, as linkPage does.
func (s *server) addressPage(v *visit) error {
	if err := s.People.PeekAddress(v.ctx(), v.QueryParam(fieldToken)); err != nil {
		return over(err)
	}
	return v.ok("address", newPage("A new address", linkPage{Token: v.QueryParam(fieldToken)}))
}

func (s *server) useAddress(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if _, err := s.People.UseAddress(v.ctx(), v.person.ID, f.Get(fieldToken)); err != nil {
		return over(err)
	}
	return v.done("address-changed", pathAccount)
}

// What the script of the pages asks for: ceremonies with passkeys.

const largestAnswer = 64 << 10 // bytes of what a browser answers in a ceremony

// begun hands a ceremony to the script, and lets the browser keep what it is known by.
func (v *visit) begun(options json.RawMessage, ceremony string, err error) error {
	if err != nil {
		return err
	}
	v.keep(cookiePasskey, ceremony)
	return v.JSONBlob(http.StatusOK, options)
}

// answered reads what the script brings, and what the browser kept since the ceremony began, which is forgotten.
func (v *visit) answered(into any) (ceremony string, err error) {
	ceremony = v.cookie(cookiePasskey)
	v.forget(cookiePasskey)
	body := http.MaxBytesReader(v.Response(), v.Request().Body, largestAnswer)
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return "", failure{status: http.StatusBadRequest, title: "This could not be read", detail: "The answer of the passkey could not be read."}
	}
	return ceremony, nil
}

func (s *server) beginPasskey(v *visit) error {
	return v.begun(s.People.BeginPasskeySignIn(v.ctx(), v.client()))
}

func (s *server) finishPasskey(v *visit) error {
	var answer json.RawMessage
	ceremony, err := v.answered(&answer)
	if err != nil {
		return err
	}
	proof, err := s.People.UsePasskey(v.ctx(), ceremony, answer)
	if err != nil {
		return err
	}
	next, err := v.begin(proof)
	if err != nil {
		return err
	}
	return v.JSON(http.StatusOK, map[string]string{"next": next})
}

func (s *server) beginNewPasskey(v *visit) error {
	return v.begun(s.People.BeginPasskey(v.ctx(), v.person.ID))
}

func (s *server) finishNewPasskey(v *visit) error {
	var answer struct {
		Name       string          `json:"name"`
		Credential json.RawMessage `json:"credential"`
	}
	ceremony, err := v.answered(&answer)
	if err != nil {
		return err
	}
	if _, err := s.People.FinishPasskey(v.ctx(), v.person.ID, ceremony, strings.TrimSpace(answer.Name), answer.Credential); err != nil {
		return err
	}
	v.keep(cookieNotice, "passkey-added")
	return v.JSON(http.StatusOK, map[string]string{"next": pathAccount})
}
