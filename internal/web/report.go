package web

import (
	"context"
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
	Sign    string // what stands in its shape: the shape alone, or the shape and why
	Newer   *named // the badge in its place; nil for none, or where that is not to be seen
}

// verdictOf words a report. What the issuer knows beside it is told for its own credentials, and nothing for all others.
func verdictOf(l wording.Language, report *verifier.Report, known wording.Standing) verdict {
	v := verdict{Verdict: l.Verdict(report, known), Checked: l.Instant(report.AsOf)}
	v.Sign = wording.Sign(v.Shape, report, known)
	if address := v.Verdict.Newer; address != "" && !known.Own { // of its own, the page knows more
		v.Newer = &named{l.Newer(address), address}
	}
	return v
}

// named is a link to a page by what that page is about.
type named struct{ Name, Link string }

func eventOf(change *issuer.Change) *wording.Event {
	if change == nil {
		return nil
	}
	return &wording.Event{At: change.At, Code: string(change.Code), Reason: change.Reason} // never the note, which is for the issuer alone
}

// checked is what a page shows of the checks of a report.
type checked struct{ wording.Checks }

// checksOf prepares the checks of a report.
func checksOf(l wording.Language, report *verifier.Report) checked { return checked{l.Checks(report)} }

// passing are the words that only say when the verdict was given and how old its facts were then.
func (c checked) passing(v verdict) []string {
	words := []string{v.Checked.Words, v.Checked.Machine}
	for _, f := range c.Steps {
		words = append(words, f.Age, f.Read.Words, f.Read.Machine)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// Passed are the checks that passed.
func (c checked) Passed() []wording.Noted { return c.by(true) }

// Open are the checks that a reader has to see.
func (c checked) Open() []wording.Noted { return c.by(false) }

func (c checked) by(passed bool) (all []wording.Noted) {
	for _, n := range c.Shown {
		if (n.Shape == wording.ShapeYes) == passed {
			all = append(all, n)
		}
	}
	return all
}

// once takes an advice away where it stands above already.
func (c *checked) once(advice string) { c.Once(advice) }

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

func shownOf(l wording.Language, report *verifier.Report, here *wording.Here) shown {
	v := shown{
		Verdict: verdictOf(l, report, wording.Standing{Here: here}), Kind: l.Kind(report.Input), File: wording.Plain(report.Input.Name), SHA256: report.Input.SHA256,
		Address: wording.Plain(report.Input.URL), Checks: checksOf(l, report), Inside: insideOf(l, report, here),
	}
	v.Checks.once(v.Verdict.Advice)
	if report.Input.ReadAt != nil {
		v.Read = l.Instant(*report.Input.ReadAt)
	}
	if report.Credential != nil && report.Authentic != verifier.No && report.Credential.Kind != credential.KindPresentation {
		v.Badge = viewOf(l, report, holder, here)
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
func insideOf(l wording.Language, report *verifier.Report, here *wording.Here) []inside {
	var all []inside
	for _, r := range report.Credentials {
		one := inside{Name: l.Say("page.report.inside.unnamed"), Verdict: verdictOf(l, r, wording.Standing{Here: here}), Checks: checksOf(l, r)}
		if r.Credential != nil {
			one.Badge = viewOf(l, r, holder, here)
			one.Name = one.Badge.Name
		}
		all = append(append(all, one), insideOf(l, r, here)...)
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
	data := reportPage{shown: shownOf(l, row.Report, s.here(c.Request().Context()))}
	data.frame = s.spoken(c, data.Verdict.Title)
	data.nameNewer(s.newerHere(c.Request().Context(), l, data.frame, row.Report))
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

// newerHere is the badge in the place of one that was handed in, by its name, where it is an award of this installation that is to be
// seen; nil for none.
func (s *server) newerHere(ctx context.Context, l wording.Language, f frame, report *verifier.Report) *named {
	if report.Authentic != verifier.Yes || report.Credential == nil {
		return nil
	}
	path, own := strings.CutPrefix(report.Credential.Superseded, s.Base+"/c/")
	if !own {
		return nil
	}
	newest, err := s.Office.Newest(ctx, strings.TrimSuffix(path, "/refresh"))
	if err != nil || !visible(newest) {
		return nil
	}
	found, err := s.successor(ctx, l, f, &newest)
	if err != nil {
		return nil // the address is told all the same
	}
	return found
}

// nameNewer puts the name of the badge in its place into the verdict, where it is known.
func (v *shown) nameNewer(newer *named) {
	if newer != nil {
		v.Verdict.Newer = newer
	}
}
