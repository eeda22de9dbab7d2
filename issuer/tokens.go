package issuer

import (
	"context"
	"errors"
	"slices"
	"time"
)

// CreateToken makes a token for this organisation on behalf of a maker, who hands on no more than the maker has: a scope that maker
// does not have is refused (kind denied, code scopes), as is a token that lasts longer or may ask more often (code expires, rate). A
// person is a maker with the scopes of their role, and nothing else. by.Once gets the [NewToken]; who keeps it leaves out the text.
func (w Workspace) CreateToken(ctx context.Context, in TokenInput, maker Token, by Write) (NewToken, error) {
	beyond := func(code, detail string) error { return &Error{Kind: KindDenied, Code: code, Detail: detail} }
	switch {
	case slices.ContainsFunc(in.Scopes, func(s Scope) bool { return slices.Contains(Scopes(), s) && !maker.May(s) }):
		return NewToken{}, beyond("scopes", "Nobody can let a token do what they may not do themselves.")
	case !maker.Expires.IsZero() && (in.Expires.IsZero() || in.Expires.After(maker.Expires)):
		return NewToken{}, beyond("expires", "A token cannot make one that lasts longer than it does itself.")
	case maker.Rate > 0 && (in.Rate == 0 || in.Rate > maker.Rate):
		return NewToken{}, beyond("rate", "A token cannot make one that may ask more often than it may itself.")
	}
	in.Organisation, in.Actor, in.Once = w.organisation, by.Actor, by.Once
	if may := in.Allow; maker.ID != "" { // its right was read before, and may have ended since
		in.Allow = func(tx Tx) error {
			t, _, err := tokens.Get(tx, maker.ID)
			if err == nil && !t.works(w.service.now()) {
				err = refusedToken()
			}
			if err != nil || may == nil {
				return err
			}
			return may(tx)
		}
	}
	return w.service.CreateToken(ctx, in)
}

// Tokens returns the tokens of this organisation, the first made first, the expired and revoked too.
func (w Workspace) Tokens(ctx context.Context) ([]Token, error) {
	all, err := w.service.Tokens(ctx)
	return slices.DeleteFunc(all, func(t Token) bool { return t.Organisation != w.organisation }), err
}

// RevokeToken is [Service.RevokeToken] for a token of this organisation, on behalf of a revoker, who ends none that may do more than the
// revoker (kind denied, code scopes). A person is a revoker with the scopes of their role, and nothing else. by.Once gets the [Token].
func (w Workspace) RevokeToken(ctx context.Context, id string, revoker Token, by Write) (Token, error) {
	return w.service.revokeToken(ctx, id, by, func(t *heldToken, err error) error {
		if err = w.ours(t.Organisation, err); errors.Is(err, ErrNotFound) {
			return missing("There is no token of this id here.")
		}
		if err == nil && slices.ContainsFunc(t.Scopes, func(s Scope) bool { return !revoker.May(s) }) {
			return &Error{Kind: KindDenied, Code: "scopes", Detail: "Nobody can revoke a token that may do more than they may do themselves."}
		}
		return err
	})
}

// TokensBehind returns the tokens of an organisation, "" is all, that work at an instant and that an actor stands behind, the first made
// first: those that the actor made, those that were made with these, and so on.
func TokensBehind(tx Tx, organisation, actor string, at time.Time) (behind []Token, err error) {
	all, err := every(tx, tokens)
	if err != nil {
		return nil, err
	}
	made := make(map[string]string, len(all)) // who made a token, by the token's actor
	for _, t := range all {
		made[t.Actor()] = t.By
	}
	for _, t := range all {
		by := t.By
		for made[by] != "" && by != actor { // it comes to an end: who made a token was there before it
			by = made[by]
		}
		if by == actor && t.works(at) && (organisation == "" || organisation == t.Organisation) {
			behind = append(behind, t.Token)
		}
	}
	return behind, nil
}

// EndToken revokes a token in the transaction of what it follows from, which has to be one of [Service.Records], with its audit entry.
func EndToken(tx Tx, id string, at time.Time, actor string) error {
	t, version, err := tokens.Get(tx, id)
	if err != nil {
		return err
	}
	t.Revoked = &Change{At: at, By: actor}
	if err := tokens.Put(tx, &t, version); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: at, Actor: actor, Action: "token.revoked", Subject: t.ID})
}

// TokenIn returns a token as a transaction sees it, and who stands behind it: whoever made it, or the token that it was made with, and
// so on. It is [ErrNotFound] where there is none.
func TokenIn(tx Tx, id string) (t Token, behind string, err error) {
	held, _, err := tokens.Get(tx, id)
	if err != nil {
		return Token{}, "", err
	}
	behind, err = maker(tx, held.By)
	return held.Token, behind, err
}
