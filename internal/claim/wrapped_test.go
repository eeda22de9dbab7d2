package claim

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// maker signs records with a key that nobody vouches for, as anybody can.
type maker struct {
	*world
	did    string
	signer keys.Signer
	count  int
}

func (w *world) maker() *maker {
	w.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	w.good(err)
	did, err := keys.DIDKey(public)
	w.good(err)
	return &maker{world: w, did: did, signer: keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}}
}

// document is the text of a record (CLR 2.0) around some credentials, as it is before it is signed; of a badge where there are none.
func (m *maker) document(inside ...any) []byte {
	m.Helper()
	m.count++
	subject := map[string]any{"identifier": []any{map[string]any{"type": "IdentityObject", "hashed": false, "identityHash": "bob@example.org", "identityType": "emailAddress"}}}
	used := []string{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}
	kind := "ClrCredential"
	if subject["type"], subject["verifiableCredential"] = []string{"ClrSubject"}, inside; len(inside) == 0 {
		delete(subject, "verifiableCredential")
		kind, used, subject["type"] = "OpenBadgeCredential", []string{used[0], used[2]}, []string{"AchievementSubject"}
		subject["achievement"] = map[string]any{"id": "urn:uuid:11111111-2222-4333-8444-555555555557", "type": []string{"Achievement"}, "name": "Plain", "description": "d", "criteria": map[string]any{"narrative": "c"}}
	}
	text, err := json.Marshal(map[string]any{"@context": used, "id": fmt.Sprintf("urn:uuid:11111111-2222-4333-8444-%012d", m.count), "type": []string{"VerifiableCredential", kind}, "name": "Record",
		"issuer": map[string]any{"id": m.did, "type": []string{"Profile"}, "name": "Bob's own"}, "validFrom": "2026-11-20T00:00:00Z", "credentialSubject": subject})
	m.good(err)
	return text
}

func (m *maker) sealed(text []byte) []byte {
	m.Helper()
	signed, err := proof.Seal(m.Context(), text, proof.SealOptions{Signer: m.signer, Suite: "eddsa-jcs-2022", Purpose: keys.AssertionMethod, Created: m.now})
	m.good(err)
	return signed
}

func (m *maker) token(text []byte) []byte {
	m.Helper()
	token, err := proof.SealJWT(text, m.signer)
	m.good(err)
	return []byte(token)
}

func envelope(token string) any {
	return map[string]any{"@context": "https://www.w3.org/ns/credentials/v2", "id": "data:application/vc+jwt," + token, "type": "EnvelopedVerifiableCredential"}
}

// with is a document with another value at a member of its achievement.
func (m *maker) with(member string, value any) []byte {
	m.Helper()
	var d map[string]any
	m.good(json.Unmarshal(m.document(), &d))
	d["credentialSubject"].(map[string]any)["achievement"].(map[string]any)[member] = value
	text, err := json.Marshal(d)
	m.good(err)
	return text
}

// TestWrapped: nothing is kept in which somebody else's award of this installation stands, whatever is around it.
func TestWrapped(t *testing.T) {
	w := newWorld(t)
	hers, his := w.award("ana@example.org", "Ana García"), w.award("bob@example.org", "Bob")
	w.queue = nil
	if _, err := w.office.Claim(t.Context(), his.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	w.signIn("bob@example.org")
	m := w.maker()
	award, own := json.RawMessage(hers.JSON), json.RawMessage(his.JSON)
	art, err := paper.ArtPNG()
	w.good(err)
	baked, err := bake.Bake(art, hers.JSON)
	w.good(err)
	picture := "data:image/png;base64," + base64.StdEncoding.EncodeToString(baked)
	once := m.sealed(m.document(award))
	text, err := json.Marshal(string(hers.JSON))
	w.good(err)
	for name, file := range map[string][]byte{
		"in a record":             once,
		"in a record as a token":  m.token(m.document(award)),
		"as a token in a record":  m.sealed(m.document(envelope(hers.JWT))),
		"both":                    m.token(m.document(envelope(hers.JWT))),
		"two deep":                m.sealed(m.document(json.RawMessage(once))),
		"two deep in tokens":      m.token(m.document(envelope(string(m.token(m.document(award)))))),
		"four deep":               m.sealed(m.document(json.RawMessage(m.sealed(m.document(json.RawMessage(m.sealed(m.document(json.RawMessage(once))))))))),
		"beside his own":          m.sealed(m.document(own, award)),
		"baked into its picture":  m.sealed(m.with("image", map[string]any{"id": picture, "type": "Image"})),
		"as an endorsement":       m.sealed(m.with("endorsement", []any{award})),
		"as text in a narrative":  m.sealed(m.with("description", string(hers.JSON))),
		"as data":                 m.sealed(m.with("description", "data:application/json;base64,"+base64.StdEncoding.EncodeToString(hers.JSON))),
		"as text in text as data": m.sealed(m.with("description", "data:,"+url.PathEscape(string(text[1:len(text)-1])))),
	} {
		p := w.bring("", file)
		if name == "as text in text as data" { // no JSON: a quotation that no program reads
			p.want(t, 200)
			continue
		}
		if p.status != 422 || !strings.Contains(p.body, "It was not added: an award of this server stands in it that is not yours.") {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
	}
	vp, err := json.Marshal(map[string]any{"@context": []string{"https://www.w3.org/ns/credentials/v2"}, "type": []string{"VerifiablePresentation"}, "verifiableCredential": []any{json.RawMessage(once)}})
	w.good(err)
	w.bring("", vp).want(t, 422, "that is not yours")
	var many []any
	for n := range 60 {
		many = append(many, json.RawMessage(strings.ReplaceAll(string(m.document()), "urn:uuid:1111", fmt.Sprintf("urn:uuid:%04d", n))))
	}
	for range 4 {
		var some []any
		for range 5 {
			m.count++
			some = append(some, json.RawMessage(m.document()))
		}
		many = append(many, json.RawMessage(m.document(some...)))
	}
	w.bring("", m.sealed(m.document(many...))).want(t, 200)
	for name, body := range w.records() {
		if strings.HasPrefix(name, "earner-") && strings.Contains(body, "García") {
			t.Error("left:", name)
		}
	}
}

// TestWrappedOwn: a badge in which the person's own award stands is kept, and shown to others as long as the award is; it goes with it.
func TestWrappedOwn(t *testing.T) {
	w := newWorld(t)
	c := w.award("bob@example.org", "Bob Ruiz")
	w.queue = nil
	if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	w.signIn("bob@example.org")
	m := w.maker()
	var paths []string
	var items []string
	for _, file := range [][]byte{m.sealed(m.document(json.RawMessage(c.JSON))), m.token(m.document(envelope(string(m.token(m.document(json.RawMessage(c.JSON)))))))} {
		paths = append(paths, w.bring("", file).want(t, 200).imported(t))
		items = append(items, itemAt(paths[len(paths)-1]))
	}
	id := w.setOf(true, items...)
	w.ask("GET", "/s/"+id+"/file/2", nil).want(t, 200)
	for _, access := range []string{"off", "public"} {
		w.post("/mine/award/"+c.ID+"/access", url.Values{"access": {access}}).want(t, 200)
		for _, rest := range []string{"/file/1", "/file/2", "/art/1"} {
			p := w.ask("GET", "/s/"+id+rest, nil)
			if off := p.status == 404; off != (access == "off") {
				t.Error(access, rest, p.status)
			}
		}
		if p := w.askPublic("/s/" + id); access == "off" {
			p.want(t, 200, "No badge is shown here at the moment.")
			w.ask("GET", "/s/"+id+"/presentation.json", nil).want(t, 404)
		} else {
			w.ask("GET", "/s/"+id+"/presentation.json", nil).want(t, 200)
		}
	}
	if _, err := w.office.Erase(t.Context(), c.ID, "", "account:1"); err != nil {
		t.Fatal(err)
	}
	for name, body := range w.records() {
		if strings.HasPrefix(name, "earner-") && (strings.Contains(body, "Ruiz") || !strings.HasPrefix(name, "earner-set ") && !strings.HasPrefix(name, "earner-ask ")) {
			t.Error("left:", name)
		}
	}
}

// TestForgetWrapped: what the store does not know any more is found at every depth.
func TestForgetWrapped(t *testing.T) {
	w := newWorld(t)
	w.award("bob@example.org", "Bob")
	office, reading := w.elsewhere()
	w.queue = nil
	w.signIn("bob@example.org")
	c := w.awardElsewhere(office, reading, "ana@example.org")
	m := w.maker()
	path := w.bring("", m.token(m.document(envelope(string(m.token(m.document(json.RawMessage(c.JSON)))))))).want(t, 200).imported(t)
	w.good(w.earners.ForgetCopies(t.Context(), "AAAAAAAAAAAAAAAAAAAAAA"))
	w.ask("GET", path, nil).want(t, 200)
	w.good(w.earners.ForgetCopies(t.Context(), c.URL))
	w.ask("GET", path, nil).want(t, 404)
	for name := range w.records() {
		if strings.HasPrefix(name, "earner-file ") || strings.HasPrefix(name, "earner-copy ") {
			t.Error("left:", name)
		}
	}
}

// TestWrappedBefore: what an earlier release has kept is looked into at the upgrade. Where somebody else's award stands in it, it goes.
func TestWrappedBefore(t *testing.T) {
	w := newWorld(t)
	hers, his := w.award("ana@example.org", "Ana García"), w.award("bob@example.org", "Bob")
	w.queue = nil
	if _, err := w.office.Claim(t.Context(), his.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	w.signIn("bob@example.org")
	m := w.maker()
	with := func(c issuer.Credential) string { return string(m.sealed(m.document(json.RawMessage(c.JSON)))) }
	bad, good := w.bring("", m.sealed(m.document())).want(t, 200).imported(t), w.bring("", m.sealed(m.document())).want(t, 200).imported(t)
	id := w.setOf(true, itemAt(bad), itemAt(good))
	w.good(w.store.Update(t.Context(), func(tx issuer.Tx) error { // as a release wrote them that did not look inside
		for _, k := range earner.Kinds() {
			rows, _, err := tx.List(k, issuer.Query{Limit: 100})
			if err != nil {
				return err
			}
			for _, row := range rows {
				switch k.Name {
				case "earner-copy":
					if err := tx.Delete(k, row.ID); err != nil {
						return err
					}
				case "earner-file":
					var f earner.File
					if err := json.Unmarshal(row.Body, &f); err != nil {
						return err
					}
					if f.Text = with(his); strings.HasSuffix(bad, f.ID) {
						f.Text = with(hers)
					}
					if row.Body, err = json.Marshal(f); err != nil {
						return err
					}
					if err := tx.Put(k, row); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}))
	for after, more := "", true; more; more = after != "" {
		w.good(w.store.Update(t.Context(), func(tx issuer.Tx) (err error) { _, after, err = earner.Anew(tx, after); return err }))
	}
	w.ask("GET", bad, nil).want(t, 404)
	w.ask("GET", "/s/"+id+"/file/1", nil).want(t, 404)
	if p := w.ask("GET", "/s/"+id+"/presentation.json", nil).want(t, 200); strings.Contains(p.body, "García") {
		t.Error("an old copy is served")
	}
	w.ask("GET", "/s/"+id+"/file/2", nil).want(t, 200)
	w.post("/mine/award/"+his.ID+"/access", url.Values{"access": {"off"}}).want(t, 200)
	w.ask("GET", "/s/"+id+"/file/2", nil).want(t, 404)
	if _, err := w.office.Erase(t.Context(), his.ID, "", "account:1"); err != nil {
		t.Fatal(err)
	}
	for name, body := range w.records() {
		if strings.HasPrefix(name, "earner-file ") || strings.HasPrefix(name, "earner-") && strings.Contains(body, "García") {
			t.Error("left:", name)
		}
	}
}
