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
	all := []Template{Award, Reminder, Revoked, Superseded, Renewed, Notice, Mine, Join, Erase, SignIn, Invitation, NewAddress, Waiting, Decided}
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

// TestProposalWords: what is asked for and what became of it is said by kind, number and state, in both languages; more than a hundred are
// not counted.
func TestProposalWords(t *testing.T) {
	text := func(m Message) string {
		t.Helper()
		m.Issuer, m.Link = "Riverside", "/l"
		written, err := write(m, "https://badges.example.org")
		if err != nil {
			t.Fatal(err)
		}
		return written.Subject + "\n" + strings.Join(append(written.Before, written.Button), "\n")
	}
	for _, c := range []struct {
		m    Message
		says []string
	}{
		{Message{Template: Waiting, Count: 1, By: "account", Other: "Bo \u202eLee", Code: "award", Awards: 1, Title: "Reading", Due: time.Date(2026, 1, 3, 4, 5, 6, 0, time.UTC)},
			[]string{"A proposal waits for your decision at Riverside", "Bo Lee asks Riverside to make one award of “Reading”.", "That can be decided until", "3 January 2026", "Look at the proposal"}},
		{Message{Template: Waiting, Count: 3, By: "token", Other: "abc", Code: "revoke", Awards: 30}, []string{"3 proposals wait", "A program with the token abc asks Riverside to revoke 30 awards.", "In all, 3 proposals", "Look at the proposals"}},
		{Message{Template: Waiting, Count: MostCounted, By: "account", Code: "settings"}, []string{"100 proposals wait", "A former member asks Riverside to change its settings."}},
		{Message{Template: Waiting, Count: MostCounted + 1, By: "earner", Code: "erase"}, []string{"more than 100 proposals wait", "An earner asks Riverside to erase what is kept of a person."}},
		{Message{Template: Waiting, Count: 1, Code: "erase", Awards: 1, Title: "Reading"}, []string{"erase what one award of “Reading” says of a person"}},
		{Message{Template: Waiting, Count: 1, Code: "erase", Awards: 2}, []string{"erase what 2 awards say of a person"}},
		{Message{Template: Waiting, Count: 1, Code: "amend", Awards: 1}, []string{"correct one award."}},
		{Message{Template: Waiting, Count: 1, Code: "renew", Awards: 1}, []string{"renew one award."}},
		{Message{Template: Decided, Count: 1, Code: "award", Awards: 1, Title: "Reading", State: "allowed"}, []string{"Your proposal at Riverside was allowed", "You asked Riverside to make one award of “Reading”. Your proposal was allowed."}},
		{Message{Template: Decided, Count: 1, Code: "settings", State: "refused"}, []string{"Your proposal at Riverside was refused"}},
		{Message{Template: Decided, Count: 1, Code: "revoke", Awards: 1, State: "failed"}, []string{"was allowed, and could not be done"}},
		{Message{Template: Decided, Count: 1, Code: "revoke", Awards: 1, State: "expired"}, []string{"has ended, as nobody decided in time"}},
		{Message{Template: Decided, Count: 2, Code: "revoke", Awards: 1, State: "expired"}, []string{"2 of your proposals at Riverside have ended"}},
		{Message{Template: Waiting, Language: "es-MX", Count: 3, By: "account", Other: "Bo", Code: "award", Awards: 30, Title: "Leer"},
			[]string{"Riverside: 3 propuestas esperan su decisión", "Bo pide a Riverside otorgar 30 insignias de «Leer». No ocurre nada antes de que otra persona la apruebe.", "En total, 3"}},
		{Message{Template: Waiting, Language: "es", Count: 1, By: "earner", Code: "erase", Awards: 1}, []string{"una propuesta espera su decisión", "Un titular pide a Riverside borrar lo que dice de una persona una insignia."}},
		{Message{Template: Decided, Language: "es", Count: 1, Code: "settings", State: "refused"}, []string{"Riverside: su propuesta fue rechazada", "Usted pidió a Riverside cambiar sus ajustes. Su propuesta fue rechazada."}},
	} {
		got := text(c.m)
		for _, want := range c.says {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in\n%s", want, got)
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
