package pdf

import "bytes"

// place is where an object is.
type place struct {
	at     int32 // offset of the object in the file, or its index in an object stream
	stream int32 // number of that object stream, 0 when there is none
	free   bool  // deleted
}

// reader finds the objects of one file.
type reader struct {
	data    []byte
	begin   int // where the header is: offsets may count from there
	table   map[int]place
	trailer dict
	sealed  dict   // latest trailer that names an encryption dictionary, nil when none does
	crypt   *crypt // how to decrypt, nil when nothing is encrypted
	locked  *Error // why that cannot be done
	rebuilt bool
	left    budget
	over    *Error // a bound was exceeded
	nested  int    // resolutions within one another
	streams map[int]*objectStream
	held    int // bytes of streams
}

// open finds the objects of a file by its cross-reference table, or else by searching for them.
func open(data []byte) (*reader, error) {
	r := &reader{data: data, begin: header(data), left: budget{mostInflated, readWork}}
	if r.begin < 0 {
		return nil, refuse(codeMalformed, "this is not a PDF file")
	}
	if r.sections() {
		r.unlock()
	} else {
		r.rebuild()
	}
	if root, _ := r.get(r.trailer, "Root").(dict); root == nil && !r.rebuilt && r.locked == nil {
		r.rebuild()
	}
	switch {
	case r.locked != nil:
		return nil, r.locked
	case r.over != nil:
		return nil, r.over
	case len(r.table) == 0:
		return nil, refuse(codeMalformed, "no object can be found in the PDF file")
	}
	return r, nil
}

// sections reads the cross-reference sections from the last to the first (7.5.4, 7.5.5, 7.5.8). An object counts as the latest
// section has it. It tells whether they could be read.
func (r *reader) sections() bool {
	r.table, r.trailer = map[int]place{}, nil
	last := bytes.LastIndex(r.data, []byte("startxref"))
	if last < 0 {
		return false
	}
	l := lexer{data: r.data, at: last + len("startxref")}
	next, ok := l.value(0).(float64)
	seen := map[int]bool{}
	for ok {
		if len(seen) == mostSections {
			r.exceed(codeTooComplex, "the PDF file has too many revisions")
			return false
		}
		at := int(next)
		if next < 0 || at >= len(r.data) || seen[at] {
			return false
		}
		seen[at] = true
		trailer := r.section(at)
		if trailer == nil && r.begin > 0 && at+r.begin < len(r.data) {
			trailer = r.section(at + r.begin)
		}
		if trailer == nil {
			return false
		}
		r.adopt(trailer)
		next, ok = trailer.at("Prev").(float64)
	}
	return len(seen) > 0 && r.trailer.at("Root") != nil
}

// adopt takes the trailer of the latest revision. That of an earlier one only tells how the file is encrypted.
func (r *reader) adopt(trailer dict) {
	if r.sealed == nil && trailer.at("Encrypt") != nil {
		r.sealed = trailer
	}
	if r.trailer == nil {
		r.trailer = trailer
	}
}

// section reads the cross-reference section at an offset and gives its trailer, nil when there is none.
func (r *reader) section(at int) dict {
	l := &lexer{data: r.data, at: at}
	if l.value(0) != keyword("xref") {
		return r.streamSection(at)
	}
	type line struct {
		number, at int
		free       bool
	}
	var lines []line
	for {
		v := l.value(0)
		if v == keyword("trailer") {
			break
		}
		first, ok := v.(float64)
		count, ok2 := l.value(0).(float64)
		if !ok || !ok2 || first < 0 || first+count > 1<<31-1 {
			return nil
		}
		for i := range int(count) {
			offset, ok := l.value(0).(float64)
			generation, ok2 := l.value(0).(float64)
			kind, ok3 := l.value(0).(keyword)
			if !ok || !ok2 || !ok3 || !r.spend(16) {
				return nil
			}
			free := kind != "n"
			// Some producers number a first section from 1 that begins with entry 0, the head of the free list.
			if i == 0 && first == 1 && free && generation == 65535 {
				first = 0
			}
			lines = append(lines, line{int(first) + i, int(offset), free})
			if len(lines) > mostObjects {
				r.exceed(codeTooComplex, "the PDF file has too many objects")
				return nil
			}
			l.values = 0
		}
	}
	trailer, _ := l.value(0).(dict)
	if trailer == nil || !r.spend((l.at-at)/4) {
		return nil
	}
	for _, e := range lines {
		if !e.free {
			r.place(e.number, place{at: int32(min(e.at, len(r.data)))})
		}
	}
	// In a hybrid file, objects that are free in the table stand in a stream (7.5.8.4).
	if hidden, ok := trailer.at("XRefStm").(float64); ok && hidden >= 0 && int(hidden) < len(r.data) {
		r.streamSection(int(hidden))
	}
	for _, e := range lines {
		if e.free {
			r.place(e.number, place{free: true})
		}
	}
	return trailer
}

// place notes where an object is, unless a later revision said so.
func (r *reader) place(number int, p place) {
	if _, known := r.table[number]; known || number <= 0 {
		return
	}
	if len(r.table) >= mostObjects {
		r.exceed(codeTooComplex, "the PDF file has too many objects")
		return
	}
	r.table[number] = p
}

// streamSection reads a cross-reference stream (7.5.8) and gives its dictionary, nil when there is none.
func (r *reader) streamSection(at int) dict {
	_, _, v := r.objectAt(at) // cross-reference streams are never encrypted
	s, _ := v.(*stream)
	if s == nil || s.dict.at("Type") != name("XRef") {
		return nil
	}
	var widths [3]int
	for i, w := range r.numbers(s.dict, "W") {
		if i < 3 && w >= 0 && w <= 8 {
			widths[i] = int(w)
		}
	}
	size := widths[0] + widths[1] + widths[2]
	if size == 0 {
		return nil
	}
	body, err := r.decode(s)
	if err != nil && len(body) == 0 {
		return nil
	}
	index := r.numbers(s.dict, "Index")
	if len(index) < 2 {
		index = []float64{0, 1 << 31}
	}
	for i := 0; i+1 < len(index); i += 2 {
		first := index[i]
		for n := 0.0; n < index[i+1] && len(body) >= size; n++ {
			if first+n < 0 || first+n > 1<<31-1 || !r.spend(20) {
				return s.dict
			}
			kind, second, third := field(body[:widths[0]], 1), field(body[widths[0]:widths[0]+widths[1]], 0), field(body[widths[0]+widths[1]:size], 0)
			body = body[size:]
			switch {
			case kind == 0:
				r.place(int(first+n), place{free: true})
			case kind == 1:
				r.place(int(first+n), place{at: int32(min(second, uint64(len(r.data))))})
			case kind == 2 && second > 0 && second < 1<<31 && third < 1<<31:
				r.place(int(first+n), place{at: int32(third), stream: int32(second)})
			}
		}
	}
	return s.dict
}

// field is a number of big-endian bytes, or its default when it takes none.
func field(b []byte, absent uint64) uint64 {
	if len(b) == 0 {
		return absent
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// objectAt reads the indirect object at an offset: its number, 0 when there is none, its generation, and its value as it is written.
func (r *reader) objectAt(at int) (number, generation int, v any) {
	if at < 0 || at >= len(r.data) {
		return 0, 0, nil
	}
	l := lexer{data: r.data, at: at}
	first, ok := l.value(0).(float64)
	second, ok2 := l.value(0).(float64)
	if !ok || !ok2 || first < 1 || first >= 1<<31 || l.value(0) != keyword("obj") {
		return 0, 0, nil
	}
	v = l.object()
	if !r.price(&l, at) {
		return 0, 0, nil
	}
	if s, ok := v.(*stream); ok {
		s.number = int(first)
	}
	return int(first), int(second), v
}

// price takes what a lexer did since offset from off the budget.
func (r *reader) price(l *lexer, from int) bool {
	if l.deep {
		r.exceed(codeTooComplex, "an object of the PDF file is too complex")
	}
	return r.spend(8 + (l.at-from)/4 + 12*l.values)
}

// object is the newest version of an object, nil when it cannot be found.
func (r *reader) object(number int) any {
	if r.over != nil || !r.spend(8) {
		return nil
	}
	p, known := r.table[number]
	if !known || p.free {
		return nil
	}
	if p.stream > 0 {
		return r.packed(int(p.stream), int(p.at), number)
	}
	found, generation, v := r.objectAt(int(p.at))
	if found != number && r.begin > 0 {
		found, generation, v = r.objectAt(int(p.at) + r.begin)
	}
	if found == number {
		return r.decrypted(number, generation, v)
	}
	if r.rebuilt || r.over != nil {
		return nil
	}
	r.rebuild()
	return r.object(number)
}

// resolve follows references to a value.
func (r *reader) resolve(v any) any {
	for range 8 {
		n, ok := v.(ref)
		if !ok {
			return v
		}
		if r.nested >= 16 {
			return nil
		}
		r.nested++
		v = r.object(int(n))
		r.nested--
	}
	return nil
}

// get is the value of a key, nil when it is absent.
func (r *reader) get(d dict, key name) any {
	if !r.spend(len(d)/2 + 1) {
		return nil
	}
	return r.resolve(d.at(key))
}

// dictionary is the value of a key that is a dictionary, or the dictionary of a stream.
func (r *reader) dictionary(d dict, key name) dict { return dictOf(r.get(d, key)) }

func dictOf(v any) dict {
	switch v := v.(type) {
	case dict:
		return v
	case *stream:
		return v.dict
	}
	return nil
}

// integer is the value of a key that is a number within the bounds, or absent.
func (r *reader) integer(d dict, key name, absent, least, most int) int {
	v, ok := r.get(d, key).(float64)
	if !ok {
		return absent
	}
	if v < float64(least) || v > float64(most) {
		return least - 1
	}
	return int(v)
}

// numbers is the value of a key that is an array of numbers.
func (r *reader) numbers(d dict, key name) []float64 {
	values, _ := r.get(d, key).(array)
	if !r.spend(len(values)) {
		return nil
	}
	out := make([]float64, 0, len(values))
	for _, v := range values {
		n, ok := r.resolve(v).(float64)
		if !ok {
			return nil
		}
		out = append(out, n)
	}
	return out
}
