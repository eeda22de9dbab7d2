package pack

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/laurelbadges/laurel/verifier"
)

// server answers every address alike.
type server struct {
	document verifier.Document
	err      error
	asked    int
}

func (s *server) Fetch(context.Context, string, int) (verifier.Document, error) {
	s.asked++
	return s.document, s.err
}

// TestAfter: who can be asked is asked first, and what they say stands; the pack speaks where they cannot be reached.
func TestAfter(t *testing.T) {
	s := newSigner(t, 1)
	all := documents()
	all["https://badges.example/i/1"] = Document{Text: `{"id":"` + s.did + `","name":"Cedar County"}`, ReadAt: made}
	p, err := Open(s.pack(t, all), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "Cedar County" {
		t.Errorf("the signer is called %q", p.Name)
	}
	live := verifier.Document{Bytes: []byte("live"), URL: address, ReadAt: made, Origin: verifier.Installation}
	reached := &server{document: live}
	found, err := p.After(reached).Fetch(t.Context(), address, 100)
	if err != nil || string(found.Bytes) != "live" || found.Origin != verifier.Installation || len(found.Others) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if copied := found.Others[0]; string(copied.Bytes) != `{"list":"<ä>"}` || copied.Origin != verifier.Packed || copied.Signer != s.did || copied.Key != p.Key {
		t.Errorf("%+v", copied)
	}
	both, err := p.After(p.After(reached)).Fetch(t.Context(), address, 100)
	if err != nil || len(both.Others) != 2 {
		t.Errorf("%+v, %v", both, err)
	}
	if found, err := p.After(reached).Fetch(t.Context(), address+"1", 100); err != nil || len(found.Others) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
	for cause, standsIn := range map[string]bool{
		verifier.CauseOffline: true, verifier.CausePage: true, verifier.CauseBlocked: true, verifier.CauseTimeout: true, verifier.CauseName: true,
		verifier.CauseCertificate: true, verifier.CauseConnection: true, verifier.CauseTooMany: true, "500": true, "503": true, "429": true,
		"403": false, verifier.CauseNotFound: false, verifier.CauseGone: false, verifier.CauseRedirects: false, verifier.CauseElsewhere: false,
		verifier.CauseTooLarge: false, verifier.CauseForm: false, verifier.CauseOther: false,
	} {
		failure := &verifier.FetchError{Kind: verifier.ErrUnavailable, Cause: cause}
		if number, err := strconv.Atoi(cause); err == nil {
			failure.Cause, failure.Status = verifier.CauseStatus, number
		}
		found, err := p.After(&server{err: failure}).Fetch(t.Context(), address, 100)
		if standsIn != (err == nil && found.Origin == verifier.Packed) || !standsIn && !errors.Is(err, failure) {
			t.Errorf("%s: %+v, %v", cause, found, err)
		}
	}
	unknown := &verifier.FetchError{Kind: verifier.ErrUnavailable, Cause: verifier.CauseName}
	if _, err := p.After(&server{err: unknown}).Fetch(t.Context(), address+"1", 100); !errors.Is(err, unknown) {
		t.Errorf("beside the pack: %v", err)
	}
}
