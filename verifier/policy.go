package verifier

import (
	"context"
	"slices"

	"github.com/laurelbadges/laurel/credential"
)

// ProofReport is the answer of [CheckProof].
type ProofReport struct {
	Holds    bool           // the document keeps to its data model, and its proofs fit it
	Errors   []Check        // why it does not hold
	Warnings []Check        // everything else worth knowing, also what [Verify] would fail
	Document map[string]any // what was secured; nil when it does not hold
}

// CheckProof judges a credential or presentation by the W3C data model and its proofs alone, each by the key that the proof names:
// whether that is the key of the issuer, dates and status are warnings. It exists for the interoperability suites of the VC-API,
// some of which name issuers that their keys do not belong to. Its answer says nothing about authenticity and is never shown as
// such. o.Profile is ignored: the profile is vc.
func CheckProof(ctx context.Context, input []byte, o Options) (*ProofReport, error) {
	o.Profile = credential.VerifiableCredentials
	r := newRun(o)
	r.proofOnly = true
	text, _, unreadable := readText(input)
	if unreadable != nil {
		r.refused(unreadable)
	} else {
		r.judge(ctx, text)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer := &ProofReport{Holds: r.answerAuthentic() == Yes}
	for _, c := range r.report().Checks {
		switch {
		case c.Outcome == Pass || c.Outcome == NotApplicable:
		case !slices.Contains(authenticSteps, c.Step), c.Outcome == Warn, c.Outcome == NotKnown && !slices.Contains(decidingSteps, c.Step):
			answer.Warnings = append(answer.Warnings, c)
		case !answer.Holds:
			answer.Errors = append(answer.Errors, c)
		}
	}
	if answer.Holds {
		answer.Document = r.secured.Value
	}
	return answer, nil
}
