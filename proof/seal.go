package proof

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
)

// SealOptions says how [Seal] and [AddProof] secure a document. All but Signer may be left out.
type SealOptions struct {
	Signer    keys.Signer // its ID becomes the verificationMethod
	Suite     string      // one of [Suites]; "" is eddsa-rdfc-2022
	Purpose   string      // proofPurpose: assertionMethod, which "" stands for, or authentication for a presentation
	ID        string      // of the proof, so that later ones can cover it
	Created   time.Time   // when it is signed, to the second; zero leaves created out, which Ed25519Signature2020 does not allow
	Expires   time.Time   // until when the proof counts, to the second; zero for ever
	Domain    []string    // whom it is meant for
	Challenge string      // what it answers
	Previous  []string    // ids of the proofs in the document that it covers too (Data Integrity 1.0 section 2.1.2)

	// Mandatory, of ecdsa-sd-2023 alone, are JSON Pointers to what every derived proof has to show. The issuer, the dates and the
	// status are mandatory in any case, or a holder could leave out that the credential has ended. None makes of a badge what
	// [OpenBadgeMandatory] names.
	Mandatory []string

	Context func(url string) ([]byte, error) // as in [Options]
}

// Seal adds a Data Integrity proof to document, the JSON text of an unsecured credential or presentation (Data Integrity 1.0
// section 4.2). The text of the document stays as it is; the proof is put at its end. It refuses a document of which anything
// would not be signed, and one that carries a proof already. Errors are [*Error], of the strict reader, of the signer, or of ctx.
func Seal(ctx context.Context, document []byte, o SealOptions) ([]byte, error) {
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		return nil, err
	}
	if _, there := value["proof"]; there {
		return nil, &Error{Code: CodeMalformed, Pointer: "/proof", Detail: "The document carries a proof already."}
	}
	s, _ := ReadIntegrity(value, Options{VC: true, Context: o.Context}) // its error is that there is no proof
	signed, err := s.seal(ctx, document, o)
	if err != nil {
		return nil, err
	}
	return addMember(document, "proof", signed), nil
}

// AddProof is [Seal] for a document that carries proofs: it puts another one behind them (Data Integrity 1.0 section 4.3). With
// o.Previous the new proof covers proofs that are there; it does not check them. A base proof of ecdsa-sd-2023 may be among them,
// but nothing covers it, as nobody but its holder would have what was signed, and it stays the only one.
func AddProof(ctx context.Context, document []byte, o SealOptions) ([]byte, error) {
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		return nil, err
	}
	s, err := ReadIntegrity(value, Options{VC: true, Context: o.Context})
	if err != nil {
		return nil, err
	}
	for _, p := range s.Proofs {
		if fault := p.Fault(); fault != nil && fault.Code == CodeMalformed && (!p.base || slices.Contains(o.Previous, p.ID)) {
			return nil, fault
		}
	}
	signed, err := s.seal(ctx, document, o)
	if err != nil {
		return nil, err
	}
	return addToMember(document, "proof", signed), nil
}

// sealed is a proof as it is written.
type sealed struct {
	ID        string `json:"id,omitempty"`
	Type      string `json:"type"`
	Suite     string `json:"cryptosuite,omitempty"`
	Created   string `json:"created,omitempty"`
	Expires   string `json:"expires,omitempty"`
	Method    string `json:"verificationMethod"`
	Purpose   string `json:"proofPurpose"`
	Domain    any    `json:"domain,omitempty"` // a text, or several
	Challenge string `json:"challenge,omitempty"`
	Previous  any    `json:"previousProof,omitempty"` // a text, or several
	Contexts  any    `json:"@context,omitempty"`
	Value     string `json:"proofValue,omitempty"`
}

// object is the proof as a reader takes it from its text.
func (p sealed) object() (map[string]any, error) {
	text, err := marshal(p)
	if err != nil {
		return nil, err
	}
	return strict.Object(text, credential.JSONLimits())
}

// seal makes one more proof of s, in JSON. document is the text of s.
func (s *Secured) seal(ctx context.Context, document []byte, o SealOptions) ([]byte, error) {
	suite, known := suites[cmp.Or(o.Suite, eddsaRDFC2022.name)]
	if !known || suite.verifyOnly {
		return nil, &Error{Code: CodeAlgNotAllowed, Detail: fmt.Sprintf("Laurel does not sign with %q.", o.Suite)}
	}
	hash := suite.hash(o.Signer.Signer.Public())
	if hash == 0 {
		return nil, &Error{Code: CodeKeyMismatch, Clause: suite.clause, Detail: "The key is not of the kind that " + suite.name + " uses."}
	}
	if len(s.Proofs) >= credential.Limits.Proofs {
		return nil, &Error{Code: CodeTooComplex, Pointer: "/proof", Detail: fmt.Sprintf("The document would carry more than %d proofs.", credential.Limits.Proofs)}
	}
	written, err := s.configure(suite, o)
	if err != nil {
		return nil, err
	}
	configuration, err := written.object()
	if err != nil {
		return nil, err
	}
	p := Proof{Pointer: "/proof", ID: written.ID, Type: written.Type, Suite: suite.name, Previous: o.Previous, raw: configuration}
	if written.Contexts != nil {
		p.Contexts = contextList(written.Contexts)
	}
	s.Proofs = append(s.Proofs, p)
	if err := checkChain(s.Proofs); err != nil {
		return nil, err
	}
	if suite.form == formSelective {
		written.Value, err = s.signSelective(ctx, p, document, o)
	} else {
		written.Value, err = s.sign(ctx, p, suite, o.Signer)
	}
	if err != nil {
		return nil, err
	}
	return marshal(written)
}

// configure writes all of a proof but its value.
func (s *Secured) configure(suite suite, o SealOptions) (sealed, error) {
	refuse := func(detail string) (sealed, error) {
		return sealed{}, &Error{Code: CodeMalformed, Clause: "VC-DATA-INTEGRITY 2.1", Detail: detail}
	}
	written := sealed{
		ID: o.ID, Type: suite.proofType, Created: second(o.Created), Expires: second(o.Expires), Method: o.Signer.ID,
		Purpose: cmp.Or(o.Purpose, keys.AssertionMethod), Domain: oneOrMore(o.Domain), Challenge: o.Challenge, Previous: oneOrMore(o.Previous),
	}
	switch {
	case suite.dated && o.Created.IsZero():
		return refuse("A proof with " + suite.name + " has to say when it was made.")
	case !o.Expires.IsZero() && !o.Expires.After(o.Created):
		return refuse("The proof would expire before it begins.")
	case written.Purpose != keys.AssertionMethod && written.Purpose != keys.Authentication:
		return refuse("A proof is made for assertionMethod or for authentication.")
	case slices.Contains(o.Domain, ""):
		return refuse("A domain for which a proof is meant has a name.")
	case len(o.Mandatory) > 0 && suite.form != formSelective:
		return refuse("Only ecdsa-sd-2023 knows what derived proofs have to show.")
	case len(o.Previous) > 0 && suite.form == formSelective:
		return refuse("A proof from which others are derived covers no other proof.")
	case suite.form == formSelective && slices.ContainsFunc(s.Proofs, func(p Proof) bool { return p.base }):
		return refuse("The document carries a base proof already, and of two nothing can be derived.")
	}
	if suite.proofType == typeDataIntegrity {
		written.Suite = suite.name
	}
	if suite.form == formJCS {
		written.Contexts = s.signed["@context"] // VC-DI-EDDSA 3.3.1 step 2
	}
	return written, nil
}

// sign makes the proof value of p.
func (s *Secured) sign(ctx context.Context, p Proof, suite suite, signer keys.Signer) (string, error) {
	data, _, _, err := s.signedData(ctx, p, suite, suite.hash(signer.Signer.Public()))
	if err != nil {
		return "", err
	}
	signature, err := suite.sign(signer.Signer, data)
	if err != nil {
		return "", fmt.Errorf("signing with %s: %w", signer.ID, err)
	}
	return "z" + base58.Encode(signature), nil
}

// signSelective makes the proof value of p in ecdsa-sd-2023.
func (s *Secured) signSelective(ctx context.Context, p Proof, document []byte, o SealOptions) (string, error) {
	if err := s.CheckDocument(ctx); err != nil {
		return "", err
	}
	configuration, _, err := s.hashConfiguration(ctx, p, ecdsaSelective, crypto.SHA256)
	if err != nil {
		return "", err
	}
	return sealSelective(ctx, o.Signer.Signer, document, s.Value, mandatoryPointers(s.Value, o.Mandatory), configuration, s.jsonld)
}

// second writes an instant to the second, and none as "".
func second(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// oneOrMore is a text alone, or a list of several; nil for none.
func oneOrMore(texts []string) any {
	switch len(texts) {
	case 0:
		return nil
	case 1:
		return texts[0]
	}
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// addMember puts a member at the end of the JSON text of a non-empty object and leaves the rest of the text alone.
func addMember(object []byte, name string, value []byte) []byte {
	head := bytes.TrimRight(object, " \t\r\n")
	head = bytes.TrimRight(head[:len(head)-1], " \t\r\n")
	out := bytes.Clone(head)
	separator, end := `,"`+name+`":`, "}"
	if bytes.ContainsRune(head, '\n') {
		separator, end = ",\n  \""+name+"\": ", "\n}\n"
	}
	if bytes.HasSuffix(head, []byte("{")) {
		separator = separator[1:]
	}
	out = append(out, separator...)
	out = append(out, value...)
	return append(out, end...)
}

// addToMember puts a value behind those that a member of the JSON text of an object has, which becomes an array unless it is one,
// and leaves the rest of the text alone. The object was read strictly, has the member once, and no empty array there.
func addToMember(object []byte, name string, value []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, err := decoder.Token() // the brace
	for err == nil {
		var found json.Token
		var member json.RawMessage
		if found, err = decoder.Token(); err == nil {
			err = decoder.Decode(&member)
		}
		if found != name {
			continue
		}
		end := int(decoder.InputOffset())
		start := end - len(member)
		before := append([]byte{'['}, member...)
		if member[0] == '[' {
			before = bytes.TrimRight(member[:len(member)-1], " \t\r\n")
		}
		return bytes.Join([][]byte{object[:start], before, {','}, value, {']'}, object[end:]}, nil)
	}
	return nil
}

// marshal writes JSON on one line without escaping < > &, which would change texts for no reader's good.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
