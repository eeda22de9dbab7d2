package control

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// examined is an Office that says how it is.
type examined struct {
	*recorder
	condition Condition
}

func (e examined) Condition(context.Context) (Condition, error) { return e.condition, e.err }

func TestCondition(t *testing.T) {
	instant := time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC)
	want := Condition{Version: "laurel v1", Listen: "127.0.0.1:1", Proxies: 2, TLS: true, CertificateEnd: instant, NotReady: "The store could not be read.",
		Inspection: issuer.Inspection{Base: "https://badges.example.org", Public: true, Organisations: []issuer.Organisation{{ID: "o"}},
			Acts: 7, Broken: "Entry 3.", Latest: instant, Drafts: 1, Lists: 2, Unsigned: 1, ListsEnd: instant}}
	folder, _ := start(t, examined{&recorder{}, want})
	got, err := dialed(t, folder).Condition(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-sent +received)\n%s", diff)
	}
}

// A server that does not know the question is an older one: that is an error, not a good condition.
func TestNoCondition(t *testing.T) {
	folder, _ := start(t, &recorder{})
	if c, err := dialed(t, folder).Condition(t.Context()); err == nil {
		t.Errorf("%+v", c)
	}
}
