package claim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// setPage is the form of a set.
type setPage struct {
	frame
	Set                 earner.Set
	New                 bool
	Wrong               string // why what was sent was not taken
	Once                string // tells one form from the next
	Path                string // where it is sent
	Cards               []card // on this page
	Kept                []card // chosen on others
	Paging              paging
	Public              string // address of the page; "" while nobody sees it
	Reach               string // the same with the host
	Hidden              int    // badges of it that the page does not show
	TitleMost, TextMost int
	Most                int
}

// arrange shows the form of a set: /mine/sets/new, or one that there is.
func (s *site) arrange(w http.ResponseWriter, r *http.Request) error {
	return s.setForm(w, r, http.StatusOK, nil, "")
}

// setForm is the form of a set. What somebody has just sent, and has to mend, stands in it again.
func (s *site) setForm(w http.ResponseWriter, r *http.Request, status int, sent *earner.SetInput, wrong string) error {
	l, _ := language(r)
	t := speak(l)
	page := setPage{TitleMost: earner.MostTitle, TextMost: earner.MostText, Most: earner.MostInSet}
	person, err := s.Earners.Person(r.Context(), s.session(r))
	if err != nil {
		return err
	}
	if id := r.PathValue("id"); id == "" {
		page.frame, page.New, page.Once, page.Path = s.frame(r, t.say("set.new")), true, rand.Text(), "/mine/sets"
	} else {
		shown, err := s.Collection.Preview(r.Context(), s.session(r), id)
		if err != nil {
			return err
		}
		page.frame, page.Set, page.Path, page.Hidden = s.frame(r, shown.Set.Title), shown.Set, "/mine/sets/"+shown.ID, shown.Hidden
		if shown.Access != issuer.AccessOff {
			page.Public = "/s/" + shown.ID
			page.Reach = s.Base + page.Public
		}
	}
	if sent != nil {
		page.Once, page.Wrong = sent.Once, wrong
		page.Set.Title, page.Set.Text, page.Set.Name, page.Set.Items, page.Set.Access, page.Set.Files = sent.Title, sent.Text, sent.Name, sent.Items, sent.Access, sent.Files
	}
	cards, _, err := s.cards(r, person, "", true)
	if err != nil {
		return err
	}
	chosen := map[earner.Item]bool{}
	for _, item := range page.Set.Items {
		chosen[item] = true
	}
	var all []card
	for _, c := range cards {
		item, _ := itemOf(c.item)
		if c.Chosen = chosen[item]; c.Open || c.Chosen {
			all = append(all, c)
		}
	}
	page.Paging = pagingOf(r.PostFormValue("go"), len(all))
	if page.Cards = partOf(page.Paging, all); len(page.Cards) > 0 {
		if err := s.stand(r, page.Cards); err != nil {
			return err
		}
	}
	for i, c := range all {
		if c.Chosen && i/onPage+1 != page.Paging.Page {
			page.Kept = append(page.Kept, c)
		}
	}
	s.page(w, r, status, "set", page)
	return nil
}

// itemOf reads what names a badge in the form of a set.
func itemOf(text string) (earner.Item, bool) {
	kind, id, _ := strings.Cut(text, ":")
	switch {
	case id == "":
	case kind == "a":
		return earner.Item{Award: id}, true
	case kind == "i":
		return earner.Item{Imported: id}, true
	}
	return earner.Item{}, false
}

// save makes or changes a set.
func (s *site) save(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	in := earner.SetInput{ID: r.PathValue("id"), Once: r.PostFormValue("once"), Title: r.PostFormValue("title"), Text: r.PostFormValue("text"), Name: r.PostFormValue("name"),
		Access: issuer.Access(r.PostFormValue("access")), Files: r.PostFormValue("files") == "yes"}
	if in.ID == "" && len(in.Once) < 20 {
		return &issuer.Error{Kind: issuer.KindInvalid, Code: "broken_off", Detail: "The form did not arrive whole."}
	}
	switch in.Access {
	case "unlisted":
		in.Access = issuer.AccessUnlisted
	case "":
		in.Access = "none" // a form without an answer says nothing
	}
	if len(r.PostForm["badge"]) > 2*earner.MostInSet {
		return &issuer.Error{Kind: issuer.KindInvalid, Code: "broken_off", Detail: "The form did not arrive whole."}
	}
	for _, text := range r.PostForm["badge"] {
		item, ok := itemOf(text)
		if !ok {
			return errNotFound
		}
		in.Items = append(in.Items, item)
	}
	if r.PostFormValue("go") != "" { // to another page of the badges; nothing is saved
		return s.setForm(w, r, http.StatusOK, &in, "")
	}
	id, err := s.Collection.Save(r.Context(), s.session(r), in)
	var told *issuer.Error
	if errors.As(err, &told) && told.Kind == issuer.KindInvalid && told.Code != "access" {
		l, _ := language(r)
		return s.setForm(w, r, http.StatusBadRequest, &in, speak(l).say("error."+told.Code))
	}
	if err != nil {
		return err
	}
	return went(w, r, "/mine/sets/"+id, "said", "set_saved")
}

func (s *site) removeSet(w http.ResponseWriter, r *http.Request) error {
	if err := s.Collection.RemoveSet(r.Context(), s.session(r), r.PathValue("id")); err != nil {
		return err
	}
	return went(w, r, "/mine", "said", "set_removed")
}

// setPresentation is a set as a file for whoever made it.
func (s *site) setPresentation(w http.ResponseWriter, r *http.Request) error {
	shown, err := s.Collection.Preview(r.Context(), s.session(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.present(w, r, shown)
}

func (s *site) present(w http.ResponseWriter, r *http.Request, shown earner.Shown) error {
	document, _, err := s.Collection.Presentation(r.Context(), shown.Badges)
	if err != nil {
		return err
	}
	return file(w, "application/vp", "presentation.json", document)
}

// sharedPage is a set as everybody sees it who has its address.
type sharedPage struct {
	frame
	Set      earner.Set
	Cards    []sharedCard
	Summary  string
	Checked  wording.Moment
	Host     string
	Own      bool // some of the badges are of this installation
	Imported bool // some are not
	Left     bool // some are no part of the presentation
	Kind     string
	Paging   paging
}

// sharedCard is a badge on the page.
type sharedCard struct {
	Number    int
	Art, Alt  string
	Name      string
	Lang      string // of Name and Narrative, where it is known and not that of the page
	Kind      string
	From      string // the issuer, behind words that say whether that is proven
	Line      string // the same where it stands alone
	Who       string // host or id of the issuer: a name alone can be anybody's
	When      wording.Moment
	Narrative string
	Link      string // its own page
	Verdict   verdict
	Whose     string
	Other     bool   // it names somebody else
	Unclear   bool   // nothing shows whose it is
	Open      bool   // it is not folded
	Alike     string // tells it from others on the page that look the same
	Late      bool   // it was not judged now
	File      string
	Inside    inside // where it is a record that was judged now
}

// shared is the page of a set. Each badge on it is judged now.
func (s *site) shared(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Collection.Open(r.Context(), r.PathValue("id")); err != nil { // one record, so that nothing is counted for what is not there
		return err
	}
	release, err := s.Admit(r, true)
	if err != nil {
		return err
	}
	defer release()
	shown, err := s.Collection.Shown(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(30 * time.Second))
	if err := s.Collection.Judge(r.Context(), &shown); err != nil {
		return err
	}
	l, _ := language(r)
	t := speak(l)
	page := sharedPage{frame: s.frame(r, wording.Plain(shown.Title)), Set: shown.Set, Checked: l.Instant(s.Now()), Host: hostPath(s.Base),
		Kind: t.say("shared.kind")}
	page.Preview = s.previewOf(l, shown.Set)
	var count tally
	for _, b := range shown.Badges {
		c := s.sharedCard(l, b, shown, r)
		c.Unclear = b.Imported != nil && b.Whose != earner.WhoseTheirs
		c.Open = c.Other || c.Late || c.Verdict.Shape != wording.ShapeYes // what is not good is never folded away
		page.Cards = append(page.Cards, c)
		page.Own, page.Imported = page.Own || b.Award != nil, page.Imported || b.Imported != nil
		page.Left = page.Left || b.Award != nil && b.Imported != nil || b.Imported != nil && strings.HasPrefix(b.Imported.Standard, "Open Badges 2")
		count.add(c, c.Unclear)
	}
	switch {
	case count.other > 0:
		page.Kind = t.say("shared.kind.several")
	case count.unclear > 0:
		page.Kind = t.say("shared.kind.together")
	}
	page.Summary = t.summary(count)
	t.tellApart(page.Cards)
	if len(page.Cards) == 1 {
		page.Cards[0].Open = true
	}
	parts := byWeight(page.Cards)
	page.Paging = pagingAt(r.URL.Query().Get("page"), max(1, len(parts))).linked(r, "/s/"+shown.ID)
	if len(parts) > 0 {
		page.Cards = parts[page.Paging.Page-1]
	}
	if shown.Access == issuer.AccessPublic {
		page.Listed = true
		w.Header().Del("X-Robots-Tag")
	}
	page.Mine = false
	return s.keptPage(w, r, "shared", page, page.Checked)
}

// byWeight puts badges on pages: two lines of what is inside a record take the room of a badge.
func byWeight(cards []sharedCard) (pages [][]sharedCard) {
	room := 0
	for _, c := range cards {
		weight := 1 + (len(c.Inside.Lines)+1)/2
		if room -= weight; room < 0 {
			pages, room = append(pages, nil), onPage-weight
		}
		pages[len(pages)-1] = append(pages[len(pages)-1], c)
	}
	return pages
}

// tally counts the badges on a page. Those that name somebody else are counted by that alone, whatever else they are.
type tally struct {
	all, good, bad, other int
	noted                 int // good by the rules, and not to be taken as they stand: replaced, or holding what is not good
	unclear               int // of those that name nobody else: nothing shows whose they are
}

func (c *tally) add(badge sharedCard, unclear bool) {
	c.all++
	switch {
	case badge.Other:
		c.other++
		return
	case badge.Verdict.Counted() == wording.ShapeYes:
		c.good++
	case badge.Verdict.Counted() == wording.ShapeNote:
		c.noted++
	case badge.Verdict.Shape == wording.ShapeNo:
		c.bad++
	}
	if unclear {
		c.unclear++
	}
}

// summary says what was counted. What is not good is always named.
func (t tongue) summary(c tally) string {
	text := ""
	if c.all == c.good && c.all > 0 {
		text = t.say("shared.all."+number(c.all), "n", c.all)
	} else {
		parts := []string{t.say("shared.count."+number(c.all), "n", c.all)}
		for _, part := range []struct {
			key   string
			count int
		}{{"shared.good", c.good}, {"shared.noted", c.noted}, {"shared.bad", c.bad}, {"shared.rest", c.all - c.good - c.noted - c.bad - c.other}, {"shared.other", c.other}} {
			if part.count > 0 || part.key == "shared.good" {
				parts = append(parts, t.say(part.key, "n", part.count))
			}
		}
		text = parts[0] + " " + strings.Join(parts[1:], ", ") + "."
	}
	if c.unclear > 0 {
		text += " " + t.say("shared.unclear."+number(c.unclear), "n", c.unclear)
	}
	return text
}

// tellApart numbers badges that have one name, one issuer and one day.
func (t tongue) tellApart(cards []sharedCard) {
	type look struct{ name, from, day string }
	lookOf := func(c sharedCard) look { return look{c.Name, c.Who, c.When.Words} }
	count, seen := map[look]int{}, map[look]int{}
	for _, c := range cards {
		count[lookOf(c)]++
	}
	for i := range cards {
		if like := lookOf(cards[i]); count[like] > 1 {
			seen[like]++
			cards[i].Alike = t.say("shared.alike", "k", seen[like], "n", count[like])
		}
	}
}

func number(n int) string {
	if n == 1 {
		return "one"
	}
	return "many"
}

func (s *site) sharedCard(l wording.Language, b earner.Badge, shown earner.Shown, r *http.Request) sharedCard {
	t := speak(l)
	c := sharedCard{Number: b.Number}
	path := "/s/" + shown.ID
	if shown.Files {
		c.File = path + "/file/" + strconv.Itoa(b.Number)
	}
	if a := b.Award; a != nil {
		c.Art, c.Link, c.Whose = artOf(*a), here(r, "/c/"+a.Credential.ID), t.say("shared.whose.own")
		if b.Imported != nil {
			c.File, c.Whose, c.Other = "", t.say("shared.whose.here."+string(b.Whose)), b.Whose == earner.WhoseOther
		}
		c.Verdict = verdictOf(l, b.Report, standingOf(*a))
		c.Name, c.Lang, c.Kind, c.From = nameOf(l, *a), l.Other(a.Achievement.Content.InLanguage), l.TypeName(a.Achievement.Content.AchievementType), wording.Cut(wording.Plain(a.Organisation.Name), mostName)
		c.Who, c.When, c.Narrative = hostOf(a.Organisation.DID), signedDay(l, a.Awarded(), a.Zone), wording.Cut(wording.Prose(a.Achievement.Content.Description), mostNarrative)
		c.Line = c.From
		if a.Achievement.Content.AchievementType == "" {
			c.Kind = l.KindName("AchievementCredential")
		}
		return c
	}
	i := b.Imported
	known := wording.Standing{Here: s.here(r)}
	c.Art, c.Name, c.Kind, c.From, c.Narrative = fmt.Sprintf("%s/art/%d", path, b.Number), wording.Cut(i.Name, mostName), kindOf(l, i), issuerOf(l, i.Naming(b.Report), known.Here), wording.Cut(i.Narrative, mostNarrative)
	c.Line = issuerLine(l, i.Naming(b.Report), known.Here)
	c.Lang, c.Who, c.When = l.BadgeLanguage(b.Report.Credential), hostOf(i.IssuerID), signedDay(l, i.Awarded, nil)
	if b.Late {
		c.Late = true
		c.Verdict = s.storedVerdict(r, l, b.Report)
		if c.Verdict.Shape == wording.ShapeNote {
			c.Verdict.Shape, c.Verdict.Sign, c.Verdict.Then = wording.ShapeUnknown, "unknown", true
		}
	} else {
		c.Verdict = verdictOf(l, b.Report, known)
		c.Inside = insideOf(l, b.Report, func(within *verifier.Report) verdict { return verdictOf(l, within, known) })
	}
	c.Whose, c.Other = t.say("shared.whose."+string(b.Whose)), b.Whose == earner.WhoseOther
	return c
}

// mostName is how many characters of the name of a badge, or of an issuer, stand where many are listed.
const mostName = 120

// issuerOf is who awarded a badge from elsewhere, or who it says that it is from, behind words that say which.
func issuerOf(l wording.Language, report *verifier.Report, known *wording.Here) string {
	return wording.Cut(l.SignerName(report, known), mostName)
}

// issuerLine is the same where it stands alone.
func issuerLine(l wording.Language, report *verifier.Report, known *wording.Here) string {
	return wording.Cut(l.SignerLine(report, known), mostName)
}

// nameOf is the name of an award where many are listed.
func nameOf(l wording.Language, a earner.Award) string {
	return wording.Cut(wording.First(a.Achievement.Name, l.Say("credential.AchievementCredential")), mostName)
}

// mostNarrative is how many characters of what a badge was awarded for the page of a set shows. Its own page has all of it.
const mostNarrative = 140

// sharedFile is a badge of a set as its issuer signed it, where whoever made the set lets others have it.
func (s *site) sharedFile(w http.ResponseWriter, r *http.Request) error {
	release, err := s.Admit(r, true)
	if err != nil {
		return err
	}
	defer release()
	shown, b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	if !shown.Files {
		return errNotFound
	}
	text, token, err := s.Collection.Text(r.Context(), b)
	if err != nil {
		return err
	}
	return textFile(w, "badge-"+strconv.Itoa(b.Number), text, token)
}

func (s *site) sharedPresentation(w http.ResponseWriter, r *http.Request) error {
	release, err := s.Admit(r, true)
	if err != nil {
		return err
	}
	defer release()
	shown, err := s.Collection.Shown(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if !shown.Files {
		return errNotFound
	}
	return s.present(w, r, shown)
}
