package mail

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
)

// TestWords: every message can be said in every language, with all it can name and with as little as there may be.
func TestWords(t *testing.T) {
	all := []Template{Award, Reminder, Revoked, Superseded, Renewed, Notice, Mine, Join, Erase, SignIn, Invitation, NewAddress}
	for _, l := range wording.Languages {
		names := 0
		for _, defined := range texts()[l].Templates() {
			if strings.HasSuffix(defined.Name(), ".subject") {
				names++
			}
		}
		if names != len(all) {
			t.Errorf("%s has %d messages, and %d can be sent", l, names, len(all))
		}
		for _, name := range all {
			full := Message{Template: name, Language: string(l), Name: "Ana", Issuer: "Riverside", Title: "Reading", Other: "x@example.org", Reason: "Because.", Link: "/l", Stop: "/s", Ends: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Due: time.Date(2026, 1, 3, 4, 5, 6, 0, time.UTC)}
			for _, m := range []Message{full, {Template: name, Language: string(l), Link: "/l"}} {
				written, err := write(m, "https://badges.example.org")
				if err != nil {
					t.Fatal(err)
				}
				text := written.Subject + "\n" + written.plain()
				for _, not := range []string{"<no value>", "“”", "«»", "  ", " .", " ,", "{{"} {
					if strings.Contains(text, not) {
						t.Errorf("%s %s: %q in\n%s", l, name, not, text)
					}
				}
				if written.Subject == "" || written.Button == "" || len(written.Before) < 2 || !strings.Contains(text, "https://badges.example.org/l") {
					t.Errorf("%s %s:\n%s", l, name, text)
				}
			}
		}
		for _, code := range []string{"error", "evidence", "policy", "request", "other", ""} {
			written, err := write(Message{Template: Revoked, Language: string(l), Code: code}, "https://badges.example.org")
			said := slices.ContainsFunc(written.Before, func(p string) bool { return strings.Contains(p, ": ") && p != written.Before[0] })
			if err != nil || said != (code != "other" && code != "") {
				t.Errorf("%s %s: %q", l, code, written.Before)
			}
		}
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		" Ana@Example.ORG ": "ana@example.org", "": "", "ana": "", "Ana <ana@example.org>": "", "ana@example.org, b@example.org": "", "\"a b\"@example.org": "",
		"ana@example.org\r\nX: y": "", "a\u202eb@example.org": "", "añá@example.org": "añá@example.org", strings.Repeat("a", 250) + "@example.org": "", "@example.org": "", "ana@": "",
	} {
		if got, ok := Address(text); got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("award", "Ana", "Riverside", "Reading")
	f.Add("revoked", "\r\n", "{{.Link}}", "<b>\u202e")
	f.Fuzz(func(t *testing.T, name, person, issuer, title string) {
		written, err := write(Message{Template: Template(name), Name: person, Issuer: issuer, Title: title, Reason: title, Link: "/l"}, "https://badges.example.org")
		if err != nil {
			return
		}
		if strings.ContainsFunc(written.Subject, wording.Hidden) {
			t.Errorf("%q", written.Subject)
		}
		if _, err := written.html(); err != nil {
			t.Error(err)
		}
	})
}
