package carrier

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/carrier/page"
	"github.com/laurelbadges/laurel/credential/carrier/pdf"
	"github.com/laurelbadges/laurel/credential/carrier/qr"
	"github.com/laurelbadges/laurel/credential/strict"
)

// Codes of the report that no lower package has a name for.
const (
	codeNoCredential = credential.CodeNoCredential
	codeMalformed    = strict.CodeMalformed
	codeTooLarge     = strict.CodeTooLarge
	codeEncrypted    = "encrypted"
	codeUnread       = credential.CodeInputUnavailable
)

// Open gives what is in the input, in the order in which it stands there: at least one item, and each with exactly one of Text,
// Links and Problem. at is the https address that the input was read from, "" for what was handed in; it is never among the
// links.
//
// Files of an archive are unpacked one by one as the caller goes on, and those that it does not come to cost nothing. Ranging a
// second time over what Open returns does the work again. The input must not change meanwhile; items point into it.
//
// A file is at most credential.Limits.Upload bytes, an archive 64 MiB, packed and unpacked. Each file of an archive may cost what it
// costs by itself: whoever opens archives of strangers does so with a pause between the items.
func Open(input []byte, at string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		if isArchive(input) {
			unpackAll(input, yield)
			return
		}
		for _, item := range openFile(input, at, false) {
			if !yield(item) {
				return
			}
		}
	}
}

// openFile opens one file: what was handed in, a file of an archive, or what is attached to a PDF. Every item has its bytes.
func openFile(data []byte, at string, attached bool) []Item {
	items := look(data, at, attached)
	for i := range items {
		items[i].Bytes = data
	}
	return items
}

func look(data []byte, at string, attached bool) []Item {
	if len(data) > credential.Limits.Upload {
		kind, _ := kindOf(data[:1024])
		return refused(kind, TooLarge())
	}
	kind, is := kindOf(data)
	switch is {
	case pictureFile:
		return picture(data, kind, attached)
	case photoFile:
		return photo(data, kind, attached)
	case pdfFile:
		return openPDF(data, attached)
	case zipFile:
		return nested(data)
	case packedFile:
		return refused(kind, none("archive_kind", "This is an archive of a kind that Laurel does not open: unpack it, or make a zip of it."))
	case officeFile:
		return refused(kind, officeDocument())
	case markupFile:
		return html(data, at)
	}
	if items := ofCredentials(page.Unwrap(data, at), "json"); items != nil {
		return items
	}
	if items := list(data, at); items != nil {
		return items
	}
	item := read(data, at)
	if unclaimed(item, data) && pdf.Is(data) { // there may be something before its header (ISO 32000-1, annex H.3.4.1)
		return openPDF(data, attached)
	}
	return []Item{item}
}

// unclaimed tells whether what looked like a text is none that anybody knows.
func unclaimed(item Item, data []byte) bool {
	if item.Problem == nil {
		return false
	}
	switch item.Problem.Case {
	case "text", "binary":
		return true
	case "credential":
		start := bytes.TrimLeft(data, space)
		return len(start) == 0 || !strings.ContainsRune(`{["`, rune(start[0]))
	}
	return false
}

// Light tells whether [Open] decodes and unpacks nothing of an input: a text, a page, an SVG, or what is refused unopened. All others
// take much more work and memory than they have bytes.
func Light(input []byte) bool {
	switch {
	case isArchive(input):
		return false
	case len(input) > credential.Limits.Upload:
		return true
	}
	switch kind, is := kindOf(input); is {
	case packedFile, officeFile, markupFile:
		return true
	case pictureFile:
		return kind == "svg"
	case textFile:
		return !pdf.Is(input)
	}
	return false
}

// TooLarge is the problem of a file of more than credential.Limits.Upload, for whoever finds that out before it is read whole.
func TooLarge() *Problem {
	return &Problem{Code: codeTooLarge, Case: "file", Detail: fmt.Sprintf("The file is larger than %d MiB.", credential.Limits.Upload>>20), Facts: most(credential.Limits.Upload >> 20)}
}

// Below is the name of something inside something else, as in "archive.zip/badge.png". Either may be "".
func Below(name, below string) string {
	if name == "" || below == "" {
		return name + below
	}
	return name + "/" + below
}

// family is a group of kinds that are opened alike.
type family int

const (
	textFile family = iota
	pictureFile
	photoFile
	pdfFile
	zipFile
	packedFile
	officeFile
	markupFile
)

// beginnings of files of other kinds.
var beginnings = []struct {
	with string
	is   family
}{
	{"\x1f\x8b", packedFile},                         // gzip
	{"7z\xbc\xaf\x27\x1c", packedFile},               // 7z
	{"Rar!\x1a\x07", packedFile},                     // rar
	{"\xfd7zXZ\x00", packedFile},                     // xz
	{"BZh", packedFile},                              // bzip2
	{"\x28\xb5\x2f\xfd", packedFile},                 // zstd
	{"MSCF", packedFile},                             // cab
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", officeFile}, // Word, Excel and PowerPoint before 2007
	{`{\rtf`, officeFile},
}

// kindOf tells what a file is by how it begins; the kind of a text is for [read] to say.
func kindOf(data []byte) (string, family) {
	switch {
	case bake.IsPNG(data):
		return "png", pictureFile
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return "pdf", pdfFile
	case isArchive(data):
		return "zip", zipFile
	}
	for _, beginning := range beginnings {
		if bytes.HasPrefix(data, []byte(beginning.with)) {
			if beginning.is == packedFile {
				return "zip", packedFile
			}
			return "json", beginning.is
		}
	}
	if len(data) > 262 && string(data[257:262]) == "ustar" { // tar (POSIX.1-1988)
		return "zip", packedFile
	}
	if kind, is := qr.Is(data); is {
		return kind, photoFile
	}
	switch {
	case bake.IsSVG(data):
		return "svg", pictureFile
	case isMarkup(data):
		return "html", markupFile
	}
	return "json", textFile
}

// isMarkup tells whether a file begins as XML and HTML do.
func isMarkup(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, byteOrderMark), space), []byte("<"))
}

const space = " \t\r\n"

var byteOrderMark = []byte("\ufeff")

// html reads a page: the credentials in it, else the addresses that it leads to.
func html(data []byte, at string) []Item {
	found := page.Read(data, at)
	if items := ofCredentials(found.Texts, "html"); items != nil {
		if found.More {
			items = append(items, rest("html", "There are more credentials in this page than are looked at.", page.MostTexts))
		}
		return items
	}
	if links := links(at, found.Links); len(links) > 0 {
		return []Item{{Kind: "html", Links: links}}
	}
	return refused("html", none("html", "This is a web page or other markup, and no badge can be found through it. Give it the badge as a file, or the address of the badge itself."))
}

// ofCredentials are the items of texts that a page or an answer holds, those that are credentials.
func ofCredentials(texts [][]byte, kind string) []Item {
	var items []Item
	for _, text := range texts {
		if item := carried(text, kind); item.Text != nil {
			items = append(items, item)
		}
	}
	return items
}

// refused is one item with a problem.
func refused(kind string, problem *Problem) []Item { return []Item{{Kind: kind, Problem: problem}} }

// none is the problem that there is no credential.
func none(what, detail string) *Problem {
	return &Problem{Code: codeNoCredential, Case: what, Detail: detail}
}

// rest is the item that stands for what was not looked at.
func rest(kind, detail string, limit int) Item {
	return Item{Kind: kind, Problem: &Problem{Code: codeUnread, Case: "files", Detail: detail, Facts: most(limit)}}
}

func most(limit int) map[string]string { return map[string]string{"most": fmt.Sprint(limit)} }

// sentence makes a sentence of one clause.
func sentence(clause string) string {
	if clause == "" {
		return clause
	}
	return strings.ToUpper(clause[:1]) + strings.TrimSuffix(clause[1:], ".") + "."
}
