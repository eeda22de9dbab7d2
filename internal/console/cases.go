package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type caseLine struct {
	Link, Name, Code string
	State            issuer.CaseState
	On               wording.Moment
}

type casesPage struct {
	Find        *form
	States      []choice
	Lines       []caseLine
	First, Next string
	Filtered    bool
	Awards      string // where a case is opened; "" where the role cannot
}

// caseStates are what a list of cases can be asked for.
var caseStates = []choice{{"", "all"}, {string(issuer.CaseOpen), "opened"}, {string(issuer.CaseNoticed), "the earner was told"}, {string(issuer.CaseAnswered), "answered"},
	{string(issuer.CaseDecided), "decided"}, {string(issuer.CaseClosed), "closed"}}

// cases lists those of the organisation, the newest first.
func (s *server) cases(v *visit) error {
	find := newForm()
	find.Set("state", strings.TrimSpace(v.QueryParam("state")))
	if !among(caseStates, find.Get("state")) {
		return notFound()
	}
	after := v.QueryParam("after")
	page, next, err := v.space.Cases(v.ctx(), issuer.CaseFilter{State: issuer.CaseState(find.Get("state"))}, after, listLength)
	if err != nil {
		return err
	}
	data := casesPage{Find: find, States: caseStates, Filtered: find.Get("state") != ""}
	for _, c := range page {
		award, _, err := v.space.Credential(v.ctx(), c.Credential)
		if err != nil {
			return err
		}
		data.Lines = append(data.Lines, caseLine{Link: v.to("cases", c.ID), Name: earnerOf(&award), Code: reasonWords[c.Code], State: c.State, On: v.day(c.At)})
	}
	data.First, data.Next = v.pages(after, next)
	if v.may(issuer.ScopeCredentialsWrite) {
		data.Awards = v.to("awards")
	}
	return v.ok("cases", newPage("Cases", data))
}

// caseCodes are the fields that errors are about.
var caseCodes = map[string]string{"code": "code", "text": "text", "sent": "sent", "due": "due", "came": "sent", "url": "url", "digest": "digest", "document": "url",
	"verdict": "verdict", "reason": "reason", "note": "note", "urgent": "urgent", "not_heard": "urgent"}

type casePage struct {
	issuer.Case
	Earner  string
	Award   string // address
	Code    string // what is alleged, in words
	Opened  wording.Moment
	Who     string
	Until   wording.Moment // until when the earner may answer
	Over    bool           // that day has passed
	Entries []caseEntry
	Verdict string
	Decided wording.Moment
	Decider string
	Why     string // code of the decision, in words
	Acts    []nameLink
	Next    string // what comes next, in a sentence
	Correct string // address at which another award takes its place; "" where that is not what was decided
}

type caseEntry struct {
	What, Who string
	At        wording.Moment // when it was recorded
	Sent      wording.Moment // when it happened
	Due       wording.Moment
	Text      string
	Link      string
	Digest    string
}

var verdictWords = map[issuer.Verdict]string{issuer.VerdictRevoke: "The award is revoked", issuer.VerdictKeep: "The award stays", issuer.VerdictAmend: "The award stays, and a corrected one is to take its place"}

// caseFile shows a case with its steps, and what its state allows.
func (s *server) caseFile(v *visit) error {
	c, _, err := v.space.Case(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	award, _, err := v.space.Credential(v.ctx(), c.Credential)
	if err != nil {
		return err
	}
	now := s.Now()
	data := casePage{Case: c, Earner: earnerOf(&award), Award: v.to("awards", c.Credential), Code: reasonWords[c.Code], Opened: wording.English.Instant(c.At), Who: s.actorName(v.ctx(), c.By),
		Next: nextStep(&c, now)}
	if !c.Due.IsZero() {
		data.Until, data.Over = wording.English.Instant(c.Due), !now.Before(c.Due)
	}
	for _, e := range c.Entries {
		line := caseEntry{Who: s.actorName(v.ctx(), e.By), At: wording.English.Instant(e.At), Text: e.Text, Digest: e.Digest}
		if !e.Sent.IsZero() {
			line.Sent = v.day(e.Sent)
		}
		if !e.Due.IsZero() {
			line.Due = v.day(e.Due)
		}
		if strings.HasPrefix(e.URL, "https://") || strings.HasPrefix(e.URL, "http://") {
			line.Link = e.URL
		}
		line.What = entryWords(&e)
		data.Entries = append(data.Entries, line)
	}
	if d := c.Decision; d != nil {
		data.Verdict, data.Decided, data.Decider, data.Why = verdictWords[d.Verdict], wording.English.Instant(d.At), s.actorName(v.ctx(), d.By), reasonWords[d.Code]
		if d.Verdict == issuer.VerdictAmend && c.State == issuer.CaseDecided && award.SupersededBy == "" && v.may(issuer.ScopeCredentialsWrite) {
			data.Correct = v.to("awards", c.Credential, "correct")
		}
	}
	for _, step := range s.caseSteps() {
		if v.may(issuer.ScopeCredentialsWrite) && step.fits(&c, now) {
			data.Acts = append(data.Acts, nameLink{step.name, v.to("cases", c.ID, step.path)})
		}
	}
	return v.ok("case", page{Title: "The case about the award of " + data.Earner, Up: nameLink{"Cases", v.to("cases")}, Data: data})
}

func entryWords(e *issuer.CaseEntry) string {
	switch {
	case e.Step == issuer.CaseNotice:
		return "The earner was told"
	case e.Step == issuer.CaseAnswer && e.Earner:
		return "The earner answered, in their own words"
	case e.Step == issuer.CaseAnswer:
		return "The earner answered, as it was written down"
	case e.Step == issuer.CaseDocument:
		return "A document was looked at"
	case e.For:
		return "A vote to revoke"
	}
	return "A vote not to revoke"
}

// nextStep says what a case waits for.
func nextStep(c *issuer.Case, now time.Time) string {
	switch c.State {
	case issuer.CaseOpen:
		return "Tell the earner what is alleged, and until when they can answer. Then record that here."
	case issuer.CaseNoticed:
		if now.Before(c.Due) {
			return "The earner can still answer. Wait for that, or for the day until which they can."
		}
		return "The time to answer has passed. The case can be decided."
	case issuer.CaseAnswered:
		return "The earner was heard. The case can be voted on, and decided."
	case issuer.CaseDecided:
		return "The case is decided, and what follows from it was done. Close it when nothing is left to be written down."
	}
	return "The case is closed: nothing more is written into it."
}

// caseStep is something that can be written into a case.
type caseStep struct {
	name, path, button string
	danger             bool
	said               notice
	fits               func(c *issuer.Case, now time.Time) bool
	will               func(*visit) []string
	act                func(v *visit, f *form, by issuer.Write) (issuer.Case, uint64, error)
}

// caseSteps are all there are, in the order in which a case goes.
func (s *server) caseSteps() []caseStep {
	going := func(c *issuer.Case, _ time.Time) bool {
		return c.State == issuer.CaseOpen || c.State == issuer.CaseNoticed || c.State == issuer.CaseAnswered
	}
	heard := func(c *issuer.Case, now time.Time) bool {
		return c.State == issuer.CaseAnswered || c.State == issuer.CaseNoticed && !now.Before(c.Due)
	}
	return []caseStep{
		{name: "Record that the earner was told", path: "notice", button: "Record it", said: "case-noticed",
			fits: func(c *issuer.Case, _ time.Time) bool {
				return c.State == issuer.CaseOpen || c.State == issuer.CaseNoticed
			},
			will: func(*visit) []string {
				return []string{"It is written down that the earner was told, what they were told, and until when they can answer.", "No message is sent from here: write to them yourself, so that it reaches them for certain.",
					"Before that day, or their answer, the award can be revoked only for a reason that cannot wait."}
			},
			act: func(v *visit, f *form, by issuer.Write) (issuer.Case, uint64, error) {
				return v.space.NotifyCase(v.ctx(), v.Param("id"), f.past("sent", s.Now(), v.zone), f.lastDay("due", v.zone), f.Get("text"), by)
			}},
		{name: "Record an answer", path: "answer", button: "Record it", said: "case-answered",
			fits: func(c *issuer.Case, _ time.Time) bool {
				return c.State == issuer.CaseNoticed || c.State == issuer.CaseAnswered
			},
			will: func(*visit) []string {
				return []string{"It is written down what the earner says. From then on the case can be voted on and decided."}
			},
			act: func(v *visit, f *form, by issuer.Write) (issuer.Case, uint64, error) {
				return v.space.AnswerCase(v.ctx(), v.Param("id"), f.Get("text"), f.Get("earner") != "", f.past("sent", s.Now(), v.zone), by)
			}},
		{name: "Add a document", path: "document", button: "Add it", said: "case-document", fits: going,
			will: func(*visit) []string {
				return []string{"It is written down that the document was looked at, and what it shows. The document itself is not kept here."}
			},
			act: func(v *visit, f *form, by issuer.Write) (issuer.Case, uint64, error) {
				return v.space.AddToCase(v.ctx(), v.Param("id"), f.Get("url"), f.Get("digest"), f.Get("text"), by)
			}},
		{name: "Vote", path: "vote", button: "Vote", said: "case-voted", fits: heard,
			will: func(*visit) []string {
				return []string{"Your vote is written down with your name. If you have voted before, the last vote counts.", "The decision has to follow the votes."}
			},
			act: func(v *visit, f *form, by issuer.Write) (issuer.Case, uint64, error) {
				return v.space.VoteOnCase(v.ctx(), v.Param("id"), f.Get("vote") == "revoke", f.Get("text"), by)
			}},
		{name: "Decide", path: "decide", button: "Decide", danger: true, said: "case-decided", fits: going,
			will: func(v *visit) []string {
				will := []string{"The inquiry ends, and what you decide is done at once: the award is revoked for good, or it stays and is in force again if it was suspended for this case."}
				if s.Earners.Mails() {
					return append(will, "If the award is revoked, the earner gets an e-mail with the reason.")
				}
				return append(will, "Nobody is written to: this installation sends no mail.")
			},
			act: func(v *visit, f *form, by issuer.Write) (issuer.Case, uint64, error) {
				return v.space.DecideCase(v.ctx(), v.Param("id"), issuer.Decision{Verdict: issuer.Verdict(f.Get("verdict")), Code: issuer.ReasonCode(f.Get("code")), Reason: f.Get("reason"),
					Note: f.Get("note"), Urgent: f.Get("urgent")}, by)
			}},
		{name: "Close the case", path: "close", button: "Close it", said: "case-closed",
			fits: func(c *issuer.Case, _ time.Time) bool { return c.State == issuer.CaseDecided },
			will: func(*visit) []string {
				return []string{"Nothing more can be written into the case. It stays here to be read.", "Another case can be opened on the award."}
			},
			act: func(v *visit, _ *form, by issuer.Write) (issuer.Case, uint64, error) {
				return v.space.CloseCase(v.ctx(), v.Param("id"), by)
			}},
	}
}

// past reads a field with a day that is not to come: the end of that day, or now where it is today or empty.
func (f *form) past(name string, now time.Time, zone *time.Location) time.Time {
	day := f.lastDay(name, zone)
	if !day.IsZero() && day.After(now) && day.Sub(now) < 24*time.Hour {
		return now
	}
	return day
}

// lastDay reads a field with a day: the end of it in a zone, as the day is the last.
func (f *form) lastDay(name string, zone *time.Location) time.Time {
	if day := f.date(name); !day.IsZero() {
		return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, -1, 0, zone)
	}
	return time.Time{}
}

type stepPage struct {
	Step, Button, Back string
	Danger             bool
	Will               []string
	Reasons            []choice
	Verdicts, Votes    []choice
	Heard              bool // the earner has answered, or could
}

// stepPage asks for what a step records.
func (s *server) stepPage(step caseStep) handler {
	return func(v *visit) error { return s.stepForm(v, http.StatusOK, newForm(), step) }
}

func (s *server) stepForm(v *visit, status int, f *form, step caseStep) error {
	c, version, err := v.space.Case(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	now := s.Now()
	if !step.fits(&c, now) && len(f.problems) == 0 {
		return failure{status: http.StatusConflict, title: "This step does not come now", detail: nextStep(&c, now)}
	}
	if f.Get("version") == "" {
		f.Set("version", versionText(version))
	}
	data := stepPage{Step: step.path, Button: step.button, Back: v.to("cases", c.ID), Danger: step.danger, Will: step.will(v), Reasons: revocationReasons(),
		Verdicts: []choice{{"", "choose one"}, {string(issuer.VerdictKeep), verdictWords[issuer.VerdictKeep]}, {string(issuer.VerdictAmend), verdictWords[issuer.VerdictAmend]},
			{string(issuer.VerdictRevoke), verdictWords[issuer.VerdictRevoke]}},
		Votes: []choice{{"", "choose one"}, {"keep", "not to revoke"}, {"revoke", "to revoke"}},
		Heard: c.State == issuer.CaseAnswered || c.State == issuer.CaseNoticed && !now.Before(c.Due)}
	return v.show(status, "case-step", page{Title: step.name, Form: f, Data: data})
}

// takeStep writes a step into a case.
func (s *server) takeStep(step caseStep) handler {
	return func(v *visit) error {
		f, err := v.readForm()
		if err != nil {
			return err
		}
		by, err := v.seen(f)
		if err != nil {
			return err
		}
		if step.path == "vote" && f.Get("vote") != "revoke" && f.Get("vote") != "keep" {
			f.refuse("vote", "Choose how you vote.")
		}
		for _, name := range []string{"sent", "due"} {
			f.date(name) // so that what is no date is told before anything is done
		}
		if len(f.problems) > 0 {
			return s.stepForm(v, http.StatusUnprocessableEntity, f, step)
		}
		c, _, err := step.act(v, f, by)
		if err == nil {
			return v.done(step.said, v.to("cases", c.ID))
		}
		if err := f.refused(err, caseCodes); err != nil {
			return err
		}
		return s.stepForm(v, http.StatusUnprocessableEntity, f, step)
	}
}

type caseOpening struct {
	Reasons []choice
	Will    []string
	Suspend bool // the award is not suspended yet
	Back    string
}

// openCasePage asks what is alleged.
func (s *server) openCasePage(v *visit) error {
	f := newForm()
	f.Set("suspend", "yes")
	return s.openCaseForm(v, http.StatusOK, f)
}

func (s *server) openCaseForm(v *visit, status int, f *form) error {
	c, _, err := v.space.Credential(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.show(status, "case-open", page{Title: "Open a case about the award of " + earnerOf(&c), Form: f.single(), Data: caseOpening{Reasons: revocationReasons(), Suspend: c.Suspended == nil,
		Back: v.to("awards", c.ID), Will: []string{
			"A file is begun in which everything is written down: what is alleged, that the earner was told, what they say, who votes how, and what is decided.",
			"Nobody outside sees the file. The earner is told by you.",
			"If you suspend the award, whoever checks it is told that it is suspended, until the case is decided.",
		}}})
}

func (s *server) openCase(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	once, made, err := v.once(f)
	if err == nil {
		defer once.End()
		if made == "" {
			by := v.by()
			by.Once = once
			var c issuer.Case
			c, _, err = v.space.OpenCase(v.ctx(), issuer.CaseInput{Credential: v.Param("id"), Code: issuer.ReasonCode(f.Get("code")), Allegation: f.Get("text"), Suspend: f.Get("suspend") != ""}, by)
			made = c.ID
		}
		if err == nil {
			return v.done("case-opened", v.to("cases", made))
		}
	}
	if err := f.refused(err, caseCodes); err != nil {
		return err
	}
	return s.openCaseForm(v, http.StatusUnprocessableEntity, f)
}
