package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type batchLine struct {
	Link, Name, Kind string
	State            issuer.BatchState
	Rows             int
	Progress         string
	On               wording.Moment
}

type batchesPage struct {
	Lines       []batchLine
	First, Next string
	New         string
}

// batchKinds say what a batch does.
var batchKinds = map[issuer.BatchKind]string{issuer.BatchAward: "awards", issuer.BatchReissue: "signs anew", issuer.BatchRevoke: "revokes"}

// batches lists those of the organisation, the newest first.
func (s *server) batches(v *visit) error {
	after := v.QueryParam("after")
	page, next, err := v.space.Batches(v.ctx(), after, listLength)
	if err != nil {
		return err
	}
	var data batchesPage
	for _, b := range page {
		line := batchLine{Link: v.to("batches", b.ID), Name: wording.First(b.Name, "A batch"), Kind: batchKinds[b.Kind], State: b.State, Rows: b.Total, On: v.day(b.Created)}
		if b.State == issuer.BatchOpen || b.State == issuer.BatchHeld {
			line.Progress = fmt.Sprintf("%d %%", b.Progress())
		}
		data.Lines = append(data.Lines, line)
	}
	data.First, data.Next = v.pages(after, next)
	if v.may(issuer.ScopeCredentialsPropose) {
		data.New = v.to("batches", "new")
	}
	return v.ok("batches", newPage("Batches", data))
}

// upBatches is the page above that of a batch.
func (v *visit) upBatches() nameLink { return nameLink{"Batches", v.to("batches")} }

// batchPerson is one of those that a batch is about.
type batchPerson struct {
	Row                  int
	Link                 string // to the award; "" before there is one
	Name, Email          string
	Achievement          string // "" where all are of one
	State                issuer.RowState
	Problems             []issuer.RowProblem
	Note                 string
	Awarded, Ends, Begun wording.Moment
}

type batchPage struct {
	issuer.Batch
	Kind         string
	Achievement  nameLink
	Todo         int      // rows that are not rejected
	Left         int      // of them, for which nothing is done yet
	Stays        []string // what was done before it stopped, or though rows failed
	Percent      int
	Who          string
	Code         string   // why awards are revoked, in words
	Will         []string // of one that is prepared
	Second       bool     // another person has to allow it
	Proposal     string   // address of the open proposal about it
	Show         *form    // filter of the rows
	States       []choice
	Fix, Ready   []batchPerson // of one that is prepared
	MoreFix      string        // addresses of all of them
	MoreReady    string
	Rows         []batchPerson
	First, Next  string
	Seen         string // version
	Links        []nameLink
	Acts         []nameLink
	Ends         []nameLink // acts that take something away
	Confirm      bool
	Button       string // that confirms
	Skip         string // what it means to leave out the rejected rows
	Awards       string
	RejectedRows string            // address of the file
	Certificates *certificateParts // nil where there are none
	StepUp       string            // where to sign in once more before it is confirmed; "" where that is not asked for
	Again        string            // address of the form for another file
}

// Rows of a batch that its page shows before it is confirmed.
const (
	firstFix   = 20
	firstReady = 10
)

// batch shows one: what it will do, how far it is, or what became of it.
func (s *server) batch(v *visit) error { return s.batchForm(v, http.StatusOK, newForm()) }

func (s *server) batchForm(v *visit, status int, f *form) error {
	b, version, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	data := batchPage{Batch: b, Kind: batchKinds[b.Kind], Todo: b.Total - b.Rejected, Left: b.Total - b.Rejected - b.Done - b.Failed, Percent: b.Progress(),
		Who: s.actorName(v.ctx(), b.By), Code: reasonWords[b.Code], Seen: versionText(version), Awards: v.to("awards") + "?batch=" + b.ID}
	if b.Achievement != "" {
		a, err := v.space.Achievement(v.ctx(), b.Achievement)
		if err != nil && !missing(err) {
			return err
		}
		if err == nil {
			data.Achievement = nameLink{versionOf(a), v.to("achievements", a.ID)}
		}
	}
	if b.Undoes != "" {
		data.Links = append(data.Links, nameLink{"The batch whose awards it revokes", v.to("batches", b.Undoes)})
	}
	if b.Undone != "" {
		data.Links = append(data.Links, nameLink{"The batch that revokes these awards", v.to("batches", b.Undone)})
	}
	if b.Kept && b.Rejected > 0 {
		data.RejectedRows = v.to("batches", b.ID, "rejected.csv")
	}
	data.Certificates = v.certificateFiles(&b)
	for _, act := range batchActs {
		if v.may(act.scope) && act.fits(&b) && v.own(act.own, &b) {
			list := &data.Acts
			if act.grave {
				list = &data.Ends
			}
			*list = append(*list, nameLink{act.name, v.to("batches", b.ID, act.path)})
		}
	}
	if b.State == issuer.BatchPrepared {
		return s.preparedBatch(v, status, f, data)
	}
	return s.startedBatch(v, status, f, data)
}

// preparedBatch shows what a batch will do once it is confirmed.
func (s *server) preparedBatch(v *visit, status int, f *form, data batchPage) (err error) {
	b := data.Batch
	title := "Check before you issue"
	if b.Kind == issuer.BatchRevoke {
		title = "Check before you revoke"
	}
	if data.Second, err = v.proposesBatch(&b); err != nil {
		return err
	}
	data.Button = counted(data.Todo, "Issue one badge", "Issue %d badges")
	if b.Kind == issuer.BatchRevoke {
		data.Button = counted(data.Todo, "Revoke one award", "Revoke %d awards")
	}
	if data.Second {
		data.Button = "Propose it"
	}
	data.Skip = counted(b.Rejected, "Leave out the row that is to be fixed", "Leave out the %d rows that are to be fixed")
	data.Will = s.willOf(v, &b)
	data.Confirm = data.Todo > 0 && v.may(issuer.ScopeCredentialsPropose)
	if b.Kind == issuer.BatchRevoke && !data.Second && !v.recent() {
		data.StepUp = v.to("batches", b.ID, "confirm")
	}
	if data.Proposal, err = v.proposedBatch(b.ID); err != nil {
		return err
	}
	if b.Kind == issuer.BatchAward {
		data.Again = v.to("batches", "new")
	}
	after := v.QueryParam("after")
	switch v.QueryParam("show") {
	case "fix":
		if data.Fix, data.Next, err = s.rowsToFix(v, &b, after, listLength); err != nil {
			return err
		}
		data.First, data.Next = v.pages(after, data.Next)
	case "ready":
		if data.Ready, data.Next, err = s.rowsReady(v, &b, after, listLength); err != nil {
			return err
		}
		data.First, data.Next = v.pages(after, data.Next)
	case "":
		more := ""
		if data.Fix, more, err = s.rowsToFix(v, &b, "", firstFix); err != nil {
			return err
		}
		if more != "" {
			data.MoreFix = v.to("batches", b.ID) + "?show=fix"
		}
		if data.Ready, more, err = s.rowsReady(v, &b, "", firstReady); err != nil {
			return err
		}
		if more != "" {
			data.MoreReady = v.to("batches", b.ID) + "?show=ready"
		}
	default:
		return notFound()
	}
	return v.show(status, "batch-check", page{Title: title, Up: v.upBatches(), Form: f.single(), Data: data})
}

// willOf says what confirming a batch does, and to whom.
func (s *server) willOf(v *visit, b *issuer.Batch) (will []string) {
	todo := b.Total - b.Rejected
	if b.Kind == issuer.BatchRevoke {
		will = append(will, counted(todo, "One award ends", "%d awards end")+" for good. It cannot be undone; they can only be awarded anew.")
		why := "Whoever checks one of them from then on is told that it was revoked, when, and why: " + orWord(reasonWords[b.Code], "no reason given") + "."
		if b.Reason != "" {
			why += " In your words: “" + wording.Prose(b.Reason) + "”."
		}
		will = append(will, why)
		if s.Earners.Mails() {
			will = append(will, "Earners who were told of their award get an e-mail that says it was revoked, and why.")
		} else {
			will = append(will, "Nobody is written to: this installation sends no mail.")
		}
	} else {
		will = append(will, counted(todo, "One award is signed", "%d awards are signed")+", each as a file of its own that can be checked without this server.")
		switch {
		case !s.Earners.Mails():
			will = append(will, "Nobody is written to: this installation sends no mail. You find a link for each earner under the awards that are not claimed.")
		case b.Achievement != "":
			will = append(will, counted(todo, "One person gets an e-mail", "%d people get an e-mail")+" with a link to their badge.")
		default:
			will = append(will, counted(todo, "One e-mail is sent", "%d e-mails are sent")+", one for each award, with a link to the badge.")
		}
		if v.organisation.Settings.Held {
			will = append(will, "Nobody sees a badge before its earner claims it, as your organisation has chosen.")
		}
		will = append(will, "If it was a mistake, the whole batch can be undone as one: all its awards are then revoked together.")
	}
	if b.Rejected > 0 {
		will = append(will, counted(b.Rejected, "For the row that is to be fixed", "For the %d rows that are to be fixed")+" nothing is done.")
	}
	return will
}

// rowsToFix are those that are rejected.
func (s *server) rowsToFix(v *visit, b *issuer.Batch, after string, limit int) (lines []batchPerson, next string, err error) {
	if b.Rejected == 0 {
		return nil, "", nil
	}
	rows, next, err := v.space.BatchRows(v.ctx(), b.ID, issuer.RowRejected, after, limit)
	for _, row := range rows {
		lines = append(lines, batchPerson{Row: rowNumber(&row), Problems: row.Problems})
	}
	return lines, next, err
}

// rowNumber is what people call a row by.
func rowNumber(row *issuer.BatchRow) int {
	if row.Line > 0 {
		return row.Line
	}
	return row.Number
}

// rowsReady are those for which something is done once the batch is confirmed, and whom that is about.
func (s *server) rowsReady(v *visit, b *issuer.Batch, after string, limit int) (lines []batchPerson, next string, err error) {
	if b.Kind != issuer.BatchAward {
		rows, next, err := v.space.BatchRows(v.ctx(), b.ID, issuer.RowWaiting, after, limit)
		if err != nil {
			return nil, "", err
		}
		lines, err = s.rowPeople(v, rows)
		return lines, next, err
	}
	planned, next, err := v.space.BatchPlanned(v.ctx(), b.ID, after, limit)
	names := make(map[string]string)
	for _, p := range planned {
		line := batchPerson{Row: p.Row, Name: wording.First(p.Name, noName), Email: wording.Plain(p.Email)}
		if !p.Awarded.IsZero() {
			line.Awarded = v.day(p.Awarded)
		}
		if !p.ValidUntil.IsZero() {
			line.Ends = v.day(p.ValidUntil)
		}
		if b.Achievement == "" {
			if line.Achievement, err = v.achievementName(names, p.Achievement); err != nil {
				return nil, "", err
			}
		}
		lines = append(lines, line)
	}
	return lines, next, err
}

// achievementName is the name of an achievement, which names remembers.
func (v *visit) achievementName(names map[string]string, id string) (string, error) {
	if names[id] == "" {
		a, err := v.space.Achievement(v.ctx(), id)
		if err != nil {
			return "", err
		}
		names[id] = versionOf(a)
	}
	return names[id], nil
}

// rowPeople are the awards of rows.
func (s *server) rowPeople(v *visit, rows []issuer.BatchRow) (lines []batchPerson, err error) {
	names := make(map[string]string)
	for _, row := range rows {
		line := batchPerson{Row: rowNumber(&row), State: row.State(), Problems: row.Problems, Note: row.Note}
		if row.Problem != "" && len(row.Problems) == 0 {
			line.Note = row.Problem
		}
		if row.Award != "" {
			c, _, err := v.space.Credential(v.ctx(), row.Award)
			switch {
			case missing(err):
			case err != nil:
				return nil, err
			default:
				line.Link, line.Name, line.Begun = v.to("awards", c.ID), earnerOf(&c), v.day(c.Intended)
				if line.Achievement, err = v.achievementName(names, c.Achievement); err != nil {
					return nil, err
				}
			}
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// refreshed is after how many seconds the page of a batch that is being done is asked for anew where there is no script.
const refreshed = 10

// stays says what holds of a batch that stopped before its end, or of which rows failed: what was done for other rows is not taken back.
func stays(b *issuer.Batch) (all []string) {
	stopped := b.State == issuer.BatchHeld
	if !stopped && b.Failed == 0 {
		return nil
	}
	done := map[issuer.BatchKind][3]string{
		issuer.BatchAward:   {"No award of it was made.", "One award of it was made. It stays issued, unless somebody revokes it.", "%d awards of it were made. They stay issued, unless somebody revokes them."},
		issuer.BatchRevoke:  {"No award was revoked by it.", "One award was revoked by it. It stays revoked, for good.", "%d awards were revoked by it. They stay revoked, for good."},
		issuer.BatchReissue: {"No award was signed anew by it.", "One award was signed anew by it, and stays so.", "%d awards were signed anew by it, and stay so."},
	}[b.Kind]
	switch b.Done {
	case 0:
		all = append(all, done[0])
	default:
		all = append(all, counted(b.Done, done[1], done[2]))
	}
	if left := b.Total - b.Rejected - b.Done - b.Failed; stopped && left > 0 {
		all = append(all, counted(left, "For one row nothing is done before somebody lets the batch go on.", "For %d rows nothing is done before somebody lets the batch go on."))
	}
	if b.Failed > 0 {
		all = append(all, counted(b.Failed, "For one row nothing was done, and will not be. It is listed below as failed, with the reason.", "For %d rows nothing was done, and will not be. They are listed below as failed, each with its reason."))
	}
	if b.Kind == issuer.BatchAward && b.Done > 0 && b.Undone == "" {
		if stopped {
			all = append(all, "To take back what was made, end the batch, and then undo it.")
		} else if b.State == issuer.BatchFinished {
			all = append(all, "To take back what was made, undo the batch.")
		}
	}
	return all
}

// startedBatch shows how far a batch is, and what became of its rows.
func (s *server) startedBatch(v *visit, status int, f *form, data batchPage) error {
	b := data.Batch
	data.States = []choice{{"", "all"}, {string(issuer.RowDone), "done"}, {string(issuer.RowWaiting), "waiting"}, {string(issuer.RowFailed), "failed"}, {string(issuer.RowRejected), "left out"}}
	show := strings.TrimSpace(v.QueryParam("state"))
	if !slices.ContainsFunc(data.States, func(c choice) bool { return c.Value == show }) {
		return notFound()
	}
	data.Stays = stays(&b)
	data.Show = newForm()
	data.Show.Set("state", show)
	after := v.QueryParam("after")
	rows, next, err := v.space.BatchRows(v.ctx(), b.ID, issuer.RowState(show), after, listLength)
	if err != nil {
		return err
	}
	if data.Rows, err = s.rowPeople(v, rows); err != nil {
		return err
	}
	data.First, data.Next = v.pages(after, next)
	p := page{Title: wording.First(b.Name, "A batch"), Up: v.upBatches(), Form: f, Data: data}
	if b.State == issuer.BatchOpen {
		p.Script, p.Refresh = "batch.js", refreshed
	}
	return v.show(status, "batch", p)
}
