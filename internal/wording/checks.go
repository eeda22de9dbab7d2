package wording

import (
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/verifier"
)

// Noted is one check as a page shows it.
type Noted struct {
	Finding
	Detail  string // for those who know the standard, in English
	Code    string
	Pointer string
	Clause  string
	Read    Moment
	Address string // where the fact was read, or would have been
	Pack    string // who signed the offline pack that it was read from, and with which key
}

// Checks is what a page shows of the checks of a report.
type Checks struct {
	Changes []Noted // what can be proven about how a badge was changed
	Shown   []Noted // what was found, for anybody
	Steps   []Noted // each check for itself, for those who know the standard
}

// changes are the codes of what the verifier can prove about a signature that does not fit.
var changes = []string{"altered", "altered_encoding", "added_member", "cut_off"}

// Checks words the checks of a report. What changes nothing for a reader stands among the steps only, and what one step found twice is
// told in one place.
func (l Language) Checks(report *verifier.Report) Checks {
	var c Checks
	for _, check := range report.Checks {
		f := Noted{
			Finding: l.Finding(report, check),
			Detail:  Prose(check.Detail),
			Code:    Plain(check.Code),
			Pointer: Plain(check.Pointer),
			Clause:  Plain(check.Clause),
			Address: Plain(check.Facts[verifier.FactAddress]),
		}
		if by := check.Facts[verifier.FactPackSigner]; by != "" {
			f.Pack = Plain(by + ", " + check.Facts[verifier.FactPackKey])
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

// Once takes an advice away where it stands above already.
func (c *Checks) Once(advice string) {
	for _, list := range [][]Noted{c.Changes, c.Shown} {
		for i := range list {
			if list[i].Advice == advice {
				list[i].Advice = ""
			}
		}
	}
}

// Sign is the sign of a verdict: its shape, and after a hyphen what tells the cause within it where there is something to tell. The same
// cause comes first as in the words of [Language.Verdict].
func Sign(shape Shape, report *verifier.Report, known Standing) string {
	has := func(code string, steps ...string) bool {
		return slices.ContainsFunc(report.Checks, func(c verifier.Check) bool {
			return c.Outcome == verifier.Fail && (code == "" || c.Code == code) && slices.Contains(steps, c.Step)
		})
	}
	cause := ""
	switch {
	case shape == ShapeUnknown && report.Authentic != verifier.Yes:
		cause = "-who"
	case shape == ShapeNote && replaced(report):
		cause = "-newer"
	case shape != ShapeNo:
	case report.Authentic == verifier.No && has("", "form"):
		cause = "-nothing"
	case report.Authentic == verifier.No:
		cause = "-altered"
	case known.Revoked != nil || has("revoked", "status"):
	case known.Suspended != nil || has("suspended", "status"):
		cause = "-held"
	case has("expired", "dates"):
		cause = "-ended"
	case has("not_yet_valid", "dates"):
		cause = "-early"
	}
	return string(shape) + cause
}

// Signs are all that [Sign] gives, and those of single checks.
var Signs = []string{"yes", "no", "no-nothing", "no-altered", "no-held", "no-ended", "no-early", "unknown", "unknown-who", "note", "note-newer", "none"}
