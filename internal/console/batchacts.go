package console

import (
	"bytes"
	"iter"
	"net/http"

	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// batchActs are what can be done with a batch beside confirming it.
var batchActs = []struct {
	name, path string
	scope      issuer.Scope
	own        bool // without credentials:write, of a batch of one's own alone
	grave      bool // it takes something away
	fits       func(*issuer.Batch) bool
}{
	{"Discard it", "discard", issuer.ScopeCredentialsPropose, true, false, func(b *issuer.Batch) bool { return b.State == issuer.BatchPrepared }},
	{"Let it go on", "release", issuer.ScopeCredentialsWrite, false, false, func(b *issuer.Batch) bool { return b.State == issuer.BatchHeld }},
	{"End it", "drop", issuer.ScopeCredentialsWrite, false, true, func(b *issuer.Batch) bool { return b.State == issuer.BatchOpen || b.State == issuer.BatchHeld }},
	{"Undo it", "undo", issuer.ScopeCredentialsPropose, false, true, func(b *issuer.Batch) bool {
		return b.State == issuer.BatchFinished && b.Kind == issuer.BatchAward && b.Done > 0
	}},
	{"Erase the rows that were left out", "discard", issuer.ScopeCredentialsPropose, true, true, func(b *issuer.Batch) bool { return b.State == issuer.BatchFinished && b.Kept }},
}

// own says that a batch is the person's own, where that is asked for and the role does not allow it of any.
func (v *visit) own(asked bool, b *issuer.Batch) bool {
	return !asked || v.may(issuer.ScopeCredentialsWrite) || b.By == v.actor()
}

// confirmBatch does what a prepared batch says, or proposes it.
func (s *server) confirmBatch(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	b, _, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	if b.State != issuer.BatchPrepared { // the form was sent twice
		return v.Redirect(http.StatusSeeOther, v.to("batches", b.ID))
	}
	second, err := v.proposesBatch(&b)
	if err != nil {
		return err
	}
	skip := f.Get("skip") != ""
	if second {
		return v.propose(f, by, issuer.Proposal{Kind: issuer.ProposalBatch, Batch: b.ID, SkipRejected: skip, Why: f.Get("why")}, v.to("batches", b.ID), s.batchForm)
	}
	if b.Kind == issuer.BatchRevoke && !v.recent() {
		return v.again()
	}
	if _, err = v.space.ConfirmBatch(v.ctx(), b.ID, skip, by); err == nil {
		return v.done("batch-confirmed", v.to("batches", b.ID))
	}
	if err := f.refused(err, map[string]string{"rejected_rows": "skip"}); err != nil {
		return err
	}
	return s.batchForm(v, http.StatusUnprocessableEntity, f)
}

// toBatch is where somebody comes back to who was asked to sign in once more before they confirm a batch.
func (s *server) toBatch(v *visit) error {
	b, _, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusSeeOther, v.to("batches", b.ID))
}

// rejectedFile sends the rows that were left out as a file that can be corrected and chosen again.
func (s *server) rejectedFile(v *visit) error {
	b, _, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	if !b.Kept {
		return failure{status: http.StatusConflict, title: "The rows are not kept any more", detail: "Rows that were left out are kept for 30 days after the end of a batch."}
	}
	header := b.Header
	if header == nil {
		header = []string{"award"} // rows that name awards, of an earlier release
	}
	var out bytes.Buffer
	if err := roster.WriteRejected(&out, header, v.rejected(b.ID)); err != nil {
		return err
	}
	v.Response().Header().Set("Content-Disposition", `attachment; filename="rows-to-fix.csv"`)
	return v.Blob(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// rejected are all rejected rows of a batch.
func (v *visit) rejected(id string) iter.Seq2[issuer.RejectedRow, error] {
	return func(yield func(issuer.RejectedRow, error) bool) {
		for after := ""; ; {
			page, next, err := v.space.BatchRejected(v.ctx(), id, after, 500)
			if err != nil {
				yield(issuer.RejectedRow{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			if after = next; next == "" {
				return
			}
		}
	}
}

// moveBatch does to a batch what its page of confirmation has said.
func (s *server) moveBatch(v *visit, act func(string, issuer.Write) error, said notice, address string, again func(*visit, int, *form) error) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	err = v.onlyOnce(f, func() error {
		if err := act(v.Param("id"), by); err != nil {
			return err
		}
		return v.done(said, address)
	})
	if err == nil {
		return nil
	}
	if err := f.refused(err, nil); err != nil {
		return err
	}
	return again(v, http.StatusUnprocessableEntity, f)
}

// confirmMove shows what an act does to a batch.
func (v *visit) confirmMove(status int, f *form, act, button string, danger bool, will func(*issuer.Batch) []string) error {
	b, version, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.show(status, "confirm", page{Title: act + " the batch " + wording.First(b.Name, "without a name"), Form: f.single(), Data: confirmPage{Will: will(&b), Button: button, Danger: danger,
		Back: v.to("batches", b.ID), Version: versionText(version)}})
}

func (s *server) discardPage(v *visit) error {
	return s.discardForm(v, http.StatusOK, newForm())
}

func (s *server) discardForm(v *visit, status int, f *form) error {
	b, _, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	if b.State == issuer.BatchFinished {
		return v.confirmMove(status, f, "Erase rows of", "Erase them", true, func(b *issuer.Batch) []string {
			return []string{counted(b.Rejected, "The row that was left out is", "The %d rows that were left out are") + " erased, with what was wrong with them as it was written.",
				"The awards that the batch made stay as they are.", "Without you, the rows are erased 30 days after the end of the batch."}
		})
	}
	return v.confirmMove(status, f, "Discard", "Discard it", true, func(*issuer.Batch) []string {
		return []string{"Nothing of the batch is done, and nobody is told.", "What the file said of people is erased here. You can choose the file again."}
	})
}

func (s *server) discard(v *visit) error {
	b, _, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	if !v.own(true, &b) {
		return notAllowed()
	}
	said, address := notice("batch-discarded"), v.to("batches")
	if b.State == issuer.BatchFinished {
		said, address = "rows-erased", v.to("batches", b.ID)
	}
	return s.moveBatch(v, func(id string, by issuer.Write) error { return v.space.DiscardBatch(v.ctx(), id, by) }, said, address, s.discardForm)
}

func (s *server) dropPage(v *visit) error { return s.dropForm(v, http.StatusOK, newForm()) }

func (s *server) dropForm(v *visit, status int, f *form) error {
	return v.confirmMove(status, f, "End", "End it", true, func(b *issuer.Batch) []string {
		return []string{counted(b.Total-b.Rejected-b.Done-b.Failed, "Nothing is done for the row that is left", "Nothing is done for the %d rows that are left") + ", but for those that are under way: these are completed.",
			"What is done stays as it is. Awards that the batch made can be revoked together afterwards: undo it then.", "It cannot be taken up again."}
	})
}

func (s *server) dropBatch(v *visit) error {
	return s.moveBatch(v, func(id string, by issuer.Write) error { _, err := v.space.DropBatch(v.ctx(), id, by); return err },
		"batch-ended", v.to("batches", v.Param("id")), s.dropForm)
}

func (s *server) releasePage(v *visit) error { return s.releaseForm(v, http.StatusOK, newForm()) }

func (s *server) releaseForm(v *visit, status int, f *form) error {
	return v.confirmMove(status, f, "Go on with", "Let it go on", true, func(b *issuer.Batch) []string {
		will := []string{counted(b.Total-b.Rejected-b.Done-b.Failed, "The row that is left is done", "The %d rows that are left are done") + "."}
		if b.Problem != "" {
			return append(will, "It tries again what it could not do before. What was done stays as it is, and nothing is done twice.")
		}
		return append(will,
			"What the batch did in the hours that the backup does not know, it does a second time: whoever was given an award in them gets another one.",
			"If you know that it was nearly done before the restore, end it instead, and look who is missing.")
	})
}

func (s *server) releaseBatch(v *visit) error {
	return s.moveBatch(v, func(id string, by issuer.Write) error { _, err := v.space.ReleaseBatch(v.ctx(), id, by); return err },
		"batch-released", v.to("batches", v.Param("id")), s.releaseForm)
}

func (s *server) undoPage(v *visit) error { return s.undoForm(v, http.StatusOK, newForm()) }

func (s *server) undoForm(v *visit, status int, f *form) error {
	b, _, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	will := []string{"The awards that the batch made, and that are still there, are found: at most " + counted(b.Done, "one", "%d") + ".",
		"You are shown how many these are before anything is revoked. Nothing happens until you confirm it there."}
	if v.proposes(issuer.ActRevoke) {
		will = append(will, "Then another person has to allow it.")
	}
	return v.show(status, "standing", page{Title: "Undo the batch " + wording.First(b.Name, "without a name"), Form: f.single(), Data: standingPage{
		Will: will, Button: "Find the awards", Back: v.to("batches", b.ID), Reasons: revocationReasons()}})
}

// revocationReasons are those for which awards are revoked.
func revocationReasons() []choice {
	return reasons(issuer.ReasonError, issuer.ReasonEvidence, issuer.ReasonPolicy, issuer.ReasonRequest, issuer.ReasonOther)
}

func (s *server) undo(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	return v.prepare(f, awardCodes, func(by issuer.Write) (issuer.Batch, error) {
		return v.space.PrepareUndo(v.ctx(), v.Param("id"), causeOf(f), by)
	}, s.undoForm)
}
