package claim

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// setOf makes a set of badges and is its id.
func (w *world) setOf(files bool, items ...string) string {
	w.Helper()
	form := url.Values{"once": {fmt.Sprintf("%026d", w.now.UnixNano())}, "title": {"Mine"}, "badge": items, "access": {"public"}}
	if files {
		form.Set("files", "yes")
	}
	w.now = w.now.Add(1)
	p := w.post("/mine/sets", form).want(w, 200, "Saved.")
	return regexp.MustCompile(`/mine/sets/([\w-]{22})"`).FindStringSubmatch(p.body)[1]
}

// itemAt is what names a badge that was brought in the form of a set.
func itemAt(path string) string { return "i:" + strings.TrimPrefix(path, "/mine/imported/") }

// TestSomebodyElsesAward: an award of this installation that is somebody else's is never kept. It is shown while its earner shows it, serves
// no file, and is gone when they have it erased.
func TestSomebodyElsesAward(t *testing.T) {
	w := newWorld(t)
	hers, his := w.award("ana@example.org", "Ana García"), w.award("bob@example.org", "Bob")
	w.queue = nil
	w.signIn("ana@example.org")
	w.post("/mine/award/"+hers.ID+"/take", nil).want(t, 200)
	ana := w.cookies
	w.cookies = map[string]string{}
	w.signIn("bob@example.org")
	w.post("/mine/award/"+his.ID+"/take", nil).want(t, 200)
	art, err := paper.ArtPNG()
	w.good(err)
	baked, err := bake.Bake(art, hers.JSON)
	w.good(err)
	path := w.bring("", hers.JSON).want(t, 200, "It was checked and added", "awarded on this server to somebody else", "/c/"+hers.ID, "band-yes", "It names somebody else").imported(t)
	for _, form := range []page{w.bring(hers.JWT), w.bring("", baked), w.bring(hers.URL)} { // one award, however it is brought
		form.want(t, 200, "It was in your list already", path)
	}
	left := func(what ...string) (found []string) {
		for name, body := range w.records() {
			for _, text := range what {
				if strings.Contains(body, text) && !strings.HasPrefix(name, "credential ") && !strings.HasPrefix(name, "holding ") && !strings.HasPrefix(name, "message ") { // her own
					found = append(found, name)
				}
			}
		}
		return found
	}
	if all := left("García", "sha256$", hers.JWT); len(all) > 0 {
		t.Error("what the award says is kept with somebody else:", all)
	}
	id := w.setOf(true, "a:"+his.ID, itemAt(path))
	mine := w.ask("GET", "/mine", nil).want(t, 200, "It names none of your addresses.")
	if strings.Contains(mine.body, "García") {
		t.Error("the list holds her name")
	}
	p := w.askPublic("/s/"+id).want(t, 200, "2 badges: 1 authentic and in force, 1 of somebody else.", "Badges, not all of one person", "whose-other", "/c/"+hers.ID)
	if strings.Contains(p.body, "Badges of one person") || strings.Contains(p.body, "/file/2") || strings.Contains(p.body, "all authentic") {
		t.Error(p.body)
	}
	for _, rest := range []string{"/file/2", "/art/2", "/file/3"} {
		w.ask("GET", "/s/"+id+rest, nil).want(t, 404)
	}
	for _, rest := range []string{"/file", "/art"} {
		w.ask("GET", path+rest, nil).want(t, 404)
	}
	if p := w.ask("GET", "/s/"+id+"/presentation.json", nil).want(t, 200); strings.Contains(p.body, hers.ID) || !strings.Contains(p.body, his.ID) {
		t.Error("the presentation holds somebody else's award")
	}
	if p := w.ask("GET", "/mine/badges.zip", nil).want(t, 200); strings.Contains(unpacked(t, p.body), "García") {
		t.Error("the archive holds somebody else's name")
	}

	// a revocation shows at once, also in the list
	if _, err := w.office.Revoke(t.Context(), hers.ID, "Mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	w.ask("GET", path, nil).want(t, 200, "band-no", "Mistake.")
	if p := w.askPublic("/s/"+id).want(t, 200); strings.Count(p.body, "band-yes") != 1 {
		t.Error("a revoked award is green on somebody else's page")
	}

	// her page off: it is nowhere
	bob := w.cookies
	w.cookies = ana
	w.post("/mine/award/"+hers.ID+"/access", url.Values{"access": {"off"}}).want(t, 200)
	w.cookies = bob
	if p := w.askPublic("/s/"+id).want(t, 200, "One badge"); strings.Contains(p.body, hers.ID) {
		t.Error(p.body)
	}
	w.ask("GET", path, nil).want(t, 200, "shows it to nobody at the moment")
	if p := w.ask("GET", "/mine", nil).want(t, 200, "Its page is turned off or gone"); strings.Contains(p.body, "/c/"+hers.ID) {
		t.Error(p.body)
	}
	w.post(path+"/remove", nil).want(t, 200, "no longer in your list")
	w.bring("", hers.JSON).want(t, 422, "It was not added: it is an award of this server whose page is turned off or gone.")
	w.cookies = ana
	w.post("/mine/award/"+hers.ID+"/access", url.Values{"access": {"unlisted"}}).want(t, 200)
	w.cookies = bob
	path = w.bring("", hers.JSON).want(t, 200, "It was checked and added").imported(t)

	// erased: nothing is left of it with him either
	if _, err := w.office.Erase(t.Context(), hers.ID, "", "account:1"); err != nil {
		t.Fatal(err)
	}
	w.ask("GET", path, nil).want(t, 404)
	for name, body := range w.records() {
		if strings.Contains(body, "García") || strings.HasPrefix(name, "earner-") && strings.Contains(body, hers.ID) {
			t.Error("left:", name, body)
		}
	}
	w.bring("", hers.JSON).want(t, 422, "turned off or gone")
}

// TestForgetCopies: copies of an award go by its name also where the store does not know it any more.
func TestForgetCopies(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	office, reading := w.elsewhere()
	w.queue = nil
	w.signIn("ana@example.org")
	c := w.awardElsewhere(office, reading, "ana@example.org")
	path := w.bring("", c.JSON).want(t, 200).imported(t)
	w.good(w.earners.ForgetCopies(t.Context(), "AAAAAAAAAAAAAAAAAAAAAA"))
	w.ask("GET", path, nil).want(t, 200)
	w.good(w.earners.ForgetCopies(t.Context(), c.URL))
	w.ask("GET", path, nil).want(t, 404)
	for name := range w.records() {
		if strings.HasPrefix(name, "earner-file ") {
			t.Error("left:", name)
		}
	}
}

// unpacked is all text in an archive.
func unpacked(t *testing.T, body string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(f.Name + "\n" + string(text) + "\n")
	}
	return all.String()
}

// TestJudgedList: the list and the archive say of each award what its page says, not what the records say alone; what was found about badges
// from elsewhere is a note with its day, and after a day it is not known.
func TestJudgedList(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana")
	office, reading := w.elsewhere()
	w.queue = nil
	w.signIn("ana@example.org")
	w.post("/mine/award/"+c.ID+"/take", nil).want(t, 200)
	w.bring("", w.awardElsewhere(office, reading, "ana@example.org").JSON).want(t, 200)
	states := func(p page) string {
		var all []string
		for _, m := range regexp.MustCompile(`shelf-state shelf-(\w+)">.*?<span>(.*?)</span>`).FindAllStringSubmatch(p.body, -1) {
			all = append(all, m[1]+" "+m[2])
		}
		return strings.Join(all, "; ")
	}
	p := w.ask("GET", "/mine?by=state", nil).want(t, 200, "In force when last checked")
	if got := states(p); got != "yes In force; note In force when checked on 22 November 2026" {
		t.Error(got)
	}
	w.own = func(r *verifier.Report) {
		r.Outcome, r.Authentic, r.InForce = verifier.Invalid, verifier.No, verifier.Undecided
	}
	w.now = w.now.Add(freshFor)
	w.signIn("ana@example.org")
	p = w.ask("GET", "/mine?by=state", nil).want(t, 200, "Not known today")
	if got := states(p); got != "note In force when checked on 22 November 2026; no Not authentic" {
		t.Error(got)
	}
	if p := w.ask("GET", "/mine/badges.zip", nil).want(t, 200); !strings.Contains(unpacked(t, p.body), "Not authentic, when this was downloaded.") {
		t.Error("the archive says otherwise")
	}
}

// TestPresentation: what is downloaded as one file is valid when all that is in it is, by our verifier and by another, and not once the list
// was changed. Each download has a key of its own.
func TestPresentation(t *testing.T) {
	w := newWorld(t)
	first, second := w.award("ana@example.org", "Ana"), w.award("ana@example.org", "Ana")
	office, reading := w.elsewhere()
	w.queue = nil
	w.signIn("ana@example.org")
	for _, c := range []issuer.Credential{first, second} {
		w.post("/mine/award/"+c.ID+"/take", nil).want(t, 200)
	}
	token := w.bring(w.awardElsewhere(office, reading, "ana@example.org").JWT).want(t, 200).imported(t)
	simple, whole := w.setOf(true, "a:"+first.ID, "a:"+second.ID), w.setOf(true, "a:"+first.ID, itemAt(token), "a:"+second.ID)
	for _, id := range []string{simple, whole} {
		text := w.ask("GET", "/s/"+id+"/presentation.json", nil).want(t, 200).body
		report, err := w.verify(t.Context(), []byte(text))
		if err != nil || report.Outcome != verifier.Valid {
			t.Fatalf("%+v %v", report, err)
		}
		if strings.Contains(text, `"holder"`) || strings.Count(text, `"proofPurpose":"authentication"`) != 1 {
			t.Error(text)
		}
		if again := w.ask("GET", "/s/"+id+"/presentation.json", nil).want(t, 200).body; keyOf(t, again) == keyOf(t, text) {
			t.Error("two downloads have one key")
		}
		var changed map[string]any
		w.good(json.Unmarshal([]byte(text), &changed))
		changed["verifiableCredential"] = changed["verifiableCredential"].([]any)[1:]
		less, err := json.Marshal(changed)
		w.good(err)
		if report, err := w.verify(t.Context(), less); err != nil || report.Outcome == verifier.Valid || report.Authentic != verifier.No {
			t.Errorf("a badge was taken out: %+v %v", report, err)
		}
	}
	w.askPublic("/s/"+simple).want(t, 200, "made for this one download and forgotten", "not who holds it")
	w.askPublic("/s/"+simple+"?lang=es").want(t, 200, "se crea solo para esta descarga y se olvida")
	t.Run("another implementation", func(t *testing.T) {
		agreed(t, w, w.ask("GET", "/s/"+simple+"/presentation.json", nil).want(t, 200).body)
	})
}

// keyOf is the method that signed a presentation.
func keyOf(t *testing.T, text string) string {
	t.Helper()
	var p struct {
		Proof struct {
			Method string `json:"verificationMethod"`
		} `json:"proof"`
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || !strings.HasPrefix(p.Proof.Method, "did:key:z6Mk") {
		t.Fatal(p, err)
	}
	return p.Proof.Method
}

// agreed has @digitalbazaar/vc check the proof of a presentation.
func agreed(t *testing.T, w *world, text string) {
	home, err := filepath.Abs("../../testdata/npm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, "node_modules", "@digitalbazaar")); err != nil {
		t.Skip("testdata/npm is not installed")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	known, documents := map[string]string{}, map[string]json.RawMessage{}
	for _, c := range contexts.All() {
		known[c.URL] = string(c.JSON)
	}
	for _, m := range regexp.MustCompile(`"(`+base+`/[\w/.-]+)"`).FindAllStringSubmatch(text, -1) {
		if document, err := w.office.Document(t.Context(), m[1]); err == nil && json.Valid(document) {
			documents[m[1]] = document
		}
	}
	organisation, err := w.office.Document(t.Context(), w.ours.URL+"/did.json")
	w.good(err)
	var identity struct {
		ID      string            `json:"id"`
		Methods []json.RawMessage `json:"verificationMethod"`
	}
	w.good(json.Unmarshal(organisation, &identity))
	documents[identity.ID] = organisation
	for _, method := range identity.Methods {
		var m map[string]any
		w.good(json.Unmarshal(method, &m))
		m["@context"] = "https://w3id.org/security/multikey/v1"
		documents[m["id"].(string)], err = json.Marshal(m)
		w.good(err)
	}
	altered := strings.Replace(text, `"type":["VerifiablePresentation"]`, `"type":["VerifiablePresentation"],"id":"urn:x:y"`, 1)
	input, err := json.Marshal(map[string]any{"contexts": known, "documents": documents, "tasks": []any{
		map[string]any{"do": "present", "presentation": json.RawMessage(text)}, map[string]any{"do": "present", "presentation": json.RawMessage(altered)}}})
	w.good(err)
	command := exec.CommandContext(t.Context(), node, filepath.Join(home, "interop.mjs"))
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	w.good(err)
	var answers []struct {
		OK struct {
			Verified, Signed bool
			Each             []bool
			Error            string
		}
		Error string
	}
	if err := json.Unmarshal(output, &answers); err != nil || len(answers) != 2 {
		t.Fatal(err, string(output))
	}
	if a := answers[0]; !a.OK.Verified || !a.OK.Signed || len(a.OK.Each) != 2 || a.Error != "" {
		t.Errorf("%+v", a)
	}
	if a := answers[1]; a.OK.Verified || a.OK.Signed || a.Error != "" {
		t.Errorf("changed: %+v", a)
	}
}

// TestLargePages: pages show 24 badges at a time, with less than 60 kB of HTML; the form keeps what was chosen on other pages.
func TestLargePages(t *testing.T) {
	w := newWorld(t)
	var all []issuer.Credential
	for range earner.MostInSet + 3 {
		all = append(all, w.award("ana@example.org", "Ana"))
	}
	w.queue = nil
	w.signIn("ana@example.org")
	var items []string
	for _, c := range all {
		if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
			t.Fatal(err)
		}
		items = append(items, "a:"+c.ID)
	}
	light := func(p page, cards string, want int) page {
		t.Helper()
		if len(p.body) > 60_000 || strings.Count(p.body, cards) != want {
			t.Errorf("%d bytes, %d badges, want %d", len(p.body), strings.Count(p.body, cards), want)
		}
		return p
	}
	light(w.ask("GET", "/mine", nil).want(t, 200, "Page 1 of 3"), `<p class="shelf-name">`, onPage)
	light(w.ask("GET", "/mine?page=3", nil).want(t, 200, "Page 3 of 3"), `<p class="shelf-name">`, 15)
	light(w.ask("GET", "/mine?page=9&by=state&lang=es", nil).want(t, 200, "Página 3 de 3", "by=state"), `<p class="shelf-name">`, 15)
	p := w.ask("GET", "/mine?by=year&page=2&q=checking", nil).want(t, 200)
	if !strings.Contains(p.body, "/mine?by=year&amp;lang=es&amp;page=2&amp;q=checking") {
		t.Error("the other language shows something else")
	}
	light(w.ask("GET", "/mine/sets/new", nil).want(t, 200, "Page 1 of 3"), `type="checkbox" name="badge"`, onPage)
	form := url.Values{"once": {strings.Repeat("x", 26)}, "title": {""}, "text": {"Some words."}, "badge": items[:earner.MostInSet], "access": {"public"}, "go": {"2"}}
	p = light(w.ask("POST", "/mine/sets", form).want(t, 200, "Page 2 of 3", "Some words."), `type="checkbox" name="badge"`, onPage)
	if strings.Count(p.body, " checked>") != onPage+1 || strings.Count(p.body, `type="hidden" name="badge"`) != earner.MostInSet-onPage {
		t.Error("what was chosen on other pages is lost")
	}
	if p := w.ask("GET", "/mine", nil); strings.Contains(p.body, "/mine/sets/s") {
		t.Error("turning a page has saved something")
	}
	form.Set("title", "All")
	form.Del("go")
	p = w.post("/mine/sets", form).want(t, 200, "Saved.")
	id := regexp.MustCompile(`/mine/sets/([\w-]{22})"`).FindStringSubmatch(p.body)[1]
	for page, want := range []int{24, 24, 12} {
		p := light(w.askPublic(fmt.Sprintf("/s/%s?page=%d", id, page+1)).want(t, 200, "60 badges, all authentic and in force.", fmt.Sprintf("Page %d of 3", page+1), "of 60 alike"), `<div class="band`, want)
		t.Logf("page %d of a set: %d bytes", page+1, len(p.body))
	}
}

// TestHeaviestPage: a page of long names and texts, in letters of three bytes, all revoked with a reason, is below 60 kB as well, as are
// pages of badges from elsewhere at all their bounds.
func TestHeaviestPage(t *testing.T) {
	w := newWorld(t)
	long, err := w.office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: w.ours.ID, Name: strings.Repeat("學習與教學", 12), Description: strings.Repeat("教師傾聽並調整課程。", 200), Criteria: "c", Actor: "test"})
	w.good(err)
	w.badge = long
	var items []string
	for range onPage {
		c := w.award("ana@example.org", "Ana")
		items = append(items, "a:"+c.ID)
		if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.office.Revoke(t.Context(), c.ID, strings.Repeat("錯誤。", 20), "account:1"); err != nil {
			t.Fatal(err)
		}
	}
	w.queue = nil
	w.signIn("ana@example.org")
	id := w.setOf(true, items...)
	for _, path := range []string{"/s/" + id + "?lang=es", "/mine?lang=es", "/mine/sets/" + id + "?lang=es"} {
		p := w.askPublic(path)
		if strings.HasPrefix(path, "/mine") {
			p = w.ask("GET", path, nil)
		}
		t.Logf("%s: %d bytes", path, len(p.body))
		if p.want(t, 200); len(p.body) > 60_000 {
			t.Errorf("%s has %d bytes", path, len(p.body))
		}
	}

	// badges from elsewhere, of which everything is as long as it can be
	m := w.maker()
	items = nil
	letters := strings.NewReplacer("Plain", strings.Repeat("𝔏", 280), "Bob's own", strings.Repeat("𝔐", 280), `"d"`, `"`+strings.Repeat("𝔇", 900)+`"`)
	var files [][]byte
	for range onPage {
		files = append(files, m.sealed([]byte(letters.Replace(string(m.document())))))
	}
	for len(files) > 0 {
		most := min(len(files), 20)
		p := w.bring("", files[:most]...).want(t, 200)
		for _, found := range regexp.MustCompile(`href="(/mine/imported/[\w-]{22})`).FindAllStringSubmatch(p.body, -1) {
			items = append(items, itemAt(found[1]))
		}
		files = files[most:]
	}
	if len(items) != onPage {
		t.Fatal(len(items))
	}
	id = w.setOf(true, items...)
	for _, path := range []string{"/s/" + id + "?lang=es", "/mine?lang=es", "/mine/sets/" + id + "?lang=es", "/mine?by=state&lang=es"} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", base+path, nil)
		r.Header.Set("Accept-Encoding", "br, gzip")
		for name, value := range w.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		recorder := httptest.NewRecorder()
		w.site.ServeHTTP(recorder, r)
		p := page{recorder.Code, recorder.Header(), recorder.Body.String()}.want(t, 200)
		t.Logf("%s: %d bytes %s", path, len(p.body), p.header.Get("Content-Encoding"))
		if len(p.body) > 60_000 || strings.HasPrefix(path, "/s/") != (p.header.Get("Content-Encoding") == "gzip") {
			t.Errorf("%s has %d bytes as %q", path, len(p.body), p.header.Get("Content-Encoding"))
		}
	}
}

// TestKeptPage: the page of a set may be kept for as long as it says the same of the same day.
func TestKeptPage(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana")
	if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	w.queue = nil
	w.signIn("ana@example.org")
	path := "/s/" + w.setOf(true, "a:"+c.ID)
	w.cookies = map[string]string{}
	ask := func(tag string, lang ...string) (string, int) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", base+path+strings.Join(lang, ""), nil)
		r.Header.Set("If-None-Match", tag)
		recorder := httptest.NewRecorder()
		w.site.ServeHTTP(recorder, r)
		return recorder.Header().Get("ETag"), recorder.Code
	}
	tag, _ := ask("")
	w.now = w.now.Add(time.Hour)
	if _, status := ask(tag); status != 304 || !strings.HasPrefix(tag, "W/") {
		t.Error("an hour later:", tag, status)
	}
	if _, status := ask(tag, "?lang=es"); status != 200 {
		t.Error("in Spanish:", status)
	}
	w.now = w.now.Add(24 * time.Hour)
	tag, status := ask(tag)
	if status != 200 {
		t.Error("the next day:", status)
	}
	if _, err := w.office.Revoke(t.Context(), c.ID, "Mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	if _, status := ask(tag); status != 200 {
		t.Error("revoked:", status)
	}
	if _, err := w.office.Erase(t.Context(), c.ID, "", "account:1"); err != nil {
		t.Fatal(err)
	}
	if _, status := ask(tag); status == 304 {
		t.Error("erased:", status)
	}
}

// TestAdmitFirst: whoever is not let in has nothing read for them but that the page is there.
func TestAdmitFirst(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana")
	if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	w.queue = nil
	w.signIn("ana@example.org")
	id := w.setOf(true, "a:"+c.ID)
	w.crowd = true
	before := w.read.Load()
	w.askPublic("/s/"+id).want(t, 429)
	if n := w.read.Load() - before; n > 1 {
		t.Errorf("%d reads for a visitor who is not let in", n)
	}
	w.ask("GET", "/s/sAAAAAAAAAAAAAAAAAAAAA", nil).want(t, 404)
}

// TestWorkByStrangers: pictures are asked about by their tag, and all that costs work is counted.
func TestWorkByStrangers(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana")
	office, reading := w.elsewhere()
	w.queue = nil
	w.signIn("ana@example.org")
	w.post("/mine/award/"+c.ID+"/take", nil).want(t, 200)
	brought := w.bring("", w.awardElsewhere(office, reading, "ana@example.org").JSON).want(t, 200).imported(t)
	id := w.setOf(true, "a:"+c.ID, itemAt(brought))
	for _, path := range []string{"/s/" + id + "/art/2", "/s/" + id + "/preview.png"} {
		tag := w.ask("GET", path, nil).want(t, 200).header.Get("ETag")
		r := httptest.NewRequestWithContext(t.Context(), "GET", base+path, nil)
		r.Header.Set("If-None-Match", `"x", W/`+tag)
		recorder := httptest.NewRecorder()
		if w.site.ServeHTTP(recorder, r); tag == "" || recorder.Code != http.StatusNotModified || recorder.Body.Len() > 0 {
			t.Error(path, tag, recorder.Code)
		}
	}
	p := w.askPublic("/s/"+id).want(t, 200, `property="og:site_name" content="Laurel"`, `rel="canonical" href="`+base+"/s/"+id+`"`, `property="og:description" content="Badges, each checked when the page is opened."`, "twitter:title", "twitter:description", "og:image:secure_url")
	picture := regexp.MustCompile(`property="og:image" content="` + base + `(/s/` + id + `/preview/en-[a-z2-7]{16}\.png)"`).FindStringSubmatch(p.body)
	if picture == nil {
		t.Fatal(p.body)
	}
	w.ask("GET", picture[1], nil).want(t, 200)
	for _, not := range []string{"/preview/en-x", "/preview/fr-x.png", "/preview/.png"} {
		w.ask("GET", "/s/"+id+not, nil).want(t, 404)
	}
	w.ask("GET", "/s/"+id+"/preview/es-old.png", nil).want(t, 200) // as it is now
	w.post("/mine/sets/"+id, url.Values{"title": {"Another"}, "badge": {"a:" + c.ID, itemAt(brought)}, "access": {"public"}, "files": {"yes"}}).want(t, 200)
	if p := w.askPublic("/s/" + id); strings.Contains(p.body, picture[1]) {
		t.Error("the picture has changed and its address has not")
	}
	w.crowd = true
	for _, path := range []string{"/file/1", "/presentation.json"} {
		w.ask("GET", "/s/"+id+path, nil).want(t, 429)
	}
	w.crowd = false
	w.visitor = "192.0.2.77"
	refused := 0
	for range picturesMost + 5 {
		r := httptest.NewRequestWithContext(context.Background(), "GET", base+"/s/"+id+"/art/2", nil)
		recorder := httptest.NewRecorder()
		if w.site.ServeHTTP(recorder, r); recorder.Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d pictures were refused", refused)
	}
}
