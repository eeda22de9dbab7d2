package main

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// crowd is a listener with room for so many connections. When it is full, a newcomer takes the place of somebody who has no
// request under way: clients that open many and send nothing push out each other, and not those who come with a question.
// Where every connection has a request under way, the newcomer waits.
type crowd struct {
	net.Listener
	limit int

	mu     sync.Mutex
	left   sync.Cond // somebody left, or the listener was closed
	open   int
	silent list.List // of *member that have not asked yet, the longest in front
	idle   list.List // of *member that have had their answer, the longest in front
	closed bool
}

// member is a connection of a crowd.
type member struct {
	net.Conn
	crowd *crowd
	in    *list.List // silent or idle; nil: a request is under way; this and what follows is guarded by crowd.mu
	place *list.Element
	since time.Time // when it was put there
	gone  bool
}

// fairStart is how long everybody may be without a request before giving way. Clients that mean well ask at once; on a busy
// machine it takes a moment until that is read.
const fairStart = 500 * time.Millisecond

func newCrowd(l net.Listener, limit int) *crowd {
	c := &crowd{Listener: l, limit: limit}
	c.left.L = &c.mu
	return c
}

// Accept implements [net.Listener].
func (c *crowd) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.open >= c.limit && !c.closed {
		m := c.dispensable()
		if m == nil {
			c.left.Wait()
			continue
		}
		if early := fairStart - time.Since(m.since); early > 0 {
			later := time.AfterFunc(early, func() {
				c.mu.Lock() // not before the wait has begun
				defer c.mu.Unlock()
				c.left.Broadcast()
			})
			c.left.Wait()
			later.Stop()
			continue
		}
		m.leave()
		_ = m.Conn.Close() // what it has to say about its end interests nobody
	}
	if c.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	c.open++
	m := &member{Conn: conn, crowd: c}
	m.wait(&c.silent)
	return m, nil
}

// dispensable is who gives way next, nil when all have a request under way: the longest of the silent or of the idle,
// whichever are more. So neither kind, in whatever number, drives out the other.
func (c *crowd) dispensable() *member {
	from := &c.idle
	if c.silent.Len() >= c.idle.Len() {
		from = &c.silent
	}
	if longest := from.Front(); longest != nil {
		return longest.Value.(*member)
	}
	return nil
}

// Close implements [net.Listener].
func (c *crowd) Close() error {
	c.mu.Lock()
	c.closed = true
	c.left.Broadcast()
	c.mu.Unlock()
	return c.Listener.Close()
}

// note is for [http.Server.ConnState]: it follows who has a request under way.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	m, ok := conn.(*member)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case m.gone:
	case state == http.StateActive:
		m.wait(nil)
	case state == http.StateIdle:
		m.wait(&c.idle)
		c.left.Signal()
	}
}

// wait puts the member into a list, and out of the one where it was. The caller holds the lock of the crowd.
func (m *member) wait(in *list.List) {
	if m.in != nil {
		m.in.Remove(m.place)
	}
	if m.in = in; in != nil {
		m.place, m.since = in.PushBack(m), time.Now()
	}
}

// Close implements [net.Conn].
func (m *member) Close() error {
	m.crowd.mu.Lock()
	m.leave()
	m.crowd.mu.Unlock()
	return m.Conn.Close()
}

// leave gives the place back, once. The caller holds the lock of the crowd.
func (m *member) leave() {
	if m.gone {
		return
	}
	m.gone = true
	m.wait(nil)
	m.crowd.open--
	m.crowd.left.Signal()
}
