package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

type verifyCommand struct {
	JSON               bool     `name:"json" help:"Print the report as JSON and nothing else: an object, or an array for several."`
	Offline            bool     `help:"Call nobody. What needs the network is then not known."`
	At                 string   `help:"Judge as of this instant, written as in RFC 3339." placeholder:"TIME"`
	Profile            string   `help:"What the input has to be: ${enum}." enum:"openbadges,vc" default:"openbadges"`
	Resolve            []string `help:"JSON object of URLs and DIDs with the files that stand for them; asked before the network." type:"existingfile" placeholder:"FILE"`
	StatusIssuer       []string `help:"DID whose status lists count for every issuer." placeholder:"DID"`
	Language           string   `help:"Language for people: ${enum}." enum:"en,es" default:"en"`
	Table              bool     `help:"Print a line for each report, and how many there are of each answer."`
	Technical          bool     `help:"Print the technical detail of each check too."`
	Save               []string `help:"Write what was found to a file as well; its name says as what: .pdf or .txt a record to file away, .csv or .xlsx a table, .json the reports." placeholder:"FILE"`
	ExplainDifferences bool     `help:"Say where other verifiers would answer differently by their published rules, and why."`
	Input              []string `arg:"" help:"Files, folders, https addresses, or - for standard input; up to 500."`
}

var profiles = map[string]credential.Profile{"openbadges": credential.OpenBadges, "vc": credential.VerifiableCredentials}

// Run reads every input and prints what was found in each, in order. An input that cannot be read does not keep the others from
// being judged.
func (c *verifyCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	options := verifier.Options{Profile: profiles[c.Profile], StatusIssuers: c.StatusIssuer, Memory: &verifier.Memory{}}
	if c.At != "" {
		at, err := time.Parse(time.RFC3339, c.At)
		if err != nil {
			return fmt.Errorf("--at %q is not a time such as 2026-11-22T10:00:00Z", c.At)
		}
		options.At = at
	}
	for _, name := range c.Save {
		if savers[filepath.Ext(name)] == nil {
			return fmt.Errorf("--save %q: the name has to end in .pdf, .txt, .csv, .xlsx or .json", name)
		}
	}
	fetcher, finish, err := c.fetcher(ctx, g)
	if err != nil {
		return err
	}
	defer finish()
	options.Fetch = fetcher
	named, sources, err := c.sources(t.in)
	if err != nil {
		return err
	}
	checker := batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		return verifier.VerifyItem(fetch.ForInput(ctx), item, options)
	}}
	p := progressOn(t.err, len(sources))
	var rows []batch.Row
	for row, err := range checker.Run(ctx, sources) {
		if err != nil {
			return err
		}
		rows = append(rows, row)
		p.moved(row.Source)
	}
	p.done()
	if len(rows) > 1 || !named[rows[0].Source].unread(rows[0]) { // of one that could not be read there is nothing to tell but that
		if err := c.print(t, rows); err != nil {
			return err
		}
	}
	for _, name := range c.Save {
		if err := c.save(name, rows); err != nil {
			return err
		}
	}
	return verdict(t.err, named, rows)
}

// verdict is the exit status for all rows together. An input that the person named and that could not be read is told on out: nothing was judged
// there.
func verdict(out io.Writer, named []source, rows []batch.Row) error {
	status, unread := finished(exitGood), false
	for _, row := range rows {
		switch n := named[row.Source]; {
		case n.unread(row):
			fmt.Fprintf(out, "laurel: reading %s: %s\n", n.name, wording.Plain(row.Report.Checks[0].Detail))
			unread = true
		case row.Report.Outcome == verifier.Invalid:
			status = exitInvalid
		case row.Report.Outcome == verifier.Unknown && status == exitGood:
			status = exitUnknown
		}
	}
	switch {
	case unread:
		return finished(exitCannot)
	case status == exitGood:
		return nil
	}
	return status
}

// fetcher puts the sources in their order: files that the person gave, this installation's own documents, the network.
func (c *verifyCommand) fetcher(ctx context.Context, g *grammar) (verifier.Fetcher, func(), error) {
	var source verifier.Fetcher = fetch.Offline{}
	if !c.Offline {
		source = fetch.New(fetch.Options{})
	}
	finish := func() {}
	if o := runningOffice(ctx, g.folder()); g.Data != "" || o != nil {
		own, closeOwn, err := openDocuments(ctx, g.folder())
		if err != nil {
			return nil, nil, err
		}
		finish = func() { _ = closeOwn() }
		source = ownDocuments{own, source}
	}
	for i := len(c.Resolve) - 1; i >= 0; i-- {
		given, err := fetch.Resolve(c.Resolve[i], source)
		if err != nil {
			finish()
			return nil, nil, err
		}
		source = given
	}
	return source, finish, nil
}

// source is an input as the person named it.
type source struct {
	name    string
	address bool // an address, to be read by the fetcher
}

// unread says whether there was nothing to judge, because what the person named could not be read.
func (s source) unread(row batch.Row) bool {
	form := row.Report.Checks[0]
	return form.Outcome == verifier.NotKnown && (s.address && row.Report.Input.SHA256 == "" || form.Facts[verifier.FactCase] == caseFile)
}

// caseFile is the case of an input that could not be read as a file.
const caseFile = "file"

// sources are all inputs, in order, the files of a folder by name. Files are read when their turn comes.
func (c *verifyCommand) sources(in io.Reader) (named []source, all []batch.Source, err error) {
	for _, name := range c.Input {
		if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
			named, all = append(named, source{name, true}), append(all, batch.Source{URL: name})
			continue
		}
		files := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if files, err = filesIn(name); err != nil {
				return nil, nil, err
			}
		}
		for _, file := range files {
			named = append(named, source{name: file})
			all = append(all, batch.Source{Name: file, Read: func() ([]byte, *carrier.Problem) { return read(file, in) }})
		}
	}
	return named, all, nil
}

// filesIn are the files in a folder and below it. Hidden ones are left alone.
func filesIn(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch hidden := path != folder && strings.HasPrefix(entry.Name(), "."); {
		case err != nil:
			return err
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && !entry.IsDir():
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", folder, cause(err))
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("reading %s: there is no file in it", folder)
	}
	return files, nil
}

// read reads a file, or standard input. One that is too large is cut just beyond the limit, so that the report says so.
func read(name string, in io.Reader) ([]byte, *carrier.Problem) {
	data, err := readFile(name, in, credential.Limits.Upload)
	var large *tooLarge
	switch {
	case errors.As(err, &large):
		return large.data, nil
	case err != nil:
		return nil, &carrier.Problem{Code: "input_unavailable", Case: caseFile, Detail: cause(errors.Unwrap(err)).Error()}
	}
	return data, nil
}
