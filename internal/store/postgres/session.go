package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	beginView   = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	beginUpdate = "BEGIN ISOLATION LEVEL SERIALIZABLE"
)

// session is one transaction on a connection of its own. Both are taken with the first statement, in one round trip.
type session struct {
	pool   *pgxpool.Pool
	health *health
	begin  string
	wait   time.Duration // for the next thing that is heard of the server; 0: as health says
	conn   *pgxpool.Conn
	begun  bool
}

// statement is one statement of a pipeline.
type statement struct {
	sql  string
	args []any
	row  func(pgx.Rows) bool // takes each row, and says whether it wants more; nil when there are none
	want int64               // rows that it has to change, where there are no rows to read; -1: any number
}

// patience bounds one wait for the server, in which rows are written.
func (c *session) patience(ctx context.Context, rows int) *patience {
	return newPatience(ctx, cmp.Or(c.wait, c.health.wait())+time.Duration(rows)*rowWait)
}

// run sends the statements together and reads their answers. The error is the server's or the connection's, or errSilent. When the
// connection is dead before anything was read, which is how a restarted server shows, another is taken, once.
func (c *session) run(ctx context.Context, statements ...statement) error {
	rows := 0
	for _, s := range statements {
		rows += int(max(s.want, 0))
	}
	p := c.patience(ctx, rows)
	for again := false; ; again = true {
		if err := c.acquire(p); err != nil {
			return c.taken(p.end(err))
		}
		fresh, read := !c.begun, false
		err := c.try(p, statements, &read)
		if !fresh || again || read || judge(err) != isLost || p.Err() != nil {
			err = p.end(err)
			c.health.heard(err)
			return err
		}
		c.end()
		c.pool.Reset()
	}
}

// connect takes a connection, which is made when none is idle.
func (c *session) connect(ctx context.Context) error {
	p := c.patience(ctx, 0)
	return c.taken(p.end(c.acquire(p)))
}

// exec runs one statement on the connection that was taken.
func (c *session) exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	p := c.patience(ctx, 0)
	tag, err := c.conn.Exec(p, sql, args...)
	err = p.end(err)
	c.health.heard(err)
	return tag, err
}

func (c *session) acquire(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := c.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errConnect, plain(err))
	}
	c.conn = conn
	return nil
}

// taken looks at how acquire ended. That all connections are in use for long says nothing of the server.
func (c *session) taken(err error) error {
	if errors.Is(err, errSilent) {
		if use := c.pool.Stat(); use.AcquiredConns() >= use.MaxConns() {
			return fmt.Errorf("%w: all connections are in use", errSilent)
		}
		c.health.heard(err)
	}
	return err
}

func (c *session) try(ctx *patience, statements []statement, read *bool) (err error) {
	batch := &pgx.Batch{}
	begin := !c.begun
	if begin {
		batch.Queue(c.begin)
	}
	for _, s := range statements {
		batch.Queue(s.sql, s.args...)
	}
	c.begun = true
	results := c.conn.SendBatch(ctx, batch)
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	if begin {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	for _, s := range statements {
		if s.row == nil {
			tag, err := results.Exec()
			if err != nil {
				return err
			}
			if s.want >= 0 && tag.RowsAffected() != s.want {
				return fmt.Errorf("%w: %d rows of %d", errMoved, tag.RowsAffected(), s.want)
			}
			continue
		}
		rows, err := results.Query()
		if err != nil {
			return err
		}
		for rows.Next() {
			*read = true
			ctx.pause()
			more := s.row(rows)
			ctx.renew()
			if !more {
				break
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}

// end gives up what was not committed and gives the connection back. A dead one is thrown away.
func (c *session) end() {
	if c.conn == nil {
		return
	}
	if c.begun && !c.conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), endWait)
		_, _ = c.conn.Exec(ctx, "ROLLBACK") // the pool closes a connection whose transaction has not ended, or that does not answer
		cancel()
	}
	c.conn.Release()
	c.conn, c.begun = nil, false
}

// discard closes the connection.
func (c *session) discard() {
	ctx, cancel := context.WithTimeout(context.Background(), endWait)
	defer cancel()
	_ = c.conn.Hijack().Close(ctx) // nothing is left to be lost
}
