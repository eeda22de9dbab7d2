package mail

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
)

// TestGather: of many causes somebody gets one message about every GatherFor, none is lost, and a mail server that is away for a
// day leaves a few messages, not hundreds.
func TestGather(t *testing.T) {
	store := engine(t)
	began := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	now := began
	var queue []issuer.Work
	var answer error
	var sent []string
	o := &Outbox{Store: store, Now: func() time.Time { return now }, On: true,
		Enqueue: func(_ issuer.Tx, w issuer.Work) error { queue = append(queue, w); return nil },
		Send: func(_ context.Context, m Message) error {
			if answer == nil {
				sent = append(sent, fmt.Sprint(m.To, " ", m.Count, " ", m.State, " after ", now.Sub(began)))
			}
			return answer
		}}
	add := func(to, state string) {
		t.Helper()
		m := Message{Template: Decided, To: to, About: "decided/" + to, Organisation: "o", Count: 1, State: state}
		if err := store.Update(t.Context(), func(tx issuer.Tx) error { return o.Gather(tx, m) }); err != nil {
			t.Fatal(err)
		}
	}
	// run delivers what is due, as the queue would.
	run := func() {
		t.Helper()
		before := queue
		queue = nil
		for _, w := range before {
			if w.After.After(now) {
				queue = append(queue, w)
			} else if err := o.Deliver(t.Context(), jobs.Job{Name: Work, Payload: w.Payload, Attempts: 1}); err != nil {
				queue = append(queue, w)
			}
		}
	}
	want := func(all ...string) {
		t.Helper()
		if fmt.Sprint(sent) != fmt.Sprint(all) {
			t.Errorf("sent %q, want %q", sent, all)
		}
		sent = nil
	}
	for range 500 {
		add("ana@example.org", "allowed")
	}
	add("bo@example.org", "refused")
	if len(queue) != 2 {
		t.Errorf("%d jobs", len(queue))
	}
	now = began.Add(GatherFor - 1)
	run()
	want()
	now = began.Add(GatherFor)
	run()
	want("ana@example.org 500 allowed after 5m0s", "bo@example.org 1 refused after 5m0s")

	// One that comes while a message is being sent is told by another.
	began = now
	add("ana@example.org", "allowed")
	now = began.Add(GatherFor)
	add("ana@example.org", "refused")
	run()
	want("ana@example.org 1 allowed after 5m0s")
	now = now.Add(GatherFor)
	run()
	want("ana@example.org 1 refused after 10m0s")

	// One every twenty seconds: messages go out all the same, and tell of each.
	began = now
	told := 0
	for range 180 {
		add("ana@example.org", "allowed")
		now = now.Add(20 * time.Second)
		run()
	}
	now = now.Add(GatherFor)
	run()
	for _, line := range sent {
		var count int
		if _, err := fmt.Sscanf(line, "ana@example.org %d", &count); err != nil {
			t.Fatal(err)
		}
		told += count
	}
	if len(sent) < 12 || len(sent) > 16 || told != 180 {
		t.Errorf("%d messages told of %d", len(sent), told)
	}
	sent = nil

	// The mail server is away for a day.
	began, answer = now, errors.New("not now")
	for range 24 * 12 {
		add("ana@example.org", "allowed")
		now = now.Add(5 * time.Minute)
		run()
	}
	answer = nil
	now = now.Add(GatherFor)
	run()
	if told = 0; len(sent) > 4 {
		t.Errorf("%d messages: %q", len(sent), sent)
	}
	for _, line := range sent {
		var count int
		_, _ = fmt.Sscanf(line, "ana@example.org %d", &count)
		told += count
	}
	if told != 24*12 || len(queue) != 0 {
		t.Errorf("%d were told of, %d jobs are left", told, len(queue))
	}
	o.On = false
	add("ana@example.org", "allowed")
	if len(queue) != 0 {
		t.Error("something was queued without a mail server")
	}
}
