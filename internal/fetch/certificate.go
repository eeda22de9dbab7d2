package fetch

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// CertificateEnd connects to the server of a public https address and returns when the TLS certificate that it shows ends.
// The rules of [Client.Fetch] hold: a certificate that is not trusted for the name is an error, as is an address that may
// not be called.
func (c *Client) CertificateEnd(ctx context.Context, address string) (time.Time, error) {
	if err := judge(address); err != nil {
		return time.Time{}, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return time.Time{}, unavailable(verifier.CauseOther, "the address cannot be read")
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	raw, err := c.transport.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return time.Time{}, classify(ctx, u.Host, err)
	}
	defer raw.Close()
	settings := c.transport.TLSClientConfig.Clone()
	settings.ServerName = u.Hostname()
	conn := tls.Client(raw, settings)
	if err := conn.HandshakeContext(ctx); err != nil {
		return time.Time{}, classify(ctx, u.Host, err)
	}
	return conn.ConnectionState().PeerCertificates[0].NotAfter, nil
}
