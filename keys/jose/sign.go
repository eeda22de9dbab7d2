package jose

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/laurelbadges/laurel/keys"
)

// Sign makes the compact JWS of payload. The header has alg, which is the key's own, and kid, typ and cty as header says, in this
// order, so that the same input gives the same text up to the signature. header.KeyID is required; Algorithm may be empty, and
// JWK has to be: Laurel names keys, it does not send them. The signer may be opaque, as in a hardware module.
func Sign(payload []byte, header Header, signer crypto.Signer) (string, error) {
	return sign(payload, header, signer, checkTypes)
}

func sign(payload []byte, header Header, signer crypto.Signer, types typeRule) (string, error) {
	token, err := appendSign(nil, payload, header, signer, types)
	return string(token), err
}

// AppendSign is [Sign] that appends the token to out.
func AppendSign(out, payload []byte, header Header, signer crypto.Signer) ([]byte, error) {
	return appendSign(out, payload, header, signer, checkTypes)
}

func appendSign(out, payload []byte, header Header, signer crypto.Signer, types typeRule) ([]byte, error) {
	if signer == nil || header.KeyID == "" || header.JWK != nil || len(payload) == 0 {
		return nil, errors.New("signing a token: a key, its kid and a payload are needed, and no jwk")
	}
	algorithm := keys.AlgorithmFor(signer.Public())
	if header.Algorithm != "" && header.Algorithm != algorithm {
		return nil, errors.New("signing a token: the algorithm does not fit the key")
	}
	if err := types(header.Type, header.ContentType); err != nil {
		return nil, fmt.Errorf("signing a token: %w", err)
	}
	header.Algorithm = algorithm
	token, err := appendSigned(out, payload, header)
	if err != nil {
		return nil, err
	}
	signature, err := keys.SignMessage(signer, token[len(out):])
	if err != nil {
		return nil, fmt.Errorf("signing a token: %w", err)
	}
	return base64.RawURLEncoding.AppendEncode(append(token, '.'), signature), nil
}

// appendSigned appends what is signed of a token: its header and payload.
func appendSigned(out, payload []byte, header Header) ([]byte, error) {
	var head bytes.Buffer
	encoder := json.NewEncoder(&head)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Algorithm   string `json:"alg"`
		KeyID       string `json:"kid"`
		Type        string `json:"typ,omitempty"`
		ContentType string `json:"cty,omitempty"`
	}{header.Algorithm, header.KeyID, header.Type, header.ContentType})
	if err != nil {
		return nil, fmt.Errorf("signing a token: %w", err)
	}
	base64URL := base64.RawURLEncoding
	const longest = 512 // bytes of a signature: RSA of 4,096 bits; a longer one only grows the buffer
	out = slices.Grow(out, base64URL.EncodedLen(head.Len())+base64URL.EncodedLen(len(payload))+base64URL.EncodedLen(longest)+2)
	out = append(base64URL.AppendEncode(out, bytes.TrimSpace(head.Bytes())), '.')
	return base64URL.AppendEncode(out, payload), nil
}
