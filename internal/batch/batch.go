// Package batch checks many inputs at once: what lies in them is found, judged, put in order and compared.
//
// Start with [Checker.Run]. It takes up to [MostRows] files, archives and addresses, and gives a [Row] for each credential in
// them, in the order of the inputs and as soon as it is known; an input without a credential gives a row that says so. Nothing
// is left out silently: where a bound ends a run, its last row tells how many inputs were not looked at. [CSV], [XLSX] and
// [JSON] write the rows for a table program or for another program.
//
// # Bounds
//
// A run holds the inputs that it is given until each is opened, what is being judged, and the reports. It ends after MostRows
// rows, or when the credentials in them are longer than [MostBytes] together. Pictures and PDFs are opened two at a time, whatever
// the number of runs of a Checker. When the workers of a run have opened and judged for as long as they may, waiting for the network
// included, the rest is told as not looked at. A name is cut where it is longer than any that is shown.
//
// # Findings of this package
//
// All are of step form.
//
//	code               outcome  case   when
//	input_unavailable  unknown  files  the inputs, or what is in them, are more than a run looks at; facts name (how many were not looked at), most
//	input_unavailable  unknown  time   the inputs before this one took all the work that a run may; this one was not looked at, or not to its end
//	input_unavailable  unknown  fault  checking this input failed for a reason that lies in the program and not in the input
package batch

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// Bounds of one run.
const (
	MostRows  = 500      // rows, beside the one that says what was not looked at
	MostBytes = 64 << 20 // bytes of the inputs of one request together, and of the credentials found in them
)

// mostWork is how long each worker of a run may open and judge when a Checker does not say.
const mostWork = 2 * time.Minute

// openings is how many inputs a Checker opens at the same time that may be pictures: one may take 80 MiB to decode.
const openings = 2

// Source is one input: bytes, an address, or the reason why there is neither.
type Source struct {
	Name    string                            // as it was handed in, "" when it has no name
	Bytes   []byte                            // of a file; let go when it has been opened
	Read    func() ([]byte, *carrier.Problem) // instead of Bytes: reads them when their turn comes
	URL     string                            // instead of Bytes: an address; beside them the one they were read from
	Problem *carrier.Problem                  // instead of all: why it could not be read
	More    int                               // how many inputs that nobody kept, as they lie beyond MostRows, come behind it
}

// Row is what became of one credential, or of an input that holds none. Its JSON form is that of its report, with its number and,
// where there is such a row, sameAs and like.
type Row struct {
	Number int `json:"number,omitempty"` // from 1, in the order of the sources; 0 for a report that stands alone
	SameAs int `json:"sameAs,omitempty"` // number of the first row with the same credential or the same file, 0 when there is none
	Like   int `json:"like,omitempty"`   // number of the first row with another award of the same achievement by the same issuer to the same recipient, 0 when there is none
	Source int `json:"-"`                // index of the source it came from
	// Report is never nil. Its Document is, as nobody needs that of a whole batch at once.
	*verifier.Report
}

// Checker runs batches. It is safe for use by several goroutines, and must not be copied.
type Checker struct {
	// Verify judges what was found in an input, as verifier.VerifyItem does. It must come to an end when its context does.
	Verify func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error)
	// Begin gives the context for what is found in one file: an input, or a file of an archive. It may be nil.
	Begin func(ctx context.Context) context.Context
	// Fault is told when opening or judging ends in a panic: with its cause, which may hold content of an input, and the stack. It may be nil.
	Fault   func(cause any, stack []byte)
	At      time.Time     // the instant of reports on what was not judged; now when it is zero
	Work    time.Duration // how long each worker of a run may open and judge; 0 is two minutes
	Workers int           // items judged at a time in one run; 0 is one for each processor

	opening opening
}

// Run gives the rows of sources, in order, each as soon as it and those before it are known. The sequence can be run through
// once: the bytes of each source are let go as soon as it has been opened. An error comes last, without a row, and is that of ctx. When the sequence
// ends or the caller breaks off, everything that it began has come to an end.
func (c *Checker) Run(ctx context.Context, sources []Source) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r := c.start(ctx, sources)
		defer r.stop()
		var (
			known  = earlier{}
			number int
			length int // of the credentials so far
		)
		emit := func(source int, f finding) bool {
			number++
			row := Row{Number: number, Source: source, Report: f.report}
			row.SameAs, row.Like = known.compare(number, f.marks)
			length += len(f.report.Text)
			return yield(row, nil)
		}
		for source := range sources {
			for f := range r.findings(source) {
				if number == MostRows || length > MostBytes {
					emit(source, finding{report: c.leftOut(sources[source:])})
					return
				}
				if !emit(source, f) {
					return
				}
			}
			if err := ctx.Err(); err != nil {
				yield(Row{}, err)
				return
			}
		}
	}
}

// All is Run for callers that need the rows together.
func (c *Checker) All(ctx context.Context, sources []Source) ([]Row, error) {
	var rows []Row
	for row, err := range c.Run(ctx, sources) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// finding is a report with what it is recognised by.
type finding struct {
	report *verifier.Report
	marks  marks
}

// judged is the finding on what was found there in the source of this name. What only the comparison needs is let go.
func (r *run) judged(report *verifier.Report, name string, at place) finding {
	named(name, report)
	f := finding{report: report}
	if !r.alone {
		f.marks = marksOf(report, at)
	}
	letGo(report)
	return f
}

func letGo(report *verifier.Report) {
	report.Document = nil
	for _, inside := range report.Credentials {
		letGo(inside)
	}
}

// named puts the name of the source before the name that a report has below it.
func named(source string, report *verifier.Report) {
	report.Input.Name = carrier.Below(source, report.Input.Name)
}

// caseFault is the case of what could not be checked for a reason that lies in the program.
const caseFault = "fault"

// IsFault says whether a report says only that the program failed.
func IsFault(report *verifier.Report) bool {
	return slices.ContainsFunc(report.Checks, func(c verifier.Check) bool {
		return c.Step == "form" && c.Code == credential.CodeInputUnavailable && c.Facts[verifier.FactCase] == caseFault
	})
}

// Problems of inputs about which nothing is known.
var (
	faulty = &carrier.Problem{Code: credential.CodeInputUnavailable, Case: caseFault,
		Detail: "Checking this input ended in a fault of this program, so nothing is known about it."}
	late = &carrier.Problem{Code: credential.CodeInputUnavailable, Case: "time",
		Detail: "Not looked at, or not to the end: what was checked before it took all the work that there is for one request."}
)

// leftOut is the report on what lies beyond the bounds of a run: these sources, the first of them perhaps in part.
func (c *Checker) leftOut(sources []Source) *verifier.Report {
	n := len(sources)
	for _, s := range sources {
		n += s.More
	}
	count, most := strconv.Itoa(n), strconv.Itoa(MostRows)
	return c.refused(carrier.Item{}, &carrier.Problem{Code: credential.CodeInputUnavailable, Case: "files",
		Facts:  map[string]string{verifier.FactName: count, verifier.FactMost: most},
		Detail: "Not looked at, or not to the end: " + count + " of the inputs. At most " + most + " credentials, of 64 MB together, are checked at a time."})
}

// refused is the report on an item that was not judged.
func (c *Checker) refused(item carrier.Item, why *carrier.Problem) *verifier.Report {
	item.Text, item.Links, item.Problem = nil, nil, why
	reports, _ := verifier.VerifyItem(context.Background(), item, verifier.Options{At: c.At}) // its error is that of the context
	return reports[0]
}

// tell reports a panic.
func (c *Checker) tell(cause any, stack []byte) {
	if c.Fault != nil {
		c.Fault(cause, stack)
	}
}

// nameOf is what a source is known by.
func nameOf(s Source) string { return wording.First(s.Name, s.URL) }

// workers is how many items one run judges at a time.
func (c *Checker) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return runtime.GOMAXPROCS(0)
}
