package proof

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"maps"
	"reflect"

	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// signedText is [Secured.signedData] of the suites that sign the canonical JSON text of document and configuration
// (VC-DI-EDDSA section 3.3, VC-DI-ECDSA section 3.3).
func (s *Secured) signedText(ctx context.Context, p Proof, suite suite, hash crypto.Hash) (data []byte, shared, own int, err error) {
	if shared, err = s.checkContexts(ctx, p, suite); err != nil {
		return nil, shared, 0, err
	}
	document := s.withPrevious(p.Previous)
	if own, there := p.raw["@context"]; there {
		document = maps.Clone(document)
		document["@context"] = own // section 3.3.2 step 4.2
	}
	configuration := maps.Clone(p.raw)
	delete(configuration, "proofValue")
	data, own, err = hashText(nil, configuration, hash)
	if err != nil {
		return nil, shared, own, inProof(p, err)
	}
	data, text, err := hashText(data, document, hash)
	return data, shared, own + text, err
}

// textUnit is how many bytes of canonical JSON are written and hashed in one unit of [Secured.VerifyCounting], at least.
const textUnit = 16

// hashText appends the hash of a canonical JSON text.
func hashText(data []byte, value map[string]any, hash crypto.Hash) (sum []byte, units int, err error) {
	text, err := rdf.AppendCanonicalJSON(nil, value)
	if err != nil {
		var fault *Error
		if err = wrapRDF(err); errors.As(err, &fault) {
			fault.Clause = "RFC 8785 3.2.2.3" // a number
		}
		return nil, 0, err
	}
	state := hash.New()
	state.Write(text)
	return state.Sum(data), len(text) / textUnit, nil
}

// checkContexts says whether a signature over the text of the document under the proof's own @context covers all that the
// document means. The contexts have to be those that the document begins with (VC-DI-EDDSA section 3.3.2 step 4.1), so that
// others may be put behind them for a later proof. These later ones are not signed: the document has to mean the same without
// them. A proof without @context covers the text as it stands. In no case may a part of the document be without meaning, as
// a reader would take it for signed data all the same (Data Integrity 1.0 section 2.4.1).
func (s *Secured) checkContexts(ctx context.Context, p Proof, suite suite) (units int, err error) {
	whole, units, err := s.hashVariant(ctx, variant{}, crypto.SHA256)
	if err != nil || p.Contexts == nil {
		return units, err
	}
	untrusted := func(pointer, detail string) error {
		return &Error{Code: CodeContextUntrusted, Pointer: pointer, Clause: suite.clause + ".2", Detail: detail}
	}
	if !begins(contextList(s.signed["@context"]), p.Contexts) {
		return units, untrusted(p.Pointer+"/@context", "The document does not begin with the contexts that the proof covers.")
	}
	covered := s.variantOf(p)
	if covered.isDocument() {
		return units, nil
	}
	sum, units, err := s.hashVariant(ctx, covered, crypto.SHA256)
	const unsigned = "A part of the document has its meaning from a context that the proof does not cover."
	var fault *Error
	switch {
	case errors.As(err, &fault) && fault.Code == CodeUnsafeJSONLD:
		return units, untrusted(fault.Pointer, unsigned)
	case err == nil && !bytes.Equal(sum, whole):
		return units, untrusted("/@context", unsigned)
	}
	return units, err
}

// contextList is an @context as the list that it stands for.
func contextList(value any) []any {
	if list, isList := value.([]any); isList {
		return append([]any{}, list...) // never nil
	}
	return []any{value}
}

// begins says whether list has start at its beginning.
func begins(list, start []any) bool {
	return len(start) <= len(list) && reflect.DeepEqual(list[:len(start)], start)
}
