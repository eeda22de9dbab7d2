package earner

import (
	"reflect"
	"strconv"
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
		"holding one of here":  {holding(report(verifier.Valid, verifier.Network), report(verifier.Valid, verifier.Installation)), 0, false},
		"holding others":       {holding(report(verifier.Valid, verifier.Network), report(verifier.Valid, verifier.Network)), 0, true},
	} {
		var j judged
		j.keep("id", c.report)
		if known := j.find("id", now.Add(c.after)) != nil; known != c.known {
			t.Errorf("%s: known is %t", name, known)
		}
	}
}

// holding is a report of a record, with those of the credentials inside.
func holding(r *verifier.Report, inside ...*verifier.Report) *verifier.Report {
	r.Credentials = inside
	return r
}

// TestJudgedBound: reports inside others are counted as well.
func TestJudgedBound(t *testing.T) {
	now := time.Now()
	var j judged
	for n := range mostJudged {
		r := &verifier.Report{Outcome: verifier.Valid, AsOf: now}
		for range 63 {
			r.Credentials = append(r.Credentials, &verifier.Report{Outcome: verifier.Valid, AsOf: now})
		}
		j.keep(strconv.Itoa(n), r)
		if len(j.known) > mostJudged/64 {
			t.Fatalf("%d records of 64 reports are held", len(j.known))
		}
	}
	if len(j.known) == 0 {
		t.Error("nothing is held")
	}
}

// TestLean: what is not good is kept before all else, of the document and of each credential inside.
func TestLean(t *testing.T) {
	many := func(outcome verifier.Result, step string) (all []verifier.Check) {
		for range 80 {
			all = append(all, verifier.Check{Step: step, Outcome: outcome})
		}
		return all
	}
	bad := verifier.Check{Step: "subject", Outcome: verifier.Warn, Facts: verifier.Facts{verifier.FactCase: "inside_not_authentic"}}
	status := verifier.Check{Step: "status", Outcome: verifier.Pass}
	within := &verifier.Report{Pointer: "/a", Checks: append(append(many(verifier.Warn, "schema"), many(verifier.Pass, "contexts")...), bad, status)}
	r := lean(&verifier.Report{Checks: append(append(many(verifier.Warn, "schema"), many(verifier.Pass, "contexts")...), bad, status), Credentials: []*verifier.Report{within}})
	for name, r := range map[string]*verifier.Report{"the document": r, "what is inside": r.Credentials[0]} {
		if len(r.Checks) < 2 || !reflect.DeepEqual(r.Checks[0], bad) || !reflect.DeepEqual(r.Checks[1], status) {
			t.Errorf("%s: %v", name, r.Checks)
		}
	}
	if r.Credentials[0].Pointer != "/a" || len(r.Checks) != mostChecks || len(r.Credentials[0].Checks) != mostChecksInside {
		t.Errorf("%q, %d and %d checks", r.Credentials[0].Pointer, len(r.Checks), len(r.Credentials[0].Checks))
	}
}
