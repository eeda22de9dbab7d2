package claim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	listMost   = 200 // awards on one page of the list
	mostSeen   = 2000
	searchFrom = 21 // badges from which on the list can be searched
	groupFrom  = 4  // badges from which on they can be grouped in other ways
)

// minePage is everything that a person has: awards of this installation, badges from elsewhere, and pages that show some of them.
type minePage struct {
	frame
	earner.Person
	Groups []group
	Count  int
	Empty  bool // the person has no badge at all
	By     string
	Bys    []choice
	Asked  string // what is searched for
	Search bool
	Lang   string // for the form of the search
	Found  string // how many were found
	Paging paging
	Parts  []part // of what can be downloaded, where it is more than one file
	Mails  bool
	Sets   []setLine
}

// choice is one of several ways to see a list.
type choice struct {
	Name, Link string
	Here       bool
}

// group is a part of the list under one heading.
type group struct {
	Heading string
	Who     string // who the issuer is, where two have one name
	Cards   []card
	order   string
}

// card is a badge in the list.
type card struct {
	Path, Art    string
	Name, Issuer string
	Lang         string // of Name, where it is known and not that of the page
	When         string
	Address      string
	State        string
	Shape        string // yes, no, unknown, note or wait
	Sign         string // "" for none
	Elsewhere    bool

	at       time.Time
	year     int // of the day that is shown
	issuerID string
	who      string        // host or id of the issuer
	family   string        // of its state
	text     string        // what is searched
	item     string        // names it in the form of a set
	award    *earner.Award // nil for one from elsewhere
	Chosen   bool
	Note     string // why it cannot be chosen, or what to know before
	Open     bool   // it can be chosen
}

// Item names the badge in the form of a set.
func (c card) Item() string { return c.item }

// setLine is a page that shows some badges, in the list of all.
type setLine struct {
	earner.Set
	Path   string
	Public string // path of the page; "" while nobody sees it
	Shown  string // who sees it
}

// mine is the list of whoever is in a session, and for others the form to ask for a link.
func (s *site) mine(w http.ResponseWriter, r *http.Request) error {
	l, _ := language(r)
	t := speak(l)
	person, err := s.Earners.Person(r.Context(), s.session(r))
	if isMissing(err) {
		s.page(w, r, http.StatusOK, "ask", askPage{frame: s.frame(r, t.say("ask.title")), Mails: s.Earners.Mails()})
		return nil
	}
	if err != nil {
		return err
	}
	page := minePage{frame: s.frame(r, t.say("mine.title")), Person: person, Mails: s.Earners.Mails(), By: grouping(r), Asked: wording.Plain(r.URL.Query().Get("q"))}
	after := r.URL.Query().Get("after")
	cards, next, err := s.cards(r, person, after, page.Asked != "")
	if err != nil {
		return err
	}
	page.Count, page.Empty = len(cards), len(cards) == 0 && after == ""
	page.Search = len(cards) >= searchFrom || next != "" || after != "" || page.Asked != ""
	if _, named := language(r); named {
		page.Lang = string(l)
	}
	if page.Asked != "" {
		cards = found(cards, page.Asked)
		page.Found = t.say("mine.found", "n", len(cards), "q", page.Asked)
	}
	if page.By == "state" {
		if err := s.stand(r, cards); err != nil {
			return err
		}
	}
	if page.Count >= groupFrom || next != "" {
		for _, by := range groupings {
			page.Bys = append(page.Bys, choice{Name: t.say("by." + by), Link: here(r, "/mine", pairsOf("by", by, "q", page.Asked, "after", after)...), Here: by == page.By})
		}
	}
	all := flat(grouped(t, cards, page.By))
	page.Paging = pagingOf(r.URL.Query().Get("page"), len(all)).linked(r, "/mine", "by", page.By, "q", page.Asked, "after", after)
	if page.Paging.Behind == "" && next != "" {
		page.Paging.Behind = here(r, "/mine", pairsOf("after", next, "by", page.By)...)
	}
	shown := partOf(page.Paging, all)
	if page.By != "state" {
		if err := s.stand(r, shown); err != nil {
			return err
		}
	}
	page.Groups = grouped(t, shown, page.By)
	for _, g := range page.Groups {
		for i := range g.Cards {
			if page.By == "issuer" {
				g.Cards[i].Issuer = "" // it stands above
			}
		}
	}
	if err := s.parts(r, &page); err != nil {
		return err
	}
	sets, err := s.Collection.Sets(r.Context(), s.session(r))
	if err != nil {
		return err
	}
	for _, set := range sets {
		page.Sets = append(page.Sets, lineOf(t, set))
	}
	s.page(w, r, http.StatusOK, "mine", page)
	return nil
}

// parts are the files that everything is downloaded in, where it is more than one.
func (s *site) parts(r *http.Request, page *minePage) error {
	parts, err := s.Earners.Parts(r.Context(), s.session(r))
	if err != nil {
		return err
	}
	for n := 1; parts > 1 && n <= parts; n++ {
		page.Parts = append(page.Parts, part{n, here(r, "/mine/badges.zip", "part", strconv.Itoa(n))})
	}
	return nil
}

func lineOf(t tongue, set earner.Set) setLine {
	line := setLine{Set: set, Path: "/mine/sets/" + set.ID, Public: "/s/" + set.ID, Shown: t.say("set.shown." + cmp.Or(string(set.Access), "unlisted"))}
	if set.Access == issuer.AccessOff {
		line.Public = ""
	}
	return line
}

// pairsOf leaves out what has no value.
func pairsOf(pairs ...string) (all []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, pairs[i], pairs[i+1])
		}
	}
	return all
}

// groupings are the ways to group the list; the first is what it is unless another is asked for.
var groupings = []string{"issuer", "year", "state"}

func grouping(r *http.Request) string {
	if by := r.URL.Query().Get("by"); slices.Contains(groupings, by) {
		return by
	}
	return groupings[0]
}

// cards are a page of a person's badges, the newest first, and the cursor of the next. With whole set they are all, as far as one answer
// goes.
func (s *site) cards(r *http.Request, person earner.Person, after string, whole bool) (all []card, next string, err error) {
	l, _ := language(r)
	ctx, session := r.Context(), s.session(r)
	if whole {
		after = ""
	}
	first := after == ""
	for {
		page, following, err := s.Earners.Awards(ctx, session, after, listMost)
		if err != nil {
			return nil, "", err
		}
		for _, a := range page {
			all = append(all, s.awardCard(l, a, r))
		}
		if after, next = following, following; next == "" || !whole || len(all) >= mostSeen {
			break
		}
	}
	if whole {
		next = ""
	}
	if first { // there are not many of them
		brought, err := s.Collection.Imports(ctx, session)
		if err != nil {
			return nil, "", err
		}
		for i := range brought {
			c, err := s.broughtCard(l, &brought[i], person, r)
			if err != nil {
				return nil, "", err
			}
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b card) int { return b.at.Compare(a.at) })
	return all, next, nil
}

// awardCard is an award in the list. How it stands is added by stand.
func (s *site) awardCard(l wording.Language, a earner.Award, r *http.Request) card {
	t := speak(l)
	c := card{
		Path: here(r, "/mine/award/"+a.Credential.ID), Art: artOf(a), Name: nameOf(l, a), Lang: l.Other(a.Achievement.Content.InLanguage),
		Issuer: wording.Cut(wording.Plain(a.Organisation.Name), mostName), When: signedDay(l, a.Awarded(), a.Zone).Words, Address: a.Holding.Address, award: &a,
		at: a.Holding.Created, issuerID: a.Organisation.DID, who: hostOf(a.Organisation.DID), item: "a:" + a.Credential.ID, Open: !a.Credential.Claimed.IsZero(),
	}
	switch {
	case !c.Open:
		c.Note = t.say("set.untaken")
	case !a.Credential.Visible():
		c.Open, c.Note = false, t.say("set.off")
	}
	c.year = yearOf(a.Awarded(), a.Zone, c.at)
	c.text = c.Name + " " + c.Issuer
	return c
}

// yearOf is the year of a date that was signed, in a zone; that of the instant where it is no date.
func yearOf(signed string, zone *time.Location, or time.Time) int {
	if at, err := credential.ParseDateTime(signed); err == nil {
		or = at
	}
	return wording.Calendar(or, zone).Year()
}

// stand judges the awards of some cards and says how they stand now.
func (s *site) stand(r *http.Request, cards []card) error {
	l, _ := language(r)
	t := speak(l)
	for i := range cards {
		c := &cards[i]
		if c.award == nil {
			continue
		}
		report, err := s.Collection.Own(r.Context(), c.award.Credential)
		if err != nil {
			return err
		}
		state := s.Earners.Stands(*c.award, report)
		c.State, c.family = t.say("card."+string(state)), families[state]
		switch c.family {
		case "in_force":
			c.Shape, c.Sign = "yes", "yes"
		case "ended":
			c.Shape, c.Sign = "no", wording.Sign(wording.ShapeNo, report, standingOf(*c.award))
		case "unknown":
			c.Shape, c.Sign = "unknown", "unknown"
		case "waiting":
			c.Shape = "wait"
		}
	}
	return nil
}

// artOf is the path of the picture of an award.
func artOf(a earner.Award) string {
	if image := a.Achievement.Content.Image.ID; image != "" {
		return "/a/" + a.Achievement.ID + "/" + image
	}
	return "/a/" + a.Achievement.ID + "/art.svg"
}

// families are what states come under in a list.
var families = map[earner.State]string{
	earner.StateWaiting: "waiting", earner.StateInForce: "in_force", earner.StateNotYet: "waiting",
	earner.StateSuspended: "ended", earner.StateRevoked: "ended", earner.StateReplaced: "ended", earner.StateExpired: "ended",
	earner.StateFalse: "ended", earner.StateEnded: "ended", earner.StateUnknown: "unknown",
}

// broughtCard is a badge that was brought. Somebody else's award of this installation is shown as long as everybody may see it.
func (s *site) broughtCard(l wording.Language, i *earner.Imported, person earner.Person, r *http.Request) (card, error) {
	if i.Award == "" {
		return s.importedCard(l, i, person, r), nil
	}
	t := speak(l)
	a, err := s.Collection.Award(r.Context(), i)
	if isMissing(err) {
		return card{Path: here(r, "/mine/imported/"+i.ID), Name: t.say("card.hidden"), State: t.say("card.hidden.state"), Shape: "note", Sign: "note", family: "unknown", item: "i:" + i.ID, at: i.Added, year: i.Added.UTC().Year(),
			When: l.Day(i.Added).Words, Issuer: t.say("card.hidden.issuer")}, nil
	}
	if err != nil {
		return card{}, err
	}
	c := s.awardCard(l, a, r)
	c.Path, c.item, c.Open, c.Elsewhere = here(r, "/mine/imported/"+i.ID), "i:"+i.ID, true, true
	c.Note = t.say("whose.short." + string(a.Whose(person.Addresses)))
	return c, nil
}

func (s *site) importedCard(l wording.Language, i *earner.Imported, person earner.Person, r *http.Request) card {
	t, known := speak(l), s.here(r)
	c := card{
		Path: here(r, "/mine/imported/"+i.ID), Art: "/mine/imported/" + i.ID + "/art", Name: wording.Cut(i.Name, mostName), Lang: l.BadgeLanguage(i.Report.Credential), Issuer: issuerLine(l, i.Naming(i.Report), known), When: signedDay(l, i.Awarded, nil).Words,
		at: i.Added, issuerID: i.IssuerID, who: hostOf(i.IssuerID), item: "i:" + i.ID, Elsewhere: true, Open: true,
	}
	if at, err := credential.ParseDateTime(i.Awarded); err == nil {
		c.at = at
	}
	if i.Report.Authentic != verifier.Yes { // it does not stand under the heading of who has signed others
		c.issuerID = "says " + c.Issuer
	}
	c.year = yearOf(i.Awarded, nil, c.at)
	checked := l.Day(i.Report.AsOf).Words
	switch { // what was found is of the day when it was looked for, and never more than a note when it was good
	case i.Report.Authentic == verifier.No:
		c.family, c.Shape, c.Sign, c.State = "ended", "no", wording.Sign(wording.ShapeNo, i.Report, wording.Standing{}), t.say("card.was_not_authentic", "date", checked)
	case i.Report.InForce == verifier.No || over(i.Until, s.Now()):
		c.family, c.Shape, c.Sign, c.State = "ended", "no", wording.Sign(wording.ShapeNo, i.Report, wording.Standing{}), t.say("card.not_in_force")
	case i.Report.Outcome == verifier.Valid:
		c.family, c.Shape, c.Sign, c.State = "checked", "note", "note", t.say("card.valid", "date", checked)
		v := l.Verdict(i.Report, wording.Standing{Dated: true, Here: known})
		switch v.Shape {
		case wording.ShapeNote:
			c.State = v.Title
		case wording.ShapeUnknown:
			c.family, c.Shape, c.Sign, c.State = "unknown", "unknown", "unknown", v.Title
		}
		c.State = strings.Join(wording.Present(c.State, v.Remark), ". ")
		if s.Now().Sub(i.Report.AsOf) >= freshFor {
			c.family = "unknown"
		}
	default:
		c.family, c.Shape, c.Sign, c.State = "unknown", "unknown", "unknown", t.say("card.unknown", "date", checked)
	}
	c.Note = t.say("card.elsewhere")
	if i.Whose(person.Addresses) == earner.WhoseOther {
		c.Note += " " + t.say("whose.short.other")
	}
	if i.Clear() {
		c.Note += " " + t.say("set.clear")
	}
	c.text = c.Name + " " + c.Issuer
	return c
}

// over says that a badge has ended by its date since it was judged.
func over(until string, now time.Time) bool {
	at, err := credential.ParseDateTime(until)
	return err == nil && !now.Before(at)
}

// found are the badges of which the name or the issuer holds every word, whatever the case.
func found(cards []card, asked string) (some []card) {
	words := strings.Fields(strings.ToLower(asked))
	for _, c := range cards {
		text := strings.ToLower(c.text)
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			some = append(some, c)
		}
	}
	return some
}

// grouped puts badges under headings. Issuers come by name, years from the newest on, states with those in force first.
func grouped(t tongue, cards []card, by string) []group {
	groups := map[string]*group{}
	var all []*group
	for _, c := range cards {
		key, heading, order := c.issuerID, c.Issuer, strings.ToLower(c.Issuer)
		switch by {
		case "year":
			key, heading, order = strconv.Itoa(c.year), strconv.Itoa(c.year), strconv.Itoa(100_000-c.year)
		case "state":
			key, heading, order = c.family, t.say("family."+c.family), strconv.Itoa(slices.Index([]string{"in_force", "checked", "waiting", "unknown", "ended"}, c.family))
		}
		g := groups[key]
		if g == nil {
			g = &group{Heading: heading, Who: c.who, order: order}
			groups[key] = g
			all = append(all, g)
		}
		g.Cards = append(g.Cards, c)
	}
	names := map[string]int{}
	for _, g := range all {
		names[g.order]++
	}
	for _, g := range all {
		if by != "issuer" || names[g.order] < 2 {
			g.Who = ""
		}
	}
	slices.SortStableFunc(all, func(a, b *group) int { return strings.Compare(a.order, b.order) })
	out := make([]group, len(all))
	for i, g := range all {
		out[i] = *g
	}
	return out
}

// flat are the cards of all groups in their order, as they were before they were grouped.
func flat(groups []group) (all []card) {
	for _, g := range groups {
		all = append(all, g.Cards...)
	}
	return all
}

// hostOf is the host that an id names, or else the id, cut to what a reader can compare.
func hostOf(id string) string {
	if host := wording.Host(id); host != "" {
		return host
	}
	id = wording.Plain(id)
	letters := []rune(id)
	if len(letters) <= 40 {
		return id
	}
	return string(letters[:31]) + "…" + string(letters[len(letters)-8:]) // ids that begin alike end otherwise
}

// signedDay is the day of a date as it was signed, in a zone; nil is UTC.
func signedDay(l wording.Language, date string, zone *time.Location) wording.Moment {
	if at, err := credential.ParseDateTime(date); err == nil {
		return l.DayIn(at, zone)
	}
	if date == "" {
		return wording.Moment{}
	}
	return l.SignedDate(date)
}

// verdict is an answer as these pages show it.
type verdict struct {
	wording.Verdict
	Sign    string
	Checked wording.Moment
	Then    bool // it was found earlier, and may not hold now
}

// freshFor is how long a stored answer counts as that of today.
const freshFor = 24 * time.Hour

// verdictOf words a report that was made now.
func verdictOf(l wording.Language, report *verifier.Report, known wording.Standing) verdict {
	v := verdict{Verdict: l.Verdict(report, known), Checked: l.Instant(report.AsOf)}
	v.Sign = wording.Sign(v.Shape, report, known)
	return v
}

// here is what the installation knows of its issuers.
func (s *site) here(r *http.Request) *wording.Here {
	if s.Here == nil {
		return nil
	}
	return s.Here(r)
}

// storedVerdict words a report that was made some time ago. A good one is a note, and not even that once it is old.
func (s *site) storedVerdict(r *http.Request, l wording.Language, report *verifier.Report) verdict {
	v, until := verdictOf(l, report, wording.Standing{Dated: true, Here: s.here(r)}), ""
	if v.Shape != wording.ShapeYes && v.Shape != wording.ShapeNote {
		return v
	}
	if report.Credential != nil {
		until = report.Credential.ValidUntil
	}
	v.Shape, v.Sign = wording.ShapeNote, "note"
	if s.Now().Sub(report.AsOf) >= freshFor || over(until, s.Now()) {
		v.Shape, v.Sign, v.Then, v.Advice = wording.ShapeUnknown, "unknown", true, ""
	}
	return v
}

// standingOf is what the issuer's own records say of an award.
func standingOf(a earner.Award) wording.Standing {
	c := a.Credential
	event := func(change *issuer.Change) *wording.Event {
		if change == nil {
			return nil
		}
		return &wording.Event{At: change.At, Code: string(change.Code), Reason: change.Reason}
	}
	return wording.Standing{Revoked: event(c.Revoked), Suspended: event(c.Suspended), Zone: a.Zone, Own: true}
}
