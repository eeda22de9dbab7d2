package jose

// Codes of the refusals of this package; they are codes of the verification report. A header that is no strict JSON also gives
// the codes of [github.com/laurelbadges/laurel/credential/strict].
const (
	CodeMalformed        = "malformed"         // not a compact JWS, or a header member that is not allowed
	CodeTooLarge         = "too_large"         // the header is longer than 16 KiB
	CodeAlgNotAllowed    = "alg_not_allowed"   // no algorithm, one that is not used, or one that does not fit the key
	CodeIssuerMismatch   = "issuer_mismatch"   // the header points to a key elsewhere (jku, x5u, x5c)
	CodeWeakKey          = "weak_key"          // a signature under this key proves nothing
	CodeSignatureInvalid = "signature_invalid" // the signature is not one over this text by this key
)

// Error is a refusal.
type Error struct {
	Code   string // one of the Code constants, or a code of the strict reader
	Detail string // one clause for a person, without the token's own text
	Clause string // the specification and clause that set the rule, such as "RFC 7515 4.1.11"
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }
