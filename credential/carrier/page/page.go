// Package page reads what a web page says about where its badge is.
//
// [Read] takes the bytes of an HTML page and the address that they were read from. It gives the credentials that stand in the page
// itself, and addresses that may lead to one, the best first. [Known] gives addresses at which hosts of badges publish the
// credential behind a page. Nothing is fetched here, and whether an address may be called is for the one who calls it to judge.
//
// A page is read as a run of tags, never as a tree, and no further than [MostBytes].
//
// The package is pure.
package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Bounds on what is read and what comes out.
const (
	MostBytes = 4 << 20 // of a page
	mostLinks = 8       // of one page
	MostTexts = 8       // credentials that stand in the page itself

	mostRaw        = 32     // candidates of one rank that are kept until the page has been read
	mostSeen       = 20_000 // candidates that are looked at
	mostAddress    = 2048   // bytes of an address
	mostAttributes = 64     // of one tag
	mostWords      = 256    // bytes of what a link says
	mostItems      = 64     // of a list of JSON values
)

// Found is what a page says about its badge.
type Found struct {
	Texts [][]byte // credentials that stand in the page: JSON or a token
	Links []string // absolute https addresses that may lead to a credential, the best first
	More  bool     // there are more credentials in it than Texts has
}

// Ranks of a candidate, the best first.
const (
	rankCredential = iota // <link rel=alternate> of a type that only credentials have
	rankJSON              // <link rel=alternate> of JSON
	rankSelf              // og:url and <link rel=canonical>: where the page says that it is at home
	rankKnown             // what the host of the page is known to publish
	rankFile              // a link to a file that says that it is a badge
	rankPicture           // og:image: the badge may be baked into it
	ranks
)

// Read reads an HTML page that came from the address at; at is "" when somebody handed in the page as a file, and relative
// addresses then count only when the page says what they are relative to (HTML Living Standard, section 4.2.3). Anything that is
// not an https address is left out, and so is at itself.
func Read(page []byte, at string) Found {
	var r reader
	r.read(page[:min(len(page), MostBytes)])
	r.settle(at)
	return r.found
}

// reader collects candidates until the page has been read, as its base may be named late.
type reader struct {
	found Found
	base  string
	raw   [ranks][]string
	seen  int

	link  string // the address of the link that is open, and what it says
	words []byte
	sure  bool // the open link is meant to be downloaded
}

func (r *reader) add(rank int, address string) {
	r.seen++
	address = strings.TrimSpace(address)
	if address != "" && len(address) <= mostAddress && len(r.raw[rank]) < mostRaw && !slices.Contains(r.raw[rank], address) {
		r.raw[rank] = append(r.raw[rank], address)
	}
}

func (r *reader) read(page []byte) {
	z := html.NewTokenizer(bytes.NewReader(page))
	z.SetMaxBuf(MostBytes)
	script := "" // the type of the script that is open
	for len(r.raw[rankCredential]) < mostRaw && r.seen < mostSeen {
		switch z.Next() {
		case html.ErrorToken:
			r.closeLink()
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			switch string(name) {
			case "base", "link", "meta", "script", "a":
				script = r.tag(string(name), attributes(z, more))
			default:
				script = ""
			}
		case html.TextToken:
			if script != "" {
				r.script(script, z.Text())
			} else if r.link != "" && len(r.words) < mostWords {
				text := z.Raw()
				r.words = append(r.words, text[:min(len(text), mostWords)]...)
			}
			script = ""
		case html.EndTagToken:
			if name, _ := z.TagName(); len(name) == 1 && name[0] == 'a' {
				r.closeLink()
			}
			script = ""
		}
	}
}

// attributes are those of a tag that mean something here, by their names; the first of a name counts.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	out := map[string]string{}
	for n := 0; more && n < mostAttributes; n++ {
		var name, value []byte
		name, value, more = z.TagAttr()
		switch string(name) {
		case "href", "rel", "type", "property", "name", "content", "download", "title", "aria-label":
			if _, twice := out[string(name)]; !twice {
				out[string(name)] = string(value[:min(len(value), mostAddress+1)])
			}
		}
	}
	return out
}

// tag looks at a tag. It returns the type of the script that begins, if that may hold a credential.
func (r *reader) tag(name string, attribute map[string]string) (script string) {
	kind, _, _ := strings.Cut(strings.ToLower(attribute["type"]), ";")
	kind = strings.TrimSpace(kind)
	switch name {
	case "base":
		if r.base == "" {
			r.base = strings.TrimSpace(attribute["href"])
		}
	case "link":
		rel := strings.Fields(strings.ToLower(attribute["rel"]))
		if slices.Contains(rel, "alternate") {
			if rank, ok := rankOf(kind); ok {
				r.add(rank, attribute["href"])
			}
		}
		if slices.Contains(rel, "canonical") {
			r.add(rankSelf, attribute["href"])
		}
	case "meta":
		switch strings.ToLower(cmp.Or(attribute["property"], attribute["name"])) { // The Open Graph protocol, ogp.me
		case "og:url":
			r.add(rankSelf, attribute["content"])
		case "og:image", "og:image:url", "og:image:secure_url":
			r.add(rankPicture, attribute["content"])
		}
	case "script":
		if _, ok := rankOf(kind); ok {
			return kind
		}
	case "a":
		r.closeLink()
		_, r.sure = attribute["download"]
		r.link = strings.TrimSpace(attribute["href"])
		r.words = append(append(r.words[:0], attribute["title"]...), attribute["aria-label"]...)
	}
	return ""
}

// rankOf ranks what a media type stands for; ok is false for one that no credential has.
func rankOf(kind string) (rank int, ok bool) {
	switch kind {
	case "application/vc", "application/vc+ld+json", "application/vc+jwt", "application/vc+ld+json+jwt", "application/jwt":
		return rankCredential, true
	case "application/ld+json", "application/json":
		return rankJSON, true
	}
	return 0, false
}

// closeLink ends a link: it is a candidate when it leads to a file of a kind that carries badges, and says so.
func (r *reader) closeLink() {
	link := r.link
	r.link = ""
	if link == "" || len(link) > mostAddress {
		return
	}
	path, _, _ := strings.Cut(strings.ToLower(link), "#")
	path, _, _ = strings.Cut(path, "?")
	carries := slices.ContainsFunc([]string{".json", ".jwt", ".png", ".svg", ".pdf"}, func(ending string) bool {
		return strings.HasSuffix(path, ending)
	})
	says := func(text string) bool {
		return slices.ContainsFunc([]string{"badge", "credential", "assertion"}, func(word string) bool { return strings.Contains(text, word) })
	}
	if carries && (r.sure || says(strings.ToLower(link)) || says(strings.ToLower(string(r.words[:min(len(r.words), mostWords)])))) {
		r.add(rankFile, link)
	}
}

// script takes a script of data that is itself a credential, or a list of such.
func (r *reader) script(kind string, text []byte) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || r.found.More {
		return
	}
	if kind == "application/jwt" || strings.HasSuffix(kind, "+jwt") {
		if bytes.Count(text, []byte(".")) == 2 && !bytes.ContainsAny(text, "{}<> \t\r\n") {
			r.text(text)
		}
		return
	}
	for _, object := range objects(text) {
		if credential(object) {
			r.text(object)
		}
	}
}

// text takes the text of a credential.
func (r *reader) text(text []byte) {
	if len(r.found.Texts) == MostTexts {
		r.found.More = true
		return
	}
	r.found.Texts = append(r.found.Texts, bytes.Clone(text))
}

// objects are the JSON objects of a text: itself, or the first of those in a list.
func objects(text []byte) []json.RawMessage {
	if text[0] == '[' {
		return items(text, mostItems)
	}
	return []json.RawMessage{text}
}

// items are the first values of a JSON list, nil when the text is none.
func items(text []byte, most int) []json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if first, err := decoder.Token(); err != nil || first != json.Delim('[') {
		return nil
	}
	var out []json.RawMessage
	for len(out) < most && decoder.More() {
		var item json.RawMessage
		if decoder.Decode(&item) != nil {
			return nil
		}
		out = append(out, item)
	}
	return out
}

// credential tells whether a JSON object says that it is a credential: by its context, and by a type that is not only of what
// stands inside a credential, as an achievement or an issuer has.
func credential(object []byte) bool {
	var says struct {
		Context json.RawMessage `json:"@context"`
		Type    json.RawMessage `json:"type"`
		AtType  json.RawMessage `json:"@type"`
	}
	if json.Unmarshal(object, &says) != nil {
		return false
	}
	// Verifiable Credentials Data Model 2.0 section 4.3 and 1.1 section 4.1; Open Badges 2.0, "JSON-LD Context".
	contexts := []string{"https://www.w3.org/ns/credentials/v2", "https://www.w3.org/2018/credentials/v1", "https://w3id.org/openbadges/v2"}
	if !slices.ContainsFunc(names(says.Context), func(name string) bool { return slices.Contains(contexts, name) }) {
		return false
	}
	return slices.ContainsFunc(append(names(says.Type), names(says.AtType)...), func(name string) bool {
		return name == "Assertion" || strings.HasSuffix(name, "Credential") || strings.HasSuffix(name, "Presentation")
	})
}

// names are the strings of a JSON value: itself, or those in a list.
func names(value json.RawMessage) []string {
	var one string
	if json.Unmarshal(value, &one) == nil {
		return []string{one}
	}
	var out []string
	for _, item := range items(value, mostItems) {
		if json.Unmarshal(item, &one) == nil {
			out = append(out, one)
		}
	}
	return out
}

// settle turns the candidates into addresses.
func (r *reader) settle(at string) {
	base, _ := url.Parse(at)
	if base == nil || base.Scheme != "https" || base.Host == "" {
		base = &url.URL{}
	}
	self := absolute(base, at)
	if r.base != "" {
		if b, err := base.Parse(r.base); err == nil && b.Scheme == "https" {
			base = b
		}
	}
	r.raw[rankKnown] = Known(at)
	for _, home := range r.raw[rankSelf] {
		r.raw[rankKnown] = append(r.raw[rankKnown], Known(absolute(base, home))...)
	}
	for _, candidates := range r.raw {
		for _, candidate := range candidates {
			link := absolute(base, candidate)
			if link == "" || link == self || slices.Contains(r.found.Links, link) {
				continue
			}
			if r.found.Links = append(r.found.Links, link); len(r.found.Links) == mostLinks {
				return
			}
		}
	}
}

// hostCharacters are those of a host name with its port (RFC 1123 section 2.1), and of literal addresses.
const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]_"

// absolute resolves an address and returns it without its fragment; "" unless it is an https address of plain characters.
func absolute(base *url.URL, address string) string {
	u, err := base.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Host, hostCharacters) != "" {
		return ""
	}
	u.Fragment, u.RawFragment = "", ""
	u.Host = strings.ToLower(u.Host)
	text := u.String()
	if len(text) > mostAddress || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' }) {
		return ""
	}
	return text
}
