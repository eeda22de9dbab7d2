package opinion

import (
	"regexp"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// Parts of 1EdTech's validator (1EdTech/digital-credentials-public-validator, commit 3825471).
const (
	parseProbe      = "CredentialParseProbe"
	jsonldProbe     = "JsonLDValidationProbe"
	contextProbe    = "ContextPropertyProbe"
	typeProbe       = "TypePropertyProbe"
	schemaProbe     = "InlineJsonSchemaProbe"
	subjectProbe    = "CredentialSubjectProbe"
	issuerProbe     = "IssuerProbe"
	embeddedProbe   = "EmbeddedProofProbe"
	externalProbe   = "ExternalProofProbe"
	revocationProbe = "RevocationListProbe"
	expirationProbe = "ExpirationProbe"
	issuanceProbe   = "IssuanceProbe"
	clrInspector    = "CLR20Inspector"
	ob2Inspector    = "OB20Inspector"
)

const (
	contextV2    = "https://www.w3.org/ns/credentials/v2"
	contextV1    = "https://www.w3.org/2018/credentials/v1"
	contextBadge = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	contextCLR   = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
)

// otherBadgeContext is what the validator takes with a warning in place of the context of Open Badges.
var otherBadgeContext = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/ob/v3p0/(context\.json|context/ob_v3p0\.jsonld|context-\d+\.\d+\.\d+\.json)$`)

var validatorRules = []rule{
	{"validator_reads_files", parseProbe, Refuses, func(in *input) bool {
		return in.stands() && slices.Contains([]string{"pdf", "jpeg", "gif", "webp", "heic", "qr", "zip", "html"}, in.report.Input.Kind)
	}},
	{"validator_presentation", typeProbe, Refuses, func(in *input) bool {
		return in.stands() && in.presentation()
	}},
	{"validator_unknown_word", jsonldProbe, Refuses, func(in *input) bool {
		return in.stands() && in.token() && slices.ContainsFunc(in.report.Checks, func(c verifier.Check) bool { return c.Code == "unsafe_jsonld" && c.Outcome == verifier.Warn })
	}},
	{"validator_further_vocabulary", contextProbe, Accepts, func(in *input) bool {
		return in.newer() && in.fits() && in.fails("contexts", "context_untrusted") && inPlace(in) == ""
	}},
	{"validator_vocabulary_version", contextProbe, Warns, func(in *input) bool {
		return in.stands() && inPlace(in) == Warns
	}},
	{"validator_vocabulary_place", contextProbe, Refuses, func(in *input) bool {
		return in.stands() && inPlace(in) == Refuses
	}},
	{"validator_other_schemas", schemaProbe, Accepts, func(in *input) bool {
		return in.newer() && slices.ContainsFunc(in.credential.Schemas, func(p credential.Part) bool {
			return p.Value["type"] != "1EdTechJsonSchemaValidator2019" && in.failsAt("schema", p.Pointer)
		})
	}},

	{"validator_nobody_named", subjectProbe, Accepts, func(in *input) bool {
		return in.badge() && in.found("subject", "no_recipient", "") && in.subjectHas("identifier") == nil
	}},
	{"validator_no_identifiers", subjectProbe, Refuses, func(in *input) bool {
		list, isList := in.subjectHas("identifier").([]any)
		return in.stands() && in.badge() && isList && len(list) == 0 && in.subjectHas("id") == nil
	}},
	{"validator_subject_list", subjectProbe, Refuses, func(in *input) bool {
		_, isList := in.value["credentialSubject"].([]any)
		return in.stands() && in.badge() && isList
	}},
	{"validator_issuer_address", issuerProbe, Refuses, func(in *input) bool {
		_, isText := in.value["issuer"].(string)
		return in.stands() && in.newer() && !in.presentation() && isText
	}},

	{"validator_signature_kind", embeddedProbe, Refuses, func(in *input) bool {
		p, found := in.chosen()
		return in.stands() && in.json() && !in.presentation() && len(in.proofs) > 0 &&
			(!found || p.Type == "DataIntegrityProof" && !slices.Contains([]string{"eddsa-2022", "eddsa-rdfc-2022", "ecdsa-sd-2023"}, p.Suite))
	}},
	{"validator_one_signature", embeddedProbe, Accepts, func(in *input) bool {
		p, found := in.chosen()
		return found && in.json() && len(in.proofs) > 1 && !in.failsAt("proof", p.Pointer) && slices.ContainsFunc(in.proofs, func(other proof.Proof) bool {
			return other.Pointer != p.Pointer && in.failsAt("proof", other.Pointer)
		})
	}},
	{"validator_key_in_name", embeddedProbe, Accepts, func(in *input) bool {
		p, found := in.chosen()
		base, _, _ := strings.Cut(p.Method, "#")
		return found && in.json() && in.fits() && fragmentKey(p.Method) && base == in.credential.Issuer.ID && in.against("issuer", unbound...)
	}},
	{"validator_bare_did_key", embeddedProbe, Accepts, func(in *input) bool {
		p, found := in.chosen()
		return found && in.json() && in.fits() && strings.HasPrefix(p.Method, "did:key:") && !strings.Contains(p.Method, "#") && p.Method != in.credential.Issuer.ID &&
			in.against("issuer", unbound...)
	}},
	{"validator_key_at_address", embeddedProbe, Refuses, func(in *input) bool {
		p, found := in.chosen()
		return in.stands() && in.json() && found && isHTTPS(p.Method) && strings.Contains(p.Method, "#") && !fragmentKey(p.Method)
	}},
	{"validator_signature_end", embeddedProbe, Accepts, func(in *input) bool {
		return in.json() && in.found("proof", "expired", "signature")
	}},

	{"validator_token_algorithm", externalProbe, Refuses, func(in *input) bool {
		return in.stands() && in.token() && !in.presentation() && !slices.Contains([]string{keys.RS256, keys.ES256}, in.header.Algorithm)
	}},
	{"validator_token_did_key", externalProbe, Refuses, func(in *input) bool {
		return in.stands() && in.token() && strings.HasPrefix(in.header.KeyID, "did:key:")
	}},
	{"validator_token_key_name", externalProbe, Refuses, func(in *input) bool {
		return in.stands() && in.token() && in.header.KeyID != "" && !strings.HasPrefix(in.header.KeyID, "did:") && !isHTTPS(in.header.KeyID)
	}},
	{"validator_token_own_key", externalProbe, Accepts, func(in *input) bool {
		return in.token() && in.fits() && in.header.KeyID == "" && in.header.JWK != nil && in.against("issuer", unbound...)
	}},
	{"validator_token_any_key", externalProbe, Accepts, func(in *input) bool {
		kid := in.header
		return in.token() && in.fits() && in.fails("issuer", "issuer_mismatch") && !strings.HasPrefix(kid.KeyID, "did:key:") &&
			(strings.HasPrefix(kid.KeyID, "did:") || isHTTPS(kid.KeyID))
	}},
	{"validator_token_claims", externalProbe, Accepts, func(in *input) bool {
		c := in.credential
		other := func(claim *string, value string) bool { return claim != nil && *claim != value }
		return in.token() && !in.presentation() && (other(in.claims.Issuer, c.Issuer.ID) || other(in.claims.ID, c.ID) || other(in.claims.Subject, c.Subject.ID)) &&
			(in.fails("form", "id_mismatch") || in.fails("subject", "subject_mismatch") || in.fails("issuer", "issuer_mismatch"))
	}},

	{"validator_no_id", revocationProbe, Refuses, func(in *input) bool {
		return in.stands() && in.newer() && !in.presentation() && in.value["id"] == nil
	}},
	{"validator_other_status_types", revocationProbe, Accepts, func(in *input) bool {
		return in.newer() && in.undecided() && slices.ContainsFunc(in.credential.Statuses, func(p credential.Part) bool {
			return !handled(p) && p.Value["type"] != "BitstringStatusListEntry"
		})
	}},
	{"validator_suspension", revocationProbe, Accepts, func(in *input) bool {
		return in.newer() && in.fails("status", "suspended")
	}},
	{"validator_first_status", revocationProbe, Accepts, func(in *input) bool {
		if !in.newer() {
			return false
		}
		first := slices.IndexFunc(in.credential.Statuses, handled)
		if first < 0 || in.failsAt("status", in.credential.Statuses[first].Pointer) {
			return false
		}
		return slices.ContainsFunc(in.credential.Statuses[first+1:], func(p credential.Part) bool { return handled(p) && in.failsAt("status", p.Pointer) })
	}},
	{"validator_status_unread", revocationProbe, Warns, func(in *input) bool {
		return in.newer() && in.against("status", "status_unavailable", "ssrf_blocked", "too_large") && slices.ContainsFunc(in.credential.Statuses, handled)
	}},
	{"validator_status_owner", revocationProbe, Accepts, func(in *input) bool {
		return in.newer() && in.found("status", "status_invalid", "foreign", "out_of_date") && slices.ContainsFunc(in.credential.Statuses, handled)
	}},

	{"validator_end_elsewhere", expirationProbe, Accepts, func(in *input) bool {
		_, until := in.validatorDates()
		at := in.date(until)
		return in.newer() && in.claims.Expires == nil && in.fails("dates", "expired") && (at.IsZero() || at.After(in.report.AsOf))
	}},
	{"validator_beginning_elsewhere", issuanceProbe, Accepts, func(in *input) bool {
		from, _ := in.validatorDates()
		at := in.date(from)
		return in.newer() && in.claims.NotBefore == nil && in.found("dates", "not_yet_valid", "begins", "") && !at.After(in.report.AsOf)
	}},

	{"validator_record_token", clrInspector, Refuses, func(in *input) bool {
		return in.stands() && in.token() && in.credential.Kind == credential.KindCLR && in.context(0) == contextV2
	}},
	{"validator_record_tokens_inside", clrInspector, Accepts, func(in *input) bool {
		return in.newer() && in.credential.Kind == credential.KindCLR && slices.ContainsFunc(in.report.Credentials, func(r *verifier.Report) bool {
			return r.Outcome == verifier.Invalid && r.Input.Kind == "jwt"
		})
	}},
	{"validator_signed_open_badges_2", ob2Inspector, Refuses, func(in *input) bool {
		return in.stands() && in.older && in.header != nil
	}},
}

// unbound are the codes for a key of which it is not established that it is the issuer's.
var unbound = []string{"issuer_mismatch", "issuer_unresolved", "key_mismatch", "ssrf_blocked"}

// validatorDates are the members that the validator reads the dates in: by whether the context of the data model 2.0 stands anywhere.
func (in *input) validatorDates() (from, until string) {
	if in.newer() && slices.Contains(in.credential.Contexts, any(contextV2)) {
		return "validFrom", "validUntil"
	}
	return "issuanceDate", "expirationDate"
}

// subjectHas is a member of the only subject, or of the first.
func (in *input) subjectHas(name string) any {
	subject := in.value["credentialSubject"]
	if list, _ := subject.([]any); len(list) > 0 {
		subject = list[0]
	}
	object, _ := subject.(map[string]any)
	return object[name]
}

// inPlace is what the validator says of the contexts at their places: Refuses, Warns or "".
func inPlace(in *input) string {
	if !in.newer() {
		return ""
	}
	want := []string{contextV2, contextBadge}
	switch in.credential.Kind {
	case credential.KindAchievement:
	case credential.KindCLR:
		want = []string{contextV2, contextCLR, contextBadge}
	default:
		return ""
	}
	answer := ""
	for i, expected := range want {
		switch here := in.context(i); {
		case here == expected:
		case expected == contextV2 && here == contextV1, expected == contextBadge && otherBadgeContext.MatchString(here),
			expected == contextCLR && strings.HasPrefix(here, "https://purl.imsglobal.org/spec/clr/v2p0/context"):
			answer = Warns
		default:
			return Refuses
		}
	}
	return answer
}
