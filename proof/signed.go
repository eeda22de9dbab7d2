package proof

import (
	"context"
	"crypto"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// signedData is what a signature of p is over: the hash of its configuration, and behind it that of the document with the
// proofs that it covers (VC-DI-EDDSA section 3.2.4, VC-DI-ECDSA section 3.2.4). shared and own are as of
// [Secured.VerifyCounting].
func (s *Secured) signedData(ctx context.Context, p Proof, suite suite, hash crypto.Hash) (data []byte, shared, own int, err error) {
	if suite.form == formJCS {
		return s.signedText(ctx, p, suite, hash)
	}
	document, shared, err := s.hashDocument(ctx, p.Previous, hash)
	if err != nil {
		return nil, shared, 0, err
	}
	configuration, own, err := s.hashConfiguration(ctx, p, suite, hash)
	return append(configuration, document...), shared, own, err
}

// inProof puts the pointer of the proof before that of a finding in its configuration.
func inProof(p Proof, err error) error {
	var fault *Error
	if errors.As(err, &fault) {
		return &Error{Code: fault.Code, Pointer: p.Pointer + fault.Pointer, Clause: fault.Clause, Detail: fault.Detail}
	}
	return err
}

// variant is what of the document a canonical dataset is made of. The zero value is the document without proofs.
type variant struct {
	previous []string // with the proofs of these ids in it
	contexts []any    // under these contexts; nil for its own
}

func (v variant) isDocument() bool { return len(v.previous) == 0 && v.contexts == nil }

// variantOf is what a proof needs beside the document itself.
func (s *Secured) variantOf(p Proof) variant {
	if suite, known := findSuite(p.Type, p.Suite); !known || suite.form != formJCS {
		return variant{previous: p.Previous}
	}
	if own := contextList(s.signed["@context"]); p.Contexts != nil && begins(own, p.Contexts) && len(p.Contexts) < len(own) {
		return variant{contexts: p.Contexts}
	}
	return variant{}
}

// Each variant has a canonical form of its own. setsAlways of them are made, and more until all together have cost unitsMost,
// in units of [Secured.VerifyCounting]. A badge of 3 kB takes some 600 for one.
const (
	setsAlways = 2
	unitsMost  = 1 << 17
)

// Units is what the canonical form of the document has cost, in units of [Secured.VerifyCounting]; 0 before [Secured.CheckDocument].
func (s *Secured) Units() int { return s.hashes[s.variantName(variant{}, crypto.SHA256)].units }

// variantName tells the canonical forms of the document apart: by the hash, by the proofs in it, and by how many of its contexts
// hold.
func (s *Secured) variantName(v variant, hash crypto.Hash) string {
	name := hash.String()
	for i, p := range s.Proofs {
		if p.ID != "" && slices.Contains(v.previous, p.ID) {
			name += " " + strconv.Itoa(i)
		}
	}
	if v.contexts != nil {
		name += " under " + strconv.Itoa(len(v.contexts))
	}
	return name
}

// hashDocument is the hash of the canonical document with the proofs named by previous in it (Data Integrity 1.0 section
// 4.3 step 4), and with none when there are none.
func (s *Secured) hashDocument(ctx context.Context, previous []string, hash crypto.Hash) (sum []byte, units int, err error) {
	return s.hashVariant(ctx, variant{previous: previous}, hash)
}

// hashVariant is the hash of the canonical dataset of a variant that one of the proofs needs. units is what that needs, whether it
// was made now or before. What it may cost hangs on the text alone and not on what was asked before: the variants are made in
// the order of the proofs.
func (s *Secured) hashVariant(ctx context.Context, v variant, hash crypto.Hash) (sum []byte, units int, err error) {
	document := s.canonicalize(ctx, variant{}, hash)
	if v.isDocument() {
		return document.sum, document.units, document.err
	}
	units = document.units
	made := map[string]bool{}
	for _, p := range s.Proofs {
		needed := s.variantOf(p)
		name := s.variantName(needed, hash)
		if made[name] || needed.isDocument() {
			continue
		}
		if len(made) >= setsAlways && units > unitsMost {
			break
		}
		made[name] = true
		h := s.canonicalize(ctx, needed, hash)
		if units += h.units; name == s.variantName(v, hash) {
			return h.sum, units, h.err
		}
	}
	detail := "The proofs cover each other in more ways than are looked at."
	if v.contexts != nil {
		detail = "The proofs cover the contexts of the document in more ways than are looked at."
	}
	return nil, units, &Error{Code: CodeTooComplex, Clause: "VC-DATA-INTEGRITY 4.3", Detail: detail}
}

// canonicalize is hashVariant for one variant, each of which is canonicalised once.
func (s *Secured) canonicalize(ctx context.Context, v variant, hash crypto.Hash) hashed {
	name := s.variantName(v, hash)
	if known, done := s.hashes[name]; done {
		return known
	}
	document := s.withPrevious(v.previous)
	if v.contexts != nil {
		document = maps.Clone(document)
		document["@context"] = v.contexts
	}
	var h hashed
	h.sum, h.units, h.err = s.jsonld.Sum(ctx, document, hash)
	h.err = wrapRDF(h.err)
	if ctx.Err() == nil {
		s.hashes[name] = h
	}
	return h
}

// hashConfiguration is the hash of the canonical configuration of p: the proof without its value, under the contexts of the
// document (VC-DI-EDDSA section 3.2.5), and what it cost.
func (s *Secured) hashConfiguration(ctx context.Context, p Proof, suite suite, hash crypto.Hash) (sum []byte, units int, err error) {
	context := s.signed["@context"]
	// The suite puts the document's @context in place of the proof's own, which would so go unsigned.
	if own, there := p.raw["@context"]; there && !reflect.DeepEqual(own, context) {
		return nil, 0, &Error{Code: CodeContextUntrusted, Pointer: p.Pointer + "/@context", Clause: suite.clause, Detail: "The proof carries a context of its own, which its signature does not cover."}
	}
	if c, usual := usualConfiguration(p.raw); usual {
		c.Context = context
		sum, err = s.jsonld.SumConfiguration(ctx, c, hash)
		return sum, 0, inProof(p, wrapRDF(err))
	}
	config := maps.Clone(p.raw)
	delete(config, "proofValue")
	config["@context"] = context
	sum, units, err = s.jsonld.Sum(ctx, config, hash)
	return sum, units, inProof(p, wrapRDF(err))
}

// usualConfiguration says whether a proof has the members of [rdf.Configuration] and its value, all texts, and no other.
func usualConfiguration(proof map[string]any) (c rdf.Configuration, usual bool) {
	usual = true
	members := 0
	text := func(name string) string {
		value, there := proof[name]
		text, isText := value.(string)
		if usual = usual && isText == there && (text != "") == there; there {
			members++
		}
		return text
	}
	c.Suite, c.Created, c.Method = text("cryptosuite"), text("created"), text("verificationMethod")
	usual = text("type") == typeDataIntegrity && text("proofPurpose") == keys.AssertionMethod && usual
	text("proofValue")
	return c, usual && members == len(proof)
}
