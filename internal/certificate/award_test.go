package certificate

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// TestOf: what stands on the certificate of an award is what the award says.
func TestOf(t *testing.T) {
	a := issuer.Achievement{Name: "Small-Group\u202e Instruction", Content: credential.Achievement{AchievementType: "MicroCredential", Description: "Plans lessons for groups. Then more.", CreditsAvailable: 1.5}}
	a.About.Hours = 15
	award := issuer.Credential{ID: "-_begins_with_a_hyphen", URL: "https://badges.cedar.example/c/-_begins_with_a_hyphen", JSON: sealed(t)}
	c, err := Of(wording.Spanish, award, a, nil, nil)
	if err != nil || c.Check(Options{}) != nil {
		t.Fatal(err, c.Check(Options{}))
	}
	if c.Recipient != "Ada Example" || c.Title != "Small-Group Instruction" || c.Kind != "Microcredencial" || c.Sentence != "Plans lessons for groups." || c.Issuer != "Cedar County Schools" ||
		!c.Awarded.Equal(awarded) || !c.Expires.IsZero() || c.Code != award.Code() || c.Address != award.URL || len(c.Facts) != 1 || c.Facts[0].Value != "15 horas, 1,5 créditos" {
		c.Credential = nil // too long to be told
		t.Errorf("%+v", c)
	}
	keep(t, "of.pdf", printed(t, c, Options{Language: wording.Spanish}))
	if _, err := Of(wording.English, issuer.Credential{JSON: []byte("{")}, a, nil, nil); err == nil {
		t.Error("what cannot be read has a certificate")
	}
}

func TestFirstSentence(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"One sentence without an end":         "One sentence without an end",
		"Plans lessons for groups. And more.": "Plans lessons for groups.",
		"Uses tools, e.g. surveys, to find out what pupils know. And more.": "Uses tools, e.g. surveys, to find out what pupils know.",
		"Reads. Writes and calculates in groups! Ends here.":                "Reads. Writes and calculates in groups!",
		"Knows version 2.0 of the framework by heart. ¿Y más?":              "Knows version 2.0 of the framework by heart.",
	} {
		if got := firstSentence(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestReproducible: the same certificate has the same bytes each time, also when several are printed at once.
func TestReproducible(t *testing.T) {
	c := example()
	c.Awarded = time.Date(2026, 5, 14, 0, 0, 0, 0, time.UTC)
	first := printed(t, c, Options{})
	var all sync.WaitGroup
	for _, other := range []string{"", "0Oo1Il", "", "AaZz-_"} { // other texts take other letters of the same faces
		all.Go(func() {
			mine := c
			mine.Address += other
			out, err := PDF(mine, Options{})
			if err != nil || (other == "") != bytes.Equal(out, first) {
				t.Errorf("%q: %d bytes, %v", other, len(out), err)
			}
		})
	}
	all.Wait()
}
