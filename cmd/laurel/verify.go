package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/pack"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

type verifyCommand struct {
	JSON               bool     `name:"json" help:"Print the report as JSON and nothing else: an object, or an array for several."`
	Offline            bool     `help:"Call nobody. What needs the network is then not known."`
	At                 string   `help:"Judge as of this instant, written as in RFC 3339." placeholder:"TIME"`
	Profile            string   `help:"What the input has to be: ${enum}." enum:"openbadges,vc" default:"openbadges"`
	Resolve            []string `help:"JSON object of URLs and DIDs with the files that stand for them; asked before the network." type:"existingfile" placeholder:"FILE"`
	Pack               []string `help:"Offline pack, as 'laurel pack' writes it, of somebody whom you trust; asked where the network gives no answer." type:"existingfile" placeholder:"FILE"`
	PackSigner         []string `help:"DID, or thumbprint of the key, of whoever must have signed the packs." placeholder:"DID"`
	StatusIssuer       []string `help:"DID whose status lists count for every issuer." placeholder:"DID"`
	Language           string   `help:"Language for people: ${enum}." enum:"en,es" default:"en"`
	Table              bool     `help:"Print a line for each report, and how many there are of each answer."`
	Sort               string   `help:"Order of the table: ${enum}." enum:"number,file,answer,badge,recipient" default:"number"`
	Only               []string `help:"Lines of the table to print: ${enum}." enum:"valid,remark,invalid,unknown,repeated" placeholder:"ANSWER"`
	Technical          bool     `help:"Print the technical detail of each check too."`
	Save               []string `help:"Write what was found to a file as well; its name says as what: .pdf or .txt a record to file away, .csv or .xlsx a table, .json the reports." placeholder:"FILE"`
	ExplainDifferences bool     `help:"Say where other verifiers would answer differently by their published rules, and why."`
	Input              []string `arg:"" help:"Files, folders, https addresses, or - for standard input; up to 500."`

	here *wording.Here // what the installation at hand knows of its issuers; nil where there is none
}

// defaultProfile is the one that is meant when none is given.
const defaultProfile = "openbadges"

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
	named, sources, err := c.sources(t.in)
	if err != nil {
		return err
	}
	if err := c.spare(named, t.in); err != nil {
		return err
	}
	fetcher, finish, err := c.fetcher(ctx, g, t.err)
	if err != nil {
		return err
	}
	defer finish()
	options.Fetch = fetcher
	language := wording.Language(c.Language)
	faults := sync.OnceFunc(func() { fmt.Fprintf(t.err, "laurel: %s\n", language.Say("terminal.fault")) })
	checker := batch.Checker{At: options.At, Work: runTime, Begin: fetch.ForInput, Fault: func(any, []byte) { faults() },
		Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			return verifier.VerifyItem(ctx, item, options)
		}}
	p := progressOn(t.err, len(sources))
	var rows []batch.Row
	for row, err := range checker.Run(fetch.WithRun(ctx), sources) {
		if err != nil {
			return err
		}
		rows = append(rows, row)
		p.moved(row.Source)
	}
	p.done()
	for _, name := range c.Save { // before anything is printed: who reads that may stop, and the program ends with it
		if err := c.save(name, rows); err != nil {
			return err
		}
	}
	if len(rows) > 1 || !named[rows[0].Source].unread(rows[0]) { // of one that could not be read there is nothing to tell but that
		if err := c.print(t, rows); err != nil {
			return err
		}
	}
	return c.verdict(t.err, named, rows)
}

// runTime is how long each worker may open and judge: a person sees how far it has come, and can break it off.
const runTime = 15 * time.Minute

// verdict is the exit status for all rows together. An input that the person named and that could not be read is told on out:
// nothing was judged there.
func (c *verifyCommand) verdict(out io.Writer, named []source, rows []batch.Row) error {
	status, unread := finished(exitGood), false
	for _, row := range rows {
		switch n := named[row.Source]; {
		case n.unread(row):
			fmt.Fprintf(out, "laurel: %s: %s\n", wording.Language(c.Language).Say("terminal.reading", "name", n.name), c.whyUnread(row.Report))
			unread = true
		case row.Report.Outcome == verifier.Invalid:
			status = exitInvalid
		case row.Report.Outcome == verifier.Unknown && status == exitGood:
			status = exitOpen
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

// fetcher puts the sources in their order: files that the person gave, this installation's own documents, the network, offline packs.
// It names the signers of these on out, and keeps what the installation knows of its issuers.
func (c *verifyCommand) fetcher(ctx context.Context, g *grammar, out io.Writer) (verifier.Fetcher, func(), error) {
	if len(c.PackSigner) > 0 && len(c.Pack) == 0 {
		return nil, nil, errors.New("--pack-signer says who must have signed a --pack, and none is given")
	}
	var source verifier.Fetcher = fetch.Offline{}
	if !c.Offline {
		source = fetch.New(fetch.Options{})
	}
	finish := func() {}
	if g.Data != "" || g.Store != "" || control.Dial(ctx, g.folder()) != nil {
		own, closeOwn, err := openDocuments(ctx, g.place())
		if err != nil {
			return nil, nil, err
		}
		finish = func() { _ = closeOwn() }
		source = ownDocuments{own, source}
		if c.here, err = issuersOf(ctx, own); err != nil {
			finish()
			return nil, nil, err
		}
	}
	live, err := c.given(source)
	if err != nil {
		finish()
		return nil, nil, err
	}
	for _, name := range c.Pack {
		opened, err := openPack(ctx, name, c.PackSigner, live)
		if err != nil {
			finish()
			return nil, nil, err
		}
		c.tellPack(out, name, opened)
		source = opened.After(source)
	}
	source, err = c.given(source)
	if err != nil {
		finish()
		return nil, nil, err
	}
	return source, finish, nil
}

// issuersOf is what an installation knows of its issuers; nil where it has none.
func issuersOf(ctx context.Context, own installed) (*wording.Here, error) {
	all, err := own.Organisations(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	issuers := make([]wording.Issuer, 0, len(all))
	for _, o := range all {
		issuers = append(issuers, wording.Issuer{ID: o.DID, Name: o.Name, URL: o.URL})
	}
	base, _, _ := strings.Cut(all[0].URL, "/i/")
	return wording.NewHere(base, issuers), nil
}

// given puts the files that the person gave before a source.
func (c *verifyCommand) given(source verifier.Fetcher) (verifier.Fetcher, error) {
	for i := len(c.Resolve) - 1; i >= 0; i-- {
		files, err := fetch.Resolve(c.Resolve[i], source)
		if err != nil {
			return nil, err
		}
		source = files
	}
	return source, nil
}

// tellPack names who signed a pack, and by which key.
func (c *verifyCommand) tellPack(out io.Writer, name string, p *pack.Pack) {
	language := wording.Language(c.Language)
	who := strings.TrimSpace(p.Name + " <" + p.Issuer + ">")
	fmt.Fprintf(out, "laurel: %s.\n", language.Say("terminal.pack", "file", name, "date", language.Instant(p.Made).Words, "who", who, "key", p.Key))
	if len(c.PackSigner) == 0 {
		fmt.Fprintf(out, "laurel: %s\n", language.Say("terminal.pack.unasked"))
	}
}

// source is an input as the person named it.
type source struct {
	name    string
	address bool // an address, to be read by the fetcher
}

// unread says whether there was nothing to judge, because what the person named could not be read.
func (s source) unread(row batch.Row) bool {
	check, unread := row.Report.Unread()
	return unread && (check.Facts[verifier.FactCase] == caseFile || s.address && check.Facts[verifier.FactCause] != "")
}

// caseFile is the case of an input that could not be read as a file. The fact name says why.
const caseFile = "file"

// filesUnread are the reasons for which a file cannot be read, and the keys of their words.
var filesUnread = []struct {
	err  error
	name string
	key  string
}{
	{fs.ErrNotExist, "absent", "terminal.unread.absent"},
	{fs.ErrPermission, "denied", "terminal.unread.denied"},
	{errNoFile, "empty", "terminal.unread.empty"},
	{errSpecial, "special", "terminal.unread.special"},
}

// whyUnread says why what the person named could not be read.
func (c *verifyCommand) whyUnread(r *verifier.Report) string {
	check, _ := r.Unread()
	language := wording.Language(c.Language)
	for _, why := range filesUnread {
		if check.Facts[verifier.FactName] == why.name {
			return language.Say(why.key)
		}
	}
	return language.Finding(r, check).Text
}

// sources are all inputs, in order, the files of a folder by name. Files are read when their turn comes.
func (c *verifyCommand) sources(in io.Reader) (named []source, all []batch.Source, err error) {
	piped := false
	for _, name := range c.Input {
		if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
			named, all = append(named, source{name, true}), append(all, batch.Source{URL: name})
			continue
		}
		if name == "-" {
			if piped {
				return nil, nil, errors.New("standard input (-) can be given once")
			}
			piped = true
		}
		files := []found{{path: name}}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			files = filesIn(name)
		}
		if len(files) == 0 {
			if len(c.Input) == 1 {
				return nil, nil, fmt.Errorf("reading %s: %w", name, errNoFile)
			}
			files = []found{{name, unreadable(errNoFile)}} // the other inputs are judged all the same
		}
		for _, f := range files {
			named = append(named, source{name: f.path})
			one := batch.Source{Name: f.path, Problem: f.problem}
			if f.problem == nil {
				one.Read = func() ([]byte, *carrier.Problem) { return read(f.path, in) }
			}
			all = append(all, one)
		}
	}
	return named, all, nil
}

// found is a file in a folder, or why what is there cannot be read.
type found struct {
	path    string
	problem *carrier.Problem
}

var (
	errNoFile  = errors.New("there is no file in it") // a folder in which nothing is to be checked
	errSpecial = errors.New("it is no file")          // a pipe, a device
)

// filesIn are the files in a folder and below it. Hidden ones are left alone. What is no file is not opened: a pipe
// would be waited for, and a device never ends.
func filesIn(folder string) []found {
	var files []found
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch hidden := path != folder && strings.HasPrefix(entry.Name(), "."); {
		case hidden && entry.IsDir():
			return fs.SkipDir
		case hidden:
		case err != nil: // the others are judged all the same
			files = append(files, found{path, unreadable(cause(err))})
		case !entry.IsDir():
			f := found{path: path}
			if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
				f.problem = unreadable(errSpecial)
			}
			files = append(files, f)
		}
		return nil
	})
	return files
}

// unreadable is the problem of what cannot be read for a reason of this machine.
func unreadable(err error) *carrier.Problem {
	p := &carrier.Problem{Code: credential.CodeInputUnavailable, Case: caseFile, Detail: err.Error()}
	for _, why := range filesUnread {
		if errors.Is(err, why.err) {
			p.Facts = map[string]string{verifier.FactName: why.name}
		}
	}
	return p
}

// spare refuses names for saving before anything is done: those of no kind that is written, those of a file that the command reads,
// which may be the only copy of a badge, and the same one twice.
func (c *verifyCommand) spare(named []source, in io.Reader) error {
	kept := slices.Concat(c.Resolve, c.Pack)
	for _, s := range named {
		if !s.address && s.name != "-" {
			kept = append(kept, s.name)
		}
	}
	var piped fs.FileInfo
	if file, ok := in.(*os.File); ok && slices.Contains(c.Input, "-") {
		piped, _ = file.Stat()
	}
	for i, name := range c.Save {
		if saverOf(name) == nil {
			return fmt.Errorf("--save %q: the name has to end in .pdf, .txt, .csv, .xlsx or .json", name)
		}
		lost := fmt.Errorf("--save %q: this file is to be read, and would be lost; choose another name", name)
		if there, err := os.Stat(name); err == nil && piped != nil && os.SameFile(there, piped) {
			return lost
		}
		if slices.ContainsFunc(kept, func(other string) bool { return sameFile(name, other) }) {
			return lost
		}
		if slices.ContainsFunc(c.Save[:i], func(other string) bool { return sameFile(name, other) }) {
			return fmt.Errorf("--save %q is given twice", name)
		}
	}
	return nil
}

// sameFile says whether two names are of one file, which need not be there yet.
func sameFile(one, other string) bool {
	a, errA := os.Stat(one)
	b, errB := os.Stat(other)
	if errA == nil && errB == nil {
		return os.SameFile(a, b)
	}
	folderA, errA := os.Stat(filepath.Dir(one))
	folderB, errB := os.Stat(filepath.Dir(other))
	return errA == nil && errB == nil && os.SameFile(folderA, folderB) && filepath.Base(one) == filepath.Base(other)
}

// read reads a file, or standard input. One that is too large is cut just beyond the limit, so that the report says so.
func read(name string, in io.Reader) ([]byte, *carrier.Problem) {
	data, err := readFile(name, in, credential.Limits.Upload)
	var large *tooLarge
	switch {
	case errors.As(err, &large):
		return large.data, nil
	case err != nil:
		return nil, unreadable(cause(errors.Unwrap(err)))
	}
	return data, nil
}
