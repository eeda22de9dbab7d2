package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/client"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/issuer"
)

type batchListFileCommand struct {
	serverFlags `embed:""`

	File          string `arg:"" help:"CSV or XLSX file with an award a row; - reads standard input."`
	Achievement   string `help:"Id of the achievement of the rows that name none." placeholder:"ID"`
	Issuer        string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Name          string `help:"What the batch is called; the name of the file when not given." placeholder:"NAME"`
	Result        string `help:"Id of the result in the rubric that grades are of." placeholder:"ID"`
	AmericanDates bool   `help:"Read 3/4/2026 as the fourth of March."`
	DryRun        bool   `help:"Say what would be awarded, and record nothing."`
	SkipRejected  bool   `help:"Leave out the rows that something is wrong with. Without it nothing is awarded when there are any."`
	Yes           bool   `short:"y" help:"Do not ask before awarding."`
	Rejected      string `help:"File to write the rejected rows into, to be corrected and given again." placeholder:"FILE"`
	JSON          bool   `name:"json" help:"Print what became of it as JSON and nothing else."`
}

// listed is what `batch FILE --json` prints.
type listed struct {
	ID       string              `json:"id,omitempty"`
	State    issuer.BatchState   `json:"state,omitempty"` // absent with --dry-run
	Total    int                 `json:"total"`
	Rejected int                 `json:"rejected"`
	Done     int                 `json:"done"`
	Failed   int                 `json:"failed"`
	Proposal string              `json:"proposal,omitempty"` // that another person has to allow
	Problems []issuer.RowProblem `json:"problems"`           // the first hundred

	dialect string
	unused  []string
	why     string // it is on hold
}

// mostTold is how many problems of a list are told.
const mostTold = 100

// lists are where a list of awards is taken: here, in the running server, or in one that is reached by its API.
type lists interface {
	check(ctx context.Context, l control.List) (listed, error)
	prepare(ctx context.Context, l control.List) (listed, error)
	confirm(ctx context.Context, id string, skipRejected bool) (proposal string, err error)
	discard(ctx context.Context, id string) error
	// follow waits until a batch is finished, and tells each how far it is, in percent.
	follow(ctx context.Context, id string, each func(percent int)) (listed, error)
	rejected(ctx context.Context, id string, w io.Writer) error
}

// Help says what a script has to know.
func (c *batchListFileCommand) Help() string {
	return `The exit status is
  0  when every row is awarded (with --dry-run: would be), or left out as --skip-rejected asks for;
  1  when rows are rejected, so that nothing or not everything was awarded, or when rows have failed;
  2  when it could not be done, such as when the server is away: nothing was awarded;
  3  when it is not done, or not to the end: you have said no, another person has to allow it, the batch
     is on hold, or it goes on and how it goes could not be seen.`
}

// Run awards what a list says, once all of it was checked.
func (c *batchListFileCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	file, err := c.read(t.in)
	if err != nil {
		return err
	}
	l := control.List{Name: c.Name, Achievement: c.Achievement, Result: c.Result, AmericanDates: c.AmericanDates, File: file}
	if l.Name == "" {
		l.Name = filepath.Base(c.File)
	}
	if c.Server != "" {
		remote, err := c.connect(t.in)
		if err != nil {
			return err
		}
		return c.award(ctx, t, distant{remote}, l)
	}
	return withOrganisation(ctx, g, c.Issuer, func(o office, organisation string) error {
		l.Organisation = organisation
		taking, ok := o.(control.Lists)
		if !ok {
			return errors.New("the running server takes no lists of awards; it is of an earlier version")
		}
		return c.award(ctx, t, near{o, taking}, l)
	})
}

func (c *batchListFileCommand) read(in io.Reader) ([]byte, error) {
	if c.File == "-" {
		if c.TokenFile == "-" {
			return nil, errors.New("the list and the token cannot both come from standard input")
		}
		c.Yes = c.Yes || c.DryRun
		if !c.Yes {
			return nil, errors.New("a list from standard input cannot be asked about; say --yes to award it, or --dry-run to check it")
		}
		return io.ReadAll(io.LimitReader(in, roster.MaxBytes+1))
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, roster.MaxBytes+1))
}

func (c *batchListFileCommand) award(ctx context.Context, t *terminal, at lists, l control.List) error {
	if c.DryRun {
		found, err := at.check(ctx, l)
		if err != nil {
			return err
		}
		wrong := error(nil)
		if found.Rejected > 0 && (!c.SkipRejected || found.Rejected == found.Total) {
			wrong = finished(exitInvalid)
		}
		if c.JSON {
			return errors.Join(printJSON(t.out, found), wrong)
		}
		found.print(t.out)
		_, err = fmt.Fprintln(t.out, "Nothing was recorded.")
		return errors.Join(err, wrong)
	}
	found, err := at.prepare(ctx, l)
	if err != nil {
		return err
	}
	if !c.JSON {
		found.print(t.out)
	}
	if c.Rejected != "" && found.Rejected > 0 {
		if err := writeRejected(ctx, at, found.ID, c.Rejected); err != nil {
			return errors.Join(err, at.discard(ctx, found.ID))
		}
	}
	if refusal, status := c.refuses(t, found); refusal != "" {
		if err := at.discard(context.WithoutCancel(ctx), found.ID); err != nil {
			return err
		}
		found.ID, found.State = "", ""
		if c.JSON {
			return errors.Join(printJSON(t.out, found), status)
		}
		fmt.Fprintln(t.out, refusal)
		return status
	}
	proposal, err := at.confirm(ctx, found.ID, c.SkipRejected)
	if err != nil {
		return errors.Join(err, at.discard(context.WithoutCancel(ctx), found.ID))
	}
	if proposal != "" {
		found.Proposal = proposal
		if c.JSON {
			return errors.Join(printJSON(t.out, found), finished(exitOpen))
		}
		_, err := fmt.Fprintf(t.out, "Nothing is awarded yet: another person has to allow it. Proposal %s, batch %s.\n", proposal, found.ID)
		return errors.Join(err, finished(exitOpen))
	}
	return c.finish(ctx, t, at, found)
}

// refuses says why a batch that was prepared is not awarded, with the exit status; "": it is.
func (c *batchListFileCommand) refuses(t *terminal, found listed) (why string, status finished) {
	switch {
	case found.Total == 1 && found.Rejected == 1:
		return "The row is rejected, so nothing was awarded.", exitInvalid
	case found.Rejected == found.Total:
		return "All rows are rejected, so nothing was awarded.", exitInvalid
	case found.Rejected > 0 && !c.SkipRejected:
		are, them := "rows are", "them"
		if found.Rejected == 1 {
			are, them = "rows is", "it"
		}
		return fmt.Sprintf("%d of %d %s rejected, so nothing was awarded. Correct %s, or leave %s out with --skip-rejected.", found.Rejected, found.Total, are, them, them), exitInvalid
	case c.Yes || asked(t, fmt.Sprintf("Award %s now?", counted(found.Total-found.Rejected, "badge"))):
		return "", exitGood
	}
	return "Nothing was awarded. Say --yes not to be asked.", exitOpen
}

// asked asks a question that only a yes answers with yes.
func asked(t *terminal, question string) bool {
	fmt.Fprintf(t.err, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(t.in).ReadString('\n') // no answer is no
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// counted is a number of things, such as "1 row" or "2 rows".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// finish waits for a batch, and tells how it goes.
func (c *batchListFileCommand) finish(ctx context.Context, t *terminal, at lists, found listed) error {
	told := -1
	done, err := at.follow(ctx, found.ID, func(percent int) {
		if percent/10 > told/10 || told < 0 {
			fmt.Fprintf(t.err, "%3d %%\n", percent)
			told = percent
		}
	})
	if err != nil {
		fmt.Fprintf(t.err, "laurel: the batch %s is confirmed, and goes on; how it goes could not be seen: %s\n", found.ID, explain(err))
		if c.JSON {
			found.State = issuer.BatchOpen
			return errors.Join(printJSON(t.out, found), finished(exitOpen))
		}
		return finished(exitOpen)
	}
	status := error(nil)
	switch {
	case done.State == issuer.BatchHeld:
		status = finished(exitOpen)
	case done.Failed > 0 || done.Done == 0:
		status = finished(exitInvalid)
	}
	if c.JSON {
		return errors.Join(printJSON(t.out, done), status)
	}
	fmt.Fprintf(t.out, "Batch %s is %s: %d awarded, %d rejected, %d failed.\n", done.ID, done.State, done.Done, done.Rejected, done.Failed)
	if done.Failed > 0 {
		for _, p := range done.Problems {
			fmt.Fprintln(t.out, "  "+problemLine(p))
		}
	}
	if done.State == issuer.BatchHeld {
		if done.why != "" {
			fmt.Fprintln(t.out, "  "+done.why)
		}
		fmt.Fprintf(t.out, "Go on with it with `laurel batch release %s`, or end it with `laurel batch drop %s`.\n", done.ID, done.ID)
	}
	return status
}

// print says what a list was found to be.
func (l listed) print(out io.Writer) {
	columns := ""
	if l.dialect != "" {
		columns = ", columns as " + l.dialect + " has them"
	}
	fmt.Fprintf(out, "%s%s: %d to be awarded, %d rejected.\n", counted(l.Total, "row"), columns, l.Total-l.Rejected, l.Rejected)
	if len(l.unused) > 0 {
		fmt.Fprintf(out, "Columns that are not used: %s\n", strings.Join(l.unused, ", "))
	}
	for _, p := range l.Problems {
		fmt.Fprintln(out, "  "+problemLine(p))
	}
	if len(l.Problems) == mostTold {
		fmt.Fprintln(out, "  and perhaps more; --rejected FILE writes all of them")
	}
}

func problemLine(p issuer.RowProblem) string {
	line := fmt.Sprintf("row %d", p.Row)
	if p.Column != "" {
		line += ", " + p.Column
	}
	if p.Value != "" {
		line += fmt.Sprintf(" %q", p.Value)
	}
	return line + ": " + p.Detail
}

// writeRejected writes the rejected rows into a file of the owner: they say who somebody is.
func writeRejected(ctx context.Context, at lists, id, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(at.rejected(ctx, id, f), f.Close())
}

// near takes lists in the installation of the data folder.
type near struct {
	office office
	lists  control.Lists
}

func listedAs(b issuer.Batch) listed {
	return listed{ID: b.ID, State: b.State, Total: b.Total, Rejected: b.Rejected, Done: b.Done, Failed: b.Failed, Problems: []issuer.RowProblem{}, why: b.Problem}
}

func foundAs(c control.ListCheck, err error) (listed, error) {
	found := listedAs(c.Batch)
	found.Problems = append(found.Problems, c.Problems...)
	found.dialect, found.unused = c.Dialect, c.Unused
	if found.ID == "" {
		found.State = ""
	}
	return found, err
}

func (n near) check(ctx context.Context, l control.List) (listed, error) {
	return foundAs(n.lists.CheckList(ctx, l))
}

func (n near) prepare(ctx context.Context, l control.List) (listed, error) {
	return foundAs(n.lists.PrepareList(ctx, l, actor))
}

func (n near) confirm(ctx context.Context, id string, skipRejected bool) (string, error) {
	_, err := n.lists.ConfirmBatch(ctx, id, skipRejected, actor) // whoever has the folder is trusted, and needs no second person
	return "", err
}

func (n near) discard(ctx context.Context, id string) error {
	return n.lists.DiscardBatch(ctx, id, actor)
}

func (n near) follow(ctx context.Context, id string, each func(percent int)) (listed, error) {
	if here, ok := n.office.(installation); ok {
		if err := here.finish(ctx, id); err != nil {
			return listed{}, err
		}
	}
	for {
		b, err := n.office.Batch(ctx, id)
		if err != nil {
			return listed{}, err
		}
		each(b.Progress())
		if b.State != issuer.BatchOpen {
			done := listedAs(b)
			done.Problems, err = n.failed(ctx, b)
			return done, err
		}
		select {
		case <-ctx.Done():
			return listed{}, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// lookEvery is how often a command looks how far a batch is.
const lookEvery = 300 * time.Millisecond

// failed are the first rows of a batch for which nothing could be done.
func (n near) failed(ctx context.Context, b issuer.Batch) ([]issuer.RowProblem, error) {
	all := []issuer.RowProblem{}
	for after, more := "", b.Failed+b.Rejected > 0; more && len(all) < mostTold; more = after != "" {
		rows, next, err := n.office.BatchRows(ctx, b.ID, after, 500)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			switch {
			case len(r.Problems) > 0:
				all = append(all, r.Problems...)
			case r.Problem != "":
				all = append(all, issuer.RowProblem{Row: max(r.Line, r.Number), Code: r.Code, Detail: r.Problem})
			}
		}
		after = next
	}
	return all[:min(len(all), mostTold)], nil
}

func (n near) rejected(ctx context.Context, id string, w io.Writer) error {
	b, err := n.office.Batch(ctx, id)
	if err != nil {
		return err
	}
	return roster.WriteRejected(w, b.Header, func(yield func(issuer.RejectedRow, error) bool) {
		for after, more := "", true; more; more = after != "" {
			page, next, err := n.lists.RejectedRows(ctx, id, after, 500)
			if err != nil {
				yield(issuer.RejectedRow{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			after = next
		}
	})
}

// distant takes lists in a server that is reached by its API.
type distant struct{ server *client.Client }

func (distant) list(l control.List) client.List {
	return client.List{File: l.File, Name: l.Name, Achievement: l.Achievement, Result: l.Result, AmericanDates: l.AmericanDates}
}

func (d distant) check(ctx context.Context, l control.List) (listed, error) {
	found, err := d.server.CheckList(ctx, d.list(l))
	return listed{Total: found.Total, Rejected: found.Rejected, Problems: rowProblems(found.Problems), dialect: found.Dialect, unused: found.Unused}, err
}

func rowProblems(all []client.Problem) []issuer.RowProblem {
	problems := make([]issuer.RowProblem, len(all))
	for i, p := range all {
		problems[i] = issuer.RowProblem(p)
	}
	return problems
}

func (d distant) listed(ctx context.Context, b client.Batch) (listed, error) {
	found := listed{ID: b.ID, State: issuer.BatchState(b.State), Total: b.Total, Rejected: b.Rejected, Done: b.Done, Failed: b.Failed}
	problems, err := d.server.Problems(ctx, b.ID, mostTold)
	found.Problems = rowProblems(problems)
	return found, err
}

func (d distant) prepare(ctx context.Context, l control.List) (listed, error) {
	b, err := d.server.PrepareList(ctx, d.list(l))
	if err != nil {
		return listed{}, err
	}
	return d.listed(ctx, b)
}

func (d distant) confirm(ctx context.Context, id string, skipRejected bool) (string, error) {
	_, err := d.server.Confirm(ctx, id, skipRejected)
	var proposed *client.Proposed
	if errors.As(err, &proposed) {
		return proposed.ID, nil
	}
	return "", err
}

func (d distant) discard(ctx context.Context, id string) error { return d.server.Discard(ctx, id) }

func (d distant) follow(ctx context.Context, id string, each func(percent int)) (listed, error) {
	b, err := d.server.Follow(ctx, id, each)
	if err != nil {
		return listed{}, err
	}
	return d.listed(ctx, b)
}

func (d distant) rejected(ctx context.Context, id string, w io.Writer) error {
	text, err := d.server.Rejected(ctx, id)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
