package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// damaged is a store of which some records are not as they were written.
type damaged struct {
	issuer.Store
	mu   sync.Mutex
	hurt map[string]bool // guarded by mu; ids
}

func (s *damaged) View(ctx context.Context, fn func(issuer.Tx) error) error {
	return s.Store.View(ctx, func(tx issuer.Tx) error { return fn(damagedTx{tx, s}) })
}

func (s *damaged) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	return s.Store.Update(ctx, func(tx issuer.Tx) error { return fn(damagedTx{tx, s}) })
}

type damagedTx struct {
	issuer.Tx
	store *damaged
}

func (t damagedTx) whole(ids ...string) error {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	for _, id := range ids {
		if t.store.hurt[id] {
			return fmt.Errorf("%s: %w", id, issuer.ErrDamaged)
		}
	}
	return nil
}

func (t damagedTx) Get(k issuer.Kind, id string) (issuer.Row, error) {
	if err := t.whole(id); err != nil {
		return issuer.Row{}, err
	}
	return t.Tx.Get(k, id)
}

func (t damagedTx) Delete(k issuer.Kind, id string) error {
	return errors.Join(t.whole(id), t.Tx.Delete(k, id))
}

func (t damagedTx) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	rows, next, err := t.Tx.List(k, q)
	for _, row := range rows {
		err = errors.Join(err, t.whole(row.ID))
	}
	return rows, next, err
}

// TestDamagedJob: a job, or a lane, that cannot be read stops no other; the log is told once, and nobody looks without a pause.
func TestDamagedJob(t *testing.T) {
	for name, after := range map[string]time.Duration{"ready": 0, "later": time.Hour} {
		hurt, kept := "a1 b2", map[string]int{"a2": 1, "a3": 1, "b1": 1, "c1": 1, "": 1}
		if after > 0 { // all stand in one list, in which what lies between two damaged records cannot be come by
			hurt, kept["b2"] = "a1", 1
		}
		t.Run(name, func(t *testing.T) {
			inTime(t, func(w *world) {
				store := &damaged{Store: w.store, hurt: map[string]bool{}}
				done := map[string]int{}
				do := func(_ context.Context, j Job) error { done[string(j.Payload)]++; return nil }
				r := w.runner(map[string]Handler{"row": do})
				r.Store = store
				r.Every = []Every{{Name: "tidy", Period: 24 * time.Hour, Do: w.locked(do)}, {Name: "hurt", Period: 24 * time.Hour, Do: w.locked(do)}}
				var at time.Time
				if after > 0 {
					at = time.Now().Add(after)
				}
				for _, payload := range strings.Fields("a1 a2 a3 b1 b2 c1") {
					w.enqueue(issuer.Work{Name: "row", Organisation: payload[:1], Payload: []byte(payload), After: at})
					w.pass(time.Millisecond)
					if at != (time.Time{}) {
						at = at.Add(time.Millisecond)
					}
				}
				err := w.store.View(w.Context(), func(tx issuer.Tx) error {
					all, _, err := jobs.List(tx, issuer.Query{})
					for _, j := range all {
						if len(j.Payload) > 0 && strings.Contains(hurt, string(j.Payload)) {
							store.hurt[j.ID] = true
						}
					}
					return err
				})
				if err != nil {
					w.Fatal(err)
				}
				store.hurt["every hurt"] = true
				stop := w.start(r)
				w.pass(after + time.Minute)
				stop()
				w.want(done, kept)
				w.want(strings.Count(w.log.String(), "damaged"), 1)
				store.hurt = map[string]bool{}
				stop = w.start(r)
				w.pass(time.Minute)
				stop()
				w.want(done, map[string]int{"a1": 1, "a2": 1, "a3": 1, "b1": 1, "b2": 1, "c1": 1, "": 2})
				w.want(w.laneCount(), 0)
			})
		})
	}
}

// TestDamagedLane: where the lane of an organisation cannot be read its jobs wait, and those of others do not.
func TestDamagedLane(t *testing.T) {
	inTime(t, func(w *world) {
		store := &damaged{Store: w.store, hurt: map[string]bool{"/a": true}}
		var done []string
		r := w.runner(map[string]Handler{"row": func(_ context.Context, j Job) error { done = append(done, j.Organisation); return nil }})
		r.Store = store
		for _, organisation := range []string{"a", "b", "c"} {
			w.enqueue(issuer.Work{Name: "row", Organisation: organisation}, issuer.Work{Name: "row", Organisation: organisation, After: time.Now().Add(time.Second)})
			w.pass(time.Millisecond)
		}
		stop := w.start(r)
		w.pass(time.Minute)
		stop()
		w.want(done, "[b c b c]")
		w.want(w.counts().Ready, 2)
	})
}

// TestNoSuchJob: whoever names a job that is not dead is told so.
func TestNoSuchJob(t *testing.T) {
	inTime(t, func(w *world) {
		w.enqueue(issuer.Work{Name: "row"})
		var id string
		_ = w.store.View(w.Context(), func(tx issuer.Tx) error {
			all, _, err := jobs.List(tx, issuer.Query{})
			id = all[0].ID
			return err
		})
		for _, name := range []string{"none", "", id} {
			for _, err := range []error{w.runner(nil).Retry(w.Context(), name), w.runner(nil).Delete(w.Context(), name)} {
				var told *issuer.Error
				if !errors.As(err, &told) || told.Kind != issuer.KindMissing || told.Code != "no_job" || !errors.Is(err, issuer.ErrNotFound) {
					w.Errorf("%q: %v", name, err)
				}
			}
		}
	})
}
