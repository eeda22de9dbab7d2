package control

import (
	"context"

	"github.com/laurelbadges/laurel/issuer"
)

// Eraser is an [Office] that erases what it keeps of people.
type Eraser interface {
	// EraseAward erases an award, by any of its names. before says that it was erased already.
	EraseAward(ctx context.Context, id, reason, actor string) (before bool, err error)
	// EraseFor erases every award of an organisation to an address, and returns how many there were.
	EraseFor(ctx context.Context, organisation, email, reason, actor string) (int, error)
	// EraseAgain forgets people again of whom a log says that they were erased, and returns how many of them the log here did not know.
	EraseAgain(ctx context.Context, erasures []issuer.Erasure, actor string) (int, error)
}

// eraseRoutes are the paths of an office that erases.
func eraseRoutes(e Eraser, on func(path string, do func(ctx context.Context, c call) (any, error))) {
	on("/erase", func(ctx context.Context, c call) (any, error) { return e.EraseAward(ctx, c.ID, c.Reason, c.Actor) })
	on("/erase/for", func(ctx context.Context, c call) (any, error) {
		return e.EraseFor(ctx, c.Organisation, c.Email, c.Reason, c.Actor)
	})
	on("/erase/again", func(ctx context.Context, c call) (any, error) { return e.EraseAgain(ctx, c.Erasures, c.Actor) })
}

// EraseAward implements [Eraser].
func (c *Client) EraseAward(ctx context.Context, id, reason, actor string) (bool, error) {
	return ask[bool](ctx, c, "/erase", call{ID: id, Reason: reason, Actor: actor})
}

// EraseFor implements [Eraser].
func (c *Client) EraseFor(ctx context.Context, organisation, email, reason, actor string) (int, error) {
	return ask[int](ctx, c, "/erase/for", call{Organisation: organisation, Email: email, Reason: reason, Actor: actor})
}

// EraseAgain implements [Eraser].
func (c *Client) EraseAgain(ctx context.Context, erasures []issuer.Erasure, actor string) (int, error) {
	return ask[int](ctx, c, "/erase/again", call{Erasures: erasures, Actor: actor})
}
