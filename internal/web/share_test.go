package web

import (
	"bytes"
	"encoding/json"
	"html"
	"image/png"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/credential/carrier/pdf"
	"github.com/laurelbadges/laurel/credential/carrier/qr"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// tags are the values of the tags in the head of a page, by property or name.
func tags(page string) map[string]string {
	head, _, _ := strings.Cut(page, "</head>")
	all := map[string]string{}
	for _, found := range regexp.MustCompile(`<meta (?:property|name)="([^"]+)" content="([^"]*)">`).FindAllStringSubmatch(head, -1) {
		all[found[1]] = html.UnescapeString(found[2])
	}
	return all
}

// TestTags: what previews are made of is there, whole, for every program that asks, and holds nothing of the earner.
func TestTags(t *testing.T) {
	h := newHouse(t)
	path := "/c/" + h.badge.ID
	w := h.get(path, "User-Agent", "Twitterbot/1.0")
	wantText(t, w, `<link rel="alternate" type="application/json+oembed" href="`+testBase+`/oembed?format=json&amp;url=`+url.QueryEscape(testBase+path)+`">`)
	got := tags(w.Body.String())
	image := got["og:image"]
	for name, want := range map[string]string{
		"og:type": "website", "og:url": testBase + path, "og:title": "Feedback that moves learning forward", "og:site_name": "Laurel",
		"og:image:secure_url": image, "og:image:width": "1200", "og:image:height": "627", "og:image:type": "image/png", "twitter:card": "summary_large_image",
		"twitter:title": got["og:title"], "twitter:description": got["og:description"], "twitter:image": image, "description": got["og:description"], "twitter:image:alt": got["og:image:alt"],
	} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
	if !strings.HasPrefix(image, "https://") || !strings.HasSuffix(image, ".png") || got["og:image:alt"] == "" || len([]rune(got["og:description"])) > 100 || got["og:description"] == "" {
		t.Errorf("%v", got)
	}
	for name, value := range got {
		if strings.Contains(value, "Ada ") {
			t.Errorf("%s names the earner: %s", name, value)
		}
	}
	wantNoText(t, h.get(path, "User-Agent", "LinkedInBot/1.0 (compatible; Mozilla/5.0; +http://www.linkedin.com)"), "json+oembed")
	long := (&server{}).previewOf(wording.Spanish, strings.Repeat("á", 300), strings.Repeat("é", 300), picture{}).Description
	if len([]rune(long)) > 100 {
		t.Errorf("%d characters: %s", len([]rune(long)), long)
	}
}

// TestPreviewChanges: the picture has the size that it is said to have; once a badge is revoked it says so, and its address is another
// one. At the old address there is the new picture, which nobody may keep.
func TestPreviewChanges(t *testing.T) {
	h := newHouse(t)
	path := "/c/" + h.badge.ID
	now := func(language string) (address string, body []byte) {
		t.Helper()
		address = strings.TrimPrefix(tags(h.get(path + "?lang=" + language).Body.String())["og:image"], testBase)
		w := h.get(address)
		wantStatus(t, w, http.StatusOK)
		config, err := png.DecodeConfig(bytes.NewReader(w.Body.Bytes()))
		if err != nil || config.Width != 1200 || config.Height != 627 || w.Body.Len() > 1<<20 || w.Header().Get("Cache-Control") != cacheAsk || w.Header().Get("Content-Type") != mediaPNG {
			t.Errorf("%v, %v, %d bytes, %v", config, err, w.Body.Len(), w.Header())
		}
		return address, w.Body.Bytes()
	}
	before, picture := now("en")
	spanish, other := now("es")
	if before == spanish || bytes.Equal(picture, other) {
		t.Error("one picture in two languages")
	}
	if again, _ := now("en"); again != before {
		t.Errorf("%s, then %s", before, again)
	}
	if _, err := h.Revoke(t.Context(), h.badge.ID, "By mistake.", "test"); err != nil {
		t.Fatal(err)
	}
	after, revoked := now("en")
	if after == before || bytes.Equal(picture, revoked) {
		t.Error("the picture of a badge that is revoked is that of before")
	}
	for _, address := range []string{before, path + "/preview.png"} {
		w := h.get(address)
		if !bytes.Equal(w.Body.Bytes(), revoked) || w.Header().Get("Cache-Control") != cacheAsk {
			t.Errorf("%s: %v", address, w.Header())
		}
		wantStatus(t, h.get(address, "If-None-Match", w.Header().Get("ETag")), http.StatusNotModified)
	}
	for _, none := range []string{"/preview/fr-1.png", "/preview/en-1", "/preview/", "/preview/x"} {
		wantStatus(t, h.get(path+none), http.StatusNotFound)
	}
	wantStatus(t, h.get("/a/"+h.badge.Achievement+"/preview.png"), http.StatusOK)
}

// TestCertificate: the certificate of a badge verifies, names its earner in text, and its QR code leads to its page.
func TestCertificate(t *testing.T) {
	h := newHouse(t)
	path := "/c/" + h.badge.ID + ".pdf"
	w := h.get(path, "Accept-Language", "es-MX,es;q=0.9")
	wantStatus(t, w, http.StatusOK)
	head := w.Header()
	if head.Get("Content-Type") != mediaPDF || head.Get("Vary") != "Accept-Language" || head.Get("Content-Language") != "es" || head.Get("Cache-Control") != cacheAsk ||
		strings.Contains(head.Get("Content-Disposition"), "Ada") || head.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("%v", head)
	}
	wantStatus(t, h.get(path, "Accept-Language", "es-MX", "If-None-Match", head.Get("ETag")), http.StatusNotModified)
	read, err := pdf.Read(w.Body.Bytes())
	if err != nil || len(read.Attachments) != 1 || !bytes.Equal(read.Attachments[0].Data, h.badge.JSON) {
		t.Fatalf("%v, %v", read.Attachments, err)
	}
	items := slices.Collect(carrier.Open(w.Body.Bytes(), ""))
	reports, err := verifier.VerifyItem(t.Context(), items[0], verifier.Options{Fetch: h})
	if err != nil || len(items) != 1 || reports[0].Outcome != verifier.Valid {
		t.Errorf("%d items, %v, %v", len(items), reports, err)
	}
	size := func(query, language string) string {
		t.Helper()
		w := h.get(path+query, "Accept-Language", language)
		wantStatus(t, w, http.StatusOK)
		return string(regexp.MustCompile(`/MediaBox \[[^]]*\]`).Find(w.Body.Bytes()))
	}
	letter, a4 := size("?paper=letter", ""), size("?paper=a4", "")
	for language, want := range map[string]string{"en-US,en;q=0.9": letter, "fr-CA": letter, "es-MX": letter, "en-GB,en;q=0.9,en-US;q=0.8": a4, "de-DE": a4, "zh-Hant-TW": a4, "": a4} {
		if got := size("", language); got != want || letter == a4 {
			t.Errorf("%q gets %s, not %s", language, got, want)
		}
	}
	wantStatus(t, h.get(path+"?paper=a5"), http.StatusBadRequest)

	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("poppler-utils is absent")
	}
	command := exec.CommandContext(t.Context(), "pdftotext", "-", "-")
	command.Stdin = bytes.NewReader(w.Body.Bytes())
	text, err := command.Output()
	for _, want := range []string{"Ada Example", "Feedback that moves learning forward", h.badge.Code()} {
		if err != nil || !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("no %s in %s, %v", want, text, err)
		}
	}
	command = exec.CommandContext(t.Context(), "pdftoppm", "-r", "110", "-png", "-")
	command.Stdin = bytes.NewReader(w.Body.Bytes())
	picture, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	page, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := qr.ReadImage(page); err != nil || len(found) != 1 || found[0] != h.badge.URL {
		t.Errorf("the QR code holds %v", found)
	}
}

// TestNoCertificate: a name that has letters which cannot be printed is not printed otherwise; there is a way to print the page.
func TestNoCertificate(t *testing.T) {
	h := newHouse(t)
	award, err := h.Issue(t.Context(), issuer.AwardInput{Recipient: "taro@example.org", Name: "山田太郎", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	path := "/c/" + award.ID
	w := h.get(path+".pdf", "Accept", mediaHTML)
	wantStatus(t, w, http.StatusNotFound)
	wantText(t, w, "There is no certificate for this badge", "山", `href="`+path+`.png"`, `href="`+path+`"`)
	harmless(t, w.Body.String())
	w = h.get(path+".pdf", "Accept", mediaPDF)
	wantStatus(t, w, http.StatusNotFound)
	wantText(t, w, `"code":"no_certificate"`)
}

// TestLinkPictures: the QR code with its address below leads to the page of the badge.
func TestLinkPictures(t *testing.T) {
	h := newHouse(t)
	w := h.get("/c/" + h.badge.ID + "/link.png")
	wantStatus(t, w, http.StatusOK)
	picture, err := png.Decode(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := qr.ReadImage(picture); err != nil || len(found) != 1 || found[0] != h.badge.URL {
		t.Errorf("the QR code holds %v", found)
	}
	w = h.get("/c/" + h.badge.ID + "/link.svg")
	wantStatus(t, w, http.StatusOK)
	wantNoText(t, w, "<text", "<style", "href")
	if w.Header().Get("Content-Security-Policy") != policyDrawn {
		t.Errorf("%v", w.Header())
	}
}

func TestOEmbed(t *testing.T) {
	h := newHouse(t)
	ask := func(query ...string) (int, oEmbed) {
		t.Helper()
		values := url.Values{}
		for i := 0; i+1 < len(query); i += 2 {
			values.Set(query[i], query[i+1])
		}
		w := h.get("/oembed?" + values.Encode())
		var answer oEmbed
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Header().Get("Content-Type") != mediaJSON || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%v, %v", err, w.Header())
			}
		}
		return w.Code, answer
	}
	code, got := ask("format", "json", "url", h.badge.URL)
	if code != http.StatusOK || got.Type != "rich" || got.Version != "1.0" || got.Title != "Feedback that moves learning forward" || got.AuthorName != "Cedar County Schools" ||
		got.AuthorURL != testBase+"/i/"+h.badge.Organisation || got.ProviderURL != testBase+"/" || got.ProviderName == "" || got.Width != cardWidth || got.Height != cardHeight(cardWidth) ||
		got.ThumbnailWidth != paper.PreviewWidth || got.ThumbnailHeight != paper.PreviewHeight || !strings.HasSuffix(got.ThumbnailURL, ".png") || strings.Contains(got.HTML, "Ada ") {
		t.Errorf("%d %+v", code, got)
	}
	for _, want := range []string{`src="` + h.badge.URL + `/embed"`, `width="480"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`} {
		if !strings.Contains(got.HTML, want) {
			t.Errorf("no %s in %s", want, got.HTML)
		}
	}
	code, got = ask("url", h.badge.URL+"?lang=es&utm_source=x", "maxwidth", "300", "maxheight", "400")
	if code != http.StatusOK || got.Width != 300 || got.Height != 400 || got.ThumbnailURL != "" || got.ThumbnailWidth != 0 || !strings.Contains(got.HTML, `/embed?lang=es"`) || !strings.Contains(got.HTML, `width="300" height="400"`) {
		t.Errorf("%d %+v", code, got)
	}
	if _, narrow := ask("url", h.badge.URL, "maxwidth", "300"); narrow.Height <= cardHeight(cardWidth) {
		t.Errorf("a narrow card is %d high", narrow.Height)
	}
	for name, test := range map[string]struct {
		query []string
		code  int
	}{
		"XML":                        {[]string{"format", "xml", "url", h.badge.URL}, 501},
		"another format":             {[]string{"format", "x", "url", "x"}, 501},
		"no address":                 {nil, 404},
		"an address of another site": {[]string{"url", "https://evil.example/c/" + h.badge.ID}, 404},
		"a host that looks alike":    {[]string{"url", testBase + ".evil.example/c/" + h.badge.ID}, 404},
		"a user before our host":     {[]string{"url", "https://x@badges.cedar.example/c/" + h.badge.ID}, 200}, // it is our host
		"not https":                  {[]string{"url", "http://badges.cedar.example/c/" + h.badge.ID}, 404},
		"an award that is not there": {[]string{"url", testBase + "/c/AAAAAAAAAAAAAAAAAAAAAA"}, 404},
		"the file of an award":       {[]string{"url", h.badge.URL + ".json"}, 404},
		"what lies below an award":   {[]string{"url", h.badge.URL + "/share"}, 404},
		"an achievement":             {[]string{"url", testBase + "/a/" + h.badge.Achievement}, 404},
		"no address at all":          {[]string{"url", "::"}, 404},
		"no width":                   {[]string{"url", h.badge.URL, "maxwidth", "0"}, 400},
		"no number":                  {[]string{"url", h.badge.URL, "maxheight", "wide"}, 400},
	} {
		if code, _ := ask(test.query...); code != test.code {
			t.Errorf("%s: %d, not %d", name, code, test.code)
		}
	}
}

// TestCard: the card alone may stand in pages of others; it names the earner only on a page that is public.
func TestCard(t *testing.T) {
	shown := newGallery(t)
	for _, name := range []string{"card", "card-revoked", "badge-in-force", "share"} {
		w := stops()[name].open(t, shown)
		policy := w.Header().Get("Content-Security-Policy")
		if card := strings.HasPrefix(name, "card"); card != strings.Contains(policy, "frame-ancestors *") || card == strings.Contains(policy, "frame-ancestors 'none'") || card && strings.Contains(policy, "script") ||
			w.Header().Get("Set-Cookie") != "" || w.Header().Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	h := newHouse(t)
	path := "/c/" + h.badge.ID + "/embed"
	wantText(t, h.get(path), "Authentic, and in force today", "sign-yes", `target="_blank" rel="noopener"`)
	wantNoText(t, h.get(path), "Ada Example", "<script", "<form")
	if _, err := h.SetAccess(t.Context(), h.badge.ID, issuer.AccessPublic, "earner"); err != nil {
		t.Fatal(err)
	}
	wantText(t, h.get(path), "Ada Example")
	if _, err := h.Revoke(t.Context(), h.badge.ID, "By mistake.", "test"); err != nil {
		t.Fatal(err)
	}
	w := h.get(path)
	wantText(t, w, "Authentic, but revoked", "sign-no")
	wantNoText(t, w, "sign-yes", "pill-yes")
}

// TestShared: what is offered depends on how it stands with a badge, and on what its earner chose.
func TestShared(t *testing.T) {
	h := newHouse(t)
	page, share := "/c/"+h.badge.ID, "/c/"+h.badge.ID+"/share"
	offers := []string{"https://www.linkedin.com/profile/add?", page + ".pdf"}
	wantText(t, h.get(page), append(offers, share, page+".png", page+".json")...)
	wantText(t, h.get(share), append(offers, "share-offsite", "mailto:?subject=", page+"/link.svg", page+".jwt", h.badge.URL, "&lt;iframe src=", "&lt;a href=", `content="noindex"`)...)
	wantNoText(t, h.get(share), "Ada Example", "urn:uuid")
	if policy := h.get(share).Header().Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Error(policy)
	}
	if _, _, err := h.Workspace(h.badge.Organisation).Configure(t.Context(), issuer.Configuration{Name: "Cedar County Schools", Settings: issuer.Settings{LinkedIn: " 1337 "}}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	wantText(t, h.get(page), "organizationId=1337")
	wantNoText(t, h.get(page), "organizationName")
	// In the file of the page schema.org names somebody only where the earner made it public.
	const person = `"@type":"Person","name":"Ada Example"`
	wantNoText(t, h.get(page), "ld+json")
	if _, err := h.SetAccess(t.Context(), h.badge.ID, issuer.AccessPublic, "earner"); err != nil {
		t.Fatal(err)
	}
	wantText(t, h.get(page), person, `"hasCredential":{"@type":"EducationalOccupationalCredential"`)
	if _, err := h.Revoke(t.Context(), h.badge.ID, "By mistake.", "test"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{page, share} {
		wantNoText(t, h.get(path), append(offers, "share-offsite", "mailto:", person)...)
		wantText(t, h.get(path), page+".png", page+".json")
	}
	if _, err := h.SetAccess(t.Context(), h.badge.ID, issuer.AccessOff, "earner"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/share", "/embed", ".pdf", "/link.png", "/preview.png", "/preview/en-1.png"} {
		wantStatus(t, h.get(page+path), http.StatusNotFound)
	}
}

// TestSchema: an achievement says to programs what it is, in the words of schema.org, and nothing in it ends the block it stands in.
func TestSchema(t *testing.T) {
	block := func(path string) map[string]any {
		t.Helper()
		page := stop{Path: path, Status: 200}.open(t, newGallery(t)).Body.String()
		_, rest, _ := strings.Cut(page, `<script type="application/ld+json">`)
		text, _, _ := strings.Cut(rest, "</script>")
		var said map[string]any
		if err := json.Unmarshal([]byte(text), &said); err != nil {
			t.Fatalf("%s: %v: %s", path, err, text)
		}
		return said
	}
	said := block("/a/full")
	term := func(value any) map[string]any { found, _ := value.(map[string]any); return found }
	first := func(value any) map[string]any {
		if list, _ := value.([]any); len(list) > 0 {
			return term(list[0])
		}
		return nil
	}
	if said["@context"] != schemaOrg || said["@type"] != "EducationalOccupationalCredential" || said["url"] != testBase+"/a/full" || said["validFor"] != "P5Y" || said["educationalLevel"] != "EQF 7" ||
		term(said["credentialCategory"])["name"] != "microcredential" || first(said["identifier"])["value"] != "ce-5a6e4f0a-6a6f-4a1a-8f0c-1f6a7a1d2b3c" ||
		first(said["competencyRequired"])["@type"] != "DefinedTerm" || !strings.HasSuffix(said["image"].(string), ".png") {
		t.Errorf("%v", said)
	}
	if recognised := first(said["recognizedBy"]); recognised != nil && recognised["name"] == "Cedar County Schools" {
		t.Error("an issuer recognises itself")
	}
	block("/a/hostile")
}
