package verifier

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// Bounds of what stands inside a document: a presentation of a record of badges is three deep. All of them together share the
// work of one verification.
const (
	nestedDeepest = 3
	nestedWork    = 8 * workMost
)

func (r *run) isPresentation() bool {
	return r.document != nil && r.document.Kind == credential.KindPresentation
}

// presented judges each credential inside a presentation or a record (CLR) as a document of its own, with a report of its own. A
// presentation is worth what its credentials are; a record says on what it was told, and a bad credential in it is only worth
// knowing.
func (r *run) presented(ctx context.Context) {
	r.standing = r.answerAuthentic()
	r.around = r.answerInForce(r.standing)
	if len(r.document.Nested) > 0 {
		r.work.most = nestedWork
	}
	for _, inside := range r.document.Nested {
		if r.work.nested == credential.Limits.Nested || r.depth == nestedDeepest || r.work.spent() {
			c := Check{Step: "form", Outcome: NotKnown, Code: strict.CodeTooComplex, Pointer: inside.Pointer, Detail: "It holds more credentials than are looked at.",
				Facts: Facts(nil).and(FactCase, "inside", FactMost, strconv.Itoa(r.work.nested))}
			if !r.isPresentation() {
				c.Step, c.Outcome = "subject", Warn
			}
			r.add(c)
			break
		}
		r.work.nested++
		own := r.inner(r.Profile)
		own.isInner, own.proofOnly, own.depth, own.container = false, r.proofOnly, r.depth+1, r
		kind := "json"
		if inside.Problem != nil {
			own.failed("form", inside.Problem)
		} else {
			if inside.JWT != "" {
				kind = "jwt"
			}
			own.judge(ctx, sealed{bytes: []byte(inside.JWT), jwt: inside.JWT != "", value: inside.Value})
			r.work.count(own)
			if own.isPresentation() {
				own.fail("form", strict.CodeMalformed, "A presentation stands where a credential belongs.", "", "VCDM 2.0 4.13", FactCase, "presentation_inside")
			}
		}
		report := own.report()
		report.Pointer, report.Input = inside.Pointer, Input{Kind: kind}
		r.nested = append(r.nested, report)
		r.sumUp(report, own)
	}
}

// sumUp says what a credential inside means for the document around it.
func (r *run) sumUp(inside *Report, own *run) {
	c := Check{Pointer: inside.Pointer, Clause: "VCDM 2.0 4.13"}
	record := !r.isPresentation()
	code := func(outcome Result, steps ...string) string {
		for _, c := range inside.Checks {
			if c.Outcome == outcome && c.Code != "" && slices.Contains(steps, c.Step) {
				return c.Code
			}
		}
		return ""
	}
	inForce := []string{"dates", "status"}
	switch {
	case inside.Outcome == Valid:
		if holder := r.signer().id; !record && holder != "" && own.document.Subject.ID != "" && own.document.Subject.ID != holder {
			c.Step, c.Outcome, c.Code, c.Detail = "subject", Warn, "subject_mismatch", "A credential inside is about somebody else than the holder."
			c.Facts = Facts{FactCase: "other_holder"}
			r.add(c)
		}
		return
	case inside.Authentic == No:
		c.Step, c.Outcome, c.Code, c.Detail = "proof", Fail, code(Fail, authenticSteps...), "A credential inside is not authentic."
		c.Facts = Facts{FactCase: "inside_not_authentic"}
	case inside.InForce == No:
		c.Step, c.Outcome, c.Code, c.Detail = "status", Fail, code(Fail, inForce...), "A credential inside is not in force."
		c.Facts = Facts{FactCase: "inside_not_in_force"}
	case inside.Authentic == Undecided:
		c.Step, c.Outcome, c.Code, c.Detail = "proof", NotKnown, code(NotKnown, decidingSteps...), "Whether a credential inside is authentic is not known."
		c.Facts = Facts{FactCase: "inside_authentic_unknown"}
	default:
		c.Step, c.Outcome, c.Code, c.Detail = "status", NotKnown, code(NotKnown, inForce...), "Whether a credential inside is in force is not known."
		c.Facts = Facts{FactCase: "inside_in_force_unknown"}
	}
	switch {
	case record:
		c.Step, c.Outcome, c.Clause = "subject", Warn, "CLR 2.0 ClrSubject"
	case r.proofOnly && c.Step == "status":
		c.Outcome = Warn
	}
	r.add(c)
}

// vouched judges a credential without a signature of its own inside a signed document. Who signed that is known to say so; whether
// the issuer does, only when both are one (VC Data Model 2.0 section 4.13: self-asserted; Comprehensive Learner Record 2.0).
func (r *run) vouched(ctx context.Context) {
	const clause = "VCDM 2.0 4.13"
	around := r.container.signer()
	switch {
	case r.container.standing != Yes || around.id == "":
		r.fail("proof", strict.CodeMalformed, "The credential carries no signature, and nothing around it does that holds.", "/proof", clause, FactCase, "unvouched")
	case around.id != r.document.Issuer.ID:
		r.none("issuer", "There is no signature to find a key for.")
		r.unknown("proof", "issuer_mismatch", "The credential carries no signature of its issuer; only "+around.id+" says that it was issued.", "/proof", clause, FactCase, "vouched_by_other", FactWho, around.id)
	case r.container.minglesWith(r.document):
		r.none("issuer", "There is no signature to find a key for.")
		r.unknown("proof", "ambiguous", "The credential carries no signature, and that of the record around it does not say which of its parts belong to this credential.", "/proof", "JSON-LD 1.1 4.9", FactCase, "mingled")
	default:
		// The document around it may have been signed for another purpose than issuing.
		for _, p := range r.container.counted {
			if found := r.container.findKey(ctx, p, around.id, keys.AssertionMethod); found.check.Outcome != Pass {
				r.add(found.check)
				r.add(Check{Step: "proof", Outcome: NotKnown, Code: found.check.Code, Pointer: "/proof", Clause: clause, Facts: Facts{FactCase: "container_key"},
					Detail: "The credential carries no signature, and the key that signed the document around it does not sign credentials."})
				return
			}
		}
		asOf, facts := r.container.readFor("issuer")
		facts = facts.and(FactCase, "vouched")
		r.add(Check{Step: "issuer", Outcome: Pass, Detail: "Its issuer signed the document around it.", AsOf: asOf, Facts: facts})
		r.add(Check{Step: "proof", Outcome: Pass, AsOf: asOf, Facts: facts,
			Detail: "It carries no signature of its own; that of the document around it, by the same issuer, covers it."})
	}
}

// covered adds what is known of the document that vouches for a credential: that is in force no longer than the other.
func (r *run) covered() {
	if !r.unsigned {
		return
	}
	const clause = "VCDM 2.0 4.13"
	switch against := r.container.against("dates", "status"); r.container.around {
	case No:
		r.fail("status", against.Code, "The document that vouches for it is not in force.", "", clause, FactCase, "container")
	case Undecided:
		r.unknown("status", cmp.Or(against.Code, "status_unavailable"), "Whether the document that vouches for it is in force is not known.", "", clause, FactCase, "container")
	}
}

// answers says whether a proof answers the challenge, and is meant for the domain, that the caller gave
// (Data Integrity 1.0 section 4.4 steps 6 and 7; for a JWT the claims nonce and aud): a code and a sentence when it does not.
func (r *run) answers(p proof.Proof) (code, detail string) {
	challenge, domain := p.Challenge, p.Domain
	if r.secured.Form != proof.DataIntegrity {
		challenge, domain = "", r.secured.Claims.Audience
		if r.secured.Claims.Nonce != nil {
			challenge = *r.secured.Claims.Nonce
		}
	}
	switch {
	case r.Challenge != "" && challenge != r.Challenge:
		return "challenge_mismatch", "It was not made for this request: it answers another challenge, or none."
	case len(r.Domain) > 0 && !sameTexts(domain, r.Domain):
		return "domain_mismatch", "It was made for somebody else: its domain is another, or none."
	}
	return "", ""
}

func sameTexts(a, b []string) bool {
	set := func(texts []string) map[string]bool {
		all := map[string]bool{}
		for _, text := range texts {
			all[text] = true
		}
		return all
	}
	return maps.Equal(set(a), set(b))
}
