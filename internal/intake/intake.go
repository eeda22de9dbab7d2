// Package intake bounds the lists of awards that are taken in at a time: their bodies in memory, and the work on them. All rooms that
// take lists share one [Intake].
package intake

import (
	"context"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Bounds of the lists that are taken in at a time. The largest list takes some two hundred megabytes while it is worked on, most lists
// ten; what waits takes what was sent.
const (
	workPlaces = 2        // for lists that are worked on
	largeList  = 2 << 20  // bytes; a larger list takes all places
	sentBytes  = 64 << 20 // of all bodies that are in memory
	sentOne    = 32 << 20 // of them, of one organisation
	sentLists  = 32       // requests with lists
	sentOwn    = 8        // of them, of one organisation
)

// How long a list waits for a place, is worked on, and may take to be answered.
const (
	PlaceWait  = 10 * time.Second
	WorkMost   = 5 * time.Minute
	AnswerWait = 30 * time.Second
)

// Intake bounds what lists of awards take in memory: all rooms that take them share one. Each organisation has one list worked on at a
// time, so that no other one waits for all that it has sent.
type Intake struct {
	wait time.Duration

	mu      sync.Mutex
	sent    load // guarded by mu, as is what follows
	from    map[string]*load
	taken   int
	working map[string]bool // organisations
	changed chan struct{}   // closed when places have become free
}

// load is what was sent and is not answered.
type load struct {
	bytes int64
	lists int
}

// New returns one that holds nothing.
func New() *Intake {
	return &Intake{wait: PlaceWait, from: map[string]*load{}, working: map[string]bool{}, changed: make(chan struct{})}
}

// Entry is a list that is being taken in.
type Entry struct {
	intake       *Intake
	organisation string
	bytes        int64 // that were announced
	places       int   // that it holds
}

// Enter lets a request with a list of so many bytes, before they are read, be one of those that are taken in; what is announced as
// negative counts as the most. End the entry when it is answered. The error has kind unavailable, code busy.
func (k *Intake) Enter(organisation string, bytes int64) (*Entry, error) {
	if bytes < 0 || bytes > sentOne {
		bytes = sentOne
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	own := k.from[organisation]
	if own == nil {
		own = &load{}
	}
	if k.sent.bytes+bytes > sentBytes || k.sent.lists == sentLists || own.bytes+bytes > sentOne || own.lists == sentOwn {
		return nil, busy()
	}
	k.from[organisation] = own
	for _, l := range []*load{&k.sent, own} {
		l.bytes += bytes
		l.lists++
	}
	return &Entry{intake: k, organisation: organisation, bytes: bytes}, nil
}

func busy() error {
	return &issuer.Error{Kind: issuer.KindUnavailable, Code: "busy", Detail: "Other lists are being read. Please send this one again in a moment."}
}

// Work waits a while until a list, whose size is known now, may be worked on. The error has kind unavailable, code busy, or is that of
// ctx.
func (e *Entry) Work(ctx context.Context, bytes int) error {
	if e.places > 0 {
		return nil
	}
	k, places := e.intake, 1
	if bytes > largeList {
		places = workPlaces
	}
	wait := time.NewTimer(k.wait)
	defer wait.Stop()
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.working[e.organisation] || k.taken+places > workPlaces {
		changed := k.changed
		k.mu.Unlock()
		var err error
		select {
		case <-changed:
		case <-wait.C:
			err = busy()
		case <-ctx.Done():
			err = ctx.Err()
		}
		k.mu.Lock()
		if err != nil {
			return err
		}
	}
	k.taken += places
	k.working[e.organisation] = true
	e.places = places
	return nil
}

// End gives back what the entry holds. It is called once.
func (e *Entry) End() {
	k := e.intake
	k.mu.Lock()
	defer k.mu.Unlock()
	own := k.from[e.organisation]
	for _, l := range []*load{&k.sent, own} {
		l.bytes -= e.bytes
		l.lists--
	}
	if own.lists == 0 {
		delete(k.from, e.organisation)
	}
	if e.places > 0 {
		k.taken -= e.places
		delete(k.working, e.organisation)
		close(k.changed)
		k.changed = make(chan struct{})
	}
}
