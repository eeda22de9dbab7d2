package main

// chart is one picture: one panel, or two beside each other.
type chart struct {
	file   string
	title  string
	about  string // what was measured, in a sentence or two
	panels []panel
}

// panel has both axes logarithmic, unless flat.
type panel struct {
	title  string // where there are two
	x, y   axis
	least  float64 // sizes at the ends of the level axis
	most   float64
	flat   bool // the upright axis goes from 0 to 2, and is not logarithmic
	curves []curve
	goals  []goal
	steps  []float64 // sizes that the table shows; the last two say what ten times as much costs
	guide  string    // curve below whose end the guide of "ten times the size, ten times the cost" lies; "" for none
	down   float64   // how far below, as a factor
}

type axis struct {
	title string
	text  func(float64) string
}

type curve struct {
	name, label string
	ink         string // class of the style sheet
}

// goal is a line at a height, over all sizes or those given.
type goal struct {
	at, from, to float64
	label        string
}

func charts() []chart {
	items := func(y string) (axis, axis) {
		return axis{"alignments, and as many pieces of evidence", count}, axis{y, duration}
	}
	x, issue := items("processor time to issue one badge")
	_, verify := items("processor time to verify one badge")
	steps := []float64{1, 10, 100, 1000}
	stores := axis{"awards in the store", count}
	times := axis{"by the clock", duration}
	kept := []float64{1e4, 1e5, 1e6}
	engine := func(title, name string) panel {
		return panel{title: title, x: stores, y: times, least: 1e4, most: 1e6, steps: kept, curves: []curve{
			{name + "-lookup-p50", "lookup, median", "green"}, {name + "-lookup-p99", "lookup, p99", "blue"},
			{name + "-page", "page of 100", "orange"}, {name + "-open", "open", "purple"},
		}, goals: []goal{{0.3e-3, 0, 0, "goal, lookup p99: 0.3 ms"}, {5e-3, 0, 0, "goal, page: 5 ms"}, {20e-3, 0, 0, "goal, open: 20 ms"}}}
	}
	return []chart{
		{"issue.svg", "Issuing larger badges", "Processor time to sign one badge with 1 to 1,000 alignments and as many pieces of evidence.", []panel{{
			x: x, y: issue, least: 1, most: 1000, steps: steps, guide: "issue/token", down: 0.35, curves: []curve{
				{"issue/integrity", "Laurel, Data Integrity", "green"}, {"issue/token", "Laurel, token", "blue"},
				{"issue/digitalbazaar", "@digitalbazaar/vc", "orange"}, {"issue/jose", "jose, token", "purple"},
			}}}},
		{"verify.svg", "Verifying larger badges", "Processor time to check one badge with 1 to 1,000 alignments and as many pieces of evidence.", []panel{{
			x: x, y: verify, least: 1, most: 1000, steps: steps, guide: "verify/jose", down: 0.45, curves: []curve{
				{"verify/integrity", "Laurel, Data Integrity", "green"}, {"verify/token", "Laurel, token", "blue"},
				{"verify/digitalbazaar", "@digitalbazaar/vc", "orange"}, {"verify/verifier-core", "verifier-core", "red"}, {"verify/jose", "jose, token", "purple"},
			}}}},
		{"lists.svg", "Longer status lists", "Processor time for one operation on a status list of 131,072 to 16,777,216 bits, one in a hundred of them set at random.", []panel{{
			x: axis{"bits in the list", count}, y: axis{"processor time of one operation", duration}, least: 1 << 17, most: 1 << 24,
			steps: []float64{1 << 17, 1 << 20, 1 << 24}, guide: "lists/decode", down: 0.3, curves: []curve{
				{"lists/publish", "flip, encode and sign", "orange"}, {"lists/verify", "verify badge, list anew", "green"},
				{"lists/decode", "decode", "blue"}, {"lists/check", "check on a held list", "purple"},
			}, goals: []goal{{100e-9, 0, 0, "goal, check: 100 ns"}, {15e-3, 1 << 22, 1 << 24, "goal, publish 16,777,216: 15 ms"}},
		}}},
		{"stores.svg", "Larger stores", "Time by the clock to look one award up, to list a page of 100 and to open a store of 10,000 to 1,000,000 awards, on bbolt and on PostgreSQL over a socket.",
			[]panel{engine("bbolt", "stores/bbolt"), engine("PostgreSQL", "stores/postgres")}},
		{"inserts.svg", "Filling a store", "Processor time to store one award, 1,000 in a transaction, under ids that lie anywhere; and the bytes on disk beside those of the awards.", []panel{
			{title: "one more award", x: stores, y: axis{"processor time", duration}, least: 1e4, most: 1e6, steps: kept,
				curves: []curve{{"stores/bbolt-insert", "bbolt", "green"}, {"stores/postgres-insert", "PostgreSQL", "orange"}},
				goals:  []goal{{100e-6, 0, 0, "goal: 10,000 a second"}}},
			{title: "bytes on disk", x: stores, y: axis{"times the bytes of the awards", ratio}, least: 1e4, most: 1e6, flat: true, steps: kept,
				curves: []curve{{"stores/bbolt-size", "bbolt", "green"}, {"stores/postgres-size", "PostgreSQL", "orange"}},
				goals:  []goal{{1.3, 0, 0, "goal: 1.3 times"}}},
		}},
		{"files.svg", "More files in one request", "Processor time of the server to judge 1 to 500 files that come in one request: signed JSON alone, and every kind mixed, among them photos and zips.", []panel{{
			x: axis{"files in one request", count}, y: axis{"processor time of the server", duration}, least: 1, most: 500,
			steps: []float64{1, 10, 50, 500}, guide: "files/json", down: 0.4, curves: []curve{
				{"files/mixed", "every kind, mixed", "orange"}, {"files/json", "signed JSON alone", "green"},
			}}}},
	}
}
