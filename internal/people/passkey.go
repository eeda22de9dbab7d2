package people

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	mostPasskeys = 20       // of an account
	mostResponse = 64 << 10 // bytes of what a browser answers
	noPasskey    = "There is no passkey of this id here."
)

// passkeyID is the id of a record for the id of a credential, which may be longer than that of a record.
func passkeyID(credential []byte) string {
	sum := sha256.Sum256(credential)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// newWebAuthn returns the relying party of an address, or nil where there can be none: a passkey belongs to a host name, so that an IP
// address has none, and browsers know passkeys only over https and on localhost (Web Authentication Level 3 section 5.1.2).
func newWebAuthn(base *url.URL) (*webauthn.WebAuthn, error) {
	host := base.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return nil, nil
	}
	if base.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return nil, nil
	}
	return webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Laurel", RPOrigins: []string{base.String()},
		AttestationPreference:  protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationPreferred},
		// Outputs of extensions that nobody asked for, which password managers add, are looked at nowhere.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}

// PasskeysWork returns nil where passkeys can be used, and else an error of kind conflict, code passkey_host, that says why not.
func (s *Service) PasskeysWork() error {
	if s.web == nil {
		return conflict("passkey_host", "Passkeys belong to a host name and need https, but on localhost. This installation has an address with which they do not work, such as an IP address.")
	}
	return nil
}

// holder is an account as the library sees it.
type holder struct {
	account     Account
	credentials []webauthn.Credential
}

// WebAuthnID implements [webauthn.User]: the id of the account, which says nothing about the person.
func (h holder) WebAuthnID() []byte { return []byte(h.account.ID) }

// WebAuthnName implements [webauthn.User].
func (h holder) WebAuthnName() string { return h.account.Email }

// WebAuthnDisplayName implements [webauthn.User].
func (h holder) WebAuthnDisplayName() string { return h.account.Name }

// WebAuthnCredentials implements [webauthn.User].
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	return h.credentials
}

func held(tx issuer.Tx, account string) (h holder, err error) {
	if h.account, _, err = active(tx, account); err != nil {
		return holder{}, err
	}
	all, err := issuer.Every(tx, passkeys, "account", account)
	if err != nil {
		return holder{}, err
	}
	h.credentials = make([]webauthn.Credential, len(all))
	for i, k := range all {
		if err := json.Unmarshal(k.Credential, &h.credentials[i]); err != nil {
			return holder{}, err
		}
	}
	return h, nil
}

// BeginPasskey begins the making of a passkey for an account. options is the PublicKeyCredentialCreationOptionsJSON for its browser; the
// token names the ceremony for [Service.FinishPasskey], within 5 minutes.
func (s *Service) BeginPasskey(ctx context.Context, account string) (options json.RawMessage, token string, err error) {
	if err := s.PasskeysWork(); err != nil {
		return nil, "", err
	}
	var h holder
	err = s.view(ctx, func(tx issuer.Tx) error {
		h, err = held(tx, account)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if len(h.credentials) >= mostPasskeys {
		return nil, "", tooManyPasskeys()
	}
	creation, data, err := s.web.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.credentials).CredentialDescriptors()))
	if err != nil {
		return nil, "", ceremonyFailed(err)
	}
	return s.beginning(ctx, creation.Response, data, ceremony{Kind: ceremonyPasskey, Account: account})
}

// beginning keeps a ceremony of WebAuthn and writes its options.
func (s *Service) beginning(ctx context.Context, response any, data *webauthn.SessionData, c ceremony) (options json.RawMessage, token string, err error) {
	if options, err = json.Marshal(response); err == nil {
		c.Data, err = json.Marshal(data)
	}
	if err != nil {
		return nil, "", ceremonyFailed(err)
	}
	token, err = s.begin(ctx, c, ceremonyLasts)
	return options, token, err
}

func tooManyPasskeys() error {
	return conflict("passkeys", "The account has 20 passkeys already. Remove one first.")
}

func ceremonyFailed(err error) error {
	return &issuer.Error{Kind: issuer.KindInternal, Code: "passkey", Detail: "The passkey could not be asked for.", Err: err}
}

// refusedPasskey is one answer to all that can be wrong, so that nobody is told what to mend; the cause is for the log.
func refusedPasskey(err error) error {
	return &issuer.Error{Kind: issuer.KindDenied, Code: "passkey_refused", Detail: "The passkey was not accepted. Please try again, or ask for a link by e-mail.", Err: err}
}

// continued reads what BeginPasskey or BeginPasskeySignIn kept. A ceremony serves one answer, also a wrong one.
func (s *Service) continued(ctx context.Context, token, kind string, response []byte) (c ceremony, data webauthn.SessionData, err error) {
	if err := s.PasskeysWork(); err != nil {
		return c, data, err
	}
	if c, err = s.take(ctx, token, kind); err != nil {
		return c, data, err
	}
	if len(response) > mostResponse {
		return c, data, refusedPasskey(errors.New("the answer is too long"))
	}
	if err := json.Unmarshal(c.Data, &data); err != nil {
		return c, data, ceremonyFailed(err)
	}
	return c, data, nil
}

// FinishPasskey checks what the browser answers (RegistrationResponseJSON) and keeps the passkey under a name.
func (s *Service) FinishPasskey(ctx context.Context, account, token, name string, response []byte) (made Passkey, err error) {
	if name, err = checkName(name, "A passkey"); err != nil {
		return Passkey{}, err
	}
	c, data, err := s.continued(ctx, token, ceremonyPasskey, response)
	if err != nil {
		return Passkey{}, err
	}
	if c.Account != account {
		return Passkey{}, refusedPasskey(errors.New("it was begun for another account"))
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Passkey{}, refusedPasskey(err)
	}
	err = s.update(ctx, func(tx issuer.Tx) error {
		h, err := held(tx, account)
		if err != nil {
			return err
		}
		if len(h.credentials) >= mostPasskeys {
			return tooManyPasskeys()
		}
		credential, err := s.web.CreateCredential(h, data, parsed)
		if err != nil {
			return refusedPasskey(err)
		}
		credential.Attestation = webauthn.CredentialAttestation{} // nobody asks which make it is
		k := passkey{Passkey: Passkey{
			ID: passkeyID(credential.ID), Account: account, Name: name, Created: s.instant(), Synced: credential.Flags.BackupEligible,
		}}
		// The id has to be new, of whichever account (Web Authentication Level 3 section 7.1 step 26).
		if _, _, err := passkeys.Get(tx, k.ID); err == nil {
			return refusedPasskey(errors.New("its id is known already"))
		} else if !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		if k.Credential, err = json.Marshal(credential); err != nil {
			return ceremonyFailed(err)
		}
		made = k.Passkey
		if err := passkeys.Put(tx, &k, 0); err != nil {
			return err
		}
		return s.record(tx, actor(account), "passkey.added", k.ID, account)
	})
	if err != nil {
		return Passkey{}, err
	}
	return made, nil
}

// BeginPasskeySignIn begins a sign-in with whichever passkey the browser has for this host. options is the
// PublicKeyCredentialRequestOptionsJSON; the token names the ceremony for [Service.UsePasskey], within 5 minutes. More than 30 begun
// sign-ins a minute from one client have kind denied, code rate.
func (s *Service) BeginPasskeySignIn(ctx context.Context, client netip.Addr) (options json.RawMessage, token string, err error) {
	if err := s.PasskeysWork(); err != nil {
		return nil, "", err
	}
	if !s.begun.allow(client) {
		return nil, "", hurried()
	}
	assertion, data, err := s.web.BeginDiscoverableLogin()
	if err != nil {
		return nil, "", ceremonyFailed(err)
	}
	return s.beginning(ctx, assertion.Response, data, ceremony{Kind: ceremonySignIn})
}

// UsePasskey checks what the browser answers (AuthenticationResponseJSON). Whatever is wrong has kind denied, code passkey_refused; so
// has a passkey whose counter did not grow, as it may have been copied, which is recorded.
func (s *Service) UsePasskey(ctx context.Context, token string, response []byte) (proof Proof, err error) {
	_, data, err := s.continued(ctx, token, ceremonySignIn, response)
	if err != nil {
		return Proof{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Proof{}, refusedPasskey(err)
	}
	copied := false
	err = s.update(ctx, func(tx issuer.Tx) error {
		var failed error // of the store
		find := func(id, user []byte) (webauthn.User, error) {
			k, _, err := passkeys.Get(tx, passkeyID(id))
			if err == nil && k.Account != string(user) {
				err = issuer.ErrNotFound
			}
			var h holder
			if err == nil {
				h, err = held(tx, k.Account)
			}
			failed = err
			return h, err
		}
		credential, err := s.web.ValidateDiscoverableLogin(find, data, parsed)
		switch {
		case errors.Is(failed, issuer.ErrNotFound):
			return refusedPasskey(failed)
		case failed != nil:
			return failed
		case err != nil:
			return refusedPasskey(err)
		}
		k, version, err := passkeys.Get(tx, passkeyID(credential.ID))
		if err != nil {
			return err
		}
		if copied = credential.Authenticator.CloneWarning; copied {
			return s.record(tx, actor(k.Account), "passkey.refused", k.ID, k.Account)
		}
		if k.Credential, err = json.Marshal(credential); err != nil {
			return ceremonyFailed(err)
		}
		k.Used = s.instant()
		if err := passkeys.Put(tx, &k, version); err != nil {
			return err
		}
		proof = Proof{account: k.Account, how: ByPasskey}
		return s.signedIn(tx, proof)
	})
	if err == nil && copied {
		err = refusedPasskey(errors.New("its counter did not grow: it may have been copied"))
	}
	if err != nil {
		return Proof{}, err
	}
	return proof, nil
}

// Passkeys returns the passkeys of an account, the first made first.
func (s *Service) Passkeys(ctx context.Context, account string) (list []Passkey, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		all, err := issuer.Every(tx, passkeys, "account", account)
		list = nil
		for _, k := range all {
			list = append(list, k.Passkey)
		}
		return err
	})
	return list, err
}

// RenamePasskey names a passkey of an account anew; another's is missing.
func (s *Service) RenamePasskey(ctx context.Context, account, id, name string) error {
	name, err := checkName(name, "A passkey")
	if err != nil {
		return err
	}
	return s.changePasskey(ctx, account, id, func(tx issuer.Tx, k passkey, version uint64) error {
		k.Name = name
		if err := passkeys.Put(tx, &k, version); err != nil {
			return err
		}
		return s.record(tx, actor(account), "passkey.renamed", id, account)
	})
}

// RemovePasskey removes a passkey of an account; another's is missing. The link by e-mail is always there.
func (s *Service) RemovePasskey(ctx context.Context, account, id string) error {
	return s.changePasskey(ctx, account, id, func(tx issuer.Tx, _ passkey, _ uint64) error {
		if err := tx.Delete(passkeys.Kind, id); err != nil {
			return err
		}
		return s.record(tx, actor(account), "passkey.removed", id, account)
	})
}

func (s *Service) changePasskey(ctx context.Context, account, id string, change func(issuer.Tx, passkey, uint64) error) error {
	return s.update(ctx, func(tx issuer.Tx) error {
		if _, _, err := active(tx, account); err != nil {
			return err
		}
		k, version, err := passkeys.Get(tx, id)
		if err != nil {
			return orMissing(err, noPasskey)
		}
		if k.Account != account {
			return missing(noPasskey)
		}
		return change(tx, k, version)
	})
}
