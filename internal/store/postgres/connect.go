package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	connectWait = 5 * time.Second // for one connection
	startWait   = 4 * time.Second // for a server that is just starting
	idleWait    = "60s"           // after which the server ends a transaction whose client says nothing
	pollWait    = 50 * time.Millisecond
)

// parse reads the address. What the reader of addresses says of a wrong one is not passed on: it may quote the password.
func parse(address string) (*pgxpool.Config, error) {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, errors.New("the address does not begin with postgres:// or postgresql://")
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		if _, wrong := url.Parse(address); wrong != nil {
			return nil, errors.New("the address cannot be read: write postgres://USER@HOST:PORT/DATABASE, with %-escapes for signs such as @ and /")
		}
		return nil, errors.New("a setting in the address, in a PG… variable or in the files that these name is not as PostgreSQL takes it (sslmode, sslrootcert, port and the like)")
	}
	config.ConnConfig.ConnectTimeout = connectWait
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "laurel"
	}
	return config, nil
}

// place names the database for people.
func place(config *pgx.ConnConfig) string {
	return config.Database + " at " + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
}

// forAll are settings of every session.
var forAll = [...]string{
	// Small tables would be read whole, and serializable transactions then be in each other's way everywhere.
	`SET enable_seqscan = off`,
}

// forUpdates are settings of the sessions that write.
var forUpdates = [...]string{
	// What is acknowledged is on disk, whatever the database was told for others. A stronger setting stays.
	`SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
	// After this the server ends the transaction of a client that says nothing, for example one whose machine is gone.
	`SET idle_in_transaction_session_timeout = '60s'`,
	// Planning a write costs more than writing.
	`SET plan_cache_mode = force_generic_plan`,
}

// pool makes a pool of at most size connections. It connects when it has to.
func pool(ctx context.Context, shape *pgxpool.Config, size int32, settings ...string) (*pgxpool.Pool, error) {
	config := shape.Copy()
	config.MaxConns, config.MinConns, config.MinIdleConns = size, 0, 0
	config.PingTimeout = pingWait
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		ctx, cancel := context.WithTimeout(ctx, connectWait) // nobody waits for a connection that takes longer
		defer cancel()
		for _, setting := range slices.Concat(forAll[:], settings) {
			// An engine that does not know a setting goes without it.
			_, err := conn.Exec(ctx, setting)
			if said := (*pgconn.PgError)(nil); err != nil && (!errors.As(err, &said) || judge(err) != isOther) {
				return err
			}
		}
		return nil
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// dial connects, and waits a few seconds for a server that is just starting.
func dial(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	for until := time.Now().Add(startWait); ; {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !starting(err) || time.Now().After(until) {
			return nil, refusal(config, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollWait):
		}
	}
}

func starting(err error) bool {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code == "57P03"
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
}

// plain says in one line why no connection came about, each cause once: the driver writes one for every way that it has tried, over
// several lines. What the server said itself goes first.
func plain(err error) error {
	if said := (*pgconn.PgError)(nil); errors.As(err, &said) {
		return said
	}
	var causes []string
	for _, cause := range roots(err) {
		text := strings.Join(strings.Fields(cause.Error()), " ")
		if errors.Is(cause, context.DeadlineExceeded) {
			text = "no answer in time"
		}
		if !slices.Contains(causes, text) {
			causes = append(causes, text)
		}
	}
	return errors.New(strings.Join(causes, "; "))
}

// roots are the errors at the bottom of err, but for those of the network, which name the address.
func roots(err error) []error {
	if _, network := err.(*net.OpError); network { //nolint:errorlint // what wraps it names the address again
		return []error{err}
	}
	switch e := err.(type) { //nolint:errorlint // each step is looked at
	case interface{ Unwrap() []error }:
		var all []error
		for _, err := range e.Unwrap() {
			all = append(all, roots(err)...)
		}
		return all
	case interface{ Unwrap() error }:
		if below := e.Unwrap(); below != nil {
			return roots(below)
		}
	}
	return []error{err}
}

// refusal says what to do when no connection can be made.
func refusal(config *pgx.ConnConfig, err error) error {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return fmt.Errorf("%w: no PostgreSQL answers there; start it, or correct the address: %w", issuer.ErrUnavailable, plain(err))
	}
	switch said.Code {
	case "28000", "28P01":
		return fmt.Errorf("the server does not let the user %s in; give the right password in a file that PGPASSFILE names, or allow the user in pg_hba.conf: %w", config.User, said)
	case "3D000":
		return fmt.Errorf("there is no such database; make it with createdb: %w", said)
	case "57P03":
		return fmt.Errorf("%w: the server does not finish starting; look into its log: %w", issuer.ErrUnavailable, said)
	case "53300":
		return fmt.Errorf("%w: the server has no connection left; raise max_connections: %w", issuer.ErrUnavailable, said)
	}
	return said
}
