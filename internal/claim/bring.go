package claim

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	bringPath = "/mine/add"
	bringMost = 12<<20 + 64<<10 // bytes of a form with files
	partsMost = 2 * earner.MostBrought
	bringWait = time.Minute // for a large form to come
	checkWait = 90 * time.Second
)

// addPage lets a person bring badges from elsewhere.
type addPage struct {
	frame
	Most int // badges that a person can bring
}

func (s *site) add(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Earners.Person(r.Context(), s.session(r)); err != nil {
		return err
	}
	l, _ := language(r)
	s.page(w, r, http.StatusOK, "add", addPage{frame: s.frame(r, speak(l).say("add.title")), Most: earner.MostImported})
	return nil
}

// broughtPage says what became of what was brought.
type broughtPage struct {
	frame
	Lines []broughtLine
	Kept  int
}

type broughtLine struct {
	Name    string // of the file, or of the badge
	Lang    string // of the name of a badge, where it is known and not that of the page
	Path    string // of its page; "" where it is not kept
	Text    string // what became of it
	Verdict *verdict
}

// bring judges what a person brings, and keeps what is not false.
func (s *site) bring(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Earners.Person(r.Context(), s.session(r)); err != nil {
		return err
	}
	release, err := s.Admit(r, true)
	if err != nil {
		return err
	}
	defer release()
	control, began := http.NewResponseController(w), time.Now()
	_ = control.SetReadDeadline(began.Add(bringWait))
	_ = control.SetWriteDeadline(began.Add(bringWait + checkWait))
	sources, err := s.sources(r)
	if err != nil {
		return err
	}
	all, err := s.Collection.Bring(r.Context(), s.session(r), sources)
	if err != nil {
		return err
	}
	if len(all) == 1 && all[0].Kept() {
		return went(w, r, pathOf(all[0]), "said", map[string]string{"": "added", "known": "known", "own": "own"}[all[0].Code])
	}
	l, _ := language(r)
	t := speak(l)
	page := broughtPage{}
	for _, b := range all {
		page.Lines = append(page.Lines, s.lineOf(l, b, r))
		if b.Kept() {
			page.Kept++
		}
	}
	status, title := http.StatusOK, t.say("brought.title")
	if page.Kept == 0 {
		status, title = http.StatusUnprocessableEntity, t.say("brought.nothing")
	}
	page.frame = s.frame(r, title)
	s.page(w, r, status, "brought", page)
	return nil
}

// pathOf is the page of a badge that is kept.
func pathOf(b earner.Brought) string {
	if b.Award != "" {
		return "/mine/award/" + b.Award
	}
	return "/mine/imported/" + b.Imported.ID
}

func (s *site) lineOf(l wording.Language, b earner.Brought, r *http.Request) broughtLine {
	t := speak(l)
	line := broughtLine{Name: wording.First(l.BadgeName(b.Report.Credential), b.Name, t.say("brought.unnamed")), Lang: l.BadgeLanguage(b.Report.Credential)}
	if b.Kept() {
		line.Path = here(r, pathOf(b))
	}
	switch b.Code {
	case "":
		line.Text = t.say("said.added")
	case "known", "own":
		line.Text = t.say("said." + b.Code)
	default:
		line.Text = t.say("brought." + b.Code)
	}
	if b.Code == "not_authentic" || b.Code == "none" || b.Code == "unread" {
		v := verdictOf(l, b.Report, wording.Standing{Here: s.here(r)})
		line.Verdict = &v
		if check, unread := b.Report.Unread(); unread {
			f := l.Finding(b.Report, check)
			v.Shape, v.Sign, v.Signer, v.Title, v.Detail, v.Advice = wording.ShapeUnknown, "unknown", "", f.Title, f.Text, f.Advice
		}
	}
	return line
}

// sources reads the form: files in the field credential, and what was pasted into the field text. Nothing is written to a disk.
func (s *site) sources(r *http.Request) (all []batch.Source, err error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, nothingBrought()
	}
	for parts := 0; ; parts++ {
		p, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unreadable(err)
		}
		if parts == partsMost {
			return nil, &issuer.Error{Kind: issuer.KindInvalid, Code: "too_many", Detail: "Twenty badges are the most that can be brought at a time."}
		}
		some, err := s.partOf(p)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, nothingBrought()
	}
	return all[:min(len(all), earner.MostBrought+1)], nil
}

func (s *site) partOf(p *multipart.Part) (all []batch.Source, err error) {
	switch p.FormName() {
	case "credential":
		content, err := io.ReadAll(io.LimitReader(p, int64(credential.Limits.Upload)+1))
		if err != nil {
			return nil, unreadable(err)
		}
		if len(content) > credential.Limits.Upload {
			return nil, &http.MaxBytesError{Limit: int64(credential.Limits.Upload)}
		}
		if len(content) > 0 {
			all = append(all, batch.Source{Name: wording.Plain(p.FileName()), Bytes: content})
		}
	case "text":
		content, err := io.ReadAll(io.LimitReader(p, int64(credential.Limits.Document)+1))
		if err != nil {
			return nil, unreadable(err)
		}
		if len(content) > credential.Limits.Document {
			return nil, &http.MaxBytesError{Limit: int64(credential.Limits.Document)}
		}
		for _, text := range carrier.Lines(string(bytes.TrimSpace(content))) {
			switch {
			case strings.TrimSpace(text) == "":
			case carrier.IsLink(text):
				all = append(all, batch.Source{URL: text})
			default:
				all = append(all, batch.Source{Bytes: []byte(text)})
			}
		}
	}
	return all, nil
}

func nothingBrought() error {
	return &issuer.Error{Kind: issuer.KindInvalid, Code: "nothing_brought", Detail: "Choose a file, or paste a link or a badge."}
}

// unreadable tells a form that is over the limit from one that broke off.
func unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return large
	}
	return &issuer.Error{Kind: issuer.KindInvalid, Code: "broken_off", Detail: "The form did not arrive whole."}
}

// importedPage is a badge from elsewhere, as the person who brought it sees it.
type importedPage struct {
	frame
	*earner.Imported
	Path      string
	From      string
	Lang      string // of Name and Narrative, where it is known and not that of the page
	Kind      string
	About     string // the standard, in words
	When      wording.Moment
	Until     wording.Moment
	Verdict   verdict
	WhoseText string
	Whose     earner.Whose
	Brought   string // what it was brought as
	Ends      time.Time
	Art       string
	Gone      bool   // it is somebody else's award of this installation, which nobody may see now
	Public    string // path of its own page, where it is such an award
	By        bool   // who awarded it is known
	Inside    inside // where it is a record
}

func (s *site) imported(w http.ResponseWriter, r *http.Request) error {
	i, whose, _, err := s.Collection.Imported(r.Context(), s.session(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	person, err := s.Earners.Person(r.Context(), s.session(r))
	if err != nil {
		return err
	}
	l, _ := language(r)
	t := speak(l)
	page := importedPage{Imported: &i, Path: "/mine/imported/" + i.ID, Brought: l.Kind(verifier.Input{Kind: i.Carrier}), Ends: person.Ends}
	var zone *time.Location // UTC
	var from string
	if i.Award != "" {
		a, err := s.Collection.Award(r.Context(), &i)
		if page.Gone = isMissing(err); page.Gone {
			page.frame = s.frame(r, t.say("card.hidden"))
			s.page(w, r, http.StatusOK, "imported", page)
			return nil
		}
		if err != nil {
			return err
		}
		report, err := s.Collection.Own(r.Context(), a.Credential)
		if err != nil {
			return err
		}
		i.Show(&a, l)
		whose = a.Whose(person.Addresses)
		page.Art, page.Public, page.Verdict, page.By = artOf(a), "/c/"+i.Award, verdictOf(l, report, standingOf(a)), true
		page.Lang = l.Other(a.Achievement.Content.InLanguage)
		zone, from = a.Zone, wording.First(i.Issuer, i.IssuerID)
	} else {
		from = issuerOf(l, i.Naming(i.Report), s.here(r))
		page.Art, page.Verdict, page.By = page.Path+"/art", s.storedVerdict(r, l, i.Report), i.Report.Authentic == verifier.Yes
		page.Inside = insideOf(l, i.Report, func(within *verifier.Report) verdict { return s.storedVerdict(r, l, within) })
		page.Lang = l.BadgeLanguage(i.Report.Credential)
	}
	page.frame, page.From, page.Kind, page.About = s.frame(r, i.Name), from, kindOf(l, &i), l.Standard(i.Standard)
	page.Whose, page.WhoseText = whose, t.say("whose."+string(whose))
	page.When, page.Until = signedDay(l, i.Awarded, zone), signedDay(l, i.Until, zone)
	s.page(w, r, http.StatusOK, "imported", page)
	return nil
}

func kindOf(l wording.Language, i *earner.Imported) string {
	if i.Type != "" {
		return l.TypeName(i.Type)
	}
	return l.KindName(i.Kind)
}

// again judges a badge from elsewhere anew.
func (s *site) again(w http.ResponseWriter, r *http.Request) error {
	if _, _, _, err := s.Collection.Imported(r.Context(), s.session(r), r.PathValue("id")); err != nil {
		return err
	}
	release, err := s.Admit(r, true)
	if err != nil {
		return err
	}
	defer release()
	if err := s.Collection.CheckAgain(r.Context(), s.session(r), r.PathValue("id")); err != nil {
		return err
	}
	return went(w, r, cut(r.URL.EscapedPath()), "said", "checked")
}

func (s *site) remove(w http.ResponseWriter, r *http.Request) error {
	if err := s.Collection.Remove(r.Context(), s.session(r), r.PathValue("id")); err != nil {
		return err
	}
	return went(w, r, "/mine", "said", "removed")
}

// importedFile is a badge from elsewhere as it came.
func (s *site) importedFile(w http.ResponseWriter, r *http.Request) error {
	i, _, f, err := s.Collection.Imported(r.Context(), s.session(r), r.PathValue("id"))
	if err == nil && i.Award != "" { // that is for its own earner to give
		err = errNotFound
	}
	if err != nil {
		return err
	}
	return textFile(w, "badge-"+i.ID, []byte(f.Text), i.Token)
}

func textFile(w http.ResponseWriter, name string, text []byte, token bool) error {
	if token {
		return file(w, "application/jwt", name+".jwt", text)
	}
	return file(w, "application/vc", name+".json", text)
}
