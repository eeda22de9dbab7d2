package group_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/group"
	"github.com/laurelbadges/laurel/issuer"
)

// engine is a store of words in memory, whose commits fail as they are told to.
type engine struct {
	mu       sync.Mutex
	kept     []string
	log      []string         // what the writer called, in order
	begins   []error          // of the next transactions
	commits  []error          // of the next commits
	dooms    map[string]error // what Keep and Drop answer after a word, once
	finished chan struct{}    // when given, a commit waits for it
}

func (e *engine) note(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = append(e.log, fmt.Sprintf(format, args...))
}

func pop(errs *[]error) error {
	if len(*errs) == 0 {
		return nil
	}
	err := (*errs)[0]
	*errs = (*errs)[1:]
	return err
}

func (e *engine) begin(context.Context) (group.Batch, error) {
	e.note("begin")
	if err := pop(&e.begins); err != nil {
		return nil, err
	}
	return &batch{engine: e}, nil
}

type batch struct {
	*engine
	words []string
}

func (b *batch) Turn() group.Turn { return &turn{batch: b} }

func (b *batch) Commit() error {
	if b.finished != nil {
		<-b.finished
	}
	b.note("commit %s", strings.Join(b.words, " "))
	if err := pop(&b.commits); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, b.words...)
	return nil
}

func (b *batch) Rollback() error {
	b.note("rollback")
	return nil
}

// turn writes the ids that are put.
type turn struct {
	issuer.Tx
	*batch
	words []string
}

func (t *turn) Put(_ issuer.Kind, r issuer.Row) error {
	t.words = append(t.words, r.ID)
	return nil
}

func (t *turn) doom() error {
	for _, word := range t.words {
		if err := t.dooms[word]; err != nil {
			delete(t.dooms, word)
			return err
		}
	}
	return nil
}

func (t *turn) Keep() (bool, error) {
	t.batch.words = append(t.batch.words, t.words...)
	return len(t.words) > 0, t.doom()
}

func (t *turn) Drop() error { return t.doom() }

func put(id string) func(issuer.Tx) error {
	return func(tx issuer.Tx) error { return tx.Put(issuer.Kind{}, issuer.Row{ID: id}) }
}

// together has every fn wait behind a running update, so that they come into one group in their order, and gives their errors.
func together(t *testing.T, w *group.Writer, ctx func(i int) context.Context, fns ...func(issuer.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(fns))
	inside, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = w.Update(t.Context(), func(issuer.Tx) error {
			select {
			case <-inside:
			default:
				close(inside)
			}
			<-release
			return nil
		})
	})
	<-inside
	for i, fn := range fns {
		all.Go(func() { errs[i] = w.Update(ctx(i), fn) })
		synctest.Wait() // it waits in the queue
	}
	close(release)
	all.Wait()
	return errs
}

func TestGroup(t *testing.T) {
	refused, broken, again := errors.New("refused"), errors.New("broken"), fmt.Errorf("serialization: %w", group.ErrAgain)
	tests := []struct {
		name    string
		engine  *engine
		fns     []func(issuer.Tx) error
		want    []error
		kept    string
		log     string
		limited int
	}{
		{name: "in the order in which they came, in one commit", engine: &engine{},
			fns: []func(issuer.Tx) error{put("a"), put("b"), put("c")}, want: []error{nil, nil, nil},
			kept: "a b c", log: "begin;commit a b c"},
		{name: "a failed one spares its neighbours", engine: &engine{},
			fns:  []func(issuer.Tx) error{put("a"), func(tx issuer.Tx) error { _ = put("b")(tx); return refused }, put("c")},
			want: []error{nil, refused, nil}, kept: "a c", log: "begin;commit a c"},
		{name: "the commit fails for all, also for one that failed itself", engine: &engine{commits: []error{broken}},
			fns:  []func(issuer.Tx) error{put("a"), func(issuer.Tx) error { return refused }},
			want: []error{broken, broken}, log: "begin;commit a"},
		{name: "a conflict has all run again in the same order", engine: &engine{commits: []error{again, again}},
			fns:  []func(issuer.Tx) error{put("a"), func(issuer.Tx) error { return refused }, put("c")},
			want: []error{nil, refused, nil}, kept: "a c",
			log: "begin;commit a c;begin;commit a c;begin;commit a c"},
		{name: "what cannot be taken back dooms the group", engine: &engine{dooms: map[string]error{"b": broken}},
			fns:  []func(issuer.Tx) error{put("a"), func(tx issuer.Tx) error { _ = put("b")(tx); return refused }, put("c")},
			want: []error{broken, broken, nil}, kept: "c", log: "begin;rollback;begin;commit c"},
		{name: "a conflict in the middle has those before it run again", engine: &engine{dooms: map[string]error{"b": again}},
			fns: []func(issuer.Tx) error{put("a"), put("b"), put("c")}, want: []error{nil, nil, nil}, kept: "a b c",
			log: "begin;rollback;begin;commit a b;begin;commit c"},
		{name: "no transaction can begin when it is run again", engine: &engine{commits: []error{again}, begins: []error{nil, broken}},
			fns: []func(issuer.Tx) error{put("a"), put("b")}, want: []error{broken, broken}, log: "begin;commit a b;begin"},
		{name: "nothing written, nothing committed", engine: &engine{},
			fns: []func(issuer.Tx) error{func(issuer.Tx) error { return nil }}, want: []error{nil}, log: "begin;rollback"},
		{name: "a group ends at the limit", engine: &engine{}, limited: 2,
			fns: []func(issuer.Tx) error{put("a"), put("b")}, want: []error{nil, nil}, kept: "a b", log: "begin;commit a;begin;commit b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := group.New(test.engine.begin, cmp.Or(test.limited, 100))
				got := together(t, w, func(int) context.Context { return t.Context() }, test.fns...)
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				for i, want := range test.want {
					if !errors.Is(got[i], want) || want == nil && got[i] != nil {
						t.Errorf("update %d: error %v, want %v", i, got[i], want)
					}
				}
				if kept := strings.Join(test.engine.kept, " "); kept != test.kept {
					t.Errorf("kept %q, want %q", kept, test.kept)
				}
				if log := strings.Join(test.engine.log, ";"); log != test.log {
					t.Errorf("calls %q, want %q", log, test.log)
				}
			})
		})
	}
}

func TestBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Everyone who waited is told at once: each try may take seconds.
		broken, wait := errors.New("broken"), make(chan struct{})
		e := &engine{begins: []error{broken}}
		w := group.New(func(ctx context.Context) (group.Batch, error) {
			<-wait
			return e.begin(ctx)
		}, 10)
		defer w.Close()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if err := w.Update(t.Context(), put("a")); !errors.Is(err, broken) {
					t.Errorf("error %v", err)
				}
			})
		}
		synctest.Wait()
		close(wait)
		all.Wait()
		if err := w.Update(t.Context(), put("b")); err != nil || strings.Join(e.log, ";") != "begin;begin;commit b" {
			t.Errorf("error %v, calls %q", err, e.log)
		}
	})
}

func TestConflictWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{commits: slices.Repeat([]error{group.ErrAgain}, 10000)}
		w := group.New(e.begin, 10)
		defer w.Close()
		start := time.Now()
		err := w.Update(t.Context(), put("a"))
		if !errors.Is(err, issuer.ErrUnavailable) || !errors.Is(err, group.ErrAgain) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took < 9*time.Second || took > 10*time.Second {
			t.Errorf("given up after %v", took)
		}
		if runs := len(e.log) / 2; runs < 20 || runs > 2000 {
			t.Errorf("run %d times", runs)
		}
		e.commits = nil
		if err := w.Update(t.Context(), put("b")); err != nil {
			t.Error(err)
		}
	})
}

func TestCancel(t *testing.T) {
	t.Run("between two runs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := &engine{commits: slices.Repeat([]error{group.ErrAgain}, 12)}
			w := group.New(e.begin, 10)
			defer w.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			err := w.Update(ctx, put("a"))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			synctest.Wait()
			if err := w.Update(t.Context(), put("b")); err != nil || strings.Join(e.kept, " ") != "b" {
				t.Errorf("kept %v, error %v", e.kept, err)
			}
		})
	})
	t.Run("while its commit runs it waits for the end of it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := &engine{finished: make(chan struct{})}
			w := group.New(e.begin, 10)
			defer w.Close()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- w.Update(ctx, put("a")) }()
			synctest.Wait()
			cancel()
			synctest.Wait()
			close(e.finished)
			if err := <-done; err != nil || len(e.kept) != 1 {
				t.Errorf("kept %v, error %v", e.kept, err)
			}
		})
	})
	t.Run("while it waits for another", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := &engine{}
			w := group.New(e.begin, 10)
			defer w.Close()
			ctx, cancel := context.WithCancel(t.Context())
			errs := together(t, w, func(i int) context.Context {
				if i == 0 {
					return ctx
				}
				cancel()
				return t.Context()
			}, put("a"), put("b"))
			if !errors.Is(errs[0], context.Canceled) || errs[1] != nil || strings.Join(e.kept, " ") != "b" {
				t.Errorf("kept %v, errors %v", e.kept, errs)
			}
		})
	})
}

func TestPanic(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("on purpose") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// The conflict has the group run again, without the one that has left.
				e := &engine{commits: []error{group.ErrAgain}}
				w := group.New(e.begin, 10)
				left := false
				inside, release := make(chan struct{}), make(chan struct{})
				var all sync.WaitGroup
				all.Go(func() {
					defer func() { left = recover() != nil || name == "Goexit" }()
					_ = w.Update(t.Context(), func(tx issuer.Tx) error {
						close(inside)
						<-release
						_ = put("a")(tx)
						leave()
						return nil
					})
				})
				<-inside
				var err error
				all.Go(func() { err = w.Update(t.Context(), put("b")) })
				synctest.Wait()
				close(release)
				all.Wait()
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				if !left || err != nil || strings.Join(e.kept, " ") != "b" {
					t.Errorf("left %v, kept %v, error %v", left, e.kept, err)
				}
			})
		})
	}
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{finished: make(chan struct{})}
		w := group.New(e.begin, 10)
		var all sync.WaitGroup
		errs := make([]error, 3)
		for i := range errs {
			all.Go(func() { errs[i] = w.Update(t.Context(), put(fmt.Sprint(i))) })
		}
		synctest.Wait()
		closed := make(chan error)
		go func() { closed <- w.Close() }()
		synctest.Wait()
		if err := w.Update(t.Context(), put("late")); !errors.Is(err, store.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		close(e.finished)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil || len(e.kept) != 3 {
			t.Errorf("kept %v, error %v", e.kept, err)
		}
		if err := w.Close(); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a second Close: %v", err)
		}
	})
}
