package credential

import (
	"slices"
	"time"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Versions of the VC Data Model, decided by the first context.
const (
	DataModel20 = "2.0" // https://www.w3.org/ns/credentials/v2
	DataModel11 = "1.1" // https://www.w3.org/2018/credentials/v1
)

// Kinds of documents that Laurel tells apart. The type OpenBadgeCredential is another name of AchievementCredential. Of a
// document that claims to be of several kinds, which [Check] refuses, the kind is the first of these.
const (
	KindEnvelopedCredential   = "EnvelopedVerifiableCredential"   // for [OpenEnvelope]
	KindEnvelopedPresentation = "EnvelopedVerifiablePresentation" // for [OpenEnvelope]
	KindPresentation          = "VerifiablePresentation"
	KindAchievement           = "AchievementCredential"
	KindEndorsement           = "EndorsementCredential"
	KindCLR                   = "ClrCredential" // Comprehensive Learner Record 2.0
	KindOther                 = "VerifiableCredential"
)

const (
	contextV2 = "https://www.w3.org/ns/credentials/v2"
	contextV1 = "https://www.w3.org/2018/credentials/v1"
)

// Credential is a read view of a document: what it says, not whether that is right. A member that is absent or of a wrong
// shape is the zero value here and a matter for [Check]. Nothing in it may be changed.
type Credential struct {
	raw   []byte
	value map[string]any

	Contexts    []any // entries of @context in order: string or map[string]any
	Types       []string
	DataModel   string // DataModel20, DataModel11, or "" when the first context is neither
	Kind        string // one of the kinds above, or "" when it is neither a Verifiable Credential nor a presentation
	ID          string
	Name        string
	Description string
	Image       Image
	Issuer      Party
	Holder      Party              // of a presentation: who shows it
	Subject     AchievementSubject // of the first subject, where a credential has several; without achievement in a CLR
	Comment     string             // credentialSubject.endorsementComment, Markdown

	// ValidFrom and ValidUntil are the dates as signed, for [ParseDateTime]: validFrom and validUntil, or issuanceDate and
	// expirationDate in data model 1.1. That model knows the other names too; where it has both, the stricter date stands here.
	ValidFrom, ValidUntil string
	Awarded               string // awardedDate as signed

	Statuses     []Part // credentialStatus
	Schemas      []Part // credentialSchema
	Refresh      []Part // refreshService
	Proofs       []Part // proof
	Evidence     []Evidence
	Endorsements []Endorsement // of the credential and of every achievement and profile in it
	Nested       []Nested      // of a presentation or CLR: the credentials inside, at most Limits.Nested
	Associations []Association // of a CLR
}

// Part is an object inside a document, with its place.
type Part struct {
	Pointer string // JSON Pointer (RFC 6901) into the document
	Value   map[string]any
}

// Image is a picture (OB 3.0 B Image).
type Image struct {
	ID      string // https or data: URI; "" when there is none
	Caption string
}

// Party is an organisation or person as a credential names it (OB 3.0 B Profile): a claim of the signer.
type Party struct {
	ID          string // URI
	Name        string
	URL         string // homepage
	Description string
	Email       string
	Image       Image

	Official         string       `json:",omitempty"` // name of the one who speaks for it
	Address          *Address     `json:",omitempty"`
	OtherIdentifiers []Identifier `json:",omitempty"`
	ParentOrg        *Party       `json:",omitempty"`
	Endorsed         `json:",omitzero"`
}

// Address is where somebody is found by post (OB 3.0 B Address).
type Address struct {
	Country       string `json:",omitempty"`
	CountryCode   string `json:",omitempty"` // ISO 3166-1 alpha-2
	Region        string `json:",omitempty"`
	Locality      string `json:",omitempty"`
	Street        string `json:",omitempty"`
	PostOfficeBox string `json:",omitempty"`
	PostalCode    string `json:",omitempty"`
}

// Parse reads a credential from JSON text, within [JSONLimits]. It judges no rule of a data model, only that the text is strict
// JSON (an [*strict.Error] otherwise) and an object with @context or type (a [*Problem] with code no_credential otherwise).
func Parse(data []byte) (*Credential, error) {
	value, err := strict.Object(data, JSONLimits())
	if err != nil {
		return nil, err
	}
	return FromValue(data, value)
}

// FromValue is [Parse] for a value that [strict.Object] has read already, such as the payload of a JWT. raw is the text that
// it came from. Both are kept and must not be changed afterwards.
func FromValue(raw []byte, value map[string]any) (*Credential, error) {
	if value["@context"] == nil && value["type"] == nil {
		return nil, &Problem{Code: CodeNoCredential, Clause: "VCDM 2.0 4.3, 4.5",
			Detail: "the JSON object has neither @context nor type, so it is no credential"}
	}
	c := &Credential{raw: raw, value: value,
		Contexts:     strict.Values(value["@context"]),
		Types:        strict.Texts(value["type"]),
		ID:           text(value["id"]),
		Name:         text(value["name"]),
		Description:  text(value["description"]),
		Image:        readImage(value["image"]),
		Issuer:       readParty(value["issuer"]),
		Awarded:      text(value["awardedDate"]),
		Statuses:     parts(value, "", "credentialStatus"),
		Schemas:      parts(value, "", "credentialSchema"),
		Refresh:      parts(value, "", "refreshService"),
		Proofs:       parts(value, "", "proof"),
		Evidence:     readAll(value["evidence"], readEvidence),
		Endorsements: endorsements(value),
	}
	if len(c.Contexts) > 0 {
		switch c.Contexts[0] {
		case contextV2:
			c.DataModel = DataModel20
		case contextV1:
			c.DataModel = DataModel11
		}
	}
	c.Kind = kindOf(c.Types)
	from, until := dateNames(c.DataModel)
	c.ValidFrom, c.ValidUntil = text(value[from]), text(value[until])
	if c.DataModel == DataModel11 {
		c.ValidFrom = stricter(c.ValidFrom, text(value["validFrom"]), time.Time.After)
		c.ValidUntil = stricter(c.ValidUntil, text(value["validUntil"]), time.Time.Before)
	}
	if subjects := parts(value, "", "credentialSubject"); len(subjects) > 0 {
		c.Subject = readSubject(subjects[0].Value)
		c.Comment = text(subjects[0].Value["endorsementComment"])
	}
	switch c.Kind {
	case KindPresentation:
		c.Holder = readParty(value["holder"])
	case KindCLR:
		c.Subject.Achievement = nil // a record has many achievements, and none of them is the one
		c.Associations = associations(value)
	}
	c.Nested = nestedCredentials(c)
	return c, nil
}

// Raw returns the bytes as received. They must not be changed.
func (c *Credential) Raw() []byte { return c.raw }

// Value returns the whole document as [strict.Object] read it. It must not be changed.
func (c *Credential) Value() map[string]any { return c.value }

// dateNames gives the names of the two ends of validity in a data model.
func dateNames(model string) (from, until string) {
	if model == DataModel11 {
		return "issuanceDate", "expirationDate"
	}
	return "validFrom", "validUntil"
}

// stricter chooses between two names of one end of validity. A date that cannot be read is chosen, so that nobody overlooks it.
func stricter(a, b string, narrower func(a, b time.Time) bool) string {
	if a == "" || b == "" {
		return a + b
	}
	first, errFirst := ParseDateTime(a)
	second, errSecond := ParseDateTime(b)
	if errSecond != nil || errFirst == nil && narrower(second, first) {
		return b
	}
	return a
}

// kinds are the types that make a document what it is, with the kind that each makes it.
var kinds = []struct{ typ, kind string }{
	{"EnvelopedVerifiableCredential", KindEnvelopedCredential},
	{"EnvelopedVerifiablePresentation", KindEnvelopedPresentation},
	{"VerifiablePresentation", KindPresentation},
	{"AchievementCredential", KindAchievement},
	{"OpenBadgeCredential", KindAchievement},
	{"EndorsementCredential", KindEndorsement},
	{"ClrCredential", KindCLR},
	{"VerifiableCredential", KindOther},
}

func kindOf(types []string) string {
	for _, k := range kinds {
		if slices.Contains(types, k.typ) {
			return k.kind
		}
	}
	return ""
}

func readImage(v any) Image {
	object, ok := v.(map[string]any)
	if !ok {
		return Image{ID: text(v)} // the bare address of old badges
	}
	return Image{ID: text(object["id"]), Caption: text(object["caption"])}
}

func readParty(v any) Party {
	object, ok := v.(map[string]any)
	if !ok {
		return Party{ID: text(v)}
	}
	return Party{ID: text(object["id"]), Name: text(object["name"]), URL: text(object["url"]),
		Description: text(object["description"]), Email: text(object["email"]), Image: readImage(object["image"]),
		Official: text(object["official"]), Address: readAddress(object["address"]),
		OtherIdentifiers: readAll(object["otherIdentifier"], readIdentifier), ParentOrg: readPartyAt(object["parentOrg"])}
}

// readPartyAt reads a member that may be absent.
func readPartyAt(v any) *Party {
	if v == nil {
		return nil
	}
	p := readParty(v)
	return &p
}

func readAddress(v any) *Address {
	o, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return &Address{Country: text(o["addressCountry"]), CountryCode: text(o["addressCountryCode"]), Region: text(o["addressRegion"]),
		Locality: text(o["addressLocality"]), Street: text(o["streetAddress"]), PostOfficeBox: text(o["postOfficeBoxNumber"]),
		PostalCode: text(o["postalCode"])}
}
