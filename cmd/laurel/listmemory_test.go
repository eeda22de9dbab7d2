package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/api"
	"github.com/laurelbadges/laurel/issuer"
)

// TestListMemory prepares batches of 49,000 rows, one and then eight at once, and says how much memory is resident meanwhile. It runs
// where LAUREL_LIST_MEMORY is set: what it says is read by a person.
func TestListMemory(t *testing.T) {
	if os.Getenv("LAUREL_LIST_MEMORY") == "" {
		t.Skip("LAUREL_LIST_MEMORY is not set")
	}
	defer calmCollector()()
	o := newBenchOffice(t)
	all, err := o.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token, err := o.CreateToken(t.Context(), issuer.TokenInput{Organisation: all[0].ID, Name: "lists", Scopes: []issuer.Scope{issuer.ScopeCredentialsWrite}, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	programs, err := api.New(api.Config{Service: o.Service})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(programs)
	defer server.Close()
	achievements, err := o.Achievements(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	list.WriteString("email\n")
	for i := range 49_000 {
		fmt.Fprintf(&list, "p%d@x.org\n", i)
	}
	body := list.String()
	list.Reset()
	for _, n := range []int{1, 8} {
		debug.FreeOSMemory()
		idle, most, done := occupied(), [2]float64{}, make(chan struct{})
		var watch, posts sync.WaitGroup
		watch.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(20 * time.Millisecond):
					now := occupied()
					most = [2]float64{max(most[0], now[0]), max(most[1], now[1])}
				}
			}
		})
		begun, answers := time.Now(), make([]string, n)
		for i := range n {
			posts.Go(func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/batches?name=May&achievement="+achievements[0].ID, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "text/csv")
				r.Header.Set("Authorization", "Bearer "+token.Text)
				got, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = got.Body.Close()
				answers[i] = fmt.Sprintf("%d after %.1f s", got.StatusCode, time.Since(begun).Seconds())
			})
		}
		posts.Wait()
		close(done)
		watch.Wait()
		t.Logf("%d at once: %.0f MiB of its own when idle and %.0f at most, with the pages of the store %.0f and %.0f; %s", n, idle[0], most[0], idle[1], most[1], strings.Join(answers, ", "))
	}
}

// occupied is the resident memory of this process, in MiB: its own, and with the pages of files, which the system takes back when others
// need the room.
func occupied() (all [2]float64) {
	all[1] = residentMemory(os.Getpid())
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		_, _ = fmt.Sscanf(line, "RssAnon: %f kB", &all[0])
	}
	all[0] /= 1024
	return all
}
