package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// JWK is a public JSON Web Key (RFC 7517).
type JWK struct {
	Key       crypto.PublicKey
	KeyID     string // kid, or ""
	Algorithm string // alg, or ""
	Use       string // use: sig, enc or ""
}

// privateMembers are the members of a JWK that only a secret key has (RFC 7518 section 6.2.2, 6.3.2, 6.4; RFC 8037 section 2).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// ParseJWK reads a public key from the members of a JWK, as the strict reader gives them: Ed25519 (RFC 8037), P-256, P-384 or
// RSA from 2048 to 8192 bits (RFC 7518 section 6). Members that it does not know are ignored (RFC 7517 section 4), private
// ones refused; an alg that is not the key's own or key_ops without verify are refused too. Errors wrap [ErrKey] or
// [ErrWeakKey].
func ParseJWK(members map[string]any) (JWK, error) {
	for _, name := range privateMembers {
		if _, found := members[name]; found {
			return JWK{}, fmt.Errorf("%w: the JWK holds secret members, which must not be published", ErrKey)
		}
	}
	text := map[string]string{}
	for _, name := range []string{"kty", "crv", "kid", "alg", "use"} {
		v, found := members[name]
		s, ok := v.(string)
		if found && !ok {
			return JWK{}, fmt.Errorf("%w: the member %s of the JWK is not a string", ErrKey, name)
		}
		text[name] = s
	}
	pub, err := jwkKey(text["kty"], text["crv"], members)
	if err != nil {
		return JWK{}, err
	}
	if err := Check(pub); err != nil {
		return JWK{}, err
	}
	key := JWK{Key: pub, KeyID: text["kid"], Algorithm: text["alg"], Use: text["use"]}
	// RFC 9864 names EdDSA on Ed25519 also "Ed25519".
	if own := AlgorithmFor(pub); key.Use != "enc" && key.Algorithm != "" && key.Algorithm != own && (own != EdDSA || key.Algorithm != "Ed25519") {
		return JWK{}, fmt.Errorf("%w: the alg of the JWK does not fit its key", ErrKey)
	}
	if operations, found := members["key_ops"]; found {
		list, ok := operations.([]any)
		if !ok || key.Use != "enc" && !slices.Contains(list, any("verify")) {
			return JWK{}, fmt.Errorf("%w: the JWK is not meant for signatures (key_ops)", ErrKey)
		}
	}
	return key, nil
}

func jwkKey(kind, curve string, members map[string]any) (crypto.PublicKey, error) {
	switch {
	case kind == "OKP" && curve == "Ed25519":
		x, err := octets(members, "x", ed25519.PublicKeySize)
		return ed25519.PublicKey(x), err
	case kind == "EC" && curve == "P-256":
		return jwkPoint(elliptic.P256(), members, 32)
	case kind == "EC" && curve == "P-384":
		return jwkPoint(elliptic.P384(), members, 48)
	case kind == "RSA":
		n, err := octets(members, "n", 0)
		if err != nil {
			return nil, err
		}
		e, err := octets(members, "e", 0)
		if err != nil {
			return nil, err
		}
		// RFC 7518 section 2: a Base64urlUInt has no leading zero octets. crypto/rsa takes exponents below 2^31.
		if n[0] == 0 || e[0] == 0 || len(e) > 4 || e[0] > 0x7f && len(e) == 4 {
			return nil, fmt.Errorf("%w: a number of the RSA key is written with leading zeros or too large", ErrKey)
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	}
	if name := otherJWKs[kind+" "+curve]; name != "" {
		return nil, fmt.Errorf("%w: the JWK is %s; Laurel uses Ed25519, P-256, P-384 and RSA", ErrKey, name)
	}
	return nil, fmt.Errorf("%w: the JWK is of a kind that Laurel does not use", ErrKey)
}

// otherJWKs name the keys of the registry of JOSE (kty and crv) that Laurel does not use.
var otherJWKs = map[string]string{
	"EC secp256k1": "a secp256k1 key", "EC P-521": "a P-521 key", "OKP Ed448": "an Ed448 key",
	"OKP X25519": "an X25519 key, which is for encryption", "OKP X448": "an X448 key, which is for encryption",
}

func jwkPoint(curve elliptic.Curve, members map[string]any, size int) (crypto.PublicKey, error) {
	x, err := octets(members, "x", size)
	if err != nil {
		return nil, err
	}
	y, err := octets(members, "y", size)
	if err != nil {
		return nil, err
	}
	return ecdsaOrNil(pointKey(curve, slices.Concat([]byte{4}, x, y)))
}

// octets reads the base64url member name, which must have size bytes; size 0 stands for any length but none.
func octets(members map[string]any, name string, size int) ([]byte, error) {
	text, _ := members[name].(string)
	if len(text) > base64.RawURLEncoding.EncodedLen(rsaMost/8+1) {
		return nil, fmt.Errorf("%w: the member %s of the JWK is too long", ErrKey, name)
	}
	data, err := decodeBase64URL(text)
	if err != nil || len(data) == 0 || size > 0 && len(data) != size {
		return nil, fmt.Errorf("%w: the member %s of the JWK is not base64url of the right length", ErrKey, name)
	}
	return data, nil
}

// decodeBase64URL reads base64url without padding (RFC 7515 section 2), in its one canonical form.
func decodeBase64URL(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") { // encoding/base64 skips them
		return nil, base64.CorruptInputError(strings.IndexAny(text, "\r\n"))
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// MarshalJWK returns the members of the JWK of pub that are required for its kind (RFC 7638 section 3.2), as strings in a map
// that [ParseJWK] reads. The caller adds kid, alg and use. Errors wrap [ErrKey] or [ErrWeakKey].
func MarshalJWK(pub crypto.PublicKey) (map[string]any, error) {
	if err := Check(pub); err != nil {
		return nil, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": encode(pub)}, nil
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": encode(pub.N.Bytes()), "e": encode(big.NewInt(int64(pub.E)).Bytes())}, nil
	case *ecdsa.PublicKey:
		point, err := pub.Bytes()
		if err != nil {
			return nil, fmt.Errorf("%w: the point is not on its curve", ErrKey)
		}
		size := len(point) / 2
		return map[string]any{"kty": "EC", "crv": pub.Curve.Params().Name, "x": encode(point[1 : 1+size]), "y": encode(point[1+size:])}, nil
	}
	return nil, fmt.Errorf("%w: it has no JWK form", ErrKey)
}

// Thumbprint returns the SHA-256 thumbprint of pub in base64url (RFC 7638). Errors wrap [ErrKey] or [ErrWeakKey].
func Thumbprint(pub crypto.PublicKey) (string, error) {
	members, err := MarshalJWK(pub)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(members) // sorts the names, and no value needs an escape (RFC 7638 section 3.3)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrKey, err)
	}
	digest := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(digest[:]), nil
}
