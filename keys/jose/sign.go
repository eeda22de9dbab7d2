package jose

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/laurelbadges/laurel/keys"
)

// Sign makes the compact JWS of payload. The header has alg, which is the key's own, and kid, typ and cty as header says, in this
// order, so that the same input gives the same text up to the signature. header.KeyID is required; Algorithm may be empty, and
// JWK has to be: Laurel names keys, it does not send them. The signer may be opaque, as in a hardware module.
func Sign(payload []byte, header Header, signer crypto.Signer) (string, error) {
	return sign(payload, header, signer, checkTypes)
}

func sign(payload []byte, header Header, signer crypto.Signer, types typeRule) (string, error) {
	if signer == nil || header.KeyID == "" || header.JWK != nil || len(payload) == 0 {
		return "", errors.New("signing a token: a key, its kid and a payload are needed, and no jwk")
	}
	algorithm := keys.AlgorithmFor(signer.Public())
	if header.Algorithm != "" && header.Algorithm != algorithm {
		return "", errors.New("signing a token: the algorithm does not fit the key")
	}
	if err := types(header.Type, header.ContentType); err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	var head bytes.Buffer
	encoder := json.NewEncoder(&head)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Algorithm   string `json:"alg"`
		KeyID       string `json:"kid"`
		Type        string `json:"typ,omitempty"`
		ContentType string `json:"cty,omitempty"`
	}{algorithm, header.KeyID, header.Type, header.ContentType})
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	base64URL := base64.RawURLEncoding
	const longest = 512 // bytes of a signature: RSA of 4,096 bits; a longer one only grows the buffer
	token := make([]byte, 0, base64URL.EncodedLen(head.Len())+base64URL.EncodedLen(len(payload))+base64URL.EncodedLen(longest)+2)
	token = append(base64URL.AppendEncode(token, bytes.TrimSpace(head.Bytes())), '.')
	token = base64URL.AppendEncode(token, payload)
	signature, err := keys.SignMessage(signer, token)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return string(base64URL.AppendEncode(append(token, '.'), signature)), nil
}
