package verifier

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/paper"
)

// web is a web of documents by address that counts who is asked.
type web struct {
	documents library
	moved     map[string]string   // where an address leads
	headers   map[string][]string // addresses that the answer names
	fails     map[string]error
	asked     []string
}

func (w *web) Fetch(ctx context.Context, address string, limit int) (Document, error) {
	w.asked = append(w.asked, address)
	if err := w.fails[address]; err != nil {
		return Document{}, err
	}
	final := address
	if to, moved := w.moved[address]; moved {
		final = to
	}
	if _, there := w.documents[final]; !there {
		return Document{}, &FetchError{Kind: ErrUnavailable, Cause: CauseNotFound, Status: 404, Detail: "the server answered with status 404"}
	}
	source, err := w.documents.Fetch(ctx, final, limit)
	source.URL, source.ReadAt, source.Origin, source.Alternates = final, at, Network, w.headers[final]
	return source, err
}

// times is how often an address was asked.
func (w *web) times(address string) int {
	n := 0
	for _, a := range w.asked {
		if a == address {
			n++
		}
	}
	return n
}

// pageTo is a page that names addresses of the same thing as a credential.
func pageTo(addresses ...string) []byte {
	var page strings.Builder
	page.WriteString("<!doctype html><html><head><title>Badge</title>")
	for _, address := range addresses {
		fmt.Fprintf(&page, `<link rel="alternate" type="application/vc" href="%s">`, address)
	}
	page.WriteString("</head><body></body></html>")
	return []byte(page.String())
}

// leads is an item that leads to addresses, as a QR code does.
func leads(addresses ...string) carrier.Item {
	return carrier.Item{Kind: "qr", Name: "photo.jpg", Bytes: []byte("a photo"), Links: addresses}
}

func (w *web) verify(t testing.TB, item carrier.Item) []*Report {
	t.Helper()
	reports, err := VerifyItem(t.Context(), item, Options{At: at, Fetch: w})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		wellFormed(t, r)
		if r.Input.Kind != item.Kind || r.Input.Name != item.Name {
			t.Errorf("the input is %+v", r.Input)
		}
	}
	return reports
}

const site = "https://badges.example.org/"

// TestLinks: an address is followed to the credential behind it, each once, and what is not reached is not known.
func TestLinks(t *testing.T) {
	b := newBench(t)
	sealed := b.seal(b.badge(nothing))
	baked, err := bake.Bake(onePixel(t), sealed)
	if err != nil {
		t.Fatal(err)
	}
	many := make([]string, 9)
	for i := range many {
		many[i] = fmt.Sprintf("%sdead/%d", site, i)
	}
	timeout := &FetchError{Kind: ErrUnavailable, Cause: CauseTimeout, Detail: "the server did not answer in time"}
	other := []byte(`{"type":"rich","html":"<p>a badge</p>"}`)
	broken := []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:x","id":"urn:y"}`)
	for name, c := range map[string]struct {
		links   []string
		pages   map[string][]byte
		moved   map[string]string
		headers map[string][]string
		fails   map[string]error
		outcome Outcome
		read    string   // the address at which the credential was read
		code    string   // of the step form
		facts   Facts    // of the step form
		asked   []string // of site, in order
	}{
		"to JSON":                {links: []string{site + "1"}, pages: map[string][]byte{"1": sealed}, outcome: Valid, read: site + "1", asked: []string{"1"}},
		"to a picture":           {links: []string{site + "1.png"}, pages: map[string][]byte{"1.png": baked}, outcome: Valid, read: site + "1.png", asked: []string{"1.png"}},
		"page to JSON":           {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(site + "1.json"), "1.json": sealed}, outcome: Valid, read: site + "1.json", asked: []string{"1", "1.json"}},
		"page to page":           {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(site + "2"), "2": pageTo(site + "3"), "3": sealed}, outcome: Valid, read: site + "3", asked: []string{"1", "2", "3"}},
		"one page more":          {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(site + "2"), "2": pageTo(site + "3"), "3": pageTo(site + "4"), "4": sealed}, outcome: Unknown, code: "too_complex", facts: Facts{FactCase: "leads", FactMost: "8", FactAddress: site + "4"}, asked: []string{"1", "2", "3"}},
		"moved":                  {links: []string{site + "1"}, pages: map[string][]byte{"2": sealed}, moved: map[string]string{site + "1": site + "2"}, outcome: Valid, read: site + "2", asked: []string{"1"}},
		"a header first":         {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(site + "page"), "vc": sealed}, headers: map[string][]string{site + "1": {site + "vc"}}, outcome: Valid, read: site + "vc", asked: []string{"1", "vc"}},
		"a header alone":         {links: []string{site + "1"}, pages: map[string][]byte{"1": []byte("<html></html>"), "vc": sealed}, headers: map[string][]string{site + "1": {site + "vc"}}, outcome: Valid, read: site + "vc", asked: []string{"1", "vc"}},
		"a header of other JSON": {links: []string{site + "1"}, pages: map[string][]byte{"1": other, "vc": sealed}, headers: map[string][]string{site + "1": {site + "vc"}}, outcome: Valid, read: site + "vc", asked: []string{"1", "vc"}},
		"a fragment":             {links: []string{site + "1#a", site + "1#b"}, pages: map[string][]byte{"1": []byte("<html></html>")}, outcome: Invalid, read: site + "1", code: "no_credential", asked: []string{"1"}},
		"the first ends":         {links: []string{site + "1", site + "2"}, pages: map[string][]byte{"1": sealed, "2": sealed}, outcome: Valid, read: site + "1", asked: []string{"1"}},
		"a dead one":             {links: []string{site + "1", site + "2"}, pages: map[string][]byte{"2": sealed}, outcome: Valid, read: site + "2", asked: []string{"1", "2"}},
		"other JSON":             {links: []string{site + "1", site + "2"}, pages: map[string][]byte{"1": other, "2": sealed}, outcome: Valid, read: site + "2", asked: []string{"1", "2"}},
		"only other JSON":        {links: []string{site + "1"}, pages: map[string][]byte{"1": other}, outcome: Invalid, read: site + "1", code: "no_credential", facts: Facts{FactCase: "other_json", FactAddress: site + "1", FactOrigin: "network"}, asked: []string{"1"}},
		"broken":                 {links: []string{site + "1"}, pages: map[string][]byte{"1": broken}, outcome: Invalid, read: site + "1", code: "duplicate_key", asked: []string{"1"}},
		"no credential":          {links: []string{site + "1"}, pages: map[string][]byte{"1": []byte("<html></html>")}, outcome: Invalid, read: site + "1", code: "no_credential", facts: Facts{FactCase: "html", FactAddress: site + "1", FactOrigin: "network"}, asked: []string{"1"}},
		"not read":               {links: []string{site + "1"}, outcome: Unknown, code: "input_unavailable", facts: Facts{FactAddress: site + "1", FactCause: "not_found", FactName: "404"}, asked: []string{"1"}},
		"all dead":               {links: many, outcome: Unknown, code: "input_unavailable", facts: Facts{FactAddress: many[0], FactCause: "not_found", FactName: "404"}, asked: []string{"dead/0", "dead/1", "dead/2", "dead/3", "dead/4", "dead/5", "dead/6", "dead/7"}},
		"page to dead":           {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(many[0], many[1])}, outcome: Invalid, read: site + "1", code: "no_credential", facts: Facts{FactCase: "leads_nowhere", FactAddress: site + "1", FactOrigin: "network"}, asked: []string{"1", "dead/0", "dead/1"}},
		"page to a picture":      {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(site + "2"), "2": onePixel(t)}, outcome: Invalid, read: site + "1", code: "no_credential", facts: Facts{FactCase: "leads_nowhere", FactAddress: site + "1", FactOrigin: "network"}, asked: []string{"1", "2"}},
		"page to broken":         {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(site + "2"), "2": broken}, outcome: Invalid, read: site + "2", code: "duplicate_key", asked: []string{"1", "2"}},
		"a silent header":        {links: []string{site + "1"}, pages: map[string][]byte{"1": other}, headers: map[string][]string{site + "1": {site + "2"}}, fails: map[string]error{site + "2": timeout}, outcome: Unknown, code: "input_unavailable", facts: Facts{FactAddress: site + "2", FactCause: "timeout"}, asked: []string{"1", "2"}},
		"page to silent":         {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(many[0], site+"2")}, fails: map[string]error{site + "2": timeout}, outcome: Unknown, code: "input_unavailable", facts: Facts{FactAddress: site + "2", FactCause: "timeout"}, asked: []string{"1", "dead/0", "2"}},
		"page to private":        {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo("https://badges.internal/1")}, fails: map[string]error{"https://badges.internal/1": ErrBlocked}, outcome: Unknown, code: "ssrf_blocked", facts: Facts{FactAddress: "https://badges.internal/1", FactCause: "blocked"}, asked: []string{"1"}},
		"not https":              {links: []string{"ftp://badges.example.org/1", "file:///etc/passwd"}, outcome: Unknown, code: "ssrf_blocked", facts: Facts{FactAddress: "ftp://badges.example.org/1", FactCause: "blocked"}},
		"circle":                 {links: []string{site + "1"}, pages: map[string][]byte{"1": pageTo(site + "2"), "2": pageTo(site+"1", site+"2")}, outcome: Invalid, read: site + "1", code: "no_credential", facts: Facts{FactCase: "leads_nowhere", FactAddress: site + "1", FactOrigin: "network"}, asked: []string{"1", "2"}},
		"circle by move":         {links: []string{site + "1"}, pages: map[string][]byte{"2": pageTo(site + "2#a")}, moved: map[string]string{site + "1": site + "2"}, outcome: Invalid, read: site + "2", code: "no_credential", asked: []string{"1"}},
		"pictures": {links: []string{site + "1", site + "2", site + "3"}, pages: map[string][]byte{"1": onePixel(t), "2": onePixel(t), "3": baked}, outcome: Unknown, code: "too_complex",
			facts: Facts{FactCase: "leads_pictures", FactMost: "2", FactAddress: site + "3"}, asked: []string{"1", "2", "3"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &web{documents: library{webDoc: b.documents[webDoc]}, moved: c.moved, headers: c.headers, fails: c.fails}
			for path, page := range c.pages {
				w.documents[site+path] = page
			}
			reports := w.verify(t, leads(c.links...))
			if len(reports) != 1 {
				t.Fatalf("%d reports", len(reports))
			}
			r := reports[0]
			form := r.Checks[0]
			if r.Outcome != c.outcome || form.Code != c.code || r.Input.URL != c.read {
				t.Errorf("%s, form %s %v, read at %q; want %s, %s, %q", r.Outcome, form.Code, form.Facts, r.Input.URL, c.outcome, c.code, c.read)
			}
			if (r.Input.ReadAt != nil) != (c.read != "") || r.Input.SHA256 != digest([]byte("a photo")) {
				t.Errorf("the input is %+v", r.Input)
			}
			for name, value := range c.facts {
				if form.Facts[name] != value {
					t.Errorf("fact %s is %q, want %q", name, form.Facts[name], value)
				}
			}
			if len(c.facts) > 0 && len(form.Facts) != len(c.facts) {
				t.Errorf("facts %v, want %v", form.Facts, c.facts)
			}
			var asked []string
			for _, address := range w.asked {
				if path, here := strings.CutPrefix(address, site); here {
					asked = append(asked, path)
				}
				if !strings.HasPrefix(address, "https://") {
					t.Errorf("asked %q", address)
				}
			}
			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
		})
	}
}

// TestLinksBounded: whatever pages name, few addresses are asked, each once, and there is one answer.
func TestLinksBounded(t *testing.T) {
	b := newBench(t)
	sealed := b.seal(b.badge(nothing))
	rapid.Check(t, func(t *rapid.T) {
		const places = 12
		w := &web{documents: library{webDoc: b.documents[webDoc]}, moved: map[string]string{}, headers: map[string][]string{}}
		address := rapid.Map(rapid.IntRange(0, places-1), func(i int) string { return fmt.Sprintf("%s%d", site, i) })
		addresses := rapid.SliceOfN(address, 0, 10)
		holds := false
		for i := range places {
			at := fmt.Sprintf("%s%d", site, i)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
			case 1:
				w.moved[at] = address.Draw(t, "moved")
			case 2:
				w.documents[at], holds = sealed, true
			default:
				w.documents[at] = pageTo(addresses.Draw(t, "named")...)
				w.headers[at] = addresses.Draw(t, "header")
			}
		}
		item := leads(addresses.Draw(t, "item")...)
		reports, err := VerifyItem(context.Background(), item, Options{At: at, Fetch: w})
		if err != nil || len(reports) != 1 {
			t.Fatalf("%d reports, %v", len(reports), err)
		}
		asked := map[string]bool{}
		for _, address := range w.asked {
			if strings.HasPrefix(address, site) && asked[address] {
				t.Errorf("%s was asked again: %q", address, w.asked)
			}
			asked[address] = strings.HasPrefix(address, site)
		}
		if delete(asked, webDoc); len(asked) > maxAddresses {
			t.Errorf("asked %q", w.asked)
		}
		if good := reports[0].Outcome == Valid; good != (reports[0].Credential != nil && reports[0].Input.URL != "") || good && !holds {
			t.Errorf("%s, read at %q", reports[0].Outcome, reports[0].Input.URL)
		}
	})
}

// TestLinksAddress: of an address that was handed in counts what was read there, and without anybody to ask nothing is known.
func TestLinksAddress(t *testing.T) {
	b := newBench(t)
	sealed := b.seal(b.badge(nothing))
	w := &web{documents: library{webDoc: b.documents[webDoc], site + "1": sealed}}
	reports, err := VerifyAll(t.Context(), "badge.txt", []byte(site+"1\n"), Options{At: at, Fetch: w})
	if err != nil || len(reports) != 1 {
		t.Fatal(reports, err)
	}
	r := reports[0]
	want := Input{Kind: "url", SHA256: digest(sealed), Name: "badge.txt", URL: site + "1", ReadAt: instant(at)}
	if r.Outcome != Valid || r.Input.Kind != want.Kind || r.Input.SHA256 != want.SHA256 || r.Input.Name != want.Name || r.Input.URL != want.URL || !r.Input.ReadAt.Equal(*want.ReadAt) {
		t.Errorf("%s, %+v", r.Outcome, r.Input)
	}
	if !bytes.Equal(r.Text, sealed) {
		t.Errorf("the text is %q", r.Text)
	}
	reports, err = VerifyAll(t.Context(), "", []byte(site+"1"), Options{At: at})
	if err != nil || len(reports) != 1 || reports[0].Outcome != Unknown || reports[0].Checks[0].Facts[FactCause] != CauseOffline || reports[0].Text != nil {
		t.Errorf("offline: %+v, %v", reports[0].Checks[0], err)
	}
}

// TestLinksSeveral: a page that holds several credentials gives several reports, and what is no credential beside them one as well.
func TestLinksSeveral(t *testing.T) {
	b := newBench(t)
	one, two := b.seal(b.badge(nothing)), b.seal(b.badge(func(d map[string]any) { d["id"] = "urn:uuid:2" }))
	inPage := func(texts ...[]byte) []byte {
		page := "<!doctype html><html><head>"
		for _, text := range texts {
			page += `<script type="application/ld+json">` + string(text) + `</script>`
		}
		return []byte(page + "</head></html>")
	}
	w := &web{documents: library{webDoc: b.documents[webDoc], site: inPage(one, two)}}
	reports := w.verify(t, leads(site))
	if len(reports) != 2 || reports[0].Credential.ID == reports[1].Credential.ID || reports[0].Outcome != Valid || reports[1].Outcome != Valid || w.times(site) != 1 {
		t.Errorf("%d reports, asked %q", len(reports), w.asked)
	}
	texts := make([][]byte, maxFound+3)
	for i := range texts {
		texts[i] = []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}`)
	}
	w.documents[site] = inPage(texts...)
	for _, r := range w.verify(t, leads(site)) {
		if r.Outcome == Valid {
			t.Errorf("%s", r.Outcome)
		}
	}
}

// TestLinksMovedInside: of a public address that leads on into a private network it is not said that it is private.
func TestLinksMovedInside(t *testing.T) {
	moved := &FetchError{Kind: ErrBlocked, Cause: CauseElsewhere, Detail: "it leads on to an address that is not a public https address"}
	w := &web{fails: map[string]error{site: moved, site + "0": ErrBlocked}}
	form := w.verify(t, leads(site))[0].Checks[0]
	want := "The address " + site + " leads on to one that is not a public https address, so that was not called."
	if form.Outcome != NotKnown || form.Code != "ssrf_blocked" || form.Facts[FactCause] != CauseElsewhere || form.Detail != want {
		t.Errorf("%+v", form)
	}
	if form = w.verify(t, leads(site+"0"))[0].Checks[0]; form.Code != "ssrf_blocked" || form.Facts[FactCause] != CauseBlocked {
		t.Errorf("%+v", form)
	}
}

// TestLinksArchive: in an archive at an address no more pictures are searched for QR codes than elsewhere, and the rest is told.
func TestLinksArchive(t *testing.T) {
	b := newBench(t)
	sealed := b.seal(b.badge(nothing))
	baked, err := bake.Bake(onePixel(t), sealed)
	if err != nil {
		t.Fatal(err)
	}
	archive := func(files ...[]byte) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for i, content := range files {
			f, err := w.Create(fmt.Sprintf("%d", i))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(content); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	empty := onePixel(t)
	for name, c := range map[string]struct {
		files [][]byte
		want  []Outcome
	}{
		"badges":            {[][]byte{baked, baked, baked, baked, sealed}, []Outcome{Valid, Valid, Valid, Valid, Valid}},
		"two pictures":      {[][]byte{baked, empty, empty}, []Outcome{Valid, Invalid, Invalid}},
		"too many pictures": {[][]byte{sealed, empty, empty, empty, empty, empty}, []Outcome{Valid, Invalid, Invalid, Unknown}},
	} {
		w := &web{documents: library{webDoc: b.documents[webDoc], site: archive(c.files...)}}
		var got []Outcome
		for _, r := range w.verify(t, leads(site)) {
			got = append(got, r.Outcome)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}

	// What was searched in one archive says nothing about the next address.
	w := &web{documents: library{webDoc: b.documents[webDoc], site: archive(empty, empty), site + "1": sealed}}
	if reports := w.verify(t, leads(site, site+"1")); len(reports) != 1 || reports[0].Outcome != Valid {
		t.Errorf("after an archive: %s", findings(reports[0]))
	}
	// A file that leads to several credentials is one file.
	const page, api = "https://www.credly.com/badges/3f9a6c1e-0000-4000-8000-00000000000", "https://api.credly.com/v1/obi/v2/badge_assertions/3f9a6c1e-0000-4000-8000-00000000000"
	portfolio := "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/Annots["
	w.documents = library{webDoc: b.documents[webDoc]}
	for _, n := range []string{"1", "2", "3"} {
		portfolio += "<</Subtype/Link/A<</S/URI/URI(" + page + n + ")>>>>"
		w.documents[api+n] = sealed
	}
	w.documents[site] = archive([]byte(portfolio + "]>>endobj\n"))
	if reports := w.verify(t, leads(site)); len(reports) != 3 || reports[2].Outcome != Valid {
		t.Errorf("a portfolio: %d reports, the last %s", len(reports), findings(reports[len(reports)-1]))
	}
	// What leads where something else led already is not said to lead nowhere.
	w.documents[site], w.documents[site+"1"] = archive([]byte(site+"1"), []byte(site+"1#again")), sealed
	if reports := w.verify(t, leads(site)); len(reports) != 1 || reports[0].Outcome != Valid {
		t.Errorf("one address twice: %d reports, the last %s", len(reports), findings(reports[len(reports)-1]))
	}
}

// TestSeveralInOnePlace: a picture in which it is not told which of two credentials counts is not judged by a third.
func TestSeveralInOnePlace(t *testing.T) {
	b := newBench(t)
	sealed := string(b.seal(b.badge(nothing)))
	element := func(name, text string) string {
		return "<x:" + name + "><![CDATA[" + text + "]]></x:credential>"
	}
	picture := `<svg xmlns="http://www.w3.org/2000/svg">` +
		element(`credential xmlns:x="https://purl.imsglobal.org/clr/v2p0"`, sealed) +
		element(`credential xmlns:x="https://purl.imsglobal.org/ob/v3p0"`, sealed) +
		element(`credential xmlns:x="https://purl.imsglobal.org/ob/v3p0"`, sealed) + "</svg>"
	r := b.verify([]byte(picture))
	if form := r.Checks[0]; r.Outcome != Invalid || form.Code != "image_invalid" || form.Facts[FactCase] != "several" {
		t.Errorf("%s: %+v", r.Outcome, form)
	}
}

// TestLinksOpenBadges2: the address in a picture of Open Badges 2.0 is followed to the Assertion there.
func TestLinksOpenBadges2(t *testing.T) {
	b := newOldBench(t, nil)
	picture := []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"><openbadges:assertion verify="` + oldAward + `"/></svg>`)
	reports, err := VerifyAll(t.Context(), "badge.svg", picture, Options{At: at, Fetch: b})
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 || reports[0].Outcome != Valid || reports[0].Input.URL != oldAward || reports[0].Input.Kind != "svg" || reports[0].Credential.Standard != "Open Badges 2.0" {
		t.Errorf("%d reports: %s", len(reports), findings(reports[0]))
	}
}

// TestLinksPhoto: a photo of a QR code leads to the page of a badge, and that to the picture that carries it; one that leads nowhere
// good is told so.
func TestLinksPhoto(t *testing.T) {
	b := newBench(t)
	baked, err := bake.Bake(onePixel(t), b.seal(b.badge(nothing)))
	if err != nil {
		t.Fatal(err)
	}
	w := &web{documents: library{webDoc: b.documents[webDoc], site + "1": pageTo(site + "1.png"), site + "1.png": baked}}
	for text, want := range map[string]struct {
		outcome     Outcome
		code, which string
	}{
		site + "1":                {Valid, "", ""},
		site + "2":                {Unknown, "input_unavailable", ""},
		"javascript:alert(1)":     {Invalid, credential.CodeNoCredential, "other_address"},
		"file:///etc/passwd":      {Invalid, credential.CodeNoCredential, "other_address"},
		"http://example.org/1":    {Unknown, "input_unavailable", ""},
		"https://127.0.0.1/admin": {Unknown, "input_unavailable", ""},
	} {
		photo, err := paper.QRPNG(text, 4)
		if err != nil {
			t.Fatal(err)
		}
		reports, err := VerifyAll(t.Context(), "photo.png", photo, Options{At: at, Fetch: w})
		if err != nil || len(reports) != 1 {
			t.Fatal(text, reports, err)
		}
		r := reports[0]
		form := r.Checks[0]
		if r.Outcome != want.outcome || form.Code != want.code || form.Facts[FactCase] != want.which || r.Input.Kind != "qr" || r.Input.SHA256 != digest(photo) {
			t.Errorf("%s: %s, %+v, %+v", text, r.Outcome, form, r.Input)
		}
	}
}

// TestLinksBroken: a caller that breaks off gets an error, and nobody else is asked.
func TestLinksBroken(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := &web{documents: library{}}
	w.fails = map[string]error{}
	stopping := fetcherFunc(func(ctx context.Context, address string, limit int) (Document, error) {
		cancel()
		return w.Fetch(ctx, address, limit)
	})
	reports, err := VerifyItem(ctx, leads(site+"1", site+"2"), Options{At: at, Fetch: stopping})
	if !errors.Is(err, context.Canceled) || reports != nil || len(w.asked) != 1 {
		t.Errorf("%v, %v, asked %q", reports, err, w.asked)
	}
}

type fetcherFunc func(ctx context.Context, address string, limit int) (Document, error)

func (f fetcherFunc) Fetch(ctx context.Context, address string, limit int) (Document, error) {
	return f(ctx, address, limit)
}

// TestVerifyAll: everything in a file gets its report, and a problem is one too.
func TestVerifyAll(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		input   []byte
		outcome Outcome
		code    string
		facts   Facts
	}{
		"a badge":   {b.seal(b.badge(nothing)), Valid, "", nil},
		"nothing":   {nil, Invalid, credential.CodeNoCredential, Facts{FactCase: "empty"}},
		"a text":    {[]byte("hello"), Invalid, credential.CodeNoCredential, Facts{FactCase: "text"}},
		"too large": {make([]byte, credential.Limits.Upload+1), Invalid, "too_large", Facts{FactCase: "file", FactMost: "12"}},
	} {
		reports, err := VerifyAll(t.Context(), "folder/a file", c.input, Options{At: at, Fetch: b.documents})
		if err != nil || len(reports) != 1 {
			t.Fatal(name, reports, err)
		}
		r := reports[0]
		wellFormed(t, r)
		if form := r.Checks[0]; r.Outcome != c.outcome || form.Code != c.code || form.Facts[FactCase] != c.facts[FactCase] || form.Facts[FactMost] != c.facts[FactMost] || r.Input.Name != "folder/a file" {
			t.Errorf("%s: %s, %+v, %+v", name, r.Outcome, form, r.Input)
		}
	}
}

// TestItemProblem: what the carrier says of an item is what the report says.
func TestItemProblem(t *testing.T) {
	item := carrier.Item{Kind: "pdf", Name: "a.zip/b.pdf", Problem: &carrier.Problem{Code: "encrypted", Case: "pdf", Detail: "It asks for a password.", Clause: "PDF 2.0 7.6", Facts: map[string]string{FactName: "AES"}}}
	r := (&web{}).verify(t, item)[0]
	c := r.Checks[0]
	if r.Outcome != Invalid || c.Code != "encrypted" || c.Detail != "It asks for a password." || c.Clause != "PDF 2.0 7.6" || c.Facts[FactCase] != "pdf" || c.Facts[FactName] != "AES" || r.Input.SHA256 != "" {
		t.Errorf("%+v", r)
	}
	if r = (&web{}).verify(t, carrier.Item{Kind: "json"})[0]; r.Checks[0].Code != credential.CodeNoCredential {
		t.Errorf("an empty item: %+v", r.Checks[0])
	}
}

// TestSources: whatever rests on something that was read elsewhere says where and when.
func TestSources(t *testing.T) {
	b := newBench(t)
	w := &web{documents: b.documents}
	w.documents[site] = b.seal(b.badge(nothing))
	for _, c := range w.verify(t, leads(site))[0].Checks {
		if c.AsOf == nil && (c.Facts[FactAddress] != "" || c.Step == "form" || c.Step == "issuer") {
			t.Errorf("%s has no instant", c.Step)
		}
		if c.AsOf != nil && (c.Facts[FactAddress] == "" || c.Facts[FactOrigin] == "") {
			t.Errorf("%s has facts %v", c.Step, c.Facts)
		}
	}
}

// TestCause: each kind of error has its cause, and a wrapped one keeps it.
func TestCause(t *testing.T) {
	for want, err := range map[string]error{
		"": nil, CauseBlocked: ErrBlocked, CauseTooLarge: ErrTooLarge, CauseGone: ErrGone, CauseOther: ErrUnavailable,
		CauseTimeout: fmt.Errorf("reading: %w", &FetchError{Kind: ErrUnavailable, Cause: CauseTimeout}),
	} {
		if got := Cause(err); got != want {
			t.Errorf("the cause of %v is %q, want %q", err, got, want)
		}
	}
	err := error(&FetchError{Kind: ErrGone, Cause: CauseGone, Status: 410, Detail: "the server answered with status 410"})
	if !errors.Is(err, ErrGone) || !errors.Is(err, ErrUnavailable) || !strings.HasSuffix(err.Error(), "status 410") {
		t.Error(err)
	}
}

func onePixel(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestUnread: a report that says why there was nothing to judge is told from one on something that was judged.
func TestUnread(t *testing.T) {
	for name, c := range map[string]struct {
		item carrier.Item
		want string
	}{
		"an address that is not read": {carrier.Item{Kind: "url", Links: []string{"https://none.example/1"}}, credential.CodeInputUnavailable},
		"an address of another kind":  {carrier.Item{Kind: "url", Links: []string{"http://none.example/1"}}, codeBlocked},
		"not looked at":               {carrier.Item{Kind: "pdf", Problem: &carrier.Problem{Code: credential.CodeInputUnavailable, Case: "pictures_many"}}, credential.CodeInputUnavailable},
		"nothing in it":               {carrier.Item{Kind: "json", Problem: &carrier.Problem{Code: credential.CodeNoCredential, Case: "text"}}, ""},
		"a text":                      {carrier.Item{Kind: "json", Text: []byte("{}")}, ""},
	} {
		reports, err := VerifyItem(t.Context(), c.item, Options{})
		if err != nil || len(reports) != 1 {
			t.Fatal(name, err)
		}
		if check, unread := reports[0].Unread(); unread != (c.want != "") || check.Code != c.want {
			t.Errorf("%s: %v, %+v", name, unread, check)
		}
	}
	r := &Report{Checks: []Check{{Step: "form", Outcome: NotKnown, Code: strict.CodeTooComplex, Facts: Facts{FactCase: "leads_pictures"}}}}
	if _, unread := r.Unread(); !unread {
		t.Error("more than is followed")
	}
	r.Checks[0].Facts[FactCase] = "inside"
	if _, unread := r.Unread(); unread {
		t.Error("more inside than is looked at")
	}
}
