package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type endorsementLine struct {
	Name, About, Who, Link, State string
	Received                      bool
	From                          wording.Moment
}

type endorsementsPage struct {
	Lines       []endorsementLine
	First, Next string
	About       string // what the list is about; "" for all
	New, Attach string
}

// endorsementState says whether its issuer stands by an endorsement, as far as is known here.
func (s *server) endorsementState(e *issuer.Endorsement) string {
	now := s.Now()
	switch {
	case e.Issued.IsZero():
		return "pending"
	case e.Revoked != nil:
		return "revoked"
	case now.Before(e.ValidFrom):
		return "not yet begun"
	case !e.ValidUntil.IsZero() && now.After(e.ValidUntil):
		return "ended"
	case e.Received:
		return "shown"
	}
	return "published"
}

// aboutOf says what an endorsement is about: an achievement of the organisation by its name, the organisation itself, or else an id.
func (v *visit) aboutOf(e *issuer.Endorsement) (name, link string) {
	if e.Subject == v.organisation.DID {
		return wording.First(v.organisation.Name, "this organisation"), ""
	}
	if id, ok := strings.CutPrefix(e.Subject, v.server.Base+"/a/"); ok {
		if a, err := v.space.Achievement(v.ctx(), id); err == nil {
			return versionOf(a), v.to("achievements", a.ID)
		}
	}
	if strings.HasPrefix(e.Subject, "https://") || strings.HasPrefix(e.Subject, "http://") {
		link = e.Subject
	}
	return wording.Plain(e.Subject), link
}

func (v *visit) endorsementLine(e *issuer.Endorsement) endorsementLine {
	line := endorsementLine{Name: wording.First(e.Name, "An endorsement"), Link: v.inOffice("endorsements", e.ID), State: v.server.endorsementState(e),
		Who: wording.First(e.IssuerName, e.Issuer), Received: e.Received, From: v.day(e.ValidFrom)}
	line.About, _ = v.aboutOf(e)
	return line
}

// endorsements lists those that the organisation has given and received.
func (s *server) endorsements(v *visit) error {
	about, after := v.QueryParam("about"), v.QueryParam("after")
	found, next, err := v.space.Endorsements(v.ctx(), about, after, listLength)
	if err != nil {
		return err
	}
	var data endorsementsPage
	for i := range found {
		data.Lines = append(data.Lines, v.endorsementLine(&found[i]))
	}
	if about != "" {
		data.About, _ = v.aboutOf(&issuer.Endorsement{Subject: about})
	}
	data.First, data.Next = v.pages(after, next)
	if v.may(issuer.ScopeIssuerWrite) {
		data.New = v.inOffice("endorsements", "new")
		if s.CheckEndorsement != nil {
			data.Attach = v.inOffice("endorsements", "attach")
		}
	}
	return v.ok("endorsements", v.officePage("Endorsements", nil, data, "", ""))
}

// endorsementsOf are the newest endorsements of something that the organisation has, for the page of that.
func (v *visit) endorsementsOf(subject string) (lines []endorsementLine, all string, err error) {
	const shown = 20
	found, next, err := v.space.Endorsements(v.ctx(), subject, "", shown)
	for i := range found {
		lines = append(lines, v.endorsementLine(&found[i]))
	}
	if next != "" {
		all = v.inOffice("endorsements") + "?about=" + url.QueryEscape(subject)
	}
	return lines, all, err
}

var endorsementKinds = []choice{{"achievement", "An achievement"}, {"issuer", "An organisation that issues badges"}, {"credential", "An award"}}

type endorseFormPage struct {
	Kinds []choice
	Back  string
}

func (s *server) newEndorsement(v *visit) error {
	f := newForm()
	f.Set("kind", v.QueryParam("kind"))
	f.Set("subject", v.QueryParam("subject"))
	return s.endorseForm(v, http.StatusOK, f)
}

func (s *server) endorseForm(v *visit, status int, f *form) error {
	return v.show(status, "endorse-form", v.officePage("Endorse something", f.single(), endorseFormPage{endorsementKinds, v.inOffice("endorsements")}, "Endorsements", "endorsements"))
}

// endorseCodes are the fields of what the issuer has against an endorsement.
var endorseCodes = map[string]string{"kind": "kind", "subject": "subject", "name": "name", "comment": "comment", "dates": "validUntil"}

// endorse signs an endorsement.
func (s *server) endorse(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	in := issuer.EndorseInput{Kind: issuer.EndorsementSubject(f.Get("kind")), Subject: f.Get("subject"), Name: f.Get("name"), Comment: f.Get("comment"),
		ValidFrom: f.date("validFrom"), ValidUntil: f.date("validUntil")}
	if len(f.problems) > 0 {
		return s.endorseForm(v, http.StatusUnprocessableEntity, f)
	}
	once, made, err := v.once(f)
	if err == nil {
		defer once.End()
		if made != "" {
			return v.done("endorsed", v.inOffice("endorsements", made))
		}
		by := v.by()
		by.Once = once
		var e issuer.Endorsement
		if e, err = v.space.Endorse(v.ctx(), in, by); err == nil {
			return v.done("endorsed", v.inOffice("endorsements", e.ID))
		}
	}
	var refused *issuer.Error
	if errors.As(err, &refused) && refused.Kind == issuer.KindMissing && refused.Code == "subject" {
		f.refuse("subject", refused.Detail)
	} else if err := f.refused(err, endorseCodes); err != nil {
		return err
	}
	return s.endorseForm(v, http.StatusUnprocessableEntity, f)
}

func (s *server) attachPage(v *visit) error { return s.attachForm(v, http.StatusOK, newForm()) }

func (s *server) attachForm(v *visit, status int, f *form) error {
	return v.show(status, "endorsement-attach", v.officePage("Show an endorsement of somebody else", f.single(), v.inOffice("endorsements"), "Endorsements", "endorsements"))
}

const largestEndorsement = 64 << 10 // bytes

// attach publishes an endorsement that somebody else has given.
func (s *server) attach(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	document, err := f.file("file", largestEndorsement)
	if err != nil {
		return err
	}
	if document == nil {
		document = []byte(f.Get("text"))
	}
	if len(document) == 0 && len(f.problems) == 0 {
		f.refuse("file", "Choose a file, or paste its text.")
	}
	if len(f.problems) == 0 {
		once, made, err := v.once(f)
		if err == nil {
			defer once.End()
			if made != "" {
				return v.done("attached", v.inOffice("endorsements", made))
			}
			by := v.by()
			by.Once = once
			var e issuer.Endorsement
			if e, err = v.space.Attach(v.ctx(), issuer.AttachInput{Document: document, Check: s.CheckEndorsement}, by); err == nil {
				return v.done("attached", v.inOffice("endorsements", e.ID))
			}
		}
		var refused *issuer.Error
		if errors.As(err, &refused) && refused.Kind == issuer.KindMissing {
			f.refuse("file", refused.Detail)
		} else if err := f.refused(err, nil); err != nil {
			return err
		}
	}
	return s.attachForm(v, http.StatusUnprocessableEntity, f)
}

type endorsementPage struct {
	issuer.Endorsement
	State              string
	Who, About, Link   string
	From, Until, Ended wording.Moment
	Public             string // its own address; "" where it has none
	Revoke, Detach     string
}

// endorsement shows one.
func (s *server) endorsement(v *visit) error {
	e, _, err := v.space.Endorsement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	data := endorsementPage{Endorsement: e, State: s.endorsementState(&e), Who: wording.First(e.IssuerName, e.Issuer), From: v.day(e.ValidFrom)}
	data.About, data.Link = v.aboutOf(&e)
	if !e.ValidUntil.IsZero() {
		data.Until = v.day(e.ValidUntil)
	}
	if e.Revoked != nil {
		data.Ended = v.day(e.Revoked.At)
	}
	if !e.Received && !e.Issued.IsZero() {
		data.Public = "/e/" + e.ID
	}
	if v.may(issuer.ScopeIssuerWrite) {
		switch {
		case e.Received:
			data.Detach = v.inOffice("endorsements", e.ID, "detach")
		case e.Revoked == nil && !e.Issued.IsZero():
			data.Revoke = v.inOffice("endorsements", e.ID, "revoke")
		}
	}
	return v.ok("endorsement", v.officePage(wording.First(e.Name, "An endorsement"), nil, data, "Endorsements", "endorsements"))
}

// revokeEndorsement ends one that the organisation has given.
func (s *server) revokeEndorsement(v *visit) error {
	e, version, err := v.space.Endorsement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	if e.Received {
		return notFound()
	}
	return v.ask("endorsement-revoke", v.officePage("Revoke "+wording.First(e.Name, "the endorsement"), nil, confirmPage{
		Will: []string{
			"You no longer stand by it. Whoever checks it is told, with the reason that you give.",
			"It cannot be undone. You can endorse the same thing anew.",
			"What it is about stays as it is.",
		}, Button: "Revoke", Danger: true, Back: v.inOffice("endorsements", e.ID), Version: versionText(version)}, "Endorsements", "endorsements"),
		map[string]string{"reason": "reason"}, func(f *form) error {
			by := v.by()
			by.Versions = []uint64{version}
			if _, err := v.space.RevokeEndorsement(v.ctx(), e.ID, f.Get("reason"), by); err != nil {
				return err
			}
			return v.done("endorsement-revoked", v.inOffice("endorsements", e.ID))
		})
}

// detachEndorsement takes one of somebody else away.
func (s *server) detachEndorsement(v *visit) error {
	e, version, err := v.space.Endorsement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	if !e.Received {
		return notFound()
	}
	return v.ask("confirm", v.officePage("Take "+wording.First(e.Name, "the endorsement")+" away", nil, confirmPage{
		Will: []string{
			"It is shown no more with what it is about, here and in the documents that programs read.",
			"It is still worth what it is worth: only whoever gave it can revoke it.",
			"You can show it again later, if you have the file.",
		}, Button: "Take it away", Danger: true, Back: v.inOffice("endorsements", e.ID), Version: versionText(version)}, "Endorsements", "endorsements"), nil, func(*form) error {
		by := v.by()
		by.Versions = []uint64{version}
		if err := v.space.Detach(v.ctx(), e.ID, by); err != nil {
			return err
		}
		return v.done("detached", v.inOffice("endorsements"))
	})
}
