package web

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
)

const (
	largeUploads = 16               // bodies beyond credential.Limits.Body that are in memory at a time
	largeFromOne = 4                // of them, from one address
	largeBytes   = 64 << 20         // of all of them together
	largeOne     = 25 << 20         // from one address: two files of the greatest size
	manyUploads  = 2                // requests with many files that are judged at a time
	manyFromOne  = 1                // of them, from one address
	recordsMade  = 2                // requests with sealed reports that are opened at a time: they may pack well, and be small to send
	recordsOne   = 1                // of them, from one address
	mostWaiting  = 4                // requests of one address that wait for one of these places
	uploadWait   = 10 * time.Second // for one of them to be done
)

// uploads counts the large bodies in memory: each takes several times its size while it is judged. Requests with many files
// have places of their own, as each of them takes long.
type uploads struct {
	large, many, records *places
}

func newUploads() *uploads {
	large := newPlaces(largeUploads, largeFromOne)
	large.bytes, large.bytesFromOne = largeBytes, largeOne
	return &uploads{large: large, many: newPlaces(manyUploads, manyFromOne), records: newPlaces(recordsMade, recordsOne)}
}

// room waits until a large body may be read, and answers what gives its place back. A body of unannounced length has to be
// a small one, so that nobody takes a place without saying for what.
func (u *uploads) room(r *http.Request, visitor netip.Addr) (release func(), err error) {
	if r.ContentLength < 0 {
		r.Body = http.MaxBytesReader(nil, r.Body, int64(credential.Limits.Body))
	}
	switch {
	case r.ContentLength <= int64(credential.Limits.Body):
		return func() {}, nil
	case isLarge(r):
		return u.many.take(r.Context(), visitor)
	}
	return u.large.takeFor(r.Context(), visitor, int(r.ContentLength))
}

// isLarge tells a body with more in it than one file can be.
func isLarge(r *http.Request) bool { return r.ContentLength > int64(credential.Limits.Upload)+envelope }

// places are held by whoever does something that few may do at a time.
type places struct {
	all, fromOne        int
	bytes, bytesFromOne int           // of what they are held for; 0: any
	wait                time.Duration // for one to become free

	mu      sync.Mutex
	held    int                     // guarded by mu, as is what follows
	filled  int                     // bytes
	from    map[netip.Prefix]*share // of those who hold a place or wait for one
	changed chan struct{}           // closed when a place has become free
}

// share is what one address has of the places.
type share struct{ held, filled, waiting int }

func newPlaces(all, fromOne int) *places {
	return &places{all: all, fromOne: fromOne, wait: uploadWait, from: map[netip.Prefix]*share{}, changed: make(chan struct{})}
}

// take waits a while for a place, and answers what gives it back. It may be called more than once.
func (p *places) take(ctx context.Context, visitor netip.Addr) (release func(), err error) {
	return p.takeFor(ctx, visitor, 0)
}

// full says that there is no place for so many bytes more. The caller holds the lock.
func (p *places) full(mine *share, size int) bool {
	return p.held == p.all || mine.held == p.fromOne || p.bytes > 0 && p.filled+size > p.bytes || p.bytesFromOne > 0 && mine.filled+size > p.bytesFromOne
}

// takeFor is take for a body of so many bytes, which are no more than one address may have.
func (p *places) takeFor(ctx context.Context, visitor netip.Addr, size int) (release func(), err error) {
	address := network(visitor)
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := p.from[address]
	if mine == nil {
		mine = &share{}
		p.from[address] = mine
	}
	if mine.waiting == mostWaiting {
		return nil, failure{status: http.StatusServiceUnavailable, code: "busy"}
	}
	mine.waiting++
	for p.full(mine, size) {
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		p.mu.Lock()
		if ctx.Err() != nil {
			mine.waiting--
			p.forget(address)
			return nil, failure{status: http.StatusServiceUnavailable, code: "busy"}
		}
	}
	mine.waiting--
	mine.held++
	mine.filled += size
	p.held++
	p.filled += size
	return sync.OnceFunc(func() { p.leave(address, size) }), nil
}

func (p *places) leave(address netip.Prefix, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held--
	p.filled -= size
	p.from[address].held--
	p.from[address].filled -= size
	p.forget(address)
	close(p.changed)
	p.changed = make(chan struct{})
}

// forget keeps nothing of an address that holds and awaits nothing. The caller holds the lock.
func (p *places) forget(address netip.Prefix) {
	if *p.from[address] == (share{}) {
		delete(p.from, address)
	}
}

const (
	readStep  = 256 << 10        // bytes after which a body that keeps coming gets more time
	readWait  = 15 * time.Second // for these
	readRate  = 512 << 10        // bytes a second that a large body has to come with, on the whole
	rowWait   = 30 * time.Second // for a visitor to take in a row
	tailWait  = 2 * time.Minute  // for a visitor to take in what stands below the table
	checkMost = 10 * time.Minute // for all files of one request
)

// patient gives a large body the time that it needs, as long as it keeps coming: the server as a whole is set to what small ones
// take.
func patient(c echo.Context) {
	r := c.Request()
	if r.ContentLength <= readStep {
		return
	}
	needed := readWait + time.Duration(r.ContentLength/readRate)*time.Second
	b := &patientBody{ReadCloser: r.Body, control: http.NewResponseController(c.Response()), until: time.Now().Add(needed)}
	b.extend() // it may have waited for its place
	r.Body = b
}

type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	until   time.Time
	read    int // since the last extension
}

// Read implements [io.Reader].
func (b *patientBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.read += n; b.read >= readStep {
		b.read = 0
		b.extend()
	}
	return n, err
}

func (b *patientBody) extend() {
	deadline := time.Now().Add(readWait)
	if deadline.After(b.until) {
		deadline = b.until
	}
	_ = b.control.SetReadDeadline(deadline)               // a server without deadlines needs no more time
	_ = b.control.SetWriteDeadline(deadline.Add(rowWait)) // it has run since the header was read
}

// await gives a visitor so much time from now on to take in what is written next.
func await(c echo.Context, wait time.Duration) {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(wait))
}
