package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	soakLines    = 32               // connections
	soakAwards   = 50               // of a batch
	soakBatches  = 20 * time.Second // between one batch and the next
	bearFor      = 10 * time.Second // how long it is found out what the machine bears,
	bearRate     = 20               // with so many requests a second
	fillAwards   = 3000             // awards that are made and looked at first, so that what is kept of badges is full
	shownSamples = 24               // lines of the table
)

// soaking is what a soak is told.
type soaking struct {
	binary string // "" builds it
	length time.Duration
	store  string  // address of an empty database; "" for a file in a new folder
	rate   float64 // requests a second; 0: half of what the machine bears
	out    string  // file for the samples and findings as JSON; "" for none
}

// soak loads a server for long and says whether it grew. Its error is that it did, that something was answered wrongly, or that it could
// not run. It ends early, with its findings, when it is interrupted.
func soak(arguments []string) error {
	flags := flag.NewFlagSet("soak", flag.ExitOnError)
	var s soaking
	flags.StringVar(&s.binary, "bin", "", "the program `FILE`; built when not given")
	flags.DurationVar(&s.length, "for", time.Hour, "how long")
	flags.StringVar(&s.store, "store", "", "`ADDRESS` of an empty PostgreSQL database; a file when not given")
	flags.Float64Var(&s.rate, "rate", 0, "requests a second; 0: half of what the machine bears")
	flags.StringVar(&s.out, "out", "", "`FILE` for all samples and findings, as JSON")
	_ = flags.Parse(arguments) // it says what is wrong and ends the program
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return s.run(ctx, os.Stdout)
}

// findings are what came of a soak.
type findings struct {
	Rate    float64               `json:"rate"` // requests a second
	Samples []sample              `json:"samples"`
	Kinds   map[string]kindResult `json:"kinds"`
	Trends  map[string]trend      `json:"trends"`
	From    time.Duration         `json:"from"`   // since the load began: samples count from here on, in ns
	Filled  bool                  `json:"filled"` // what is kept of badges was full by then
	Wrong   []string              `json:"wrong"`  // the first answers that were not right
	Said    string                `json:"said"`   // what the server complained of
	bad     int                   // answers that were not right
}

type kindResult struct {
	Answers int            `json:"answers"`
	P50     time.Duration  `json:"p50"`
	P99     time.Duration  `json:"p99"`
	Most    time.Duration  `json:"most"`
	Errors  map[string]int `json:"errors"`
}

func (s soaking) run(ctx context.Context, out io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "laurel-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path, err := built(s.binary, folder)
	if err != nil {
		return err
	}
	options := []string{"--verify-rate", "0"} // all visitors come from here
	if s.store != "" {
		options = append(options, "--store", s.store)
	}
	server, err := startSite(path, filepath.Join(folder, "data"), -1, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end(server.command)) }()
	g, err := newGround(ctx, server)
	if err != nil {
		return err
	}
	if s.rate == 0 {
		if s.rate, err = g.bears(ctx); err != nil {
			return err
		}
		s.rate /= 2
	}
	if err := g.fill(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%.0f requests a second for %v.\n", s.rate, s.length)
	f, err := g.soak(ctx, s.length, s.rate)
	if err != nil {
		return err
	}
	if said, err := os.ReadFile(filepath.Join(folder, "log")); err == nil {
		f.Said = complaints(said)
	}
	f.judge()
	f.print(out)
	if s.out != "" {
		text, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.out, text, 0o600); err != nil {
			return err
		}
	}
	return f.err()
}

// bears finds out how many requests a second the machine answers when it does nothing else: by the processor time that one takes, here and
// in the server, at a rate that leaves most of the machine free.
func (g *ground) bears(ctx context.Context) (rate float64, err error) {
	ctx, stop := context.WithTimeout(ctx, bearFor)
	defer stop()
	spent := func() time.Duration {
		var all time.Duration
		for _, process := range []int{os.Getpid(), g.command.Process.Pid} {
			used, failed := stateOf(process)
			all, err = all+used.processor, errors.Join(err, failed)
		}
		return all
	}
	before, answers := spent(), 0
	g.load(ctx, mix, bearRate, soakLines)
	for _, k := range g.taken() {
		answers += k.took.count
	}
	each := (spent() - before).Seconds() / float64(max(answers, 1))
	return float64(runtime.NumCPU()) / each, err
}

// fill makes awards and asks for all that is kept of them: what has a bound is then as large as it gets.
func (g *ground) fill(ctx context.Context) error {
	tasks := []task{{"fill", 1, func(_ context.Context, w *worker) error {
		if err := errors.Join(w.give(), w.learn()); err != nil {
			return err
		}
		a := w.some()
		return errors.Join(w.page(a), w.judge(a, "application/vc", a.json))
	}}}
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	until := g.next.Load() + fillAwards
	go func() {
		for ctx.Err() == nil && g.next.Load() < until {
			time.Sleep(50 * time.Millisecond)
		}
		stop()
	}()
	g.load(ctx, tasks, 0, soakLines)
	for _, k := range g.taken() {
		for what, n := range k.errors {
			return fmt.Errorf("filling the store: %d times %s; first %s", n, what, g.wrong[0])
		}
	}
	return nil
}

// soak loads the server and takes samples until the time is over or ctx ends.
func (g *ground) soak(ctx context.Context, length time.Duration, rate float64) (f findings, err error) {
	ctx, stop := context.WithTimeout(ctx, length)
	defer stop()
	begun := time.Now()
	var group sync.WaitGroup
	group.Go(func() { g.load(ctx, mix, rate, soakLines) })
	group.Go(func() {
		for ctx.Err() == nil {
			at := time.Now()
			if err := g.many(ctx, soakAwards); ctx.Err() == nil {
				g.note("batch of 50", at, err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(soakBatches):
			}
		}
	})
	f.Rate = rate
	every := time.NewTicker(min(max(length/3600, time.Second), 5*time.Second))
	defer every.Stop()
	all := map[string]*kind{}
	for ctx.Err() == nil {
		select {
		case <-every.C:
		case <-ctx.Done():
		}
		var good spread
		for name, k := range g.taken() {
			if all[name] == nil {
				all[name] = &kind{errors: map[string]int{}}
			}
			all[name].took.add(k.took)
			for what, n := range k.errors {
				all[name].errors[what] += n
				f.bad += n
			}
			if name != "hostile" && name != "batch of 50" {
				good.add(k.took)
			}
		}
		if ctx.Err() != nil {
			break // the last one would be of a server that winds down
		}
		s, err := g.look(begun)
		if err != nil {
			stop()
			group.Wait()
			return f, err
		}
		s.Answers, s.P50, s.P99 = float64(good.count), good.within(0.5), good.within(0.99)
		f.Samples = append(f.Samples, s)
	}
	group.Wait()
	f.Kinds = map[string]kindResult{}
	for name, k := range all {
		f.Kinds[name] = kindResult{k.took.count, k.took.within(0.5), k.took.within(0.99), k.took.most, k.errors}
	}
	f.Wrong = g.wrong
	return f, nil
}

// judge finds the trends. The first fifth of the samples is left out: pools and stacks reach their size, and what is kept up to a bound fills
// up. Where it is not full by then nothing is said to have grown.
func (f *findings) judge() {
	counted := f.Samples[len(f.Samples)/5:]
	if len(counted) > 0 {
		f.From, f.Filled = counted[0].At, counted[0].Awards >= fillAwards
	}
	f.Trends = map[string]trend{}
	for _, w := range watched {
		var points []point
		for _, s := range counted {
			points = append(points, point{s.At, w.of(s)})
		}
		t := trendOf(points)
		if t.Verdict = t.judged(w.least); t.Verdict == grew && !f.Filled {
			t.Verdict = tooShort
		}
		f.Trends[w.name] = t
	}
}

// err is why a soak was not passed; nil when it was.
func (f *findings) err() error {
	var all []error
	for _, w := range watched {
		switch t := f.Trends[w.name]; t.Verdict {
		case grew:
			all = append(all, fmt.Errorf("%s grew by %s", w.name, figure(t.gain(t.PerHour)/w.unit)))
		case tooShort:
			all = append(all, fmt.Errorf("%s: %s", w.name, tooShort))
		}
	}
	if f.bad > 0 {
		all = append(all, fmt.Errorf("%d answers were not right", f.bad))
	}
	if f.Said != "" {
		all = append(all, errors.New("the server complained"))
	}
	return errors.Join(all...)
}

func (f *findings) print(out io.Writer) {
	const mib = 1 << 20
	head(out, "at", "goroutines", "files", "heap MiB", "anonymous MiB", "in files MiB", "mapped MiB", "store MiB", "awards", "answers", "p50 ms", "p99 ms")
	step := max(1, (len(f.Samples)+shownSamples-1)/shownSamples)
	for i := 0; i < len(f.Samples); i += step {
		s := f.Samples[i]
		row(out, s.At.Round(time.Second).String(), int(s.Goroutines), int(s.Files), s.Live/mib, s.Anonymous/mib, s.InFiles/mib, s.Mapped/mib, s.Store/mib,
			int(s.Awards), int(s.Answers), s.P50, s.P99)
	}
	head(out, "kind", "answers", "p50 ms", "p99 ms", "most ms", "errors")
	for _, name := range slices.Sorted(maps.Keys(f.Kinds)) {
		k := f.Kinds[name]
		row(out, name, k.Answers, k.P50, k.P99, k.Most, k.Errors)
	}
	if n := len(f.Samples); n > 1 {
		if a, b := f.Samples[0], f.Samples[n-1]; b.Awards > a.Awards {
			fmt.Fprintf(out, "\nThe store grew by %.1f kB an award.\n", (b.Store-a.Store)/(b.Awards-a.Awards)/1000)
		}
	}
	fmt.Fprintf(out, "\nThe least of %d windows, from %v on.\n", windows, f.From.Round(time.Second))
	if !f.Filled {
		fmt.Fprintf(out, "Too short for what is kept of badges to be full by then, which takes %d awards: growth is not told from filling.\n", fillAwards)
	}
	head(out, "watched", "median", "an hour", "by 99 in 100 at least", "at most", "in all", "verdict")
	for _, w := range watched {
		t := f.Trends[w.name]
		if t.Least == nil {
			row(out, w.name, "-", "-", "-", "-", "-", t.Verdict)
			continue
		}
		row(out, w.name, middleOf(t.Least)/w.unit, t.PerHour/w.unit, t.Low/w.unit, t.High/w.unit, t.gain(t.PerHour)/w.unit, t.Verdict)
	}
	for _, line := range f.Wrong {
		fmt.Fprintln(out, "wrong:", line)
	}
	if f.Said != "" {
		fmt.Fprintln(out, "the server said:\n"+f.Said)
	}
}

// complaints are the lines of a log that an operator would have to look at: errors, and what is no entry at all, such as a panic.
func complaints(log []byte) string {
	const most = 4000
	var out []byte
	for line := range bytes.Lines(log) {
		var entry struct{ Level string }
		if err := json.Unmarshal(line, &entry); (err != nil || entry.Level == "ERROR") && len(out) < most {
			out = append(out, line...)
		}
	}
	return string(out)
}
