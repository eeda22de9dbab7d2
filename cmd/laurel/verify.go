package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/verifier"
)

type verifyCommand struct {
	JSON         bool     `name:"json" help:"Print the report as JSON and nothing else: an object, or an array for several inputs."`
	Offline      bool     `help:"Call nobody. What needs the network is then not known."`
	At           string   `help:"Judge as of this instant, written as in RFC 3339." placeholder:"TIME"`
	Profile      string   `help:"What the input has to be: ${enum}." enum:"openbadges,vc" default:"openbadges"`
	Resolve      []string `help:"JSON object of URLs and DIDs with the files that stand for them; asked before the network." type:"existingfile" placeholder:"FILE"`
	StatusIssuer []string `help:"DID whose status lists count for every issuer." placeholder:"DID"`
	Input        []string `arg:"" help:"Files, https addresses, or - for standard input."`
}

var profiles = map[string]credential.Profile{"openbadges": credential.OpenBadges, "vc": credential.VerifiableCredentials}

// Run reads every input and prints a report for each, in order.
func (c *verifyCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	options := verifier.Options{Profile: profiles[c.Profile], StatusIssuers: c.StatusIssuer, Memory: &verifier.Memory{}}
	if c.At != "" {
		at, err := time.Parse(time.RFC3339, c.At)
		if err != nil {
			return fmt.Errorf("--at %q is not a time such as 2026-11-22T10:00:00Z", c.At)
		}
		options.At = at
	}
	fetcher, finish, err := c.fetcher(ctx, g)
	if err != nil {
		return err
	}
	defer finish()
	options.Fetch = fetcher

	var reports []*verifier.Report
	for _, name := range c.Input {
		input, err := c.read(ctx, name, t.in, fetcher)
		if err != nil {
			return err
		}
		report, err := verifier.Verify(fetch.WithBudget(ctx), input, options)
		if err != nil {
			return err
		}
		if strings.HasPrefix(name, "https://") {
			report.Input.Kind = "url"
		}
		reports = append(reports, report)
		if !c.JSON {
			printReport(t.out, name, report)
		}
	}
	if c.JSON {
		encoder := json.NewEncoder(t.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		var whole any = reports
		if len(reports) == 1 {
			whole = reports[0]
		}
		if err := encoder.Encode(whole); err != nil {
			return err
		}
	}
	return verdict(reports)
}

// verdict is the exit status for all reports together.
func verdict(reports []*verifier.Report) error {
	status := finished(exitGood)
	for _, r := range reports {
		switch r.Outcome {
		case verifier.Invalid:
			return finished(exitInvalid)
		case verifier.Unknown:
			status = exitUnknown
		}
	}
	if status == exitGood {
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

// read reads one input: a file, standard input, or what an address answers. One that is too large is cut just beyond the
// limit, so that the report says so.
func (c *verifyCommand) read(ctx context.Context, name string, in io.Reader, source verifier.Fetcher) ([]byte, error) {
	if !strings.HasPrefix(name, "https://") && !strings.HasPrefix(name, "http://") {
		data, err := readFile(name, in, credential.Limits.Upload)
		var large *tooLarge
		if errors.As(err, &large) {
			return large.data, nil
		}
		return data, err
	}
	document, err := source.Fetch(ctx, name, credential.Limits.Upload)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return document.Bytes, nil
}

var signs = map[verifier.Result]string{verifier.Pass: "yes    ", verifier.Fail: "NO     ", verifier.Warn: "note   ", verifier.NotKnown: "unknown", verifier.NotApplicable: "-      "}

// printReport prints a report for people.
func printReport(out io.Writer, name string, r *verifier.Report) {
	fmt.Fprintf(out, "%s\n  %s\n", name, headline(r))
	if v := r.Credential; v != nil {
		badge := cmp.Or(v.Name, v.Kind)
		if v.Achievement != nil && v.Achievement.Name != "" {
			badge = v.Achievement.Name
		}
		fmt.Fprintf(out, "  badge:   %s\n", clean(badge))
		if v.Holder != nil {
			fmt.Fprintf(out, "  holder:  %s\n", clean(v.Holder.ID))
		}
		if v.Issuer.ID != "" {
			fmt.Fprintf(out, "  issuer:  %s\n", clean(strings.TrimSpace(v.Issuer.Name+" <"+v.Issuer.ID+">")))
		}
		kind := clean(v.Standard)
		if strings.HasPrefix(kind, "Open Badges 2") {
			kind += ", an older standard"
		}
		fmt.Fprintf(out, "  kind:    %s\n", kind)
	}
	fmt.Fprintf(out, "  as of:   %s\n", r.AsOf.Format(time.RFC3339))
	for _, check := range r.Checks {
		fmt.Fprintf(out, "  %s  %-13s %s", signs[check.Outcome], check.Title, clean(check.Detail))
		if check.Code != "" {
			fmt.Fprintf(out, " [%s]", check.Code)
		}
		fmt.Fprintln(out)
	}
	for _, inside := range r.Credentials {
		printReport(out, name+" "+inside.Pointer, inside)
	}
}

// headline is the answer in one sentence. Unknown is never said as if it were good.
func headline(r *verifier.Report) string {
	failed := map[string]bool{}
	for _, check := range r.Checks {
		failed[check.Code] = failed[check.Code] || check.Outcome == verifier.Fail
	}
	standing := "not in force"
	for _, code := range []string{"not_yet_valid", "expired", "suspended", "revoked"} {
		if failed[code] {
			standing = strings.ReplaceAll(code, "_", " ")
		}
	}
	switch {
	case r.Outcome == verifier.Valid:
		return "Authentic, and in force."
	case r.Authentic == verifier.No:
		return "Not authentic."
	case r.Authentic == verifier.Yes && r.InForce == verifier.No && isInside(r):
		return "Authentic, but a credential in it is not in force."
	case r.Authentic == verifier.Yes && r.InForce == verifier.No:
		return "Authentic, but " + standing + "."
	case r.Authentic == verifier.Yes:
		return "Authentic, but whether it is in force could not be established."
	case r.InForce == verifier.No:
		return "Who signed it could not be established, and it is " + standing + "."
	}
	return "Who signed it could not be established."
}

// isInside says whether what keeps a presentation from being in force is a credential in it alone.
func isInside(r *verifier.Report) bool {
	return len(r.Credentials) > 0 && !slices.ContainsFunc(r.Checks, func(c verifier.Check) bool {
		return c.Outcome == verifier.Fail && !strings.HasPrefix(c.Pointer, "/verifiableCredential")
	})
}

// clean takes control characters out of text that somebody else wrote, so that it cannot steer a terminal or change the
// order in which it is read.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
			return -1
		}
		return r
	}, text)
}
