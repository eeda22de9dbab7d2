package intake

import (
	"io"
	"time"
)

// A list may take a while to begin, and a second for each quarter of a megabyte. One that comes more slowly holds room for nothing.
const (
	firstWait = 15 * time.Second
	pace      = 256 << 10 // bytes a second
)

// Deadlines are those of one connection; net/http.ResponseController has them.
type Deadlines interface {
	SetReadDeadline(at time.Time) error
	SetWriteDeadline(at time.Time) error
}

// Receive gives a request the time that its list takes, however large it is: a server as a whole is set to what small forms take. The body
// ends with an error when it comes too slowly. announced is its length, or negative. A server without deadlines needs no more time.
func Receive(body io.ReadCloser, announced int64, server Deadlines) io.ReadCloser {
	if announced < 0 || announced > sentOne {
		announced = sentOne
	}
	now := time.Now()
	_ = server.SetWriteDeadline(now.Add(readTime(announced) + PlaceWait + WorkMost + AnswerWait))
	p := &paced{ReadCloser: body, server: server, began: now}
	p.allow()
	return p
}

func readTime(bytes int64) time.Duration {
	return firstWait + time.Duration(bytes)*time.Second/pace
}

// paced is a body that may take as long as what came of it allows.
type paced struct {
	io.ReadCloser
	server Deadlines
	began  time.Time
	came   int64
}

func (p *paced) allow() { _ = p.server.SetReadDeadline(p.began.Add(readTime(p.came))) }

// Read implements [io.Reader].
func (p *paced) Read(into []byte) (int, error) {
	n, err := p.ReadCloser.Read(into)
	p.came += int64(n)
	p.allow()
	return n, err
}
