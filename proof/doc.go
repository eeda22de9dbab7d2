// Package proof secures documents and opens secured ones: Data Integrity proofs in JSON-LD, and JSON Web Tokens.
//
// Start with [Seal], [AddProof] and [SealJWT] to secure, and with [ReadIntegrity] or [ReadJWT] to open: both give a [Secured] document
// with its proofs, each of which [Secured.Verify] checks with one key. Whose key that has to be is not decided here: the
// caller finds it, because that may need the network. The package is pure given the keys; it waits for nothing.
//
// A suite is one value, with what it does by itself, and one line in the table of suites. What is exported may still change before version 1.
package proof

import (
	"context"
	"crypto"
	"fmt"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// Codes of the findings of this package; they are codes of the verification report. Codes of [strict] occur too.
const (
	CodeMalformed        = strict.CodeMalformed
	CodeTooComplex       = strict.CodeTooComplex
	CodeContextUntrusted = "context_untrusted" // a context that is not built in, or not where one may stand
	CodeUnsafeJSONLD     = "unsafe_jsonld"     // something in the document would not be signed
	CodeAlgNotAllowed    = "alg_not_allowed"   // a suite or algorithm outside the list
	CodeWeakKey          = "weak_key"
	CodeKeyMismatch      = "key_mismatch"      // the key is not of the kind that the suite needs
	CodeSignatureInvalid = "signature_invalid" // the signature does not fit document and key
	CodeAmbiguous        = "ambiguous"         // the token can be read as two credentials
)

// Error is a finding of this package: Code for programs, Pointer into the document, Detail for people, Clause of the rule.
type Error struct {
	Code    string
	Pointer string
	Clause  string
	Detail  string
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Form is the way in which a document is secured.
type Form string

const (
	DataIntegrity Form = "data-integrity" // a proof member inside the JSON-LD document (Data Integrity 1.0)
	OpenBadgesJWT Form = "jwt"            // compact JWS, typ JWT or absent (Open Badges 3.0 section 8.2)
	VCJWT         Form = "vc+jwt"         // compact JWS, typ vc+jwt (Securing VCs using JOSE and COSE section 3.1.1)
	VPJWT         Form = "vp+jwt"         // a presentation as a compact JWS, typ vp+jwt (the same, section 3.1.2)
)

// Options of reading. The zero value knows the built-in contexts of Open Badges.
type Options struct {
	// VC is the profile vc: the contexts that are not for Open Badges are built in too.
	VC bool
	// AnyVersion reads the claim vc of a token whatever the data model of the credential in it is, as the interoperability suites
	// write it. It is for judging proofs alone: such a token can be read in two ways.
	AnyVersion bool
	// Context answers the JSON-LD context document of a URL in place of the built-in ones. Tests of foreign vectors fill it;
	// nothing in the product does.
	Context func(url string) ([]byte, error)
}

// The processors keep the contexts that they have read, so there is one for each set of contexts.
var (
	openBadges = sync.OnceValue(func() *rdf.Processor { return builtIn(rdf.Options{}) })
	allVC      = sync.OnceValue(func() *rdf.Processor { return builtIn(rdf.Options{Inline: true}) })
)

// builtIn is a processor for the built-in contexts; with o.Inline it is that of the profile vc.
func builtIn(o rdf.Options) *rdf.Processor {
	o.Context = func(url string) ([]byte, error) {
		c, err := contexts.Get(url)
		if err == nil && c.VCOnly && !o.Inline {
			err = fmt.Errorf("the context %s is not for Open Badges", url)
		}
		return c.JSON, err
	}
	for _, c := range contexts.All() {
		o.Vocabulary = append(o.Vocabulary, c.URL)
	}
	return rdf.NewProcessor(o)
}

func (o Options) processor() *rdf.Processor {
	switch {
	case o.Context != nil:
		return rdf.NewProcessor(rdf.Options{Context: o.Context})
	case o.VC:
		return allVC()
	}
	return openBadges()
}

// Paths counts JSON-LD documents that have got a canonical form.
type Paths struct {
	Compiled uint64 // in one pass with the contexts as compiled once
	General  uint64 // beside json-gold, because they define terms themselves
}

// Canonicalized counts the documents of this process since its start, under the built-in contexts.
func Canonicalized() Paths {
	var sum Paths
	for _, p := range []*rdf.Processor{openBadges(), allVC()} {
		compiled, general := p.Counts()
		sum.Compiled += compiled
		sum.General += general
	}
	return sum
}

// Proof is one proof of a secured document, as read. Nothing in it has been checked but its own form.
type Proof struct {
	Pointer   string    // JSON Pointer to it in the document; "" for a JWT
	ID        string    // its own id, where it has one
	Type      string    // DataIntegrityProof, JWT or the name of another type
	Suite     string    // the cryptosuite or the JWS algorithm
	Purpose   string    // proofPurpose; assertionMethod for a JWT
	Method    string    // verificationMethod, or the kid of a JWT; "" where a JWT brings its key along
	JWK       *keys.JWK // the key that a JWT brings along: to be believed only when the issuer's document holds it
	Created   time.Time // zero when absent
	Expires   time.Time // zero when absent
	Domain    []string  // the domains it is meant for
	Challenge string    // the challenge it answers
	Previous  []string  // ids of the proofs that it covers too (Data Integrity 1.0 section 2.1.2)
	Contexts  []any     // its own @context, which in a suite of canonical JSON is all of the document's that it covers; nil when absent

	raw  map[string]any // the proof object of Data Integrity
	err  *Error         // why it cannot be checked at all
	base bool           // because it is a base proof of ecdsa-sd-2023
}

// Fault says why the proof cannot be checked whatever the key: a suite that Laurel does not know, a member that is missing.
// It is nil for a proof that [Secured.Verify] can decide.
func (p Proof) Fault() *Error { return p.err }

// Secured is a secured document.
type Secured struct {
	Form   Form
	Value  map[string]any // the document without what secures it: what the proofs are about
	Proofs []Proof        // in the order of the document
	Claims Claims         // of a JWT

	jsonld *rdf.Processor
	signed map[string]any    // of Data Integrity: the document as received
	hashes map[string]hashed // by the name of the variant
	verify func(ctx context.Context, p Proof, key crypto.PublicKey) (shared, own int, err error)
}

// hashed is the hash of a canonical form, or why there is none, and what it cost.
type hashed struct {
	sum   []byte
	units int
	err   error
}

// Verify checks one of the proofs of s with key. It returns nil when the signature fits, else an [*Error], or the error of
// ctx. It does not judge whose key it is, what the proof is for, nor when.
func (s *Secured) Verify(ctx context.Context, p Proof, key crypto.PublicKey) error {
	_, _, err := s.VerifyCounting(ctx, p, key)
	return err
}

// VerifyCounting is [Secured.Verify] that also says what the check costs, in units of at most a quarter of a microsecond, which
// are the same on every machine: shared for the canonical forms of the document, whether they were made now or for an earlier
// check, of which the dearest check tells all; own for what no other check needs, which adds up.
func (s *Secured) VerifyCounting(ctx context.Context, p Proof, key crypto.PublicKey) (shared, own int, err error) {
	if p.err != nil {
		return 0, 0, p.err
	}
	return s.verify(ctx, p, key)
}
