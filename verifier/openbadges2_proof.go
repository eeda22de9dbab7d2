package verifier

import (
	"context"
	"crypto"
	"errors"
	"maps"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/openbadges2"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
)

// Bounds of what one badge may lead to: documents read, and keys tried. A signed badge needs four and one.
const (
	maxOpenBadges2Documents = 8
	maxOpenBadges2Keys      = 16
)

// badgePage is a document that was read at its address, or why it was not.
type badgePage struct {
	value  map[string]any
	source Document
	err    error
}

// Why a document of the issuer is not there, beside the errors of the Fetcher.
var (
	errElsewhere  = &FetchError{Kind: ErrUnavailable, Cause: CauseElsewhere, Detail: "its address leads to another host"}
	errNoDocument = &FetchError{Kind: ErrUnavailable, Cause: CauseForm, Detail: "what stands at its address is no document of Open Badges 2.0"}
	errTooMany    = &FetchError{Kind: ErrUnavailable, Cause: CauseTooMany, Detail: "too many other documents had to be read first"}
)

// get reads a document, once. Another host may not answer for it, though the standard lets an address lead anywhere: a page that
// sends visitors on to where its address says would else publish badges for everybody.
func (b *openBadge2) get(ctx context.Context, id string) *badgePage {
	if known, done := b.pages[id]; done {
		return known
	}
	if len(b.pages) == maxOpenBadges2Documents {
		return &badgePage{err: errTooMany}
	}
	p := &badgePage{}
	b.pages[id] = p
	if p.source, p.err = b.fetch(ctx, id, credential.Limits.Body); p.err != nil {
		return p
	}
	if !openbadges2.SameOrigin(p.source.URL, id) {
		p.err = errElsewhere
		return p
	}
	value, err := strict.Object(p.source.Bytes, credential.JSONLimits())
	if err != nil || openbadges2.VersionOf(value) != openbadges2.Second {
		p.err = errNoDocument
		return p
	}
	p.value = value
	return p
}

// why says why a document was not read: the code, and the end of a sentence.
func why(err error, unavailable string) (code, because string) {
	switch {
	case errors.Is(err, ErrBlocked):
		return codeBlocked, "because its address is not a public https address"
	case errors.Is(err, errTooMany):
		return strict.CodeTooComplex, "because " + errTooMany.Detail
	case errors.Is(err, errElsewhere):
		return unavailable, "because " + errElsewhere.Detail
	case errors.Is(err, errNoDocument):
		return unavailable, "because " + errNoDocument.Detail
	case errors.Is(err, ErrTooLarge):
		return unavailable, "because it is too large"
	}
	return unavailable, "because nothing could be read at its address"
}

// Documents of the old standard, as sentences and facts name them.
var badgeDocuments = map[string]string{
	"hosted": "The badge that its issuer publishes", "awarded": "The badge that was awarded", "before": "The badge as it was before it was revoked",
	"description": "The description of the badge", "profile": "The issuer's profile", "many_keys": "Which of the issuer's many keys signed it",
}

// unread leaves the steps issuer and proof unknown, because what names the issuer could not be read at address.
func (b *openBadge2) unread(which, address string, err error, clause string) {
	code, because := why(err, "issuer_unresolved")
	facts := factsOfUnread(address, err).and(FactCase, which)
	b.add(Check{Step: "issuer", Outcome: NotKnown, Code: code, Clause: clause, Facts: facts,
		Detail: badgeDocuments[which] + " could not be read, " + because + "; who awarded this is not established."})
	b.add(Check{Step: "proof", Outcome: NotKnown, Code: code, Clause: clause, Facts: facts,
		Detail: "Whether its issuer stands behind exactly this could not be checked."})
}

// seen completes a check that rests on a document which was read, with the case of it and further facts.
func (p *badgePage) seen(c Check, which string, facts ...string) Check {
	c.AsOf, c.Facts = instant(p.source.ReadAt), factsOfSource(p.source).and(FactCase, which).and(facts...)
	return c
}

// hosted judges a badge that its issuer publishes. The copy that was handed in tells where; what stands there is the badge, and the
// copy must claim nothing else (OB 2.0 "HostedBadge Verification").
func (b *openBadge2) hosted(ctx context.Context) {
	const clause = "OB 2.0 HostedBadge Verification"
	id, copied := b.assertion.ID, b.value
	if !openbadges2.IsAddress(id) {
		b.fail("schema", credential.CodeSchemaInvalid, "A hosted badge has the address at which it is published as its id.", "/id", clause, FactCase, "hosted_id")
		return
	}
	p := b.get(ctx, id)
	if p.err != nil {
		b.unread("hosted", id, p.err, clause)
		c := Check{Step: "status", Outcome: Fail, Code: "revoked", Detail: "The issuer's server says that it has been withdrawn.", Pointer: "/id", Clause: clause,
			Facts: factsOfUnread(id, p.err).and(FactCase, "withdrawn")}
		if !errors.Is(p.err, ErrGone) {
			code, because := why(p.err, "status_unavailable")
			c.Outcome, c.Code, c.Detail = NotKnown, code, "Whether it is still published could not be read, "+because+"."
			c.Facts = c.Facts.and(FactCase, "hosted")
		}
		b.add(c)
		return
	}
	var rules []credential.Problem
	b.assertion, rules = openbadges2.ReadAssertion(p.value)
	if b.assertion.ID != id {
		b.add(p.seen(Check{Step: "proof", Outcome: Fail, Code: "id_mismatch", Detail: "Another badge stands at its address.", Pointer: "/id", Clause: clause}, ""))
		return
	}
	hosted := p.value
	if b.assertion.Revoked {
		b.add(p.seen(Check{Step: "status", Outcome: Fail, Code: "revoked", Detail: revokedBecause(b.assertion.RevocationReason), Pointer: "/revoked", Clause: clause},
			"", FactReason, b.assertion.RevocationReason))
		copied, hosted = withoutRevocation(copied), withoutRevocation(hosted)
	}
	b.linked(p.value, rules, "")
	if b.assertion.Badge.ID == "" {
		b.unread("awarded", id, errNoDocument, clause) // the issuer has stripped it down
		return
	}
	if !b.issuer(ctx) {
		return
	}
	if !b.profile.InScope(id) {
		b.fail("issuer", "issuer_mismatch", "The issuer does not publish its badges at this badge's address.", "/id", "OB 2.0 VerificationObject", FactCase, "scope", FactAddress, id)
		return
	}
	if !b.profile.InScope(b.badge.ID) && !openbadges2.SameOrigin(b.badge.ID, b.profile.ID) {
		b.fail("issuer", "issuer_mismatch", "The badge is described at an address where its issuer publishes nothing.", "/badge/id", clause, FactCase, "scope", FactAddress, b.badge.ID)
		return
	}
	if pointer, differ := openbadges2.Difference(copied, hosted, b.readPages()); differ {
		if b.assertion.Revoked {
			b.unread("before", id, errNoDocument, clause)
			return
		}
		// Authentic means that the issuer says exactly this. It says something else, so this copy is not its word.
		b.add(p.seen(Check{Step: "proof", Outcome: Fail, Code: jose.CodeSignatureInvalid, Detail: "This copy is not what the issuer publishes at the badge's address.", Pointer: pointer, Clause: clause}, "hosted"))
		return
	}
	from := "read " + string(p.source.Origin)
	b.add(p.seen(Check{Step: "issuer", Outcome: Pass, Detail: "The badge stands where its issuer publishes badges, " + from + "."}, "hosted"))
	b.add(p.seen(Check{Step: "proof", Outcome: Pass, Detail: "The issuer publishes exactly this content; it is not signed."}, "hosted"))
	if !b.assertion.Revoked {
		b.add(p.seen(Check{Step: "status", Outcome: Pass, Detail: "Not revoked: the issuer still publishes it, " + from + "."}, "published"))
	}
}

// profilePage is where the issuer's Profile was read.
func (b *openBadge2) profilePage() *badgePage {
	if p := b.pages[b.profile.ID]; p != nil {
		return p
	}
	return &badgePage{}
}

// readPages gives the documents that were read, by id.
func (b *openBadge2) readPages() map[string]map[string]any {
	all := map[string]map[string]any{}
	for id, p := range b.pages {
		if p.err == nil {
			all[id] = p.value
		}
	}
	return all
}

func withoutRevocation(value map[string]any) map[string]any {
	value = maps.Clone(value)
	delete(value, "revoked")
	delete(value, "revocationReason")
	return value
}

func revokedBecause(reason string) string {
	if reason == "" {
		return "It has been revoked, says the issuer."
	}
	return "It has been revoked, says the issuer: " + strings.TrimSuffix(reason, ".") + "."
}

// issuer follows the ids from the Assertion to its BadgeClass and to the Profile of the issuer. What another document holds of them
// is not believed: it could be put there by somebody else. Only a BadgeClass without an address counts as a token holds it.
func (b *openBadge2) issuer(ctx context.Context) bool {
	const badgeClause, profileClause = "OB 2.0 BadgeClass", "OB 2.0 Profile"
	ref := b.assertion.Badge
	if b.token != nil && ref.Value != nil && !openbadges2.IsAddress(ref.ID) {
		b.badge, _ = openbadges2.ReadBadgeClass(ref.Value) // judged with the Assertion
	} else {
		p := b.get(ctx, ref.ID)
		if p.err != nil {
			b.unread("description", ref.ID, p.err, badgeClause)
			return false
		}
		var rules []credential.Problem
		b.badge, rules = openbadges2.ReadBadgeClass(p.value)
		if b.badge.ID != ref.ID {
			b.fail("issuer", "id_mismatch", "The description at the badge's address is about another badge.", "/badge", badgeClause, FactAddress, ref.ID)
			return false
		}
		b.linked(p.value, rules, "/badge")
	}
	if held := ref.Value; b.token != nil && held != nil {
		if signed, _ := openbadges2.ReadBadgeClass(held); signed.Issuer.ID != b.badge.Issuer.ID {
			b.fail("issuer", "issuer_mismatch", "The token names another issuer than the published description of the badge.", "/badge/issuer", badgeClause, FactCase, "description")
			return false
		}
	}
	id := b.badge.Issuer.ID
	p := b.get(ctx, id)
	if p.err != nil {
		b.unread("profile", id, p.err, profileClause)
		return false
	}
	profile, rules := openbadges2.ReadProfile(p.value)
	if profile.ID != id {
		b.fail("issuer", "issuer_mismatch", "The profile at the issuer's address is about somebody else.", "/badge/issuer", profileClause, FactCase, "profile", FactAddress, id)
		return false
	}
	b.profile = profile
	b.linked(p.value, rules, "/badge/issuer")
	return !b.found(Fail, "contexts", "schema", "form")
}

// signed judges a token: one of the keys that the issuer's Profile names made its signature (OB 2.0 "SignedBadge Verification").
func (b *openBadge2) signed(ctx context.Context) {
	const clause = "OB 2.0 SignedBadge Verification"
	if !b.issuer(ctx) {
		b.tryKeyInInput(clause)
		return
	}
	candidates := b.profile.Keys
	if creator := b.assertion.Verification.Creator.ID; creator != "" {
		candidates = nil
		for _, ref := range b.profile.Keys {
			if ref.ID == creator {
				candidates = append(candidates, ref)
			}
		}
	}
	if len(candidates) == 0 {
		b.fail("issuer", "issuer_mismatch", "The issuer's profile does not name the key that is to have signed it.", "/verification/creator", clause, FactCase, "creator")
		return
	}
	if len(candidates) > maxOpenBadges2Keys {
		b.unread("many_keys", b.profile.ID, errTooMany, clause)
		return
	}
	var unread, refused *Check
	var invalid error
	for _, ref := range candidates {
		key, check := b.keyOf(ctx, ref)
		switch {
		case check.Outcome == NotKnown && unread == nil:
			unread = &check
		case check.Outcome == Fail && refused == nil:
			refused = &check
		}
		if key == nil {
			continue
		}
		if invalid = b.token.Verify(key); invalid == nil {
			b.accepted(ctx, ref, key, check)
			return
		}
	}
	switch {
	case unread != nil:
		b.add(*unread)
		b.unknown("proof", unread.Code, "The signature could not be checked without the key.", "", clause, FactCase, "no_key")
	case invalid != nil:
		b.add(b.profilePage().seen(Check{Step: "issuer", Outcome: Pass, Detail: "The keys that could have signed it stand in the issuer's profile."}, "openbadges2"))
		b.refuse(invalid, clause)
	default:
		b.add(*refused)
		b.unknown("proof", refused.Code, "The signature could not be checked without the key.", "", clause, FactCase, "no_key")
	}
}

// accepted records that a key of the issuer made the signature, unless the token's header says that it was another one.
func (b *openBadge2) accepted(ctx context.Context, ref openbadges2.Reference, key crypto.PublicKey, check Check) {
	header := b.token.Header
	if header.JWK != nil && !sameKey(header.JWK.Key, key) {
		b.fail("issuer", "issuer_mismatch", "The token brings along another key than the one that signed it.", "", "RFC 7515 4.1.3", FactCase, "token_key")
		return
	}
	if id := header.KeyID; id != ref.ID && (openbadges2.IsAddress(id) || strings.HasPrefix(id, "did:")) {
		b.fail("issuer", "key_mismatch", "The token names another key than the one that signed it.", "", "RFC 7515 4.1.4", FactCase, "token_key")
		return
	}
	b.add(check)
	b.pass("proof", "The signature fits this exact content ("+header.Algorithm+").", FactName, header.Algorithm)
	b.revocation(ctx)
}

func (b *openBadge2) refuse(err error, clause string) {
	var refusal *jose.Error
	if errors.As(err, &refusal) {
		b.fail("proof", refusal.Code, refusal.Detail, "", refusal.Clause)
		return
	}
	b.fail("proof", jose.CodeSignatureInvalid, "The signature could not be checked.", "", clause)
}

// keyOf gives a key that the Profile names, with the check of the step issuer; nil with the reason when it cannot be used. Profile and
// key name one another ("CryptographicKey").
func (b *openBadge2) keyOf(ctx context.Context, ref openbadges2.Reference) (crypto.PublicKey, Check) {
	const clause = "OB 2.0 CryptographicKey"
	check := b.profilePage().seen(Check{Step: "issuer", Outcome: Pass, Detail: "The signing key is one of the issuer's own: it stands in the issuer's profile."}, "openbadges2")
	refuse := func(code, which, detail string) (crypto.PublicKey, Check) {
		return nil, Check{Step: "issuer", Outcome: Fail, Code: code, Detail: detail, Clause: clause, AsOf: check.AsOf, Facts: check.Facts.and(FactCase, which)}
	}
	value := ref.Value // the Profile itself was read at its address, so what it holds is its own
	if _, held := value["publicKeyPem"]; !held {
		p := b.get(ctx, ref.ID)
		if p.err != nil {
			code, because := why(p.err, "issuer_unresolved")
			return nil, Check{Step: "issuer", Outcome: NotKnown, Code: code, Clause: clause, Detail: "The issuer's key could not be read, " + because + ".",
				Facts: factsOfUnread(ref.ID, p.err).and(FactCase, "key")}
		}
		if len(openbadges2.CheckContext(p.value)) > 0 {
			return refuse("key_mismatch", "own_terms", "The document of the issuer's key defines words itself.")
		}
		value = p.value
		check.Detail = "The signing key is one of the issuer's own: the issuer's profile names it, read " + string(p.source.Origin) + "."
		check = p.seen(check, "openbadges2_named")
	}
	document, rules := openbadges2.ReadKey(value)
	switch {
	case document.ID != ref.ID || document.Owner != b.profile.ID:
		return refuse("issuer_mismatch", "owner", "The document of the key does not say that it belongs to the issuer.")
	case len(rules) > 0:
		return refuse("key_mismatch", "malformed", "The document of the issuer's key is malformed: "+rules[0].Detail)
	}
	key, err := openbadges2.ParseKey(document.PEM)
	switch {
	case errors.Is(err, keys.ErrWeakKey):
		return refuse("weak_key", "", "The issuer's key is too weak to prove anything.")
	case err != nil:
		return refuse("key_mismatch", "form", "The issuer publishes this key in a form that cannot be used.")
	}
	return key, check
}

// tryKeyInInput checks the signature with a key that the token itself brings along, when the issuer's own could not be looked for.
// One that does not fit is bad whoever the issuer is; one that fits proves nothing about the issuer.
func (b *openBadge2) tryKeyInInput(clause string) {
	var key crypto.PublicKey
	if jwk := b.token.Header.JWK; jwk != nil {
		key = jwk.Key
	} else if document, _ := openbadges2.ReadKey(b.assertion.Verification.Creator.Value); document.PEM != "" {
		var err error
		if key, err = openbadges2.ParseKey(document.PEM); err != nil {
			return
		}
	}
	if key == nil {
		return
	}
	if err := b.token.Verify(key); err != nil {
		b.refuse(err, clause)
	}
}

// revocation looks the badge up in the list that the issuer's Profile names (OB 2.0 "Revocation List"). An entry is believed whatever
// else is wrong with the list; that there is none, only from a list that is whole and the issuer's.
func (b *openBadge2) revocation(ctx context.Context) {
	const clause = "OB 2.0 Revocation List"
	address := b.profile.RevocationList
	switch {
	case b.assertion.Revoked:
		b.fail("status", "revoked", revokedBecause(b.assertion.RevocationReason), "/revoked", clause, FactReason, b.assertion.RevocationReason)
		return
	case address == "":
		b.none("status", "The issuer names no list of revoked badges, so it cannot be revoked.", FactCase, "no_list")
		return
	}
	p := b.get(ctx, address)
	if p.err != nil {
		code, because := why(p.err, "status_unavailable")
		b.add(Check{Step: "status", Outcome: NotKnown, Code: code, Clause: clause, Facts: factsOfUnread(address, p.err),
			Detail: "The issuer's list of revoked badges could not be read, " + because + notKnownInForce})
		return
	}
	list, rules := openbadges2.ReadRevocationList(p.value)
	rules = append(rules, openbadges2.CheckContext(p.value)...)
	reason, revoked := list.Revoked(b.assertion)
	switch {
	case revoked:
		b.add(p.seen(Check{Step: "status", Outcome: Fail, Code: "revoked", Detail: revokedBecause(reason), Clause: clause}, "unsigned", FactReason, reason))
	case len(rules) > 0:
		b.add(p.seen(Check{Step: "status", Outcome: NotKnown, Code: "status_invalid", Detail: "The issuer's list of revoked badges is malformed" + notKnownInForce, Clause: clause}, "malformed"))
	case list.ID != "" && list.ID != address, list.Issuer != "" && list.Issuer != b.profile.ID:
		b.add(p.seen(Check{Step: "status", Outcome: NotKnown, Code: "status_invalid", Detail: "The list of revoked badges says that it is another list" + notKnownInForce, Clause: clause}, "other_list"))
	default:
		b.add(p.seen(Check{Step: "status", Outcome: Pass, Detail: "Not revoked, says the issuer's list, read " + string(p.source.Origin) + ". The list is not signed."}, "unsigned"))
	}
}
