package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

func TestCache(t *testing.T) {
	var asked atomic.Int32
	c, _ := reach(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if value := r.URL.Query().Get("control"); value != "" {
			w.Header().Set("Cache-Control", value)
		}
		if value := r.URL.Query().Get("age"); value != "" {
			w.Header().Set("Age", value)
		}
		fmt.Fprint(w, "{}")
	}))
	clock := time.Now()
	c.now = func() time.Time { return clock }
	for _, test := range []struct {
		name, control string
		keep          time.Duration // how long the document is handed out again
		age           string        // for which it has lain in caches on the way
	}{
		{"without a header", "", longestKept, ""},
		{"longer than ours", "public, max-age=86400", longestKept, ""},
		{"shorter than ours", "max-age=60", time.Minute, ""},
		{"not at all", "no-store", 0, ""},
		{"only after asking", "No-Cache", 0, ""},
		{"negative", "max-age=-1", 0, ""},
		{"unreadable", "max-age=soon", 0, ""},
		{"old already", "max-age=60", 20 * time.Second, "40"},
		{"old already, and good for long", "max-age=86400", longestKept, "40000"},
		{"too old", "max-age=60", 0, "61"},
		{"of an age that cannot be read", "max-age=60", 0, "old"},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := site + "/?control=" + escape(test.control) + "&age=" + test.age
			count := func() int32 {
				before := asked.Load()
				document, err := c.Fetch(t.Context(), address+"#key-0", 100)
				if err != nil || string(document.Bytes) != "{}" {
					t.Fatalf("%s, %v", document.Bytes, err)
				}
				document.Bytes[0] = 'x' // a caller's change stays with the caller
				return asked.Load() - before
			}
			if count() != 1 {
				t.Fatal("the first read came from the cache")
			}
			clock = clock.Add(test.keep - time.Second)
			if kept := count() == 0; kept != (test.keep > 0) {
				t.Errorf("kept before its time is over: %v", kept)
			}
			clock = clock.Add(time.Second)
			if test.keep > 0 && count() != 1 {
				t.Error("kept for too long")
			}
		})
	}
	if _, err := c.Fetch(t.Context(), site+"/kept", 100); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fetch(t.Context(), site+"/kept", 1); !errors.Is(err, verifier.ErrTooLarge) {
		t.Errorf("a kept document beyond the limit: %v", err)
	}
	off := New(Options{KeepFor: -1})
	off.cache.put("a", entry{}, clock, time.Hour)
	if _, _, ok := off.cache.get("a", 0, clock); ok {
		t.Error("a cache that is turned off keeps documents")
	}
}

func escape(text string) string {
	out := ""
	for i := range len(text) {
		out += fmt.Sprintf("%%%02x", text[i])
	}
	return out
}

func TestCacheIsBounded(t *testing.T) {
	c := New(Options{}).cache
	now := time.Now()
	for i := range 3 * 64 {
		c.put(fmt.Sprint(i%100), entry{document: verifier.Document{Bytes: make([]byte, 1<<20)}}, now, time.Hour)
		if c.size > cacheBytes || len(c.oldest) > cacheDocument || c.size != len(c.entries)<<20 {
			t.Fatalf("%d bytes of %d documents", c.size, len(c.entries))
		}
	}
	if _, _, ok := c.get("91", 1<<20, now); !ok {
		t.Error("the newest document is gone")
	}
	for i := range 2 * cacheDocument {
		c.put("small "+fmt.Sprint(i), entry{}, now, time.Hour)
	}
	if len(c.entries) > cacheDocument || len(c.oldest) > cacheDocument {
		t.Errorf("%d documents are kept", len(c.entries))
	}
}
