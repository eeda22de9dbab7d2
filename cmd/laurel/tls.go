package main

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// certificate is what the server shows of itself over TLS: two files, read at the start and again when asked to.
type certificate struct {
	chain, key string // files
	current    atomic.Pointer[tls.Certificate]
}

// openCertificate reads the files of --tls-cert and --tls-key; nil without them.
func openCertificate(chain, key string) (*certificate, error) {
	if chain == "" && key == "" {
		return nil, nil
	}
	if chain == "" || key == "" {
		return nil, errors.New("--tls-cert and --tls-key belong together: give both, or neither")
	}
	c := &certificate{chain: chain, key: key}
	return c, c.read()
}

// read takes the files as they are now. What was read before stays when it fails.
func (c *certificate) read() error {
	chain, err := readPEM("--tls-cert", c.chain)
	if err != nil {
		return err
	}
	info, err := os.Stat(c.key)
	if err != nil {
		return fmt.Errorf("reading --tls-key %s: %w", c.key, cause(err))
	}
	// A group may read it, as Debian's ssl-cert does; everybody may not, and only the owner writes.
	if info.Mode().Perm()&0o027 != 0 {
		return fmt.Errorf("--tls-key %s can be read or changed by others than its owner; run: chmod 600 %q", c.key, c.key)
	}
	key, err := readPEM("--tls-key", c.key)
	if err != nil {
		return err
	}
	defer clear(key)
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil { // its text stays away: it may describe the secret
		return fmt.Errorf("--tls-key %s is not the private key of the certificate in --tls-cert %s", c.key, c.chain)
	}
	c.current.Store(&pair)
	return nil
}

func readPEM(flag, name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", flag, name, cause(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().Type() == fs.ModeDir {
		return nil, fmt.Errorf("reading %s %s: it is a folder", flag, name)
	}
	text, err := readFile(name, nil, 1<<20)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(text); block == nil {
		return nil, fmt.Errorf("reading %s %s: it is not PEM", flag, name)
	}
	return text, nil
}

// config is for the listener: TLS 1.2 and later, with the choices of the standard library.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return c.current.Load(), nil
	}}
}

// end is when the certificate in use ends.
func (c *certificate) end() time.Time { return c.current.Load().Leaf.NotAfter }

// fault says in a sentence why visitors of the host will not accept the certificate; "" when it suits.
func (c *certificate) fault(host string, now time.Time) string {
	leaf := c.current.Load().Leaf
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Sprintf("The TLS certificate ended on %s; renew it, then send SIGHUP.", leaf.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return fmt.Sprintf("The TLS certificate begins on %s only.", leaf.NotBefore.UTC().Format(time.DateOnly))
	case leaf.VerifyHostname(host) != nil:
		return fmt.Sprintf("The TLS certificate does not name %s; visitors will be warned off.", host)
	}
	return ""
}
