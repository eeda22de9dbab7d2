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
// the number of runs of a Checker.
//
// # Findings of this package
//
// All are of step form.
//
//	code               outcome  case   when
//	input_unavailable  unknown  files  the inputs, or what is in them, are more than a run looks at; facts name (how many were not looked at), most
//	input_unavailable  unknown  fault  checking this input failed for a reason that lies in the program and not in the input
package batch

import (
	"context"
	"iter"
	"runtime"
	"strconv"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/verifier"
)

// Bounds of one run.
const (
	MostRows  = 500      // rows, beside the one that says what was not looked at
	MostBytes = 64 << 20 // bytes of the inputs of one request together, and of the credentials found in them
)

// openings is how many inputs a Checker opens at the same time that may be pictures: one may take 80 MiB to decode.
const openings = 2

// Source is one input: bytes, an address, or the reason why there is neither.
type Source struct {
	Name    string                            // as it was handed in, "" when it has no name
	Bytes   []byte                            // of a file; let go when it has been opened
	Read    func() ([]byte, *carrier.Problem) // instead of Bytes: reads them when their turn comes
	URL     string                            // instead of Bytes: an address; beside them the one they were read from
	Problem *carrier.Problem                  // instead of all: why it could not be read
}

// Row is what became of one credential, or of an input that holds none.
type Row struct {
	Number int // from 1, in the order of the sources
	Source int // index of the source it came from
	// Report is never nil. Its Document is, as nobody needs that of a whole batch at once.
	Report *verifier.Report
	SameAs int // number of the first row with the same credential or the same file, 0 when there is none
	Like   int // number of the first row with another award of the same achievement by the same issuer to the same recipient, 0 when there is none
}

// Checker runs batches. It is safe for use by several goroutines, and must not be copied.
type Checker struct {
	// Verify judges what was found in an input, as verifier.VerifyItem does. It must come to an end when its context does.
	Verify  func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error)
	Workers int // items judged at a time in one run; 0 is one for each processor

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
					emit(source, finding{report: leftOut(len(sources) - source)})
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
func judged(report *verifier.Report, name string, at place) finding {
	named(name, report)
	f := finding{report: report, marks: marksOf(report, at)}
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
	switch {
	case report.Input.Name == "":
		report.Input.Name = source
	case source != "":
		report.Input.Name = source + "/" + report.Input.Name
	}
}

// fault is the report on an input that the program could not check for a reason of its own. It says nothing about the input.
func fault(item carrier.Item) *verifier.Report {
	item.Text, item.Links = nil, nil
	item.Problem = &carrier.Problem{Code: faulty.Code, Case: faulty.Case,
		Detail: "Checking this input ended in a fault of this program, so nothing is known about it."}
	return refused(item)
}

// leftOut is the report on what lies beyond the bounds of a run: so many sources, the first of them perhaps in part.
func leftOut(sources int) *verifier.Report {
	count, most := strconv.Itoa(sources), strconv.Itoa(MostRows)
	return refused(carrier.Item{Problem: &carrier.Problem{Code: faulty.Code, Case: "files",
		Facts:  map[string]string{verifier.FactName: count, verifier.FactMost: most},
		Detail: "Not looked at, or not to the end: " + count + " of the inputs. At most " + most + " credentials, of 64 MB together, are checked at a time."}})
}

// refused is the report on an item with a problem.
func refused(item carrier.Item) *verifier.Report {
	reports, err := verifier.VerifyItem(context.Background(), item, verifier.Options{})
	if err != nil || len(reports) == 0 {
		panic("a problem has no report") // nothing is read and nobody is asked
	}
	return reports[0]
}

// workers is how many items one run judges at a time.
func (c *Checker) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return runtime.GOMAXPROCS(0)
}
