package roster

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// known are the fields by the heads of their columns, written as [plainHead] does: those of Canvas Credentials and Badgr, Credly,
// Accredible, edubadges and the Digital Credentials Consortium, and what people write.
var known = map[string]Field{
	"recipient": Recipient, "recipientemail": Recipient, "recipientemailaddress": Recipient, "recipientmailadres": Recipient,
	"recipientidentifier": Recipient, "identifier": Recipient, "email": Recipient, "emailaddress": Recipient, "mail": Recipient,
	"earneremail": Recipient, "learneremail": Recipient,

	"firstname": FirstName, "recipientfirstname": FirstName, "givenname": FirstName,
	"lastname": LastName, "recipientlastname": LastName, "surname": LastName, "familyname": LastName,
	"name": Name, "fullname": Name, "recipientname": Name, "recipientfullname": Name, "earnername": Name, "learnername": Name,

	"narrative": Narrative, "awardnarrative": Narrative,
	"evidence": EvidenceAny, "evidenceurl": EvidenceURL, "evidencelink": EvidenceURL, "evidencename": EvidenceName, "evidencetitle": EvidenceName,
	"evidencedescription": EvidenceDescription, "evidencenarrative": EvidenceNarrative,

	"issuedat": Awarded, "issuedate": Awarded, "issuedon": Awarded, "dateissued": Awarded, "issuancedate": Awarded,
	"awarded": Awarded, "awardeddate": Awarded, "awarddate": Awarded, "dateawarded": Awarded,
	"expires": Expires, "expiresat": Expires, "expireson": Expires, "expirationdate": Expires, "expirydate": Expires, "validuntil": Expires,

	"grade": Result, "result": Result, "score": Result,
	"language": Language, "locale": Language,
	"license": License, "licensenumber": License, "licencenumber": License,
	"achievement": Achievement, "achievementid": Achievement, "badge": Achievement, "badgeid": Achievement, "badgename": Achievement,
	"badgeclassid": Achievement, "badgetemplateid": Achievement, "credentialname": Achievement,
	"externalid": External, "issuerearnerid": External, "recipienteppn": External, "did": External, "orgid": External,

	headRow: Ignored, headProblem: Ignored, // of the files that this package writes
}

// dialect is how a platform heads its columns.
type dialect struct {
	name     string
	heads    []string // by which it is known, all of them
	american bool     // its short dates are month, day, year
}

var dialects = []dialect{
	{name: "Credly", heads: []string{"badgetemplateid", "recipientemail", "firstname", "lastname", "issuedat"}, american: true},
	{name: "Accredible", heads: []string{"recipientname", "recipientemail", "issuedon"}},
	{name: "edubadges", heads: []string{"recipientmailadres"}},
	{name: "Canvas Credentials", heads: []string{"identifier"}},
	{name: "Digital Credentials Consortium", heads: []string{"earnername", "emailaddress", "credentialname"}},
	{name: "Digital Credentials Consortium", heads: []string{"name", "email", "did", "orgid"}},
	{name: "Badgr", heads: []string{"email", "evidence"}},
	{name: "Laurel", heads: []string{"recipient"}},
}

// plainHead is a head without what does not matter: case, spaces, signs and a note that it is optional.
func plainHead(head string) string {
	head = strings.ToLower(norm.NFKC.String(head))
	for _, note := range []string{"(optional)", "(required)", "(optioneel)", "(verplicht)"} {
		head = strings.ReplaceAll(head, note, "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, head)
}

// fieldOf is the field of a column by its head, and the piece that it is about where it is one of evidence.
func fieldOf(head string) (f Field, piece string) {
	plain := plainHead(head)
	if f = known[plain]; f != "" {
		return f, ""
	}
	if bare := strings.TrimRightFunc(plain, unicode.IsDigit); bare != plain {
		plain, piece = bare, plain[len(bare):]
	}
	at := strings.Index(plain, "evidence") // as in "Text Evidence Name"
	if at < 0 {
		return "", ""
	}
	f, piece = known[plain[at:]], plain[:at]+piece
	if piece == "1" { // the first may have a number or none
		piece = ""
	}
	if !f.evidence() {
		return "", ""
	}
	return f, piece
}

// fieldOf is [fieldOf] for somebody who says what columns mean.
func (o *Options) fieldOf(head string) (f Field, piece string) {
	f, piece = fieldOf(head)
	for given, meant := range o.Columns {
		if plainHead(given) == plainHead(head) {
			f = meant
		}
	}
	return f, piece
}

func (f Field) evidence() bool {
	switch f {
	case EvidenceAny, EvidenceURL, EvidenceName, EvidenceDescription, EvidenceNarrative:
		return true
	}
	return false
}

// head reads the first row.
func (s *Sheet) head(l line, o Options) error {
	if l.wrong != "" {
		return refused("file_header", "The first row cannot be read. "+l.wrong)
	}
	cells := l.cells
	if len(cells) > maxColumns {
		return refused("file_header", fmt.Sprintf("The file has %d columns, and %d are allowed.", len(cells), maxColumns))
	}
	has := map[string]bool{}
	for _, cell := range cells {
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, utf8.RuneError) {
			return refused("file_text", "The first row is not valid text. Save the file as CSV UTF-8, or as a workbook.")
		}
		head := strings.TrimSpace(cell)
		s.Header = append(s.Header, head)
		has[plainHead(head)] = true
	}
	s.Columns = map[string]int{}
	first := map[string]int{} // field and piece -> column
	for i, head := range s.Header {
		f, piece := o.fieldOf(head)
		s.Fields = append(s.Fields, f)
		if f == "" || f == Ignored || f == External {
			continue
		}
		key := string(f) + "/" + piece
		if before, twice := first[key]; twice {
			return refused("file_header", fmt.Sprintf("Two columns say the same: %q and %q. Take one of them out, or say what it is.", shown(s.Header[before]), shown(head)))
		}
		first[key] = i
		for _, code := range codes[f] {
			if _, there := s.Columns[code]; !there {
				s.Columns[code] = i
			}
		}
	}
	if _, there := first[string(Recipient)+"/"]; !there {
		return refused("file_header", fmt.Sprintf("The first row has to name the columns, and one of them has to be the e-mail address of the recipient, such as %q. Found: %s.",
			"Recipient Email", found(s.Header)))
	}
	for _, d := range dialects {
		if all(has, d.heads) {
			s.Dialect = d.name
			break
		}
	}
	return nil
}

// codes are, by the field that they are about, the codes of what the issuer finds wrong with a row.
var codes = map[Field][]string{
	Recipient: {"email", "duplicate", "duplicate_row"}, Name: {"name"}, FirstName: {"name"}, LastName: {"name"},
	EvidenceURL: {"evidence"}, EvidenceAny: {"evidence"}, Awarded: {"awarded"}, Expires: {"dates"}, Language: {"language"},
	Achievement: {"achievement", "archived"}, Result: {"result"}, License: {"license"},
}

func all(has map[string]bool, heads []string) bool {
	for _, head := range heads {
		if !has[head] {
			return false
		}
	}
	return true
}

// found lists heads for a person.
func found(heads []string) string {
	const most = 12
	var list []string
	for _, head := range heads[:min(len(heads), most)] {
		list = append(list, fmt.Sprintf("%q", shown(head)))
	}
	if len(heads) > most {
		list = append(list, fmt.Sprintf("and %d more", len(heads)-most))
	}
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// american says that short dates of the file are month, day, year.
func (s *Sheet) american() bool {
	for _, d := range dialects {
		if d.name == s.Dialect {
			return d.american
		}
	}
	return false
}
