package wording

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

const yes, no, open = verifier.Yes, verifier.No, verifier.Undecided

// reportOf builds a report from its answers and the checks that led to them, each as step/outcome/code or step/outcome/code/case.
func reportOf(authentic, inForce verifier.Answer, checks ...string) *verifier.Report {
	r := &verifier.Report{Outcome: verifier.Valid, Authentic: authentic, InForce: inForce, AsOf: judgedAt,
		Credential: &verifier.View{Kind: "AchievementCredential", Issuer: verifier.Party{ID: "did:web:cedar.example", Name: "Cedar County Schools"},
			ValidFrom: "2026-05-14T00:00:00Z", ValidUntil: "2031-05-14T12:30:00Z"}}
	switch {
	case authentic == no || inForce == no:
		r.Outcome = verifier.Invalid
	case authentic != yes || inForce != yes:
		r.Outcome = verifier.Unknown
	}
	if authentic == no {
		r.Credential = nil
	}
	for _, c := range checks {
		p := append(strings.Split(c, "/"), "", "")
		check := verifier.Check{Step: p[0], Outcome: verifier.Result(p[1]), Code: p[2], Title: "Step " + p[0], Detail: "Detail of " + p[2] + ".", Clause: "VCDM 2.0"}
		if p[3] != "" {
			check.Facts = verifier.Facts{verifier.FactCase: p[3]}
		}
		r.Checks = append(r.Checks, check)
	}
	return r
}

func TestVerdicts(t *testing.T) {
	for name, test := range map[string]struct {
		report           *verifier.Report
		shape            Shape
		english, spanish string
	}{
		"in force":               {reportOf(yes, yes), ShapeYes, "Authentic, and in force today", "Auténtica y vigente hoy"},
		"revoked":                {reportOf(yes, no, "status/fail/revoked"), ShapeNo, "Authentic, but revoked", "Auténtica, pero revocada"},
		"suspended":              {reportOf(yes, no, "status/fail/suspended"), ShapeNo, "Authentic, but suspended", "Auténtica, pero suspendida"},
		"expired":                {reportOf(yes, no, "dates/fail/expired"), ShapeNo, "Authentic, but expired", "Auténtica, pero vencida"},
		"not yet begun":          {reportOf(yes, no, "dates/fail/not_yet_valid"), ShapeNo, "Authentic, but not yet begun", "Auténtica, pero aún no ha empezado"},
		"revoked and expired":    {reportOf(yes, no, "dates/fail/expired", "status/fail/revoked"), ShapeNo, "Authentic, but revoked", "Auténtica, pero revocada"},
		"malformed status entry": {reportOf(yes, no, "status/fail/status_invalid"), ShapeNo, "Authentic, but not in force", "Auténtica, pero no está vigente"},
		"status not known": {reportOf(yes, open, "status/unknown/status_unavailable"), ShapeUnknown,
			"Authentic, but we could not confirm that it is still in force", "Auténtica, pero no pudimos confirmar que siga vigente"},
		"signer not known":    {reportOf(open, open, "issuer/unknown/issuer_unresolved", "proof/pass/"), ShapeUnknown, "Signed, but we could not establish by whom", ""},
		"signature not tried": {reportOf(open, open, "issuer/unknown/issuer_unresolved", "proof/unknown/issuer_unresolved"), ShapeUnknown, "We could not establish who signed this", ""},
		"signer unknown, expired": {reportOf(open, no, "proof/pass/", "issuer/unknown/issuer_unresolved", "dates/fail/expired"), ShapeNo,
			"Signed, but we could not establish by whom, and it has expired", ""},
		"signer unknown, revoked": {reportOf(open, no, "proof/pass/", "status/fail/revoked"), ShapeNo, "Signed, but we could not establish by whom, and it is marked as revoked", ""},
		"nothing read": {reportOf(open, open, "form/unknown/input_unavailable"), ShapeUnknown,
			"We could not read what is at that address", "No pudimos leer lo que hay en esa dirección"},
		"altered":               {reportOf(no, open, "proof/fail/signature_invalid"), ShapeNo, "Not authentic: it was altered, or somebody else signed it", ""},
		"somebody else's key":   {reportOf(no, open, "issuer/fail/issuer_mismatch"), ShapeNo, "Not authentic: the key is not the issuer’s own", ""},
		"a removed key":         {reportOf(no, open, "issuer/fail/key_mismatch/withdrawn"), ShapeNo, "Not authentic: the issuer removed the key that signed it", ""},
		"not a badge":           {reportOf(no, open, "form/fail/no_credential"), ShapeNo, "This is not a badge", "Esto no es una insignia"},
		"a picture without one": {reportOf(no, open, "form/fail/no_credential/picture"), ShapeNo, "There is no badge in this picture", "No hay ninguna insignia en esta imagen"},
		"damaged":               {reportOf(no, open, "form/fail/malformed"), ShapeNo, "Not authentic: it is damaged", ""},
		"damaged picture":       {reportOf(no, open, "form/fail/image_invalid"), ShapeNo, "Not authentic: the picture is damaged", ""},
		"no signature":          {reportOf(no, open, "proof/fail/malformed"), ShapeNo, "Not authentic: it carries no complete signature", ""},
		"two readings":          {reportOf(no, open, "form/fail/duplicate_key"), ShapeNo, "Not authentic: it can be read in more than one way", ""},
		"too large":             {reportOf(no, open, "form/fail/too_large"), ShapeNo, "Not authentic: it is larger than any badge may be", ""},
		"against the standard":  {reportOf(no, open, "schema/fail/schema_invalid"), ShapeNo, "Not authentic: it breaks the rules of its standard", ""},
		"weak key":              {reportOf(no, open, "proof/fail/weak_key"), ShapeNo, "Not authentic: its signature is of a kind that cannot be trusted", ""},
		"purpose":               {reportOf(no, open, "proof/fail/proof_purpose"), ShapeNo, "Not authentic: the key was not meant for signing badges", ""},
		"expired proof":         {reportOf(no, open, "proof/fail/expired"), ShapeNo, "Not authentic: its signature has run out", ""},
		"a code new to us":      {reportOf(no, open, "proof/fail/brand_new"), ShapeNo, "Not authentic", "No es auténtica"},
		"failed without a check": {reportOf(no, no), ShapeNo, "Not authentic",
			"No es auténtica"},
		"unknown beats a stray yes": {reportOf(open, yes, "proof/pass/"), ShapeUnknown, "Signed, but we could not establish by whom", ""},
		"outcome that contradicts its answers": {
			func() *verifier.Report { r := reportOf(yes, yes); r.Outcome = verifier.Unknown; return r }(),
			ShapeUnknown, "Authentic, but we could not confirm that it is still in force", "",
		},
		"answers that are empty": {&verifier.Report{AsOf: judgedAt}, ShapeUnknown, "We could not establish who signed this", ""},
	} {
		for _, l := range Languages {
			got := l.Verdict(test.report, Standing{})
			want := map[Language]string{English: test.english, Spanish: cmp.Or(test.spanish, got.Title)}[l]
			if got.Shape != test.shape || got.Title != want || got.Title == "" {
				t.Errorf("%s: got %s %q, want %s %q", name, got.Shape, got.Title, test.shape, want)
			}
			if got.Detail == "" || got.Advice == "" || (got.Signer != "") != (test.report.Authentic == yes) {
				t.Errorf("%s %s: %+v", l, name, got)
			}
		}
	}
}

func TestVerdictDetails(t *testing.T) {
	for name, test := range map[string]struct {
		got, want string
	}{
		"expired":             {English.Verdict(reportOf(yes, no, "dates/fail/expired"), Standing{}).Detail, "signed exactly this badge. It was in force until 14 May 2031, 12:30 UTC."},
		"revoked and expired": {English.Verdict(reportOf(yes, no, "dates/fail/expired", "status/fail/revoked"), Standing{}).Detail, "signed this badge and later took it back. It no longer counts. It has also expired."},
		"with a list":         {Spanish.Verdict(reportOf(yes, yes, "status/pass/"), Standing{}).Detail, "firmó exactamente esta insignia y no la ha retirado."},
		"without one":         {English.Verdict(reportOf(yes, yes), Standing{}).Detail, "signed exactly this badge. It names no list on which it could be taken back."},
		"who":                 {Spanish.Verdict(reportOf(yes, yes), Standing{}).Signer, "cedar.example, que dice llamarse «Cedar County Schools»,"},
		"status not known":    {English.Verdict(reportOf(yes, open, "status/unknown/status_unavailable"), Standing{}).Detail, "signed exactly this badge. Whether it was taken back is not known, because the issuer’s list could not be read."},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
}

// TestTitlesAgreeWithTheirChecks: what is no badge or cannot be opened is told alike above and below, and never as if a badge had been
// judged.
func TestTitlesAgreeWithTheirChecks(t *testing.T) {
	for _, s := range situations {
		if s.steps != "form" || s.outcome != fail {
			continue
		}
		for _, c := range s.checks() {
			r := &verifier.Report{Outcome: verifier.Invalid, Authentic: no, AsOf: judgedAt, Checks: []verifier.Check{c}}
			about := c.Facts[verifier.FactCase]
			for _, l := range Languages {
				own, told := l.text(key("check.form.fail", c.Code, about, "title"))
				if title := l.Verdict(r, Standing{}).Title; told && about != "" && title != own {
					t.Errorf("%s %s %s: the verdict is %q, its check %q", l, c.Code, about, title, own)
				}
			}
		}
	}
}

// TestVerdictsDoNotRepeatThemselves: the sentence below the title says something else than the title.
func TestVerdictsDoNotRepeatThemselves(t *testing.T) {
	plain := func(s string) string {
		_, after, there := strings.Cut(s, ": ")
		if !there {
			after = s
		}
		return strings.ToLower(strings.TrimSuffix(after, "."))
	}
	for _, s := range situations {
		for _, c := range s.checks() {
			r := &verifier.Report{Authentic: open, AsOf: judgedAt, Checks: []verifier.Check{c}}
			if c.Outcome == fail {
				r.Authentic = no
			}
			for _, l := range Languages {
				v, f := l.Verdict(r, Standing{}), l.Finding(r, c)
				if strings.HasPrefix(strings.ToLower(v.Detail), plain(v.Title)) {
					t.Errorf("%s %s %s %v: %q, %q", l, c.Step, c.Code, c.Facts[verifier.FactCase], v.Title, v.Detail)
				}
				if strings.HasPrefix(strings.ToLower(f.Text), strings.ToLower(f.Title)) {
					t.Errorf("%s %s %s %v: the check says %q twice", l, c.Step, c.Code, c.Facts[verifier.FactCase], f.Title)
				}
			}
		}
	}
}

// TestProvenChanges: what is proven takes the place of "or somebody else signed it"; what is not proven does not.
func TestProvenChanges(t *testing.T) {
	for explanation, want := range map[string]string{
		"proof/warn/altered/value":                "Not authentic: it was changed after it was signed",
		"proof/warn/altered/signature":            "Not authentic: its signature is damaged",
		"proof/warn/added_member/member":          "Not authentic: something was added after it was signed",
		"proof/warn/altered_encoding/whitespace":  "Not authentic: a program changed how it is written",
		"proof/warn/cut_off/signature":            "Not authentic: its end is missing",
		"proof/warn/published_differs/value":      "Not authentic: it was altered, or somebody else signed it",
		"proof/warn/alg_not_allowed/beside":       "Not authentic: it was altered, or somebody else signed it",
		"form/warn/altered_encoding/line_breaks":  "Not authentic: it was altered, or somebody else signed it",
		"subject/warn/too_complex/inside":         "Not authentic: it was altered, or somebody else signed it",
		"endorsement/warn/signature_invalid/more": "Not authentic: it was altered, or somebody else signed it",
	} {
		if got := English.Verdict(reportOf(no, open, "proof/fail/signature_invalid", explanation), Standing{}).Title; got != want {
			t.Errorf("%s: %q, want %q", explanation, got, want)
		}
	}
	if got := English.Verdict(reportOf(no, open, "proof/fail/weak_key", "proof/warn/altered/value"), Standing{}).Title; got != "Not authentic: its signature is of a kind that cannot be trusted" {
		t.Error(got)
	}
}

// TestWhatStandsBesideAYes: no praise without what a reader has to know beside it.
func TestWhatStandsBesideAYes(t *testing.T) {
	tied := English.Verdict(reportOf(yes, yes, "subject/warn/no_recipient"), Standing{})
	if tied.Shape != ShapeYes || !strings.Contains(tied.Advice, "ask the issuer whether the person in front of you earned it") {
		t.Errorf("a badge that anyone can present: %+v", tied)
	}
	record := English.Verdict(reportOf(yes, yes, "status/pass/", "subject/warn/signature_invalid/inside_not_authentic"), Standing{})
	if record.Shape != ShapeNote || !strings.HasSuffix(record.Detail, "and has not taken it back. A credential in it is not authentic.") || strings.Contains(record.Advice, "below") {
		t.Errorf("a record with a bad part: %+v", record)
	}
	around := reportOf(yes, yes)
	around.Credentials = []*verifier.Report{reportOf(yes, yes), reportOf(yes, yes, "subject/warn/signature_invalid/inside_not_authentic")}
	if around := English.Verdict(around, Standing{}); around.Shape != ShapeNote || around.Title != "Authentic, but a credential in it does not count" || !strings.HasPrefix(around.Advice, "Look at each credential in it") {
		t.Errorf("around a record with a bad part: %+v", around)
	}
	hosted := English.Verdict(reportOf(yes, yes, "proof/pass//hosted", "status/pass//published"), Standing{})
	if hosted.Detail != "published exactly this badge, and has not taken it back." {
		t.Errorf("a badge without a signature: %+v", hosted)
	}
	if got := Spanish.Verdict(reportOf(yes, yes), Standing{Dated: true}); got.Title != "Auténtica y vigente el 22 de noviembre de 2026" || got.Shape != ShapeYes {
		t.Errorf("for another day: %+v", got)
	}
}

// TestDecisiveDates: the verdict names the date that decides, which is not always that of the badge.
func TestDecisiveDates(t *testing.T) {
	for name, test := range map[string]struct{ check, want string }{
		"the token ended earlier":   {"dates/fail/expired", "signed exactly this badge. It was in force until 1 March 2026."},
		"the token begins later":    {"dates/fail/not_yet_valid/begins", "signed exactly this badge. It begins on 1 March 2026."},
		"awarded on a day to come":  {"dates/fail/not_yet_valid/awarded", "signed exactly this badge. It says that it was awarded on 1 March 2026, which is still to come."},
		"signed on a day to come":   {"dates/fail/not_yet_valid/signature", "signed exactly this badge. Its signature is dated 1 March 2026, which is still to come."},
		"revoked by somebody else":  {"status/fail/revoked/other", "signed exactly this badge. It was taken back, says a list that is not the issuer’s own."},
		"suspended by another":      {"status/fail/suspended/other", "signed exactly this badge. It is suspended, says a list of somebody else. It does not count until it is reinstated."},
		"revoked, with a date read": {"status/fail/revoked", "signed this badge and later took it back. It no longer counts."},
	} {
		r := reportOf(yes, no, test.check)
		if r.Checks[0].Facts == nil {
			r.Checks[0].Facts = verifier.Facts{}
		}
		r.Checks[0].Facts[verifier.FactDate] = "2026-03-01T00:00:00Z"
		if got := English.Verdict(r, Standing{}); got.Detail != test.want {
			t.Errorf("%s: %q, want %q", name, got.Detail, test.want)
		}
	}
}

// TestUnsignedCollections: what is wrong with the whole is not said of the credentials in it.
func TestUnsignedCollections(t *testing.T) {
	r := reportOf(no, open, "proof/fail/malformed/no_proof")
	r.Credentials = []*verifier.Report{reportOf(yes, yes)}
	if got := English.Verdict(r, Standing{}); got.Title != "Not authentic: it is not signed" || !strings.HasSuffix(got.Detail, "Each credential in it was judged by itself.") {
		t.Errorf("%+v", got)
	}
}

// TestUnreadTitles: an address that was not opened is not told as one that failed, and no address as one.
func TestUnreadTitles(t *testing.T) {
	for check, want := range map[string]string{
		"form/unknown/input_unavailable":              "We could not read what is at that address",
		"form/unknown/ssrf_blocked":                   "The address was not opened",
		"form/unknown/input_unavailable/archive_rest": "This file in the zip was not looked at",
		"form/unknown/too_complex/leads":              "Not everything in it was looked at",
		"issuer/unknown/issuer_unresolved/hosted":     "We could not establish who awarded this",
		"issuer/unknown/issuer_unresolved/key":        "We could not establish who signed this",
	} {
		r := reportOf(open, open, check)
		if got := English.Verdict(r, Standing{}); got.Title != want || got.Shape != ShapeUnknown {
			t.Errorf("%s: %q, want %q", check, got.Title, want)
		}
	}
}

// TestLongValuesCutNoSentence: a long value is cut, and not what comes after it.
func TestLongValuesCutNoSentence(t *testing.T) {
	c := verifier.Check{Step: "form", Outcome: fail, Code: "no_credential", Facts: verifier.Facts{
		verifier.FactCase: "leads_nowhere", verifier.FactAddress: "https://cedar.example/{issuer}/" + strings.Repeat("ש", 900)}}
	r := &verifier.Report{Outcome: verifier.Invalid, Authentic: no, AsOf: judgedAt, Checks: []verifier.Check{c}}
	if got := English.Verdict(r, Standing{}).Detail; !strings.HasSuffix(got, "… there is no badge, and nothing that leads to one.") || !strings.Contains(got, "/{issuer}/") {
		t.Errorf("%q", got)
	}
}

// TestRecordMakesTheVerdictWorse: the list that carries a revocation may be minutes old, the issuer's own record counts at once.
func TestRecordMakesTheVerdictWorse(t *testing.T) {
	at := Event{At: time.Date(2026, 9, 3, 0, 0, 0, 0, time.UTC), Reason: "being\u202e looked at"}
	got := English.Verdict(reportOf(yes, yes), Standing{Suspended: &at})
	if got.Shape != ShapeNo || got.Title != "Authentic, but suspended since 3 September 2026" || got.Reason != "being looked at" {
		t.Errorf("%+v", got)
	}
	if got := Spanish.Verdict(reportOf(yes, no, "status/fail/revoked"), Standing{Revoked: &at}); got.Title != "Auténtica, pero revocada el 3 de septiembre de 2026" {
		t.Errorf("%+v", got)
	}
	for _, r := range []*verifier.Report{reportOf(no, open, "proof/fail/signature_invalid"), reportOf(open, open)} {
		if got := English.Verdict(r, Standing{Revoked: &at}); got.Shape == ShapeYes || r.Authentic == no && got.Title != "Not authentic: it was altered, or somebody else signed it" {
			t.Errorf("a record turned the report into %+v", got)
		}
	}
}

// TestPresentations: what is wrong with a credential inside is said of that.
// TestReasons: what the issuer chose for a reason is said in our words, beside those of the issuer; a choice that is new here says nothing.
func TestReasons(t *testing.T) {
	for _, code := range []string{"error", "evidence", "policy", "request", "superseded", "inquiry", "other", "brand_new", ""} {
		for _, l := range Languages {
			at := Event{At: judgedAt, Code: code, Reason: "Another lesson."}
			silent := code == "other" || code == "brand_new" || code == ""
			for _, known := range []Standing{{Revoked: &at}, {Suspended: &at}} {
				got := l.Verdict(reportOf(yes, yes), known)
				if got.Reason != at.Reason || (got.Cause == "") != silent || strings.HasPrefix(got.Cause, "reason.") {
					t.Errorf("%s %q: %q, %q", l, code, got.Cause, got.Reason)
				}
			}
		}
	}
	if got := Spanish.Verdict(reportOf(yes, yes), Standing{Revoked: &Event{At: judgedAt, Code: "error"}}).Cause; got != "Se otorgó por error." {
		t.Error(got)
	}
	if got := English.Verdict(reportOf(yes, yes), Standing{}).Cause; got != "" {
		t.Error(got)
	}
}

func TestEndorsements(t *testing.T) {
	r := reportOf(yes, yes, "status/pass/")
	r.Credential.Kind = credential.KindEndorsement
	got := English.Verdict(r, Standing{})
	if got.Detail != "signed exactly this endorsement, and has not taken it back." || strings.Contains(got.Advice, "gave it to you") {
		t.Errorf("%+v", got)
	}
}

func TestPresentations(t *testing.T) {
	r := reportOf(yes, no, "proof/pass/", "status/fail/expired")
	r.Credential = &verifier.View{Kind: credential.KindPresentation, Holder: &verifier.Party{ID: "did:web:holder.example", Name: "Ada Reyes"}}
	r.Checks[1].Pointer = "/verifiableCredential/0"
	r.Credentials = []*verifier.Report{reportOf(yes, no, "dates/fail/expired")}
	r.Credentials[0].Pointer = "/verifiableCredential/0"
	got := English.Verdict(r, Standing{})
	if got.Title != "Authentic, but a credential in it is not in force" || got.Signer != "holder.example, which calls itself “Ada Reyes”," || !strings.HasPrefix(got.Detail, "signed exactly this presentation.") {
		t.Errorf("%+v", got)
	}
	r.Credential.Holder = nil
	if got := Spanish.Verdict(r, Standing{}); got.Signer != "La persona que la presenta" {
		t.Errorf("%+v", got)
	}
	r = reportOf(no, open, "proof/fail/signature_invalid")
	r.Checks[0].Pointer, r.Credentials = "/verifiableCredential", []*verifier.Report{reportOf(no, open, "proof/fail/signature_invalid")}
	r.Credentials[0].Pointer = "/verifiableCredential"
	if got := English.Verdict(r, Standing{}); got.Title != "Not authentic: a credential in it is not" {
		t.Errorf("%+v", got)
	}
}

// library answers for addresses from what it holds.
type library map[string][]byte

func (l library) Fetch(_ context.Context, url string, limit int) (verifier.Document, error) {
	text, there := l[url]
	switch {
	case !there:
		return verifier.Document{}, verifier.ErrUnavailable
	case len(text) > limit:
		return verifier.Document{}, verifier.ErrTooLarge
	}
	return verifier.Document{Bytes: text, URL: url, ReadAt: judgedAt, Origin: verifier.Network}, nil
}

var machinery = regexp.MustCompile(`\{[a-z]*\}|\b(check|verdict|cause|answer|noun)\.[a-z]+`)

// TestCorpus words the reports of real credentials, in both languages: with the network and without.
func TestCorpus(t *testing.T) {
	var items []struct{ File, Kind, Profile string }
	var files map[string]string
	for name, into := range map[string]any{"corpus/manifest.json": &items, "corpus/offline-map.json": &files} {
		if err := json.Unmarshal(referencedata.File(t, name), into); err != nil {
			t.Fatal(err)
		}
	}
	documents := library{}
	for name, file := range files {
		if at, err := keys.WebURL(name); err == nil {
			name = at
		}
		documents[name] = referencedata.File(t, "corpus/"+file)
	}
	folder := filepath.Join(referencedata.Folder(t), "corpus")
	worded := 0
	for i, item := range items {
		text, err := os.ReadFile(filepath.Join(folder, item.File))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		options := verifier.Options{At: judgedAt, Fetch: documents}
		if i%2 == 1 {
			options.Fetch = nil
		}
		if item.Profile == "vc" {
			options.Profile = credential.VerifiableCredentials
		}
		report, err := verifier.Verify(t.Context(), text, options)
		if err != nil {
			t.Fatal(err)
		}
		worded++
		for _, l := range Languages {
			read(t, l, item.File, report)
		}
	}
	if worded < 200 {
		t.Errorf("only %d reports worded", worded)
	}
}

// read looks for texts that nobody should see.
func read(t *testing.T, l Language, file string, r *verifier.Report) {
	t.Helper()
	v := l.Verdict(r, Standing{})
	for what, text := range map[string]string{"title": v.Title, "detail": v.Detail, "advice": v.Advice, "line": v.Line()} {
		if text == "" || machinery.MatchString(text) {
			t.Errorf("%s %s: the %s of the verdict is %q", l, file, what, text)
		}
	}
	if (v.Shape == ShapeYes) != (r.Outcome == verifier.Valid) {
		t.Errorf("%s %s: %s is shown as %s", l, file, r.Outcome, v.Shape)
	}
	for _, c := range r.Checks {
		f := l.Finding(r, c)
		for what, text := range map[string]string{"title": f.Title, "text": f.Text, "word": f.Word, "step": f.Step} {
			if text == "" || machinery.MatchString(text) || machinery.MatchString(f.Advice) {
				t.Errorf("%s %s: the %s of %s %s %s is %q", l, file, what, c.Step, c.Outcome, c.Code, text)
			}
		}
		if general := l.Say("check.any." + string(c.Outcome) + ".text"); f.Text == general {
			t.Errorf("%s %s: %s %s %s %v says nothing: %q", l, file, c.Step, c.Outcome, c.Code, c.Facts, f.Text)
		}
		if (f.Shape == ShapeYes) != (c.Outcome == verifier.Pass) {
			t.Errorf("%s %s: %s is shown as %s", l, file, c.Outcome, f.Shape)
		}
	}
	for _, inside := range r.Credentials {
		read(t, l, file, inside)
	}
}
