package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// TestAwardTexts: what an award says of somebody has the bounds that texts of achievements have, whoever writes it, and nothing is begun
// for what is refused.
func TestAwardTexts(t *testing.T) {
	l := newLife(t, public)
	l.settings(t, issuer.AchievementSettings{Renewable: true})
	c := l.issue(t, issuer.AwardInput{})
	long := strings.Repeat("x", 20_001)
	for name, test := range map[string]struct {
		in   issuer.AwardInput
		code string
	}{
		"a role of two lines":           {issuer.AwardInput{Role: "a\nb"}, "role"},
		"a role that turns":             {issuer.AwardInput{Role: "a\u202eb"}, "role"},
		"a long term":                   {issuer.AwardInput{Term: long[:501]}, "term"},
		"a long licence":                {issuer.AwardInput{LicenseNumber: long[:501]}, "license"},
		"a long narrative":              {issuer.AwardInput{Narrative: long}, "narrative"},
		"a hidden character":            {issuer.AwardInput{Narrative: "a\x01"}, "narrative"},
		"evidence with a hidden name":   {issuer.AwardInput{Evidence: []issuer.Evidence{{Name: "x\x01"}}}, "evidence"},
		"evidence with a turning name":  {issuer.AwardInput{Evidence: []issuer.Evidence{{Name: "x\u202e"}}}, "evidence"},
		"evidence of a long address":    {issuer.AwardInput{Evidence: []issuer.Evidence{{URL: "https://example.org/" + long[:2000]}}}, "evidence"},
		"evidence of a long text":       {issuer.AwardInput{Evidence: []issuer.Evidence{{Narrative: long}}}, "evidence"},
		"a heap of evidence":            {issuer.AwardInput{Evidence: slices.Repeat([]issuer.Evidence{{Name: "x"}}, 51)}, "evidence"},
		"a result of two lines":         {issuer.AwardInput{Results: []credential.Result{{ResultDescription: "result-1", Value: "a\nb"}}}, "result"},
		"a heap of results":             {issuer.AwardInput{Results: make([]credential.Result, 51)}, "result"},
		"a language that is a script":   {issuer.AwardInput{Language: "<script>\nX"}, "language"},
		"a language of another writing": {issuer.AwardInput{Language: "en_US"}, "language"},
		"a name that turns":             {issuer.AwardInput{Name: "Ada\u202eecalevoL"}, "name"},
		"a name of two lines":           {issuer.AwardInput{Name: "Ada\nL"}, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			in := test.in
			in.Recipient = "ada@example.org"
			_, err := l.Workspace.Issue(t.Context(), in, staff)
			wantCode(t, err, issuer.KindInvalid, test.code)
			if detail := err.(*issuer.Error).Detail; !strings.HasSuffix(detail, ".") {
				t.Errorf("told %q", detail)
			}
			if b := l.prepare(t, given([]issuer.AwardInput{in, {Recipient: "bo@example.org"}})); b.Rejected != 1 {
				t.Errorf("%d rows are rejected", b.Rejected)
			}
			switch {
			case in.Name+in.Language != "":
				_, err = l.Amend(t.Context(), c.ID, issuer.Amendment{Name: &in.Name, Recipient: ptr("ada@example.org"), Language: in.Language}, staff)
			case in.Role+in.Term+in.LicenseNumber == "":
				_, err = l.Renew(t.Context(), c.ID, issuer.Renewal{Recipient: "ada@example.org", Narrative: in.Narrative, Evidence: in.Evidence, Results: in.Results, Language: in.Language}, staff)
			}
			wantCode(t, err, issuer.KindInvalid, test.code)
		})
	}
	if n := l.count(t, "credential"); n != 1 {
		t.Errorf("%d awards", n)
	}
}

// TestEvidenceOfItsOwn: evidence under the address of something else in the badge is refused in a sentence, alone and in a batch, before
// anything is begun: nobody could call that badge authentic.
func TestEvidenceOfItsOwn(t *testing.T) {
	d, o := endorsingDesk(t, public)
	a, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{Name: "N", Description: "D", Criteria: "Do it.", CriteriaURL: "https://example.org/criteria",
		Creator: issuer.Creator{Name: "State", URL: "https://example.org/state"}, Related: []credential.Related{{ID: "https://example.org/other"}},
		Results: []credential.ResultDescription{{Name: "Grade", ResultType: "Result"}}, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	own := []string{a.URL, a.URL + "#result-1", a.URL + "#nothing", "https://example.org/criteria", "https://example.org/state", "https://example.org/other"}
	var rows []issuer.AwardInput
	for i, address := range append(own, "https://example.org/film", o.URL) {
		in := issuer.AwardInput{Recipient: fmt.Sprintf("p%d@example.org", i), Evidence: []issuer.Evidence{{URL: address, Name: "A film", Narrative: "See there."}}}
		rows = append(rows, in)
		if i >= len(own) {
			continue
		}
		_, err := d.Issue(t.Context(), in)
		wantCode(t, err, issuer.KindInvalid, "evidence")
		if detail := err.(*issuer.Error).Detail; !strings.Contains(detail, address) {
			t.Errorf("told %q", detail)
		}
	}
	in := given(rows)
	in.Columns["evidence"] = 1
	b := d.prepare(t, in)
	rejected, _, err := d.space(t).BatchRejected(t.Context(), b.ID, "", 10)
	if err != nil || len(rejected) != len(own) || rejected[0].Problems[0].Column != "Note" {
		t.Fatalf("%+v, error %v", rejected, err)
	}
	if n := d.count(t, "credential"); n != 0 {
		t.Errorf("%d awards are begun", n)
	}
	if _, err := d.space(t).ConfirmBatch(t.Context(), b.ID, true, by); err != nil {
		t.Fatal(err)
	}
	if _, err := d.RunBatch(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	for _, row := range d.rowsOf(t, b.ID)[len(own):] {
		if c, err := d.Credential(t.Context(), row.Award); err != nil || d.judged(t, c.JSON).Outcome != "valid" {
			t.Errorf("row %d: error %v", row.Number, err)
		}
	}
}

// TestPreparedValidFrom: an award whose row says no date begins when it is made, and not when somebody looked at the list; one that
// would have ended by then is not made.
func TestPreparedValidFrom(t *testing.T) {
	l := newLife(t, public)
	l.settings(t, issuer.AchievementSettings{Months: 1})
	rows := awards(3)
	rows[1].ValidFrom = noon.Add(-time.Hour)
	rows[2].ValidUntil = noon.AddDate(0, 0, 1)
	b := l.prepare(t, given(rows))
	l.clock.Add(2 * 24 * time.Hour)
	if _, err := l.ConfirmBatch(t.Context(), b.ID, false, by); err != nil {
		t.Fatal(err)
	}
	if _, err := l.RunBatch(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	made := l.rowsOf(t, b.ID)
	first, second := read(t, l.now(t, made[0].Award)), read(t, l.now(t, made[1].Award))
	if first.ValidFrom != "2026-11-24T12:00:00Z" || first.ValidUntil != "2026-12-24T12:00:00Z" || second.ValidFrom != "2026-11-22T11:00:00Z" {
		t.Errorf("from %s to %s, and from %s", first.ValidFrom, first.ValidUntil, second.ValidFrom)
	}
	if made[2].State() != issuer.RowFailed || made[2].Code != "dates" {
		t.Errorf("%+v", made[2])
	}
}

// leave begins an award that stays a draft, and returns it.
func (d *desk) leave(t testing.TB) issuer.Credential {
	t.Helper()
	before := map[string]bool{}
	for _, c := range d.drafts(t) {
		before[c.ID] = true
	}
	check := d.check
	d.check = func(context.Context, []byte) error { return errors.New("a crash") }
	_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
	d.check = check
	wantCode(t, err, issuer.KindInternal, "self_check_failed")
	for _, c := range d.drafts(t) {
		if !before[c.ID] {
			return c
		}
	}
	t.Fatal("there is no draft")
	return issuer.Credential{}
}

// TestDraftThatCannotBeMade: an award that never passes the check holds up no other, and is given up at the fifth start.
func TestDraftThatCannotBeMade(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	poisoned, good := d.leave(t), d.leave(t)
	broken := errors.New("it does not read back")
	d.check = func(_ context.Context, sealed []byte) error {
		if strings.Contains(string(sealed), poisoned.ID) {
			return broken
		}
		return nil
	}
	for start := 1; start <= 4; start++ {
		d.open(t, public)
		o, finished := d.Opening(), 0
		if start == 1 {
			finished = 1
		}
		if o.Finished != finished || o.Burned != 0 || !errors.Is(o.Unfinished, broken) || !strings.Contains(o.Unfinished.Error(), poisoned.ID) {
			t.Errorf("start %d: %+v", start, o)
		}
		for range 5 { // within an hour they are one try
			d.clock.Add(10 * time.Minute)
			if d.open(t, public); d.Opening().Burned != 0 {
				t.Fatalf("start %d: given up", start)
			}
		}
		d.clock.Add(10 * time.Minute)
	}
	if c, err := d.Credential(t.Context(), good.ID); err != nil || c.Issued.IsZero() {
		t.Errorf("the good one: %+v, error %v", c, err)
	}
	d.open(t, public)
	if o := d.Opening(); o.Burned != 1 || !errors.Is(o.Unfinished, broken) {
		t.Errorf("fifth start: %+v", o)
	}
	_, err := d.Credential(t.Context(), poisoned.ID)
	wantCode(t, err, issuer.KindMissing, "not_found")
	d.open(t, public)
	if o := d.Opening(); o != (issuer.Opening{}) {
		t.Errorf("sixth start: %+v", o)
	}
	d.check = accept
	if next := d.award(t); next.Slot.Index == poisoned.Slot.Index || next.Sequence <= good.Sequence {
		t.Errorf("the place of what was given up was given again: %+v", next.Slot)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDraftWithoutKey: a key that is away burns nothing, however often it is tried.
func TestDraftWithoutKey(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	draft := d.leave(t)
	folder := filepath.Join(d.folder, "keys")
	names, err := filepath.Glob(filepath.Join(folder, "issuer-*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no key files: %v", err)
	}
	for _, name := range names {
		if err := os.Rename(name, filepath.Join(d.folder, filepath.Base(name))); err != nil {
			t.Fatal(err)
		}
	}
	for range 7 {
		d.open(t, public)
		o := d.Opening()
		if o.Burned+o.Finished != 0 {
			t.Fatalf("opening %+v", o)
		}
		wantCode(t, o.Unfinished, issuer.KindUnavailable, "key_unavailable")
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(d.folder, filepath.Base(name)), name); err != nil {
			t.Fatal(err)
		}
	}
	d.open(t, public)
	if c, err := d.Credential(t.Context(), draft.ID); err != nil || c.Issued.IsZero() || d.Opening().Finished != 1 {
		t.Errorf("%+v, error %v", d.Opening(), err)
	}
}

// TestClockGoesBack: five minutes are let pass, a nanosecond more stops awards, also those that a crash left; what takes
// standing away never stops.
func TestClockGoesBack(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	draft := d.leave(t)
	d.clock.Set(noon.Add(-5 * time.Minute))
	d.award(t)
	d.clock.Add(-time.Nanosecond)
	_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
	wantCode(t, err, issuer.KindUnavailable, "clock_back")
	if said := err.Error(); !strings.Contains(said, "Set the clock") || !strings.Contains(said, "2026-11-22T11:55:00Z") || !strings.Contains(said, "2026-11-22T12:00:00Z") {
		t.Errorf("it says %q", said)
	}
	for range 6 {
		d.open(t, public)
		wantCode(t, d.Opening().Unfinished, issuer.KindUnavailable, "clock_back")
	}
	if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	d.wantBits(t, c, true, false)
	d.clock.Set(noon.Add(-5 * time.Minute))
	d.open(t, public)
	if done, err := d.Credential(t.Context(), draft.ID); err != nil || done.Issued.IsZero() || d.Opening().Unfinished != nil {
		t.Errorf("%+v, error %v", d.Opening(), err)
	}
	d.award(t)
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOrderIsBySequence: what was begun later comes later, whatever the clock said.
func TestOrderIsBySequence(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	first := d.leave(t)
	d.clock.Add(-time.Minute)
	second := d.leave(t)
	d.clock.Add(-time.Minute)
	third := d.leave(t)
	drafts := d.drafts(t)
	if len(drafts) != 3 || drafts[0].ID != first.ID || drafts[1].ID != second.ID || drafts[2].ID != third.ID {
		t.Errorf("drafts in the order %v", drafts)
	}
	if _, err := d.CreateOrganisation(t.Context(), "Lakeside District", "", "test"); err != nil {
		t.Fatal(err)
	}
	if all, err := d.Organisations(t.Context()); err != nil || len(all) != 2 || all[0].Name != "Riverside District" {
		t.Errorf("organisations %+v, error %v", all, err)
	}
}

// TestIssueForCallerWhoLeft: an award that was begun is finished, though nobody waits for it any more.
func TestIssueForCallerWhoLeft(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.check = func(ctx context.Context, _ []byte) error {
		cancel()
		return ctx.Err()
	}
	c, err := d.Issue(ctx, issuer.AwardInput{Recipient: "ada@example.org"})
	if err != nil || c.Issued.IsZero() || len(d.drafts(t)) != 0 {
		t.Errorf("%+v, error %v", c, err)
	}
}

// TestKeyStolenMeanwhile: an award is not given out under a key that ended while it was made.
func TestKeyStolenMeanwhile(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	organisations, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stolen := ""
	d.check = func(ctx context.Context, _ []byte) error {
		if stolen != "" {
			return nil
		}
		for _, k := range mustKeys(t, d) {
			if k.Algorithm == keys.EdDSA && k.State == issuer.KeyActive {
				stolen = k.Method
			}
		}
		return d.CompromiseKey(ctx, organisations[0].ID, stolen, time.Time{}, "test")
	}
	c, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
	if err != nil || c.Issued.IsZero() || method(t, c) == stolen {
		t.Errorf("signed by %s, error %v", method(t, c), err)
	}
}

// TestVCJWT: awards and lists are to be had in the form of VC-JOSE-COSE too, without the proof that they carry otherwise.
func TestVCJWT(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	for name, get := range map[string]func() (string, error){
		"award": func() (string, error) { return d.CredentialVCJWT(t.Context(), c.ID) },
		"list":  func() (string, error) { return d.StatusListVCJWT(t.Context(), c.Slot.Revocation) },
	} {
		token, err := get()
		if err != nil {
			t.Fatal(err)
		}
		secured, err := proof.ReadJWT([]byte(token), proof.Options{VC: true})
		if err != nil || secured.Form != proof.VCJWT || secured.Value["proof"] != nil || secured.Value["issuer"] == nil {
			t.Errorf("%s: %v, error %v", name, secured, err)
		}
	}
	_, err := d.CredentialVCJWT(t.Context(), "none")
	wantCode(t, err, issuer.KindMissing, "not_found")
	_, err = d.StatusListVCJWT(t.Context(), "none")
	wantCode(t, err, issuer.KindMissing, "not_found")
}
