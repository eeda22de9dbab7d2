package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// begin begins the session of somebody who has proven who they are, and returns where they wanted to go.
func (v *visit) begin(proof people.Proof) (address string, err error) {
	token, ends, err := v.server.People.Begin(v.ctx(), proof, v.Request().UserAgent(), v.cookie(cookieSession))
	if err != nil {
		return "", err
	}
	v.set(cookieSession, token, ends)
	next := v.cookie(cookieNext)
	v.forget(cookieNext)
	if at, err := url.Parse(next); err != nil || at.Host != "" || at.Scheme != "" || !strings.HasPrefix(at.Path, "/") ||
		strings.HasPrefix(at.Path, "//") || strings.ContainsAny(next, "\\\r\n") { // nowhere but here
		return pathConsole, nil
	}
	return next, nil
}

// signIn is begin for pages.
func (v *visit) signIn(proof people.Proof) error {
	next, err := v.begin(proof)
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusSeeOther, next)
}

// fieldToken is where a link carries its token, and a form.
const fieldToken = "token"

type signInPage struct {
	Mails, Passkeys bool
	Providers       []string
}

// signInPage offers the ways in that there are.
func (s *server) signInPage(v *visit) error {
	if v.person != nil {
		return v.Redirect(http.StatusSeeOther, pathConsole)
	}
	return s.signInForm(v, http.StatusOK, newForm())
}

func (s *server) signInForm(v *visit, status int, f *form) error {
	data := signInPage{s.People.Mails(), s.People.PasskeysWork() == nil, s.People.Providers()}
	p := page{Title: "Sign in", Form: f, Data: data}
	if data.Passkeys {
		p.Script = "passkey.js"
	}
	return v.show(status, "sign-in", p)
}

// askLink sends a link. The answer is the same whether an account has the address or not.
func (s *server) askLink(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	err = s.People.AskLink(v.ctx(), f.Get("email"), v.client())
	var refused *issuer.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == issuer.KindDenied:
		f.refuse("email", refused.Detail)
		return s.signInForm(v, http.StatusTooManyRequests, f)
	case err != nil:
		if err := f.refused(err, map[string]string{"email": "email"}); err != nil {
			return err
		}
		return s.signInForm(v, http.StatusUnprocessableEntity, f)
	}
	return v.ok("link-sent", page{Title: "Look into your mail"})
}

type linkPage struct{ Token, Email string }

// linkPage shows a button: programs that open the links of a mail press none.
func (s *server) linkPage(v *visit) error {
	token := v.QueryParam(fieldToken)
	email, err := s.People.PeekLink(v.ctx(), token)
	if err != nil {
		return over(err)
	}
	return v.ok("link", newPage("Sign in", linkPage{token, email}))
}

func (s *server) useLink(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	proof, err := s.People.UseLink(v.ctx(), f.Get(fieldToken))
	if err != nil {
		return over(err)
	}
	return v.signIn(proof)
}

// over says why a link cannot be used.
func over(err error) error {
	var refused *issuer.Error
	if !errors.As(err, &refused) || refused.Kind != issuer.KindDenied && refused.Kind != issuer.KindMissing && refused.Kind != issuer.KindConflict {
		return err
	}
	f := failureOf(err)
	f.title, f.detail = "This link cannot be used", refused.Detail
	return f
}

type invitationPage struct {
	Invitation people.OpenInvitation
	May        string // what the role allows
	Other      string // address of the account that is signed in, where it is another than the one that was invited
	AskName    bool
}

// roleWords say what a role may do.
var roleWords = map[people.Role]string{
	people.RoleOwner:    "An owner may do everything.",
	people.RoleIssuer:   "An issuer defines achievements, and awards and revokes them.",
	people.RoleAssessor: "An assessor sees achievements and awards, and proposes new ones.",
	people.RoleAuditor:  "An auditor sees everything, and changes nothing.",
}

func (s *server) invitationPage(v *visit) error {
	return s.invitationForm(v, http.StatusOK, newForm())
}

func (s *server) invitationForm(v *visit, status int, f *form) error {
	invitation, err := s.People.PeekInvitation(v.ctx(), v.Param("token"))
	if err != nil {
		return over(err)
	}
	data := invitationPage{Invitation: invitation, May: roleWords[invitation.Role], AskName: !invitation.Known && v.person == nil}
	if v.person != nil && v.person.Email != invitation.Email {
		data.Other = v.person.Email
	}
	return v.show(status, "invitation", page{Title: "You are invited", Form: f, Data: data})
}

func (s *server) acceptInvitation(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	in := people.Acceptance{Confirmed: f.Get("confirmed") != "", Person: people.PersonInput{Name: f.Get("name")}}
	if v.person != nil {
		in.Account = v.person.ID
	}
	joined, proof, err := s.People.AcceptInvitation(v.ctx(), v.Param("token"), in)
	var refused *issuer.Error
	switch {
	case errors.As(err, &refused) && (refused.Kind == issuer.KindInvalid || refused.Code == "other_account"):
		f.refuse(map[string]string{"name": "name", "other_account": "confirmed"}[refused.Code], refused.Detail)
		return s.invitationForm(v, http.StatusUnprocessableEntity, f)
	case err != nil:
		return over(err)
	}
	if proof.Account() != "" {
		if _, err := v.begin(proof); err != nil {
			return err
		}
	}
	return v.done("joined", pathConsole+"/"+joined.Organisation)
}

type firstPage struct{ Token, Organisation string }

// firstPage begins the work of an installation: the start of the program prints a link to it.
func (s *server) firstPage(v *visit) error {
	f := newForm()
	f.Set(fieldToken, v.QueryParam(fieldToken))
	return s.firstForm(v, http.StatusOK, f)
}

func (s *server) firstForm(v *visit, status int, f *form) error {
	if err := s.People.PeekFirst(v.ctx(), f.Get(fieldToken)); err != nil {
		return over(err)
	}
	all, err := s.Office.Organisations(v.ctx())
	if err != nil {
		return err
	}
	data := firstPage{f.Get(fieldToken), "the first organisation"}
	if len(all) > 0 {
		data.Organisation = wording.Plain(all[0].Name)
	}
	return v.show(status, "first", page{Title: "Welcome", Form: f, Data: data})
}

func (s *server) useFirst(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	proof, err := s.People.UseFirst(v.ctx(), f.Get(fieldToken), people.FirstInput{Email: f.Get("email"), PersonInput: people.PersonInput{Name: f.Get("name")}})
	var refused *issuer.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == issuer.KindInvalid:
		f.refuse(refused.Code, refused.Detail) // the codes are the names of the fields
		return s.firstForm(v, http.StatusUnprocessableEntity, f)
	case err != nil:
		return over(err)
	}
	return v.signIn(proof)
}

func (s *server) signOut(v *visit) error {
	if token := v.cookie(cookieSession); token != "" {
		if err := s.People.SignOut(v.ctx(), token); err != nil {
			return err
		}
	}
	v.forget(cookieSession)
	return v.done("signed-out", pathSignIn)
}

// beginProvider sends the browser to a provider, and lets it keep what it is known by when it comes back.
func (s *server) beginProvider(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	address, kept, err := s.People.BeginProvider(v.ctx(), f.Get("provider"), v.client())
	if err != nil {
		return err
	}
	v.keep(cookieProvider, kept)
	return v.Redirect(http.StatusSeeOther, address)
}

// finishProvider takes a person back who comes from a provider. It answers a GET, and changes something, as OpenID Connect has it:
// what the browser kept since it left is the proof that it is the same.
func (s *server) finishProvider(v *visit) error {
	kept := v.cookie(cookieProvider)
	v.forget(cookieProvider)
	if v.Request().Method != http.MethodGet {
		return notFound()
	}
	proof, err := s.People.UseProvider(v.ctx(), kept, v.QueryParams())
	if err != nil {
		return err
	}
	return v.signIn(proof)
}
