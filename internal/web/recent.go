package web

// recent remembers a bounded number of values: those that were put or found last. When one generation is full the one
// before it is forgotten, so that what is asked for again and again stays. Its callers hold a lock.
type recent[K comparable, V any] struct {
	limit         int // of one generation; two are kept
	current, past map[K]V
}

func newRecent[K comparable, V any](limit int) recent[K, V] {
	return recent[K, V]{limit: limit, current: make(map[K]V)}
}

func (r *recent[K, V]) get(key K) (V, bool) {
	value, ok := r.current[key]
	if ok {
		return value, true
	}
	if value, ok = r.past[key]; ok {
		r.put(key, value)
	}
	return value, ok
}

func (r *recent[K, V]) put(key K, value V) {
	if len(r.current) >= r.limit {
		r.past, r.current = r.current, make(map[K]V)
	}
	r.current[key] = value
}
