package control

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// shredder is an Office that erases.
type shredder struct{ *recorder }

func (s shredder) EraseAward(_ context.Context, id, reason, actor string) (bool, error) {
	return note[bool](s.recorder, "award", id, reason, actor)
}

func (s shredder) EraseFor(_ context.Context, organisation, email, reason, actor string) (int, error) {
	return note[int](s.recorder, "for", organisation, email, reason, actor)
}

func (s shredder) EraseAgain(_ context.Context, erasures []issuer.Erasure, actor string) (int, error) {
	return note[int](s.recorder, "again", erasures, actor)
}

// TestErase: what is to be erased crosses the socket whole.
func TestErase(t *testing.T) {
	office := shredder{&recorder{answer: true}}
	folder, _ := start(t, office)
	client := dialed(t, folder)
	before, err := client.EraseAward(t.Context(), "i", "r", "a")
	if diff := cmp.Diff([]any{"award", "i", "r", "a"}, office.asked); diff != "" || !before || err != nil {
		t.Error(diff, before, err)
	}
	office.answer = 3
	count, err := client.EraseFor(t.Context(), "o", "kim@example.org", "r", "a")
	if diff := cmp.Diff([]any{"for", "o", "kim@example.org", "r", "a"}, office.asked); diff != "" || count != 3 || err != nil {
		t.Error(diff, count, err)
	}
	log := []issuer.Erasure{{Organisation: "o", Digest: "d", At: time.Unix(1, 0).UTC()}}
	count, err = client.EraseAgain(t.Context(), log, "a")
	if diff := cmp.Diff([]any{"again", log, "a"}, office.asked); diff != "" || count != 3 || err != nil {
		t.Error(diff, count, err)
	}
}
