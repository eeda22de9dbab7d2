package carrier

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential/carrier/page"
	"github.com/laurelbadges/laurel/credential/carrier/pdf"
	"github.com/laurelbadges/laurel/credential/carrier/qr"
)

const (
	maxAttachments = 64         // attachments of one PDF that are opened; as many as credentials in one presentation
	maxSearched    = 24_000_000 // what the pictures of one PDF may cost that are searched for QR codes, in pixels
	searchPrice    = 600_000    // what a search costs beside the pixels of the picture
)

// openPDF opens a PDF: its attachments, else the QR codes on its pages, else its links.
func openPDF(data []byte, attached bool) []Item {
	if attached {
		return refused("pdf", none("pdf_nested", "This is a PDF inside a PDF. Take it out and hand it in by itself."))
	}
	document, err := pdf.Read(data)
	if err != nil {
		return refused("pdf", ofPDF(err))
	}
	items := attachments(document)
	if slices.ContainsFunc(items, leads) {
		return leading(items)
	}
	hidden := slices.DeleteFunc(items, func(item Item) bool { return !matters(item) })
	codes, all := pages(document)
	if slices.ContainsFunc(codes, leads) {
		return append(codes, hidden...)
	}
	if links := ranked(document.Links); len(links) > 0 {
		return append([]Item{{Kind: "pdf", Links: links}}, hidden...)
	}
	if items = append(hidden, codes...); len(items) > 0 {
		return leading(items)
	}
	if !all {
		return refused("pdf", &Problem{Code: codeUnread, Case: "pictures", Detail: "There are more pictures in this PDF than Laurel searches for QR codes. Hand in the page with the QR code as a picture, or the badge itself."})
	}
	return refused("pdf", none("pdf", "There is no credential in this PDF: no attached file, no QR code that can be read, and no link. Ask for the badge itself, or for its address."))
}

// attachments opens the files in a PDF.
func attachments(document *pdf.Document) []Item {
	var items []Item
	for i, attachment := range document.Attachments {
		if i == maxAttachments {
			return append(items, Item{Kind: "pdf", Problem: &Problem{Code: codeUnread, Case: "attachments",
				Detail: fmt.Sprintf("The PDF has more than %d attached files; Laurel has not looked at the others.", maxAttachments), Facts: most(maxAttachments)}})
		}
		name := shown(attachment.Name, fmt.Sprintf("attachment %d", i+1))
		if attachment.Error != nil {
			items = append(items, Item{Kind: "pdf", Name: name, Problem: ofPDF(attachment.Error)})
			continue
		}
		for _, item := range openFile(attachment.Data, "", true) {
			item.Name, item.Kind = name, "pdf"
			items = append(items, item)
		}
	}
	return items
}

// pages reads the QR codes on the pages of a PDF, and tells whether it has searched all of its pictures.
func pages(document *pdf.Document) (items []Item, all bool) {
	var texts []string
	left := maxSearched
	all = true
	for picture := range document.Pictures() {
		size := picture.Bounds().Size()
		if left -= searchPrice + size.X*size.Y; left < 0 {
			all = false
			break
		}
		if found, err := qr.ReadImage(picture); err == nil {
			texts = append(texts, found...)
		}
	}
	return codes(texts, "pdf"), all && !document.Truncated()
}

// likely are words in the addresses of badges.
var likely = []string{"badge", "credential", "assertion", "award", "certificate", "verif"}

// ranked puts the links of a PDF in the order in which they may lead to a credential: those to hosts whose badges are known
// first, then those that speak of one.
func ranked(found []string) []string {
	var known, speaking, others []string
	for _, link := range found {
		item, is := address([]byte(link), "")
		switch {
		case !is || item.Links == nil:
		case len(page.Known(link)) > 0:
			known = append(known, item.Links...)
		case slices.ContainsFunc(likely, func(word string) bool { return strings.Contains(strings.ToLower(link), word) }):
			speaking = append(speaking, item.Links...)
		default:
			others = append(others, item.Links...)
		}
	}
	return links("", known, speaking, others)
}

func ofPDF(err error) *Problem {
	var refusal *pdf.Error
	if !errors.As(err, &refusal) {
		return &Problem{Code: codeMalformed, Case: "pdf", Detail: "The PDF cannot be read."}
	}
	return &Problem{Code: refusal.Code, Case: refusal.Case, Detail: sentence(refusal.Detail)}
}
