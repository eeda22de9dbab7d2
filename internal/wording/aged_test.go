package wording

import (
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// TestAges: a verdict speaks of the day that was judged only where what decides was read within a day of it, whatever it was read from.
func TestAges(t *testing.T) {
	day := 24 * time.Hour
	for name, test := range map[string]struct {
		issuer, proof, status, endorsement time.Duration // ages; negative: not read anywhere
		fresh                              bool
		english, spanish                   string
	}{
		"all in the input":        {-1, -1, -1, -1, true, "", ""},
		"just now":                {0, -1, 0, -1, true, "", ""},
		"a day":                   {day, -1, day, -1, true, "", ""},
		"a day and a second":      {0, -1, day + time.Second, -1, false, "Authentic, and not taken back as of 21 November 2026", "Auténtica y no retirada a fecha de 21 de noviembre de 2026"},
		"six days":                {6 * day, -1, 6 * day, -1, false, "Authentic, and not taken back as of 16 November 2026", "Auténtica y no retirada a fecha de 16 de noviembre de 2026"},
		"the key is older":        {9 * day, -1, 2 * day, -1, false, "Authentic, and not taken back as of 13 November 2026", ""},
		"what was published":      {-1, 3 * day, 0, -1, false, "Authentic, and not taken back as of 19 November 2026", ""},
		"an endorsement, that is": {0, -1, 0, 40 * day, true, "", ""},
	} {
		r := reportOf(yes, yes, "issuer/pass/", "proof/pass/", "status/pass/", "endorsement/pass/")
		for i, age := range []time.Duration{test.issuer, test.proof, test.status, test.endorsement} {
			if age >= 0 {
				read := judgedAt.Add(-age)
				r.Checks[i].AsOf = &read
			}
		}
		for _, dated := range []bool{false, true} {
			for _, l := range Languages {
				v := l.Verdict(r, Standing{Dated: dated})
				if test.fresh {
					if v.Shape != ShapeYes || l.InForce(r) != l.Say("plain.yes") {
						t.Errorf("%s %s: %+v, %q", name, l, v, l.InForce(r))
					}
					continue
				}
				want := map[Language]string{English: test.english, Spanish: test.spanish}[l]
				if v.Shape != ShapeUnknown || want != "" && v.Title != want || Sign(v.Shape, r, Standing{}) != "unknown" || l.InForce(r) == l.Say("plain.yes") {
					t.Errorf("%s %s: %+v, %q", name, l, v, l.InForce(r))
				}
				for _, word := range []string{"today", "hoy", "in force", "vigente"} {
					if strings.Contains(v.Title, word) {
						t.Errorf("%s %s: %q says %q", name, l, v.Title, word)
					}
				}
			}
		}
	}
	old := judgedAt.Add(-2 * day)
	unlisted := reportOf(yes, yes, "issuer/pass/")
	unlisted.Checks[0].AsOf = &old
	if v := English.Verdict(unlisted, Standing{}); v.Title != "Authentic, by what was published on 20 November 2026" || v.Shape != ShapeUnknown {
		t.Errorf("%+v", v)
	}
	whole := reportOf(yes, yes)
	whole.Credentials = []*verifier.Report{unlisted}
	if v := Spanish.Verdict(whole, Standing{}); v.Title != "Auténtica, según lo publicado el 20 de noviembre de 2026" || v.Shape != ShapeUnknown {
		t.Errorf("%+v", v)
	}
	// A reason against it does not grow old.
	revoked := reportOf(yes, no, "issuer/pass/", "status/fail/revoked")
	revoked.Checks[0].AsOf, revoked.Checks[1].AsOf = &old, &old
	if v := English.Verdict(revoked, Standing{}); v.Title != "Authentic, but revoked" || v.Shape != ShapeNo {
		t.Errorf("%+v", v)
	}
	if v := English.Verdict(unlisted, Standing{Revoked: &Event{At: judgedAt}}); v.Shape != ShapeNo {
		t.Errorf("%+v", v)
	}
}
