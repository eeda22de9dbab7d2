package control

import (
	"context"

	"github.com/laurelbadges/laurel/issuer"
)

// List is a file with many awards, CSV or XLSX.
type List struct {
	Organisation  string `json:"organisation"`
	Name          string `json:"name"`        // what the batch is called
	Achievement   string `json:"achievement"` // of rows that name none
	Result        string `json:"result"`      // id of the result that grades are of; "" for none
	AmericanDates bool   `json:"americanDates"`
	File          []byte `json:"file"`
}

// ListCheck is what a list was found to be.
type ListCheck struct {
	Batch    issuer.Batch       `json:"batch"` // with an id where it was prepared
	Problems issuer.RowProblems `json:"problems,omitempty"`
	Dialect  string             `json:"dialect,omitempty"` // name of the platform whose columns they are
	Unused   []string           `json:"unused,omitempty"`  // heads of columns that are not known
}

// Lists is an [Office] that takes lists of awards.
type Lists interface {
	// CheckList says what would become of a list, and records nothing.
	CheckList(ctx context.Context, l List) (ListCheck, error)
	// PrepareList has a list checked and prepared; nothing is awarded before ConfirmBatch.
	PrepareList(ctx context.Context, l List, actor string) (ListCheck, error)
	// ConfirmBatch is [issuer.Service.ConfirmBatch].
	ConfirmBatch(ctx context.Context, id string, skipRejected bool, actor string) (issuer.Batch, error)
	DiscardBatch(ctx context.Context, id, actor string) error
	// RejectedRows is [issuer.Workspace.BatchRejected].
	RejectedRows(ctx context.Context, id, after string, limit int) (page []issuer.RejectedRow, next string, err error)
}

// listRoutes are the paths of an office that takes lists.
func listRoutes(l Lists, accept func(path string, most int, do func(ctx context.Context, c call) (any, error)), usual int) {
	accept("/lists/check", longestCall, func(ctx context.Context, c call) (any, error) { return l.CheckList(ctx, c.List) })
	accept("/lists/prepare", longestCall, func(ctx context.Context, c call) (any, error) { return l.PrepareList(ctx, c.List, c.Actor) })
	accept("/batches/confirm", usual, func(ctx context.Context, c call) (any, error) { return l.ConfirmBatch(ctx, c.ID, c.Skip, c.Actor) })
	accept("/batches/discard", usual, func(ctx context.Context, c call) (any, error) { return nil, l.DiscardBatch(ctx, c.ID, c.Actor) })
	accept("/batches/rejected", usual, func(ctx context.Context, c call) (any, error) {
		return paged(l.RejectedRows(ctx, c.ID, c.After, c.Limit))
	})
}

// CheckList is [Lists.CheckList] in the running server.
func (c *Client) CheckList(ctx context.Context, l List) (ListCheck, error) {
	return ask[ListCheck](ctx, c, "/lists/check", call{List: l})
}

// PrepareList is [Lists.PrepareList] in the running server.
func (c *Client) PrepareList(ctx context.Context, l List, actor string) (ListCheck, error) {
	return ask[ListCheck](ctx, c, "/lists/prepare", call{List: l, Actor: actor})
}

// ConfirmBatch is [Lists.ConfirmBatch] in the running server.
func (c *Client) ConfirmBatch(ctx context.Context, id string, skipRejected bool, actor string) (issuer.Batch, error) {
	return ask[issuer.Batch](ctx, c, "/batches/confirm", call{ID: id, Skip: skipRejected, Actor: actor})
}

// DiscardBatch is [Lists.DiscardBatch] in the running server.
func (c *Client) DiscardBatch(ctx context.Context, id, actor string) error {
	_, err := ask[any](ctx, c, "/batches/discard", call{ID: id, Actor: actor})
	return err
}

// RejectedRows is [Lists.RejectedRows] in the running server.
func (c *Client) RejectedRows(ctx context.Context, id, after string, limit int) ([]issuer.RejectedRow, string, error) {
	found, err := ask[page[issuer.RejectedRow]](ctx, c, "/batches/rejected", call{ID: id, After: after, Limit: limit})
	return found.Page, found.Next, err
}
