package main

import (
	"math"
	"math/rand/v2"
)

const minutes = 24 * 60

// minute is what happens in one minute of the day.
type minute struct {
	Checks  float64
	Awards  float64 // made one by one, or by the hour of the burst
	Rows    float64 // of imports that arrive
	Changes float64 // revocations
}

// volume is what a population comes to.
type volume struct {
	Issuers float64
	Badges  float64 // kept at the end
	Day     float64 // awards of the last day of a term
	Checks  float64 // of that day
	Lists   float64 // status lists at the end
}

// listEntries is the length of a status list (issuer/slots.go).
const listEntries = 131072

func (p population) volume(a figures) volume {
	v := volume{Issuers: math.Ceil(p.Teachers / a["issuer"]), Checks: p.Checks}
	year := p.Teachers * a["awards"]
	v.Badges, v.Day = year*a["years"], year/a["last day"]
	if v.Checks == 0 {
		v.Checks = p.Teachers * a["checks"]
	}
	v.Lists = 2 * v.Issuers * math.Ceil(v.Badges/v.Issuers/listEntries)
	return v
}

const (
	burstHour = 15 // of the local clock: school is out
	fileRows  = 2000
)

// day lays the load of a population on the minutes of the first zone's clock. The same population gets the same day each time.
func (p population) day(a figures) []minute {
	v, all := p.volume(a), make([]minute, minutes)
	for _, z := range p.Zones {
		for m := range all {
			local := (m - z.Behind*60 + minutes) % minutes
			share := z.Share * hours()[local/60] / 100 / 60
			all[m].Checks += v.Checks * share
			all[m].Awards += v.Day * (1 - a["burst"] - a["imports"]) * share
			all[m].Changes += v.Day * a["revoked"] * share
			if local/60 == burstHour {
				all[m].Awards += v.Day * a["burst"] * z.Share / 60
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // places files in a day
	for rows := v.Day * a["imports"]; rows > 0; rows -= fileRows {
		all[8*60+random.IntN(9*60)].Rows += math.Min(rows, fileRows)
	}
	return all
}
