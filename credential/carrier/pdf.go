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
	codes, leftOut := pages(document)
	if slices.ContainsFunc(codes, leads) {
		if len(codes) > 1 && leftOut == "pictures_many" { // where one was found, it is the one that the PDF is about
			codes = append(codes, unsearched(leftOut, true))
		}
		return append(codes, hidden...)
	}
	if items := linked(document); items != nil {
		return append(items, hidden...)
	}
	items = append(hidden, codes...)
	if leftOut != "" {
		items = append(items, unsearched(leftOut, len(codes) > 0))
	}
	if len(items) > 0 {
		return leading(items)
	}
	return refused("pdf", none("pdf", "There is no credential in this PDF: no attached file, no QR code that can be read, and no link. Ask for the badge itself, or for its address."))
}

// unsearched is the item for pictures that were left out, beside those in which there was a QR code or not.
func unsearched(leftOut string, found bool) Item {
	item := Item{Kind: "pdf"}
	switch {
	case leftOut == "pictures_unread":
		item.Problem = &Problem{Code: codeUnread, Case: "pictures_unread", Detail: "A picture in this PDF is damaged or of a kind that Laurel does not read, so it was not searched for a QR code. Hand in the page with it as a picture, or the badge itself."}
	case found:
		item.Problem = &Problem{Code: codeUnread, Case: "files", Detail: "There are more pictures in this PDF than Laurel searches for QR codes. Hand in the other pages as pictures."}
	default:
		item.Problem = &Problem{Code: codeUnread, Case: "pictures_many", Detail: "There are more pictures in this PDF than Laurel searches for QR codes. Hand in the page with the QR code as a picture, or the badge itself."}
	}
	return item
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

// pages reads the QR codes on the pages of a PDF, and tells which case of a problem it is that some of its pictures were left out.
func pages(document *pdf.Document) (items []Item, leftOut string) {
	var texts []string
	var more []Item // what says that a picture holds more of them
	left := maxSearched
	for picture := range document.Pictures() {
		size := picture.Bounds().Size()
		if left -= searchPrice + size.X*size.Y; left < 0 {
			leftOut = "pictures_many"
			break
		}
		found, err := qr.ReadImage(picture)
		texts = append(texts, found...)
		if err != nil && len(found) > 0 {
			more = append(more, Item{Kind: "pdf", Problem: ofQR(err)})
		}
	}
	switch many, unread := document.LeftOut(); {
	case many:
		leftOut = "pictures_many"
	case unread && leftOut == "":
		leftOut = "pictures_unread"
	}
	return append(codes(texts, "pdf"), more...), leftOut
}

// likely are words in the addresses of badges.
var likely = []string{"badge", "credential", "assertion", "award", "certificate", "verif"}

// linked are the links of a PDF: an item for each page of a badge on a host whose badges are known, as in the portfolio of a
// person. Where there are not several of them all links lead to one credential, in the order in which they may do so: such a page
// first, then those that speak of one.
func linked(document *pdf.Document) []Item {
	var known, speaking, others []string
	var badges []Item
	seen := map[string]bool{} // addresses of credentials; a badge has several pages
	for _, link := range document.Links {
		item, is := address([]byte(link), "")
		switch {
		case !is || item.Links == nil:
		case len(page.Known(link)) > 0:
			known = append(known, item.Links...)
			if !seen[item.Links[0]] {
				seen[item.Links[0]] = true
				badges = append(badges, Item{Kind: "pdf", Links: item.Links})
			}
		case slices.ContainsFunc(likely, func(word string) bool { return strings.Contains(strings.ToLower(link), word) }):
			speaking = append(speaking, item.Links...)
		default:
			others = append(others, item.Links...)
		}
	}
	switch {
	case len(badges) > 1 && document.MoreLinks:
		return append(badges, rest("pdf", "There are more links in this PDF than are followed.", len(document.Links)))
	case len(badges) > 1:
		return badges
	}
	if all := links("", known, speaking, others); len(all) > 0 {
		return []Item{{Kind: "pdf", Links: all}}
	}
	return nil
}

func ofPDF(err error) *Problem {
	var refusal *pdf.Error
	if !errors.As(err, &refusal) {
		return &Problem{Code: codeMalformed, Case: "pdf", Detail: "The PDF cannot be read."}
	}
	return &Problem{Code: refusal.Code, Case: refusal.Case, Detail: sentence(refusal.Detail)}
}
