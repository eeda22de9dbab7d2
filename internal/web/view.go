package web

import (
	"html/template"
	"strings"
	"unicode"

	"github.com/laurelbadges/laurel/verifier"
)

// badge is what a page shows of a credential: every text cleaned, every link vetted.
type badge struct {
	Standard     string
	Kind         string // what it is, in words: Micro-credential, Endorsement ...
	Name         string
	Issuer       party
	Recipient    string   // the name as signed, "" when there is none
	Identifiers  []string // what else says who the recipient is, in words
	Description  string
	Criteria     template.HTML
	CriteriaLink string
	Version      string
	Creator      *party
	Dates        []labelled
	Results      []labelled
	Alignments   []reference
	Evidence     []reference
	Endorsements []party
	Superseded   string
}

// party is an organisation or a person: the name it goes by, and who says so.
type party struct {
	Name string
	ID   string
	Host string // the host that the id names
	Link string
}

type labelled struct {
	Label string
	Value string
	Time  moment
}

type reference struct {
	Name  string
	Link  string // "" when there is nothing that a page may link to
	Lines []string
}

// audience says how much of a recipient's identifiers a page shows.
type audience int

const (
	anyone audience = iota // a page at a permanent address: no identifier in clear
	holder                 // the answer to somebody who holds the file
)

// viewOf prepares a credential for a page.
func viewOf(v *verifier.View, who audience) *badge {
	b := &badge{
		Standard: plain(v.Standard),
		Kind:     kindName(v.Kind),
		Name:     plain(v.Name),
		Issuer:   partyOf(v.Issuer),
	}
	if strings.HasPrefix(b.Standard, "Open Badges 2") {
		b.Standard += ", an older standard"
	}
	b.setRecipient(v.Recipient, who)
	if a := v.Achievement; a != nil {
		if a.Type != "" {
			b.Kind = typeName(a.Type)
		}
		b.Name = first(a.Name, v.Name)
		b.Description = prose(a.Description)
		b.Criteria = markdown(a.Criteria)
		b.CriteriaLink = webLink(a.CriteriaURL)
		b.Version = plain(a.Version)
		if a.Creator != nil && a.Creator.ID != v.Issuer.ID {
			creator := partyOf(*a.Creator)
			b.Creator = &creator
		}
	}
	b.Name = first(b.Name, b.Kind)
	for _, d := range []struct{ label, value string }{
		{"Awarded", v.Awarded}, {"In force from", v.ValidFrom}, {"In force until", v.ValidUntil},
	} {
		if d.value == "" || d.label == "In force from" && d.value == v.Awarded {
			continue
		}
		b.Dates = append(b.Dates, labelled{Label: d.label, Time: signedDate(d.value)})
	}
	if v.ValidUntil == "" && (v.Awarded != "" || v.ValidFrom != "") {
		b.Dates = append(b.Dates, labelled{Label: "In force until", Value: "No end date"})
	}
	for _, mark := range v.Results {
		b.Results = append(b.Results, labelled{Label: first(mark.Name, "Result"), Value: markWords(mark)})
	}
	for _, a := range v.Alignments {
		b.Alignments = append(b.Alignments, alignmentOf(a.Name, a.URL, a.Code, a.Framework, a.Description))
	}
	for _, e := range v.Evidence {
		b.Evidence = append(b.Evidence, evidenceOf(e))
	}
	for _, e := range v.Endorsements {
		b.Endorsements = append(b.Endorsements, partyOf(e))
	}
	b.Superseded = webLink(v.Superseded)
	return b
}

// setRecipient sorts the identifiers of the recipient into a name and the rest. A hash says nothing to a reader, so it is
// named and not printed.
func (b *badge) setRecipient(identities []verifier.Identity, who audience) {
	for _, identity := range identities {
		label, known := identityNames[identity.Type]
		if !known {
			label = "identifier (" + first(identity.Type, "of no named type") + ")"
		}
		switch {
		case identity.Type == "name" && !identity.Hashed:
			if b.Recipient == "" {
				b.Recipient = plain(identity.Value)
			}
		case identity.Hashed:
			b.Identifiers = append(b.Identifiers, "hashed "+label)
		case who == anyone:
			b.Identifiers = append(b.Identifiers, label+", not shown here")
		default:
			b.Identifiers = append(b.Identifiers, label+" "+plain(identity.Value))
		}
	}
}

// identityNames words the identityType values of Open Badges 3.0 appendix B.2 that pages meet most.
var identityNames = map[string]string{
	"id":           "identifier",
	"name":         "name",
	"emailAddress": "e-mail",
	"sourcedId":    "roster number",
	"systemId":     "system number",
	"userName":     "user name",
	"accountId":    "account number",
}

func partyOf(p verifier.Party) party {
	return party{Name: partyName(p), ID: plain(p.ID), Host: host(p.ID), Link: webLink(p.URL)}
}

// partyName is the name that somebody goes by, or failing that who they are.
func partyName(p verifier.Party) string {
	return first(p.Name, host(p.ID), p.ID, "An issuer without a name")
}

func kindName(kind string) string {
	switch kind {
	case "AchievementCredential", "OpenBadgeCredential", "Assertion":
		return "Badge"
	case "EndorsementCredential":
		return "Endorsement"
	case "ClrCredential":
		return "Learner record"
	}
	return "Credential"
}

// typeName turns an achievementType (Open Badges 3.0 appendix B.2) into words: MicroCredential, ResearchDoctorate,
// ext:LicenseRenewal.
func typeName(t string) string {
	t = strings.TrimPrefix(plain(t), "ext:")
	if t == "MicroCredential" || t == "Microcredential" {
		return "Micro-credential"
	}
	var b strings.Builder
	for i, r := range t {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return first(b.String(), "Badge")
}

// markWords joins what a result says: level, value, status.
func markWords(mark verifier.Mark) string {
	level, value := plain(mark.AchievedLevel), plain(mark.Value)
	words := level
	switch {
	case level == "":
		words = value
	case value != "" && value != level:
		words = level + " (" + value + ")"
	}
	status := typeName(mark.Status)
	switch {
	case mark.Status == "":
	case words == "":
		words = status
	default:
		words += ", " + strings.ToLower(status)
	}
	return first(words, "Not given")
}

func alignmentOf(name, address, code, framework, description string) reference {
	r := reference{Name: first(name, code, "A standard without a name"), Link: webLink(address)}
	if line := strings.Join(nonEmpty(plain(framework), plain(code)), ", "); line != "" && line != r.Name {
		r.Lines = append(r.Lines, line)
	}
	if description != "" {
		r.Lines = append(r.Lines, prose(description))
	}
	return r
}

func evidenceOf(e verifier.Evidence) reference {
	r := reference{Link: webLink(e.ID)}
	r.Name = first(e.Name, e.Genre, r.Link, "Evidence")
	if r.Link != "" && r.Name != r.Link {
		r.Lines = append(r.Lines, "At "+host(e.ID))
	}
	for _, text := range []string{e.Description, e.Narrative} {
		if text != "" {
			r.Lines = append(r.Lines, prose(text))
		}
	}
	return r
}

func nonEmpty(texts ...string) []string {
	var kept []string
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return kept
}
