package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// TestSinglesTogether: an award that is made by itself is checked whole; of those that are made while another is, the first of a template
// and its keys, the first after a second, each hundredth, and each that no template fits. When the check finds one to be wrong it is not
// given out, and all of the achievement are checked whole from then on.
func TestSinglesTogether(t *testing.T) {
	l := newLife(t, public)
	entered, release := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	checks, blocking, wrong := 0, false, false
	l.check = func(context.Context, []byte) error {
		mu.Lock()
		checks++
		block, fault := blocking, wrong
		blocking = false
		mu.Unlock()
		if block {
			close(entered)
			<-release
		}
		if fault {
			return errors.New("the signature does not fit")
		}
		return nil
	}
	n := 0
	award := func(name string) error {
		n++
		c, err := l.Workspace.Issue(t.Context(), issuer.AwardInput{Recipient: fmt.Sprintf("p%d@example.org", n), Name: name,
			Evidence: []issuer.Evidence{{URL: fmt.Sprintf("https://example.org/%d", n)}}}, staff)
		if err != nil {
			return err
		}
		if stored := l.now(t, c.ID); !cmp.Equal(stored, c) { // what is in memory is what the store holds
			t.Error(cmp.Diff(stored, c))
		}
		return nil
	}
	want := func(what, name string, awards, whole int) {
		t.Helper()
		mu.Lock()
		checks = 0
		mu.Unlock()
		for range awards {
			if err := award(name); err != nil {
				t.Fatal(what, err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if checks != 2*whole { // it has two forms
			t.Errorf("%s: %d checks, want %d", what, checks, 2*whole)
		}
	}
	want("alone", "Ada Byron", 3, 3)

	blocking = true
	var other sync.WaitGroup
	other.Go(func() {
		if _, err := l.Workspace.Issue(t.Context(), issuer.AwardInput{Recipient: "slow@example.org"}, staff); err != nil {
			t.Error(err)
		}
	})
	<-entered
	want("the first of a template", "Ada Byron", 1, 1)
	want("those after it", "Ada Byron", 99, 0)
	want("the hundredth after it", "Ada Byron", 2, 1)
	want("a name that is not plain ASCII", "José Núñez", 2, 2)
	want("after these", "Ada Byron", 2, 0)
	l.clock.Add(time.Second)
	want("a second later", "Ada Byron", 2, 1)
	if _, err := l.Service.RotateKey(t.Context(), l.organisation(t).ID, "EdDSA", "test"); err != nil {
		t.Fatal(err)
	}
	want("after new keys", "Ada Byron", 2, 1)

	l.clock.Add(time.Second)
	wrong = true
	wantCode(t, award("Ada Byron"), issuer.KindInternal, "self_check_failed")
	wrong = false
	want("after a fault", "Ada Byron", 2, 2)
	close(release)
	other.Wait()
}
