package claim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// listed are the lines of what is inside a record, by their shapes, in their order.
func listed(p page) (shapes []string) {
	_, list, _ := strings.Cut(p.body, `<ul class="inside-list">`)
	list, _, _ = strings.Cut(list, "</ul>")
	for _, found := range regexp.MustCompile(`class="pill pill-(\w+)"`).FindAllStringSubmatch(list, -1) {
		shapes = append(shapes, found[1])
	}
	return shapes
}

// TestInside: the page of a record, and that of a set with it, list what is inside with a verdict of its own, and are not good where one
// of it is not.
func TestInside(t *testing.T) {
	w := newWorld(t)
	own := w.award("bob@example.org", "Bob")
	w.queue = nil
	office, achievement := w.elsewhere()
	award := func() issuer.Credential { return w.awardElsewhere(office, achievement, "bob@example.org") }
	good, taken, other := award(), award(), award()
	if _, err := office.Revoke(t.Context(), taken.ID, "Mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	altered := bytes.Replace(other.JSON, []byte(`"Reading Recovery"`), []byte(`"Reading Mastery"`), 1)
	imitated := w.forged(own, nil)
	w.signIn("bob@example.org")
	m := w.maker()
	raw := func(text []byte) any { return json.RawMessage(text) }
	for name, test := range map[string]struct {
		inside []any
		shapes string // on the page of a set; on that of the person what is good is a note
		whole  string // of the record there
		says   []string
	}{
		"good":                {[]any{raw(good.JSON)}, "yes", "yes", []string{"Reading Recovery", "elsewhere.example, which calls itself “Hillside <i>College</i>”,</bdi> signed exactly this badge"}},
		"all kinds":           {[]any{raw(good.JSON), raw(taken.JSON), raw(altered)}, "yes no no", "note", []string{"Authentic, but revoked", "Not authentic"}},
		"an imitation":        {[]any{raw(good.JSON), raw(imitated)}, "yes unknown", "note", []string{"Signed, but not by Riverside <b>District</b> of "}},
		"a record":            {[]any{raw(m.sealed(m.document(raw(taken.JSON)))), raw(good.JSON)}, "note no yes", "note", []string{"but a credential in it does not count"}},
		"unsigned by another": {[]any{raw(unsigned(t, good.JSON))}, "unknown", "note", []string{"Says that it is from <bdi>Hillside <i>College</i></bdi>"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := w.bring("", m.sealed(m.document(test.inside...))).want(t, 200).imported(t)
			set := w.setOf(false, itemAt(path))
			for _, language := range []string{"en", "es"} {
				p := w.askPublic("/s/"+set+"?lang="+language).want(t, 200)
				if got := strings.Join(listed(p), " "); got != test.shapes {
					t.Errorf("the set in %s lists %q", language, got)
				}
				if !strings.Contains(p.body, `<div class="band band-`+test.whole+`">`) {
					t.Errorf("the record is not %s in %s", test.whole, language)
				}
				p = w.ask("GET", path+"?lang="+language, nil).want(t, 200)
				if got := strings.Join(listed(p), " "); got != strings.ReplaceAll(test.shapes, "yes", "note") {
					t.Errorf("the page in %s lists %q", language, got)
				}
			}
			for _, said := range test.says {
				w.askPublic("/s/"+set).want(t, 200, said)
				w.ask("GET", path, nil).want(t, 200, said)
			}
			w.ask("GET", path, nil).want(t, 200, "The credentials inside", "Each was checked by itself.")
			if archive := unpacked(t, w.ask("GET", "/mine/badges.zip", nil).want(t, 200).body); strings.Contains(archive, ": Authentic, and in force") != (test.whole == "yes") {
				t.Errorf("the archive says of one that is %s:\n%s", test.whole, archive[strings.Index(archive, "When last"):])
			}
			w.post(path+"/check", nil).want(t, 200)
			if got := strings.Join(listed(w.ask("GET", path, nil)), " "); got != strings.ReplaceAll(test.shapes, "yes", "note") {
				t.Errorf("checked again it lists %q", got)
			}
			w.now = w.now.Add(2 * freshFor)
			if got := strings.Join(listed(w.ask("GET", path, nil)), " "); strings.Contains(got, "yes") || strings.Contains(got, "note") {
				t.Errorf("days later it lists %q", got)
			}
			w.now = w.now.Add(-2 * freshFor)
			w.post(path+"/remove", nil).want(t, 200)
		})
	}
}

// unsigned is a badge without its proof.
func unsigned(t *testing.T, text []byte) []byte {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	delete(document, "proof")
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestInsideOfHere: what this installation changes shows at once, also inside what others have signed.
func TestInsideOfHere(t *testing.T) {
	w := newWorld(t)
	c := w.award("bob@example.org", "Bob")
	w.queue = nil
	if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	w.signIn("bob@example.org")
	m := w.maker()
	set := w.setOf(false, itemAt(w.bring("", m.sealed(m.document(json.RawMessage(c.JSON)))).want(t, 200).imported(t)))
	for _, want := range []string{"yes", "no"} {
		if got := strings.Join(listed(w.askPublic("/s/"+set)), " "); got != want {
			t.Errorf("it lists %q, want %s", got, want)
		}
		if _, err := w.office.Revoke(t.Context(), c.ID, "Mistake.", "account:1"); err != nil && want == "yes" {
			t.Fatal(err)
		}
	}
}

// TestMuchInside: of many the worst are listed first, and a page with records at all their bounds has less than 60 kB.
func TestMuchInside(t *testing.T) {
	w := newWorld(t)
	w.award("bob@example.org", "Bob")
	w.queue = nil
	w.signIn("bob@example.org")
	m := w.maker()
	letters := strings.NewReplacer("Plain", strings.Repeat("𝔏", 280), "Bob's own", strings.Repeat("𝔐", 280), `"d"`, `"`+strings.Repeat("𝔇", 900)+`"`)
	record := func(count int) []byte {
		var inside []any
		for range count {
			inside = append(inside, json.RawMessage(letters.Replace(string(m.document()))))
		}
		ended := bytes.Replace(m.document(), []byte(`"validFrom"`), []byte(`"validUntil":"2026-11-21T00:00:00Z","validFrom"`), 1)
		return m.sealed([]byte(letters.Replace(string(m.document(append(inside, json.RawMessage(ended))...)))))
	}
	path := w.bring("", record(29)).want(t, 200).imported(t)
	light := func(p page) page {
		t.Helper()
		if t.Logf("%d bytes", len(p.body)); len(p.body) > 60_000 {
			t.Errorf("the page has %d bytes", len(p.body))
		}
		return p
	}
	for _, p := range []page{light(w.ask("GET", path, nil)), light(w.askPublic("/s/" + w.setOf(false, itemAt(path))))} {
		if got := listed(p); len(got) != mostInside || got[0] != "no" {
			t.Errorf("it lists %q", got)
		}
		p.want(t, 200, "6 more badges inside it are not shown here.")
	}
	var items []string
	for _, count := range []int{mostInside, 1, 3, mostInside, 0, 20} {
		items = append(items, itemAt(w.bring("", record(count)).want(t, 200).imported(t)))
	}
	set, seen := w.setOf(true, items...), 0
	for number := 1; ; number++ {
		p := light(w.askPublic(fmt.Sprintf("/s/%s?lang=es&page=%d", set, number)).want(t, 200))
		seen += strings.Count(p.body, `<details class="one"`)
		if !strings.Contains(p.body, fmt.Sprintf("page=%d", number+1)) {
			break
		}
	}
	if seen != len(items) {
		t.Errorf("the pages show %d of %d badges", seen, len(items))
	}
}
