package web

import "github.com/laurelbadges/laurel/verifier"

// finding is one check as a page shows it.
type finding struct {
	Shape   shape
	Title   string // what was found, in words for anybody
	Word    string // the outcome
	Detail  string
	Age     string
	Step    string
	Code    string
	Pointer string
	Clause  string
	Read    moment
}

// checked is what a page shows of the checks of a report.
type checked struct {
	Shown []finding // what was found, for anybody
	Steps []finding // each check for itself, for those who know the standard
}

// checksOf prepares the checks of a report. What changes nothing for a reader stands among the steps only, and what one step
// found twice is told in one place.
func checksOf(report *verifier.Report) checked {
	var c checked
	for _, check := range report.Checks {
		f := finding{
			Title:   headline(check),
			Detail:  prose(check.Detail),
			Age:     age(check.AsOf, report.AsOf),
			Step:    first(check.Title, check.Step),
			Code:    plain(check.Code),
			Pointer: plain(check.Pointer),
			Clause:  plain(check.Clause),
		}
		if check.AsOf != nil {
			f.Read = instant(*check.AsOf)
		}
		f.Shape, f.Word = signOf(check.Outcome)
		c.Steps = append(c.Steps, f)
		// Where a badge is not authentic, what could not be looked at does not matter to a reader.
		if check.Outcome == verifier.NotApplicable || check.Outcome == verifier.NotKnown && report.Authentic == verifier.No {
			continue
		}
		if last := len(c.Shown) - 1; last >= 0 && c.Shown[last].Title == f.Title && c.Shown[last].Shape == f.Shape {
			c.Shown[last].Detail += " " + f.Detail
			continue
		}
		c.Shown = append(c.Shown, f)
	}
	return c
}

func signOf(outcome verifier.Result) (shape, string) {
	switch outcome {
	case verifier.Pass:
		return shapeYes, "passed"
	case verifier.Fail:
		return shapeNo, "failed"
	case verifier.Warn:
		return shapeNote, "note"
	case verifier.NotApplicable:
		return shapeNone, "nothing to check"
	}
	return shapeUnknown, "not known" // also an outcome that is new to this page
}

// headlines word the outcomes of the steps whose names alone say little to a reader.
var headlines = map[string]map[verifier.Result]string{
	"form": {
		verifier.Pass: "The file can be read",
		verifier.Fail: "The file cannot be read as a badge",
	},
	"contexts": {
		verifier.Pass: "Its words are understood",
		verifier.Fail: "It uses words that cannot be read safely",
	},
	"schema": {
		verifier.Pass: "The standard is kept",
		verifier.Fail: "The standard is broken",
	},
	"issuer": {
		verifier.Pass:     "The key is the issuer’s own",
		verifier.Fail:     "The key is not the issuer’s own",
		verifier.NotKnown: "Whose key it is could not be established",
	},
	"proof": {
		verifier.Pass:     "The signature is right",
		verifier.Fail:     "The signature is not right",
		verifier.NotKnown: "The signature could not be checked",
	},
	"dates": {
		verifier.Pass:     "The dates fit",
		verifier.Fail:     "It is not valid at this time",
		verifier.NotKnown: "The dates could not be checked",
	},
	"status": {
		verifier.Pass:     "The issuer has not taken it back",
		verifier.Fail:     "It no longer counts",
		verifier.NotKnown: "Revocation could not be checked",
	},
	"subject": {
		verifier.Pass: "The recipient is named",
		verifier.Warn: "It names no recipient",
		verifier.Fail: "It does not fit its recipient",
	},
	"endorsement": {
		verifier.Pass:     "Somebody else endorses it",
		verifier.Warn:     "An endorsement does not count",
		verifier.NotKnown: "An endorsement could not be checked",
	},
}

// headline says in a few words what a check found.
func headline(check verifier.Check) string {
	if text := failures[check.Code]; text != "" && check.Outcome == verifier.Fail && (check.Code != "expired" || check.Step == "dates") {
		return text
	}
	return first(headlines[check.Step][check.Outcome], check.Title, check.Step)
}

// failures word the findings that mean more to a reader than the step that found them.
var failures = map[string]string{
	"revoked":       "The issuer has revoked it",
	"suspended":     "The issuer has set it aside for now",
	"expired":       "Its time has run out",
	"not_yet_valid": "It has not begun",
	"no_credential": "There is no badge in it",
}
