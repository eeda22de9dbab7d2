package verifier

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// resolved is the document of an issuer, or why it could not be read.
type resolved struct {
	document *keys.Document
	source   Document // where it was fetched from; zero for one that the identifier itself holds
	err      error
}

// finding is a key, or why there is none. check belongs to the step issuer.
type finding struct {
	key   crypto.PublicKey // nil unless the check passed, or was unknown while the input itself names a key
	check Check
}

var (
	errForeignDocument = errors.New("the document found there is about another identifier")
	errNoKey           = errors.New("the identifier holds no key that can be used")
)

// resolve reads the document of an issuer: out of the identifier (did:key, did:jwk), from its did:web address, or from the
// address that the identifier is. One verification reads each document once.
func (r *run) resolve(ctx context.Context, id string) resolved {
	if known, done := r.documents[id]; done {
		return known
	}
	var answer resolved
	switch {
	case strings.HasPrefix(id, "did:key:"):
		answer.document, answer.err = held(keys.DIDKeyDocument(id))
	case strings.HasPrefix(id, "did:jwk:"):
		answer.document, answer.err = held(keys.DIDJWKDocument(id))
	default:
		answer = r.read(ctx, id)
	}
	r.documents[id] = answer
	return answer
}

// held tells an identifier that holds a weak key from one that holds none.
func held(document *keys.Document, err error) (*keys.Document, error) {
	if err != nil && !errors.Is(err, keys.ErrWeakKey) {
		err = errNoKey
	}
	return document, err
}

// read fetches the document of an issuer. Another host may not answer for it: whoever leads there would decide whose key it
// is.
func (r *run) read(ctx context.Context, id string) (answer resolved) {
	address := id
	if strings.HasPrefix(id, "did:web:") {
		var err error
		if address, err = keys.WebURL(id); err != nil { // no address that anybody would call
			return resolved{err: ErrBlocked}
		}
	}
	if answer.source, answer.err = r.fetch(ctx, address, credential.Limits.Body); answer.err != nil {
		return answer
	}
	if hostOf(answer.source.URL) != hostOf(address) {
		return resolved{err: ErrUnavailable}
	}
	if answer.document, answer.err = keys.ParseDocument(answer.source.Bytes); answer.err != nil {
		return resolved{err: ErrUnavailable}
	}
	if answer.document.ID != id {
		answer.err = errForeignDocument // CID 1.0 section 2.1: such a document says nothing about this identifier
	}
	return answer
}

// fetch asks the caller's Fetcher; without one nothing can be read.
func (r *run) fetch(ctx context.Context, address string, limit int) (Document, error) {
	if r.Fetch == nil {
		return Document{}, ErrUnavailable
	}
	return r.Fetch.Fetch(ctx, address, limit)
}

const keyClause = "CID 1.0 3.3"

func refuseKey(code, detail string) finding {
	return finding{check: Check{Step: "issuer", Outcome: Fail, Code: code, Detail: detail, Clause: keyClause}}
}

// findKey finds the key that a proof names, in the document of controller, for making assertions (CID 1.0 section 3.3).
func (r *run) findKey(ctx context.Context, p proof.Proof, controller string) finding {
	issuer := r.resolve(ctx, controller)
	switch {
	case errors.Is(issuer.err, errForeignDocument):
		return refuseKey("issuer_mismatch", "The document at the issuer's address is about another identifier.")
	case errors.Is(issuer.err, keys.ErrWeakKey):
		return refuseKey("weak_key", "The issuer's key is too weak to prove anything.")
	case errors.Is(issuer.err, errNoKey):
		return refuseKey("key_mismatch", "The issuer's identifier holds no key that can be used.")
	case issuer.err != nil:
		return finding{key: keyInInput(p), check: unresolved(issuer.err)}
	}
	if p.Type == "JWT" && p.Method != "" && !isURL(p.Method) {
		if named := issuer.document.Named(p.Method); len(named) != 1 {
			return r.findInKeySet(ctx, p, issuer, len(named))
		} else {
			p.Method = named[0].ID
		}
	}
	method, here := methodOf(p, issuer.document)
	if !here {
		return refuseKey("issuer_mismatch", "The issuer's document does not hold the key that the signature names.")
	}
	if refusal := r.judgeMethod(method, controller); refusal != nil {
		return *refusal
	}
	if !issuer.document.Allows(keys.AssertionMethod, method.ID) {
		return refuseKey("key_mismatch", "The issuer's document does not allow this key to sign credentials.")
	}
	return r.accept(method, issuer.source, "in the issuer's document")
}

// isURL tells a key identifier that names a verification method from any other text ("The JWT rule").
func isURL(kid string) bool {
	return strings.HasPrefix(kid, "did:") || strings.HasPrefix(kid, "https:")
}

// methodOf finds the one verification method that a proof means.
func methodOf(p proof.Proof, document *keys.Document) (keys.Method, bool) {
	if p.Method != "" {
		m, here := document.Method(p.Method)
		if here && p.JWK != nil && m.Err == nil && !sameKey(m.Key, p.JWK.Key) {
			return keys.Method{}, false // a token that names one key and brings another along
		}
		return m, here
	}
	for _, m := range document.Methods {
		if m.Err == nil && sameKey(m.Key, p.JWK.Key) {
			return m, true
		}
	}
	return keys.Method{}, false
}

// judgeMethod says why a verification method of the issuer cannot be used; nil when it can.
func (r *run) judgeMethod(m keys.Method, controller string) *finding {
	var refusal finding
	switch {
	case m.Controller != controller:
		refusal = refuseKey("issuer_mismatch", "The issuer's document says that this key is controlled by somebody else.")
	case errors.Is(m.Err, keys.ErrWeakKey):
		refusal = refuseKey("weak_key", "The issuer's key is too weak to prove anything.")
	case m.Err != nil:
		refusal = refuseKey("key_mismatch", "The issuer's document holds this key in a form that cannot be used.")
	case !m.Revoked.IsZero() && !m.Revoked.After(r.at):
		refusal = refuseKey("key_mismatch", "The issuer has withdrawn the key that made this signature.")
	case !m.Expires.IsZero() && r.beganAfter(m.Expires):
		refusal = refuseKey("key_mismatch", "The key had expired before this credential began.")
	default:
		return nil
	}
	return &refusal
}

// accept is the finding for a key of the issuer's own.
func (r *run) accept(m keys.Method, source Document, place string) finding {
	check := Check{Step: "issuer", Outcome: Pass, Detail: "The signing key is one of the issuer's own: the identifier itself holds it."}
	if source.Origin != "" {
		check.Detail = "The signing key is one of the issuer's own: it stands " + place + ", read " + string(source.Origin) + "."
		check.AsOf = instant(source.ReadAt)
	}
	if !m.Expires.IsZero() && !m.Expires.After(r.at) {
		check.Detail += " It is retired: the issuer signs with it no more."
	}
	return finding{key: m.Key, check: check}
}

// beganAfter says whether the credential begins after an instant; one that does not say when it begins counts as after.
func (r *run) beganAfter(at time.Time) bool {
	from, err := credential.ParseDateTime(r.document.ValidFrom)
	return err != nil || !at.After(from)
}

// sameKey compares keys of any supported kind.
func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// unresolved is the check for an issuer's document that could not be read.
func unresolved(err error) Check {
	c := Check{Step: "issuer", Outcome: NotKnown, Code: "issuer_unresolved", Clause: "CID 1.0 3.2",
		Detail: "The issuer's document could not be read, so whose key signed this is not established."}
	if errors.Is(err, ErrBlocked) {
		c.Code = "ssrf_blocked"
		c.Detail = "The issuer's address is not a public https address, so it was not called; whose key signed this is not established."
	}
	return c
}

// keyInInput is the key that the input itself names: in the fragment of its verification method, or in a token's header. It
// proves nothing about the issuer; a signature that does not even fit it is bad whoever the issuer is.
func keyInInput(p proof.Proof) crypto.PublicKey {
	if p.JWK != nil {
		return p.JWK.Key
	}
	_, fragment, _ := strings.Cut(p.Method, "#")
	key, err := keys.ParseMultikey(fragment)
	if err != nil {
		return nil
	}
	return key
}

// findInKeySet finds the key of a bare key identifier in the issuer's jwks.json, which stands beside its did:web document or
// at the well-known place of its host (Open Badges 3.0 implementation guide, key provenance). named is how many methods of
// the issuer's document have that identifier.
func (r *run) findInKeySet(ctx context.Context, p proof.Proof, issuer resolved, named int) finding {
	const ambiguous = "The key identifier of the token does not name exactly one key of the issuer."
	address := keySetAddress(issuer.document.ID)
	if named > 1 || address == "" {
		return refuseKey("key_mismatch", ambiguous)
	}
	source, err := r.fetch(ctx, address, credential.Limits.Body)
	if err != nil || hostOf(source.URL) != hostOf(address) {
		return finding{check: unresolved(cmp.Or(err, ErrUnavailable))}
	}
	set, err := strict.Object(source.Bytes, credential.JSONLimits())
	if err != nil {
		return finding{check: unresolved(ErrUnavailable)}
	}
	var found []keys.Method
	list, _ := set["keys"].([]any)
	for _, item := range list {
		object, _ := item.(map[string]any)
		if object["kid"] != p.Method {
			continue
		}
		m := keys.Method{ID: p.Method, Controller: issuer.document.ID}
		if owner, named := object["iss"]; named && owner != issuer.document.ID { // the guide: such a key is another issuer's
			m.Controller = ""
		}
		jwk, err := keys.ParseJWK(object)
		if m.Key, m.Err = jwk.Key, err; err == nil && jwk.Use == "enc" {
			m.Err = keys.ErrKey
		}
		if m.Err == nil && p.JWK != nil && !sameKey(m.Key, p.JWK.Key) {
			return refuseKey("issuer_mismatch", "The token names one key and brings another along.")
		}
		found = append(found, m)
	}
	if len(found) != 1 {
		return refuseKey("key_mismatch", ambiguous)
	}
	if refusal := r.judgeMethod(found[0], issuer.document.ID); refusal != nil {
		return *refusal
	}
	return r.accept(found[0], source, "in the issuer's key set")
}

// keySetAddress is where an issuer publishes its jwks.json; "" for one that has no such place.
func keySetAddress(issuer string) string {
	if strings.HasPrefix(issuer, "did:web:") {
		address, err := keys.WebURL(issuer)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(address, "did.json") + "jwks.json"
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	return "https://" + u.Host + "/.well-known/jwks.json"
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
