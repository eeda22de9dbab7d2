// Package kept keeps what is drawn for pages: pictures, certificates and other files that are the same whenever they are made of the same.
// Start with [New]; [Of] says what something is made of, and [Keep.Get] draws it or returns what was drawn before.
package kept

import (
	linked "container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
)

const mostDrawn = 2 // drawn at a time; the rest of the machine is for checks and pages

// Keep holds what was drawn, by a digest of all that it is made of: what is made of the same is the same, so nothing in it grows stale.
// What was asked for last stays. Those who ask for one thing at the same time wait for one drawing of it.
type Keep struct {
	most, mostBytes int
	places          chan struct{} // as many as may draw at a time

	mu      sync.Mutex
	entries map[Key]*linked.Element // of order
	order   linked.List             // of entry, the one that was asked for last in front
	bytes   int
	erased  uint64 // how often all was forgotten
	drawing map[Key]*drawing
}

// Key is the digest of what something is made of.
type Key [sha256.Size]byte

type entry struct {
	key  Key
	body []byte
}

// drawing is one that is going on. Its result is set before done is closed.
type drawing struct {
	done chan struct{}
	body []byte
	err  error

	erased uint64 // Keep.erased when it began
}

// New returns one that keeps at most so many things and so many bytes of all together.
func New(most, mostBytes int) *Keep {
	k := &Keep{most: most, mostBytes: mostBytes, places: make(chan struct{}, mostDrawn), entries: map[Key]*linked.Element{}, drawing: map[Key]*drawing{}}
	k.order.Init()
	return k
}

// Of is the digest of what something is made of: the kind of thing, and the parts in their order.
func Of(kind string, parts ...[]byte) Key {
	digest := sha256.New()
	for _, part := range append([][]byte{[]byte(kind)}, parts...) {
		_ = binary.Write(digest, binary.BigEndian, uint64(len(part))) // a digest takes every write
		_, _ = digest.Write(part)
	}
	return Key(digest.Sum(nil))
}

// errLeft is what those get who waited for a drawing whose maker went away before it began: one of them draws then.
var errLeft = errors.New("drawing: whoever began has left")

// Get returns what is kept under a key, or draws it. Errors are not kept. Nothing that it returns may be changed.
func (k *Keep) Get(ctx context.Context, key Key, draw func() ([]byte, error)) ([]byte, error) {
	for {
		k.mu.Lock()
		if found, ok := k.entries[key]; ok {
			k.order.MoveToFront(found)
			k.mu.Unlock()
			return found.Value.(entry).body, nil
		}
		going, ok := k.drawing[key]
		if !ok {
			going = &drawing{done: make(chan struct{}), err: errLeft, erased: k.erased}
			k.drawing[key] = going
			k.mu.Unlock()
			return k.draw(ctx, key, going, draw)
		}
		k.mu.Unlock()
		select {
		case <-going.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !errors.Is(going.err, errLeft) {
			return going.body, going.err
		}
	}
}

func (k *Keep) draw(ctx context.Context, key Key, going *drawing, draw func() ([]byte, error)) ([]byte, error) {
	defer func() { // also where draw panics
		k.mu.Lock()
		delete(k.drawing, key)
		if going.err == nil && going.erased == k.erased {
			k.put(key, going.body)
		}
		k.mu.Unlock()
		close(going.done)
	}()
	select {
	case k.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-k.places }()
	body, err := draw()
	going.body, going.err = body, err
	return body, err
}

// put keeps something, and forgets what was not asked for the longest. Its caller holds the lock.
func (k *Keep) put(key Key, body []byte) {
	if len(body) > k.mostBytes/4 {
		return // it would push out too much
	}
	k.entries[key] = k.order.PushFront(entry{key, body})
	k.bytes += len(body)
	for k.order.Len() > k.most || k.bytes > k.mostBytes {
		last := k.order.Remove(k.order.Back()).(entry)
		delete(k.entries, last.key)
		k.bytes -= len(last.body)
	}
}

// Forget forgets everything, and what is being drawn now is not kept: something was erased, and may stand in any of it.
func (k *Keep) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries, k.bytes = map[Key]*linked.Element{}, 0
	k.order.Init()
	k.erased++
}
