package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/opinion"
	"github.com/laurelbadges/laurel/internal/record"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// answered is a report as verify prints it.
type answered struct {
	*verifier.Report
	Differences []opinion.Difference `json:"differences,omitempty"`
}

// print writes the reports as they were asked for.
func (c *verifyCommand) print(t *terminal, rows []batch.Row) error {
	if c.JSON {
		return c.printJSON(t.out, rows)
	}
	p := printer{out: t.out, language: wording.Language(c.Language), technical: c.Technical}
	if c.Table {
		p.table(rows)
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
		j := answered{Report: row.Report}
		if c.ExplainDifferences {
			j.Differences = opinion.Differences(row.Report)
		}
		all = append(all, j)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if len(all) == 1 {
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
		return written(func(out io.Writer) error { return batch.CSV(out, rows, wording.Language(c.Language)) })
	},
	".xlsx": func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
		return written(func(out io.Writer) error { return batch.XLSX(out, rows, wording.Language(c.Language)) })
	},
	".json": func(c *verifyCommand, rows []batch.Row) ([]byte, error) {
		return written(func(out io.Writer) error { return c.printJSON(out, rows) })
	},
}

func written(write func(io.Writer) error) ([]byte, error) {
	var out bytes.Buffer
	err := write(&out)
	return out.Bytes(), err
}

func (c *verifyCommand) recordOptions() record.Options {
	return record.Options{Language: wording.Language(c.Language), Made: time.Now(), By: "laurel verify", Version: strings.TrimPrefix(version(), "laurel ")}
}

func reportsOf(rows []batch.Row) []*verifier.Report {
	reports := make([]*verifier.Report, 0, len(rows))
	for _, row := range rows {
		reports = append(reports, row.Report)
	}
	return reports
}

// save writes a file. It is for its owner alone: it holds names of people.
func (c *verifyCommand) save(name string, rows []batch.Row) error {
	content, err := savers[filepath.Ext(name)](c, rows)
	if err == nil {
		err = os.WriteFile(name, content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, cause(err))
	}
	return nil
}

// printer prints reports for people.
type printer struct {
	out       io.Writer
	language  wording.Language
	technical bool // print what only those who know the standard need
}

// say is a text of the catalogue, fit for a terminal.
func (p printer) say(key string, pairs ...string) string {
	return p.language.Say("terminal."+key, pairs...)
}

// signs are the outcomes of checks, for eyes that look for trouble.
var signs = map[verifier.Result]string{verifier.Pass: "yes", verifier.Fail: "no", verifier.Warn: "note", verifier.NotKnown: "unknown", verifier.NotApplicable: "none"}

// report prints a report: the answer, what it is about, and what was found.
func (p printer) report(name string, r *verifier.Report) {
	verdict := p.language.Verdict(r, wording.Standing{})
	fmt.Fprintf(p.out, "%s\n  %s\n", wording.Plain(name), p.language.Answer(r))
	for _, line := range nonEmpty(strings.TrimSpace(verdict.Signer+" "+verdict.Detail), verdict.Advice) {
		fmt.Fprintf(p.out, "  %s\n", line)
	}
	for _, fact := range p.facts(r) {
		fmt.Fprintf(p.out, "  %s %s\n", padded(fact[0]+":", 8), fact[1])
	}
	for _, check := range r.Checks {
		if p.technical || !check.Skipped() {
			p.check(r, check)
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
		badge := wording.First(v.Name, p.language.KindName(v.Kind))
		if v.Achievement != nil && v.Achievement.Name != "" {
			badge = v.Achievement.Name
		}
		add("badge", badge)
		for _, identity := range v.Recipient {
			if identity.Type == "name" && !identity.Hashed {
				add("recipient", identity.Value)
			}
		}
		if v.Holder != nil {
			add("holder", v.Holder.ID)
		}
		if v.Issuer.ID != "" {
			add("issuer", strings.TrimSpace(v.Issuer.Name+" <"+v.Issuer.ID+">"))
		}
		add("kind", p.language.Standard(v.Standard))
	}
	if r.Input.URL != "" {
		add("read", r.Input.URL)
	}
	add("asof", r.AsOf.Format(time.RFC3339))
	return all
}

// check prints one check.
func (p printer) check(r *verifier.Report, c verifier.Check) {
	found := p.language.Finding(r, c)
	line := fmt.Sprintf("  %s %s %s", padded(p.say("sign."+signs[c.Outcome]), 8), padded(found.Step, 14), wording.First(found.Text, found.Title))
	if found.Age != "" {
		line += " (" + found.Age + ")"
	}
	if c.Code != "" {
		line += " [" + wording.Plain(c.Code) + "]"
	}
	fmt.Fprintln(p.out, line)
	if p.technical {
		detail := strings.Join(nonEmpty(wording.Plain(c.Detail), wording.Plain(c.Clause), wording.Plain(c.Pointer)), " · ")
		fmt.Fprintf(p.out, "  %s %s\n", padded("", 23), detail)
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
		fmt.Fprintf(p.out, "  %s: %s\n    %s [%s]\n", d.Verifier, d.Answer, d.Why, d.Rule)
	}
}

// table prints a line for each row, and how many there are of each answer.
func (p printer) table(rows []batch.Row) {
	columns := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	count := map[verifier.Outcome]int{}
	for _, row := range rows {
		count[row.Report.Outcome]++
		answer := p.language.Answer(row.Report)
		if form := row.Report.Checks[0]; form.Outcome != verifier.Pass { // no badge was judged: what the file is says more
			answer = wording.First(p.language.Finding(row.Report, form).Title, answer)
		}
		cells := []string{fmt.Sprint(row.Number), wording.Plain(row.Report.Input.Name), answer}
		for _, fact := range p.facts(row.Report) {
			if fact[0] == p.say("badge") || fact[0] == p.say("recipient") {
				cells = append(cells, fact[1])
			}
		}
		switch {
		case row.SameAs > 0:
			cells = append(cells, p.say("same", "n", fmt.Sprint(row.SameAs)))
		case row.Like > 0:
			cells = append(cells, p.say("like", "n", fmt.Sprint(row.Like)))
		}
		fmt.Fprintln(columns, strings.Join(cells, "\t"))
	}
	_ = columns.Flush() // to a terminal: who does not read it does not mind
	fmt.Fprintln(p.out, p.say("summary", "all", fmt.Sprint(len(rows)), "valid", fmt.Sprint(count[verifier.Valid]),
		"invalid", fmt.Sprint(count[verifier.Invalid]), "unknown", fmt.Sprint(count[verifier.Unknown])))
}

func nonEmpty(texts ...string) []string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}

// padded is a text with spaces up to a width in characters.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(width-len([]rune(text)), 0))
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
