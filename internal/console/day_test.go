package console

import (
	"strings"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// dayThings are what an office has one of, for addresses that name it.
type dayThings struct{ batch, proposal, file string }

// dayThings makes a batch that waits to be confirmed, a proposal, and a case about an award of its own.
func (w *world) dayThings(achievement string) (d dayThings) {
	w.t.Helper()
	ctx, space := w.t.Context(), w.service.Workspace(w.ours.ID)
	by := issuer.Write{Actor: "account:" + w.account(w.roles[people.RoleAssessor])}
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	b, err := space.PrepareBatch(ctx, issuer.PrepareInput{Name: "May", Header: []string{"Email"}, Awards: []issuer.BatchRowInput{
		{Number: 2, Award: issuer.AwardInput{Achievement: achievement, Recipient: "zoe@example.org"}},
		{Number: 3, Cells: []string{"nobody"}, Problems: []issuer.RowProblem{{Row: 3, Column: "Email", Value: "nobody", Code: "email", Detail: "This is no e-mail address."}}},
	}}, by)
	must(err)
	p, err := space.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Achievement: achievement, Recipient: "yan@example.org", Name: "Yan"}}, by)
	must(err)
	c, err := space.Issue(ctx, issuer.AwardInput{Achievement: achievement, Recipient: "xu@example.org", Name: "Xu"}, issuer.Write{Actor: "test"})
	must(err)
	file, _, err := space.OpenCase(ctx, issuer.CaseInput{Credential: c.ID, Code: issuer.ReasonEvidence, Allegation: "The lesson was somebody else's."}, by)
	must(err)
	return dayThings{b.ID, p.ID, file.ID}
}

// of is what :id stands for in a path; "" elsewhere.
func (d dayThings) of(path string) string {
	switch {
	case strings.Contains(path, "/batches/"):
		return d.batch
	case strings.Contains(path, "/proposals/"):
		return d.proposal
	case strings.Contains(path, "/cases/"):
		return d.file
	}
	return ""
}
