package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// verify answers POST /verify: the report as a page, or as JSON for those who accept that; a table, or an array, where the request
// led to several reports. A report is an answer, so its status is 200 whatever it says.
func (s *server) verify(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", cacheNever) // what somebody uploads is theirs
	c.Response().Header().Set("Vary", "Accept, Accept-Language")
	r := c.Request()
	release, err := s.uploads.room(r, visitorOf(c))
	if err != nil {
		return err
	}
	defer func() { release() }()
	patient(c)
	brought, err := s.input(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkMost)
	defer cancel()
	await(c, rowWait)
	if len(brought.sources) == 1 {
		if row, ok, err := s.Check.Single(ctx, brought.sources[0]); err != nil {
			return fmt.Errorf("verifying: %w", err)
		} else if ok {
			return s.answerOnly(c, row, brought.link)
		}
	}
	next, stop := iter.Pull2(s.Check.Run(ctx, brought.sources))
	defer stop()

	// Whether there is a report or a table to show is known when one input has given a second row.
	var ahead []batch.Row
	for len(brought.sources) == 1 && len(ahead) < 2 {
		row, err, more := next()
		if !more {
			break
		}
		if err != nil {
			return fmt.Errorf("verifying: %w", err)
		}
		ahead = append(ahead, row)
	}
	if len(ahead) == 1 {
		return s.answerOnly(c, ahead[0], brought.link)
	}
	if !isLarge(r) {
		leave, err := s.uploads.many.take(ctx, visitorOf(c))
		if err != nil {
			return err
		}
		before := release
		release = func() { leave(); before() }
	}
	judged := s.ahead(c, ahead, next, func(heavy bool) {
		if !heavy {
			release()
		}
	})
	defer judged.wait() // before stop
	defer cancel()
	all := rows{expected: max(len(brought.sources), len(ahead)), each: judged.each, ended: judged.ended}
	if wantsPage(c) {
		return s.tablePage(c, languageOf(c), all)
	}
	return s.tableJSON(c, all)
}

// rows are the rows of one request, as they come.
type rows struct {
	expected int // how many there are at least
	each     iter.Seq2[batch.Row, error]
	ended    <-chan struct{} // closed when nothing is worked at any more
}

// heavyRows is the length of the credentials behind a table, in bytes, from which on its place is held until the visitor has it all.
const heavyRows = 4 << 20

// judgedRow is a row, or what ended the rows early.
type judgedRow struct {
	row batch.Row
	err error
}

// judgedRows are rows that wait to be read. The work goes on however slowly a visitor reads, so that nobody holds up others who wait
// to have their files judged.
type judgedRows struct {
	waiting chan judgedRow // has room for all
	ended   chan struct{}
}

// ahead judges what is left of a request. When all is judged, over is told whether it takes much memory.
func (s *server) ahead(c echo.Context, known []batch.Row, next func() (batch.Row, error, bool), over func(heavy bool)) judgedRows {
	j := judgedRows{waiting: make(chan judgedRow, batch.MostRows+2), ended: make(chan struct{})}
	length := 0
	put := func(row batch.Row) {
		length += len(row.Report.Text)
		light(row.Report)
		if batch.IsFault(row.Report) {
			s.Log.Error("a check ended in a fault", "request", requestID(c), "row", row.Number)
		}
		j.waiting <- judgedRow{row: row}
	}
	go func() {
		defer close(j.ended)
		defer close(j.waiting)
		defer func() {
			if cause := recover(); cause != nil {
				s.Log.Error("panic", "request", requestID(c), "route", c.Path(), "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
				j.waiting <- judgedRow{err: errFault}
			}
		}()
		for _, row := range known {
			put(row)
		}
		for row, err, more := next(); more; row, err, more = next() {
			if err != nil {
				j.waiting <- judgedRow{err: err}
				return
			}
			put(row)
		}
		over(length > heavyRows)
	}()
	return j
}

// wait comes back when the work is over.
func (j judgedRows) wait() { <-j.ended }

// each gives the rows.
func (j judgedRows) each(yield func(batch.Row, error) bool) {
	for found := range j.waiting {
		if !yield(found.row, found.err) {
			return
		}
	}
}

// answerOnly shows the only report of a request, or tells why it says nothing. link says that the visitor named one address.
func (s *server) answerOnly(c echo.Context, row batch.Row, link bool) error {
	if batch.IsFault(row.Report) {
		return errFault
	}
	if told, unread := notRead(row.Report); unread && link {
		return told
	}
	return s.answerOne(c, row)
}

// answerOne shows a single report.
func (s *server) answerOne(c echo.Context, row batch.Row) error {
	if wantsPage(c) {
		return s.reportPage(c, languageOf(c), row)
	}
	scratch := scratches.Get().(*bytes.Buffer)
	defer release(scratch)
	body, err := writeReport(scratch, row.Report)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, mediaJSON, body)
}

// tableJSON sends all reports as one array.
func (s *server) tableJSON(c echo.Context, all rows) error {
	var kept []batch.Row
	for row, err := range all.each {
		await(c, rowWait)
		if err != nil {
			return fmt.Errorf("verifying: %w", err)
		}
		kept = append(kept, row)
	}
	await(c, tailWait)
	c.Response().Header().Set("Content-Type", mediaJSON)
	if err := batch.JSON(c.Response(), kept); err != nil {
		return fmt.Errorf("sending the reports: %w", err)
	}
	return nil
}

// errFault is the answer to a request whose only check failed for a reason that lies here.
var errFault = errors.New("the check ended in a fault")

// reportJSON is the text of appendReport, which is kept.
func reportJSON(report *verifier.Report) ([]byte, error) {
	scratch := scratches.Get().(*bytes.Buffer)
	defer release(scratch)
	text, err := writeReport(scratch, report)
	return bytes.Clone(text), err
}

// writeReport writes a report into a buffer, to which the text belongs.
func writeReport(scratch *bytes.Buffer, report *verifier.Report) ([]byte, error) {
	text, err := appendReport(scratch.AvailableBuffer(), report)
	if err != nil {
		return nil, fmt.Errorf("writing a report: %w", err)
	}
	scratch.Write(text) // in its place, or with the room that it needs
	return scratch.Bytes(), nil
}

// scratches are of *bytes.Buffer, for what is not kept.
var scratches = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// release gives a buffer back, but one that has become large.
func release(b *bytes.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		scratches.Put(b)
	}
}

// notRead tells a report that says only that nothing could be read at the address that it was asked for. Whoever named just that
// address asked for something else than a report.
func notRead(report *verifier.Report) (failure, bool) {
	check, unread := report.Unread()
	switch {
	case !unread:
		return failure{}, false
	case check.Code == "ssrf_blocked":
		return failure{status: http.StatusUnprocessableEntity, code: "ssrf_blocked"}, true
	case check.Facts[verifier.FactCause] == verifier.CauseTooLarge:
		return failure{status: http.StatusUnprocessableEntity, code: "too_large", key: "link_too_large"}, true
	case check.Code == credential.CodeInputUnavailable:
		return failure{status: http.StatusUnprocessableEntity, code: "link_unavailable", about: func(l wording.Language) string {
			f := l.Finding(report, check)
			return f.Text + " " + f.Advice
		}}, true
	}
	return failure{}, false
}

// light lets go of what no table shows and may be large: the text that was judged, and pictures that stand in it.
func light(report *verifier.Report) {
	report.Text = nil
	if v := report.Credential; v != nil {
		pictures := []*string{&v.Issuer.Image}
		for i := range v.Endorsements {
			pictures = append(pictures, &v.Endorsements[i].Image)
		}
		if v.Holder != nil {
			pictures = append(pictures, &v.Holder.Image)
		}
		if a := v.Achievement; a != nil {
			if pictures = append(pictures, &a.Image); a.Creator != nil {
				pictures = append(pictures, &a.Creator.Image)
			}
		}
		for _, picture := range pictures {
			if len(*picture) > len("data:") && strings.EqualFold((*picture)[:len("data:")], "data:") {
				*picture = ""
			}
		}
	}
	for _, inside := range report.Credentials {
		light(inside)
	}
}
