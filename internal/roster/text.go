package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// textLines reads a CSV file.
func textLines(data []byte) ([]line, rune, error) {
	text, err := decoded(data)
	if err != nil {
		return nil, 0, err
	}
	if !bytes.Contains(text, []byte("\n")) { // as programs of long ago end rows
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	delimiter := rune(0)
	if rest, says := bytes.CutPrefix(text, []byte("sep=")); says && len(rest) > 1 && strings.ContainsRune(",;\t", rune(rest[0])) { // as Excel reads it
		delimiter = rune(rest[0])
		text = bytes.TrimPrefix(bytes.TrimPrefix(rest[1:], []byte("\r")), []byte("\n"))
	}
	if delimiter == 0 {
		delimiter = delimiterOf(text)
	}
	lines, err := split(text, delimiter)
	return lines, delimiter, err
}

// decoded is a text in UTF-8 without a byte order mark. What is no valid UTF-8 is left as it is, so that its row can be told.
func decoded(data []byte) ([]byte, error) {
	endian, wide := unicode.LittleEndian, false
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:], nil
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		wide = true
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		endian, wide = unicode.BigEndian, true
	default: // of a text in UTF-16 that begins in Latin letters every second byte is zero
		start := data[:min(len(data), 64)]
		var zeros [2]int
		for i, b := range start {
			if b == 0 {
				zeros[i%2]++
			}
		}
		if wide = zeros[0]+zeros[1] > len(start)/4; zeros[0] > zeros[1] {
			endian = unicode.BigEndian
		}
	}
	if wide {
		text, err := unicode.UTF16(endian, unicode.UseBOM).NewDecoder().Bytes(data)
		if errors.Is(err, unicode.ErrMissingBOM) {
			text, err = unicode.UTF16(endian, unicode.IgnoreBOM).NewDecoder().Bytes(data)
		}
		if err != nil {
			return nil, refused("file_text", "The file is not valid text. Save it as CSV UTF-8, or as a workbook.")
		}
		data = text
	}
	for _, magic := range []string{"%PDF-", "\xd0\xcf\x11\xe0", "{", "<", "\x89PNG", "\xff\xd8\xff", "PK"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return nil, refused("file_kind", "The file is neither CSV nor XLSX. Open it in a table program, and save it as one of these.")
		}
	}
	return data, nil
}

// delimiterOf finds the delimiter with which the first row has the most heads that are known, and of these the most heads.
func delimiterOf(text []byte) (best rune) {
	most := -1
	for _, delimiter := range ",;\t" {
		r := newReader(text[:min(len(text), maxLine)], delimiter)
		cells, err := r.Read()
		if err != nil {
			continue
		}
		score := min(len(cells), maxColumns)
		for _, cell := range cells[:score] {
			if f, _ := fieldOf(cell); f != "" {
				score += maxColumns
			}
		}
		if score > most {
			best, most = delimiter, score
		}
	}
	if most < 0 {
		return ','
	}
	return best
}

func newReader(text []byte, delimiter rune) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = delimiter, -1, true
	return r
}

// split parts a text into rows (RFC 4180). A row that breaks the rules of quotation marks says so; the rows after it are read.
func split(text []byte, delimiter rune) ([]line, error) {
	if err := bound(text, byte(delimiter)); err != nil {
		return nil, err
	}
	r := newReader(text, delimiter)
	var t table
	number, from := 0, int64(0)
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t.lines, nil
		}
		raw := text[from:r.InputOffset()]
		from = r.InputOffset()
		for { // rows that are quite empty are passed over by the reader, and not by table programs
			rest, empty := bytes.CutPrefix(bytes.TrimPrefix(raw, []byte("\r")), []byte("\n"))
			if !empty {
				break
			}
			raw, number = rest, number+1
		}
		number++
		wrong := ""
		if err != nil {
			raw = bytes.TrimRight(raw, "\r\n")
			if int(from) == len(text) && bytes.ContainsRune(raw, '\n') {
				return nil, refused("file_text", "A quotation mark that begins in row "+itoa(number)+" is never closed, so the rows after it cannot be told apart.")
			}
			cells, wrong = []string{string(raw)}, "A quotation mark stands where none may be. Inside of a quoted cell it is written twice."
		}
		if err := t.add(number, cells, wrong); err != nil {
			return nil, err
		}
	}
}

// bound refuses rows that are too large to be parted, in the way in which the reader parts them.
func bound(text []byte, delimiter byte) error {
	for at, number := 0, 1; at < len(text); number++ {
		start, delimiters, quoted, fresh := at, 0, false, true // fresh: a cell begins
	row:
		for at < len(text) {
			c := text[at]
			at++
			switch {
			case quoted && c != '"':
				continue
			case quoted && at < len(text) && text[at] == '"': // written twice
				at++
				continue
			case quoted:
				quoted, fresh = false, false
				if at < len(text) && text[at] != delimiter && text[at] != '\r' && text[at] != '\n' {
					at = lineEnd(text, at)
					break row
				}
			case c == '\n':
				break row
			case c == delimiter:
				delimiters++
				fresh = true
				if number > 1 && delimiters > maxColumns {
					return refused("file_text", fmt.Sprintf("Row %d has more than %d cells.", number, maxColumns))
				}
			case c == '"' && fresh:
				quoted = true
			case c == '"':
				at = lineEnd(text, at)
				break row
			default:
				fresh = false
			}
		}
		switch {
		case delimiters > maxColumns:
			return refused("file_header", fmt.Sprintf("The file has %d columns, and %d are allowed.", delimiters+1, maxColumns))
		case at-start > maxLine && !quoted:
			return refused("file_text", fmt.Sprintf("Row %d has more than %d KB of text.", number, maxLine>>10))
		}
	}
	return nil
}

// lineEnd is where the next line begins.
func lineEnd(text []byte, at int) int {
	if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
		return at + n + 1
	}
	return len(text)
}
