package openbadges2

import (
	"slices"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// Context is the vocabulary of Open Badges 2.0.
const Context = "https://w3id.org/openbadges/v2"

// Version is which standard a JSON object is written in.
type Version string

const (
	Other  Version = ""    // none of Open Badges before 3.0
	Older  Version = "1.x" // Open Badges 1.0 or 1.1, which have other members and are not read
	Second Version = "2.0"
)

// VersionOf tells a document of the Open Badges standards before 3.0 from any other, by its first context; Open Badges 1.0 has
// none and is known by its members.
func VersionOf(value map[string]any) Version {
	context, found := value["@context"]
	if !found {
		_, uid := value["uid"].(string)
		verify, _ := value["verify"].(map[string]any)
		if _, recipient := value["recipient"]; recipient && uid && verify["url"] != nil {
			return Older
		}
		return Other
	}
	if list, ok := context.([]any); ok && len(list) > 0 {
		context = list[0]
	}
	switch context {
	case Context:
		return Second
	case "https://w3id.org/openbadges/v1", "http://w3id.org/openbadges/v1":
		return Older
	}
	return Other
}

// Kind is the class of a document.
type Kind string

const (
	KindUnknown        Kind = ""
	KindAssertion      Kind = "Assertion"
	KindBadgeClass     Kind = "BadgeClass"
	KindProfile        Kind = "Profile" // type Profile or Issuer
	KindKey            Kind = "CryptographicKey"
	KindRevocationList Kind = "RevocationList"
	KindEndorsement    Kind = "Endorsement"
)

// KindOf is the class that the types of a document name; KindUnknown when they name none, or several.
func KindOf(value map[string]any) Kind {
	found := KindUnknown
	for _, name := range strict.Texts(value["type"]) {
		kind := Kind(name)
		switch kind {
		case "Issuer":
			kind = KindProfile
		case KindAssertion, KindBadgeClass, KindProfile, KindKey, KindRevocationList, KindEndorsement:
		default:
			continue // another type of the issuer's own stands beside it
		}
		if found != KindUnknown && found != kind {
			return KindUnknown
		}
		found = kind
	}
	return found
}

// Reference is a document that another one names by its id, or holds.
type Reference struct {
	ID    string
	Value map[string]any // nil when only the id is given
}

// Assertion is the award of a badge ("Assertion").
type Assertion struct {
	ID               string
	UID              string // of older badges; revocation lists may name it
	Recipient        Recipient
	Badge            Reference
	Verification     Verification
	IssuedOn         string
	Expires          string // "" for never
	Image            string
	Narrative        string
	Evidence         []Evidence
	Revoked          bool
	RevocationReason string
	Endorsed         bool // it names or holds endorsements
}

// Recipient is to whom a badge was awarded ("IdentityObject").
type Recipient struct {
	Type     string // the property of a Profile that Identity is a value of: email, url, telephone
	Identity string // in clear, or its hash with the algorithm before it: sha256$...
	Hashed   bool
}

// Verification is how an Assertion says that it is to be verified ("VerificationObject").
type Verification struct {
	Given   bool
	Hosted  bool
	Signed  bool
	Creator Reference // the key of a signed one; empty when any key of the issuer may be it
}

// Evidence is a reference to what the recipient showed ("Evidence").
type Evidence struct {
	ID, Name, Narrative, Description, Genre string
}

// BadgeClass is what a badge is awarded for ("BadgeClass").
type BadgeClass struct {
	ID, Name, Description string
	Image                 string
	Language              string // BCP 47, as written
	Criteria              string // Markdown
	CriteriaURL           string
	Issuer                Reference
	Alignments            []Alignment
}

// Alignment is a node of a framework that a badge stands for ("AlignmentObject").
type Alignment struct {
	Name, URL, Description, Framework, Code string
}

// Profile is an issuer ("Profile (Issuer)").
type Profile struct {
	ID, Name, URL, Image string
	Keys                 []Reference
	RevocationList       string   // address; "" when there is none
	StartsWith           []string // prefixes of the ids of its hosted Assertions
	AllowedOrigins       []string // hosts of its hosted Assertions
}

// Key is a public key of an issuer ("CryptographicKey").
type Key struct {
	ID, Owner string
	PEM       string // for [ParseKey]
}

// RevocationList names the signed Assertions that an issuer has revoked ("Revocation List").
type RevocationList struct {
	ID, Issuer string
	revoked    map[string]string // id or uid to reason
}

// Revoked says whether the list names an Assertion by its id or uid, and the reason that is given.
func (l RevocationList) Revoked(a Assertion) (reason string, revoked bool) {
	for _, name := range [...]string{a.ID, a.UID} {
		if reason, revoked = l.revoked[name]; revoked && name != "" {
			return reason, true
		}
	}
	return "", false
}

// ReadAssertion reads an Assertion and gives the rules that it breaks. Of one that is revoked only id and revoked are required.
// That it says how it is to be verified is left to the caller: without, it is a badge without a proof.
func ReadAssertion(value map[string]any) (Assertion, []credential.Problem) {
	rules := assertionRules
	revoked, _ := one(value["revoked"]).(bool)
	if revoked {
		rules = revokedRules
	}
	a := Assertion{
		ID: str(value["id"]), UID: str(value["uid"]), Badge: reference(value["badge"]), Verification: readVerification(verificationOf(value)),
		IssuedOn: str(value["issuedOn"]), Expires: str(value["expires"]), Image: reference(value["image"]).ID, Narrative: str(value["narrative"]),
		Revoked: revoked, RevocationReason: str(value["revocationReason"]), Endorsed: len(strict.Values(value["endorsement"])) > 0,
	}
	if object, ok := one(value["recipient"]).(map[string]any); ok {
		hashed, _ := one(object["hashed"]).(bool)
		a.Recipient = Recipient{Type: str(object["type"]), Identity: str(object["identity"]), Hashed: hashed}
	}
	for _, item := range strict.Values(value["evidence"]) {
		switch item := item.(type) {
		case string:
			a.Evidence = append(a.Evidence, Evidence{ID: item})
		case map[string]any:
			a.Evidence = append(a.Evidence, Evidence{str(item["id"]), str(item["name"]), str(item["narrative"]), str(item["description"]), str(item["genre"])})
		}
	}
	return a, check(value, rules)
}

// ReadBadgeClass reads a BadgeClass and gives the rules that it breaks.
func ReadBadgeClass(value map[string]any) (BadgeClass, []credential.Problem) {
	b := BadgeClass{ID: str(value["id"]), Name: str(value["name"]), Description: str(value["description"]), Language: str(value["@language"]),
		Image: reference(value["image"]).ID, Issuer: reference(value["issuer"])}
	criteria := reference(value["criteria"])
	b.CriteriaURL, b.Criteria = criteria.ID, str(criteria.Value["narrative"])
	for _, item := range strict.Values(value["alignment"]) {
		if object, ok := item.(map[string]any); ok {
			b.Alignments = append(b.Alignments, Alignment{str(object["targetName"]), str(object["targetUrl"]), str(object["targetDescription"]), str(object["targetFramework"]), str(object["targetCode"])})
		}
	}
	return b, check(value, badgeClassRules)
}

// ReadProfile reads the Profile of an issuer and gives the rules that it breaks.
func ReadProfile(value map[string]any) (Profile, []credential.Problem) {
	p := Profile{ID: str(value["id"]), Name: str(value["name"]), URL: str(value["url"]), Image: reference(value["image"]).ID,
		RevocationList: reference(value["revocationList"]).ID}
	for _, item := range strict.Values(value["publicKey"]) {
		p.Keys = append(p.Keys, reference(item))
	}
	if object, ok := one(verificationOf(value)).(map[string]any); ok {
		p.StartsWith, p.AllowedOrigins = strict.Texts(object["startsWith"]), strict.Texts(object["allowedOrigins"])
	}
	return p, check(value, profileRules)
}

// ReadKey reads a CryptographicKey and gives the rules that it breaks. The key itself is read by [ParseKey].
func ReadKey(value map[string]any) (Key, []credential.Problem) {
	return Key{ID: str(value["id"]), Owner: reference(value["owner"]).ID, PEM: str(value["publicKeyPem"])}, check(value, keyRules)
}

// ReadRevocationList reads a RevocationList and gives the rules that it breaks.
func ReadRevocationList(value map[string]any) (RevocationList, []credential.Problem) {
	l := RevocationList{ID: str(value["id"]), Issuer: reference(value["issuer"]).ID, revoked: map[string]string{}}
	for _, item := range strict.Values(value["revokedAssertions"]) {
		switch item := item.(type) {
		case string:
			l.revoked[item] = ""
		case map[string]any:
			if revoked, isBool := one(item["revoked"]).(bool); isBool && !revoked {
				continue
			}
			for _, name := range [...]string{"id", "uid"} {
				if id := str(item[name]); id != "" {
					l.revoked[id] = str(item["revocationReason"])
				}
			}
		}
	}
	return l, check(value, revocationListRules)
}

// verificationOf gives the member verification, which the context also lets be called verify.
func verificationOf(value map[string]any) any {
	if v := value["verification"]; v != nil {
		return v
	}
	return value["verify"]
}

func readVerification(v any) Verification {
	object, _ := one(v).(map[string]any)
	types := strict.Texts(object["type"])
	return Verification{
		Given:   len(strict.Values(v)) > 0,
		Hosted:  slices.Contains(types, "hosted") || slices.Contains(types, "HostedBadge"),
		Signed:  slices.Contains(types, "signed") || slices.Contains(types, "SignedBadge"),
		Creator: reference(object["creator"]),
	}
}

// one is the only value of a member; nil when there is none, or several.
func one(v any) any {
	all := strict.Values(v)
	if len(all) != 1 {
		return nil
	}
	return all[0]
}

// str is the only value of a member as text, which may carry a language (JSON-LD 1.1 section 4.2.4).
func str(v any) string {
	switch v := one(v).(type) {
	case string:
		return v
	case map[string]any:
		s, _ := v["@value"].(string)
		return s
	}
	return ""
}

func reference(v any) Reference {
	switch v := one(v).(type) {
	case string:
		return Reference{ID: v}
	case map[string]any:
		return Reference{ID: str(v["id"]), Value: v}
	}
	return Reference{}
}
