package claim

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/issuer"
)

// imported is the path of the badge from elsewhere in a page.
func (p page) imported(t testing.TB) string {
	t.Helper()
	found := regexp.MustCompile(`/mine/imported/[\w-]{22}`).FindString(p.body)
	if found == "" {
		t.Fatalf("no badge in\n%s", p.body)
	}
	return found
}

// TestBring: badges from elsewhere are judged, labelled by what was found and kept once; what is false is not.
func TestBring(t *testing.T) {
	w := newWorld(t)
	own := w.award("ana@example.org", "Ana")
	office, reading := w.elsewhere()
	hers := w.awardElsewhere(office, reading, "Ana@Example.org")
	other := w.awardElsewhere(office, reading, "ben@example.org")
	w.ask("GET", "/mine/add", nil).want(t, 404)
	w.bring("", hers.JSON).want(t, 404)
	w.queue = nil
	w.signIn("ana@example.org")
	w.ask("GET", "/mine/add", nil).want(t, 200, "Check and add", "up to 200 badges")

	p := w.bring("", hers.JSON).want(t, 200, "It was checked and added", "Reading Recovery", "Hillside <i>College</i>", "Authentic, and in force on 22 November 2026", "It names one of your addresses.", "band-note", "elsewhere.example")
	path := p.imported(t)
	if p := w.ask("GET", path+"/file", nil).want(t, 200); p.body != string(hers.JSON) || p.header.Get("Content-Type") != "application/vc" {
		t.Error(p.header)
	}
	w.bring("", hers.JSON).want(t, 200, "It was in your list already", path)
	w.bring("", own.JSON).want(t, 200, "It was awarded here", "/mine/award/"+own.ID)

	// a token; a picture; a link to what is somebody else's; a presentation of both
	p = w.bring(hers.JWT).want(t, 200, "It was checked and added", "It names one of your addresses.")
	if p := w.ask("GET", p.imported(t)+"/file", nil).want(t, 200); p.body != hers.JWT || p.header.Get("Content-Type") != "application/jwt" {
		t.Error(p.header)
	}
	art, err := paper.ArtPNG()
	w.good(err)
	third := w.awardElsewhere(office, reading, "ana@example.org")
	baked, err := bake.Bake(art, third.JSON)
	w.good(err)
	p = w.bring("", baked).want(t, 200, "It was checked and added", "a PNG picture")
	if p := w.ask("GET", p.imported(t)+"/art", nil).want(t, 200); p.header.Get("Content-Type") != "image/png" || strings.Contains(p.body, "openbadgecredential") || !strings.HasPrefix(p.body, "\x89PNG") {
		t.Error("the picture is not the one that came, without the badge:", p.header)
	}
	p = w.bring(other.URL).want(t, 200, "It was checked and added", "It names somebody else", other.URL)
	foreign := p.imported(t)
	presentation := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"verifiableCredential":[` + string(other.JSON) +
		`,{"@context":"https://www.w3.org/ns/credentials/v2","id":"data:application/vc+jwt,` + other.JWT + `","type":"EnvelopedVerifiableCredential"}]}`
	w.bring(presentation).want(t, 200, "What was added", "It was in your list already", "It was checked and added")

	// what is not kept
	forged := strings.Replace(string(hers.JSON), "Reading Recovery", "Reading Everything", 1)
	w.bring(forged).want(t, 422, "It was not added, because it is not authentic", "band-no", "Nothing was added")
	w.bring("hello").want(t, 422, "there is no badge in it")
	w.bring("").want(t, 400, "Choose a file")
	w.bring("https://elsewhere.example/c/none").want(t, 422, "could not be read")
	w.crowd = true
	if p := w.bring("", hers.JSON).want(t, 429, "Too many badges were checked"); p.header.Get("Retry-After") == "" {
		t.Error(p.header)
	}
	w.ask("POST", path+"/check", nil).want(t, 429)
	w.crowd = false

	// it is judged anew when asked for; what is old is no good news
	w.now = w.now.Add(25 * time.Hour)
	w.signIn("ana@example.org")
	if p := w.ask("GET", path, nil).want(t, 200, "What holds now was not checked", "band-unknown"); strings.Contains(p.body, "band-yes") {
		t.Error(p.body)
	}
	w.post(path+"/check", nil).want(t, 200, "It was checked just now", "band-note", "in force on 23 November 2026")
	if _, err := office.Revoke(t.Context(), hers.ID, "Mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	w.post(path+"/check", nil).want(t, 200, "band-no")
	w.ask("GET", "/mine?by=state", nil).want(t, 200, "No longer in force", "From elsewhere.")
	w.down = true
	p = w.bring(w.awardElsewhere(office, reading, "ana@example.org").JWT).want(t, 200, "It was checked and added", "band-unknown", "Says that it is from", "It cannot be compared")
	unsure := p.imported(t)
	w.down = false
	w.post(unsure+"/check", nil).want(t, 200, "band-note", "It names one of your addresses.")

	// nobody else has any of it
	mine := w.cookies
	w.award("ben@example.org", "Ben")
	w.queue, w.cookies = nil, map[string]string{}
	w.signIn("ben@example.org")
	for _, rest := range []string{"", "/file", "/art"} {
		w.ask("GET", path+rest, nil).want(t, 404)
	}
	for _, rest := range []string{"/check", "/remove"} {
		w.ask("POST", path+rest, nil).want(t, 404)
	}
	w.ask("POST", "/mine/sets", url.Values{"once": {strings.Repeat("x", 26)}, "title": {"Mine"}, "badge": {"i:" + path[len("/mine/imported/"):]}, "access": {"public"}}).want(t, 404)
	w.ask("POST", "/mine/sets", url.Values{"once": {strings.Repeat("x", 26)}, "title": {"Mine"}, "badge": {"a:" + own.ID}, "access": {"public"}}).want(t, 404)
	w.cookies = mine
	w.ask("POST", path+"/remove", nil, "Sec-Fetch-Site", "cross-site").want(t, 403)
	w.post(foreign+"/remove", nil).want(t, 200, "no longer in your list")
	w.ask("GET", foreign, nil).want(t, 404)
	if !strings.Contains(w.ask("GET", "/mine", nil).want(t, 200).body, path) {
		t.Error("another badge went with it")
	}
}

// TestList: the list is grouped as asked for, and searched when it is long; one that is empty says what to do.
func TestList(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.award("ana@example.org", "Ana")
	}
	theirs, err := w.office.CreateOrganisation(t.Context(), "Hillside District", "", "test")
	w.good(err)
	maths, err := w.office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: theirs.ID, Name: "Números", Description: "d", Criteria: "c", Actor: "test"})
	w.good(err)
	w.now = w.now.Add(365 * 24 * time.Hour)
	w.badge = maths
	for range 18 {
		w.award("ana@example.org", "Ana")
	}
	w.queue = nil
	w.signIn("ana@example.org")
	headings := func(p page) string {
		var all []string
		for _, m := range regexp.MustCompile(`<h2 id="g\d+"><bdi>(.*?)</bdi>`).FindAllStringSubmatch(p.body, -1) {
			all = append(all, m[1])
		}
		return strings.Join(all, ", ")
	}
	p := w.ask("GET", "/mine", nil).want(t, 200, "Search by name or issuer")
	if got := headings(p); got != "Hillside District, Riverside &lt;b&gt;District&lt;/b&gt;" || strings.Count(p.body, "/mine/award/") != 21 {
		t.Error(got)
	}
	for by, want := range map[string]string{"year": "2027, 2026", "state": "Waiting", "x": "Hillside District, Riverside &lt;b&gt;District&lt;/b&gt;"} {
		if got := headings(w.ask("GET", "/mine?by="+by, nil).want(t, 200)); got != want {
			t.Errorf("by %s: %s", by, got)
		}
	}
	if p := w.ask("GET", "/mine?q=checking+RIVERSIDE&lang=es", nil).want(t, 200, "3 resultados para «checking RIVERSIDE»."); strings.Count(p.body, "/mine/award/") != 3 {
		t.Error(p.body)
	}
	w.ask("GET", "/mine?q=%3Cb%3E%22", nil).want(t, 200, "0 found")

	one := w.award("ben@example.org", "Ben")
	w.queue, w.cookies = nil, map[string]string{}
	w.signIn("ben@example.org")
	if p := w.ask("GET", "/mine", nil).want(t, 200); strings.Contains(p.body, "Search by") || strings.Contains(p.body, "Grouped by") {
		t.Error("one badge needs no search")
	}
	office, reading := w.elsewhere()
	path := w.bring("", w.awardElsewhere(office, reading, "ben@example.org").JSON).want(t, 200, "It was checked and added").imported(t)
	if _, err := w.office.Erase(t.Context(), one.ID, "", "account:1"); err != nil {
		t.Fatal(err)
	}
	w.ask("GET", "/mine", nil).want(t, 200, "Reading Recovery") // what was brought stays theirs
	w.post(path+"/remove", nil).want(t, 200, "No badge is here yet", "Have badges from other issuers?")
}
