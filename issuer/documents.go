package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/laurelbadges/laurel/keys"
)

// Contexts of the JSON-LD that is published unsigned.
var publishedContexts = []string{
	"https://www.w3.org/ns/credentials/v2",
	"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
}

// Documents answers the public documents of an installation from its store alone, without keys: for a check of its own
// badges where no Service runs. Status lists are given as they were last signed; one that has changed since is an error of
// kind unavailable, code list_stale.
type Documents struct{ store Store }

// NewDocuments returns the documents of the installation in store.
func NewDocuments(store Store) *Documents { return &Documents{store: store} }

// Base returns the address that ids and links of the installation begin with. Kind missing when the store holds none.
func (d *Documents) Base(ctx context.Context) (base string, err error) {
	err = d.store.View(ctx, func(tx Tx) error {
		here, _, err := installations.Get(tx, installationID)
		base = here.Base
		return err
	})
	return base, stored(err)
}

// Organisations returns all organisations, the first created first.
func (d *Documents) Organisations(ctx context.Context) (all []Organisation, err error) {
	err = d.store.View(ctx, func(tx Tx) error {
		all, err = every(tx, organisations)
		return err
	})
	return all, stored(err)
}

// Document returns the document that the installation publishes at an address under its stored base, wherever it is served
// now. What does not exist, and any other address, has kind missing and wraps ErrNotFound.
func (d *Documents) Document(ctx context.Context, address string) (document []byte, err error) {
	err = d.store.View(ctx, func(tx Tx) error {
		here, _, err := installations.Get(tx, installationID)
		if err != nil {
			return err
		}
		path, ok := strings.CutPrefix(address, here.Base+"/")
		if !ok {
			return ErrNotFound
		}
		document, err = read(tx, path)
		return err
	})
	return document, stored(err)
}

// Document is Documents.Document, with status lists that are signed anew when that is due.
func (s *Service) Document(ctx context.Context, address string) ([]byte, error) {
	if !strings.HasPrefix(address, s.base+"/") { // of others: known without the store, which may be away
		return nil, missing("Nothing of this name exists here.")
	}
	if list, ok := strings.CutPrefix(address, listURL(s.base, "")); ok {
		l, err := s.StatusList(ctx, list)
		return l.JSON, err
	}
	return s.keyDocument(ctx, address)
}

// keyDocuments are the documents with the keys of the issuers, which every check asks for, each while what it was made of reads as it did.
type keyDocuments struct {
	mu    sync.Mutex
	known map[string]*keptDocument // by address; guarded by mu
}

type keptDocument struct {
	text    []byte // never changed
	witness *Witness
	lasting bool          // no instant ends it
	seen    atomic.Uint64 // the count of commits at which the witness last found it to say what the store says
}

// mostKeyDocuments bounds them. When there are more all are forgotten.
const mostKeyDocuments = 128

// keyDocument is Documents.Document, which remembers documents with keys.
func (s *Service) keyDocument(ctx context.Context, address string) ([]byte, error) {
	if WitnessOf(ctx) != nil || !strings.HasSuffix(address, "/did.json") && !strings.HasSuffix(address, "/jwks.json") {
		return s.documents.Document(ctx, address)
	}
	commits := s.commits.Load() // before the look: what is committed after it will be looked for again
	k := &s.keyed
	k.mu.Lock()
	kept, here := k.known[address]
	k.mu.Unlock()
	switch {
	case !here:
	case kept.lasting && kept.seen.Load() == commits && !s.store.Shared() && ctx.Err() == nil:
		return kept.text, nil
	case s.Still(ctx, kept.witness):
		kept.seen.Store(commits)
		return kept.text, nil
	}
	ctx, witness := Watched(ctx)
	text, err := s.documents.Document(ctx, address)
	if until, good := witness.Good(); err == nil && good {
		kept := &keptDocument{text: text, witness: witness, lasting: until.IsZero()}
		kept.seen.Store(commits)
		k.mu.Lock()
		if k.known == nil || len(k.known) >= mostKeyDocuments {
			k.known = map[string]*keptDocument{}
		}
		k.known[address] = kept
		k.mu.Unlock()
	}
	return text, err
}

// read finds the document of a path, which has no slash in front.
func read(tx Tx, path string) ([]byte, error) {
	switch path {
	case ".well-known/did.json":
		o, err := hostOrganisation(tx)
		if err != nil {
			return nil, err
		}
		return didDocument(o)
	case ".well-known/jwks.json":
		all, err := every(tx, organisations)
		if err != nil {
			return nil, err
		}
		return keySet(all...)
	}
	kind, rest, _ := strings.Cut(path, "/")
	id, part, _ := strings.Cut(rest, "/")
	switch kind + "/" + part {
	case "i/":
		o, _, err := organisations.Get(tx, id)
		if err != nil {
			return nil, err
		}
		text, err := profileOf(o)
		if err != nil {
			return nil, err
		}
		return withEndorsements(tx, o.ID, o.DID, text)
	case "i/did.json":
		o, _, err := organisations.Get(tx, id)
		if err != nil {
			return nil, err
		}
		return didDocument(o)
	case "i/jwks.json":
		o, _, err := organisations.Get(tx, id)
		if err != nil {
			return nil, err
		}
		return keySet(o)
	case "i/" + imageName, "i/" + imageSVG:
		return organisationPicture(tx, id, part)
	case "a/":
		a, _, err := achievements.Get(tx, id)
		if err != nil {
			return nil, err
		}
		return withEndorsements(tx, a.Organisation, a.URL, a.Document)
	case "a/" + imageName, "a/" + imageSVG:
		return pictureAt(tx, pictures, id, part)
	case "status/":
		return lastSigned(tx, id)
	case "e/":
		e, _, err := endorsements.Get(tx, id)
		if err == nil && (e.Issued.IsZero() || e.JSON == nil || !strings.HasSuffix(e.URL, "/e/"+id)) { // being made, or another's
			err = ErrNotFound
		}
		return e.JSON, err
	case "c/": // an award by its permanent address, as its QR code has it
		c, _, err := credentials.Get(tx, strings.TrimSuffix(id, ".json"))
		if err == nil && (c.Issued.IsZero() || !c.Visible()) {
			err = ErrNotFound
		}
		return c.JSON, err
	case "c/" + refreshPart: // what takes the place of an award, or the award itself
		c, _, err := credentials.Get(tx, id)
		if err == nil && !c.Visible() {
			err = ErrNotFound
		}
		if err == nil {
			c, err = newest(tx, c)
		}
		if err == nil && (c.Issued.IsZero() || !c.Visible()) {
			err = ErrNotFound
		}
		return c.JSON, err
	}
	if kind == "i" && revocationsNumber(part) > 0 {
		return readRevocations(tx, id, part)
	}
	return nil, ErrNotFound
}

// mostWithdrawn bounds the compromised keys that stand in a document, the last ones: with mostKeys others, each under two names,
// it has no more methods than are read.
const mostWithdrawn = 25

// didDocument is the document of a did:web; a did:key has none. A compromised key stays in it for a time as one that was revoked
// (CID 1.0 section 2.2), under no relationship, so that every verifier can say since when what it signed counts for nothing.
func didDocument(o Organisation) ([]byte, error) {
	if !strings.HasPrefix(o.DID, "did:web:") {
		return nil, ErrNotFound
	}
	var methods []keys.Method
	for _, k := range append(o.published(), o.withdrawn()...) {
		public, err := keys.ParseMultikey(k.Multikey)
		if err != nil {
			return nil, internal("stored_key", "A public key in the store cannot be read.", err)
		}
		m := keys.Method{ID: k.Method, Key: public}
		if k.State == KeyCompromised {
			m.Revoked = *k.Ended
		}
		methods = append(methods, m)
		if name := k.integrityMethod(); name != k.Method {
			m.ID, m.Type = name, "Multikey"
			methods = append(methods, m)
		}
	}
	document, err := keys.WebDocument(o.DID, methods)
	if err != nil {
		return nil, internal("document", "The issuer's identity document could not be written.", err)
	}
	return document, nil
}

// withdrawn are the compromised keys of the issuer's identity of which it is told when that was, the last of them. What they signed is
// not authentic whenever it was signed, as whoever has the key writes any date.
func (o *Organisation) withdrawn() []Key {
	var list []Key
	for _, k := range o.Keys {
		if k.State == KeyCompromised && k.Ended != nil && o.Owns(k) {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, func(a, b Key) int { return a.Ended.Compare(*b.Ended) })
	return list[max(0, len(list)-mostWithdrawn):]
}

// published are the keys that count: all of the issuer's identity but the compromised.
func (o *Organisation) published() []Key {
	var list []Key
	for _, k := range o.Keys {
		if k.State != KeyCompromised && o.Owns(k) {
			list = append(list, k)
		}
	}
	return list
}

// keySet is a JSON Web Key Set (RFC 7517 section 5). Each key says in iss whose it is, as Open Badges 3.0 asks of the set of
// a host (implementation guide, key provenance).
func keySet(organisations ...Organisation) ([]byte, error) {
	set := struct {
		Keys []map[string]any `json:"keys"`
	}{Keys: []map[string]any{}}
	for _, o := range organisations {
		for _, k := range o.published() {
			public, err := keys.ParseMultikey(k.Multikey)
			if err != nil {
				return nil, internal("stored_key", "A public key in the store cannot be read.", err)
			}
			jwk, err := keys.MarshalJWK(public)
			if err != nil {
				return nil, internal("stored_key", "A public key in the store cannot be read.", err)
			}
			jwk["kid"], jwk["alg"], jwk["use"], jwk["iss"] = k.Method, k.Algorithm, "sig", o.DID
			set.Keys = append(set.Keys, jwk)
		}
	}
	return indented(set)
}

// withContexts puts the contexts in front of the members of a JSON object that has some.
func withContexts(object []byte) []byte {
	contexts, _ := json.Marshal(publishedContexts) // two constant strings
	return bytes.Join([][]byte{[]byte(`{"@context":`), contexts, []byte(","), bytes.TrimSpace(object)[1:]}, nil)
}

func indented(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return nil, internal("document", "A document could not be written.", err)
	}
	return out.Bytes(), nil
}

// lastSigned is the newest signed copy of a status list, if that says what the list says now.
func lastSigned(tx Tx, id string) ([]byte, error) {
	l, _, err := statusLists.Get(tx, id)
	if err != nil {
		return nil, err
	}
	copied, _, err := publishedLists.Get(tx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if err != nil || copied.Version != l.Version {
		return nil, &Error{Kind: KindUnavailable, Code: "list_stale", Detail: "The status list has changed since it was last signed."}
	}
	return copied.JSON, nil
}
