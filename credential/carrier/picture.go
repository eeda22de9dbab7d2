package carrier

import (
	"errors"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/carrier/qr"
)

const clauseBaked = "OB 3.0 5.3"

// picture takes the credentials out of a PNG or an SVG. A PNG without any may be the photo of a QR code.
func picture(data []byte, kind string, attached bool) []Item {
	texts, err := bake.UnbakeAll(data)
	var items []Item
	for _, text := range texts {
		items = append(items, carried(text, kind))
	}
	var refusal *bake.Error
	if !errors.As(err, &refusal) {
		return items
	}
	switch refusal.Code {
	case bake.CodeNoCredential:
	case bake.CodeTooLarge: // of a file that is too large nobody asked
		return append(items, Item{Kind: kind, Problem: longCredential()})
	default:
		return append(items, Item{Kind: kind, Problem: &Problem{Code: refusal.Code, Case: refusal.Case, Detail: sentence(refusal.Detail), Clause: clauseBaked}})
	}
	if kind == "png" {
		found := photo(data, kind, attached)
		if p := found[0].Problem; p == nil || p.Code != bake.CodeImageInvalid && p.Case != "picture" {
			return found
		}
	}
	problem := none(refusal.Case, "There is no credential in this picture, and no QR code that can be read. Ask for the original file: many apps and sites take the badge out when they send or show a picture.")
	problem.Clause = clauseBaked
	return refused(kind, problem)
}

// photo reads the QR codes in a picture. It does not look for any in a picture that is attached to a PDF: those stand on its
// pages, and many attachments would cost too much.
func photo(data []byte, kind string, attached bool) []Item {
	if attached {
		return refused(kind, none("picture", "This picture is attached to a PDF and holds no credential."))
	}
	texts, err := qr.Read(data)
	if len(texts) == 0 {
		return refused(kind, ofQR(err))
	}
	items := codes(texts, "qr")
	if err != nil {
		items = append(items, Item{Kind: "qr", Problem: ofQR(err)})
	}
	return items
}

// codes are the items of the QR codes in one picture or document: those that lead to a credential, else why none does.
func codes(texts []string, kind string) []Item {
	var items []Item
	for i, text := range texts {
		if !slices.Contains(texts[:i], text) {
			items = append(items, carried([]byte(text), kind))
		}
	}
	return leading(items)
}

// leading leaves out what merely holds no credential beside what does, and the same reason twice.
func leading(items []Item) []Item {
	good := slices.ContainsFunc(items, leads)
	var seen []string
	return slices.DeleteFunc(items, func(item Item) bool {
		if leads(item) {
			return false
		}
		reason := item.Problem.Code + " " + item.Problem.Case + " " + item.Name
		repeated := slices.Contains(seen, reason)
		seen = append(seen, reason)
		return repeated || good && !matters(item)
	})
}

// matters tells whether an item has a problem that hides what is in it: a person may want to do something about it.
func matters(item Item) bool {
	return item.Problem != nil && (item.Problem.Code != codeNoCredential || strings.HasSuffix(item.Problem.Case, "_nested"))
}

// leads tells whether an item holds a credential or leads to one.
func leads(item Item) bool { return item.Problem == nil }

func ofQR(err error) *Problem {
	var refusal *qr.Error
	if !errors.As(err, &refusal) {
		return &Problem{Code: bake.CodeImageInvalid, Case: "damaged", Detail: "The picture cannot be read."}
	}
	return &Problem{Code: refusal.Code, Case: refusal.Case, Detail: sentence(refusal.Detail)}
}
