package proof

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// Groups of statements in a derivation: bits of [rdf.Statement.By].
const (
	byIssuer = 1 << iota // mandatory
	byHolder
)

// Derive makes of a credential with a base proof of ecdsa-sd-2023 one with a derived proof, which its holder may show
// (VC-DI-ECDSA section 3.6.6). document is the JSON text of the credential as its issuer gave it to the holder; the result
// reveals what the issuer made mandatory and what pointers select: JSON Pointers (RFC 6901) of values of the document, each
// revealed whole, with the id and type of every object on the way. With neither it has only the context, id and types of the
// credential. Members stay in their order; other proofs, which are about the whole document, are left out.
//
// The statements that are revealed have to be those that were signed, but whether the issuer signed is for whoever verifies the
// result. Errors are [*Error] or that of ctx; a pointer that names nothing, or a part that would mean something else on its own,
// is malformed, with the pointer.
func Derive(ctx context.Context, document []byte, pointers []string, o Options) ([]byte, error) {
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		return nil, err
	}
	proofText, base, err := findBase(document, value)
	if err != nil {
		return nil, err
	}
	delete(value, "proof")
	jsonld := o.processor()
	if _, _, err := jsonld.Sum(ctx, value, crypto.SHA256); err != nil {
		return nil, wrapRDF(err)
	}
	mandatory, err := selectPointers(value, base.pointers)
	if err != nil {
		return nil, err
	}
	if len(base.pointers)+len(pointers) == 0 {
		pointers = []string{"/@context"} // which states nothing; id and types of the document go with it
	}
	chosen, err := selectPointers(value, pointers)
	if err != nil {
		return nil, err
	}
	combined := slices.Concat(base.pointers, pointers)
	all, err := jsonld.Statements(ctx, value, []*rdf.Selection{mandatory, chosen}, hmacLabels(base.hmac))
	if err != nil {
		return nil, wrapRDF(err)
	}
	both, err := selectPointers(value, combined)
	if err != nil {
		return nil, err
	}
	text, err := revealed(ctx, document, value, combined, both, all.Selected, jsonld)
	if err != nil {
		return nil, err
	}
	derived, err := deriveValue(ctx, base, all)
	if err != nil {
		return nil, err
	}
	encoded, err := derived.encode()
	if err != nil {
		return nil, err
	}
	return layOut(addMember(text, "proof", withValue(proofText, encoded)), document)
}

// deriveValue takes out of a base proof what belongs to the statements that are revealed (createDisclosureData, VC-DI-ECDSA section
// 3.5.4).
func deriveValue(ctx context.Context, base baseValue, all *rdf.Statements) (derivedValue, error) {
	d := derivedValue{signature: base.signature, ephemeral: base.ephemeral}
	unfit := &Error{Code: CodeMalformed, Pointer: "/proof", Clause: clauseSelectiveDerive, Detail: "The base proof does not fit this document."}
	key, err := ephemeralKey(base.ephemeral)
	if err != nil {
		return d, unfit
	}
	signatures, place := base.signatures, 0
	for _, statement := range all.All {
		if err := ctx.Err(); err != nil {
			return d, err
		}
		if statement.By&byIssuer != 0 {
			d.mandatory = append(d.mandatory, place)
			place++
			continue
		}
		if len(signatures) == 0 {
			return d, unfit
		}
		signature := signatures[0]
		if signatures = signatures[1:]; statement.By == 0 {
			continue
		}
		if ecdsaRDFC2019.verify(key, []byte(statement.Line), signature) != nil {
			return d, unfit
		}
		d.signatures = append(d.signatures, signature)
		place++
	}
	if len(signatures) > 0 {
		return d, unfit
	}
	for _, label := range all.Labels {
		octets, err := base64.RawURLEncoding.DecodeString(label[len("u"):])
		if err != nil {
			return d, err
		}
		d.labels = append(d.labels, octets)
	}
	return d, nil
}

// findBase is the one base proof of a document, as text and as read. value is the document as parsed.
func findBase(document []byte, value map[string]any) (text []byte, base baseValue, err error) {
	fault := func(detail string) error {
		return &Error{Code: CodeMalformed, Pointer: "/proof", Clause: clauseSelectiveDerive, Detail: detail}
	}
	var texts []part
	for _, m := range parts(bytes.TrimSpace(document)) {
		if m.name == "proof" {
			texts = []part{m}
		}
	}
	proofs, isArray := value["proof"].([]any)
	if isArray {
		texts = parts(texts[0].value)
	} else {
		proofs = []any{value["proof"]}
	}
	for i, proof := range proofs {
		p, _ := proof.(map[string]any)
		encoded, _ := p["proofValue"].(string)
		if p["type"] != "DataIntegrityProof" || p["cryptosuite"] != ecdsaSD2023 || baseProofFault(encoded, "") == nil {
			continue
		}
		if text != nil {
			return nil, base, fault("The document carries two base proofs.")
		}
		if _, there := p["previousProof"]; there {
			return nil, base, fault("The base proof covers other proofs, so nothing can be derived from it alone.")
		}
		text = texts[i].value
		if base, err = readBaseValue(encoded); err != nil {
			return nil, base, fault("The base proof cannot be read: " + err.Error() + ".")
		}
	}
	if text == nil {
		return nil, base, fault("The document carries no base proof of " + ecdsaSD2023 + " that a proof could be derived from.")
	}
	return text, base, nil
}

// withValue is the text of a proof with another proof value.
func withValue(proof []byte, value string) []byte {
	members := parts(proof)
	for i := range members {
		if members[i].name == "proofValue" {
			members[i].value = []byte(`"` + value + `"`) // base64url needs no escape
		}
	}
	return join(members)
}

// withoutProof is the text of a document without its proofs.
func withoutProof(document []byte) []byte {
	return join(slices.DeleteFunc(parts(bytes.TrimSpace(document)), func(m part) bool { return m.name == "proof" }))
}

// join is [parts] the other way round, for an object.
func join(members []part) []byte {
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, m.key...), ':'), m.value...)
	}
	return append(out, '}')
}

// layOut writes JSON on one line, or with its members on lines of their own where a document has several lines.
func layOut(text, like []byte) ([]byte, error) {
	var out bytes.Buffer
	if !bytes.ContainsRune(bytes.TrimSpace(like), '\n') {
		err := json.Compact(&out, text)
		return out.Bytes(), err
	}
	err := json.Indent(&out, text, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}
