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
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	crashWriters = 16              // that award, revoke, suspend, reinstate and start batches until the server is gone
	batchRows    = 20              // of each of their batches
	openWithin   = time.Minute     // the store, and the server, after a crash
	batchWithin  = 8 * time.Minute // what a killed server held is taken over and done
)

// TestCrash kills the server in the middle of its work, again and again, on both stores. After each kill the store is sound and the
// audit chain whole, no place in a status list stands in two awards, and no batch has a row twice; after each start every award
// that was acknowledged is there as it was given and verifies, what was begun is finished, and every award stands as somebody was
// told last. In the end every row of every batch is awarded.
func TestCrash(t *testing.T) {
	faulty(t)
	rounds := map[string]int{"bbolt": 10, "PostgreSQL": 5}
	onBoth(t, func(t *testing.T, g *ground) {
		l := newLedger(g)
		finished, longest := 0, time.Duration(0)
		most := rounds[map[bool]string{true: "bbolt", false: "PostgreSQL"}[g.cluster == nil]]
		if n := long(t); n > 0 {
			most = n
		}
		for round := 0; round < most || !l.enough() && round < 3*most; round++ { // a slow machine comes less far in each
			flags := []string{}
			if round == 0 {
				flags = append(flags, "--sample") // something to award
			} else {
				l.inspect(t)
			}
			p := g.start(t, flags...)
			if longest = max(longest, p.took); p.took > openWithin {
				t.Errorf("round %d: it took %v to start", round, p.took)
			}
			finished += p.finished
			l.check(t, p)
			l.write(t, p, rand.N(250*time.Millisecond))
			if said := p.log.String(); t.Failed() || said != "" {
				t.Fatalf("in round %d; the server complained:\n%s", round, said)
			}
		}
		l.inspect(t)
		p := g.start(t)
		waited := l.settle(t)
		l.check(t, p)
		g.laurel(t, "audit", "verify", "--deep").well(t)
		g.laurel(t, "doctor", "--deep", "--offline").well(t)
		if said := p.log.String(); said != "" {
			t.Errorf("the server complained:\n%s", said)
		}
		p.kill(t)
		l.inspect(t)
		l.tell(t)
		t.Logf("%d kills; %d awards finished at a start, the longest of which took %v; the last batch was done after %v", most, finished+p.finished, longest, waited)
	})
}

// ledger is what the writers were told, and what was found since.
type ledger struct {
	*ground
	mu      sync.Mutex
	awards  map[string]*awarded // by id; guarded by mu
	batches map[string]string   // actor of each batch that was asked for -> its id, "" before it was acknowledged; guarded by mu
}

func newLedger(g *ground) *ledger {
	return &ledger{ground: g, awards: map[string]*awarded{}, batches: map[string]string{}}
}

// awarded is an award that was acknowledged or found.
type awarded struct {
	sum      [sha256.Size]byte // of the signed forms as they were acknowledged, or found first; zero: they never were
	slot     issuer.Slot
	told     bool                   // it was acknowledged
	standing issuer.CredentialState // as it was acknowledged last, or found
	asked    issuer.CredentialState // what somebody asked for without an answer; "" for nothing
	sample   bool                   // of the worked example, of which one award has expired
	verified bool                   // in both forms, after a start
}

func sumOf(sealed []byte, token string) [sha256.Size]byte {
	return sha256.Sum256(append(append(slices.Clone(sealed), 0), token...))
}

// add notes an award that was acknowledged.
func (l *ledger) add(c issuer.Credential) (*awarded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.awards[c.ID] != nil {
		return nil, fmt.Errorf("%s was given twice", c.ID)
	}
	a := &awarded{sum: sumOf(c.JSON, c.JWT), slot: c.Slot, told: true, standing: issuer.CredentialIssued}
	l.awards[c.ID] = a
	return a, nil
}

// stand brings an award to another standing, and notes what was asked for and what was told.
func (l *ledger) stand(ctx context.Context, office *control.Client, id string, a *awarded, to issuer.CredentialState) (err error) {
	l.mu.Lock()
	a.asked = to
	l.mu.Unlock()
	switch to {
	case issuer.CredentialRevoked:
		_, err = office.Revoke(ctx, id, "Given by mistake.", "crash test")
	case issuer.CredentialSuspended:
		_, err = office.Suspend(ctx, id, "Being looked into.", "crash test")
	default:
		_, err = office.Reinstate(ctx, id, "crash test")
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a.standing, a.asked = to, ""
	return nil
}

// course is what becomes of the awards of each writer, one after another; a writer of nil starts batches.
func course(writer int) []issuer.CredentialState {
	return [][]issuer.CredentialState{
		nil, {}, {}, {issuer.CredentialRevoked}, {issuer.CredentialRevoked}, {issuer.CredentialSuspended},
		{issuer.CredentialSuspended, issuer.CredentialIssued}, {issuer.CredentialSuspended, issuer.CredentialRevoked},
	}[writer%8]
}

// write has the writers work until the server is killed, so long after its first answer.
func (l *ledger) write(t *testing.T, p *process, until time.Duration) {
	t.Helper()
	office := l.office(t)
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
			for steps, n := course(writer), 0; ; n++ {
				if steps == nil {
					if gone("a batch", l.batch(t.Context(), office)) {
						return
					}
					continue
				}
				c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Name: "Kim Lee", Actor: "crash test"})
				if gone("issuing", err) {
					return
				}
				a, err := l.add(c)
				if err != nil {
					t.Error(err)
					return
				}
				if n == 0 {
					first <- struct{}{}
				}
				for _, to := range steps {
					if gone(string(to), l.stand(t.Context(), office, c.ID, a, to)) {
						return
					}
				}
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

// enough says that of everything that is done here something was acknowledged. One award of the worked example is revoked.
func (l *ledger) enough() bool {
	acknowledged, standing, batches := l.counts()
	return acknowledged > 0 && standing[issuer.CredentialRevoked] > 1 && standing[issuer.CredentialSuspended] > 0 && batches > 0
}

// counts are the awards that were acknowledged one by one, all by how they stand, and the batches that were acknowledged.
func (l *ledger) counts() (acknowledged int, standing map[issuer.CredentialState]int, batches int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	standing = map[issuer.CredentialState]int{}
	for _, a := range l.awards {
		if a.told {
			acknowledged++
		}
		standing[a.standing]++
	}
	for _, id := range l.batches {
		if id != "" {
			batches++
		}
	}
	return acknowledged, standing, batches
}

// batch starts a batch and waits until it is done.
func (l *ledger) batch(ctx context.Context, office *control.Client) error {
	actor := fmt.Sprintf("batch %d", rand.Uint64())
	l.mu.Lock()
	l.batches[actor] = ""
	l.mu.Unlock()
	in := issuer.BatchInput{Name: "A class", Actor: actor}
	for i := range batchRows {
		in.Awards = append(in.Awards, issuer.AwardInput{Recipient: fmt.Sprintf("pupil%d@example.org", i)})
	}
	b, err := office.StartBatch(ctx, in)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.batches[actor] = b.ID
	l.mu.Unlock()
	for err == nil && b.State != issuer.BatchFinished {
		time.Sleep(20 * time.Millisecond)
		b, err = office.Batch(ctx, b.ID)
	}
	return err
}

// settle waits until every batch that was acknowledged is done.
func (l *ledger) settle(t *testing.T) time.Duration {
	t.Helper()
	office := l.office(t)
	return within(t, batchWithin, "the batches are done", func() error {
		for _, id := range l.batches {
			if id == "" {
				continue
			}
			b, err := office.Batch(t.Context(), id)
			if err != nil || b.State != issuer.BatchFinished || b.Done != b.Total || b.Total != batchRows || b.Failed > 0 {
				return fmt.Errorf("%+v, error %w", b, err)
			}
		}
		return nil
	})
}

func (l *ledger) anyList() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.awards {
		return a.slot.Revocation
	}
	return ""
}

// tell says how much was tested; nothing is a fault.
func (l *ledger) tell(t *testing.T) {
	t.Helper()
	acknowledged, standing, batches := l.counts()
	t.Logf("%d awards, %d of them acknowledged one by one; %v; %d of %d batches of %d rows acknowledged", len(l.awards), acknowledged, standing, batches, len(l.batches), batchRows)
	if !l.enough() {
		t.Error("nothing was tested: no award, revocation, suspension or batch was acknowledged")
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
	source := &readOnce{next: ownDocuments{l.office(t), nil}}
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
	bit := func(list string, index int) (set bool) {
		if _, read := lists[list]; !read {
			lists[list] = decodedList(t, p.get(t, "/status/"+list))
		}
		set, err := lists[list].Get(index)
		if err != nil {
			t.Errorf("the list %s: %v", list, err)
		}
		return set
	}
	for id, a := range l.awards {
		if !a.verified {
			work <- id
		}
		revoked, suspended := bit(a.slot.Revocation, a.slot.Index), bit(a.slot.Suspension, a.slot.Index)
		// A revoked award may have been suspended before.
		if revoked != (a.standing == issuer.CredentialRevoked) || !revoked && suspended != (a.standing == issuer.CredentialSuspended) {
			t.Errorf("%s is %s; in the lists it is revoked %v, suspended %v", id, a.standing, revoked, suspended)
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
	inForce := a.standing != issuer.CredentialRevoked && a.standing != issuer.CredentialSuspended
	for _, form := range [][]byte{sealed, token} {
		report, err := verifier.Verify(t.Context(), form, verifier.Options{Fetch: source})
		switch {
		case err != nil:
			t.Error(err)
		case report.Authentic != verifier.Yes, !inForce && report.InForce != verifier.No,
			inForce && !a.sample && report.Outcome != verifier.Valid:
			t.Errorf("%s (%s): authentic %s, in force %s: %+v", id, a.standing, report.Authentic, report.InForce, report.Checks)
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
