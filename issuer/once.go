package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// repeatable is how long the answer to a repeatable write is kept at least.
const repeatable = 48 * time.Hour

// Once makes a write repeatable: whoever does not know whether it happened asks again under the same key and gets the first
// answer. Begin with [Workspace.Once], hand it to one write, and call End.
type Once struct {
	// Answer is what was answered before, as [Workspace.Once] was told to write it; nil: do the write.
	Answer []byte

	service *Service
	write   func(value any, version uint64) ([]byte, error)
	id      string
	request []byte
	version uint64 // of the record that is there
	begun   string // id of the award, or endorsement, that an earlier try began
}

// OnceKey is the key of a repeatable write: a text that whoever writes has chosen, for one act. The same text of somebody else, or for
// another act, is another key.
type OnceKey struct {
	Actor string // who writes, as the audit log names them
	Act   string // what kind of write it is, such as the route of a request
	Text  string
}

// id is that of the record of what was written under a key in an organisation.
func (k OnceKey) id(organisation string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", organisation, k.Actor, k.Act, k.Text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// repeat is the record of a repeatable write. It is made in the transaction of the write.
type repeat struct {
	ID      string    `json:"id"`               // digest of organisation, actor, act and key
	Request []byte    `json:"request"`          // digest of all that was asked for
	Award   string    `json:"award,omitempty"`  // id of what was begun: an award, or an endorsement
	About   string    `json:"about,omitempty"`  // id of what Answer is about and may go with, such as an award
	Answer  []byte    `json:"answer,omitempty"` // nil for what was begun, whose record holds all that is answered
	Created time.Time `json:"created"`
}

var repeats = Table[repeat]{
	Kind:    Kind{Name: "repeat", Lookups: []string{"all", "about"}},
	Key:     func(r *repeat) string { return r.ID },
	Order:   func(r *repeat) string { return sortable(r.Created) },
	Lookups: func(r *repeat) []string { return []string{inAll, r.About} },
}

// aboutOf is the id of what an answer is about, "" for what says nothing of people or is erased with nothing.
func aboutOf(value any) string {
	switch value := value.(type) {
	case Credential:
		return value.ID
	case Case:
		return value.Credential
	case Batch:
		return value.ID
	case Proposal:
		return value.ID
	case Endorsement:
		return value.ID
	}
	return ""
}

// forgetAnswers takes away the answers to repeatable writes about something. What is asked for again under their keys is answered by
// what it has become.
func forgetAnswers(tx Tx, about string) error {
	for {
		page, next, err := repeats.List(tx, Query{By: "about", Value: about})
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := tx.Delete(repeats.Kind, r.ID); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
	}
}

// dropAnswers takes away the answers that are kept no longer.
func (s *Service) dropAnswers(ctx context.Context) error {
	for more := true; more; {
		err := s.store.Update(ctx, func(tx Tx) error {
			oldest, next, err := repeats.List(tx, Query{By: "all", Value: inAll, Limit: rowsPage})
			if err != nil {
				return err
			}
			more = next != ""
			for _, old := range oldest {
				if s.now().Sub(old.Created) <= repeatable {
					more = false
					return nil
				}
				if err := tx.Delete(repeats.Kind, old.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return stored(err)
		}
	}
	return nil
}

// Once begins a write under a key. request is a digest of all that the write depends on; write
// puts the answer into bytes, from the value that was written and its version. The same key with another request has kind
// invalid, code key_reused; a key whose write is under way has kind conflict, code under_way; where that goes on
// in another process the write itself says so, and nothing of it is kept.
func (w Workspace) Once(ctx context.Context, key OnceKey, request []byte, write func(value any, version uint64) ([]byte, error)) (*Once, error) {
	o := &Once{service: w.service, write: write, id: key.id(w.organisation), request: request}
	if _, running := w.service.begun.LoadOrStore(o.id, true); running {
		return nil, underWay()
	}
	var before repeat
	err := w.service.store.View(ctx, func(tx Tx) (err error) {
		before, o.version, err = repeats.Get(tx, o.id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	switch {
	case err != nil:
		err = stored(err)
	case o.version == 0 || w.service.now().Sub(before.Created) > repeatable: // a record that is too old is written over
		return o, nil
	case string(before.Request) != string(request):
		err = invalid("key_reused", "This key was given with another request before. Choose a new key for each new request.")
	default:
		o.Answer, o.begun = before.Answer, before.Award
		return o, nil
	}
	o.End()
	return nil, err
}

func underWay() error {
	return conflict("under_way", "A request with this key is being worked on. Please ask again in a moment.")
}

// End lets others use the key.
func (o *Once) End() { o.service.begun.Delete(o.id) }

// KeepIn records what was done in the transaction of the write, for a write of another room than this package. value is what the answer
// is written from, without what is shown once only. Nothing happens where o is nil.
func (o *Once) KeepIn(tx Tx, value any, version uint64) error { return o.keep(tx, "", value, version) }

// Keep is KeepIn in a transaction of its own, for a write of many transactions that does no more when it is done again: should the
// program end before, the write is done again when it is asked for again.
func (o *Once) Keep(ctx context.Context, value any, version uint64) error {
	if o == nil {
		return nil
	}
	return stored(o.service.store.Update(ctx, func(tx Tx) error { return o.keep(tx, "", value, version) }))
}

// keep records in the transaction of the write that it happened, and forgets writes of long ago. What was begun, an award or an
// endorsement, is named instead of answered: it is signed after this transaction.
func (o *Once) keep(tx Tx, begun string, value any, version uint64) error {
	if o == nil {
		return nil
	}
	now := o.service.now().UTC()
	r := repeat{ID: o.id, Request: o.request, Award: begun, Created: now}
	if begun == "" {
		r.About = aboutOf(value)
		var err error
		if r.Answer, err = o.write(value, version); err != nil {
			return internal("answer", "The answer could not be written.", err)
		}
	}
	before := o.version
	if before > 0 {
		if _, _, err := repeats.Get(tx, o.id); errors.Is(err, ErrNotFound) { // the write took it away, as an erasure does
			before = 0
		} else if err != nil {
			return err
		}
	}
	if err := repeats.Put(tx, &r, before); errors.Is(err, ErrConflict) { // another process got there first
		return underWay()
	} else if err != nil {
		return err
	}
	return o.service.dropOldest(tx, now)
}

// dropOldest forgets the two oldest writes when they are too old: two for each new one, so that they never pile up. They are looked for
// when one may be: how old the oldest is was seen the last time, and all that came since are younger.
func (s *Service) dropOldest(tx Tx, now time.Time) error {
	if seen := s.oldestRepeat.Load(); seen != nil && now.Sub(*seen) <= repeatable {
		return nil
	}
	oldest, _, err := repeats.List(tx, Query{By: "all", Value: inAll, Limit: 3})
	if err != nil {
		return err
	}
	for i, old := range oldest {
		if now.Sub(old.Created) <= repeatable || i == 2 {
			s.oldestRepeat.Store(&old.Created)
			break
		}
		if err := tx.Delete(repeats.Kind, old.ID); err != nil {
			return err
		}
	}
	return nil
}
