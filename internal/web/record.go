package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/record"
	"github.com/laurelbadges/laurel/verifier"
)

// recordPath is where a page sends the reports in it: to have them as a record to file, or as a page in another language.
const recordPath = "/verify/record"

// record answers POST /verify/record. The form has the sealed rows of a page in its field reports, and in its field as what is
// wanted of them: pdf, text or page, for one row alone with its number and a dot before.
func (s *server) record(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", cacheNever)
	h.Set("Vary", "Accept-Language")
	r := c.Request()
	release, err := s.uploads.room(r, visitorOf(c))
	if err != nil {
		return err
	}
	defer release()
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	leave, err := s.uploads.records.take(r.Context(), visitorOf(c))
	if err != nil {
		return err
	}
	defer leave()
	all, err := s.seal.open(r.PostForm.Get("reports"))
	if errors.Is(err, errUnsealed) {
		return failure{status: http.StatusUnprocessableEntity, code: "unsealed"}
	}
	if err != nil {
		return err
	}
	number, as, one := strings.Cut(r.PostForm.Get("as"), ".")
	if !one {
		number, as = "", number
	}
	chosen := all[:0:0]
	for _, row := range all {
		if !one || strconv.Itoa(row.Number) == number {
			chosen = append(chosen, row)
		}
	}
	if len(chosen) == 0 {
		return failure{status: http.StatusBadRequest, code: "bad_request"}
	}
	switch as {
	case "page":
		return s.again(c, chosen)
	case "pdf", "text":
		name, body, err := s.file(c, as, number, chosen)
		if err != nil {
			return err
		}
		leave() // what is sent now is small
		await(c, tailWait)
		c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		return c.Blob(http.StatusOK, recordMedia[as], body)
	}
	return failure{status: http.StatusBadRequest, code: "bad_request"}
}

// again shows the page that the reports came from, in the language of the request.
func (s *server) again(c echo.Context, all []batch.Row) error {
	if len(all) == 1 {
		await(c, tailWait)
		return s.reportPage(c, languageOf(c), all[0])
	}
	ended := make(chan struct{})
	close(ended)
	return s.tablePage(c, languageOf(c), rows{expected: len(all), ended: ended, each: func(yield func(batch.Row, error) bool) {
		for _, row := range all {
			if !yield(row, nil) {
				return
			}
		}
	}})
}

// recordMedia are the media types of the records.
var recordMedia = map[string]string{"text": "text/plain; charset=utf-8", "pdf": "application/pdf"}

// file writes the record of reports, with the name under which it is saved. number is that of one row of a table, "" for all there is.
func (s *server) file(c echo.Context, as, number string, all []batch.Row) (name string, body []byte, err error) {
	l := languageOf(c)
	reports := make([]*verifier.Report, len(all))
	for i, row := range all {
		reports[i] = row.Report
	}
	_, host, _ := strings.Cut(s.Base, "://")
	options := record.Options{Language: l, Made: s.Now(), By: host, Version: s.Version, Here: s.here(c.Request().Context())}
	name = l.Say("page.record.file", "date", reports[0].AsOf.UTC().Format("2006-01-02"))
	if number != "" {
		name += "-" + number
	}
	c.Response().Header().Set("Content-Language", string(l))
	if as == "text" {
		return name + ".txt", record.Text(reports, options), nil
	}
	body, err = record.PDF(reports, options)
	return name + ".pdf", body, err
}
