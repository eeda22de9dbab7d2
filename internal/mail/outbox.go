package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
)

// Work is the name of the jobs that deliver messages. Their payload is the id of the message.
const Work = "mail"

// keep is how long a message that could not be delivered is kept. Nothing is kept of one that was.
const keep = 30 * 24 * time.Hour

// Outbox keeps messages until they are delivered. Set the fields before the first call. Where no mail server is configured leave On
// unset: nothing is kept then, and whoever would have been written to is handed their link by the staff.
type Outbox struct {
	Store   issuer.Store
	Now     func() time.Time
	Enqueue func(tx issuer.Tx, w issuer.Work) error
	On      bool                                       // there is a mail server
	Send    func(ctx context.Context, m Message) error // as [Sender.Send]
	// Complete adds to a message that is about to be sent what was not known when it was queued. An error that wraps ErrObsolete
	// means that it is not to be sent any more. Nil adds nothing.
	Complete func(ctx context.Context, m *Message) error
	// Done is told what became of a message, in the transaction in which that is noted: it was taken by the mail server, or it was not: it
	// was refused for good, its link has ended, or it was tried for days. One that was tried for days may be taken yet, which is told as
	// well: somebody can have its job tried again. Nil tells nobody.
	Done func(tx issuer.Tx, m Message, delivered bool) error
}

// ErrObsolete says that a message is not to be sent any more.
var ErrObsolete = errors.New("the message is not to be sent any more")

// queued is the record of a message, with its link in clear. It is personal data, and goes when the message is delivered, after thirty days
// at the latest.
type queued struct {
	Message
	Created time.Time `json:"created"`
	After   time.Time `json:"after,omitzero"` // it is not sent before this instant; zero: it is sent at once
}

var messages = issuer.Table[queued]{
	Kind:  issuer.Kind{Name: "message", Lookups: []string{"to", "about", "all"}},
	Key:   func(m *queued) string { return m.ID },
	Order: func(m *queued) string { return issuer.Sortable(m.Created) },
	Lookups: func(m *queued) []string {
		return []string{m.To, m.About, "yes"}
	},
}

// Kinds are the kinds of record that this package keeps.
func Kinds() []issuer.Kind { return []issuer.Kind{messages.Kind} }

// Queue keeps a message and has it delivered once the transaction is committed. Without a mail server it does nothing.
func (o *Outbox) Queue(tx issuer.Tx, m Message) error {
	return o.queue(tx, m, time.Time{})
}

// Times of messages that gather.
const (
	// GatherFor is how long such a message is held back, so that nobody gets more than one within about this time.
	GatherFor = 5 * time.Minute
	closing   = time.Minute // before it is sent: a transaction of this time may end when it was written already
)

// Gather is Queue for a message of which many things can be the cause: one for each m.About is held back for GatherFor, and is the
// message of all that comes within them. Its Count is the sum of theirs, its other facts those of the first. What is to be said at the
// time when it is sent is for Complete to find out.
func (o *Outbox) Gather(tx issuer.Tx, m Message) error {
	if !o.On {
		return nil
	}
	now := o.Now().UTC()
	before, err := issuer.Every(tx, messages, "about", m.About)
	if err != nil {
		return err
	}
	for _, b := range before {
		switch {
		case now.Before(b.After.Add(-closing)):
			held, version, err := messages.Get(tx, b.ID)
			if err != nil {
				return err
			}
			held.Count += m.Count
			return messages.Put(tx, &held, version)
		case now.Sub(b.After) >= GatherFor: // it was not taken so far: while the mail server is away they must not become many
			m.Count += b.Count
			if err := tx.Delete(messages.Kind, b.ID); err != nil {
				return err
			}
		}
	}
	return o.queue(tx, m, now.Add(GatherFor))
}

func (o *Outbox) queue(tx issuer.Tx, m Message, after time.Time) error {
	if !o.On {
		return nil
	}
	to, ok := Address(m.To)
	if !ok {
		return &issuer.Error{Kind: issuer.KindInvalid, Code: "email", Detail: "The e-mail address is not one. Write it as name@example.org."}
	}
	m.ID, m.To = rand.Text(), to
	if err := messages.Put(tx, &queued{Message: m, Created: o.Now().UTC(), After: after}, 0); err != nil {
		return err
	}
	return o.Enqueue(tx, issuer.Work{Name: Work, Organisation: m.Organisation, Payload: []byte(m.ID), After: after})
}

// Deliver is the handler of the jobs. A message that is not there any more is done.
func (o *Outbox) Deliver(ctx context.Context, j jobs.Job) error {
	id := string(j.Payload)
	var m Message
	err := o.Store.View(ctx, func(tx issuer.Tx) error {
		kept, _, err := messages.Get(tx, id)
		m = kept.Message
		return err
	})
	if errors.Is(err, issuer.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading a message: %w", err)
	}
	if !m.Ends.IsZero() && !o.Now().Before(m.Ends) { // nobody is sent a link that works no more
		return o.finish(ctx, id, false, true)
	}
	if o.Complete != nil && m.About != "" {
		err = o.Complete(ctx, &m)
	}
	if err == nil {
		if o.Send == nil {
			err = errors.New("sending a message: no mail server is configured")
		} else {
			err = o.Send(ctx, m)
		}
	}
	switch {
	case err == nil, errors.Is(err, ErrRefused):
		return o.finish(ctx, id, err == nil, true)
	case errors.Is(err, ErrObsolete):
		return o.finish(ctx, id, false, false)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if j.Attempts >= jobs.MaxAttempts { // the job is dead from now on; the message stays for whoever has it tried again
		err = errors.Join(err, o.note(ctx, id, func(tx issuer.Tx, m Message) error { return o.tell(tx, m, false) }))
	}
	return fmt.Errorf("%w; %w", err, jobs.ErrLater(pause(j.Attempts)))
}

// pauses are the times between attempts: short at first, for servers that turn strangers away once, and nearly five days in all, as RFC
// 5321 section 4.5.4.1 asks for.
var pauses = [jobs.MaxAttempts - 1]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
	12 * time.Hour, 18 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour}

// pause is the time before the next attempt.
func pause(attempts int) time.Duration {
	return pauses[min(max(attempts, 1), len(pauses))-1]
}

// finish takes a message away, and tells of it.
func (o *Outbox) finish(ctx context.Context, id string, delivered, tell bool) error {
	return o.note(ctx, id, func(tx issuer.Tx, m Message) error {
		if err := tx.Delete(messages.Kind, id); err != nil || !tell {
			return err
		}
		return o.tell(tx, m, delivered)
	})
}

// note notes what became of a message, if it is still there.
func (o *Outbox) note(ctx context.Context, id string, do func(tx issuer.Tx, m Message) error) error {
	err := o.Store.Update(ctx, func(tx issuer.Tx) error {
		m, _, err := messages.Get(tx, id)
		if errors.Is(err, issuer.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return do(tx, m.Message)
	})
	if err != nil {
		return fmt.Errorf("recording what became of a message: %w", err)
	}
	return nil
}

func (o *Outbox) tell(tx issuer.Tx, m Message, delivered bool) error {
	if o.Done == nil {
		return nil
	}
	return o.Done(tx, m, delivered)
}

// Forget takes away what is kept of messages to an address, or about an award, in the transaction in which these are erased. Either
// may be "".
func (o *Outbox) Forget(tx issuer.Tx, to, about string) error {
	for _, q := range []issuer.Query{{By: "to", Value: to}, {By: "about", Value: about}} {
		for q.Value != "" {
			page, next, err := messages.List(tx, q)
			if err != nil {
				return err
			}
			for _, m := range page {
				if err := tx.Delete(messages.Kind, m.ID); err != nil {
					return err
				}
			}
			if next == "" {
				break
			}
		}
	}
	return nil
}

// ForgetStaff takes away what is kept of messages to an address that are about working here: what they are awarded still reaches them.
func (o *Outbox) ForgetStaff(tx issuer.Tx, to string) error {
	all, err := issuer.Every(tx, messages, "to", to)
	for _, m := range all {
		switch m.Template {
		case SignIn, Invitation, NewAddress, Waiting, Decided:
			if err == nil {
				err = tx.Delete(messages.Kind, m.ID)
			}
		}
	}
	return err
}

// Tidy takes away messages that could not be delivered for thirty days, and tells of them. It is work for once a day.
func (o *Outbox) Tidy(ctx context.Context, _ jobs.Job) error {
	for more := true; more; {
		err := o.Store.Update(ctx, func(tx issuer.Tx) error {
			page, _, err := messages.List(tx, issuer.Query{By: "all", Value: "yes"})
			if err != nil {
				return err
			}
			more = len(page) > 0
			for _, m := range page {
				if o.Now().Sub(m.Created) < keep {
					more = false
					return nil
				}
				if err := tx.Delete(messages.Kind, m.ID); err != nil {
					return err
				}
				if err := o.tell(tx, m.Message, false); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("clearing the outbox: %w", err)
		}
	}
	return nil
}
