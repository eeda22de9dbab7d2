package web

import (
	"html"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/device"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

var (
	tagged    = regexp.MustCompile(`(?s)<[^>]*>`)
	pageBands = regexp.MustCompile(`class="(band band-[^"]*)">\s*<svg class="sign[^>]*>(.*?)</svg>`)
	pageSigns = regexp.MustCompile(`<li class="check"><svg class="sign sign-([a-z-]+)"`)
	pageWords = regexp.MustCompile(`(?s)<(h[1-6]|p|dt|dd|summary)\b[^>]*>(.*?)</(?:h[1-6]|p|dt|dd|summary)>`)
)

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// leaf are the elements of a sheet that hold a sentence, a heading or a value.
var leaf = []string{"h2", "h3", "h4", "p", "dt", "dd", "summary"}

// readSheet gathers the bands with their signs, the signs of checks, and the texts of a sheet.
func readSheet(n *device.Node, bands, signs, texts *[]string) {
	var spell func(*device.Node) string
	spell = func(n *device.Node) string {
		if n.Tag == "sign" {
			return ""
		}
		all := n.Text
		for _, in := range n.In {
			all += spell(in)
		}
		return all
	}
	if slices.Contains(leaf, n.Tag) {
		if words := spaced(spell(n)); words != "" {
			*texts = append(*texts, words)
		}
	}
	switch first := func() string {
		if len(n.In) > 0 && n.In[0].Tag == "sign" {
			return n.In[0].Text
		}
		return ""
	}(); {
	case strings.HasPrefix(n.Class, "band"):
		*bands = append(*bands, n.Class+" sign "+first)
	case n.Class == "check":
		*signs = append(*signs, first)
	}
	for _, in := range n.In {
		readSheet(in, bands, signs, texts)
	}
}

// TestDeviceSheets: what the page that checks on a device shows of a report is what the page of POST /verify shows: the same verdicts,
// bands and signs, and the same words for every fact and check.
func TestDeviceSheets(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: many documents, one after the other")
	}
	const yes, no, unknown = verifier.Yes, verifier.No, verifier.Undecided
	aged := goodReport()
	old := aged.AsOf.Add(-6 * 24 * time.Hour)
	aged.Checks[4].AsOf = &old
	superseded := goodReport()
	superseded.Credential.Superseded = testBase + "/c/new"
	holding := goodReport()
	within := reportOf(yes, no, "status/fail/suspended")
	within.Pointer = "/verifiableCredential/0"
	holding.Credentials = []*verifier.Report{within, goodReport()}
	full := goodReport()
	full.Credential.Alignments = []verifier.Alignment{{Name: "A", URL: "urn:a", Code: "1.2", Framework: "B", Description: "C."}, {Code: "3", URL: "https://standards.example/3"}, {}}
	full.Credential.Evidence = []verifier.Evidence{{ID: "urn:uuid:1"}, {ID: "https://work.example/2", Description: "D.", Narrative: "E."}, {Genre: "Film"}}
	full.Credential.Endorsements = []verifier.Party{{ID: "did:web:friend.example", Name: "Friend", URL: "https://friend.example"}, {Name: "Nobody"}}
	full.Credential.Achievement.Version, full.Credential.Achievement.CriteriaURL = "2", "https://standards.example/criteria"
	full.Credential.Achievement.Creator = &verifier.Party{ID: "did:web:maker.example", Name: "Maker"}
	bare := goodReport()
	bare.Credential = &verifier.View{Standard: "Open Badges 3.0", Kind: "AchievementCredential", Issuer: verifier.Party{ID: testIssuer}}
	named := goodReport()
	named.Input.Name, named.Input.URL, named.Input.ReadAt = "<b>.json", "https://elsewhere.example/b", &old
	states := map[string]*verifier.Report{
		"in force": goodReport(), "aged": aged, "superseded": superseded, "holding others": holding, "with everything": full, "with nothing": bare, "read at an address": named,
		"revoked": reportOf(yes, no, "status/fail/revoked"), "suspended": reportOf(yes, no, "status/fail/suspended"),
		"expired": reportOf(yes, no, "dates/fail/expired"), "not yet begun": reportOf(yes, no, "dates/fail/not_yet_valid"),
		"status not known": reportOf(yes, unknown, "status/unknown/status_unavailable"), "signer not known": reportOf(unknown, unknown, "issuer/unknown/issuer_unresolved"),
		"signer not known, revoked": reportOf(unknown, no, "status/fail/revoked"), "altered": reportOf(no, unknown, "proof/fail/signature_invalid", "proof/warn/altered"),
		"another's key": reportOf(no, unknown, "issuer/fail/issuer_mismatch"), "no badge": reportOf(no, unknown, "form/fail/no_credential"), "not read": reportOf(unknown, unknown, "form/unknown/input_unavailable"),
	}
	forged := goodReport()
	forged.Credential.Issuer = verifier.Party{ID: forgedKey, Name: "Cedar C\u043eunty Schools", URL: testBase + "/i/cedar"}
	stranger := goodReport()
	stranger.Credential.Issuer = verifier.Party{ID: forgedKey, Name: "Somebody", URL: "https://somebody.example/"}
	awarded := goodReport()
	awarded.Credential.Issuer = verifier.Party{ID: "did:web:north.example", Name: "North District"}
	awarded.Credential.Achievement.Creator = &verifier.Party{ID: testIssuer, Name: "Cedar County Schools"}
	carrying := goodReport()
	carrying.Credentials = []*verifier.Report{forged}
	states["forged"], states["of a key"], states["holding a forged one"], states["for an achievement of others"] = forged, stranger, carrying, awarded
	strokes := template.New("signs").Funcs(words(wording.English))
	if err := read(strokes, wording.English, "parts"); err != nil {
		t.Fatal(err)
	}
	for name, report := range states {
		for _, l := range wording.Languages {
			f := newFixture(t, nil)
			f.report = report
			w := f.call(http.MethodPost, "/verify?lang="+string(l), strings.NewReader("{}"), "Content-Type", "application/vc")
			wantStatus(t, w, http.StatusOK)
			page := w.Body.String()
			_, page, _ = strings.Cut(page, "<main")
			page, _, _ = strings.Cut(page, "</main>")
			text, err := device.JSON(report)
			if err != nil {
				t.Fatal(err)
			}
			var bands, signs, texts []string
			readSheet(device.Page{Language: l, Here: wording.NewHere(testBase, []wording.Issuer{{ID: testIssuer, Name: "Cedar County Schools", URL: testBase + "/i/cedar"}})}.Sheet(report, string(text)), &bands, &signs, &texts)
			for i, band := range bands { // what is drawn within the shape
				class, name, _ := strings.Cut(band, " sign ")
				var drawn strings.Builder
				if err := strokes.ExecuteTemplate(&drawn, "strokes", name); err != nil {
					t.Fatal(err)
				}
				bands[i] = class + " " + drawn.String()
			}
			var there []string
			for _, found := range pageBands.FindAllStringSubmatch(page, -1) {
				there = append(there, found[1]+" "+found[2])
			}
			if !slices.Equal(bands, there) {
				t.Errorf("%s %s: bands %q, on the page %q", name, l, bands, there)
			}
			there = nil
			for _, found := range pageSigns.FindAllStringSubmatch(page, -1) {
				there = append(there, found[1])
			}
			slices.Sort(signs) // a page may fold what passed
			if slices.Sort(there); !slices.Equal(signs, there) {
				t.Errorf("%s %s: signs %q, on the page %q", name, l, signs, there)
			}
			plain := spaced(html.UnescapeString(tagged.ReplaceAllString(page, "")))
			own := []string{l.Say("page.device.checked"), l.Say("page.device.file")}
			for _, words := range texts {
				if !strings.Contains(plain, words) && !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(words, o) }) {
					t.Errorf("%s %s: only the device says %q", name, l, words)
				}
			}
			before, _, _ := strings.Cut(page, `<section aria-labelledby="file"`)
			here := strings.Join(texts, "\n")
			for _, found := range pageWords.FindAllStringSubmatch(before, -1) {
				words := spaced(html.UnescapeString(tagged.ReplaceAllString(found[2], "")))
				if !strings.Contains(here, words) && !strings.HasPrefix(words, l.Say("page.verdict.checked")) {
					t.Errorf("%s %s: the device does not say %q", name, l, words)
				}
			}
		}
	}
}
