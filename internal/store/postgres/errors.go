package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

var (
	// errMoved says that a row was not there any more as it was read.
	errMoved = errors.New("a row has changed since it was read")
	// errConnect says that the server cannot be reached, or lets nobody in.
	errConnect = errors.New("connecting to the database")
	// errTogether says that nothing of a group was written, for a reason that may lie in one of its members alone.
	errTogether = errors.New("an update of the same group could not be written")
	errReadOnly = errors.New("a view cannot write")
	errEnded    = errors.New("the transaction has ended")
)

// verdict is what an error of the server or the connection means. The codes are those of appendix A of the PostgreSQL manual.
type verdict int

const (
	isOther     verdict = iota
	isConflict          // another transaction was in the way: run again
	isDuplicate         // the id exists already
	isLost              // the connection is gone
	isBusy              // the server takes no connections now, or has no memory left for more
	isFull              // no room
	isDamaged           // the server found its own files damaged
	isForbidden         // the role, or the server, may not do this
)

func judge(err error) verdict {
	var said *pgconn.PgError
	switch {
	case err == nil:
		return isOther
	case errors.Is(err, errMoved):
		return isConflict
	case errors.Is(err, errConnect):
		return isBusy
	case !errors.As(err, &said):
		return isLost
	}
	switch said.Code {
	case "40001", "40P01", "55P03": // serialization, deadlock, lock not available
		return isConflict
	case "23505":
		return isDuplicate
	case "53100":
		return isFull
	case "57P01", "57P02", "25P03", "57P05": // it ends, crashed, or had waited too long for this side
		return isLost
	case "57P03", "53200", "53300":
		return isBusy
	case "XX001", "XX002":
		return isDamaged
	case "42501", "25006":
		return isForbidden
	}
	if strings.HasPrefix(said.Code, "08") {
		return isLost
	}
	return isOther
}

// explain turns an error of the server or the connection into one that callers know. When ctx, the caller's, has ended, that is
// the error.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	switch judge(err) {
	case isConflict, isLost, isBusy:
		// The cause may be a deadline of this package, which callers must not take for theirs.
		return fmt.Errorf("%w: %v", issuer.ErrUnavailable, err)
	case isFull:
		return fmt.Errorf("%w: %w", issuer.ErrFull, err)
	case isDamaged:
		return fmt.Errorf("%w: %w", issuer.ErrDamaged, err)
	case isForbidden:
		return fmt.Errorf("%w: the database takes no changes from this user. Grant it to own the tables, or connect to the server that is not a standby: %w", store.ErrReadOnly, err)
	}
	return err
}
