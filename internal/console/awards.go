package console

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

type awardLine struct {
	Link, Name, Achievement string
	State                   issuer.CredentialState
	On                      wording.Moment
}

type awardsPage struct {
	Find                 *form
	At                   string // address of the list, to which a search is sent
	Lost                 bool   // the search was of another session
	Named                bool   // something is searched for
	States, Achievements []choice
	Lines                []awardLine
	First, Next          string
	New                  string
	Many                 string // address of the form for many awards at once
	Revoke               string // address of the form that revokes several
	Filtered             bool
	Nothing              bool // nothing can be awarded yet
	Batch                string
}

// mostOffered is how many achievements a choice offers.
const mostOffered = 500

// awards lists those of the organisation, the newest first, or those that a search finds.
func (s *server) awards(v *visit) error {
	if v.QueryParams().Has(fieldQuery) { // an address of an earlier release
		return s.findIn(v, v.QueryParams())
	}
	find, f, lost := v.awardFilter()
	states := []choice{{"", "all"}, {"issued", "issued"}, {"suspended", "suspended"}, {"revoked", "revoked"}, {"pending", "being made"}}
	if !slices.ContainsFunc(states, func(c choice) bool { return c.Value == string(f.State) }) {
		return notFound()
	}
	after := v.QueryParam("after")
	var page []issuer.Credential
	var next string
	if !lost {
		var err error
		if page, next, err = s.findAwards(v, find.Get(fieldQuery), f, after); err != nil {
			return err
		}
	}
	data := awardsPage{Find: find, At: v.to("awards"), Lost: lost, States: states, Filtered: len(find.Values) > 0, Named: find.Get(fieldQuery) != "", Batch: f.Batch}
	defined, err := v.awardable("", f.Achievement)
	if err != nil {
		return err
	}
	data.Achievements, data.Nothing = append([]choice{{"", "all"}}, defined...), len(defined) == 0
	names := make(map[string]string)
	for _, c := range page {
		line := awardLine{Link: v.to("awards", c.ID), Name: earnerOf(&c), State: c.State(), On: v.day(c.Intended)}
		if names[c.Achievement] == "" {
			a, err := v.space.Achievement(v.ctx(), c.Achievement)
			if err != nil {
				return err
			}
			names[c.Achievement] = versionOf(a)
		}
		line.Achievement = names[c.Achievement]
		data.Lines = append(data.Lines, line)
	}
	data.First, data.Next = v.pages(after, next)
	if v.may(issuer.ScopeCredentialsPropose) {
		data.New, data.Many = v.to("awards", "new"), v.to("batches", "new")
		if v.may(issuer.ScopeCredentialsWrite) {
			if data.Revoke = v.to("revocations"); data.Filtered && !data.Named && !lost {
				data.Revoke += "?" + find.Values.Encode()
			}
		}
		if f.Achievement != "" {
			data.New += "?achievement=" + url.QueryEscape(f.Achievement)
			data.Many += "?achievement=" + url.QueryEscape(f.Achievement)
		}
	}
	return v.ok("awards", newPage("Awards", data))
}

// findAwards looks for a text that is an id, the address of an award, an e-mail address, or words of a name; "" lists all.
func (s *server) findAwards(v *visit, text string, f issuer.CredentialFilter, after string) (page []issuer.Credential, next string, err error) {
	if text == "" {
		return v.space.Credentials(v.ctx(), f, after, listLength)
	}
	id := strings.TrimPrefix(text, s.Base+"/c/")
	if found, _, err := v.space.Credential(v.ctx(), id); err == nil {
		return []issuer.Credential{found}, "", nil
	} else if !missing(err) {
		return nil, "", err
	}
	ids, next, err := s.Earners.Search(v.ctx(), v.organisation.ID, text, after, listLength)
	if err != nil {
		return nil, "", err
	}
	for _, id := range ids {
		c, _, err := v.space.Credential(v.ctx(), id)
		switch {
		case missing(err):
			continue
		case err != nil:
			return nil, "", err
		}
		if (f.State == "" || c.State() == f.State) && (f.Achievement == "" || c.Achievement == f.Achievement) && (f.Batch == "" || c.Batch == f.Batch) {
			page = append(page, c)
		}
	}
	return page, next, nil
}

func missing(err error) bool {
	var known *issuer.Error
	return errors.As(err, &known) && known.Kind == issuer.KindMissing
}

// awardable are the achievements that have a page, to choose from: those in a state, or all but drafts for "". chosen is among them, too.
func (v *visit) awardable(state issuer.AchievementState, chosen string) (all []choice, err error) {
	states := []issuer.AchievementState{issuer.AchievementPublished, issuer.AchievementArchived}
	if state != "" {
		states = []issuer.AchievementState{state}
	}
	for _, state := range states {
		page, _, err := v.space.Achievements(v.ctx(), state, "", mostOffered)
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			all = append(all, choice{a.ID, versionOf(a)})
		}
	}
	if chosen != "" && !slices.ContainsFunc(all, func(c choice) bool { return c.Value == chosen }) {
		a, err := v.space.Achievement(v.ctx(), chosen)
		if err != nil {
			return nil, err
		}
		all = append(all, choice{a.ID, versionOf(a)})
	}
	return all, nil
}

// earnerOf is the name of an award's recipient as signed; words for it where there is none.
func earnerOf(c *issuer.Credential) string {
	if c.Erased != nil {
		return "Erased"
	}
	document := c.JSON
	if document == nil {
		document = c.Unsigned
	}
	if read, err := credential.Parse(document); err == nil {
		if name := nameIn(read); name != "" {
			return name
		}
	}
	return noName
}

// noName stands where the badge names nobody.
const noName = "No name given"

func nameIn(read *credential.Credential) string {
	for _, i := range read.Subject.Identifiers {
		if i.Type == "name" && !i.Hashed {
			return wording.Plain(i.Hash)
		}
	}
	return ""
}

type awardPage struct {
	issuer.Credential
	State       issuer.CredentialState
	Standing    string // in one sentence
	Code        string // of a revocation or suspension, in words
	Reason      string
	Note        string
	Since       wording.Moment
	Achievement nameLink
	Groups      []factGroup
	Links       []nameLink // to other awards and the batch
	Acts        []nameLink // what can be done
	Page        string     // address of what the earner sees
	Access      string
	Mail        string // what became of the message that tells of it, as long as it is not claimed
	History     []historyLine
}

type historyLine struct {
	At        wording.Moment
	What, Who string
	Why       string
	WhyErased bool
}

// award shows one with everything that is known of it.
func (s *server) award(v *visit) error {
	c, _, err := v.space.Credential(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	a, err := v.space.Achievement(v.ctx(), c.Achievement)
	if err != nil {
		return err
	}
	data := awardPage{Credential: c, State: c.State(), Achievement: nameLink{versionOf(a), v.to("achievements", a.ID)}, Page: "/c/" + c.ID, Access: accessWords(&c)}
	data.Standing, data.Since = v.standingOf(&c)
	for _, change := range []*issuer.Change{c.Revoked, c.Suspended} {
		if change != nil {
			data.Code, data.Reason = reasonWords[change.Code], change.Reason
			if v.may(issuer.ScopeCasesRead) {
				data.Note = change.Note
			}
			break
		}
	}
	document := c.JSON
	if document == nil {
		document = c.Unsigned
	}
	if read, err := credential.Parse(document); err == nil {
		data.Groups = v.awardFacts(read, a)
	}
	for _, other := range []struct{ label, id string }{{"The award before, whose place it takes", c.Supersedes}, {"The award that takes its place", c.SupersededBy}} {
		if other.id != "" {
			data.Links = append(data.Links, nameLink{other.label, v.to("awards", other.id)})
		}
	}
	if c.Batch != "" {
		data.Links = append(data.Links, nameLink{"The batch that made it", v.to("batches", c.Batch)})
	}
	if v.may(issuer.ScopeCasesRead) {
		files, _, err := v.space.Cases(v.ctx(), issuer.CaseFilter{Credential: c.ID}, "", historyLength)
		if err != nil {
			return err
		}
		for _, file := range files {
			data.Links = append(data.Links, nameLink{"The case of " + v.day(file.At).Words, v.to("cases", file.ID)})
		}
	}
	for _, act := range acts {
		if v.may(act.scope) && act.fits(&c, a) {
			data.Acts = append(data.Acts, nameLink{act.name, v.to("awards", c.ID, act.path)})
		}
	}
	if err := s.earnerStanding(v, &data); err != nil {
		return err
	}
	if data.History, err = s.history(v, c.ID); err != nil {
		return err
	}
	return v.ok("award", newPage(earnerOf(&c), data))
}

// reasonWords say the codes of reasons.
var reasonWords = map[issuer.ReasonCode]string{
	issuer.ReasonError:      "It was awarded by mistake",
	issuer.ReasonEvidence:   "The evidence does not hold",
	issuer.ReasonPolicy:     "A rule of the issuer was broken",
	issuer.ReasonRequest:    "The earner asked for it",
	issuer.ReasonSuperseded: "Another award takes its place",
	issuer.ReasonInquiry:    "It is being looked into",
	issuer.ReasonOther:      "Another reason",
}

func (v *visit) standingOf(c *issuer.Credential) (string, wording.Moment) {
	switch {
	case c.Erased != nil:
		return "Erased. Nothing is left of it but its place in the status list", v.day(c.Erased.At)
	case c.Revoked != nil:
		return "Revoked, for good", v.day(c.Revoked.At)
	case c.Suspended != nil:
		return "Suspended, until it is reinstated or revoked", v.day(c.Suspended.At)
	case c.Issued.IsZero():
		return "It is being made", v.day(c.Intended)
	}
	return "Issued, and neither revoked nor suspended", v.day(c.Issued)
}

func accessWords(c *issuer.Credential) string {
	switch {
	case c.Erased != nil:
		return "Nobody sees its page."
	case c.Access == issuer.AccessPublic:
		return "Its page is public: the earner made it so."
	case c.Access == issuer.AccessOff:
		return "Nobody sees its page: the earner turned it off. The file can still be checked."
	case c.Access == issuer.AccessHeld:
		return "Nobody sees its page before the earner claims it."
	}
	return "Whoever has its address sees its page."
}

// awardFacts are what the document of an award says.
func (v *visit) awardFacts(read *credential.Credential, a issuer.Achievement) []factGroup {
	var groups []factGroup
	group := func(id, title string, fill func(*facts)) {
		var found facts
		fill(&found)
		if len(found) > 0 {
			groups = append(groups, factGroup{id, title, found})
		}
	}
	group("says", "What it says", func(f *facts) {
		f.text("For", nameIn(read))
		for _, i := range read.Subject.Identifiers {
			if i.Type == "name" {
				continue
			}
			f.text("Identified by", wording.English.Identity(verifier.Identity{Type: i.Type, Value: i.Hash, Hashed: i.Hashed}, true))
		}
		for _, d := range []struct{ label, value string }{{"Awarded", read.Awarded}, {"In force from", read.ValidFrom}, {"Ends", read.ValidUntil}} {
			if d.value != "" {
				f.text(d.label, wording.English.SignedDay(d.value, v.zone).Words)
			}
		}
		f.text("Role", read.Subject.Role)
		f.text("Term", read.Subject.Term)
		f.text("License number", read.Subject.LicenseNumber)
		f.markdown("Narrative", read.Subject.Narrative)
	})
	group("reached", "What was reached", func(f *facts) {
		for _, r := range read.Subject.Results {
			label, value := resultIn(a, r)
			f.text(label, value)
		}
	})
	group("evidence", "Evidence", func(f *facts) {
		for _, e := range read.Evidence {
			f.link("Shown", orWord(e.Name, e.ID), e.ID)
			f.long("About it", e.Description)
			f.markdown("Shown there", e.Narrative)
		}
	})
	return groups
}

// resultIn names a result after the rubric of its achievement.
func resultIn(a issuer.Achievement, r credential.Result) (label, value string) {
	short := func(id string) string { return id[strings.LastIndexByte(id, '#')+1:] }
	label, value = "Result", r.Value
	for _, d := range a.Content.ResultDescriptions {
		if short(d.ID) != short(r.ResultDescription) {
			continue
		}
		label = orWord(d.Name, label)
		for _, l := range d.Levels {
			if r.AchievedLevel != "" && short(l.ID) == short(r.AchievedLevel) {
				value = strings.TrimSpace(orWord(l.Name, l.Level) + " " + r.Value)
			}
		}
	}
	return label, strings.TrimSpace(value + " " + r.Status)
}

// historyLength is how many entries of the audit log the page of an award shows.
const historyLength = 50

// history is what the audit log says of something, the newest first.
func (s *server) history(v *visit, subject string) (lines []historyLine, err error) {
	entries, _, err := s.Office.Activity(v.ctx(), issuer.ActivityFilter{Subject: subject}, "", historyLength)
	if err != nil {
		return nil, err
	}
	t := v.teller()
	for _, e := range entries {
		who, err := t.actor(e.Actor)
		if err != nil {
			return nil, err
		}
		line := historyLine{At: wording.English.Instant(e.At), What: actionWords(e.Action), Who: who}
		if v.may(issuer.ScopeAuditRead) || v.may(issuer.ScopeCasesRead) { // reasons may be private notes
			line.Why, line.WhyErased = e.Text, e.Erased
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// formerMember stands for somebody whose account is gone.
const formerMember = "a former member"

// actorName says who an actor of the audit log is. A token is named by its id.
func (s *server) actorName(ctx context.Context, actor string) string {
	kind, id, _ := strings.Cut(actor, ":")
	switch kind {
	case "account":
		if account, err := s.People.Account(ctx, id); err == nil {
			return wording.Plain(account.Name)
		}
		return formerMember
	case "token":
		return "a program with the token " + wording.Plain(id)
	case "earner":
		return "the earner"
	case "laurel":
		return "this program"
	case "command line":
		return "whoever runs this server"
	}
	return wording.Plain(actor)
}

// actionWords say what was done: credential.revoked is "Award revoked".
func actionWords(action string) string {
	switch action {
	case "credential.intended":
		return "Award begun"
	case "credential.issued":
		return "Award signed"
	}
	subject, verb, ok := strings.Cut(action, ".")
	if !ok {
		return wording.Plain(action)
	}
	if subject == "credential" {
		subject = "award"
	}
	return strings.ToUpper(subject[:1]) + wording.Plain(strings.ReplaceAll(subject[1:]+" "+verb, "-", " "))
}

// versionOf is the name of an achievement beside its version.
func versionOf(a issuer.Achievement) string {
	name := wording.First(a.Name, "An achievement")
	if version := wording.Plain(a.Content.Version); version != "" {
		name += " (" + version + ")"
	}
	return name
}

// newPage is a page without a form.
func newPage(title string, data any) page { return page{Title: title, Data: data} }
