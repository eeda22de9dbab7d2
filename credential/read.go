package credential

import (
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

// text reads a string, or the string of a language value (VCDM 2.0 section 11.1); the first one where there are several.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		s, _ := v["@value"].(string)
		return s
	case []any:
		if len(v) > 0 {
			if _, nested := v[0].([]any); !nested {
				return text(v[0])
			}
		}
	}
	return ""
}

// parts gives the objects in one member of object, which stands at pointer.
func parts(object map[string]any, pointer, name string) []Part {
	switch v := object[name].(type) {
	case map[string]any:
		return []Part{{Pointer: place(pointer, name), Value: v}}
	case []any:
		var all []Part
		at := place(pointer, name)
		for i, member := range v {
			if value, ok := member.(map[string]any); ok {
				all = append(all, Part{Pointer: at + "/" + strconv.Itoa(i), Value: value})
			}
		}
		return all
	}
	return nil
}

// place is the pointer of a member of the object at pointer. Most names need no escape, and asking is cheap.
func place(pointer, name string) string {
	if strings.ContainsAny(name, "~/") {
		return pointer + strict.Escape(name)
	}
	return pointer + "/" + name
}

// readAll reads the objects of a member with read and skips what is no object.
func readAll[T any](v any, read func(map[string]any) T) []T {
	var all []T
	for _, member := range strict.Values(v) {
		if object, ok := member.(map[string]any); ok {
			all = append(all, read(object))
		}
	}
	return all
}
