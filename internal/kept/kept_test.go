package kept

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

func TestKeep(t *testing.T) {
	k := New(3, 1000)
	drawn := 0
	get := func(name string, size int) {
		t.Helper()
		body, err := k.Get(t.Context(), Of("test", []byte(name)), func() ([]byte, error) { drawn++; return make([]byte, size), nil })
		if err != nil || len(body) != size {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
	}
	wants := func(what string, want int) {
		t.Helper()
		if drawn != want {
			t.Errorf("%s: drawn %d times, not %d", what, drawn, want)
		}
		if k.order.Len() != len(k.entries) || k.order.Len() > k.most || k.bytes > k.mostBytes || len(k.drawing) > 0 {
			t.Errorf("%s: %d and %d entries, %d bytes, %d at work", what, k.order.Len(), len(k.entries), k.bytes, len(k.drawing))
		}
	}
	for _, name := range []string{"a", "b", "c", "a"} {
		get(name, 100)
	}
	wants("three things, one of them twice", 3)
	get("d", 100) // b was asked for the longest ago
	get("a", 100)
	get("c", 100)
	wants("a fourth thing", 4)
	get("b", 100)
	wants("what was forgotten", 5)
	get("large", 251)
	get("large", 251)
	wants("what is too large to be kept", 7)
	if Of("x", []byte("ab"), []byte("c")) == Of("x", []byte("a"), []byte("bc")) || Of("x", nil) == Of("x") {
		t.Error("two things have one digest")
	}

	wrong := errors.New("no")
	for range 2 {
		if _, err := k.Get(t.Context(), Of("wrong"), func() ([]byte, error) { drawn++; return nil, wrong }); !errors.Is(err, wrong) {
			t.Error(err)
		}
	}
	wants("what fails", 9)
}

// TestKeepTogether: those who ask for one thing at the same time wait for one drawing, as long as somebody is there to draw it.
func TestKeepTogether(t *testing.T) {
	k := New(2048, 48<<20)
	var drawn atomic.Int32
	release := make(chan struct{})
	draw := func() ([]byte, error) { drawn.Add(1); <-release; return []byte("drawn"), nil }
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if body, err := k.Get(t.Context(), Of(fmt.Sprint(i%2)), draw); err != nil || string(body) != "drawn" {
				t.Errorf("%q, %v", body, err)
			}
		})
	}
	for drawn.Load() < 2 { // both places are taken
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := k.Get(gone, Of("0"), draw); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever waited and left: %v", err)
	}
	if _, err := k.Get(gone, Of("third"), draw); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever left before there was a place: %v", err)
	}
	all.Go(func() { // is not harmed by the one who left
		if body, err := k.Get(t.Context(), Of("third"), draw); err != nil || string(body) != "drawn" {
			t.Errorf("%q, %v", body, err)
		}
	})
	close(release)
	all.Wait()
	if n := drawn.Load(); n != 3 || len(k.drawing) != 0 || len(k.places) != 0 {
		t.Errorf("drawn %d times, %d at work, %d places", n, len(k.drawing), len(k.places))
	}

	func() { // a panic is not the end of it
		defer func() { _ = recover() }()
		_, _ = k.Get(t.Context(), Of("panic"), func() ([]byte, error) { panic("test") })
	}()
	if body, err := k.Get(t.Context(), Of("panic"), func() ([]byte, error) { return []byte("now"), nil }); err != nil || string(body) != "now" {
		t.Errorf("%q, %v", body, err)
	}
}

// TestForget: what was erased is not kept, nor what was being drawn of it meanwhile.
func TestForget(t *testing.T) {
	k := New(10, 1000)
	drawn := 0
	get := func(name string, during func()) {
		if _, err := k.Get(t.Context(), Of(name), func() ([]byte, error) { drawn++; during(); return []byte(name), nil }); err != nil {
			t.Error(err)
		}
	}
	get("before", func() {})
	get("meanwhile", k.Forget)
	if len(k.entries) != 0 || k.order.Len() != 0 || k.bytes != 0 {
		t.Errorf("%d entries, %d bytes", len(k.entries), k.bytes)
	}
	get("before", func() {})
	get("meanwhile", func() {})
	get("meanwhile", func() {})
	if drawn != 4 || len(k.entries) != 2 {
		t.Errorf("drawn %d times, %d entries", drawn, len(k.entries))
	}
}
