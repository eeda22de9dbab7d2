package verifier

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"sync"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/openbadges2"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys/jose"
)

// openBadge2 is the verification of one badge of Open Badges 2.0. The standard has no proof in the document: a hosted badge is what
// its issuer's server says it is, a signed one is a token under a key that the issuer's Profile names. Either way the issuer is found
// by following ids from the Assertion to its BadgeClass and from there to its Profile, each read at its own address.
type openBadge2 struct {
	*run
	value     map[string]any // the Assertion as it was handed in
	assertion openbadges2.Assertion
	token     *jose.Token // nil for a hosted badge
	badge     openbadges2.BadgeClass
	profile   openbadges2.Profile
	pages     map[string]*badgePage // what was read, by address
}

// isOpenBadges2 says whether a document is one of the Open Badges standards before 3.0, whatever else may be wrong with it.
func isOpenBadges2(value map[string]any) bool {
	return openbadges2.VersionOf(value) != openbadges2.Other
}

// holdsOpenBadges2 is [isOpenBadges2] for a text. One that cannot be read is left to the reader of credentials, which says why.
func holdsOpenBadges2(s sealed) bool {
	if s.value != nil {
		return isOpenBadges2(s.value)
	}
	text := s.bytes
	if s.jwt {
		_, rest, _ := bytes.Cut(text, []byte("."))
		payload, _, _ := bytes.Cut(rest, []byte("."))
		room := payloads.Get().(*[]byte)
		decoded, err := base64.RawURLEncoding.AppendDecode((*room)[:0], payload)
		if cap(decoded) <= payloadKept {
			*room = decoded
			defer payloads.Put(room)
		}
		if err != nil {
			return false
		}
		text = decoded
	}
	if !bytes.Contains(text, []byte("openbadges")) && !bytes.Contains(text, []byte(`"uid"`)) {
		return false // nearly every other document, without reading it twice
	}
	value, err := strict.Object(text, credential.JSONLimits())
	return err == nil && isOpenBadges2(value)
}

// payloads are of *[]byte, for payloads of tokens of up to payloadKept bytes that are looked at and let go.
var payloads = sync.Pool{New: func() any { return new([]byte) }}

const payloadKept = 64 << 10

// judgeOpenBadges2 takes all steps for a document of Open Badges 2.0, and gives what of it is secured; nil when nothing is.
func (r *run) judgeOpenBadges2(ctx context.Context, s sealed) *View {
	if r.Profile != credential.OpenBadges {
		r.fail("form", credential.CodeNoCredential, "This is a document of Open Badges 2.0 or older, which is no verifiable credential.", "", "VCDM 2.0 4.3", FactCase, "openbadges2_here")
		return nil
	}
	b := &openBadge2{run: r, pages: map[string]*badgePage{}}
	if !b.open(s) {
		return nil
	}
	b.follow()
	if r.answerAuthentic() != No {
		if b.token != nil {
			b.signed(ctx)
		} else {
			b.hosted(ctx)
		}
	}
	if !r.found(Fail, "contexts") {
		r.pass("contexts", "It is written in the words of Open Badges 2.0, which count as they are written.", FactCase, "openbadges2")
	}
	if !r.found(Fail, "schema") {
		r.pass("schema", "It follows the rules of Open Badges 2.0, an older standard.", FactCase, "openbadges2")
	}
	if r.answerAuthentic() == No {
		return nil
	}
	if !slices.ContainsFunc(r.checks, func(c Check) bool { return c.Step == "status" }) {
		r.unknown("status", "status_unavailable", "Whether it has been revoked was not looked up, because who awarded it is not established.", "", "OB 2.0 Verification", FactCase, "not_looked")
	}
	b.judgeDates()
	if b.assertion.Endorsed {
		r.none("endorsement", "It names endorsements; those of Open Badges 2.0 are not judged.", FactCase, "openbadges2")
	} else {
		r.none("endorsement", "It carries no endorsement.", FactCase, "none")
	}
	r.none("refresh", "Open Badges 2.0 knows no place to ask for a newer version.", FactCase, "openbadges2")
	r.recognition()
	if b.token == nil && !r.found(Pass, "proof") {
		return nil // a copy that was not compared with the published badge is not secured by anything
	}
	return b.shown()
}

// open takes the Assertion out of the text. It says whether there is one.
func (b *openBadge2) open(s sealed) bool {
	const clause = "OB 2.0 SignedBadge Verification"
	text := s.bytes
	var err error
	if s.jwt {
		var refusal *jose.Error
		b.token, err = jose.ParseBare(s.bytes)
		switch {
		case errors.As(err, &refusal):
			b.fail("form", refusal.Code, refusal.Detail, "", refusal.Clause)
			return false
		case b.token.Header.Type != "" && b.token.Header.Type != jose.TypeJWT || b.token.Header.ContentType != "":
			b.fail("form", jose.CodeMalformed, "The token says that it is of another type than an Open Badges 2.0 badge.", "", clause, FactCase, "token_type")
			return false
		}
		text = b.token.Payload
	}
	if b.value = s.value; b.value == nil {
		if b.value, err = strict.Object(text, credential.JSONLimits()); err != nil {
			b.failed("form", err)
			return false
		}
	}
	if detail := whyNoBadge(b.value); detail != "" {
		which, kind := "not_awarded", string(openbadges2.KindOf(b.value))
		if openbadges2.VersionOf(b.value) == openbadges2.Older {
			which, kind = "openbadges1", ""
		}
		b.fail("form", credential.CodeNoCredential, detail, "/type", "OB 2.0 Assertion", FactCase, which, FactName, kind)
		return false
	}
	types, _ := b.value["type"].([]any)
	_, subject := b.value["credentialSubject"]
	_, proof := b.value["proof"]
	if subject || proof || slices.Contains(types, any("VerifiableCredential")) {
		b.fail("form", credential.CodeAmbiguous, "It is an Open Badges 2.0 badge and a verifiable credential in one document.", "", "OB 2.0 Assertion", FactCase, "openbadges2")
		return false
	}
	b.pass("form", "It is a badge of Open Badges 2.0, an older standard, and can be read in one way only.", FactCase, "openbadges2")
	return true
}

// whyNoBadge says what a document of the old standards is, when it is not an Assertion of version 2.0.
func whyNoBadge(value map[string]any) string {
	switch openbadges2.VersionOf(value) {
	case openbadges2.Older:
		return "This is a badge of Open Badges 1, an older standard that Laurel does not read."
	case openbadges2.Other:
		return "This is no document of Open Badges 2.0."
	}
	switch openbadges2.KindOf(value) {
	case openbadges2.KindAssertion:
		return ""
	case openbadges2.KindBadgeClass:
		return "This is the description of an Open Badges 2.0 badge (BadgeClass), not a badge that somebody was awarded."
	case openbadges2.KindProfile:
		return "This is the profile of an Open Badges 2.0 issuer, not a badge that somebody was awarded."
	case openbadges2.KindKey:
		return "This is the key of an Open Badges 2.0 issuer, not a badge that somebody was awarded."
	case openbadges2.KindRevocationList:
		return "This is a list of revoked Open Badges 2.0 badges, not a badge that somebody was awarded."
	case openbadges2.KindEndorsement:
		return "This is an Open Badges 2.0 endorsement, not a badge that somebody was awarded."
	}
	return "This is a document of Open Badges 2.0, but not a badge that somebody was awarded (Assertion)."
}

// follow judges the rules of the Assertion as it was handed in, and whether it says how to verify it.
func (b *openBadge2) follow() {
	var rules []credential.Problem
	b.assertion, rules = openbadges2.ReadAssertion(b.value)
	b.rules = append(openbadges2.CheckContext(b.value), rules...)
	for _, step := range [...]string{"form", "contexts", "schema"} {
		b.problems(step)
	}
	if how := b.assertion.Recipient; how.Hashed {
		b.pass("subject", "It names its recipient, by a hash.", FactCase, "hashed")
	} else if how.Identity != "" {
		b.pass("subject", "It names its recipient.")
	}
	const clause = "OB 2.0 VerificationObject"
	switch how := b.assertion.Verification; {
	case b.token != nil && !how.Signed:
		b.fail("proof", strict.CodeMalformed, "It is a token, but does not say that it is to be verified by its signature.", "/verification", clause, FactCase, "token_unsaid")
	case how.Hosted || b.token != nil:
	case how.Signed:
		b.fail("proof", strict.CodeMalformed, "It is the content of a signed badge without the signature.", "/verification", clause, FactCase, "signature_missing")
	case how.Given:
		b.fail("proof", jose.CodeAlgNotAllowed, "It is to be verified in a way that Laurel does not know.", "/verification", clause, FactCase, "verification")
	default:
		b.fail("proof", strict.CodeMalformed, "It has no proof: it is not signed, and does not say that it is hosted.", "/verification", clause, FactCase, "no_proof")
	}
}

// linked judges the rules of a document that the Assertion leads to and that stands in its place at pointer.
func (b *openBadge2) linked(value map[string]any, rules []credential.Problem, pointer string) {
	for _, p := range append(openbadges2.CheckContext(value), rules...) {
		b.fail(p.Step(), p.Code, p.Detail, pointer+p.Pointer, p.Clause)
	}
}

// judgeDates judges issuedOn and expires.
func (b *openBadge2) judgeDates() {
	const clause = "OB 2.0 Assertion"
	if b.assertion.IssuedOn == "" { // of one that is revoked the issuer may show no more than that
		b.unknown("dates", "schema_invalid", "It does not say when it was awarded.", "/issuedOn", clause, FactCase, "none")
		return
	}
	from, fromErr := openbadges2.ParseDateTime(b.assertion.IssuedOn)
	until, untilErr := openbadges2.ParseDateTime(cmp.Or(b.assertion.Expires, b.assertion.IssuedOn))
	switch {
	case fromErr != nil || untilErr != nil:
		b.unknown("dates", "schema_invalid", "The dates cannot be read.", "", clause, FactCase, "unreadable")
	case from.After(b.at.Add(clockSkew)):
		b.fail("dates", "not_yet_valid", "It was awarded on "+day(from)+", which is later than the time it is judged for.", "/issuedOn", clause, FactCase, "awarded", FactDate, dateFact(from))
	case b.assertion.Expires == "":
		b.pass("dates", "It has begun, and it has no end date.", FactCase, "no_end")
	case !until.After(b.at):
		b.fail("dates", "expired", "It ended on "+day(until)+".", "/expires", clause, FactDate, dateFact(until))
	default:
		b.pass("dates", "It has begun, and it ends on "+day(until)+".", FactCase, "ends", FactDate, dateFact(until))
	}
}

// shown is what was secured, nil when that is next to nothing. A token secures the BadgeClass that it holds; of a hosted badge all
// was read at its address.
func (b *openBadge2) shown() *View {
	a, badge, issuer := b.assertion, b.badge, b.profile
	if held := a.Badge.Value; b.token != nil && held != nil {
		badge, _ = openbadges2.ReadBadgeClass(held)
	}
	if badge.ID == "" {
		return nil // what it is for and who awarded it could not be read, and the token does not say
	}
	if issuer.ID == "" { // it could not be read
		issuer, _ = openbadges2.ReadProfile(badge.Issuer.Value)
		issuer.ID = badge.Issuer.ID
	}
	v := &View{Standard: "Open Badges 2.0", Kind: string(openbadges2.KindAssertion), ID: a.ID, Name: badge.Name,
		Issuer:  Party{ID: issuer.ID, Name: issuer.Name, URL: issuer.URL, Image: issuer.Image},
		Awarded: a.IssuedOn, ValidFrom: a.IssuedOn, ValidUntil: a.Expires,
		Recipient: []Identity{}, Results: []Mark{}, Alignments: []Alignment{}, Evidence: []Evidence{}, Endorsements: []Party{},
		Achievement: &Award{ID: badge.ID, Name: badge.Name, Description: badge.Description, Criteria: badge.Criteria, CriteriaURL: badge.CriteriaURL,
			InLanguage: credential.LanguageTag(badge.Language), Image: badge.Image}}
	if a.Recipient.Identity != "" {
		v.Recipient = append(v.Recipient, Identity{Type: identityType(a.Recipient.Type), Value: a.Recipient.Identity, Hashed: a.Recipient.Hashed})
	}
	if a.Narrative != "" {
		v.Evidence = append(v.Evidence, Evidence{Narrative: a.Narrative})
	}
	for _, e := range a.Evidence {
		v.Evidence = append(v.Evidence, Evidence{ID: e.ID, Name: e.Name, Narrative: e.Narrative, Description: e.Description, Genre: e.Genre})
	}
	for _, l := range badge.Alignments {
		v.Alignments = append(v.Alignments, Alignment{Name: l.Name, URL: l.URL, Code: l.Code, Framework: l.Framework, Description: l.Description})
	}
	return v
}

// identityType gives the identityType of Open Badges 3.0 for the property that Open Badges 2.0 names, where there is one.
func identityType(property string) string {
	if property == "email" || property == "schema:email" {
		return "emailAddress"
	}
	return property
}
