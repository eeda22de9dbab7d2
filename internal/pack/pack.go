// Package pack reads and writes offline packs: documents of issuers and status lists, as they were published at one time, signed by
// whoever gathered them. With a pack a badge is checked where there is no network; what the pack says is as old as the pack.
//
// A pack is a text of two parts. Its first line is a compact JWS of the type [jose.TypeOfflinePack], whose claims name the signer (iss), the time (iat)
// and the SHA-256 digest of everything behind that line (sha256, hexadecimal); the rest is one JSON object, the documents by address.
// [Write] makes the second part, [Open] reads the whole, and [Pack.After] answers from it what nobody else can answer now.
//
// The signature says that nobody changed the pack since its signer made it. Whether that signer is to be believed about the documents of
// others is for the reader to know: for the public key of a method, Open asks its caller.
package pack

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/verifier"
)

// Bounds of a pack.
const (
	MostBytes     = 64 << 20 // of all of it
	mostDocuments = 20000
	tokenMost     = 4096 // bytes of the first line; an RSA signature has 700
)

var (
	// ErrTooLarge: there is more to gather than a pack holds.
	ErrTooLarge = errors.New("there is more to gather than a pack holds")
	// ErrForm: the text is no pack of this form.
	ErrForm = errors.New("this is no offline pack")
	// ErrChanged: the pack is not as its signer made it.
	ErrChanged = errors.New("the pack has been changed or cut off since it was signed")
	// ErrSigner: the key of the pack is not one that the reader knows.
	ErrSigner = errors.New("the pack is not signed by anybody who is known here")
)

// Why is a word for an error of [Open]: form, changed or signer.
func Why(err error) string {
	switch {
	case errors.Is(err, ErrChanged):
		return "changed"
	case errors.Is(err, ErrSigner):
		return "signer"
	}
	return "form"
}

// Document is one document of a pack.
type Document struct {
	Text   string    `json:"text"`   // as it was published
	ReadAt time.Time `json:"readAt"` // when, in whole seconds
}

// content is the second part.
type content struct {
	Documents map[string]Document `json:"documents"` // by https address, or one without TLS of an installation on one machine
}

// Write returns the second part of a pack with these documents by address, and its digest for whoever signs it. Equal documents give
// equal bytes. Errors wrap [ErrTooLarge], or say which document is no text.
func Write(documents map[string]Document) (body []byte, digest string, err error) {
	if len(documents) > mostDocuments {
		return nil, "", ErrTooLarge
	}
	for address, d := range documents {
		if strings.ToValidUTF8(d.Text, "") != d.Text {
			return nil, "", fmt.Errorf("writing a pack: the document at %s is no text", address)
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content{documents}); err != nil {
		return nil, "", fmt.Errorf("writing a pack: %w", err)
	}
	if out.Len() > MostBytes-tokenMost {
		return nil, "", ErrTooLarge
	}
	return out.Bytes(), digestOf(out.Bytes()), nil
}

// Join puts the token of the signer before the body.
func Join(token string, body []byte) []byte {
	return append([]byte(token+"\n"), body...)
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Pack is a pack that was read.
type Pack struct {
	Issuer string    // DID of the signer
	Name   string    // what the signer calls itself in a profile in the pack; "" without one
	Method string    // the key of the signer
	Key    string    // its JWK thumbprint (RFC 7638), by which people compare it
	Made   time.Time // when it was signed

	documents map[string]Document
}

// KeyFor gives the public key of a verification method.
type KeyFor func(method string) (crypto.PublicKey, error)

// Open reads a pack whose signature fits the key that keyFor gives for its method. keyFor is asked with a did:key too. Nil stands for the
// document of the signer in the pack itself: the reader then believes whoever gave them the pack, and the signature says only that it
// is whole. Errors wrap [ErrForm], [ErrChanged] or [ErrSigner].
func Open(text []byte, keyFor KeyFor) (*Pack, error) {
	if len(text) > MostBytes {
		return nil, fmt.Errorf("%w: it is too large", ErrForm)
	}
	line, body, found := bytes.Cut(text, []byte("\n"))
	if !found || len(line) > tokenMost {
		return nil, ErrForm
	}
	token, err := jose.ParseTyped(line, jose.TypeOfflinePack)
	if err != nil {
		return nil, ErrForm
	}
	var claims struct {
		Issuer   string `json:"iss"`
		IssuedAt int64  `json:"iat"`
		SHA256   string `json:"sha256"`
	}
	if err := exactly(token.Payload, &claims); err != nil || claims.IssuedAt <= 0 || !strings.HasPrefix(token.Header.KeyID, claims.Issuer+"#") {
		return nil, fmt.Errorf("%w: it does not say who made it, and when", ErrForm)
	}
	if claims.SHA256 != digestOf(body) {
		return nil, ErrChanged
	}
	var inside content
	if err := exactly(body, &inside); err != nil || len(inside.Documents) > mostDocuments {
		return nil, fmt.Errorf("%w: what is in it cannot be read", ErrForm)
	}
	made := time.Unix(claims.IssuedAt, 0).UTC()
	for address, d := range inside.Documents {
		if d.ReadAt.IsZero() || d.ReadAt.After(made.Add(time.Minute)) {
			return nil, fmt.Errorf("%w: it does not say when it read %s", ErrForm, address)
		}
	}
	p := &Pack{Issuer: claims.Issuer, Method: token.Header.KeyID, Made: made, documents: inside.Documents}
	if keyFor == nil {
		keyFor = p.ownKey
	}
	key, err := keyFor(p.Method)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	if err := token.Verify(key); err != nil {
		return nil, ErrChanged
	}
	if p.Key, err = keys.Thumbprint(key); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	p.Name = p.nameOf(p.Issuer)
	return p, nil
}

// profileMost is how long a document with a name of its signer may be, in bytes. Lists are longer.
const profileMost = 32 << 10

// nameOf is the name in the profile of an issuer; of several with a name, that at the first address.
func (p *Pack) nameOf(did string) string {
	for _, address := range slices.Sorted(maps.Keys(p.documents)) {
		text := p.documents[address].Text
		if len(text) > profileMost || !strings.Contains(text, did) || !strings.Contains(text, `"name"`) {
			continue
		}
		var profile struct{ ID, Name string }
		if err := json.Unmarshal([]byte(text), &profile); err == nil && profile.ID == did && profile.Name != "" {
			return profile.Name
		}
	}
	return ""
}

// exactly reads one JSON value of a form; a member that is not known is refused, and one that stands twice.
func exactly(text []byte, into any) error {
	if _, err := strict.Object(text, strict.Limits{Bytes: MostBytes, Depth: 4, Objects: mostDocuments + 2, Values: mostDocuments}); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// ownKey finds a key in the document of the signer: that of a did:key in its name, else the one in the pack.
func (p *Pack) ownKey(method string) (crypto.PublicKey, error) {
	var document string
	if address, err := keys.WebURL(p.Issuer); err == nil {
		document = p.documents[address].Text
	}
	return Signer(p.Issuer, []byte(document))(method)
}

// Signer looks keys up for a DID: in its document, or for a did:key in its name.
func Signer(did string, document []byte) KeyFor {
	return func(method string) (crypto.PublicKey, error) {
		d, err := keys.DIDKeyDocument(did)
		if !strings.HasPrefix(did, "did:key:") {
			d, err = keys.ParseDocument(document)
		}
		if err != nil {
			return nil, err
		}
		for _, m := range d.Methods {
			if d.ID == did && m.ID == method && m.Key != nil && d.Allows(keys.AssertionMethod, method) {
				return m.Key, nil
			}
		}
		return nil, errors.New("the document of the signer does not hold the key")
	}
}

// Len is how many documents there are.
func (p *Pack) Len() int { return len(p.documents) }

// After asks next first, and answers what next cannot from the pack; nil asks nobody. What a server says that was reached stands, be it
// that there is nothing. The copy in the pack is given along, so that what it knows to be revoked stays revoked.
func (p *Pack) After(next verifier.Fetcher) verifier.Fetcher { return after{p, next} }

type after struct {
	*Pack
	next verifier.Fetcher
}

// Fetch implements [verifier.Fetcher].
func (a after) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	packed, found := a.documents[address]
	copied := verifier.Document{Bytes: []byte(packed.Text), URL: address, ReadAt: packed.ReadAt, Origin: verifier.Packed, Signer: a.Issuer, Key: a.Key}
	if a.next != nil {
		document, err := a.next.Fetch(ctx, address, limit)
		switch {
		case err == nil && found && len(packed.Text) <= limit:
			document.Others = append(slices.Clip(document.Others), copied)
			return document, nil
		case err == nil || !found || !unreached(err):
			return document, err
		}
	}
	switch {
	case !found:
		return verifier.Document{}, &verifier.FetchError{Kind: verifier.ErrUnavailable, Cause: verifier.CauseOffline, Detail: "it is not in the pack, and nobody is called"}
	case len(packed.Text) > limit:
		return verifier.Document{}, verifier.ErrTooLarge
	}
	return copied, nil
}

// unreached says whether an error means that whoever speaks for an address was not asked or gave no answer. Any other is an answer.
func unreached(err error) bool {
	switch verifier.Cause(err) {
	case verifier.CauseOffline, verifier.CausePage, verifier.CauseBlocked, verifier.CauseTimeout, verifier.CauseName,
		verifier.CauseCertificate, verifier.CauseConnection, verifier.CauseTooMany:
		return true
	case verifier.CauseStatus: // broken, or too busy (RFC 9110 section 15.6, RFC 6585 section 4)
		var answer *verifier.FetchError
		return errors.As(err, &answer) && (answer.Status >= 500 || answer.Status == 429)
	}
	return false
}
