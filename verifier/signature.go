package verifier

import (
	"context"
	"crypto"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// judged is what was found about one proof. One of the proofs has to count: a good one for the purpose of the document by the key
// of who has to sign it. The others must not be false (Data Integrity 1.0 section 4.5).
type judged struct {
	issuer *Check // about the key; nil when it was not looked for
	proof  Check  // about the signature
	own    bool   // by a key that has to be the signer's
	counts bool
}

// signer is who has to sign a document, and for what.
type signer struct {
	id      string // of the issuer or holder; "" for a presentation without a holder, which anybody may sign
	purpose string // the verification relationship and proofPurpose
	noun    string // for sentences
}

// signer of a credential is its issuer, of a presentation its holder (VC Data Model 2.0 sections 4.7 and 4.13).
func (r *run) signer() signer {
	if r.isPresentation() {
		holder := r.document.Holder.ID
		if holder == "" && r.secured != nil && r.secured.Claims.Issuer != nil { // the same in the words of a token (VCDM 1.1 section 6.3.1)
			holder = *r.secured.Claims.Issuer
		}
		return signer{holder, keys.Authentication, "holder"}
	}
	return signer{r.document.Issuer.ID, keys.AssertionMethod, "issuer"}
}

// signature takes the steps issuer and proof together: which key a proof needs is known only once the signer is.
func (r *run) signature(ctx context.Context) {
	signer := r.signer()
	switch {
	case r.found(Fail, "proof"): // no proof, or none that can be told apart from the others
		r.none("issuer", "There is no signature to find a key for.")
		return
	case signer.id == "" && !r.isPresentation():
		r.add(Check{Step: "issuer", Outcome: Fail, Code: "issuer_mismatch", Pointer: "/issuer", Clause: "VCDM 2.0 4.7", Facts: named("no_issuer", ""),
			Detail: "The credential does not say who its issuer is."})
		return
	case r.unsigned:
		r.vouched(ctx)
		return
	}
	var own, foreign []proof.Proof
	var expired time.Time
	for _, p := range r.secured.Proofs {
		switch {
		case !p.Expires.IsZero() && !p.Expires.After(r.at): // counts as absent (Data Integrity 1.0 section 2.6)
			expired = p.Expires
		case r.mustBe(p, signer):
			own = append(own, p)
		default:
			foreign = append(foreign, p)
		}
	}
	if len(own)+len(foreign) == 0 && !expired.IsZero() {
		r.add(Check{Step: "proof", Outcome: Fail, Code: "expired", Pointer: "/proof", Clause: "VC-DATA-INTEGRITY 2.6",
			Detail: "The signature itself has expired.", Facts: named("signature", "").and(FactDate, expired.UTC().Format(time.RFC3339))})
		return
	}
	var results []judged
	good, possible := false, false // possible: the signer's document could not be read, and the signature fits the key it names
	for _, p := range own {
		result := r.judgeProof(ctx, p, r.controller(p, signer), signer)
		result.own = true
		if result.counts {
			good = true
			r.counted = append(r.counted, p)
		}
		possible = possible || !result.counts && result.issuer != nil && result.issuer.Outcome == NotKnown && result.proof.Outcome != Fail
		results = append(results, result)
	}
	for _, p := range foreign {
		results = append(results, r.judgeForeign(ctx, p, signer, good || possible))
	}
	if good || possible { // exactly this was signed, whatever is wrong with another proof
		r.explaining.misfits = nil
	}
	for _, j := range results {
		if good && !j.counts || possible && !good && !(j.own && j.issuer != nil) {
			j = beside(j)
		}
		if j.issuer != nil {
			r.add(*j.issuer)
		}
		r.add(j.proof)
	}
	if r.proofOnly && !slices.ContainsFunc(own, func(p proof.Proof) bool { return mayHold(signer.id, p) }) {
		r.warn("issuer", "issuer_mismatch", "The signature names a key that does not belong to the "+signer.noun+".", "", "CID 1.0 3.3")
	}
	if !r.found(Pass, "issuer") && !r.found(Fail, "issuer") && !r.found(NotKnown, "issuer") {
		r.add(Check{Step: "issuer", Outcome: NotKnown, Code: r.firstCode("proof"), Facts: named("not_looked_for", ""),
			Detail: "The key was not looked for, because the signature cannot be checked."})
	}
}

// mustBe says whether a proof names a key that has to stand in the signer's own document.
func (r *run) mustBe(p proof.Proof, s signer) bool {
	return s.id == "" || r.proofOnly || mayHold(s.id, p)
}

// controller is whose document has to hold the key of a proof: the signer's, or that of whoever the proof names where anybody may
// sign.
func (r *run) controller(p proof.Proof, s signer) string {
	base, _, _ := strings.Cut(p.Method, "#")
	named := strings.HasPrefix(base, "did:") || strings.HasPrefix(base, "https:") && r.secured.Form == proof.DataIntegrity
	if named && (s.id == "" || r.proofOnly) {
		return base
	}
	return s.id
}

// judgeProof judges a proof whose key has to stand in the document of controller.
func (r *run) judgeProof(ctx context.Context, p proof.Proof, controller string, s signer) judged {
	refuse := func(issuer *Check, code, detail, clause string) judged {
		return judged{issuer: issuer, proof: Check{Step: "proof", Outcome: Fail, Code: code, Pointer: p.Pointer, Detail: detail, Clause: clause, Facts: named("", p.Suite)}}
	}
	if fault := p.Fault(); fault != nil {
		return refuse(nil, fault.Code, fault.Detail, fault.Clause)
	}
	if controller == "" {
		j := refuse(nil, "issuer_mismatch", "The signature does not say whose key made it.", "CID 1.0 3.3")
		j.proof.Facts = named("nobody", p.Suite)
		return j
	}
	found := r.findKey(ctx, p, controller, s.purpose)
	if found.key == nil {
		if found.tried != nil {
			if c := describe(r.verify(ctx, p, found.tried)); c.Code == proof.CodeSignatureInvalid {
				return refuse(&found.check, c.Code, c.Detail, c.Clause)
			}
		}
		return judged{issuer: &found.check, proof: Check{Step: "proof", Outcome: NotKnown, Code: found.check.Code, Pointer: p.Pointer,
			Detail: "The signature could not be checked without the key.", Facts: named("no_key", p.Suite)}}
	}
	if err := r.verify(ctx, p, found.key); err != nil {
		c := describe(err)
		if found.check.Outcome == Pass { // the signature of anybody else says nothing about what was signed
			r.explaining.note(p, found.key, c)
		}
		j := refuse(&found.check, c.Code, c.Detail, c.Clause)
		if c.Code == proof.CodeTooComplex { // the document itself was not, so this says nothing against the signature
			j.proof.Outcome = NotKnown
		}
		return j
	}
	if p.Purpose != s.purpose {
		return refuse(&found.check, "proof_purpose", "The signature was made for another purpose than "+purposes[s.purpose]+".", "VC-DATA-INTEGRITY 2.1")
	}
	if !r.meansTheSame(p) {
		j := refuse(&found.check, proof.CodeContextUntrusted, "The signature covers only the first contexts of the document, and under those alone it breaks the rules.", "VC-DI-EDDSA 3.3.2")
		j.proof.Facts = named("proof_contexts", p.Suite)
		return j
	}
	if code, detail := r.answers(p); code != "" {
		return refuse(&found.check, code, detail, "VC-DATA-INTEGRITY 4.4")
	}
	detail, of := "The signature fits this exact content ("+p.Suite+").", "issuer"
	if found.check.Outcome != Pass {
		of = "named"
		detail = "The signature fits the key that the document itself names (" + p.Suite + ")."
	}
	return judged{issuer: &found.check, counts: found.check.Outcome == Pass,
		proof: Check{Step: "proof", Outcome: Pass, Pointer: p.Pointer, Detail: detail, Facts: named(of, p.Suite)}}
}

// named are the facts of a finding about a signature: which of the meanings of its code, and the suite or algorithm or whatever else
// it is about.
func named(name, of string) Facts { return Facts(nil).and(FactCase, name, FactName, of) }

// purposes names verification relationships in sentences.
var purposes = map[string]string{keys.AssertionMethod: "issuing a credential", keys.Authentication: "presenting credentials"}

// meansTheSame says whether a document keeps to its rules under the contexts that a proof covers. A suite with JCS leaves those
// unsigned that the document got after it (VC-DI-EDDSA section 3.3.2 step 4).
func (r *run) meansTheSame(p proof.Proof) bool {
	if p.Contexts == nil || len(p.Contexts) == len(r.document.Contexts) {
		return true
	}
	value := maps.Clone(r.document.Value())
	value["@context"] = p.Contexts
	signed, err := credential.FromValue(nil, value)
	return err == nil && !slices.ContainsFunc(credential.Check(signed, r.Profile), func(p credential.Problem) bool { return !p.Warning })
}

// verify checks one signature, and counts what that took.
func (r *run) verify(ctx context.Context, p proof.Proof, key crypto.PublicKey) (err error) {
	r.signatures++
	check := r.secured.VerifyCounting
	if r.facts != nil {
		check = r.facts.verify
	}
	shared, own, err := check(ctx, p, key)
	r.units = max(r.units, shared)
	r.own += own
	return err
}

// judgeForeign judges a proof by a key of somebody else. Alone it proves nothing about the signer, and nothing is fetched
// for it; beside a good proof it must not be false.
func (r *run) judgeForeign(ctx context.Context, p proof.Proof, s signer, good bool) judged {
	if good || p.Fault() != nil {
		controller, _, _ := strings.Cut(p.Method, "#")
		j := r.judgeProof(ctx, p, controller, s)
		j.counts = false
		return j
	}
	return judged{
		issuer: &Check{Step: "issuer", Outcome: Fail, Code: "issuer_mismatch", Pointer: p.Pointer + "/verificationMethod", Clause: "CID 1.0 3.3",
			Detail: "The signature names a key that does not belong to the " + s.noun + ".", Facts: named("foreign_key", p.Method)},
		proof: Check{Step: "proof", Outcome: NotKnown, Code: "issuer_mismatch", Pointer: p.Pointer,
			Detail: "The signature was not checked, because the key is not the " + s.noun + "'s.", Facts: named("not_checked", p.Suite)},
	}
}

// beside says what a proof means beside a good one of the issuer: a false or malformed one stays a failure, and one that
// does not count, or whose key is not established, is worth knowing and no more.
func beside(j judged) judged {
	c := Check{Step: "proof", Outcome: Warn, Code: j.proof.Code, Pointer: j.proof.Pointer, Clause: j.proof.Clause, Facts: named("beside", j.proof.Facts[FactName])}
	switch {
	case j.proof.Outcome == Fail && slices.Contains([]string{proof.CodeAlgNotAllowed, "proof_purpose", "challenge_mismatch", "domain_mismatch"}, c.Code):
		c.Detail = "Beside the signature that counts there is another that does not."
	case j.proof.Outcome == Fail:
		return judged{proof: j.proof}
	case j.proof.Code == proof.CodeTooComplex:
		c.Detail = "Beside the signature that counts there are more than are looked at."
	case j.proof.Outcome == Pass && j.issuer.Outcome == Pass:
		c.Outcome, c.Detail = Pass, "A signature of somebody else beside the one that counts fits as well."
	default:
		c.Code, c.Detail = "issuer_unresolved", "Beside the signature that counts there is one whose signer could not be established."
	}
	return judged{proof: c}
}

func (r *run) firstCode(step string) string {
	for _, c := range r.checks {
		if c.Step == step && c.Code != "" {
			return c.Code
		}
	}
	return ""
}
