// Package jobs is a queue of work over the store: what has to follow from a change is put into the queue in the transaction of
// the change, and done by one of the programs that share the store.
//
// A job is done at least once. Whoever takes one holds it for a while, its lease, and renews that as long as it works; a job
// whose holder was killed is taken by another when the lease has run out. A handler must therefore bear being run again, and
// obey its context. Organisations take turns, so that the many jobs of one make another wait for one job at most. Kinds of work
// that depend on strangers can be bounded, see [Bound]: they stand apart, where organisations take turns as well. Programs that share a store need clocks that agree to within a fraction of the lease.
package jobs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	// MaxPayload is the most bytes that a job carries.
	MaxPayload = 64 << 10
	// MaxAttempts is how often a job is tried before it is dead.
	MaxAttempts = 12

	nameMost  = 64  // bytes of the name of a job or of an organisation
	causeMost = 500 // bytes that are kept of why an attempt failed
)

// Job is a piece of work as its handler and whoever looks after the queue see it.
type Job struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"` // which handler does it
	Organisation string    `json:"organisation,omitempty"`
	Payload      []byte    `json:"payload,omitempty"` // may hold personal data
	Enqueued     time.Time `json:"enqueued"`
	Due          time.Time `json:"due"`             // ready, or waiting for a time: when it may begin; running: when the lease ends; dead: when it died
	Attempts     int       `json:"attempts"`        // with the one that is under way
	Cause        string    `json:"cause,omitempty"` // why the last attempt failed
}

// state is where in its life a job stands.
type state string

const (
	ready   state = ""        // stands in the lane of its organisation
	later   state = "later"   // not before Due
	running state = "running" // somebody holds it until Due
	dead    state = "dead"    // failed too often; a person decides
)

// parked is the state of jobs of a name that the program that met them does not know.
func parked(name string) state { return state(parkedPrefix + name) }

const parkedPrefix = "parked "

// job is a Job in the store.
type job struct {
	Job
	State  state     `json:"state"`
	Apart  bool      `json:"apart,omitempty"`  // when ready it stands in a lane of its name
	Holder string    `json:"holder,omitempty"` // who runs it
	Begun  time.Time `json:"begun,omitzero"`   // when the attempt under way, or the last one, began
}

var jobs = issuer.Table[job]{
	Kind:  issuer.Kind{Name: "job", Lookups: []string{"lane", "state"}},
	Key:   func(j *job) string { return j.ID },
	Order: func(j *job) string { return sortable(j.Due) },
	Lookups: func(j *job) []string {
		if j.State == ready {
			return []string{laneOf(j), ""}
		}
		return []string{"", string(j.State)}
	},
}

// laneOf is the id of the lane that a job stands in when it is ready.
func laneOf(j *job) string { return (&lane{Organisation: j.Organisation, Apart: apart(j)}).id() }

// apart is the name whose lanes a job stands in; "" for those of all other names.
func apart(j *job) string {
	if j.Apart {
		return j.Name
	}
	return ""
}

// lane is an organisation with jobs that are ready, of a name that is bounded or of all other names. The one that was served longest ago comes first; one that has just come
// to have jobs stands behind all that were served before, so that none gains by emptying its lane.
type lane struct {
	Organisation string    `json:"organisation"`
	Apart        string    `json:"apart,omitempty"` // the name of its jobs, when that is bounded
	Served       time.Time `json:"served"`
}

func (l *lane) id() string {
	if l.Apart != "" {
		return apartPrefix + l.Apart + lanePrefix + l.Organisation
	}
	return lanePrefix + l.Organisation
}

const (
	lanePrefix  = "/" // no lookup value is empty, the name of an organisation may be
	apartPrefix = "|"
	inAll       = "yes"
)

// among is under which value the lanes of a name that is bounded are found; "" is those of all other names.
func among(apart string) string {
	if apart != "" {
		return apartPrefix + apart
	}
	return inAll
}

var lanes = issuer.Table[lane]{
	Kind:    issuer.Kind{Name: "job-lane", Lookups: []string{"all"}},
	Key:     func(l *lane) string { return l.id() },
	Order:   func(l *lane) string { return sortable(l.Served) },
	Lookups: func(l *lane) []string { return []string{among(l.Apart)} },
}

// Kinds are the kinds of record that this package keeps.
func Kinds() []issuer.Kind { return []issuer.Kind{jobs.Kind, lanes.Kind} }

// Enqueue puts w into the queue in the transaction of its cause, to be done from now on, or from w.After on. Call
// [Runner.Wake] so that it need not wait for the next look. A payload above MaxPayload is refused, and so are a missing name
// and one, or an organisation, above 64 bytes.
func Enqueue(tx issuer.Tx, now time.Time, w issuer.Work) error {
	switch {
	case w.Name == "" || len(w.Name) > nameMost || len(w.Organisation) > nameMost:
		return fmt.Errorf("queueing a job: its name has to be 1 to %d bytes, and that of its organisation at most as many", nameMost)
	case len(w.Payload) > MaxPayload:
		return fmt.Errorf("queueing a job %s: its payload of %d bytes is above %d", w.Name, len(w.Payload), MaxPayload)
	}
	j := job{Job: Job{ID: rand.Text(), Name: w.Name, Organisation: w.Organisation, Payload: w.Payload, Enqueued: now.UTC(), Due: now.UTC()}}
	if w.After.After(now) {
		j.State, j.Due = later, w.After.UTC()
	}
	return put(tx, now, &j, 0)
}

// put writes j, and opens the lane of one that is ready.
func put(tx issuer.Tx, now time.Time, j *job, version uint64) error {
	if err := jobs.Put(tx, j, version); err != nil {
		return err
	}
	if j.State != ready {
		return nil
	}
	_, _, err := lanes.Get(tx, laneOf(j))
	if errors.Is(err, issuer.ErrNotFound) {
		return lanes.Put(tx, &lane{Organisation: j.Organisation, Apart: apart(j), Served: now.UTC()}, 0)
	}
	return undamaged(err) // a damaged lane is there; it must not stop the jobs of others
}

// sortable writes t so that texts sort as the instants do.
func sortable(t time.Time) string { return t.UTC().Format(sortableForm) }

const sortableForm = "2006-01-02T15:04:05.000000000Z"

// shortened is why an attempt failed, as it is kept: valid text without a byte 0, of a bounded length.
func shortened(err error) string {
	text := err.Error()
	if len(text) > causeMost {
		text = text[:causeMost] + "…"
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), " ")
}

// ErrMore is returned by a handler that did a part of its job and wants to go on: the job goes to the end of the lane of its
// organisation at once, so that long jobs let others pass. What was done is the handler's to remember.
var ErrMore = errors.New("there is more to do")

// ErrLater is an error of a handler that knows when the next attempt makes sense: after d at the earliest. It counts as a
// failed attempt. Wrap it to say why.
func ErrLater(d time.Duration) error { return laterError(d) }

type laterError time.Duration

func (e laterError) Error() string {
	return "to be tried again after " + strconv.FormatFloat(time.Duration(e).Seconds(), 'f', -1, 64) + " s"
}
