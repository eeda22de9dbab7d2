// Package kms keeps private keys in the Key Management Service of AWS, which makes them, signs with them and never gives them out.
//
// A key is found by an alias: the prefix of the service and the name of the key. Installations that share an account and a region
// need prefixes of their own; with prefixes that end in "/" none sees the keys of another. An alias that comes to point at
// another key is noticed when the issuer opens it again, as the issuer knows its public key.
//
// What the service needs to be allowed: kms:CreateKey, kms:TagResource and kms:CreateAlias to make keys, kms:ListAliases, and on its
// keys kms:GetPublicKey and kms:Sign. Each new key carries its name as the tag laurel-key.
//
// AWS signs a message of at most 4096 bytes with an Ed25519 key, and a JWT is signed as a whole. So an Ed25519 key here is for the
// suites of Data Integrity, which sign 64 bytes (eddsa-rdfc-2022, eddsa-jcs-2022), and a P-256, P-384 or RSA key, of which the
// digest is signed, for the ecdsa suites and for tokens. An issuer with a did:web has both; one with a did:key has one key for
// both, and long tokens of such an Ed25519 key are refused.
package kms

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go/logging"

	"github.com/laurelbadges/laurel/keys"
)

const (
	tries     = 3
	makeTries = 20 // a key that was just made is not known everywhere at once
)

// Service is the key service of one account and region. It may be used by several goroutines.
type Service struct {
	settings
	client *awskms.Client
	held   sync.Map // name -> *signer
}

// Open names the service by a URI: awskms:region=eu-west-1, with ;endpoint=URL for another address than that of the region (https,
// or http on this machine) and ;prefix=alias/NAME for the aliases of the keys, which is alias/laurel/ without it. Anything else is
// refused. Credentials are found as the AWS SDK finds them (environment, files, roles) and fetched once, to know that they are
// there; the service itself is not called. Proxies and endpoints of the environment are passed over.
func Open(ctx context.Context, uri string) (*Service, error) {
	s, err := parse(uri)
	if err != nil {
		return nil, err
	}
	return open(ctx, s)
}

func open(ctx context.Context, s settings) (*Service, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.wait)
	defer cancel()
	// A try has half of the time of a call, so that one without an answer leaves room for another.
	client := awshttp.NewBuildableClient().WithTimeout(s.wait / 2).WithTransportOptions(func(t *http.Transport) {
		t.Proxy = nil // one that the environment names would see who signs when
	})
	found, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.region), config.WithHTTPClient(client), config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = tries, s.pause })
		}))
	if err == nil {
		_, err = found.Credentials.Retrieve(ctx)
	}
	if err != nil { // its text may repeat what a file or a program said
		return nil, fmt.Errorf("opening AWS KMS: %w: no credentials were found in the environment, the files or the role of this machine%s", keys.ErrUnavailable, codeOf(err))
	}
	return &Service{settings: s, client: awskms.NewFromConfig(found, func(o *awskms.Options) {
		o.BaseEndpoint, o.RetryMaxAttempts = nil, 0 // the environment may have set them
		if s.endpoint != "" {
			o.BaseEndpoint = &s.endpoint
		}
	})}, nil
}

// form is what AWS calls a kind of key, and the one algorithm that it is for.
type form struct {
	kind      keys.Kind
	spec      types.KeySpec
	jose      string
	algorithm types.SigningAlgorithmSpec
	message   types.MessageType
}

func forms() []form {
	return []form{
		{keys.Ed25519, types.KeySpecEccNistEdwards25519, keys.EdDSA, types.SigningAlgorithmSpecEd25519Sha512, types.MessageTypeRaw},
		{keys.P256, types.KeySpecEccNistP256, keys.ES256, types.SigningAlgorithmSpecEcdsaSha256, types.MessageTypeDigest},
		{keys.P384, types.KeySpecEccNistP384, keys.ES384, types.SigningAlgorithmSpecEcdsaSha384, types.MessageTypeDigest},
		{keys.RSA2048, types.KeySpecRsa2048, keys.RS256, types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, types.MessageTypeDigest},
	}
}

// Create makes a key in the service, has it sign once, to know that it may, and gives it its name. Where it ends before that, by an
// error or a crash, a key without a name stays behind in the service: it has signed nothing and can be deleted there.
func (s *Service) Create(kind keys.Kind, name string) (crypto.Signer, error) {
	if err := keys.CheckName(name); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(forms(), func(f form) bool { return f.kind == kind })
	if i < 0 {
		return nil, fmt.Errorf("making a key: the kind %q is not known", kind)
	}
	made := forms()[i]
	ctx, cancel := context.WithTimeout(context.Background(), 4*s.wait)
	defer cancel()
	switch _, err := s.find(ctx, name, s.prefix+name); {
	case err == nil:
		return nil, fmt.Errorf("making a key: the name %s is taken in AWS KMS: %w", name, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	key, err := s.client.CreateKey(ctx, &awskms.CreateKeyInput{KeySpec: made.spec, KeyUsage: types.KeyUsageTypeSignVerify,
		Description: aws.String("Signing key " + name + " of Laurel"),
		Tags:        []types.Tag{{TagKey: aws.String("laurel-key"), TagValue: &name}},
	}, func(o *awskms.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 1) }) // each try would make another key
	if err != nil {
		return nil, fault(err, name, "kms:CreateKey and kms:TagResource")
	}
	if key.KeyMetadata == nil || aws.ToString(key.KeyMetadata.KeyId) == "" {
		return nil, fmt.Errorf("making a key: %w: the answer of AWS KMS names no key", keys.ErrUnavailable)
	}
	id := *key.KeyMetadata.KeyId
	signer, err := s.christen(ctx, made, name, id)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w (the key %s in AWS KMS has no name; delete it there)", err, id)
	}
	s.held.Store(name, signer)
	return signer, nil
}

// christen tries the key with this id and gives it its name.
func (s *Service) christen(ctx context.Context, made form, name, id string) (*signer, error) {
	signer, err := s.find(ctx, name, id, settling)
	if err != nil {
		return nil, err
	}
	if signer.form.kind != made.kind {
		return nil, fmt.Errorf("%w: AWS KMS made a key of another kind than %s", keys.ErrKey, made.kind)
	}
	trial := *signer
	trial.options = []func(*awskms.Options){settling}
	if _, err := keys.SignMessage(&trial, []byte("Laurel tries a new key.")); err != nil {
		return nil, err
	}
	alias := s.prefix + name
	_, err = s.client.CreateAlias(ctx, &awskms.CreateAliasInput{AliasName: &alias, TargetKeyId: &id}, settling)
	if err == nil {
		return signer, nil
	}
	err = fault(err, name, "kms:CreateAlias")
	if errors.Is(err, fs.ErrExist) { // perhaps by an earlier try of ours, whose answer was lost
		if named, finding := s.find(ctx, name, alias, settling); finding == nil && named.arn == signer.arn {
			return signer, nil
		}
	}
	return nil, err
}

// settling waits for a key that was just made to be known everywhere: the service becomes consistent only after a while.
func settling(o *awskms.Options) {
	o.Retryer = retry.AddWithErrorCodes(retry.AddWithMaxAttempts(o.Retryer, makeTries), "NotFoundException", "KMSInvalidStateException")
}

// Load returns the key of this name. Its public part is asked for once; the key itself signs from then on, also when the alias comes
// to point at another. It wraps [fs.ErrNotExist] when there is none, and [keys.ErrUnavailable] when it may be there later.
func (s *Service) Load(name string) (crypto.Signer, error) {
	if err := keys.CheckName(name); err != nil {
		return nil, err
	}
	if held, ok := s.held.Load(name); ok {
		return held.(*signer), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.wait)
	defer cancel()
	signer, err := s.find(ctx, name, s.prefix+name)
	if err != nil {
		return nil, err
	}
	held, _ := s.held.LoadOrStore(name, signer)
	return held.(crypto.Signer), nil
}

// find asks for the public part of a key by its id or alias.
func (s *Service) find(ctx context.Context, name, id string, options ...func(*awskms.Options)) (*signer, error) {
	got, err := s.client.GetPublicKey(ctx, &awskms.GetPublicKeyInput{KeyId: &id}, options...)
	if err != nil {
		return nil, fault(err, name, "kms:GetPublicKey")
	}
	unusable := func(err error) error { return fmt.Errorf("reading the key %s in AWS KMS: %w", name, err) }
	public, err := x509.ParsePKIXPublicKey(got.PublicKey)
	if err != nil {
		return nil, unusable(fmt.Errorf("%w: its public part cannot be read", keys.ErrKey))
	}
	if err := keys.Check(public); err != nil {
		return nil, unusable(err)
	}
	i := slices.IndexFunc(forms(), func(f form) bool { return f.jose == keys.AlgorithmFor(public) })
	if i < 0 || got.KeyUsage != types.KeyUsageTypeSignVerify || !slices.Contains(got.SigningAlgorithms, forms()[i].algorithm) || aws.ToString(got.KeyId) == "" {
		return nil, unusable(fmt.Errorf("%w: it is not for signatures that Laurel makes", keys.ErrKey))
	}
	return &signer{client: s.client, wait: s.wait, name: name, arn: *got.KeyId, public: public, form: forms()[i]}, nil
}

// List returns the names of the keys that have an alias with the prefix, sorted. The service lists all aliases of the account, a
// hundred at a time; a list that takes longer than 20 seconds is given up.
func (s *Service) List() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*s.wait)
	defer cancel()
	var names []string
	for pages := awskms.NewListAliasesPaginator(s.client, &awskms.ListAliasesInput{Limit: aws.Int32(100)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fault(err, "", "kms:ListAliases")
		}
		for _, alias := range page.Aliases {
			name, ok := strings.CutPrefix(aws.ToString(alias.AliasName), s.prefix)
			if ok && keys.CheckName(name) == nil && alias.TargetKeyId != nil {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
