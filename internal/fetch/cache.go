package fetch

import (
	"bytes"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

const (
	longestKept   = 5 * time.Minute
	cacheBytes    = 16 << 20
	cacheDocument = 4096 // documents

	failureKept  = 30 * time.Second
	cacheFailure = 1024 // failures: apart from the documents, so that a flood of them drives none out
)

// cache keeps what was read, so that the server of an issuer sees that its list is read now and then, and not each time that one of
// its badges is shown; in another one, what could not be read.
type cache struct {
	keepFor time.Duration // the longest; negative keeps nothing
	most    int           // entries

	mu      sync.Mutex
	entries map[string]entry
	oldest  []string // keys of entries in the order in which they were put
	size    int      // bytes of all documents
}

type entry struct {
	document verifier.Document
	err      error // why it could not be read
	limit    int   // that it was read with
	until    time.Time
}

func newCache(keepFor time.Duration, most int) *cache {
	return &cache{keepFor: keepFor, most: most, entries: map[string]entry{}}
}

// get returns a copy of what was read at address, or why it could not be, while it may be kept.
func (c *cache) get(address string, limit int, now time.Time) (document verifier.Document, err error, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[address]
	switch {
	case !ok || !now.Before(e.until), errors.Is(e.err, verifier.ErrTooLarge) && limit > e.limit:
		return verifier.Document{}, nil, false
	case e.err != nil:
		return verifier.Document{}, e.err, true
	case len(e.document.Bytes) > limit:
		return verifier.Document{}, tooLarge(limit), true
	}
	document = e.document
	document.Bytes, document.Alternates = bytes.Clone(document.Bytes), slices.Clone(document.Alternates)
	return document, nil, true
}

// put keeps an entry from now on for keepFor and at most c.keepFor, and drops the oldest ones for it. Nobody changes the bytes of its
// document any more.
func (c *cache) put(address string, e entry, now time.Time, keepFor time.Duration) {
	keepFor = min(keepFor, c.keepFor)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(address)
	if keepFor <= 0 {
		return
	}
	for len(c.oldest) > 0 && !now.Before(c.entries[c.oldest[0]].until) {
		c.drop(c.oldest[0])
	}
	for len(c.oldest) > 0 && (c.size+len(e.document.Bytes) > cacheBytes || len(c.oldest) >= c.most) {
		c.drop(c.oldest[0])
	}
	e.until = now.Add(keepFor)
	c.entries[address] = e
	c.oldest = append(c.oldest, address)
	c.size += len(e.document.Bytes)
}

func (c *cache) drop(address string) {
	if e, ok := c.entries[address]; ok {
		c.size -= len(e.document.Bytes)
		delete(c.entries, address)
		if i := slices.Index(c.oldest, address); i >= 0 { // one place each, or an old place would drop a new document
			c.oldest = slices.Delete(c.oldest, i, i+1)
		}
	}
}

// lifetime reads how long an answer may be kept from its Cache-Control (RFC 9111 section 5.2.2), less the time that it has lain in
// caches on the way (section 4.2.3), so that a revocation shows in time behind them too. Without one it is as long as the cache likes;
// a value that cannot be read is 0.
func lifetime(header http.Header) time.Duration {
	keepFor := longestKept
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(header.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			seconds, err := strconv.Atoi(strings.Trim(value, `"`))
			if err != nil {
				return 0
			}
			age, err := age(header)
			if err != nil {
				return 0
			}
			keepFor = time.Duration(max(0, min(seconds-age, int(longestKept/time.Second)))) * time.Second
		}
	}
	return keepFor
}

// age is how many seconds an answer has lain in caches on the way; none where no cache says so.
func age(header http.Header) (int, error) {
	text := header.Get("Age")
	if text == "" {
		return 0, nil
	}
	seconds, err := strconv.Atoi(strings.TrimSpace(text))
	return max(0, min(seconds, math.MaxInt32)), err
}
