package roster

import (
	"bufio"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// Heads of the columns that a file of rejected rows has beside those of the file that was given, as [plainHead] writes them.
const (
	headRow     = "laurelrow"
	headProblem = "laurelproblem"
)

// WriteRejected writes rejected rows as CSV: the columns of the file that they come from, the number of their row there and what is wrong
// with them. It is UTF-8 with a byte order mark, every cell in quotation marks, and no cell is a formula to a table program. Once it is
// corrected it can be given to [Read] as it is.
func WriteRejected(w io.Writer, header []string, rows iter.Seq2[issuer.RejectedRow, error]) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString("\ufeff") // an error is told by Flush
	writeLine(out, append(append([]string(nil), header...), "Laurel row", "Laurel problem"))
	for row, err := range rows {
		if err != nil {
			return err
		}
		cells := make([]string, len(header), len(header)+2)
		copy(cells, row.Cells)
		var problems []string
		for _, p := range row.Problems {
			if p.Column != "" {
				problems = append(problems, p.Column+": "+p.Detail)
			} else {
				problems = append(problems, p.Detail)
			}
		}
		writeLine(out, append(cells, strconv.Itoa(row.Row), strings.Join(problems, " ")))
	}
	return out.Flush()
}

// writeLine writes a line of CSV (RFC 4180). In quotation marks a cell is one also to programs that part cells at semicolons.
func writeLine(out *bufio.Writer, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.WriteString(`"` + strings.ReplaceAll(covered(cell), `"`, `""`) + `"`)
	}
	_, _ = out.WriteString("\r\n")
}

// formula are the characters that begin one, and those that programs take for them.
const formula = "=+-@\t\r\uff1d\uff0b\uff0d\uff20\u2212"

// covered puts an apostrophe before what a table program would take for a formula: a sign at the beginning, also behind spaces and
// quotation marks.
func covered(cell string) string {
	bare := strings.TrimLeftFunc(cell, func(c rune) bool {
		return c != '\t' && c != '\r' && (unicode.IsSpace(c) || strings.ContainsRune("\"'`", c) || wording.Hidden(c))
	})
	if bare != "" && strings.ContainsRune(formula, []rune(bare)[0]) {
		return "'" + cell
	}
	return cell
}

// uncovered takes away the apostrophe that covered puts before a cell.
func uncovered(cell string) string {
	if rest, cut := strings.CutPrefix(cell, "'"); cut && rest != "" && covered(rest) != rest {
		return rest
	}
	return cell
}
