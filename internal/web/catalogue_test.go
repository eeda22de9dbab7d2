package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/definition"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// TestRevocationList: the unsigned list for older verifiers is given under the number that awards name, and changes with a revocation
// alone.
func TestRevocationList(t *testing.T) {
	s, all := newBranches(t, testBase, true, 2)
	a, b := all[0], all[1]
	path := "/i/" + s.other.ID + "/revocations"
	w := b.get(path, "*/*")
	wantStatus(t, w, http.StatusOK)
	var list struct {
		ID      string
		Issuer  string
		Revoked []struct {
			ID     string
			Reason string `json:"revocationReason"`
		} `json:"revokedCredential"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if list.ID != testBase+path || list.Issuer != s.other.DID || len(list.Revoked) != 1 || list.Revoked[0].Reason != "Awarded by mistake" {
		t.Errorf("%+v", list)
	}
	etag := w.Header().Get("ETag")
	if w.Header().Get("Content-Type") != mediaJSON || w.Header().Get("Cache-Control") != cacheList || w.Header().Get("Access-Control-Allow-Origin") != "*" || etag == "" {
		t.Errorf("%v", w.Header())
	}
	again := func(want int) {
		t.Helper()
		wantStatus(t, b.ask(http.MethodGet, path, "", "If-None-Match", etag), want)
	}
	again(http.StatusNotModified)
	page, _, err := a.Workspace(s.other.ID).Credentials(t.Context(), issuer.CredentialFilter{}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	award, err := a.Issue(t.Context(), issuer.AwardInput{Organisation: s.other.ID, Achievement: page[0].Achievement, Recipient: "kim@example.org", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	again(http.StatusNotModified)
	if r := b.outcome(t, string(award.JSON)); r.Outcome != verifier.Valid {
		t.Errorf("%+v", r.Checks)
	}
	if _, err := a.Revoke(t.Context(), award.ID, "in error", "test"); err != nil {
		t.Fatal(err)
	}
	again(http.StatusOK)
	wantText(t, b.get(path, "*/*"), award.Identifier)
	for _, none := range []string{"/1", "/0", "/-1", "/02", "/2", "/x", "/99999999999999999999", "/2/", "/"} {
		wantStatus(t, b.get(path+none, "*/*"), http.StatusNotFound)
	}
	wantStatus(t, b.get("/i/"+s.organisation.ID+"/revocations", "*/*"), http.StatusNotFound) // names no such list
}

// TestEndorsementPublished: an endorsement is at its address as a file and as a page, and on the page of what it is about; when it is
// revoked all of them say so or leave it out.
func TestEndorsementPublished(t *testing.T) {
	s, all := newBranches(t, testBase, true, 2)
	a, b := all[0], all[1]
	path := "/e/" + s.endorsement.ID
	for _, r := range []struct{ path, accept, media, body string }{
		{path, "", mediaVC, string(s.endorsement.JSON)},
		{path, "*/*", mediaVC, string(s.endorsement.JSON)},
		{path, mediaJSON, mediaJSON, string(s.endorsement.JSON)},
		{path, mediaJWT, mediaJWT, s.endorsement.JWT},
		{path + ".json", mediaHTML, mediaVC, string(s.endorsement.JSON)},
		{path + ".jwt", mediaHTML, mediaJWT, s.endorsement.JWT},
	} {
		w := b.get(r.path, r.accept)
		wantStatus(t, w, http.StatusOK)
		if w.Header().Get("Content-Type") != r.media || w.Body.String() != r.body || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s as %q: %v %.60s", r.path, r.accept, w.Header(), w.Body)
		}
	}
	wantStatus(t, b.get(path, "image/png"), http.StatusNotAcceptable)
	wantStatus(t, b.get(path+".png", "*/*"), http.StatusNotFound)
	wantStatus(t, b.get("/e/AAAAAAAAAAAAAAAAAAAAAA", "*/*"), http.StatusNotFound)
	wantText(t, b.get(path, mediaHTML), "Authentic, and in force today", "signed exactly this endorsement", "Department of Education", "<strong>count</strong>",
		`href="/a/`+s.achievement.ID+`"`, "Small-Group Instruction", path+".json")
	achievement := b.get("/a/"+s.achievement.ID, mediaHTML)
	wantText(t, achievement, "Department of Education", "<strong>count</strong>", "Authentic, and in force today.", path)
	wantText(t, b.get("/a/"+s.achievement.ID, mediaLD), `"endorsement"`, s.endorsement.Identifier)
	if r := b.outcome(t, string(s.endorsement.JSON)); r.Outcome != verifier.Valid {
		t.Errorf("%+v", r.Checks)
	}
	attached, _, err := a.Workspace(s.organisation.ID).Endorsements(t.Context(), "", "", 0)
	if err != nil || len(attached) != 1 {
		t.Fatalf("%d attached, %v", len(attached), err)
	}
	wantStatus(t, b.get("/e/"+attached[0].ID, "*/*"), http.StatusNotFound) // its own address is that of who gave it
	if _, err := a.Workspace(s.other.ID).RevokeEndorsement(t.Context(), s.endorsement.ID, "The rubric was changed.", issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	wantText(t, b.get(path, mediaHTML), "Authentic, but revoked", "The rubric was changed.")
	achievement = b.get("/a/"+s.achievement.ID, mediaHTML)
	wantText(t, achievement, "Authentic, but revoked")
	wantNoText(t, achievement, "in force today")
}

// TestDefinition: what another installation reads of an achievement is what was published here.
func TestDefinition(t *testing.T) {
	s, all := newBranches(t, testBase, false, 1)
	w := all[0].get("/a/"+s.achievement.ID+"/definition.json", "*/*")
	wantStatus(t, w, http.StatusOK)
	if w.Header().Get("Content-Disposition") != `attachment; filename="achievement-`+s.achievement.ID+`.json"` || w.Header().Get("Content-Type") != mediaJSON {
		t.Errorf("%v", w.Header())
	}
	read, err := definition.Read(w.Body.Bytes())
	if err != nil || len(read) != 1 {
		t.Fatalf("%d definitions, %v", len(read), err)
	}
	if d := read[0]; d.Input.Name != "Small-Group Instruction" || d.Address != s.achievement.URL || len(d.Input.Image) == 0 || len(d.Notes) != 0 {
		t.Errorf("%q at %q, %d bytes of picture, notes %v", d.Input.Name, d.Address, len(d.Input.Image), d.Notes)
	}
}

// TestPicturesOfOthers: pictures that people have uploaded are given for what they are, and may do nothing but be drawn.
func TestPicturesOfOthers(t *testing.T) {
	s, all := newBranches(t, testBase, false, 1)
	b := all[0]
	drawing := []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><style>.a{fill:#1d5b43}</style><rect class="a" width="4" height="4"/></svg>`)
	drawn, err := b.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: s.organisation.ID, Name: "Drawn", Description: "Draws.", Criteria: "Once.", Image: drawing, ImageCaption: "A square", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	award, err := b.Issue(t.Context(), issuer.AwardInput{Organisation: s.organisation.ID, Achievement: drawn.ID, Recipient: "ada@example.org", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for path, policy := range map[string]string{
		"/a/" + drawn.ID + "/image.svg":         policyOthers,
		"/c/" + award.ID + ".svg":               policyOthers,
		"/i/" + s.other.ID + "/image.svg":       policyOthers,
		"/a/" + s.achievement.ID + "/image.svg": policyDrawn, // it has none: drawn here
		"/a/" + drawn.ID + "/art.svg":           policyDrawn,
	} {
		w := b.get(path, "*/*")
		wantStatus(t, w, http.StatusOK)
		if h := w.Header(); h.Get("Content-Type") != mediaSVG || h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
		if own := strings.Contains(w.Body.String(), ".a{fill:#1d5b43}"); own != (policy == policyOthers) {
			t.Errorf("%s: the picture of its own is %t", path, own)
		}
	}
	for path, media := range map[string]string{"/a/" + drawn.ID + "/image.png": mediaPNG, "/i/" + s.organisation.ID + "/image.png": mediaPNG} {
		w := b.get(path, "*/*")
		wantStatus(t, w, http.StatusOK)
		if w.Header().Get("Content-Type") != media || !strings.HasPrefix(w.Body.String(), "\x89PNG") {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
	for _, none := range []string{"/i/" + s.organisation.ID + "/image.svg", "/i/" + s.other.ID + "/image.png", "/a/none/image.svg", "/i/none/image.png"} {
		wantStatus(t, b.get(none, "*/*"), http.StatusNotFound)
	}
	w := b.get("/c/"+award.ID+".svg", "*/*")
	if text, err := bake.Unbake(w.Body.Bytes()); err != nil || string(text) != string(award.JSON) {
		t.Errorf("the drawing holds %.60q, %v", text, err)
	}
	for _, form := range []string{".png", ".svg", "/qr.png", "/qr.svg"} { // an award that is turned off must not live on in caches
		if got := b.get("/c/"+award.ID+form, "*/*").Header().Get("Cache-Control"); got != cacheAsk {
			t.Errorf("%s: %q", form, got)
		}
	}
	wantText(t, b.get("/a/"+drawn.ID, mediaHTML), `src="/a/`+drawn.ID+`/image.svg" alt="A square"`)
	wantText(t, b.get("/i/"+s.other.ID, mediaHTML), `src="/i/`+s.other.ID+`/image.svg"`)
}

// crowded is an office of 200 organisations that have ten achievements each. Its cursors are numbers.
type crowded struct{ office }

func stretch(after string, limit, of int) (from, to int, next string, err error) {
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil {
			return 0, 0, "", &issuer.Error{Kind: issuer.KindInvalid, Code: "cursor", Err: err}
		}
	}
	if to = min(from+limit, of); to < of {
		next = strconv.Itoa(to)
	}
	return from, to, next, nil
}

func (crowded) OrganisationsFrom(_ context.Context, after string, limit int) (page []issuer.Organisation, next string, err error) {
	from, to, next, err := stretch(after, limit, 200)
	for i := from; i < to; i++ {
		page = append(page, issuer.Organisation{ID: fmt.Sprintf("o%03d", i), DID: "did:web:badges.example", Name: fmt.Sprintf("District %d", i)})
	}
	return page, next, err
}

func (crowded) Organisation(_ context.Context, id string) (issuer.Organisation, error) {
	return issuer.Organisation{ID: id, DID: "did:web:badges.example", Name: "District " + id}, nil
}

func (crowded) AchievementsFrom(_ context.Context, organisation, after string, limit int) (page []issuer.Achievement, next string, err error) {
	of := 2000
	if organisation != "" {
		of = 110
	}
	from, to, next, err := stretch(after, limit, of)
	for i := from; i < to; i++ {
		page = append(page, issuer.Achievement{ID: fmt.Sprintf("a%04d", i), Organisation: fmt.Sprintf("o%03d", i/10), Name: fmt.Sprintf("Achievement %d", i),
			Content: credential.Achievement{InLanguage: "en"}})
	}
	return page, next, err
}

// TestLanguageOfTiles: the names of what can be earned are marked with their language where that is not the language of the page, in lists
// and in what was found.
func TestLanguageOfTiles(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Office = crowded{} })
	for _, address := range []string{"/", "/i/o007", "/?q=achievement+1999", "/i/o007?q=achievement"} {
		for l, marked := range map[string]bool{"en": false, "es": true} {
			separator := map[bool]string{true: "&", false: "?"}[strings.Contains(address, "?")]
			w := f.get(address+separator+"lang="+l, mediaHTML)
			wantText(t, w, ">Achievement ")
			if got := strings.Contains(w.Body.String(), `<bdi lang="en">Achievement `); got != marked {
				t.Errorf("%s in %s: marked %v", address, l, got)
			}
		}
	}
}

// TestListsHavePages: however many issuers and achievements there are, a page lists some, and leads on to all of them.
func TestListsHavePages(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Office = crowded{} })
	for _, list := range []struct {
		first, more string
		item        *regexp.Regexp
		want        int
	}{
		{"/", "More issuers", regexp.MustCompile(`href="(/i/o\d{3})"`), 200},
		{"/", "More achievements", regexp.MustCompile(`href="(/a/a\d{4})"`), 2000},
		{"/i/cedar", "More achievements", regexp.MustCompile(`href="(/a/a\d{4})"`), 110},
	} {
		found := map[string]bool{}
		path, pages := list.first, 0
		for ; path != "" && pages < 100; pages++ {
			w := f.get(path, mediaHTML)
			wantStatus(t, w, http.StatusOK)
			page := w.Body.String()
			if len(page) > 40_000 {
				t.Errorf("%s has %d bytes", path, len(page))
			}
			if path != list.first {
				wantText(t, w, `href="`+list.first+`">The first `)
			}
			for _, item := range list.item.FindAllStringSubmatch(page, -1) {
				found[item[1]] = true
			}
			next := regexp.MustCompile(`href="([^"]+)">` + list.more + `<`).FindStringSubmatch(page)
			if path = ""; next != nil {
				path = next[1]
			}
		}
		if len(found) != list.want || pages != (list.want+perPage-1)/perPage {
			t.Errorf("%s, %s: %d of %d on %d pages", list.first, list.more, len(found), list.want, pages)
		}
	}
	for _, path := range []string{"/?issuers=x", "/?achievements=%00", "/i/cedar?achievements=x"} {
		wantStatus(t, f.get(path, mediaHTML), http.StatusNotFound)
	}
}
