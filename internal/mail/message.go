// Package mail writes messages to people in their language and sends them through a mail server. [New] makes a [Sender]; an [Outbox]
// puts messages into the queue of jobs in the transaction of their cause, and delivers them.
//
// A message is plain text and the same as a small HTML part: no pictures, nothing that tells whether it was opened. What is said lies
// in words/*.txt, one file a language.
package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// Template names what a message says.
type Template string

// All messages there are.
const (
	Award      Template = "award"      // an award was made: the link takes it
	Reminder   Template = "reminder"   // it was not taken yet
	Revoked    Template = "revoked"    // an award was revoked
	Superseded Template = "superseded" // another award took its place
	Renewed    Template = "renewed"    // another award follows it
	Notice     Template = "notice"     // a case on an award was opened: its earner can answer
	Mine       Template = "mine"       // the link that somebody asked for, to their awards
	Join       Template = "join"       // confirm that an address belongs to the earner who added it
	Erase      Template = "erase"      // confirm that everything is to be erased
	SignIn     Template = "signin"     // the link by which staff sign in
	Invitation Template = "invitation" // an organisation asks somebody to join its staff
	NewAddress Template = "address"    // the link by which staff prove a new address
	Waiting    Template = "waiting"    // proposals wait for the decision of somebody of the staff
	Decided    Template = "decided"    // proposals of somebody of the staff were decided, or have ended
)

// Message is one message to one person. Which of its facts are needed depends on the template; one that is "" is left out.
type Message struct {
	ID           string   `json:"id,omitempty"` // letters and digits; chosen by the Outbox. It names the message to mail servers as well
	Template     Template `json:"template"`
	To           string   `json:"to"`                     // bare e-mail address
	Language     string   `json:"language,omitempty"`     // BCP 47; any that is not spoken is English
	Organisation string   `json:"organisation,omitempty"` // Organisation.ID on whose behalf it is sent; "" is the installation itself
	About        string   `json:"about,omitempty"`        // what it is about, which the Outbox completes it by: Credential.ID of an award; of Join what asks; of Waiting and Decided who is told, and of which

	Name   string    `json:"name,omitempty"`   // of the person
	Issuer string    `json:"issuer,omitempty"` // name of the organisation
	Title  string    `json:"title,omitempty"`  // name of what was awarded; of an invitation: as what, such as auditor
	Other  string    `json:"other,omitempty"`  // of Join: the address that asks; of Award: that it takes the place of another ("yes"); of Notice: the address of the issuer; of Waiting: the name of who asks, or id of the token that does
	Reason string    `json:"reason,omitempty"` // of Revoked, in the words of the issuer
	Code   string    `json:"code,omitempty"`   // of Revoked, the issuer.ReasonCode: says why where Reason does not; of Waiting and Decided the issuer.ProposalKind
	Link   string    `json:"link,omitempty"`   // path under Config.Base
	Due    time.Time `json:"due,omitzero"`     // of Notice: until when the earner may answer; of Waiting: until when somebody can decide
	Stop   string    `json:"stop,omitempty"`   // path that ends reminders
	Ends   time.Time `json:"ends,omitzero"`    // when Link works no more

	// Of Waiting and Decided. Other, Code, Title, Due, By, State and Awards are those of one proposal.
	Count  int    `json:"count,omitempty"`  // of proposals; above MostCounted it is said to be more than that
	By     string `json:"by,omitempty"`     // of Waiting, who asks: account, token or earner, as in the audit log; where Other is "", the account is gone
	State  string `json:"state,omitempty"`  // of Decided, the issuer.ProposalState
	Awards int    `json:"awards,omitempty"` // that it is about; 0 for settings
}

// MostCounted is how far proposals are counted.
const MostCounted = 100

//go:embed words
var files embed.FS

// texts are the words by language. They are part of the program, so what cannot be read is a fault of its build.
var texts = sync.OnceValue(func() map[wording.Language]*template.Template {
	all := map[wording.Language]*template.Template{}
	for _, l := range wording.Languages {
		all[l] = template.Must(template.New("").Option("missingkey=error").ParseFS(files, "words/"+string(l)+".txt"))
	}
	return all
})

var page = sync.OnceValue(func() *htmltemplate.Template {
	return htmltemplate.Must(htmltemplate.ParseFS(files, "words/page.html"))
})

// facts are what the words of a message can name.
type facts struct {
	Name, Issuer, Title, Other, Reason, Code, Ends, Due, Host, By, State string

	Count, Awards int
	Many, More    bool // more than one is counted, and more than Count
}

// letter is a message in words.
type letter struct {
	Language wording.Language
	Subject  string
	Before   []string // paragraphs before the link
	Button   string   // what the link is called; "" where there is none
	Link     string   // with scheme and host
	After    []string
	Stop     string // address; "" where there is none
	StopText string
}

// write puts a message into words. base is the address of the installation.
func write(m Message, base string) (letter, error) {
	l := language(m.Language)
	host := base
	if u, err := url.Parse(base); err == nil && u.Host != "" {
		host = u.Host
	}
	said := facts{Name: wording.Plain(m.Name), Issuer: wording.First(m.Issuer, host), Title: wording.Plain(m.Title), Other: wording.Plain(m.Other),
		Reason: wording.Prose(m.Reason), Code: m.Code, Host: host, By: m.By, State: m.State,
		Count: min(m.Count, MostCounted), Awards: m.Awards, Many: m.Count > 1, More: m.Count > MostCounted}
	if !m.Ends.IsZero() {
		said.Ends = l.Instant(m.Ends).Words
	}
	if !m.Due.IsZero() {
		said.Due = l.Instant(m.Due).Words
	}
	var failed error
	say := func(part string) string {
		var out bytes.Buffer
		if err := texts()[l].ExecuteTemplate(&out, part, said); err != nil {
			failed = errors.Join(failed, fmt.Errorf("writing a message: %w", err))
		}
		return strings.TrimSpace(out.String())
	}
	name := string(m.Template)
	if texts()[l].Lookup(name+".subject") == nil {
		return letter{}, fmt.Errorf("writing a message: there is none that is called %q", m.Template)
	}
	written := letter{Language: l, Subject: wording.Plain(say(name + ".subject")), Before: paragraphs(say("greeting"), say(name+".before")),
		After: paragraphs(say(name+".after"), say("end"))}
	if m.Link != "" {
		written.Button, written.Link = say(name+".button"), base+m.Link
	}
	if m.Stop != "" {
		written.Stop, written.StopText = base+m.Stop, say("stop")
	}
	return written, failed
}

// language is the one of ours that a tag asks for.
func language(tag string) wording.Language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	for _, l := range wording.Languages {
		if primary == string(l) {
			return l
		}
	}
	return wording.English
}

// paragraphs are the texts between empty lines. No fact holds one, so none makes a paragraph.
func paragraphs(texts ...string) []string {
	var all []string
	for _, text := range texts {
		for p := range strings.SplitSeq(text, "\n\n") {
			if p = strings.Join(strings.Fields(p), " "); p != "" {
				all = append(all, p)
			}
		}
	}
	return all
}

// plain is the text part.
func (w letter) plain() string {
	parts := append([]string{}, w.Before...)
	if w.Link != "" {
		parts = append(parts, w.Button+":\n"+w.Link)
	}
	parts = append(parts, w.After...)
	if w.Stop != "" {
		parts = append(parts, w.StopText+":\n"+w.Stop)
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// html is the HTML part: the same words, in a page that needs nothing from elsewhere.
func (w letter) html() (string, error) {
	var out bytes.Buffer
	if err := page().Execute(&out, w); err != nil {
		return "", fmt.Errorf("writing a message: %w", err)
	}
	return out.String(), nil
}

// Address returns an e-mail address as messages are sent to it and people are found by: in lower case, without a name, without
// quotation marks. ok is false for what is none.
func Address(text string) (address string, ok bool) {
	return issuer.Address(text)
}
