package pdf

import "bytes"

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
	var latest, catalog dict // trailer, and one made for a catalog that no trailer names
	put := func(number int, p place) {
		delete(r.table, number)
		r.place(number, p)
	}
	for at := 0; at < len(r.data); {
		if r.data[at] == 't' && bytes.HasPrefix(r.data[at:], []byte("trailer")) {
			l := lexer{data: r.data, at: at + len("trailer")}
			d, _ := l.value(0).(dict)
			if !r.price(&l, at) {
				return
			}
			if d.at("Encrypt") != nil {
				r.sealed = d
			}
			if d.at("Root") != nil {
				latest = d
			}
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
		put(number, place{at: int32(start)})
		switch v := v.(type) {
		case dict:
			if v.at("Type") == name("Catalog") {
				catalog = dict{{"Root", ref(number)}}
			}
		case *stream:
			switch v.dict.at("Type") {
			case name("XRef"):
				if v.dict.at("Encrypt") != nil {
					r.sealed = v.dict
				}
				if v.dict.at("Root") != nil {
					latest = v.dict
				}
			case name("ObjStm"):
				if !packed {
					break
				}
				if o := r.unpack(number); o != nil {
					for i := 0; i < len(o.index); i += 2 {
						if int(o.index[i]) != number {
							put(int(o.index[i]), place{at: int32(i / 2), stream: int32(number)})
						}
					}
				}
			}
			at = max(at, v.start+len(r.raw(v)))
		}
		if r.over != nil {
			return
		}
	}
	if r.trailer = latest; latest == nil {
		r.trailer = catalog
	}
	if root, _ := r.get(r.trailer, "Root").(dict); root == nil && catalog != nil {
		r.trailer = catalog
	}
	// A catalog may stand in an object stream without a trailer that names it.
	if r.trailer == nil {
		for number, p := range r.table {
			if d, _ := r.object(number).(dict); p.stream > 0 && d.at("Type") == name("Catalog") {
				r.trailer = dict{{"Root", ref(number)}}
				break
			}
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
