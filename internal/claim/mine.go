package claim

import (
	"errors"
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/issuer"
)

// askPage lets a visitor ask for a link by their address.
type askPage struct {
	frame
	Mails bool
}

// part is one of several files.
type part struct {
	Number int
	Path   string
}

func isMissing(err error) bool {
	var told *issuer.Error
	return errors.As(err, &told) && told.Kind == issuer.KindMissing
}

// ask sends a link to an address, or does not: the answer is the same.
func (s *site) ask(w http.ResponseWriter, r *http.Request) error {
	if err := s.limits.allow(s.Visitor(r)); err != nil {
		return err
	}
	l, _ := language(r)
	if err := s.Earners.AskLink(r.Context(), r.PostFormValue("email"), string(l)); err != nil {
		return err
	}
	return went(w, r, "/mine", "said", "sent")
}

// confirmPage asks for one more click, as following a link changes nothing.
type confirmPage struct {
	frame
	Lead, Text, Button string
	Path               string // where the form is sent; "" where nothing can be done now
}

func (s *site) confirm(w http.ResponseWriter, r *http.Request, what string, pairs ...any) error {
	l, _ := language(r)
	t := speak(l)
	s.page(w, r, http.StatusOK, "confirm", confirmPage{frame: s.frame(r, t.say(what+".title")), Lead: t.say(what+".lead", pairs...), Text: t.say(what+".text", pairs...),
		Button: t.say(what + ".button"), Path: r.URL.EscapedPath()})
	return nil
}

// door shows the way in. The link works once, so it is used by a form and not by whatever follows links in messages.
func (s *site) door(w http.ResponseWriter, r *http.Request) error {
	if err := s.Earners.Knock(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.confirm(w, r, "door")
}

func (s *site) enter(w http.ResponseWriter, r *http.Request) error {
	session, ends, err := s.Earners.Enter(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	s.setSession(w, session, ends)
	return went(w, r, "/mine")
}

func (s *site) out(w http.ResponseWriter, r *http.Request) error {
	if err := s.Earners.Leave(r.Context(), s.session(r)); err != nil && !isMissing(err) {
		return err
	}
	s.setSession(w, "", s.Now())
	return went(w, r, "/mine", "said", "out")
}

func (s *site) addAddress(w http.ResponseWriter, r *http.Request) error {
	if err := s.limits.allow(s.Visitor(r)); err != nil {
		return err
	}
	l, _ := language(r)
	if err := s.Earners.AddAddress(r.Context(), s.session(r), r.PostFormValue("email"), string(l)); err != nil {
		return err
	}
	return went(w, r, "/mine", "said", "join_sent")
}

func (s *site) part(w http.ResponseWriter, r *http.Request) error {
	if err := s.Earners.Part(r.Context(), s.session(r), r.PostFormValue("email")); err != nil {
		return err
	}
	return went(w, r, "/mine", "said", "parted")
}

func (s *site) joining(w http.ResponseWriter, r *http.Request) error {
	first, second, here, err := s.Earners.Joining(r.Context(), r.PathValue("token"), s.session(r))
	if err != nil {
		return err
	}
	if !here {
		l, _ := language(r)
		t := speak(l)
		s.page(w, r, http.StatusOK, "confirm", confirmPage{frame: s.frame(r, t.say("join.title")), Lead: t.say("join.elsewhere")})
		return nil
	}
	return s.confirm(w, r, "join", "first", first, "second", second)
}

func (s *site) join(w http.ResponseWriter, r *http.Request) error {
	if err := s.Earners.Join(r.Context(), r.PathValue("token"), s.session(r)); err != nil {
		return err
	}
	return went(w, r, "/mine", "said", "joined")
}

func (s *site) stopping(w http.ResponseWriter, r *http.Request) error {
	if err := s.Earners.Stopping(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.confirm(w, r, "stop")
}

// stop ends reminders. Mail programs send it by themselves when their user says so (RFC 8058), so it answers with a page.
func (s *site) stop(w http.ResponseWriter, r *http.Request) error {
	if err := s.Earners.Stop(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.tell(w, r, "stopped")
}

// tell answers with a page that says what was done.
func (s *site) tell(w http.ResponseWriter, r *http.Request, what string) error {
	l, _ := language(r)
	s.page(w, r, http.StatusOK, "message", message{frame: s.frame(r, speak(l).say(what+".title")), Text: speak(l).say(what + ".text")})
	return nil
}

// erasingPage shows what is about to be erased.
type erasingPage struct {
	frame
	earner.Erasure
	Path string
	More int    // awards that are not in the list
	Also string // what else goes
}

func (s *site) erasing(w http.ResponseWriter, r *http.Request) error {
	e, err := s.Earners.Erasing(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	l, _ := language(r)
	page := erasingPage{frame: s.frame(r, speak(l).say("erase.title")), Erasure: e, Path: r.URL.EscapedPath(), More: e.Count - len(e.Awards)}
	if e.Imported+e.Sets > 0 {
		page.Also = speak(l).say("erasing.also", "imported", e.Imported, "pages", e.Sets)
	}
	s.page(w, r, http.StatusOK, "erasing", page)
	return nil
}

func (s *site) erase(w http.ResponseWriter, r *http.Request) error {
	if strings.TrimSpace(r.PostFormValue("sure")) != "yes" {
		return &issuer.Error{Kind: issuer.KindInvalid, Code: "sure", Detail: "Tick the box to say that you are sure. Nothing was erased."}
	}
	if err := s.Earners.Confirm(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.tell(w, r, "erased")
}
