package earner

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// Bounds of what a person brings from elsewhere.
const (
	MostImported = 200      // badges
	MostKept     = 32 << 20 // bytes of them together, with their pictures
	mostPicture  = 512 << 10
)

// Imported is a badge that a person has brought from elsewhere. Its text lies apart, in a [File]. What it says was signed by its issuer
// as far as Report says so, and by nobody otherwise.
//
// An award of this installation that is somebody else's is never kept: then Award is set and nothing of what the award says, and there is
// no File. [Collection.Award] has it for as long as its own earner lets others see it. Nor is anything kept in which such an award stands.
type Imported struct {
	ID      string    `json:"id"`
	Address string    `json:"address"` // whose it is here: one of the person's addresses
	Digest  string    `json:"digest"`  // of the text
	Added   time.Time `json:"added"`
	Award   string    `json:"award,omitempty"` // Credential.ID of somebody else's award of this installation; "" for a badge from elsewhere
	Names   string    `json:"names,omitempty"` // digest of the id that the badge gives itself, by which copies of an award are found when it is erased
	Holds   []string  `json:"holds,omitempty"` // Credential.ID of awards of this installation that stand in it. All are of whoever brought it
	Carrier string    `json:"carrier"`         // what it was brought as: verifier.Input.Kind
	Link    string    `json:"link,omitempty"`  // where it was read; only the person sees it
	Token   bool      `json:"token,omitempty"`
	Size    int       `json:"size"`              // bytes of the text and the picture
	Picture string    `json:"picture,omitempty"` // media type of the picture that came with it; "" where there is none

	Name      string `json:"name"`
	Kind      string `json:"kind"`           // verifier.View.Kind
	Type      string `json:"type,omitempty"` // achievementType
	Standard  string `json:"standard"`       // verifier.View.Standard
	Issuer    string `json:"issuer"`         // its name
	IssuerID  string `json:"issuerId"`
	Awarded   string `json:"awarded,omitempty"` // as signed
	Until     string `json:"until,omitempty"`   // as signed
	Narrative string `json:"narrative,omitempty"`

	Recipient []credential.IdentityObject `json:"recipient,omitempty"` // as signed; none unless that it was signed is known
	Report    *verifier.Report            `json:"report,omitempty"`    // the last, without what is large; nil where Award is set. What is inside is in the File
}

var imports = issuer.Table[Imported]{
	Kind:    issuer.Kind{Name: "earner-import", Lookups: []string{"address", "names"}},
	Key:     func(i *Imported) string { return i.ID },
	Order:   func(i *Imported) string { return issuer.Sortable(i.Added) },
	Lookups: func(i *Imported) []string { return []string{i.Address, i.Names} },
}

// File is the text of a badge from elsewhere, and the picture that came with it.
type File struct {
	ID      string `json:"id"` // Imported.ID
	Address string `json:"address"`
	Text    string `json:"text"` // JSON or a token
	Picture []byte `json:"picture,omitempty"`
	// Inside are the reports of the credentials in a record, as of Imported.Report. None of what was brought before they were kept.
	Inside []*verifier.Report `json:"inside,omitempty"`
}

var files = issuer.Table[File]{
	Kind:    issuer.Kind{Name: "earner-file", Lookups: []string{"address"}},
	Key:     func(f *File) string { return f.ID },
	Lookups: func(f *File) []string { return []string{f.Address} },
}

// Whose says whether a badge from elsewhere was made for the person who brought it.
type Whose string

// What comparing the recipient of a badge with the addresses of a person can give.
const (
	WhoseTheirs  Whose = "theirs"  // it names one of their addresses, each of which they have shown to be theirs
	WhoseOther   Whose = "other"   // it names another address
	WhoseUnclear Whose = "unclear" // it names its recipient in another way than by an address, or what it says is not known to be signed
	WhoseNobody  Whose = "nobody"  // it names no recipient
)

// Whose compares the recipient of the badge with addresses. Names are not compared: anybody can have one.
func (i *Imported) Whose(addresses []string) Whose {
	if i.Report == nil || i.Report.Authentic != verifier.Yes {
		return WhoseUnclear
	}
	named, compared := false, false
	for _, identity := range i.Recipient {
		if identity.Type == "name" || identity.Hash == "" {
			continue
		}
		named = true
		identity.Hash = strings.TrimPrefix(identity.Hash, "mailto:")
		if !isAddress(identity) {
			continue
		}
		compared = true
		for _, a := range addresses {
			if credential.MatchesIdentity(identity, a) {
				return WhoseTheirs
			}
		}
	}
	switch {
	case compared:
		return WhoseOther
	case named:
		return WhoseUnclear
	}
	return WhoseNobody
}

// isAddress says whether an identity is an e-mail address, or the hash of one that can be computed.
func isAddress(o credential.IdentityObject) bool {
	if o.Hashed {
		algorithm, _, _ := strings.Cut(o.Hash, "$")
		return (o.Type == "emailAddress" || o.Type == "email") && (algorithm == "sha256" || algorithm == "md5")
	}
	_, is := mail.Address(o.Hash)
	return is
}

// Naming is a report of the badge by which its issuer can be named: one that has no document, as of what is not authentic now, gives the
// name that was kept, and proves none.
func (i *Imported) Naming(report *verifier.Report) *verifier.Report {
	if report.Credential != nil {
		return report
	}
	return &verifier.Report{Authentic: verifier.No, Credential: &verifier.View{Kind: i.Kind, Issuer: verifier.Party{ID: i.IssuerID, Name: i.Issuer}}}
}

// Clear says whether the file holds an e-mail address that everybody can read.
func (i *Imported) Clear() bool {
	for _, identity := range i.Recipient {
		if !identity.Hashed && strings.Contains(identity.Hash, "@") {
			return true
		}
	}
	return false
}

// recipientOf is whom a badge names, with what it takes to compare hashes. document is nil where it is not a credential of the W3C; then
// salts are not known.
func recipientOf(text []byte, report *verifier.Report) (all []credential.IdentityObject) {
	if report.Authentic != verifier.Yes {
		return nil
	}
	if report.Document != nil {
		if c, err := credential.FromValue(text, report.Document); err == nil {
			all = c.Subject.Identifiers
			if c.Subject.ID != "" {
				all = append(all, credential.IdentityObject{Type: "id", Hash: c.Subject.ID})
			}
		}
	} else if report.Credential != nil {
		for _, identity := range report.Credential.Recipient {
			if identity.Hashed {
				identity.Type = "hash of " + identity.Type // whose salt is not known: nothing can be compared
			}
			all = append(all, credential.IdentityObject{Type: identity.Type, Hash: identity.Value, Hashed: identity.Hashed})
		}
	}
	const most = 16
	all = append([]credential.IdentityObject(nil), all[:min(len(all), most)]...)
	for i := range all {
		all[i].Hash, all[i].Salt = wording.Cut(all[i].Hash, 2048), cutSalt(all[i].Salt)
	}
	return all
}

// cutSalt is a salt that can be kept. With one that was cut nothing matches.
func cutSalt(salt string) string {
	if len(salt) > 1024 {
		return salt[:1024]
	}
	return salt
}

// Bounds of the checks that are kept of a report, and of one that stands in another.
const (
	mostChecks       = 48
	mostChecksInside = 12
)

// lean is a report without what may be large: enough to word the answer, its causes and its age in any language, and so for each credential
// inside.
func lean(r *verifier.Report) *verifier.Report { return leanTo(r, mostChecks) }

func leanTo(r *verifier.Report, most int) *verifier.Report {
	out := &verifier.Report{Outcome: r.Outcome, Authentic: r.Authentic, InForce: r.InForce, AsOf: r.AsOf, Input: verifier.Input{Kind: r.Input.Kind}, Pointer: r.Pointer}
	out.Checks = slices.Clone(r.Checks)
	slices.SortStableFunc(out.Checks, func(a, b verifier.Check) int { return cmp.Compare(weight(a), weight(b)) })
	out.Checks = slices.Clip(out.Checks[:min(len(out.Checks), most)])
	for _, within := range r.Credentials {
		out.Credentials = append(out.Credentials, leanTo(within, mostChecksInside))
	}
	if v := r.Credential; v != nil {
		short := &verifier.View{Standard: v.Standard, Kind: v.Kind, Name: wording.Cut(v.Name, 300), Awarded: wording.Cut(v.Awarded, 64), ValidFrom: wording.Cut(v.ValidFrom, 64),
			ValidUntil: wording.Cut(v.ValidUntil, 64), Superseded: keptLink(v.Superseded), Issuer: keptParty(v.Issuer)}
		if a := v.Achievement; a != nil {
			short.Achievement = &verifier.Award{ID: keptLink(a.ID), Name: wording.Cut(a.Name, 300), Type: wording.Cut(a.Type, 100), InLanguage: a.InLanguage, Image: keptLink(a.Image)}
			if a.Creator != nil {
				creator := keptParty(*a.Creator)
				short.Achievement.Creator = &creator
			}
		}
		out.Credential = short
	}
	return out
}

// weight orders checks by how much the answer needs them: first what is not good, here or in a credential inside, then what a good answer
// rests on.
func weight(c verifier.Check) int {
	switch {
	case c.Outcome == verifier.Fail || c.Outcome == verifier.NotKnown:
		return 0
	case c.Outcome == verifier.Warn && strings.HasPrefix(c.Facts[verifier.FactCase], "inside"):
		return 1
	case c.Outcome == verifier.Pass && (c.Step == "issuer" || c.Step == "proof" || c.Step == "status"):
		return 2
	}
	return 3
}

// apart takes what a report says of the credentials inside out of it: that lies in the [File], as lists need none of it.
func apart(r *verifier.Report) (inside []*verifier.Report) {
	inside, r.Credentials = r.Credentials, nil
	return inside
}

// keptParty is what is kept of one: what tells whether it uses what belongs to an issuer here.
func keptParty(p verifier.Party) verifier.Party {
	return verifier.Party{ID: wording.Cut(p.ID, 2048), Name: wording.Cut(p.Name, 300), URL: keptLink(p.URL), Image: keptLink(p.Image)}
}

// keptLink is an address as it is kept: "" for one that is none of the web, or longer than any is.
func keptLink(text string) string {
	if len(text) > 2048 {
		return ""
	}
	return wording.WebLink(text)
}
