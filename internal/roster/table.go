package roster

import "strings"

const (
	maxCells = 2_000_000 // of one file
	maxLine  = 256 << 10 // bytes of one row of a CSV file
	maxText  = 32 << 20  // bytes of all cells together: a workbook can name one text many times
	excess   = 8         // cells beyond the last column that are kept, to be shown
)

// table collects the rows of a file that are not empty. What is beyond the columns of the first of them is cut before it is kept.
type table struct {
	lines   []line
	columns int // of the first row
	cells   int // kept so far
	text    int // bytes of them
}

// line is one row of a table that is not empty.
type line struct {
	number int
	cells  []string // those beyond the header are not blank, and some of them may be missing
	total  int      // cells that there are
	wrong  string   // why it could not be parted into cells, as a sentence
	twin   int      // number of the row before for the same person and achievement; 0 for none
}

// add enters a row, unless it is empty. It copies the cells.
func (t *table) add(number int, cells []string, wrong string) error {
	if wrong == "" && blank(cells) {
		return nil
	}
	if len(t.lines) > MaxRows {
		return tooManyRows()
	}
	total := len(cells)
	switch {
	case len(t.lines) == 0:
		cells = trimmed(cells)
		t.columns, total = len(cells), len(cells)
	case total > t.columns && wrong == "" && blank(cells[t.columns:]):
		cells, total = cells[:t.columns], t.columns
	case total > t.columns:
		cells = cells[:min(total, t.columns+excess)]
	}
	for _, cell := range cells {
		t.text += len(cell)
	}
	if t.cells += len(cells); t.cells > maxCells {
		return refused("file_size", "The file has more than "+itoa(maxCells)+" cells. Split it into several.")
	}
	if t.text > maxText {
		return refused("file_size", "The cells of the file hold more than "+itoa(maxText>>20)+" MB of text. Split it into several.")
	}
	t.lines = append(t.lines, line{number: number, cells: append(make([]string, 0, len(cells)), cells...), total: total, wrong: wrong})
	return nil
}

// trimmed are the cells of a header up to the last that is not blank.
func trimmed(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func blank(cells []string) bool { return len(trimmed(cells)) == 0 }
