package issuer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// wantNothing says that no record of any kind holds any of these words, in its text or in what it is listed by.
func (d *desk) wantNothing(t testing.TB, words ...string) {
	t.Helper()
	for _, k := range issuer.Kinds() {
		for _, row := range d.rows(t, k) {
			for _, word := range words {
				if bytes.Contains(row.Body, []byte(word)) || slices.ContainsFunc(row.Lookups, func(l string) bool { return strings.Contains(l, word) }) {
					t.Errorf("%s %s still says %q: %s", k.Name, row.ID, word, row.Body)
				}
			}
		}
	}
}

// other is another organisation of the installation.
func (l *life) other(t testing.TB) issuer.Workspace {
	t.Helper()
	o, err := l.CreateOrganisation(t.Context(), "Hillside", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	return l.Service.Workspace(o.ID)
}

// TestForgetPerson: once every award of somebody is erased and what is kept beside awards is forgotten, no record of any kind says anything of
// them, whatever was done about them; and the log, the lists and what there is of others hold as they did.
func TestForgetPerson(t *testing.T) {
	l := newLife(t, public)
	ctx := t.Context()
	good := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	keyed := func(name string, do func(issuer.Write) error) {
		t.Helper()
		o, err := l.Once(ctx, issuer.OnceKey{Actor: "test", Text: name}, []byte("digest"), func(value any, _ uint64) ([]byte, error) { return json.Marshal(value) })
		good(err)
		defer o.End()
		good(do(issuer.Write{Actor: "account:1", Once: o}))
	}
	l.settle(t, func(s *issuer.Settings) { s.RevocationList = true })
	l.settings(t, issuer.AchievementSettings{Renewable: true, Months: 12})
	ada := issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada Lovelace", Narrative: "Analytical engines", PlainRecipient: true, Role: "Countess",
		LicenseNumber: "N-1815", Evidence: []issuer.Evidence{{URL: "https://example.org/byron", Narrative: "Note G"}}, Language: "en"}
	c := l.issue(t, ada)
	key := c.Recipient
	bo := l.issue(t, issuer.AwardInput{Recipient: "bo@example.org", Name: "Bo Diddley"})

	// In the place of it, with a note; then renewed, with another.
	n, err := l.Amend(ctx, c.ID, issuer.Amendment{Name: ptr("Ada Kingsley"), Note: "Lovelace married Mr Kingsley."}, staff)
	good(err)
	r, err := l.Renew(ctx, n.ID, issuer.Renewal{Narrative: "Lady Kingsley went on", Note: "Of Lady Kingsley."}, staff)
	good(err)
	// Endorsed, here and by others, and one of these revoked.
	theirs := l.other(t)
	for _, space := range []issuer.Workspace{l.Workspace, theirs} {
		e, err := space.Endorse(ctx, issuer.EndorseInput{Kind: issuer.EndorsesCredential, Subject: r.URL, Name: "Of Lovelace", Comment: "Ada Lovelace taught with me."}, staff)
		good(err)
		_, err = space.RevokeEndorsement(ctx, e.ID, "Lovelace has left.", staff)
		good(err)
	}
	keyed("endorse", func(by issuer.Write) error {
		_, err := l.Endorse(ctx, issuer.EndorseInput{Kind: issuer.EndorsesCredential, Subject: r.Identifier, Comment: "Lovelace again."}, by)
		return err
	})
	// A case, and a proposal that comes of it.
	file, _, err := l.OpenCase(ctx, issuer.CaseInput{Credential: r.ID, Code: issuer.ReasonEvidence, Allegation: "Lovelace copied it", Suspend: true}, staff)
	good(err)
	keyed("notice", func(by issuer.Write) error {
		_, _, err := l.NotifyCase(ctx, file.ID, time.Time{}, l.clock.Now().AddDate(0, 0, 7), "Dear Lovelace", by)
		return err
	})
	keyed("propose", func(by issuer.Write) error {
		_, err := l.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: r.ID, Why: "Lovelace", Cause: &issuer.Cause{Code: issuer.ReasonEvidence, Note: "Ask Byron"}}, by)
		return err
	})
	// Awards that are asked for, planned, rejected, and begun.
	keyed("award", func(by issuer.Write) error {
		_, err := l.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalAward, Award: &ada, Why: "Lovelace has shown it."}, by)
		return err
	})
	refused, err := l.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalAward, Award: &ada}, asker)
	good(err)
	_, err = l.Refuse(ctx, refused.ID, "Lovelace has it already.", allower)
	good(err)
	rows := []issuer.AwardInput{ada, {Recipient: "bo@example.org"}, ada, {Recipient: "cy@example.org"}}
	rows[2].Narrative = "Lovelace\x01"
	in := given(rows)
	in.Columns["narrative"] = 0
	waiting := l.prepare(t, in)
	open, err := l.StartBatch(ctx, issuer.BatchInput{Organisation: l.organisation(t).ID, Name: "Spring", Awards: rows[:2], Actor: "test"})
	good(err)
	draft := l.leave(t) // for ada@example.org
	// Revoked together with others, under a key.
	both, err := l.PrepareRevocation(ctx, issuer.RevokeInput{Name: "Both", IDs: []string{c.ID, r.ID, bo.ID}, Cause: issuer.Cause{Code: issuer.ReasonEvidence, Reason: "The pair copied", Note: "Their tutor said so"}}, staff)
	good(err)
	keyed("confirm", func(by issuer.Write) error {
		_, err := l.ConfirmBatch(ctx, both.ID, true, by)
		return err
	})
	if finished, err := l.RunBatch(ctx, both.ID, nil); err != nil || !finished {
		t.Fatal(finished, err)
	}
	l.told()

	for _, id := range []string{c.ID, n.ID, r.ID, draft.ID} {
		_, err := l.Erase(ctx, id, "", "earner")
		good(err)
	}
	if both, err = l.Service.Batch(ctx, both.ID); err != nil || both.Reason+both.Note != "" || both.Code != issuer.ReasonEvidence {
		t.Errorf("%+v, error %v", both, err)
	}
	good(l.ForgetRecipient(ctx, "", "Ada@Example.org", "earner"))
	good(l.ForgetRecipient(ctx, "", "Ada@Example.org", "earner")) // nothing is left to be done
	_, err = l.Service.Credential(ctx, draft.ID)
	wantCode(t, err, issuer.KindMissing, "not_found")
	l.wantNothing(t, "ada@", "Lovelace", "Kingsley", "Byron", "byron", "Analytical", "Note G", "Countess", "N-1815", key)
	l.wantForgotten(t, "batch", "copied", "tutor")

	// What is left of others is done.
	if _, err := l.ConfirmBatch(ctx, waiting.ID, true, by); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{waiting.ID, open.ID} {
		if finished, err := l.RunBatch(ctx, id, nil); err != nil || !finished {
			t.Fatal(finished, err)
		}
		rows := l.rowsOf(t, id)
		if rows[0].Code != "erased" || rows[0].State() != issuer.RowFailed || rows[1].State() != issuer.RowDone {
			t.Errorf("%+v", rows)
		}
		b, err := l.Service.Batch(ctx, id)
		if err != nil || b.State != issuer.BatchFinished || b.Done+b.Failed+b.Rejected != b.Total {
			t.Errorf("%+v, error %v", b, err)
		}
	}
	if c := l.now(t, bo.ID); c.Revoked == nil || c.Revoked.Reason != "The pair copied" { // whose award it is, too
		t.Errorf("%+v", c.Revoked)
	}
	given, _, err := l.Endorsements(ctx, "", "", 10)
	if err != nil || len(given) != 2 || given[0].Erased == nil || given[0].Revoked == nil || given[0].Slot == nil || given[0].Name != "Endorsement by Riverside District" {
		t.Errorf("%+v, error %v", given, err)
	}
	for _, e := range given {
		_, err := l.Document(ctx, e.URL)
		wantCode(t, err, issuer.KindMissing, "not_found")
		_, err = l.Service.Endorsement(ctx, e.ID)
		wantCode(t, err, issuer.KindMissing, "not_found")
	}
	revoked, err := l.RevokeEndorsement(ctx, given[1].ID, "Lovelace", staff)
	if err != nil || revoked.Revoked == nil || revoked.Revoked.Reason != "" {
		t.Errorf("%+v, error %v", revoked, err)
	}
	l.wantBits(t, l.now(t, r.ID), true, true)
	if _, err := l.VerifyAuditDeep(ctx); err != nil {
		t.Error(err)
	}
}

// TestForgetRecipientOf: one organisation forgets what it keeps, and no other.
func TestForgetRecipientOf(t *testing.T) {
	l := newLife(t, public)
	theirs := l.other(t)
	o, _, err := theirs.Organisation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.ForgetRecipient(t.Context(), "", "ada@example.org", "earner"); err != nil { // nobody was awarded anything yet
		t.Fatal(err)
	}
	wantCode(t, l.ForgetRecipient(t.Context(), "", "ada", "earner"), issuer.KindInvalid, "email")
	if _, err := l.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: o.ID, Name: "N", Description: "D", Criteria: "C", Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	p := l.propose(t, issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Achievement: l.a.ID, Recipient: "ada@example.org"}}, asker)
	q, err := theirs.Propose(t.Context(), proposedAward("ada@example.org"), asker)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.ForgetRecipient(t.Context(), o.ID, "ada@example.org", "account:1"); err != nil {
		t.Fatal(err)
	}
	if q, _, err = theirs.Proposal(t.Context(), q.ID); err != nil || q.State != issuer.ProposalWithdrawn || q.Award != nil || q.Why != "" {
		t.Errorf("%+v, error %v", q, err)
	}
	if p, _, err = l.Proposal(t.Context(), p.ID); err != nil || p.State != issuer.ProposalOpen || p.Award == nil {
		t.Errorf("%+v, error %v", p, err)
	}
}

// TestForgetBrokenAddress: a rejected row is forgotten as well where its address is broken and may have been meant to be that one.
func TestForgetBrokenAddress(t *testing.T) {
	l := newLife(t, public)
	in := issuer.PrepareInput{Name: "Spring", Header: []string{"Email", "Name"}}
	for i, cell := range []string{"ada.lovelace@@example.org", "Ada.Lovelace@example,org", "ada.lovelace example.org", "ada.lovelace@exmaple.or", "bo@@example.org"} {
		in.Awards = append(in.Awards, issuer.BatchRowInput{Award: issuer.AwardInput{Achievement: l.a.ID}, Number: i + 2, Cells: []string{cell, "Somebody"},
			Problems: []issuer.RowProblem{{Row: i + 2, Column: "Email", Value: cell, Code: "email", Detail: "The e-mail address is not one."}}})
	}
	in.Awards = append(in.Awards, issuer.BatchRowInput{Award: issuer.AwardInput{Achievement: l.a.ID, Recipient: "cy@example.org"}, Number: 9})
	b, err := l.PrepareBatch(t.Context(), in, staff)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.ConfirmBatch(t.Context(), b.ID, true, staff); err != nil {
		t.Fatal(err)
	}
	l.run(t, b.ID)
	if err := l.ForgetRecipient(t.Context(), "", "ada.lovelace@example.org", "earner"); err != nil {
		t.Fatal(err)
	}
	rows, _, err := l.BatchRejected(t.Context(), b.ID, "", 10)
	if err != nil || len(rows) != 5 {
		t.Fatal(rows, err)
	}
	for i, row := range rows {
		bo := i == 4
		if (row.Cells != nil) != bo || (row.Problems[0].Value != "") != bo || row.Problems[0].Column != "Email" || row.Problems[0].Code != "email" {
			t.Errorf("%+v", row)
		}
	}
}

// TestForgetBatchCause: what was written about a revocation of many goes 30 days after its end; where one of its awards is erased before
// it has ended, with its end.
func TestForgetBatchCause(t *testing.T) {
	l := newLife(t, public)
	ctx := t.Context()
	revoke := func(ids ...string) string {
		t.Helper()
		b, err := l.PrepareRevocation(ctx, issuer.RevokeInput{Name: "some", IDs: ids, Cause: issuer.Cause{Code: issuer.ReasonEvidence, Reason: "Copied", Note: "Ada cheated"}}, staff)
		if err == nil {
			_, err = l.ConfirmBatch(ctx, b.ID, false, staff)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.ID
	}
	batch := func(id string) issuer.Batch {
		t.Helper()
		b, err := l.Service.Batch(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, c := l.issue(t, issuer.AwardInput{}), l.issue(t, issuer.AwardInput{})
	kept := revoke(a.ID)
	if _, err := l.RunBatch(ctx, kept, nil); err != nil {
		t.Fatal(err)
	}
	erased := revoke(c.ID)
	if _, err := l.Erase(ctx, c.ID, "", "earner"); err != nil {
		t.Fatal(err)
	}
	if b := batch(erased); b.Reason == "" { // it says so of others, too
		t.Errorf("%+v", b)
	}
	if _, err := l.RunBatch(ctx, erased, nil); err != nil {
		t.Fatal(err)
	}
	if b := batch(erased); b.State != issuer.BatchFinished || b.Reason+b.Note != "" {
		t.Errorf("%+v", b)
	}
	for _, days := range []int{29, 2} {
		if b := batch(kept); b.Reason != "Copied" || b.Note != "Ada cheated" {
			t.Errorf("%+v", b)
		}
		l.clock.Add(time.Duration(days) * 24 * time.Hour)
		if err := l.SweepBatches(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if b := batch(kept); b.Reason+b.Note != "" || b.Code != issuer.ReasonEvidence {
		t.Errorf("%+v", b)
	}
}

// TestAnswersGo: the answers to repeatable writes are kept for two days, whether new ones come or not.
func TestAnswersGo(t *testing.T) {
	l := newLife(t, public)
	o := once(t, l.Workspace, "k", "request")
	if _, err := l.Propose(t.Context(), proposedAward("ada@example.org"), issuer.Write{Actor: "account:1", Once: o}); err != nil {
		t.Fatal(err)
	}
	o.End()
	for _, want := range []int{1, 0} {
		l.clock.Add(25 * time.Hour)
		if _, err := l.FinishDrafts(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if n := l.count(t, "repeat"); n != want {
			t.Errorf("%d answers are kept, want %d", n, want)
		}
	}
}

// TestEraseDraftOfBatch: an award that a batch has begun can be erased while it is signed, as long as it could not be signed, and its
// person forgotten at any time; its row says that it is not made.
func TestEraseDraftOfBatch(t *testing.T) {
	for name, test := range map[string]struct {
		wrong error // of the first check
		code  string
	}{"forgotten": {nil, "erased"}, "erased": {errors.New("not now"), "given_up"}} {
		t.Run(name, func(t *testing.T) {
			l := newLife(t, public)
			b := l.batch(t, 2)
			var first sync.Once
			l.check = func(ctx context.Context, _ []byte) error {
				first.Do(func() {
					for _, email := range []string{"p0@example.org", "p1@example.org"} {
						if test.wrong != nil {
							break
						}
						if err := l.ForgetRecipient(ctx, "", email, "earner"); err != nil {
							t.Error(err)
						}
					}
				})
				return test.wrong
			}
			for range 2 {
				if _, err := l.RunBatch(t.Context(), b.ID, nil); err != nil {
					t.Fatal(err)
				}
				for _, c := range l.drafts(t) {
					if _, err := l.Erase(t.Context(), c.ID, "", "earner"); err != nil {
						t.Error(err)
					}
				}
				if test.wrong != nil {
					if _, err := l.Service.ReleaseBatch(t.Context(), b.ID, "test"); err != nil && !isConflict(err) {
						t.Fatal(err)
					}
				}
			}
			if test.wrong != nil {
				if _, err := l.RunBatch(t.Context(), b.ID, nil); err != nil {
					t.Fatal(err)
				}
			}
			b, err := l.Service.Batch(t.Context(), b.ID)
			if err != nil || b.State != issuer.BatchFinished || b.Failed != 2 || l.count(t, "credential") != 0 || l.intended(t) != 0 {
				t.Errorf("%+v, error %v", b, err)
			}
			for _, row := range l.rowsOf(t, b.ID) {
				if row.Code != test.code {
					t.Errorf("%+v", row)
				}
			}
			l.wantNothing(t, "Person 0000", "p0@example.org", "p1@example.org")
		})
	}
}

func isConflict(err error) bool {
	var told *issuer.Error
	return errors.As(err, &told) && told.Kind == issuer.KindConflict
}
