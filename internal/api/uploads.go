package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/intake"
	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	mediaCSV  = "text/csv"
	mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// checkResource is what a batch would be, were it prepared.
type checkResource struct {
	Total    int                 `json:"total"`
	Rejected int                 `json:"rejected"`
	Problems []issuer.RowProblem `json:"problems"` // the first hundred
	Dialect  string              `json:"dialect,omitempty"`
	Unused   []string            `json:"unused,omitempty"` // heads of columns that are not known
}

const mostTold = 100 // problems of a list that is only checked

// prepare checks many awards, and issues none of them: they wait to be confirmed. With dry_run it records nothing.
func (s *server) prepare(c echo.Context) error {
	r := c.Request()
	entry, err := s.lists.Enter(Token(c).Organisation, r.ContentLength)
	if err != nil {
		return err
	}
	defer entry.End()
	control := http.NewResponseController(c.Response())
	r.Body = intake.Receive(r.Body, r.ContentLength, control)
	body, err := whole(r)
	if err != nil {
		return err
	}
	// Whoever sends a list slowly has no place before it is there.
	if err := entry.Work(r.Context(), len(body)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), intake.WorkMost)
	defer cancel()
	defer func() { _ = control.SetWriteDeadline(time.Now().Add(intake.AnswerWait)) }()
	r = r.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.SetRequest(r)
	if isJSON(r.Header) {
		return s.prepareRows(c)
	}
	return s.prepareList(c)
}

// prepareRows prepares a batch of awards that are given as JSON.
func (s *server) prepareRows(c echo.Context) error {
	query, err := queryOf(c.Request(), map[string]func(string) bool{"dry_run": isBoolean})
	if err != nil {
		return err
	}
	var in issuer.PrepareInput
	var rows rowsGiven
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"name": f.text(&in.Name), "awards": list(f, (*[]rowGiven)(&rows), func(r *rowGiven) reader {
			return func(pointer string, value any) {
				hashed := true
				f.members(awardMembers(&r.award, &hashed)(f), "achievement", "recipient")(pointer, value)
				r.award.PlainRecipient, r.given = !hashed, value
			}
		})}
	}, "name", "awards")
	if err != nil {
		return err
	}
	in.Header, in.Columns, in.List = rowHeader, rowColumns, rows
	return s.prepareBatch(c, body, batchPlaces, query["dry_run"] == "true", func(context.Context, issuer.Workspace) (issuer.PrepareInput, checkResource, error) {
		return in, checkResource{}, nil
	})
}

// rowGiven is an award as it was given.
type rowGiven struct {
	award issuer.AwardInput
	given any
}

type rowsGiven []rowGiven

// Len implements [issuer.BatchRows].
func (r rowsGiven) Len() int { return len(r) }

// Row implements [issuer.BatchRows].
func (r rowsGiven) Row(i int) issuer.BatchRowInput {
	return issuer.BatchRowInput{Award: r[i].award, Cells: cellsOf(r[i].award, r[i].given)}
}

// rowHeader are the members of an award that rejected rows are told by, as heads of columns. They say whom a row is for; the last column
// has all of it. Batches of earlier releases lack that column.
var rowHeader = []string{"achievement", "recipient.email", "recipient.name", "awardedDate", "validUntil", "narrative", "award as JSON"}

// rowColumns are the columns that refusals are about, by their codes.
var rowColumns = map[string]int{"achievement": 0, "archived": 0, "email": 1, "duplicate": 1, "duplicate_row": 1, "name": 2, "awarded": 3, "dates": 4, "narrative": 5}

// cellsOf is an award under rowHeader. given is the same as it was given.
func cellsOf(in issuer.AwardInput, given any) []string {
	date := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.Format(time.RFC3339)
	}
	text, _ := encode(given) // it was read from JSON
	return []string{in.Achievement, in.Recipient, in.Name, date(in.AwardedDate), date(in.ValidUntil), in.Narrative, string(bytes.TrimSpace(text))}
}

// awardIn is the award in the cells of cellsOf; nil where they are erased. It is false for cells of a file that has the same header.
func awardIn(cells []string) (json.RawMessage, bool) {
	if len(cells) == 0 {
		return nil, true
	}
	award := json.RawMessage(cells[len(cells)-1])
	return award, len(cells) == len(rowHeader) && json.Valid(award)
}

// prepareList prepares a batch of the awards in a CSV or XLSX file.
func (s *server) prepareList(c echo.Context) error {
	var columns map[string]roster.Field
	query, err := queryOf(c.Request(), map[string]func(string) bool{"dry_run": isBoolean, "american_dates": isBoolean, "achievement": isID, "result": isID,
		"name": func(name string) bool { return name != "" }, "columns": func(text string) (ok bool) {
			columns, ok = columnsOf(text)
			return ok
		}})
	if err != nil {
		return err
	}
	body, _, err := raw(c.Request(), mediaCSV, mediaXLSX)
	if err != nil {
		return err
	}
	name := query["name"]
	if name == "" {
		name = "List of " + time.Now().UTC().Format(time.DateOnly)
	}
	places := places{codes: map[string]string{"batch_size": ""}}
	return s.prepareBatch(c, body, places, query["dry_run"] == "true", func(ctx context.Context, w issuer.Workspace) (issuer.PrepareInput, checkResource, error) {
		options, err := listOptions(ctx, w, query["achievement"], query["result"])
		if err != nil {
			return issuer.PrepareInput{}, checkResource{}, err
		}
		options.Columns, options.AmericanDates = columns, query["american_dates"] == "true"
		sheet, err := roster.Read(body, options)
		return issuer.PrepareInput{Name: name, List: &sheet, Header: sheet.Header, Columns: sheet.Columns},
			checkResource{Dialect: sheet.Dialect, Unused: sheet.Unused()}, err
	})
}

// columnsOf reads what columns mean, by their heads, as a JSON object.
func columnsOf(text string) (map[string]roster.Field, bool) {
	object, err := strict.Object([]byte(text), credential.JSONLimits())
	columns := map[string]roster.Field{}
	for head, field := range object {
		text, ok := field.(string)
		if !ok {
			return nil, false
		}
		columns[head] = roster.Field(text)
	}
	return columns, err == nil
}

// listOptions are those of a list of awards: of one achievement, where it is named, or of those that its rows name.
func listOptions(ctx context.Context, w issuer.Workspace, achievement, result string) (roster.Options, error) {
	options := roster.Options{Achievement: achievement, Result: result}
	if achievement == "" && result != "" {
		return options, wrongParameters(violation{Parameter: "result", Detail: "a result is one of an achievement, which has to be named too"})
	}
	var all []issuer.Achievement
	for after, more := "", true; more; more = after != "" {
		page, next, err := w.Achievements(ctx, issuer.AchievementPublished, after, largestPage)
		if err != nil {
			return options, err
		}
		all, after = append(all, page...), next
	}
	options.Achievements = roster.Called(all)
	for _, a := range all {
		if a.ID == achievement {
			options.Levels = roster.LevelsOf(a, result)
		}
	}
	return options, nil
}

// prepareBatch prepares what read gives, or checks it only.
func (s *server) prepareBatch(c echo.Context, body []byte, p places, dry bool, read func(context.Context, issuer.Workspace) (issuer.PrepareInput, checkResource, error)) error {
	ctx := c.Request().Context()
	if dry {
		space, token := s.workspace(c)
		in, check, err := read(ctx, space)
		if err != nil {
			return unreadableList(err)
		}
		b, rejected, err := space.CheckBatch(ctx, in, issuer.Write{Actor: actor(token)})
		if err != nil {
			return p.locate(err)
		}
		check.Total, check.Rejected, check.Problems = b.Total, b.Rejected, []issuer.RowProblem{}
		for _, row := range rejected {
			check.Problems = append(check.Problems, row.Problems...)
		}
		check.Problems = check.Problems[:min(len(check.Problems), mostTold)]
		text, err := encode(check)
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, mediaJSON, text)
	}
	return s.changeBatch(c, write{status: http.StatusCreated, body: body, query: true, places: p, do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		in, _, err := read(ctx, w)
		if err != nil {
			return nil, 0, unreadableList(err)
		}
		b, err := w.PrepareBatch(ctx, in, by)
		return b, 0, err
	}})
}

// unreadableList says of a list that cannot be read as a whole that it is the body that is wrong.
func unreadableList(err error) error {
	var refusal *issuer.Error
	if errors.As(err, &refusal) && strings.HasPrefix(refusal.Code, "file_") {
		return failure{status: http.StatusUnprocessableEntity, code: refusal.Code, detail: refusal.Detail, errors: []violation{at("", refusal.Detail)}}
	}
	return err
}
