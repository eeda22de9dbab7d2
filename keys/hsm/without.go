//go:build !pkcs11 || !cgo

package hsm

import (
	"errors"

	"github.com/laurelbadges/laurel/keys"
)

// Token is a token of a hardware security module; this program was built without them, so there is none.
type Token struct{ keys.Store }

// Open says that this program was built without PKCS#11, or what is wrong with the URI.
func Open(uri string, pin func() (string, error)) (*Token, error) {
	if _, err := parse(uri); err != nil {
		return nil, err
	}
	return nil, errors.New("opening a PKCS#11 token: this program was built without PKCS#11; build it with " +
		"CGO_ENABLED=1 go build -tags pkcs11 ./cmd/laurel, or keep the keys elsewhere (--keys)")
}

// Close has nothing to close.
func (*Token) Close() error { return nil }
