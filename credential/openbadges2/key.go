package openbadges2

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/keys"
)

// keyLongest bounds the PEM text of a key in bytes; one of RSA 8192 has some 1,500.
const keyLongest = 8 << 10

// ParseKey reads a public key in PEM ("CryptographicKey", publicKeyPem; RFC 7468): exactly one block and nothing around it but white
// space, a SubjectPublicKeyInfo (PUBLIC KEY) or an RSA key of PKCS #1 (RSA PUBLIC KEY). The key is Ed25519, P-256, P-384, or RSA from
// 2048 to 8192 bits. Errors wrap [keys.ErrKey] or [keys.ErrWeakKey].
func ParseKey(text string) (crypto.PublicKey, error) {
	if len(text) > keyLongest {
		return nil, fmt.Errorf("%w: the PEM text is longer than %d bytes", keys.ErrKey, keyLongest)
	}
	text = strings.TrimSpace(text)
	block, rest := pem.Decode([]byte(text))
	// pem.Decode passes over anything before the block.
	if block == nil || len(rest) > 0 || !strings.HasPrefix(text, "-----BEGIN "+block.Type+"-----") || strings.Count(text, "-----BEGIN ") != 1 || len(block.Headers) > 0 {
		return nil, fmt.Errorf("%w: the text is not one PEM block", keys.ErrKey)
	}
	var key crypto.PublicKey
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: the PEM block holds no public key", keys.ErrKey)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the PEM block holds no public key that can be read", keys.ErrKey)
	}
	if err := keys.Check(key); err != nil {
		return nil, err
	}
	return key, nil
}
