package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image/jpeg"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	svgNamespace   = "http://www.w3.org/2000/svg"
	xlinkNamespace = "http://www.w3.org/1999/xlink"

	maxDepth    = 64      // levels of elements
	maxElements = 20_000  // as they stand in the file
	maxDrawn    = 100_000 // elements when all that refers to others is replaced by them
	maxPictures = 4       // inside the drawing; each may be as large as a picture by itself
)

// element is an element that is kept, with what is kept of it.
type element struct {
	name       string
	attributes []attribute
	children   []node
	drawn      int // elements that it draws, itself included, but for those that it is painted with; 0: not counted yet, -1: being counted
	marked     int // the same, with the places where markers can stand
	weight     int // elements that it draws, with those that it is painted with
}

type attribute struct{ name, value string }

// node is an element or, where that is nil, text.
type node struct {
	element *element
	text    string
}

// cleanSVG keeps the elements and attributes that draw. Elements of other kinds go with all that is in them.
func cleanSVG(data []byte) (clean []byte, width, height int, err error) {
	root, err := readSVG(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return nil, 0, 0, err
	}
	if width, height, err = root.measure(); err != nil {
		return nil, 0, 0, err
	}
	if err := weigh(root); err != nil {
		return nil, 0, 0, err
	}
	var out bytes.Buffer
	root.write(&out, true)
	return out.Bytes(), width, height, nil
}

// readSVG reads the whole file into the elements that are kept. It resolves no entity and knows no document type (XML 1.0 section 2.8).
func readSVG(data []byte) (*element, error) {
	damaged := refused("The picture is not well-formed SVG in UTF-8.")
	if !utf8.Valid(data) {
		return nil, damaged
	}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var root *element
	var open []*element // nil: not kept, nor what is in it
	count, pictures := 0, 0
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && root != nil:
			return root, nil
		case err != nil:
			return nil, damaged
		}
		switch token := token.(type) {
		case xml.Directive:
			if bytes.ContainsAny(token, "[%") || bytes.Contains(token, []byte("ENTITY")) {
				return nil, refused("The picture declares entities, which a drawing has no need of.")
			}
		case xml.StartElement:
			if count++; count > maxElements || len(open) == maxDepth {
				return nil, refused("The picture has more than %d elements, or more than %d in each other.", maxElements, maxDepth)
			}
			var e *element
			switch {
			case len(open) > 0 && open[len(open)-1] == nil:
			case len(open) == 0 && (root != nil || token.Name.Local != "svg" || !drawn(token.Name)):
				return nil, damaged
			case drawn(token.Name):
				if e = (&element{name: token.Name.Local}); e.name == "a" {
					e.name = "g" // what it shows stays, where it leads does not
				}
				if e.name == "image" {
					if pictures++; pictures > maxPictures {
						return nil, refused("The picture holds more than %d pictures.", maxPictures)
					}
				}
				if e.attributes, err = attributesOf(e.name, token.Attr); err != nil {
					return nil, err
				}
			}
			if len(open) == 0 {
				root = e
			} else if e != nil {
				parent := open[len(open)-1]
				parent.children = append(parent.children, node{element: e})
			}
			open = append(open, e)
		case xml.EndElement:
			if e := open[len(open)-1]; e != nil && e.name == "style" && !harmless(e.style()) {
				e.children = nil
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 0 {
				if len(bytes.TrimSpace(token)) > 0 {
					return nil, damaged
				}
				continue
			}
			if e := open[len(open)-1]; e != nil && slices.Contains(written, e.name) {
				e.children = append(e.children, node{text: string(token)})
			}
		}
	}
}

// drawn says whether elements of this name are kept. A drawing without any namespace is taken for SVG and gets it.
func drawn(name xml.Name) bool {
	return (name.Space == svgNamespace || name.Space == "") && elements[name.Local]
}

func (e *element) style() string {
	var text strings.Builder
	for _, child := range e.children {
		text.WriteString(child.text)
	}
	return text.String()
}

// attributesOf keeps the attributes that draw, each once. References lead to parts of the drawing, or hold a picture themselves.
func attributesOf(owner string, all []xml.Attr) (keep []attribute, err error) {
	seen := map[string]bool{}
	for _, a := range all {
		name := a.Name.Local
		switch {
		case a.Name.Space == xlinkNamespace && name == "href", a.Name.Space == "" && name == "href":
			if seen["href"] {
				continue
			}
			value, err := reference(a.Value, owner == "image")
			if err != nil {
				return nil, err
			}
			if value != "" {
				seen["href"], keep = true, append(keep, attribute{"href", value})
			}
		case a.Name.Space == "" && attributes[name] && harmless(a.Value):
			if seen[name] {
				return nil, refused("The picture is not well-formed SVG in UTF-8.")
			}
			seen[name], keep = true, append(keep, attribute{name, a.Value})
		}
	}
	return keep, nil
}

var (
	fragment = regexp.MustCompile(`^#[\pL_][\pL\pN_.:-]*$`)
	inside   = regexp.MustCompile(`(?i)url\(\s*(?:"(#[\pL_][\pL\pN_.:-]*)"|'(#[\pL_][\pL\pN_.:-]*)'|(#[\pL_][\pL\pN_.:-]*))\s*\)`)
	// What makes a style fetch or run something, or hides that it does (CSS Syntax 3 section 4, CSS Values 4).
	// What takes parts or paths from where nobody counts them goes too.
	harmful = regexp.MustCompile(`(?i)[\\@<]|url\s*\(|src\s*\(|image(?:-set)?\s*\(|expression\s*\(|javascript:|behavior\s*:|-moz-binding|var\s*\(|path\s*\(|context-(?:fill|stroke)`)
)

// harmless says whether the value of an attribute, or the text of a style, leads to parts of the drawing alone.
func harmless(value string) bool {
	return !strings.ContainsAny(value, `\@<(:xX`) || // no harm is done without one of these, and most texts are the numbers of a path
		!harmful.MatchString(inside.ReplaceAllString(value, "none"))
}

// reference returns the value of href to keep: that of a part of the drawing, or for an image a picture, which is cleaned as well. "" is
// any other.
func reference(value string, image bool) (string, error) {
	value = strings.TrimSpace(value)
	if fragment.MatchString(value) {
		return value, nil
	}
	if !image {
		return "", nil
	}
	for prefix, clean := range map[string]func([]byte) ([]byte, error){
		"data:image/png;base64,": func(data []byte) ([]byte, error) {
			if !bytes.HasPrefix(data, []byte(signature)) {
				return nil, refused("A picture in the picture is not the PNG that it says to be.")
			}
			data, _, _, err := cleanPNG(data)
			return data, err
		},
		"data:image/jpeg;base64,": cleanJPEG,
	} {
		text, is := strings.CutPrefix(value, prefix)
		if !is {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return "", refused("A picture in the picture is damaged.")
		}
		if data, err = clean(data); err != nil {
			return "", err
		}
		return prefix + base64.StdEncoding.EncodeToString(data), nil
	}
	return "", nil
}

// cleanJPEG takes the application data and comments out of a JPEG, which say where and with what it was made, and what stands behind its
// end (ITU-T T.81 annex B).
func cleanJPEG(data []byte) ([]byte, error) {
	damaged := refused("A picture in the picture is damaged.")
	size, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, damaged
	}
	if size.Width > MaxSide || size.Height > MaxSide {
		return nil, refused("A picture in the picture has more than %d pixels a side.", MaxSide)
	}
	out := append([]byte{}, data[:2]...)
	for rest := data[2:]; ; {
		for len(rest) > 2 && rest[0] == 0xff && rest[1] == 0xff { // a marker may have more of these before it (B.1.1.2)
			rest = rest[1:]
		}
		if len(rest) >= 2 && rest[0] == 0xff && rest[1] == endOfImage {
			return append(out, rest[:2]...), nil
		}
		if len(rest) < 4 || rest[0] != 0xff {
			return nil, damaged
		}
		end := 2 + int(rest[2])<<8 + int(rest[3])
		if end > len(rest) {
			return nil, damaged
		}
		switch kind := rest[1]; {
		case kind == startOfScan:
			end += scanned(rest[end:])
			out = append(out, rest[:end]...)
		case kind == 0xe0 && end >= 18 && string(rest[4:9]) == "JFIF\x00": // how to read the colours, without a thumbnail (T.871 section 10.1)
			out = append(append(append(out, 0xff, kind, 0, 16), rest[4:16]...), 0, 0)
		case kind == 0xee && end >= 16 && string(rest[4:9]) == "Adobe": // the same (T.872 section 6.5.3)
			out = append(append(out, 0xff, kind, 0, 14), rest[4:16]...)
		case kind >= 0xc0 && kind < 0xe0: // what draws
			out = append(out, rest[:end]...)
		}
		rest = rest[end:]
	}
}

// Markers of a JPEG (ITU-T T.81 table B.1).
const (
	startOfScan = 0xda
	endOfImage  = 0xd9
)

// scanned is how many bytes of a JPEG are pixels, before the next marker that is more than a restart among them (ITU-T T.81 section B.1.1.5).
func scanned(data []byte) int {
	for i := 0; i+1 < len(data); i++ {
		if next := data[i+1]; data[i] == 0xff && next != 0 && (next < 0xd0 || next > 0xd7) {
			return i
		}
	}
	return len(data)
}

// measure finds the size of the drawing, and gives it a viewBox where it has none, so that it can be scaled.
func (e *element) measure() (width, height int, err error) {
	unclear := refused("The picture does not say how large it is: it needs a viewBox, or a width and a height in pixels.")
	value := func(name string) string {
		i := slices.IndexFunc(e.attributes, func(a attribute) bool { return a.name == name })
		if i < 0 {
			return ""
		}
		return e.attributes[i].value
	}
	side := func(text string) (float64, bool) {
		f, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "px"), 64)
		return f, err == nil && f > 0 && f <= 1e6
	}
	w, wide := side(value("width"))
	h, tall := side(value("height"))
	if box := strings.FieldsFunc(value("viewBox"), func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) }); len(box) > 0 {
		if len(box) != 4 {
			return 0, 0, unclear
		}
		boxWide, okWide := side(box[2])
		boxTall, okTall := side(box[3])
		if !okWide || !okTall {
			return 0, 0, unclear
		}
		if !wide || !tall {
			w, h = boxWide, boxTall
		}
	} else if wide && tall {
		number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
		e.attributes = append(slices.DeleteFunc(e.attributes, func(a attribute) bool { return a.name == "viewBox" }),
			attribute{"viewBox", "0 0 " + number(w) + " " + number(h)})
	} else {
		return 0, 0, unclear
	}
	w, h = math.Ceil(w), math.Ceil(h)
	if w > MaxSide || h > MaxSide {
		return 0, 0, refused("The picture may have at most %d pixels a side.", MaxSide)
	}
	return int(w), int(h), nil
}

func (e *element) write(out *bytes.Buffer, root bool) {
	out.WriteString("<" + e.name)
	if root {
		out.WriteString(` xmlns="` + svgNamespace + `"`)
	}
	for _, a := range e.attributes {
		out.WriteString(" " + a.name + `="`)
		_ = xml.EscapeText(out, []byte(a.value)) // a buffer takes everything
		out.WriteString(`"`)
	}
	if len(e.children) == 0 {
		out.WriteString("/>")
		return
	}
	out.WriteString(">")
	for _, child := range e.children {
		if child.element != nil {
			child.element.write(out, false)
		} else {
			_ = xml.EscapeText(out, []byte(child.text))
		}
	}
	out.WriteString("</" + e.name + ">")
}
