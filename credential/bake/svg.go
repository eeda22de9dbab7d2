package bake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"
)

const (
	svgNamespace    = "http://www.w3.org/2000/svg"
	badgeNamespace  = "https://purl.imsglobal.org/ob/v3p0"  // Open Badges 3.0 section 5.3.2
	recordNamespace = "https://purl.imsglobal.org/clr/v2p0" // CLR 2.0
	legacyNamespace = "http://openbadges.org"               // Open Badges 2.0, Baking Specification

	maxSVG      = 12 << 20 // bytes; the same as credential.Limits.Upload
	maxDepth    = 100      // levels of elements
	maxElements = 100_000  // pictures of badges have a few thousand at most
	maxEquals   = 1000     // attributes of one tag; the decoder would build millions before anybody could look
)

var (
	byteOrderMark = []byte("\ufeff")

	// The XML declaration (XML 1.0 section 2.8) of a file in UTF-8, without <? and ?>.
	declaration = regexp.MustCompile(`^version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*(?:"(?i:utf-8)"|'(?i:utf-8)'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*$`)

	// The document type declarations of SVG 1.0 and 1.1 (SVG 1.1 section 1.3). They declare nothing by themselves, and what
	// they refer to is never fetched.
	documentType = regexp.MustCompile(`^DOCTYPE\s+svg(?:\s+PUBLIC\s+"-//W3C//DTD SVG [0-9.]+(?: Basic| Tiny)?//EN"\s+"https?://www\.w3\.org/[A-Za-z0-9./-]*")?\s*$`)
)

// drawing is what baking needs to know of an SVG. Places are offsets in the file.
type drawing struct {
	root   string    // name of the root as it is written, with its prefix
	inside int       // where the first child of the root begins
	empty  bool      // the root is an empty-element tag: it ends at inside
	found  []carrier // credentials, outermost elements only
	typed  bool      // a document type declaration is there
}

// carrier is an element for a credential, well-formed or not.
type carrier struct {
	where    place
	from, to int
	verify   *string // its attribute
	text     []byte  // between its tags
	elements bool    // there are elements between its tags
}

// IsSVG tells whether data is XML that begins with the root element of an SVG. The rest may be no SVG.
func IsSVG(data []byte) bool {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("<")) {
		return false
	}
	if crowded(data) {
		return bytes.Contains(data[:min(len(data), 4096)], []byte("<svg")) // [Unbake] will refuse it
	}
	for decoder := newDecoder(data); ; {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if root, is := token.(xml.StartElement); is {
			return root.Name == xml.Name{Space: svgNamespace, Local: "svg"}
		}
	}
}

// crowded tells whether a tag has more attributes than any picture needs. It reads the text as it comes: what looks like a
// tag in a comment or a CDATA section counts as well, which costs nobody anything.
func crowded(data []byte) bool {
	inTag, quote, equals := false, byte(0), 0
	for i, c := range data {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '<':
			inTag, equals = i+1 < len(data) && data[i+1] != '!' && data[i+1] != '?' && data[i+1] != '/', 0
		case !inTag:
		case c == '>':
			inTag = false
		case c == '"', c == '\'':
			quote = c
		case c == '=':
			if equals++; equals > maxEquals {
				return true
			}
		}
	}
	return false
}

// newDecoder reads XML as UTF-8, whatever encoding it says it has: [survey] looks at that.
func newDecoder(data []byte) *xml.Decoder {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return decoder
}

// text reads the element for one place; nil where there is none.
func (d *drawing) text(where place) ([]byte, error) {
	var c *carrier
	for i := range d.found {
		if d.found[i].where != where {
			continue
		}
		if c != nil {
			return nil, several()
		}
		c = &d.found[i]
	}
	if c == nil {
		return nil, nil
	}
	text := bytes.Trim(c.text, " \t\r\n")
	switch {
	case c.elements:
		return nil, damaged("there are elements in place of the credential's text in the picture")
	case c.verify != nil && len(text) > 0:
		// An assertion that its issuer publishes stands there with its address (Open Badges 2.0, Baking Specification, SVG).
		if where != assertion || !address.MatchString(*c.verify) {
			return nil, &Error{CodeImageInvalid, "several", "the picture carries a credential as an attribute and another as text"}
		}
	case c.verify != nil:
		text = bytes.Trim([]byte(*c.verify), " \t\r\n")
	}
	return fitting(text)
}

// bakeSVG is [Bake] for an SVG.
func bakeSVG(svg, credential []byte) ([]byte, error) {
	d, err := survey(svg)
	if err != nil {
		return nil, err
	}
	element, err := carry(credential)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if d.empty {
		out.Write(svg[:d.inside-len("/>")])
		fmt.Fprintf(&out, ">%s</%s>", element, d.root)
	} else {
		out.Write(svg[:d.inside])
		out.Write(element)
	}
	from := d.inside
	for _, c := range d.found {
		if c.where != openBadge {
			continue
		}
		out.Write(svg[from:c.from])
		from = c.to
	}
	out.Write(svg[from:])
	// Without an element that stood between them, two texts can be one that is not well-formed.
	if d, err = survey(out.Bytes()); err != nil {
		return nil, err
	}
	if _, err := d.text(openBadge); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

var (
	lineEnd    = regexp.MustCompile(`\r\n?`)
	compactJWS = regexp.MustCompile(`^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2}$`)
	address    = regexp.MustCompile(`^\s*(?i:https?)://\S+\s*$`)
)

// carry writes the element that carries a credential.
func carry(credential []byte) ([]byte, error) {
	credential = bytes.Trim(lineEnd.ReplaceAll(credential, []byte("\n")), " \t\n")
	const name, declared = "openbadges:credential", `<openbadges:credential xmlns:openbadges="` + badgeNamespace + `"`
	switch {
	case compactJWS.Match(credential):
		return fmt.Appendf(nil, `%s verify="%s"></%s>`, declared, credential, name), nil
	case !bytes.HasPrefix(credential, []byte("{")):
		return nil, &Error{CodeNoCredential, "", "the credential to bake is neither a JSON object nor a compact JWS"}
	}
	// Char of XML 1.0 section 2.2. JSON has the others in strings only, the controls not even there.
	if bytes.ContainsFunc(credential, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' }) {
		return nil, &Error{CodeNoCredential, "", "the credential to bake is not JSON: there are control characters in it"}
	}
	credential = bytes.ReplaceAll(credential, []byte("\ufffe"), []byte(`\ufffe`))
	credential = bytes.ReplaceAll(credential, []byte("\uffff"), []byte(`\uffff`))
	// The end of a CDATA section (XML 1.0 section 2.7) is split between two of them.
	text := bytes.ReplaceAll(credential, []byte("]]>"), []byte("]]]]><![CDATA[>"))
	return fmt.Appendf(nil, "%s><![CDATA[%s]]></%s>", declared, text, name), nil
}

// survey reads the whole file. It refuses what is not well-formed, also where the decoder would let it pass.
func survey(svg []byte) (*drawing, error) {
	if len(svg) > maxSVG {
		return nil, &Error{CodeTooLarge, "file", fmt.Sprintf("the picture is longer than %d bytes", maxSVG)}
	}
	if crowded(svg) {
		return nil, damaged(fmt.Sprintf("a tag in the picture has more than %d attributes", maxEquals))
	}
	if !utf8.Valid(svg) {
		return nil, damaged("the picture is not written in UTF-8")
	}
	start := 0
	if bytes.HasPrefix(svg, byteOrderMark) {
		start = len(byteOrderMark)
	}
	decoder := newDecoder(svg[start:])
	var d drawing
	depth, elements := 0, 0
	open := 0 // depth of the carrier that is open; 0: none is
	for {
		from := start + int(decoder.InputOffset())
		token, err := decoder.Token()
		to := start + int(decoder.InputOffset())
		if errors.Is(err, io.EOF) && d.root != "" {
			return &d, nil
		}
		if err != nil {
			return nil, malformed()
		}
		switch token := token.(type) {
		case xml.ProcInst:
			if token.Target == "xml" && (from != start || !declaration.Match(token.Inst)) {
				return nil, damaged("the picture says that it is something else than XML 1.0 in UTF-8")
			}
		case xml.Directive:
			if d.root != "" || d.typed || !documentType.Match(token) {
				return nil, damaged("the picture has a document type declaration other than the one of SVG")
			}
			d.typed = true
		case xml.CharData:
			if depth == 0 && len(bytes.Trim(svg[from:to], " \t\r\n")) > 0 {
				return nil, malformed() // text beside the root (XML 1.0 section 2.1)
			}
			if open > 0 {
				c := &d.found[len(d.found)-1]
				c.text = append(c.text, token...)
			}
		case xml.StartElement:
			depth, elements = depth+1, elements+1
			switch {
			case depth > maxDepth || elements > maxElements:
				return nil, damaged(fmt.Sprintf("the picture has more than %d elements, or more than %d in each other", maxElements, maxDepth))
			case depth == 1 && d.root != "", repeats(token.Attr):
				return nil, malformed()
			case depth == 1:
				name := bytes.TrimPrefix(svg[from:to], []byte("<"))
				name = name[:bytes.IndexAny(name, " \t\r\n/>")]
				d.root, d.inside, d.empty = string(name), to, bytes.HasSuffix(svg[from:to], []byte("/>"))
			case open > 0:
				d.found[len(d.found)-1].elements = true
			default:
				if where, is := placeOf(token.Name); is {
					open = depth
					d.found = append(d.found, carrier{where: where, from: from, verify: verify(token.Attr)})
				}
			}
		case xml.EndElement:
			if depth == open {
				open, d.found[len(d.found)-1].to = 0, to
			}
			depth--
		}
	}
}

// placeOf tells which credential an element of that name is for, if any.
func placeOf(name xml.Name) (place, bool) {
	switch name {
	case xml.Name{Space: badgeNamespace, Local: "credential"}:
		return openBadge, true
	case xml.Name{Space: recordNamespace, Local: "credential"}:
		return record, true
	case xml.Name{Space: legacyNamespace, Local: "assertion"}:
		return assertion, true
	}
	return 0, false
}

// repeats tells whether an attribute is there twice (XML 1.0 section 3.1, Namespaces in XML 1.0 section 6.3).
func repeats(attributes []xml.Attr) bool {
	if len(attributes) < 2 {
		return false
	}
	seen := make(map[xml.Name]bool, len(attributes))
	for _, a := range attributes {
		seen[a.Name] = true
	}
	return len(seen) < len(attributes)
}

func verify(attributes []xml.Attr) *string {
	for _, a := range attributes {
		if (a.Name == xml.Name{Local: "verify"}) {
			return &a.Value
		}
	}
	return nil
}

func malformed() error { return damaged("the picture is not well-formed XML") }
