package main

import (
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store/pgtest"
)

// series is a figure at every ten seconds of an hour.
func series(value func(hours float64) float64) (points []point) {
	for at := time.Duration(0); at <= time.Hour; at += 10 * time.Second {
		points = append(points, point{at, value(at.Hours())})
	}
	return points
}

func TestTrend(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for name, test := range map[string]struct {
		points          []point
		perHour, growth float64
		within          float64
	}{
		"steady":             {series(func(float64) float64 { return 40 }), 0, 0, 0},
		"grows":              {series(func(h float64) float64 { return 100 + 7*h }), 7, 7, 1e-9},
		"shrinks":            {series(func(h float64) float64 { return 100 - 50*h }), -50, -50, 1e-9},
		"a tenth of an hour": {series(func(h float64) float64 { return 100 + 10*h })[:37], 10, 1, 1e-9},
		"noise":              {series(func(h float64) float64 { return 100 + 3*h + chance.NormFloat64() }), 3, 3, 0.4},
		"a saw":              {series(func(h float64) float64 { return 100 + math.Mod(h*500, 20) }), 0, 0, 1.5},
		"odd points": {series(func(h float64) float64 {
			if math.Mod(h, 0.1) < 0.01 { // a burst
				return 1000
			}
			return 100 + 7*h
		}), 7, 7, 0.2},
		"from nothing": {[]point{{0, 0}, {time.Hour, 0}}, 0, 0, 0},
		"two":          {[]point{{time.Minute, 200}, {31 * time.Minute, 210}}, 10, 5, 1e-9},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := trendOf(test.points)
			if !ok || math.Abs(got.perHour-test.perHour) > test.within || math.Abs(got.growth-test.growth) > test.within {
				t.Errorf("%v (%v), want %+.2f and %+.2f", got, ok, test.perHour, test.growth)
			}
		})
	}
	for _, few := range [][]point{nil, {{0, 1}}, {{time.Hour, 1}, {time.Hour, 2}}} {
		if got, ok := trendOf(few); ok {
			t.Errorf("%d points have the trend %v", len(few), got)
		}
	}
	long := make([]point, 20_000)
	for i := range long {
		long[i] = point{time.Duration(i) * time.Second, 1000 + float64(i)/10}
	}
	if got, _ := trendOf(long); math.Abs(got.perHour-36) > 1e-6 {
		t.Errorf("a long series: %v", got)
	}
}

// TestVerdict: what grew fails a soak, and so does a wrong answer; what lies in files does not.
func TestVerdict(t *testing.T) {
	soaked := func(change func(hours float64, s *sample)) *findings {
		f := &findings{}
		for at := time.Duration(0); at <= time.Hour; at += 10 * time.Second {
			s := sample{At: at, Goroutines: 60, Files: 50, Live: 40 << 20, Anonymous: 80 << 20, InFiles: 10 << 20, Store: 100 << 20, Mapped: 256 << 20}
			change(at.Hours(), &s)
			f.Samples = append(f.Samples, s)
		}
		f.judge()
		return f
	}
	for name, test := range map[string]struct {
		change func(hours float64, s *sample)
		wrong  int
		said   string
		want   string // in the error; "": none
	}{
		"steady":          {func(float64, *sample) {}, 0, "", ""},
		"the store grows": {func(h float64, s *sample) { s.Store *= 1 + h; s.Mapped *= 1 + h; s.InFiles *= 1 + h }, 0, "", ""},
		"goroutines":      {func(h float64, s *sample) { s.Goroutines += 10 * h }, 0, "", "goroutines grew"},
		"files":           {func(h float64, s *sample) { s.Files += 5 * h }, 0, "", "open files grew"},
		"heap":            {func(h float64, s *sample) { s.Live *= 1 + h/10 }, 0, "", "heap in use"},
		"resident":        {func(h float64, s *sample) { s.Anonymous *= 1 + h/10 }, 0, "", "resident"},
		"a little":        {func(h float64, s *sample) { s.Goroutines += h; s.Anonymous *= 1 + h/25 }, 0, "", ""},
		"at first only":   {func(h float64, s *sample) { s.Live *= min(1, 0.5+10*h) }, 0, "", ""},
		"wrong answers":   {func(float64, *sample) {}, 1, "", "1 answers"},
		"complaints":      {func(float64, *sample) {}, 0, "panic", "complained"},
	} {
		t.Run(name, func(t *testing.T) {
			f := soaked(test.change)
			f.bad, f.Said = test.wrong, test.said
			if err := f.err(); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if err := (&findings{}).err(); err == nil {
		t.Error("nothing was watched, and it passed")
	}
}

// TestSoak is the soak over a PostgreSQL of its own: LAUREL_SOAK_POSTGRES=1h.
func TestSoak(t *testing.T) {
	text := os.Getenv("LAUREL_SOAK_POSTGRES")
	if text == "" {
		t.Skip("skipped: LAUREL_SOAK_POSTGRES says how long; make soak")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	s := soaking{length: length, store: pgtest.New(t, pgtest.Options{Durable: true}).Database(t)}
	if err := s.run(t.Context(), t.Output()); err != nil {
		t.Error(err)
	}
}
