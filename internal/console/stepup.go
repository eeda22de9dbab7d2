package console

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// pathAgain is where somebody who is signed in proves once more who they are.
const pathAgain = "/console/again"

// recently is how long ago whoever does something that is hard to undo may have signed in.
const recently = 15 * time.Minute

// recent says whether the person has signed in a short time ago.
func (v *visit) recent() bool { return v.session.Recent(v.server.Now(), recently) }

// again sends somebody to prove who they are, and remembers where they wanted to go. What a form said is lost, so whoever sent one is
// told.
func (v *visit) again() error {
	r := v.Request()
	next := returnable(r)
	if strings.HasPrefix(r.URL.Path, pathAccount) {
		next = pathAccount
	}
	v.keep(cookieNext, next)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return v.Redirect(http.StatusSeeOther, pathAgain)
	}
	if strings.HasPrefix(r.Header.Get("Accept"), "application/json") {
		return failure{status: http.StatusForbidden, title: "Sign in once more", detail: "You signed in a while ago. Open this page again, and sign in once more."}
	}
	f := newForm()
	f.refuse("", "You signed in more than 15 minutes ago. What you sent was not looked at.")
	return v.server.againForm(v, http.StatusForbidden, f)
}

type againPage struct {
	signInPage
	Email string
	Next  bool // there is something to come back to
}

// againPage offers the ways to prove who one is. They are those of signing in: a new session begins, and the one before ends.
func (s *server) againPage(v *visit) error { return s.againForm(v, http.StatusOK, newForm()) }

func (s *server) againForm(v *visit, status int, f *form) error {
	keys, err := s.People.Passkeys(v.ctx(), v.person.ID)
	if err != nil {
		return err
	}
	data := againPage{signInPage{s.People.Mails(), s.People.PasskeysWork() == nil && len(keys) > 0, s.People.Providers()}, v.person.Email, v.cookie(cookieNext) != ""}
	p := page{Title: "Sign in once more", Form: f, Data: data}
	if data.Passkeys {
		p.Script = "passkey.js"
	}
	return v.show(status, "again", p)
}

// askLinkAgain sends a link to the address of whoever is signed in.
func (s *server) askLinkAgain(v *visit) error {
	err := s.People.AskLink(v.ctx(), v.person.Email, v.client())
	var refused *issuer.Error
	if errors.As(err, &refused) && refused.Kind == issuer.KindDenied {
		f := newForm()
		f.refuse("", refused.Detail)
		return s.againForm(v, http.StatusTooManyRequests, f)
	}
	if err != nil {
		return err
	}
	return v.ok("link-sent", page{Title: "Look into your mail"})
}

// newPasskey is where the page of the account leads to before a passkey is added: by now the person has just signed in.
func (s *server) newPasskey(v *visit) error {
	return v.Redirect(http.StatusSeeOther, pathAccount+"#passkeys")
}
