package vcapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/verifier"
)

// Where the kinds of problems are defined: VCDM 2.0 section 7.3, Data Integrity 1.0 section 4.8, Bitstring Status List 1.0
// section 3.5.
const (
	vcdm       = "https://www.w3.org/TR/vc-data-model#"
	security   = "https://w3id.org/security#"
	statusList = "https://www.w3.org/ns/credentials/status-list#"
)

// verification is the answer to a verification. What does not verify is a problem (RFC 9457) as well.
type verification struct {
	*problem
	Verified       bool           `json:"verified"`
	Checks         []string       `json:"checks"`
	Warnings       []detail       `json:"warnings"`
	Errors         []detail       `json:"errors"`
	ProblemDetails []detail       `json:"problemDetails,omitempty"`
	Results        map[string]any `json:"results,omitempty"`
	Credential     map[string]any `json:"credential,omitempty"`
	Presentation   map[string]any `json:"verifiablePresentation,omitempty"`
}

// give puts the document into the answer.
func (v *verification) give(of subject, document map[string]any) {
	if of.member == credentials.member {
		v.Credential = document
	} else {
		v.Presentation = document
	}
}

// problem is what RFC 9457 section 3.1 asks of an error.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Code     string `json:"code,omitempty"`
	Instance string `json:"instance"` // the request, as the log names it
}

// detail is one finding (VCDM 2.0 section 7.3).
type detail struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Code    string `json:"code,omitempty"` // as in a report
	Step    string `json:"step,omitempty"`
	Pointer string `json:"pointer,omitempty"` // JSON Pointer into the document
	Clause  string `json:"clause,omitempty"`
}

func details(checks []verifier.Check) []detail {
	all := make([]detail, 0, len(checks))
	for _, c := range checks {
		all = append(all, detail{Type: typeOf(c), Title: c.Title, Detail: c.Detail, Code: c.Code, Step: c.Step, Pointer: c.Pointer, Clause: c.Clause})
	}
	return all
}

// typeOf is the kind of problem that a finding is.
func typeOf(c verifier.Check) string {
	switch c.Code {
	case "status_unavailable":
		return statusList + "STATUS_RETRIEVAL_ERROR"
	case "status_invalid":
		return statusList + "STATUS_VERIFICATION_ERROR"
	case "expired", "not_yet_valid", "revoked", "suspended":
		return vcdm + "RANGE_ERROR"
	}
	switch c.Step {
	case "form":
		return vcdm + "PARSING_ERROR"
	case "issuer", "proof":
		return vcdm + "CRYPTOGRAPHIC_SECURITY_ERROR"
	}
	return vcdm + "MALFORMED_VALUE_ERROR"
}

// result says of one part of a document whether it holds.
type result struct {
	Verified bool `json:"verified"`
	Input    any  `json:"input,omitempty"`
}

// resultsOf says of each part that VCALM names whether anything speaks against it. It is asked for what verifies, so that only
// warnings can. Dates and status are left out where the policy has not judged them.
func resultsOf(w wishes, of subject, v verdict) map[string]any {
	holds := func(step, pointer string) bool {
		return !slices.ContainsFunc(v.warnings, func(c verifier.Check) bool {
			return c.Step == step && (c.Pointer == "" || c.Pointer == pointer || strings.HasPrefix(c.Pointer, pointer+"/"))
		})
	}
	each := func(step, member string) []result {
		all := []result{}
		switch value := v.document[member].(type) {
		case nil:
		case []any:
			for i, one := range value {
				all = append(all, result{holds(step, fmt.Sprintf("/%s/%d", member, i)), one})
			}
		default:
			all = append(all, result{holds(step, "/"+member), value})
		}
		return all
	}
	proofs := []result{{Verified: true}} // the document is what was secured, and has no proof in it
	if of.member == credentials.member {
		found := map[string]any{"proof": proofs, "credentialSchema": each("schema", "credentialSchema")}
		if !v.lasting {
			return found
		}
		found["credentialStatus"] = each("status", "credentialStatus")
		for _, name := range []string{"validFrom", "validUntil", "issuanceDate", "expirationDate"} {
			if date, there := v.document[name]; there {
				found[name] = result{holds("dates", "/"+name), date}
			}
		}
		return found
	}
	presentation := map[string]any{"proof": proofs}
	if holder, there := v.document["holder"]; there {
		presentation["holder"] = result{holds("issuer", "/holder"), holder}
	}
	if w.Challenge != "" {
		presentation["challenge"] = result{true, w.Challenge}
	}
	if len(w.Domain) > 0 {
		presentation["domain"] = result{true, w.Domain}
	}
	held := []result{}
	nested, several := v.document["verifiableCredential"].([]any)
	if one := v.document["verifiableCredential"]; one != nil && !several {
		nested = []any{one}
	}
	for i := range nested {
		at := "/verifiableCredential"
		if several {
			at = fmt.Sprintf("%s/%d", at, i)
		}
		held = append(held, result{Verified: !slices.ContainsFunc(v.warnings, func(c verifier.Check) bool {
			// Another holder than the subject is worth a warning, and says nothing against the credential.
			return c.Step != "subject" && (v.lasting || c.Step != "status") && (c.Pointer == at || strings.HasPrefix(c.Pointer, at+"/"))
		})})
	}
	return map[string]any{"presentation": presentation, "credentials": held}
}
