package main

import "math"

const (
	sized = 0.5 // the use of a part at the peak that an installation is laid out for
	limit = 0.7 // the use at which a part is said to give way: queues grow fast beyond it
)

// lay fills in the numbers that a layout leaves open, so that no part of which there may be more is used more than sized.
func (m model) lay(l layout, p population) layout {
	open := l
	l.Replicas, l.Parts, l.Server = max(l.Replicas, 2), max(l.Parts, 1), max(l.Server, 2)
	if open.Replicas > 0 {
		l.Replicas = open.Replicas
	}
	if l.Engine != "postgres" {
		l.Server = 0
	}
	issuers := int(p.volume(m.a).Issuers)
	if open.Parts == 0 { // one issuer cannot be divided
		l.Parts = min(2, issuers)
		l.Replicas = 2 * l.Parts
	}
	for range 20 { // what one part asks for changes what the others do
		before, r := l, m.run(l, p, 1)
		if open.Parts == 0 {
			most := math.Max(math.Max(r.Use[chain], r.Use[disk]), math.Max(math.Max(r.Use[ahead], r.Use[reading]), r.Use[database]*float64(l.Server)/m.a["server processors"]))
			l.Parts = min(max(l.Parts, int(math.Ceil(float64(l.Parts)*most/sized))), issuers)
		}
		if open.Replicas == 0 {
			most := math.Max(r.Use[answering], r.Use[network])
			l.Replicas = max(2*l.Parts, int(math.Ceil(float64(l.Replicas)*most/sized)))
		}
		if open.Server == 0 && l.Engine == "postgres" {
			l.Server = 2 * int(math.Ceil(float64(l.Server)*r.Use[database]/sized/2))
			l.Server = min(max(l.Server, 2), int(m.a["server processors"]))
		}
		if l == before {
			break
		}
	}
	if open.Server == 0 { // more memory for the badges that are asked for most
		for l.Engine == "postgres" && l.Server+2 <= int(m.a["server processors"]) && m.run(l, p, 1).Use[reading] > sized {
			l.Server += 2
		}
	}
	return l
}

// giving is the first part to give way when the load grows, and the factor at which it does.
type giving struct {
	Part   string
	Factor float64
}

// first raises the load until one of the parts passes limit. What takes years is not load.
func (m model) first(l layout, p population, of []string) giving {
	most := func(factor float64) (part string, use float64) {
		r := m.run(l, p, factor)
		for _, name := range of {
			if r.Use[name] > use {
				part, use = name, r.Use[name]
			}
		}
		return part, use
	}
	low, high := 1e-4, 1e6
	for range 30 {
		middle := math.Sqrt(low * high)
		if _, use := most(middle); use > limit {
			high = middle
		} else {
			low = middle
		}
	}
	part, _ := most(high)
	return giving{part, high}
}

// busy are the parts that the load of an hour fills.
func busy() []string {
	return []string{answering, database, chain, ahead, reading, network, memory, signing}
}

// last is the part that gives way when replicas are added and the database is the largest server there is: what only another
// layout mends.
func (m model) last(l layout, p population) giving {
	l.Server, l.Replicas = int(m.a["server processors"]), max(l.Replicas, 4*l.Parts)
	return m.first(l, p, []string{database, chain, ahead, reading})
}
