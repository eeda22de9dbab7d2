package verifier

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fetcher reads a public document. A nil Fetcher in [Options] is the same as being offline.
type Fetcher interface {
	// Fetch reads the document at url, an https URL, or one without TLS as installations on this machine have it. It gives up
	// beyond limit bytes. Its errors wrap [ErrBlocked], [ErrTooLarge] or [ErrUnavailable]; a [FetchError] says more.
	Fetch(ctx context.Context, url string, limit int) (Document, error)
}

// Document is what a [Fetcher] read.
type Document struct {
	Bytes  []byte
	URL    string    // the address that answered, after redirects
	ReadAt time.Time // when it was read from its origin; older than now when it came from a cache
	Origin Origin
	// Signer and Key are, for a document of a pack, the DID of whoever signed the pack and the thumbprint of the key (RFC 7638).
	Signer, Key string
	// Others are copies of the same document that were read elsewhere. Only of a status list do they count, and only against a
	// credential: what one of them says is revoked is revoked, and what the copy that was signed last says is suspended is suspended.
	Others []Document
	// Alternates are https addresses that the answer itself, in its Link header, names for the same thing in a form that
	// credentials come in (RFC 8288), the best first.
	Alternates []string
}

// Origin says where a document came from; the report repeats it.
type Origin string

const (
	Network      Origin = "from the network"
	Installation Origin = "from this installation"
	Given        Origin = "from a file you gave"
	Packed       Origin = "from an offline pack"
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

// FetchError is an error of a [Fetcher] that says why.
type FetchError struct {
	Kind   error  // ErrBlocked, ErrTooLarge, ErrUnavailable or ErrGone
	Cause  string // see [Cause]
	Status int    // of the answer (RFC 9110 section 15), where that is the cause
	Detail string // the end of a sentence
}

// Error is the kind and the detail.
func (e *FetchError) Error() string { return e.Kind.Error() + ": " + e.Detail }

// Unwrap gives the kind.
func (e *FetchError) Unwrap() error { return e.Kind }

// codeBlocked is the code of an address that is never called.
const codeBlocked = "ssrf_blocked"

// Causes of something that could not be read, as in the fact "cause".
const (
	CauseOffline     = "offline"     // nobody is called
	CauseBlocked     = "blocked"     // not a public https address
	CauseUnencrypted = "unencrypted" // an address without TLS: nobody could say who answered
	CauseNotFound    = "not_found"   // the server has nothing there (status 404)
	CauseGone        = "gone"        // the server says that it has been withdrawn for good (status 410)
	CauseStatus      = "status"      // the server answered with another status; the fact "name" is its number
	CauseTimeout     = "timeout"     // the server did not answer in time
	CauseName        = "name"        // the name of the server could not be resolved
	CauseCertificate = "certificate" // the certificate of the server is not trusted
	CauseConnection  = "connection"  // the connection to the server failed
	CauseRedirects   = "redirects"   // the address leads on too many times
	CauseElsewhere   = "elsewhere"   // the address leads to another host, which does not speak for this one or is none that is called
	CauseTooLarge    = "too_large"   // what stands there is larger than is read
	CauseTooMany     = "too_many"    // too many other documents had to be read first
	CauseForm        = "form"        // what stands there is not what was looked for, or cannot be read
	CauseFile        = "file"        // the file that was given for it cannot be read
	CausePage        = "page"        // a page that checks in the browser reads from its own server only
	CauseMethod      = "method"      // a kind of DID that is not published on the web
	CauseOther       = "other"       // the Fetcher did not say
)

// Cause is why something could not be read, one of the Cause constants; "" for nil.
func Cause(err error) string {
	var fetched *FetchError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &fetched) && fetched.Cause != "":
		return fetched.Cause
	case errors.Is(err, ErrBlocked):
		return CauseBlocked
	case errors.Is(err, ErrTooLarge):
		return CauseTooLarge
	case errors.Is(err, ErrGone):
		return CauseGone
	}
	return CauseOther
}

// Errors of this package's own, for what was not even asked for or not believed.
var (
	errOffline   = &FetchError{Kind: ErrUnavailable, Cause: CauseOffline, Detail: "nobody is called"}
	errReadMost  = &FetchError{Kind: ErrUnavailable, Cause: CauseTooMany, Detail: "too much had to be read first"}
	errOtherHost = &FetchError{Kind: ErrUnavailable, Cause: CauseElsewhere, Detail: "its address leads to another host"}
	errOtherForm = &FetchError{Kind: ErrUnavailable, Cause: CauseForm, Detail: "what stands there cannot be read as what was looked for"}
)

// notCalled is what a sentence says of an address that Laurel never calls, or that leads on to one.
func notCalled(err error) string {
	if Cause(err) == CauseBlocked {
		return "is not a public https address, so it was not called"
	}
	return "leads on to one that is not a public https address, so that was not called"
}

// Fact is the value of [FactOrigin] for an origin.
func (o Origin) Fact() string {
	switch o {
	case Network:
		return "network"
	case Installation:
		return "installation"
	case Given:
		return "file"
	case Packed:
		return "pack"
	}
	return ""
}

// factsOfSource are the facts of a finding that rests on a document which was read.
func factsOfSource(d Document) Facts { return Facts(nil).andSource(d) }

// andSource adds the facts of factsOfSource and others, names and values in turn.
func (f Facts) andSource(d Document, others ...string) Facts {
	return f.and(append([]string{FactAddress, d.URL, FactOrigin, d.Origin.Fact(), FactPackSigner, d.Signer, FactPackKey, d.Key}, others...)...)
}

// factsOfUnread are the facts of a finding that something could not be read at address.
func factsOfUnread(address string, err error) Facts {
	cause := Cause(err)
	if cause == CauseBlocked && strings.HasPrefix(address, "http://") {
		cause = CauseUnencrypted
	}
	f := Facts(nil).and(FactAddress, address, FactCause, cause)
	var fetched *FetchError
	if errors.As(err, &fetched) && fetched.Status != 0 {
		f = f.and(FactName, strconv.Itoa(fetched.Status))
	}
	return f
}
