package vcapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/api"
	"github.com/laurelbadges/laurel/verifier"
)

// subject is what a route verifies.
type subject struct {
	member  string   // of the body
	members []string // that the body may have
	options []string
	types   []string // one of which the document has to have
}

var (
	credentials = subject{
		member:  "verifiableCredential",
		members: []string{"verifiableCredential", "options"},
		options: []string{"checks", "challenge", "domain", "returnCredential", "returnResults", "returnProblemDetails"},
		types:   []string{"VerifiableCredential", "EnvelopedVerifiableCredential"},
	}
	presentations = subject{
		member:  "verifiablePresentation",
		members: []string{"verifiablePresentation", "presentation", "options"}, // presentation is one without a proof
		options: []string{"checks", "challenge", "domain", "returnCredential", "returnPresentation", "returnResults", "returnProblemDetails"},
		types:   []string{"VerifiablePresentation", "EnvelopedVerifiablePresentation"},
	}
)

// verdict is what a policy says of a document.
type verdict struct {
	verified bool
	checks   []string // what was looked at and found good
	errors   []verifier.Check
	warnings []verifier.Check
	document map[string]any // what was secured
	lasting  bool           // dates and status were judged too
}

// judge is a policy.
type judge func(ctx context.Context, text []byte, o verifier.Options) (verdict, error)

// whole is the policy of the report: the key is bound to the issuer, the dates hold, and the status is known and good.
func (s *server) whole(ctx context.Context, text []byte, o verifier.Options) (verdict, error) {
	report, err := s.Verify(ctx, text, o)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{verified: report.Outcome == verifier.Valid, document: report.Document, lasting: true}
	for _, check := range report.Checks {
		switch check.Outcome {
		case verifier.Pass:
			if !slices.Contains(v.checks, check.Step) {
				v.checks = append(v.checks, check.Step)
			}
		case verifier.Fail:
			v.errors = append(v.errors, check)
		case verifier.Warn:
			v.warnings = append(v.warnings, check)
		case verifier.NotKnown:
			if slices.Contains(deciding, check.Step) {
				v.errors = append(v.errors, check)
			} else {
				v.warnings = append(v.warnings, check)
			}
		}
	}
	v.leaveOutSkipped()
	return v, nil
}

// deciding are the steps of a report without whose answer nothing is verified. What is not known of the others decides nothing.
var deciding = []string{"form", "contexts", "issuer", "proof", "dates", "status", "subject"}

// leaveOutSkipped takes out the steps that were not looked at because an earlier one had failed, which is no news: they have the
// code of the failure, or none.
func (v *verdict) leaveOutSkipped() {
	var codes []string
	for _, c := range slices.Concat(v.errors, v.warnings) {
		if c.Outcome == verifier.Fail {
			codes = append(codes, c.Code)
		}
	}
	skipped := func(c verifier.Check) bool {
		return c.Outcome == verifier.NotKnown && (c.Code == "" || slices.Contains(codes, c.Code))
	}
	v.errors, v.warnings = slices.DeleteFunc(v.errors, skipped), slices.DeleteFunc(v.warnings, skipped)
}

// proofAlone is the policy of the public interoperability suites: data model and proof. Everything else is a warning.
func (s *server) proofAlone(ctx context.Context, text []byte, o verifier.Options) (verdict, error) {
	report, err := s.CheckProof(ctx, text, o)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{verified: report.Holds, errors: report.Errors, warnings: report.Warnings, document: report.Document}
	if v.verified {
		v.checks = []string{"proof"}
	}
	v.leaveOutSkipped()
	return v, nil
}

// wishes are the options of a verification.
type wishes struct {
	verifier.Options
	document, results, problems bool // give them back
}

// knownChecks are the names that callers give to what they want checked. Nothing is left out for a name that is missing: a policy
// always looks at all that it has.
var knownChecks = []string{"proof", "credentialStatus", "credentialSchema", "status", "validity"}

func readWishes(values map[string]any) (w wishes, err error) {
	w.Profile = credential.VerifiableCredentials
	names, err := texts(values, "checks")
	if err != nil {
		return w, err
	}
	for _, name := range names {
		if !slices.Contains(knownChecks, name) {
			return w, unknownOption("/options/checks", fmt.Sprintf("The checks here are %q.", knownChecks))
		}
	}
	if w.Challenge, err = text(values, "challenge"); err != nil {
		return w, err
	}
	if _, several := values["domain"].([]any); several {
		if w.Domain, err = texts(values, "domain"); err == nil && (len(w.Domain) == 0 || slices.Contains(w.Domain, "")) {
			err = misshapen("/options/domain", "at least one text was expected, and none that is empty")
		}
	} else if domain, fault := text(values, "domain"); domain != "" {
		w.Domain, err = []string{domain}, fault
	} else {
		err = fault
	}
	for name, into := range map[string]*bool{"returnCredential": &w.document, "returnPresentation": &w.document,
		"returnResults": &w.results, "returnProblemDetails": &w.problems} {
		if err != nil {
			return w, err
		}
		var on bool
		on, err = flag(values, name)
		*into = *into || on
	}
	return w, err
}

// verify answers POST …/verify for one kind of document under one policy.
func (s *server) verify(of subject, by judge) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, err := api.ReadBody(c.Request(), false)
		if err != nil {
			return err
		}
		members, err := split(body, of.members...)
		if err != nil {
			return err
		}
		values, err := options(members, of.options...)
		if err != nil {
			return err
		}
		w, err := readWishes(values)
		if err != nil {
			return err
		}
		if _, there := members["presentation"]; there {
			if _, both := members[of.member]; both {
				return misshapen("/presentation", "there is a verifiablePresentation too")
			}
			return s.answer(c, w, of, verdict{errors: []verifier.Check{{Step: "proof", Code: "malformed", Title: "Signature",
				Detail: "The presentation has no proof, so nothing can be said about who made it."}}})
		}
		text, err := object(members, of.member)
		if err != nil {
			return err
		}
		if !of.is(text) {
			return s.answer(c, w, of, verdict{errors: []verifier.Check{{Step: "form", Code: "schema_invalid", Title: "Form", Pointer: "/type", Clause: "VCDM 2.0 4.5",
				Detail: fmt.Sprintf("The document is of another type than is verified here: %s.", strings.Join(of.types, " or "))}}})
		}
		found, err := by(c.Request().Context(), text, w.Options)
		if err != nil {
			return err
		}
		return s.answer(c, w, of, found)
	}
}

// is says whether a document has a type of the subject. A document that is not to be read is: whoever judges it says why.
func (of subject) is(text []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return true
	}
	var one string
	if json.Unmarshal(members["type"], &one) == nil {
		return slices.Contains(of.types, one)
	}
	var all []any
	_ = json.Unmarshal(members["type"], &all)
	return slices.ContainsFunc(all, func(v any) bool { s, _ := v.(string); return slices.Contains(of.types, s) })
}

// answer gives a verdict: 200 for what verifies, else 400 with a problem.
func (s *server) answer(c echo.Context, w wishes, of subject, v verdict) error {
	body := verification{Verified: v.verified, Checks: append([]string{}, v.checks...), Warnings: details(v.warnings), Errors: details(v.errors)}
	status, media := http.StatusOK, mediaJSON
	switch {
	case !v.verified:
		if len(body.Errors) == 0 { // a policy that refuses without a word
			body.Errors = []detail{{Type: security + "PROOF_VERIFICATION_ERROR", Title: "Verification", Detail: "It could not be established that this is what its issuer signed."}}
		}
		status, media = http.StatusBadRequest, "application/problem+json"
		first := body.Errors[max(0, slices.IndexFunc(v.errors, func(c verifier.Check) bool { return c.Outcome == verifier.Fail }))]
		body.problem = &problem{Type: first.Type, Title: first.Title, Status: status, Detail: first.Detail, Code: first.Code,
			Instance: c.Response().Header().Get(echo.HeaderXRequestID)}
		body.ProblemDetails = append(slices.Clone(body.Errors), body.Warnings...)
	default:
		if w.problems {
			body.ProblemDetails = body.Warnings
		}
		if w.results {
			body.Results = resultsOf(w, of, v)
		}
		if w.document {
			body.give(of, v.document)
		}
	}
	text, err := encode(body)
	if err != nil {
		return err
	}
	return c.Blob(status, media, text)
}
