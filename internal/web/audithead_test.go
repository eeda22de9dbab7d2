package web

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestAuditHead: one end is signed in five minutes, however many ask for it; what could not be signed is tried again.
func TestAuditHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signed, failing := 0, true
		h := &auditHead{now: time.Now, sign: func(context.Context) (string, error) {
			if failing {
				return "", errors.New("no key")
			}
			signed++
			return strconv.Itoa(signed), nil
		}}
		if _, err := h.current(t.Context()); err == nil {
			t.Error("there is an end that nobody signed")
		}
		failing = false
		for range 3 {
			if token, err := h.current(t.Context()); token != "1" || err != nil {
				t.Errorf("token %q, error %v", token, err)
			}
		}
		time.Sleep(headFresh)
		if token, err := h.current(t.Context()); token != "2" || err != nil {
			t.Errorf("after its time: token %q, error %v", token, err)
		}
	})
}
