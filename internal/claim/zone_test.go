package claim

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// TestOneDay: every page and file tells the day of an award where its issuer is. Here it is the last of a month, and in UTC the first of
// the next, in another year.
func TestOneDay(t *testing.T) {
	w := newWorld(t)
	zone := "America/Los_Angeles"
	if _, err := w.office.Reconfigure(t.Context(), w.ours.ID, issuer.ConfigurationChange{Zone: &zone}, "test"); err != nil {
		t.Fatal(err)
	}
	w.award("bob@example.org", "Bob")
	w.now = time.Date(2027, 1, 1, 2, 0, 0, 0, time.UTC)
	c := w.award("ana@example.org", "Ana")
	if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
		t.Fatal(err)
	}
	w.queue = nil
	day := wording.English.DayIn(c.Issued, time.FixedZone("", -8*3600)).Words
	if day != "31 December 2026" {
		t.Fatal(day)
	}
	said := func(where, text string) {
		t.Helper()
		if !strings.Contains(text, day) {
			t.Errorf("%s does not say %s", where, day)
		}
		for _, line := range strings.Split(text, "\n") { // when it was looked at, with the time
			if strings.Contains(line, "1 January 2027") && !strings.Contains(strings.ReplaceAll(line, "\u00a0", " "), " UTC") {
				t.Errorf("%s: %s", where, line)
			}
		}
	}
	w.signIn("ana@example.org")
	id := w.setOf(true, "a:"+c.ID)
	said("the page of the set", w.askPublic("/s/"+id).want(t, 200).body)
	said("the list", w.ask("GET", "/mine", nil).want(t, 200).body)
	said("the award", w.ask("GET", "/mine/award/"+c.ID, nil).want(t, 200).body)
	said("the form of the set", w.ask("GET", "/mine/sets/"+id, nil).want(t, 200).body)
	archive := unpacked(t, w.ask("GET", "/mine/badges.zip", nil).want(t, 200).body)
	said("the archive", archive[strings.Index(archive, "index.html"):])
	ana := w.cookies
	w.cookies = map[string]string{}
	w.signIn("bob@example.org")
	path := w.bring("", c.JSON).want(t, 200).imported(t)
	page := w.ask("GET", path, nil).want(t, 200).body
	if brought := strings.Index(page, "Added as"); brought > 0 { // that was in UTC, and is no day of the award
		page = page[:brought]
	}
	said("the page of whoever brought it", page)
	said("the list of whoever brought it", w.ask("GET", "/mine", nil).want(t, 200).body)
	w.cookies = ana
	if _, err := w.office.Revoke(t.Context(), c.ID, "Mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	said("the page of the set, revoked", w.askPublic("/s/"+id).want(t, 200, "Mistake.").body)
	said("the award, revoked", w.ask("GET", "/mine/award/"+c.ID, nil).want(t, 200).body)
	for n := range 4 { // with which they can be grouped
		w.now = w.now.Add(time.Duration(n) * time.Second)
		c := w.award("ana@example.org", "Ana")
		if _, err := w.office.Claim(t.Context(), c.ID, "earner"); err != nil {
			t.Fatal(err)
		}
	}
	w.queue = nil
	if p := w.ask("GET", "/mine?by=year", nil).want(t, 200, ">2026<"); strings.Contains(p.body, ">2027<") {
		t.Error("the year is that of UTC")
	}
	w.post("/mine/erase", url.Values{}).want(t, 200)
	link := w.link("erase")
	said("the erasure", w.ask("GET", link, nil).want(t, 200).body)
}
