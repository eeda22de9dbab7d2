package verifier

import (
	"context"
	"crypto"
	"errors"
	"fmt"
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
	source   Document // of a document that was fetched; Origin is "" for one that the identifier itself holds
	err      error
}

// finding is a key, or why there is none. check belongs to the step issuer.
type finding struct {
	key   crypto.PublicKey // nil unless the check passed, or was unknown while the input itself names a key
	check Check
}

// resolve reads the document of an issuer: out of the identifier (did:key, did:jwk), from its did:web address, or from the
// address that the identifier is. One verification reads each document once.
func (r *run) resolve(ctx context.Context, id string) resolved {
	if known, done := r.documents[id]; done {
		return known
	}
	answer := r.read(ctx, id)
	r.documents[id] = answer
	return answer
}

func (r *run) read(ctx context.Context, id string) (answer resolved) {
	switch {
	case strings.HasPrefix(id, "did:key:"):
		answer.document, answer.err = keys.DIDKeyDocument(id)
		return answer
	case strings.HasPrefix(id, "did:jwk:"):
		answer.document, answer.err = keys.DIDJWKDocument(id)
		return answer
	}
	address := id
	if strings.HasPrefix(id, "did:web:") {
		var err error
		if address, err = keys.WebURL(id); err != nil { // no address that anybody would call
			answer.err = fmt.Errorf("%w: %w", ErrBlocked, err)
			return answer
		}
	}
	if answer.source, answer.err = r.fetch(ctx, address, credential.Limits.Body); answer.err != nil {
		return answer
	}
	if answer.document, answer.err = keys.ParseDocument(answer.source.Bytes); answer.err != nil {
		return answer
	}
	if answer.document.ID != id {
		answer.err = errForeignDocument // CID 1.0 section 2.1: such a document says nothing about this identifier
	}
	return answer
}

var errForeignDocument = errors.New("the document found there is about another identifier")

// fetch asks the caller's Fetcher; without one nothing can be read.
func (r *run) fetch(ctx context.Context, address string, limit int) (Document, error) {
	if r.Fetch == nil {
		return Document{}, ErrUnavailable
	}
	return r.Fetch.Fetch(ctx, address, limit)
}

// findKey finds the key that a proof names, in the document of controller, for making assertions (CID 1.0 section 3.3).
func (r *run) findKey(ctx context.Context, p proof.Proof, controller string) finding {
	const clause = "CID 1.0 section 3.3"
	refuse := func(code, detail string) finding {
		return finding{check: Check{Step: "issuer", Outcome: Fail, Code: code, Detail: detail, Clause: clause}}
	}
	document := r.resolve(ctx, controller)
	switch {
	case errors.Is(document.err, errForeignDocument):
		return refuse("issuer_mismatch", "The document at the issuer's address is about another identifier.")
	case document.source.Origin == "" && errors.Is(document.err, keys.ErrWeakKey):
		return refuse("weak_key", "The issuer's key is too weak to prove anything.")
	case document.source.Origin == "" && errors.Is(document.err, keys.ErrKey):
		return refuse("key_mismatch", "The issuer's identifier holds no key that can be used.")
	case document.err != nil:
		return finding{key: keyInInput(p), check: unresolved(document.err)}
	}
	method, fault := r.findMethod(ctx, p, document)
	switch {
	case fault != nil:
		return *fault
	case method.Controller != controller:
		return refuse("issuer_mismatch", "The issuer's document says that this key is controlled by somebody else.")
	case errors.Is(method.Err, keys.ErrWeakKey):
		return refuse("weak_key", "The issuer's key is too weak to prove anything.")
	case method.Err != nil:
		return refuse("key_mismatch", "The issuer's document holds this key in a form that cannot be used.")
	case !document.document.Allows(keys.AssertionMethod, method.ID):
		return refuse("key_mismatch", "The issuer's document does not allow this key to sign credentials.")
	case !method.Revoked.IsZero() && !method.Revoked.After(r.at):
		return refuse("key_mismatch", "The issuer has withdrawn the key that made this signature.")
	case !method.Expires.IsZero() && r.beganAfter(method.Expires):
		return refuse("key_mismatch", "The key had expired before this credential began.")
	}
	check := Check{Step: "issuer", Outcome: Pass, Detail: "The signing key is one of the issuer's own: the identifier itself holds it."}
	if document.source.Origin != "" {
		check.Detail = "The signing key is one of the issuer's own: it stands in the issuer's document, read " + string(document.source.Origin) + "."
		check.AsOf = instant(document.source.ReadAt)
	}
	if !method.Expires.IsZero() && !method.Expires.After(r.at) {
		check.Detail += " It is retired: the issuer signs with it no more."
	}
	return finding{key: method.Key, check: check}
}

// beganAfter says whether the credential begins after an instant; one that does not say when it begins counts as after.
func (r *run) beganAfter(at time.Time) bool {
	from, err := credential.ParseDateTime(r.document.ValidFrom)
	return err != nil || !at.After(from)
}

// findMethod finds the one verification method that the proof means, in the issuer's document or its key set.
func (r *run) findMethod(ctx context.Context, p proof.Proof, issuer resolved) (keys.Method, *finding) {
	refuse := func(code, detail string) (keys.Method, *finding) {
		return keys.Method{}, &finding{check: Check{Step: "issuer", Outcome: Fail, Code: code, Detail: detail, Clause: "OB 3.0 8.2.2"}}
	}
	document := issuer.document
	if p.JWK != nil {
		for _, m := range document.Methods {
			if m.Err == nil && sameKey(m.Key, p.JWK.Key) {
				return m, nil
			}
		}
		return refuse("issuer_mismatch", "The token brings a key along that is not in the issuer's document.")
	}
	if strings.Contains(p.Method, ":") || p.Suite == "" || p.Type != "JWT" { // a URL
		if m, here := document.Method(p.Method); here {
			return m, nil
		}
		return refuse("issuer_mismatch", "The issuer's document does not hold the key that the signature names.")
	}
	matches := document.Named(p.Method)
	if len(matches) == 0 {
		set, err := r.keySet(ctx, document.ID)
		if err != nil {
			check := unresolved(err)
			return keys.Method{}, &finding{check: check}
		}
		for _, m := range set {
			if m.KeyID == p.Method {
				matches = append(matches, m)
			}
		}
	}
	if len(matches) != 1 {
		return refuse("key_mismatch", "The key identifier of the token does not name exactly one key of the issuer.")
	}
	return matches[0], nil
}

// sameKey compares keys of any supported kind.
func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// unresolved is the check for an issuer's document that could not be read.
func unresolved(err error) Check {
	c := Check{Step: "issuer", Outcome: NotKnown, Code: "issuer_unresolved", Clause: "CID 1.0 section 3.2",
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

// keySet reads the issuer's jwks.json, beside its DID document or at the well-known place of its host (Open Badges 3.0
// implementation guide, key provenance).
func (r *run) keySet(ctx context.Context, issuer string) ([]keys.Method, error) {
	var address string
	switch {
	case strings.HasPrefix(issuer, "did:web:"):
		at, err := keys.WebURL(issuer)
		if err != nil {
			return nil, err
		}
		address = strings.TrimSuffix(at, "did.json") + "jwks.json"
	case strings.HasPrefix(issuer, "https:"):
		u, err := url.Parse(issuer)
		if err != nil {
			return nil, err
		}
		address = "https://" + u.Host + "/.well-known/jwks.json"
	default:
		return nil, nil
	}
	source, err := r.fetch(ctx, address, credential.Limits.Body)
	if err != nil {
		return nil, err
	}
	set, err := strict.Object(source.Bytes, credential.JSONLimits())
	if err != nil {
		return nil, err
	}
	var methods []keys.Method
	list, _ := set["keys"].([]any)
	for _, item := range list {
		object, _ := item.(map[string]any)
		jwk, err := keys.ParseJWK(object)
		methods = append(methods, keys.Method{ID: jwk.KeyID, KeyID: jwk.KeyID, Controller: issuer, Key: jwk.Key, Err: err})
	}
	return methods, nil
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
