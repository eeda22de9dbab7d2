package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestCrowd: when it is full, those who have waited longest without a request give way, and those with one under way do not.
func TestCrowd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const limit = 4
	c := newCrowd(listener, limit)
	hold := make(chan struct{})
	var under sync.WaitGroup
	server := &http.Server{ConnState: c.note, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			under.Done()
			<-hold
		}
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(c) }()

	dial := func() net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	ask := func(conn net.Conn, path string) error {
		_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
		return err
	}
	answered := func(conn net.Conn) bool {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		return err == nil && response.StatusCode == http.StatusOK
	}
	dropped := func(conn net.Conn) bool {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		_, err := conn.Read(make([]byte, 1))
		timeout, ok := err.(net.Error)
		return err != nil && !(ok && timeout.Timeout())
	}

	var busy []net.Conn
	for range limit - 1 {
		under.Add(1)
		conn := dial()
		if err := ask(conn, "/hold"); err != nil {
			t.Fatal(err)
		}
		busy = append(busy, conn)
	}
	under.Wait()
	silent := dial()
	for range 2 {
		next := dial()
		if !dropped(silent) {
			t.Fatal("a silent connection keeps its place")
		}
		silent = next
	}
	under.Add(1)
	if err := ask(silent, "/"); err != nil || !answered(silent) { // an answer, and it is idle
		t.Fatal("a request was not answered", err)
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		idle := c.idle.Len()
		c.mu.Unlock()
		if idle > 0 {
			break
		}
	}
	next := dial()
	if !dropped(silent) {
		t.Fatal("a newcomer does not get the place of an idle connection")
	}
	silent = next
	if err := ask(silent, "/hold"); err != nil { // the last one: now every place has a request
		t.Fatal(err)
	}
	under.Wait()
	waiting := dial()
	if err := ask(waiting, "/"); err != nil {
		t.Fatal(err)
	}
	_ = waiting.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := waiting.Read(make([]byte, 1)); err == nil {
		t.Error("one more than the limit was answered")
	}
	close(hold)
	for _, conn := range append(busy, silent, waiting) {
		if !answered(conn) {
			t.Error("a request was not answered")
		}
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != http.ErrServerClosed {
		t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for begun := time.Now(); c.open > 0 && time.Since(begun) < patience; c.left.Wait() {
	}
	if left := c.idle.Len() + c.silent.Len(); left > 0 {
		t.Errorf("%d connections are left", left)
	}
}
