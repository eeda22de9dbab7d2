package main

// assumptions are what nobody has measured for us. Flags change them by name; the report prints them.
func assumptions() []figure {
	return []figure{
		{"awards", 5, "a teacher and year", "our guess: the badges of a year's training"},
		{"years", 10, "years", "how long badges are kept, the oldest then"},
		{"last day", 40, "th of a year's awards", "made on the last day of a term, which is the day that is simulated"},
		{"burst", 0.20, "of a day's awards", "in one hour of that day"},
		{"imports", 0.40, "of a day's awards", "in files of 2,000 rows, at any minute of the working day; the rest is spread as checks are"},
		{"revoked", 0.02, "of all awards", "revoked in the end; as many changes as that share of a day's awards"},
		{"issuer", 2000, "teachers", "of one issuer: a district of its own in every layout"},
		{"achievements", 50, "an issuer", "of which there are pages and pictures"},
		{"checks", 1, "a teacher and day", "where the population names no number"},
		{"page share", 0.30, "of checks", "somebody opens the badge's page"},
		{"json share", 0.10, "of checks", "a program reads the badge from its address"},
		{"others share", 0.55, "of checks", "a verifier elsewhere has the badge in hand: DID document and two lists"},
		{"verify share", 0.05, "of checks", "somebody gives the badge to our /verify"},
		{"zipf", 0.8, "exponent", "how checks fall on badges; Breslau and others (INFOCOM 1999) found 0.64 to 0.83 for pages"},
		{"edges", 30, "places", "caches of the CDN that do not ask each other"},
		{"headers", 500, "B", "of an answer"},
		{"machine memory", 8, "GiB", "of a machine with 2 virtual processors"},
		{"machine network", 1, "Gbit/s", "of such a machine"},
		{"machine disk", 1000, "GB", "of the one machine"},
		{"machine reads", 3000, "/s", "of its disk, at random places"},
		{"badge reads", 4, "reads", "of the disk for a badge that memory does not hold: index, row, and what is kept beside it"},
		{"server processors", 64, "processors", "the largest PostgreSQL server that one wants to buy; each two with the memory of a machine"},
		{"server disk", 16_000, "GB", "its largest volume"},
		{"server reads", 16_000, "/s", "of its volume, at random places"},
		{"server log", 125, "MB/s", "what its volume writes"},
		{"machine price", 60, "$/month", "2 virtual processors, 8 GiB; a list price of about 2026 as are those below"},
		{"server price", 130, "$/month", "2 processors of a managed PostgreSQL; twice that with its standby, which is counted"},
		{"disk price", 0.12, "$/GB and month", "twice for PostgreSQL, for the standby"},
		{"egress price", 0.09, "$/GB", "from the machines to the Internet; to the CDN it is free"},
		{"cdn bytes price", 0.05, "$/GB", "from the CDN"},
		{"cdn price", 1.00, "$/million requests", "of the CDN; some take nothing for requests"},
	}
}

// population is who is served.
type population struct {
	Name     string
	Teachers float64
	Checks   float64 // a day; 0: as the assumption says
	Zones    []zone
}

// zone is the part of the people whose clock is as many hours behind.
type zone struct {
	Behind int
	Share  float64
}

func populations() []population {
	here := []zone{{0, 1}}
	// Eastern, Central, Mountain, Pacific: rounded shares of the people of the United States.
	land := []zone{{0, 0.47}, {1, 0.29}, {2, 0.07}, {3, 0.17}}
	return []population{
		{"district", 2000, 0, here},
		{"state", 150_000, 0, here},
		{"nation", 4_200_000, 0, land}, // NCES: 3.5 million in public schools, 251,000 in charter schools, 466,000 in private ones, 2020-21
		{"nation, 10^9 checks", 4_200_000, 1e9, land},
	}
}

// hours is how the checks of a day fall on its hours, as parts of 100: work, school, and an evening. It is a guess.
func hours() [24]float64 {
	return [24]float64{0.5, 0.3, 0.2, 0.2, 0.3, 0.8, 2, 4, 7, 8.5, 8.5, 8, 7, 7.5, 8, 8, 7, 5.5, 4.2, 4, 3.5, 2.5, 1.6, 0.9}
}

// layout is how an installation is put up.
type layout struct {
	Name     string
	Engine   string // as in the names of figures
	Replicas int    // machines that answer; 0: as many as keep the peak at half
	CDN      bool
	Parts    int // installations side by side, each with its own database; 0: as many as keep the peak at half
	Server   int // processors of each database; 0: as many as keep the peak at half
}

func layouts() []layout {
	return []layout{
		{"one machine, bbolt", "bbolt", 1, false, 1, 0},
		{"PostgreSQL, 2 replicas", "postgres", 2, false, 1, 2},
		{"replicas behind a CDN", "postgres", 0, true, 1, 0},
		{"partitioned by issuer", "postgres", 0, true, 0, 0},
	}
}
