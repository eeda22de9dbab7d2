package fetch

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/verifier"
)

func TestAllowed(t *testing.T) {
	allowed := []string{
		"https://example.org",
		"https://example.org/",
		"https://EXAMPLE.org/status/3?page=1#key-0",
		"HTTPS://example.org/",
		"https://example.org:443/.well-known/did.json",
		"https://example.org:1024/did.json",
		"https://example.org:65535/did.json",
		"https://xn--bcher-kva.example/",
		"https://a-b.c1.example.org/a%20b/%2Fc/...",
		"https://issuer.test/did.json",   // public by its text; DNS decides
		"https://localhost.example.org/", // a name like any other
		"https://127.0.0.1.example.org/", // likewise; judged when dialled
		"https://internal.example.org/",  // only the end of a name counts
		"https://example.0xyz/",
	}
	blocked := []string{
		"",
		"example.org",
		"//example.org/",
		"/did.json",
		"http://example.org/",
		"ftp://example.org/",
		"file:///etc/passwd",
		"data:application/json,{}",
		"gopher://example.org:1024/",
		"https:example.org",
		"https:/example.org",
		"https:///did.json",
		"https://",
		"https://user@example.org/",
		"https://user:pass@example.org/",
		"https://@example.org/",
		"https://example.org@127.0.0.1/",
		"https://example.org:80/",
		"https://example.org:22/",
		"https://example.org:1023/",
		"https://example.org:0/",
		"https://example.org:65536/",
		"https://example.org:0443/",
		"https://example.org:+443/",
		"https://example.org:/",
		"https://example.org:443:443/",
		"https://127.0.0.1/",
		"https://93.184.216.34/",
		"https://2130706433/",
		"https://0x7f000001/",
		"https://0x7f.0.0.1/",
		"https://0X7F.0.0.0X1/",
		"https://0177.0.0.1/",
		"https://127.1/",
		"https://127.0.1/",
		"https://0/",
		"https://a.0x/",
		"https://169.254.169.254/latest/meta-data/",
		"https://127.0.0.1./",
		"https://example.1/",
		"https://[::1]/",
		"https://[::ffff:7f00:1]/",
		"https://[::ffff:127.0.0.1]/",
		"https://[fe80::1%25eth0]/",
		"https://[2606:4700::1111]/",
		"https://[::1]:8443/",
		"https://localhost/",
		"https://localhost:8443/",
		"https://LOCALHOST/",
		"https://localhost./",
		"https://a.localhost/",
		"https://intranet/",
		"https://metadata.google.internal/",
		"https://printer.local/",
		"https://printer.Local/",
		"https://router.home.arpa/",
		"https://nas.lan/",
		"https://db.localdomain/",
		"https://example.org./",
		"https://.example.org/",
		"https://example..org/",
		"https://-a.example.org/",
		"https://a_b.example.org/",
		"https://exa%6dple.org/",
		"https://127.0.0.1%2eexample.org/",
		"https://example.org%00.org/",
		"https://example.org\\@127.0.0.1/",
		"https://example.org/a\\b",
		"https://exa\tmple.org/",
		"https://example.org/\n",
		" https://example.org/",
		"https://example.org/a b",
		"https://bücher.example/",
		"https://１２７.0.0.1/",
		"https://example。org/",
		"https://ⓔxample.org/",
		"https://example.org/a/../b",
		"https://example.org/%2e%2E/b",
		"https://example.org/./b",
		"https://example.org/" + strings.Repeat("a", maxURL),
		"https://" + strings.Repeat("a", 64) + ".org/",
		"https://" + strings.Repeat("a.", 130) + "org/",
		"did:web:example.org",
	}
	for _, address := range allowed {
		if err := Allowed(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range blocked {
		if err := Allowed(address); !errors.Is(err, verifier.ErrBlocked) {
			t.Errorf("%q: %v, want it blocked", address, err)
		}
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "1.1.1.1": true, "2606:4700:4700::1111": true, "2a00:1450::1": true,
		"0.0.0.0": false, "10.1.2.3": false, "100.64.0.1": false, "100.127.255.255": false, "127.0.0.1": false, "127.255.255.255": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.8": false, "192.0.2.1": false, "192.168.1.1": false,
		"198.18.0.1": false, "198.19.255.255": false, "198.51.100.1": false, "203.0.113.9": false, "224.0.0.1": false, "239.1.1.1": false,
		"240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:7f00:1": false, "::ffff:93.184.216.34": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false,
		"64:ff9b:1::1": false, "100::1": false, "2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false,
		"4000::1": false, "5f00::1": false, "fc00::1": false, "fd12:3456::1": false, "fe80::1": false, "fec0::1": false, "ff02::1": false,
		"2606:4700::1%eth0": false, "100.63.255.255": true, "172.32.0.1": true, "192.0.1.1": true,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public is %v", address, got)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address at all is public")
	}
}

func FuzzAllowed(f *testing.F) {
	for _, seed := range []string{"https://example.org:8443/a?b#c", "https://[::1]/", "https://0x7f.1/", "https://a@b.c/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		err := Allowed(address)
		if err != nil && !errors.Is(err, verifier.ErrBlocked) {
			t.Fatal(err)
		}
		if err == nil && (!strings.EqualFold(address[:8], "https://") || strings.ContainsAny(address, "\\\r\n \x00")) {
			t.Fatalf("%q is allowed", address)
		}
	})
}
