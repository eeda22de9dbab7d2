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
			if l.Answer(test.report) == "" || (l.Answer(test.report) == l.Say("answer.valid")) != (test.report.Outcome == verifier.Valid) {
				t.Errorf("%s %s: the answer is %q", l, name, l.Answer(test.report))
			}
		}
	}
}

func TestVerdictDetails(t *testing.T) {
	for name, test := range map[string]struct {
		got, want string
	}{
		"expired":               {English.Verdict(reportOf(yes, no, "dates/fail/expired"), Standing{}).Detail, "signed exactly this badge. It was in force until 14 May 2031, 12:30 UTC."},
		"revoked and expired":   {English.Verdict(reportOf(yes, no, "dates/fail/expired", "status/fail/revoked"), Standing{}).Detail, "signed this badge and later took it back. It no longer counts. It has also expired."},
		"with a list":           {Spanish.Verdict(reportOf(yes, yes, "status/pass/"), Standing{}).Detail, "firmó exactamente esta insignia y no la ha retirado."},
		"without one":           {English.Verdict(reportOf(yes, yes), Standing{}).Detail, "signed exactly this badge. It names no list on which it could be taken back."},
		"who":                   {Spanish.Verdict(reportOf(yes, yes), Standing{}).Signer, "Cedar County Schools"},
		"status not known":      {English.Verdict(reportOf(yes, open, "status/unknown/status_unavailable"), Standing{}).Detail, "signed exactly this badge. Whether it was taken back is not known, because the issuer’s list could not be read."},
		"a picture without one": {English.Answer(reportOf(no, open, "form/fail/no_credential/picture")), "There is no badge in this picture."},
		"damaged":               {Spanish.Answer(reportOf(no, open, "form/fail/malformed")), "No es auténtica."},
		"altered":               {English.Answer(reportOf(no, open, "proof/fail/signature_invalid")), "Not authentic."},
		"not begun":             {English.Answer(reportOf(yes, no, "dates/fail/not_yet_valid")), "Authentic, but not yet valid."},
		"signer not known":      {English.Answer(reportOf(open, open, "issuer/unknown/issuer_unresolved")), "Who signed it could not be established."},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
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
func TestPresentations(t *testing.T) {
	r := reportOf(yes, no, "proof/pass/", "status/fail/expired")
	r.Credential = &verifier.View{Kind: credential.KindPresentation, Holder: &verifier.Party{ID: "did:web:holder.example", Name: "Ada Reyes"}}
	r.Checks[1].Pointer = "/verifiableCredential/0"
	r.Credentials = []*verifier.Report{reportOf(yes, no, "dates/fail/expired")}
	r.Credentials[0].Pointer = "/verifiableCredential/0"
	got := English.Verdict(r, Standing{})
	if got.Title != "Authentic, but a credential in it is not in force" || got.Signer != "Ada Reyes" || !strings.HasPrefix(got.Detail, "signed exactly this presentation.") {
		t.Errorf("%+v", got)
	}
	if answer := English.Answer(r); answer != "Authentic, but a credential in it is not in force." {
		t.Error(answer)
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
	for what, text := range map[string]string{"title": v.Title, "detail": v.Detail, "advice": v.Advice, "answer": l.Answer(r)} {
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
		if (f.Shape == ShapeYes) != (c.Outcome == verifier.Pass) {
			t.Errorf("%s %s: %s is shown as %s", l, file, c.Outcome, f.Shape)
		}
	}
	for _, inside := range r.Credentials {
		read(t, l, file, inside)
	}
}
