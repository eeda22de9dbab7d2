package claim

import (
	"archive/zip"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// TestSet: a page of chosen badges is shared, changed, turned off and downloaded; it shows a revocation at once, and goes with its person.
func TestSet(t *testing.T) {
	w := newWorld(t)
	first, second, untaken := w.award("ana@example.org", "Ana García"), w.award("ana@example.org", "Ana García"), w.award("ana@example.org", "Ana García")
	office, reading := w.elsewhere()
	hers := w.awardElsewhere(office, reading, "ana@example.org")
	w.queue = nil
	w.signIn("ana@example.org")
	for _, c := range []issuer.Credential{first, second} {
		w.post("/mine/award/"+c.ID+"/take", nil).want(t, 200)
	}
	brought := w.bring("", hers.JSON).want(t, 200).imported(t)
	token := w.bring(hers.JWT).want(t, 200).imported(t)
	p := w.ask("GET", "/mine/sets/new", nil).want(t, 200, "a:"+first.ID, "i:"+brought[len("/mine/imported/"):])
	if strings.Contains(p.body, "a:"+untaken.ID) {
		t.Error("an award that was not taken can be chosen")
	}
	form := url.Values{"once": {regexp.MustCompile(`name="once" value="(\w+)"`).FindStringSubmatch(p.body)[1]}, "title": {"For <b>you</b>"}, "text": {"Three\nyears\u202e."}, "name": {""},
		"badge": {"a:" + first.ID, "i:" + brought[len("/mine/imported/"):], "i:" + token[len("/mine/imported/"):], "a:" + second.ID, "a:" + first.ID}, "access": {"unlisted"}}
	with := func(name string, values ...string) url.Values {
		changed := url.Values{}
		for k, v := range form {
			changed[k] = v
		}
		changed[name] = values
		return changed
	}
	for _, wrong := range []url.Values{with("title", " "), with("title", strings.Repeat("x", 101)), with("badge"), with("access"), with("access", "x"), with("once", "x")} {
		w.ask("POST", "/mine/sets", wrong).want(t, 400)
	}
	if p := w.ask("POST", "/mine/sets", with("title", " ")).want(t, 400, "Give the page a title", "Three"); strings.Count(p.body, " checked>") != 5 { // four badges, and who sees it
		t.Error("what was written is lost", p.body)
	}
	w.ask("POST", "/mine/sets", with("badge", "a:"+untaken.ID)).want(t, 409, "Take the badge first")
	w.ask("POST", "/mine/sets", with("badge", "x")).want(t, 404)
	w.ask("POST", "/mine/sets", form, "Sec-Fetch-Site", "cross-site").want(t, 403)
	p = w.post("/mine/sets", form).want(t, 200, "Saved.", "For <b>you</b>", base+"/s/")
	id := regexp.MustCompile(`/mine/sets/([\w-]{22})"`).FindStringSubmatch(p.body)[1]
	w.post("/mine/sets", form).want(t, 200, id)
	if p := w.ask("GET", "/mine", nil).want(t, 200, "Whoever has the link"); strings.Count(p.body, `"/mine/sets/`+id) != 1 || strings.Count(p.body, "/mine/sets/s") != 1 {
		t.Error("a form that was sent twice made two pages")
	}

	mine := w.cookies
	set, before := "/mine/sets/"+id, w.ofEarners()
	for _, path := range []string{"/mine", "/mine/add", "/mine/sets/new", set, set + "/presentation.json", brought, brought + "/art", brought + "/file", "/s/" + id, "/s/" + id + "/art/3"} {
		for _, method := range []string{"GET", "HEAD"} {
			w.ask(method, path, nil).want(t, 200)
		}
	}
	if !maps.Equal(before, w.ofEarners()) {
		t.Error("looking at it has changed something")
	}
	w.cookies = map[string]string{}
	p = w.ask("GET", "/s/"+id, nil).want(t, 200, "For <b>you</b>", "Three years.", "4 badges, all authentic and in force.", "Awarded to whoever made this page.", "It names an e-mail address that whoever made this page", "Reading Recovery", "/c/"+second.ID,
		"were not checked", "noindex")
	for _, not := range []string{"Ana", "ana@", "Download", "Put together by", "\u202e", "Verified"} {
		if strings.Contains(p.body, not) {
			t.Errorf("the page holds %q", not)
		}
	}
	if strings.Count(p.body, "band-yes") != 4 || strings.Count(p.body, "/c/"+first.ID) != 1 {
		t.Error(p.body)
	}
	w.ask("GET", "/s/"+id+"?lang=es", nil).want(t, 200, "4 insignias, todas auténticas y vigentes.")
	w.ask("GET", "/s/"+id+"/art/2", nil).want(t, 200, "<svg")
	for _, path := range []string{"/presentation.json", "/file/1", "/file/2", "/art/1", "/art/9", "/art/x", "/x", "?x=/.."} {
		if path != "?x=/.." {
			w.ask("GET", "/s/"+id+path, nil).want(t, 404)
		}
	}
	w.ask("GET", set, nil).want(t, 404)
	w.ask("POST", set, form).want(t, 404)
	w.crowd = true
	w.ask("GET", "/s/"+id, nil).want(t, 429)
	w.crowd = false

	// a revocation shows at the next request, here and elsewhere once the minute is over
	if _, err := w.office.Revoke(t.Context(), second.ID, "It was <mine>.", "account:1"); err != nil {
		t.Fatal(err)
	}
	p = w.ask("GET", "/s/"+id, nil).want(t, 200, "4 badges: 3 authentic and in force, 1 not.", "It was <mine>.")
	if strings.Count(p.body, "band-no") != 1 {
		t.Error(p.body)
	}
	if _, err := office.Revoke(t.Context(), hers.ID, "Mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(judgedAgain)
	w.ask("GET", "/s/"+id, nil).want(t, 200, "4 badges: 1 authentic and in force, 3 not.")
	w.down = true
	w.now = w.now.Add(judgedAgain)
	w.ask("GET", "/s/"+id, nil).want(t, 200, "1 authentic and in force, 1 not, 2 not known.", "band-unknown")
	w.down = false

	// the files, where the person lets others have them; whoever turns the page of an award off shows it nowhere
	w.cookies = mine
	changed := with("files", "yes")
	changed.Set("name", "A. G.")
	changed.Set("access", "public")
	w.post(set, changed).want(t, 200, "Saved.", `value="A. G."`, `value="public" checked`)
	w.cookies = map[string]string{}
	p = w.askPublic("/s/"+id).want(t, 200, "Put together by", "A. G.", "Download the badge")
	if p.header.Get("X-Robots-Tag") != "" || strings.Contains(p.body, "noindex") {
		t.Error("search engines are asked to leave a public page out")
	}
	if p := w.ask("GET", "/s/"+id+"/file/3", nil).want(t, 200); p.body != hers.JWT {
		t.Error(p.header)
	}
	p = w.ask("GET", "/s/"+id+"/presentation.json", nil).want(t, 200)
	report, err := verifier.Verify(t.Context(), []byte(p.body), w.options())
	if err != nil || len(report.Credentials) != 4 || report.Credentials[0].Outcome != verifier.Valid || report.Credentials[2].Authentic != verifier.Yes || report.Credentials[2].InForce != verifier.No {
		t.Errorf("%+v %v", report, err)
	}
	if p.header.Get("Content-Type") != "application/vp" || !json.Valid([]byte(p.body)) || strings.Contains(p.body, `"holder"`) {
		t.Error(p.header, p.body)
	}
	w.cookies = mine
	w.post("/mine/award/"+first.ID+"/access", url.Values{"access": {"off"}}).want(t, 200)
	w.ask("GET", set, nil).want(t, 200, "Not all chosen badges are shown")
	if p := w.askPublic("/s/"+id).want(t, 200, "3 badges"); strings.Contains(p.body, first.ID) {
		t.Error("an award whose page is off is shown")
	}
	w.ask("GET", "/s/"+id+"/file/1", nil).want(t, 404)

	// everything in one file
	p = w.ask("GET", "/mine/badges.zip", nil).want(t, 200)
	z, err := zip.NewReader(strings.NewReader(p.body), int64(len(p.body)))
	w.good(err)
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		w.good(err)
		text, err := io.ReadAll(r)
		w.good(err)
		files[f.Name] = string(text)
	}
	folder := "imported-" + brought[len("/mine/imported/"):] + "/"
	if files[folder+"badge.json"] != string(hers.JSON) || files[folder+"picture.svg"] == "" || files["set-"+id+"/presentation.json"] == "" || !strings.Contains(files["what-i-brought-and-show.json"], "A. G.") {
		t.Errorf("%d files", len(files))
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(files["index.html"], -1) {
		if _, here := files[m[1]]; !here && m[1] != base+"/verify" {
			t.Errorf("index.html leads to %s", m[1])
		}
	}

	// off, and on again at the same address
	off := w.ask("GET", "/s/"+strings.Repeat("s", 22), nil).want(t, 404)
	w.post(set, with("access", "off")).want(t, 200, "The page is off")
	for _, path := range []string{"", "/presentation.json", "/file/2", "/art/2"} {
		if p := w.ask("GET", "/s/"+id+path, nil).want(t, 404); tidied(p) != tidied(off) {
			t.Error("a page that is off looks otherwise than none")
		}
	}
	w.ask("GET", set+"/presentation.json", nil).want(t, 200)
	w.post(set, form).want(t, 200, "Saved.")
	w.ask("GET", "/s/"+id, nil).want(t, 200)
	w.post(set+"/remove", nil).want(t, 200, "The page is gone")
	w.ask("GET", "/s/"+id, nil).want(t, 404)
	w.ask("POST", set, form).want(t, 404)

	// it all goes with the person
	form.Set("once", strings.Repeat("y", 26))
	p = w.post("/mine/sets", form).want(t, 200, "Saved.")
	id = regexp.MustCompile(`/mine/sets/([\w-]{22})"`).FindStringSubmatch(p.body)[1]
	w.queue = nil
	w.post("/mine/erase", nil).want(t, 200, "Nothing was erased yet")
	erase := w.link(mail.Erase)
	w.ask("GET", erase, nil).want(t, 200, "Badges from elsewhere: 2. Pages that you share: 1.")
	w.ask("POST", erase, url.Values{"sure": {"yes"}}).want(t, 200, "It is gone from this server")
	w.ask("GET", "/s/"+id, nil).want(t, 404)
	for name, body := range w.records() {
		for _, k := range earner.Kinds() {
			if strings.HasPrefix(name, k.Name+" ") && k.Name != "earner-ask" || strings.Contains(body, "ana@example.org") || strings.Contains(body, "A. G.") {
				t.Error("left:", name, body)
			}
		}
	}
}

// TestSetOfTwoAddresses: a page shows what whoever made it has now; an address that was taken out again takes its badges along.
func TestSetOfTwoAddresses(t *testing.T) {
	w := newWorld(t)
	first, second := w.award("ana@example.org", "Ana"), w.award("ana@school.example", "Ana")
	w.queue = nil
	w.signIn("ana@example.org")
	form := url.Values{"once": {strings.Repeat("x", 26)}, "title": {"Both"}, "badge": {"a:" + first.ID, "a:" + second.ID}, "access": {"unlisted"}}
	w.post("/mine/award/"+first.ID+"/take", nil).want(t, 200)
	w.ask("POST", "/mine/sets", form).want(t, 404)
	w.post("/mine/addresses", url.Values{"email": {"ana@school.example"}}).want(t, 200)
	w.post(w.link(mail.Join), nil).want(t, 200, "Both addresses are in one list now")
	w.post("/mine/award/"+second.ID+"/take", nil).want(t, 200)
	p := w.post("/mine/sets", form).want(t, 200, "Saved.")
	id := regexp.MustCompile(`/mine/sets/([\w-]{22})"`).FindStringSubmatch(p.body)[1]
	w.ask("GET", "/s/"+id, nil).want(t, 200, "2 badges, all", first.ID, second.ID)
	w.post("/mine/part", url.Values{"email": {"ana@school.example"}}).want(t, 200)
	if p := w.ask("GET", "/s/"+id, nil).want(t, 200, "One badge, authentic", first.ID); strings.Contains(p.body, second.ID) {
		t.Error("the page shows what belongs to another address")
	}
	w.post("/mine/sets/"+id, form).want(t, 404)
}

// ofEarners are the records that this side keeps. Others may be written by looking: a status list is signed when somebody asks for it.
func (w *world) ofEarners() map[string]string {
	all := w.records()
	maps.DeleteFunc(all, func(name, _ string) bool {
		return !strings.HasPrefix(name, "earner-") && !strings.HasPrefix(name, "holding")
	})
	return all
}

// tidied is a page without the link to itself in another language.
func tidied(p page) string {
	return regexp.MustCompile(`href="[^"]*lang=es"`).ReplaceAllString(p.body, "")
}
