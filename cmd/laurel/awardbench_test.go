package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/metrics"
	"github.com/laurelbadges/laurel/issuer"
)

// awardClients is how many ask for awards side by side where the figures compare with those of services.
const awardClients = 16

// awardBench is a whole server but for its sockets, with the worked example and a token to award.
type awardBench struct {
	handler     http.Handler
	token       string
	achievement string
	asked       atomic.Int64
}

func newAwardBench(b *testing.B) *awardBench {
	b.Helper()
	folder := b.TempDir()
	counters := metrics.New(build())
	here, _, err := openInstallation(b.Context(), &grammar{Data: folder}, "https://badges.example.org", true, officeFlags{}, counters)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = here.Close() })
	organisation, _, err := here.EnsureOrganisation(b.Context(), sampleOrganisation, "")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := addSample(b.Context(), here.Service, organisation, time.Now()); err != nil {
		b.Fatal(err)
	}
	token, err := here.CreateToken(b.Context(), issuer.TokenInput{Organisation: organisation.ID, Name: "bench", Scopes: []issuer.Scope{issuer.ScopeCredentialsWrite}, Actor: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	known, err := here.Achievements(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	command := serveCommand{VerifyRate: 120}
	handler, err := command.handler(b.Context(), here, plan{}, nil, counters, slog.New(slog.NewJSONHandler(&bytes.Buffer{}, nil)))
	if err != nil {
		b.Fatal(err)
	}
	return &awardBench{handler: handler, token: token.Text, achievement: known[0].ID}
}

// award asks for the award of the next person.
func (a *awardBench) award(b *testing.B) {
	n := a.asked.Add(1)
	body := fmt.Sprintf(`{"achievement":%q,"recipient":{"email":"person%d@example.org","name":"Person %05d"},"narrative":"Completed the portfolio of spring, group %d.",`+
		`"evidence":[{"id":"https://example.org/portfolio/%d","name":"Portfolio of three lessons"}],"result":[{"resultDescription":"practice","achievedLevel":"proficient"}]}`,
		a.achievement, n, n, n%40, n)
	r := httptest.NewRequest(http.MethodPost, "/api/v1/credentials", bytes.NewReader([]byte(body)))
	r.Header.Set("Authorization", "Bearer "+a.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", fmt.Sprintf("bench-%d", n))
	w := httptest.NewRecorder()
	if a.handler.ServeHTTP(w, r); w.Code != http.StatusCreated {
		b.Errorf("answered %d: %s", w.Code, w.Body)
	}
}

// BenchmarkAward awards by the API, durably and in both forms, on one processor: by as many clients as the figures of services have, and
// by one, who is alone.
func BenchmarkAward(b *testing.B) {
	for _, clients := range []int{1, awardClients, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			defer calmCollector()()
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			a := newAwardBench(b)
			for range 200 {
				a.award(b)
			}
			runtime.GC()
			each := make([][]time.Duration, clients)
			var left atomic.Int64
			left.Store(int64(b.N))
			before := processorTime()
			b.ResetTimer()
			var group sync.WaitGroup
			for client := range clients {
				group.Go(func() {
					for left.Add(-1) >= 0 {
						begun := time.Now()
						a.award(b)
						each[client] = append(each[client], time.Since(begun))
					}
				})
			}
			group.Wait()
			b.StopTimer()
			spent := processorTime() - before
			took := slices.Concat(each...)
			slices.Sort(took)
			at := func(share float64) float64 { return took[int(share*float64(len(took)-1))].Seconds() * 1000 }
			b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "cpu-µs/award")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "awards/s")
			b.ReportMetric(at(0.5), "ms-p50")
			b.ReportMetric(at(0.99), "ms-p99")
		})
	}
}
