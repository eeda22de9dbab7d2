package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

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
		if isFault(ahead[0].Report) {
			return errFault
		}
		if told, unread := notRead(ahead[0].Report); unread && brought.link {
			return told
		}
		return s.answerOne(c, ahead[0])
	}
	if !isLarge(r) {
		leave, err := s.uploads.many.take(ctx, visitorOf(c))
		if err != nil {
			return err
		}
		before := release
		release = func() { leave(); before() }
	}
	all := rows{expected: max(len(brought.sources), len(ahead)), each: func(yield func(batch.Row, error) bool) {
		for _, row := range ahead {
			if !yield(row, nil) {
				return
			}
		}
		for row, err, more := next(); more; row, err, more = next() {
			if !yield(row, err) {
				return
			}
		}
		release() // what is written now takes no work
	}}
	if wantsPage(c) {
		return s.tablePage(c, languageOf(c), all)
	}
	return s.tableJSON(c, all)
}

// rows are the rows of one request, as they come.
type rows struct {
	expected int // how many there are at least
	each     iter.Seq2[batch.Row, error]
}

// answerOne shows a single report.
func (s *server) answerOne(c echo.Context, row batch.Row) error {
	if wantsPage(c) {
		return s.reportPage(c, languageOf(c), row)
	}
	body, err := reportJSON(row.Report)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, mediaJSON, body)
}

// tableJSON sends all reports as one array.
func (s *server) tableJSON(c echo.Context, all rows) error {
	var kept []batch.Row
	for row, err := range all.each {
		if err != nil {
			return fmt.Errorf("verifying: %w", err)
		}
		s.note(c, row)
		kept = append(kept, row)
	}
	var body bytes.Buffer
	if err := batch.JSON(&body, kept); err != nil {
		return fmt.Errorf("writing the reports: %w", err)
	}
	await(c, tailWait)
	return c.Blob(http.StatusOK, mediaJSON, body.Bytes())
}

// note makes time for the next row, lets go of what is not shown and large, and logs a fault of this program.
func (s *server) note(c echo.Context, row batch.Row) {
	await(c, rowWait)
	row.Report.Text = nil
	if isFault(row.Report) {
		s.Log.Error("a check ended in a fault", "request", requestID(c), "row", row.Number)
	}
}

// errFault is the answer to a request whose only check failed for a reason that lies here.
var errFault = errors.New("the check ended in a fault")

// isFault tells a report that says only that the program failed.
func isFault(report *verifier.Report) bool {
	return slices.ContainsFunc(report.Checks, func(c verifier.Check) bool {
		return c.Step == "form" && c.Code == "input_unavailable" && c.Facts[verifier.FactCase] == "fault"
	})
}

// reportJSON writes a report as the command line writes it.
func reportJSON(report *verifier.Report) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return nil, fmt.Errorf("writing a report: %w", err)
	}
	return out.Bytes(), nil
}

// notRead tells a report that says only that nothing could be read at the address that it was asked for. Whoever named just that
// address asked for something else than a report.
func notRead(report *verifier.Report) (failure, bool) {
	for _, check := range report.Checks {
		if check.Step != "form" || check.Outcome != verifier.NotKnown {
			continue
		}
		switch {
		case check.Code == "ssrf_blocked":
			return failure{status: http.StatusUnprocessableEntity, code: "ssrf_blocked"}, true
		case check.Code == "input_unavailable" && check.Facts[verifier.FactCause] == verifier.CauseTooLarge:
			return failure{status: http.StatusUnprocessableEntity, code: "too_large", key: "link_too_large"}, true
		case check.Code == "input_unavailable":
			return failure{status: http.StatusUnprocessableEntity, code: "link_unavailable", about: func(l wording.Language) string {
				f := l.Finding(report, check)
				return f.Text + " " + f.Advice
			}}, true
		}
	}
	return failure{}, false
}
