package main

import "math"

// The parts that can give way.
const (
	answering = "replicas" // processors of the machines that answer
	database  = "database" // processors of PostgreSQL
	chain     = "chain"    // the end of the audit chain and the counters: awards go through it one after another
	ahead     = "wal"      // what PostgreSQL writes ahead
	reading   = "reads"    // of the disk, for badges that memory does not hold
	disk      = "disk"     // fills with the years, not with the hour
	network   = "network"
	memory    = "memory"
	signing   = "signing" // signatures of awards and lists
)

func parts() []string {
	return []string{answering, database, chain, ahead, reading, network, memory, signing, disk}
}

// result is what a day comes to.
type result struct {
	layout            // with its numbers filled in
	volume            // of the population
	Use    usage      // of each part: at the worst minute, and of chain and log in the worst hour
	Peak   float64    // checks a second in the worst minute
	Hour   float64    // awards and changes a second in the worst hour, in awards
	Wait   float64    // seconds that the last row of an import waits, at most
	Stored float64    // bytes at the end
	Edge   [2]float64 // requests and bytes a day that the CDN answers
	Origin [2]float64 // requests and bytes a day that the machines answer
	Cost   float64    // a month
	Paid   float64    // of it for the CDN
	Audit  float64    // hours to go through the whole audit chain at the end
}

type usage map[string]float64

// model is one set of figures and assumptions.
type model struct {
	f, a figures
}

// answered is the load of requests in a second.
type answered struct {
	cpu, db           float64 // µs
	requests, bytes   float64 // of the machines
	asked, askedBytes float64 // of the CDN
	lists             float64 // that the machines give
	badges            float64 // that are read from the store
}

// objects says on how many things the requests of each route fall, and how.
func (m model) objects(v volume) map[string]zipf {
	badges := newZipf(v.Badges, m.a["zipf"])
	return map[string]zipf{
		"page": badges, "json": badges, "check": badges, "style": newZipf(1, 0),
		"list": newZipf(v.Lists, 0), "did": newZipf(v.Issuers, 0), "art": newZipf(v.Issuers*m.a["achievements"], 0),
	}
}

const (
	judgedFor = 60  // seconds for which a replica remembers what it found about a badge (internal/web/judged.go)
	judged    = 512 // badges that it remembers at least
)

// answer spreads checks a second over the routes and their caches.
func (m model) answer(l layout, on map[string]zipf, checks float64) (sum answered) {
	f, a := m.f, m.a
	rates := map[string]float64{
		"page": checks * a["page share"], "art": checks * a["page share"], "style": checks * a["page share"],
		"json": checks * a["json share"], "check": checks * a["verify share"],
		"list": 2 * checks * a["others share"], "did": checks * a["others share"],
	}
	for _, r := range routes() {
		rate, size := rates[r.Name], f[r.Name+" bytes"]+a["headers"]
		passed := rate
		if l.CDN {
			passed = on[r.Name].missed(rate, r.Life, a["edges"], 0)
			sum.asked += rate
			sum.askedBytes += rate * size
		}
		cpu, db := f[r.Name+" cpu "+l.Engine], f[r.Name+" db"]
		if r.Name == "page" {
			first := on[r.Name].missed(passed, judgedFor, float64(l.Replicas), judged) / math.Max(passed, 1e-9)
			cpu = first*cpu + (1-first)*f["page again cpu "+l.Engine]
			db = first*db + (1-first)*f["page again db"]
		}
		switch r.Name {
		case "list":
			sum.lists = passed
		case "page", "json":
			sum.badges += passed
		}
		sum.requests += passed
		sum.bytes += passed * size
		sum.cpu += passed * (cpu + f["connection cpu"])
		sum.db += passed * db
	}
	return sum
}

// rate is how many awards a second the chain of one installation takes, with so many replicas on it.
func (m model) rate(l layout) float64 {
	switch each := float64(l.Replicas) / float64(l.Parts); {
	case l.Engine == "bbolt":
		return m.f["chain bbolt"]
	case each <= 1:
		return m.f["chain 1"]
	case each <= 2:
		return m.f["chain 2"]
	}
	return m.f["chain 4"]
}

// run goes through a day with factor times the load. More load is more of the same: teachers, issuers, badges and checks grow
// together. l has all its numbers.
func (m model) run(l layout, p population, factor float64) result {
	f, a := m.f, m.a
	p.Teachers *= factor
	p.Checks *= factor
	v := p.volume(a)
	r := result{layout: l, volume: v, Use: usage{}}
	on, many, sides := m.objects(v), float64(l.Replicas), float64(l.Parts)
	rate := m.rate(l)
	worst := func(part string, use float64) { r.Use[part] = math.Max(r.Use[part], use) }
	// The badges that are asked for most fit into memory: three quarters of that of the machine that holds the store.
	held, spindles := a["machine memory"], a["machine reads"]
	if l.Engine == "postgres" {
		held, spindles = float64(l.Server)/2*a["machine memory"], a["server reads"]
	}
	warm := math.Min(math.Floor(0.75*held*(1<<30)*sides/f["award disk "+l.Engine]), on["page"].n)
	cold := 1 - on["page"].head(warm)/on["page"].all
	waiting, busy := 0.0, make([]float64, 0, minutes)
	for _, now := range p.day(a) {
		sum := m.answer(l, on, now.Checks/60)
		singles, changes := now.Awards/60, now.Changes/60
		waiting += now.Rows
		// Imports take what single awards leave of the chain, and no more than the worker of each replica makes on one processor.
		room := math.Max(1, math.Min(rate*sides-singles-changes/2, many*1e6/f["award cpu "+l.Engine]))
		rows := math.Min(waiting/60, room)
		r.Wait = math.Max(r.Wait, waiting/room)
		waiting -= rows * 60
		made, signed := singles+rows, math.Min(changes, sum.lists)
		cpu := sum.cpu + made*f["award cpu "+l.Engine] + changes*f["change cpu "+l.Engine] + signed*f["sign list cpu"]
		worst(answering, cpu/1e6/(2*many))
		worst(reading, sum.badges*cold*a["badge reads"]/(spindles*sides))
		worst(network, sum.bytes/(many*a["machine network"]*1e9/8))
		worst(signing, (2*made+signed)/(2*many*f["signatures"]))
		if l.Engine == "postgres" {
			worst(database, (sum.db+made*f["award db"]+changes*f["change db"])/1e6/(float64(l.Server)*sides))
		}
		busy = append(busy, singles+now.Rows/60+changes/2)
		r.Peak = math.Max(r.Peak, now.Checks/60)
		for i, x := range [2]float64{sum.asked, sum.askedBytes} {
			r.Edge[i] += 60 * x
		}
		for i, x := range [2]float64{sum.requests, sum.bytes} {
			r.Origin[i] += 60 * x
		}
	}
	for i := 60; i <= len(busy); i++ {
		hour := 0.0
		for _, x := range busy[i-60 : i] {
			hour += x / 60
		}
		r.Hour = math.Max(r.Hour, hour)
	}
	r.Use[chain] = r.Hour / (rate * sides)
	r.Stored = v.Badges * f["award disk "+l.Engine]
	room := a["machine disk"]
	if l.Engine == "postgres" {
		room = a["server disk"]
		r.Use[ahead] = r.Hour * f["award wal"] / (a["server log"] * 1e6 * sides)
	}
	r.Use[disk] = r.Stored / (room * 1e9 * sides)
	r.Use[memory] = (f["memory"]*(1<<20) + v.Lists/sides*(listEntries/8+f["list bytes"])) / (a["machine memory"] * (1 << 30))
	r.Audit = (2*v.Badges + v.Badges*a["revoked"]) / sides / f["audit entries"] / 3600
	r.Paid = 30 * (r.Edge[0]/1e6*a["cdn price"] + r.Edge[1]/1e9*a["cdn bytes price"])
	r.Cost = r.Paid + m.cost(r)
	return r
}

// cost is what machines, databases and disks cost a month, and without a CDN the bytes that leave them.
func (m model) cost(r result) float64 {
	a := m.a
	cost := float64(r.Replicas) * a["machine price"]
	copies := 1.0
	if r.Engine == "postgres" {
		copies = 2
		cost += float64(r.Parts*r.Server) / 2 * a["server price"] * copies
	}
	if !r.layout.CDN {
		cost += 30 * r.Origin[1] / 1e9 * a["egress price"]
	}
	return cost + copies*r.Stored/1e9*a["disk price"]
}
