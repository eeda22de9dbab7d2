package roster

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

// Bounds of a workbook. It is read as a stream, and nothing of it is kept but the texts of its cells.
const (
	maxParts    = 1000
	maxInflated = 128 << 20 // bytes of the parts that are read, unpacked
	maxTokens   = 8_000_000
	maxRun      = 1 << 20 // bytes between two "<": a tag with its attributes, or a text
	maxStyles   = 100_000
	lastRow     = 1 << 20
	lastColumn  = 1 << 14
)

func isWorkbook(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

func unreadableWorkbook() error {
	return refused("file_kind", "The workbook cannot be read. Save it again as XLSX, or as CSV UTF-8.")
}

func largeWorkbook() error {
	return refused("file_size", "Unpacked, the workbook holds more than is read here. Split it into several, or save it as CSV UTF-8.")
}

// workbook is a file in Office Open XML (ISO/IEC 29500-1 clause 18). What it says is trusted in nothing: neither sizes nor numbers of parts.
type workbook struct {
	parts     map[string]*zip.File // by their names in lower case
	left      int                  // bytes that may still be unpacked
	tokens    int                  // read so far
	since1904 bool                 // how days are counted
	texts     []string             // the shared ones
	formats   []format             // of numbers, by the style of their cell
}

// workbookLines reads the first sheet of a workbook.
func workbookLines(data []byte, o Options) ([]line, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, unreadableWorkbook()
	}
	if len(z.File) > maxParts {
		return nil, largeWorkbook()
	}
	b := workbook{parts: map[string]*zip.File{}, left: maxInflated}
	for _, f := range z.File {
		b.parts[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))] = f
	}
	t := table{}
	if err := b.read(&t, o); err != nil {
		var told *issuer.Error
		if !errors.As(err, &told) { // of a part that is not what it should be
			err = unreadableWorkbook()
		}
		return nil, err
	}
	return t.lines, nil
}

// bounded reads a part, as far as the bounds of the workbook go.
type bounded struct {
	from io.Reader
	left *int
	run  int // bytes since the last "<"
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p[:min(len(p), 64<<10)])
	if *b.left -= n; *b.left < 0 {
		return 0, largeWorkbook()
	}
	if last := bytes.LastIndexByte(p[:n], '<'); last >= 0 {
		b.run = n - last
	} else if b.run += n; b.run > maxRun {
		return 0, refused("file_size", "A cell of the workbook holds more text than a cell can.")
	}
	return n, err
}

// part reads a part token by token. begin is told of every element with its attributes, and end of the text that stands before its end.
// Names are without their name spaces, of which there are two for the same thing (ISO/IEC 29500-1 and 29500-4).
func (b *workbook) part(name string, begin func(element string, attribute func(string) string) error, end func(element, text string) error) error {
	f := b.parts[strings.ToLower(name)]
	if f == nil {
		return errors.New("a part is missing")
	}
	open, err := f.Open()
	if err != nil {
		return err
	}
	defer open.Close()
	d := xml.NewDecoder(&bounded{from: open, left: &b.left})
	var text strings.Builder
	depth := 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if depth != 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if b.tokens++; b.tokens > maxTokens {
			return largeWorkbook()
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth > 64 {
				return errors.New("the elements are nested too deep")
			}
			text.Reset()
			err = begin(token.Name.Local, func(name string) string {
				for _, a := range token.Attr {
					if a.Name.Local == name {
						return a.Value
					}
				}
				return ""
			})
		case xml.EndElement:
			depth--
			err = end(token.Name.Local, text.String())
			text.Reset()
		case xml.CharData:
			if text.Len()+len(token) > maxRun {
				return refused("file_size", "A cell of the workbook holds more text than a cell can.")
			}
			text.Write(token)
		}
		if err != nil {
			return err
		}
	}
}

func nothing(string, string) error { return nil }

// read reads the workbook, and enters the rows of its first sheet.
func (b *workbook) read(t *table, o Options) error {
	main, sheet := "xl/workbook.xml", "" // sheet: id of the relation to it (clause 18.2.19)
	err := b.relations("_rels/.rels", func(kind, _, target string) {
		if kind == "officeDocument" {
			main = target
		}
	})
	if err != nil {
		return err
	}
	err = b.part(main, func(element string, attribute func(string) string) error {
		switch {
		case element == "workbookPr":
			b.since1904 = attribute("date1904") == "1" || attribute("date1904") == "true"
		case element == "sheet" && sheet == "":
			sheet = attribute("id")
		}
		return nil
	}, nothing)
	if err != nil {
		return err
	}
	rows, texts, styles := "", "", ""
	err = b.relations(path.Join(path.Dir(main), "_rels", path.Base(main)+".rels"), func(kind, id, target string) {
		switch {
		case kind == "worksheet" && id == sheet:
			rows = target
		case kind == "sharedStrings":
			texts = target
		case kind == "styles":
			styles = target
		}
	})
	if err != nil {
		return err
	}
	if styles != "" {
		if err := b.readStyles(styles); err != nil {
			return err
		}
	}
	if texts != "" {
		if err := b.readTexts(texts); err != nil {
			return err
		}
	}
	return b.readRows(rows, t, o)
}

// relations tells which parts a part refers to (ISO/IEC 29500-2 clause 9.3): for each the last word of its type, its id, and its name.
func (b *workbook) relations(name string, tell func(kind, id, target string)) error {
	return b.part(name, func(element string, attribute func(string) string) error {
		if element != "Relationship" || strings.EqualFold(attribute("TargetMode"), "External") {
			return nil
		}
		target, kind := attribute("Target"), attribute("Type")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(path.Dir(name)), target)
		}
		tell(kind[strings.LastIndexByte(kind, '/')+1:], attribute("Id"), strings.TrimPrefix(target, "/"))
		return nil
	}, nothing)
}

// readTexts reads the shared texts (clause 18.4.8). How to pronounce them is left out.
func (b *workbook) readTexts(part string) error {
	var text strings.Builder
	spoken := 0
	return b.part(part, func(element string, _ func(string) string) error {
		switch element {
		case "si":
			text.Reset()
		case "rPh":
			spoken++
		}
		return nil
	}, func(element, piece string) error {
		switch element {
		case "t":
			if spoken == 0 {
				text.WriteString(piece)
			}
		case "rPh":
			spoken--
		case "si":
			if b.texts = append(b.texts, unescaped(text.String())); len(b.texts) > maxCells {
				return largeWorkbook()
			}
		}
		return nil
	})
}

// readRows reads the cells of a sheet (clause 18.3.1).
func (b *workbook) readRows(part string, t *table, o Options) error {
	var (
		number, column int      // of the row and the cell that are read
		cells          []string // of the row
		dated          = map[int]bool{}
		kind, value    string
		style          int
		inline         strings.Builder
		spoken         int
	)
	return b.part(part, func(element string, attribute func(string) string) error {
		switch element {
		case "row":
			before := number
			if number++; attribute("r") != "" {
				number, _ = strconv.Atoi(attribute("r"))
			}
			if number <= before || number > lastRow {
				return errors.New("the rows are not in order")
			}
			cells, column = cells[:0], -1
		case "c":
			kind, value = attribute("t"), ""
			style, _ = strconv.Atoi(attribute("s"))
			inline.Reset()
			before := column
			if column++; attribute("r") != "" {
				column = columnOf(attribute("r"))
			}
			if column <= before || column >= lastColumn || number == 0 {
				return errors.New("the cells are not in order")
			}
		case "rPh":
			spoken++
		}
		return nil
	}, func(element, text string) error {
		switch element {
		case "v":
			value = text
		case "rPh":
			spoken--
		case "t":
			if spoken == 0 {
				inline.WriteString(text)
			}
		case "c":
			if column > maxColumns { // told by the header, or left out
				return nil
			}
			if kind == "inlineStr" {
				value = inline.String()
			}
			cell, err := b.cell(kind, value, style, len(t.lines) > 0 && dated[column])
			if err != nil || cell == "" {
				return err
			}
			for len(cells) < column {
				cells = append(cells, "")
			}
			cells = append(cells, cell)
		case "row":
			first := len(t.lines) == 0
			if err := t.add(number, cells, ""); err != nil || !first || len(t.lines) == 0 {
				return err
			}
			for i, head := range t.lines[0].cells {
				f, _ := o.fieldOf(head)
				dated[i] = f == Awarded || f == Expires
			}
		}
		return nil
	})
}

// cell is the text of a cell as its table program shows it (clauses 18.3.1.4 and 18.18.11). dated: numbers are days.
func (b *workbook) cell(kind, value string, style int, dated bool) (string, error) {
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < 0 || n >= len(b.texts) {
			return "", errors.New("a text is missing")
		}
		return b.texts[n], nil
	case "inlineStr", "str":
		return unescaped(value), nil
	case "b":
		return map[bool]string{true: "TRUE", false: "FALSE"}[strings.TrimSpace(value) == "1"], nil
	case "", "n":
		value = strings.TrimSpace(value)
		if dated {
			return dayOf(value, b.since1904), nil
		}
		if style < 0 || style >= len(b.formats) {
			return general(value), nil
		}
		return b.formats[style].write(value, b.since1904), nil
	}
	return value, nil // d: a date in ISO 8601; e: a fault of a formula, such as #N/A
}

// columnOf is the number of the column of a reference such as B2, from 0; -1 where it is none.
func columnOf(reference string) int {
	n := 0
	for i, c := range strings.ToUpper(reference) {
		if c < 'A' || c > 'Z' || i > 2 {
			break
		}
		n = 26*n + int(c-'A') + 1
	}
	return n - 1
}

// unescaped reads characters that are written as _x000D_ (clause 22.9.2.19, ST_Xstring).
func unescaped(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "_x")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		if len(rest) > 4 && rest[4] == '_' {
			if n, err := strconv.ParseUint(rest[:4], 16, 16); err == nil {
				out.WriteRune(rune(n))
				text = rest[5:]
				continue
			}
		}
		out.WriteString("_x")
		text = rest
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
