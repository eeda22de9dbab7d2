package fetch

import (
	"crypto/x509"
	"errors"
	"testing"

	"github.com/laurelbadges/laurel/verifier"
)

func TestCertificateEnd(t *testing.T) {
	c, server := reach(t, text("{}"))
	for _, address := range []string{site, site + ":8443/path"} {
		end, err := c.CertificateEnd(t.Context(), address)
		if err != nil || !end.Equal(server.Certificate().NotAfter) {
			t.Errorf("%s: %v, %v; want %v", address, end, err, server.Certificate().NotAfter)
		}
	}
	for address, want := range map[string]error{
		"http://example.com":           verifier.ErrBlocked,
		"https://localhost":            verifier.ErrBlocked,
		"https://127.0.0.1":            verifier.ErrBlocked,
		"did:web:example.com":          verifier.ErrUnavailable,
		"https://notnamed.example.com": nil, // the certificate of httptest names *.example.com
		"https://a.b.example.com":      verifier.ErrUnavailable,
	} {
		if _, err := c.CertificateEnd(t.Context(), address); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
	c.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	if _, err := c.CertificateEnd(t.Context(), site); !errors.Is(err, verifier.ErrUnavailable) {
		t.Errorf("a certificate that nobody trusts: %v", err)
	}
}

// The address rule holds when it is dialled too.
func TestCertificateEndRebinding(t *testing.T) {
	c := New(Options{})
	c.dialer.Resolver = resolver(t, func() []string { return []string{"10.0.0.1"} })
	if _, err := c.CertificateEnd(t.Context(), "https://rebind.example.org"); !errors.Is(err, verifier.ErrBlocked) {
		t.Errorf("%v", err)
	}
}
