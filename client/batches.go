package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// List is a file with many awards.
type List struct {
	File          []byte // CSV or XLSX
	Name          string // what the batch is called, for people; "" is chosen by the server
	Achievement   string // id, of the rows that name none; "" where all name one
	Result        string // id of the result that grades are of; "" for none
	AmericanDates bool   // 3/4/2026 is the fourth of March
}

// query writes the list's parameters.
func (l List) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"name": l.Name, "achievement": l.Achievement, "result": l.Result} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if l.AmericanDates {
		query.Set("american_dates", "true")
	}
	return query
}

// media is that of the file: a workbook is an archive.
func (l List) media() string {
	if bytes.HasPrefix(l.File, []byte("PK\x03\x04")) {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv"
}

// States of a batch.
const (
	BatchPrepared = "prepared" // checked, and nothing is done before it is confirmed
	BatchOpen     = "open"     // being worked on
	BatchHeld     = "held"     // on hold until a person lets it go on or ends it
	BatchFinished = "finished" // nothing is left to be done
)

// Batch is work on many awards.
type Batch struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"` // award, reissue or revoke
	State    string    `json:"state"`
	Name     string    `json:"name"`
	Total    int       `json:"total"`
	Rejected int       `json:"rejected"` // rows that were found wrong before anything was done
	Done     int       `json:"done"`
	Failed   int       `json:"failed"`
	Progress int       `json:"progress"` // whole percent
	Created  time.Time `json:"created"`
	Undone   string    `json:"undone,omitempty"`  // id of the batch that revokes its awards
	Problem  string    `json:"problem,omitempty"` // why it is on hold, as a sentence; "" after a restore
}

// Err says what of a batch is not done, as an [*Undone]; nil when it is finished, and everything was done that was asked for.
func (b Batch) Err() error {
	if b.State == BatchFinished && b.Failed+b.Rejected == 0 {
		return nil
	}
	return &Undone{b}
}

// Undone is a batch that is not done, or not in all its rows.
type Undone struct{ Batch Batch }

// Held says that the batch waits for a person.
func (u *Undone) Held() bool { return u.Batch.State == BatchHeld }

// Partly says that the batch is finished, and that there are rows for which nothing was done, and will not be.
func (u *Undone) Partly() bool { return u.Batch.State == BatchFinished }

// Error says so.
func (u *Undone) Error() string {
	b := u.Batch
	switch {
	case u.Held() && b.Problem != "":
		return fmt.Sprintf("the batch is on hold, with %d of %d done: %s", b.Done+b.Failed, b.Total-b.Rejected, b.Problem)
	case u.Held():
		return fmt.Sprintf("the batch is on hold, with %d of %d done: a person has to let it go on or end it", b.Done+b.Failed, b.Total-b.Rejected)
	case u.Partly():
		return fmt.Sprintf("the batch is finished, and not all of it is done: rows %d, done %d, rejected %d, failed %d", b.Total, b.Done, b.Rejected, b.Failed)
	case b.State == BatchPrepared:
		return "the batch is not confirmed: nothing of it is done"
	}
	return fmt.Sprintf("the batch is not finished: %d of %d done", b.Done+b.Failed, b.Total-b.Rejected)
}

// Problem is what is wrong with one row.
type Problem struct {
	Row    int    `json:"row"` // of a list its line, as a table program counts
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Check is what a batch would be.
type Check struct {
	Total    int       `json:"total"`
	Rejected int       `json:"rejected"`
	Problems []Problem `json:"problems"` // the first hundred
	Dialect  string    `json:"dialect"`
	Unused   []string  `json:"unused"` // heads of columns that are not known
}

// CheckList says what would become of a list. Nothing is recorded.
func (c *Client) CheckList(ctx context.Context, l List) (found Check, err error) {
	query := l.query()
	query.Set("dry_run", "true")
	_, err = c.do(ctx, question{method: http.MethodPost, path: "/batches", query: query, body: l.File, media: l.media(), plain: true}, &found)
	return found, err
}

// PrepareList has a list checked and prepared. Nothing is awarded before [Client.Confirm].
func (c *Client) PrepareList(ctx context.Context, l List) (b Batch, err error) {
	_, err = c.do(ctx, question{method: http.MethodPost, path: "/batches", query: l.query(), body: l.File, media: l.media()}, &b)
	return b, err
}

// Confirm begins what a prepared batch says. With skipRejected nothing is done for the rows that are rejected; without it a batch that has
// some is refused.
func (c *Client) Confirm(ctx context.Context, id string, skipRejected bool) (b Batch, err error) {
	err = c.send(ctx, http.MethodPost, "/batches/"+url.PathEscape(id)+"/confirm", map[string]bool{"skipRejected": skipRejected}, &b)
	return b, err
}

// Discard takes a prepared batch away.
func (c *Client) Discard(ctx context.Context, id string) error {
	return c.send(ctx, http.MethodPost, "/batches/"+url.PathEscape(id)+"/discard", struct{}{}, nil)
}

// Release lets a batch go on that is on hold. After a restore it does a second time what it did in the hours that were lost.
func (c *Client) Release(ctx context.Context, id string) (b Batch, err error) {
	err = c.send(ctx, http.MethodPost, "/batches/"+url.PathEscape(id)+"/release", struct{}{}, &b)
	return b, err
}

// Batch says how a batch goes.
func (c *Client) Batch(ctx context.Context, id string) (b Batch, err error) {
	_, err = c.do(ctx, question{method: http.MethodGet, path: "/batches/" + url.PathEscape(id)}, &b)
	return b, err
}

// Problems lists what is wrong with the rows of a batch that were rejected, or that failed, at most so many.
func (c *Client) Problems(ctx context.Context, id string, most int) (all []Problem, err error) {
	for _, state := range []string{"rejected", "failed"} {
		type row struct {
			Problems []Problem `json:"problems"`
		}
		err := every(ctx, c, "/batches/"+url.PathEscape(id)+"/rows", url.Values{"state": {state}}, func(r row) error {
			if all = append(all, r.Problems...); len(all) >= most {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return all[:most], nil
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Rejected gives the rejected rows of a batch, to be corrected and given again: of a list as CSV; of awards that came as JSON as JSON, an
// object whose items hold each award.
func (c *Client) Rejected(ctx context.Context, id string) ([]byte, error) {
	_, text, err := c.ask(ctx, question{method: http.MethodGet, path: "/batches/" + url.PathEscape(id) + "/rejected"}, mostFile)
	return text, err
}

// Follow waits until a batch is finished, or on hold: [Batch.Err] says what is not done. It calls each with its progress in percent whenever it was asked for, twice a
// second.
func (c *Client) Follow(ctx context.Context, id string, each func(percent int)) (Batch, error) {
	for {
		b, err := c.Batch(ctx, id)
		if err != nil {
			return b, err
		}
		each(b.Progress)
		if b.State != BatchOpen {
			return b, nil
		}
		timer := time.NewTimer(followEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return b, ctx.Err()
		}
	}
}

const followEvery = 500 * time.Millisecond

// errEnough ends a list.
var errEnough = errors.New("enough")
