package verifier

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/jsonschema"
	"github.com/laurelbadges/laurel/credential/strict"
)

// Bounds of schemas: those of one credential that are looked at and that are fetched, and those that all credentials in each other
// lead to together. schemaUnits is what a fetched one takes of the work of a verification.
const (
	maxSchemas    = 16
	maxSchemasGot = 2
	maxSchemasAll = 4
	schemaUnits   = workMost / 8
)

const schemaClause = "VCDM 2.0 4.11"

// publishedSchemas are the places of the schemas of Open Badges and of Comprehensive Learner Records. Those are never fetched:
// package credential holds their rules.
var publishedSchemas = []string{"https://purl.imsglobal.org/spec/ob/v3p0/schema/", "https://purl.imsglobal.org/spec/clr/v2p0/schema/"}

// schemaDrafts are the kinds of entries that lead to a JSON Schema, and the draft of one that names none.
var schemaDrafts = map[string]jsonschema.Draft{
	"JsonSchema":                     jsonschema.Draft202012, // Verifiable Credentials JSON Schema
	"1EdTechJsonSchemaValidator2019": jsonschema.Draft201909, // Open Badges 3.0 section 9.1
}

// credentialSchemas judges the credential by the schemas that it names itself. One that it breaks speaks against it; one that
// cannot be read or used is shown and changes no answer, as it is the issuer's own word on the form and not on the content.
// What is judged is the whole document as it was secured, a Data Integrity proof with it; of a token the payload without its claims.
//
// It runs once the signature has not been found bad: nothing is fetched for what nobody signed.
func (r *run) credentialSchemas(ctx context.Context) {
	published, got := false, 0
	for i, entry := range r.document.Schemas {
		address, _ := entry.Value["id"].(string)
		draft, known := schemaDraft(entry)
		switch {
		case i == maxSchemas:
			r.schemaUnknown(entry, strict.CodeTooComplex, "It names more schemas than are looked at.", FactCase, "looked", FactMost, strconv.Itoa(maxSchemas))
			return
		case isPublished(address):
			published = true
		case !strings.HasPrefix(address, "https://"):
			r.schemaUnknown(entry, codeBlocked, "The address of a schema that it names is not a public https address, so it was not called.", FactAddress, address, FactCause, CauseBlocked)
		case !known:
			r.schemaUnknown(entry, "schema_unavailable", "It names a schema of a kind that Laurel does not know.", FactCase, "kind", FactName, typeOf(entry.Value))
		case got == maxSchemasGot || r.work.schemas == maxSchemasAll || r.work.spent():
			r.schemaUnknown(entry, strict.CodeTooComplex, "It names more schemas than are fetched.", FactCase, "fetched", FactMost, strconv.Itoa(got))
		default:
			got++
			r.work.schemas++
			r.work.units += schemaUnits
			r.credentialSchema(ctx, entry, address, draft)
		}
	}
	switch {
	case published && r.Profile == credential.OpenBadges:
		r.pass("schema", "It names a published schema of 1EdTech, which is not fetched: these rules are its own.", FactCase, "published")
	case published:
		r.none("schema", "It names a published schema of 1EdTech, which is not fetched; as a W3C credential it was judged by the VC Data Model alone.", FactCase, "published")
	}
}

// schemaUnknown records a schema that could not be used. answerAuthentic leaves an unknown of this step out of account.
func (r *run) schemaUnknown(entry credential.Part, code, detail string, facts ...string) {
	r.unknown("schema", code, detail, entry.Pointer, schemaClause, facts...)
}

func isPublished(address string) bool {
	for _, place := range publishedSchemas {
		if strings.HasPrefix(address, place) {
			return true
		}
	}
	return false
}

// schemaDraft is the draft that an entry's type stands for, where that type is known.
func schemaDraft(entry credential.Part) (draft jsonschema.Draft, known bool) {
	for name, draft := range schemaDrafts {
		if hasType(entry.Value, name) {
			return draft, true
		}
	}
	return 0, false
}

// hasType says whether an object has a type, alone or among others.
func hasType(object map[string]any, name string) bool {
	types, several := object["type"].([]any)
	if !several {
		types = []any{object["type"]}
	}
	for _, t := range types {
		if t == name {
			return true
		}
	}
	return false
}

// credentialSchema fetches one schema and judges the credential by it.
func (r *run) credentialSchema(ctx context.Context, entry credential.Part, address string, draft jsonschema.Draft) {
	source, err := r.fetch(ctx, address, credential.Limits.Body)
	c := Check{Step: "schema", Outcome: NotKnown, Pointer: entry.Pointer, Clause: schemaClause, Facts: factsOfUnread(address, err)}
	switch {
	case errors.Is(err, ErrBlocked):
		c.Code, c.Detail = codeBlocked, "The address of a schema that it names "+notCalled(err)+"."
	case errors.Is(err, ErrTooLarge):
		c.Code, c.Detail = strict.CodeTooLarge, "A schema that it names is too large to be read."
	case err != nil:
		c.Code, c.Detail, c.Facts = "schema_unavailable", "A schema that it names could not be read.", c.Facts.and(FactCase, "unread")
	}
	if err != nil {
		r.add(c)
		return
	}
	c.AsOf, c.Facts = instant(source.ReadAt), factsOfSource(source)
	switch fit, compared := credential.CheckDigests(entry.Value, source.Bytes); {
	case !fit:
		c.Outcome, c.Code, c.Clause = Fail, credential.CodeSchemaInvalid, "VCDM 2.0 5.3"
		c.Detail = "A schema that it names is another than the one that was signed for: its digest differs."
		c.Facts = c.Facts.and(FactCase, "digest")
		r.add(c)
		return
	case !compared:
		c.Outcome, c.Code, c.Clause = NotKnown, "schema_unavailable", "VCDM 2.0 5.3"
		c.Detail = "A schema that it names has a digest of a kind that cannot be compared, so it was not used."
		c.Facts = c.Facts.and(FactCase, "digest")
		r.add(c)
		return
	}
	err = jsonschema.Validate(source.Bytes, r.document.Value(), draft)
	var broken *jsonschema.Violation
	switch {
	case err == nil:
		c.Outcome, c.Pointer, c.Clause, c.Facts = Pass, "", "", c.Facts.and(FactCase, "named")
		c.Detail = "It fits the schema that it names, read " + string(source.Origin) + "."
	case errors.As(err, &broken):
		c.Outcome, c.Code, c.Pointer, c.Facts = Fail, credential.CodeSchemaInvalid, broken.Pointer, c.Facts.and(FactCase, "named", FactName, broken.Keyword)
		c.Detail = "It breaks the schema that it names (" + broken.Keyword + "): " + broken.Detail + "."
	default:
		c.Outcome, c.Code, c.Facts = NotKnown, "schema_unavailable", c.Facts.and(FactCase, "unusable")
		c.Detail = "A schema that it names cannot be used: " + err.Error() + "."
	}
	r.add(c)
}
