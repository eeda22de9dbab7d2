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
	{parseProbe, Refuses, "It reads JSON, tokens, PNG and SVG, and finds no badge in other files or in a QR code.", func(in *input) bool {
		return in.stands() && slices.Contains([]string{"pdf", "jpeg", "gif", "webp", "heic", "qr", "zip", "html"}, in.report.Input.Kind)
	}},
	{typeProbe, Refuses, "It reads single credentials; a presentation is not of a type that it knows.", func(in *input) bool {
		return in.stands() && in.presentation()
	}},
	{jsonldProbe, Refuses, "It takes a word without a published meaning for an error, also in a token, where it is signed all the same.", func(in *input) bool {
		return in.stands() && in.token() && slices.ContainsFunc(in.report.Checks, func(c verifier.Check) bool { return c.Code == "unsafe_jsonld" && c.Outcome == verifier.Warn })
	}},
	{contextProbe, Accepts, "It lets any further vocabulary stand behind the usual ones, and loads it from where it is published.", func(in *input) bool {
		return in.newer() && in.fits() && in.fails("contexts", "context_untrusted") && inPlace(in) == ""
	}},
	{contextProbe, Warns, "It wants certain versions of the vocabularies at their places, and warns of others.", func(in *input) bool {
		return in.stands() && inPlace(in) == Warns
	}},
	{contextProbe, Refuses, "It wants the vocabularies at certain places in their list, and finds another there.", func(in *input) bool {
		return in.stands() && inPlace(in) == Refuses
	}},
	{schemaProbe, Accepts, "Of the schemas that a credential names it looks at those of type 1EdTechJsonSchemaValidator2019 only.", func(in *input) bool {
		return in.newer() && slices.ContainsFunc(in.credential.Schemas, func(p credential.Part) bool {
			return p.Value["type"] != "1EdTechJsonSchemaValidator2019" && in.failsAt("schema", p.Pointer)
		})
	}},

	{subjectProbe, Accepts, "A badge without id and identifier passes, though nobody is named by it, and it says nothing of that.", func(in *input) bool {
		return in.badge() && in.found("subject", "no_recipient", "") && in.subjectHas("identifier") == nil
	}},
	{subjectProbe, Refuses, "It takes an empty list of identifiers for an error.", func(in *input) bool {
		list, isList := in.subjectHas("identifier").([]any)
		return in.stands() && in.badge() && isList && len(list) == 0 && in.subjectHas("id") == nil
	}},
	{subjectProbe, Refuses, "It does not read a list of subjects, even of one.", func(in *input) bool {
		_, isList := in.value["credentialSubject"].([]any)
		return in.stands() && in.badge() && isList
	}},
	{issuerProbe, Refuses, "It stops at an issuer that is given as an address alone.", func(in *input) bool {
		_, isText := in.value["issuer"].(string)
		return in.stands() && in.newer() && !in.presentation() && isText
	}},

	{embeddedProbe, Refuses, "It does not check this kind of signature (it knows Ed25519Signature2020, eddsa-2022, eddsa-rdfc-2022 and ecdsa-sd-2023).", func(in *input) bool {
		p, found := in.chosen()
		return in.stands() && in.json() && !in.presentation() && len(in.proofs) > 0 &&
			(!found || p.Type == "DataIntegrityProof" && !slices.Contains([]string{"eddsa-2022", "eddsa-rdfc-2022", "ecdsa-sd-2023"}, p.Suite))
	}},
	{embeddedProbe, Accepts, "It checks one signature only, the first that it knows; others may be false.", func(in *input) bool {
		p, found := in.chosen()
		return found && in.json() && len(in.proofs) > 1 && !in.failsAt("proof", p.Pointer) && slices.ContainsFunc(in.proofs, func(other proof.Proof) bool {
			return other.Pointer != p.Pointer && in.failsAt("proof", other.Pointer)
		})
	}},
	{embeddedProbe, Accepts, "Where the key identifier ends in a key, it takes that key, and does not ask the issuer whether it is one of its own.", func(in *input) bool {
		p, found := in.chosen()
		base, _, _ := strings.Cut(p.Method, "#")
		return found && in.json() && in.fits() && fragmentKey(p.Method) && base == in.credential.Issuer.ID && in.against("issuer", unbound...)
	}},
	{embeddedProbe, Accepts, "Of a did:key without a fragment it does not ask whether it is the issuer's.", func(in *input) bool {
		p, found := in.chosen()
		return found && in.json() && in.fits() && strings.HasPrefix(p.Method, "did:key:") && !strings.Contains(p.Method, "#") && p.Method != in.credential.Issuer.ID &&
			in.against("issuer", unbound...)
	}},
	{embeddedProbe, Refuses, "It does not find keys in a document at an https address, as it looks for another spelling of their type.", func(in *input) bool {
		p, found := in.chosen()
		return in.stands() && in.json() && found && isHTTPS(p.Method) && strings.Contains(p.Method, "#") && !fragmentKey(p.Method)
	}},
	{embeddedProbe, Accepts, "It does not look at when a signature expires.", func(in *input) bool {
		return in.json() && in.found("proof", "expired", "signature")
	}},

	{externalProbe, Refuses, "It takes tokens signed with RS256 or ES256 only.", func(in *input) bool {
		return in.stands() && in.token() && !in.presentation() && !slices.Contains([]string{keys.RS256, keys.ES256}, in.header.Algorithm)
	}},
	{externalProbe, Refuses, "It finds no key behind a kid that is a did:key.", func(in *input) bool {
		return in.stands() && in.token() && strings.HasPrefix(in.header.KeyID, "did:key:")
	}},
	{externalProbe, Refuses, "It finds a key by a kid only that is a DID or an https address.", func(in *input) bool {
		return in.stands() && in.token() && in.header.KeyID != "" && !strings.HasPrefix(in.header.KeyID, "did:") && !isHTTPS(in.header.KeyID)
	}},
	{externalProbe, Accepts, "It trusts the key that a token brings along, whoever's that is.", func(in *input) bool {
		return in.token() && in.fits() && in.header.KeyID == "" && in.header.JWK != nil && in.against("issuer", unbound...)
	}},
	{externalProbe, Accepts, "It takes the key at the kid of a token, whoever's that is.", func(in *input) bool {
		kid := in.header
		return in.token() && in.fits() && in.fails("issuer", "issuer_mismatch") && !strings.HasPrefix(kid.KeyID, "did:key:") &&
			(strings.HasPrefix(kid.KeyID, "did:") || isHTTPS(kid.KeyID))
	}},
	{externalProbe, Accepts, "It does not compare what a token says of itself (iss, sub, jti) with the credential in it.", func(in *input) bool {
		c := in.credential
		other := func(claim *string, value string) bool { return claim != nil && *claim != value }
		return in.token() && !in.presentation() && (other(in.claims.Issuer, c.Issuer.ID) || other(in.claims.ID, c.ID) || other(in.claims.Subject, c.Subject.ID)) &&
			(in.fails("form", "id_mismatch") || in.fails("subject", "subject_mismatch") || in.fails("issuer", "issuer_mismatch"))
	}},

	{revocationProbe, Refuses, "It fails on a credential that has no id.", func(in *input) bool {
		return in.stands() && in.newer() && !in.presentation() && in.value["id"] == nil
	}},
	{revocationProbe, Accepts, "It passes over status entries of types that it does not know, such as StatusList2021Entry.", func(in *input) bool {
		return in.newer() && in.undecided() && slices.ContainsFunc(in.credential.Statuses, func(p credential.Part) bool {
			return !handled(p) && p.Value["type"] != "BitstringStatusListEntry"
		})
	}},
	{revocationProbe, Accepts, "It looks at entries for revocation only: a suspended badge passes.", func(in *input) bool {
		return in.newer() && in.fails("status", "suspended")
	}},
	{revocationProbe, Accepts, "Of several status entries the first that it knows decides.", func(in *input) bool {
		if !in.newer() {
			return false
		}
		first := slices.IndexFunc(in.credential.Statuses, handled)
		if first < 0 || in.failsAt("status", in.credential.Statuses[first].Pointer) {
			return false
		}
		return slices.ContainsFunc(in.credential.Statuses[first+1:], func(p credential.Part) bool { return handled(p) && in.failsAt("status", p.Pointer) })
	}},
	{revocationProbe, Warns, "A status list that cannot be read is a warning there: the badge passes.", func(in *input) bool {
		return in.newer() && in.against("status", "status_unavailable", "ssrf_blocked", "too_large") && slices.ContainsFunc(in.credential.Statuses, handled)
	}},
	{revocationProbe, Accepts, "It does not ask whose status list it is, nor whether that is still current.", func(in *input) bool {
		return in.newer() && in.found("status", "status_invalid", "foreign", "out_of_date") && slices.ContainsFunc(in.credential.Statuses, handled)
	}},

	{expirationProbe, Accepts, "It reads the end in one member only, by the version of the data model that it sees, and finds none that is past.", func(in *input) bool {
		_, until := in.validatorDates()
		at := in.date(until)
		return in.newer() && in.claims.Expires == nil && in.fails("dates", "expired") && (at.IsZero() || at.After(in.report.AsOf))
	}},
	{issuanceProbe, Accepts, "It reads the beginning in one member only, by the version of the data model that it sees, and finds none that is to come.", func(in *input) bool {
		from, _ := in.validatorDates()
		at := in.date(from)
		return in.newer() && in.claims.NotBefore == nil && in.found("dates", "not_yet_valid", "begins", "") && !at.After(in.report.AsOf)
	}},

	{clrInspector, Refuses, "It fails on a learner record that comes as a token without the claim vc.", func(in *input) bool {
		return in.stands() && in.token() && in.credential.Kind == credential.KindCLR && in.context(0) == contextV2
	}},
	{clrInspector, Accepts, "Of what is inside a record it looks at badges in JSON only; others may be bad.", func(in *input) bool {
		return in.newer() && in.credential.Kind == credential.KindCLR && slices.ContainsFunc(in.report.Credentials, func(r *verifier.Report) bool {
			return r.Outcome == verifier.Invalid && r.Input.Kind == "jwt"
		})
	}},
	{ob2Inspector, Refuses, "It does not take a signed badge of Open Badges 2.0 as an upload.", func(in *input) bool {
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
