// Package carrier finds credentials in whatever somebody hands in: a picture, a PDF, a photo of a QR code, an archive, a web page
// or plain text. It tells what an input is by its content, never by its name.
//
// Start with [Open]. It takes bytes and gives what was found in them, at least one [Item]: the text of a credential, an address
// that leads to one, or the reason why there is neither. Nothing is fetched, and nothing is said about whether a credential is
// genuine.
//
// The kinds of items, and what is looked for in each:
//
//	json, jwt              the text itself; what is no other kind counts as json. A text of several addresses or tokens, one in each
//	                       line, is as many inputs, each of its own kind
//	url                    a text that is an address
//	png, svg               credentials baked into it (package bake)
//	qr                     the text of a QR code, in a PNG, JPEG, GIF or WebP
//	jpeg, gif, webp, heic  a picture without a QR code that can be read
//	pdf                    its attachments, each opened like a file; else the QR codes on its pages; else the links in it
//	html                   credentials in the page; else the links that package page finds
//	zip                    an archive as a whole; its files are opened one by one and have kinds of their own
//
// The cases of problems, with those of packages bake, pdf and qr, which pass through. Where something was not looked at there may be a
// credential (input_unavailable):
//
//	no_credential      empty            there is nothing in it
//	                   text             a text that is neither JSON, nor a token, nor an address
//	                   binary           a file of a kind that is not read
//	                   picture          a picture with neither a credential nor a QR code
//	                   heic             a photo in HEIC, which is not read
//	                   html             a page or other markup that leads to no credential
//	                   pdf              a PDF with neither an attachment, nor a QR code, nor a link that leads to a credential
//	                   cbor_ld          a credential in CBOR-LD (VP1-...), which is not read
//	                   wallet_offer     an invitation for a wallet, which only a wallet can follow
//	                   other_address    an address of another kind (javascript:, file:, data:, mailto: ...), never followed
//	                   office           a document of an office program
//	                   archive_empty    an archive without files
//	                   archive_kind     an archive of a kind, or a file packed in a way, that is not read
//	                   archive_nested   an archive in an archive or in a PDF
//	                   archive_link     an entry of an archive that is a link or a device and no file
//	                   pdf_nested       a PDF in a PDF
//	image_invalid      damaged          a picture that is not whole
//	                   several          more than one credential in one place of a picture
//	too_large          file             a file of more than credential.Limits.Upload (fact most, in MiB)
//	                   credential       a credential of more than credential.Limits.Document (fact most, in MiB)
//	                   archive          an archive of more than 64 MiB (fact most, in MiB)
//	                   pixels           a picture of more pixels than are searched for QR codes
//	                   pdf              a PDF that is too large when it is unpacked
//	too_complex        pdf              a PDF that takes too much work to read
//	malformed          archive          an archive that cannot be read
//	                   archive_entry    a file of an archive that is damaged
//	                   pdf              a PDF, or a file attached to one, that cannot be read
//	encrypted          archive          a file of an archive that asks for a password
//	                   pdf              a PDF, or a file attached to one, that is encrypted for certain persons or in a way that is not known
//	                   pdf_password     a PDF that asks for a password
//	input_unavailable  archive_files    an archive of more than 500 files (fact most)
//	                   archive_rest     a file beyond what is unpacked of one archive
//	                   attachments      a PDF of more attachments than are opened (fact most)
//	                   pictures_many    a PDF of more pictures than are searched for QR codes
//	                   pictures_unread  a PDF with a picture that is damaged or of a kind that is not read
//	                   files            more than is looked at: QR codes of a picture, QR codes or links of a PDF, credentials of a page, lines of a text (fact most)
//
// Files are what somebody put into an archive: what computers add to one by themselves, by name and by content (resource forks,
// .DS_Store, Thumbs.db, desktop.ini), is no file of anybody's and left out without a word. Everything else has an item.
//
// The package is pure. What one input may cost is bounded by counted work and by bytes, while reading.
package carrier

// Item is one thing that was found in an input.
type Item struct {
	Kind    string   // what carried it: json, jwt, png, svg, pdf, qr, url, html, zip ... (a QR code in a PDF is in a pdf)
	Name    string   // where it was found below the input: path in an archive, name of an attachment; "" for the input itself
	Bytes   []byte   // the file that carried it: a file of an archive (nil when it cannot be unpacked), else the input itself
	Text    []byte   // a credential as it was carried: JSON or a token
	Links   []string // without Text: addresses that may lead to a credential, the best first; https but for one that was handed in as such
	Problem *Problem // without either: why
}

// Problem is why no credential was found in something.
type Problem struct {
	Code   string            // of the verification report: no_credential, image_invalid, malformed, encrypted, too_large, too_complex ...
	Case   string            // which of the things that the code stands for, "" where there is one only
	Detail string            // one sentence for a person
	Clause string            // specification and clause, where there is one
	Facts  map[string]string // the values in it: most (a limit), count, name (of a scheme)
}
