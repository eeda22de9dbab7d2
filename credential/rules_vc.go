package credential

// verifiable are the classes of the W3C data models, for presentations and for credentials that are no Open Badges. Names that end
// in v1p1 are those of VC Data Model 1.1. Every part of a credential may stand alone or in an array (VCDM 2.0 section 4). The
// credentials in a presentation have rules of their own.
var verifiable = map[string]class{
	"VerifiableCredential": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", some, typed, "VerifiableCredential"},
		{"name", many, description, ""},
		{"description", many, description, ""},
		{"issuer", one, reference, "Issuer"},
		{"credentialSubject", some, object, "Subject"},
		{"validFrom", maybe, stamp, ""},
		{"validUntil", maybe, stamp, ""},
		{"credentialStatus", many, object, "Part"},
		{"credentialSchema", many, object, "Schema"},
		{"proof", many, object, "Typed"},
		{"relatedResource", many, object, "RelatedResource"},
		{"refreshService", many, object, "Typed"},
		{"termsOfUse", many, object, "Part"},
		{"evidence", many, object, "Part"},
		{"confidenceMethod", many, object, "Typed"},
		{"renderMethod", many, object, "Typed"},
	}},
	"VerifiableCredentialv1p1": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", some, typed, "VerifiableCredential"},
		{"issuer", one, reference, "Issuer"},
		{"credentialSubject", some, object, "Subject"},
		{"issuanceDate", one, stamp, ""},
		{"expirationDate", maybe, stamp, ""},
		{"credentialStatus", many, object, "Schema"}, // id and type, both mandatory in 1.1
		{"credentialSchema", many, object, "Schema"},
		{"proof", many, object, "Typed"},
		{"refreshService", many, object, "Schema"},
		{"termsOfUse", many, object, "Part"},
		{"evidence", many, object, "Part"},
	}},
	"VerifiablePresentation": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", some, typed, "VerifiablePresentation"},
		{"holder", maybe, reference, "Holder"},
		{"proof", many, object, "Typed"},
		{"termsOfUse", many, object, "Part"},
	}},
	"VerifiablePresentationv1p1": {properties: []property{
		{"id", maybe, identifier, ""},
		{"type", some, typed, "VerifiablePresentation"},
		{"holder", maybe, reference, "Holder"},
		{"proof", many, object, "Typed"},
	}},
	"Holder": {properties: []property{{"id", one, identifier, ""}}},
	"Issuer": {properties: []property{
		{"id", one, identifier, ""},
		{"name", many, description, ""},
		{"description", many, description, ""},
	}},
	"Subject":   {properties: []property{{"id", maybe, identifier, ""}}},
	"Typed":     {properties: []property{{"type", some, labels, ""}}},
	"Part":      {properties: []property{{"id", maybe, identifier, ""}, {"type", some, labels, ""}}},
	"Schema":    {properties: []property{{"id", one, identifier, ""}, {"type", some, labels, ""}}},
	"Resources": {properties: []property{{"relatedResource", many, object, "RelatedResource"}}}, // of credentials of other classes
	"RelatedResource": {properties: []property{
		{"id", one, identifier, ""},
		{"mediaType", maybe, plain, ""},
		{"digestSRI", many, digest, "SRI"},
		{"digestMultibase", many, digest, "Multibase"},
	}},
}

// sections are the clauses of VC Data Model 2.0 that rule each member of a credential.
var sections = map[string]string{
	"@context": "4.3", "id": "4.4", "type": "4.5", "name": "4.6", "description": "4.6", "issuer": "4.7", "credentialSubject": "4.8",
	"validFrom": "4.9", "validUntil": "4.9", "credentialStatus": "4.10", "credentialSchema": "4.11", "proof": "4.12",
	"relatedResource": "5.3", "refreshService": "5.4", "termsOfUse": "5.5", "evidence": "5.6", "renderMethod": "5.10",
	"confidenceMethod": "5.10",
}
