package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/wording"
)

// A table is sent as it grows: its head at once, then row after row, each with its report folded below it, then what only the
// whole of it tells. A browser shows what it has, so there is progress to see without a script.

// tableHead is what stands above the rows.
type tableHead struct {
	frame
	Expected int
}

// tableRow is a row and its report.
type tableRow struct {
	shown
	Number    int
	Name      string // of the file
	Title     string // of the badge
	Lang      string // of Title, where that is known and not the language of the page
	Recipient string
	Issuer    string
	Awarded   wording.Moment
	SameAs    int // the row that has the same badge, 0 for none
	Like      int // the row that has another badge for the same
}

// tableEnd is what stands below the rows.
type tableEnd struct {
	frame
	Total, Valid, Noted, Invalid, Unknown, Same int
	Expected                                    int
	Broken                                      bool   // it ended before its time
	Sealed                                      string // the reports, for the record to file; "" when they are too many for that
}

// tablePage shows rows as they come. Once it has begun, an error can only be told below the rows that there are.
func (s *server) tablePage(c echo.Context, l wording.Language, all rows) error {
	h := c.Response().Header()
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Language", string(l))
	h.Set("X-Accel-Buffering", "no") // a proxy must not gather the rows
	f := s.spoken(c, l.Say("page.table.heading"))
	f.Script, f.Sealing = "table.js", true
	if err := s.part(c, l, "table", tableHead{frame: f, Expected: all.expected}); err != nil {
		return err
	}
	here, end := s.here(c.Request().Context()), tableEnd{frame: f}
	var kept []batch.Row
	working := true
	for row, err := range all.each {
		if working {
			select {
			case <-all.ended: // nobody works for the visitor any more, who has so much time for all rows that are left
				working = false
				await(c, tailWait)
			default:
				await(c, rowWait)
			}
		}
		if err != nil {
			s.Log.Error("a table ended early", "request", requestID(c), "cause", causeOf(err))
			end.Broken = true
			break
		}
		shown := tableRowOf(l, row, here)
		end.add(shown)
		kept = append(kept, row)
		if err := s.part(c, l, "table-row", shown); err != nil {
			return err
		}
	}
	end.Expected = max(all.expected, end.Total)
	await(c, tailWait)
	if err := s.part(c, l, "table-counts", end); err != nil {
		return err
	}
	if err := downloads(c.Response(), l, kept, here); err != nil {
		return err
	}
	var err error
	if end.Sealed, err = s.seal.close(kept); err != nil {
		return err
	}
	return s.part(c, l, "table-end", end)
}

// causeOf is an error without what a visitor wrote.
func causeOf(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.Is(err, context.Canceled):
		return "the visitor has gone"
	}
	return err.Error()
}

// part writes a part of the table page to the visitor at once.
func (s *server) part(c echo.Context, l wording.Language, name string, data any) error {
	pages, err := s.pages[l]()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := pages["table"].ExecuteTemplate(&out, name, data); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	w := c.Response()
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("sending a table: %w: %w", context.Canceled, err) // nobody reads it any more
	}
	_ = http.NewResponseController(w.Writer).Flush() // that of Echo would panic; where that cannot be, the rows come together
	return nil
}

func tableRowOf(l wording.Language, row batch.Row, here *wording.Here) tableRow {
	v := tableRow{shown: shownOf(l, row.Report, here), Number: row.Number, SameAs: row.SameAs, Like: row.Like}
	v.Name = inCell(wording.First(row.Report.Input.Name, row.Report.Input.URL, v.Kind))
	v.Title, v.Lang = inCell(l.BadgeName(row.Report.Credential)), l.BadgeLanguage(row.Report.Credential)
	if b := v.Badge; b != nil {
		who := b.Recipient
		if who == "" && len(b.Identifiers) > 0 {
			who = b.Identifiers[0]
		}
		v.Issuer, v.Recipient = inCell(l.SignerLine(row.Report, here)), inCell(who)
		v.Awarded = l.SignedDate(row.Report.Credential.Awarded)
	}
	return v
}

// inCell shortens what a cell has no room for; the report has it whole.
func inCell(text string) string { return wording.Cut(text, 100) }

// add counts a row as its verdict is counted: what is good by the rules and not to be taken as it stands is counted apart.
func (t *tableEnd) add(row tableRow) {
	t.Total++
	switch row.Verdict.Counted() {
	case wording.ShapeYes:
		t.Valid++
	case wording.ShapeNote:
		t.Noted++
	case wording.ShapeNo:
		t.Invalid++
	default:
		t.Unknown++
	}
	if row.SameAs > 0 {
		t.Same++
	}
}

// downloads writes links that hold the whole table in the forms that other programs read: files that stand in the page itself, as
// nothing is kept here to be fetched later. They are written piece by piece, as the table may be long.
func downloads(out io.Writer, l wording.Language, all []batch.Row, here *wording.Here) error {
	if len(all) == 0 {
		return nil
	}
	name := l.Say("page.table.file_name", "date", all[0].Report.AsOf.UTC().Format("2006-01-02"))
	for _, form := range []struct {
		ending, label, media string
		write                func(io.Writer) error
	}{
		{"csv", "page.table.csv", "text/csv;charset=utf-8", func(out io.Writer) error { return batch.CSV(out, all, l, here) }},
		{"xlsx", "page.table.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", func(out io.Writer) error { return batch.XLSX(out, all, l, here) }},
		{"json", "page.table.json", mediaJSON, func(out io.Writer) error { return batch.JSON(out, all) }},
	} {
		_, begun := fmt.Fprintf(out, `<a class="button" download="%s" href="data:%s;base64,`, template.HTMLEscapeString(name+"."+form.ending), form.media)
		body := base64.NewEncoder(base64.StdEncoding, out)
		err := errors.Join(begun, form.write(body), body.Close())
		if err == nil {
			_, err = fmt.Fprintf(out, `">%s</a> `, template.HTMLEscapeString(l.Say(form.label)))
		}
		if err != nil {
			return fmt.Errorf("exporting a table: %w", err)
		}
	}
	return nil
}
