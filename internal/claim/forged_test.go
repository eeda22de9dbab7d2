package claim

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
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

// TestForgedNames: who signs in the name of an issuer here, or with its pages, is not shown as that issuer, in any list, set or language.
func TestForgedNames(t *testing.T) {
	w := newWorld(t)
	own := w.award("bob@example.org", "Bob")
	w.queue = nil
	w.signIn("bob@example.org")
	for name, test := range map[string]struct {
		change func(map[string]any)
		says   [2]string
	}{
		"its name": {nil, [2]string{"Signed, but not by Riverside <b>District</b> of ", "Firmada, pero no por Riverside <b>District</b> de "}},
		"its achievement": {func(document map[string]any) {
			issuer := document["issuer"].(map[string]any)
			issuer["name"] = "Elsewhere"
			delete(issuer, "url")
			delete(issuer, "image")
		}, [2]string{"Signed, but not by an issuer of ", "Firmada, pero no por un emisor de "}},
	} {
		path := w.bring("", w.forged(own, test.change)).want(t, 200, "It was checked and added").imported(t)
		item := itemAt(path)
		set := w.setOf(false, item)
		w.post("/mine/sets/"+set, url.Values{"title": {"Mine"}, "badge": {item}, "access": {"unlisted"}}).want(t, 200, "Saved.")
		for i, language := range []string{"en", "es"} {
			for _, address := range []string{path, "/s/" + set} {
				p := w.ask("GET", address+"?lang="+language, nil).want(t, 200, test.says[i], "did:key:z6Mk…", "band-unknown")
				if strings.Contains(p.body, "band-yes") || strings.Contains(p.body, "band-note") {
					t.Errorf("%s: %s is shown as good", name, address)
				}
			}
		}
		if p := w.ask("GET", "/s/"+set, nil); !strings.Contains(p.body, "0 authentic and in force, 1 not known") {
			t.Errorf("%s: the set counts it as good", name)
		}
		w.ask("GET", "/mine", nil).want(t, 200, test.says[0])
		w.post(path+"/remove", nil).want(t, 200)
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
