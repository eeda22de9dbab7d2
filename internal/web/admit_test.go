package web

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/laurelbadges/laurel/credential"
)

// TestAdmit: checks that another handler answers share the account of their address with POST /verify, and the places for large
// bodies.
func TestAdmit(t *testing.T) { synctest.Test(t, testAdmit) } // one that waits does so for seconds

func testAdmit(t *testing.T) {
	site, err := New(Config{Office: office{}, Verify: panicking, Check: unchecked(), Base: testBase, VerifyRate: 2}) // one at once
	if err != nil {
		t.Fatal(err)
	}
	request := func(size int) (func(), error) {
		r := httptest.NewRequest("POST", "/vc-api/credentials/verify", strings.NewReader("{}"))
		r.RemoteAddr, r.ContentLength = "192.0.2.7:1000", int64(size)
		return site.Admit(r, size == 0)
	}
	release, err := request(0)
	if err != nil {
		t.Fatal(err)
	}
	release()
	var told interface {
		Status() int
		Code() string
	}
	if _, err := request(0); !errors.As(err, &told) || told.Status() != 429 || told.Code() != "rate_limited" {
		t.Errorf("the second at once: %v", err)
	}
	post := httptest.NewRequest("POST", "/verify", strings.NewReader("x"))
	post.RemoteAddr = "192.0.2.7:1001"
	recorder := httptest.NewRecorder()
	site.ServeHTTP(recorder, post)
	if recorder.Code != 429 {
		t.Errorf("the page answers %d to the same address", recorder.Code)
	}
	for i := range largeFromOne + 1 { // not counted, as those with a token
		release, err := request(credential.Limits.Body + 1)
		switch {
		case i < largeFromOne && err != nil:
			t.Fatal(err)
		case i < largeFromOne:
			defer release()
		case !errors.As(err, &told) || told.Status() != 503:
			t.Errorf("one place too many: %v", err)
		}
	}
}
