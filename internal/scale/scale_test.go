package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func ours(t testing.TB) model {
	t.Helper()
	f, err := read("")
	must(t, err)
	m := model{f: f, a: figures{}}
	for _, a := range assumptions() {
		m.a[a.Name] = a.Value
	}
	return m
}

// many skips what goes through hundreds of days.
func many(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped with -short: nothing runs side by side here, and it takes a second or more")
	}
}

// TestDocument: the tables of docs/scale.md are those that the program prints.
func TestDocument(t *testing.T) {
	many(t)
	path := filepath.Join(t.TempDir(), "scale.md")
	was, err := os.ReadFile("../../docs/scale.md")
	must(t, err)
	must(t, os.WriteFile(path, was, 0o600))
	must(t, run([]string{"-into", path}))
	is, err := os.ReadFile(path)
	must(t, err)
	if string(is) != string(was) {
		t.Error("the tables are old: go run ./internal/scale -into docs/scale.md")
	}
}

// TestRoutesSend: what the simulation takes for the rules of each route is what the product sends.
func TestRoutesSend(t *testing.T) {
	h := onBolt(t)
	c := h.award(t)
	_, style, _ := strings.Cut(h.ask(get("/c/"+c.ID, "Accept", "text/html")).Body.String(), `rel="stylesheet" href="`)
	style, _, _ = strings.Cut(style, `"`)
	requests := map[string]*http.Request{
		"page": get("/c/"+c.ID, "Accept", "text/html"), "json": get("/c/" + c.ID + ".json"), "list": get("/status/" + c.Slot.Revocation),
		"did": get("/.well-known/did.json"), "art": get("/a/" + c.Achievement + "/art.svg"), "style": get(style), "check": checkOf(c.JSON),
	}
	for _, r := range routes() {
		w := h.ask(requests[r.Name])
		if sent := w.Header().Get("Cache-Control"); w.Code != http.StatusOK || sent != r.Sends {
			t.Errorf("%s: status %d, Cache-Control %q, not %q", r.Path, w.Code, sent, r.Sends)
		}
		if tag := w.Header().Get("ETag"); (tag != "") != r.Tag {
			t.Errorf("%s: ETag %q", r.Path, tag)
		}
		var life float64
		if _, seconds, found := strings.Cut(r.Sends, "max-age="); found {
			_, err := fmt.Sscanf(seconds, "%g", &life)
			must(t, err)
		}
		if life != r.Life {
			t.Errorf("%s: %v s of %q", r.Path, r.Life, r.Sends)
		}
	}
}

func TestMissed(t *testing.T) {
	one, even := newZipf(1, 0), newZipf(100, 0)
	for _, test := range []struct {
		name                             string
		on                               zipf
		rate, life, places, room, passed float64
	}{
		{"nothing is asked", one, 0, 300, 1, 0, 0},
		{"nothing is kept", one, 50, 0, 1, 0, 50},
		{"once in a life", one, 50, 300, 1, 0, 1.0 / 300},
		{"at each place", one, 50, 300, 30, 0, 30.0 / 300},
		{"too seldom at each place", one, 1, 10, 30, 0, 1},
		{"a hundred alike", even, 50, 300, 1, 0, 100.0 / 300},
		{"of which ten have room", even, 50, 300, 1, 10, 10.0/300 + 45},
		{"a hundred too seldom", even, 0.1, 300, 1, 0, 0.1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.on.missed(test.rate, test.life, test.places, test.room); math.Abs(got-test.passed) > 1e-9 {
				t.Errorf("%v, not %v", got, test.passed)
			}
		})
	}
}

// TestMissedIsTheSum: the shortcut is the sum over all objects, and longer lives and fewer places never cost more.
func TestMissedIsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "objects")
		z := newZipf(float64(n), rapid.Float64Range(0.3, 1.3).Draw(t, "exponent"))
		rate, life := rapid.Float64Range(0.01, 1e4).Draw(t, "rate"), rapid.Float64Range(1, 1e5).Draw(t, "life")
		places := float64(rapid.IntRange(1, 50).Draw(t, "places"))
		all, sum := 0.0, 0.0
		for i := 1; i <= n; i++ {
			all += math.Pow(float64(i), -z.s)
		}
		for i := 1; i <= n; i++ {
			sum += places * math.Min(rate*math.Pow(float64(i), -z.s)/all/places, 1/life)
		}
		got := z.missed(rate, life, places, 0)
		if math.Abs(got-sum) > 0.01*sum {
			t.Errorf("%v, not %v", got, sum)
		}
		if longer := z.missed(rate, 2*life, places, 0); longer > got*(1+1e-9) {
			t.Errorf("%v, and with longer lives %v", got, longer)
		}
		if more := z.missed(rate, life, places+1, 0); more < got*(1-1e-9) {
			t.Errorf("%v, and with more places %v", got, more)
		}
	})
}

// TestDay: the minutes of a day come to its volume, and are the same each time.
func TestDay(t *testing.T) {
	m := ours(t)
	for _, p := range populations() {
		var sum minute
		v := p.volume(m.a)
		day := p.day(m.a)
		if !slices.Equal(day, p.day(m.a)) {
			t.Errorf("%s: another day each time", p.Name)
		}
		for _, now := range day {
			sum.Checks += now.Checks
			sum.Awards += now.Awards + now.Rows
			sum.Changes += now.Changes
		}
		for name, got := range map[string]float64{"checks": sum.Checks / v.Checks, "awards": sum.Awards / v.Day, "changes": sum.Changes / v.Day / m.a["revoked"]} {
			if math.Abs(got-1) > 1e-9 {
				t.Errorf("%s: %v times the %s of the day", p.Name, got, name)
			}
		}
	}
}

// TestFirst: below the factor no part gives way, above it the named one does.
func TestFirst(t *testing.T) {
	many(t)
	m, p := ours(t), populations()[2]
	for _, l := range layouts()[:2] {
		l = m.lay(l, p)
		g := m.first(l, p, busy())
		for part, use := range m.run(l, p, 0.999*g.Factor).Use {
			if use > limit && part != disk {
				t.Errorf("%s: %s is used %v at a lesser load than %v", l.Name, part, use, g)
			}
		}
		if use := m.run(l, p, 1.001*g.Factor).Use[g.Part]; use <= limit {
			t.Errorf("%s: %s is used %v only", l.Name, g.Part, use)
		}
	}
}

// TestLaid: what the program lays out holds the load.
func TestLaid(t *testing.T) {
	many(t)
	m := ours(t)
	for _, p := range populations() {
		for _, l := range layouts() {
			laid := m.lay(l, p)
			use := m.run(laid, p, 1).Use
			for _, part := range []string{answering, network} {
				if l.Replicas == 0 && use[part] > sized {
					t.Errorf("%s, %s: %s %v with %d machines", p.Name, l.Name, part, use[part], laid.Replicas)
				}
			}
			for _, part := range []string{database, chain, reading, ahead} {
				if l.Parts == 0 && use[part] > sized {
					t.Errorf("%s, %s: %s %v with %d databases", p.Name, l.Name, part, use[part], laid.Parts)
				}
			}
		}
	}
}

// TestEveryFigureCounts: each value changes what comes out, so that none is misspelt where it is used.
func TestEveryFigureCounts(t *testing.T) {
	many(t)
	p := populations()[3]
	fixed := []layout{
		{"a", "bbolt", 1, false, 1, 0}, {"b", "postgres", 1, false, 1, 2}, {"c", "postgres", 2, false, 1, 2}, {"d", "postgres", 12, true, 3, 4},
	}
	of := func(m model) string {
		var out strings.Builder
		for _, l := range fixed {
			r := m.run(l, p, 1)
			_, _ = fmt.Fprintln(&out, r, r.Use)
		}
		return out.String()
	}
	was := of(ours(t))
	for _, one := range append(measured(), assumptions()...) {
		if one.Name == "server processors" || one.Name == "checks" || one.Value == 0 {
			continue // they bound what is laid out, or count where a population names no number
		}
		m := ours(t)
		for _, all := range []figures{m.f, m.a} {
			if value, there := all[one.Name]; there {
				all[one.Name] = value * 0.9
			}
		}
		if of(m) == was {
			t.Errorf("%s counts nowhere", one.Name)
		}
	}
}

func TestOtherFigures(t *testing.T) {
	for _, test := range []struct{ name, text, says string }{
		{"one other", `{"page cpu postgres": 1}`, ""},
		{"no such name", `{"page cpu": 1}`, `"page cpu"`},
		{"nothing", `{"page db": 0}`, "above 0"},
		{"less than nothing", `{"page db": -1}`, "above 0"},
		{"no numbers", `{"page db": "1"}`, "reading the figures"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "figures.json")
			must(t, os.WriteFile(path, []byte(test.text), 0o600))
			f, err := read(path)
			if said := fmt.Sprint(err); test.says == "" && (err != nil || f["page cpu postgres"] != 1) || !strings.Contains(said, test.says) {
				t.Errorf("%v, error %v", f["page cpu postgres"], err)
			}
		})
	}
	if err := ours(t).a.replace(map[string]float64{"cdn price": 0, "page share": 0}); err != nil {
		t.Errorf("a price of nothing: %v", err)
	}
	all := map[string]float64{}
	for _, one := range measured() {
		if _, twice := all[one.Name]; twice || one.From == "" {
			t.Errorf("%s stands there twice, or comes from nowhere", one.Name)
		}
		all[one.Name] = max(one.Value, 1)
	}
	text, err := json.Marshal(all)
	must(t, err)
	path := filepath.Join(t.TempDir(), "all.json")
	must(t, os.WriteFile(path, text, 0o600))
	_, err = read(path)
	must(t, err)
}
