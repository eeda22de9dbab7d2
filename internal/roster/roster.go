// Package roster reads lists of awards as people keep them: CSV and XLSX files that were written by hand or exported by other platforms.
// Begin with [Read]. It decides nothing and issues nothing: a [Sheet] says what every row would award and what is wrong with it, in a
// form that [issuer.Workspace.PrepareBatch] takes.
package roster

import (
	"fmt"
	"iter"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

// Bounds of one file.
const (
	MaxBytes = 20 << 20 // of the file
	MaxRows  = 50_000   // below the header

	maxColumns = 200
)

// Options say how a file is to be read where it does not say so itself.
type Options struct {
	// Achievement is issuer.AwardInput.Achievement of rows that name none.
	Achievement string
	// Achievements are the texts by which the file names achievements, and which each of them is. A text that is neither here nor equal
	// to Achievement is a problem of its row. Case and the space around it do not matter.
	Achievements map[string]string
	// Columns are the meanings of columns, by their heads as the file writes them, where they are not known or are meant otherwise.
	Columns map[string]Field
	// AmericanDates reads dates such as 3/4/2026 as month, day, year. Files of Credly are read so in any case.
	AmericanDates bool
	// Result is the id of the ResultDescription that grades are of; "" for none.
	Result string
	// Access is issuer.AwardInput.Access of all rows.
	Access issuer.Access
	// Levels are, by their names in lower case, the ids of the levels of Result. A grade that is none of them is a value.
	Levels map[string]string
}

// Field is what a column holds.
type Field string

// All fields there are. A file can have several columns of evidence: those whose heads have the same number, or the same first word, are
// about one piece.
const (
	Recipient           Field = "recipient" // e-mail address; the one that a file must have
	FirstName           Field = "first-name"
	LastName            Field = "last-name"
	Name                Field = "name" // the whole name; it comes before first and last name
	Narrative           Field = "narrative"
	EvidenceURL         Field = "evidence-url"
	EvidenceName        Field = "evidence-name"
	EvidenceDescription Field = "evidence-description"
	EvidenceNarrative   Field = "evidence-narrative"
	EvidenceAny         Field = "evidence"    // an address or a text
	Awarded             Field = "awarded"     // date on which it was earned
	Expires             Field = "expires"     // last day on which it is in force
	Result              Field = "result"      // grade
	Language            Field = "language"    // BCP 47
	License             Field = "license"     // number
	Achievement         Field = "achievement" // id or name
	External            Field = "external-id" // of the person in another system; it is not awarded
	Ignored             Field = "ignored"
)

// Sheet is a file as it was read.
type Sheet struct {
	Dialect   string         // name of the platform whose columns they are; "" for none that is known
	Header    []string       // the first row as it stands there
	Fields    []Field        // by column, what it was read as; "": it is not known, and not used
	Columns   map[string]int // for issuer.PrepareInput
	Names     []string       // the different texts by which rows name achievements, at most 100
	Unclear   int            // dates that cannot be read
	Workbook  bool           // it is an XLSX file
	Delimiter rune           // of a CSV file

	lines []line // below the header, that are not empty
	rows  *reader
}

// Len implements [issuer.BatchRows]: rows that are not empty.
func (s *Sheet) Len() int { return len(s.lines) }

// Row implements [issuer.BatchRows]. What a row would award is made anew at each call: of a long list only the texts are kept.
func (s *Sheet) Row(i int) issuer.BatchRowInput { return s.rows.row(s.lines[i]) }

// Unused are the heads of the columns that are not known.
func (s *Sheet) Unused() (heads []string) {
	for i, f := range s.Fields {
		if f == "" && strings.TrimSpace(s.Header[i]) != "" {
			heads = append(heads, s.Header[i])
		}
	}
	return heads
}

// Problems are what is wrong with all rows, in their order.
func (s *Sheet) Problems() (all issuer.RowProblems) {
	for i := range s.lines {
		all = append(all, s.Row(i).Problems...)
	}
	return all
}

// Rejected are the rows that something is wrong with, for [WriteRejected].
func (s *Sheet) Rejected() iter.Seq2[issuer.RejectedRow, error] {
	return func(yield func(issuer.RejectedRow, error) bool) {
		for i := range s.lines {
			if row := s.Row(i); len(row.Problems) > 0 && !yield(issuer.RejectedRow{Row: row.Number, Cells: row.Cells, Problems: row.Problems}, nil) {
				return
			}
		}
	}
}

// Read reads a CSV or XLSX file. Rows that something is wrong with say so; an error, always an [issuer.Error] of kind invalid, says that
// the file cannot be read as a whole: its code is file_size, file_rows, file_kind, file_text, file_header or file_empty. With file_header
// the sheet has the first row, where that could be read, so that somebody can say what its columns are.
// Of a CSV file the delimiter (comma, semicolon, tab) and the encoding (UTF-8 or UTF-16, with or without a byte order mark) are found by
// looking; of a workbook the first sheet is read. Row numbers are those that a table program shows: the header is row 1.
func Read(data []byte, o Options) (Sheet, error) {
	if len(data) > MaxBytes {
		return Sheet{}, refused("file_size", fmt.Sprintf("The file has %d MB, and %d are allowed. Split it into several.", len(data)>>20, MaxBytes>>20))
	}
	s := Sheet{Workbook: isWorkbook(data)}
	var lines []line
	var err error
	if s.Workbook {
		lines, err = workbookLines(data, o)
	} else {
		lines, s.Delimiter, err = textLines(data)
	}
	if err != nil {
		return Sheet{}, err
	}
	if len(lines) == 0 {
		return Sheet{}, refused("file_empty", "The file is empty.")
	}
	if err := s.head(lines[0], o); err != nil {
		return Sheet{Header: s.Header, Fields: s.Fields, Workbook: s.Workbook, Delimiter: s.Delimiter}, err
	}
	if len(lines) == 1 {
		return Sheet{}, refused("file_empty", "The file has a header and no rows.")
	}
	r := &reader{sheet: &s, options: o, accepted: map[string]string{}, names: map[string]bool{}}
	for text, id := range o.Achievements {
		r.accepted[folded(text)] = id
	}
	if o.Achievement != "" {
		r.accepted[folded(o.Achievement)] = o.Achievement
	}
	s.lines, s.rows = lines[1:], r
	seen := make(map[string]int, len(s.lines)) // recipient and achievement -> row
	for i := range s.lines {
		l := &s.lines[i]
		row := r.row(*l)
		for _, p := range row.Problems {
			if p.Code == "date" {
				s.Unclear++
			}
		}
		if row.Award.Recipient == "" {
			continue
		}
		same := row.Award.Recipient + "\x00" + row.Award.Achievement
		if before, twice := seen[same]; twice {
			l.twin = before
		} else {
			seen[same] = l.number
		}
	}
	r.names = nil
	return s, nil
}

func refused(code, detail string) error {
	return &issuer.Error{Kind: issuer.KindInvalid, Code: code, Detail: detail}
}

func tooManyRows() error {
	return refused("file_rows", fmt.Sprintf("The file has more than %d rows. Split it into several.", MaxRows))
}
