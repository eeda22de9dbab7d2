package issuer

import (
	"context"
	"errors"
	"slices"
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
	return w.service.CreateToken(ctx, in)
}

// Tokens returns the tokens of this organisation, the first made first, the expired and revoked too.
func (w Workspace) Tokens(ctx context.Context) ([]Token, error) {
	all, err := w.service.Tokens(ctx)
	return slices.DeleteFunc(all, func(t Token) bool { return t.Organisation != w.organisation }), err
}

// RevokeToken is [Service.RevokeToken] for a token of this organisation. by.Once gets the [Token].
func (w Workspace) RevokeToken(ctx context.Context, id string, by Write) (Token, error) {
	return w.service.revokeToken(ctx, id, by, func(t *heldToken, err error) error {
		if err = w.ours(t.Organisation, err); errors.Is(err, ErrNotFound) {
			return missing("There is no token of this id here.")
		}
		return err
	})
}
