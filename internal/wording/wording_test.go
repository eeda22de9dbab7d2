package wording

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/verifier"
)

func TestMatch(t *testing.T) {
	for accept, want := range map[string]Language{
		"":                                  English,
		"es":                                Spanish,
		"ES":                                Spanish,
		"es-MX,es;q=0.9,en;q=0.8":           Spanish,
		"en-US,en;q=0.9,es;q=0.8":           English,
		"fr-FR,fr;q=0.9":                    English,
		"fr, es;q=0.1":                      Spanish,
		"en;q=0.5, es;q=0.7":                Spanish,
		"en;q=0.7, es;q=0.7":                English,
		"es;q=0.7, en;q=0.7":                Spanish,
		"*":                                 English,
		"en;q=0, *":                         Spanish,
		"es;q=0":                            English,
		"en;q=0, es;q=0":                    English,
		"es ; q=0.4 , en ; q = 0.2":         Spanish,
		"es;q=2, en;q=0.1":                  English,
		"es;q=nan, en":                      English,
		"es;level=1, en":                    English,
		"esperanto":                         English,
		"est":                               English,
		",,;;=":                             English,
		strings.Repeat("fr,", 5000) + "es":  English,
		"es-419," + strings.Repeat("x", 99): Spanish,
	} {
		if got := Match(accept); got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"", "es-MX,es;q=0.9,en;q=0.8", "en;q=0, *", ";;q=,", "*;q=1e309"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if l := Match(accept); l != English && l != Spanish {
			t.Errorf("%q gives %q", accept, l)
		}
	})
}

func TestSay(t *testing.T) {
	for name, test := range map[string]struct{ got, want string }{
		"filled":              {English.Say("standard.older", "name", "Open Badges 2.0"), "Open Badges 2.0, an older standard"},
		"Spanish":             {Spanish.Say("standard.older", "name", "Open Badges 2.0"), "Open Badges 2.0, un estándar anterior"},
		"no placeholder read": {English.Say("identity.shown", "label", "{value}", "value", "x"), "{value} x"},
		"made safe":           {English.Say("identity.shown", "label", "a\u202eb\x1b[31m", "value", "c\nd"), "ab[31m c d"},
		"no such key":         {English.Say("no.such.key"), "no.such.key"},
		"no value":            {English.Say("standard.older"), "{name}, an older standard"},
		"one":                 {English.Count("age.hours", 1), "read 1 hour earlier"},
		"none":                {English.Count("age.hours", 0), "read 0 hours earlier"},
		"many":                {Spanish.Count("age.hours", 3), "leído 3 horas antes"},
		"another language":    {Language("fr").Say("word.no"), "failed"},
		"own name":            {Spanish.Name(), "Español"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
}

func TestMoments(t *testing.T) {
	at := time.Date(2026, 9, 3, 8, 5, 0, 0, time.FixedZone("", -5*3600))
	for name, test := range map[string]struct{ got, want Moment }{
		"day":         {English.Day(at), Moment{"3 September 2026", "2026-09-03T13:05:00Z"}},
		"día":         {Spanish.Day(at), Moment{"3 de septiembre de 2026", "2026-09-03T13:05:00Z"}},
		"instant":     {English.Instant(at), Moment{"3 September 2026, 13:05 UTC", "2026-09-03T13:05:00Z"}},
		"instante":    {Spanish.Instant(at), Moment{"3 de septiembre de 2026, 13:05 UTC", "2026-09-03T13:05:00Z"}},
		"signed day":  {English.SignedDate("2026-09-03T00:00:00Z"), Moment{"3 September 2026", "2026-09-03T00:00:00Z"}},
		"signed time": {English.SignedDate("2026-09-03T00:00:00+02:00"), Moment{"2 September 2026, 22:00 UTC", "2026-09-02T22:00:00Z"}},
		"no date":     {English.SignedDate("next\u202e week"), Moment{"next week", ""}},
	} {
		if test.got != test.want {
			t.Errorf("%s: %+v, want %+v", name, test.got, test.want)
		}
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		before           time.Duration
		origin           string
		english, spanish string
	}{
		{0, "", "read just now", "leído en este momento"},
		{time.Minute, "network", "read 1 minute earlier, from the network", "leído 1 minuto antes, en internet"},
		{3 * time.Minute, "installation", "read 3 minutes earlier, from this installation", "leído 3 minutos antes, en este mismo servicio"},
		{47 * time.Hour, "file", "read 47 hours earlier, from a file you gave", "leído 47 horas antes, en un archivo que usted dio"},
		{72 * time.Hour, "elsewhere", "read 3 days earlier", "leído 3 días antes"},
		{-48 * time.Hour, "network", "read on 24 November 2026, 10:00 UTC, from the network", "leído el 24 de noviembre de 2026, 10:00 UTC, en internet"},
	} {
		read := now.Add(-test.before)
		if got := English.Age(&read, now, test.origin); got != test.english {
			t.Errorf("%v: %q, want %q", test.before, got, test.english)
		}
		if got := Spanish.Age(&read, now, test.origin); got != test.spanish {
			t.Errorf("%v: %q, want %q", test.before, got, test.spanish)
		}
	}
	if got := English.Age(nil, now, "network") + English.Age(&time.Time{}, now, ""); got != "" {
		t.Errorf("a fact that was read nowhere is %q", got)
	}
}

func TestNames(t *testing.T) {
	for name, test := range map[string]struct{ got, want string }{
		"kind":               {English.Kind(verifier.Input{Kind: "png"}), "a PNG picture"},
		"kind, new":          {Spanish.Kind(verifier.Input{Kind: "tiff"}), "un archivo"},
		"step":               {Spanish.stepName("proof"), "Firma"},
		"step, new":          {Spanish.stepName("brand new"), "brand new"},
		"standard":           {Spanish.Standard("Open Badges 3.0"), "Open Badges 3.0"},
		"older standard":     {English.Standard("Open Badges 2.0"), "Open Badges 2.0, an older standard"},
		"credential":         {Spanish.KindName("ClrCredential"), "Registro de aprendizaje"},
		"credential, new":    {English.KindName("BananaCredential"), "Credential"},
		"type":               {Spanish.TypeName("MicroCredential"), "Microcredencial"},
		"type, extension":    {English.TypeName("ext:LicenseRenewal"), "License renewal"},
		"type, none":         {Spanish.TypeName(""), "Insignia"},
		"mark":               {English.Mark(verifier.Mark{AchievedLevel: "Proficient", Value: "3", Status: "Completed"}), "Proficient (3), completed"},
		"mark, status alone": {Spanish.Mark(verifier.Mark{Status: "InProgress"}), "En curso"},
		"mark, same twice":   {English.Mark(verifier.Mark{AchievedLevel: "3", Value: "3"}), "3"},
		"mark, none":         {Spanish.Mark(verifier.Mark{}), "No indicado"},
		"mark, own status":   {English.Mark(verifier.Mark{Status: "WellDone"}), "Well done"},
		"identity, hashed":   {English.Identity(verifier.Identity{Type: "emailAddress", Value: "sha256$0123", Hashed: true}, true), "hashed e-mail"},
		"identity, shown":    {Spanish.Identity(verifier.Identity{Type: "emailAddress", Value: "a@b.example"}, true), "correo electrónico a@b.example"},
		"identity, unshown":  {English.Identity(verifier.Identity{Type: "sourcedId", Value: "7"}, false), "roster number, not shown here"},
		"identity, new":      {English.Identity(verifier.Identity{Type: "ext:badge", Value: "7"}, true), "identifier (ext:badge) 7"},
		"identity, untyped":  {English.Identity(verifier.Identity{Value: "7"}, true), "identifier (of no named type) 7"},
		"party":              {English.PartyName(verifier.Party{Name: "Cedar\u200b County", ID: "did:web:cedar.example"}), "Cedar County"},
		"party, host":        {English.PartyName(verifier.Party{ID: "did:web:cedar.example%3A8443:i"}), "cedar.example:8443"},
		"party, id":          {English.PartyName(verifier.Party{ID: "did:key:z6Mk"}), "did:key:z6Mk"},
		"party, none":        {Spanish.PartyName(verifier.Party{}), "Un emisor sin nombre"},
		"host":               {Host("https://a.example/x"), "a.example"},
		"host, none":         {Host("did:key:z6Mk") + Host("::") + Host("did:web:%zz"), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
}

func TestCleaning(t *testing.T) {
	for text, want := range map[string]string{
		"a\u202eb":                 "ab",
		" a\r\n\tb ":               "a b",
		"\x1b[31mred":              "[31mred",
		"\xff\xfea":                "a",
		"می\u200cخواهم":            "می\u200cخواهم",
		"👩\u200d🏫":                 "👩\u200d🏫",
		strings.Repeat("é", 301):   strings.Repeat("é", 300) + "…",
		strings.Repeat(" ", 1<<20): "",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%.30q: %.30q, want %.30q", text, got, want)
		}
	}
	if long := Prose(strings.Repeat("ñ", 4<<20)); utf8.RuneCountInString(long) != 20001 || !strings.HasSuffix(long, "…") {
		t.Errorf("a text of 8 MiB becomes %d characters", utf8.RuneCountInString(long))
	}
	if got := First("", "\u200b", " b "); got != "b" {
		t.Errorf("first is %q", got)
	}
	for text, want := range map[string]string{
		"{\n  \"a\": \"b\"\n}":    "{\n  \"a\": \"b\"\n}",
		"a\u202eb":                `a\u202eb`,
		"\u200b\U000e0001é\u0085": `\u200b\udb40\udc01é\u0085`,
	} {
		if got := Visible(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"", "a\u202eb", "\xff", "a  b", "é\u00ad"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain := Plain(text)
		if !utf8.ValidString(plain) || strings.ContainsFunc(plain, Hidden) || utf8.RuneCountInString(plain) > maxName+1 {
			t.Errorf("%q becomes %q", text, plain)
		}
	})
}
