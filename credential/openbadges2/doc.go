// Package openbadges2 reads the documents of Open Badges 2.0, the standard before Verifiable Credentials: Assertion, BadgeClass,
// Profile, CryptographicKey and RevocationList (IMS Open Badges v2.0, final release of 12 April 2018).
//
// Start with [VersionOf] and [KindOf], which say what a JSON object is, then [ReadAssertion] and its neighbours: each gives a view
// and the rules that the document breaks. [Profile.InScope] and [Difference] are the two questions that a hosted badge adds,
// [ParseKey] the one that a signed badge adds.
//
// The package is pure: no network, no clock. It is not a JSON-LD processor. Members count by the names that the standard's
// context gives them, as they are written, so a document that defines words itself is refused; whether an issuer stands behind
// any of it is asked by the caller. Nothing here is ever issued.
package openbadges2
