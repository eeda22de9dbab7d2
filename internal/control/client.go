package control

import (
	"context"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// Issue is [issuer.Service.Issue] in the running server.
func (c *Client) Issue(ctx context.Context, in issuer.AwardInput) (issuer.Credential, error) {
	return ask[issuer.Credential](ctx, c, "/issue", call{Award: &in})
}

// Revoke is [issuer.Service.Revoke] in the running server.
func (c *Client) Revoke(ctx context.Context, id, reason, actor string) (issuer.Credential, error) {
	return ask[issuer.Credential](ctx, c, "/revoke", call{ID: id, Reason: reason, Actor: actor})
}

// Suspend is [issuer.Service.Suspend] in the running server.
func (c *Client) Suspend(ctx context.Context, id, reason, actor string) (issuer.Credential, error) {
	return ask[issuer.Credential](ctx, c, "/suspend", call{ID: id, Reason: reason, Actor: actor})
}

// Reinstate is [issuer.Service.Reinstate] in the running server.
func (c *Client) Reinstate(ctx context.Context, id, actor string) (issuer.Credential, error) {
	return ask[issuer.Credential](ctx, c, "/reinstate", call{ID: id, Actor: actor})
}

// Organisations is [issuer.Service.Organisations] in the running server.
func (c *Client) Organisations(ctx context.Context) ([]issuer.Organisation, error) {
	return ask[[]issuer.Organisation](ctx, c, "/organisations", call{})
}

// Keys is [issuer.Service.Keys] in the running server.
func (c *Client) Keys(ctx context.Context) ([]issuer.Key, error) {
	return ask[[]issuer.Key](ctx, c, "/keys", call{})
}

// RotateKey is [issuer.Service.RotateKey] in the running server.
func (c *Client) RotateKey(ctx context.Context, organisation, algorithm, actor string) (issuer.Key, error) {
	return ask[issuer.Key](ctx, c, "/keys/rotate", call{Organisation: organisation, Algorithm: algorithm, Actor: actor})
}

// RetireKey is [issuer.Service.RetireKey] in the running server.
func (c *Client) RetireKey(ctx context.Context, organisation, method, actor string) error {
	_, err := ask[any](ctx, c, "/keys/retire", call{Organisation: organisation, Method: method, Actor: actor})
	return err
}

// CompromiseKey is [issuer.Service.CompromiseKey] in the running server.
func (c *Client) CompromiseKey(ctx context.Context, organisation, method, actor string) error {
	_, err := ask[any](ctx, c, "/keys/compromise", call{Organisation: organisation, Method: method, Actor: actor})
	return err
}

// AddKey is [issuer.Service.AddKey] in the running server.
func (c *Client) AddKey(ctx context.Context, organisation string, kind keys.Kind, actor string) (issuer.Key, error) {
	return ask[issuer.Key](ctx, c, "/keys/add", call{Organisation: organisation, Kind: kind, Actor: actor})
}

// SetSuite is [issuer.Service.SetSuite] in the running server.
func (c *Client) SetSuite(ctx context.Context, organisation, suite, actor string) error {
	_, err := ask[any](ctx, c, "/keys/suite", call{Organisation: organisation, Suite: suite, Actor: actor})
	return err
}

// CreateToken is [issuer.Service.CreateToken] in the running server.
func (c *Client) CreateToken(ctx context.Context, in issuer.TokenInput) (issuer.NewToken, error) {
	return ask[issuer.NewToken](ctx, c, "/tokens/new", call{Token: &in})
}

// Tokens is [issuer.Service.Tokens] in the running server.
func (c *Client) Tokens(ctx context.Context) ([]issuer.Token, error) {
	return ask[[]issuer.Token](ctx, c, "/tokens", call{})
}

// RevokeToken is [issuer.Service.RevokeToken] in the running server.
func (c *Client) RevokeToken(ctx context.Context, id, actor string) (issuer.Token, error) {
	return ask[issuer.Token](ctx, c, "/tokens/revoke", call{ID: id, Actor: actor})
}

// Document is [issuer.Service.Document] in the running server.
func (c *Client) Document(ctx context.Context, address string) ([]byte, error) {
	return ask[[]byte](ctx, c, "/document", call{Address: address})
}

// Condition says how the running server is.
func (c *Client) Condition(ctx context.Context) (Condition, error) {
	return ask[Condition](ctx, c, "/condition", call{})
}
