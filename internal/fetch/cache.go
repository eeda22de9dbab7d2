package fetch

import (
	"bytes"
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
	cacheBytes    = 64 << 20
	cacheDocument = 4096 // documents
)

// cache keeps documents that were read, so that the server of an issuer sees that its list is read now and then, and not
// each time that one of its badges is shown.
type cache struct {
	keepFor time.Duration // not above longestKept; negative keeps nothing

	mu      sync.Mutex
	entries map[string]entry
	oldest  []string // keys of entries in the order in which they were put
	size    int      // bytes of all documents
}

type entry struct {
	document verifier.Document
	until    time.Time
}

// get returns a copy of the document that was read at address, while it may be kept.
func (c *cache) get(address string, now time.Time) (verifier.Document, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[address]
	if !ok || !now.Before(e.until) {
		return verifier.Document{}, false
	}
	document := e.document
	document.Bytes = bytes.Clone(document.Bytes)
	return document, true
}

// put keeps a copy of the document for keepFor and at most c.keepFor, and drops the oldest ones for it.
func (c *cache) put(address string, document verifier.Document, keepFor time.Duration) {
	keepFor = min(keepFor, c.keepFor)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(address)
	if keepFor <= 0 {
		return
	}
	document.Bytes = bytes.Clone(document.Bytes)
	for len(c.oldest) > 0 && (c.size+len(document.Bytes) > cacheBytes || len(c.oldest) >= cacheDocument) {
		c.drop(c.oldest[0])
	}
	c.entries[address] = entry{document, document.ReadAt.Add(keepFor)}
	c.oldest = append(c.oldest, address)
	c.size += len(document.Bytes)
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

// lifetime reads how long an answer may be kept from its Cache-Control (RFC 9111 section 5.2.2). Without one it is as long
// as the cache likes; a value that cannot be read is 0.
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
			keepFor = time.Duration(max(0, min(seconds, int(longestKept/time.Second)))) * time.Second
		}
	}
	return keepFor
}
