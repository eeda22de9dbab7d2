package fetch

import (
	"net/url"
	"slices"
	"strings"
)

const maxAlternates = 8

// credentialTypes are the media types of credentials, the ones that say so first.
var credentialTypes = []string{"application/vc", "application/vc+ld+json", "application/vc+jwt", "application/jwt", "application/ld+json", "application/json"}

// alternates takes out of Link fields (RFC 8288 section 3) the https addresses of the same thing in a form that credentials come in,
// the best first, none twice and never the page itself.
func alternates(fields []string, page *url.URL) []string {
	type candidate struct {
		address string
		rank    int
	}
	var found []candidate
	for _, link := range links(strings.Join(fields, ",")) {
		media, _, _ := strings.Cut(link.media, ";")
		rank := slices.Index(credentialTypes, strings.ToLower(strings.TrimSpace(media)))
		if rank < 0 || !slices.Contains(strings.Fields(strings.ToLower(link.relation)), "alternate") {
			continue
		}
		to, err := page.Parse(link.target)
		if err != nil || to.Scheme != "https" {
			continue
		}
		to.Fragment, to.RawFragment = "", ""
		address := to.String()
		if address != page.String() && !slices.ContainsFunc(found, func(c candidate) bool { return c.address == address }) {
			found = append(found, candidate{address, rank})
		}
		if len(found) == 4*maxAlternates {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.rank - b.rank })
	var addresses []string
	for _, c := range found[:min(len(found), maxAlternates)] {
		addresses = append(addresses, c.address)
	}
	return addresses
}

// link is one value of a Link field.
type link struct {
	target, relation, media string
}

// links reads the values of a Link field, as far as they follow the grammar (RFC 8288 appendix B.2). Of a parameter that stands twice
// the first counts.
func links(field string) []link {
	var all []link
	for {
		field = strings.TrimLeft(field, " \t,")
		if !strings.HasPrefix(field, "<") {
			return all
		}
		target, rest, closed := strings.Cut(field[1:], ">")
		if !closed {
			return all
		}
		l := link{target: target}
		field = strings.TrimLeft(rest, " \t")
		for strings.HasPrefix(field, ";") {
			var name, value string
			if name, value, field, closed = parameter(field[1:]); !closed {
				return all
			}
			switch {
			case name == "rel" && l.relation == "":
				l.relation = value
			case name == "type" && l.media == "":
				l.media = value
			}
		}
		all = append(all, l)
	}
}

// parameter reads one parameter, and what stands behind it. It is not whole when its quotation mark is not closed.
func parameter(field string) (name, value, rest string, whole bool) {
	end := strings.IndexAny(field, "=;,")
	if end < 0 {
		end = len(field)
	}
	name = strings.ToLower(strings.Trim(field[:end], " \t"))
	field = field[end:]
	if !strings.HasPrefix(field, "=") {
		return name, "", field, true
	}
	field = strings.TrimLeft(field[1:], " \t")
	if !strings.HasPrefix(field, `"`) {
		if end = strings.IndexAny(field, ";,"); end < 0 {
			end = len(field)
		}
		return name, strings.TrimRight(field[:end], " \t"), field[end:], true
	}
	var text strings.Builder
	for i := 1; i < len(field); i++ {
		switch c := field[i]; {
		case c == '"':
			return name, text.String(), strings.TrimLeft(field[i+1:], " \t"), true
		case c == '\\' && i+1 < len(field):
			i++
			text.WriteByte(field[i])
		default:
			text.WriteByte(c)
		}
	}
	return name, "", "", false
}
