package proof

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fxamacker/cbor/v2"
	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
)

// The heads of the two kinds of proof values of ecdsa-sd-2023 (VC-DI-ECDSA section 3.5): a CBOR tag, of which only these bytes
// are written.
const (
	selectiveBase    = "\xd9\x5d\x00"
	selectiveDerived = "\xd9\x5d\x01"
)

// Bounds of ecdsa-sd-2023. Each statement that is not mandatory has a signature of its own, which takes some 60 µs to check. So the
// most that Laurel makes take a quarter of a second, and the nearly 6,000 of others that selectiveLongest has room for, with 88
// characters for each, a third.
const (
	selectiveMost     = 4096      // signatures that Laurel makes for one document
	selectiveLongest  = 512 << 10 // characters that all such proof values of one document have together
	selectivePointers = 1024      // JSON Pointers of one document
	signatureLength   = 64        // r and s of P-256
	labelLength       = 32        // of HMAC-SHA256
	multikeyLength    = 2 + 33    // the head 0x80 0x24 and a compressed point
)

// baseValue is the proof value of a base proof (VC-DI-ECDSA section 3.5.3). It is for its holder alone: with the HMAC key whoever
// has it can tell which statements were left out of a derived proof.
type baseValue struct {
	signature  []byte // of the issuer, see [selectiveData]
	ephemeral  []byte // Multikey bytes of the key that signed the statements
	hmac       []byte // key that names the blank nodes
	signatures [][]byte
	pointers   []string // of what every derived proof reveals
}

// derivedValue is the proof value of a derived proof (VC-DI-ECDSA section 3.5.8).
type derivedValue struct {
	signature  []byte
	ephemeral  []byte
	signatures [][]byte // of the statements that are not mandatory, in the order of the statements
	labels     [][]byte // of the blank nodes c14n0, c14n1 … of the revealed document
	mandatory  []int    // places of the mandatory statements, ascending
}

// selectiveMode reads CBOR (RFC 8949) of definite lengths, without tags, repeated map keys or text that is no UTF-8. What it makes
// are uint64, []byte, string, []any and map[any]any for the five kinds that may stand here.
var selectiveMode = sync.OnceValues(func() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden, UTF8: cbor.UTF8RejectInvalid,
		MaxNestedLevels: 4, MaxArrayElements: selectiveLongest, MaxMapPairs: credential.Limits.BlankNodes,
	}.DecMode()
})

// selectiveParts takes a proof value apart: its head, and the five items of the array that follows.
func selectiveParts(value string) (head string, items []any, err error) {
	encoded, isBase64 := strings.CutPrefix(value, "u")
	if !isBase64 || strings.ContainsAny(encoded, "\r\n") { // which the decoder would pass over
		return "", nil, errors.New("it is not base64url text with the prefix u")
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", nil, errors.New("it is not base64url text with the prefix u")
	}
	if len(data) < len(selectiveBase) {
		return "", nil, errors.New("it is too short")
	}
	head, data = string(data[:len(selectiveBase)]), data[len(selectiveBase):]
	if head != selectiveBase && head != selectiveDerived {
		return "", nil, errors.New("it is neither a base proof nor a derived one")
	}
	mode, err := selectiveMode()
	if err != nil {
		return head, nil, err
	}
	var item any
	if err := mode.Unmarshal(data, &item); err != nil { // which refuses bytes behind the item, too
		return head, nil, errors.New("it is not CBOR of the form that the suite asks for")
	}
	items, isArray := item.([]any)
	if !isArray || len(items) != 5 {
		return head, nil, errors.New("it is not an array of five")
	}
	return head, items, nil
}

// octets is a byte string of a given length.
func octets(item any, length int, what string) ([]byte, error) {
	data, isBytes := item.([]byte)
	if !isBytes || len(data) != length {
		return nil, fmt.Errorf("%s is not %d bytes", what, length)
	}
	return data, nil
}

// octetsEach is an array of byte strings of a given length.
func octetsEach(item any, length int, what string) ([][]byte, error) {
	list, isArray := item.([]any)
	if !isArray {
		return nil, fmt.Errorf("%s are not an array", what)
	}
	all := make([][]byte, len(list))
	for i, item := range list {
		var err error
		if all[i], err = octets(item, length, "one of "+what); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// common reads what both kinds begin with.
func common(items []any) (signature, ephemeral []byte, err error) {
	if signature, err = octets(items[0], signatureLength, "the issuer's signature"); err != nil {
		return nil, nil, err
	}
	// The Recommendation says 36 where it reads the key, and has 35 in its own vectors: a Multikey of P-256 has 35.
	ephemeral, err = octets(items[1], multikeyLength, "the public key")
	return signature, ephemeral, err
}

// readBaseValue is parseBaseProofValue (VC-DI-ECDSA section 3.5.3).
func readBaseValue(value string) (b baseValue, err error) {
	head, items, err := selectiveParts(value)
	if err != nil {
		return b, err
	}
	if head != selectiveBase {
		return b, errors.New("it is a derived proof and not a base proof")
	}
	if b.signature, b.ephemeral, err = common(items); err != nil {
		return b, err
	}
	if b.hmac, err = octets(items[2], labelLength, "the HMAC key"); err != nil {
		return b, err
	}
	if b.signatures, err = octetsEach(items[3], signatureLength, "the signatures"); err != nil {
		return b, err
	}
	list, isArray := items[4].([]any)
	if !isArray {
		return b, errors.New("the mandatory pointers are not an array")
	}
	for _, item := range list {
		pointer, isText := item.(string)
		if !isText {
			return b, errors.New("a mandatory pointer is not a text")
		}
		b.pointers = append(b.pointers, pointer)
	}
	return b, nil
}

// readDerivedValue is parseDerivedProofValue (VC-DI-ECDSA section 3.5.8). Beyond it the labels have to be those of the blank nodes
// c14n0 to the last, no two alike, and the places ascend: with two nodes under one label, or a statement counted twice, the
// statements that were signed would not be those of the document.
func readDerivedValue(value string) (d derivedValue, err error) {
	head, items, err := selectiveParts(value)
	if err != nil {
		return d, err
	}
	if head != selectiveDerived {
		return d, errors.New("it is a base proof and not a derived one")
	}
	if d.signature, d.ephemeral, err = common(items); err != nil {
		return d, err
	}
	if d.signatures, err = octetsEach(items[2], signatureLength, "the signatures"); err != nil {
		return d, err
	}
	labels, isMap := items[3].(map[any]any)
	if !isMap {
		return d, errors.New("the labels are not a map")
	}
	d.labels = make([][]byte, len(labels))
	seen := make(map[string]bool, len(labels))
	for key, item := range labels {
		n, isNumber := key.(uint64)
		if !isNumber || n >= uint64(len(labels)) {
			return d, errors.New("the labels are not those of the first blank nodes")
		}
		if d.labels[n], err = octets(item, labelLength, "a label"); err != nil {
			return d, err
		}
		if seen[string(d.labels[n])] {
			return d, errors.New("two blank nodes have the same label")
		}
		seen[string(d.labels[n])] = true
	}
	places, isArray := items[4].([]any)
	if !isArray {
		return d, errors.New("the places of the mandatory statements are not an array")
	}
	d.mandatory = make([]int, len(places))
	for i, item := range places {
		n, isNumber := item.(uint64)
		if !isNumber || n >= selectiveLongest || i > 0 && int(n) <= d.mandatory[i-1] {
			return d, errors.New("the places of the mandatory statements do not ascend")
		}
		d.mandatory[i] = int(n)
	}
	return d, nil
}

func (b baseValue) encode() (string, error) {
	return selectiveText(selectiveBase, []any{b.signature, b.ephemeral, b.hmac, present(b.signatures), present(b.pointers)})
}

func (d derivedValue) encode() (string, error) {
	return selectiveText(selectiveDerived, []any{d.signature, d.ephemeral, present(d.signatures), maps.Collect(slices.All(d.labels)), present(d.mandatory)})
}

// present is a list that CBOR writes as an array even when it is empty, and not as null.
func present[T any](list []T) []T { return append([]T{}, list...) }

// selectiveText writes a proof value, with CBOR in its deterministic form (RFC 8949 section 4.2.1).
func selectiveText(head string, items []any) (string, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return "", err
	}
	data, err := mode.Marshal(items)
	if err != nil {
		return "", err
	}
	return "u" + base64.RawURLEncoding.EncodeToString(append([]byte(head), data...)), nil
}

// ephemeralKey is the key of Multikey bytes, of P-256 only.
func ephemeralKey(data []byte) (*ecdsa.PublicKey, error) {
	if !bytes.HasPrefix(data, []byte{0x80, 0x24}) {
		return nil, errors.New("the public key is not of P-256")
	}
	key, err := keys.ParseMultikey("z" + base58.Encode(data))
	if err != nil {
		return nil, errors.New("the public key is not of P-256")
	}
	return key.(*ecdsa.PublicKey), nil
}

// ephemeralMultikey is [ephemeralKey] the other way round.
func ephemeralMultikey(key *ecdsa.PublicKey) ([]byte, error) {
	text, err := keys.Multikey(key)
	if err != nil {
		return nil, err
	}
	return base58.Decode(strings.TrimPrefix(text, "z"))
}
