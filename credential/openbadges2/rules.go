package openbadges2

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// rules are those of one class: its own types, and its members. A member that is not here may be there and say anything ("Additional
// Properties"), but for extensions.
type rules struct {
	class   string // as the standard's heading names it
	types   []string
	members []member
}

// member is one row of the standard's tables.
type member struct {
	name     string
	required bool
	many     bool                                     // several values are allowed
	judge    func(p *problems, v any, pointer string) // of one value
}

var assertionRules = rules{"Assertion", []string{"Assertion"}, []member{
	{name: "id", required: true, judge: iri},
	{name: "recipient", required: true, judge: recipient},
	{name: "badge", required: true, judge: document(&badgeClassRules)},
	{name: "verification", judge: verification}, // the caller asks for it: a badge without has no proof
	{name: "verify", judge: verification},
	{name: "issuedOn", required: true, judge: dateTime},
	{name: "image", judge: optional(linkedImage)},
	{name: "evidence", many: true, judge: evidence},
	{name: "narrative", judge: optional(text)},
	{name: "expires", judge: dateTime},
	{name: "revoked", judge: boolean},
	{name: "revocationReason", judge: optional(text)},
}}

// revokedRules are those of an Assertion that says that it is revoked: the issuer may have stripped it.
var revokedRules = rules{"Assertion", nil, []member{
	{name: "id", required: true, judge: iri},
	{name: "verification", judge: verification},
	{name: "verify", judge: verification},
	{name: "revocationReason", judge: optional(text)},
}}

var badgeClassRules = rules{"BadgeClass", []string{"BadgeClass"}, []member{
	{name: "id", required: true, judge: iri},
	{name: "name", required: true, judge: text},
	{name: "description", required: true, judge: text},
	{name: "image", required: true, judge: image},
	{name: "criteria", required: true, judge: criteria},
	{name: "issuer", required: true, judge: document(&profileRules)},
	{name: "alignment", many: true, judge: alignment},
	{name: "tags", many: true, judge: optional(text)},
}}

var profileRules = rules{"Profile", []string{"Profile", "Issuer"}, []member{
	{name: "id", required: true, judge: iri},
	{name: "name", required: true, judge: text},
	{name: "url", required: true, judge: iri},
	{name: "email", required: true, judge: text},
	{name: "telephone", judge: optional(text)},
	{name: "description", judge: optional(text)},
	{name: "image", judge: optional(image)},
	{name: "publicKey", many: true, judge: identified},
	{name: "verification", judge: scope},
	{name: "verify", judge: scope},
	{name: "revocationList", judge: identified},
}}

var keyRules = rules{"CryptographicKey", []string{"CryptographicKey"}, []member{
	{name: "id", required: true, judge: iri},
	{name: "owner", required: true, judge: identified},
	{name: "publicKeyPem", required: true, judge: text},
}}

var revocationListRules = rules{"Revocation List", []string{"RevocationList"}, []member{
	{name: "id", judge: iri},
	{name: "issuer", judge: identified},
	{name: "revokedAssertions", many: true, judge: revokedAssertion},
}}

// maxProblems bounds what is listed of one document: it may have thousands of values, each of them wrong.
const maxProblems = 50

// problems collects what is wrong, of one document.
type problems struct {
	class string
	all   []credential.Problem
}

func (p *problems) add(code, pointer, detail string) {
	if len(p.all) == maxProblems {
		return
	}
	p.all = append(p.all, credential.Problem{Pointer: pointer, Code: code, Clause: "OB 2.0 " + p.class, Detail: detail})
}

func (p *problems) invalid(pointer, detail string) {
	p.add(credential.CodeSchemaInvalid, pointer, detail)
}

// check holds a document to the rules of its class.
func check(value map[string]any, of rules) []credential.Problem {
	p := &problems{}
	p.object(value, &of, "")
	if of.class == revocationListRules.class && value["revokedAssertions"] == nil {
		p.invalid("/revokedAssertions", "The revocation list has no member revokedAssertions.")
	}
	return p.all
}

func (p *problems) object(value map[string]any, of *rules, pointer string) {
	outer := p.class
	p.class = of.class
	defer func() { p.class = outer }()
	if len(of.types) > 0 && !slices.ContainsFunc(strict.Texts(value["type"]), func(t string) bool { return slices.Contains(of.types, t) }) {
		p.invalid(pointer+"/type", "Its type is not "+of.types[0]+".")
	}
	if value["verification"] != nil && value["verify"] != nil {
		p.add(credential.CodeAmbiguous, pointer+"/verify", "It says twice how it is to be verified, under the two names of one member.")
	}
	p.names(value, pointer)
	for _, m := range of.members {
		all := strict.Values(value[m.name])
		at := pointer + "/" + m.name
		if len(all) == 0 && m.required {
			p.invalid(at, "It has no "+m.name+", which is required.")
		}
		if len(all) > 1 && !m.many {
			p.invalid(at, "It has several values of "+m.name+", where one is allowed.")
			continue
		}
		_, isArray := value[m.name].([]any)
		for i, v := range all {
			place := at
			if isArray {
				place += "/" + strconv.Itoa(i)
			}
			m.judge(p, v, place)
		}
	}
}

// names judges what members are called: keywords of JSON-LD would give a second way to say what the terms say, and an extension
// is an object with a context and a type ("Extensions").
func (p *problems) names(value map[string]any, pointer string) {
	for _, name := range slices.Sorted(maps.Keys(value)) {
		at := pointer + strict.Escape(name)
		switch {
		case name == "@context" || name == "@language" || name == "@direction":
		case strings.HasPrefix(name, "@"):
			p.add(credential.CodeAmbiguous, at, "A member is named by a keyword of JSON-LD in place of its term.")
		case strings.HasPrefix(name, "extensions:"):
			for _, item := range strict.Values(value[name]) {
				extension, _ := item.(map[string]any)
				types := strict.Texts(extension["type"])
				if len(strict.Values(extension["@context"])) == 0 || !slices.Contains(types, "Extension") && !slices.Contains(types, "extension") {
					p.add(credential.CodeSchemaInvalid, at, "An extension has no context, or is not of type Extension.")
				}
			}
		}
	}
}

func iri(p *problems, v any, pointer string) {
	if s, ok := v.(string); !ok || !isIRI(s) {
		p.invalid(pointer, "It is not an absolute address or identifier.")
	}
}

func text(p *problems, v any, pointer string) {
	if s := str(v); s == "" {
		p.invalid(pointer, "It is not a text.")
	}
}

func boolean(p *problems, v any, pointer string) {
	if _, ok := v.(bool); !ok {
		p.invalid(pointer, "It is neither true nor false.")
	}
}

func dateTime(p *problems, v any, pointer string) {
	s, _ := v.(string)
	if _, err := ParseDateTime(s); err != nil {
		p.invalid(pointer, "It is not a date with time and time zone.")
	}
}

// ParseDateTime reads a DateTime ("Primitive datatypes": ISO 8601 with minute, optional seconds and time zone) by the rules of
// [credential.ParseDateTime].
func ParseDateTime(s string) (time.Time, error) {
	const minutes = len("2006-01-02T15:04")
	if len(s) > minutes && s[minutes] != ':' {
		s = s[:minutes] + ":00" + s[minutes:]
	}
	return credential.ParseDateTime(s)
}

// identified is an id, or an object that has one.
func identified(p *problems, v any, pointer string) {
	if object, ok := v.(map[string]any); ok {
		v, pointer = object["id"], pointer+"/id"
	}
	iri(p, v, pointer)
}

// document is an id, or a whole document of a class in its place.
func document(of *rules) func(*problems, any, string) {
	return func(p *problems, v any, pointer string) {
		if object, ok := v.(map[string]any); ok {
			p.object(object, of, pointer)
			return
		}
		iri(p, v, pointer)
	}
}

// hashSizes are the hexadecimal digits of the hashes of an IdentityHash by algorithm.
var hashSizes = map[string]int{"md5": 32, "sha256": 64}

func recipient(p *problems, v any, pointer string) {
	object, ok := v.(map[string]any)
	if !ok {
		p.invalid(pointer, "The recipient is not an object.")
		return
	}
	p.names(object, pointer)
	if len(strict.Texts(object["type"])) == 0 {
		p.invalid(pointer+"/type", "It is not said what kind of identity the recipient has.")
	}
	if str(object["identity"]) == "" {
		p.invalid(pointer+"/identity", "The recipient has no identity.")
	}
	if salt := object["salt"]; salt != nil {
		if _, ok := one(salt).(string); !ok {
			p.invalid(pointer+"/salt", "The salt is not a text.")
		}
	}
	hashed, ok := one(object["hashed"]).(bool)
	if !ok {
		p.invalid(pointer+"/hashed", "It is not said whether the recipient's identity is hashed.")
	}
	algorithm, digest, _ := strings.Cut(str(object["identity"]), "$")
	if size := hashSizes[algorithm]; hashed && (size == 0 || len(digest) != size || strings.Trim(digest, "0123456789abcdefABCDEF") != "") {
		p.invalid(pointer+"/identity", "The recipient's hash is not md5 or sha256 with as many hexadecimal digits as it has.")
	}
}

func verification(p *problems, v any, pointer string) {
	object, ok := v.(map[string]any)
	if !ok {
		p.invalid(pointer, "How it is to be verified is not said by an object.")
		return
	}
	p.names(object, pointer)
	switch how := readVerification(v); {
	case how.Hosted && how.Signed:
		p.add(credential.CodeAmbiguous, pointer+"/type", "It says that it is hosted and that it is signed.")
	case len(strict.Texts(object["type"])) == 0:
		p.invalid(pointer+"/type", "It is not said how it is to be verified.")
	}
	if len(strict.Values(object["creator"])) > 0 {
		identified(p, one(object["creator"]), pointer+"/creator")
	}
}

// scope judges the VerificationObject of a Profile.
func scope(p *problems, v any, pointer string) {
	object, ok := v.(map[string]any)
	if !ok {
		p.invalid(pointer, "How its badges are to be verified is not said by an object.")
		return
	}
	p.names(object, pointer)
	if property := one(object["verificationProperty"]); len(strict.Values(object["verificationProperty"])) > 0 && property != "id" {
		p.invalid(pointer+"/verificationProperty", "Its badges are to be verified by a property that the standard does not know.")
	}
	for _, name := range [...]string{"startsWith", "allowedOrigins"} {
		if len(strict.Texts(object[name])) != len(strict.Values(object[name])) {
			p.invalid(pointer+"/"+name, "Where its badges are published is not said by texts.")
		}
	}
}

// linkedImage is the image of an Assertion: a picture on the web.
func linkedImage(p *problems, v any, pointer string) { pictured(p, v, pointer, false) }

// image may hold the picture itself, as a data URI.
func image(p *problems, v any, pointer string) { pictured(p, v, pointer, true) }

func pictured(p *problems, v any, pointer string, data bool) {
	if object, ok := v.(map[string]any); ok {
		p.texts(object, pointer, "caption")
		v, pointer = object["id"], pointer+"/id"
	}
	address, _ := v.(string)
	scheme, kind, _ := strings.Cut(address, ":")
	switch kind, _, whole := strings.Cut(kind, ","); {
	case !strings.EqualFold(scheme, "data"):
		iri(p, v, pointer)
	case !data:
		p.invalid(pointer, "The image of an Assertion is not on the web.")
	case !whole || !slices.Contains([]string{"image/png", "image/svg+xml"}, strings.ToLower(strings.SplitN(kind, ";", 2)[0])):
		p.invalid(pointer, "The image is neither PNG nor SVG.")
	}
}

func evidence(p *problems, v any, pointer string) {
	p.described(v, pointer, "name", "description", "narrative", "genre", "audience")
}

func criteria(p *problems, v any, pointer string) {
	p.described(v, pointer, "narrative")
	if object, ok := v.(map[string]any); ok && str(object["id"]) == "" && str(object["narrative"]) == "" {
		p.invalid(pointer, "The criteria have neither an address nor a narrative.")
	}
}

// described is an id, or an object with an id, which may be one of its own only, and texts.
func (p *problems) described(v any, pointer string, names ...string) {
	object, ok := v.(map[string]any)
	if !ok {
		iri(p, v, pointer)
		return
	}
	p.names(object, pointer)
	if id := object["id"]; id != nil {
		if s, ok := id.(string); !ok || !isIRI(s) && !strings.HasPrefix(s, "_:") {
			p.invalid(pointer+"/id", "It is not an absolute address or identifier.")
		}
	}
	p.texts(object, pointer, names...)
}

func alignment(p *problems, v any, pointer string) {
	object, ok := v.(map[string]any)
	if !ok {
		p.invalid(pointer, "The alignment is not an object.")
		return
	}
	p.names(object, pointer)
	if str(object["targetName"]) == "" {
		p.invalid(pointer+"/targetName", "The alignment has no targetName, which is required.")
	}
	iri(p, one(object["targetUrl"]), pointer+"/targetUrl")
	p.texts(object, pointer, "targetDescription", "targetFramework", "targetCode")
}

func revokedAssertion(p *problems, v any, pointer string) {
	if object, ok := v.(map[string]any); ok {
		if str(object["id"]) == "" && str(object["uid"]) == "" {
			p.invalid(pointer, "An entry of the revocation list names no badge.")
		}
		return
	}
	if s, _ := v.(string); s == "" {
		p.invalid(pointer, "An entry of the revocation list names no badge.")
	}
}

// CheckContext gives what is wrong with @context: the vocabulary of Open Badges 2.0 comes first, and only addresses may follow,
// those of extensions. They add words and are not read; a context that stands in the document itself could give the standard's
// words another meaning.
func CheckContext(value map[string]any) []credential.Problem {
	p := &problems{class: "JSON-LD"}
	all := strict.Values(value["@context"])
	if len(all) > credential.Limits.Contexts {
		p.add(strict.CodeTooComplex, "/@context", fmt.Sprintf("It has more than %d contexts.", credential.Limits.Contexts))
		return p.all
	}
	for i, context := range all {
		if s, ok := context.(string); !ok || i == 0 && s != Context || !isIRI(s) {
			p.add(credential.CodeContextUntrusted, "/@context", "It defines words itself, or its first vocabulary is not that of Open Badges 2.0.")
			return p.all
		}
	}
	if len(all) == 0 {
		p.add(credential.CodeContextUntrusted, "/@context", "It does not say in which vocabulary it is written.")
	}
	return p.all
}
