package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

func TestDone(t *testing.T) {
	inTime(t, func(w *world) {
		var done []string
		r := w.runner(map[string]Handler{"mail": func(_ context.Context, j Job) error {
			done = append(done, fmt.Sprintf("%s %s %s %d", j.Name, j.Organisation, j.Payload, j.Attempts))
			return nil
		}})
		stop := w.start(r)
		began := time.Now()
		w.enqueue(issuer.Work{Name: "mail", Organisation: "o", Payload: []byte("first")})
		r.Wake()
		w.pass(0)
		w.want(done, "[mail o first 1]")
		w.want(time.Since(began), time.Duration(0))
		w.enqueue(issuer.Work{Name: "mail", Payload: []byte("unheard")}) // found without a wake
		w.pass(pollMost)
		w.want(len(done), 2)
		w.enqueue(issuer.Work{Name: "mail", After: time.Now().Add(time.Hour)})
		w.want(w.counts(), Counts{Later: 1})
		w.pass(time.Hour - 2*time.Second)
		w.want(len(done), 2)
		w.pass(3 * time.Second)
		w.want(len(done), 3)
		w.want(w.counts(), Counts{})
		w.want(w.laneCount(), 0)
		stop()
	})
}

// TestWakeBeforeCommit: a wake is about a transaction that has not ended.
func TestWakeBeforeCommit(t *testing.T) {
	inTime(t, func(w *world) {
		done := time.Time{}
		r := w.runner(map[string]Handler{"mail": func(context.Context, Job) error { done = time.Now(); return nil }})
		stop := w.start(r)
		w.pass(0)
		began := time.Now()
		r.Wake()
		w.pass(20 * time.Millisecond)
		w.enqueue(issuer.Work{Name: "mail"})
		w.pass(pollMost)
		if took := done.Sub(began); took > 50*time.Millisecond {
			w.Errorf("begun after %v", took)
		}
		stop()
	})
}

func TestRefused(t *testing.T) {
	inTime(t, func(w *world) {
		long := strings.Repeat("x", nameMost+1)
		for _, work := range []issuer.Work{{}, {Name: long}, {Name: "mail", Organisation: long}, {Name: "mail", Payload: make([]byte, MaxPayload+1)}} {
			err := w.store.Update(w.Context(), func(tx issuer.Tx) error { return Enqueue(tx, time.Now(), work) })
			if err == nil {
				w.Errorf("%.20v was queued", work)
			}
		}
		w.enqueue(issuer.Work{Name: "mail", Payload: bytes.Repeat([]byte{0}, MaxPayload)})
		nothing := func(context.Context, Job) error { return nil }
		for _, every := range []Every{{Name: "mail", Period: time.Hour, Do: nothing}, {Name: "x", Do: nothing}, {Name: "x", Period: time.Hour}, {Period: time.Hour, Do: nothing}} {
			r := w.runner(map[string]Handler{"mail": nothing})
			r.Every = []Every{every}
			if r.Run(w.Context()) == nil {
				w.Errorf("periodic work %q was taken", every.Name)
			}
		}
	})
}

// TestBackoff follows a job that always fails to its death, and what a person can do then.
func TestBackoff(t *testing.T) {
	inTime(t, func(w *world) {
		var at []time.Time
		fails := true
		r := w.runner(map[string]Handler{"mail": func(_ context.Context, j Job) error {
			at = append(at, time.Now())
			if !fails {
				return nil
			}
			return errors.New("no route to \x00 host \xff" + strings.Repeat("y", 1000))
		}})
		r.pause = 20 * time.Second
		stop := w.start(r)
		w.enqueue(issuer.Work{Name: "mail", Organisation: "o", Payload: []byte("ada@example.org")})
		w.pass(8 * time.Hour)
		w.want(len(at), MaxAttempts)
		for i := 1; i < len(at); i++ {
			pause, least := at[i].Sub(at[i-1]), min(backoffFirst<<(i-1)/2, backoffMost/2)
			if pause < least || pause > min(3*least, backoffMost)+2*r.pause {
				w.Errorf("pause %d took %v", i, pause)
			}
		}
		w.want(w.counts(), Counts{Dead: 1})
		gone, next, err := r.Dead(w.Context(), "", 0)
		if err != nil || next != "" || len(gone) != 1 {
			w.Fatal(gone, next, err)
		}
		if j := gone[0]; j.Attempts != MaxAttempts || !strings.HasPrefix(j.Cause, "no route") || len(j.Cause) > causeMost+4 || string(j.Payload) != "ada@example.org" {
			w.Errorf("%+v", j)
		}
		if strings.Contains(w.log.String(), "ada@") {
			w.Error("the payload is in the log")
		}
		if err := r.Retry(w.Context(), gone[0].ID); err != nil {
			w.Fatal(err)
		}
		w.pass(0)
		w.want(len(at), MaxAttempts+1)
		w.want(w.counts(), Counts{Later: 1})
		for _, err := range []error{r.Retry(w.Context(), gone[0].ID), r.Delete(w.Context(), gone[0].ID), r.Retry(w.Context(), "none"), r.Delete(w.Context(), "none")} {
			if !errors.Is(err, issuer.ErrNotFound) {
				w.Errorf("of a job that is not dead: %v", err)
			}
		}
		fails = false
		w.pass(2 * time.Minute)
		w.want(w.counts(), Counts{})
		fails = true
		w.enqueue(issuer.Work{Name: "mail"})
		w.pass(8 * time.Hour)
		gone, _, err = r.Dead(w.Context(), "", 0)
		if err != nil || len(gone) != 1 || r.Delete(w.Context(), gone[0].ID) != nil {
			w.Fatal(gone, err)
		}
		w.want(w.counts(), Counts{})
		stop()
	})
}

func TestOutcomes(t *testing.T) {
	inTime(t, func(w *world) {
		var at []string
		began := time.Now()
		r := w.runner(map[string]Handler{
			"more": func(_ context.Context, j Job) error {
				at = append(at, fmt.Sprint("more ", j.Attempts))
				if len(at) < 30 {
					return ErrMore
				}
				return nil
			},
			"when": func(_ context.Context, j Job) error {
				at = append(at, fmt.Sprint("when ", time.Since(began).Round(time.Minute), " ", j.Attempts))
				if j.Attempts == 1 {
					return fmt.Errorf("they are closed: %w", ErrLater(10*time.Minute))
				}
				return nil
			},
			"panic": func(_ context.Context, j Job) error {
				if j.Attempts == 1 {
					panic("nothing to send it with")
				}
				at = append(at, "recovered")
				return nil
			},
		})
		defer w.start(r)()
		w.enqueue(issuer.Work{Name: "more"})
		w.pass(2 * time.Second)
		w.want(len(at), 30)
		w.want(at[29], "more 1")
		at, began = nil, time.Now()
		w.enqueue(issuer.Work{Name: "when"}, issuer.Work{Name: "panic", Payload: []byte("ada@example.org")})
		w.pass(time.Hour)
		w.want(w.counts(), Counts{})
		w.want(slices.Contains(at, "when 10m0s 2"), true)
		w.want(slices.Contains(at, "recovered"), true)
		if log := w.log.String(); !strings.Contains(log, "nothing to send") || !strings.Contains(log, "jobs_test.go") || strings.Contains(log, "ada@") {
			w.Error(log)
		}
	})
}

// TestFair: the many jobs of one organisation make another wait for one job at most, also when that one's lane empties and
// opens again and again.
func TestFair(t *testing.T) {
	inTime(t, func(w *world) {
		var order []string
		r := w.runner(map[string]Handler{"row": func(_ context.Context, j Job) error {
			order = append(order, j.Organisation)
			w.sleep(time.Millisecond)
			if j.Organisation == "few" && len(order) < 40 {
				w.enqueue(issuer.Work{Name: "row", Organisation: "few"})
			}
			return nil
		}})
		many := make([]issuer.Work, 300)
		for i := range many {
			many[i] = issuer.Work{Name: "row", Organisation: "many"}
		}
		w.enqueue(many...)
		stop := w.start(r)
		for len(order) < 10 {
			w.pass(time.Millisecond)
		}
		at := len(order)
		w.enqueue(issuer.Work{Name: "row", Organisation: "few"}, issuer.Work{Name: "row", Organisation: "third"})
		w.pass(time.Minute)
		stop()
		w.want(len(order) > 300, true)
		// One that had just been taken, one job of the many at most, then the two.
		for _, name := range []string{"few", "third"} {
			if waited := slices.Index(order, name) - at; waited > 3 {
				w.Errorf("%s waited for %d jobs: %v", name, waited, order[at:at+10])
			}
		}
		for i := at + 4; i < 35; i++ {
			if !slices.Contains(order[i:i+3], "few") || !slices.Contains(order[i:i+3], "many") {
				w.Errorf("not in turns: %v", order[i:i+3])
			}
		}
		w.want(w.counts(), Counts{})
		w.want(w.laneCount(), 0)
	})
}

// TestUnknown: jobs of a newer program wait, stand in nobody's way, and are done once it comes.
func TestUnknown(t *testing.T) {
	inTime(t, func(w *world) {
		known, newer := 0, 0
		old := w.runner(map[string]Handler{"row": func(context.Context, Job) error { known++; return nil }})
		var works []issuer.Work
		for range 3 * atOnce {
			works = append(works, issuer.Work{Name: "future", Organisation: "o"})
		}
		w.enqueue(append(works, issuer.Work{Name: "row", Organisation: "o"}, issuer.Work{Name: "row", Organisation: "p"})...)
		stop := w.start(old)
		w.pass(5 * time.Minute)
		w.want(known, 2)
		w.want(w.counts(), Counts{Parked: 3 * atOnce})
		w.want(strings.Count(w.log.String(), "newer one"), 1)
		stopNewer := w.start(w.runner(map[string]Handler{"future": func(context.Context, Job) error { newer++; return nil }}))
		w.pass(10 * time.Minute)
		w.want(newer, 3*atOnce)
		w.want(w.counts(), Counts{})
		stop()
		stopNewer()
	})
}

func TestEvery(t *testing.T) {
	inTime(t, func(w *world) {
		var at []time.Duration
		began, failing, slow := time.Now(), false, time.Duration(0)
		every := []Every{{Name: "sweep", Period: 10 * time.Minute, Do: func(context.Context, Job) error {
			at = append(at, time.Since(began).Round(time.Minute))
			w.sleep(slow)
			if failing {
				return errors.New("no")
			}
			return nil
		}}}
		every[0].Do = w.locked(every[0].Do)
		var stops []func()
		for range 3 { // three replicas
			r := w.runner(nil)
			r.Every, r.pause = every, 10*time.Second
			stops = append(stops, w.start(r))
		}
		w.pass(time.Hour - time.Minute)
		w.want(at, "[0s 10m0s 20m0s 30m0s 40m0s 50m0s]")
		at, failing = nil, true
		w.pass(6 * time.Hour)
		if len(at) < 30 { // every 10 minutes and a bit, as a failure is never left for longer than a period
			w.Errorf("%d attempts", len(at))
		}
		w.want(w.counts(), Counts{Later: 1})
		failing, at, slow = false, nil, 25*time.Minute // longer than its period: at once again, never beside itself
		w.pass(100 * time.Minute)
		w.want(len(at), 4)
		for _, stop := range stops {
			stop()
		}
		// A shorter period counts from the next start on.
		at, slow, began = nil, 0, time.Now()
		every[0].Period = time.Minute
		r := w.runner(nil)
		r.Every, r.pause = every, 10*time.Second
		stop := w.start(r)
		w.pass(150 * time.Second)
		stop()
		w.want(len(at) >= 2, true)
	})
}
