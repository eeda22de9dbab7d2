package claim

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// here is what the installation knows of its issuers.
func (w *world) here(r *http.Request) *wording.Here {
	all, err := w.office.Organisations(r.Context())
	w.good(err)
	var issuers []wording.Issuer
	for _, o := range all {
		issuers = append(issuers, wording.Issuer{ID: o.DID, Name: o.Name, URL: o.URL})
	}
	return wording.NewHere(base, issuers)
}

// forged is an award as somebody with a key made in a moment would imitate it: in the name of the issuer, with its pages.
func (w *world) forged(like issuer.Credential, change func(document map[string]any)) []byte {
	w.Helper()
	var document map[string]any
	w.good(json.Unmarshal(like.JSON, &document))
	for _, name := range []string{"proof", "credentialStatus", "refreshService", "credentialSchema"} {
		delete(document, name)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	w.good(err)
	did, err := keys.DIDKey(public)
	w.good(err)
	document["id"] = "urn:uuid:" + "9d2f4c1e-5a77-4c1b-8f0e-2f4a3a6c9b01"
	document["issuer"].(map[string]any)["id"] = did
	if change != nil {
		change(document)
	}
	text, err := json.Marshal(document)
	w.good(err)
	method := did + "#" + strings.TrimPrefix(did, "did:key:")
	if id := document["issuer"].(map[string]any)["id"].(string); id != did {
		method = id + "#key-1"
	}
	signed, err := proof.Seal(w.Context(), text, proof.SealOptions{Signer: keys.Signer{ID: method, Signer: private}, Suite: "eddsa-rdfc-2022", Created: w.now})
	w.good(err)
	return signed
}

// lacks fails where a page says one of these texts.
func (p page) lacks(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			t.Errorf("the page says %q", text)
		}
	}
}

// TestForgedNames: who signs in the name of an issuer here is not shown as that issuer, in any list, set or language. Where only the
// achievement is of that issuer, all of them say that it did not sign.
func TestForgedNames(t *testing.T) {
	w := newWorld(t)
	own := w.award("bob@example.org", "Bob")
	w.queue = nil
	w.signIn("bob@example.org")
	bring := func(change func(map[string]any)) (path, set string) {
		path = w.bring("", w.forged(own, change)).want(t, 200, "It was checked and added").imported(t)
		item := itemAt(path)
		set = w.setOf(false, item)
		w.post("/mine/sets/"+set, url.Values{"title": {"Mine"}, "badge": {item}, "access": {"unlisted"}}).want(t, 200, "Saved.")
		return path, set
	}
	path, set := bring(nil)
	for language, says := range map[string][]string{
		"en": {"Signed, but not by Riverside <b>District</b> of ", "which calls itself “Riverside <b>District</b>”</bdi>"},
		"es": {"Firmada, pero no por Riverside <b>District</b> de ", "que dice llamarse «Riverside <b>District</b>»</bdi>"},
	} {
		for _, address := range []string{path, "/s/" + set} {
			p := w.ask("GET", address+"?lang="+language, nil).want(t, 200, append(says, "did:key:z6Mk…", "band-unknown")...)
			if strings.Contains(p.body, "band-yes") || strings.Contains(p.body, "band-note") {
				t.Errorf("%s is shown as good", address)
			}
		}
		p := w.ask("GET", "/mine?lang="+language, nil).want(t, 200, says...)
		if strings.Contains(p.body, `<p class="soft"><bdi>Riverside`) {
			t.Error("its name is shown as a fact")
		}
	}
	if p := w.ask("GET", "/s/"+set, nil); !strings.Contains(p.body, "0 authentic and in force, 1 not known") {
		t.Error("the set counts it as good")
	}
	archived := func(language, says, name string) {
		t.Helper()
		_, archive, _ := strings.Cut(html.UnescapeString(unpacked(t, w.ask("GET", "/mine/badges.zip?lang="+language, nil).want(t, 200).body)), "index.html\n")
		if !strings.Contains(archive, says) || !strings.Contains(archive, name) {
			t.Errorf("the archive says neither %q nor %q:\n%s", says, name, archive)
		}
	}
	archived("en", ": Signed, but not by Riverside <b>District</b> of badges.example.org.", "which calls itself “Riverside <b>District</b>”")
	archived("es", ": Firmada, pero no por Riverside <b>District</b> de badges.example.org.", "que dice llamarse «Riverside <b>District</b>»")
	w.post(path+"/remove", nil).want(t, 200)

	path, set = bring(func(document map[string]any) {
		issuer := document["issuer"].(map[string]any)
		issuer["name"] = "Elsewhere"
		delete(issuer, "url")
		delete(issuer, "image")
	})
	for language, says := range map[string][4]string{
		"en": {"Not signed by any issuer of badges.example.org, to which its achievement points.", "this check cannot say.", ", which calls itself “Elsewhere”", "One badge: 0 authentic and in force, 1 with a remark."},
		"es": {"No la firmó ningún emisor de badges.example.org, adonde remite su logro.", "esta comprobación no puede decirlo.", ", que dice llamarse «Elsewhere»", "Una insignia: 0 auténticas y vigentes, 1 con una observación."},
	} {
		p := w.ask("GET", "/s/"+set+"?lang="+language, nil).want(t, 200, "band-yes", says[0], says[1], says[2]+`</bdi> · <time`, says[3])
		p.lacks(t, "<bdi>Elsewhere</bdi>")
		w.ask("GET", path+"?lang="+language, nil).want(t, 200, "band-note", says[1], says[2])
		w.ask("GET", "/mine?lang="+language, nil).want(t, 200, strings.TrimSuffix(says[0], "."), says[2]).lacks(t, "<bdi>Elsewhere</bdi>")
		archived(language, says[0], says[2])
	}
	w.post(path+"/remove", nil).want(t, 200)

	// Nothing is proven of one whose issuer cannot be asked: its name is what it says, in the lines as well.
	path, set = bring(func(document map[string]any) {
		issuer := document["issuer"].(map[string]any)
		issuer["id"], issuer["name"] = "did:web:harvard.example", "Harvard University"
		delete(issuer, "url")
		delete(issuer, "image")
	})
	for language, says := range map[string][2]string{"en": {"Says that it is from", "“Harvard University”"}, "es": {"Dice que es de", "«Harvard University»"}} {
		line := says[0] + " " + says[1]
		for _, address := range []string{"/s/" + set, "/mine"} {
			w.ask("GET", address+"?lang="+language, nil).want(t, 200, line)
		}
		for _, address := range []string{"/s/" + set, path} {
			w.ask("GET", address+"?lang="+language, nil).want(t, 200, "<p", says[0]+" <strong><bdi>Harvard University</bdi></strong>").lacks(t, "harvard.example, ")
		}
		archived(language, line, line)
	}
}

// TestProvenNow: a name stands as proven only by the report that is shown, and no badge of which nothing is proven stands under the heading
// of who has signed another.
func TestProvenNow(t *testing.T) {
	s := &site{Config: Config{Now: func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }}}
	r := httptest.NewRequest("GET", "/mine", nil)
	of := func(authentic verifier.Answer) *earner.Imported {
		report := &verifier.Report{Authentic: authentic, Outcome: verifier.Unknown, InForce: verifier.Undecided, AsOf: s.Now(), Credential: &verifier.View{Issuer: verifier.Party{ID: "did:web:harvard.example", Name: "Harvard University"}}}
		return &earner.Imported{Name: "B", Issuer: "Harvard University", IssuerID: "did:web:harvard.example", Report: report}
	}
	const proven, said = "harvard.example, which calls itself “Harvard University”", "Says that it is from “Harvard University”"
	cards := []card{s.importedCard(wording.English, of(verifier.Yes), earner.Person{}, r), s.importedCard(wording.English, of(verifier.Undecided), earner.Person{}, r)}
	groups := grouped(speak(wording.English), cards, "issuer")
	if len(groups) != 2 || groups[0].Heading != proven || groups[1].Heading != said {
		t.Errorf("%+v", groups)
	}
	failed := &verifier.Report{Authentic: verifier.No, Outcome: verifier.Invalid, AsOf: s.Now()}
	for report, want := range map[*verifier.Report]string{of(verifier.Yes).Report: proven, of(verifier.Undecided).Report: said, failed: said} {
		c := s.sharedCard(wording.English, earner.Badge{Number: 1, Imported: of(verifier.Yes), Whose: earner.WhoseTheirs, Report: report}, earner.Shown{}, r)
		if c.Line != want || (c.From == proven) != (want == proven) {
			t.Errorf("%s: %q, %q", report.Authentic, c.Line, c.From)
		}
	}
}

// TestTallyOfRemarks: what is replaced, or holds what is not good, is not among the good.
func TestTallyOfRemarks(t *testing.T) {
	var c tally
	for _, shape := range []wording.Shape{wording.ShapeYes, wording.ShapeNote, wording.ShapeUnknown, wording.ShapeNo} {
		c.add(sharedCard{Verdict: verdict{Verdict: wording.Verdict{Shape: shape}}}, false)
	}
	c.add(sharedCard{Verdict: verdict{Verdict: wording.Verdict{Shape: wording.ShapeYes, Remark: "Not signed by X"}}}, false)
	if got := speak(wording.English).summary(c); !strings.Contains(got, "1 authentic and in force, 2 with a remark, ") || !strings.Contains(got, "1 not known") {
		t.Error(got)
	}
}
