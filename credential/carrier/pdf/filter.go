package pdf

import (
	"bytes"
	"compress/flate"
	"compress/lzw"
	"encoding/ascii85"
	"errors"
	"io"

	tiff "golang.org/x/image/tiff/lzw"
)

const (
	mostFilters = 6
	mostRow     = 1 << 20 // bytes of a row of a predictor
)

var (
	errUnknownFilter = errors.New("a stream has a filter that is not known")
	errDamaged       = errors.New("a stream is damaged")
	errTooLong       = errors.New("a stream is too long")
)

// raw is the bytes of a stream as they are in the file: as many as its Length says when endstream follows, else up to endstream.
func (r *reader) raw(s *stream) []byte {
	rest := s.source[min(s.start, len(s.source)):]
	if s.whole {
		return rest
	}
	if length, ok := r.get(s.dict, "Length").(float64); ok && length >= 0 && int(length) <= len(rest) {
		after := lexer{data: rest[:min(len(rest), int(length)+16)], at: int(length)}
		if after.skip(); bytes.HasPrefix(after.data[after.at:], []byte("endstrea")) {
			return rest[:int(length)]
		}
	}
	end := bytes.Index(rest, []byte("endstream"))
	if end < 0 {
		end = bytes.Index(rest, []byte("endobj"))
	}
	if end < 0 {
		end = len(rest)
	}
	if !r.spend(end / 2) {
		return nil
	}
	// An end of line before endstream is not part of the data (7.3.8.1).
	body := bytes.TrimSuffix(rest[:end], []byte("\n"))
	return bytes.TrimSuffix(body, []byte("\r"))
}

// filter is one filter of a stream (7.4) with its parameters.
type filter struct {
	name       name
	parameters dict
}

// filters are those of a stream, by their full names.
func (r *reader) filters(s *stream) []filter {
	first := func(long, short name) any {
		if v := r.get(s.dict, long); v != nil {
			return v
		}
		return r.get(s.dict, short)
	}
	names, ok := first("Filter", "F").(array)
	if !ok {
		if n, ok := first("Filter", "F").(name); ok {
			names = array{n}
		}
	}
	parameters, ok := first("DecodeParms", "DP").(array)
	if !ok {
		parameters = array{first("DecodeParms", "DP")}
	}
	var out []filter
	for i, v := range names {
		if i > mostFilters {
			break
		}
		n, _ := r.resolve(v).(name)
		if full, short := fullNames[n]; short {
			n = full
		}
		f := filter{name: n}
		if i < len(parameters) {
			f.parameters, _ = r.resolve(parameters[i]).(dict)
		}
		out = append(out, f)
	}
	return out
}

var fullNames = map[name]name{
	"AHx": "ASCIIHexDecode", "A85": "ASCII85Decode", "LZW": "LZWDecode", "Fl": "FlateDecode", "RL": "RunLengthDecode",
	"CCF": "CCITTFaxDecode", "DCT": "DCTDecode",
}

// decode gives the bytes of a stream after its filters, at most mostStream. With an error come those before it, which is
// errTooLong, errUnknownFilter or errDamaged.
func (r *reader) decode(s *stream) ([]byte, error) {
	filters := r.filters(s)
	if len(filters) == 0 {
		body, err := r.body(s, nil)
		if r.left.inflated -= len(body); r.left.inflated < 0 {
			r.exceed(codeTooLarge, "the PDF file holds too much")
		}
		return body, err
	}
	in, err := r.filtered(s, filters)
	if err != nil {
		return nil, err
	}
	return r.all(in)
}

// all reads what a filter gives.
func (r *reader) all(in io.Reader) ([]byte, error) {
	out, err := io.ReadAll(io.LimitReader(in, mostStream+1))
	switch {
	case len(out) > mostStream:
		return out[:mostStream], errTooLong
	case err != nil:
		return out, errDamaged
	}
	return out, nil
}

// filtered is the bytes of a stream behind the filters given. What each filter gives is counted while it is read.
func (r *reader) filtered(s *stream, filters []filter) (io.Reader, error) {
	if len(filters) > mostFilters {
		return nil, errUnknownFilter
	}
	body, err := r.body(s, filters)
	if err == errUnknownFilter {
		return nil, err
	}
	var in io.Reader = bytes.NewReader(body)
	if err != nil { // a filter that finds its end does not meet it
		in = io.MultiReader(in, damage{})
	}
	for i, f := range filters {
		if !r.spend(8000) { // buffers and tables
			return nil, errDamaged
		}
		var err error
		switch f.name {
		case "FlateDecode":
			in, err = r.predicted(inflater(in), f.parameters)
		case "LZWDecode":
			if early, ok := r.get(f.parameters, "EarlyChange").(float64); ok && early == 0 {
				in, err = r.predicted(lzw.NewReader(in, lzw.MSB, 8), f.parameters)
			} else {
				in, err = r.predicted(tiff.NewReader(in, tiff.MSB, 8), f.parameters)
			}
		case "ASCIIHexDecode", "ASCII85Decode", "RunLengthDecode":
			body, cut := r.all(in)
			if cut == errTooLong {
				return nil, errTooLong
			}
			switch f.name {
			case "ASCIIHexDecode":
				body = decodeHex(body)
			case "ASCII85Decode":
				body = decode85(body)
			default:
				body = decodeRuns(body)
			}
			in = bytes.NewReader(body)
		case "Crypt":
			if n := r.get(f.parameters, "Name"); n != nil && n != name("Identity") && (i > 0 || !s.sealed) { // else body undid it
				return nil, errUnknownFilter
			}
		default:
			return nil, errUnknownFilter
		}
		if err != nil {
			return nil, err
		}
		in = &counted{r: r, in: in}
	}
	return in, nil
}

// damage is where the bytes of a stream are not to be had any more.
type damage struct{}

func (damage) Read([]byte) (int, error) { return 0, errDamaged }

// counted takes what is read off the budget.
type counted struct {
	r  *reader
	in io.Reader
}

func (c *counted) Read(p []byte) (int, error) {
	if c.r.over != nil {
		return 0, errDamaged
	}
	n, err := c.in.Read(p)
	if c.r.left.inflated -= n; c.r.left.inflated < 0 {
		c.r.exceed(codeTooLarge, "the PDF file holds too much after inflating")
		return 0, errDamaged
	}
	if !c.r.spend(n + 12) {
		return 0, errDamaged
	}
	return n, err
}

// inflater inflates without its header and checksum: both are wrong in real files.
func inflater(in io.Reader) io.Reader {
	var head [2]byte
	n, _ := io.ReadFull(in, head[:])
	if n == 2 && head[0]&15 == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return flate.NewReader(in)
	}
	return flate.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(head[:n])), in))
}

// decodeHex leaves out what is no digit; a last digit without a second stands before a zero (7.4.2).
func decodeHex(in []byte) []byte {
	out := make([]byte, 0, len(in)/2+1)
	half := byte(255)
digits:
	for _, c := range in {
		d := digit(c)
		switch {
		case c == '>':
			break digits
		case d > 15:
		case half > 15:
			half = d
		default:
			out, half = append(out, half<<4|d), 255
		}
	}
	if half < 16 {
		out = append(out, half<<4)
	}
	return out
}

func decode85(in []byte) []byte {
	in = bytes.TrimPrefix(bytes.TrimSpace(in), []byte("<~"))
	if end := bytes.IndexByte(in, '~'); end >= 0 {
		in = in[:end]
	}
	out := make([]byte, 4*len(in)) // z stands for four bytes
	n, _, _ := ascii85.Decode(out, in, true)
	return out[:n]
}

// decodeRuns is RunLengthDecode (7.4.5), up to mostStream.
func decodeRuns(in []byte) []byte {
	var out []byte
	for len(in) > 1 && in[0] != 128 && len(out) < mostStream {
		if n := int(in[0]); n < 128 {
			n = min(n+1, len(in)-1)
			out, in = append(out, in[1:1+n]...), in[1+n:]
		} else {
			out, in = append(out, bytes.Repeat(in[1:2], 257-n)...), in[2:]
		}
	}
	return out
}

// predicted undoes a predictor (7.4.4.4).
func (r *reader) predicted(in io.Reader, parameters dict) (io.Reader, error) {
	predictor := r.integer(parameters, "Predictor", 1, 1, 15)
	if predictor == 1 {
		return in, nil
	}
	colours := r.integer(parameters, "Colors", 1, 1, 64)
	depth := r.integer(parameters, "BitsPerComponent", 8, 1, 16)
	columns := r.integer(parameters, "Columns", 1, 1, mostRow)
	if predictor < 1 || colours < 1 || depth < 1 || columns < 1 || columns*colours*depth > 8*mostRow {
		return nil, errUnknownFilter
	}
	p := &unpredictor{in: in, pixel: max(1, colours*depth/8), png: predictor >= 10, wide: depth == 16, row: make([]byte, (columns*colours*depth+7)/8)}
	if !r.spend(len(p.row) / 8) {
		return nil, errDamaged
	}
	switch {
	case p.png:
		p.above = make([]byte, len(p.row))
	case predictor != 2 || depth < 8:
		return nil, errUnknownFilter
	}
	return p, nil
}

// unpredictor undoes a predictor, row by row.
type unpredictor struct {
	in         io.Reader
	pixel      int // bytes from one pixel to the next
	png, wide  bool
	row, above []byte
	rest       []byte // of row, not yet read
	err        error
}

func (u *unpredictor) Read(p []byte) (int, error) {
	if len(u.rest) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.next()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// next reads a row. The last may be short.
func (u *unpredictor) next() {
	kind := [1]byte{}
	if u.png {
		u.above, u.row = u.row, u.above
		if _, u.err = io.ReadFull(u.in, kind[:]); u.err != nil {
			return
		}
	}
	var n int
	n, u.err = io.ReadFull(u.in, u.row)
	if u.err == io.ErrUnexpectedEOF {
		u.err = io.EOF
	}
	clear(u.row[n:])
	row := u.row
	u.rest = row[:n]
	switch {
	case u.png:
		unfilter(kind[0], row, u.above, u.pixel)
	case u.wide:
		for i := u.pixel; i+1 < len(row); i += 2 {
			v := uint16(row[i])<<8 + uint16(row[i+1]) + uint16(row[i-u.pixel])<<8 + uint16(row[i-u.pixel+1])
			row[i], row[i+1] = byte(v>>8), byte(v)
		}
	default:
		for i := u.pixel; i < len(row); i++ {
			row[i] += row[i-u.pixel]
		}
	}
}

// unfilter undoes a filter of PNG (PNG third edition, section 9). A kind that is not known changes nothing.
func unfilter(kind byte, row, above []byte, pixel int) {
	switch kind {
	case 1:
		for i := pixel; i < len(row); i++ {
			row[i] += row[i-pixel]
		}
	case 2:
		for i := range row {
			row[i] += above[i]
		}
	case 3:
		for i := range row {
			left := 0
			if i >= pixel {
				left = int(row[i-pixel])
			}
			row[i] += byte((left + int(above[i])) / 2)
		}
	case 4:
		for i := range row {
			var left, corner int
			if i >= pixel {
				left, corner = int(row[i-pixel]), int(above[i-pixel])
			}
			up := int(above[i])
			a, b, c := abs(up-corner), abs(left-corner), abs(left+up-2*corner)
			switch {
			case a <= b && a <= c:
				row[i] += byte(left)
			case b <= c:
				row[i] += byte(up)
			default:
				row[i] += byte(corner)
			}
		}
	}
}

func abs(v int) int { return max(v, -v) }
