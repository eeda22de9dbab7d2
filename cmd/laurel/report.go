package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/opinion"
	"github.com/laurelbadges/laurel/internal/record"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// answered is a row as verify prints it.
type answered struct {
	batch.Row
	Differences []opinion.Difference `json:"differences,omitempty"`
}

// print writes the reports as they were asked for.
func (c *verifyCommand) print(t *terminal, rows []batch.Row) error {
	if c.JSON {
		return c.printJSON(t.out, rows)
	}
	p := printer{out: t.out, language: wording.Language(c.Language), here: c.here, technical: c.Technical}
	if c.Table {
		p.table(rows, c.Sort, c.Only)
	}
	for _, row := range rows {
		if !c.Table {
			p.report(row.Report.Input.Name, row.Report)
		}
		if c.ExplainDifferences {
			p.differences(row.Report)
		}
	}
	return nil
}

// printJSON writes one report as an object, several as an array.
func (c *verifyCommand) printJSON(out io.Writer, rows []batch.Row) error {
	all := make([]answered, 0, len(rows))
	for _, row := range rows {
		j := answered{Row: row}
		if c.ExplainDifferences {
			j.Differences = opinion.Differences(row.Report)
		}
		all = append(all, j)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if len(all) == 1 {
		all[0].Number = 0 // there is nothing to count
		return encoder.Encode(all[0])
	}
	return encoder.Encode(all)
}

// savers write what was found as a file of a kind, by the end of its name.
var savers = map[string]func(c *verifyCommand, rows []batch.Row) ([]byte, error){
	".txt": func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
		return record.Text(reportsOf(rows), c.recordOptions()), nil
	},
	".pdf": func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
		return record.PDF(reportsOf(rows), c.recordOptions())
	},
	".csv": func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
		return written(func(out io.Writer) error { return batch.CSV(out, rows, wording.Language(c.Language), c.here) })
	},
	".xlsx": func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
		return written(func(out io.Writer) error { return batch.XLSX(out, rows, wording.Language(c.Language), c.here) })
	},
	".json": func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
		return written(func(out io.Writer) error { return c.printJSON(out, rows) })
	},
}

// saverOf is the saver for a name, nil when there is none.
func saverOf(name string) func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
	return savers[strings.ToLower(filepath.Ext(name))]
}

func written(write func(io.Writer) error) ([]byte, error) {
	var out bytes.Buffer
	err := write(&out)
	return out.Bytes(), err
}

func (c *verifyCommand) recordOptions() record.Options {
	return record.Options{Language: wording.Language(c.Language), Made: time.Now(), By: "laurel verify", Version: strings.TrimPrefix(version(), "laurel "), Arguments: c.arguments(), Here: c.here}
}

// arguments are those that change an answer, to be typed again. The instant is not among them: a record says it anyway.
func (c *verifyCommand) arguments() (all []string) {
	if c.Profile != defaultProfile {
		all = append(all, "--profile", c.Profile)
	}
	for _, id := range c.StatusIssuer {
		all = append(all, "--status-issuer", id)
	}
	for _, file := range c.Resolve {
		all = append(all, "--resolve", file)
	}
	if c.Offline {
		all = append(all, "--offline")
	}
	return all
}

func reportsOf(rows []batch.Row) []*verifier.Report {
	reports := make([]*verifier.Report, 0, len(rows))
	for _, row := range rows {
		reports = append(reports, row.Report)
	}
	return reports
}

// save writes a file, whole or not at all.
func (c *verifyCommand) save(name string, rows []batch.Row) error {
	content, err := saverOf(name)(c, rows)
	if err == nil {
		err = writeAnew(name, content)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, cause(err))
	}
	return nil
}

// writeAnew puts a new file in the place of any that has the name. It is for its owner alone: it holds names of people.
func writeAnew(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".laurel-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// printer prints reports for people.
type printer struct {
	out       io.Writer
	language  wording.Language
	here      *wording.Here // what the installation at hand knows of its issuers; nil where there is none
	technical bool          // print what only those who know the standard need
}

// say is a text of the catalogue, fit for a terminal.
func (p printer) say(key string, pairs ...string) string {
	return p.language.Say("terminal."+key, pairs...)
}

// signs are the outcomes of checks, for eyes that look for trouble.
var signs = map[verifier.Result]string{verifier.Pass: "yes", verifier.Fail: "no", verifier.Warn: "note", verifier.NotKnown: "unknown", verifier.NotApplicable: "none"}

// report prints a report: the answer, what it is about, and what was found.
func (p printer) report(name string, r *verifier.Report) {
	verdict := p.language.Verdict(r, wording.Standing{Dated: true, Here: p.here})
	fmt.Fprintf(p.out, "%s\n  %s.\n", wording.Plain(name), verdict.Line())
	for _, line := range wording.Present(strings.TrimSpace(verdict.Signer+" "+verdict.Detail), verdict.Advice) {
		fmt.Fprintf(p.out, "  %s\n", line)
	}
	facts := p.facts(r)
	names := make([]string, len(facts))
	for i, fact := range facts {
		names[i] = fact[0] + ":"
	}
	width := widest(8, names...)
	for i, fact := range facts {
		fmt.Fprintf(p.out, "  %s %s\n", padded(names[i], width), fact[1])
	}
	at := p.columns(r)
	for _, check := range r.Checks {
		if p.technical || !check.Skipped() {
			p.check(r, check, at)
		}
	}
	for _, inside := range r.Credentials {
		p.report(name+" "+inside.Pointer, inside)
	}
}

// facts are what a report is about, name and value.
func (p printer) facts(r *verifier.Report) (all [][2]string) {
	add := func(key, value string) {
		if value = wording.Plain(value); value != "" {
			all = append(all, [2]string{p.say(key), value})
		}
	}
	if v := r.Credential; v != nil {
		add("badge", p.language.BadgeName(v))
		for _, identity := range v.Recipient {
			if identity.Type == "name" && !identity.Hashed {
				add("recipient", identity.Value)
			}
		}
		signer := "issuer"
		if v.Kind == credential.KindPresentation {
			signer = "holder"
		}
		if by := wording.SignedBy(v); by.ID != "" {
			value := by.ID // what a signature proves comes before the name that goes with it
			if name := wording.Plain(by.Name); name != "" {
				value = p.say("signer", "id", by.ID, "name", name)
			}
			add(signer, value)
		}
		add("kind", p.language.Standard(v.Standard))
	}
	if r.Input.URL != "" {
		add("read", r.Input.URL)
	}
	add("asof", r.AsOf.Format(time.RFC3339))
	return all
}

// stops are the widths of the outcome and of the name of a check, in characters: languages differ.
type stops struct{ outcome, step int }

func (p printer) columns(r *verifier.Report) stops {
	at := stops{8, 14}
	for _, c := range r.Checks {
		at.outcome, at.step = widest(at.outcome, p.say("sign."+signs[c.Outcome])), widest(at.step, p.language.Finding(r, c).Step)
	}
	return at
}

// check prints one check.
func (p printer) check(r *verifier.Report, c verifier.Check, at stops) {
	found := p.language.Finding(r, c)
	line := fmt.Sprintf("  %s %s %s", padded(p.say("sign."+signs[c.Outcome]), at.outcome), padded(found.Step, at.step), wording.First(found.Text, found.Title))
	if found.Age != "" {
		line += " (" + found.Age + ")"
	}
	if c.Code != "" {
		line += " [" + wording.Plain(c.Code) + "]"
	}
	fmt.Fprintln(p.out, line)
	if p.technical {
		detail := strings.Join(wording.Present(wording.Plain(c.Detail), wording.Plain(c.Clause), wording.Plain(c.Pointer)), " · ")
		fmt.Fprintf(p.out, "  %s %s\n", padded("", at.outcome+1+at.step), detail)
	}
}

// differences prints where others would answer differently.
func (p printer) differences(r *verifier.Report) {
	differences := opinion.Differences(r)
	if len(differences) == 0 {
		fmt.Fprintf(p.out, "%s: %s\n", wording.Plain(r.Input.Name), p.say("alike"))
		return
	}
	fmt.Fprintf(p.out, "%s: %s\n", wording.Plain(r.Input.Name), p.say("differences"))
	for _, d := range differences {
		answer, why := d.Words(p.language)
		fmt.Fprintf(p.out, "  %s: %s\n    %s [%s]\n", d.Verifier, answer, why, d.Rule)
	}
}

// tableLine is a line of the table: what stands in it, by the names of the orders.
type tableLine struct {
	batch.Row
	result string // see [wording.Verdict.Result]
	cells  map[string]string
}

func (p printer) line(row batch.Row) tableLine {
	v := p.language.Verdict(row.Report, wording.Standing{Dated: true, Here: p.here})
	l := tableLine{row, v.Result(row.Report), map[string]string{"file": wording.Plain(row.Report.Input.Name), "answer": v.Line()}}
	if form := row.Report.Checks[0]; form.Outcome != verifier.Pass { // no badge was judged: what the file is says more
		l.cells["answer"] = wording.First(p.language.Finding(row.Report, form).Title, l.cells["answer"])
	}
	for _, fact := range p.facts(row.Report) {
		for _, name := range []string{"badge", "recipient"} {
			if fact[0] == p.say(name) {
				l.cells[name] = fact[1]
			}
		}
	}
	return l
}

// among says whether a line is one of those that are asked for; "repeated" is one that was handed in before.
func (l tableLine) among(only []string) bool {
	return len(only) == 0 || slices.Contains(only, l.result) || l.SameAs > 0 && slices.Contains(only, "repeated")
}

// table prints a line for each row that is asked for, in an order, and how many there are of each answer in all.
func (p printer) table(rows []batch.Row, order string, only []string) {
	var lines []tableLine
	count := map[string]int{}
	for _, row := range rows {
		l := p.line(row)
		count[l.result]++
		if l.among(only) {
			lines = append(lines, l)
		}
	}
	slices.SortStableFunc(lines, func(a, b tableLine) int { return cmp.Compare(a.cells[order], b.cells[order]) }) // no cell is the number: as they came
	columns := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		cells := []string{fmt.Sprint(l.Number), l.cells["file"], l.cells["answer"]}
		for _, name := range []string{"badge", "recipient"} {
			if l.cells[name] != "" {
				cells = append(cells, l.cells[name])
			}
		}
		switch {
		case l.SameAs > 0:
			cells = append(cells, p.say("same", "n", fmt.Sprint(l.SameAs)))
		case l.Like > 0:
			cells = append(cells, p.say("like", "n", fmt.Sprint(l.Like)))
		}
		fmt.Fprintln(columns, strings.Join(cells, "\t"))
	}
	_ = columns.Flush() // to a terminal: who does not read it does not mind
	fmt.Fprintln(p.out, p.say("summary", "all", fmt.Sprint(len(rows)), "valid", fmt.Sprint(count[string(verifier.Valid)]), "remark", fmt.Sprint(count[wording.ResultRemark]),
		"invalid", fmt.Sprint(count[string(verifier.Invalid)]), "unknown", fmt.Sprint(count[string(verifier.Unknown)])))
}

// padded is a text with spaces up to a width in characters.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(width-len([]rune(text)), 0))
}

// widest is the length of the longest text in characters, at least so many.
func widest(least int, texts ...string) int {
	for _, text := range texts {
		least = max(least, len([]rune(text)))
	}
	return least
}

// progress says on a terminal how far the work has come.
type progress struct {
	out   io.Writer
	of    int
	shown time.Time
}

// progressOn is the progress of so many inputs. It is nil, and says nothing, where nobody watches or few inputs are there.
func progressOn(out io.Writer, of int) *progress {
	file, isFile := out.(*os.File)
	if !isFile || of < 10 {
		return nil
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return &progress{out: out, of: of}
}

// moved is told after each row.
func (p *progress) moved(source int) {
	if p == nil || time.Since(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.out, "\r%d/%d", source+1, p.of)
}

// done clears the line.
func (p *progress) done() {
	if p != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
