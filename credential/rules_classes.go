package credential

import "regexp"

// cardinality says how many values a property takes. Where several are allowed, one value may stand without its array: the
// published JSON Schema accepts that JSON-LD compaction, so real badges use it.
type cardinality int

const (
	one   cardinality = iota // exactly one value, no array
	maybe                    // none or one value, no array
	some                     // one or more
	many                     // none or more
)

// kind is the kind of value of a property. Some kinds are completed by property.of.
type kind int

const (
	plain       kind = iota // string, or a map from language to string
	identifier              // string: an absolute URI or IRI, of which the document makes a node
	link                    // string: a URI that is only written down; a relative one is a warning
	number                  // JSON number
	boolean                 // JSON boolean
	stamp                   // xsd:dateTimeStamp: the time zone is mandatory
	moment                  // xsd:dateTime
	day                     // YYYY-MM-DD
	language                // BCP 47 tag, as the schema draws it
	jws                     // JWS in compact form
	typed                   // string or array of strings that contains the name of the class
	constant                // exactly the name of the class
	label                   // one string: the type of a part whose kinds are open
	labels                  // string or array of strings
	term                    // term of the vocabulary named by of
	advised                 // the same, but another word is a warning: many real badges are so
	object                  // object of the class named by of
	reference               // object of the class named by of, or the URI of one
	embedded                // object that is a document of its own, judged by itself
	digest                  // digest of the form named by of (VCDM 2.0 section 5.3)
	description             // string, language value, or array of language values (VCDM 2.0 section 11.1)
)

type property struct {
	name string
	card cardinality
	kind kind
	of   string
}

// class is one class of a data model.
type class struct {
	properties []property
	closed     bool // no other members are allowed
}

// frame holds the members that every credential of Open Badges shares (OB 3.0 B.1, B.2). credentialStatus may have several
// entries, as in the VC Data Model (VCDM 2.0 4.10), though the published schema of Open Badges knows one: a badge that can be
// revoked and suspended needs two (Bitstring Status List 1.0 section 2.1: one purpose an entry), and issuers sign such badges.
var frame = []property{
	{"id", one, identifier, ""},
	{"type", some, typed, "VerifiableCredential"},
	{"description", maybe, plain, ""},
	{"awardedDate", maybe, stamp, ""},
	{"proof", many, object, "Proof"},
	{"credentialSchema", many, object, "CredentialSchema"},
	{"credentialStatus", many, object, "CredentialStatus"},
	{"refreshService", maybe, object, "RefreshService"},
	{"termsOfUse", many, object, "TermsOfUse"},
	{"evidence", many, object, "Evidence"},
}

// openBadges are the classes of Open Badges 3.0, appendix B, in the form in which the published JSON Schema checks them, and with
// them those of CLR 2.0. Names
// that end in v1p1 are the flavour for VC Data Model 1.1. @context has rules of its own.
var openBadges = map[string]class{
	"AchievementCredential": {properties: with(frame,
		property{"name", maybe, plain, ""},
		property{"image", maybe, object, "Image"},
		property{"issuer", one, reference, "Profile"},
		property{"validFrom", one, stamp, ""},
		property{"validUntil", maybe, stamp, ""},
		property{"credentialSubject", one, object, "AchievementSubject"},
		property{"endorsement", many, embedded, ""},
		property{"endorsementJwt", many, jws, ""},
	)},
	"AchievementCredentialv1p1": {properties: with(frame,
		property{"name", one, plain, ""},
		property{"image", maybe, object, "Image"},
		property{"issuer", one, object, "Profile"},
		property{"issuanceDate", one, stamp, ""},
		property{"expirationDate", maybe, stamp, ""},
		property{"credentialSubject", one, object, "AchievementSubject"},
		property{"endorsement", many, embedded, ""},
		property{"endorsementJwt", many, jws, ""},
	)},
	"EndorsementCredential": {properties: with(frame,
		property{"name", one, plain, ""},
		property{"issuer", one, reference, "Profile"},
		property{"validFrom", one, stamp, ""},
		property{"validUntil", maybe, stamp, ""},
		property{"credentialSubject", one, object, "EndorsementSubject"},
	)},
	"EndorsementCredentialv1p1": {properties: with(frame,
		property{"name", one, plain, ""},
		property{"issuer", one, object, "Profile"},
		property{"issuanceDate", one, stamp, ""},
		property{"expirationDate", maybe, stamp, ""},
		property{"credentialSubject", one, object, "EndorsementSubject"},
	)},
	"ClrCredential": {properties: with(frame,
		property{"name", one, plain, ""},
		property{"image", maybe, object, "Image"},
		property{"partial", maybe, boolean, ""},
		property{"issuer", one, reference, "Profile"},
		property{"validFrom", one, stamp, ""},
		property{"validUntil", maybe, stamp, ""},
		property{"credentialSubject", one, object, "ClrSubject"},
		property{"endorsement", many, embedded, ""},
		property{"endorsementJwt", many, jws, ""},
	)},
	"ClrCredentialv1p1": {properties: with(frame,
		property{"name", one, plain, ""},
		property{"image", maybe, object, "Image"},
		property{"partial", maybe, boolean, ""},
		property{"issuer", one, object, "Profile"},
		property{"issuanceDate", one, stamp, ""},
		property{"expirationDate", maybe, stamp, ""},
		property{"credentialSubject", one, object, "ClrSubject"},
		property{"endorsement", many, embedded, ""},
		property{"endorsementJwt", many, jws, ""},
	)},
	"ClrSubject": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", some, typed, "ClrSubject"},
		{"identifier", many, object, "IdentityObject"},
		{"achievement", many, object, "Achievement"},
		{"verifiableCredential", some, embedded, ""},
		{"association", many, object, "Association"},
	}},
	"Association": {closed: true, properties: []property{
		{"type", one, constant, "Association"},
		{"associationType", one, term, "associationType"},
		{"sourceId", one, link, ""},
		{"targetId", one, link, ""},
	}},
	"AchievementSubject": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", some, typed, "AchievementSubject"},
		{"achievement", one, object, "Achievement"},
		{"identifier", many, object, "IdentityObject"},
		{"activityStartDate", maybe, moment, ""},
		{"activityEndDate", maybe, moment, ""},
		{"creditsEarned", maybe, number, ""},
		{"image", maybe, object, "Image"},
		{"licenseNumber", maybe, plain, ""},
		{"narrative", maybe, plain, ""},
		{"result", many, object, "Result"},
		{"role", maybe, plain, ""},
		{"source", maybe, object, "Profile"},
		{"term", maybe, plain, ""},
	}},
	"EndorsementSubject": {properties: []property{
		{"id", one, identifier, ""},
		{"type", some, typed, "EndorsementSubject"},
		{"endorsementComment", maybe, plain, ""},
	}},
	"Achievement": {properties: []property{
		{"id", one, identifier, ""},
		{"type", some, typed, "Achievement"},
		{"name", one, plain, ""},
		{"description", one, plain, ""},
		{"criteria", one, object, "Criteria"},
		{"achievementType", maybe, advised, "achievementType"},
		{"alignment", many, object, "Alignment"},
		{"creator", maybe, object, "Profile"},
		{"creditsAvailable", maybe, number, ""},
		{"endorsement", many, embedded, ""},
		{"endorsementJwt", many, jws, ""},
		{"fieldOfStudy", maybe, plain, ""},
		{"humanCode", maybe, plain, ""},
		{"image", maybe, object, "Image"},
		{"inLanguage", maybe, language, ""},
		{"otherIdentifier", many, object, "IdentifierEntry"},
		{"related", many, object, "Related"},
		{"resultDescription", many, object, "ResultDescription"},
		{"specialization", maybe, plain, ""},
		{"tag", many, plain, ""},
		{"version", maybe, plain, ""},
	}},
	"Criteria": {properties: []property{
		{"id", maybe, identifier, ""},
		{"narrative", maybe, plain, ""},
	}},
	"Image": {closed: true, properties: []property{
		{"id", one, identifier, ""},
		{"type", one, constant, "Image"},
		{"caption", maybe, plain, ""},
	}},
	"Evidence": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", some, typed, "Evidence"},
		{"narrative", maybe, plain, ""},
		{"name", maybe, plain, ""},
		{"description", maybe, plain, ""},
		{"genre", maybe, plain, ""},
		{"audience", maybe, plain, ""},
	}},
	"Alignment": {properties: []property{
		{"type", some, typed, "Alignment"},
		{"targetName", one, plain, ""},
		{"targetUrl", one, link, ""},
		{"targetCode", maybe, plain, ""},
		{"targetDescription", maybe, plain, ""},
		{"targetFramework", maybe, plain, ""},
		{"targetType", maybe, term, "targetType"},
	}},
	"Related": {properties: []property{
		{"id", one, identifier, ""},
		{"type", some, typed, "Related"},
		{"inLanguage", maybe, language, ""},
		{"version", maybe, plain, ""},
	}},
	"ResultDescription": {properties: []property{
		{"id", one, identifier, ""},
		{"type", some, typed, "ResultDescription"},
		{"name", one, plain, ""},
		{"resultType", one, term, "resultType"},
		{"alignment", many, object, "Alignment"},
		{"allowedValue", many, plain, ""},
		{"requiredLevel", maybe, link, ""},
		{"requiredValue", maybe, plain, ""},
		{"rubricCriterionLevel", many, object, "RubricCriterionLevel"},
		{"valueMax", maybe, plain, ""},
		{"valueMin", maybe, plain, ""},
	}},
	"RubricCriterionLevel": {properties: []property{
		{"id", one, identifier, ""},
		{"type", some, typed, "RubricCriterionLevel"},
		{"name", one, plain, ""},
		{"alignment", many, object, "Alignment"},
		{"description", maybe, plain, ""},
		{"level", maybe, plain, ""},
		{"points", maybe, plain, ""},
	}},
	"Result": {properties: []property{
		{"type", some, typed, "Result"},
		{"resultDescription", maybe, link, ""},
		{"value", maybe, plain, ""},
		{"achievedLevel", maybe, link, ""},
		{"status", maybe, term, "resultStatus"},
		{"alignment", many, object, "Alignment"},
	}},
	"Profile": {properties: []property{
		{"id", one, identifier, ""},
		{"type", some, typed, "Profile"},
		{"name", maybe, plain, ""},
		{"url", maybe, link, ""},
		{"phone", maybe, plain, ""},
		{"description", maybe, plain, ""},
		{"endorsement", many, embedded, ""},
		{"endorsementJwt", many, jws, ""},
		{"image", maybe, object, "Image"},
		{"email", maybe, plain, ""},
		{"address", maybe, object, "Address"},
		{"otherIdentifier", many, object, "IdentifierEntry"},
		{"official", maybe, plain, ""},
		{"parentOrg", maybe, object, "Profile"},
		{"familyName", maybe, plain, ""},
		{"givenName", maybe, plain, ""},
		{"additionalName", maybe, plain, ""},
		{"patronymicName", maybe, plain, ""},
		{"honorificPrefix", maybe, plain, ""},
		{"honorificSuffix", maybe, plain, ""},
		{"familyNamePrefix", maybe, plain, ""},
		{"dateOfBirth", maybe, day, ""},
	}},
	"Address": {properties: []property{
		{"type", some, typed, "Address"},
		{"addressCountry", maybe, plain, ""},
		{"addressCountryCode", maybe, plain, ""},
		{"addressRegion", maybe, plain, ""},
		{"addressLocality", maybe, plain, ""},
		{"streetAddress", maybe, plain, ""},
		{"postOfficeBoxNumber", maybe, plain, ""},
		{"postalCode", maybe, plain, ""},
		{"geo", maybe, object, "GeoCoordinates"},
	}},
	"GeoCoordinates": {properties: []property{
		{"type", one, constant, "GeoCoordinates"},
		{"latitude", one, number, ""},
		{"longitude", one, number, ""},
	}},
	"IdentityObject": {closed: true, properties: []property{
		{"type", one, constant, "IdentityObject"},
		{"hashed", one, boolean, ""},
		{"identityHash", one, plain, ""},
		{"identityType", one, term, "identifierType"},
		{"salt", maybe, plain, ""},
	}},
	"IdentifierEntry": {closed: true, properties: []property{
		{"type", one, constant, "IdentifierEntry"},
		{"identifier", one, plain, ""},
		{"identifierType", one, term, "identifierType"},
	}},
	"CredentialSchema": {properties: []property{
		{"id", one, identifier, ""},
		{"type", one, label, ""},
	}},
	"CredentialStatus": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", one, label, ""},
	}},
	"RefreshService": {properties: []property{
		{"id", one, identifier, ""},
		{"type", one, label, ""},
	}},
	"TermsOfUse": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", one, label, ""},
	}},
	"Proof": {properties: []property{
		{"type", one, label, ""},
		{"created", maybe, moment, ""},
		{"cryptosuite", maybe, plain, ""},
		{"challenge", maybe, plain, ""},
		{"domain", maybe, plain, ""},
		{"nonce", maybe, plain, ""},
		{"proofPurpose", maybe, plain, ""},
		{"proofValue", maybe, plain, ""},
		{"verificationMethod", maybe, plain, ""},
	}},
}

// vocabulary is a list of terms; an open one may be extended by terms that begin with "ext:" (OB 3.0 B, enumerations).
type vocabulary struct {
	open  bool
	terms []string
}

var vocabularies = map[string]vocabulary{
	"achievementType": {true, []string{"Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment", "AssociateDegree",
		"Award", "Badge", "BachelorDegree", "Certificate", "CertificateOfCompletion", "Certification", "CommunityService",
		"Competency", "Course", "CoCurricular", "Degree", "Diploma", "DoctoralDegree", "Fieldwork",
		"GeneralEducationDevelopment", "JourneymanCertificate", "LearningProgram", "License", "Membership",
		"ProfessionalDoctorate", "QualityAssuranceCredential", "MasterCertificate", "MasterDegree", "MicroCredential",
		"ResearchDoctorate", "SecondarySchoolDiploma"}},
	"targetType": {true, []string{"ceasn:Competency", "ceterms:Credential", "CFItem", "CFRubric", "CFRubricCriterion",
		"CFRubricCriterionLevel", "CTDL"}},
	"identifierType": {true, []string{"name", "sourcedId", "systemId", "productId", "userName", "accountId", "emailAddress",
		"nationalIdentityNumber", "isbn", "issn", "lisSourcedId", "oneRosterSourcedId", "sisSourcedId", "ltiContextId",
		"ltiDeploymentId", "ltiToolId", "ltiPlatformId", "ltiUserId", "identifier"}},
	"resultType": {true, []string{"GradePointAverage", "LetterGrade", "Percent", "PerformanceLevel", "PredictedScore", "RawScore",
		"Result", "RubricCriterion", "RubricCriterionLevel", "RubricScore", "ScaledScore", "Status"}},
	"associationType": {false, []string{"exactMatchOf", "isChildOf", "isParentOf", "isPartOf", "isPeerOf", "isRelatedTo", "precedes",
		"replacedBy"}},
	"resultStatus": {false, []string{"Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"}},
}

// Patterns of the published JSON Schema. An extension term is anchored here, as the prose has it.
var (
	extension    = regexp.MustCompile(`^ext:[A-Za-z0-9.|_-]+`)
	languageTag  = regexp.MustCompile(`^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	languageName = regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`)
	compactJWS   = regexp.MustCompile(`^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+$`)
)

// with puts the members of a class after those of its frame.
func with(frame []property, own ...property) []property {
	return append(append([]property(nil), frame...), own...)
}
