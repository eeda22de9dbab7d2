// Package record writes what a verification found as a document to file: as text and as PDF, with the same content, in English and
// in Spanish.
//
// A record says what was handed in, when and by which program it was checked, the answers and why, what was signed, each check with
// the age of the facts behind it, and how to repeat it. Anybody can read it years later. It proves nothing by itself, and says so.
//
// [Text] and [PDF] are pure: the same reports and options give the same bytes. What a record takes from a credential is cleaned and
// cut, so that its length is bounded: values have at most 300 characters, sentences 600; of a report at most 60 checks are told
// and 24 credentials inside it, and the record says how many are not. What failed is told before what passed.
package record

import (
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// Options of a record. All of them are words in it.
type Options struct {
	Language wording.Language // English by default
	Made     time.Time        // when the record is written; not said when it is zero
	Here     *wording.Here    // the issuers of the installation that checked; nil where there is none
	By       string           // who or what checked, such as the address of a server or the name of an office; "" for nobody
	Version  string           // of the program
	// Arguments are what else of a command line changes an answer, such as --offline: words for repeating the check, as they were
	// given.
	Arguments []string
}

// Bounds of what is told of one report, those inside it included.
const (
	mostValue  = 300
	mostText   = 600
	mostPart   = 120 // of a pointer or clause
	mostChecks = 60
	mostInside = 24
)

// Text writes the record of one or many reports as plain text: UTF-8, lines of at most 78 columns that end with LF.
func Text(reports []*verifier.Report, o Options) []byte {
	var p textPrinter
	write(&p, reports, o)
	return p.out.Bytes()
}

// PDF writes the record of one or many reports as PDF, on letter paper, with its fonts inside. The error is that of the library that
// writes the file; no report leads to one.
func PDF(reports []*verifier.Report, o Options) ([]byte, error) {
	p := newPDFPrinter(reports, o)
	write(p, reports, o)
	return p.finish()
}

// printer sets the parts of a record one after the other.
type printer interface {
	title(text, below, about string)            // about is what the record is of, for the foot of each page
	section(heading string)                     // a part of a record
	chapter(heading string)                     // begins the record of one of several reports
	verdict(v wording.Verdict)                  // the answer, with its sign
	values(all []value)                         // names and what they stand for
	paragraph(text string)                      // a sentence or more
	found(f wording.Finding, lines ...string)   // one check
	command(text string)                        // to be typed as it stands
	detail(text string)                         // for those who know the standard
	summary(heads [3]string, all []summaryLine) // all reports in a table: number, input, answer
}

// value is one line of facts.
type value struct {
	name, text string
	exact      bool // each character counts: a digest, an identifier
}

// summaryLine is one report in the table of many.
type summaryLine struct {
	number int
	name   string
	answer wording.Verdict
}
