package certificate

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// Of is the certificate of an award: what its document and its achievement say, in the words of a language around them. It names the
// recipient where the document does. The picture is a PNG of the achievement; nil for none. Days are those of a zone; nil is UTC. The
// error is about a document that cannot be read.
func Of(l wording.Language, award issuer.Credential, a issuer.Achievement, picture []byte, zone *time.Location) (Certificate, error) {
	read, err := credential.Parse(award.JSON)
	if err != nil {
		return Certificate{}, fmt.Errorf("reading the award: %w", err)
	}
	c := Certificate{
		Title: wording.First(a.Name, l.Say("page.achievement.unnamed")), Kind: l.TypeName(a.Content.AchievementType), Thing: l.Thing(a.Content.AchievementType),
		Sentence: firstSentence(wording.Prose(a.Content.Description)), Issuer: wording.First(read.Issuer.Name, wording.Host(read.Issuer.ID), read.Issuer.ID),
		Awarded: wording.Calendar(dateIn(award.Issued, read.Awarded, read.ValidFrom), zone), Expires: wording.Calendar(dateIn(time.Time{}, read.ValidUntil), zone),
		Lang: l.Other(a.Content.InLanguage), Code: award.Code(), Address: award.URL, Picture: picture, Credential: award.JSON, File: "badge-" + award.ID + ".json",
	}
	for _, i := range read.Subject.Identifiers {
		if i.Type == "name" && !i.Hashed && c.Recipient == "" {
			c.Recipient = wording.Plain(i.Hash)
		}
	}
	label, stated := l.Say("certificate.effort"), l.ShortEffort(a.Content.CreditsAvailable, a.About.Hours)
	for ; len(stated) > 0 && c.Facts == nil; stated = stated[:len(stated)-1] { // the hours alone where both are too long
		if value := strings.Join(stated, ", "); utf8.RuneCountInString(label+value) <= longestFact {
			c.Facts = []Fact{{label, value}}
		}
	}
	return c, nil
}

// dateIn is the first text that is a date, or else the one given.
func dateIn(otherwise time.Time, texts ...string) time.Time {
	for _, text := range texts {
		if at, err := credential.ParseDateTime(text); err == nil {
			return at
		}
	}
	return otherwise
}

// firstSentence is a text up to where its first sentence ends: at a full stop, a question or an exclamation mark before white space and
// something that can begin a sentence.
func firstSentence(text string) string {
	for i, r := range text {
		if !strings.ContainsRune(".!?…", r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		rest := strings.TrimLeft(text[end:], " ")
		next, _ := utf8.DecodeRuneInString(rest)
		if rest != "" && len(rest) < len(text)-end && !unicode.IsLower(next) && i > 20 {
			return text[:end]
		}
	}
	return text
}

// PaperFor is the paper that whoever sends an Accept-Language (RFC 9110 section 12.5.4) has at hand: Letter where the first region that
// it names is the United States, Canada or Mexico, and A4 elsewhere.
func PaperFor(acceptLanguage string) Paper {
	for entry := range strings.SplitSeq(acceptLanguage, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(entry), ";")
		for i, subtag := range strings.Split(tag, "-") {
			if i == 0 || len(subtag) != 2 {
				continue // a language, a script, or a region by number
			}
			switch strings.ToUpper(subtag) {
			case "US", "CA", "MX":
				return Letter
			}
			return A4
		}
	}
	return A4
}

// PaperNamed is the paper of a name, "letter" or "a4".
func PaperNamed(name string) (paper Paper, known bool) {
	switch name {
	case "letter":
		return Letter, true
	case "a4":
		return A4, true
	}
	return Letter, false
}
