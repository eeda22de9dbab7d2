package verifier

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

// isIndex tells a place in a list from the name of a member; members of credentials are not named by digits alone.
func isIndex(token string) bool {
	_, err := strconv.ParseUint(token, 10, 31)
	return err == nil
}

// pointerOf is the JSON Pointer of a path: its reference tokens, unescaped (RFC 6901).
func pointerOf(path []string) string {
	var out strings.Builder
	for _, token := range path {
		out.WriteString(strict.Escape(token))
	}
	return out.String()
}

// tokens is the reverse of pointerOf.
func tokens(pointer string) []string {
	var path []string
	for _, token := range strings.Split(pointer, "/")[1:] {
		path = append(path, strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~"))
	}
	return path
}

// lookUp goes along a path, and says whether there is something.
func lookUp(value any, path []string) (found bool, there any) {
	for _, token := range path {
		switch around := value.(type) {
		case map[string]any:
			member, here := around[token]
			if !here {
				return false, nil
			}
			value = member
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(around) {
				return false, nil
			}
			value = around[i]
		default:
			return false, nil
		}
	}
	return true, value
}

// single follows a path through lists of one member, and gives the path with their places.
func single(value any, path []string) (whole []string, there any) {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
		whole = append(whole, name)
		if list, _ := value.([]any); len(list) == 1 {
			value = list[0]
			whole = append(whole, "0")
		}
	}
	return whole, value
}

// without is a value without what path leads to. Only what stands on the way is copied. It is nil when there is no such thing.
func without(value any, path []string) any {
	if len(path) == 0 {
		return nil
	}
	last := len(path) == 1
	switch around := value.(type) {
	case map[string]any:
		member, here := around[path[0]]
		if !here {
			return nil
		}
		changed := maps.Clone(around)
		if last {
			delete(changed, path[0])
			return changed
		}
		if changed[path[0]] = without(member, path[1:]); changed[path[0]] == nil {
			return nil
		}
		return changed
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(around) {
			return nil
		}
		changed := slices.Clone(around)
		if last {
			return slices.Delete(changed, i, i+1)
		}
		if changed[i] = without(around[i], path[1:]); changed[i] == nil {
			return nil
		}
		return changed
	}
	return nil
}
