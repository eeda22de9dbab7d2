// Package keys holds key material and the names that keys have: Multikey, JWK, did:key, did:jwk, did:web, documents that
// list keys, and key sets.
//
// Start with [ParseDocument], which reads the DID document or controlled identifier document of an issuer, or with
// [OpenFolder], which keeps private keys on disk. A public key is always one of [ed25519.PublicKey], *[ecdsa.PublicKey] on
// P-256 or P-384, or *[rsa.PublicKey]; [Check] says whether it is fit to be believed.
//
// Everything but file.go and sealed.go is pure: bytes in, values out, no network and no clock. Fetching a document is the work of the
// verifier. What is exported may still change before version 1.
package keys
