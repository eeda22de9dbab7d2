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
	if signer == nil || header.KeyID == "" || header.JWK != nil || len(payload) == 0 {
		return "", errors.New("signing a token: a key, its kid and a payload are needed, and no jwk")
	}
	algorithm := keys.AlgorithmFor(signer.Public())
	if header.Algorithm != "" && header.Algorithm != algorithm {
		return "", errors.New("signing a token: the algorithm does not fit the key")
	}
	if err := checkTypes(header.Type, header.ContentType); err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
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
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode(bytes.TrimSpace(text.Bytes())) + "." + encode(payload)
	signature, err := keys.SignMessage(signer, []byte(signed))
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed + "." + encode(signature), nil
}
