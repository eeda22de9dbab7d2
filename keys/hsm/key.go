//go:build pkcs11 && cgo

package hsm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"slices"

	"github.com/miekg/pkcs11"

	"github.com/laurelbadges/laurel/keys"
)

// A key is a public and a private key object of the token. Both carry its name as CKA_LABEL and, as CKA_ID, the SHA-256 digest of
// the public key (SubjectPublicKeyInfo), by which what was made here is told from what others keep in the token. The CKA_ID of the
// public object is written last: a key that was not finished, as the process ended, has none and is never found.

var (
	// errSignature is wrapped when the token gave a signature that its own public key does not fit.
	errSignature = errors.New("the token gave a signature that does not fit its key")
	// errHidden is wrapped when no private key is found: without a login, private keys are not refused but hidden.
	errHidden = errors.New("the token shows no private key of that name")
)

// Create makes a key pair in the token. The private key is sensitive, cannot be extracted, and signs only. A name that is taken is
// refused with an error that wraps [fs.ErrExist]; two that take one name at the same moment may both be refused.
func (t *Token) Create(kind keys.Kind, name string) (crypto.Signer, error) {
	if err := keys.CheckName(name); err != nil {
		return nil, err
	}
	how, ok := kindOf(kind)
	if !ok {
		return nil, fmt.Errorf("making a key: the kind %q is not known", kind)
	}
	var made *key
	err := t.use(true, func(s *session) (err error) {
		made, err = t.create(s, how, name)
		return err
	})
	switch {
	case is(err, pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID, pkcs11.CKR_CURVE_NOT_SUPPORTED, pkcs11.CKR_DOMAIN_PARAMS_INVALID):
		return nil, fmt.Errorf("making a key: %s cannot make or use keys of the kind %s: %w", t.name, kind, err)
	case is(err, pkcs11.CKR_TOKEN_WRITE_PROTECTED, pkcs11.CKR_SESSION_READ_ONLY):
		return nil, fmt.Errorf("making a key: %s is write-protected: %w", t.name, err)
	case is(err, pkcs11.CKR_DEVICE_MEMORY):
		return nil, fmt.Errorf("making a key: %s is full: %w", t.name, err)
	case err != nil:
		return nil, fmt.Errorf("making a key in %s: %w", t.name, notNow(err))
	}
	return made, nil
}

func (t *Token) create(s *session, how kind, name string) (made *key, err error) {
	for _, class := range []uint{pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_PUBLIC_KEY} {
		if taken, err := t.find(s, labelled(class, name)); err != nil {
			return nil, err
		} else if len(taken) > 0 {
			return nil, fmt.Errorf("the name %q is taken: %w", name, fs.ErrExist)
		}
	}
	public, private, err := t.generate(s, how, name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil { // as well as it can be done; what stays is harmless
			_ = t.module.DestroyObject(s.handle, private)
			_ = t.module.DestroyObject(s.handle, public)
		}
	}()
	made = &key{token: t, name: name, how: how}
	if made.public, err = readPublic(t.module, s, public); err != nil {
		return nil, err
	}
	if made.id, err = identifier(made.public); err != nil {
		return nil, err
	}
	if err := t.identify(s, private, made.id); err != nil {
		return nil, err
	}
	s.private[string(made.id)] = private
	message := []byte("a key is used once before it is given out")
	if how.hash != 0 {
		message = digest(how.hash, message)
	}
	if _, err := made.sign(s, message); err != nil {
		return nil, err
	}
	// PKCS#11 knows no unique labels. Of two that take a name at the same moment at least one sees both, and gives way. Where a
	// module keeps no order between processes both may stay, and Load then refuses the name.
	if all, err := t.find(s, labelled(pkcs11.CKO_PRIVATE_KEY, name)); err != nil {
		return nil, err
	} else if len(all) != 1 {
		return nil, fmt.Errorf("the name %q was taken at the same moment: %w", name, fs.ErrExist)
	}
	return made, t.identify(s, public, made.id)
}

// generate makes the pair of objects. Which form of the curve's name a token takes is found by trying.
func (t *Token) generate(s *session, how kind, name string) (public, private pkcs11.ObjectHandle, err error) {
	hidden := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, name),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
	}
	shown := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, false),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, name),
		pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true),
	}
	// Modules turn on what the template leaves open.
	for _, use := range []uint{pkcs11.CKA_DECRYPT, pkcs11.CKA_UNWRAP, pkcs11.CKA_SIGN_RECOVER, pkcs11.CKA_DERIVE} {
		hidden = append(hidden, pkcs11.NewAttribute(use, false))
	}
	for _, use := range []uint{pkcs11.CKA_ENCRYPT, pkcs11.CKA_WRAP, pkcs11.CKA_VERIFY_RECOVER, pkcs11.CKA_DERIVE} {
		shown = append(shown, pkcs11.NewAttribute(use, false))
	}
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(how.generate, nil)}
	if how.keyType == pkcs11.CKK_RSA {
		shown = append(shown, pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, 2048), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
		return t.module.GenerateKeyPair(s.handle, mechanism, shown, hidden)
	}
	for _, curve := range how.curves {
		template := append(slices.Clone(shown), pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, []byte(curve)))
		public, private, err = t.module.GenerateKeyPair(s.handle, mechanism, template, hidden)
		if !is(err, pkcs11.CKR_CURVE_NOT_SUPPORTED, pkcs11.CKR_DOMAIN_PARAMS_INVALID, pkcs11.CKR_ATTRIBUTE_VALUE_INVALID, pkcs11.CKR_TEMPLATE_INCONSISTENT) {
			break
		}
	}
	return public, private, err
}

func (t *Token) identify(s *session, object pkcs11.ObjectHandle, id []byte) error {
	return t.module.SetAttributeValue(s.handle, object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, id)})
}

// Load returns the key with that name, which any process may have made. It wraps [fs.ErrNotExist] when there is none, and
// [keys.ErrUnavailable] when the token cannot be asked now. A key that could be taken out of the token is refused.
func (t *Token) Load(name string) (crypto.Signer, error) {
	if err := keys.CheckName(name); err != nil {
		return nil, err
	}
	var found []*key
	err := t.use(false, func(s *session) (err error) {
		if found, err = t.made(s, name); err != nil || len(found) != 1 {
			return err
		}
		_, err = found[0].object(s)
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the key %q of %s: %w", name, t.name, notNow(err))
	case len(found) == 0:
		return nil, fmt.Errorf("reading a key: %s holds none of the name %q: %w", t.name, name, fs.ErrNotExist)
	case len(found) > 1:
		return nil, fmt.Errorf("reading the key %q: %s holds %d keys of that name; delete those that no record names", name, t.name, len(found))
	}
	return found[0], nil
}

// List returns the names of the keys that were made here, sorted. Objects that others keep in the token are passed over.
func (t *Token) List() (names []string, err error) {
	err = t.use(false, func(s *session) error {
		found, err := t.made(s, "")
		names = nil
		for _, k := range found {
			names = append(names, k.name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the keys of %s: %w", t.name, notNow(err))
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// made returns the keys with that name that were made by Laurel, or with "" all of them.
func (t *Token) made(s *session, name string) (found []*key, err error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY)}
	if name != "" {
		template = labelled(pkcs11.CKO_PUBLIC_KEY, name)
	}
	objects, err := t.find(s, template)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		values, err := read(t.module, s, object, pkcs11.CKA_LABEL, pkcs11.CKA_ID)
		if err != nil {
			return nil, err
		}
		if keys.CheckName(string(values[0])) != nil || len(values[1]) != sha256.Size {
			continue
		}
		public, err := readPublic(t.module, s, object)
		if errors.Is(err, keys.ErrKey) || errors.Is(err, keys.ErrWeakKey) || is(err, pkcs11.CKR_ATTRIBUTE_TYPE_INVALID) {
			continue // somebody else's
		} else if err != nil {
			return nil, err
		}
		id, err := identifier(public)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(id, values[1]) {
			found = append(found, &key{token: t, name: string(values[0]), id: id, public: public, how: kindFor(public)})
		}
	}
	return found, nil
}

// find returns the objects that fit a template.
func (t *Token) find(s *session, template []*pkcs11.Attribute) (all []pkcs11.ObjectHandle, err error) {
	if err := t.module.FindObjectsInit(s.handle, template); err != nil {
		return nil, err
	}
	for {
		some, _, err := t.module.FindObjects(s.handle, 64)
		if err != nil {
			return nil, err // the session is closed by its user
		}
		if len(some) == 0 {
			return all, t.module.FindObjectsFinal(s.handle)
		}
		all = append(all, some...)
	}
}

func labelled(class uint, name string) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name)}
}

// identifier is the CKA_ID of a key.
func identifier(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be written as SubjectPublicKeyInfo", keys.ErrKey)
	}
	sum := sha256.Sum256(der)
	return sum[:], nil
}

// key is a key of the token as [crypto.Signer]: of the private key it holds only where to find it.
type key struct {
	token  *Token
	name   string
	id     []byte
	public crypto.PublicKey
	how    kind
}

// Public returns the public key.
func (k *key) Public() crypto.PublicKey { return k.public }

// Sign signs a message with an Ed25519 key (hash 0), or a digest: SHA-256 for P-256 and RSA (PKCS #1 v1.5), SHA-384 for P-384. An ECDSA
// signature is in ASN.1, as [crypto.Signer] has it. The token brings its own randomness, so the reader is not used. Each
// signature is checked before it is given out: one that a fault went into can show the private key. Errors wrap [keys.ErrUnavailable] when the token is the
// cause.
func (k *key) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	switch opts := opts.(type) {
	case nil:
		return nil, errors.New("signing: no hash is named")
	case *rsa.PSSOptions:
		return nil, errors.New("signing: the padding PSS is not supported")
	case *ed25519.Options:
		if opts.Context != "" {
			return nil, errors.New("signing: Ed25519 with a context is not supported")
		}
	}
	if opts.HashFunc() != k.how.hash || k.how.hash != 0 && len(message) != k.how.hash.Size() {
		return nil, fmt.Errorf("signing: the key %q does not sign with the hash %v, or the digest has not its length", k.name, opts.HashFunc())
	}
	err = k.token.use(false, func(s *session) error {
		signature, err = k.sign(s, message)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("signing with the key %q of %s: %w", k.name, k.token.name, notNow(err))
	}
	return signature, nil
}

func (k *key) sign(s *session, message []byte) ([]byte, error) {
	object, err := k.object(s)
	if err != nil {
		return nil, err
	}
	if err := k.token.module.SignInit(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(k.how.sign, nil)}, object); err != nil {
		return nil, err
	}
	signature, err := k.token.module.Sign(s.handle, append([]byte(k.how.prefix), message...))
	if err != nil {
		return nil, err
	}
	fits := false
	switch public := k.public.(type) {
	case ed25519.PublicKey:
		fits = ed25519.Verify(public, message, signature)
	case *rsa.PublicKey:
		fits = rsa.VerifyPKCS1v15(public, k.how.hash, message, signature) == nil
	case *ecdsa.PublicKey: // r and s side by side (PKCS#11 3.0 section 6.3.1)
		half := len(signature) / 2
		signature, err = asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
		fits = err == nil && ecdsa.VerifyASN1(public, message, signature)
	}
	if !fits {
		return nil, errSignature
	}
	return signature, nil
}

// object finds the private key and holds it to what [Token.Create] made it to be.
func (k *key) object(s *session) (pkcs11.ObjectHandle, error) {
	if object, known := s.private[string(k.id)]; known {
		return object, nil
	}
	found, err := k.token.find(s, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), pkcs11.NewAttribute(pkcs11.CKA_ID, k.id)})
	if err != nil {
		return 0, err
	}
	if len(found) == 0 {
		return 0, errHidden
	}
	for _, object := range found {
		values, err := read(k.token.module, s, object, pkcs11.CKA_SENSITIVE, pkcs11.CKA_EXTRACTABLE)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(values[0], []byte{1}) || !bytes.Equal(values[1], []byte{0}) {
			return 0, fmt.Errorf("%w: it could be taken out of the token", keys.ErrKey)
		}
	}
	s.private[string(k.id)] = found[0]
	return found[0], nil
}

func digest(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}
