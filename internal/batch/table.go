package batch

import (
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// column is one column of an export.
type column struct {
	head   string  // key of its name in the catalogue
	width  float64 // in characters, for programs that keep widths
	number bool    // its cells are numbers, or empty
	cell   func(c cells) string
}

// cells are what the cells of one row are taken from.
type cells struct {
	wording.Language
	row     Row
	report  *verifier.Report
	view    verifier.View
	verdict wording.Verdict
	here    *wording.Here
}

// columns in their order. A cell is safe to show, and says the same in every export.
var columns = []column{
	{"export.number", 6, true, func(c cells) string { return strconv.Itoa(c.row.Number) }},
	{"export.file", 32, false, func(c cells) string { return wording.First(c.report.Input.Name, c.report.Input.URL) }},
	{"export.answer", 44, false, func(c cells) string { return c.verdict.Line() }},
	{"export.outcome", 12, false, func(c cells) string { return c.outcome() }},
	{"export.authentic", 12, false, func(c cells) string { return c.YesOrNo(c.report.Authentic) }},
	{"export.inforce", 12, false, func(c cells) string { return c.InForce(c.report) }},
	{"export.badge", 36, false, func(c cells) string { return c.BadgeName(c.report.Credential) }},
	{"export.issuer", 28, false, func(c cells) string { return c.issuer() }},
	{"export.issuerid", 36, false, func(c cells) string { return wording.Plain(wording.SignedBy(c.report.Credential).ID) }},
	{"export.recipient", 32, false, func(c cells) string { return c.recipient() }},
	{"export.awarded", 12, false, func(c cells) string { return date(c.view.Awarded) }},
	{"export.until", 12, false, func(c cells) string { return date(c.view.ValidUntil) }},
	{"export.reason", 60, false, func(c cells) string { return c.reason() }},
	{"export.todo", 48, false, func(c cells) string { return c.verdict.Advice }},
	{"export.standard", 22, false, func(c cells) string { return c.Standard(c.view.Standard) }},
	{"export.checked", 21, false, func(c cells) string { return c.report.AsOf.UTC().Format(time.RFC3339) }},
	{"export.sha256", 66, false, func(c cells) string { return wording.Plain(c.report.Input.SHA256) }},
	{"export.readat", 36, false, func(c cells) string { return wording.Plain(c.report.Input.URL) }},
	{"export.sameas", 12, true, func(c cells) string { return numberOrNone(c.row.SameAs) }},
	{"export.like", 12, true, func(c cells) string { return numberOrNone(c.row.Like) }},
}

// table is the rows as texts, without the heads.
func table(rows []Row, l wording.Language, here *wording.Here) [][]string {
	lines := make([][]string, 0, len(rows))
	for _, row := range rows {
		c := cells{Language: l, row: row, report: row.Report, verdict: l.Verdict(row.Report, wording.Standing{Dated: true, Here: here}), here: here}
		if row.Report.Credential != nil {
			c.view = *row.Report.Credential
		}
		line := make([]string, len(columns))
		for i, column := range columns {
			line[i] = column.cell(c)
		}
		lines = append(lines, line)
	}
	return lines
}

// heads are the names of the columns.
func heads(l wording.Language) []string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = l.Say(column.head)
	}
	return names
}

func (c cells) outcome() string { return c.Say("export.outcome." + c.verdict.Result(c.report)) }

func (c cells) issuer() string {
	if p := wording.SignedBy(c.report.Credential); p.ID != "" || p.Name != "" {
		return c.SignerLine(c.report, c.here)
	}
	return ""
}

func (c cells) recipient() string {
	var words []string
	for _, id := range c.view.Recipient {
		words = append(words, c.Identity(id, true))
	}
	return wording.Plain(strings.Join(words, "; "))
}

func (c cells) reason() string {
	return wording.Cut(strings.Join(strings.Fields(strings.Join([]string{c.verdict.Signer, c.verdict.Detail, c.verdict.Reason}, " ")), " "), 2000)
}

// date is the day of a signed date in UTC, as table programs sort it; with the time where the day does not begin then. A text that is
// no date stays as it is.
func date(signed string) string {
	t, err := time.Parse(time.RFC3339, signed)
	if err != nil {
		return wording.Plain(signed)
	}
	if t = t.UTC(); t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}

func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
