package certificate

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// write writes the file: what the library makes of the pages, with what it cannot write. That are the attached credentials with
// their types (ISO 32000-2, 14.13), and for those who hear a page instead of seeing it the parts of the pages in their order
// (ISO 32000-1, 14.8). All objects of the library stay as they are but its catalog and its pages, which point to the new ones.
func (p *printer) write(w io.Writer) error {
	var plain bytes.Buffer
	if err := p.Output(&plain); err != nil {
		return fmt.Errorf("writing the certificate: %w", err)
	}
	f, err := readObjects(plain.Bytes())
	if err != nil {
		return err
	}
	pages := f.pages()
	if len(pages) != len(p.parts) {
		return errors.New("writing the certificate: the library did not write its pages")
	}
	files := f.attach(p.attached)
	root := f.structure(pages, p.parts)
	for i, page := range pages {
		f.objects[page] = bytes.Replace(f.objects[page], []byte("<</Type /Page\n"),
			fmt.Appendf(nil, "<</Type /Page\n/StructParents %d /Tabs /S /AF [%d 0 R]\n", i, files[i]), 1)
	}
	metadata := f.add(f.metadata(p))
	outlines := ""
	if found := outline.Find(f.objects[f.catalog]); found != nil && len(pages) > 1 {
		outlines = fmt.Sprintf(" %s /PageMode /UseOutlines", found)
	}
	var references, names bytes.Buffer
	for i, number := range files {
		fmt.Fprintf(&references, "%d 0 R ", number)
		fmt.Fprintf(&names, "(%04d %s) %d 0 R ", i+1, p.attached[i].file, number)
	}
	f.objects[f.catalog] = fmt.Appendf(nil, "<</Type /Catalog /Pages 1 0 R /Lang (%s) /MarkInfo <</Marked true>> /StructTreeRoot %d 0 R"+
		" /ViewerPreferences <</DisplayDocTitle true>> /Metadata %d 0 R%s /AF [%s] /Names <</EmbeddedFiles <</Names [%s]>>>>>>",
		p.Language, root, metadata, outlines, references.Bytes(), names.Bytes())
	return f.write(w)
}

// objects are those of a file, by their number.
type objects struct {
	objects       map[int][]byte
	last          int
	catalog, info int
}

var (
	reference = regexp.MustCompile(`/(Root|Info) (\d+) 0 R`)
	outline   = regexp.MustCompile(`/Outlines \d+ 0 R`)
	isPage    = []byte("<</Type /Page\n")
)

// readObjects divides a file as the library writes it: one table of cross-references, whose entries have 20 bytes each.
func readObjects(file []byte) (*objects, error) {
	unlike := errors.New("writing the certificate: the library wrote another kind of file")
	at := bytes.LastIndex(file, []byte("startxref\n"))
	table := bytes.LastIndex(file, []byte("\nxref\n0 "))
	if at < 0 || table < 0 {
		return nil, unlike
	}
	head, entries, _ := bytes.Cut(file[table+len("\nxref\n0 "):at], []byte("\n"))
	count, err := strconv.Atoi(string(head))
	if err != nil || len(entries) < 20*count {
		return nil, unlike
	}
	offsets := make([]int, count)
	for i := range offsets {
		if offsets[i], err = strconv.Atoi(string(entries[20*i : 20*i+10])); err != nil || offsets[i] > table {
			return nil, unlike
		}
	}
	order := slices.Clone(offsets)
	slices.Sort(order)
	f := &objects{objects: map[int][]byte{}, last: count - 1}
	for number := 1; number < count; number++ {
		next, _ := slices.BinarySearch(order, offsets[number]+1)
		end := table + 1
		if next < len(order) {
			end = order[next]
		}
		body, begins := bytes.CutPrefix(file[offsets[number]:end], fmt.Appendf(nil, "%d 0 obj\n", number))
		body, ends := bytes.CutSuffix(bytes.TrimRight(body, "\n"), []byte("\nendobj"))
		if !begins || !ends {
			return nil, unlike
		}
		f.objects[number] = body
	}
	for _, found := range reference.FindAllSubmatch(file[table:], -1) {
		number, err := strconv.Atoi(string(found[2]))
		if err != nil {
			return nil, unlike
		}
		if string(found[1]) == "Root" {
			f.catalog = number
		} else {
			f.info = number
		}
	}
	if f.objects[f.catalog] == nil || f.objects[f.info] == nil {
		return nil, unlike
	}
	return f, nil
}

// add gives an object a number.
func (f *objects) add(body []byte) int {
	f.last++
	f.objects[f.last] = body
	return f.last
}

// pages are the numbers of the pages, in their order.
func (f *objects) pages() []int {
	var pages []int
	for number := 1; number <= f.last; number++ {
		if bytes.HasPrefix(f.objects[number], isPage) {
			pages = append(pages, number)
		}
	}
	return pages
}

// attach adds files, and gives the numbers of their specifications.
func (f *objects) attach(all []attachment) []int {
	var numbers []int
	for _, a := range all {
		packed := pack(a.data)
		stream := f.add(fmt.Appendf(nil, "<</Type /EmbeddedFile /Subtype /application#2Fvc+ld+json /Filter /FlateDecode /Length %d /Params <</Size %d /ModDate (%s)>>>>\nstream\n%s\nendstream",
			len(packed), len(a.data), dateOf(a.made), packed))
		numbers = append(numbers, f.add(fmt.Appendf(nil, "<</Type /Filespec /F (%s) /UF (%s) /AFRelationship /Data /Desc (Signed credential, Open Badges 3.0) /EF <</F %d 0 R /UF %d 0 R>>>>",
			a.file, a.file, stream, stream)))
	}
	return numbers
}

func pack(data []byte) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(data) // nothing that is written into memory fails
	z.Close()
	return packed.Bytes()
}

func dateOf(t time.Time) string { return made(t).Format("D:20060102150405Z") }

// structure adds the tree of what the pages hold, and gives the number of its root.
func (f *objects) structure(pages []int, parts [][]part) int {
	root, document := f.add(nil), f.add(nil)
	var sections, parents bytes.Buffer
	for i, page := range pages {
		section := f.add(nil)
		fmt.Fprintf(&sections, "%d 0 R ", section)
		var kids bytes.Buffer
		for id, piece := range parts[i] {
			spoken := ""
			if piece.spoken != "" {
				spoken = " /Alt " + textString(piece.spoken)
			}
			if piece.lang != "" {
				spoken += " /Lang " + textString(piece.lang)
			}
			fmt.Fprintf(&kids, "%d 0 R ", f.add(fmt.Appendf(nil, "<</Type /StructElem /S /%s /P %d 0 R /Pg %d 0 R /K %d%s>>", piece.role, section, page, id, spoken)))
		}
		f.objects[section] = fmt.Appendf(nil, "<</Type /StructElem /S /Sect /P %d 0 R /Pg %d 0 R /K [%s]>>", document, page, kids.Bytes())
		fmt.Fprintf(&parents, "%d [%s] ", i, kids.Bytes())
	}
	f.objects[document] = fmt.Appendf(nil, "<</Type /StructElem /S /Document /P %d 0 R /K [%s]>>", root, sections.Bytes())
	f.objects[root] = fmt.Appendf(nil, "<</Type /StructTreeRoot /K %d 0 R /ParentTree <</Nums [%s]>> /ParentTreeNextKey %d>>", document, parents.Bytes(), len(pages))
	return root
}

// textString is a text string (ISO 32000-1, 7.9.2.2) in UTF-16.
func textString(text string) string {
	var out strings.Builder
	out.WriteString("<FEFF")
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&out, "%04X", unit)
	}
	return out.String() + ">"
}

// metadata is what the file says about itself, as XMP.
func (f *objects) metadata(p *printer) []byte {
	var title bytes.Buffer
	xml.EscapeText(&title, []byte(p.title)) // nothing that is written into memory fails
	date := made(p.attached[0].made).Format(time.RFC3339)
	packet := fmt.Sprintf(`<?xpacket begin="`+"\ufeff"+`" id="W5M0MpCehiHzreSzNTczkc9d"?>`+
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""`+
		` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">`+
		`<dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>`+
		`<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language>`+
		`<xmp:CreateDate>%[3]s</xmp:CreateDate><xmp:ModifyDate>%[3]s</xmp:ModifyDate><pdf:Producer>Laurel</pdf:Producer>`+
		`</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`, title.Bytes(), p.Language, date)
	return fmt.Appendf(nil, "<</Type /Metadata /Subtype /XML /Length %d>>\nstream\n%s\nendstream", len(packet), packet)
}

// write writes the file (ISO 32000-1, 7.5). Its identifier is a digest of what it holds.
func (f *objects) write(w io.Writer) error {
	digest := sha256.New()
	out := &counter{w: io.MultiWriter(w, digest)}
	offsets := make([]int, f.last+1)
	out.print("%%PDF-1.7\n%%\xe2\xe3\xcf\xd3\n")
	for number := 1; number <= f.last; number++ {
		offsets[number] = out.written
		out.print("%d 0 obj\n%s\nendobj\n", number, f.objects[number])
	}
	table := out.written
	out.print("xref\n0 %d\n0000000000 65535 f \n", f.last+1)
	for _, offset := range offsets[1:] {
		out.print("%010d 00000 n \n", offset)
	}
	id := digest.Sum(nil)[:16]
	out.print("trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>]>>\nstartxref\n%d\n%%%%EOF\n", f.last+1, f.catalog, f.info, id, id, table)
	if out.err != nil {
		return fmt.Errorf("writing the certificate: %w", out.err)
	}
	return nil
}

// counter counts what is written, and keeps the first error.
type counter struct {
	w       io.Writer
	written int
	err     error
}

func (c *counter) print(format string, values ...any) {
	if c.err != nil {
		return
	}
	n, err := fmt.Fprintf(c.w, format, values...)
	c.written, c.err = c.written+n, err
}
