package people

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/laurelbadges/laurel/issuer"
)

// provider is a Provider in use.
type provider struct {
	Provider
	mu         sync.Mutex
	discovered *oidc.Provider // guarded by mu; nil until its configuration was read
	asking     *asking        // guarded by mu; nil while nobody asks for it
}

// asking is a question to a provider, which all who need the answer share.
type asking struct {
	done  chan struct{} // closed when the rest is set
	found *oidc.Provider
	err   error
}

func identityID(issuer, subject string) string { return digestOf(issuer + "\x00" + subject) }

func newProviders(c Config) (list []*provider, err error) {
	if len(c.Providers) > 0 && c.Client == nil {
		return nil, errors.New("opening the accounts: providers of OpenID Connect need a client")
	}
	for _, p := range c.Providers {
		u, err := url.Parse(p.Issuer)
		switch {
		case p.Name == "" || p.ClientID == "":
			return nil, errors.New("opening the accounts: a provider of OpenID Connect needs a name and a client id")
		case slices.ContainsFunc(list, func(other *provider) bool { return other.Name == p.Name }):
			return nil, fmt.Errorf("opening the accounts: two providers have the name %s", p.Name)
		case err != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
			return nil, fmt.Errorf("opening the accounts: the issuer of the provider %s has to be an https address", p.Name)
		}
		list = append(list, &provider{Provider: p})
	}
	return list, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Providers returns the names of the providers that people can sign in with.
func (s *Service) Providers() []string {
	names := make([]string, len(s.providers))
	for i, p := range s.providers {
		names[i] = p.Name
	}
	return names
}

// named returns the provider of a name.
func (s *Service) named(name string) (*provider, error) {
	for _, p := range s.providers {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, missing("There is no such way to sign in here.")
}

// read returns what a provider says of itself, which is asked for once it is needed. Nobody waits for longer than ctx allows; the question
// itself goes on for as long as the client does, as others may wait for the answer.
func (p *provider) read(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	if p.discovered != nil {
		defer p.mu.Unlock()
		return p.discovered, nil
	}
	a := p.asking
	if a == nil {
		a = &asking{done: make(chan struct{})}
		p.asking = a
		go p.ask(context.WithoutCancel(ctx), a)
	}
	p.mu.Unlock()
	select {
	case <-a.done:
	case <-ctx.Done():
		return nil, unanswered(ctx.Err())
	}
	if a.err != nil {
		return nil, unanswered(a.err)
	}
	return a.found, nil
}

// ask puts the question, and keeps a good answer.
func (p *provider) ask(ctx context.Context, a *asking) {
	defer close(a.done)
	a.found, a.err = oidc.NewProvider(ctx, p.Issuer)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking = nil
	if a.err == nil {
		p.discovered = a.found
	}
}

// client is this installation as the provider knows it.
func (p *provider) client(endpoint oauth2.Endpoint, base string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: endpoint, RedirectURL: base + PathProvider,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

func unanswered(err error) error {
	return &issuer.Error{Kind: issuer.KindUnavailable, Code: "provider", Detail: "The service that you sign in with does not answer now. Please try again, or ask for a link by e-mail.", Err: err}
}

// refusedProvider is one answer to all that can be wrong; the cause is for the log.
func refusedProvider(err error) error {
	return &issuer.Error{Kind: issuer.KindDenied, Code: "provider_refused", Detail: "The sign-in was not accepted. Please begin again.", Err: err}
}

// BeginProvider begins a sign-in with a provider: the browser is sent to address, and is given a value to keep in a cookie, by which
// [Service.UseProvider] knows it again within 10 minutes. The cookie has to be SameSite=Lax. More than 30 begun sign-ins a minute from
// one client have kind denied, code rate.
func (s *Service) BeginProvider(ctx context.Context, name string, client netip.Addr) (address, browser string, err error) {
	p, err := s.named(name)
	if err != nil {
		return "", "", err
	}
	if !s.begun.allow(client) {
		return "", "", hurried()
	}
	about, err := p.read(s.calling(ctx))
	if err != nil {
		return "", "", err
	}
	browser, digest := newToken()
	nonce, _ := newToken()
	verifier := oauth2.GenerateVerifier()
	state, err := s.begin(ctx, ceremony{Kind: ceremonyProvider, Provider: p.Name, Browser: digest, Nonce: nonce, Verifier: verifier}, providerLasts)
	if err != nil {
		return "", "", err
	}
	return p.client(about.Endpoint(), s.base).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), browser, nil
}

// calling is a context in which providers are called by the client of the configuration.
func (s *Service) calling(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, s.client)
}

// claims are what is read of an ID token beside what the library checks (OpenID Connect Core 1.0 section 5.1).
type claims struct {
	Email    string `json:"email"`
	Verified any    `json:"email_verified"` // true counts, and nothing else
	Name     string `json:"name"`
	Locale   string `json:"locale"`
}

// UseProvider ends a sign-in with a provider, with the query that it sent the browser back with and the value that the browser kept. The
// account is the one that has signed in with this identity before; else the one of the address that the provider calls verified, or
// that this address was invited to: all its invitations are accepted. Nobody else gets one: kind denied, code not_invited.
func (s *Service) UseProvider(ctx context.Context, browser string, query url.Values) (proof Proof, err error) {
	c, err := s.take(ctx, query.Get("state"), ceremonyProvider)
	if err != nil {
		return Proof{}, err
	}
	if c.Browser != digestOf(browser) {
		return Proof{}, refusedProvider(errors.New("it was begun in another browser"))
	}
	p, err := s.named(c.Provider)
	if err != nil {
		return Proof{}, err
	}
	who, about, err := s.answered(ctx, p, c, query)
	if err != nil {
		return Proof{}, err
	}
	err = s.update(ctx, func(tx issuer.Tx) error {
		account, err := s.identified(tx, who, about)
		if err != nil {
			return err
		}
		proof = Proof{account: account, how: ByProvider}
		return s.signedIn(tx, proof)
	})
	if err != nil {
		return Proof{}, err
	}
	return proof, nil
}

// answered returns whom a provider says that it has signed in: the code is exchanged for an ID token, which has to be for this sign-in.
func (s *Service) answered(ctx context.Context, p *provider, c ceremony, query url.Values) (who Identity, about claims, err error) {
	ctx = s.calling(ctx)
	itself, err := p.read(ctx)
	if err != nil {
		return who, about, err
	}
	var names struct {
		Itself bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := itself.Claims(&names); err != nil {
		return who, about, refusedProvider(err)
	}
	if query.Get("iss") != p.Issuer && (names.Itself || query.Has("iss")) { // RFC 9207 section 2.4
		return who, about, refusedProvider(errors.New("another provider answered"))
	}
	if query.Has("error") {
		return who, about, refusedProvider(fmt.Errorf("the provider says %.100q", query.Get("error")))
	}
	tokens, err := p.client(itself.Endpoint(), s.base).Exchange(ctx, query.Get("code"), oauth2.VerifierOption(c.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < 500:
		return who, about, refusedProvider(err)
	case err != nil:
		return who, about, unanswered(err)
	}
	text, _ := tokens.Extra("id_token").(string)
	verified, err := itself.Verifier(&oidc.Config{ClientID: p.ClientID, Now: s.now}).Verify(ctx, text)
	if err == nil && verified.Nonce != c.Nonce {
		err = errors.New("the nonce is another")
	}
	if err == nil {
		err = verified.Claims(&about)
	}
	if err != nil {
		return who, about, refusedProvider(err)
	}
	// What scopes ask for need not stand in an ID token that came with an access token (OpenID Connect Core 1.0 section 5.4).
	if about.Email == "" && itself.UserInfoEndpoint() != "" {
		more, err := itself.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil {
			return who, about, unanswered(err)
		}
		if more.Subject != verified.Subject { // section 5.3.2
			return who, about, refusedProvider(errors.New("the provider tells of somebody else"))
		}
		if err := more.Claims(&about); err != nil {
			return who, about, refusedProvider(err)
		}
	}
	return Identity{
		ID: identityID(verified.Issuer, verified.Subject), Provider: p.Name, Issuer: verified.Issuer, Subject: verified.Subject, Created: s.instant(),
	}, about, nil
}

// identified is the account of an identity.
func (s *Service) identified(tx issuer.Tx, who Identity, said claims) (string, error) {
	known, _, err := identities.Get(tx, who.ID)
	if err == nil {
		a, _, err := active(tx, known.Account)
		return a.ID, err
	} else if !errors.Is(err, issuer.ErrNotFound) {
		return "", err
	}
	email, err := checkEmail(said.Email)
	if said.Verified != true || err != nil {
		return "", notInvited()
	}
	a, err := byEmail(tx, email)
	switch {
	case errors.Is(err, issuer.ErrNotFound):
		if a, err = s.welcome(tx, email, said); err != nil {
			return "", err
		}
	case err != nil:
		return "", err
	default:
		a, version, err := active(tx, a.ID)
		if err != nil {
			return "", err
		}
		if err := prove(tx, a, version); err != nil {
			return "", err
		}
	}
	who.Account = a.ID
	if err := identities.Put(tx, &who, 0); err != nil {
		return "", err
	}
	return a.ID, s.record(tx, actor(a.ID), "account.identity-added", a.ID, who.ID)
}

func notInvited() error {
	return denied("not_invited", "You have no account here yet. Ask an owner of the issuer to invite you.")
}

// welcome makes the account of an address that was invited, and accepts all its invitations.
func (s *Service) welcome(tx issuer.Tx, email string, said claims) (Account, error) {
	found, err := issuer.Every(tx, invitations, "email", email)
	if err != nil {
		return Account{}, err
	}
	var all []invitation
	for _, i := range found {
		holds, err := s.upheld(tx, &i)
		if err != nil {
			return Account{}, err
		}
		if holds {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		return Account{}, notInvited()
	}
	in := PersonInput{Name: said.Name, Language: said.Locale}
	if in.check() != nil { // what a provider says of somebody is no reason to turn them away
		in = PersonInput{Name: email, Language: all[0].Language}
	}
	a, err := s.create(tx, email, in, true)
	for _, i := range all {
		if err == nil {
			_, err = s.accept(tx, i, a.ID)
		}
	}
	return a, err
}

// Identities returns the identities by which an account signs in, the first used first.
func (s *Service) Identities(ctx context.Context, account string) (list []Identity, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		list, err = issuer.Every(tx, identities, "account", account)
		return err
	})
	return list, err
}

// RemoveIdentity removes an identity of an account; another's is missing. It comes back when they sign in with a provider that calls the
// address of the account verified.
func (s *Service) RemoveIdentity(ctx context.Context, account, id string) error {
	return s.update(ctx, func(tx issuer.Tx) error {
		i, _, err := identities.Get(tx, id)
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		if err != nil || i.Account != account {
			return missing("There is no such way to sign in for this account.")
		}
		if err := tx.Delete(identities.Kind, id); err != nil {
			return err
		}
		return s.record(tx, actor(account), "account.identity-removed", account, id)
	})
}
