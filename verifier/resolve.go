package verifier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
)

// resolved is the document of an issuer or holder, or why it could not be read.
type resolved struct {
	document *keys.Document
	source   Document // where it was fetched from; zero for one that the identifier itself holds
	address  string   // where it is to be read: an https address, or the identifier where that leads to none
	err      error
	set      *publishedSet // the keys that it publishes beside the document
}

// publishedSet is the jwks.json of an issuer, once it has been asked for.
type publishedSet struct {
	asked   bool
	keys    *keys.KeySet
	source  Document
	address string
	err     error
}

var (
	errForeignDocument = errors.New("the document found there is about another identifier")
	errNoKey           = errors.New("the identifier holds no key that can be used")
)

// resolve reads the document of an issuer or holder: out of the identifier (did:key, did:jwk), from its did:web address, or from
// the address that the identifier is. One verification reads each document once.
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
	answer.set = &publishedSet{}
	r.documents[id] = answer
	return answer
}

// held tells an identifier that holds a weak key from one that holds none.
func held(document *keys.Document, err error) (*keys.Document, error) {
	if err != nil && !errors.Is(err, keys.ErrWeakKey) {
		err = fmt.Errorf("%w%s", errNoKey, because(err))
	}
	return document, err
}

// because is ": " and what keys says is wrong with a key, or "".
func because(err error) string {
	for _, kind := range []error{keys.ErrKey, keys.ErrWeakKey} {
		if reason, found := strings.CutPrefix(err.Error(), kind.Error()); found && errors.Is(err, kind) {
			return reason
		}
	}
	return ""
}

// read fetches the document of an issuer. Another host may not answer for it: whoever leads there would decide whose key it
// is.
func (r *run) read(ctx context.Context, id string) (answer resolved) {
	answer.address = id
	if strings.HasPrefix(id, "did:web:") {
		address, err := keys.WebURL(id)
		if err != nil { // no address that anybody would call
			answer.err = ErrBlocked
			return answer
		}
		answer.address = address
	}
	if answer.source, answer.err = r.fetchFrom(ctx, answer.address); answer.err != nil {
		return answer
	}
	if isPage(answer.source.Bytes) && strings.HasPrefix(id, "https://") {
		// What an issuer shows to people lists no keys: they may stand in its key set.
		answer.document = &keys.Document{ID: id, Keyless: true}
		return answer
	}
	var err error
	if answer.document, err = r.Memory.keyDocument(answer.source.Bytes); err != nil {
		return resolved{address: answer.address, err: errOtherForm}
	}
	if answer.document.ID != id {
		answer.err = errForeignDocument // CID 1.0 section 2.1: such a document says nothing about this identifier
	}
	return answer
}

// isPage tells HTML from JSON by its first character.
func isPage(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("<"))
}

// keySet reads the jwks.json of an issuer, which stands beside its did:web document or at the well-known place of its host
// (Open Badges 3.0 implementation guide, key provenance). One verification reads it once.
func (r *run) keySet(ctx context.Context, owner resolved) *publishedSet {
	set := owner.set
	if set.asked {
		return set
	}
	set.asked = true
	set.address = keySetAddress(owner.document.ID)
	if set.address == "" {
		set.err = errNoKey
		return set
	}
	if set.source, set.err = r.fetchFrom(ctx, set.address); set.err != nil {
		return set
	}
	if set.keys, set.err = keys.ParseKeySet(set.source.Bytes); set.err != nil {
		set.err = errOtherForm
	}
	return set
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

// fetchFrom reads a document about keys, which no other host may answer for.
func (r *run) fetchFrom(ctx context.Context, address string) (Document, error) {
	source, err := r.fetch(ctx, address, credential.Limits.Body)
	if err == nil && source.URL != address && hostOf(source.URL) != hostOf(address) {
		err = errOtherHost
	}
	if err != nil {
		return Document{}, err
	}
	return source, nil
}

// fetch asks the caller's Fetcher; without one nothing can be read.
func (r *run) fetch(ctx context.Context, address string, limit int) (Document, error) {
	switch {
	case r.Fetch == nil:
		return Document{}, errOffline
	case r.work.read > readMost:
		return Document{}, errReadMost
	}
	source, err := r.Fetch.Fetch(ctx, address, limit)
	r.work.read += len(source.Bytes)
	r.work.units += len(source.Bytes) / fetchedPerUnit
	for _, other := range source.Others {
		r.work.read += len(other.Bytes)
	}
	return source, err
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
