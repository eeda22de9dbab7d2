package openbadges2

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Difference compares the copy of a hosted Assertion that somebody hands in with the one that its issuer publishes, member by
// member, and gives the pointer of the first that differs, or says that none does. The contexts are not compared: words count as
// written. One value and an array of that one value are the same (JSON-LD 1.1 section 4.3).
//
// BadgeClass and Profile may be named in one and held in the other. Then what the copy holds is compared with the document of that
// id in published, where the caller puts what it read; without such a document they differ. What only the published Assertion
// holds, the copy does not claim.
func Difference(copied, hosted map[string]any, published map[string]map[string]any) (pointer string, differ bool) {
	return compare(copied, hosted, published, "", "badge")
}

// compare compares two objects. held is the member in which a document may be named or held.
func compare(copied, hosted map[string]any, published map[string]map[string]any, pointer, held string) (string, bool) {
	names := maps.Clone(copied)
	maps.Copy(names, hosted)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if name == "@context" {
			continue
		}
		at := pointer + strict.Escape(name)
		mine, theirs := copied[name], hosted[name]
		if name == held {
			if at, differ := compareHeld(mine, theirs, published, at); differ {
				return at, true
			}
			continue
		}
		if at, differ := compareValues(mine, theirs, at); differ {
			return at, true
		}
	}
	return "", false
}

// compareHeld compares the two forms of a reference. A BadgeClass holds its issuer in the same way.
func compareHeld(mine, theirs any, published map[string]map[string]any, pointer string) (string, bool) {
	a, b := reference(mine), reference(theirs)
	switch {
	case a.ID != b.ID || a.ID == "":
		return compareValues(mine, theirs, pointer)
	case a.Value == nil:
		return "", false
	case b.Value == nil:
		b.Value = published[a.ID]
	}
	if b.Value == nil {
		return pointer, true
	}
	return compare(a.Value, b.Value, published, pointer, "issuer")
}

// compareValues compares two JSON values as the strict reader gives them. Its work is that of reading the shorter one.
func compareValues(mine, theirs any, pointer string) (string, bool) {
	if list, ok := mine.([]any); ok && len(list) == 1 {
		mine = list[0]
	}
	if list, ok := theirs.([]any); ok && len(list) == 1 {
		theirs = list[0]
	}
	switch mine := mine.(type) {
	case map[string]any:
		theirs, ok := theirs.(map[string]any)
		if !ok || len(mine) != len(theirs) {
			return pointer, true
		}
		for _, name := range slices.Sorted(maps.Keys(mine)) {
			other, found := theirs[name]
			if !found {
				return pointer, true
			}
			if at, differ := compareValues(mine[name], other, pointer+strict.Escape(name)); differ {
				return at, true
			}
		}
		return "", false
	case []any:
		theirs, ok := theirs.([]any)
		if !ok || len(mine) != len(theirs) {
			return pointer, true
		}
		for i := range mine {
			if at, differ := compareValues(mine[i], theirs[i], pointer+"/"+strconv.Itoa(i)); differ {
				return at, true
			}
		}
		return "", false
	case json.Number, string, bool, nil:
		switch theirs.(type) {
		case map[string]any, []any:
			return pointer, true
		}
		return pointer, mine != theirs
	}
	return pointer, true
}
