package verifier

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Fetcher reads a public document. A nil Fetcher in [Options] is the same as being offline.
type Fetcher interface {
	// Fetch reads the document at url, an https URL. It gives up beyond limit bytes. Its errors wrap [ErrBlocked],
	// [ErrTooLarge] or [ErrUnavailable].
	Fetch(ctx context.Context, url string, limit int) (Document, error)
}

// Document is what a [Fetcher] read.
type Document struct {
	Bytes  []byte
	URL    string    // the address that answered, after redirects
	ReadAt time.Time // when it was read from its origin; older than now when it came from a cache
	Origin Origin
}

// Origin says where a document came from; the report repeats it.
type Origin string

const (
	Network      Origin = "from the network"
	Installation Origin = "from this installation"
	Given        Origin = "from a file you gave"
)

var (
	// ErrBlocked: the address is one that Laurel never calls (not https, not public).
	ErrBlocked = errors.New("the address is not a public https address")
	// ErrUnavailable: nothing could be read there, or the verifier is offline.
	ErrUnavailable = errors.New("the document could not be read")
	// ErrGone: the server says that what was there has been withdrawn for good (status 410 of RFC 9110 section 15.5.11). It is an
	// ErrUnavailable too.
	ErrGone = fmt.Errorf("%w: it has been withdrawn", ErrUnavailable)
	// ErrTooLarge: the answer is longer than the limit.
	ErrTooLarge = errors.New("the document is too large")
)
