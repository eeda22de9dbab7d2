package wording

import (
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/verifier"
)

// Reference is something that a credential leads to, as a page names it.
type Reference struct {
	Name  string
	Link  string   // "" when there is nothing that a page may link to
	Lines []string // what is said of it
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
	r := Reference{Name: First(a.Name, a.Code, l.Say("page.badge.alignment.unnamed")), Link: WebLink(a.URL)}
	if line := strings.Join(Present(Plain(a.Framework), Plain(a.Code)), ", "); line != "" && line != r.Name {
		r.Lines = append(r.Lines, line)
	}
	r.Lines = append(r.Lines, Present(Prose(a.Description))...)
	return r
}

// Evidence is what a recipient showed.
func (l Language) Evidence(e verifier.Evidence) Reference {
	r := Reference{Link: WebLink(e.ID)}
	r.Name = First(e.Name, e.Genre, r.Link, l.Say("page.badge.evidence"))
	if r.Link != "" && r.Name != r.Link {
		r.Lines = append(r.Lines, l.Say("page.badge.evidence.at", "host", Host(e.ID)))
	}
	r.Lines = append(r.Lines, Present(Prose(e.Description), Prose(e.Narrative))...)
	return r
}
