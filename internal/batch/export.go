package batch

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"

	"github.com/laurelbadges/laurel/internal/wording"
)

// CSV writes the rows for a table program: RFC 4180 in UTF-8 with a byte order mark, which Excel needs, and a line of heads. No cell
// is a formula to any such program. here is what the installation that answers knows of its issuers; nil where there is none.
func CSV(out io.Writer, rows []Row, l wording.Language, here *wording.Here) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	for _, line := range append([][]string{heads(l)}, table(rows, l, here)...) {
		for i, cell := range line {
			line[i] = harmless(cell)
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// formula are the characters that begin one, and those that programs take for them.
const formula = "=+-@\t\r\uff1d\uff0b\uff0d\uff20\u2212"

// harmless puts an apostrophe before what a table program would take for a formula: a sign at the beginning, also behind spaces
// and quotes, and behind a semicolon, at which programs of other countries part cells.
func harmless(cell string) string {
	if !strings.ContainsAny(cell, formula) {
		return cell
	}
	parts := strings.Split(cell, ";")
	for i, part := range parts {
		if strings.HasPrefix(part, "\t") || strings.HasPrefix(part, "\r") {
			parts[i] = "'" + part
			continue
		}
		bare := strings.TrimLeftFunc(part, func(r rune) bool {
			return unicode.IsSpace(r) || strings.ContainsRune("\"'`\u00b4\u2018\u2019\u201c\u201d\u00ab", r) || wording.Hidden(r)
		})
		if bare != "" && strings.ContainsRune(formula, []rune(bare)[0]) {
			parts[i] = "'" + part
		}
	}
	return strings.Join(parts, ";")
}

// mostCell is how many characters a cell of a workbook may have; Excel mends a file with longer ones.
const mostCell = 32767

// XLSX writes the rows as a workbook with one sheet: a head that stays in sight, with filters, and texts that are never formulas.
func XLSX(out io.Writer, rows []Row, l wording.Language, here *wording.Here) (err error) {
	file := excelize.NewFile()
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	sheet := l.Say("export.sheet")
	if err := file.SetSheetName("Sheet1", sheet); err != nil {
		return fmt.Errorf("naming the sheet: %w", err)
	}
	w, err := file.NewStreamWriter(sheet)
	if err != nil {
		return fmt.Errorf("beginning the sheet: %w", err)
	}
	for i, c := range columns {
		if err := w.SetColWidth(i+1, i+1, c.width); err != nil {
			return fmt.Errorf("setting widths: %w", err)
		}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("keeping the head in sight: %w", err)
	}
	for n, line := range append([][]string{heads(l)}, table(rows, l, here)...) {
		values := make([]any, len(line))
		for i, cell := range line {
			values[i] = workbookCell(cell, n > 0 && columns[i].number)
		}
		if err := w.SetRow("A"+strconv.Itoa(n+1), values); err != nil {
			return fmt.Errorf("writing row %d: %w", n, err)
		}
	}
	if len(rows) > 0 { // a table has at least one row under its head
		last, err := excelize.CoordinatesToCellName(len(columns), len(rows)+1)
		if err != nil {
			return err
		}
		if err := w.AddTable(&excelize.Table{Range: "A1:" + last, Name: "Checks", StyleName: "TableStyleLight1"}); err != nil {
			return fmt.Errorf("adding the filters: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("ending the sheet: %w", err)
	}
	return file.Write(out)
}

// workbookCell is a number, a text without the characters that XML 1.0 cannot hold (section 2.2), or nothing.
func workbookCell(cell string, number bool) any {
	if cell == "" {
		return nil
	}
	if n, err := strconv.Atoi(cell); number && err == nil {
		return n
	}
	kept := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0xfffe || r == 0xffff || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, cell)
	return wording.Cut(kept, mostCell-1)
}

// JSON writes the rows as an array.
func JSON(out io.Writer, rows []Row) error {
	before := "[\n  "
	for _, row := range rows { // one at a time: together they are many times the memory of the rows
		if _, err := io.WriteString(out, before); err != nil {
			return err
		}
		before = ",\n  "
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetIndent("  ", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(row); err != nil {
			return err
		}
		if _, err := out.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	end := "\n]\n"
	if len(rows) == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(out, end)
	return err
}
