package verifier

import (
	"context"
	"crypto"
	"strings"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// judged is what was found about one proof. One of the proofs has to count: a good assertionMethod proof by the issuer's own
// key. The others must not be false (Data Integrity 1.0 section 4.5).
type judged struct {
	issuer *Check // about the key; nil when it was not looked for
	proof  Check  // about the signature
	own    bool   // by a key that has to be the issuer's
	counts bool
}

// signature takes the steps issuer and proof together: which key a proof needs is known only once the issuer is.
func (r *run) signature(ctx context.Context) {
	if r.found(Fail, "proof") { // no proof, or none that can be told apart from the others
		r.none("issuer", "There is no signature to find a key for.")
		return
	}
	if r.document.Issuer.ID == "" {
		r.fail("issuer", "issuer_mismatch", "The credential does not say who its issuer is.", "/issuer", "VCDM 2.0 4.7")
		return
	}
	var own, foreign []proof.Proof
	expired := false
	for _, p := range r.secured.Proofs {
		switch {
		case !p.Expires.IsZero() && !p.Expires.After(r.at): // counts as absent (Data Integrity 1.0 section 2.6)
			expired = true
		case r.ofIssuer(p):
			own = append(own, p)
		default:
			foreign = append(foreign, p)
		}
	}
	if len(own)+len(foreign) == 0 && expired {
		r.fail("proof", "expired", "The signature itself has expired.", "/proof", "VC-DATA-INTEGRITY 2.6")
		return
	}
	var results []judged
	good, possible := false, false // possible: the issuer's document could not be read, and the signature fits the key it names
	for _, p := range own {
		result := r.judgeProof(ctx, p, r.document.Issuer.ID)
		result.own = true
		good = good || result.counts
		possible = possible || !result.counts && result.issuer != nil && result.issuer.Outcome == NotKnown && result.proof.Outcome != Fail
		results = append(results, result)
	}
	for _, p := range foreign {
		results = append(results, r.judgeForeign(ctx, p, good || possible))
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
	if !r.found(Pass, "issuer") && !r.found(Fail, "issuer") && !r.found(NotKnown, "issuer") {
		r.unknown("issuer", r.firstCode("proof"), "The key was not looked for, because the signature cannot be checked.", "", "")
	}
}

// ofIssuer says whether a proof names a key that has to stand in the issuer's own document.
func (r *run) ofIssuer(p proof.Proof) bool {
	base, _, fragment := strings.Cut(p.Method, "#")
	if r.secured.Form == proof.DataIntegrity || strings.HasPrefix(p.Method, "did:") {
		return fragment && base == r.document.Issuer.ID
	}
	return true // a bare key, a key identifier or an address in a token is looked for in the issuer's document
}

// judgeProof judges a proof whose key has to stand in the document of controller.
func (r *run) judgeProof(ctx context.Context, p proof.Proof, controller string) judged {
	refuse := func(issuer *Check, code, detail, clause string) judged {
		return judged{issuer: issuer, proof: Check{Step: "proof", Outcome: Fail, Code: code, Pointer: p.Pointer, Detail: detail, Clause: clause}}
	}
	if fault := p.Fault(); fault != nil {
		return refuse(nil, fault.Code, fault.Detail, fault.Clause)
	}
	found := r.findKey(ctx, p, controller)
	if found.key == nil {
		return judged{issuer: &found.check, proof: Check{Step: "proof", Outcome: NotKnown, Code: found.check.Code, Pointer: p.Pointer,
			Detail: "The signature could not be checked without the key."}}
	}
	if err := r.verify(ctx, p, found.key); err != nil {
		c := describe(err)
		j := refuse(&found.check, c.Code, c.Detail, c.Clause)
		if c.Code == proof.CodeTooComplex { // the document itself was not, so this says nothing against the signature
			j.proof.Outcome = NotKnown
		}
		return j
	}
	if p.Purpose != keys.AssertionMethod {
		return refuse(&found.check, "proof_purpose", "The signature was made for another purpose than issuing a credential.", "VC-DATA-INTEGRITY 2.1")
	}
	detail := "The signature fits this exact content (" + p.Suite + ")."
	if found.check.Outcome != Pass {
		detail = "The signature fits the key that the credential itself names (" + p.Suite + ")."
	}
	return judged{issuer: &found.check, counts: found.check.Outcome == Pass,
		proof: Check{Step: "proof", Outcome: Pass, Pointer: p.Pointer, Detail: detail}}
}

// verify checks one signature, and counts what that took.
func (r *run) verify(ctx context.Context, p proof.Proof, key crypto.PublicKey) (err error) {
	r.signatures++
	if r.facts == nil {
		return r.secured.Verify(ctx, p, key)
	}
	units, err := r.facts.verify(ctx, p, key)
	r.units = max(r.units, units)
	return err
}

// judgeForeign judges a proof by a key of somebody else. Alone it proves nothing about the issuer, and nothing is fetched
// for it; beside a good proof it must not be false.
func (r *run) judgeForeign(ctx context.Context, p proof.Proof, good bool) judged {
	if good || p.Fault() != nil {
		controller, _, _ := strings.Cut(p.Method, "#")
		j := r.judgeProof(ctx, p, controller)
		j.counts = false
		return j
	}
	return judged{
		issuer: &Check{Step: "issuer", Outcome: Fail, Code: "issuer_mismatch", Pointer: p.Pointer + "/verificationMethod", Clause: "CID 1.0 3.3",
			Detail: "The signature names a key that does not belong to the issuer."},
		proof: Check{Step: "proof", Outcome: NotKnown, Code: "issuer_mismatch", Pointer: p.Pointer,
			Detail: "The signature was not checked, because the key is not the issuer's."},
	}
}

// beside says what a proof means beside a good one of the issuer: a false or malformed one stays a failure, and one that
// does not count, or whose key is not established, is worth knowing and no more.
func beside(j judged) judged {
	c := Check{Step: "proof", Outcome: Warn, Code: j.proof.Code, Pointer: j.proof.Pointer, Clause: j.proof.Clause}
	switch {
	case j.proof.Outcome == Fail && (c.Code == proof.CodeAlgNotAllowed || c.Code == "proof_purpose"):
		c.Detail = "Beside the issuer's signature there is another that Laurel does not count."
	case j.proof.Outcome == Fail:
		return judged{proof: j.proof}
	case j.proof.Code == proof.CodeTooComplex:
		c.Detail = "Beside the issuer's signature there are more than are looked at."
	case j.proof.Outcome == Pass && j.issuer.Outcome == Pass:
		c.Outcome, c.Detail = Pass, "A signature of somebody else beside the issuer's fits as well."
	default:
		c.Code, c.Detail = "issuer_unresolved", "Beside the issuer's signature there is one whose signer could not be established."
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
