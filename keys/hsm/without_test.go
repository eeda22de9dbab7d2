//go:build !pkcs11 || !cgo

package hsm

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/keys"
)

var _ keys.Store = (*Token)(nil)

func TestWithout(t *testing.T) {
	asked := false
	pin := func() (string, error) { asked = true; return "1234", nil }
	if _, err := Open("pkcs11:token=a?module-name=softhsm2", pin); err == nil || !strings.Contains(err.Error(), "-tags pkcs11") {
		t.Error(err)
	}
	if _, err := Open("pkcs11:token=a", pin); err == nil || !strings.Contains(err.Error(), "module-path") {
		t.Error(err)
	}
	if asked {
		t.Error("the PIN was asked for nothing")
	}
}
