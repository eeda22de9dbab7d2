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
}

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
}

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
}

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
)

// State says what the issuer has decided about the award.
func (c *Credential) State() CredentialState {
	switch {
	case c.Revoked != nil:
		return CredentialRevoked
	case c.Suspended != nil:
		return CredentialSuspended
	case c.Issued.IsZero():
		return CredentialPending
	}
	return CredentialIssued
}

// Change says when, by whom and why the standing of a credential changed.
type Change struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

// Slot is the place of a credential in the status lists of its organisation.
type Slot struct {
	Revocation string `json:"revocation"` // id of the revocation list, the {list} of /status/{list}
	Suspension string `json:"suspension"` // id of the suspension list
	Index      int    `json:"index"`      // the same in both; random to the eye, never given twice
}
