package web

import (
	"strconv"
	"strings"
)

// mediaRange is one entry of an Accept header (RFC 9110 section 12.5.1).
type mediaRange struct {
	kind, sub string // lower case; "*" stands for any
	quality   int    // thousandths, 0 to 1000
}

// parseAccept reads an Accept header. Entries that do not parse are left out. Parameters other than q are ignored, as
// none of our types has one. An empty header accepts anything.
func parseAccept(header string) []mediaRange {
	if strings.TrimSpace(header) == "" {
		return []mediaRange{{kind: "*", sub: "*", quality: 1000}}
	}
	var ranges []mediaRange
	for entry := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(entry, ";")
		kind, sub, ok := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "/")
		if !ok || kind == "" || sub == "" || (kind == "*" && sub != "*") {
			continue
		}
		quality, ok := parseQuality(parameters)
		if !ok {
			continue
		}
		ranges = append(ranges, mediaRange{kind: kind, sub: sub, quality: quality})
	}
	return ranges
}

// parseQuality finds q among the parameters of a media range: 0 to 1 with at most three decimals (RFC 9110 section
// 12.4.2), 1 when it is absent.
func parseQuality(parameters string) (int, bool) {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		whole, decimals, _ := strings.Cut(value, ".")
		if (whole != "0" && whole != "1") || len(decimals) > 3 {
			return 0, false
		}
		n, err := strconv.ParseUint((whole + decimals + "000")[:4], 10, 16)
		if err != nil || n > 1000 {
			return 0, false
		}
		return int(n), true
	}
	return 1000, true
}

// negotiate picks the offer that the Accept header likes best, "" when it takes none of them. The most specific range
// that fits an offer sets its quality. Between equal qualities a type named in full wins over a wildcard, then the one
// that the header names first, then the earlier offer.
func negotiate(header string, offers ...string) string {
	ranges := parseAccept(header)
	best, bestQuality, bestDetail, bestPlace := "", 0, 0, 0
	for _, offer := range offers {
		quality, detail, place := preference(ranges, offer)
		better := quality > bestQuality
		if quality == bestQuality && quality > 0 {
			better = detail > bestDetail || detail == bestDetail && detail == 2 && place < bestPlace
		}
		if better {
			best, bestQuality, bestDetail, bestPlace = offer, quality, detail, place
		}
	}
	return best
}

// preference finds the most specific range that fits the offer: its quality, how much of the type it names (0 to 2) and its
// place in the header.
func preference(ranges []mediaRange, offer string) (quality, detail, place int) {
	kind, sub, _ := strings.Cut(offer, "/")
	detail = -1
	for i, r := range ranges {
		named := 0
		switch {
		case r.kind == kind && r.sub == sub:
			named = 2
		case r.kind == kind && r.sub == "*":
			named = 1
		case r.kind != "*":
			continue
		}
		if named > detail {
			quality, detail, place = r.quality, named, i
		}
	}
	return quality, detail, place
}
