package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	crashRounds  = 20              // LAUREL_CRASH_ROUNDS sets another number (make crash)
	crashWriters = 8               // that issue and revoke until the server is gone
	openWithin   = 5 * time.Second // the store, and the server, after a crash
)

// TestCrash kills the server in the middle of its work, again and again. After each kill the store is sound and the audit
// chain whole, and no place in a status list stands in two awards; after each start every award that was acknowledged is
// there as it was given and verifies, what was begun is finished, and every revocation that was acknowledged shows.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: it starts and kills servers for some twenty seconds")
	}
	rounds := crashRounds
	if text := os.Getenv("LAUREL_CRASH_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("LAUREL_CRASH_ROUNDS: %v", err)
		}
	}
	binary := buildBinary(t)
	l := &ledger{folder: t.TempDir(), awards: map[string]*awarded{}}
	finished := 0
	for round := range rounds {
		flags := []string{}
		if round == 0 {
			flags = append(flags, "--sample") // something to award
		} else {
			l.inspect(t)
		}
		begun := time.Now()
		p := startBinary(t, binary, l.folder, flags...)
		if took := time.Since(begun); took > openWithin {
			t.Errorf("round %d: it took %v to start", round, took)
		}
		finished += p.finished
		l.check(t, p)
		l.write(t, p, rand.N(250*time.Millisecond))
		if said := p.log.String(); t.Failed() || said != "" {
			t.Fatalf("in round %d; the server complained:\n%s", round, said)
		}
	}
	l.inspect(t)
	p := startBinary(t, binary, l.folder)
	l.check(t, p)
	acknowledged, revoked := 0, 0
	for _, a := range l.awards {
		if a.sum != [sha256.Size]byte{} {
			acknowledged++
		}
		if a.revoked {
			revoked++
		}
	}
	t.Logf("%d kills, %d awards of which %d were acknowledged, %d finished at a start, %d revocations", rounds, len(l.awards), acknowledged, finished+p.finished, revoked)
	if said := p.log.String(); said != "" {
		t.Errorf("the server complained:\n%s", said)
	}
	if acknowledged == 0 || revoked == 0 {
		t.Error("nothing was tested: no award or no revocation was acknowledged")
	}
}

// ledger is what the writers were told, and what was found since.
type ledger struct {
	folder string
	mu     sync.Mutex
	awards map[string]*awarded // by id; guarded by mu
}

// awarded is an award that was acknowledged or found.
type awarded struct {
	sum      [sha256.Size]byte // of the signed forms as they were acknowledged; zero: they never were
	slot     issuer.Slot
	revoking bool // somebody asked for it
	revoked  bool // and was told that it is done
	sample   bool // of the worked example, of which one award has expired
	verified bool // in both forms, after a start
}

func sumOf(sealed []byte, token string) [sha256.Size]byte {
	return sha256.Sum256(append(append(slices.Clone(sealed), 0), token...))
}

// write issues and revokes until the server is killed, so long after its first answer.
func (l *ledger) write(t *testing.T, p *process, until time.Duration) {
	t.Helper()
	office := control.Dial(t.Context(), l.folder)
	if office == nil {
		t.Fatal("the private socket does not answer")
	}
	var killed atomic.Bool
	// gone says that err is the end of the server and not a fault.
	gone := func(doing string, err error) bool {
		var refused *issuer.Error
		if err != nil && (!killed.Load() || errors.As(err, &refused)) {
			t.Errorf("%s: %v", doing, err)
		}
		return err != nil
	}
	var group sync.WaitGroup
	first := make(chan struct{}, crashWriters)
	for writer := range crashWriters {
		group.Go(func() {
			for n := writer; ; n++ {
				c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Name: "Kim Lee", Actor: "crash test"})
				if gone("issuing", err) {
					return
				}
				revoke := n%2 == 1
				l.mu.Lock()
				a := l.awards[c.ID]
				if a != nil {
					t.Errorf("%s was given twice", c.ID)
				}
				a = &awarded{sum: sumOf(c.JSON, c.JWT), slot: c.Slot, revoking: revoke}
				l.awards[c.ID] = a
				l.mu.Unlock()
				if n == writer {
					first <- struct{}{}
				}
				if !revoke {
					continue
				}
				if _, err = office.Revoke(t.Context(), c.ID, "Given by mistake.", "crash test"); gone("revoking", err) {
					return
				}
				l.mu.Lock()
				a.revoked = true
				l.mu.Unlock()
			}
		})
	}
	group.Go(func() { // somebody reads meanwhile, so that lists are signed
		for list := l.anyList(); list != ""; {
			response, err := http.Get(p.address + "/status/" + list)
			if gone("reading a list", err) {
				return
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("a status list answers %s", response.Status)
			}
		}
	})
	select {
	case <-first:
	case <-time.After(patience):
		t.Error("no award was made")
	}
	time.Sleep(until)
	killed.Store(true)
	p.kill(t)
	group.Wait()
}

func (l *ledger) anyList() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.awards {
		return a.slot.Revocation
	}
	return ""
}

// inspect looks at the store that a killed server left behind, without changing it.
func (l *ledger) inspect(t *testing.T) {
	t.Helper()
	begun := time.Now()
	store, err := bolt.OpenReadOnly(l.folder)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if took := time.Since(begun); took > openWithin {
		t.Errorf("it took %v to open the store", took)
	}
	slots, there := map[issuer.Slot]string{}, 0
	err = store.View(t.Context(), func(tx issuer.Tx) error {
		if err := rows(tx, "credential", func(c issuer.Credential) {
			if other := slots[c.Slot]; other != "" {
				t.Errorf("%s and %s have the same place %+v", other, c.ID, c.Slot)
			}
			slots[c.Slot] = c.ID
			a := l.awards[c.ID]
			if a == nil {
				a = &awarded{slot: c.Slot, sample: c.By == sampleActor}
				l.awards[c.ID] = a
			}
			there++
			if a.slot != c.Slot || a.revoked && c.Revoked == nil || a.sum != [sha256.Size]byte{} && a.sum != sumOf(c.JSON, c.JWT) {
				t.Errorf("%s is not as it was acknowledged", c.ID)
			}
			a.revoking = a.revoking || c.Revoked != nil
		}); err != nil {
			return err
		}
		return soundAudit(tx)
	})
	if err != nil {
		t.Error(err)
	}
	if there != len(l.awards) {
		t.Errorf("%d of %d awards are in the store", there, len(l.awards))
	}
	db, err := bbolt.Open(filepath.Join(l.folder, bolt.FileName), 0o600, &bbolt.Options{ReadOnly: true, Timeout: openWithin})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for fault := range tx.Check() {
			t.Errorf("the database is damaged: %v", fault)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// rows reads all records of a kind.
func rows[T any](tx issuer.Tx, kind string, do func(T)) error {
	for q := (issuer.Query{Limit: 1000}); ; {
		page, next, err := tx.List(issuer.Kind{Name: kind}, q)
		if err != nil {
			return err
		}
		for _, row := range page {
			var value T
			if err := json.Unmarshal(row.Body, &value); err != nil {
				return fmt.Errorf("%s %s: %w", kind, row.ID, err)
			}
			do(value)
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}

// soundAudit follows the audit chain by its description, not by the program's own code.
func soundAudit(tx issuer.Tx) error {
	var last issuer.AuditEntry
	var fault error
	err := rows(tx, "audit", func(e issuer.AuditEntry) {
		claimed := e.Hash
		e.Hash = ""
		text, err := json.Marshal(e)
		sum := sha256.Sum256(text)
		if fault == nil && (err != nil || claimed != base64.RawURLEncoding.EncodeToString(sum[:]) || e.Previous != last.Hash || e.Sequence != last.Sequence+1) {
			fault = fmt.Errorf("the audit chain is broken at entry %d", e.Sequence)
		}
		e.Hash = claimed
		last = e
	})
	if err == nil {
		err = rows(tx, "audit-head", func(head struct{ Sequence uint64 }) {
			if head.Sequence != last.Sequence {
				fault = fmt.Errorf("the audit chain ends at entry %d, its head says %d", last.Sequence, head.Sequence)
			}
		})
	}
	return errors.Join(err, fault)
}

// check asks the started server for every award that was not verified yet, and for the bits of all of them.
func (l *ledger) check(t *testing.T, p *process) {
	t.Helper()
	office := control.Dial(t.Context(), l.folder)
	if office == nil {
		t.Fatal("the private socket does not answer")
	}
	source := &readOnce{next: ownDocuments{office, nil}}
	work := make(chan string)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for id := range work {
				l.verify(t, p, source, id, l.awards[id])
			}
		})
	}
	lists := map[string]status.List{}
	for id, a := range l.awards {
		if !a.verified {
			work <- id
		}
		if _, read := lists[a.slot.Revocation]; !read {
			lists[a.slot.Revocation] = decodedList(t, p.get(t, "/status/"+a.slot.Revocation))
		}
		set, err := lists[a.slot.Revocation].Get(a.slot.Index)
		switch {
		case err != nil:
			t.Errorf("the list of %s: %v", id, err)
		case a.revoked && !set:
			t.Errorf("the revocation of %s was lost", id)
		case !a.revoking && set:
			t.Errorf("%s was revoked by nobody", id)
		}
	}
	close(work)
	group.Wait()
}

func (l *ledger) verify(t *testing.T, p *process, source verifier.Fetcher, id string, a *awarded) {
	sealed, token := p.get(t, "/c/"+id+".json"), p.get(t, "/c/"+id+".jwt")
	if a.sum != [sha256.Size]byte{} && a.sum != sumOf(sealed, strings.TrimSpace(string(token))) {
		t.Errorf("%s is served otherwise than it was acknowledged", id)
	}
	for _, form := range [][]byte{sealed, token} {
		report, err := verifier.Verify(t.Context(), form, verifier.Options{Fetch: source})
		switch {
		case err != nil:
			t.Error(err)
		case report.Authentic != verifier.Yes, a.revoked && report.InForce != verifier.No,
			!a.revoking && !a.sample && report.Outcome != verifier.Valid:
			t.Errorf("%s (revoked %v): authentic %s, in force %s: %+v", id, a.revoked, report.Authentic, report.InForce, report.Checks)
		}
	}
	a.verified = true
}

// readOnce reads each document once: nothing changes while awards are verified.
type readOnce struct {
	next verifier.Fetcher
	read sync.Map // address -> verifier.Document
}

func (r *readOnce) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	if known, ok := r.read.Load(address); ok {
		return known.(verifier.Document), nil
	}
	document, err := r.next.Fetch(ctx, address, limit)
	if err == nil {
		r.read.Store(address, document)
	}
	return document, err
}

func decodedList(t *testing.T, document []byte) status.List {
	t.Helper()
	var list struct {
		Subject struct {
			Bits string `json:"encodedList"`
		} `json:"credentialSubject"`
	}
	if err := json.Unmarshal(document, &list); err != nil {
		t.Fatal(err)
	}
	bits, err := status.Decode(list.Subject.Bits)
	if err != nil {
		t.Fatal(err)
	}
	return bits
}
