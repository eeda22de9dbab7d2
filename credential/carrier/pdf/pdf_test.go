package pdf

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"
)

// attached are the names and the data of attachments.
func attached(d *Document) (out []string) {
	for _, a := range d.Attachments {
		if a.Error != nil {
			out = append(out, a.Name+": "+a.Error.Code)
		} else {
			out = append(out, a.Name+": "+string(a.Data))
		}
	}
	return out
}

// TestRealFiles reads files as a browser prints them and as a tool for PDF packs, linearizes and encrypts them.
func TestRealFiles(t *testing.T) {
	symbols := []string{"https://badges.example.org/c/picture", "https://badges.example.org/c/path", "https://badges.example.org/c/strokes"}
	attachment := []string{`Prüfung.json: {"type": "a credential", "made": "for this test"}`}
	for name, attachments := range map[string][]string{"chromium": nil, "linearized": attachment, "encrypted": nil, "rc4-40": attachment, "aes-128": attachment} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + name + ".pdf")
			if err != nil {
				t.Fatal(err)
			}
			// Damage to the end and the cross-reference table takes nothing away, nor does text in front.
			for how, data := range map[string][]byte{
				"as it is":          data,
				"without startxref": bytes.ReplaceAll(data, []byte("startxref"), []byte("startxxxx")),
				"wrong offset":      bytes.ReplaceAll(data, []byte("startxref\n"), []byte("startxref\n7")),
				"text in front":     append([]byte("HTTP/1.1 200 OK\r\n\r\n"), data...),
				"text behind":       append(slices.Clip(data), bytes.Repeat([]byte("<!-- -->\n"), 300)...),
				"CR LF made of LF":  bytes.ReplaceAll(data, []byte("\nendstream"), []byte("\r\nendstream")),
			} {
				d := read(t, data)
				texts, _ := scanned(d)
				if diff := cmp.Diff(symbols, texts); diff != "" {
					t.Errorf("%s: symbols: %s", how, diff)
				}
				if diff := cmp.Diff(attachments, attached(d)); diff != "" {
					t.Errorf("%s: attachments: %s", how, diff)
				}
				if diff := cmp.Diff([]string{"https://badges.example.org/first"}, d.Links); diff != "" {
					t.Errorf("%s: links: %s", how, diff)
				}
				if left := leftOut(d); left != "" {
					t.Errorf("%s: left out: %s", how, left)
				}
			}
		})
	}
}

// TestCut: a file that is cut anywhere is read or refused, and what is found in it was in the whole.
func TestCut(t *testing.T) {
	data, err := os.ReadFile("testdata/linearized.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(data); n += 97 {
		d, err := Read(data[:n])
		if outcome(t, err) != "read" {
			continue
		}
		for _, a := range d.Attachments {
			if a.Error == nil && !strings.HasPrefix(`{"type": "a credential", "made": "for this test"}`, string(a.Data)) {
				t.Errorf("cut at %d: %q", n, a.Data)
			}
		}
	}
}

// TestLibraryFile reads what a library for PDF writes: attachments of both kinds, links, and pictures of QR codes.
func TestLibraryFile(t *testing.T) {
	f := fpdf.New("P", "mm", "A4", "")
	f.SetFont("Helvetica", "", 12)
	f.AddPage()
	f.SetAttachments([]fpdf.Attachment{{Content: []byte(`{"a": 1}`), Filename: "credential.json"}, {Content: []byte("two"), Filename: "Zeugnis für Zoë.txt"}})
	f.WriteLinkString(8, "your badge", address)
	f.AddAttachmentAnnotation(&fpdf.Attachment{Content: []byte("three"), Filename: "note.txt"}, 100, 10, 10, 10)
	f.Write(8, " see https://badges.example.org/written, please")
	f.AddPage()
	f.LinkString(10, 10, 20, 20, "http://plain.example.org/")
	f.LinkString(10, 10, 20, 20, address)
	f.LinkString(10, 40, 20, 20, "https://badges.example.org/second")
	for i, side := range []int{-1, 330} {
		name := fmt.Sprint(i)
		f.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(symbolPNG(t, address+name, side)))
		f.ImageOptions(name, 40, 40+50*float64(i), 30, 30, false, fpdf.ImageOptions{}, 0, "")
		f.ImageOptions(name, 90, 40+50*float64(i), 30, 30, false, fpdf.ImageOptions{}, 0, "") // the same again
	}
	m := modules(t, address+"2")
	f.SetFillColor(30, 30, 90)
	for y, row := range m {
		for x, on := range row {
			if on {
				f.Rect(40+float64(x), 150+float64(y), 1, 1, "F")
			}
		}
	}
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		t.Fatal(err)
	}
	d := read(t, out.Bytes())
	if diff := cmp.Diff([]string{`credential.json: {"a": 1}`, "Zeugnis für Zoë.txt: two", "note.txt: three"}, attached(d)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{address, "https://badges.example.org/second"}, d.Links); diff != "" {
		t.Error(diff)
	}
	texts, pictures := scanned(d)
	if diff := cmp.Diff([]string{address + "0", address + "1", address + "2"}, texts); diff != "" || pictures != 3 {
		t.Error(pictures, diff)
	}
}

// TestAttachments: where an attached file may be named, and what becomes of one that cannot be read.
func TestAttachments(t *testing.T) {
	const pages, page = "<< /Kids [3 0 R] >>", "<< /Type /Page >>"
	one := streamOf("/Type /EmbeddedFile", []byte("one"))
	two := streamOf("/Type /EmbeddedFile /Filter [/AHx /Fl]", []byte(fmt.Sprintf("%x>", deflate(t, []byte("two")))))
	list := func(names string) string {
		return "<< /Pages 2 0 R /Names << /EmbeddedFiles << /Names [" + names + "] >> >> >>"
	}
	first := file(list("(a) 6 0 R"), pages, page, one, two, "<< /F (a.json) /EF << /F 4 0 R >> >>")
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"one":                     {first, []string{"a.json: one"}},
		"filters":                 {file(list("(b) << /F (b) /EF << /F 5 0 R >> >>"), pages, page, one, two), []string{"b: two"}},
		"named by the tree alone": {file(list("(c.json) << /EF << /F 4 0 R >> >>"), pages, page, one), []string{"c.json: one"}},
		"kids": {file("<< /Pages 2 0 R /Names << /EmbeddedFiles << /Kids [7 0 R 8 0 R] >> >> >>", pages, page, one, two, "<< /F (a) /EF << /F 4 0 R >> >>",
			"<< /Names [(a) 6 0 R] >>", "<< /Kids [<< /Names [(b) << /F (b) /EF << /F 5 0 R >> >>] >>] >>"), []string{"a: one", "b: two"}},
		"kids in a circle":                {file("<< /Pages 2 0 R /Names << /EmbeddedFiles 5 0 R >> >>", pages, page, one, "<< /Kids [5 0 R] /Names [(a) << /EF << /F 4 0 R >> >>] >>"), []string{"a: one"}},
		"associated with the catalog":     {file("<< /Pages 2 0 R /AF [<< /F (a) /EF << /F 4 0 R >> >>] >>", pages, page, one), []string{"a: one"}},
		"associated with a page":          {file(catalog, pages, "<< /AF 5 0 R >>", one, "[<< /F (a) /EF << /F 4 0 R >> >>]"), []string{"a: one"}},
		"annotation":                      {file(catalog, pages, "<< /Annots [5 0 R] >>", one, "<< /Subtype /FileAttachment /FS << /F (a) /EF << /F 4 0 R >> >> >>"), []string{"a: one"}},
		"named twice, given once":         {file(list("(a) 5 0 R (b) 5 0 R"), "<< /Kids [3 0 R] >>", "<< /AF [5 0 R] >>", one, "<< /F (a) /EF << /F 4 0 R /UF 4 0 R >> >>"), []string{"a: one"}},
		"different for old readers":       {file(list("(a) << /F (a) /EF << /F 4 0 R /UF 5 0 R >> >>"), pages, page, one, two), []string{"a: two", "a: one"}},
		"UTF-16":                          {file(list("(a) << /UF <FEFF00E900660075006E2713> /F (x) /EF << /F 4 0 R >> >>"), pages, page, one), []string{"éfun✓: one"}},
		"PDFDocEncoding":                  {file(list("(a) << /F (\\340\\200\\240.json) /EF << /F 4 0 R >> >>"), pages, page, one), []string{"à•€.json: one"}},
		"UTF-8 with its mark":             {file(list("(a) << /UF (\xef\xbb\xbfü) /EF << /F 4 0 R >> >>"), pages, page, one), []string{"ü: one"}},
		"a path":                          {file(list(`(a) << /F (C:\\Users\\someone/a.json) /EF << /F 4 0 R >> >>`), pages, page, one), []string{"a.json: one"}},
		"a name that is not safe to show": {file(list("(a) << /UF <FEFF0061202E006E0073006F006A> /EF << /F 4 0 R >> >>"), pages, page, one), []string{"a\u202ensoj: one"}},
		"damaged": {file(list("(a) << /F (a) /EF << /F 4 0 R >> >> (b) << /F (b) /EF << /F 5 0 R >> >>"), pages, page,
			streamOf("/Filter /FlateDecode", []byte("no deflate data at all")), two), []string{"a: malformed", "b: two"}},
		"unknown filter":   {file(list("(a) << /F (a) /EF << /F 4 0 R >> >>"), pages, page, streamOf("/Filter /Crypt /DecodeParms << /Name /Own >>", []byte("x"))), []string{"a: encrypted"}},
		"too large":        {file(list("(a) << /F (a) /EF << /F 4 0 R >> >>"), pages, page, streamOf("/Filter /FlateDecode", bomb(t, mostStream+1))), []string{"a: too_large"}},
		"no such object":   {file(list("(a) << /F (a) /EF << /F 9 0 R >> >>"), pages, page), nil},
		"nothing attached": {file(catalog, pages, page), nil},
		"a file elsewhere": {file(list("(a) << /F (https://example.org/a.json) >>"), pages, page), nil},

		// The newest version of an object counts (7.5.6).
		"replaced by an update":       {revised(first, "/Root 1 0 R", "", "", "", streamOf("", []byte("new"))), []string{"a.json: new"}},
		"taken away by an update":     {revised(first, "/Root 1 0 R", catalog), nil},
		"deleted by an update":        {bytes.Replace(revised(first, "/Root 1 0 R", "", "", page), []byte("xref\n0 1\n0000000000 65535 f \n3 1"), []byte("xref\n4 1\n0000000000 00001 f \n3 1"), 1), nil},
		"brought back by an update":   {revised(revised(first, "/Root 1 0 R", catalog), "/Root 1 0 R", list("(a) 6 0 R")), []string{"a.json: one"}},
		"of a root that is not newer": {revised(first, "/Root 1 0 R", "", "", page), []string{"a.json: one"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, attached(read(t, c.data))); diff != "" {
				t.Error(diff)
			}
			// A search without the table gives the same, but for what the table alone deleted.
			if name == "deleted by an update" {
				return
			}
			if diff := cmp.Diff(c.want, attached(read(t, bytes.ReplaceAll(c.data, []byte("startxref"), []byte("startxxxx"))))); diff != "" {
				t.Error("without the table:", diff)
			}
		})
	}
}

// TestTables: cross-reference tables as real producers write them lead to the objects without a search.
func TestTables(t *testing.T) {
	whole := file("<< /Pages 2 0 R /AF [<< /F (a) /EF << /F 4 0 R >> >>] >>", onePageTree, emptyPage, streamOf("", []byte("one")))
	start := bytes.LastIndex(whole, []byte("\nxref")) + 1
	hybrid := func() []byte { // the attachment stands in the stream alone
		body := slices.Clone(whole[:start])
		entry := []byte{1, 0, 0, 0, 0, 0}
		at := bytes.Index(whole, []byte("4 0 obj"))
		entry[3], entry[4] = byte(at>>8), byte(at)
		streamAt := len(body)
		body = fmt.Appendf(body, "9 0 obj %s endobj\n", streamOf("/Type /XRef /W [1 4 1] /Index [4 1] /Size 5", entry))
		rest := strings.Replace(string(whole[start:]), fmt.Sprintf("%010d 00000 n", at), "0000000000 00000 f", 1)
		rest = strings.Replace(rest, "/Root", fmt.Sprintf("/XRefStm %d /Root", streamAt), 1)
		rest = strings.Replace(rest, fmt.Sprintf("startxref\n%d", start), fmt.Sprintf("startxref\n%d", len(body)), 1)
		return append(body, rest...)
	}()
	for name, c := range map[string]struct {
		data    []byte
		rebuilt bool
	}{
		"as it should be":           {whole, false},
		"lines that end in LF":      {bytes.ReplaceAll(whole, []byte(" n \n"), []byte(" n\n")), false},
		"lines that end in CR":      {append(slices.Clone(whole[:start]), bytes.ReplaceAll(whole[start:], []byte("\n"), []byte("\r"))...), false},
		"first entry numbered 1":    {bytes.Replace(whole, []byte("xref\n0 1\n0000000000 65535 f \n1 4\n"), []byte("xref\n1 5\n0000000000 65535 f \n"), 1), false},
		"offsets from the header":   {append([]byte("some text in front\n"), whole...), false},
		"hybrid":                    {hybrid, false},
		"an offset that is wrong":   {bytes.Replace(whole, []byte("0000000015"), []byte("0000000021"), 1), true},
		"entries that are cut":      {bytes.Replace(whole, []byte("1 4\n"), []byte("1 9\n"), 1), true},
		"no Root in the trailer":    {bytes.Replace(whole, []byte("/Root 1 0 R"), []byte(""), 1), true},
		"a Length that is wrong":    {bytes.Replace(whole, []byte("/Length 3"), []byte("/Length 9"), 1), false},
		"a Length that is too long": {bytes.Replace(whole, []byte("/Length 3"), []byte("/Length 99999"), 1), true},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "no Root in the trailer" {
				c.data = bytes.Replace(c.data, []byte("<< /Pages"), []byte("<< /Type /Catalog /Pages"), 1)
			}
			d := read(t, c.data)
			if diff := cmp.Diff([]string{"a: one"}, attached(d)); diff != "" || d.reader.rebuilt != c.rebuilt {
				t.Error(d.reader.rebuilt, diff)
			}
		})
	}
}

// TestRefusals: what is not read, and the code for it. Large files are in TestHostile.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want string
	}{
		"nothing":               {"", "malformed"},
		"a header alone":        {"%PDF-1.7\n", "malformed"},
		"text":                  {"This is no PDF file.", "malformed"},
		"a header too far down": {strings.Repeat(" ", 1030) + string(file(catalog, onePageTree, emptyPage)), "malformed"},
		"no page":               {string(file(catalog, "<< /Kids [] >>")), "malformed"},
		"a page that is none":   {string(file(catalog, "<< /Kids [9 0 R (x) null] >>")), "malformed"},
		"encrypted":             {string(revised(nil, "/Root 1 0 R /Encrypt << /Filter /Standard >>", catalog, onePageTree, emptyPage)), "encrypted"},
		"encrypted once":        {string(revised(revised(nil, "/Root 1 0 R /Encrypt 4 0 R", catalog, onePageTree, emptyPage), "/Root 1 0 R", "", "", emptyPage)), "malformed"},
		"not encrypted":         {string(revised(nil, "/Root 1 0 R /Encrypt null", catalog, onePageTree, emptyPage)), "read"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read([]byte(c.data)); outcome(t, err) != c.want {
				t.Error(err)
			}
		})
	}
}

// TestLinks: links of the pages first, in their order; then what is written; https only, none twice.
func TestLinks(t *testing.T) {
	link := func(address string) string {
		return "<< /Subtype /Link /A << /S /URI /URI (" + address + ") >> >>"
	}
	many := ""
	for i := range 50 {
		many += link(fmt.Sprintf("https://e.example/%d", i))
	}
	page := func(annotations, content string) []byte {
		return file(catalog, onePageTree, "<< /Annots ["+annotations+"] /Contents 4 0 R >>", streamOf("", []byte(content)))
	}
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"of two pages, in their order": {file(catalog, "<< /Kids [5 0 R 3 0 R] >>", "<< /Annots 4 0 R >>", "["+link("https://e.example/2")+"]",
			"<< /Annots ["+link("https://e.example/1")+link("https://e.example/2")+"] >>"), []string{"https://e.example/1", "https://e.example/2"}},
		"other schemes":           {page(link("http://e.example/")+link("javascript:alert(1)")+link("file:///etc/passwd")+link("mailto:a@e.example")+link("//e.example/"), ""), nil},
		"no host, or credentials": {page(link("https://")+link("https:///a")+link("https://user:secret@e.example/")+link("https://e.example:x/"), ""), nil},
		"capitals and blanks":     {page(link(" HTTPS://e.example/A "), ""), []string{"https://e.example/A"}},
		"far too long":            {page(link("https://e.example/"+strings.Repeat("a", 3000)), ""), nil},
		"many":                    {page(many, ""), read(t, page(many, "")).Links[:mostLinks:mostLinks]},
		"in the text":             {page("", "BT (See https://e.example/a?b=c.) Tj ET"), []string{"https://e.example/a?b=c"}},
		"in kerned text":          {page("", "BT [(htt) 20 (ps://e.exa) -15 (mple/kerned) -300 (and more)] TJ ET"), []string{"https://e.example/kerned"}},
		"in text on two lines":    {page("", "BT (https://e.example/one) Tj 0 -12 Td (two) Tj T* (https://e.example/three)' ET"), []string{"https://e.example/one", "https://e.example/three"}},
		"in text of glyphs":       {page("", "BT <006800740074007000730020> Tj ET"), nil},
		"links before text":       {page(link("https://e.example/link"), "BT (https://e.example/text https://e.example/link) Tj ET"), []string{"https://e.example/link", "https://e.example/text"}},
		"in the metadata": {file("<< /Pages 2 0 R /Metadata 4 0 R >>", onePageTree, emptyPage, streamOf("/Type /Metadata", []byte(
			`<rdf:Description xmlns:x="https://vocabulary.example/1.0/" x:source="https://e.example/c/1?a=1&amp;b=2"><x:url>https://e.example/c/2</x:url>`))),
			[]string{"https://e.example/c/1?a=1&b=2", "https://e.example/c/2"}},
		"not in text beside attachments": {file("<< /Pages 2 0 R /AF [<< /EF << /F 5 0 R >> >>] >>", onePageTree, "<< /Contents 4 0 R >>",
			streamOf("", []byte("(https://e.example/) Tj")), streamOf("", []byte("x"))), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, read(t, c.data).Links); diff != "" {
				t.Error(diff)
			}
		})
	}
}
