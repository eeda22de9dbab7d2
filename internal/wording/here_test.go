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
		"an achievement":        {from(verifier.Party{ID: someHost}, func(v *verifier.View) { v.Achievement.ID = "https://badges.example/a/1" }), "points to pages of badges.example"},
		"the creator":           {from(verifier.Party{ID: someHost}, func(v *verifier.View) { v.Achievement.Creator = &verifier.Party{ID: ourDID} }), "points to a page of “Cedar County Schools”"},
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
		if got.Shape != ShapeUnknown || !strings.Contains(got.Detail, test.says) || !strings.HasPrefix(got.Title, "Signed, but not by ") || got.Newer != "" {
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

// TestLinks: a name leads only where its identifier does.
func TestLinks(t *testing.T) {
	for _, test := range []struct{ id, url, want string }{
		{someHost, "https://elsewhere.example/us", "https://elsewhere.example/us"}, {someHost, "https://other.example/", ""}, {someKey, "https://elsewhere.example/", ""},
		{someKey, ourPage, ""}, {ourDID, "https://cedar.example/", "https://cedar.example/"}, {ourDID, "javascript:1", ""}, {"", "https://elsewhere.example/", ""},
	} {
		if got := ours().Link(verifier.Party{ID: test.id, URL: test.url}); got != test.want {
			t.Errorf("%s at %s leads to %q", test.id, test.url, got)
		}
	}
	if got := (*Here)(nil).Link(verifier.Party{ID: someHost, URL: "https://elsewhere.example/us"}); got == "" {
		t.Error("without an installation nothing is a link")
	}
}
