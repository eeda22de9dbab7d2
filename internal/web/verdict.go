package web

import (
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// shape is the sign of an answer. Shape and words differ, not only the colour: round is yes, an octagon is no, a
// triangle is not known. The last two are for single checks only.
type shape string

const (
	shapeYes     shape = "yes"
	shapeNo      shape = "no"
	shapeUnknown shape = "unknown"
	shapeNote    shape = "note" // worth knowing, changes no answer
	shapeNone    shape = "none" // nothing to check
)

// verdict is the one band of a page that answers: a sentence a clerk can repeat on the phone, who says so, and when it
// was checked.
type verdict struct {
	Shape   shape
	Title   string
	Signer  string // who signed; begins the explanation where the badge is authentic
	Detail  string
	Reason  string // as the issuer gave it
	Checked moment
}

// judge words a report. The record is that of the issuer for its own credentials, nil for all others: it adds when and
// why a credential was revoked or suspended, and can only make the answer worse.
func judge(report *verifier.Report, record *issuer.Credential) verdict {
	found := findings(report)
	inForce := report.InForce
	if record != nil && (record.Revoked != nil || record.Suspended != nil) {
		inForce = verifier.No
		found["revoked"] = found["revoked"] || record.Revoked != nil
		found["suspended"] = found["suspended"] || record.Suspended != nil
	}
	var v verdict
	switch {
	case report.Authentic == verifier.No:
		v = notAuthentic(report)
	case report.Authentic != verifier.Yes:
		v = signerUnknown(report, inForce, found)
	case inForce == verifier.Yes && report.Outcome == verifier.Valid:
		v = verdict{Shape: shapeYes, Title: "Authentic, and in force today", Detail: "signed exactly this badge" + standing(report)}
	case inForce == verifier.No:
		v = notInForce(report, record, found)
	default:
		v = verdict{
			Shape: shapeUnknown,
			Title: "Authentic, but we could not confirm that it is still in force",
			Detail: "signed exactly this badge. " + because(report, verifier.NotKnown, "dates", "status") +
				"Try again later, or ask the issuer.",
		}
	}
	if report.Authentic == verifier.Yes {
		v.Signer = "The issuer"
		if c := report.Credential; c != nil && c.Kind == credential.KindPresentation {
			v.Signer = "The holder"
			if c.Holder != nil {
				v.Signer = partyName(*c.Holder)
			}
			v.Detail = strings.ReplaceAll(v.Detail, "this badge", "this presentation")
			if inForce == verifier.No && !own(report, "dates") {
				v.Title, v.Detail = "Authentic, but a credential in it is not in force", "signed exactly this presentation. What is wrong with the credential stands beside it below."
			}
		} else if c != nil {
			v.Signer = partyName(c.Issuer)
		}
	}
	v.Checked = instant(report.AsOf)
	return v
}

// own says whether a presentation itself has failed a step, and not a credential in it.
func own(report *verifier.Report, step string) bool {
	return slices.ContainsFunc(report.Checks, func(c verifier.Check) bool {
		return c.Step == step && c.Outcome == verifier.Fail && !strings.HasPrefix(c.Pointer, "/verifiableCredential")
	})
}

// findings are the codes of all failed checks.
func findings(report *verifier.Report) map[string]bool {
	codes := make(map[string]bool)
	for _, check := range report.Checks {
		if check.Outcome == verifier.Fail {
			codes[check.Code] = true
		}
	}
	return codes
}

// because is the detail of the first check of these steps with this outcome, followed by a space, or "".
func because(report *verifier.Report, outcome verifier.Result, steps ...string) string {
	for _, step := range steps {
		for _, check := range report.Checks {
			if check.Step == step && check.Outcome == outcome && check.Detail != "" {
				return prose(check.Detail) + " "
			}
		}
	}
	return ""
}

// standing says what the status lists told about a badge that is in force.
func standing(report *verifier.Report) string {
	for _, check := range report.Checks {
		if check.Step == "status" && check.Outcome == verifier.Pass {
			return ", and has not taken it back."
		}
	}
	return ". It names no list on which it could be taken back."
}

// notInForce words an authentic badge that does not count today. The strongest reason leads, the others follow.
func notInForce(report *verifier.Report, record *issuer.Credential, found map[string]bool) verdict {
	v := verdict{Shape: shapeNo}
	switch {
	case found["revoked"]:
		v.Title = "Authentic, but revoked"
		v.Detail = "signed this badge and later took it back. It no longer counts."
		if record != nil && record.Revoked != nil {
			v.Title += " on " + day(record.Revoked.At).Words
			v.Reason = plain(record.Revoked.Reason)
		}
	case found["suspended"]:
		v.Title = "Authentic, but suspended"
		v.Detail = "signed this badge and has set it aside for now. It does not count until it is reinstated."
		if record != nil && record.Suspended != nil {
			v.Title += " since " + day(record.Suspended.At).Words
			v.Reason = plain(record.Suspended.Reason)
		}
	case found["expired"]:
		v.Title = "Authentic, but expired"
		v.Detail = "signed exactly this badge. Its time has run out."
		if report.Credential != nil && report.Credential.ValidUntil != "" {
			v.Detail = "signed exactly this badge. It was in force until " + signedDate(report.Credential.ValidUntil).Words + "."
		}
	case found["not_yet_valid"]:
		v.Title = "Authentic, but not yet begun"
		v.Detail = "signed exactly this badge. It is not in force yet."
		if report.Credential != nil && report.Credential.ValidFrom != "" {
			v.Detail = "signed exactly this badge. It begins on " + signedDate(report.Credential.ValidFrom).Words + "."
		}
	default:
		v.Title = "Authentic, but not in force"
		v.Detail = "signed exactly this badge. " + because(report, verifier.Fail, "dates", "status")
		return v
	}
	if found["expired"] && (found["revoked"] || found["suspended"]) {
		v.Detail += " It has also expired."
	}
	return v
}

// signerUnknown words a badge whose signer could not be established; what its dates and lists say may still rule it out.
func signerUnknown(report *verifier.Report, inForce verifier.Answer, found map[string]bool) verdict {
	v := verdict{
		Shape:  shapeUnknown,
		Title:  signerUnknownTitle(report),
		Detail: because(report, verifier.NotKnown, "issuer", "proof", "contexts", "schema", "form", "subject"),
	}
	if inForce != verifier.No {
		v.Detail += "Until that is known, treat it as unconfirmed. Try again later, or ask the issuer."
		return v
	}
	v.Shape = shapeNo
	switch {
	case found["revoked"]:
		v.Title += ", and it is marked as revoked"
	case found["suspended"]:
		v.Title += ", and it is marked as suspended"
	case found["expired"]:
		v.Title += ", and it has expired"
	case found["not_yet_valid"]:
		v.Title += ", and it has not yet begun"
	default:
		v.Title += ", and it is not in force"
	}
	v.Detail += because(report, verifier.Fail, "status", "dates")
	return v
}

// signerUnknownTitle tells a badge that is as somebody signed it from one whose signature could not even be tried.
func signerUnknownTitle(report *verifier.Report) string {
	for _, check := range report.Checks {
		if check.Step == "proof" && check.Outcome == verifier.Pass {
			return "Signed, but we could not establish by whom"
		}
	}
	return "We could not establish who signed this"
}

// notAuthentic words a badge that failed, by the first failure in the order of the steps that decide it.
func notAuthentic(report *verifier.Report) verdict {
	for _, step := range []string{"form", "contexts", "schema", "issuer", "proof", "subject"} {
		for _, check := range report.Checks {
			if check.Step == step && check.Outcome == verifier.Fail {
				if len(report.Credentials) > 0 && step == "proof" && strings.HasPrefix(check.Pointer, "/verifiableCredential") {
					return verdict{Shape: shapeNo, Title: "Not authentic: a credential in it is not", Detail: "What is wrong with the credential stands beside it below."}
				}
				return verdict{Shape: shapeNo, Title: rejection(check), Detail: prose(check.Detail)}
			}
		}
	}
	return verdict{Shape: shapeNo, Title: "Not authentic", Detail: "It did not pass the checks below."}
}

// rejection says in one sentence why a badge is not authentic.
func rejection(check verifier.Check) string {
	switch check.Code {
	case "no_credential":
		return "This is not a badge"
	case "image_invalid":
		return "Not authentic: the picture is damaged"
	case "encoding", "duplicate_key", "ambiguous":
		return "Not authentic: it can be read in more than one way"
	case "malformed":
		if check.Step == "proof" {
			return "Not authentic: it carries no complete signature"
		}
		return "Not authentic: it is damaged"
	case "too_large", "too_complex":
		return "Not authentic: it is larger than any badge may be"
	case "context_untrusted", "unsafe_jsonld", "schema_invalid":
		return "Not authentic: it breaks the rules of its standard"
	case "signature_invalid":
		return "Not authentic: it was altered, or somebody else signed it"
	case "issuer_mismatch", "key_mismatch":
		return "Not authentic: the key is not the issuer’s own"
	case "alg_not_allowed", "weak_key":
		return "Not authentic: its signature is of a kind that cannot be trusted"
	case "proof_purpose":
		return "Not authentic: the key was not meant for signing badges"
	case "expired":
		return "Not authentic: its signature has run out"
	}
	return "Not authentic"
}
