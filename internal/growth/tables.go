package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// begins and ends stand around what insert writes.
const (
	begins = "<!-- growth: make growth writes what follows -->\n"
	ends   = "<!-- growth ends -->\n"
)

// insert puts the pictures and their tables between the marks of the document.
func (f figures) insert(page []byte) ([]byte, error) {
	before, rest, opened := bytes.Cut(page, []byte(begins))
	_, after, closed := bytes.Cut(rest, []byte(ends))
	if !opened || !closed {
		return nil, errors.New("the document does not hold the lines between which the tables stand")
	}
	var out bytes.Buffer
	out.Write(before)
	out.WriteString(begins)
	fmt.Fprintf(&out, "\nMeasured with %s.\n", f.machine)
	for _, c := range charts() {
		fmt.Fprintf(&out, "\n![%s](growth/%s)\n", c.title, c.file)
		for _, p := range c.panels {
			out.WriteString(p.table(f))
		}
	}
	out.WriteString("\n" + ends)
	out.Write(after)
	return out.Bytes(), nil
}

// table has a row for each curve: what the steps cost, and the last beside the one before.
func (p panel) table(f figures) string {
	head := p.title
	if head == "" {
		head = p.x.title
	}
	cells := []string{head}
	for _, x := range p.steps {
		cells = append(cells, p.x.text(x))
	}
	before, last := p.steps[len(p.steps)-2], p.steps[len(p.steps)-1]
	cells = append(cells, fmt.Sprintf("%s beside %s", p.x.text(last), p.x.text(before)))
	out := "\n| " + strings.Join(cells, " | ") + " |\n|" + strings.Repeat("---|", len(cells)) + "\n"
	for _, c := range p.curves {
		cells := []string{c.label}
		for _, x := range p.steps {
			text := "-"
			if y, known := f.at(c.name, x); known {
				text = p.y.text(y)
			}
			cells = append(cells, text)
		}
		text := "-"
		a, knownA := f.at(c.name, before)
		if b, knownB := f.at(c.name, last); knownA && knownB {
			text = ratio(b/a) + " times"
		}
		out += "| " + strings.Join(append(cells, text), " | ") + " |\n"
	}
	return out
}
