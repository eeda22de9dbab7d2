package verifier

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof"
)

// contexts judges the vocabulary: every context is built in and in its place, and everything in the document means
// something. In a JWT a term without a meaning is signed all the same, so it is only a warning there.
func (r *run) contexts(ctx context.Context) {
	err := r.secured.CheckDocument(ctx)
	if err != nil {
		c := describe(err)
		c.Step, c.Outcome = "contexts", Fail
		c.Facts = r.factsAt(c)
		if r.secured.Form != proof.DataIntegrity && c.Code == proof.CodeUnsafeJSONLD {
			c.Outcome = Warn
		}
		r.add(c)
	}
	r.problems("contexts")
	if err == nil && !r.found(Fail, "contexts") {
		meaning, which := "a published meaning", ""
		if r.Profile == credential.VerifiableCredentials && definesTerms(r.document.Value()) {
			meaning, which = "a meaning, published or given in it", "own_terms"
		}
		r.pass("contexts", "Every word in it has "+meaning+", and all of it is covered by the signature.", FactCase, which)
	}
}

// definesTerms says whether a document has a context of its own, at the top or in a credential inside (profile vc only).
func definesTerms(value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, definesTerms)
	case map[string]any:
		contexts, isArray := value["@context"].([]any)
		if !isArray {
			contexts = []any{value["@context"]}
		}
		for _, context := range contexts {
			if _, own := context.(map[string]any); own {
				return true
			}
		}
		for name, member := range value {
			switch member.(type) {
			case map[string]any, []any:
				if name != "@context" && definesTerms(member) {
					return true
				}
			}
		}
	}
	return false
}

// schema judges the rules of Open Badges 3.0 and of the VC Data Model.
func (r *run) schema() {
	r.problems("schema")
	if !r.found(Fail, "schema") {
		if r.Profile == credential.VerifiableCredentials {
			r.pass("schema", "It follows the rules of the VC Data Model.", FactCase, "vc")
		} else {
			r.pass("schema", "It follows the rules of Open Badges 3.0.", FactCase, "openbadges")
		}
	}
}

// subject judges who the badge is about.
func (r *run) subject() {
	r.problems("subject")
	if r.found(Fail, "subject") || r.found(Warn, "subject") {
		return
	}
	switch {
	case !r.isPresentation():
		r.pass("subject", "It names its recipient.")
	case r.signer().id == "":
		r.none("subject", "The presentation does not say who holds it.")
	default:
		r.pass("subject", "It is presented by "+r.signer().id+".", FactCase, "holder", FactWho, r.signer().id)
	}
}

// problems adds the broken rules that belong to a step.
func (r *run) problems(step string) {
	for _, p := range r.rules {
		if p.Step() != step {
			continue
		}
		outcome := Fail
		if p.Warning {
			outcome = Warn
		}
		c := Check{Step: step, Outcome: outcome, Code: p.Code, Detail: p.Detail, Pointer: p.Pointer, Clause: p.Clause}
		c.Facts = r.factsAt(c)
		r.add(c)
	}
}

// endorsements judges each endorsement as a credential of its own (Open Badges 3.0 section 9.1). A bad one changes nothing
// about the badge.
func (r *run) endorsements(ctx context.Context) {
	if len(r.document.Endorsements) == 0 {
		r.none("endorsement", "It carries no endorsement.", FactCase, "none")
	}
	for i, e := range r.document.Endorsements {
		if i == credential.Limits.Proofs || r.work.spent() {
			r.unknown("endorsement", strict.CodeTooComplex, "It carries more endorsements than are looked at.", e.Pointer, "", FactCase, "many", FactMost, strconv.Itoa(i))
			return
		}
		r.add(r.judgeEndorsement(ctx, e))
	}
}

func (r *run) judgeEndorsement(ctx context.Context, e credential.Endorsement) Check {
	own := r.inner(r.Profile)
	own.judgeInner(ctx, sealed{bytes: []byte(e.JWT), jwt: e.JWT != "", value: e.Value})
	r.work.count(own)
	r.work.endorsed++
	c := Check{Step: "endorsement", Pointer: e.Pointer, Clause: "OB 3.0 9.1"}
	authentic := own.answerAuthentic()
	switch {
	case own.document == nil || authentic == No:
		c.Outcome, c.Code, c.Detail = Warn, own.cause(), "An endorsement is not authentic; it counts for nothing."
		c.Facts = Facts{FactCase: "not_authentic"}
	case own.document.Kind != credential.KindEndorsement || e.Carrier == "" || own.document.Subject.ID != e.Carrier:
		c.Outcome, c.Code, c.Detail = Warn, "subject_mismatch", "An endorsement is about something else than what carries it; it counts for nothing."
		c.Facts = Facts{FactCase: "other_subject"}
	default:
		own.remember(ctx) // it is an endorsement, and no badge of a person
	}
	switch {
	case c.Outcome != "":
	case authentic == Undecided:
		c.Outcome, c.Code, c.Detail = NotKnown, cmp.Or(own.firstCode("issuer"), "issuer_unresolved"), "Who signed an endorsement could not be established."
		c.Facts = own.about("issuer").and(FactCase, "signer")
	case own.found(Fail, "dates"):
		c.Outcome, c.Code, c.Detail = Warn, own.firstCode("dates"), "An endorsement is not in force; it counts for nothing."
		c.Facts = own.about("dates").and(FactCase, "not_in_force")
	default:
		if against := r.endorsementStanding(ctx, own); against != nil {
			c.Outcome, c.Code, c.Detail, c.AsOf, c.Facts = against.Outcome, against.Code, against.Detail, against.AsOf, against.Facts
			return c
		}
		c.Outcome, c.Detail = Pass, "An endorsement is authentic; it was signed by "+own.document.Issuer.ID+"."
		c.AsOf, c.Facts = own.readFor("issuer", "status")
		c.Facts = c.Facts.and(FactWho, own.document.Issuer.ID)
		r.endorsers = append(r.endorsers, party(own.document.Issuer))
	}
	return c
}

// recognition says what the badge counts for. Nobody has told this installation yet.
func (r *run) recognition() {
	r.none("recognition", "No rules of a recognising body are set up here.")
}

// inner is a verification of a credential that this one leads to: a status list, an endorsement.
func (r *run) inner(profile credential.Profile) *run {
	own := &run{Options: r.Options, at: r.at, isInner: true, documents: r.documents, lists: r.lists, work: r.work, explaining: explaining{spent: r.explaining.spent}}
	own.Profile, own.Challenge, own.Domain = profile, "", nil // what is asked of the input is not asked of what it leads to
	return own
}

// cause is the code of the first failed check, in the order in which they were made.
func (r *run) cause() string {
	for _, c := range r.checks {
		if c.Outcome == Fail {
			return c.Code
		}
	}
	return ""
}

// about are the facts of the check that decides about steps, of an inner verification, for the finding about it.
func (r *run) about(steps ...string) Facts {
	return r.against(steps...).Facts
}

// readFor is what the passed checks of steps rest on that was read outside the input: the oldest of it, with address and origin.
func (r *run) readFor(steps ...string) (asOf *time.Time, facts Facts) {
	for _, c := range r.checks {
		if c.Outcome == Pass && c.AsOf != nil && slices.Contains(steps, c.Step) && (asOf == nil || c.AsOf.Before(*asOf)) {
			asOf, facts = c.AsOf, Facts(nil).and(FactAddress, c.Facts[FactAddress], FactOrigin, c.Facts[FactOrigin],
				FactPackSigner, c.Facts[FactPackSigner], FactPackKey, c.Facts[FactPackKey])
		}
	}
	return asOf, facts
}

// factsAt are the facts of a broken rule: the name of what it is about, which is the text in its place, or for a word without a meaning
// the word itself.
func (r *run) factsAt(c Check) Facts {
	switch c.Code {
	case proof.CodeUnsafeJSONLD:
		return Facts(nil).and(FactName, lastOf(c.Pointer))
	case proof.CodeContextUntrusted, proof.CodeAlgNotAllowed:
		if r.document == nil {
			return nil
		}
		text, _ := valueAt(r.document.Value(), c.Pointer).(string)
		return Facts(nil).and(FactName, text)
	}
	return nil
}

// lastOf is the last name in a JSON Pointer (RFC 6901 section 4).
func lastOf(pointer string) string {
	name := pointer[strings.LastIndexByte(pointer, '/')+1:]
	return strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
}

// valueAt is what stands at a JSON Pointer; nil for nothing.
func valueAt(value any, pointer string) any {
	for pointer != "" {
		end := strings.IndexByte(pointer[1:], '/') + 1
		if end == 0 {
			end = len(pointer)
		}
		name := lastOf(pointer[:end])
		pointer = pointer[end:]
		switch container := value.(type) {
		case map[string]any:
			value = container[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}

// describe is the finding in an error of a lower room. An error of another kind is a fault of ours, and fails closed.
func describe(err error) Check {
	var text *strict.Error
	var finding *proof.Error
	var problem *credential.Problem
	switch {
	case errors.As(err, &text):
		return Check{Code: text.Code, Pointer: text.Pointer, Detail: text.Detail, Clause: "RFC 7493 2"}
	case errors.As(err, &finding):
		return Check{Code: finding.Code, Pointer: finding.Pointer, Detail: finding.Detail, Clause: finding.Clause}
	case errors.As(err, &problem):
		return Check{Code: problem.Code, Pointer: problem.Pointer, Detail: problem.Detail, Clause: problem.Clause}
	}
	return Check{Code: strict.CodeMalformed, Detail: "The document could not be judged."}
}
