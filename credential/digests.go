package credential

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/credential/strict"
)

// clauseDigest is the clause of the digests that an object may name beside its id.
const clauseDigest = "VCDM 2.0 5.3"

// digests compares the digests of the object at hand with the resource that its id names, where that resource is at hand: a built-in
// context, or the data of a data: URL. Other resources are never fetched, and their digests are a matter of those who use them.
func (w *walk) digests(object map[string]any) {
	if object["digestSRI"] == nil && object["digestMultibase"] == nil {
		return
	}
	r, atHand := resourceOf(text(object["id"]))
	if !atHand {
		return
	}
	r.compare(object, func(c comparison, name string) {
		switch c {
		case differs:
			w.fail(w.member(name), clauseDigest, "the digest is not that of the resource")
		case notCompared:
			w.warn(w.member(name), clauseDigest, "the digest is of a kind that cannot be compared here")
		}
	})
}

// CheckDigests compares the digests that object names (digestSRI, digestMultibase) with data, the resource that stands at its id. It
// says whether all of them fit, and whether each is of a kind that can be compared; both are true where there is none.
func CheckDigests(object map[string]any, data []byte) (fit, compared bool) {
	fit, compared = true, true
	r := &resource{data: data, sums: map[crypto.Hash]string{}}
	r.compare(object, func(c comparison, _ string) {
		fit = fit && c != differs
		compared = compared && c != notCompared
	})
	return fit, compared
}

// compare gives what comes of each digest that object names, with the member that names it.
func (r *resource) compare(object map[string]any, found func(c comparison, name string)) {
	for _, v := range strict.Values(object["digestSRI"]) {
		found(r.compareSRI(text(v)), "digestSRI")
	}
	for _, v := range strict.Values(object["digestMultibase"]) {
		found(r.compareMultibase(text(v)), "digestMultibase")
	}
}

// comparison is what came of comparing a digest.
type comparison int

const (
	differs comparison = iota
	fits
	notCompared // an algorithm that is not computed here
)

// resource is something that has digests: its bytes, or what is known of them.
type resource struct {
	data   []byte
	sums   map[crypto.Hash]string // computed or known, as raw bytes
	older  []string               // SHA-256 of texts that stood at the same address before
	opaque bool                   // a data: URL that cannot be read: no digest fits
}

// resourceOf gives the resource of an address when it is at hand.
func resourceOf(id string) (*resource, bool) {
	if isDataURL(id) {
		d, err := readDataURL(id)
		return &resource{data: d.bytes, sums: map[crypto.Hash]string{}, opaque: err != nil}, true
	}
	context, err := contexts.Get(id)
	if err != nil {
		return nil, false
	}
	r := &resource{sums: map[crypto.Hash]string{crypto.SHA256: fromHex(context.Published),
		crypto.SHA384: fromHex(context.Published384), crypto.SHA512: fromHex(context.Published512)}}
	for _, sum := range context.Older {
		r.older = append(r.older, fromHex(sum))
	}
	return r, true
}

func fromHex(s string) string {
	raw, _ := hex.DecodeString(s) // the pins are tested
	return string(raw)
}

// is says whether sum is the digest of the resource. Each digest is computed once, however often it is asked for.
func (r *resource) is(hash crypto.Hash, sum string) bool {
	own, known := r.sums[hash]
	if !known {
		switch hash {
		case crypto.SHA256:
			s := sha256.Sum256(r.data)
			own = string(s[:])
		case crypto.SHA384:
			s := sha512.Sum384(r.data)
			own = string(s[:])
		case crypto.SHA512:
			s := sha512.Sum512(r.data)
			own = string(s[:])
		}
		r.sums[hash] = own
	}
	if r.opaque {
		return false
	}
	for _, older := range r.older {
		if hash == crypto.SHA256 && sum == older {
			return true
		}
	}
	return sum == own
}

// compareSRI compares integrity metadata of Subresource Integrity (section 3.3): of the strongest algorithm that it names,
// one digest has to fit.
func (r *resource) compareSRI(metadata string) comparison {
	strongest, found := crypto.Hash(0), differs
	for _, expression := range strings.Fields(metadata) {
		name, value, _ := strings.Cut(expression, "-")
		hash := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[name]
		if hash == 0 || hash < strongest {
			continue
		}
		if hash > strongest {
			strongest, found = hash, differs
		}
		sum, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(value, "="))
		if err == nil && r.is(hash, string(sum)) {
			found = fits
		}
	}
	return found
}

// longestMultibase bounds a digest in Multibase: base58 takes quadratic time, and SHA-512 needs 92 characters.
const longestMultibase = 128

// compareMultibase compares a digest that is a Multihash (its code, its length, the digest) in Multibase: base64url without
// padding, or base58btc.
func (r *resource) compareMultibase(s string) comparison {
	if len(s) < 3 || len(s) > longestMultibase || strings.ContainsAny(s, "\r\n") { // which the decoder of base64 would pass over
		return differs
	}
	var raw []byte
	switch s[0] {
	case 'u':
		raw, _ = base64.RawURLEncoding.Strict().DecodeString(s[1:])
	case 'z':
		raw, _ = base58.Decode(s[1:])
	}
	if len(raw) < 2 || int(raw[1]) != len(raw)-2 {
		return differs
	}
	hash := map[byte]crypto.Hash{0x12: crypto.SHA256, 0x20: crypto.SHA384, 0x13: crypto.SHA512}[raw[0]]
	if hash == 0 {
		return notCompared
	}
	if r.is(hash, string(raw[2:])) {
		return fits
	}
	return differs
}
