package verifier

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/credential/strict"
)

// Bounds of following the addresses in one item of what was handed in.
const (
	maxAddresses = 8               // asked, each once
	maxSteps     = 3               // from an address to what stands there and on to the next
	maxFound     = 64              // credentials and other findings in what stands at one address
	maxHeavy     = 2               // of what was read that is not light (carrier.Light), and of files of an archive that had to be searched for QR codes: it takes long
	caseLeads    = "leads"         // the beginning of the cases when there was more to follow than is followed
	caseNowhere  = "leads_nowhere" // the case when what was read holds no credential and names no other address
)

// VerifyAll judges whatever was handed in under a name: a file or text with any number of credentials, or with addresses that lead
// to them. It gives a report for each, and one for each part in which there is none, at least one and in the order in which they
// stand. An archive may be larger than any other file; see [carrier.Open]. The error is that of ctx.
func VerifyAll(ctx context.Context, name string, input []byte, o Options) ([]*Report, error) {
	var all []*Report
	for item := range carrier.Open(input, "") {
		reports, err := VerifyItem(ctx, item, o)
		if err != nil {
			return nil, err
		}
		for _, report := range reports {
			report.Input.Name = carrier.Below(name, report.Input.Name)
		}
		all = append(all, reports...)
	}
	return all, nil
}

// VerifyItem judges one item of what was handed in, as [carrier.Open] gives it: a report for each credential that it holds or leads to,
// at least one. An address in it is followed through o.Fetch, to what stands there and from a page to the credential behind it, at
// most 3 steps and 8 addresses, the best first; the first that yields a credential ends the search. Where none could be read the
// report is unknown (input_unavailable or ssrf_blocked). The error is that of ctx.
func VerifyItem(ctx context.Context, item carrier.Item, o Options) ([]*Report, error) {
	f := &finder{Options: o, asked: map[string]bool{}}
	var reports []*Report
	switch {
	case len(item.Text) > 0:
		report, _ := f.judge(ctx, item.Text, Document{})
		reports = []*Report{report}
	case item.Problem != nil:
		reports = []*Report{f.refused(faultOf(item.Problem), Document{})}
	default:
		reports, _ = f.follow(ctx, item.Links, 1)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(reports) == 0 {
		reports = []*Report{f.refused(emptyInput, Document{})}
	}
	sum := ""
	if len(item.Bytes) > 0 {
		sum = digest(item.Bytes)
	}
	for _, report := range reports {
		report.Input.Kind, report.Input.Name = item.Kind, item.Name
		if item.Kind != "url" { // of an address counts what was read there
			report.Input.SHA256 = sum
		}
	}
	return reports, nil
}

// finder follows the addresses in one item.
type finder struct {
	Options
	asked     map[string]bool // without their fragments
	addresses int
	heavy     int // of what was read
	bytes     int
}

// follow asks addresses in their order, until one yields a credential, and says whether one did. If none did, the reports are one that
// says why, or none when there was nobody to ask. What could not be read comes before what was read and holds nothing: as long as a
// credential may stand there, that there is none is not known.
func (f *finder) follow(ctx context.Context, addresses []string, step int) (reports []*Report, found bool) {
	var unread, empty *Report
	for _, address := range addresses {
		address, _, _ = strings.Cut(address, "#")
		switch {
		case ctx.Err() != nil:
			return nil, false
		case f.asked[address]:
			continue
		case step > maxSteps || f.addresses == maxAddresses || f.bytes > 2*credential.Limits.Upload:
			if unread == nil {
				unread = f.notLooked(address, caseLeads, "It leads to more addresses than are followed.", maxAddresses)
			}
			return []*Report{unread}, false
		}
		f.asked[address] = true
		f.addresses++
		source, err := f.ask(ctx, address)
		if err != nil {
			if unread == nil && (step == 1 || !isAbsent(err)) {
				unread = f.unread(address, err)
			}
			continue
		}
		f.asked[source.URL] = true
		reports, found := f.open(ctx, source, step)
		switch {
		case found:
			return reports, true
		case len(reports) == 0: // broken off
		case reports[0].Outcome == Unknown && unread == nil:
			unread = reports[0]
		case reports[0].Outcome != Unknown && empty == nil:
			empty = reports[0]
		}
	}
	switch {
	case unread != nil:
		return []*Report{unread}, false
	case empty != nil:
		return []*Report{empty}, false
	}
	return nil, false
}

// isAbsent says whether a server says itself that nothing stands at an address that a page names. That is an answer.
func isAbsent(err error) bool {
	cause := Cause(err)
	return cause == CauseNotFound || cause == CauseGone
}

// ask reads what stands at an address.
func (f *finder) ask(ctx context.Context, address string) (Document, error) {
	encrypted := strings.HasPrefix(address, "https://")
	switch {
	case !encrypted && (f.Fetch == nil || !strings.HasPrefix(address, "http://")): // the Fetcher knows which of these are of this machine
		return Document{}, ErrBlocked
	case f.Fetch == nil:
		return Document{}, errOffline
	}
	source, err := f.Fetch.Fetch(ctx, address, credential.Limits.Upload)
	f.bytes += len(source.Bytes)
	if source.URL == "" {
		source.URL = address
	}
	return source, err
}

// open judges what was read at an address, and follows it on. It says whether there is a credential; if not, the report is one that
// says why.
func (f *finder) open(ctx context.Context, source Document, step int) (reports []*Report, found bool) {
	if !carrier.Light(source.Bytes) {
		if f.heavy++; f.heavy > maxHeavy {
			return []*Report{f.notLooked(source.URL, caseLeads+"_pictures", "It leads to more pictures, PDFs and archives than are opened.", maxHeavy)}, false
		}
	}
	var last *byte                  // where the file began that was searched last
	searched := 0                   // files of an archive
	alternates := source.Alternates // what the answer itself names comes before what stands in it
	for item := range carrier.Open(source.Bytes, source.URL) {
		if ctx.Err() != nil {
			return nil, false
		}
		inside := len(item.Bytes) > 0 && &item.Bytes[0] != &source.Bytes[0]
		if len(reports) >= maxFound || searched == maxHeavy && (!inside || &item.Bytes[0] != last) {
			reports = append(reports, f.tooMany(source, len(reports)))
			break
		}
		if inside && &item.Bytes[0] != last && len(item.Text) == 0 && !carrier.Light(item.Bytes) {
			last = &item.Bytes[0] // one file may hold several things
			searched++
		}
		switch {
		case len(item.Text) > 0:
			report, holds := f.judge(ctx, item.Text, source)
			reports, found = append(reports, report), found || holds
		case item.Problem != nil && len(alternates) == 0:
			reports = append(reports, f.refused(faultOf(item.Problem), source))
		default:
			further, holds := f.follow(ctx, append(alternates[:len(alternates):len(alternates)], item.Links...), step+1)
			alternates = nil
			if found && len(further) == 0 {
				continue // it leads where others of them led already
			}
			if !holds && (len(further) == 0 || further[0].Outcome == Invalid && further[0].Text == nil) {
				further = []*Report{f.nowhere(source)} // not what else was found there: a picture, a style sheet
			}
			reports, found = append(reports, further...), found || holds
		}
	}
	if !found && len(alternates) > 0 {
		if further, holds := f.follow(ctx, alternates, step+1); holds || len(further) > 0 && further[0].Outcome == Unknown {
			return further, holds
		}
	}
	if found || len(reports) == 0 {
		return reports, found
	}
	for _, report := range reports {
		if report.Outcome == Unknown {
			return []*Report{report}, false
		}
	}
	return reports[:1], false
}

// judge judges the text of a credential, which was read at an address where source is not zero. It says whether it is one at all,
// good or bad.
func (f *finder) judge(ctx context.Context, text []byte, source Document) (report *Report, holds bool) {
	r := newRun(f.Options)
	s, _, unreadable := readText(text)
	if unreadable != nil {
		return f.refused(unreadable, source), false
	}
	r.judge(ctx, s)
	if r.document != nil && source.URL != "" && !isCredential(r.document) {
		return f.refused(&fault{code: credential.CodeNoCredential, which: "other_json", detail: "What stands at the address is a document for programs, and no credential."}, source), false
	}
	report = f.read(r, source)
	report.Text = bytes.Clone(s.bytes)
	return report, r.document != nil || r.found(Pass, "form") // the second for Open Badges 2.0
}

// isCredential tells a credential, good or bad, from any other JSON with a type or a vocabulary, as many pages name for programs.
func isCredential(c *credential.Credential) bool {
	return c.DataModel != "" || c.Kind != ""
}

// refused is the report of something without a credential.
func (f *finder) refused(why *fault, source Document) *Report {
	r := newRun(f.Options)
	r.refused(why)
	return f.read(r, source)
}

// read is the report of a run, with where and when its text was read.
func (f *finder) read(r *run, source Document) *Report {
	report := r.report()
	if source.URL == "" {
		return report
	}
	report.Input = Input{URL: source.URL, ReadAt: instant(source.ReadAt), SHA256: digest(source.Bytes)}
	for i, c := range report.Checks {
		if c.Step == "form" {
			report.Checks[i].AsOf, report.Checks[i].Facts = report.Input.ReadAt, factsOfSource(source).and(pairs(c.Facts)...)
		}
	}
	return report
}

// pairs are facts as names and values in turn.
func pairs(f Facts) []string {
	all := make([]string, 0, 2*len(f))
	for name, value := range f {
		all = append(all, name, value)
	}
	return all
}

// nowhere is the report of something at an address that names others, none of which leads to a credential.
func (f *finder) nowhere(source Document) *Report {
	return f.refused(&fault{code: credential.CodeNoCredential, which: caseNowhere,
		detail: "What stands at " + quotedTo(source.URL, maxAddress) + " holds no credential, and nothing there leads to one."}, source)
}

// unread is the report of an address at which nothing could be read.
func (f *finder) unread(address string, err error) *Report {
	r := newRun(f.Options)
	c := Check{Step: "form", Outcome: NotKnown, Code: credential.CodeInputUnavailable, Facts: factsOfUnread(address, err),
		Detail: "Nothing could be read at " + quotedTo(address, maxAddress) + ", " + becauseOf(err) + ". Whether a credential stands there is not known."}
	if errors.Is(err, ErrBlocked) {
		c.Code = codeBlocked
		c.Detail = "The address " + quotedTo(address, maxAddress) + " " + notCalled(err) + "."
	}
	r.add(c)
	return r.report()
}

// becauseOf is the end of a sentence about what could not be read.
func becauseOf(err error) string {
	var fetched *FetchError
	if errors.As(err, &fetched) {
		return "because " + fetched.Detail
	}
	return "and the reason is not known"
}

// notLooked is the report of an address that is one too many of a kind.
func (f *finder) notLooked(address, which, detail string, most int) *Report {
	r := newRun(f.Options)
	r.unknown("form", strict.CodeTooComplex, detail, "", "",
		FactCase, which, FactMost, strconv.Itoa(most), FactAddress, address)
	return r.report()
}

// tooMany is the report of what stands at one address beyond the findings that were looked at.
func (f *finder) tooMany(source Document, looked int) *Report {
	r := newRun(f.Options)
	r.unknown("form", strict.CodeTooComplex, "It leads to more credentials than are looked at.", "", "", FactCase, caseLeads+"_many", FactMost, strconv.Itoa(looked))
	return f.read(r, source)
}
