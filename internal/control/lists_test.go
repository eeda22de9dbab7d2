package control

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// clerk is an Office that takes lists.
type clerk struct{ *recorder }

func (c clerk) CheckList(_ context.Context, l List) (ListCheck, error) {
	return note[ListCheck](c.recorder, "check", l)
}

func (c clerk) PrepareList(_ context.Context, l List, actor string) (ListCheck, error) {
	return note[ListCheck](c.recorder, "prepare", l, actor)
}

func (c clerk) ConfirmBatch(_ context.Context, id string, skip bool, actor string) (issuer.Batch, error) {
	return note[issuer.Batch](c.recorder, "confirm", id, skip, actor)
}

func (c clerk) DiscardBatch(_ context.Context, id, actor string) error {
	_, err := note[any](c.recorder, "discard", id, actor)
	return err
}

func (c clerk) RejectedRows(_ context.Context, id, after string, limit int) ([]issuer.RejectedRow, string, error) {
	all, err := note[[]issuer.RejectedRow](c.recorder, "rejected", id, after, limit)
	return all, "next", err
}

// TestLists: lists and what becomes of them cross the socket whole.
func TestLists(t *testing.T) {
	l := List{Organisation: "o", Name: "n", Achievement: "a", Result: "r", AmericanDates: true, File: []byte("email\n\xff\x00")}
	problem := issuer.RowProblem{Row: 3, Column: "Email", Value: "<kim>", Code: "email", Detail: "No."}
	check := ListCheck{Batch: issuer.Batch{ID: "b", Total: 2, Rejected: 1}, Problems: issuer.RowProblems{problem}, Dialect: "Credly", Unused: []string{"Colour"}}
	rows := []issuer.RejectedRow{{Row: 3, Cells: []string{"kim"}, Problems: issuer.RowProblems{problem}}}
	office := clerk{&recorder{}}
	folder, _ := start(t, office)
	client, ctx := dialed(t, folder), t.Context()
	for _, c := range []struct {
		asked  []any
		answer any
		do     func() (any, error)
	}{
		{[]any{"check", l}, check, func() (any, error) { return client.CheckList(ctx, l) }},
		{[]any{"prepare", l, "a"}, check, func() (any, error) { return client.PrepareList(ctx, l, "a") }},
		{[]any{"confirm", "b", true, "a"}, check.Batch, func() (any, error) { return client.ConfirmBatch(ctx, "b", true, "a") }},
		{[]any{"discard", "b", "a"}, nil, func() (any, error) { return nil, client.DiscardBatch(ctx, "b", "a") }},
		{[]any{"rejected", "b", "x", 5}, rows, func() (any, error) {
			all, next, err := client.RejectedRows(ctx, "b", "x", 5)
			if next != "next" {
				t.Errorf("cursor %q", next)
			}
			return all, err
		}},
	} {
		office.asked, office.answer, office.err = nil, c.answer, nil
		got, err := c.do()
		if err != nil {
			t.Errorf("%v: %v", c.asked[0], err)
		}
		if diff := cmp.Diff(c.answer, got); diff != "" {
			t.Errorf("%v (-sent +received)\n%s", c.asked[0], diff)
		}
		if diff := cmp.Diff(c.asked, office.asked); diff != "" {
			t.Errorf("%v (-called +asked)\n%s", c.asked[0], diff)
		}
	}
	// An office of before takes none.
	folder, _ = start(t, &recorder{})
	if _, err := dialed(t, folder).CheckList(ctx, l); err == nil {
		t.Error("a list was taken")
	}
}
