package pdf

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
)

const (
	mostWritten = 16       // pages whose text is read
	textWork    = 20 << 20 // steps for that
	mostText    = 256 << 10
)

// links are the https addresses that the pages link to (12.6.4.8), in their order. With written come those that stand in the
// metadata (14.3.2) and in the text of the first pages. There may be more than are taken.
func (r *reader) links(pages []page, written bool) (out []string, more bool) {
	known := map[string]bool{}
	add := func(address string) {
		switch address = https(address); {
		case address == "" || known[address]:
		case len(out) == mostLinks:
			more = true
		default:
			known[address] = true
			out = append(out, address)
		}
	}
	for _, p := range pages {
		d, _ := r.object(p.object).(dict)
		for _, a := range r.annotations(d) {
			if address, ok := r.get(r.dictionary(a, "A"), "URI").(text); ok {
				add(string(address))
			}
		}
		if more || r.over != nil {
			return out, more
		}
	}
	if !written {
		return out, more
	}
	if s, _ := r.get(r.dictionary(r.trailer, "Root"), "Metadata").(*stream); s != nil {
		metadata, _ := r.decode(s)
		for _, address := range addresses(metadata[:min(len(metadata), mostText)]) {
			add(address)
		}
	}
	// Text is worth a look, not a refusal: it has a budget of its own.
	if r.over != nil {
		return out, more
	}
	before := r.left
	r.left.work, r.left.inflated = min(r.left.work, textWork), min(r.left.inflated, textWork)
	granted := r.left
	for _, p := range pages[:min(len(pages), mostWritten)] {
		var words []byte
		c := painter{r: r, words: &words}
		c.page(p)
		for _, address := range addresses(words) {
			add(address)
		}
	}
	r.left = budget{before.inflated - (granted.inflated - r.left.inflated), before.work - (granted.work - r.left.work)}
	r.over = nil
	return out, more
}

// https is the address when it is an absolute https address for a person to follow, else "".
func https(address string) string {
	address = strings.TrimSpace(address)
	if len(address) > 2048 || len(address) < len("https://a") || !strings.EqualFold(address[:8], "https://") {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

var inText = regexp.MustCompile(`https://[^\s"'<>()\[\]{}\\^|` + "`" + `\x00-\x20\x7f-\xff]+`)

// addresses are the https addresses in a text, without those that name vocabularies in XML.
func addresses(words []byte) []string {
	var out []string
	for _, at := range inText.FindAllIndex(words, 4*mostLinks) {
		before := words[max(0, at[0]-64):at[0]]
		if space := bytes.LastIndexAny(before, " \t\r\n<"); bytes.HasPrefix(before[space+1:], []byte("xmlns")) {
			continue
		}
		found := strings.ReplaceAll(string(words[at[0]:at[1]]), "&amp;", "&")
		out = append(out, strings.TrimRight(found, ".,;:!?*_"))
	}
	return out
}
