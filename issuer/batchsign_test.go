package issuer_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// TestBatchSigned: whatever the rows say, both forms of each award pass the verifier, and those that have to be are checked whole as they
// are made.
func TestBatchSigned(t *testing.T) {
	for name, test := range map[string]struct{ base, suite string }{
		"Ed25519":              {public, ""},
		"P-256":                {public, "ecdsa-rdfc-2019"},
		"selective disclosure": {public, "ecdsa-sd-2023"},
		"did:key":              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, test.base)
			if test.base != "" {
				d, _ = signingDesk(t, test.base)
			}
			d.publish(t)
			if test.suite != "" {
				if err := d.SetSuite(t.Context(), d.organisation(t).ID, test.suite, "test"); err != nil {
					t.Fatal(err)
				}
			}
			rows := awards(210)
			if test.suite == "ecdsa-sd-2023" {
				rows = rows[:10]
			}
			own := []string{"emailAddress", "name", "false", "Evidence", "revocation", "1EdTechJsonSchemaValidator2019", "Riverside District", "Submit two lessons and a **reflection**."}
			for i := range rows {
				switch row := &rows[i]; i % 7 {
				case 0: // texts that stand elsewhere in the document, too
					row.Narrative, row.Role, row.Term = own[i/7%len(own)], own[(i/7+1)%len(own)], own[(i/7+1)%len(own)]
				case 6:
					row.Narrative = own[i/7%len(own)]
					row.Evidence = []issuer.Evidence{{URL: "https://example.org/1", Name: row.Narrative, Narrative: "One"}, {URL: "https://example.org/2", Name: "One", Narrative: row.Narrative}}
				case 1:
					row.Narrative = fmt.Sprintf("She said: \"%d\".", i) // escaped in JSON
				case 2:
					row.Name += " Núñez"
				case 3:
					row.Evidence = []issuer.Evidence{{URL: fmt.Sprintf("https://example.org/%d", i), Name: "A film"}, {Narrative: "Two lines,\nof text"}}
				case 4:
					row.ValidUntil, row.AwardedDate = noon.AddDate(1, 0, i), noon.AddDate(0, 0, -i)
				case 5:
					row.Results, row.Role, row.Term = nil, "Student", "Spring"
				}
			}
			b, err := d.StartBatch(t.Context(), issuer.BatchInput{Name: "Spring", Awards: rows, Actor: "test"})
			if err != nil {
				t.Fatal(err)
			}
			check := d.check
			var mu sync.Mutex
			whole := map[string]int{}
			d.check = func(ctx context.Context, sealed []byte) error {
				text := string(sealed)
				if _, payload, isToken := strings.Cut(text, "."); isToken && text[0] != '{' {
					payload, _, _ = strings.Cut(payload, ".")
					decoded, _ := base64.RawURLEncoding.DecodeString(payload)
					text = string(decoded)
				}
				if _, person, found := strings.Cut(text, "Person "); found {
					mu.Lock()
					whole[person[:5]]++
					mu.Unlock()
				}
				return check(ctx, sealed)
			}
			if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
				t.Fatalf("finished %v, error %v", finished, err)
			}
			d.wantAwards(t, b.ID, len(rows))
			for i := range rows {
				odd := i%100 == 0 || i%7 == 1 || i%7 == 2 || i%7 == 3
				if seen := whole[fmt.Sprintf("%05d", i)]; odd && seen != 2 {
					t.Errorf("row %d: %d forms were checked", i+1, seen)
				}
			}
			if most := 3*len(rows)/7 + 3 + 3 + 16; test.suite != "ecdsa-sd-2023" && len(whole) > most {
				t.Errorf("%d were checked whole, more than %d", len(whole), most)
			}
			for _, row := range d.rowsOf(t, b.ID) {
				c, err := d.Credential(t.Context(), row.Award)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(check(t.Context(), c.JSON), check(t.Context(), []byte(c.JWT))); err != nil {
					t.Errorf("row %d: %v\n%s", row.Number, err, c.JSON)
				}
			}
		})
	}
}

// TestBatchHeld: where the check finds something wrong, nothing that was signed together with it is given out, and the batch waits for
// somebody to say that it goes on.
func TestBatchHeld(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const rows = 160
	b := d.batch(t, rows)
	d.refuse("Person 00100") // the first of the second chunk
	finished, err := d.RunBatch(t.Context(), b.ID, nil)
	held, err2 := d.Batch(t.Context(), b.ID)
	if err != nil || err2 != nil || !finished || held.State != issuer.BatchHeld || held.Done != 100 || held.Failed != 0 || !strings.Contains(held.Problem, "row 101") {
		t.Fatalf("finished %v, %+v, errors %v, %v", finished, held, err, err2)
	}
	for _, row := range d.rowsOf(t, b.ID) {
		if row.Award == "" {
			continue
		}
		if c, err := d.Credential(t.Context(), row.Award); err == nil && c.Issued.IsZero() != (row.Number > 100) {
			t.Errorf("row %d: issued %v", row.Number, c.Issued)
		}
	}
	if n := d.actions(t, "batch.held"); n != 1 {
		t.Errorf("%d entries", n)
	}
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished || d.actions(t, "credential.issued") != 100 {
		t.Errorf("it went on: finished %v, error %v", finished, err)
	}
	d.check, d.work = accept, nil
	d.clock.Add(time.Hour)
	other := d.beside(t, d.store)
	if found, err := other.FinishDrafts(t.Context(), time.Minute); err != nil || found.Finished+other.Opening().Finished != 0 || len(d.drafts(t)) != 1 || d.intended(t) != rows-100 {
		t.Errorf("what was begun was completed: %+v, %+v, error %v", found, other.Opening(), err)
	}
	if b, err = d.ReleaseBatch(t.Context(), b.ID, "test"); err != nil || b.State != issuer.BatchOpen || b.Problem != "" || len(d.work) != 1 {
		t.Errorf("%+v, %+v, error %v", b, d.work, err)
	}
	var checked atomic.Int64
	d.check = func(context.Context, []byte) error { checked.Add(1); return nil }
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	d.wantAwards(t, b.ID, rows)
	if checked.Load() != 2*(rows-100) { // templates are not trusted any more
		t.Errorf("%d forms were checked", checked.Load())
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// liar is a key that signs something else once, or fails once.
type liar struct {
	crypto.Signer
	left atomic.Int64 // signatures before the wrong one
	away bool         // it fails
}

func (l *liar) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	switch wrong := l.left.Add(-1) == 0; {
	case wrong && l.away:
		return nil, errors.New("the key is away")
	case wrong:
		digest = append([]byte{digest[0] ^ 1}, digest[1:]...)
	}
	return l.Signer.Sign(random, digest, o)
}

// lying is a folder of keys of which those of one algorithm are liars.
type lying struct {
	keys.Store
	algorithm string
	after     int64
	away      bool
}

func (s lying) Load(name string) (crypto.Signer, error) {
	key, err := s.Store.Load(name)
	if err != nil || keys.AlgorithmFor(key.Public()) != s.algorithm {
		return key, err
	}
	l := &liar{Signer: key, away: s.away}
	l.left.Store(s.after)
	return l, nil
}

// TestBatchSignedWrongly: each signature is checked, so one that is wrong stops the batch.
func TestBatchSignedWrongly(t *testing.T) {
	for _, algorithm := range []string{keys.EdDSA, keys.ES256} {
		t.Run(algorithm, func(t *testing.T) {
			d := newDesk(t, public)
			d.publish(t)
			b := d.batch(t, 120)
			folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
			if err != nil {
				t.Fatal(err)
			}
			s, err := issuer.Open(t.Context(), issuer.Config{Store: d.store, Keys: lying{folder, algorithm, 107, false}, Now: d.clock.Now, Enqueue: d.enqueue, Check: accept})
			if err != nil {
				t.Fatal(err)
			}
			finished, err := s.RunBatch(t.Context(), b.ID, nil)
			held, err2 := d.Batch(t.Context(), b.ID)
			if err != nil || err2 != nil || !finished || held.State != issuer.BatchHeld || held.Done != 100 || held.Problem == "" {
				t.Fatalf("finished %v, %+v, errors %v, %v", finished, held, err, err2)
			}
			d.clock.Add(time.Hour)
			if _, err := s.ReleaseBatch(t.Context(), b.ID, "test"); err != nil {
				t.Fatal(err)
			}
			if finished, err := s.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
				t.Errorf("finished %v, error %v", finished, err)
			}
			d.wantAwards(t, b.ID, 120)
		})
	}
}

// TestBatchSigningFails: an award that could not be signed is a draft, which is completed later. What its chunk was given is not kept.
func TestBatchSigningFails(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	b := d.batch(t, 120)
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := issuer.Open(t.Context(), issuer.Config{Store: d.store, Keys: lying{folder, keys.EdDSA, 20, true}, Now: d.clock.Now, Enqueue: d.enqueue, Check: accept})
	if err != nil {
		t.Fatal(err)
	}
	finished, err := s.RunBatch(t.Context(), b.ID, nil)
	open, err2 := d.Batch(t.Context(), b.ID)
	if err == nil || err2 != nil || finished || open.State != issuer.BatchOpen || open.Done != 119 || len(d.drafts(t)) != 1 {
		t.Fatalf("finished %v, %+v, errors %v, %v", finished, open, err, err2)
	}
	if kept := d.intents(t); len(kept) > 0 {
		t.Errorf("what was given is kept: %+v", kept)
	}
	d.clock.Add(time.Hour)
	if finished, err := s.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	d.wantAwards(t, b.ID, 120)
}

// TestBatchFirstWhole: the first award of a batch is checked whole also where a template is there already and its first row is rejected.
func TestBatchFirstWhole(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	d.run(t, d.batch(t, 3).ID)
	var whole atomic.Int64
	d.check = func(context.Context, []byte) error { whole.Add(1); return nil }
	b := d.prepare(t, given(awards(40), 0))
	if _, err := d.space(t).ConfirmBatch(t.Context(), b.ID, true, by); err != nil {
		t.Fatal(err)
	}
	if done := d.run(t, b.ID); done.Done != 39 || whole.Load() < 2 {
		t.Errorf("%d awarded, %d documents checked whole", done.Done, whole.Load())
	}
}
