package web

import (
	"cmp"
	"html/template"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/markdown"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// badge is what a page shows of a credential: every text cleaned, every link vetted.
type badge struct {
	Standard     string
	Kind         string // what it is, in words: Micro-credential, Endorsement ...
	Name         string
	Lang         string // of its texts, where that is known and not the language of the page
	Issuer       party
	Unproven     bool     // Issuer is only what it says
	Recipient    string   // the name as signed, "" when there is none
	Identifiers  []string // what else says who the recipient is, in words
	Description  string
	Criteria     template.HTML
	CriteriaLink string
	Version      string
	Creator      *party
	Dates        []labelled
	Effort       string // hours and credits as the issuer states them; "" where that is not known
	Results      []mark
	Alignments   []reference
	Evidence     []reference
	Endorsements []party
}

// party is an organisation or a person: the name it goes by, and who says so.
type party struct {
	Name string
	ID   string
	Host string // the host that the id names
	Link string
}

// mark is what was reached in one thing that was assessed.
type mark struct {
	labelled
	Named   bool   // Label is the issuer's, and not a word of the page
	Status  string // behind Value, in words of the page; "" for none
	Place   string // of the level among all, in words; "" where that is not known
	Levels  []reached
	Meaning string // what the level means
}

// reached is one of the levels that there are, from low to high.
type reached struct {
	Name string
	Lang string // of Name, where that is known and not the language of the page
	Upto bool   // it was reached, or passed
	Here bool   // it is the one
}

type labelled struct {
	Label string
	Value string
	Time  wording.Moment
}

type reference struct {
	Name  string
	Named bool   // Name is the issuer's, and neither an address nor words of the page; told where Lang is
	Lang  string // of Name and Lines, where that is known and not the language of the page
	Link  string // "" when there is nothing that a page may link to
	At    string // where that is, in words of the page; "" for none
	Lines []string
	Art   string // address of its picture, where it is an achievement of this installation
}

// audience says how much of a recipient's identifiers a page shows.
type audience int

const (
	anyone audience = iota // a page at a permanent address: no identifier in clear
	holder                 // the answer to somebody who holds the file
)

// viewOf prepares the credential of a report for a page. here says which names are those of issuers of this installation; nil for none.
func viewOf(l wording.Language, r *verifier.Report, who audience, here *wording.Here) *badge {
	v := r.Credential
	b := &badge{
		Unproven: r.Authentic != verifier.Yes,
		Standard: l.Standard(v.Standard),
		Kind:     l.KindName(v.Kind),
		Name:     l.BadgeName(v),
		Lang:     l.BadgeLanguage(v),
		Issuer:   partyOf(l, v.Issuer, here),
	}
	b.Issuer.Name = l.SignerName(r, here)
	b.setRecipient(l, v.Recipient, who)
	if a := v.Achievement; a != nil {
		if a.Type != "" {
			b.Kind = l.TypeName(a.Type)
		}
		b.Description = wording.Prose(a.Description)
		b.Criteria = markdown.HTML(a.Criteria)
		b.CriteriaLink = webLink(a.CriteriaURL)
		b.Version = wording.Plain(a.Version)
		if c := wording.OtherCreator(v); c != nil {
			creator := partyOf(l, *c, here)
			b.Creator = &creator
		}
	}
	b.Dates = datesOf(l, v, nil)
	for _, m := range v.Results {
		result := mark{labelled: labelled{Label: wording.First(m.Name, l.Say("page.badge.result"))}, Named: wording.Plain(m.Name) != ""}
		result.Value, result.Status = l.MarkParts(m)
		b.Results = append(b.Results, result)
	}
	for _, a := range v.Alignments {
		b.Alignments = append(b.Alignments, referenceOf(l.Alignment(a), b.Lang))
	}
	for _, e := range v.Evidence {
		b.Evidence = append(b.Evidence, referenceOf(l.Evidence(e), b.Lang))
	}
	for _, e := range v.Endorsements {
		b.Endorsements = append(b.Endorsements, partyOf(l, e, here))
	}
	return b
}

// datesOf are the dates of a credential: as they were signed, or as days of a zone where that is known.
func datesOf(l wording.Language, v *verifier.View, zone *time.Location) []labelled {
	var dates []labelled
	for _, d := range []struct{ label, value string }{
		{"page.badge.awarded", v.Awarded}, {"page.badge.from", v.ValidFrom}, {"page.badge.until", v.ValidUntil},
	} {
		if d.value == "" || d.label == "page.badge.from" && d.value == v.Awarded {
			continue
		}
		at := l.SignedDate(d.value)
		if zone != nil { // the time of the day is in the technical report
			at = l.SignedDay(d.value, zone)
		}
		dates = append(dates, labelled{Label: l.Say(d.label), Time: at})
	}
	if v.ValidUntil == "" && (v.Awarded != "" || v.ValidFrom != "") {
		dates = append(dates, labelled{Label: l.Say("page.badge.until"), Value: l.Say("page.badge.no_end")})
	}
	return dates
}

// setRecipient sorts the identifiers of the recipient into a name and the rest. A hash says nothing to a reader, so it is
// named and not printed.
func (b *badge) setRecipient(l wording.Language, identities []verifier.Identity, who audience) {
	for _, identity := range identities {
		if identity.Type == "name" && !identity.Hashed {
			b.Recipient = cmp.Or(b.Recipient, wording.Plain(identity.Value))
			continue
		}
		b.Identifiers = append(b.Identifiers, l.Identity(identity, who == holder))
	}
}

// partyOf prepares somebody whom a document names beside its signer.
func partyOf(l wording.Language, p verifier.Party, here *wording.Here) party {
	return party{Name: l.Named(p, here), ID: wording.Plain(p.ID), Host: wording.Host(p.ID), Link: here.Link(p)}
}

func alignmentOf(l wording.Language, a credential.Alignment, lang string) reference {
	return referenceOf(l.Alignment(verifier.Alignment{Name: a.TargetName, URL: a.TargetURL, Code: a.TargetCode, Framework: a.TargetFramework, Description: a.TargetDescription}), lang)
}

// referenceOf prepares a reference whose texts are in a language, "" for that of the page or one that is not known.
func referenceOf(r wording.Reference, lang string) reference {
	return reference{Name: r.Name, Named: r.Named, Lang: lang, Link: r.Link, At: r.At, Lines: r.Lines}
}
