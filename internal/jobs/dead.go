package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Counts says how many jobs there are. Periodic work counts as one each.
type Counts struct {
	Ready   int       `json:"ready"`   // could be done now
	Later   int       `json:"later"`   // wait for their time, or for the next attempt
	Running int       `json:"running"` // somebody holds them
	Parked  int       `json:"parked"`  // of names that the program that met them did not know
	Dead    int       `json:"dead"`    // failed too often
	Oldest  time.Time `json:"oldest"`  // since when the oldest that is ready could be done; zero when none is
}

// Waiting counts the jobs. It reads all of them: a fraction of a second for 100,000.
func (r *Runner) Waiting(ctx context.Context) (Counts, error) {
	var c Counts
	err := r.Store.View(ctx, func(tx issuer.Tx) error {
		for q := (issuer.Query{Limit: 1000}); ; {
			page, next, err := tx.List(jobs.Kind, q)
			if err != nil {
				return err
			}
			for _, row := range page {
				if err := c.add(row); err != nil {
					return err
				}
			}
			if q.After = next; next == "" {
				return nil
			}
		}
	})
	if err != nil {
		return Counts{}, fmt.Errorf("counting jobs: %w", err)
	}
	return c, nil
}

// add counts a job by its columns.
func (c *Counts) add(row issuer.Row) error {
	if len(row.Lookups) != len(jobs.Kind.Lookups) {
		return fmt.Errorf("job %s: %w", row.ID, issuer.ErrDamaged)
	}
	switch in := state(row.Lookups[1]); {
	case in == ready:
		c.Ready++
		due, err := time.Parse(sortableForm, row.Order)
		if err != nil {
			return fmt.Errorf("job %s: %w", row.ID, issuer.ErrDamaged)
		}
		if c.Oldest.IsZero() || due.Before(c.Oldest) {
			c.Oldest = due
		}
	case in == later:
		c.Later++
	case in == running:
		c.Running++
	case in == dead:
		c.Dead++
	case strings.HasPrefix(string(in), parkedPrefix):
		c.Parked++
	}
	return nil
}

// Dead lists the jobs that failed too often, the latest first, and gives the cursor of the page after them, "" when there is
// none. after is the cursor of the page before; limit 0 means 100.
func (r *Runner) Dead(ctx context.Context, after string, limit int) (page []Job, next string, err error) {
	err = r.Store.View(ctx, func(tx issuer.Tx) error {
		var found []job
		found, next, err = jobs.List(tx, issuer.Query{By: "state", Value: string(dead), After: after, Limit: limit, Backward: true})
		page = make([]Job, len(found))
		for i, j := range found {
			page[i] = j.Job
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing dead jobs: %w", err)
	}
	return page, next, nil
}

// Retry puts a dead job back into the queue, with all its attempts before it. Kind missing, code no_job, when no dead job has this
// id.
func (r *Runner) Retry(ctx context.Context, id string) error {
	err := r.Store.Update(ctx, func(tx issuer.Tx) error {
		j, version, err := deadJob(tx, id)
		if err != nil {
			return err
		}
		j.State, j.Due, j.Attempts = ready, r.Now().UTC(), 0
		return put(tx, r.Now(), &j, version)
	})
	if err != nil {
		return fmt.Errorf("retrying a job: %w", err)
	}
	r.Wake()
	return nil
}

// Delete removes a dead job. Kind missing, code no_job, when no dead job has this id.
func (r *Runner) Delete(ctx context.Context, id string) error {
	err := r.Store.Update(ctx, func(tx issuer.Tx) error {
		if _, _, err := deadJob(tx, id); err != nil {
			return err
		}
		return tx.Delete(jobs.Kind, id)
	})
	if err != nil {
		return fmt.Errorf("deleting a job: %w", err)
	}
	return nil
}

func deadJob(tx issuer.Tx, id string) (job, uint64, error) {
	j, version, err := jobs.Get(tx, id)
	if errors.Is(err, issuer.ErrNotFound) || err == nil && j.State != dead {
		err = &issuer.Error{Kind: issuer.KindMissing, Code: "no_job", Detail: "No job of this id has failed for good.", Err: issuer.ErrNotFound}
	}
	return j, version, err
}
