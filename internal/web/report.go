package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// verdict is the one band of a page that answers, and when it was checked.
type verdict struct {
	wording.Verdict
	Checked wording.Moment
}

// judge words a report. The record is that of the issuer for its own credentials, nil for all others.
func judge(l wording.Language, report *verifier.Report, record *issuer.Credential) verdict {
	var known wording.Standing
	if record != nil {
		known = wording.Standing{Revoked: eventOf(record.Revoked), Suspended: eventOf(record.Suspended)}
	}
	return verdict{Verdict: l.Verdict(report, known), Checked: l.Instant(report.AsOf)}
}

func eventOf(change *issuer.Change) *wording.Event {
	if change == nil {
		return nil
	}
	return &wording.Event{At: change.At, Code: string(change.Code), Reason: change.Reason} // never the note, which is for the issuer alone
}

// finding is one check as a page shows it.
type finding struct {
	wording.Finding
	Detail  string // for those who know the standard, in English
	Code    string
	Pointer string
	Clause  string
	Read    wording.Moment
	Address string // where the fact was read, or would have been
}

// checked is what a page shows of the checks of a report.
type checked struct {
	Changes []finding // what can be proven about how a badge was changed
	Shown   []finding // what was found, for anybody
	Steps   []finding // each check for itself, for those who know the standard
}

// changes are the codes of what the verifier can prove about a signature that does not fit.
var changes = []string{"altered", "altered_encoding", "added_member", "cut_off"}

// checksOf prepares the checks of a report. What changes nothing for a reader stands among the steps only, and what one step
// found twice is told in one place.
func checksOf(l wording.Language, report *verifier.Report) checked {
	var c checked
	for _, check := range report.Checks {
		f := finding{
			Finding: l.Finding(report, check),
			Detail:  wording.Prose(check.Detail),
			Code:    wording.Plain(check.Code),
			Pointer: wording.Plain(check.Pointer),
			Clause:  wording.Plain(check.Clause),
			Address: wording.Plain(check.Facts[verifier.FactAddress]),
		}
		if check.AsOf != nil {
			f.Read = l.Instant(*check.AsOf)
		}
		c.Steps = append(c.Steps, f)
		last := len(c.Shown) - 1
		switch {
		case check.Step == "proof" && slices.Contains(changes, check.Code):
			c.Changes = append(c.Changes, f)
		// Where a badge is not authentic, what could not be looked at does not matter to a reader.
		case check.Outcome == verifier.NotApplicable || check.Outcome == verifier.NotKnown && report.Authentic == verifier.No:
		case last >= 0 && c.Shown[last].Title == f.Title && c.Shown[last].Shape == f.Shape:
			if !strings.Contains(c.Shown[last].Text, f.Text) {
				c.Shown[last].Text += " " + f.Text
			}
		default:
			c.Shown = append(c.Shown, f)
		}
	}
	return c
}

// once takes an advice away where it stands above already.
func (c *checked) once(advice string) {
	for _, list := range [][]finding{c.Changes, c.Shown} {
		for i := range list {
			if list[i].Advice == advice {
				list[i].Advice = ""
			}
		}
	}
}

// shown is a report as a page shows it.
type shown struct {
	Verdict verdict
	Badge   *badge // nil where nothing was secured
	Kind    string // what was handed in
	File    string // as it was called
	SHA256  string
	Address string // where it was read, when the input led there
	Read    wording.Moment
	Checks  checked
	Inside  []inside // of a presentation or a record
}

func shownOf(l wording.Language, report *verifier.Report) shown {
	v := shown{
		Verdict: judge(l, report, nil), Kind: l.Kind(report.Input), File: wording.Plain(report.Input.Name), SHA256: report.Input.SHA256,
		Address: wording.Plain(report.Input.URL), Checks: checksOf(l, report), Inside: insideOf(l, report),
	}
	v.Checks.once(v.Verdict.Advice)
	if report.Input.ReadAt != nil {
		v.Read = l.Instant(*report.Input.ReadAt)
	}
	if report.Credential != nil && report.Authentic != verifier.No && report.Credential.Kind != credential.KindPresentation {
		v.Badge = viewOf(l, report.Credential, holder)
	}
	return v
}

// inside is a credential inside a presentation or a record, with its own verdict.
type inside struct {
	Name    string
	Verdict verdict
	Badge   *badge
	Checks  checked
}

// insideOf gathers the reports of everything inside a report, the outer before the inner.
func insideOf(l wording.Language, report *verifier.Report) []inside {
	var all []inside
	for _, r := range report.Credentials {
		one := inside{Name: l.Say("page.report.inside.unnamed"), Verdict: judge(l, r, nil), Checks: checksOf(l, r)}
		if r.Credential != nil {
			one.Badge = viewOf(l, r.Credential, holder)
			one.Name = one.Badge.Name
		}
		all = append(append(all, one), insideOf(l, r)...)
	}
	return all
}

type reportPage struct {
	frame
	shown
	JSON   string
	Sealed string // the report, for the record to file
}

// reportPage shows a report to whoever gave the badge.
func (s *server) reportPage(c echo.Context, l wording.Language, row batch.Row) error {
	data := reportPage{shown: shownOf(l, row.Report)}
	data.frame = s.spoken(c, data.Verdict.Title)
	data.Sealing = true
	body, err := reportJSON(row.Report)
	if err != nil {
		return err
	}
	data.JSON = wording.Visible(string(body))
	if data.Sealed, err = s.seal.close([]batch.Row{row}); err != nil {
		return err
	}
	return s.pageIn(c, l, http.StatusOK, "report", data)
}
