package console

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// visit is one request to the console, and who makes it.
type visit struct {
	echo.Context
	server       *server
	session      people.Session      // zero where nobody is signed in
	person       *people.Account     // nil where nobody is signed in
	role         people.Role         // in organisation
	organisation issuer.Organisation // the one in the address; zero on pages of none
	space        issuer.Workspace    // of organisation
	zone         *time.Location      // in which organisation tells its days; nil, which is UTC, on pages of none
	body         int64               // bytes at most of the request
	open         *issuer.Once        // of the form, until it keeps how that is answered
	how          outcome             // of the form
}

// handler answers one visit.
type handler func(v *visit) error

const visitKey = "visit"

// handle lets a visit come to its handler only when its route allows it to: somebody is signed in, is a member of the organisation
// in the address, and has the scope. An organisation of others is answered like one that never existed.
func (s *server) handle(r route) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if err == nil && r.method == http.MethodPost {
				s.woken() // whatever a form did may have queued a job
			}
		}()
		v := &visit{Context: c, server: s}
		c.Set(visitKey, v)
		body := r.body
		if body == 0 {
			body = int64(credential.Limits.Body)
		}
		request := c.Request()
		v.body = body
		request.Body = http.MaxBytesReader(c.Response(), request.Body, body)
		if r.path == pathAssets {
			return r.handler(v)
		}
		if err := v.recognise(); err != nil {
			return err
		}
		if r.open {
			if request.ContentLength > body {
				return &http.MaxBytesError{Limit: body}
			}
			return r.handler(v)
		}
		if v.person == nil {
			return v.unknown()
		}
		if r.scope != "" {
			if err := v.enter(c.Param("organisation"), r.scope); err != nil {
				return err
			}
		}
		if r.recent && !v.recent() {
			return v.again()
		}
		if request.ContentLength > body { // told to whoever it is, on a page that knows them
			return &http.MaxBytesError{Limit: body}
		}
		return r.handler(v)
	}
}

// recognise finds who is signed in, where somebody is.
func (v *visit) recognise() error {
	token := v.cookie(cookieSession)
	if token == "" {
		return nil
	}
	session, account, err := v.server.People.Visit(v.ctx(), token)
	var refused *issuer.Error
	switch {
	case err == nil:
		v.session, v.person = session, &account
	case errors.As(err, &refused) && refused.Kind == issuer.KindDenied:
		v.forget(cookieSession) // it has ended
		return nil
	}
	return err
}

// enter goes into an organisation, in which the person may do what the scope says.
func (v *visit) enter(id string, scope issuer.Scope) error {
	membership, err := v.server.People.Authorize(v.ctx(), v.person.ID, id, scope)
	var refused *issuer.Error
	if errors.As(err, &refused) && refused.Kind == issuer.KindDenied {
		return notAllowed()
	} else if err != nil {
		return err
	}
	space := v.server.Office.Workspace(id)
	o, _, err := space.Organisation(v.ctx())
	if err != nil {
		return err
	}
	v.role, v.organisation, v.space, v.zone = membership.Role, o, space, o.Settings.Location()
	return nil
}

// unknown sends somebody who is not signed in to where they can be, and remembers where they wanted to go. What a form said is lost,
// so whoever sent one is told.
func (v *visit) unknown() error {
	r := v.Request()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return failure{status: http.StatusUnauthorized, title: "You are not signed in any more",
			detail: "Nothing was done. Sign in on another page, come back to this one, and send the form again."}
	}
	v.keep(cookieNext, returnable(r))
	return v.Redirect(http.StatusSeeOther, pathSignIn)
}

// day writes the day of an instant where the organisation is, as the public pages do.
func (v *visit) day(t time.Time) wording.Moment { return wording.English.DayIn(t, v.zone) }

// ctx is the context of the request.
func (v *visit) ctx() context.Context { return v.Request().Context() }

// may says whether the role of the person allows something in the organisation.
func (v *visit) may(scope issuer.Scope) bool { return v.role.May(scope) }

// by is who writes, for the issuer and its audit log.
func (v *visit) by() issuer.Write { return issuer.Write{Actor: v.actor()} }

func (v *visit) actor() string { return "account:" + v.person.ID }

// to is an address in the organisation: its parts after /console/ID.
func (v *visit) to(parts ...string) string {
	return pathConsole + "/" + v.organisation.ID + "/" + strings.Join(parts, "/")
}

// done ends a form that did what it said: what was done is told on the page that the browser goes to next.
func (v *visit) done(said notice, address string) error {
	if err := v.kept(ledTo(said, address)); err != nil {
		return err
	}
	v.keep(cookieNotice, string(said))
	return v.Redirect(http.StatusSeeOther, address)
}

// client is the address that the visit comes from; the zero address, shared by all, when it does not parse.
func (v *visit) client() netip.Addr {
	address, _ := netip.ParseAddr(v.RealIP())
	return address
}

// versionText writes the version of a record for a hidden field, and seen reads it back: who confirms something does it to what they
// have seen.
func versionText(version uint64) string { return strconv.FormatUint(version, 10) }

func (v *visit) seen(f *form) (issuer.Write, error) {
	by := v.by()
	version, err := strconv.ParseUint(f.Get("version"), 10, 64)
	if err != nil {
		return by, failure{status: http.StatusBadRequest, title: "This form could not be read", detail: "Go back, and send it once more."}
	}
	by.Versions = []uint64{version}
	return by, nil
}
