package verifier

import (
	"context"
	"crypto"
	"errors"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// finding is a key, or why there is none. check belongs to the step issuer.
type finding struct {
	key   crypto.PublicKey // nil unless the check passed, or was unknown while the input itself names a key
	tried crypto.PublicKey // of a key that is known and may not be used: a signature that does not even fit it is false
	check Check
}

// search is the search for the key that a proof names, among those that controller publishes for one relationship.
type search struct {
	*run
	proof        proof.Proof
	controller   string // the id of the issuer or holder
	relationship string // keys.AssertionMethod or keys.Authentication
	owner        resolved
}

const keyClause = "CID 1.0 3.3"

// findKey finds the key that a proof names, in the document of controller and under relationship: [keys.AssertionMethod] for
// credentials, [keys.Authentication] for presentations (CID 1.0 section 3.3).
func (r *run) findKey(ctx context.Context, p proof.Proof, controller, relationship string) finding {
	s := search{run: r, proof: p, controller: controller, relationship: relationship, owner: r.resolve(ctx, controller)}
	switch err := s.owner.err; {
	case errors.Is(err, errForeignDocument):
		return s.refuse("issuer_mismatch", "foreign_document", "The document at the issuer's address is about another identifier.").readIn(s.owner.source)
	case errors.Is(err, keys.ErrWeakKey):
		return s.refuse("weak_key", "", "The issuer's key is too weak to prove anything"+because(err)+".")
	case errors.Is(err, errNoKey):
		return s.refuse("key_mismatch", "no_key", "The issuer's identifier holds no key that can be used"+strings.TrimPrefix(err.Error(), errNoKey.Error())+".")
	case err != nil:
		return s.unresolved(s.owner.address, err)
	}
	return s.find(ctx)
}

// find looks for the key in a document that was read.
func (s *search) find(ctx context.Context) finding {
	token := s.proof.Type == "JWT"
	switch method, here := s.method(); {
	case here:
		return s.judge(method, s.owner.source, inDocument)
	case token && s.proof.Method == "" && s.proof.JWK != nil:
		return s.byKeyAlone(ctx)
	case token && !isURL(s.proof.Method):
		return s.byName(ctx)
	case !standsAt(s.controller, s.proof.Method): // nothing is fetched from elsewhere
		return s.notHeld()
	case !s.inDocument() && s.owner.document.Allows(s.relationship, s.proof.Method):
		return s.byReference(ctx)
	case token:
		return s.byAddress(ctx)
	}
	return s.notHeld()
}

// isURL tells a key identifier that names a verification method from any other text ("The JWT rule").
func isURL(kid string) bool {
	return strings.HasPrefix(kid, "did:") || strings.HasPrefix(kid, "https:")
}

// isKeyItself says whether an identifier is a single key and nothing else, so that it names that key without a fragment too,
// as wallets write the kid of their tokens.
func isKeyItself(id string) bool {
	return strings.HasPrefix(id, "did:key:") || strings.HasPrefix(id, "did:jwk:")
}

// mayHold says whether the document of controller is the place to look for the key that a proof names. Of any other proof it is
// known without asking anybody that its key is somebody else's.
func mayHold(controller string, p proof.Proof) bool {
	base, _, fragment := strings.Cut(p.Method, "#")
	switch {
	case fragment && base == controller:
		return true
	case p.Type == "JWT" && !strings.HasPrefix(p.Method, "did:"):
		return true // a bare key, a key identifier or an address
	case p.Type == "JWT":
		return p.Method == controller && isKeyItself(controller)
	}
	// A document may list methods at other addresses of its host (CID 1.0 section 2.2).
	return standsAt(controller, p.Method)
}

// standsAt says whether an address is an https one on the host that speaks for an identifier.
func standsAt(id, address string) bool {
	host := hostOf(address)
	return strings.HasPrefix(address, "https://") && host != "" && host == hostOf(id)
}

// inDocument says whether the key identifier is that of a part of the controller's own document, which has been read.
func (s *search) inDocument() bool {
	base, _, _ := strings.Cut(s.proof.Method, "#")
	return base == s.controller
}

// method finds the one verification method of the document that the proof means.
func (s *search) method() (keys.Method, bool) {
	document, p := s.owner.document, s.proof
	switch {
	case p.Method == "" && p.JWK == nil:
		return keys.Method{}, false
	case p.Method == "":
		for _, m := range document.Methods {
			if m.Err == nil && sameKey(m.Key, p.JWK.Key) {
				return m, true
			}
		}
		return keys.Method{}, false
	case p.Type == "JWT" && p.Method == document.ID && isKeyItself(document.ID):
		return document.Methods[0], true
	case p.Type == "JWT" && !isURL(p.Method):
		named := document.Named(p.Method)
		if len(named) != 1 {
			return keys.Method{}, false
		}
		return named[0], true
	}
	return document.Method(p.Method)
}

// byKeyAlone looks for the key that a token brings along. Only an issuer that publishes no document of keys has its key set read:
// where there is a document, it is what holds the key or does not ("The JWT rule").
func (s *search) byKeyAlone(ctx context.Context) finding {
	if !s.owner.document.Keyless {
		return s.notHeld()
	}
	set := s.keySet(ctx, s.owner)
	if set.err != nil {
		return s.unresolved(set.address, set.err)
	}
	return s.inKeySet(s.proof.JWK.Key, set)
}

// byName looks for a key identifier that is no URL and is not the name of exactly one method of the document.
func (s *search) byName(ctx context.Context) finding {
	ambiguous := s.ambiguous(s.owner.source)
	if len(s.owner.document.Named(s.proof.Method)) > 1 || keySetAddress(s.controller) == "" {
		return ambiguous
	}
	set := s.keySet(ctx, s.owner)
	if set.err != nil {
		return s.unresolved(set.address, set.err)
	}
	named := set.keys.Named(s.proof.Method)
	if len(named) != 1 {
		return s.ambiguous(set.source)
	}
	return s.judgeEntry(named[0], set)
}

// byReference reads a method that the document lists by its address, and that stands there.
func (s *search) byReference(ctx context.Context) finding {
	source, err := s.fetchFrom(ctx, s.proof.Method)
	if err != nil {
		return s.unresolved(s.proof.Method, err)
	}
	method, err := keys.ParseMethod(source.Bytes)
	if err != nil || method.ID != s.proof.Method { // CID 1.0 section 3.3: the method that is found has the identifier that was asked for
		return s.refuse("issuer_mismatch", "other_at_reference", "What stands at the address that the issuer's document names is not that key.").readIn(source)
	}
	return s.judge(method, source, atReference)
}

// byAddress looks for an https key identifier that names no method of the document. It may be the kid of an entry of the issuer's
// key set; or else a key stands there, which is only believed when the issuer publishes the same one.
func (s *search) byAddress(ctx context.Context) finding {
	set := s.keySet(ctx, s.owner)
	if set.err == nil {
		switch named := set.keys.Named(s.proof.Method); len(named) {
		case 0:
		case 1:
			return s.judgeEntry(named[0], set)
		default:
			return s.ambiguous(set.source)
		}
	}
	unsettled := s.notHeld()
	if set.err != nil && s.owner.document.Keyless { // only the key set can say whose key it is
		unsettled = s.unresolved(set.address, set.err)
	}
	if s.inDocument() {
		return unsettled
	}
	source, err := s.fetchFrom(ctx, s.proof.Method)
	if err != nil {
		return s.unresolved(s.proof.Method, err)
	}
	_, fragment, _ := strings.Cut(s.proof.Method, "#")
	there, err := keys.ParseKeyAt(source.Bytes, fragment)
	if err != nil {
		return s.notHeld()
	}
	for _, m := range s.owner.document.Methods {
		if m.Err == nil && sameKey(m.Key, there.Key) {
			return s.judge(m, s.owner.source, inDocument)
		}
	}
	if set.err == nil {
		return s.inKeySet(there.Key, set)
	}
	return unsettled
}

// inKeySet finds a key in the issuer's key set. The issuers of one host may share a key, so that the entry of another does not
// stand in the way.
func (s *search) inKeySet(key crypto.PublicKey, set *publishedSet) finding {
	found := s.notHeld().readIn(set.source)
	for i, entry := range set.keys.Holding(key) {
		if judged := s.judgeEntry(entry, set); i == 0 || judged.check.Outcome == Pass {
			found = judged
		}
	}
	return found
}

// judgeEntry judges an entry of the issuer's key set. An entry that names another issuer is not this one's; one that names nobody
// belongs to whoever its host speaks for (Open Badges 3.0 implementation guide, key provenance).
func (s *search) judgeEntry(entry keys.SetKey, set *publishedSet) finding {
	for _, m := range s.owner.document.Methods { // what the document says of a key holds under every other name
		if m.Err == nil && entry.Err == nil && sameKey(m.Key, entry.Key) {
			return s.judge(m, s.owner.source, inDocument)
		}
	}
	m := keys.Method{Controller: s.controller, Key: entry.Key, Err: entry.Err}
	if entry.Issuer != nil && *entry.Issuer != s.controller {
		m.Controller = ""
	}
	return s.judge(m, set.source, inKeySet)
}

// A place is where a key was found: the fact case of a finding that it is the issuer's, and the words for it.
type place struct{ name, words string }

var (
	inDocument  = place{"document", "in the issuer's document"}
	inKeySet    = place{"key_set", "in the issuer's key set"}
	atReference = place{"reference", "at the address that the issuer's document names"}
)

// judge says whether a method that the issuer publishes may be used. One of a key set has no ID, and stands under every
// relationship: such a set knows none.
func (s *search) judge(m keys.Method, source Document, at place) (f finding) {
	defer func() { f.tried = m.Key }()
	allowed := m.ID == "" || s.owner.document.Allows(s.relationship, m.ID)
	refuse := func(code, name, detail string, date time.Time) finding {
		f := s.refuse(code, name, detail).readIn(source)
		if !date.IsZero() {
			f.check.Facts = f.check.Facts.and(FactDate, date.UTC().Format(time.RFC3339))
		}
		return f
	}
	switch {
	case m.Controller != s.controller:
		return refuse("issuer_mismatch", "other_controller", "The issuer's document says that this key is controlled by somebody else.", time.Time{})
	case errors.Is(m.Err, keys.ErrWeakKey):
		return refuse("weak_key", "", "The issuer's key is too weak to prove anything"+because(m.Err)+".", time.Time{})
	case m.Err != nil:
		return refuse("key_mismatch", "form", "The issuer's document holds this key in a form that cannot be used"+because(m.Err)+".", time.Time{})
	case s.proof.JWK != nil && !sameKey(m.Key, s.proof.JWK.Key):
		return refuse("issuer_mismatch", "two_keys", "The token names one key of the issuer and brings another along.", time.Time{})
	case !m.Revoked.IsZero() && (!m.Revoked.After(s.at) || !allowed): // CID 1.0 section 2.2
		return refuse("key_mismatch", "withdrawn", "It was signed by a key that the issuer removed on "+day(m.Revoked)+".", m.Revoked)
	case !m.Expires.IsZero() && s.usedAfter(m.Expires):
		return refuse("key_mismatch", "expired", "The key had expired on "+day(m.Expires)+", before this credential began.", m.Expires)
	case !allowed:
		return refuse("key_mismatch", "not_allowed", "The issuer's document does not allow this key to sign credentials.", time.Time{})
	}
	return s.accept(m, source, at)
}

// usedAfter says whether a key was used after the instant at which it expired. A credential counts from its beginning; one that
// does not say when it begins counts as made now, as a presentation does.
func (s *search) usedAfter(expires time.Time) bool {
	used := s.at
	if s.relationship == keys.AssertionMethod && s.document != nil {
		if from, err := credential.ParseDateTime(s.document.ValidFrom); err == nil {
			used = from
		}
	}
	return !expires.After(used)
}

// accept is the finding for a key of the issuer's own.
func (s *search) accept(m keys.Method, source Document, at place) finding {
	name := "held"
	check := Check{Step: "issuer", Outcome: Pass, Detail: "The signing key is one of the issuer's own: the identifier itself holds it."}
	if source.Origin != "" {
		name = at.name
		check.Detail = "The signing key is one of the issuer's own: it stands " + at.words + ", read " + string(source.Origin) + "."
	}
	if !m.Expires.IsZero() && !m.Expires.After(s.at) {
		name = "retired"
		check.Detail += " It is retired since " + day(m.Expires) + ": the issuer signs with it no more."
		check.Facts = check.Facts.and(FactDate, m.Expires.UTC().Format(time.RFC3339))
	}
	if source.Origin == "" {
		check.Facts = check.Facts.and(FactCase, name)
	} else {
		check.AsOf, check.Facts = instant(source.ReadAt), check.Facts.andSource(source, FactCase, name)
	}
	return s.found(m.Key, check)
}

// refuse is a finding against the key. name is its fact case, "" where the code has one meaning only.
func (s *search) refuse(code, name, detail string) finding {
	return s.found(nil, Check{Step: "issuer", Outcome: Fail, Code: code, Detail: detail, Clause: keyClause, Facts: Facts(nil).and(FactCase, name)})
}

// notHeld says what the issuer's document, as it was read, does not hold. Whether it held the key before is not known.
func (s *search) notHeld() finding {
	return s.refuse("issuer_mismatch", "not_held", "The issuer's document does not hold the key that the signature names.").readIn(s.owner.source)
}

func (s *search) ambiguous(source Document) finding {
	return s.refuse("key_mismatch", "ambiguous_name", "The key identifier of the token does not name exactly one key of the issuer.").readIn(source)
}

// unresolved is the finding when something could not be read, at address, without which it is not known whose key it is. The key
// that stands in the input is tried all the same.
func (s *search) unresolved(address string, err error) finding {
	c := Check{Step: "issuer", Outcome: NotKnown, Code: "issuer_unresolved", Clause: "CID 1.0 3.2", Facts: factsOfUnread(address, err),
		Detail: "The issuer's document could not be read, so whose key signed this is not established."}
	if errors.Is(err, ErrBlocked) {
		c.Code = codeBlocked
		c.Detail = "The issuer's address " + notCalled(err) + "; whose key signed this is not established."
	}
	return s.found(keyInInput(s.proof), c)
}

// readIn says what document the finding rests on, where one was read for it.
func (f finding) readIn(source Document) finding {
	if source.Origin == "" { // the identifier itself
		return f
	}
	f.check.AsOf = instant(source.ReadAt)
	f.check.Facts = f.check.Facts.andSource(source)
	return f
}

// found says of a holder what the sentences here say of an issuer.
func (s *search) found(key crypto.PublicKey, c Check) finding {
	if s.relationship == keys.Authentication {
		c.Detail, c.Facts = asHolder.Replace(c.Detail), c.Facts.and(FactWho, s.controller)
	}
	return finding{key: key, check: c}
}

var asHolder = strings.NewReplacer("issuer", "holder", "credential", "presentation")

// sameKey compares keys of any supported kind.
func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
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
