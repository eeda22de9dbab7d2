package main

import "math"

// route is a kind of request and what the product says about keeping its answer.
type route struct {
	Name  string // of its figures
	Path  string
	Sends string  // Cache-Control; TestRoutesSend holds it against the product
	Life  float64 // seconds for which a shared cache answers without asking; 0: it asks each time
	Tag   bool    // it carries an ETag: an old copy costs a question, not the bytes
}

// kinds of request. A list is asked for twice in a check: one says what is revoked, one what is suspended.
func routes() []route {
	return []route{
		{"page", "/c/ID", "no-cache", 0, true},
		{"json", "/c/ID.json", "no-cache", 0, true},
		{"list", "/status/LIST", "public, max-age=300", 300, true},
		{"did", "/.well-known/did.json", "public, max-age=300", 300, true},
		{"art", "/a/ID/art.svg", "public, max-age=3600", 3600, true},
		{"style", "/static/FILE", "public, max-age=31536000, immutable", 31536000, false},
		{"check", "/verify (POST)", "no-store", 0, false},
	}
}

// zipf says how requests fall on n objects: the one of rank i gets a share that goes with 1/i^s.
type zipf struct {
	n, s  float64
	first []float64 // sums of the first terms
	all   float64
}

const exact = 1000 // terms that are added up one by one

func newZipf(n, s float64) zipf {
	z := zipf{n: math.Max(1, math.Floor(n)), s: s, first: make([]float64, exact+1)}
	for i := 1; i <= exact; i++ {
		z.first[i] = z.first[i-1] + math.Pow(float64(i), -s)
	}
	z.all = z.head(z.n)
	return z
}

// head is the sum of i^-s for i from 1 to k, a whole number: the first terms added up, the rest by the integral (Euler-Maclaurin).
func (z zipf) head(k float64) float64 {
	if k <= exact {
		return z.first[int(k)]
	}
	sum := z.first[exact]
	integral := math.Log(k / exact)
	if z.s != 1 {
		integral = (math.Pow(k, 1-z.s) - math.Pow(exact, 1-z.s)) / (1 - z.s)
	}
	return sum + integral + (math.Pow(k, -z.s)-math.Pow(exact, -z.s))/2
}

// missed is how many of rate requests a second pass caches that keep an answer for life seconds. They come to places caches alike.
// An object that is asked for r times a second at one of them passes min(r*life, 1)/life times, which is the most it can be. Of a cache
// with room for so many objects only the first count; 0 bounds nothing.
func (z zipf) missed(rate, life, places, room float64) float64 {
	if rate == 0 || life == 0 {
		return rate
	}
	// The objects up to this rank are asked for at least once in a life, at each place.
	kept := z.n
	if z.s > 0 {
		kept = math.Pow(rate*life/(places*z.all), 1/z.s)
	} else if rate*life/(places*z.all) < 1 {
		kept = 0
	}
	kept = math.Floor(math.Min(kept, z.n))
	if room > 0 {
		kept = math.Min(kept, room)
	}
	if kept < 1 {
		return rate
	}
	return kept*places/life + rate*(1-z.head(kept)/z.all)
}
