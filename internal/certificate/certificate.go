// Package certificate prints awards as certificates: PDF files to hang up or to hand in, with the signed credential attached, so that
// the file itself can be verified.
//
// [PDF] and [Ceremony] are pure: the same values give the same bytes. They say nothing about whether an award is in force; the paper
// says where that is to be found out.
package certificate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/internal/typeset"
	"github.com/laurelbadges/laurel/internal/wording"
)

// Certificate is what one page says. Texts are printed as they are: none is translated or put into other letters.
type Certificate struct {
	Recipient string    // name of the person; without it the page is about the award alone
	Title     string    // name of the achievement
	Kind      string    // what kind of achievement, in words: "Micro-credential"; optional
	Thing     string    // the same within a sentence: "the micro-credential"; without it the kind stands by itself
	Sentence  string    // one sentence of what was shown; optional, and cut where it has no room
	Lang      string    // of the title and the sentence (BCP 47), where it is another one than that of the words around them
	Issuer    string    // its name
	Awarded   time.Time // the day in its own zone is printed
	Expires   time.Time // the same; zero for never
	Facts     []Fact    // at most two more, such as the effort
	Code      string    // the award's code for people; optional
	Address   string    // permanent https address of the award: what the QR code holds
	Picture   []byte    // PNG of the achievement; without one the badge art is drawn
	// Credential is the signed credential, and File the name of the file that it is attached as: letters and digits of ASCII, full
	// stop, hyphen, underscore; the ending is .json.
	Credential []byte
	File       string
}

// Fact is a value with its name: "Effort", "15 hours".
type Fact struct{ Name, Value string }

// Paper is a size of paper. Certificates lie on their long side.
type Paper int

// The sizes of paper.
const (
	Letter Paper = iota
	A4
)

// Options of a file.
type Options struct {
	Language wording.Language // of the words around an award; English by default
	Paper    Paper
}

// Bounds of what is printed.
const (
	MostPages    = 500 // certificates in one file
	longestName  = 300 // characters of a name or a title
	longestProse = 2000
	mostFacts    = 2
	longestFact  = 60 // characters of name and value
)

// LettersError says that a text holds letters that cannot be printed, as there is no face for them or as they would have to be
// joined. The text is not altered: such an award has no certificate of this kind, but its page and its picture can be printed.
type LettersError struct {
	Field   string // of [Certificate]: "Recipient"
	Letters string // each once
}

func (e *LettersError) Error() string {
	return fmt.Sprintf("printing the certificate: there is no face for these letters of the %s: %s", strings.ToLower(e.Field), e.Letters)
}

// ErrTooLong says that the texts of a certificate have no room on a page, however small.
var ErrTooLong = errors.New("printing the certificate: its texts are too long for one page")

// PDF prints one certificate, on one page. The error is a [*LettersError], [ErrTooLong] or about a value that is wrong.
func PDF(c Certificate, o Options) ([]byte, error) {
	var out bytes.Buffer
	if err := Ceremony(&out, slices.Values([]Certificate{c}), o); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Ceremony prints many certificates into one file, a page each in their order, at most [MostPages]; each credential is attached.
// The pages are kept until the last one is known; then the file is written. Nothing is written when there is an error on one of
// them, which is told with its number.
func Ceremony(w io.Writer, all iter.Seq[Certificate], o Options) error {
	p := newPrinter(o)
	number := 0
	for c := range all {
		if number++; number > MostPages {
			return fmt.Errorf("printing certificates: there are more than %d", MostPages)
		}
		if err := c.check(); err != nil {
			return numbered(number, err)
		}
		if err := p.print(c.normal()); err != nil {
			return numbered(number, err)
		}
	}
	if number == 0 {
		return errors.New("printing certificates: there are none")
	}
	return p.write(w)
}

func numbered(number int, err error) error {
	if number == 1 {
		return err // most often the only one
	}
	return fmt.Errorf("certificate %d: %w", number, err)
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.json$`)

// Check says why it cannot be printed, before it is: the error is a [*LettersError], [ErrTooLong] or about a value that is wrong. What it
// finds good is printed; only a picture that cannot be read shows when it is.
func (c Certificate) Check(o Options) error {
	if err := c.check(); err != nil {
		return err
	}
	if _, _, fits := sheetFor(o).beside(c.normal()); !fits {
		return ErrTooLong
	}
	return nil
}

func (c Certificate) check() error {
	switch {
	case strings.TrimSpace(c.Title) == "" || strings.TrimSpace(c.Issuer) == "":
		return errors.New("printing the certificate: it has no title or no issuer")
	case !strings.HasPrefix(c.Address, "https://") && !strings.HasPrefix(c.Address, "http://"):
		return errors.New("printing the certificate: it has no address")
	case len(c.Credential) == 0 || !fileName.MatchString(c.File):
		return errors.New("printing the certificate: it has no credential, or that has no name of a file")
	case len(c.Facts) > mostFacts:
		return fmt.Errorf("printing the certificate: it has more than %d facts", mostFacts)
	}
	fields := []struct {
		name, text string
		longest    int
	}{
		{"Recipient", c.Recipient, longestName}, {"Title", c.Title, longestName}, {"Kind", c.Kind, longestName}, {"Thing", c.Thing, longestName}, {"Issuer", c.Issuer, longestName},
		{"Sentence", c.Sentence, longestProse}, {"Code", c.Code, 60}, {"Address", c.Address, 500},
	}
	for _, f := range c.Facts {
		fields = append(fields, struct {
			name, text string
			longest    int
		}{"Facts", f.Name + f.Value, longestFact})
	}
	for _, f := range fields {
		if utf8.RuneCountInString(f.text) > f.longest {
			return ErrTooLong
		}
		if missing := typeset.Missing(oneLine(f.text)); len(missing) > 0 {
			return &LettersError{Field: f.name, Letters: string(missing)}
		}
	}
	return nil
}

// normal is the certificate with its texts in one line each.
func (c Certificate) normal() Certificate {
	for _, text := range []*string{&c.Recipient, &c.Title, &c.Kind, &c.Thing, &c.Sentence, &c.Issuer, &c.Code} {
		*text = oneLine(*text)
	}
	return c
}

func oneLine(text string) string { return typeset.Normal(strings.Join(strings.Fields(text), " ")) }
