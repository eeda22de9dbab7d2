package issuer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"
)

// Scope is something that the holder of a token may do.
type Scope string

// All scopes there are.
const (
	ScopeAchievementsRead  Scope = "achievements:read"
	ScopeAchievementsWrite Scope = "achievements:write"
	ScopeCredentialsRead   Scope = "credentials:read"
	ScopeCredentialsWrite  Scope = "credentials:write" // award, revoke, suspend, reinstate
	ScopeCredentialsErase  Scope = "credentials:erase" // erase what awards say of people
	ScopeCredentialsSign   Scope = "credentials:sign"  // sign documents of others, which may say anything, in the name of the issuer
	ScopeKeysRead          Scope = "keys:read"
	ScopeKeysWrite         Scope = "keys:write" // rotate, retire, say that one was stolen, sign anew what it signed

	ScopeCredentialsPropose Scope = "credentials:propose" // ask for an award or a revocation, which another person allows
	ScopePeopleRead         Scope = "people:read"         // members and invitations
	ScopePeopleWrite        Scope = "people:write"        // invite, change roles, remove; make and revoke tokens
	ScopeIssuerWrite        Scope = "issuer:write"        // settings, endorsements
	ScopeAuditRead          Scope = "audit:read"
	ScopeCasesRead          Scope = "cases:read" // case files about awards
	ScopeWebhooksRead       Scope = "webhooks:read"
	ScopeWebhooksWrite      Scope = "webhooks:write"
)

// Scopes are all scopes there are.
func Scopes() []Scope {
	return []Scope{ScopeAchievementsRead, ScopeAchievementsWrite, ScopeCredentialsRead, ScopeCredentialsWrite, ScopeCredentialsErase, ScopeCredentialsSign,
		ScopeCredentialsPropose, ScopeKeysRead, ScopeKeysWrite, ScopePeopleRead, ScopePeopleWrite, ScopeIssuerWrite, ScopeAuditRead, ScopeCasesRead, ScopeWebhooksRead, ScopeWebhooksWrite}
}

const mostRate = 100_000 // requests a minute

// Token lets a program act for one organisation. Its text is known to its holder alone.
type Token struct {
	ID           string    `json:"id"`
	Organisation string    `json:"organisation"`
	Name         string    `json:"name,omitempty"` // what it is for
	Scopes       []Scope   `json:"scopes"`
	Created      time.Time `json:"created"`
	By           string    `json:"by,omitempty"`     // who made it; "" for one of an earlier release, which the operator made
	Expires      time.Time `json:"expires,omitzero"` // zero: never
	LastUsed     time.Time `json:"lastUsed,omitzero"`
	Rate         int       `json:"rate,omitempty"` // requests a minute that it may make; 0: as many as it likes
	Revoked      *Change   `json:"revoked,omitempty"`
}

// tokenActor begins how a token is named in records and in the audit log.
const tokenActor = "token:"

// Actor is how the holder of the token is named in records and in the audit log.
func (t *Token) Actor() string { return tokenActor + t.ID }

// TokenOf returns the Token.ID of an actor that is the holder of a token; false for any other.
func TokenOf(actor string) (id string, is bool) { return strings.CutPrefix(actor, tokenActor) }

// May says whether the holder may do this.
func (t *Token) May(s Scope) bool { return slices.Contains(t.Scopes, s) }

// TokenInput is a token to be made.
type TokenInput struct {
	Organisation string // Organisation.ID; "" where there is exactly one
	Name         string // what it is for; optional
	Scopes       []Scope
	Expires      time.Time // zero: never
	Rate         int       // requests a minute, to 100,000; 0: as many as it likes
	Actor        string    // for the audit log; no e-mail address
	// Allow says in the transaction of the making whether its maker may do so still; nil: the maker was asked before, or is the operator.
	Allow func(tx Tx) error `json:"-"`
	Once  *Once             `json:"-"` // makes it repeatable, and gets the Token, without its text; nil: not
}

// NewToken is a token with its text, which is shown once and kept nowhere.
type NewToken struct {
	Token
	Text string `json:"token"`
}

// heldToken is the record of a token.
type heldToken struct {
	Token
	Digest string `json:"digest"` // SHA-256 of the text
}

var tokens = Table[heldToken]{
	Kind:    Kind{Name: "token", Lookups: []string{"all", "digest"}},
	Key:     func(t *heldToken) string { return t.ID },
	Order:   func(t *heldToken) string { return sortable(t.Created) },
	Lookups: func(t *heldToken) []string { return []string{inAll, t.Digest} },
}

const (
	// tokenPrefix and the checksum at the end let programs that look for leaked secrets know one for certain.
	tokenPrefix = "laurel_"
	tokenBytes  = 32
	usedEvery   = time.Hour // how often the last use of a token is written down
)

// tokenText writes the secret of a token: prefix, secret and CRC-32 of the secret, both in hexadecimal.
func tokenText(secret []byte) string {
	return fmt.Sprintf("%s%x%08x", tokenPrefix, secret, crc32.ChecksumIEEE(secret))
}

// tokenDigest returns what is stored of a token; false for a text that cannot be one.
func tokenDigest(text string) (string, bool) {
	digits, found := strings.CutPrefix(text, tokenPrefix)
	if !found || len(digits) != 2*(tokenBytes+crc32.Size) {
		return "", false
	}
	secret, err := hex.DecodeString(digits[:2*tokenBytes])
	if err != nil || tokenText(secret) != text {
		return "", false
	}
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:]), true
}

// CreateToken makes a token of 256 random bits.
func (s *Service) CreateToken(ctx context.Context, in TokenInput) (NewToken, error) {
	name := strings.TrimSpace(in.Name)
	if name != "" {
		if err := checkName(name, "The token"); err != nil {
			return NewToken{}, err
		}
	}
	scopes := slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(one Scope) bool { return !slices.Contains(Scopes(), one) }) {
		return NewToken{}, invalid("scopes", fmt.Sprintf("A token needs scopes out of these: %v.", Scopes()))
	}
	if in.Rate < 0 || in.Rate > mostRate {
		return NewToken{}, invalid("rate", fmt.Sprintf("A token may make 1 to %d requests a minute, or 0 for as many as it likes.", mostRate))
	}
	if !in.Expires.IsZero() && !in.Expires.After(s.now()) {
		return NewToken{}, invalid("expires", "The token would end before it begins.")
	}
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret) // never fails
	made := NewToken{Text: tokenText(secret), Token: Token{ID: newID(), Name: name, Scopes: scopes, Created: s.instant(), By: in.Actor, Expires: in.Expires.UTC(), Rate: in.Rate}}
	digest, _ := tokenDigest(made.Text)
	err := s.store.Update(ctx, func(tx Tx) error {
		o, err := organisation(tx, in.Organisation)
		if err != nil {
			return err
		}
		made.Organisation = o.ID
		if in.Allow != nil {
			if err := in.Allow(tx); err != nil {
				return err
			}
		}
		if err := tokens.Put(tx, &heldToken{made.Token, digest}, 0); err != nil {
			return err
		}
		if err := in.Once.keep(tx, "", made.Token, 1); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: in.Actor, Action: "token.created", Subject: made.ID, Detail: o.ID})
	})
	if err != nil {
		return NewToken{}, stored(err)
	}
	return made, nil
}

// Tokens returns the tokens of all organisations, the first made first, the expired and revoked too.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) {
	var list []Token
	err := s.store.View(ctx, func(tx Tx) error {
		all, err := every(tx, tokens)
		list = nil
		for _, t := range all {
			list = append(list, t.Token)
		}
		return err
	})
	return list, stored(err)
}

// RevokeToken ends a token for good. One that is revoked has kind conflict, code already_revoked.
func (s *Service) RevokeToken(ctx context.Context, id, actor string) (Token, error) {
	return s.revokeToken(ctx, id, Write{Actor: actor}, func(_ *heldToken, err error) error {
		if errors.Is(err, ErrNotFound) {
			return missing("There is no token of this id here.")
		}
		return err
	})
}

func (s *Service) revokeToken(ctx context.Context, id string, by Write, found func(*heldToken, error) error) (Token, error) {
	var t heldToken
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		t, _, err = tokens.Get(tx, id)
		if err := found(&t, err); err != nil {
			return err
		}
		if t.Revoked != nil {
			return conflict("already_revoked", "The token was already revoked, on "+day(*t.Revoked)+".")
		}
		at := s.instant()
		if err := EndToken(tx, id, at, by.Actor); err != nil {
			return err
		}
		t.Revoked = &Change{At: at, By: by.Actor}
		return by.Once.keep(tx, "", t.Token, 0)
	})
	return t.Token, stored(err)
}

func refusedToken() error {
	return &Error{Kind: KindDenied, Code: "token", Detail: "The token is not known here, or it has ended."}
}

// works says whether somebody can do something with the token.
func (t *Token) works(now time.Time) bool {
	return t.Revoked == nil && (t.Expires.IsZero() || now.Before(t.Expires))
}

// Authenticate returns the token of this text. It is found by its digest, so that no secret is compared with another and how
// long the answer takes tells nothing about one. A text that is no token, or one that is unknown, expired or revoked, has
// kind denied, code token.
func (s *Service) Authenticate(ctx context.Context, text string) (Token, error) {
	refused := refusedToken()
	digest, ok := tokenDigest(text)
	if !ok {
		return Token{}, refused
	}
	var t heldToken
	err := s.store.View(ctx, func(tx Tx) error {
		found, _, err := tx.List(tokens.Kind, Query{By: "digest", Value: digest, Limit: 1})
		if err == nil && len(found) == 0 {
			err = refused
		}
		if err == nil {
			var held *heldToken
			if held, err = s.tokens.read(found[0]); err == nil {
				t = *held
			}
		}
		return err
	})
	if err != nil {
		return Token{}, stored(err)
	}
	t.Scopes = slices.Clone(t.Scopes)
	now := s.now()
	if !t.works(now) {
		return Token{}, refused
	}
	if now.Sub(t.LastUsed) >= usedEvery {
		s.used(ctx, t.ID)
	}
	return t.Token, nil
}

// used writes down that a token is in use. It is for people who look at the list: that it could not be written, or that
// another request did so at the same time, is no reason to refuse this one.
func (s *Service) used(ctx context.Context, id string) {
	_ = s.store.Update(ctx, func(tx Tx) error {
		t, version, err := tokens.Get(tx, id)
		if err != nil || s.now().Sub(t.LastUsed) < usedEvery {
			return err
		}
		t.LastUsed = s.instant()
		return tokens.Put(tx, &t, version)
	})
}
