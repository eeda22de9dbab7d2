package wording

import (
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/verifier"
)

// Reference is something that a credential leads to, as a page names it.
type Reference struct {
	Name  string
	Named bool     // Name is a text of the credential, and not an address or words of the page
	Link  string   // "" when there is nothing that a page may link to
	At    string   // where that is, in words of the page; "" for none
	Lines []string // what the credential says of it
}

// WebLink is the address when it is one that a page may link to: absolute, http or https, with no name of a user. Else it is "".
func WebLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return u.String()
}

// Alignment is a node of a framework.
func (l Language) Alignment(a verifier.Alignment) Reference {
	named := First(a.Name, a.Code)
	r := Reference{Name: First(named, l.Say("page.badge.alignment.unnamed")), Named: named != "", Link: WebLink(a.URL)}
	if line := strings.Join(Present(Plain(a.Framework), Plain(a.Code)), ", "); line != "" && line != r.Name {
		r.Lines = append(r.Lines, line)
	}
	r.Lines = append(r.Lines, Present(Prose(a.Description))...)
	return r
}

// Evidence is what a recipient showed.
func (l Language) Evidence(e verifier.Evidence) Reference {
	named := First(e.Name, e.Genre)
	r := Reference{Named: named != "", Link: WebLink(e.ID)}
	r.Name = First(named, r.Link, l.Say("page.badge.evidence"))
	if r.Link != "" && r.Name != r.Link {
		r.At = l.Say("page.badge.evidence.at", "host", Host(e.ID))
	}
	r.Lines = append(r.Lines, Present(Prose(e.Description), Prose(e.Narrative))...)
	return r
}
