package credential

import (
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Nested is a credential inside a presentation (verifiableCredential: VCDM 2.0 section 4.13, VCDM 1.1 section 4.10) or inside a
// CLR (credentialSubject.verifiableCredential: CLR 2.0 ClrSubject). It is a credential of its own, to be judged by itself.
// Exactly one of Value, JWT and Problem is set.
type Nested struct {
	Pointer string         // JSON Pointer (RFC 6901) into the document
	Value   map[string]any // a credential as JSON, for [FromValue]
	JWT     string         // a compact JWS, out of an EnvelopedVerifiableCredential or as VCDM 1.1 has it
	Problem *Problem       // what keeps the member from being read as a credential, with a pointer into the document
}

// Association is a relation that a CLR states between two achievements (CLR 2.0 Association).
type Association struct {
	Pointer string // JSON Pointer (RFC 6901) into the document
	Type    string // such as isParentOf: the source is the parent of the target
	Source  string // id of the one achievement, or of the credential that asserts it
	Target  string // id of the other
}

// nestedCredentials collects the credentials inside a presentation or CLR.
func nestedCredentials(c *Credential) []Nested {
	var all []Nested
	for _, carrier := range c.carriersOfCredentials() {
		at := carrier.Pointer + "/verifiableCredential"
		_, several := carrier.Value["verifiableCredential"].([]any)
		for i, member := range strict.Values(carrier.Value["verifiableCredential"]) {
			if len(all) == Limits.Nested {
				return all
			}
			pointer := at
			if several {
				pointer += "/" + strconv.Itoa(i)
			}
			all = append(all, readNested(member, pointer, c.Kind == KindPresentation && c.DataModel == DataModel11))
		}
	}
	return all
}

// carriersOfCredentials are the objects whose member verifiableCredential holds credentials.
func (c *Credential) carriersOfCredentials() []Part {
	switch c.Kind {
	case KindPresentation:
		return []Part{{Value: c.value}}
	case KindCLR:
		return parts(c.value, "", "credentialSubject")
	}
	return nil
}

// readNested reads one member of verifiableCredential. tokens says that a token may stand there as a string.
func readNested(member any, pointer string, tokens bool) Nested {
	refused := func(detail string) Nested {
		return Nested{Pointer: pointer, Problem: &Problem{Pointer: pointer, Code: CodeSchemaInvalid, Clause: "VCDM 2.0 4.13", Detail: detail}}
	}
	switch member := member.(type) {
	case string:
		switch {
		case !tokens:
			return refused("a credential inside is written as a text, where an object belongs")
		case !compactJWS.MatchString(member):
			return refused("a credential inside is a text, but not a token")
		}
		return Nested{Pointer: pointer, JWT: member}
	case map[string]any:
		switch kindOf(strict.Texts(member["type"])) {
		case KindEnvelopedPresentation, KindPresentation:
			return refused("a presentation stands where a credential belongs")
		case KindEnvelopedCredential:
			token, _, err := OpenEnvelope(member)
			if err != nil {
				problem := *err.(*Problem) // as OpenEnvelope says
				problem.Pointer = pointer + problem.Pointer
				return Nested{Pointer: pointer, Problem: &problem}
			}
			return Nested{Pointer: pointer, JWT: token}
		}
		return Nested{Pointer: pointer, Value: member}
	}
	return refused("a credential inside is not an object")
}

func associations(document map[string]any) []Association {
	var all []Association
	for _, subject := range parts(document, "", "credentialSubject") {
		for _, part := range parts(subject.Value, subject.Pointer, "association") {
			all = append(all, Association{Pointer: part.Pointer, Type: text(part.Value["associationType"]),
				Source: text(part.Value["sourceId"]), Target: text(part.Value["targetId"])})
		}
	}
	return all
}

// namedInside are the ids that an association of a CLR can name: those of its achievements, of the credentials inside, and of
// their achievements. whole is false when a credential inside is a token, whose ids are not read here.
func (c *Credential) namedInside() (ids []string, whole bool) {
	whole = true
	for _, subject := range c.carriersOfCredentials() {
		for _, achievement := range parts(subject.Value, "", "achievement") {
			ids = append(ids, text(achievement.Value["id"]))
		}
	}
	for _, nested := range c.Nested {
		whole = whole && nested.Value != nil
		ids = append(ids, text(nested.Value["id"]))
		for _, subject := range parts(nested.Value, "", "credentialSubject") {
			for _, achievement := range parts(subject.Value, "", "achievement") {
				ids = append(ids, text(achievement.Value["id"]))
			}
		}
	}
	slices.Sort(ids)
	return ids, whole
}
