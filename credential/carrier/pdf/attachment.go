package pdf

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// attachments are the embedded files (7.11.4) that can be reached from the catalog: those of the name tree EmbeddedFiles (7.7.4)
// first, then those of annotations, of associated files (14.13) and anywhere else, in the order in which they are reached. A file
// that an update took away is reached no more.
func (r *reader) attachments(pages []page) []Attachment {
	c := collector{r: r, seen: map[int]bool{}}
	root := r.dictionary(r.trailer, "Root")
	c.names(r.dictionary(root, "Names").at("EmbeddedFiles"))
	for _, p := range pages {
		d, _ := r.object(p.object).(dict)
		for _, a := range r.annotations(d) {
			if r.get(a, "Subtype") == name("FileAttachment") {
				c.file(r.dictionary(a, "FS"), "")
			}
		}
	}
	c.walk(r.trailer.at("Root"))
	return c.out
}

type collector struct {
	r    *reader
	seen map[int]bool // streams of embedded files
	out  []Attachment
}

// names walks a name tree (7.9.6), each node once.
func (c *collector) names(root any) {
	seen := map[int]bool{}
	for stack := []any{root}; len(stack) > 0; {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n, ok := v.(ref); ok {
			if seen[int(n)] {
				continue
			}
			seen[int(n)] = true
		}
		node, _ := c.r.resolve(v).(dict)
		if node == nil || !c.r.spend(8) {
			continue
		}
		pairs, _ := c.r.get(node, "Names").(array)
		for i := 0; i+1 < len(pairs); i += 2 {
			key, _ := c.r.resolve(pairs[i]).(text)
			c.file(dictOf(c.r.resolve(pairs[i+1])), nameOf(key))
			if c.r.over != nil {
				return
			}
		}
		kids, _ := c.r.get(node, "Kids").(array)
		if len(stack)+len(kids) > mostObjects {
			c.r.exceed(codeTooComplex, "the list of attachments is too complex")
			return
		}
		for i := len(kids) - 1; i >= 0; i-- {
			stack = append(stack, kids[i])
		}
	}
}

// walk looks for file specifications in everything that can be reached, each object once.
func (c *collector) walk(root any) {
	first, ok := root.(ref)
	if !ok {
		return
	}
	seen := map[ref]bool{first: true}
	queue := []ref{first}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case ref:
			if _, known := c.r.table[int(v)]; known && !seen[v] {
				seen[v] = true
				queue = append(queue, v)
			}
		case array:
			for _, v := range v {
				visit(v)
			}
		case *stream:
			visit(v.dict)
		case dict:
			if v.at("EF") != nil {
				c.file(v, "")
			}
			for _, e := range v {
				visit(e.value)
			}
		}
	}
	for i := 0; i < len(queue) && c.r.over == nil; i++ {
		visit(c.r.object(int(queue[i])))
	}
}

// file takes the embedded files of a file specification (7.11.3) that were not taken before.
func (c *collector) file(specification dict, key string) {
	files := c.r.dictionary(specification, "EF")
	for _, which := range []name{"UF", "F"} {
		n, ok := files.at(which).(ref)
		if !ok || c.seen[int(n)] {
			continue
		}
		c.seen[int(n)] = true
		s, _ := c.r.object(int(n)).(*stream)
		if s == nil {
			continue
		}
		s.embedded = true
		if len(c.out) == mostAttachments {
			c.r.exceed(codeTooComplex, "the PDF file has too many attachments")
			return
		}
		a := Attachment{Name: key}
		for _, from := range []name{"F", "UF"} {
			if t, ok := c.r.get(specification, from).(text); ok && len(t) > 0 {
				a.Name = nameOf(t)
			}
		}
		var err error
		switch a.Data, err = c.r.decode(s); err {
		case nil:
		case errTooLong:
			a.Data, a.Error = nil, refuse(codeTooLarge, "the attachment is too large")
		case errUnknownFilter:
			a.Data, a.Error = nil, refuse(codeEncrypted, "the attachment is encrypted or packed in a way that is not known")
		default:
			a.Data, a.Error = nil, refuse(codeMalformed, "the attachment is damaged")
		}
		c.out = append(c.out, a)
	}
}

// nameOf is the last element of a path as it is written there, of a long one of its first 4096 bytes.
func nameOf(path text) string {
	s := decodeText(path[:min(len(path), 4096)])
	return s[strings.LastIndexAny(s, `/\`)+1:]
}

// decodeText reads a text string (7.9.2.2): UTF-16 or UTF-8 with their marks, else PDFDocEncoding. Text without a mark that is UTF-8
// is read as such, as producers forget the mark.
func decodeText(t text) string {
	if len(t) >= 2 && (t[0] == 0xfe && t[1] == 0xff || t[0] == 0xff && t[1] == 0xfe) {
		units := make([]uint16, 0, len(t)/2)
		high, low := 0, 1
		if t[0] == 0xff {
			high, low = 1, 0
		}
		for i := 2; i+1 < len(t); i += 2 {
			units = append(units, uint16(t[i+high])<<8|uint16(t[i+low]))
		}
		return string(utf16.Decode(units))
	}
	if utf8.Valid(t) {
		return strings.TrimPrefix(string(t), "\ufeff")
	}
	out := make([]rune, 0, len(t))
	for _, c := range t {
		switch {
		case c >= 0x18 && c <= 0x1f:
			out = append(out, []rune("˘ˇˆ˙˝˛˚˜")[c-0x18])
		case c >= 0x80 && c <= 0xa0:
			out = append(out, []rune("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\ufffd€")[c-0x80])
		default:
			out = append(out, rune(c))
		}
	}
	return string(out)
}
