package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// reportOf builds a report from its answers and the checks that led to them, each as step/outcome/code.
func reportOf(authentic, inForce verifier.Answer, checks ...string) *verifier.Report {
	r := goodReport()
	r.Authentic, r.InForce = authentic, inForce
	switch {
	case authentic == verifier.No || inForce == verifier.No:
		r.Outcome = verifier.Invalid
	case authentic != verifier.Yes || inForce != verifier.Yes:
		r.Outcome = verifier.Unknown
	}
	if authentic == verifier.No {
		r.Credential = nil
	}
	for _, c := range checks {
		p := strings.Split(c, "/")
		r.Checks = append(r.Checks, verifier.Check{Step: p[0], Outcome: verifier.Result(p[1]), Code: p[2], Title: "Step " + p[0], Detail: "Detail of " + p[2] + "."})
	}
	return r
}

func TestVerdictWords(t *testing.T) {
	const yes, no, unknown = verifier.Yes, verifier.No, verifier.Undecided
	for name, test := range map[string]struct {
		report *verifier.Report
		shape  wording.Shape
		title  string
	}{
		"in force":               {reportOf(yes, yes), wording.ShapeYes, "Authentic, and in force today"},
		"revoked":                {reportOf(yes, no, "status/fail/revoked"), wording.ShapeNo, "Authentic, but revoked"},
		"suspended":              {reportOf(yes, no, "status/fail/suspended"), wording.ShapeNo, "Authentic, but suspended"},
		"expired":                {reportOf(yes, no, "dates/fail/expired"), wording.ShapeNo, "Authentic, but expired"},
		"not yet begun":          {reportOf(yes, no, "dates/fail/not_yet_valid"), wording.ShapeNo, "Authentic, but not yet begun"},
		"revoked and expired":    {reportOf(yes, no, "dates/fail/expired", "status/fail/revoked"), wording.ShapeNo, "Authentic, but revoked"},
		"malformed status entry": {reportOf(yes, no, "status/fail/status_invalid"), wording.ShapeNo, "Authentic, but not in force"},
		"status not known":       {reportOf(yes, unknown, "status/unknown/status_unavailable"), wording.ShapeUnknown, "Authentic, but we could not confirm that it is still in force"},
		"signer not known":       {reportOf(unknown, unknown, "issuer/unknown/issuer_unresolved"), wording.ShapeUnknown, "Signed, but we could not establish by whom"},
		"signature not tried": {func() *verifier.Report {
			r := reportOf(unknown, unknown, "issuer/unknown/issuer_unresolved", "proof/unknown/issuer_unresolved")
			r.Checks = r.Checks[3:]
			return r
		}(), wording.ShapeUnknown, "We could not establish who signed this"},
		"signer unknown, expired": {reportOf(unknown, no, "issuer/unknown/issuer_unresolved", "dates/fail/expired"), wording.ShapeNo, "Signed, but we could not establish by whom, and it has expired"},
		"signer unknown, revoked": {reportOf(unknown, no, "status/fail/revoked"), wording.ShapeNo, "Signed, but we could not establish by whom, and it is marked as revoked"},
		"signer unknown, aside":   {reportOf(unknown, no, "status/fail/suspended"), wording.ShapeNo, "Signed, but we could not establish by whom, and it is marked as suspended"},
		"signer unknown, early":   {reportOf(unknown, no, "dates/fail/not_yet_valid"), wording.ShapeNo, "Signed, but we could not establish by whom, and it has not yet begun"},
		"signer unknown, no code": {reportOf(unknown, no), wording.ShapeNo, "Signed, but we could not establish by whom, and it is not in force"},
		"altered":                 {reportOf(no, unknown, "proof/fail/signature_invalid"), wording.ShapeNo, "Not authentic: it was altered, or somebody else signed it"},
		"somebody else's key":     {reportOf(no, unknown, "issuer/fail/issuer_mismatch"), wording.ShapeNo, "Not authentic: the key is not the issuer’s own"},
		"not a badge":             {reportOf(no, unknown, "form/fail/no_credential"), wording.ShapeNo, "This is not a badge"},
		"damaged":                 {reportOf(no, unknown, "form/fail/malformed"), wording.ShapeNo, "Not authentic: it is damaged"},
		"damaged picture":         {reportOf(no, unknown, "form/fail/image_invalid"), wording.ShapeNo, "Not authentic: the picture is damaged"},
		"no signature":            {reportOf(no, unknown, "proof/fail/malformed"), wording.ShapeNo, "Not authentic: it carries no complete signature"},
		"two readings":            {reportOf(no, unknown, "form/fail/duplicate_key"), wording.ShapeNo, "Not authentic: it can be read in more than one way"},
		"too large":               {reportOf(no, unknown, "form/fail/too_large"), wording.ShapeNo, "Not authentic: it is larger than any badge may be"},
		"against the standard":    {reportOf(no, unknown, "schema/fail/schema_invalid"), wording.ShapeNo, "Not authentic: it breaks the rules of its standard"},
		"weak key":                {reportOf(no, unknown, "proof/fail/weak_key"), wording.ShapeNo, "Not authentic: its signature is of a kind that cannot be trusted"},
		"purpose":                 {reportOf(no, unknown, "proof/fail/proof_purpose"), wording.ShapeNo, "Not authentic: the key was not meant for signing badges"},
		"expired proof":           {reportOf(no, unknown, "proof/fail/expired"), wording.ShapeNo, "Not authentic: its signature has run out"},
		"a code new to this page": {reportOf(no, unknown, "proof/fail/brand_new"), wording.ShapeNo, "Not authentic"},
		"failed without a check":  {reportOf(no, no), wording.ShapeNo, "Not authentic"},
		"unknown beats a stray yes": {
			reportOf(unknown, yes), wording.ShapeUnknown, "Signed, but we could not establish by whom",
		},
		"outcome that contradicts its answers": {
			func() *verifier.Report { r := reportOf(yes, yes); r.Outcome = verifier.Unknown; return r }(),
			wording.ShapeUnknown, "Authentic, but we could not confirm that it is still in force",
		},
		"answers that are empty": {&verifier.Report{AsOf: judgedAt}, wording.ShapeUnknown, "We could not establish who signed this"},
	} {
		t.Run(name, func(t *testing.T) {
			got := verdictOf(wording.English, test.report, wording.Standing{})
			if got.Shape != test.shape || got.Title != test.title {
				t.Errorf("got %s %q, want %s %q", got.Shape, got.Title, test.shape, test.title)
			}
			f := newFixture(t, nil)
			f.report = test.report
			w := f.call(http.MethodPost, "/verify", strings.NewReader("{}"), "Content-Type", "application/vc")
			wantStatus(t, w, http.StatusOK)
			wantText(t, w, `class="band band-`+string(test.shape)+`"`, "<h1>"+test.title+"</h1>", "22 November 2026, 10:00 UTC")
			if test.shape != wording.ShapeYes {
				wantNoText(t, w, "band-yes")
			}
			if strings.Count(w.Body.String(), "<h1") != 1 {
				t.Error("the page has not one h1")
			}
			if regexp.MustCompile(`(?i)\bverified\b`).MatchString(w.Body.String()) {
				t.Error("the page says Verified")
			}
		})
	}
}

func TestVerdictReasons(t *testing.T) {
	expired := verdictOf(wording.English, reportOf(verifier.Yes, verifier.No, "dates/fail/expired"), wording.Standing{})
	if want := "until 14 May 2031, 12:30 UTC."; !strings.Contains(expired.Detail, want) {
		t.Errorf("expired: %q lacks %q", expired.Detail, want)
	}
	both := verdictOf(wording.English, reportOf(verifier.Yes, verifier.No, "dates/fail/expired", "status/fail/revoked"), wording.Standing{})
	if want := "It has also expired."; !strings.Contains(both.Detail, want) {
		t.Errorf("revoked and expired: %q lacks %q", both.Detail, want)
	}
	silent := reportOf(verifier.Yes, verifier.Undecided, "status/unknown/status_unavailable")
	if got := verdictOf(wording.English, silent, wording.Standing{}); !strings.Contains(got.Detail, "could not be read") {
		t.Errorf("status unknown: %q gives no reason", got.Detail)
	}
}

func TestRecordMakesTheVerdictWorse(t *testing.T) {
	// The list that carries the revocation may be minutes old: the issuer's own record counts at once.
	record := issuer.Credential{Suspended: &issuer.Change{At: time.Date(2026, 9, 3, 0, 0, 0, 0, time.UTC)}}
	if got := (shownAward{record: record, report: goodReport()}).verdict(wording.English); got.Shape != wording.ShapeNo || got.Title != "Authentic, but suspended since 3 September 2026" {
		t.Errorf("got %s %q", got.Shape, got.Title)
	}
	if got := (shownAward{report: reportOf(verifier.Yes, verifier.No, "status/fail/revoked")}).verdict(wording.English); got.Shape != wording.ShapeNo {
		t.Errorf("a record without a revocation turned the report into %s", got.Shape)
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  \"a\": \"b\"\n}":    "{\n  \"a\": \"b\"\n}",
		"a\u202eb":                `a\u202eb`,
		"\u200b\U000e0001é\u0085": `\u200b\udb40\udc01é\u0085`,
	} {
		if got := wording.Visible(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
