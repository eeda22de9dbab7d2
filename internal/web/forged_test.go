package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/record"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// forgedKey is the DID of a key that anybody could have made.
const forgedKey = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

// forgedReport is of a badge that its signer made in the name of the issuer of the fixture, with its pages.
func forgedReport() *verifier.Report {
	r := goodReport()
	r.Credential.Issuer = verifier.Party{ID: forgedKey, Name: "cedar  County Sch\u043eols", URL: testBase + "/i/cedar"}
	r.Credential.Achievement.ID = testBase + "/a/groups"
	return r
}

// TestForgedNames: a badge in the name of an issuer here that did not sign it is not good on any page, and leads nowhere.
func TestForgedNames(t *testing.T) {
	titles := map[wording.Language]string{
		wording.English: "Signed, but not by Cedar County Schools of badges.cedar.example", wording.Spanish: "Firmada, pero no por Cedar County Schools de badges.cedar.example"}
	called := map[wording.Language]string{
		wording.English: "<strong><bdi>did:key:z6Mk…EGta2doK, which calls itself “cedar County Sch\u043eols”</bdi></strong>",
		wording.Spanish: "<strong><bdi>did:key:z6Mk…EGta2doK, que dice llamarse «cedar County Sch\u043eols»</bdi></strong>"}
	for l, title := range titles {
		f := newFixture(t, nil)
		f.report = forgedReport()
		w := f.call(http.MethodPost, "/verify?lang="+string(l), strings.NewReader("{}"), "Content-Type", "application/vc")
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "<h1>"+title+"</h1>", "band-unknown", "<bdi>"+l.Say("noun.Keyholder", "key", "did:key:z6Mk…"+forgedKey[len(forgedKey)-8:]))
		wantNoText(t, w, "band-yes", `href="`+testBase+`/i/cedar"`)
		wantText(t, w, called[l])
		body, kind := stop{Files: []testFile{{"a.json", "{}"}, {"b.json", `{"a":1}`}}}.form(t)
		w = f.call(http.MethodPost, "/verify?lang="+string(l), body, "Content-Type", kind, "Accept", "text/html")
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, title, "pill-unknown", `<div class="tally-unknown"><dt>`+l.Say("page.table.unknown")+`</dt><dd>2</dd>`)
		wantNoText(t, w, "pill-yes", "band-yes", `href="`+testBase+`/i/cedar"`)
		wantText(t, w, called[l])
		if csv := download(t, w.Body.String(), "text/csv;charset=utf-8"); strings.Count(csv, title+","+l.Say("export.outcome.unknown")) != 2 && strings.Count(csv, `"`+title+`",`+l.Say("export.outcome.unknown")) != 2 {
			t.Errorf("the export says %s", csv)
		}
		here := f.Handler.(*Site).server.here(t.Context())
		if text := string(record.Text([]*verifier.Report{f.report}, record.Options{Language: l, Here: here})); !strings.Contains(strings.Join(strings.Fields(text), " "), title) || strings.Contains(text, "(+) "+l.Say("verdict.valid.title")) {
			t.Errorf("the record says %s", text)
		}
	}
}

// TestAchievementsOfOthers: a badge of somebody else for an achievement of an issuer here keeps its answer, which goes nowhere without the
// words that this issuer did not sign it.
func TestAchievementsOfOthers(t *testing.T) {
	called := map[wording.Language]string{wording.English: "north.example, which calls itself “North District”", wording.Spanish: "north.example, que dice llamarse «North District»"}
	for l, want := range map[wording.Language][2]string{
		wording.English: {"Not signed by Cedar County Schools, whom it names", "It says that its achievement is one of “Cedar County Schools” on badges.cedar.example, who did not sign it. Whether they let this issuer award it, this check cannot say."},
		wording.Spanish: {"No la firmó Cedar County Schools, a quien nombra", "Dice que su logro es de «Cedar County Schools» en badges.cedar.example, que no la firmó. Si permite que este emisor la otorgue, esta comprobación no puede decirlo."},
	} {
		f := newFixture(t, nil)
		f.report = goodReport()
		f.report.Credential.Issuer = verifier.Party{ID: "did:web:north.example", Name: "North District"}
		f.report.Credential.Achievement.ID = testBase + "/a/groups"
		f.report.Credential.Achievement.Creator = &verifier.Party{ID: testIssuer, Name: "Cedar County Schools", URL: testBase + "/i/cedar"}
		w := f.call(http.MethodPost, "/verify?lang="+string(l), strings.NewReader("{}"), "Content-Type", "application/vc")
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "<h1>"+l.Say("verdict.valid.title")+"</h1>", "band-yes", want[1], l.Say("verdict.achievement.advice", "name", "Cedar County Schools"), "<strong><bdi>"+called[l]+"</bdi></strong>")
		body, kind := stop{Files: []testFile{{"a.json", "{}"}, {"b.json", `{"a":1}`}}}.form(t)
		w = f.call(http.MethodPost, "/verify?lang="+string(l), body, "Content-Type", kind, "Accept", "text/html")
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "pill-yes", `</a><span class="remark">`+want[0]+".</span>", want[1], `"><bdi>`+called[l]+"</bdi></td>", `<tbody class="r r-note`,
			`<div class="tally-yes"><dt>`+l.Say("page.table.yes")+`</dt><dd>0</dd></div><div class="tally-note"><dt>`+l.Say("page.table.note")+`</dt><dd>2</dd>`)
		wantNoText(t, w, `<tbody class="r r-yes`)
		if csv := download(t, w.Body.String(), "text/csv;charset=utf-8"); strings.Count(csv, ". "+want[0]) != 2 {
			t.Errorf("the export says %s", csv)
		}
	}
}

// TestForgedParties: who else is named in a badge goes by what is known of them here, or by what their identifier proves, wherever the
// document would have them lead and whatever it calls them.
func TestForgedParties(t *testing.T) {
	const elsewhere = "https://evil.example/login"
	f := newFixture(t, nil)
	for name, test := range map[string]struct {
		change     func(*verifier.View)
		says, nots []string
	}{
		"our identifier as creator": {func(v *verifier.View) {
			v.Achievement.Creator = &verifier.Party{ID: testIssuer, Name: "Official registry", URL: elsewhere}
		}, []string{`href="` + testBase + `/i/cedar"`, "<bdi>Cedar County Schools</bdi>"}, []string{"Official registry", "evil.example"}},
		"our name for a creator with the signer's identifier": {func(v *verifier.View) {
			v.Achievement.Creator = &verifier.Party{ID: v.Issuer.ID, Name: "Cedar County Schools", URL: elsewhere}
		}, []string{"north.example, which calls itself “Cedar County Schools”", "It gives the author of its achievement the name of"}, []string{"evil.example"}},
		"our identifier as issuer": {func(v *verifier.View) {
			v.Issuer = verifier.Party{ID: testIssuer, Name: "Cedar County Schools", URL: elsewhere}
		},
			[]string{`href="` + testBase + `/i/cedar"`}, []string{"evil.example"}},
		"our name as endorser": {func(v *verifier.View) {
			v.Endorsements = []verifier.Party{{ID: forgedKey, Name: "Cedar County Schools", URL: testBase + "/i/cedar"}}
		}, []string{"<li><p><bdi>did:key:z6Mk…EGta2doK, which calls itself “Cedar County Schools”</bdi></p>"}, nil},
		"our page as criteria": {func(v *verifier.View) { v.Achievement.CriteriaURL = testBase + "/a/groups" }, []string{"Its achievement points to pages of badges.cedar.example"}, nil},
	} {
		f.report = goodReport()
		v := f.report.Credential
		v.Issuer, v.Achievement.ID, v.Achievement.Creator, v.Achievement.CriteriaURL = verifier.Party{ID: "did:web:north.example", Name: "North District"}, "https://north.example/a/1", nil, ""
		test.change(v)
		w := f.call(http.MethodPost, "/verify", strings.NewReader("{}"), "Content-Type", "application/vc")
		wantStatus(t, w, http.StatusOK)
		page, _, _ := strings.Cut(w.Body.String(), `<details class="technical">`) // the report itself has what the document says
		for _, text := range test.says {
			if !strings.Contains(page, text) {
				t.Errorf("%s: the page lacks %s:\n%s", name, text, page)
			}
		}
		for _, text := range test.nots {
			if strings.Contains(page, text) {
				t.Errorf("%s: the page has %s", name, text)
			}
		}
	}
}

// TestNamesOfNobody: where it is not proven who signed, pages say a name only as what the badge says, with a verb that says so.
func TestNamesOfNobody(t *testing.T) {
	for l, want := range map[wording.Language][3]string{
		wording.English: {"Says that it was awarded to", "Says that it is from “Harvard University”", "Awarded to"},
		wording.Spanish: {"Dice que se otorgó a", "Dice que es de «Harvard University»", "Otorgada a"},
	} {
		f := newFixture(t, nil)
		f.report = reportOf(verifier.Undecided, verifier.Undecided, "issuer/unknown/issuer_unresolved")
		f.report.Credential.Issuer = verifier.Party{ID: "did:web:harvard.example", Name: "Harvard University"}
		person := `<p class="person">` + want[0] + ` <bdi class="who">Ada Example</bdi> ` + l.Say("page.badge.by") + " <strong><bdi>Harvard University</bdi></strong>"
		w := f.call(http.MethodPost, "/verify?lang="+string(l), strings.NewReader("{}"), "Content-Type", "application/vc")
		wantText(t, w, person)
		wantNoText(t, w, want[2]+` <bdi`, "harvard.example, ")
		body, kind := stop{Files: []testFile{{"a.json", "{}"}, {"b.json", `{"a":1}`}}}.form(t)
		w = f.call(http.MethodPost, "/verify?lang="+string(l), body, "Content-Type", kind, "Accept", "text/html")
		wantText(t, w, person, "<bdi>"+want[1]+"</bdi></td>")
		wantNoText(t, w, want[2]+` <bdi`, "<bdi>Harvard University</bdi></td>")
		f.report.Credential.Recipient = nil
		w = f.call(http.MethodPost, "/verify?lang="+string(l), strings.NewReader("{}"), "Content-Type", "application/vc")
		wantText(t, w, `<p class="person">`+l.Say("page.badge.says_from")+" <strong><bdi>Harvard University</bdi>")
	}
}

// download is a file that stands in a page.
func download(t *testing.T, page, media string) string {
	t.Helper()
	_, after, ok := strings.Cut(page, `href="data:`+media+`;base64,`)
	text, _, ended := strings.Cut(after, `"`)
	file, err := base64.StdEncoding.DecodeString(text)
	if !ok || !ended || err != nil {
		t.Fatalf("%s: %v", media, err)
	}
	return string(file)
}

// TestIssuersHere: the list of issuers is whole or none.
func TestIssuersHere(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.Handler.(*Site).server.hereData(t.Context()); !strings.Contains(got, testIssuer) || !strings.Contains(got, "Cedar County Schools") {
		t.Error(got)
	}
}

// TestGoodWithARemark: what is replaced, or holds what is not good, is not shown as good, and counted apart.
func TestGoodWithARemark(t *testing.T) {
	replaced, holding := goodReport(), reportOf(verifier.Yes, verifier.Yes, "status/warn/revoked")
	replaced.Credential.Superseded = "https://elsewhere.example/c/new"
	holding.Checks[len(holding.Checks)-1].Facts = verifier.Facts{verifier.FactCase: "inside_not_in_force"}
	for title, report := range map[string]*verifier.Report{"Authentic, and replaced by a newer badge": replaced, "Authentic, but a credential in it does not count": holding} {
		f := newFixture(t, nil)
		f.report = report
		w := f.call(http.MethodPost, "/verify", strings.NewReader("{}"), "Content-Type", "application/vc")
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "<h1>"+title+"</h1>", "band-note")
		wantNoText(t, w, "band-yes", "band-no ")
		if report == replaced {
			wantText(t, w, `<p class="newer">In its place stands: <a href="https://elsewhere.example/c/new"`, "the newer badge at elsewhere.example")
		}
		body, kind := stop{Files: []testFile{{"a.json", "{}"}, {"b.json", `{"a":1}`}}}.form(t)
		w = f.call(http.MethodPost, "/verify", body, "Content-Type", kind, "Accept", "text/html")
		wantText(t, w, "pill-note", `<div class="tally-yes"><dt>Authentic and in force</dt><dd>0</dd></div><div class="tally-note"><dt>In force, with a remark</dt><dd>2</dd></div>`)
	}
}
