package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// opened is a front that answers with handler; nil: it is still starting.
func opened(t *testing.T, handler http.Handler, drain time.Duration) (*front, string) {
	t.Helper()
	listener, err := listen("--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{listener: listener, log: slog.New(slog.DiscardHandler), drain: drain}
	f.start()
	t.Cleanup(func() { f.stop(context.Background()) })
	if handler != nil {
		f.open(&service{pages: handler, ready: &readiness{ask: func(context.Context) error { return nil }, log: f.log}})
	}
	return f, "http://" + listener.Addr().String()
}

func ask(t *testing.T, method, address string) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body), response.Header
}

func TestStarting(t *testing.T) {
	f, address := opened(t, nil, time.Second)
	for path, want := range map[string]int{"/readyz": 503, "/healthz": 200, "/verify": 503} {
		status, body, header := ask(t, "GET", address+path)
		if status != want || want == 503 && (!strings.Contains(body, `"code":"starting"`) || header.Get("Retry-After") == "") {
			t.Errorf("%s answers %d %s", path, status, body)
		}
	}
	f.open(&service{pages: http.NotFoundHandler(), ready: &readiness{ask: func(context.Context) error { return nil }, log: f.log}})
	if status, _, _ := ask(t, "HEAD", address+"/readyz"); status != 200 {
		t.Errorf("ready, it answers %d", status)
	}
	if status, _, header := ask(t, "POST", address+"/readyz"); status != 405 || header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST answers %d", status)
	}
}

// What is under way when the server is told to stop gets its answer.
func TestStopDrains(t *testing.T) {
	begun, finish := make(chan bool), make(chan bool)
	f, address := opened(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		begun <- true
		<-finish
		_, _ = io.WriteString(w, "done")
	}), time.Minute)
	answered := make(chan string, 1)
	go func() {
		response, err := http.Get(address)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()
	<-begun
	stopped := make(chan bool)
	go func() { f.stop(context.Background()); close(stopped) }()
	for !f.stopping.Load() {
		time.Sleep(time.Millisecond)
	}
	select {
	case <-stopped:
		t.Error("it stopped before the answer")
	case <-time.After(20 * time.Millisecond):
	}
	close(finish)
	if got := <-answered; got != "done" {
		t.Errorf("the answer is %q", got)
	}
	<-stopped
	if _, err := http.Get(address); err == nil {
		t.Error("it takes requests after its end")
	}
}

// Whoever does not come to an end is cut off.
func TestStopIsBounded(t *testing.T) {
	begun := make(chan bool, 1)
	f, address := opened(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		begun <- true
		<-r.Context().Done()
	}), 50*time.Millisecond)
	go func() {
		if response, err := http.Get(address); err == nil {
			response.Body.Close()
		}
	}()
	<-begun
	before := time.Now()
	f.stop(context.Background())
	if took := time.Since(before); took > patience {
		t.Errorf("it took %v", took)
	}
}

func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, fault := 0, errors.New("the disk is gone")
		var out bytes.Buffer
		r := &readiness{log: slog.New(slog.NewTextHandler(&out, nil)), ask: func(context.Context) error { asked++; return fault }}
		time.Sleep(time.Hour)
		for range 3 {
			if r.err(t.Context()) == nil {
				t.Error("it is ready")
			}
		}
		if asked != 1 {
			t.Errorf("asked %d times within a second", asked)
		}
		fault = nil
		time.Sleep(2 * time.Second)
		if err := r.err(t.Context()); err != nil || asked != 2 {
			t.Errorf("after two seconds: %v, asked %d times", err, asked)
		}
		if log := out.String(); strings.Count(log, "not ready") != 1 || strings.Count(log, "ready again") != 1 {
			t.Errorf("log: %s", log)
		}
	})
}

// The lines of net/http name visitors; ours do not.
func TestServerLog(t *testing.T) {
	for line, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.7:51000: EOF\n":                          "",
		"http: panic serving 192.0.2.7:51000: boom\ngoroutine 1 [running]:\nmain.main()": "http: panic serving (address): boom",
		"http: read from [2001:db8::1%eth0]:443 failed\n":                                "http: read from (address) failed",
		"http: Accept error: too many open files; retrying in 5ms\n":                     "http: Accept error: too many open files; retrying in 5ms",
	} {
		var out bytes.Buffer
		n, err := serverLog{slog.New(slog.NewTextHandler(&out, nil))}.Write([]byte(line))
		if n != len(line) || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
		if got := out.String(); want == "" && got != "" || !strings.Contains(got, want) || strings.Contains(got, "192.0.2") || strings.Contains(got, "goroutine") {
			t.Errorf("%q became %q", line, got)
		}
	}
}

func TestWord(t *testing.T) {
	for text, want := range map[string]string{"bin/laurel": "bin/laurel", "": "''", "my badges": "'my badges'", "it's $HOME": `'it'\''s $HOME'`} {
		if got := word(text); got != want {
			t.Errorf("%q is written %s, want %s", text, got, want)
		}
	}
}
