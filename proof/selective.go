package proof

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// ecdsaSD2023 is Data Integrity ECDSA Cryptosuites 1.0 section 3.6: the issuer's P-256 key signs the statements that are mandatory
// and a key that lives for one document, which signs every other statement by itself. The holder of such a base proof derives
// others from it that reveal what is mandatory and what the holder chooses, see [Derive].
const ecdsaSD2023 = "ecdsa-sd-2023"

const (
	clauseSelectiveVerify = "VC-DI-ECDSA 3.6.7"
	clauseSelectiveCreate = "VC-DI-ECDSA 3.6.1"
	clauseSelectiveDerive = "VC-DI-ECDSA 3.6.6"
	clauseSelection       = "VC-DI-ECDSA 3.4" // of statements by JSON Pointers
)

// selectiveUnits is what one signature costs in units of [Secured.VerifyCounting]: it takes some 60 µs.
const selectiveUnits = 400

// baseProofFault is the finding for a proof that carries a base proof, whatever the key: nobody but its holder should have it.
// It is nil for any other proof value.
func baseProofFault(value, pointer string) *Error {
	if !strings.HasPrefix(value, "u"+base64.RawURLEncoding.EncodeToString([]byte(selectiveBase))) {
		return nil
	}
	return &Error{Code: CodeMalformed, Pointer: pointer + "/proofValue", Clause: clauseSelectiveVerify,
		Detail: "This is a base proof, which is for the holder of the credential alone: a proof has to be derived from it before the credential is shown."}
}

// verifySelective checks a derived proof of ecdsa-sd-2023 with the issuer's key (VC-DI-ECDSA section 3.6.7). own counts its
// statements and signatures.
func (s *Secured) verifySelective(ctx context.Context, p Proof, issuer *ecdsa.PublicKey) (shared, own int, err error) {
	value := p.raw["proofValue"].(string)
	invalid := func(member, detail string) *Error {
		return &Error{Code: CodeSignatureInvalid, Pointer: p.Pointer + member, Clause: clauseSelectiveVerify, Detail: detail}
	}
	before, length := s.selectiveBefore(p)
	if length > selectiveLongest {
		return 0, 0, &Error{Code: CodeTooComplex, Pointer: p.Pointer + "/proofValue", Clause: clauseSelectiveVerify, Detail: "The proofs for selective disclosure carry more signatures than are checked."}
	}
	derived, err := readDerivedValue(value)
	if err != nil {
		return 0, 0, invalid("/proofValue", "The proof value cannot be read: "+err.Error()+".")
	}
	ephemeral, err := ephemeralKey(derived.ephemeral)
	if err != nil {
		return 0, 0, invalid("/proofValue", "The proof value cannot be read: "+err.Error()+".")
	}
	_, shared, err = s.hashDocument(ctx, p.Previous, crypto.SHA256) // which also judges the document
	if err != nil {
		return shared, 0, err
	}
	if before >= setsAlways && before*shared > unitsMost {
		return shared, 0, &Error{Code: CodeTooComplex, Pointer: p.Pointer, Clause: clauseSelectiveVerify, Detail: "The document carries more proofs for selective disclosure than are looked at."}
	}
	configuration, own, err := s.hashConfiguration(ctx, p, ecdsaSelective, crypto.SHA256)
	if err != nil {
		return shared, own, err
	}
	labels := func(blanks int) ([]string, error) {
		if blanks != len(derived.labels) {
			return nil, invalid("/proofValue", "The proof labels other blank nodes than the document has.")
		}
		return selectiveLabels(derived.labels), nil
	}
	all, err := s.jsonld.Statements(ctx, s.withPrevious(p.Previous), nil, labels)
	if err != nil {
		return shared, own, wrapRDF(err)
	}
	own += all.Units
	others, mandatory, fits := split(all.All, derived.mandatory)
	if !fits || len(others) != len(derived.signatures) {
		return shared, own, invalid("/proofValue", "The proof is about other statements than the document makes.")
	}
	// The Recommendation's text has the ephemeral key check this one too, so that a proof of anybody's own making would pass; its
	// vectors are signed by the issuer, as its other sections say.
	own += selectiveUnits
	if fault := ecdsaRDFC2019.verify(issuer, selectiveData(configuration, derived.ephemeral, mandatory), derived.signature); fault != nil {
		return shared, own, invalid("", "The signature does not fit what every proof of this credential has to reveal, and this key.")
	}
	for i, statement := range others {
		if err := ctx.Err(); err != nil {
			return shared, own, err
		}
		own += selectiveUnits
		if fault := ecdsaRDFC2019.verify(ephemeral, []byte(statement), derived.signatures[i]); fault != nil {
			refusal := invalid("", "A statement of the document is not one that was signed.")
			own += all.Units
			if place, err := s.jsonld.Place(ctx, s.withPrevious(p.Previous), statement, labels); err == nil && place != "" {
				refusal.Pointer = place // of the value, as everything that has to be revealed was signed
			}
			return shared, own, refusal
		}
	}
	return shared, own, nil
}

// selectiveBefore counts the proofs of ecdsa-sd-2023 before p, and the characters of their values with its own.
func (s *Secured) selectiveBefore(p Proof) (before, length int) {
	for _, other := range s.Proofs {
		if other.Suite != ecdsaSD2023 {
			continue
		}
		value, _ := other.raw["proofValue"].(string)
		length += len(value)
		if other.Pointer == p.Pointer {
			break
		}
		before++
	}
	return before, length
}

// withPrevious is the document with the proofs in it that are named by previous, which is what is signed (Data Integrity 1.0
// section 4.3 step 4).
func (s *Secured) withPrevious(previous []string) map[string]any {
	if len(previous) == 0 {
		return s.Value
	}
	var matching []any
	for _, p := range s.Proofs {
		if slices.Contains(previous, p.ID) {
			matching = append(matching, p.raw)
		}
	}
	document := maps.Clone(s.Value)
	document["proof"] = matching
	return document
}

// split parts the statements into those at the places of the mandatory ones, whose hash it gives, and the others. The places
// ascend; fits is false when there are more than statements.
func split(all []rdf.Statement, places []int) (others []string, mandatory []byte, fits bool) {
	hash := sha256.New()
	for i, statement := range all {
		if len(places) > 0 && places[0] == i {
			places = places[1:]
			hash.Write([]byte(statement.Line))
		} else {
			others = append(others, statement.Line)
		}
	}
	return others, hash.Sum(nil), len(places) == 0
}

// selectiveData is what the issuer signs (serializeSignData, VC-DI-ECDSA section 3.5.1): the hash of the proof configuration, the
// key that signs the other statements, and the hash of the mandatory ones.
func selectiveData(configuration, ephemeral, mandatory []byte) []byte {
	return slices.Concat(configuration, ephemeral, mandatory)
}

// selectiveLabels writes labels as blank node identifiers (createHmacIdLabelMapFunction, VC-DI-ECDSA section 3.4). The u makes
// them ones whatever they begin with.
func selectiveLabels(labels [][]byte) []string {
	names := make([]string, len(labels))
	for i, label := range labels {
		names[i] = "u" + base64.RawURLEncoding.EncodeToString(label)
	}
	return names
}

// pointerFault is the finding for a JSON Pointer that selects nothing, or nothing that has a meaning of its own.
func pointerFault(pointer, detail string) *Error {
	return &Error{Code: CodeMalformed, Pointer: pointer, Clause: clauseSelection, Detail: fmt.Sprintf("JSON pointer %.200q %s.", pointer, detail)}
}
