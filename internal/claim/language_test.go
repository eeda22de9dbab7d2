package claim

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// marked are the parts of the main content of a page that are marked with a language: the tag and the text.
func (p page) marked() (parts []string) {
	_, main, _ := strings.Cut(p.body, "<main")
	main, _, _ = strings.Cut(main, "</main>")
	for _, found := range regexp.MustCompile(`lang="([^"]*)">([^<]*)`).FindAllStringSubmatch(main, -1) {
		parts = append(parts, found[1]+" "+found[2])
	}
	return parts
}

// TestLanguageOfParts: what an issuer wrote, here or elsewhere, is marked with its language where that is not the language of the page, and
// nothing else is (WCAG 2.2 3.1.2).
func TestLanguageOfParts(t *testing.T) {
	w := newWorld(t)
	var err error
	w.badge, err = w.office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: w.ours.ID, Name: "Escuchar", Description: "Pregunta.", Criteria: "c", Language: "es-MX", Actor: "test"})
	w.good(err)
	office, reading := w.elsewhere()
	theirs, err := office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: reading.Organisation, Name: "Leer", Description: "Lee.", Criteria: "c", Language: "es", Actor: "test"})
	w.good(err)
	w.award("ana@example.org", "Ana")
	link := w.link(mail.Award)
	hers := w.awardElsewhere(office, theirs, "ana@example.org")
	his := w.awardElsewhere(office, theirs, "ben@example.org")
	english := w.awardElsewhere(office, reading, "ana@example.org")
	look := func(path string, want ...string) {
		t.Helper()
		if got := w.ask("GET", path, nil).want(t, 200).marked(); !slices.Equal(got, want) {
			t.Errorf("%s: marked are %q, not %q", path, got, want)
		}
		if got := w.ask("GET", path+"?lang=es", nil).want(t, 200).marked(); len(got) > 0 {
			t.Errorf("%s in Spanish: marked are %q", path, got)
		}
	}
	look(link, "es-MX Escuchar", "es-MX Pregunta.")
	w.post(link+"/take", nil).want(t, 200)
	w.queue = nil
	w.signIn("ana@example.org")
	path := w.bring("", hers.JSON).want(t, 200, "It was checked and added").imported(t)
	look(path, "es Leer", "es Lee.")
	w.post(path+"/check", nil).want(t, 200) // what is kept anew still says it
	look(path, "es Leer", "es Lee.")
	if got := w.bring("", his.JSON, english.JSON).want(t, 200, "What was added").marked(); !slices.Equal(got, []string{"es Leer"}) {
		t.Errorf("brought: %q", got)
	}
	look("/mine", "es Leer", "es Leer", "es-MX Escuchar")
	look("/mine/sets/new", "es Leer", "es Leer", "es-MX Escuchar")
	archive := page{body: unpacked(t, w.ask("GET", "/mine/badges.zip", nil).want(t, 200).body)}
	if got := archive.marked(); !slices.Equal(got, []string{"es-MX Escuchar", "es Leer", "es Leer"}) {
		t.Errorf("the archive: %q", got)
	}
	form := url.Values{"once": {strings.Repeat("x", 26)}, "title": {"Mine"}, "badge": {itemAt(path)}, "access": {"unlisted"}}
	set := regexp.MustCompile(`/s/[\w-]{22}`).FindString(w.post("/mine/sets", form).want(t, 200, "Saved.").body)
	look(set, "es Leer", "es Lee.")
}
