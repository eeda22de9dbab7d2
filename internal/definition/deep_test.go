package definition

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestDeepLists: lists in lists are written as deep as anybody reads, and no text becomes much longer than it was.
func TestDeepLists(t *testing.T) {
	text := strings.Repeat("<ul><li>x", 4000)
	got := markdown(text)
	if len(got) > longestRich || strings.Count(got, "\n") != 3999 || strings.Contains(got, strings.Repeat("  ", deepest+1)) {
		t.Errorf("%d bytes became %d, with %d lines", len(text), len(got), strings.Count(got, "\n"))
	}
	if got := markdown(strings.Repeat("<ol><li>a<p>b", 7000)); len(got) > longestRich+100 {
		t.Errorf("%d bytes", len(got))
	}
	var list []any
	for range 30 { // as many as a file holds: in proportion, this takes as long as one
		list = append(list, map[string]any{"name": "x", "docId": "1", "description": strings.Repeat("<ul><li>x", 7000)})
	}
	file, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := Read(file); err != nil || len(all) != 30 {
		t.Error(len(all), err)
	}
}

// TestNotesPoint: a note about one of many names its place.
func TestNotesPoint(t *testing.T) {
	all, err := Read([]byte(`{"name":"x","docId":"1","resultDescription":[{"name":"a","questionType":"TEXTQUESTION"},{"name":true,"questionType":"FILEQUESTION"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if notes := all[0].Notes; !slices.ContainsFunc(notes, func(n Note) bool { return n.Field == "/resultDescription/1/name" }) || slices.ContainsFunc(notes, func(n Note) bool { return n.Field == "/name" }) {
		t.Errorf("%+v", notes)
	}
}
