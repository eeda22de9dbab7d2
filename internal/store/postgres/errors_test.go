package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/group"
	"github.com/laurelbadges/laurel/issuer"
)

// TestVerdicts: what callers are told of what the server says, and whether a group is run again before its commit.
func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		name  string
		err   error
		want  error
		again bool
	}{
		{"serialization", &pgconn.PgError{Code: "40001"}, issuer.ErrUnavailable, true},
		{"deadlock", &pgconn.PgError{Code: "40P01"}, issuer.ErrUnavailable, true},
		{"another has the lock", &pgconn.PgError{Code: "55P03"}, issuer.ErrUnavailable, true},
		{"disk full", &pgconn.PgError{Code: "53100"}, issuer.ErrFull, false},
		{"out of memory", &pgconn.PgError{Code: "53200"}, issuer.ErrUnavailable, true},
		{"too many connections", &pgconn.PgError{Code: "53300"}, issuer.ErrUnavailable, true},
		{"shutting down", &pgconn.PgError{Code: "57P01"}, issuer.ErrUnavailable, true},
		{"starting", &pgconn.PgError{Code: "57P03"}, issuer.ErrUnavailable, true},
		{"connection failure", &pgconn.PgError{Code: "08006"}, issuer.ErrUnavailable, true},
		{"connection cut off", io.ErrUnexpectedEOF, issuer.ErrUnavailable, true},
		{"own deadline", context.DeadlineExceeded, issuer.ErrUnavailable, true},
		{"silence", fmt.Errorf("%w (5s)", errSilent), issuer.ErrUnavailable, false},
		{"a damaged page", &pgconn.PgError{Code: "XX001"}, issuer.ErrDamaged, false},
		{"a standby", &pgconn.PgError{Code: "25006"}, store.ErrReadOnly, false},
		{"no such table", &pgconn.PgError{Code: "42P01"}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			said := explain(t.Context(), test.err)
			if test.want != nil && !errors.Is(said, test.want) || errors.Is(said, context.DeadlineExceeded) {
				t.Errorf("explained as %v", said)
			}
			b := &batch{ctx: t.Context(), store: &Store{}}
			if err := b.fail(test.err); errors.Is(err, group.ErrAgain) != test.again || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a batch fails with %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := explain(ctx, io.EOF); !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller left: %v", err)
	}
}
