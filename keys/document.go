package keys

import (
	"crypto"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/mr-tron/base58"
)

// Relationships that [Document.Allows] knows (Controlled Identifiers 1.0 section 2.3).
const (
	AssertionMethod = "assertionMethod" // for credentials
	Authentication  = "authentication"  // for presentations
)

// documentLimits bounds a document that lists keys: 1 MiB, as every fetched JSON.
var documentLimits = strict.Limits{Bytes: 1 << 20, Depth: 64, Objects: 5000, Values: 2000}

// methodsMost bounds the methods of one document: each is read whole, which takes up to a tenth of a millisecond.
const methodsMost = 256

// Document is a DID document or controlled identifier document, as far as keys go (Controlled Identifiers 1.0 section 2).
type Document struct {
	ID      string
	Methods []Method // in the order of the document; no two have one ID

	// Keyless says that the document has no member that lists keys: it is about something else, such as the profile of an
	// issuer. One whose lists are empty is not keyless: it says that there are no keys.
	Keyless bool

	relationships map[string]map[string]bool // relationship, absolute ID of the method
}

// Method is one verification method (Controlled Identifiers 1.0 section 2.2).
type Method struct {
	ID         string // absolute: a "#name" is joined to the ID of the document; "" when the method has no usable one
	Type       string
	Controller string           // absolute, as ID; the caller compares it with the issuer
	Key        crypto.PublicKey // nil when Err is set
	KeyID      string           // publicKeyJwk.kid, or ""
	Expires    time.Time        // the key is not to be used from then on; zero: no such instant
	Revoked    time.Time        // as Expires
	// Err says why the key cannot be used. It wraps ErrKey or ErrWeakKey. One such method does not spoil the others.
	Err error
}

// ParseDocument reads a document strictly. Errors are a [*strict.Error], or wrap [ErrKey] when the document has no absolute
// id, or defines two methods under one id or more than 256, or a list of it is of another shape. A method that stands twice with
// the very same content counts once.
func ParseDocument(data []byte) (*Document, error) {
	object, err := strict.Object(data, documentLimits)
	if err != nil {
		return nil, err
	}
	id, _ := object["id"].(string)
	if !absolute(id) || strings.Contains(id, "#") {
		return nil, fmt.Errorf("%w: the document has no absolute id", ErrKey)
	}
	d := &Document{ID: id, Keyless: true, relationships: map[string]map[string]bool{}}
	for _, name := range []string{"verificationMethod", AssertionMethod, Authentication, "keyAgreement", "capabilityInvocation", "capabilityDelegation"} {
		if _, found := object[name]; found {
			d.Keyless = false
		}
	}
	seen := map[string]any{}
	for _, v := range strict.Values(object["verificationMethod"]) {
		if _, err := d.define(v, seen); err != nil {
			return nil, err
		}
	}
	for _, relationship := range []string{AssertionMethod, Authentication} {
		listed := map[string]bool{}
		for _, v := range strict.Values(object[relationship]) {
			methodID, isText := v.(string)
			if isText {
				methodID = d.join(methodID)
			} else if methodID, err = d.define(v, seen); err != nil {
				return nil, err
			}
			if methodID != "" {
				listed[methodID] = true
			}
		}
		d.relationships[relationship] = listed
	}
	return d, nil
}

// define adds the method that v holds, and returns its absolute ID.
func (d *Document) define(v any, seen map[string]any) (string, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return "", fmt.Errorf("%w: a verification method is not an object", ErrKey)
	}
	id, _ := members["id"].(string)
	if id = d.join(id); id != "" {
		if before, found := seen[id]; found {
			if !reflect.DeepEqual(before, v) {
				return "", fmt.Errorf("%w: the document defines two methods under one id", ErrKey)
			}
			return id, nil
		}
		seen[id] = v
	}
	if len(d.Methods) == methodsMost {
		return "", fmt.Errorf("%w: the document defines more than %d methods", ErrKey, methodsMost)
	}
	method := d.method(members)
	d.Methods = append(d.Methods, method)
	return method.ID, nil
}

// ParseMethod reads a verification method that stands alone at its own address (Controlled Identifiers 1.0 section 2.2): ID and
// Controller are absolute and as written, and Err says why its key cannot be used. Errors are a [*strict.Error], or wrap
// [ErrKey] when the ID or the Controller is not absolute.
func ParseMethod(data []byte) (Method, error) {
	members, err := strict.Object(data, documentLimits)
	if err != nil {
		return Method{}, err
	}
	for _, name := range []string{"id", "controller"} {
		if text, _ := members[name].(string); !absolute(text) {
			return Method{}, fmt.Errorf("%w: the method has no absolute id or no controller", ErrKey)
		}
	}
	return new(Document).method(members), nil
}

func absolute(id string) bool {
	return strings.HasPrefix(id, "did:") || strings.HasPrefix(id, "https://") && len(id) > len("https://")
}

// join makes an id absolute; "" stands for one that cannot be (Controlled Identifiers 1.0 section 3.3).
func (d *Document) join(id string) string {
	if strings.HasPrefix(id, "#") {
		return d.ID + id
	}
	if absolute(id) {
		return id
	}
	return ""
}

func (d *Document) method(members map[string]any) Method {
	text := func(name string) string {
		s, _ := members[name].(string)
		return s
	}
	m := Method{ID: d.join(text("id")), Type: text("type"), Controller: d.join(text("controller"))}
	if jwk, ok := members["publicKeyJwk"].(map[string]any); ok {
		m.KeyID, _ = jwk["kid"].(string)
	}
	fault := func(format string, args ...any) Method {
		m.Key, m.Err = nil, fmt.Errorf(format, args...)
		return m
	}
	if m.ID == "" || m.Controller == "" {
		return fault("%w: the method has no absolute id or no controller", ErrKey)
	}
	for name, instant := range map[string]*time.Time{"expires": &m.Expires, "revoked": &m.Revoked} {
		v, found := members[name]
		if !found {
			continue
		}
		// A dateTimeStamp: RFC 3339 with its time zone (Controlled Identifiers 1.0 section 2.2).
		var err error
		if s, ok := v.(string); !ok {
			return fault("%w: the date %s of the method is not a string", ErrKey, name)
		} else if *instant, err = time.Parse(time.RFC3339, s); err != nil || instant.Year() < 1000 { // the zero time means that there is none
			return fault("%w: the date %s of the method cannot be read", ErrKey, name)
		}
	}
	key, err := methodKey(m.Type, members)
	if err != nil {
		return fault("%w", err)
	}
	m.Key = key
	return m
}

// material are the members that hold a public key.
var material = []string{"publicKeyMultibase", "publicKeyJwk", "publicKeyBase58"}

// secretMaterial are the members that hold a secret key. A method that publishes one proves nothing.
var secretMaterial = []string{"secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk", "privateKeyBase58"}

// methodForms says which members a type of method may hold its key in, and which algorithm its key must have ("" is any).
// Multikey and JsonWebKey are Controlled Identifiers 1.0 sections 2.2.2 and 2.2.3; the others came before them.
var methodForms = map[string]struct {
	algorithm string
	members   []string
}{
	"Multikey":                          {"", []string{"publicKeyMultibase"}},
	"JsonWebKey":                        {"", []string{"publicKeyJwk"}},
	"JsonWebKey2020":                    {"", []string{"publicKeyJwk"}},
	"Ed25519VerificationKey2020":        {EdDSA, []string{"publicKeyMultibase"}},
	"Ed25519VerificationKey2018":        {EdDSA, []string{"publicKeyBase58"}},
	"EcdsaSecp256r1VerificationKey2019": {ES256, []string{"publicKeyMultibase", "publicKeyJwk", "publicKeyBase58"}},
}

func methodKey(kind string, members map[string]any) (crypto.PublicKey, error) {
	for _, name := range secretMaterial {
		if _, found := members[name]; found {
			return nil, fmt.Errorf("%w: the method publishes its secret key", ErrWeakKey)
		}
	}
	form, known := methodForms[kind]
	if !known {
		return nil, fmt.Errorf("%w: the method is of a type that Laurel does not use", ErrKey)
	}
	var held []string
	for _, name := range material {
		if _, found := members[name]; found {
			held = append(held, name)
		}
	}
	if len(held) != 1 {
		return nil, fmt.Errorf("%w: the method holds no key, or more than one", ErrKey)
	}
	for _, name := range form.members {
		if name != held[0] {
			continue
		}
		pub, err := materialKey(form.algorithm, name, members[name])
		if err == nil && form.algorithm != "" && AlgorithmFor(pub) != form.algorithm {
			err = fmt.Errorf("%w: the key is not of the kind that the type of the method says", ErrKey)
		}
		return pub, err
	}
	return nil, fmt.Errorf("%w: the type of the method asks for its key in another member", ErrKey)
}

func materialKey(algorithm, name string, v any) (crypto.PublicKey, error) {
	if name == "publicKeyJwk" {
		members, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: publicKeyJwk is not an object", ErrKey)
		}
		jwk, err := ParseJWK(members)
		if err == nil && jwk.Use == "enc" { // RFC 7517 section 4.2
			err = fmt.Errorf("%w: the key is meant for encryption", ErrKey)
		}
		return jwk.Key, err
	}
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("%w: %s is not a string", ErrKey, name)
	}
	if name == "publicKeyMultibase" {
		return ParseMultikey(text)
	}
	if len(text) > base58Longest {
		return nil, fmt.Errorf("%w: publicKeyBase58 is too long", ErrKey)
	}
	raw, err := base58.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%w: publicKeyBase58 is not base58", ErrKey)
	}
	return rawKey(algorithm, raw)
}

// Method returns the method with the absolute ID id.
func (d *Document) Method(id string) (Method, bool) {
	for _, m := range d.Methods {
		if m.ID == id && id != "" {
			return m, true
		}
	}
	return Method{}, false
}

// Named returns every method whose publicKeyJwk.kid or whose fragment is name: what a kid that is no URL may mean.
func (d *Document) Named(name string) []Method {
	var named []Method
	for _, m := range d.Methods {
		_, fragment, _ := strings.Cut(m.ID, "#")
		if name != "" && (m.KeyID == name || fragment == name) {
			named = append(named, m)
		}
	}
	return named
}

// Allows says whether the document lists the method with the absolute ID methodID under relationship, which is
// [AssertionMethod] or [Authentication]. It says nothing of the method's key or dates.
func (d *Document) Allows(relationship, methodID string) bool {
	return d.relationships[relationship][methodID]
}

// single is the document of a DID that is its own key: one method under the given relationships.
func single(m Method, relationships ...string) *Document {
	d := &Document{ID: m.Controller, Methods: []Method{m}, relationships: map[string]map[string]bool{}}
	for _, relationship := range relationships {
		d.relationships[relationship] = map[string]bool{m.ID: true}
	}
	return d
}
