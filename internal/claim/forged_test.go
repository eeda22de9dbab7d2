package claim

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
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
	signed, err := proof.Seal(w.Context(), text, proof.SealOptions{Signer: keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}, Suite: "eddsa-rdfc-2022", Created: w.now})
	w.good(err)
	return signed
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
	if archive := html.UnescapeString(unpacked(t, w.ask("GET", "/mine/badges.zip", nil).want(t, 200).body)); !strings.Contains(archive, "which calls itself “Riverside <b>District</b>”") {
		t.Error("the archive shows its name as a fact")
	}
	w.post(path+"/remove", nil).want(t, 200)

	path, set = bring(func(document map[string]any) {
		issuer := document["issuer"].(map[string]any)
		issuer["name"] = "Elsewhere"
		delete(issuer, "url")
		delete(issuer, "image")
	})
	for language, says := range map[string][2]string{
		"en": {"Not signed by ", "this check cannot say."}, "es": {"No la firmó ", "esta comprobación no puede decirlo."},
	} {
		w.ask("GET", "/s/"+set+"?lang="+language, nil).want(t, 200, "band-yes", says[0], says[1], "<bdi>Elsewhere</bdi>")
		w.ask("GET", path+"?lang="+language, nil).want(t, 200, "band-note", says[1])
		w.ask("GET", "/mine?lang="+language, nil).want(t, 200, says[0])
	}
}

// TestTallyOfRemarks: what is replaced, or holds what is not good, is not among the good.
func TestTallyOfRemarks(t *testing.T) {
	var c tally
	for _, shape := range []wording.Shape{wording.ShapeYes, wording.ShapeNote, wording.ShapeUnknown, wording.ShapeNo} {
		c.add(sharedCard{Verdict: verdict{Verdict: wording.Verdict{Shape: shape}}}, false)
	}
	if got := speak(wording.English).summary(c); !strings.Contains(got, "1 authentic and in force, 1 with a remark, ") || !strings.Contains(got, "1 not known") {
		t.Error(got)
	}
}
