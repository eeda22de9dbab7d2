package control

import (
	"context"
	"io"
	"time"

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

// RevokeFor is [issuer.Service.RevokeFor] in the running server.
func (c *Client) RevokeFor(ctx context.Context, id string, cause issuer.Cause, actor string) (issuer.Credential, error) {
	return ask[issuer.Credential](ctx, c, "/revoke/for", call{ID: id, Cause: cause, Actor: actor})
}

// SuspendFor is [issuer.Service.SuspendFor] in the running server.
func (c *Client) SuspendFor(ctx context.Context, id string, cause issuer.Cause, actor string) (issuer.Credential, error) {
	return ask[issuer.Credential](ctx, c, "/suspend/for", call{ID: id, Cause: cause, Actor: actor})
}

// CreateOrganisation is [issuer.Service.CreateOrganisation] in the running server.
func (c *Client) CreateOrganisation(ctx context.Context, name, email, actor string) (issuer.Organisation, error) {
	return ask[issuer.Organisation](ctx, c, "/organisations/new", call{Name: name, Email: email, Actor: actor})
}

// Reconfigure is [issuer.Service.Reconfigure] in the running server.
func (c *Client) Reconfigure(ctx context.Context, organisation string, change issuer.ConfigurationChange, actor string) (issuer.Organisation, error) {
	return ask[issuer.Organisation](ctx, c, "/organisations/set", call{Organisation: organisation, Change: change, Actor: actor})
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
func (c *Client) CompromiseKey(ctx context.Context, organisation, method string, since time.Time, actor string) error {
	_, err := ask[any](ctx, c, "/keys/compromise", call{Organisation: organisation, Method: method, Since: since, Actor: actor})
	return err
}

// Affected is [issuer.Service.Affected] in the running server.
func (c *Client) Affected(ctx context.Context, organisation, method, after string, limit int) ([]issuer.Credential, string, error) {
	found, err := ask[page[issuer.Credential]](ctx, c, "/keys/affected", call{Organisation: organisation, Method: method, After: after, Limit: limit})
	return found.Page, found.Next, err
}

// Reissue is [issuer.Service.Reissue] in the running server.
func (c *Client) Reissue(ctx context.Context, organisation, method, actor string) (issuer.Batch, error) {
	return ask[issuer.Batch](ctx, c, "/keys/reissue", call{Organisation: organisation, Method: method, Actor: actor})
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

// StartBatch is [issuer.Service.StartBatch] in the running server.
func (c *Client) StartBatch(ctx context.Context, in issuer.BatchInput) (issuer.Batch, error) {
	return ask[issuer.Batch](ctx, c, "/batches/start", call{Batch: &in})
}

// Batch is [issuer.Service.Batch] in the running server.
func (c *Client) Batch(ctx context.Context, id string) (issuer.Batch, error) {
	return ask[issuer.Batch](ctx, c, "/batches/one", call{ID: id})
}

// Batches is [issuer.Service.Batches] in the running server.
func (c *Client) Batches(ctx context.Context, organisation, after string, limit int) ([]issuer.Batch, string, error) {
	found, err := ask[page[issuer.Batch]](ctx, c, "/batches", call{Organisation: organisation, After: after, Limit: limit})
	return found.Page, found.Next, err
}

// BatchRows is [issuer.Service.BatchRows] in the running server.
func (c *Client) BatchRows(ctx context.Context, id, after string, limit int) ([]issuer.BatchRow, string, error) {
	found, err := ask[page[issuer.BatchRow]](ctx, c, "/batches/rows", call{ID: id, After: after, Limit: limit})
	return found.Page, found.Next, err
}

// ReleaseBatch is [issuer.Service.ReleaseBatch] in the running server.
func (c *Client) ReleaseBatch(ctx context.Context, id, actor string) (issuer.Batch, error) {
	return ask[issuer.Batch](ctx, c, "/batches/release", call{ID: id, Actor: actor})
}

// DropBatch is [issuer.Service.DropBatch] in the running server.
func (c *Client) DropBatch(ctx context.Context, id, actor string) (issuer.Batch, error) {
	return ask[issuer.Batch](ctx, c, "/batches/drop", call{ID: id, Actor: actor})
}

// VerifyAudit is [issuer.Service.VerifyAudit] in the running server.
func (c *Client) VerifyAudit(ctx context.Context) (int, error) {
	return ask[int](ctx, c, "/audit/verify", call{})
}

// VerifyAuditDeep is [issuer.Service.VerifyAuditDeep] in the running server.
func (c *Client) VerifyAuditDeep(ctx context.Context) (int, error) {
	return ask[int](ctx, c, "/audit/verify/deep", call{})
}

// ExportAudit is [issuer.Service.ExportAudit] in the running server; how many entries there are is not told.
func (c *Client) ExportAudit(ctx context.Context, from uint64, w io.Writer) (int, error) {
	return 0, pour(ctx, c, "/audit/export", call{From: from}, w)
}

// SignedAuditHead is [issuer.Service.SignedAuditHead] in the running server.
func (c *Client) SignedAuditHead(ctx context.Context, organisation string) (string, error) {
	return ask[string](ctx, c, "/audit/head", call{Organisation: organisation})
}

// SignPack is [issuer.Service.SignPack] in the running server.
func (c *Client) SignPack(ctx context.Context, organisation, digest string) (string, error) {
	return ask[string](ctx, c, "/pack/sign", call{Organisation: organisation, ID: digest})
}

// DeciderAddresses is [issuer.Service.DeciderAddresses] in the running server.
func (c *Client) DeciderAddresses(ctx context.Context) ([]string, error) {
	return ask[[]string](ctx, c, "/pack/addresses", call{})
}

// AuditHolds is [issuer.Service.AuditHolds] in the running server.
func (c *Client) AuditHolds(ctx context.Context, head issuer.AuditHead) error {
	_, err := ask[any](ctx, c, "/audit/holds", call{Head: head})
	return err
}

// EraseReason is [issuer.Service.EraseReason] in the running server.
func (c *Client) EraseReason(ctx context.Context, sequence uint64, actor string) error {
	_, err := ask[any](ctx, c, "/audit/erase", call{From: sequence, Actor: actor})
	return err
}

// Backup is [Keeper.Backup] in the running server.
func (c *Client) Backup(ctx context.Context, recipients []string, w io.Writer) error {
	return pour(ctx, c, "/backup", call{Recipients: recipients}, w)
}

// Place is [Keeper.Place] in the running server.
func (c *Client) Place(ctx context.Context) (string, error) {
	return ask[string](ctx, c, "/store/place", call{})
}

// SignInLink is [Keeper.SignInLink] in the running server.
func (c *Client) SignInLink(ctx context.Context, email string) (string, error) {
	return ask[string](ctx, c, "/people/link", call{Name: email})
}

// CheckStore is [Keeper.CheckStore] in the running server.
func (c *Client) CheckStore(ctx context.Context) ([]string, error) {
	return ask[[]string](ctx, c, "/store/check", call{})
}

// Queue is [Keeper.Queue] in the running server.
func (c *Client) Queue(ctx context.Context, after string, limit int) (Queue, error) {
	return ask[Queue](ctx, c, "/jobs", call{After: after, Limit: limit})
}

// RetryJob is [Keeper.RetryJob] in the running server.
func (c *Client) RetryJob(ctx context.Context, id string) error {
	_, err := ask[any](ctx, c, "/jobs/retry", call{ID: id})
	return err
}

// DeleteJob is [Keeper.DeleteJob] in the running server.
func (c *Client) DeleteJob(ctx context.Context, id string) error {
	_, err := ask[any](ctx, c, "/jobs/delete", call{ID: id})
	return err
}

// Condition says how the running server is.
func (c *Client) Condition(ctx context.Context) (Condition, error) {
	return ask[Condition](ctx, c, "/condition", call{})
}
