package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/internal/load/attack"
)

// goodMix is what people ask for while others do harm or much.
var goodMix = []task{
	{"page", 40, func(_ context.Context, w *worker) error { return w.page(w.some()) }},
	{"verify", 30, func(_ context.Context, w *worker) error { a := w.some(); return w.judge(a, "application/vc", a.json) }},
	{"status list", 20, func(_ context.Context, w *worker) error { return w.state(w.some()) }},
	{"award", 10, func(_ context.Context, w *worker) error { return w.give() }},
}

// disturbance is what is done to the server while people ask. It ends with ctx.
type disturbance struct {
	name string
	do   func(ctx context.Context, g *ground, group *sync.WaitGroup)
}

const (
	goodLines   = 64     // connections of people: so many that none waits for another
	disturbers  = 16     // documents that are judged at a time
	slowSockets = 2000   // twice what the server takes
	batchRows   = 20_000 // of a batch beside which people are awarded something
)

var disturbances = []disturbance{
	{"16 poison graphs", func(ctx context.Context, g *ground, group *sync.WaitGroup) {
		g.disturb(ctx, group, attack.Knot(7), attack.Knot(12), attack.Knot(40))
	}},
	{"16 of the dearest 256 kB", func(ctx context.Context, g *ground, group *sync.WaitGroup) {
		g.disturb(ctx, group, attack.Dear(250_000)...)
	}},
	{"2,000 slow sockets", func(ctx context.Context, g *ground, group *sync.WaitGroup) {
		attack.Crowd(ctx, g.address, slowSockets, group)
	}},
	{"a batch of 20,000", func(ctx context.Context, g *ground, group *sync.WaitGroup) {
		group.Go(func() {
			for ctx.Err() == nil {
				begun := time.Now()
				if err := g.many(ctx, batchRows); ctx.Err() == nil { // else it was broken off
					g.note("batch", begun, err)
				}
			}
		})
	}},
}

// disturb has documents judged without a pause, from as many addresses as there are connections.
func (g *ground) disturb(ctx context.Context, group *sync.WaitGroup, documents ...[]byte) {
	for n := range disturbers {
		group.Go(func() {
			for turn := n; ctx.Err() == nil; turn++ {
				begun := time.Now()
				request := attack.Post(fmt.Sprintf("Content-Type: application/vc\r\nX-Forwarded-For: 192.0.2.%d\r\n", n), documents[turn%len(documents)])
				status, err := attack.Strike(ctx, nil, g.address, request, false)
				if ctx.Err() != nil {
					return
				}
				if err == nil && status != 200 {
					err = fmt.Errorf("answered with %d", status)
				}
				g.note("(the documents)", begun, err)
			}
		})
	}
}

// fair measures how good requests fare beside each disturbance, on one processor, with quiet turns before and between.
func fair(arguments []string) (err error) {
	flags := flag.NewFlagSet("fair", flag.ExitOnError)
	binary := flags.String("bin", "", "the program `FILE`; built when not given")
	length := flags.Duration("length", 8*time.Second, "how long a turn is")
	rate := flags.Float64("rate", 200, "good requests a second")
	only := flags.String("only", "", "`WORDS` in the names of disturbances, separated by commas; all when not given")
	_ = flags.Parse(arguments) // it says what is wrong and ends the program
	folder, err := os.MkdirTemp("", "laurel-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path, err := built(*binary, folder)
	if err != nil {
		return err
	}
	if err := stayOn(generatorOn); err != nil {
		return err
	}
	s, err := startSite(path, filepath.Join(folder, "data"), serverOn, "--verify-rate", "0") // what is measured is what passes it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end(s.command)) }()
	g, err := newGround(context.Background(), s)
	if err != nil {
		return err
	}
	turn := func(length time.Duration, d disturbance) (map[string]*kind, time.Duration, error) {
		ctx, stop := context.WithTimeout(context.Background(), length)
		defer stop()
		var group sync.WaitGroup
		if d.do != nil {
			d.do(ctx, g, &group)
		}
		g.taken()
		before, err := stateOf(s.command.Process.Pid)
		if err != nil {
			return nil, 0, err
		}
		g.load(ctx, goodMix, *rate, goodLines)
		after, measured := stateOf(s.command.Process.Pid)
		found := g.taken()
		stop()
		group.Wait()
		return found, after.processor - before.processor, measured
	}
	if _, _, err := turn(3*time.Second, disturbance{}); err != nil { // it warms up
		return err
	}
	fmt.Printf("%.0f good requests a second by chance, for %v; the server on one processor. times: p99 beside the quiet one before.\n", *rate, *length)
	head(os.Stdout, "beside", "kind", "answers", "p50 ms", "p99 ms", "most ms", "times", "errors", "processor %")
	for _, d := range disturbances {
		if !named(*only, d.name) {
			continue
		}
		calm := map[string]*kind{}
		for _, d := range []disturbance{{name: "nothing"}, d} {
			kinds, busy, err := turn(*length, d)
			if err != nil {
				return err
			}
			g.table(d.name, kinds, calm, busy.Seconds()/length.Seconds())
			calm = kinds
			time.Sleep(500 * time.Millisecond)
		}
	}
	for _, line := range g.wrong {
		fmt.Println("wrong:", line)
	}
	return nil
}

func named(only, name string) bool {
	for word := range strings.SplitSeq(only, ",") {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// table prints what came of each kind, beside what came of it before.
func (g *ground) table(name string, kinds, before map[string]*kind, busy float64) {
	all, calm := &kind{errors: map[string]int{}}, &kind{}
	for _, t := range goodMix {
		if k := kinds[t.name]; k != nil {
			all.took.add(k.took)
			for what, n := range k.errors {
				all.errors[what] += n
			}
		}
		if k := before[t.name]; k != nil {
			calm.took.add(k.took)
		}
	}
	line := func(label string, k, before *kind) {
		times := math.NaN()
		if before != nil && before.took.count > 0 {
			times = ms(k.took.within(0.99)) / ms(before.took.within(0.99))
		}
		row(os.Stdout, name, label, k.took.count, k.took.within(0.5), k.took.within(0.99), k.took.most, times, k.errors, 100*busy)
	}
	line("all good", all, calm)
	for _, t := range goodMix {
		if k := kinds[t.name]; k != nil {
			line(t.name, k, before[t.name])
		}
	}
	for _, label := range []string{"(the documents)", "batch"} {
		if k := kinds[label]; k != nil {
			line(label, k, nil)
		}
	}
}
