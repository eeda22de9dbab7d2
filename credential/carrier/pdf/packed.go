package pdf

// objectStream is an object stream (7.5.7), inflated.
type objectStream struct {
	body  []byte
	first int
	index []int32 // number and offset of each object in it
}

const (
	mostPacked = 200_000  // objects in one object stream
	mostHeld   = 24 << 20 // bytes of object streams that are kept inflated
)

// packed is an object out of an object stream.
func (r *reader) packed(container, at, number int) any {
	o, known := r.streams[container]
	if !known {
		o = r.unpack(container)
		if r.streams == nil || r.held > mostHeld {
			r.streams, r.held = map[int]*objectStream{}, 0
		}
		r.streams[container] = o
		if o != nil {
			r.held += len(o.body) + 4*len(o.index)
		}
	}
	if o == nil {
		return nil
	}
	if 2*at+1 >= len(o.index) || int(o.index[2*at]) != number {
		at = -1
		for i := 0; i < len(o.index); i += 2 {
			if int(o.index[i]) == number {
				at = i / 2
			}
		}
		if !r.spend(len(o.index)/8) || at < 0 {
			return nil
		}
	}
	start := o.first + int(o.index[2*at+1])
	if start >= len(o.body) {
		return nil
	}
	l := lexer{data: o.body, at: start}
	v := l.object()
	if _, isStream := v.(*stream); isStream || !r.price(&l, start) { // a stream cannot stand in a stream
		return nil
	}
	return v
}

// unpack inflates an object stream, which stands in the file itself.
func (r *reader) unpack(container int) *objectStream {
	if p, known := r.table[container]; !known || p.free || p.stream > 0 {
		return nil
	}
	s, _ := r.object(container).(*stream)
	if s == nil {
		return nil
	}
	count := r.integer(s.dict, "N", 0, 0, mostPacked)
	o := &objectStream{first: r.integer(s.dict, "First", 0, 0, mostStream)}
	if count <= 0 || o.first <= 0 {
		return nil
	}
	o.body, _ = r.decode(s)
	l := lexer{data: o.body[:min(o.first, len(o.body))]}
	for range count {
		number, ok := l.value(0).(float64)
		offset, ok2 := l.value(0).(float64)
		if !ok || !ok2 || number < 0 || number >= 1<<31 || offset < 0 || offset > mostStream {
			break
		}
		o.index = append(o.index, int32(number), int32(offset))
	}
	if !r.price(&l, 0) {
		return nil
	}
	return o
}
