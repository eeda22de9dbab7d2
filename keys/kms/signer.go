package kms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	awskms "github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/laurelbadges/laurel/keys"
)

// longestMessage is the most bytes that AWS signs unhashed (Sign, Message).
const longestMessage = 4096

// signer is a private key in the service.
type signer struct {
	client  *awskms.Client
	wait    time.Duration
	name    string
	arn     string // of the key itself, not of the alias
	public  crypto.PublicKey
	form    form
	options []func(*awskms.Options)
}

// Public returns the public part as it was when the key was loaded.
func (s *signer) Public() crypto.PublicKey { return s.public }

// Sign has the service sign a message (Ed25519, at most 4096 bytes) or a digest (SHA-384 for P-384, else SHA-256), and verifies the
// signature before it gives it out. Its own randomness is used, not that of the first argument. Errors wrap [keys.ErrUnavailable]
// when it may work later.
func (s *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := s.signable(digest, opts); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.wait)
	defer cancel()
	out, err := s.client.Sign(ctx, &awskms.SignInput{KeyId: &s.arn, Message: digest, MessageType: s.form.message, SigningAlgorithm: s.form.algorithm}, s.options...)
	if err != nil {
		if err = fault(err, s.name, "kms:Sign"); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: the key %s is no longer in AWS KMS", keys.ErrUnavailable, s.name)
		}
		return nil, err
	}
	if !s.verify(digest, out.Signature, opts.HashFunc()) {
		return nil, fmt.Errorf("%w: the signature that AWS KMS gave does not belong to the key %s and to what it was to sign", keys.ErrUnavailable, s.name)
	}
	return out.Signature, nil
}

// signable refuses what the service would refuse, or sign in another way than was asked for.
func (s *signer) signable(digest []byte, opts crypto.SignerOpts) error {
	hash := crypto.SHA256
	switch s.form.kind {
	case keys.Ed25519:
		if options, ok := opts.(*ed25519.Options); opts.HashFunc() != 0 || ok && options.Context != "" {
			return errors.New("an Ed25519 key in AWS KMS signs messages themselves, without a context")
		}
		if len(digest) > longestMessage {
			return fmt.Errorf("the Ed25519 key %s in AWS KMS signs at most %d bytes, and this has %d; sign tokens with a P-256 key, which a did:web issuer has",
				s.name, longestMessage, len(digest))
		}
		return nil
	case keys.P384:
		hash = crypto.SHA384
	case keys.RSA2048:
		if _, ok := opts.(*rsa.PSSOptions); ok {
			return errors.New("an RSA key in AWS KMS signs with PKCS #1 v1.5 here")
		}
	}
	if opts.HashFunc() != hash || len(digest) != hash.Size() {
		return fmt.Errorf("the key %s in AWS KMS signs digests of %v", s.name, hash)
	}
	return nil
}

func (s *signer) verify(digest, signature []byte, hash crypto.Hash) bool {
	switch public := s.public.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(public, digest, signature)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, hash, digest, signature) == nil
	}
	return false
}
