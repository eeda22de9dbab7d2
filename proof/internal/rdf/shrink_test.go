package rdf

import (
	"maps"
	"slices"
)

// smallest shrinks a document for which bad holds, by taking parts away while bad still holds. A test prints it.
func smallest(doc map[string]any, bad func(map[string]any) bool) map[string]any {
	for tries := 2000; tries > 0; {
		before := written(doc)
		shrink(doc, func(next any) bool {
			tries--
			return tries > 0 && bad(doc)
		}, func(any) {})
		if written(doc) == before {
			break
		}
	}
	return doc
}

// shrink tries smaller forms of value in place: still tells whether the document is still bad, and set puts another value
// in the place of this one.
func shrink(value any, still func(any) bool, set func(any)) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			member := value[name]
			delete(value, name)
			if still(nil) {
				continue
			}
			value[name] = member
			for _, simple := range simpler(member) {
				if value[name] = simple; still(nil) {
					member = simple
					break
				}
				value[name] = member
			}
			shrink(member, still, func(next any) { value[name] = next })
		}
	case []any:
		for i := 0; i < len(value); i++ {
			shorter := slices.Delete(slices.Clone(value), i, i+1)
			if set(shorter); still(nil) {
				value = shorter
				i--
				continue
			}
			set(value)
			member := value[i]
			for _, simple := range simpler(member) {
				if value[i] = simple; still(nil) {
					member = simple
					break
				}
				value[i] = member
			}
			shrink(member, still, func(next any) { value[i] = next })
		}
	}
}

// simpler are the values that may stand in the place of another one.
func simpler(value any) (values []any) {
	switch value := value.(type) {
	case map[string]any:
		values = append(values, "x")
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if _, deeper := value[name].(map[string]any); deeper {
				values = append(values, value[name])
			}
		}
	case []any:
		if len(value) > 0 {
			values = append(values, value[0])
		}
	case string:
		if runes := []rune(value); len(runes) > 1 {
			values = append(values, "x", string(runes[:len(runes)/2]), string(runes[len(runes)/2:]), string(runes[1:]), string(runes[:len(runes)-1]))
		}
	}
	return values
}
