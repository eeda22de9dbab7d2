package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
)

type batchCommand struct {
	File batchListFileCommand `cmd:"" default:"withargs" name:"award" help:"Award what a CSV or XLSX file says, once all of it was checked. The word award may be left out."`

	List batchListCommand `cmd:"" help:"List the batches, the newest first."`
	Show batchShowCommand `cmd:"" help:"Say how one goes, and which rows were not done."`

	Release batchReleaseCommand `cmd:"" help:"Go on with a batch that a restore put on hold."`
	Drop    batchDropCommand    `cmd:"" help:"End a batch: what is not begun will not be done, and its names are erased."`
}

type batchListCommand struct {
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	JSON   bool   `name:"json" help:"Print the batches as JSON and nothing else."`
}

// Run lists the last hundred.
func (c *batchListCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		all, _, err := o.Batches(ctx, id, "", 100)
		if err != nil {
			return err
		}
		if c.JSON {
			if all == nil {
				all = []issuer.Batch{}
			}
			return printJSON(t.out, all)
		}
		for _, b := range all {
			fmt.Fprintf(t.out, "%s  %s  %-8s %-7s  %d of %d done, %d failed  %s\n", b.ID, b.Created.Format(time.DateOnly), b.State, b.Kind, b.Done, b.Total, b.Failed, b.Name)
		}
		return nil
	})
}

type batchShowCommand struct {
	ID   string `arg:"" help:"Id of the batch."`
	JSON bool   `name:"json" help:"Print the batch as JSON and nothing else."`
}

// Run says how a batch goes.
func (c *batchShowCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		if !c.JSON {
			return printBatch(ctx, o, c.ID, t.out)
		}
		b, err := o.Batch(ctx, c.ID)
		if err != nil {
			return err
		}
		return printJSON(t.out, b)
	})
}

type batchReleaseCommand struct {
	ID string `arg:"" help:"Id of the batch."`
}

// Run lets a batch go on, and sees it through where no server would.
func (c *batchReleaseCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		b, err := o.ReleaseBatch(ctx, c.ID, actor)
		if err != nil {
			return err
		}
		return seeThrough(ctx, o, b, t.out)
	})
}

type batchDropCommand struct {
	ID string `arg:"" help:"Id of the batch."`
}

// Run ends a batch.
func (c *batchDropCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		b, err := o.DropBatch(ctx, c.ID, actor)
		if err != nil {
			return err
		}
		return seeThrough(ctx, o, b, t.out)
	})
}

// seeThrough works on a batch until it is done, where no server does so, and says how it stands.
func seeThrough(ctx context.Context, o office, b issuer.Batch, out io.Writer) error {
	if here, ok := o.(installation); ok {
		if err := here.finish(ctx, b.ID); err != nil {
			return err
		}
		return printBatch(ctx, o, b.ID, out)
	}
	_, err := fmt.Fprintf(out, "The server does it now; see how it goes:  laurel batch show %s\n", b.ID)
	return err
}

func printBatch(ctx context.Context, o office, id string, out io.Writer) error {
	b, err := o.Batch(ctx, id)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d of %d done, %d failed\n", b.State, b.Done, b.Total, b.Failed)
	if b.Problem != "" {
		fmt.Fprintf(out, "  on hold: %s\n", b.Problem)
	}
	for after := ""; b.Failed > 0; {
		rows, next, err := o.BatchRows(ctx, id, after, 500)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Problem != "" {
				fmt.Fprintf(out, "  row %d: %s\n", r.Number, r.Problem)
			}
		}
		if after = next; next == "" {
			break
		}
	}
	return nil
}

type jobsCommand struct {
	List   jobsListCommand   `cmd:"" default:"1" help:"Count the jobs, and list those that failed for good."`
	Retry  jobsRetryCommand  `cmd:"" help:"Try a failed job again."`
	Delete jobsDeleteCommand `cmd:"" help:"Give a failed job up."`
}

type jobsListCommand struct {
	JSON bool `name:"json" help:"Print what there is as JSON and nothing else."`
}

// Run says how the queue stands.
func (c *jobsListCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		q, err := o.Queue(ctx, "", 100)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t.out, q)
		}
		fmt.Fprintln(t.out, countWords(q.Counts))
		for _, j := range q.Dead {
			fmt.Fprintf(t.out, "%s  %-8s %s  after %d attempts: %s\n", j.ID, j.Name, j.Due.Format(time.DateOnly), j.Attempts, j.Cause)
		}
		return nil
	})
}

type jobsRetryCommand struct {
	ID string `arg:"" help:"Id of the job, as laurel jobs list shows it."`
}

// Run puts a failed job back into the queue.
func (c *jobsRetryCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		if err := o.RetryJob(ctx, c.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "%s is in the queue again.\n", c.ID)
		return err
	})
}

type jobsDeleteCommand struct {
	ID string `arg:"" help:"Id of the job, as laurel jobs list shows it."`
}

// Run gives a failed job up.
func (c *jobsDeleteCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		if err := o.DeleteJob(ctx, c.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "%s will not be done.\n", c.ID)
		return err
	})
}

func countWords(c jobs.Counts) string {
	text := fmt.Sprintf("%d to be done, %d being done, %d waiting for their time, %d failed for good", c.Ready, c.Running, c.Later, c.Dead)
	if c.Parked > 0 {
		text += fmt.Sprintf(", %d for a newer program", c.Parked)
	}
	if !c.Oldest.IsZero() {
		text += "; the oldest has waited since " + c.Oldest.UTC().Format(time.RFC3339)
	}
	return text
}
