package vcapi

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/laurelbadges/laurel/keys"
)

// didDocument is the document of a DID that is its own key.
type didDocument struct {
	Context        []string    `json:"@context"`
	ID             string      `json:"id"`
	Methods        []didMethod `json:"verificationMethod"`
	Authentication []string    `json:"authentication,omitempty"`
	Assertion      []string    `json:"assertionMethod,omitempty"`
	Delegation     []string    `json:"capabilityDelegation,omitempty"`
	Invocation     []string    `json:"capabilityInvocation,omitempty"`
	Agreement      []string    `json:"keyAgreement,omitempty"`
}

type didMethod struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Controller string          `json:"controller"`
	Multibase  string          `json:"publicKeyMultibase,omitempty"`
	JWK        json.RawMessage `json:"publicKeyJwk,omitempty"`
}

// shortestMultikey is the length of the shortest Multikey, that of an Ed25519 key: 34 bytes in base58, and the z.
const shortestMultikey = 47

// keyDocument is the document of a did:key (did:key 0.9 section 3.1.1).
func keyDocument(did, format string) (*didDocument, error) {
	value := strings.TrimPrefix(did, "did:key:")
	if !strings.HasPrefix(value, "z") || strings.ContainsAny(value, ":.%_-0OIl") { // base58btc, without a version
		return nil, bad("invalidDid", "The value of a did:key is a key in base58btc that begins with z.")
	}
	if len(value) < shortestMultikey {
		return nil, bad("invalidPublicKeyLength", "The key of the did:key is too short for any kind of key.")
	}
	document, err := keys.DIDKeyDocument(did)
	if err != nil {
		return nil, bad("invalidPublicKey", "The did:key holds no public key of a kind that is used here: Ed25519, P-256, P-384, or RSA of 2048 to 4096 bits.")
	}
	return written(document, value, format)
}

// jwkDocument is the document of a did:jwk (did:jwk, "Read").
func jwkDocument(did, format string) (*didDocument, error) {
	document, err := keys.DIDJWKDocument(did)
	if err != nil {
		return nil, bad("invalidDid", "The did:jwk holds no public key of a kind that is used here.")
	}
	if format == "" {
		format = "JsonWebKey2020"
	}
	return written(document, "0", format)
}

// written is the JSON form of a document with one method.
func written(document *keys.Document, fragment, format string) (*didDocument, error) {
	if format == "" {
		format = "Multikey"
	}
	method := didMethod{ID: document.ID + "#" + fragment, Type: format, Controller: document.ID}
	if err := method.hold(document.Methods[0].Key, document.ID); err != nil {
		return nil, bad("invalidPublicKeyType", "The key cannot be written as this type of verification method.")
	}
	d := &didDocument{Context: []string{"https://www.w3.org/ns/did/v1", formats[format]}, ID: document.ID, Methods: []didMethod{method}}
	all := []string{method.ID}
	if !document.Allows(keys.AssertionMethod, document.Methods[0].ID) {
		d.Agreement = all
		return d, nil
	}
	d.Authentication, d.Assertion, d.Delegation, d.Invocation = all, all, all, all
	return d, nil
}

// hold writes a key into the member that the type of the method has for it.
func (m *didMethod) hold(key crypto.PublicKey, did string) (err error) {
	switch {
	case strings.HasPrefix(m.Type, "JsonWebKey"):
		if encoded, found := strings.CutPrefix(did, "did:jwk:"); found { // as it stands in the DID; it was read strictly
			m.JWK, err = base64.RawURLEncoding.DecodeString(encoded)
			return err
		}
		var members map[string]any
		if members, err = keys.MarshalJWK(key); err == nil {
			m.JWK, err = json.Marshal(members)
		}
		return err
	case m.Type != "Multikey" && keys.AlgorithmFor(key) != keys.EdDSA:
		return errors.New("the type is for Ed25519 keys")
	}
	m.Multibase, err = keys.Multikey(key)
	return err
}
