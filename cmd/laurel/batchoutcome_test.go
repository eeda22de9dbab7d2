package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/issuer"
)

// played is a place that takes lists and says what it is told to.
type played struct {
	found, done listed
	away        error // of following
	proposal    string
	discarded   bool
}

func (p *played) check(context.Context, control.List) (listed, error)   { return p.found, nil }
func (p *played) prepare(context.Context, control.List) (listed, error) { return p.found, nil }
func (p *played) confirm(context.Context, string, bool) (string, error) { return p.proposal, nil }
func (p *played) discard(context.Context, string) error                 { p.discarded = true; return nil }
func (p *played) follow(_ context.Context, _ string, each func(int)) (listed, error) {
	each(50)
	return p.done, p.away
}
func (p *played) rejected(context.Context, string, io.Writer) error { return nil }

// TestBatchOutcomes: how a list ends and what a script is told, where the real program does not come to it at will.
func TestBatchOutcomes(t *testing.T) {
	good := listed{ID: "b", Total: 2}
	for name, c := range map[string]struct {
		at      played
		command batchListFileCommand
		answer  string
		status  int
		says    string // on standard output, or "!" and on the other
		kept    bool   // it is not discarded
	}{
		"all awarded":              {at: played{found: good, done: listed{ID: "b", State: issuer.BatchFinished, Done: 2}}, status: 0, says: "2 awarded, 0 rejected, 0 failed", kept: true},
		"some failed":              {at: played{found: good, done: listed{ID: "b", State: issuer.BatchFinished, Done: 1, Failed: 1}}, status: 1, says: "1 failed", kept: true},
		"dropped meanwhile":        {at: played{found: good, done: listed{ID: "b", State: issuer.BatchFinished, Failed: 2}}, status: 1, says: "0 awarded", kept: true},
		"held by a check":          {at: played{found: good, done: listed{ID: "b", State: issuer.BatchHeld, Done: 1, why: "What was signed for row 2 did not pass."}}, status: 3, says: "row 2 did not pass", kept: true},
		"held, what can be done":   {at: played{found: good, done: listed{ID: "b", State: issuer.BatchHeld}}, status: 3, says: "laurel batch release b", kept: true},
		"the server went away":     {at: played{found: good, away: errors.New("it was not reached")}, status: 3, says: "!the batch b is confirmed, and goes on; how it goes could not be seen: it was not reached", kept: true},
		"a second person":          {at: played{found: good, proposal: "p"}, status: 3, says: "Proposal p, batch b", kept: true},
		"left out as asked":        {at: played{found: listed{ID: "b", Total: 2, Rejected: 1}, done: listed{ID: "b", State: issuer.BatchFinished, Done: 1, Rejected: 1}}, command: batchListFileCommand{SkipRejected: true}, status: 0, says: "1 awarded, 1 rejected", kept: true},
		"nothing left":             {at: played{found: listed{ID: "b", Total: 2, Rejected: 2}}, command: batchListFileCommand{SkipRejected: true}, status: 1, says: "All rows are rejected"},
		"one of three is rejected": {at: played{found: listed{ID: "b", Total: 3, Rejected: 1}}, status: 1, says: "1 of 3 rows is rejected, so nothing was awarded. Correct it, or leave it out"},
		"one badge, asked":         {at: played{found: listed{ID: "b", Total: 1}}, answer: "n\n", status: 3, says: "!Award 1 badge now? [y/N]"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			c.command.Yes = c.answer == ""
			err := c.command.award(t.Context(), &terminal{strings.NewReader(c.answer), &out, &errOut}, &c.at, control.List{})
			status, ended := exitGood, finished(0)
			if errors.As(err, &ended) {
				status = int(ended)
			} else if err != nil {
				t.Fatal(err)
			}
			said, there := strings.CutPrefix(c.says, "!")
			text := out.String()
			if there {
				text = errOut.String()
			}
			if status != c.status || !strings.Contains(text, said) || c.at.discarded == c.kept {
				t.Errorf("status %d, want %d; discarded %v; says %q and %q", status, c.status, c.at.discarded, out.String(), errOut.String())
			}
		})
	}
}
