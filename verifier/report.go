package verifier

import (
	"maps"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// Report is what a verification found. Its JSON form is stable: pages, the API and `laurel verify --json` print it.
type Report struct {
	Outcome   Outcome   `json:"outcome"`
	Authentic Answer    `json:"authentic"` // did this issuer sign exactly this?
	InForce   Answer    `json:"inForce"`   // is it valid at AsOf: begun, not expired, not revoked, not suspended?
	AsOf      time.Time `json:"asOf"`      // the instant it was judged at
	Input     Input     `json:"input"`
	Checks    []Check   `json:"checks"` // every step at least once, in the order of Steps
	// Credential holds only what was secured. It is nil when Authentic is no.
	Credential *View `json:"credential,omitempty"`
	// Document is what was secured, out of its envelope where it had one, for programs that go on with it. It is no part of the
	// printed report, and nil unless Authentic is yes.
	Document map[string]any `json:"-"`
	// Text is what was judged, as the input carried it: JSON or a token. It is no part of the printed report either, and nil where
	// nothing was found to judge.
	Text []byte `json:"-"`
	// Credentials are the reports of the credentials inside a presentation or a record (CLR), each judged by itself.
	Credentials []*Report `json:"credentials,omitempty"`
	// Pointer is where a credential stands in the document around it (RFC 6901); "" for the input itself.
	Pointer string `json:"pointer,omitempty"`
}

// Outcome sums a report up: valid when it is authentic and in force, invalid when either is no, else unknown.
type Outcome string

const (
	Valid   Outcome = "valid"
	Invalid Outcome = "invalid"
	Unknown Outcome = "unknown"
)

// Answer is yes, no, or not known. Not known is never shown as good.
type Answer string

const (
	Yes       Answer = "yes"
	No        Answer = "no"
	Undecided Answer = "unknown"
)

// Input names what was read.
type Input struct {
	Kind   string `json:"kind"`             // json, jwt, png, svg, pdf, qr, url, zip ...
	SHA256 string `json:"sha256,omitempty"` // hex digest of the bytes as received, for an address of what was read there; absent when they were too many to read
	// Name is what it was handed in as: the name of a file, and below an archive or a document the names on the way, joined by "/".
	Name   string     `json:"name,omitempty"`
	URL    string     `json:"url,omitempty"`    // the address that the credential was read at, where the input led to it
	ReadAt *time.Time `json:"readAt,omitempty"` // when it was read there
}

// Steps in the order in which every report shows them.
var Steps = []string{"form", "contexts", "schema", "issuer", "proof", "dates", "status", "subject", "endorsement", "refresh", "recognition"}

// Result of one check.
type Result string

const (
	Pass          Result = "pass"
	Fail          Result = "fail"
	Warn          Result = "warn"           // worth knowing; changes no answer
	NotKnown      Result = "unknown"        // could not be read or could not run
	NotApplicable Result = "not_applicable" // nothing of this kind in the document
)

// Check is one finding of one step.
type Check struct {
	Step    string     `json:"step"`
	Code    string     `json:"code,omitempty"` // absent on pass and not_applicable
	Outcome Result     `json:"outcome"`
	Title   string     `json:"title"`
	Detail  string     `json:"detail"`            // one sentence for a person
	Pointer string     `json:"pointer,omitempty"` // JSON Pointer into the credential
	Clause  string     `json:"clause,omitempty"`  // specification and clause of the rule
	AsOf    *time.Time `json:"asOf,omitempty"`    // when the fact was read, where it came from outside the input
	Facts   Facts      `json:"facts,omitempty"`   // the values in it
}

// caseSkipped is the case of a step that was not looked at.
const caseSkipped = "not_looked_at"

// Skipped says whether the step was not looked at, because an earlier one had failed.
func (c Check) Skipped() bool { return c.Facts[FactCase] == caseSkipped }

// Unread is the check that says why there was nothing to judge: whether there is a credential is not known, because nothing could
// be read or was looked at. There is none for an input that was read, good or bad.
func (r *Report) Unread() (Check, bool) {
	for _, c := range r.Checks {
		if c.Step != "form" || c.Outcome != NotKnown {
			continue
		}
		if c.Code == credential.CodeInputUnavailable || c.Code == codeBlocked || strings.HasPrefix(c.Facts[FactCase], caseLeads) {
			return c, true
		}
	}
	return Check{}, false
}

// Facts are the values in a finding, so that it can be worded in any language. All of them are texts; which are there depends on
// the code.
type Facts map[string]string

// maxAddress is how many characters of an address a fact keeps; of any other value as many as a sentence repeats.
const maxAddress = 2048

// and adds facts, names and values in turn. A value that is empty is none; of a long one only the beginning is kept.
// f itself is not changed, nor is what comes back, which may be f.
func (f Facts) and(pairs ...string) Facts {
	var all Facts // made for the first value: most findings add one or none
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		if value == "" {
			continue
		}
		most := maxQuoted
		if name == FactAddress || name == FactPackSigner {
			most = maxAddress
		}
		if !isPlain(value, most) {
			value = quotedTo(value, most)
		} else if name != FactCase && name != FactOrigin && name != FactCause { // these are words of ours
			value = strings.Clone(value) // a part of it would hold a whole document
		}
		if value == "" {
			continue
		}
		if all == nil {
			all = make(Facts, len(f)+len(pairs)/2)
			maps.Copy(all, f)
		}
		all[name] = value
	}
	switch {
	case all != nil:
		return all
	case len(f) == 0:
		return nil
	}
	return f
}

// Names of facts.
const (
	FactAddress    = "address"    // what was read, or could not be: an https URL or a DID
	FactOrigin     = "origin"     // where that came from: network, installation, file (one that the caller gave) or pack (an offline pack)
	FactPackSigner = "packSigner" // DID of whoever signed the offline pack that it came from
	FactPackKey    = "packKey"    // the thumbprint of the key of that signature (RFC 7638)
	FactCause      = "cause"      // why it could not be read: one of the Cause constants
	FactCase       = "case"       // which of the things that one code stands for
	FactDate       = "date"       // RFC 3339: the instant that decides
	FactWho        = "who"        // id of who signed or says so, where that is not the issuer
	FactReason     = "reason"     // as the issuer gave it
	FactHere       = "here"       // what stands in the input
	FactPublished  = "published"  // what the issuer signed in its place
	FactName       = "name"       // name of a thing: a suite, an algorithm, a type, a file
	FactMost       = "most"       // a limit
)

// View is the credential as pages show it: values as they were signed, nothing else.
type View struct {
	Standard     string      `json:"standard"`         // "Open Badges 3.0", "Verifiable Credential 2.0" ...
	Kind         string      `json:"kind"`             // AchievementCredential, EndorsementCredential, VerifiableCredential ...
	ID           string      `json:"id,omitempty"`     //
	Name         string      `json:"name,omitempty"`   //
	Issuer       Party       `json:"issuer"`           //
	Holder       *Party      `json:"holder,omitempty"` // of a presentation
	Recipient    []Identity  `json:"recipient"`        // as signed; empty when the badge names nobody
	Achievement  *Award      `json:"achievement,omitempty"`
	Awarded      string      `json:"awarded,omitempty"`    // awardedDate, else validFrom
	ValidFrom    string      `json:"validFrom,omitempty"`  // RFC 3339 as signed
	ValidUntil   string      `json:"validUntil,omitempty"` // RFC 3339 as signed
	Results      []Mark      `json:"results"`
	Alignments   []Alignment `json:"alignments"`
	Evidence     []Evidence  `json:"evidence"`
	Endorsements []Party     `json:"endorsements"`
	Superseded   string      `json:"superseded,omitempty"` // address of the credential that took its place
}

// Party is an organisation or person as a credential names it: a claim of the signer, not a verified identity.
type Party struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	URL   string `json:"url,omitempty"`
	Image string `json:"image,omitempty"`
}

// Identity is one identifier of the recipient.
type Identity struct {
	Type   string `json:"type"`  // id for credentialSubject.id, else the identityType: emailAddress, name ...
	Value  string `json:"value"` // the identifier, or its hash
	Hashed bool   `json:"hashed"`
}

// Award is the achievement that the credential is for.
type Award struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Criteria    string `json:"criteria,omitempty"`    // Markdown narrative
	CriteriaURL string `json:"criteriaUrl,omitempty"` // where the criteria are published
	Type        string `json:"type,omitempty"`        // achievementType
	Version     string `json:"version,omitempty"`
	InLanguage  string `json:"inLanguage,omitempty"` // of its texts: a well-formed tag of BCP 47; "" where that is not said
	Creator     *Party `json:"creator,omitempty"`
	Image       string `json:"image,omitempty"`
}

// Mark is one result of the recipient with the description it belongs to.
type Mark struct {
	Name          string `json:"name"`
	Value         string `json:"value,omitempty"`
	AchievedLevel string `json:"achievedLevel,omitempty"` // name of the level
	Status        string `json:"status,omitempty"`
}

// Alignment is a node of a framework that the achievement stands for.
type Alignment struct {
	Name        string `json:"name"`
	URL         string `json:"url"`
	Code        string `json:"code,omitempty"`
	Framework   string `json:"framework,omitempty"`
	Description string `json:"description,omitempty"`
}

// Evidence is a reference to what the recipient showed.
type Evidence struct {
	ID          string `json:"id,omitempty"`
	Name        string `json:"name,omitempty"`
	Narrative   string `json:"narrative,omitempty"`
	Description string `json:"description,omitempty"`
	Genre       string `json:"genre,omitempty"`
}
