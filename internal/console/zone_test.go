package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// TestOneDay: lists and pages tell days where the organisation is, as public pages do. Here it is still the day before that of UTC; an
// instant says that it is in UTC.
func TestOneDay(t *testing.T) {
	w := newWorldAt(t, time.Now().UTC().Truncate(24*time.Hour).Add(2*time.Hour-24*time.Hour))
	zone := "America/Los_Angeles"
	if _, err := w.service.Reconfigure(t.Context(), w.ours.ID, issuer.ConfigurationChange{Zone: &zone}, "test"); err != nil {
		t.Fatal(err)
	}
	achievement := w.published("Small-Group Instruction")
	award, revoked := w.awarded(achievement, "ada@example.org", "Ada Example"), w.awarded(achievement, "bob@example.org", "Bob Example")
	if _, err := w.service.Revoke(t.Context(), revoked, "Mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	w.officeThings()
	things := w.dayThings(achievement)
	w.work()
	here, there := wording.English.Day(w.clock.AddDate(0, 0, -1)).Words, wording.English.Day(w.clock).Words
	for _, path := range []string{w.in("awards"), w.in("awards", award), w.in("awards", revoked), w.in("achievements"), w.in("achievements", achievement), w.in("batches"),
		w.in("unclaimed"), w.in("proposals"), w.in("proposals", things.proposal), w.in("cases"), w.in("cases", things.file), w.at("keys"), w.at("people"), w.at("tokens"), w.at("webhooks"), w.at("endorsements"), w.in("batches", things.batch)} {
		body := strings.ReplaceAll(w.owner.get(path).want(t, 200).body, "\u00a0", " ")
		if !strings.Contains(body, here) && !strings.Contains(body, there) && !strings.Contains(path, "proposals/") && !strings.Contains(path, "batches/") {
			t.Errorf("%s tells no day", path)
		}
		for rest := body; ; {
			_, after, found := strings.Cut(rest, there)
			if !found {
				break
			}
			if rest = after; !strings.HasPrefix(after, ", ") || !strings.HasPrefix(after[len(", 02:00"):], " UTC") {
				t.Errorf("%s tells the day of UTC: …%.60s", path, after)
			}
		}
	}
	w.owner.get(w.in("awards", award)).want(t, 200, ">"+here+"<", "In force from</dt><dd><bdi>"+here)
}

// TestLastDay: a day that is the last ends where the organisation is, and is told as that day.
func TestLastDay(t *testing.T) {
	w := newWorld(t)
	zone := "Asia/Tokyo"
	if _, err := w.service.Reconfigure(t.Context(), w.ours.ID, issuer.ConfigurationChange{Zone: &zone}, "test"); err != nil {
		t.Fatal(err)
	}
	things := w.dayThings(w.published("Small-Group Instruction"))
	at, due := w.in("cases", things.file), w.clock.AddDate(0, 0, 14)
	version := w.issuer_.get(at+"/notice").want(t, 200).field("version")
	page := w.issuer_.follow(w.issuer_.post(at+"/notice", url.Values{"version": {version}, "text": {"We were told"}, "due": {due.Format(time.DateOnly)}}))
	page.want(t, 200, wording.English.Day(due).Words, "14:59 UTC").lacks(t, wording.English.Day(due.AddDate(0, 0, 1)).Words)
}
