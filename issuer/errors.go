package issuer

import (
	"context"
	"errors"

	"github.com/laurelbadges/laurel/keys"
)

// ErrorKind is what an error means for the caller.
type ErrorKind string

const (
	KindInvalid     ErrorKind = "invalid"     // the request breaks a rule; sending it again will not help
	KindDenied      ErrorKind = "denied"      // the caller may not do this, or the installation must not
	KindMissing     ErrorKind = "missing"     // what it names does not exist
	KindConflict    ErrorKind = "conflict"    // the state of things does not allow it
	KindUnavailable ErrorKind = "unavailable" // it may work later
	KindFull        ErrorKind = "full"        // there is no room left to write; reading goes on
	KindInternal    ErrorKind = "internal"    // a fault on this side
)

// Error is every error of a Service but those of the context.
type Error struct {
	Kind   ErrorKind
	Code   string // stable name of the cause, such as already_revoked
	Detail string // one sentence for a person, without secrets or personal data
	Err    error  // the cause, for the log; may be nil
}

// Error returns the sentence and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Detail
	}
	return e.Detail + " (" + e.Err.Error() + ")"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func invalid(code, detail string) error {
	return &Error{Kind: KindInvalid, Code: code, Detail: detail}
}

func conflict(code, detail string) error {
	return &Error{Kind: KindConflict, Code: code, Detail: detail}
}

func missing(detail string) error {
	return &Error{Kind: KindMissing, Code: "not_found", Detail: detail, Err: ErrNotFound}
}

func internal(code, detail string, err error) error {
	return &Error{Kind: KindInternal, Code: code, Detail: detail, Err: err}
}

// unsigned says why nothing was signed. A key that lies in a device or a service may sign later.
func unsigned(detail string, err error) error {
	if errors.Is(err, keys.ErrUnavailable) {
		return &Error{Kind: KindUnavailable, Code: "key_unavailable", Detail: "The signing key cannot be used now, so nothing was signed. Please try again in a moment.", Err: err}
	}
	return internal(codeSigning, detail, err)
}

// stored turns what came out of a transaction into an error of this package.
func stored(err error) error {
	var known *Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, ErrNotFound):
		return &Error{Kind: KindMissing, Code: "not_found", Detail: "Nothing of this name exists here.", Err: err}
	case errors.Is(err, ErrCursor):
		return &Error{Kind: KindInvalid, Code: "cursor", Detail: "The cursor does not come from this list. Begin without one.", Err: err}
	case errors.Is(err, ErrConflict):
		return &Error{Kind: KindConflict, Code: "changed", Detail: "It was changed by somebody else in the meantime. Please look again.", Err: err}
	}
	switch {
	case errors.Is(err, ErrFull):
		return &Error{Kind: KindFull, Code: "store_full", Detail: "There is no room left to write, so nothing was changed. Reading and checking go on.", Err: err}
	case errors.Is(err, ErrDamaged):
		return &Error{Kind: KindUnavailable, Code: "record_damaged", Detail: "A record is not as it was written, so it is not given out. laurel doctor --deep finds what is damaged.", Err: err}
	case errors.Is(err, ErrUnavailable):
		return &Error{Kind: KindUnavailable, Code: "store_unavailable", Detail: "The database cannot be reached now. Please try again in a moment.", Err: err}
	}
	return &Error{Kind: KindUnavailable, Code: "store_failed", Detail: "The store could not be read or written.", Err: err}
}
