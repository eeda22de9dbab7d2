// Package layout puts the pages of a room (web, console, claim) into the layout that stands around all of them. They are one set of
// templates, so that what they share is held once: a copy for each page was most of what a server at rest held.
package layout

import (
	"errors"
	"fmt"
	"html/template"
	"text/template/parse"
)

// Pages reads the pages with these names into a set that holds the layout, as templates "top" and "bottom", and the parts that pages
// share. read reads the file of one page into the set: its template "main" is what stands between top and bottom, and what else it
// defines has a name that no other file uses. The result are the whole pages by name. It is an error when one cannot be read or defines
// no "main".
func Pages(set *template.Template, names []string, read func(name string) error) (map[string]*template.Template, error) {
	pages := make(map[string]*template.Template, len(names))
	for _, name := range names {
		before := mainOf(set)
		err := read(name)
		main := mainOf(set)
		if err == nil && main == before {
			err = errors.New(`it defines no template "main"`)
		}
		if err == nil { // the next page has a "main" as well
			_, err = set.AddParseTree("main of "+name, main)
		}
		if err == nil {
			pages[name], err = set.New("page " + name).Parse(`{{template "top" .}}{{template "main of ` + name + `" .}}{{template "bottom" .}}`)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", name, err)
		}
	}
	return pages, nil
}

// mainOf is what the page that was read last defines; nil before the first.
func mainOf(set *template.Template) *parse.Tree {
	if t := set.Lookup("main"); t != nil {
		return t.Tree
	}
	return nil
}
