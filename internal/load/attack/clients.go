package attack

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Strike sends a request to a host and port, over a connection of its own from the given address (nil: any), and gives the status of the
// answer; 0 where there was none. With half it hangs up as soon as the request is written. The error is that there was no connection. When
// ctx ends the status says nothing.
func Strike(ctx context.Context, from net.Addr, host string, request []byte, half bool) (status int, err error) {
	conn, err := (&net.Dialer{LocalAddr: from}).DialContext(ctx, "tcp", host)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	written := make(chan struct{})
	go func() { // the answer may come before the request is read to its end
		defer close(written)
		_, _ = conn.Write(request)
	}()
	if half {
		<-written
	} else if response, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		status = response.StatusCode
		_, _ = io.Copy(io.Discard, response.Body)
	}
	_ = conn.SetDeadline(time.Now())
	<-written
	return status, nil
}

// Crowd opens so many connections to a host and port that send next to nothing, until ctx ends, and each anew when the server drops it.
func Crowd(ctx context.Context, host string, count int, group *sync.WaitGroup) {
	drip := []string{
		"",
		"GET /verify HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"POST /verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{",
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
	}
	for i := range count {
		group.Go(func() {
			sleep(ctx, time.Duration(i)*time.Second/time.Duration(count)) // not all at once, then and later
			for ctx.Err() == nil {
				hold(ctx, host, drip[i%len(drip)], i%len(drip) == 1 || i%len(drip) == 2)
				sleep(ctx, time.Second)
			}
		})
	}
}

// hold keeps one connection until the server drops it.
func hold(ctx context.Context, host, first string, dripping bool) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	dropped := make(chan struct{})
	go func() {
		defer close(dropped)
		_, _ = io.Copy(io.Discard, conn)
	}()
	for text := first; ; text = " " {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		next := time.After(time.Second)
		if !dripping {
			next = nil
		}
		select {
		case <-dropped:
			return
		case <-next:
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
