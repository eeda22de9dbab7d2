// Package jose reads, checks and makes compact JSON Web Signatures (RFC 7515), and nothing else of JOSE.
//
// Start with [Parse], then [Token.Verify] with the key that the issuer's own document gives; [Sign] makes a token. Parsing is apart
// from checking, and no option weakens either. The form and the header are judged here, strictly, before the JOSE library sees
// anything: it accepts repeated members, unknown critical ones, padding and more. It makes the one signature check only.
//
// The package is pure. What the payload says, and whose key is to be asked for, is the business of the caller.
package jose
