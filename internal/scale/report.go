package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// table is one of Markdown.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t table) print(w io.Writer) {
	line := func(cells []string) { _, _ = fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	_, _ = fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(t.head)))
	for _, row := range t.rows {
		line(row)
	}
	_, _ = fmt.Fprintln(w)
}

// report prints every layout for every population.
func (m model) report(w io.Writer) {
	title := func(text string) { _, _ = fmt.Fprintf(w, "**%s**\n\n", text) }
	load := table{head: []string{"population", "teachers", "issuers", "badges after " + short(m.a["years"]) + " years", "status lists", "checks a day", "checks/s, worst minute",
		"awards on the last day of term", "awards/s, worst hour"}}
	built := table{head: append([]string{"population", "layout", "machines", "databases × processors"}, parts()...)}
	cost := table{head: []string{"population", "layout", "stored", "CDN requests a day", "CDN bytes a day", "origin requests a day", "origin bytes a day", "$ a month", "of it for the CDN", "an import waits", "audit verify"}}
	limits := table{head: []string{"population", "layout", "first to give way", "at", "then, with more replicas and the largest server", "at", "disk 70 % full after"}}
	for _, p := range populations() {
		for i, open := range layouts() {
			l := m.lay(open, p)
			r := m.run(l, p, 1)
			if i == 0 {
				load.add(p.Name, short(p.Teachers), short(r.Issuers), short(r.Badges), short(r.Lists), short(r.Checks), short(r.Peak), short(r.Day), short(r.Hour))
			}
			servers := "-"
			if l.Engine == "postgres" {
				servers = fmt.Sprintf("%d × %d", l.Parts, l.Server)
			}
			cells := []string{p.Name, l.Name, strconv.Itoa(l.Replicas), servers}
			for _, part := range parts() {
				cells = append(cells, percent(r, part))
			}
			built.add(cells...)
			edge, paid := []string{"-", "-"}, "-"
			if l.CDN {
				paid = short(r.Paid)
				edge = []string{short(r.Edge[0]), bytesOf(r.Edge[1])}
			}
			cost.add(p.Name, l.Name, bytesOf(r.Stored), edge[0], edge[1], short(r.Origin[0]), bytesOf(r.Origin[1]), short(r.Cost), paid, short(r.Wait)+" s", short(r.Audit)+" h")
			now, then := m.first(l, p, busy()), giving{"-", 0}
			later := "-"
			if l.Engine == "postgres" {
				then = m.last(l, p)
				later = times(then.Factor)
			}
			limits.add(p.Name, l.Name, now.Part, times(now.Factor), then.Part, later, short(m.a["years"]*limit/r.Use[disk])+" years")
		}
	}
	title("The load")
	load.print(w)
	title("Machines of 2 virtual processors, and how much of each part is used at the peak")
	built.print(w)
	title("Bytes and cost")
	cost.print(w)
	title("What gives way first: the part that passes " + short(100*limit) + " %, and the load at which it does")
	limits.print(w)
	title("What a cache would take off badge pages: requests that still reach the machines, were pages kept for so long")
	m.pages().print(w)
}

// pages is what keeping badge pages in caches would save, which the product does not allow.
func (m model) pages() table {
	lives := []float64{60, 300, 3600, 86400}
	t := table{head: []string{"population", "caches"}}
	for _, life := range lives {
		t.head = append(t.head, short(life)+" s")
	}
	for _, p := range populations() {
		v := p.volume(m.a)
		on, rate := m.objects(v)["page"], v.Checks*m.a["page share"]/86400
		for _, places := range []float64{m.a["edges"], 1} {
			cells := []string{p.Name, short(places)}
			for _, life := range lives {
				cells = append(cells, short(100*on.missed(rate, life, places, 0)/rate)+" %")
			}
			t.add(cells...)
		}
	}
	return t
}

func percent(r result, part string) string {
	use, there := r.Use[part]
	if !there {
		return "-"
	}
	if use < 0.0095 {
		return "< 1 %"
	}
	return short(100*use) + " %"
}

func times(factor float64) string {
	if factor > 9e5 {
		return "-"
	}
	return short(factor) + " ×"
}

// short writes a number with two significant digits where it is small, and with a word where it is large.
func short(x float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, " billion"}, {1e6, " million"}} {
		if x >= 0.995*unit.size {
			return short(x/unit.size) + unit.name
		}
	}
	switch {
	case x >= 1000:
		step := math.Pow(10, math.Floor(math.Log10(x))-2)
		whole := strconv.FormatFloat(math.Round(x/step)*step, 'f', 0, 64)
		return whole[:len(whole)-3] + "," + whole[len(whole)-3:]
	case x >= 10 || x == math.Trunc(x):
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x < 0.01:
		return "< 0.01"
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}

func bytesOf(x float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e15, " PB"}, {1e12, " TB"}, {1e9, " GB"}, {1e6, " MB"}} {
		if x >= unit.size {
			return short(x/unit.size) + unit.name
		}
	}
	return short(x/1e3) + " kB"
}

// inputs prints what the model works with.
func (m model) inputs(w io.Writer) {
	t := table{head: []string{"name", "value", "unit", "from"}}
	for i, all := range [][]figure{measured(), assumptions()} {
		for _, one := range all {
			t.add(one.Name, strconv.FormatFloat([]figures{m.f, m.a}[i][one.Name], 'g', -1, 64), one.Unit, one.From)
		}
	}
	t.print(w)
}

// The tables stand between these lines of the document.
const (
	begins = "<!-- written by: go run ./internal/scale -into docs/scale.md -->\n\n"
	ends   = "<!-- until here -->\n"
)

// insert puts the report between the marks of the document at path.
func (m model) insert(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	before, rest, opened := strings.Cut(string(text), begins)
	_, after, closed := strings.Cut(rest, ends)
	if !opened || !closed {
		return fmt.Errorf("%s does not hold the lines between which the tables stand", path)
	}
	var out strings.Builder
	m.report(&out)
	if err := os.WriteFile(path, []byte(before+begins+out.String()+ends+after), 0o644); err != nil {
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}
