package postgres

import (
	"crypto/tls"
	"net/netip"
	"path/filepath"
	"strings"
)

// Exposure says, in a sentence for people, what the network may do with the connection to the database at address: read it, or
// answer in the database's place. It is empty where neither is so, where the database is on this machine, and where the address says
// sslmode=disable: whoever writes that knows the network.
func Exposure(address string) (string, error) {
	config, err := parse(address)
	if err != nil {
		return "", err
	}
	var encrypted, plain, unproven bool
	look := func(host string, t *tls.Config) {
		if local(host) {
			return
		}
		encrypted = encrypted || t != nil
		plain = plain || t == nil
		unproven = unproven || t != nil && t.InsecureSkipVerify
	}
	first := config.ConnConfig
	look(first.Host, first.TLSConfig)
	for _, other := range first.Fallbacks {
		look(other.Host, other.TLSConfig)
	}
	const mend = "Add sslmode=verify-full to the address, and sslrootcert=FILE where the certificate of the database is of an authority of your own."
	switch {
	case !encrypted:
		return "", nil
	case plain:
		return "The connection to the database falls back to plain text, password and records with it, when whoever answers asks for that. " + mend, nil
	case unproven:
		return "The connection to the database is encrypted, but nobody looks whether it is the database that answers. " + mend, nil
	}
	return "", nil
}

// local says whether a host, or folder of a socket, is on this machine.
func local(host string) bool {
	address, err := netip.ParseAddr(host)
	return filepath.IsAbs(host) || strings.HasPrefix(host, "@") || host == "localhost" || err == nil && address.IsLoopback()
}
