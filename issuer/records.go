package issuer

import (
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// Organisation is an issuing organisation: who signs.
type Organisation struct {
	ID       string    `json:"id"`   // 22 characters, the {id} of /i/{id}
	DID      string    `json:"did"`  // the issuer id that every credential carries; chosen once
	Name     string    `json:"name"` //
	URL      string    `json:"url"`  // address of its profile page, PUBLIC-URL/i/{id}
	Email    string    `json:"email,omitempty"`
	Keys     []Key     `json:"keys"`
	Suite    string    `json:"suite,omitempty"` // cryptographic suite of its awards; "" is eddsa-rdfc-2022
	Sequence uint64    `json:"sequence"`        // counts the organisations in the order of their creation
	Created  time.Time `json:"created"`

	Settings Settings `json:"settings,omitzero"`
	Image    string   `json:"image,omitempty"` // name under URL of its picture, image.png or image.svg; "" where it has none
}

// Settings are what the people of an organisation choose for it.
type Settings struct {
	Website     string `json:"website,omitempty"`     // https or http
	Description string `json:"description,omitempty"` // who they are
	Language    string `json:"language,omitempty"`    // BCP 47, in which earners are written to; "" is English
	LinkedIn    string `json:"linkedIn,omitempty"`    // number of its LinkedIn page, for the form that adds awards to profiles
	Accent      string `json:"accent,omitempty"`      // colour of its pages, #rrggbb in small letters; "" is ours
	Zone        string `json:"zone,omitempty"`        // IANA name of the time zone in which its days are told; "" is UTC
	// Held says that nobody but the earner sees an award before it was claimed: for badges of minors.
	Held bool `json:"held,omitempty"`
	// Second are the acts that one person asks for and another allows. None: whoever may do something does it.
	Second []Act `json:"second,omitempty"`
	// RevocationList says that awards name the unsigned 1EdTechRevocationList of the organisation too, for verifiers that know no other.
	RevocationList bool `json:"revocationList,omitempty"`
}

// Act is something that can need a second person.
type Act string

const (
	ActAward  Act = "award"  // award one or many
	ActRevoke Act = "revoke" // revoke one or many
)

// Key is one key of an organisation. The private part lies sealed in the key folder under Name.
type Key struct {
	Name      string     `json:"name"`      // file name in the key folder
	Method    string     `json:"method"`    // verification method: the full DID URL
	Algorithm string     `json:"algorithm"` // EdDSA, ES256, ES384 or RS256
	Multikey  string     `json:"multikey"`  // public part (CID 1.0 section 2.2.2)
	State     KeyState   `json:"state"`
	Created   time.Time  `json:"created"`
	Ended     *time.Time `json:"ended,omitempty"` // when it was retired, or from when on others may have had it
}

// KeyState is the life of a key.
type KeyState string

const (
	KeyActive      KeyState = "active"      // signs
	KeyRetired     KeyState = "retired"     // signs no more; stays published so that what it signed stays authentic
	KeyCompromised KeyState = "compromised" // stands in the DID document as revoked, for nothing; what it signed is no longer authentic
)

// Achievement is a micro-credential that people can earn. A published one never changes, but that it can be archived.
type Achievement struct {
	ID           string    `json:"id"`           // 22 characters, the {id} of /a/{id}
	Organisation string    `json:"organisation"` // Organisation.ID
	URL          string    `json:"url"`          // the id of the achievement in credentials; "" for a draft
	Name         string    `json:"name"`
	Document     Text      `json:"document"`           // the Open Badges 3.0 Achievement object as JSON-LD; nil for a draft
	Published    time.Time `json:"published"`          // zero for a draft
	Archived     *Change   `json:"archived,omitempty"` // it is awarded no more
	Created      time.Time `json:"created,omitzero"`   // of the first draft
	Sequence     uint64    `json:"sequence,omitempty"` // counts the drafts, and again the published, in the order in which they came
	Revision     uint64    `json:"revision,omitempty"` // counts its changes, from the first draft on

	// Content is what Document says or will say, with short names in place of the ids that begin with URL.
	Content credential.Achievement `json:"content"`
	About   About                  `json:"about,omitzero"` // what else its page says; no part of Document

	Series     string          `json:"series,omitempty"`     // Achievement.ID of its first version; "": this is the first
	Replaces   string          `json:"replaces,omitempty"`   // Achievement.ID of the version before
	ReplacedBy string          `json:"replacedBy,omitempty"` // Achievement.ID of the version after, once that is published
	Duplicates DuplicatePolicy `json:"duplicates,omitempty"` // "" is DuplicatesAllowed
	Months     int             `json:"months,omitempty"`     // after which an award ends, unless it says otherwise; 0: it does not end
	Renewable  bool            `json:"renewable,omitempty"`  // its awards can be renewed, and say where to ask for the newest (refreshService)
}

// DuplicatePolicy says what happens when somebody is awarded an achievement that they hold already.
type DuplicatePolicy string

const (
	DuplicatesAllowed  DuplicatePolicy = "allow"   // they hold it twice
	DuplicatesReplaced DuplicatePolicy = "replace" // the new award takes the place of all before, which are superseded
	DuplicatesRefused  DuplicatePolicy = "refuse"  // kind conflict, code duplicate
)

// Credential is one award: the signed document in every form, and whether it is in force.
type Credential struct {
	ID           string    `json:"id"`         // 22 characters (128 random bits), the {id} of /c/{id}
	Identifier   string    `json:"identifier"` // the id of the credential: PUBLIC-URL/c/{id} or urn:uuid
	URL          string    `json:"url"`        // address of its page
	Organisation string    `json:"organisation"`
	Achievement  string    `json:"achievement"`
	Slot         Slot      `json:"slot"`
	Sequence     uint64    `json:"sequence"`               // counts the awards in the order in which they were begun
	Intended     time.Time `json:"intended"`               // when the intent was recorded, before anything was signed
	Issued       time.Time `json:"issued,omitzero"`        // zero until the signed forms are recorded
	By           string    `json:"by,omitempty"`           // who awarded it
	Tried        Tries     `json:"tried,omitzero"`         // of a draft: how often it could not be signed
	Unsigned     Text      `json:"unsigned,omitempty"`     // the document as recorded before signing; nil once JSON is there
	JSON         Text      `json:"json,omitempty"`         // with its Data Integrity proof
	Base         Text      `json:"base,omitempty"`         // with the base proof of ecdsa-sd-2023, for the holder alone; nil for other suites
	JWT          string    `json:"jwt,omitempty"`          // VC-JWT in the Open Badges 3.0 form
	IntegrityKey string    `json:"integrityKey,omitempty"` // Key.Name of the key that signed JSON and Base
	TokenKey     string    `json:"tokenKey,omitempty"`     // Key.Name of the key that signed JWT
	Revoked      *Change   `json:"revoked,omitempty"`
	Suspended    *Change   `json:"suspended,omitempty"`

	Recipient    string    `json:"recipient,omitempty"`    // keyed digest of the recipient's address, see [Service.RecipientKey]; "" for one of an earlier release, or erased
	Batch        string    `json:"batch,omitempty"`        // Batch.ID of the batch that made it
	Supersedes   string    `json:"supersedes,omitempty"`   // Credential.ID of the award whose place it takes
	AlsoReplaces []string  `json:"alsoReplaces,omitempty"` // Credential.ID of further awards that it ends, where nobody is to hold two of an achievement
	SupersededBy string    `json:"supersededBy,omitempty"` // Credential.ID of the award that takes its place
	Renewal      bool      `json:"renewal,omitempty"`      // the award whose place it takes stays in force until it ends
	Correction   bool      `json:"correction,omitempty"`   // the award whose place it takes said wrongly whom it is for
	Revocations  int       `json:"revocations,omitempty"`  // number of the 1EdTechRevocationList that it names, from 1; 0: of none
	Access       Access    `json:"access,omitempty"`
	Claimed      time.Time `json:"claimed,omitzero"` // when the earner took it
	Erased       *Change   `json:"erased,omitempty"` // nothing is left but its names and its place in the lists
}

// Access says who sees the page of an award. Whoever has the file can check it in any case.
type Access string

const (
	AccessUnlisted Access = ""       // whoever has its address
	AccessPublic   Access = "public" // everybody; search engines may list it
	AccessOff      Access = "off"    // nobody: the earner turned the page off
	AccessHeld     Access = "held"   // nobody before the earner claims it
)

// Tries are the attempts to sign a draft that failed for its own sake.
type Tries struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"` // when one was counted last
}

// AchievementState is the life of an achievement.
type AchievementState string

const (
	AchievementDraft     AchievementState = "draft"     // seen through [Workspace] only; can be changed
	AchievementPublished AchievementState = "published" // never changes; is awarded
	AchievementArchived  AchievementState = "archived"  // is awarded no more; its page and document stay
)

// State says where in its life an achievement stands.
func (a *Achievement) State() AchievementState {
	switch {
	case a.Published.IsZero():
		return AchievementDraft
	case a.Archived != nil:
		return AchievementArchived
	}
	return AchievementPublished
}

// CredentialState is what the issuer has decided about an award. Whether its dates hold is not part of it.
type CredentialState string

const (
	CredentialPending   CredentialState = "pending" // begun and not yet signed
	CredentialIssued    CredentialState = "issued"
	CredentialSuspended CredentialState = "suspended"
	CredentialRevoked   CredentialState = "revoked"
	CredentialErased    CredentialState = "erased" // and neither revoked nor suspended
)

// State says what the issuer has decided about the award.
func (c *Credential) State() CredentialState {
	switch {
	case c.Revoked != nil:
		return CredentialRevoked
	case c.Suspended != nil:
		return CredentialSuspended
	case c.Erased != nil:
		return CredentialErased
	case c.Issued.IsZero():
		return CredentialPending
	}
	return CredentialIssued
}

// Change says when, by whom and why the standing of a credential changed.
type Change struct {
	At     time.Time  `json:"at"`
	By     string     `json:"by"`
	Code   ReasonCode `json:"code,omitempty"`   // public
	Reason string     `json:"reason,omitempty"` // public, in the words of whoever did it
	Note   string     `json:"note,omitempty"`   // for the issuer alone
}

// ReasonCode says in one of a few words why the standing of an award changed. It is public.
type ReasonCode string

const (
	ReasonError      ReasonCode = "error"      // it was awarded by mistake
	ReasonEvidence   ReasonCode = "evidence"   // the evidence does not hold
	ReasonPolicy     ReasonCode = "policy"     // a rule of the issuer was broken
	ReasonRequest    ReasonCode = "request"    // the earner asked for it
	ReasonSuperseded ReasonCode = "superseded" // another award takes its place
	ReasonInquiry    ReasonCode = "inquiry"    // it is being looked into
	ReasonOther      ReasonCode = "other"
)

// Slot is the place of a credential in the status lists of its organisation.
type Slot struct {
	Revocation string `json:"revocation"` // id of the revocation list, the {list} of /status/{list}
	Suspension string `json:"suspension"` // id of the suspension list
	Index      int    `json:"index"`      // the same in both; random to the eye, never given twice
}
