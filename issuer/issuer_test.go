package issuer_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

const (
	public = "https://badges.example.org"
	local  = "http://localhost:8080"
)

// desk is an installation on a real store and key folder, with a clock that is set by hand.
type desk struct {
	*issuer.Service
	folder string
	store  *bolt.Store
	clock  *clock
	check  func(context.Context, []byte) error
	wrap   func(issuer.Store) issuer.Store // around the store; nil: not

	mu   sync.Mutex
	work []issuer.Work // what was queued
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) Add(d time.Duration) { c.Set(c.Now().Add(d)) }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

func accept(context.Context, []byte) error { return nil }

// newDesk opens an installation with one organisation in a new folder. base "" is the local one.
func newDesk(t testing.TB, base string) *desk {
	t.Helper()
	d := &desk{folder: t.TempDir(), clock: &clock{now: noon}, check: accept}
	d.open(t, base)
	if _, created, err := d.EnsureOrganisation(t.Context(), "Riverside District", "badges@example.org"); err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	return d
}

func (d *desk) open(t testing.TB, base string) {
	t.Helper()
	if err := d.tryOpen(t, base); err != nil {
		t.Fatal(err)
	}
}

// tryOpen opens the folder again, as a new process would.
func (d *desk) tryOpen(t testing.TB, base string) error {
	t.Helper()
	if d.store != nil {
		_ = d.store.Close() // a test may have closed it
	}
	var err error
	if d.store, err = bolt.Open(d.folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.store.Close() })
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	config := issuer.Config{Store: d.store, Keys: folder, Now: d.clock.Now, Base: base, Public: base != "", Enqueue: d.enqueue,
		Check:         func(ctx context.Context, sealed []byte) error { return d.check(ctx, sealed) },
		CheckDocument: func(ctx context.Context, sealed []byte) error { return d.check(ctx, sealed) }}
	if base == "" {
		config.Base = local
	}
	if d.wrap != nil {
		config.Store = d.wrap(d.store)
	}
	d.Service, err = issuer.Open(t.Context(), config)
	return err
}

func (d *desk) enqueue(_ issuer.Tx, j issuer.Work) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.work = append(d.work, j)
	return nil
}

func (d *desk) publish(t testing.TB) issuer.Achievement {
	t.Helper()
	a, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{
		Name: "Formative Assessment", Description: "Uses evidence of learning to adapt teaching.",
		Criteria: "Submit two lessons and a **reflection**.",
		Results: []credential.ResultDescription{{
			Name: "Reflection", ResultType: "RubricCriterionLevel", RequiredLevel: "meets",
			Levels: []credential.RubricCriterionLevel{{ID: "begins", Name: "Begins"}, {ID: "meets", Name: "Meets"}},
		}},
		Actor: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (d *desk) award(t testing.TB) issuer.Credential {
	t.Helper()
	c, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "Ada@Example.org", Name: "Ada Lovelace", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func object(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

func wantCode(t testing.TB, err error, kind issuer.ErrorKind, code string) {
	t.Helper()
	var got *issuer.Error
	if !errors.As(err, &got) || got.Kind != kind || got.Code != code {
		t.Fatalf("error %v, want kind %s and code %s", err, kind, code)
	}
}

func TestIdentity(t *testing.T) {
	for name, test := range map[string]struct {
		base, did string
		keys      []string
	}{
		"public https name": {public, "did:web:badges.example.org", []string{"EdDSA", "ES256"}},
		"with a port":       {public + ":8443", "did:web:badges.example.org%3A8443", []string{"EdDSA", "ES256"}},
		"usual port":        {public + ":443/", "did:web:badges.example.org", []string{"EdDSA", "ES256"}},
		"address":           {"https://192.0.2.7", "did:key:z6Mk", []string{"EdDSA"}},
		"plain http":        {"http://badges.example.org", "did:key:z6Mk", []string{"EdDSA"}},
		"this machine":      {"", "did:key:z6Mk", []string{"EdDSA"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, test.base)
			all, err := d.Organisations(t.Context())
			if err != nil || len(all) != 1 {
				t.Fatalf("%d organisations, error %v", len(all), err)
			}
			o := all[0]
			if strings.HasSuffix(test.did, "z6Mk") && !strings.HasPrefix(o.DID, test.did) || !strings.HasSuffix(test.did, "z6Mk") && o.DID != test.did {
				t.Errorf("identity %s, want %s", o.DID, test.did)
			}
			if len(o.Keys) != len(test.keys) {
				t.Fatalf("%d keys, want %v", len(o.Keys), test.keys)
			}
			for i, k := range o.Keys {
				if k.Algorithm != test.keys[i] || k.Method != o.DID+"#"+k.Multikey || k.State != issuer.KeyActive {
					t.Errorf("key %+v", k)
				}
			}
			again, created, err := d.EnsureOrganisation(t.Context(), "Another", "")
			if err != nil || created || again.ID != o.ID {
				t.Errorf("a second EnsureOrganisation: created %v, id %s, error %v", created, again.ID, err)
			}
		})
	}
	t.Run("a later one", func(t *testing.T) {
		d := newDesk(t, public)
		o, err := d.CreateOrganisation(t.Context(), "Hillside", "", "test")
		if err != nil {
			t.Fatal(err)
		}
		if want := "did:web:badges.example.org:i:" + o.ID; o.DID != want {
			t.Errorf("identity %s, want %s", o.DID, want)
		}
		document, err := d.Document(t.Context(), o.URL+"/did.json")
		if err != nil || object(t, document)["id"] != o.DID {
			t.Errorf("document %s, error %v", document, err)
		}
	})
}

func TestBase(t *testing.T) {
	const other = "https://elsewhere.example.org"
	t.Run("the first start needs one", func(t *testing.T) {
		store, err := bolt.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		folder, _, err := keys.OpenFolder(filepath.Join(t.TempDir(), "keys"), "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = issuer.Open(t.Context(), issuer.Config{Store: store, Keys: folder, Check: accept, Now: time.Now})
		wantCode(t, err, issuer.KindMissing, "no_installation")
	})
	for name, base := range map[string]string{
		"path": public + "/x", "query": public + "?x", "user": "https://u@example.org", "scheme": "ftp://example.org", "no host": "https://",
	} {
		t.Run("no address: "+name, func(t *testing.T) {
			d := &desk{folder: t.TempDir(), clock: &clock{now: noon}, check: accept}
			wantCode(t, d.tryOpen(t, base), issuer.KindInvalid, "base")
		})
	}
	t.Run("another public address is refused", func(t *testing.T) {
		d := newDesk(t, public)
		err := d.tryOpen(t, other)
		wantCode(t, err, issuer.KindDenied, "base_changed")
		for _, want := range []string{public, other, "--public-url", "new folder"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not speak of %s", err, want)
			}
		}
	})
	t.Run("the stored one serves wherever the server listens", func(t *testing.T) {
		d := newDesk(t, public)
		d.open(t, "")
		if d.Base() != public || d.Local() {
			t.Errorf("base %s, local %v", d.Base(), d.Local())
		}
		d.open(t, public+"/")
	})
	t.Run("a first public address before any award moves what is there", func(t *testing.T) {
		d := newDesk(t, "")
		before := d.publish(t)
		if !d.Local() || !strings.HasPrefix(before.URL, local) {
			t.Errorf("local %v, address %s", d.Local(), before.URL)
		}
		was, err := d.Organisations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d.open(t, public)
		now, err := d.Organisations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if now[0].DID != was[0].DID {
			t.Error("the identity changed")
		}
		after, err := d.Achievement(t.Context(), before.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.Local() || strings.Contains(string(after.Document), local) || !strings.HasPrefix(after.URL, public) || !strings.HasPrefix(now[0].URL, public) {
			t.Errorf("still local: %s, %s, %s", after.URL, now[0].URL, after.Document)
		}
		if c := d.award(t); c.Identifier != public+"/c/"+c.ID {
			t.Errorf("identifier %s", c.Identifier)
		}
	})
	t.Run("a first public address after an award is refused", func(t *testing.T) {
		d := newDesk(t, "")
		d.publish(t)
		c := d.award(t)
		if !strings.HasPrefix(c.Identifier, "urn:uuid:") || c.URL != local+"/c/"+c.ID {
			t.Errorf("identifier %s, address %s", c.Identifier, c.URL)
		}
		wantCode(t, d.tryOpen(t, public), issuer.KindDenied, "base_changed")
		d.open(t, "")
	})
}

func TestAchievement(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	document := object(t, a.Document)
	if document["id"] != public+"/a/"+a.ID || document["achievementType"] != "MicroCredential" || document["@context"] == nil {
		t.Errorf("document %s", a.Document)
	}
	for _, want := range []string{a.URL + "#result-1", a.URL + "#begins", `"requiredLevel":"` + a.URL + "#meets"} {
		if !strings.Contains(string(a.Document), want) {
			t.Errorf("%s is missing in %s", want, a.Document)
		}
	}
	served, err := d.Document(t.Context(), a.URL)
	if err != nil || string(served) != string(a.Document) {
		t.Errorf("served %s, error %v", served, err)
	}
	good := issuer.AchievementInput{Name: "N", Description: "D", Criteria: "C"}
	for name, test := range map[string]struct {
		break_ func(*issuer.AchievementInput)
		code   string
	}{
		"no name":           {func(in *issuer.AchievementInput) { in.Name = " " }, "name"},
		"no description":    {func(in *issuer.AchievementInput) { in.Description = "" }, "description"},
		"no criteria":       {func(in *issuer.AchievementInput) { in.Criteria = "" }, "criteria"},
		"unknown type":      {func(in *issuer.AchievementInput) { in.Type = "Trophy" }, "type"},
		"script as address": {func(in *issuer.AchievementInput) { in.CriteriaURL = "javascript:alert(1)" }, "criteria_url"},
		"no picture":        {func(in *issuer.AchievementInput) { in.Image = []byte("GIF89a") }, "image"},
		"name used twice": {func(in *issuer.AchievementInput) {
			in.Results = []credential.ResultDescription{{ID: "x", Name: "X", ResultType: "Result"}, {ID: "x", Name: "Y", ResultType: "Result"}}
		}, "result_name"},
		"an e-mail address as actor": {func(in *issuer.AchievementInput) { in.Actor = "ada@example.org" }, "actor"},
	} {
		t.Run(name, func(t *testing.T) {
			in := good
			test.break_(&in)
			_, err := d.CreateAchievement(t.Context(), in)
			wantCode(t, err, issuer.KindInvalid, test.code)
		})
	}
}

func TestIssue(t *testing.T) {
	d := newDesk(t, public)
	var checked []string
	d.check = func(_ context.Context, sealed []byte) error {
		checked = append(checked, string(sealed))
		return nil
	}
	a := d.publish(t)
	c, err := d.Issue(t.Context(), issuer.AwardInput{
		Recipient: " Ada@Example.org ", Name: "Ada Lovelace", Actor: "test",
		Evidence:   []issuer.Evidence{{URL: "https://portfolio.example.org/ada", Name: "Portfolio"}},
		Results:    []credential.Result{{ResultDescription: "result-1", AchievedLevel: "meets"}},
		ValidUntil: noon.AddDate(1, 0, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(checked) != 2 || checked[0] != string(c.JSON) || checked[1] != c.JWT {
		t.Errorf("the check saw %d documents, want both forms", len(checked))
	}
	if len(c.ID) != 22 || c.Identifier != public+"/c/"+c.ID || c.Issued.IsZero() || c.Unsigned != nil || c.Achievement != a.ID {
		t.Errorf("credential %+v", c)
	}
	read, err := credential.Parse(c.JSON)
	if err != nil {
		t.Fatal(err)
	}
	if read.ValidFrom != "2026-11-22T12:00:00Z" || read.ValidUntil != "2027-11-22T12:00:00Z" || read.Issuer.ID != "did:web:badges.example.org" {
		t.Errorf("from %s until %s by %s", read.ValidFrom, read.ValidUntil, read.Issuer.ID)
	}
	identifiers := read.Subject.Identifiers
	if len(identifiers) != 2 || !identifiers[0].Hashed || len(identifiers[0].Salt) < 22 || !credential.MatchesIdentity(identifiers[0], "ada@example.org") {
		t.Errorf("identifiers %+v", identifiers)
	}
	if identifiers[1] != (credential.IdentityObject{Type: "name", Hash: "Ada Lovelace"}) {
		t.Errorf("name %+v", identifiers[1])
	}
	if got := read.Subject.Results; len(got) != 1 || got[0].AchievedLevel != a.URL+"#meets" {
		t.Errorf("results %+v", got)
	}
	if strings.Contains(strings.ToLower(string(c.JSON)), "ada@example.org") {
		t.Error("the e-mail address stands in the credential")
	}
	for name, id := range map[string]string{"id": c.ID, "address": c.URL, "identifier": c.Identifier} {
		if got, err := d.Credential(t.Context(), id); err != nil || got.ID != c.ID {
			t.Errorf("by %s: %v", name, err)
		}
	}
	for _, id := range []string{"", "x", "https://elsewhere.example.org/c/" + c.ID, "urn:uuid:x"} {
		_, err := d.Credential(t.Context(), id)
		wantCode(t, err, issuer.KindMissing, "not_found")
	}
	plain, err := d.Issue(t.Context(), issuer.AwardInput{Achievement: a.URL, Recipient: "Ada@Example.org", PlainRecipient: true})
	if err != nil || !strings.Contains(string(plain.JSON), `"identityHash":"ada@example.org"`) {
		t.Errorf("plain: %v in %s", err, plain.JSON)
	}
	if plain.Slot.Index == c.Slot.Index || plain.Slot.Revocation != c.Slot.Revocation {
		t.Errorf("slots %+v and %+v", c.Slot, plain.Slot)
	}
}

func TestIssueRefuses(t *testing.T) {
	d := newDesk(t, public)
	_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
	wantCode(t, err, issuer.KindMissing, "not_found")
	d.publish(t)
	for name, test := range map[string]struct {
		in   issuer.AwardInput
		code string
	}{
		"no recipient":     {issuer.AwardInput{}, "email"},
		"no address":       {issuer.AwardInput{Recipient: "ada"}, "email"},
		"with a name":      {issuer.AwardInput{Recipient: "Ada <ada@example.org>"}, "email"},
		"two addresses":    {issuer.AwardInput{Recipient: "a@example.org, b@example.org"}, "email"},
		"name of lines":    {issuer.AwardInput{Recipient: "a@example.org", Name: "A\nB"}, "name"},
		"evidence address": {issuer.AwardInput{Recipient: "a@example.org", Evidence: []issuer.Evidence{{URL: "file:///etc/passwd"}}}, "evidence"},
		"empty evidence":   {issuer.AwardInput{Recipient: "a@example.org", Evidence: []issuer.Evidence{{}}}, "evidence"},
		"ends too early":   {issuer.AwardInput{Recipient: "a@example.org", ValidUntil: noon.Add(-time.Hour)}, "dates"},
		"unknown result": {issuer.AwardInput{Recipient: "a@example.org",
			Results: []credential.Result{{ResultDescription: "nothing", Value: "1"}}}, credential.CodeSchemaInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Issue(t.Context(), test.in)
			wantCode(t, err, issuer.KindInvalid, test.code)
		})
	}
	t.Run("clock went back", func(t *testing.T) {
		defer d.clock.Set(noon)
		d.clock.Set(noon.Add(-4 * time.Minute))
		d.award(t)
		d.clock.Set(noon.Add(-6 * time.Minute))
		_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
		wantCode(t, err, issuer.KindUnavailable, "clock_back")
	})
	t.Run("several achievements", func(t *testing.T) {
		d.publish(t)
		_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
		wantCode(t, err, issuer.KindInvalid, "achievement")
	})
}

// drafts reads the awards that have no signed form from the store.
func (d *desk) drafts(t testing.TB) []issuer.Credential {
	t.Helper()
	var found []issuer.Credential
	err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, _, err := tx.List(issuer.Kind{Name: "credential", Lookups: []string{"draft"}}, issuer.Query{By: "draft", Value: "yes"})
		for _, row := range rows {
			var c issuer.Credential
			if err := json.Unmarshal(row.Body, &c); err != nil {
				return err
			}
			found = append(found, c)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCrashBetweenIntentAndSignature(t *testing.T) {
	broken := errors.New("broken")
	for name, crash := range map[string]func(d *desk) error{
		"the check fails":      func(*desk) error { return broken },
		"the store goes first": func(d *desk) error { return d.store.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, "")
			d.publish(t)
			d.check = func(context.Context, []byte) error { return crash(d) }
			_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
			if err == nil {
				t.Fatal("the award was made")
			}
			d.check = func(context.Context, []byte) error { return broken }
			d.open(t, "")
			if o := d.Opening(); o.Finished != 0 || !errors.Is(o.Unfinished, broken) {
				t.Errorf("opening %+v", o)
			}
			drafts := d.drafts(t)
			if len(drafts) != 1 {
				t.Fatalf("%d drafts, want 1", len(drafts))
			}
			draft := drafts[0]
			_, err = d.Revoke(t.Context(), draft.ID, "why", "test")
			wantCode(t, err, issuer.KindConflict, "not_issued")
			d.check = accept
			next := d.award(t)
			if next.Slot.Index == draft.Slot.Index {
				t.Error("the slot of the draft was given again")
			}
			d.open(t, "")
			if o := d.Opening(); o.Finished != 1 || o.Unfinished != nil {
				t.Errorf("opening %+v", o)
			}
			done, err := d.Credential(t.Context(), draft.ID)
			if err != nil {
				t.Fatal(err)
			}
			if done.Issued.IsZero() || done.Slot != draft.Slot || done.Identifier != draft.Identifier || done.Intended != draft.Intended {
				t.Errorf("completed as %+v, intended as %+v", done, draft)
			}
			unsigned := strings.TrimSuffix(string(draft.Unsigned), "}")
			if !strings.HasPrefix(string(done.JSON), unsigned) {
				t.Error("something else was signed than was intended")
			}
			d.open(t, "")
			if o := d.Opening(); o.Finished != 0 {
				t.Error("it was completed twice")
			}
			if _, err := d.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestIssueConcurrently(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const goroutines, each = 16, 5
	var mu sync.Mutex
	slots := map[int]bool{}
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for range each {
				c, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
				mu.Lock()
				if err != nil || slots[c.Slot.Index] {
					t.Errorf("slot %d, error %v", c.Slot.Index, err)
				}
				slots[c.Slot.Index] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(slots) != goroutines*each {
		t.Errorf("%d slots, want %d", len(slots), goroutines*each)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAwardIsTwoCommits counts the durable commits of one award.
func TestAwardIsTwoCommits(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	d.award(t) // opens the lists
	counted := &counting{Store: d.store}
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := issuer.Open(t.Context(), issuer.Config{Store: counted, Keys: folder, Check: accept, Now: d.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	if counted.updates != 2 {
		t.Errorf("%d commits, want 2", counted.updates)
	}
}

type counting struct {
	issuer.Store
	updates int
}

func (c *counting) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	c.updates++
	return c.Store.Update(ctx, fn)
}

// TestPrivacy looks for the recipient's address in the records. One who delivers awards is told it and keeps it; in this package it lies
// in the row of an award that is not begun, and in a row that was rejected, and nowhere once the batch is finished, dropped or discarded.
func TestPrivacy(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	if _, err := d.Revoke(t.Context(), c.ID, "Given by mistake", "test"); err != nil {
		t.Fatal(err)
	}
	ada := []issuer.AwardInput{{Recipient: "Ada@Example.org", Name: "Ada"}}
	start := func() issuer.Batch {
		b, err := d.StartBatch(t.Context(), issuer.BatchInput{Name: "Spring", Awards: ada, Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if finished, err := d.RunBatch(t.Context(), start().ID, nil); err != nil || !finished {
		t.Fatal(finished, err)
	}
	if _, err := d.DropBatch(t.Context(), start().ID, "test"); err != nil {
		t.Fatal(err)
	}
	w := d.Workspace(d.organisation(t).ID)
	for range 2 {
		b, err := w.PrepareBatch(t.Context(), issuer.PrepareInput{Name: "Spring", Awards: []issuer.BatchRowInput{{Award: ada[0]},
			{Award: ada[0], Cells: []string{"ada@example.org"}, Problems: []issuer.RowProblem{{Row: 2, Value: "ada@example.org", Code: "x", Detail: "No."}}}}}, issuer.Write{Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.DiscardBatch(t.Context(), b.ID, issuer.Write{Actor: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	open := start()
	// Pictures and answers lie in the store as base64, which writes a text in three ways, by its place among the bytes.
	var forms []string
	for _, address := range []string{"ada@example.org", "Ada@Example.org"} {
		forms = append(forms, address)
		for shift := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString([]byte("xxx"[:shift] + address + "xxx"))
			forms = append(forms, encoded[4:len(encoded)-6])
		}
	}
	found := 0
	err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		for _, k := range issuer.Kinds() {
			rows, next, err := tx.List(k, issuer.Query{Limit: 10_000})
			if err != nil || next != "" {
				t.Errorf("%s: next %q, error %v", k.Name, next, err)
			}
			for _, row := range rows {
				for _, form := range forms {
					if !strings.Contains(fmt.Sprintf("%s %s %q %s", row.ID, row.Order, row.Lookups, row.Body), form) {
						continue
					}
					if found++; k.Name != "batch-row" || !strings.HasPrefix(row.ID, open.ID) {
						t.Errorf("the %s %s holds the address of the recipient, as %s", k.Name, row.ID, form)
					}
				}
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("found %d times, error %v", found, err)
	}
}

// BenchmarkIssue makes awards with both signatures, without the check.
func BenchmarkIssue(b *testing.B) {
	d := newDesk(b, public)
	d.publish(b)
	for b.Loop() {
		d.award(b)
	}
}

// TestIDsAreNoFlags: an id can be typed after any command.
func TestIDsAreNoFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: two hundred awards, one after another")
	}
	for _, base := range []string{public, "http://localhost:8080"} {
		d := newDesk(t, base)
		d.publish(t)
		for range 100 {
			if c := d.award(t); strings.HasPrefix(c.ID, "-") {
				t.Fatal(c.ID)
			}
		}
	}
}
