package claim

import (
	"net/http"
	"strconv"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// awardPage is an award as its earner sees it.
type awardPage struct {
	frame
	earner.Award
	Path    string // of this page
	Public  string // path of the page of the award; "" while nobody sees it
	Art     string
	Lang    string // of what the achievement says, where it is known and not that of the page
	State   string // what is wrong with it, in a sentence; "" where nothing is
	Access  issuer.Access
	Claimed bool
	Held    bool // nobody sees it before it is taken
	Wrong   bool // what is wrong with it may be a mistake of the issuer, to whom one can write
	Session bool // reached through the list of all awards
	Mails   bool
}

func (s *site) award(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Earners.Open(r.Context(), s.bearer(r))
	if err != nil {
		return err
	}
	l, _ := language(r)
	c := a.Credential
	page := awardPage{frame: s.frame(r, wording.First(a.Achievement.Name, "Badge")), Award: a, Path: r.URL.EscapedPath(), Access: c.Access, Claimed: !c.Claimed.IsZero(),
		Held: c.Access == issuer.AccessHeld, Session: r.PathValue("token") == "", Mails: s.Earners.Mails()}
	if page.Access != issuer.AccessOff && !page.Held {
		page.Public = "/c/" + c.ID
	}
	page.Art, page.Lang = artOf(a), l.Other(a.Achievement.Content.InLanguage)
	switch {
	case c.Revoked != nil && c.SupersededBy != "":
		page.State = speak(l).say("state.superseded")
	case c.Revoked != nil:
		page.State = speak(l).say("state.revoked", "date", l.DayIn(c.Revoked.At, a.Zone).Words)
		if c.Revoked.Reason != "" {
			page.State += " " + speak(l).say("state.reason", "reason", c.Revoked.Reason)
		} else if why := "code." + string(c.Revoked.Code); speak(l).texts[why] != "" {
			page.State += " " + speak(l).say(why)
		}
	case c.Suspended != nil:
		page.State = speak(l).say("state.suspended")
	case c.SupersededBy != "":
		page.State = speak(l).say("state.renewed")
	}
	page.Wrong = c.Revoked != nil && c.SupersededBy == "" || c.Suspended != nil
	s.page(w, r, http.StatusOK, "award", page)
	return nil
}

func (s *site) take(w http.ResponseWriter, r *http.Request) error {
	if err := s.Earners.Take(r.Context(), s.bearer(r)); err != nil {
		return err
	}
	return went(w, r, cut(r.URL.EscapedPath()), "said", "taken")
}

func (s *site) access(w http.ResponseWriter, r *http.Request) error {
	chosen := r.PostFormValue("access")
	if chosen == "unlisted" {
		chosen = string(issuer.AccessUnlisted)
	} else if chosen == "" {
		chosen = "none" // a form without an answer says nothing
	}
	if err := s.Earners.Show(r.Context(), s.bearer(r), issuer.Access(chosen)); err != nil {
		return err
	}
	return went(w, r, cut(r.URL.EscapedPath()), "said", "shown")
}

// askErasure asks for the erasure of one award or, at /mine/erase, of everything.
func (s *site) askErasure(w http.ResponseWriter, r *http.Request) error {
	l, _ := language(r)
	asked, err := s.Earners.AskErasure(r.Context(), s.bearer(r), string(l))
	switch {
	case err != nil:
		return err
	case asked.Staff:
		return went(w, r, cut(r.URL.EscapedPath()), "said", "erase_asked")
	case asked.Token != "": // no messages are sent here
		return went(w, r, "/mine/erase/"+asked.Token)
	}
	return went(w, r, cut(r.URL.EscapedPath()), "said", "erase_sent")
}

func (s *site) json(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Earners.Open(r.Context(), s.bearer(r))
	if err != nil {
		return err
	}
	return file(w, "application/vc", a.Credential.ID+".json", a.Credential.JSON)
}

func (s *site) jwt(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Earners.Open(r.Context(), s.bearer(r))
	if err != nil {
		return err
	}
	return file(w, "application/jwt", a.Credential.ID+".jwt", []byte(a.Credential.JWT))
}

func (s *site) zip(w http.ResponseWriter, r *http.Request) error {
	l, _ := language(r)
	part := 1
	if asked := r.URL.Query().Get("part"); asked != "" {
		part, _ = strconv.Atoi(asked)
	}
	out := &download{w: w, media: "application/zip", name: "badges.zip"}
	err := s.Earners.Archive(r.Context(), s.bearer(r), part, l, s.here(r), out)
	if err != nil && out.begun { // what was sent is no archive, and must not look like one
		if r.Context().Err() == nil {
			s.Log.Error("failed", "route", r.Pattern, "cause", err.Error())
		}
		panic(http.ErrAbortHandler)
	}
	return err
}

// download is a file that is sent while it is written. Before its first byte an error can still be told as one.
type download struct {
	w           http.ResponseWriter
	media, name string
	begun       bool
}

func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		attach(d.w, d.media, d.name)
	}
	return d.w.Write(p)
}

func attach(w http.ResponseWriter, media, name string) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

func file(w http.ResponseWriter, media, name string, content []byte) error {
	if len(content) == 0 {
		return errNotFound
	}
	attach(w, media, name)
	_, _ = w.Write(content) // whoever has gone reads no error either
	return nil
}
