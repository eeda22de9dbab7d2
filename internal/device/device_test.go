package device

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// TestOwn: a page reads documents of its own server and of nobody else.
func TestOwn(t *testing.T) {
	var asked []string
	own := func(status int, err error) *Own {
		return &Own{Base: "https://here.example", Now: func() time.Time { return now }, Read: func(_ context.Context, address string, _ int) ([]byte, int, error) {
			asked = append(asked, address)
			return []byte("{}"), status, err
		}}
	}
	found, err := own(200, nil).ForInput().Fetch(t.Context(), "https://here.example/status/1", 10)
	if err != nil || found.Origin != verifier.Installation || !found.ReadAt.Equal(now) || found.URL != "https://here.example/status/1" {
		t.Errorf("%+v, %v", found, err)
	}
	asked = nil
	for _, address := range []string{"https://other.example/status/1", "https://here.example.evil.example/x", "https://here.example", "http://here.example/x", "https://here.example@evil.example/", "//here.example/x", "https://here.example/x#y"} {
		if _, err := own(200, nil).ForInput().Fetch(t.Context(), address, 10); verifier.Cause(err) != verifier.CausePage || !errors.Is(err, verifier.ErrUnavailable) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if len(asked) > 0 {
		t.Errorf("asked for %v", asked)
	}
	for name, test := range map[string]struct {
		status int
		err    error
		cause  string
	}{
		"absent":       {404, nil, verifier.CauseNotFound},
		"gone":         {410, nil, verifier.CauseGone},
		"broken":       {503, nil, verifier.CauseStatus},
		"not in time":  {0, context.DeadlineExceeded, verifier.CauseTimeout},
		"no network":   {0, errors.New("x"), verifier.CauseConnection},
		"far too long": {0, ErrTooLong, verifier.CauseTooLarge},
	} {
		if _, err := own(test.status, test.err).ForInput().Fetch(t.Context(), "https://here.example/x", 10); verifier.Cause(err) != test.cause {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := own(200, nil).ForInput()
	for range mostRead {
		if _, err := f.Fetch(t.Context(), "https://here.example/x", 10); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Fetch(t.Context(), "https://here.example/x", 10); verifier.Cause(err) != verifier.CauseTooMany {
		t.Error(err)
	}
	if (*Own)(nil).ForInput() != nil {
		t.Error("nobody reads something")
	}
}

// texts are all texts of a page below a node, and classes all its classes.
func walk(n *Node, texts, classes *strings.Builder) {
	texts.WriteString(n.Text)
	classes.WriteString(" " + n.Class)
	for _, in := range n.In {
		walk(in, texts, classes)
	}
}

// TestCheck: what is shown says no more than what was found, in both languages, and markup in it stays text.
func TestCheck(t *testing.T) {
	for _, l := range wording.Languages {
		for name, input := range map[string]string{
			"no JSON": "<b>hello</b>", "no badge": `{"type":"Nothing"}`, "a link": "https://other.example/badge.json",
			"unsigned": `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":"did:key:z","credentialSubject":{"type":"AchievementSubject"}}`,
		} {
			shown, err := Check(t.Context(), name+"<i>.json", []byte(input), Page{Language: l}, verifier.Options{At: now})
			if err != nil || len(shown) == 0 {
				t.Fatal(name, err)
			}
			var texts, classes strings.Builder
			walk(shown[0].Page, &texts, &classes)
			if shown[0].Outcome == verifier.Valid || strings.Contains(classes.String(), "band-yes") {
				t.Errorf("%s (%s) is shown as good", name, l)
			}
			if !strings.Contains(texts.String(), name+"<i>.json") || strings.Contains(texts.String(), "page.") || strings.Contains(texts.String(), "{host}") {
				t.Errorf("%s (%s): %s", name, l, texts.String())
			}
			var report verifier.Report
			if err := json.Unmarshal([]byte(shown[0].JSON), &report); err != nil || report.Outcome != shown[0].Outcome {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestPerson: whoever is not an issuer of the installation is named by host or key first, and by what the badge says where nothing is
// proven.
func TestPerson(t *testing.T) {
	here := wording.NewHere("https://badges.example", []wording.Issuer{{ID: "did:web:badges.example:i:cedar", Name: "Cedar County Schools"}})
	for _, test := range []struct {
		id        string
		authentic verifier.Answer
		want      string
	}{
		{"did:web:harvard.example", verifier.Yes, "Awarded by harvard.example, which calls itself “Harvard University”"},
		{"did:web:badges.example:i:cedar", verifier.Yes, "Awarded by Cedar County Schools"},
		{"did:web:harvard.example", verifier.Undecided, "Says that it is from Harvard University"},
	} {
		report := &verifier.Report{Authentic: test.authentic, Credential: &verifier.View{Issuer: verifier.Party{ID: test.id, Name: "Harvard University"}}}
		var texts, classes strings.Builder
		walk((sheet{Language: wording.English, here: here}).person(report)[0], &texts, &classes)
		if texts.String() != test.want {
			t.Errorf("%+v: %q", test, texts.String())
		}
		report.Credential.Recipient = []verifier.Identity{{Type: "name", Value: "Ada"}}
		texts.Reset()
		walk((sheet{Language: wording.Spanish, here: here}).person(report)[0], &texts, &classes)
		if strings.HasPrefix(texts.String(), "Otorgada a Ada por ") != (test.authentic == verifier.Yes) {
			t.Errorf("%+v: %q", test, texts.String())
		}
	}
}

func TestNarrative(t *testing.T) {
	spell := func(markdown string) string {
		var out strings.Builder
		var spelled func(*Node)
		spelled = func(n *Node) {
			if n == nil {
				return
			}
			if n.Tag != "span" {
				out.WriteString("<" + n.Tag + ">")
			}
			out.WriteString(n.Text)
			for _, in := range n.In {
				spelled(in)
			}
		}
		spelled(narrative(markdown))
		return strings.TrimSpace(out.String())
	}
	for markdown, want := range map[string]string{
		"":                          "",
		"One **two** *three*\nfour": "<div><p>One <strong>two <em>three four",
		"A:\n\n- b\n- *c*":          "<div><p>A: <ul><li>b<li><em>c",
		"2 * 3 <b>":                 "<div><p>2 * 3 <b>",
		"**open":                    "<div><p>**open",
	} {
		if got := spell(markdown); got != want {
			t.Errorf("%q: %q, want %q", markdown, got, want)
		}
	}
}
