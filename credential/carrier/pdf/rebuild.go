package pdf

import (
	"bytes"
	"maps"
	"slices"
)

// rebuild finds the objects of a file by searching for them.
func (r *reader) rebuild() {
	r.rebuilt = true
	// What is in object streams can be read once it is known how they are encrypted.
	if r.crypt == nil && r.locked == nil && bytes.Contains(r.data, []byte("/Encrypt")) {
		r.search(false)
		r.unlock()
	}
	if r.locked == nil {
		r.search(true)
		r.unlock()
	}
}

// search reads the file from its beginning to its end: the last of several objects with one number counts. With packed come those
// in object streams.
func (r *reader) search(packed bool) {
	if r.over != nil {
		return
	}
	r.table, r.trailer = map[int]place{}, nil
	r.streams, r.held = nil, 0
	s := searcher{reader: r, packed: packed}
	for at := 0; at < len(r.data); {
		if r.data[at] == 't' && bytes.HasPrefix(r.data[at:], []byte("trailer")) {
			l := lexer{data: r.data, at: at + len("trailer")}
			d, _ := l.value(0).(dict)
			if !r.price(&l, at) {
				return
			}
			s.end(d)
		}
		start := r.beginning(at)
		if start < 0 {
			at++
			continue
		}
		number, _, v := r.objectAt(start)
		if r.over != nil {
			return
		}
		at += len("obj")
		if number == 0 {
			continue
		}
		s.put(number, place{at: int32(start)})
		switch v := v.(type) {
		case dict:
			if v.at("Type") == name("Catalog") {
				s.catalog = dict{{"Root", ref(number)}}
			}
		case *stream:
			s.stream(number, v)
			at = max(at, v.start+len(r.raw(v)))
		}
		if r.over != nil {
			return
		}
	}
	s.choose()
}

// searcher is a search for objects.
type searcher struct {
	*reader
	packed  bool
	latest  dict // trailer
	catalog dict // a trailer that was made for a catalog, which no trailer may name
}

// put makes a place the last for its number.
func (s *searcher) put(number int, p place) {
	delete(s.table, number)
	s.place(number, p)
}

// end takes a trailer, which may be the dictionary of a stream.
func (s *searcher) end(trailer dict) {
	if trailer.at("Encrypt") != nil {
		s.sealed = trailer
	}
	if trailer.at("Root") != nil {
		s.latest = trailer
	}
}

// stream takes what a stream says about other objects.
func (s *searcher) stream(number int, v *stream) {
	switch v.dict.at("Type") {
	case name("XRef"):
		s.end(v.dict)
	case name("ObjStm"):
		if !s.packed {
			return
		}
		if o := s.unpack(number); o != nil {
			for i := 0; i < len(o.index); i += 2 {
				if int(o.index[i]) != number {
					s.put(int(o.index[i]), place{at: int32(i / 2), stream: int32(number)})
				}
			}
		}
	}
}

// choose makes one of what was found the trailer of the file.
func (s *searcher) choose() {
	if s.trailer = s.latest; s.latest == nil {
		s.trailer = s.catalog
	}
	if root, _ := s.get(s.trailer, "Root").(dict); root == nil && s.catalog != nil {
		s.trailer = s.catalog
	}
	if s.trailer != nil {
		return
	}
	// A catalog may stand in an object stream without a trailer that names it. Of several it is always the same.
	for _, number := range slices.Sorted(maps.Keys(s.table)) {
		if s.table[number].stream == 0 {
			continue
		}
		if d, _ := s.object(number).(dict); d.at("Type") == name("Catalog") {
			s.trailer = dict{{"Root", ref(number)}}
			return
		}
	}
}

// beginning is where the object begins whose keyword obj is at an offset, or -1: two numbers and white space before it.
func (r *reader) beginning(at int) int {
	if !bytes.HasPrefix(r.data[at:], []byte("obj")) {
		return -1
	}
	i := at
	for range 2 {
		from := i
		for i > 0 && from-i < 16 && kinds[r.data[i-1]] == blank {
			i--
		}
		digits := i
		for i > 0 && digits-i < 12 && r.data[i-1] >= '0' && r.data[i-1] <= '9' {
			i--
		}
		if i == digits {
			return -1
		}
	}
	return i
}
