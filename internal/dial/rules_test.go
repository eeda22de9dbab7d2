package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

func TestRulesFault(t *testing.T) {
	opened := Rules{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}}
	for _, address := range []string{"https://example.org/hook?a=1", "https://example.org:8443/"} {
		if fault := (Rules{}).Fault(address) + opened.Fault(address); fault != "" {
			t.Errorf("%s: %s", address, fault)
		}
	}
	for _, address := range []string{
		"http://10.1.2.3/hook", "https://10.1.2.3:8443/", "http://10.1.2.3:80/", "http://[fd00::1]:8080/", "http://hooks/", "https://hooks.internal/",
		"http://HOOKS.corp:9000/", "https://localhost/", "http://example.org/", // by their text; where the name leads is judged when it is dialled
	} {
		if Fault(address) == "" || (Rules{}).Fault(address) == "" {
			t.Errorf("%s passes where nothing was opened", address)
		}
		if fault := opened.Fault(address); fault != "" {
			t.Errorf("%s: %s", address, fault)
		}
	}
	for _, address := range []string{
		"", "hook", "ftp://10.1.2.3/", "http://10.2.0.1/", "http://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/", "http://[fe80::1%25eth0]/",
		"http://user@10.1.2.3/", "http://10.1.2.3:22/", "http://10.1.2.3:443/", "https://10.1.2.3:80/", "http://10.1.2.3:/", "http://10.1.2.3:+80/",
		"http://10.1.2.3/../x", "http://10.1.2.3/%2e%2e/x", "http://167838211/", "http://0x0a.1.2.3/", "http://010.1.2.3/", "http:10.1.2.3", "http:///x",
		"http://a..b/", "http://-a/", "http://10.1.2.3\\@example.org/", "http://ho oks/", "http://" + strings.Repeat("a", MaxURL) + "/", "http://h\u00f6rt/",
	} {
		if opened.Fault(address) == "" {
			t.Errorf("%q passes", address)
		}
	}
}

// TestDialer: what is dialled is judged by the very address, whatever the name said a moment ago.
func TestDialer(t *testing.T) {
	rules := Rules{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	for _, test := range []struct {
		address          string
		rules            Rules
		encrypted, plain bool
	}{
		{"93.184.216.34:443", Rules{}, true, false},
		{"[2606:2800:220:1::1]:443", Rules{}, true, false},
		{"10.1.2.3:443", Rules{}, false, false},
		{"127.0.0.1:443", rules, false, false},
		{"10.1.2.3:80", rules, true, true},
		{"[::ffff:10.1.2.3]:80", rules, true, true},
		{"[::ffff:10.2.2.3]:80", rules, false, false},
		{"93.184.216.34:80", rules, true, false},
		{"169.254.169.254:80", rules, false, false},
		{"no address", rules, false, false},
	} {
		for encrypted, want := range map[bool]bool{true: test.encrypted, false: test.plain} {
			err := test.rules.Dialer(encrypted).Control("tcp", test.address, syscall.RawConn(nil))
			if (err == nil) != want || err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("%s, encrypted %v: %v", test.address, encrypted, err)
			}
		}
	}
}

// TestDialerRefuses: a refused connection is never made, and says why.
func TestDialerRefuses(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := (Rules{}).Dialer(true).DialContext(context.Background(), "tcp", listener.Addr().String()); !errors.Is(err, ErrRefused) {
		t.Errorf("error %v", err)
	}
	open := Rules{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	conn, err := open.Dialer(false).DialContext(context.Background(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
