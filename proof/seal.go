package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// SealOptions says how [Seal] secures a document.
type SealOptions struct {
	Signer  keys.Signer                      // its ID becomes the verificationMethod
	Suite   string                           // cryptosuite; "" is eddsa-rdfc-2022
	Created time.Time                        // when it is signed, to the second; zero leaves created out
	Context func(url string) ([]byte, error) // as in [Options]
}

// Seal adds a Data Integrity proof with purpose assertionMethod to document, the JSON text of an unsecured credential
// (Data Integrity 1.0 section 4.2). The text of the document stays as it is; the proof is put at its end. It refuses a
// document of which anything would not be signed, and one that carries a proof already. Errors are [*Error], of the signer,
// or of ctx.
func Seal(ctx context.Context, document []byte, o SealOptions) ([]byte, error) {
	if o.Suite == "" {
		o.Suite = eddsaRDFC2022.name
	}
	suite, known := suites[o.Suite]
	if !known {
		return nil, &Error{Code: CodeAlgNotAllowed, Detail: fmt.Sprintf("Laurel does not sign with %q.", o.Suite)}
	}
	hash := suite.hash(o.Signer.Signer.Public())
	if hash == 0 {
		return nil, &Error{Code: CodeKeyMismatch, Clause: suite.clause, Detail: "The key is not of the kind that " + o.Suite + " uses."}
	}
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		return nil, err
	}
	if _, there := value["proof"]; there {
		return nil, &Error{Code: CodeMalformed, Pointer: "/proof", Detail: "The document carries a proof already."}
	}
	jsonld := Options{VC: true, Context: o.Context}.processor()
	documentHash, _, err := jsonld.Sum(ctx, value, hash)
	if err != nil {
		return nil, wrapRDF(err)
	}
	p := struct {
		Type    string `json:"type"`
		Suite   string `json:"cryptosuite"`
		Created string `json:"created,omitempty"`
		Method  string `json:"verificationMethod"`
		Purpose string `json:"proofPurpose"`
		Value   string `json:"proofValue,omitempty"`
	}{Type: "DataIntegrityProof", Suite: o.Suite, Method: o.Signer.ID, Purpose: "assertionMethod"}
	if !o.Created.IsZero() {
		p.Created = o.Created.UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	configuration := rdf.Configuration{Context: value["@context"], Suite: p.Suite, Created: p.Created, Method: p.Method}
	configHash, err := jsonld.SumConfiguration(ctx, configuration, hash)
	if err != nil {
		return nil, wrapRDF(err)
	}
	signature, err := suite.sign(o.Signer.Signer, append(configHash, documentHash...))
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w", o.Signer.ID, err)
	}
	p.Value = "z" + base58.Encode(signature)
	signed, err := marshal(p)
	if err != nil {
		return nil, err
	}
	return addMember(document, "proof", signed), nil
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
