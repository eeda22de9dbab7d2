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

// series is a figure at every second.
func series(length time.Duration, value func(hours float64) float64) (points []point) {
	for at := time.Duration(0); at < length; at += time.Second {
		points = append(points, point{at, value(at.Hours())})
	}
	return points
}

// heap is what the collector finds of a server under a mixed load, in MiB: 25 that are held, and what was under way when it ran, which it does
// every three seconds; it lies between 25 and 80 about a median of 40. One in a hundred times somebody sends a very large document.
func heap(seed uint64, perMinute float64) func(hours float64) float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	last, found := -1, 0.0
	return func(hours float64) float64 {
		if run := int(math.Round(hours*3600)) / 3; run != last {
			last, found = run, min(25+21*random.ExpFloat64(), 80)
			if random.IntN(100) == 0 {
				found = 300
			}
		}
		return found + perMinute*60*hours
	}
}

// TestTrendByChance: of many soaks with the noise of a real one hardly any is misjudged.
func TestTrendByChance(t *testing.T) {
	const soaks, byChance = 200, 2 // 1 of 200 looks like growth and is none: its slope lies above the interval, that of another below
	for name, test := range map[string]struct {
		length    time.Duration
		perMinute float64 // MiB that leak
		want      verdict
		atLeast   int // of all
		never     verdict
	}{
		"steady for an hour":           {time.Hour, 0, steady, 190, grew},
		"leaks for an hour":            {time.Hour, 1, grew, 200, steady},
		"leaks slowly for an hour":     {time.Hour, 0.1, grew, 190, steady},
		"leaks for a quarter":          {15 * time.Minute, 1, grew, 190, steady},
		"steady, but for four minutes": {4 * time.Minute, 0, tooShort, 160, grew},
		"leaks, but for four minutes":  {4 * time.Minute, 1, tooShort, 100, steady},
		"nobody knows after two":       {2 * time.Minute, 1, tooShort, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			verdicts := map[verdict]int{}
			for seed := range uint64(soaks) {
				verdicts[trendOf(series(test.length, heap(seed, test.perMinute))).judged(2)]++
			}
			if verdicts[test.want] < test.atLeast || verdicts[test.never] > byChance {
				t.Errorf("%v, want %s at least %d times, and %q by chance only", verdicts, test.want, test.atLeast, test.never)
			}
		})
	}
}

func TestTrend(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, test := range map[string]struct {
		value           func(hours float64) float64
		perHour, within float64
		want            verdict
	}{
		"nothing":       {func(float64) float64 { return 0 }, 0, 0, steady},
		"steady":        {func(float64) float64 { return 40 }, 0, 0, steady},
		"grows":         {func(h float64) float64 { return 100 + 7*h }, 7, 1e-9, grew},
		"grows by less": {func(h float64) float64 { return 100 + 4*h }, 4, 1e-9, steady},
		"shrinks":       {func(h float64) float64 { return 100 - 50*h }, -50, 1e-9, steady},
		"noise":         {func(h float64) float64 { return 100 + 8*h + random.NormFloat64() }, 8, 0.8, grew},
		"a saw":         {func(h float64) float64 { return 100 + math.Mod(h*500, 20) }, 0, 0.5, steady},
		"one step up":   {func(h float64) float64 { return 100 + 50*math.Floor(2*h) }, 61.5, 0.1, tooShort}, // who knows whether another comes
		"bursts": {func(h float64) float64 {
			if math.Mod(h, 0.1) < 0.01 {
				return 1000
			}
			return 100 + 7*h
		}, 7, 0.2, grew},
		"a dip": {func(h float64) float64 {
			if h > 0.5 && h < 0.55 {
				return 10
			}
			return 100
		}, 0, 0, steady},
	} {
		t.Run(name, func(t *testing.T) {
			got := trendOf(series(time.Hour, test.value))
			if got.judged(2) != test.want || math.Abs(got.PerHour-test.perHour) > test.within {
				t.Errorf("%+v: %s, want %+.2f an hour: %s", got, got.judged(2), test.perHour, test.want)
			}
			if got.Low > got.PerHour || got.PerHour > got.High || len(got.Least) != windows {
				t.Errorf("%+v", got)
			}
		})
	}
	most := windows*windowSamples - 1
	for _, n := range []int{0, 1, most, most + 1} {
		got := trendOf(series(time.Duration(n)*time.Second, func(float64) float64 { return 40 })).judged(2)
		if (got == tooShort) != (n <= most) {
			t.Errorf("%d samples: %s", n, got)
		}
	}
	if got := trendOf(series(time.Hour, func(h float64) float64 { return 1000 * h })).judged(math.Inf(1)); got != mayGrow {
		t.Errorf("without a bound: %s", got)
	}
}

// TestVerdict: what grew fails a soak, and so does a wrong answer, or that it was too short; what lies in files does not.
func TestVerdict(t *testing.T) {
	soaked := func(change func(hours float64, s *sample)) *findings {
		f := &findings{}
		for at := time.Duration(0); at <= time.Hour; at += 10 * time.Second {
			s := sample{At: at, Goroutines: 60, Files: 50, Live: 40 << 20, Anonymous: 80 << 20, InFiles: 10 << 20, Store: 100 << 20, Mapped: 256 << 20, Awards: fillAwards}
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
		"heap":            {func(h float64, s *sample) { s.Live *= 1 + h/10 }, 0, "", "heap in use, MiB grew by"},
		"resident":        {func(h float64, s *sample) { s.Anonymous *= 1 + h/10 }, 0, "", "resident outside of files, MiB grew"},
		"a little":        {func(h float64, s *sample) { s.Goroutines += h; s.Anonymous *= 1 + h/25 }, 0, "", ""},
		"not yet full":    {func(h float64, s *sample) { s.Awards *= h; s.Live *= 1 + h }, 0, "", "heap in use, MiB: too short"},
		"a step at last":  {func(h float64, s *sample) { s.Live += 400 << 20 * math.Floor(h+0.05) }, 0, "", "heap in use, MiB: too short"},
		"at first only":   {func(h float64, s *sample) { s.Live *= min(1, 0.5+2.6*h) }, 0, "", ""},
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
	nothing := &findings{}
	if nothing.judge(); nothing.err() == nil {
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
