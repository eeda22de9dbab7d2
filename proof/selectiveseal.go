package proof

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strconv"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// sealSelective is the proof value of a base proof for document, whose value is at hand and has a canonical form (VC-DI-ECDSA
// sections 3.6.1 to 3.6.5). signer has a key of P-256. pointers select what every derived proof will reveal; the context, id and types of the document go
// with them. configuration is the hash of the proof configuration. The keys that it needs are made for this one document.
func sealSelective(ctx context.Context, signer crypto.Signer, document []byte, value map[string]any, pointers []string, configuration []byte, jsonld *rdf.Processor) (string, error) {
	hmacKey := make([]byte, labelLength)
	if _, err := rand.Read(hmacKey); err != nil {
		return "", err
	}
	ephemeral, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	base, err := makeBase(ctx, signer, document, value, pointers, configuration, jsonld, hmacKey, ephemeral)
	if err != nil {
		return "", err
	}
	return base.encode()
}

// makeBase is sealSelective with the keys given.
func makeBase(ctx context.Context, signer crypto.Signer, document []byte, value map[string]any, pointers []string, configuration []byte, jsonld *rdf.Processor,
	hmacKey []byte, ephemeral *ecdsa.PrivateKey) (b baseValue, err error) {
	selection, err := selectPointers(value, pointers)
	if err != nil {
		return b, err
	}
	all, err := jsonld.Statements(ctx, value, []*rdf.Selection{selection}, hmacLabels(hmacKey))
	if err != nil {
		return b, wrapRDF(err)
	}
	if selection != nil {
		if _, err := revealed(ctx, document, value, pointers, selection, all.Selected, jsonld); err != nil {
			return b, err
		}
	}
	b = baseValue{hmac: hmacKey, pointers: pointers}
	if b.ephemeral, err = ephemeralMultikey(&ephemeral.PublicKey); err != nil {
		return b, err
	}
	mandatory := sha256.New()
	for _, statement := range all.All {
		if statement.By != 0 {
			mandatory.Write([]byte(statement.Line))
			continue
		}
		if len(b.signatures) == selectiveMost {
			return b, &Error{Code: CodeTooComplex, Clause: clauseSelectiveCreate, Detail: fmt.Sprintf("More than %d statements would be signed one by one; make more of them mandatory.", selectiveMost)}
		}
		if err := ctx.Err(); err != nil {
			return b, err
		}
		signature, err := keys.SignMessage(ephemeral, []byte(statement.Line))
		if err != nil {
			return b, err
		}
		b.signatures = append(b.signatures, signature)
	}
	b.signature, err = keys.SignMessage(signer, selectiveData(configuration, b.ephemeral, mandatory.Sum(nil)))
	return b, err
}

// hmacLabels names blank nodes by the HMAC of their canonical identifiers (createHmacIdLabelMapFunction, VC-DI-ECDSA section 3.4),
// so that their order tells nothing about what was left out.
func hmacLabels(key []byte) func(blanks int) ([]string, error) {
	return func(blanks int) ([]string, error) {
		labels := make([][]byte, blanks)
		for n := range labels {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte("c14n" + strconv.Itoa(n)))
			labels[n] = mac.Sum(nil)
		}
		return selectiveLabels(labels), nil
	}
}
