package claim

import (
	"cmp"
	"slices"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// Bounds of what is listed of a record: with them a page has less than 60 kB.
const (
	mostInside     = 24 // credentials
	mostInsideName = 60 // characters
)

// inside are the credentials inside a record, each with its own verdict.
type inside struct {
	Lines []insideLine
	More  string // how many are not listed, in words; "" for none
}

// insideLine is one of them.
type insideLine struct {
	Name    string
	Lang    string // of Name, where it is not that of the page
	Says    string // whom it says that it is from, where that is not proven; "" where Verdict names the signer, or nothing was secured
	Verdict verdict
}

// insideOf lists what is inside a report, the outer before the inner, each worded by word. Where there is more than is listed, what is not
// good is listed first.
func insideOf(l wording.Language, report *verifier.Report, word func(*verifier.Report) verdict) (all inside) {
	all.Lines = insideLines(l, report, word)
	if more := len(all.Lines) - mostInside; more > 0 {
		slices.SortStableFunc(all.Lines, func(a, b insideLine) int { return cmp.Compare(gravity[a.Verdict.Shape], gravity[b.Verdict.Shape]) })
		all.Lines, all.More = all.Lines[:mostInside], l.Count("record.moreinside", more)
	}
	return all
}

// gravity orders shapes, the worst first.
var gravity = map[wording.Shape]int{wording.ShapeNo: 0, wording.ShapeUnknown: 1, wording.ShapeNote: 2, wording.ShapeYes: 3}

func insideLines(l wording.Language, report *verifier.Report, word func(*verifier.Report) verdict) (all []insideLine) {
	for _, within := range report.Credentials {
		line := insideLine{Name: l.Say("page.report.inside.unnamed"), Verdict: word(within)}
		if v := within.Credential; v != nil {
			line.Name = wording.Cut(wording.First(l.BadgeName(v), line.Name), mostInsideName)
			line.Lang = l.BadgeLanguage(v)
			if line.Verdict.Signer == "" {
				line.Says = wording.Cut(wording.Plain(l.PartyName(v.Issuer)), mostInsideName)
			}
		}
		all = append(append(all, line), insideLines(l, within, word)...)
	}
	return all
}
