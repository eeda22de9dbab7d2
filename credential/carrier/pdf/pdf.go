package pdf

import (
	"bytes"

	"github.com/laurelbadges/laurel/credential"
)

// The bounds of one file. What they come to, at worst, is about a second of one core and 160 MiB.
const (
	mostStream   = 12 << 20    // bytes of one stream that are kept, after its filters
	mostInflated = 64 << 20    // bytes that all filters together give
	readWork     = 150_000_000 // steps of a few nanoseconds for Read
	pictureWork  = 250_000_000 // and for one walk through Pictures

	mostObjects     = 500_000 // entries of the cross-reference table
	mostValues      = 500_000 // values in one object
	mostDepth       = 64      // arrays and dictionaries in one another
	mostPages       = 5_000
	mostSections    = 512 // revisions of the file, each with a cross-reference section
	mostAttachments = 500
	mostLinks       = 32
)

// Codes of an [Error], as the verification report has them.
const (
	codeMalformed  = "malformed"
	codeEncrypted  = "encrypted"
	codeTooLarge   = "too_large"
	codeTooComplex = "too_complex"
)

// Error is why a PDF file, or one attachment of it, is not read.
type Error struct {
	Code   string // malformed, encrypted, too_large or too_complex
	Case   string // pdf, or pdf_password
	Detail string // one sentence for a person
}

func (e *Error) Error() string { return e.Detail }

func refuse(code, detail string) *Error { return &Error{Code: code, Case: "pdf", Detail: detail} }

// Document is what was found in a PDF file.
type Document struct {
	Attachments []Attachment // every attached file once, those of the list of attachments first
	Links       []string     // https addresses, at most 32: links of the pages in their order, then those that are written in it
	MoreLinks   bool         // there are more of them

	reader       *reader
	pages        []page
	more, unread bool
}

// Attachment is a file inside the file.
type Attachment struct {
	Name  string // last element of its path as it is written, not made safe to show; "" when it has no name
	Data  []byte
	Error *Error // without Data: why
}

// Is tells whether data looks like a PDF file: a header within its first 1024 bytes.
func Is(data []byte) bool { return header(data) >= 0 }

// header is where the header begins (7.5.2), or -1. Text in front of it is tolerated, as everywhere.
func header(data []byte) int { return bytes.Index(data[:min(len(data), 1024)], []byte("%PDF-")) }

// Read reads a PDF file of at most credential.Limits.Upload bytes. It keeps data, which must not change while the document is in
// use. The error is an [*Error].
func Read(data []byte) (*Document, error) {
	if len(data) > credential.Limits.Upload {
		return nil, refuse(codeTooLarge, "the PDF file is too large")
	}
	r, err := open(data)
	if err != nil {
		return nil, err
	}
	d := &Document{reader: r}
	d.pages = r.pages()
	if len(d.pages) == 0 && !r.rebuilt && r.over == nil {
		r.rebuild()
		d.pages = r.pages()
	}
	d.Attachments = r.attachments(d.pages)
	d.Links, d.MoreLinks = r.links(d.pages, len(d.Attachments) == 0)
	switch {
	case r.over != nil:
		return nil, r.over
	case r.locked != nil:
		return nil, r.locked
	case len(d.pages) == 0 && len(d.Attachments) == 0:
		return nil, refuse(codeMalformed, "no page can be found in the PDF file")
	}
	return d, nil
}

// LeftOut tells what a walk through [Document.Pictures] left out: more because of a bound, unread because it is damaged or of a kind
// that is not read.
func (d *Document) LeftOut() (more, unread bool) { return d.more, d.unread }

// budget is what may still be spent on a file.
type budget struct {
	inflated int // bytes that filters give
	work     int // steps of a few nanoseconds
}

// spend takes work off the budget, and tells whether there was enough. Once there is not, nothing more is done.
func (r *reader) spend(work int) bool {
	if r.left.work -= work; r.left.work < 0 {
		r.exceed(codeTooComplex, "the PDF file is too complex")
	}
	return r.over == nil
}

// exceed ends the reading of the file.
func (r *reader) exceed(code, detail string) {
	if r.over == nil {
		r.over = refuse(code, detail)
	}
}
