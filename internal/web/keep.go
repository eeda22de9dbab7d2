package web

import (
	linked "container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
)

// Bounds of what is kept of pictures and files that are drawn.
const (
	mostKept      = 2048     // entries
	mostKeptBytes = 48 << 20 // of all entries together
	mostDrawn     = 2        // drawn at a time; the rest of the machine is for checks and pages
)

// keep holds what was drawn, by a digest of all that it is made of: what is made of the same is the same, so nothing in it grows stale.
// What was asked for last stays. Those who ask for one thing at the same time wait for one drawing of it.
type keep struct {
	most, mostBytes int
	places          chan struct{} // as many as may draw at a time

	mu      sync.Mutex
	entries map[contentKey]*linked.Element // of order
	order   linked.List                    // of kept, the one that was asked for last in front
	bytes   int
	drawing map[contentKey]*drawing
}

type contentKey [sha256.Size]byte

type kept struct {
	key  contentKey
	body []byte
}

// drawing is one that is going on. Its result is set before done is closed.
type drawing struct {
	done chan struct{}
	body []byte
	err  error
}

func newKeep(most, mostBytes int) *keep {
	k := &keep{most: most, mostBytes: mostBytes, places: make(chan struct{}, mostDrawn), entries: map[contentKey]*linked.Element{}, drawing: map[contentKey]*drawing{}}
	k.order.Init()
	return k
}

// madeOf is the digest of what something is made of: the kind of thing, and the parts in their order.
func madeOf(kind string, parts ...[]byte) contentKey {
	digest := sha256.New()
	for _, part := range append([][]byte{[]byte(kind)}, parts...) {
		_ = binary.Write(digest, binary.BigEndian, uint64(len(part))) // a digest takes every write
		_, _ = digest.Write(part)
	}
	return contentKey(digest.Sum(nil))
}

// errLeft is what those get who waited for a drawing whose maker went away before it began: one of them draws then.
var errLeft = errors.New("drawing: whoever began has left")

// get returns what is kept under a key, or draws it. Errors are not kept. Nothing that it returns may be changed.
func (k *keep) get(ctx context.Context, key contentKey, draw func() ([]byte, error)) ([]byte, error) {
	for {
		k.mu.Lock()
		if found, ok := k.entries[key]; ok {
			k.order.MoveToFront(found)
			k.mu.Unlock()
			return found.Value.(kept).body, nil
		}
		going, ok := k.drawing[key]
		if !ok {
			going = &drawing{done: make(chan struct{}), err: errLeft}
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

func (k *keep) draw(ctx context.Context, key contentKey, going *drawing, draw func() ([]byte, error)) ([]byte, error) {
	defer func() { // also where draw panics
		k.mu.Lock()
		delete(k.drawing, key)
		if going.err == nil {
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
func (k *keep) put(key contentKey, body []byte) {
	if len(body) > k.mostBytes/8 {
		return // it would push out too much
	}
	k.entries[key] = k.order.PushFront(kept{key, body})
	k.bytes += len(body)
	for k.order.Len() > k.most || k.bytes > k.mostBytes {
		last := k.order.Remove(k.order.Back()).(kept)
		delete(k.entries, last.key)
		k.bytes -= len(last.body)
	}
}
