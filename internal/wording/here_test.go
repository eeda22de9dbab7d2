package wording

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	ourDID   = "did:web:badges.example:i:cedar"
	ourName  = "Cedar County Schools"
	ourPage  = "https://badges.example/i/cedar"
	someKey  = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	someHost = "did:web:elsewhere.example"
)

func ours() *Here {
	return NewHere("https://badges.example", []Issuer{{ID: ourDID, Name: ourName, URL: ourPage}, {ID: "did:web:badges.example:i:hill", Name: "Hillside"}})
}

// from is a good report of a badge by somebody.
func from(p verifier.Party, change func(*verifier.View)) *verifier.Report {
	r := reportOf(yes, yes)
	r.Credential.Issuer = p
	r.Credential.Achievement = &verifier.Award{ID: "urn:uuid:1", Name: "Reading"}
	if change != nil {
		change(r.Credential)
	}
	return r
}

// TestWhoSigned: the name of a signer is said as a fact where the installation answers for it, and as the signer's own word elsewhere.
func TestWhoSigned(t *testing.T) {
	for name, test := range map[string]struct {
		report           *verifier.Report
		known            Standing
		english, spanish string
		more             string
	}{
		"an issuer here":        {from(verifier.Party{ID: ourDID, Name: ourName}, nil), Standing{Here: ours()}, ourName, ourName, ""},
		"under another name":    {from(verifier.Party{ID: ourDID, Name: "Ministry"}, nil), Standing{Here: ours()}, ourName, ourName, ""},
		"a record of our own":   {from(verifier.Party{ID: someKey, Name: ourName}, nil), Standing{Own: true}, ourName, ourName, ""},
		"a host":                {from(verifier.Party{ID: someHost, Name: "X"}, nil), Standing{Here: ours()}, "elsewhere.example, which calls itself “X”,", "elsewhere.example, que dice llamarse «X»,", ""},
		"a host by its name":    {from(verifier.Party{ID: "https://elsewhere.example/1", Name: "Elsewhere.example"}, nil), Standing{}, "elsewhere.example", "elsewhere.example", ""},
		"a key":                 {from(verifier.Party{ID: someKey, Name: "X"}, nil), Standing{}, "Whoever holds the key did:key:z6Mk…EGta2doK, and calls themselves “X”,", "Quien tiene la clave did:key:z6Mk…EGta2doK, y dice llamarse «X»,", "Who holds that key, this check cannot say."},
		"a key without a name":  {from(verifier.Party{ID: someKey}, nil), Standing{}, "Whoever holds the key did:key:z6Mk…EGta2doK", "Quien tiene la clave did:key:z6Mk…EGta2doK", "Who holds that key, this check cannot say."},
		"nobody that was named": {from(verifier.Party{}, nil), Standing{}, "The issuer", "El emisor", ""},
	} {
		if got := English.Verdict(test.report, test.known); got.Signer != test.english || got.Shape != ShapeYes || !strings.HasSuffix(got.Detail, test.more) {
			t.Errorf("%s: %+v", name, got)
		}
		if got := Spanish.Verdict(test.report, test.known).Signer; got != test.spanish {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestBorrowed: what uses the name or the pages of an issuer here, and was signed by another, is never good, in any language.
func TestBorrowed(t *testing.T) {
	for name, test := range map[string]struct {
		report *verifier.Report
		says   string // "" where nothing is borrowed
	}{
		"the name":              {from(verifier.Party{ID: someKey, Name: ourName}, nil), "uses the name of “Cedar County Schools” on badges.example"},
		"a name that is alike":  {from(verifier.Party{ID: someHost, Name: "\u0421edar  county Sch00ls"}, nil), "uses the name of “Cedar County Schools”"},
		"the name of another":   {from(verifier.Party{ID: ourDID, Name: "Hillside"}, nil), "uses the name of “Hillside”"},
		"the page":              {from(verifier.Party{ID: someKey, Name: "X", URL: ourPage}, nil), "points to a page of “Cedar County Schools”"},
		"the picture":           {from(verifier.Party{ID: someKey, Name: "X", Image: "https://BADGES.example/i/cedar/image.png"}, nil), "points to pages of badges.example"},
		"the name and more":     {from(verifier.Party{ID: someHost, Name: ourName}, func(v *verifier.View) { v.Achievement.Creator = &verifier.Party{ID: ourDID, Name: ourName} }), "uses the name of “Cedar County Schools”"},
		"nothing":               {from(verifier.Party{ID: someHost, Name: "Cedar City Schools", URL: "https://badges.example.elsewhere.example/"}, nil), ""},
		"its own, on this host": {from(verifier.Party{ID: "did:web:badges.example:i:new", Name: "New", URL: "https://badges.example/i/new"}, nil), ""},
	} {
		known := Standing{Here: ours()}
		got := English.Verdict(test.report, known)
		if test.says == "" {
			if got.Shape != ShapeYes {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got.Shape != ShapeUnknown || !strings.Contains(got.Detail, test.says) || !strings.HasPrefix(got.Title, "Signed, but not by ") || got.Newer != "" || got.Remark != "" {
			t.Errorf("%s: %+v", name, got)
		}
		if got := Spanish.Verdict(test.report, known); got.Shape != ShapeUnknown || !strings.HasPrefix(got.Title, "Firmada, pero no por ") {
			t.Errorf("%s: %+v", name, got)
		}
		revoked := *test.report
		revoked.InForce, revoked.Outcome, revoked.Checks = no, verifier.Invalid, reportOf(yes, no, "status/fail/revoked").Checks
		if got := English.Verdict(&revoked, known); got.Shape != ShapeNo || !strings.Contains(got.Detail, test.says) {
			t.Errorf("%s, revoked: %+v", name, got)
		}
		record := from(verifier.Party{ID: someHost}, func(v *verifier.View) { v.Kind = credential.KindCLR })
		record.Credentials = []*verifier.Report{test.report}
		if got := English.Verdict(record, known); got.Shape != ShapeNote || got.Title != "Authentic, but a credential in it is unconfirmed" {
			t.Errorf("%s, inside: %+v", name, got)
		}
	}
}

// TestAchievementOfOthers: a badge whose achievement is of an issuer here, and which says that it is from somebody else, stays what it is,
// and says beside that who did not sign it: a state defines what its districts award.
func TestAchievementOfOthers(t *testing.T) {
	of := func(change func(a *verifier.Award)) *verifier.Report {
		return from(verifier.Party{ID: someHost, Name: "North District"}, func(v *verifier.View) { change(v.Achievement) })
	}
	for name, test := range map[string]struct {
		report               *verifier.Report
		text, remark, advice string
		spanish, remarked    string
	}{
		"the creator": {of(func(a *verifier.Award) { a.Creator = &verifier.Party{ID: ourDID, Name: "Any name"} }), "says that its achievement is one of “Cedar County Schools” on badges.example, who did not sign it.",
			"Not signed by Cedar County Schools, whom it names", "Ask Cedar County Schools whether this issuer may award it. ", "Dice que su logro es de «Cedar County Schools» en badges.example, que no la firmó.", "No la firmó Cedar County Schools, a quien nombra"},
		"the page of the creator": {of(func(a *verifier.Award) { a.Creator = &verifier.Party{ID: "did:web:x.example", URL: ourPage} }), "says that its achievement is one of “Cedar County Schools”",
			"Not signed by Cedar County Schools, whom it names", "Ask Cedar County Schools ", "Dice que su logro es de «Cedar County Schools»", "No la firmó Cedar County Schools, a quien nombra"},
		"the name of the creator": {of(func(a *verifier.Award) {
			a.Creator = &verifier.Party{ID: "did:web:x.example", Name: "cedar county  sch00ls"}
		}), "gives the author of its achievement the name of “Cedar County Schools” on badges.example, who did not sign it.",
			"Not signed by Cedar County Schools, whom it names", "Ask Cedar County Schools ", "Da al autor de su logro el nombre de «Cedar County Schools» en badges.example, que no la firmó.", "No la firmó Cedar County Schools, a quien nombra"},
		"its address": {of(func(a *verifier.Award) { a.ID = "https://badges.example/a/1" }), "Its achievement points to pages of badges.example, but no issuer there signed it.",
			"Not signed by any issuer of badges.example, to which its achievement points", "Ask the issuer of that achievement on badges.example ", "Su logro remite a páginas de badges.example, pero ningún emisor de allí la firmó.", "No la firmó ningún emisor de badges.example, adonde remite su logro"},
		"its picture": {of(func(a *verifier.Award) { a.Image = "https://badges.example/a/1.png" }), "Its achievement points to pages of badges.example",
			"Not signed by any issuer of badges.example, to which its achievement points", "Ask the issuer of that achievement ", "Su logro remite a páginas de badges.example", "No la firmó ningún emisor de badges.example, adonde remite su logro"},
	} {
		known := Standing{Here: ours()}
		got := English.Verdict(test.report, known)
		if got.Shape != ShapeYes || got.Title != "Authentic, and in force today" || got.Signer != "elsewhere.example, which calls itself “North District”," || !strings.Contains(got.Detail, test.text) ||
			!strings.HasSuffix(got.Detail, "this check cannot say.") || !strings.HasPrefix(got.Advice, test.advice) || !strings.Contains(got.Advice, "Compare the name") || got.Remark != test.remark || got.Line() != got.Title+". "+test.remark {
			t.Errorf("%s: %+v", name, got)
		}
		if got := Spanish.Verdict(test.report, known); got.Shape != ShapeYes || got.Title != "Auténtica y vigente hoy" || !strings.Contains(got.Detail, test.spanish) || !strings.HasSuffix(got.Detail, "esta comprobación no puede decirlo.") || got.Remark != test.remarked {
			t.Errorf("%s: %+v", name, got)
		}
		if got := English.SignerName(test.report, ours()); got != "elsewhere.example, which calls itself “North District”" {
			t.Errorf("%s: it goes by %s", name, got)
		}
		if got := English.Verdict(test.report, Standing{}); got.Remark != "" || got.Line() != got.Title {
			t.Errorf("%s, where nothing is known: %+v", name, got)
		}
		revoked := *test.report
		revoked.InForce, revoked.Outcome, revoked.Checks = no, verifier.Invalid, reportOf(yes, no, "status/fail/revoked").Checks
		if got := English.Verdict(&revoked, known); got.Shape != ShapeNo || got.Remark != "" || !strings.Contains(got.Detail, test.text) || !strings.HasPrefix(got.Advice, "Do not count it.") {
			t.Errorf("%s, revoked: %+v", name, got)
		}
		key := *test.report
		view := *key.Credential
		view.Issuer.ID = someKey
		key.Credential = &view
		if got := English.Verdict(&key, known); got.Shape != ShapeYes || !strings.Contains(got.Detail, "Who holds that key, this check cannot say. ") || !strings.Contains(got.Detail, test.text) {
			t.Errorf("%s, by a key: %+v", name, got)
		}
		for _, kind := range []string{credential.KindCLR, credential.KindPresentation} {
			record := from(verifier.Party{ID: someHost}, func(v *verifier.View) { v.Kind = kind })
			record.Credentials = []*verifier.Report{from(verifier.Party{ID: someHost}, nil), test.report}
			got := English.Verdict(record, known)
			if got.Shape != ShapeYes || got.Remark != "A credential in it names an achievement of badges.example, and no issuer there signed it" || !strings.HasSuffix(got.Detail, got.Remark+".") {
				t.Errorf("%s, inside a %s: %+v", name, kind, got)
			}
			record.Credentials = append(record.Credentials, from(verifier.Party{ID: someKey, Name: ourName}, nil))
			if got := English.Verdict(record, known); got.Shape != ShapeNote || got.Remark != "" {
				t.Errorf("%s, inside a %s, beside a name: %+v", name, kind, got)
			}
		}
	}
	ownHost := from(verifier.Party{ID: "did:web:badges.example:i:hill", Name: "Hillside"}, func(v *verifier.View) { v.Achievement.Creator = &verifier.Party{ID: ourDID, Name: ourName} })
	if got := English.Verdict(ownHost, Standing{Here: ours()}); got.Shape != ShapeYes || got.Remark != "" {
		t.Errorf("by an issuer here: %+v", got)
	}
}

// TestSignerName: where no verdict stands beside it, an issuer here goes by its name, and any other by host or key first. Where nothing is
// proven a line says so, and where nothing is known of the installation nobody goes by a name alone.
func TestSignerName(t *testing.T) {
	for _, test := range []struct {
		issuer           verifier.Party
		english, spanish string
	}{
		{verifier.Party{ID: someHost, Name: "X"}, "elsewhere.example, which calls itself “X”", "elsewhere.example, que dice llamarse «X»"},
		{verifier.Party{ID: ourDID, Name: ourName}, ourName, ourName},
		{verifier.Party{ID: someHost, Name: ourName}, "elsewhere.example, which calls itself “Cedar County Schools”", "elsewhere.example, que dice llamarse «Cedar County Schools»"},
		{verifier.Party{ID: someKey, Name: "Harvard University"}, "did:key:z6Mk…EGta2doK, which calls itself “Harvard University”", "did:key:z6Mk…EGta2doK, que dice llamarse «Harvard University»"},
		{verifier.Party{ID: someHost}, "elsewhere.example", "elsewhere.example"},
		{verifier.Party{ID: someKey}, "did:key:z6Mk…EGta2doK", "did:key:z6Mk…EGta2doK"},
		{verifier.Party{ID: ourDID, Name: "Hillside"}, ourName, ourName},
		{verifier.Party{}, "An issuer without a name", "Un emisor sin nombre"},
	} {
		r := from(test.issuer, nil)
		for l, want := range map[Language]string{English: test.english, Spanish: test.spanish} {
			if name, line := l.SignerName(r, ours()), l.SignerLine(r, ours()); name != want || line != want {
				t.Errorf("%+v: %q, %q", test.issuer, name, line)
			}
		}
		if got := English.SignerName(r, nil); test.issuer.Name != "" && !strings.Contains(got, "which calls itself") {
			t.Errorf("%+v, where nothing is known: %s", test.issuer, got)
		}
		r.Authentic = verifier.Undecided
		for l, want := range map[Language]string{English: "Says that it is from “", Spanish: "Dice que es de «"} {
			name, line := l.SignerName(r, ours()), l.SignerLine(r, ours())
			said := l.PartyName(test.issuer)
			if test.issuer.ID == ourDID { // its page here stands behind it
				said = ourName
			}
			if name != said || strings.HasPrefix(line, want+name) != (test.issuer != verifier.Party{}) {
				t.Errorf("%+v, where nothing is proven: %q, %q", test.issuer, name, line)
			}
		}
	}
	if got := English.SignerLine(&verifier.Report{}, ours()); got != "" {
		t.Errorf("of nobody: %q", got)
	}
}

// TestCounted: what is good with a remark is not counted among the good.
func TestCounted(t *testing.T) {
	for v, want := range map[Verdict]Shape{{Shape: ShapeYes}: ShapeYes, {Shape: ShapeYes, Remark: "x"}: ShapeNote, {Shape: ShapeUnknown, Remark: "x"}: ShapeUnknown, {Shape: ShapeNo, Remark: "x"}: ShapeNo} {
		if got := v.Counted(); got != want {
			t.Errorf("%+v: %s", v, got)
		}
	}
}

// TestResult: what is valid and not shown as good is not counted as valid either.
func TestResult(t *testing.T) {
	for v, want := range map[Verdict]string{{Shape: ShapeYes}: "valid", {Shape: ShapeYes, Remark: "x"}: ResultRemark, {Shape: ShapeNote}: ResultRemark, {Shape: ShapeUnknown}: "unknown", {}: "unknown"} {
		if got := v.Result(&verifier.Report{Outcome: verifier.Valid}); got != want {
			t.Errorf("%+v: %s", v, got)
		}
		for _, outcome := range []verifier.Outcome{verifier.Invalid, verifier.Unknown} {
			if got := v.Result(&verifier.Report{Outcome: outcome}); got != string(outcome) {
				t.Errorf("%+v, %s: %s", v, outcome, got)
			}
		}
	}
	for _, l := range Languages {
		for _, result := range []string{"valid", ResultRemark, "unknown", "invalid"} {
			if _, known := l.text("export.outcome." + result); !known {
				t.Errorf("%s has no word for %s", l, result)
			}
		}
	}
}

// TestLinks: a name leads only where its identifier does.
func TestLinks(t *testing.T) {
	for _, test := range []struct{ id, url, want string }{
		{someHost, "https://elsewhere.example/us", "https://elsewhere.example/us"}, {someHost, "https://other.example/", ""}, {someKey, "https://elsewhere.example/", ""},
		{someKey, ourPage, ""}, {ourDID, "https://cedar.example/", ourPage}, {ourDID, "javascript:1", ourPage}, {ourDID, "", ourPage}, {"", "https://elsewhere.example/", ""},
	} {
		if got := ours().Link(verifier.Party{ID: test.id, URL: test.url}); got != test.want {
			t.Errorf("%s at %s leads to %q", test.id, test.url, got)
		}
	}
	if got := (*Here)(nil).Link(verifier.Party{ID: someHost, URL: "https://elsewhere.example/us"}); got == "" {
		t.Error("without an installation nothing is a link")
	}
}
