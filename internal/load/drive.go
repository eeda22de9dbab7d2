package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// asking gives the bytes of the next request of a connection: connection counts from 0, number from 0 on each connection. They are not
// changed and not kept.
type asking func(connection, number int) []byte

// driven is what came of a load.
type driven struct {
	took     spread      // of each answer, from the first byte that was sent to the last that was read
	statuses map[int]int // how often each was answered
	length   time.Duration
	failed   error // the first failure of a connection; nil for none
}

// rate is how many answers came in a second.
func (d driven) rate() float64 { return float64(d.took.count) / d.length.Seconds() }

// drive asks on so many connections that stay open, on each one request after the other with a pause between them, for a length of time. A
// connection that fails is not opened again.
func drive(address string, connections int, length, pause time.Duration, ask asking) driven {
	all := driven{statuses: map[int]int{}}
	var mu sync.Mutex
	var group sync.WaitGroup
	begun := time.Now()
	ends := begun.Add(length)
	for number := range connections {
		group.Go(func() {
			one, err := driveOne(address, ends, pause, func(n int) []byte { return ask(number, n) })
			mu.Lock()
			defer mu.Unlock()
			all.took.add(one.took)
			for status, times := range one.statuses {
				all.statuses[status] += times
			}
			if all.failed == nil {
				all.failed = err
			}
		})
	}
	group.Wait()
	all.length = time.Since(begun)
	return all
}

func driveOne(address string, ends time.Time, pause time.Duration, next func(n int) []byte) (d driven, err error) {
	d.statuses = map[int]int{}
	c, err := dial(address)
	if err != nil {
		return d, err
	}
	defer c.Close()
	begun := time.Now()
	for n := 0; begun.Before(ends); n++ {
		status, _, err := c.ask(next(n))
		now := time.Now()
		if err != nil {
			return d, fmt.Errorf("the request after %d answers: %w", n, err)
		}
		d.took.note(now.Sub(begun))
		d.statuses[status]++
		if begun = now; pause > 0 {
			time.Sleep(pause)
			begun = time.Now()
		}
	}
	return d, nil
}

// client is one connection that speaks HTTP/1.1. It reads as little as will do, so that a generator on one processor keeps ahead of a
// server on another.
type client struct {
	net.Conn
	in   *bufio.Reader
	body []byte
}

// answerMost bounds what is read of one answer, in bytes.
const answerMost = 64 << 20

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return &client{Conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}, nil
}

// ask sends a request and reads the answer. The body is good until the next call. The connection ends where the answer says so.
func (c *client) ask(request []byte) (status int, body []byte, err error) {
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, nil, err
	}
	if _, err := c.Write(request); err != nil {
		return 0, nil, fmt.Errorf("sending: %w", err)
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, fmt.Errorf("reading the status: %w", err)
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, nil, fmt.Errorf("reading the status: %.40q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("reading the status: %w", err)
	}
	length, err := c.header()
	if err != nil {
		return status, nil, fmt.Errorf("reading the header: %w", err)
	}
	c.body = c.body[:0]
	switch {
	case length == chunked:
		err = c.chunks()
	case length > 0 && status != 304:
		err = c.take(length)
	}
	if err != nil {
		return status, nil, fmt.Errorf("reading the body: %w", err)
	}
	return status, c.body, nil
}

// chunked is the length of a body that comes in chunks.
const chunked = -1

// header reads the lines until the body, and returns how long that is: 0 where nothing says so.
func (c *client) header() (length int, err error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return length, nil
		}
		// net/http writes these names in one way.
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 || length > answerMost {
				return 0, fmt.Errorf("a body of %.20q bytes", value)
			}
		} else if bytes.Equal(line, []byte("Transfer-Encoding: chunked")) {
			length = chunked
		} else if bytes.Equal(line, []byte("Connection: close")) {
			return 0, errors.New("the server closes the connection")
		}
	}
}

// chunks reads a body in chunks (RFC 9112 section 7.1) without trailers.
func (c *client) chunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil || size > answerMost {
			return fmt.Errorf("a chunk of %.20q bytes", line)
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

// take adds so many bytes to the body.
func (c *client) take(n int) error {
	from := len(c.body)
	if need := from + n; cap(c.body) < need {
		c.body = append(make([]byte, 0, max(need, 2*cap(c.body))), c.body...)
	}
	c.body = c.body[:from+n]
	_, err := io.ReadFull(c.in, c.body[from:])
	return err
}

// get asks once, on a connection of its own, and wants 200. The body may be kept.
func get(address string, request []byte) ([]byte, error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	status, body, err := c.ask(request)
	if err != nil {
		return nil, err
	}
	if status != 200 && status != 201 {
		return nil, fmt.Errorf("%.60q is answered with %d: %.200s", request, status, body)
	}
	return body, nil
}

// requestOf writes a request. headers are whole lines without their end.
func requestOf(method, path string, body []byte, headers ...string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: badges.example.org\r\n", method, path)
	for _, line := range headers {
		out.WriteString(line + "\r\n")
	}
	if body != nil {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(body))
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

// visitors are how many addresses ask: each has an account of its own for its checks, and these are more than one run empties.
const visitors = 60_000

// manyVisitors puts the address of a visitor into a request, as a proxy before the server does: another for each. The function that it
// returns is for one load.
func manyVisitors(method, path string, body []byte, headers ...string) asking {
	const mark = "255.255.255.255"
	before, after, _ := bytes.Cut(requestOf(method, path, body, append([]string{"X-Forwarded-For: " + mark}, headers...)...), []byte(mark))
	var mu sync.Mutex
	lines := map[int]*[]byte{}
	next := 0
	return func(connection, _ int) []byte {
		mu.Lock()
		next = (next + 1) % visitors
		visitor, line := next, lines[connection]
		if line == nil {
			line = new([]byte)
			lines[connection] = line
		}
		mu.Unlock()
		*line = append((*line)[:0], before...)
		*line = append(*line, "10."...)
		for shift := 16; shift >= 0; shift -= 8 {
			*line = strconv.AppendInt(*line, int64(visitor>>shift&255), 10)
			if shift > 0 {
				*line = append(*line, '.')
			}
		}
		*line = append(*line, after...)
		return *line
	}
}
