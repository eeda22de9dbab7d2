package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// praise are the words and signs that only an award in force has: as a verdict, and as what a certificate says.
var praise = []string{"in force today", "band-yes", "pill-yes", "sign-yes", " certifies that", " has awarded", `"@type":"Person"`}

// TestStates: what is said and offered of an award at each of its addresses, by how it stands with it.
func TestStates(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: many documents, one after the other")
	}
	const profile, post, mail, resume, card = "linkedin.com/profile/add", "share-offsite", "mailto:", `id="text"`, "&lt;iframe"
	everything := []string{profile, post, mail, resume, card, ".pdf?paper=letter"}
	states := exhibits()
	states["key-compromised"] = states["altered"] // what signatures of such a key are to the verifier: not authentic
	states["expired-and-revoked"] = exhibit{
		report: report(verifier.Yes, verifier.No,
			verifier.Check{Step: "dates", Outcome: fail, Code: "expired", Detail: "It ended on 1 June 2026."},
			verifier.Check{Step: "status", Outcome: fail, Code: "revoked", Detail: "It has been revoked, says the issuer."}),
	}
	shown := newGalleryOf(t, states)
	for name, test := range map[string]struct {
		says   string   // on its page and card; "" for what is not to be seen at all
		status int      // of what is not to be seen
		paper  int      // status of the page that there is in place of a certificate; 0 for none
		offers []string // of everything, on the page with all ways to share
		ended  bool     // its link preview says that it is no longer in force
		good   bool     // good words are right
		main   bool     // the form for profiles is what most people come for
	}{
		"in-force":               {says: "Authentic, and in force today", offers: everything, good: true, main: true},
		"superseded":             {says: "Authentic, and replaced by a newer badge", offers: everything, good: true},
		"not-yet-begun":          {says: "Authentic, but not yet begun", paper: 404, offers: []string{mail, card}},
		"expired":                {says: "Authentic, but expired", paper: 404, offers: []string{profile, post, mail, resume, card}, ended: true},
		"suspended":              {says: "Authentic, but suspended since", paper: 404, ended: true},
		"revoked":                {says: "Authentic, but revoked on", paper: 404, ended: true},
		"revoked-just-now":       {says: "Authentic, but revoked on", paper: 404, ended: true},
		"replaced":               {says: "Authentic, but revoked on", paper: 404, ended: true},
		"expired-and-revoked":    {says: "Authentic, but revoked", paper: 404, ended: true},
		"key-compromised":        {says: "Not authentic", paper: 404, ended: true},
		"status-unknown":         {says: "Authentic, but we could not confirm that it is still in force", paper: 503, offers: []string{profile, post, mail, resume, card}, main: true},
		"issuer-not-established": {says: "Signed, but we could not establish by whom", paper: 503, offers: []string{profile, post, mail, resume, card}, main: true},
		"off":                    {status: http.StatusNotFound},
		"erased":                 {status: http.StatusGone},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/c/" + name
			open := func(below string) (int, string) {
				w := stop{Path: path + below}.open(t, shown)
				return w.Code, w.Body.String()
			}
			oembed := "/oembed?url=" + url.QueryEscape(testBase+path)
			if test.status != 0 {
				for _, below := range []string{"", ".json", ".jwt", ".png", ".svg", ".pdf", "/share", "/embed", "/qr.png", "/qr.svg", "/link.png", "/link.svg", "/preview.png", "/preview/en-1.png"} {
					if code, body := open(below); code != test.status || strings.Contains(body, testSubject) {
						t.Errorf("%s%s: %d", path, below, code)
					}
				}
				if w := (stop{Path: oembed}).open(t, shown); w.Code != test.status {
					t.Errorf("%s: %d", oembed, w.Code)
				}
				return
			}
			_, share := open("/share")
			_, page := open("")
			_, embed := open("/embed")
			code, paper := open(".pdf")
			var rich oEmbed
			if err := json.Unmarshal((stop{Path: oembed}).open(t, shown).Body.Bytes(), &rich); err != nil || rich.HTML == "" {
				t.Errorf("oEmbed: %+v, %v", rich, err)
			}
			if test.paper != 0 && code != test.paper || test.paper == 0 && (code == http.StatusNotFound || code == http.StatusServiceUnavailable) { // the badges here are none that could be printed
				t.Errorf("the certificate: %d", code)
			}
			for where, text := range map[string]string{"page": page, "card": embed, "share": share, "certificate": paper} {
				if said := strings.Contains(text, test.says); !said && (where != "share" && where != "certificate" || !test.good) {
					t.Errorf("%s does not say %q", where, test.says)
				}
				if where == "page" { // single checks pass
					text, _, _ = strings.Cut(text, `<section aria-labelledby="checks">`)
				}
				for _, word := range praise {
					if strings.Contains(text, word) && !test.good {
						t.Errorf("%s says %q", where, word)
					}
				}
			}
			for _, way := range everything {
				if offered := strings.Contains(share, way); offered != slices.Contains(test.offers, way) {
					t.Errorf("the way %s is offered: %t", way, offered)
				}
			}
			if linked := strings.Contains(page, `href="`+path+`.pdf"`); linked != test.good {
				t.Errorf("the page links to the certificate: %t", linked)
			}
			if main := strings.Contains(page, `class="button primary" href="https://www.linkedin.com`); main != test.main {
				t.Errorf("LinkedIn is the main thing: %t", main)
			}
			for _, file := range []string{".json", ".jwt", ".png", ".svg", "/qr.png", "/qr.svg", "/link.png", "/link.svg"} { // of everything, so that anybody can check it
				if code, _ := open(file); code != 200 {
					t.Errorf("%s: %d", file, code)
				}
			}
			a := shownAward{report: states[name].report}
			if change := states[name].change; change != nil {
				change(&a.record)
			}
			if a.ended() != test.ended {
				t.Errorf("its preview says that it is over: %t", a.ended())
			}
			before := strings.Contains(tags(page)["og:image"], "/preview/en-")
			if !before || strings.Contains(tags(page)["og:description"]+tags(page)["og:title"], "force") {
				t.Errorf("%v", tags(page))
			}
			if w := (stop{Path: strings.TrimPrefix(tags(page)["og:image"], testBase)}).open(t, shown); w.Code != 200 || w.Header().Get("Cache-Control") != cacheAsk {
				t.Errorf("the preview: %d %v", w.Code, w.Header())
			}
		})
	}
}

// TestZone: days and months are those where the issuer is: an evening in January is not in February. A date that was given as a day is
// that day everywhere.
func TestZone(t *testing.T) {
	vegas, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	of := func(from, until string, zone *time.Location) shownAward {
		r := report(verifier.Yes, verifier.Yes)
		r.Credential.Awarded, r.Credential.ValidFrom, r.Credential.ValidUntil = from, from, until
		return shownAward{record: issuer.Credential{URL: testBase + "/c/x"}, report: r, zone: zone}
	}
	const evening, day = "2026-02-01T01:00:00Z", "2026-02-01T00:00:00Z"
	for name, test := range map[string]struct {
		award           shownAward
		month, year     string
		resume, awarded string
	}{
		"an evening there":   {of(evening, evening, vegas), "1", "2026", "January 2026", "31 January 2026"},
		"in UTC":             {of(evening, evening, time.UTC), "2", "2026", "February 2026", "1 February 2026"},
		"a day":              {of(day, day, vegas), "2", "2026", "February 2026", "1 February 2026"},
		"New Year's Eve":     {of("2027-01-01T07:59:59Z", "", vegas), "12", "2026", "December 2026", "31 December 2026"},
		"a year's first day": {of("2027-01-01T08:00:00Z", "", vegas), "1", "2027", "January 2027", "1 January 2027"},
	} {
		link, err := url.Parse((&server{}).shareOf(wording.English, frame{}, test.award).Profile)
		if err != nil || link.Query().Get("issueMonth") != test.month || link.Query().Get("issueYear") != test.year {
			t.Errorf("%s: %v", name, link)
		}
		text, _ := resumeOf(wording.English, test.award)
		dates := datesOf(wording.English, test.award.report.Credential, test.award.zone)
		if !strings.Contains(text, test.resume) || dates[0].Time.Words != test.awarded {
			t.Errorf("%s: %s, %v", name, text, dates)
		}
	}
	h := newHouse(t)
	if _, _, err := h.Workspace(h.badge.Organisation).Configure(t.Context(), issuer.Configuration{Name: "Cedar County Schools", Settings: issuer.Settings{Zone: "America/Los_Angeles"}}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	wantText(t, h.get("/c/"+h.badge.ID), wording.English.DayIn(h.badge.Issued, vegas).Words)
	for _, none := range []string{"Local", "Mars/Olympus", "../etc/passwd", "PST8", strings.Repeat("A", 65)} {
		if _, _, err := h.Workspace(h.badge.Organisation).Configure(t.Context(), issuer.Configuration{Name: "Cedar", Settings: issuer.Settings{Zone: none}}, issuer.Write{Actor: "test"}); err == nil {
			t.Errorf("%q is taken for a time zone", none)
		}
	}
}

// TestZipped: pages at addresses are zipped for those who take that, and are the same pages; answers to forms are not.
func TestZipped(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/", "/verify", devicePath, "/c/" + testID, "/c/" + testID + "/share", "/a/groups", "/i/cedar"} {
		plain, zipped := f.get(path, mediaHTML), f.call(http.MethodGet, path, nil, "Accept", mediaHTML, "Accept-Encoding", "br, gzip;q=0.5")
		body, err := inflate(zipped.Body)
		if err != nil || zipped.Header().Get("Content-Encoding") != "gzip" || string(body) != plain.Body.String() || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %v, %v", path, err, zipped.Header())
		}
		for _, h := range []http.Header{plain.Header(), zipped.Header()} {
			if !strings.Contains(h.Get("Vary"), "Accept-Encoding") || h.Get("ETag") != plain.Header().Get("ETag") || !strings.HasPrefix(h.Get("ETag"), "W/") && path != "/" {
				t.Errorf("%s: %v", path, h)
			}
		}
		if w := f.call(http.MethodGet, path, nil, "Accept", mediaHTML, "Accept-Encoding", "gzip;q=0"); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s is zipped for nobody", path)
		}
		if tag := plain.Header().Get("ETag"); tag != "" {
			wantStatus(t, f.call(http.MethodGet, path, nil, "Accept", mediaHTML, "Accept-Encoding", "gzip", "If-None-Match", tag), http.StatusNotModified)
		}
	}
	w := f.call(http.MethodPost, "/verify", strings.NewReader("{}"), "Content-Type", mediaVC, "Accept", mediaHTML, "Accept-Encoding", "gzip")
	if w.Header().Get("Content-Encoding") != "" || w.Body.Len() < leastZipped {
		t.Errorf("the answer to a form: %v", w.Header())
	}
}
