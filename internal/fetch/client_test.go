package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/laurelbadges/laurel/verifier"
)

const site = "https://example.com" // a name in the certificate of httptest

// reach returns a client for which example.com is the given server. Everything else of it is as in production.
func reach(t *testing.T, handler http.Handler) (*Client, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	c := New(Options{})
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	c.transport.TLSClientConfig.RootCAs = roots
	c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil || !strings.HasSuffix(host, "example.com") {
			return c.dialer.DialContext(ctx, network, address)
		}
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	return c, server
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

func TestFetch(t *testing.T) {
	var seen atomic.Pointer[http.Request]
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		fmt.Fprint(w, "{}")
	})
	mux.Handle("/moved", http.RedirectHandler("/good", http.StatusFound))
	mux.Handle("/moved-away", http.RedirectHandler("https://www.example.com:8443/good", http.StatusMovedPermanently))
	for i := range 4 {
		mux.Handle("/"+strconv.Itoa(i), http.RedirectHandler("/"+strconv.Itoa(i+1), http.StatusFound))
	}
	mux.Handle("/4", text("{}"))
	c, _ := reach(t, mux)
	for path, final := range map[string]string{
		"/good":       site + "/good",
		"/good?a=1#b": site + "/good?a=1",
		"/moved":      site + "/good",
		"/moved-away": "https://www.example.com:8443/good",
		"/1":          site + "/4", // three redirects
	} {
		before := time.Now()
		document, err := c.Fetch(t.Context(), site+path, 100)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if string(document.Bytes) != "{}" || document.URL != final || document.Origin != verifier.Network || document.ReadAt.Before(before) {
			t.Errorf("%s: %+v", path, document)
		}
	}
	sent := seen.Load()
	for name, want := range map[string]string{"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "Laurel", "Cookie": "", "Referer": ""} {
		if got := sent.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	mux := http.NewServeMux()
	for path, to := range map[string]string{
		"/to-metadata":  "https://169.254.169.254/latest/meta-data/",
		"/to-http":      "http://example.com/good",
		"/to-localhost": "https://localhost:8443/",
		"/to-file":      "file:///etc/passwd",
		"/to-port":      "https://example.com:22/",
		"/to-user":      "https://a:b@example.com/good",
		"/loop":         "/loop",
		"/0":            "/1",
		"/1":            "/2",
		"/2":            "/3",
		"/3":            "/4",
	} {
		mux.Handle(path, http.RedirectHandler(to, http.StatusFound))
	}
	mux.Handle("/4", text("{}"))
	mux.Handle("/good", text("{}"))
	mux.HandleFunc("/10MB", func(w http.ResponseWriter, _ *http.Request) {
		for range 10 << 10 {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/10MB-announced", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(10<<20))
		w.WriteHeader(http.StatusOK)
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "50")
		fmt.Fprint(w, "{}")
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, _ *http.Request) {
		var packed bytes.Buffer
		g := gzip.NewWriter(&packed)
		_, _ = g.Write(make([]byte, 1<<20))
		_ = g.Close()
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	})
	mux.HandleFunc("/long-header", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("a", maxHeader))
		fmt.Fprint(w, "{}")
	})
	mux.HandleFunc("/endless-header", func(w http.ResponseWriter, r *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		_, err = fmt.Fprint(connection, "HTTP/1.1 200 OK\r\n")
		for i := 0; err == nil; i++ {
			_, err = fmt.Fprintf(connection, "X-%d: %s\r\n", i, strings.Repeat("a", 1000))
		}
	})
	mux.HandleFunc("/not-found", http.NotFound)
	mux.HandleFunc("/no-content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/hang-up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	c, server := reach(t, mux)
	for address, want := range map[string]error{
		site + "/to-metadata":          verifier.ErrBlocked,
		site + "/to-http":              verifier.ErrBlocked,
		site + "/to-localhost":         verifier.ErrBlocked,
		site + "/to-file":              verifier.ErrBlocked,
		site + "/to-port":              verifier.ErrBlocked,
		site + "/to-user":              verifier.ErrBlocked,
		"http://example.com/good":      verifier.ErrBlocked,
		server.URL + "/good":           verifier.ErrBlocked,
		site + "/loop":                 verifier.ErrUnavailable,
		site + "/0":                    verifier.ErrUnavailable, // four redirects
		site + "/10MB":                 verifier.ErrTooLarge,
		site + "/10MB-announced":       verifier.ErrTooLarge,
		site + "/short":                verifier.ErrUnavailable,
		site + "/gzip":                 verifier.ErrUnavailable,
		site + "/long-header":          verifier.ErrUnavailable,
		site + "/endless-header":       verifier.ErrUnavailable,
		site + "/not-found":            verifier.ErrUnavailable,
		site + "/no-content":           verifier.ErrUnavailable,
		site + "/hang-up":              verifier.ErrUnavailable,
		"did:ion:EiAnKD8":              verifier.ErrUnavailable,
		"https://other.example.com/no": verifier.ErrUnavailable,
	} {
		document, err := c.Fetch(t.Context(), address, 1<<20)
		if !errors.Is(err, want) || document.Bytes != nil {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: the error names a network address: %v", address, err)
		}
	}
	c.transport.TLSClientConfig.RootCAs = nil
	if _, err := c.Fetch(t.Context(), site+"/good", 100); !errors.Is(err, verifier.ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("foreign certificate: %v", err)
	}
}

// TestSlowBody: an answer of one byte now and then is given up when its time is over.
func TestSlowBody(t *testing.T) {
	c, _ := reach(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}))
	start := time.Now()
	_, err := c.Fetch(t.Context(), site, 1<<20)
	if took := time.Since(start); !errors.Is(err, verifier.ErrUnavailable) || took < 4*time.Second || took > 30*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// TestRebinding: a name that passes once and then leads to the loopback address is refused, because the address that is
// really dialled is judged.
func TestRebinding(t *testing.T) {
	answers := [][]string{{"93.184.216.34"}, {"127.0.0.1"}, {"169.254.169.254", "10.0.0.1"}, {"::1"}, {"::ffff:7f00:1"}}
	var turn atomic.Int32
	c := New(Options{KeepFor: -1}) // each turn asks anew
	c.dialer.Resolver = resolver(t, func() []string { return answers[turn.Load()] })
	errStop := errors.New("it would be dialled now")
	refuse := c.dialer.Control
	c.dialer.Control = func(network, address string, raw syscall.RawConn) error {
		if err := refuse(network, address, raw); err != nil {
			return err
		}
		return errStop // the test sends nothing into the world
	}
	for i, want := range []error{verifier.ErrUnavailable, verifier.ErrBlocked, verifier.ErrBlocked, verifier.ErrBlocked, verifier.ErrBlocked} {
		turn.Store(int32(i))
		_, err := c.Fetch(t.Context(), "https://rebind.example.org/", 100)
		if !errors.Is(err, want) {
			t.Errorf("%v: %v, want %v", answers[i], err, want)
		}
		for _, address := range answers[i] {
			if strings.Contains(fmt.Sprint(err), address) {
				t.Errorf("the error names a network address: %v", err)
			}
		}
	}
}

// resolver answers every question with the addresses of the moment.
func resolver(t *testing.T, addresses func() []string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		for buffer := make([]byte, 1500); ; {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Header.Response, m.Additionals = true, nil
			for _, text := range addresses() {
				header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
				switch address := netip.MustParseAddr(text); {
				case address.Is4() && q.Type == dnsmessage.TypeA:
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
				case address.Is6() && q.Type == dnsmessage.TypeAAAA:
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
				}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = server.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// TestNoProxy: a proxy named in the environment is not used.
func TestNoProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("ALL_PROXY", "http://127.0.0.1:1")
	c, _ := reach(t, text("{}"))
	if _, err := c.Fetch(t.Context(), site, 100); err != nil {
		t.Error(err)
	}
}
