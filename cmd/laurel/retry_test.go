package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/issuer"
)

const publicBase = "https://badges.example.org"

// servers are a server on a file, or two on one database.
func servers(t *testing.T, g *ground) []*process {
	t.Helper()
	flags := []string{"--public-url", publicBase, "--sample", "--verify-rate", "0"}
	all := []*process{g.start(t, flags...)}
	if g.cluster != nil {
		all = append(all, g.replica(t).start(t, flags...))
	}
	return all
}

func kill(t *testing.T, all []*process) {
	t.Helper()
	for _, p := range all {
		if said := p.log.String(); said != "" {
			t.Errorf("a server complained:\n%.4000s", said)
		}
		p.kill(t)
	}
}

// TestRetries sends each award three times under one Idempotency-Key, at any server, over connections that break at any moment:
// there are as many awards as keys, and every answer to a key is the same.
func TestRetries(t *testing.T) {
	faulty(t)
	onBoth(t, func(t *testing.T, g *ground) {
		all := servers(t, g)
		client := g.program(t, all[0])
		count := scale(t, 300, 10_000)
		var mu sync.Mutex
		answers, cut := make([]string, count), 0
		ask := func(ctx context.Context, n int) bool {
			answer, err := client.award(ctx, all[rand.N(len(all))], fmt.Sprintf("pupil%d@example.org", n), fmt.Sprintf("key-%d", n))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && ctx.Err() != nil:
				cut++
			case err != nil:
				t.Error(err)
			case answer.status == http.StatusConflict && answer.header.Get("Retry-After") != "" && strings.Contains(string(answer.body), "under_way"):
			case answer.status != http.StatusCreated || answers[n] != "" && answers[n] != string(answer.body):
				t.Errorf("the key %d: %d %s, was answered %s", n, answer.status, answer.body, answers[n])
			default:
				answers[n] = string(answer.body)
				return true
			}
			return false
		}
		var tasks []int
		for n := range count {
			tasks = append(tasks, n, n, n)
		}
		rand.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] })
		slices.SortStableFunc(tasks, func(i, j int) int { return cmp.Compare(i/50, j/50) }) // those of a key meet each other
		begun := time.Now()
		each(32, tasks, func(n int) {
			ctx, end := context.WithCancel(t.Context())
			defer end()
			if rand.N(3) > 0 {
				defer time.AfterFunc(rand.N(20*time.Millisecond), end).Stop()
			}
			ask(ctx, n)
		})
		met := 0
		for _, a := range answers {
			if a != "" {
				met++
			}
		}
		each(16, tasks, func(n int) {
			within(t, patience, "an answer", func() error {
				if !ask(t.Context(), n) {
					return fmt.Errorf("the key %d is under way", n)
				}
				return nil
			})
		})
		took := time.Since(begun)
		kill(t, all)
		l := newLedger(g)
		l.inspect(t)
		if len(l.awards) != count+3 {
			t.Errorf("%d awards for %d keys", len(l.awards)-3, count)
		}
		for n, a := range answers {
			if id := (reply{body: []byte(a)}).id(); l.awards[id] == nil {
				t.Errorf("the key %d was answered with %q, which is not there", n, id)
			}
		}
		p := g.start(t)
		l.check(t, p)
		g.laurel(t, "audit", "verify", "--deep").well(t)
		t.Logf("%d keys on %d servers in %v: %d of %d connections cut, %d keys answered meanwhile", count, len(all), took, cut, len(tasks), met)
		if cut < count/20 {
			t.Error("nothing was tested: few connections were cut")
		}
	})
}

// each does all tasks, so many side by side.
func each[T any](workers int, tasks []T, do func(T)) {
	work := make(chan T)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for task := range work {
				do(task)
			}
		})
	}
	for _, task := range tasks {
		work <- task
	}
	close(work)
	group.Wait()
}

// awardMany makes awards by batches and gives their ids.
func awardMany(t *testing.T, office *control.Client, count int) (ids []string) {
	t.Helper()
	for count > 0 {
		size := min(count, 50_000)
		count -= size
		in := issuer.BatchInput{Name: "Many", Actor: fmt.Sprintf("many at once, %d to go", count)}
		for n := range size {
			in.Awards = append(in.Awards, issuer.AwardInput{Recipient: fmt.Sprintf("pupil%d@example.org", n)})
		}
		b, err := office.StartBatch(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		within(t, 20*time.Minute, "the batch", func() error {
			if b, err = office.Batch(t.Context(), b.ID); err != nil || b.Done == size {
				return err
			}
			time.Sleep(50 * time.Millisecond)
			return fmt.Errorf("%d of %d done, %d failed", b.Done, b.Total, b.Failed)
		})
		for after := ""; ; {
			page, next, err := office.BatchRows(t.Context(), b.ID, after, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range page {
				ids = append(ids, row.Award)
			}
			if after = next; next == "" {
				break
			}
		}
	}
	return ids
}

// TestBits: 64 clients revoke different awards, and every bit is set in the signed list; 16 clients suspend and reinstate one
// award, and what they are told is what one after another would be told.
func TestBits(t *testing.T) {
	faulty(t)
	onBoth(t, func(t *testing.T, g *ground) {
		const clients = 64
		share := scale(t, 15, 1000)
		all := servers(t, g)
		client := g.program(t, all[0])
		begun := time.Now()
		ids := awardMany(t, g.office(t), clients*share+1)
		made := time.Since(begun)
		contested := ids[len(ids)-1]
		begun = time.Now()
		var group sync.WaitGroup
		for n := range clients {
			group.Go(func() {
				for _, id := range ids[n*share : (n+1)*share] {
					answer, err := client.step(t.Context(), all[rand.N(len(all))], id, "revoke")
					if err != nil || answer.status != http.StatusOK {
						t.Errorf("revoking %s: %v, %d %s", id, err, answer.status, answer.body)
					}
				}
			})
		}
		group.Wait()
		set := time.Since(begun)
		acts := dispute(t, client, all, contested)
		suspended := linear(t, acts)

		signed := make([]map[string]map[int]bool, len(all)) // by server and list
		for i, p := range all {
			signed[i] = setBits(t, p, contested)
		}
		kill(t, all)
		l := newLedger(g)
		l.inspect(t)
		for _, lists := range signed {
			slot := l.awards[contested].slot
			if lists[slot.Revocation][slot.Index] || lists[slot.Suspension][slot.Index] != suspended {
				t.Errorf("the lists say that the award which is suspended (%v) is %v", suspended, lists[slot.Suspension][slot.Index])
			}
			for _, id := range ids[:clients*share] {
				if a := l.awards[id]; a == nil || a.standing != issuer.CredentialRevoked || !lists[a.slot.Revocation][a.slot.Index] {
					t.Errorf("%s was revoked: %+v", id, a)
				}
			}
			if set := len(lists[slot.Revocation]); set != clients*share+1 { // one of the worked example
				t.Errorf("%d bits are set, want %d", set, clients*share+1)
			}
		}
		t.Logf("%d bits by %d clients in %v, after %v for the awards by a batch; %d acts on one award, suspended in the end: %v", clients*share, clients, set, made, len(acts), suspended)
	})
}

// setBits reads the lists that an award stands in: which bits are set, by the id of the list.
func setBits(t *testing.T, p *process, id string) map[string]map[int]bool {
	t.Helper()
	var document struct {
		Status []struct {
			List string `json:"statusListCredential"`
		} `json:"credentialStatus"`
	}
	if err := json.Unmarshal(p.get(t, "/c/"+id+".json"), &document); err != nil {
		t.Fatal(err)
	}
	lists := map[string]map[int]bool{}
	for _, s := range document.Status {
		list := path.Base(s.List)
		lists[list] = map[int]bool{}
		bits := decodedList(t, p.get(t, "/status/"+list))
		for i := range bits.Len() {
			if set, err := bits.Get(i); err != nil {
				t.Fatal(err)
			} else if set {
				lists[list][i] = true
			}
		}
	}
	return lists
}

// act is one request to suspend or reinstate an award, and its answer.
type act struct {
	suspend    bool
	begun, end time.Time
	version    int // that the answer names; 0: it was refused
}

// dispute has 16 clients suspend and reinstate one award.
func dispute(t *testing.T, client program, all []*process, id string) (acts []act) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range scale(t, 10, 100) {
				a, step, code := act{suspend: rand.N(2) == 0}, "reinstate", "not_suspended"
				if a.suspend {
					step, code = "suspend", "already_suspended"
				}
				a.begun = time.Now()
				answer, err := client.step(t.Context(), all[rand.N(len(all))], id, step)
				a.end = time.Now()
				switch {
				case err == nil && answer.status == http.StatusOK:
					a.version, err = strconv.Atoi(strings.Trim(answer.header.Get("ETag"), `"v`))
				case err == nil && (answer.status != http.StatusConflict || !strings.Contains(string(answer.body), code)):
					err = fmt.Errorf("%d %s", answer.status, answer.body)
				}
				if err != nil {
					t.Errorf("%s: %v", step, err)
				}
				mu.Lock()
				acts = append(acts, a)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return acts
}

// linear says whether all answers could be those of one act after another, each at a moment between its request and its answer,
// and whether the award is suspended after the last.
func linear(t *testing.T, acts []act) (suspended bool) {
	t.Helper()
	var done []act
	for _, a := range acts {
		if a.version > 0 {
			done = append(done, a)
		}
	}
	slices.SortFunc(done, func(a, b act) int { return cmp.Compare(a.version, b.version) })
	latest := time.Time{} // when the latest of those before was asked for
	for i, a := range done {
		if i > 0 && a.version != done[i-1].version+1 || a.suspend != (i%2 == 0) {
			t.Errorf("act %d: version %d after %d, suspend %v", i, a.version, done[max(0, i-1)].version, a.suspend)
		}
		if a.end.Before(latest) {
			t.Errorf("version %d was answered before an earlier one was asked for", a.version)
		}
		if a.begun.After(latest) {
			latest = a.begun
		}
	}
	for _, a := range acts {
		if a.version > 0 {
			continue
		}
		first := 0 // acts that were answered before this one was asked for
		for first < len(done) && slices.ContainsFunc(done[first:], func(d act) bool { return d.end.Before(a.begun) }) {
			first++
		}
		explained := false
		for n := first; n <= len(done) && !explained; n++ { // n of them had happened
			explained = a.suspend == (n%2 == 1)
			if n < len(done) && done[n].begun.After(a.end) {
				break
			}
		}
		if !explained {
			t.Errorf("an act was refused at a time when nothing was in its way: %+v", a)
		}
	}
	if len(done) == 0 || len(done) == len(acts) {
		t.Errorf("nothing was tested: %d of %d acts were done", len(done), len(acts))
	}
	return len(done)%2 == 1
}
