package earner

import (
	"testing"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// TestJudged: what others publish is asked for once a minute; what rests on this installation, or is not known, each time.
func TestJudged(t *testing.T) {
	now := time.Now()
	report := func(outcome verifier.Outcome, origin verifier.Origin) *verifier.Report {
		return &verifier.Report{Outcome: outcome, AsOf: now, Checks: []verifier.Check{{Step: "status", Facts: verifier.Facts{verifier.FactOrigin: origin.Fact()}}}}
	}
	for name, c := range map[string]struct {
		report *verifier.Report
		after  time.Duration
		known  bool
	}{
		"of others":            {report(verifier.Valid, verifier.Network), 0, true},
		"a minute old":         {report(verifier.Valid, verifier.Network), judgedFor, false},
		"of this installation": {report(verifier.Valid, verifier.Installation), 0, false},
		"not known":            {report(verifier.Unknown, verifier.Network), 0, false},
	} {
		var j judged
		j.keep("id", c.report)
		if known := j.find("id", now.Add(c.after)) != nil; known != c.known {
			t.Errorf("%s: known is %t", name, known)
		}
	}
}
