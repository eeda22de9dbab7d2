package pack

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/verifier"
)

var made = time.Date(2026, 3, 12, 8, 0, 0, 0, time.UTC)

// signer is somebody who signs packs.
type signer struct {
	did, method string
	key         ed25519.PrivateKey
}

func newSigner(t testing.TB, seed byte) signer {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	did, err := keys.DIDKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return signer{did, did + "#" + did[len("did:key:"):], key}
}

// sign signs claims as a pack of kind over body.
func (s signer) sign(t testing.TB, kind string, claims map[string]any, body []byte) []byte {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.SignTyped(payload, kind, s.method, s.key)
	if err != nil {
		t.Fatal(err)
	}
	return Join(token, body)
}

func (s signer) pack(t testing.TB, documents map[string]Document) []byte {
	t.Helper()
	body, digest, err := Write(documents)
	if err != nil {
		t.Fatal(err)
	}
	return s.sign(t, jose.TypeOfflinePack, map[string]any{"iss": s.did, "iat": made.Unix(), "sha256": digest}, body)
}

const address = "https://badges.example/status/1"

func documents() map[string]Document {
	return map[string]Document{address: {Text: `{"list":"<ä>"}`, ReadAt: made}}
}

func TestOpen(t *testing.T) {
	s, other := newSigner(t, 1), newSigner(t, 2)
	good := s.pack(t, documents())
	p, err := Open(good, Signer(s.did, nil))
	if err != nil {
		t.Fatal(err)
	}
	if p.Issuer != s.did || p.Method != s.method || p.Key == "" || !p.Made.Equal(made) || p.Len() != 1 {
		t.Errorf("%+v", p)
	}
	if again := s.pack(t, documents()); !bytes.Equal(good, again) {
		t.Error("the same documents give another pack")
	}
	found, err := p.After(nil).Fetch(t.Context(), address, 100)
	if err != nil || string(found.Bytes) != `{"list":"<ä>"}` || found.Origin != verifier.Packed || !found.ReadAt.Equal(made) || found.URL != address {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := p.After(nil).Fetch(t.Context(), address, 3); !errors.Is(err, verifier.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := p.After(nil).Fetch(t.Context(), address+"1", 100); verifier.Cause(err) != verifier.CauseOffline {
		t.Error(err)
	}
	body, digest, err := Write(documents())
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change func(map[string]any)) []byte {
		all := map[string]any{"iss": s.did, "iat": made.Unix(), "sha256": digest}
		change(all)
		return s.sign(t, jose.TypeOfflinePack, all, body)
	}
	stranger := other
	stranger.did, stranger.method = s.did, s.method
	for name, test := range map[string]struct {
		text []byte
		want error
	}{
		"empty":             {nil, ErrForm},
		"no token":          {[]byte("{}\n{}"), ErrForm},
		"token alone":       {bytes.TrimRight(bytes.SplitN(good, []byte("\n"), 2)[0], "\n"), ErrForm},
		"of another type":   {s.sign(t, "laurel-audit-head+jwt", map[string]any{"iss": s.did, "iat": made.Unix(), "sha256": digest}, body), ErrForm},
		"cut off":           {good[:len(good)-4], ErrChanged},
		"longer":            {append(bytes.Clone(good), '\n'), ErrChanged},
		"changed":           {bytes.Replace(good, []byte("ä"), []byte("ö"), 1), ErrChanged},
		"another's":         {other.pack(t, documents()), ErrSigner},
		"signed by another": {stranger.pack(t, documents()), ErrChanged},
		"no time":           {claims(func(c map[string]any) { delete(c, "iat") }), ErrForm},
		"another issuer":    {claims(func(c map[string]any) { c["iss"] = other.did }), ErrForm},
		"a claim too many":  {claims(func(c map[string]any) { c["exp"] = 1 }), ErrForm},
		"read later":        {s.pack(t, map[string]Document{address: {Text: "{}", ReadAt: made.Add(time.Hour)}}), ErrForm},
		"never read":        {s.pack(t, map[string]Document{address: {Text: "{}"}}), ErrForm},
	} {
		if _, err := Open(test.text, Signer(s.did, nil)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(good, nil); err != nil {
		t.Errorf("a pack that a person gave: %v", err)
	}
	if _, _, err := Write(map[string]Document{address: {Text: "\xff"}}); err == nil {
		t.Error("bytes that are no text were packed")
	}
}

// TestWebSigner: the key of a did:web is looked for in the document that the pack itself holds, or in that which the reader has.
func TestWebSigner(t *testing.T) {
	s := newSigner(t, 1)
	s.did, s.method = "did:web:badges.example", "did:web:badges.example#key-1"
	document, err := keys.WebDocument(s.did, []keys.Method{{ID: s.method, Key: s.key.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	all := documents()
	if _, err := Open(s.pack(t, all), nil); !errors.Is(err, ErrSigner) {
		t.Errorf("without the document: %v", err)
	}
	if _, err := Open(s.pack(t, all), Signer(s.did, document)); err != nil {
		t.Error(err)
	}
	if _, err := Open(s.pack(t, all), Signer("did:web:other.example", document)); !errors.Is(err, ErrSigner) {
		t.Errorf("for somebody else: %v", err)
	}
	all["https://badges.example/.well-known/did.json"] = Document{Text: string(document), ReadAt: made}
	if _, err := Open(s.pack(t, all), nil); err != nil {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	s := newSigner(f, 1)
	f.Add(s.pack(f, documents()))
	f.Add([]byte("a.b.c\n{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Open(text, nil)
		if (p == nil) == (err == nil) {
			t.Fatal(p, err)
		}
	})
}
