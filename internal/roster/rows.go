package roster

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// reader reads rows.
type reader struct {
	sheet    *Sheet
	options  Options
	accepted map[string]string // folded text -> AwardInput.Achievement
	names    map[string]bool   // texts that name achievements; nil: they are known
}

func folded(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// row reads one row. What is wrong with it is told for every column.
func (r *reader) row(l line) issuer.BatchRowInput {
	row := issuer.BatchRowInput{Number: l.number, Cells: l.cells}
	for i, cell := range l.cells {
		row.Cells[i] = strings.ReplaceAll(strings.ToValidUTF8(cell, string(utf8.RuneError)), "\x00", string(utf8.RuneError))
	}
	tell := func(column int, value, code, detail string) {
		p := issuer.RowProblem{Row: l.number, Value: shown(value), Code: code, Detail: detail}
		if column >= 0 {
			p.Column = r.sheet.Header[column]
		}
		row.Problems = append(row.Problems, p)
	}
	heads := r.sheet.Header
	switch {
	case l.wrong != "":
		tell(-1, row.Cells[0], "cells", l.wrong)
		return row
	case len(l.cells) > len(heads):
		tell(-1, strings.Join(row.Cells[len(heads):], " "), "cells",
			fmt.Sprintf("The row has %d cells and the header %d columns. A cell that holds the delimiter has to stand in quotation marks.", l.total, len(heads)))
		return row
	}
	var first, last string
	evidence := map[string]*issuer.Evidence{} // by piece
	var pieces []*issuer.Evidence
	award := &row.Award
	award.Achievement, award.Access = r.options.Achievement, r.options.Access
	for column, f := range r.sheet.Fields {
		cell := ""
		if column < len(row.Cells) {
			cell = uncovered(strings.TrimSpace(row.Cells[column]))
		}
		if f == "" || f == Ignored || f == External || cell == "" && f != Recipient {
			continue
		}
		if code, detail := unreadable(cell, f); code != "" {
			tell(column, cell, code, detail)
			continue
		}
		switch f {
		case Recipient:
			if cell == "" {
				tell(column, cell, "email", "The e-mail address is missing.")
				continue
			}
			address, err := issuer.NewAddress(cell)
			award.Recipient = address
			if told := (*issuer.Error)(nil); errors.As(err, &told) {
				tell(column, cell, told.Code, told.Detail)
			}
		case FirstName:
			first = cell
		case LastName:
			last = cell
		case Name:
			award.Name = cell
		case Narrative:
			award.Narrative = cell
		case EvidenceAny, EvidenceURL, EvidenceName, EvidenceDescription, EvidenceNarrative:
			_, piece := fieldOf(heads[column])
			e := evidence[piece]
			if e == nil {
				e = &issuer.Evidence{}
				evidence[piece] = e
				pieces = append(pieces, e)
			}
			if detail := addEvidence(e, f, cell); detail != "" {
				tell(column, cell, "evidence", detail)
			}
		case Awarded, Expires:
			at, detail := r.date(cell)
			switch {
			case detail != "":
				tell(column, cell, "date", detail)
			case f == Awarded:
				award.AwardedDate = at
			case at.Equal(at.Truncate(24 * time.Hour)):
				award.ValidUntil = at.Add(24*time.Hour - time.Second) // the day that is named is the last
			default:
				award.ValidUntil = at
			}
		case Result:
			result := credential.Result{ResultDescription: r.options.Result, Value: cell}
			if level := r.options.Levels[folded(cell)]; level != "" {
				result.Value, result.AchievedLevel = "", level
			}
			award.Results = []credential.Result{result}
		case Language:
			tag, err := language.Parse(strings.ReplaceAll(cell, "_", "-"))
			if award.Language = tag.String(); err != nil {
				tell(column, cell, "language", "This is no language. Write it as en, es or es-MX.")
			}
		case License:
			award.LicenseNumber = cell
		case Achievement:
			if r.names != nil && !r.names[cell] && len(r.sheet.Names) < 100 {
				r.names[cell] = true
				r.sheet.Names = append(r.sheet.Names, cell)
			}
			id, known := r.accepted[folded(cell)]
			if award.Achievement = id; !known {
				tell(column, cell, "achievement", "The row names another achievement than the one that was chosen. Say which one it is, or take the row out.")
			}
		}
	}
	if award.Name == "" {
		award.Name = strings.TrimSpace(first + " " + last)
	}
	for _, e := range pieces {
		award.Evidence = append(award.Evidence, *e)
	}
	if l.twin > 0 {
		tell(r.sheet.Columns["email"], award.Recipient, "duplicate_row",
			fmt.Sprintf("Rows %d and %d are for the same person and achievement. Take one of them out.", l.twin, l.number))
	}
	return row
}

// unreadable says what is wrong with the text of a cell, whatever it means; code "" for nothing.
func unreadable(cell string, f Field) (code, detail string) {
	if strings.ContainsRune(cell, utf8.RuneError) {
		return "encoding", "The text holds characters that cannot be read. Save the file as CSV UTF-8, or as a workbook, and look at this row."
	}
	long := f == Narrative || f == EvidenceNarrative || f == EvidenceDescription || f == EvidenceAny
	for _, c := range cell {
		if wording.Hidden(c) && f != Recipient && !(long && strings.ContainsRune("\n\r\t", c)) {
			return "hidden", "The text holds a character that is not visible. Type it anew."
		}
	}
	if (f == Name || f == FirstName || f == LastName) && issuer.MixedLetters(cell) {
		return "name", "A name mixes letters of several alphabets, which can make it look like another one. Type it anew."
	}
	return "", ""
}

// addEvidence adds a cell to a piece of evidence; detail says what is wrong with it.
func addEvidence(e *issuer.Evidence, f Field, cell string) (detail string) {
	web := isWebAddress(cell)
	switch {
	case f == EvidenceURL && !web:
		return "The address of evidence has to begin with https:// or http://."
	case web && (f == EvidenceURL || f == EvidenceAny):
		if e.URL != "" && e.URL != cell {
			return "Two columns name an address of one piece of evidence. Take one of them out, or number the columns, such as Evidence URL 2."
		}
		e.URL = cell
	case f == EvidenceName:
		e.Name = cell
	case e.Narrative == "":
		e.Narrative = cell
	default: // both a description and a narrative
		e.Narrative += "\n\n" + cell
	}
	return ""
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}

// dateForms are how ISO 8601 writes an instant or a day, and Credly's way of writing an instant. What names no zone is UTC.
var dateForms = []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04"}

var americanForms = []string{"1/2/2006", "1/2/06", "1/2/2006 15:04", "1/2/06 15:04", "1/2/2006 3:04 PM", "1/2/06 3:04 PM"}

// date reads a date; detail says what is wrong with it.
func (r *reader) date(text string) (at time.Time, detail string) {
	forms := dateForms
	if r.options.AmericanDates || r.sheet.american() {
		forms = append(americanForms[:len(americanForms):len(americanForms)], dateForms...)
	}
	for _, form := range forms {
		if at, err := time.Parse(form, text); err == nil {
			if at = at.UTC(); at.Year() < 1900 || at.Year() > 9999 {
				break
			}
			return at, ""
		}
	}
	switch parts := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("/.- ", c) }); {
	case strings.ContainsAny(text, "/.") && len(parts) >= 3 && len(forms) == len(dateForms):
		return at, "This date can be read in two ways. Write it as 2026-03-04, year, month and day, or say that the file has American dates."
	case len(forms) > len(dateForms):
		return at, "This is no date. Write it as 3/4/2026, month, day and year, or as 2026-03-04."
	}
	return at, "This is no date. Write it as 2026-03-04, year, month and day."
}

// longest is how many characters of a cell are shown where it is called wrong.
const longest = 80

// shown is the text of a cell on one line, shortened, with a box for what is not visible or could not be read.
func shown(cell string) string {
	return wording.Cut(strings.Map(func(c rune) rune {
		if wording.Hidden(c) || c == utf8.RuneError {
			return '\u25a1'
		}
		return c
	}, strings.Join(strings.Fields(cell), " ")), longest)
}
