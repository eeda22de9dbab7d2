// Package device checks what people hand in on their own device: the verifier, with the words and the page around its report, for a
// program that runs inside a browser. Start with [Check]. It does what POST /verify does for one file, and its report is the same, byte
// for byte, as far as it may read the same documents: those of the server that the page came from ([Own]), and those of an offline
// pack (package pack).
package device

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// Shown is a report and how a page shows it.
type Shown struct {
	JSON    string           `json:"json"` // the report as POST /verify answers a single one
	Outcome verifier.Outcome `json:"outcome"`
	Page    *Node            `json:"page"`
}

// Page is where reports are shown.
type Page struct {
	Language wording.Language
	Pack     time.Time     // when the offline pack that is loaded was made; zero without one
	Here     *wording.Here // the issuers of the server that the page came from; nil where they are not known
}

// Check judges a file or text that was handed in under a name, "" for none: a report for each credential in it, at least one. The
// error is that of ctx.
func Check(ctx context.Context, name string, input []byte, page Page, o verifier.Options) ([]Shown, error) {
	reports, err := verifier.VerifyAll(ctx, wording.Plain(name), input, o)
	if err != nil {
		return nil, fmt.Errorf("checking: %w", err)
	}
	all := make([]Shown, len(reports))
	for i, report := range reports {
		text, err := JSON(report)
		if err != nil {
			return nil, err
		}
		all[i] = Shown{JSON: string(text), Outcome: report.Outcome, Page: page.Sheet(report, string(text))}
	}
	return all, nil
}

// JSON writes a report as POST /verify does.
func JSON(report *verifier.Report) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return nil, fmt.Errorf("writing a report: %w", err)
	}
	return out.Bytes(), nil
}

// mostRead is how many documents of its server a page reads for one input.
const mostRead = 20

// Own reads the documents of the server that a page came from, and of nobody else.
type Own struct {
	// Base is the public address of the server, without a slash at the end. It must be the page's own origin.
	Base string
	// Read reads an address below Base. It gives up beyond limit bytes, and sends nothing that says who asks.
	Read func(ctx context.Context, address string, limit int) (body []byte, status int, err error)
	// Now is the clock.
	Now func() time.Time
}

// ErrTooLong: an answer is longer than the limit.
var ErrTooLong = errors.New("the answer is too long")

// ForInput is the Fetcher for one input; nil for an Own that reads nothing.
func (o *Own) ForInput() verifier.Fetcher {
	if o == nil {
		return nil
	}
	return &reading{Own: o}
}

type reading struct {
	*Own
	count atomic.Int64
}

// Fetch implements [verifier.Fetcher].
func (r *reading) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	refuse := func(cause, detail string) (verifier.Document, error) {
		return verifier.Document{}, &verifier.FetchError{Kind: verifier.ErrUnavailable, Cause: cause, Detail: detail}
	}
	if !strings.HasPrefix(address, r.Base+"/") || strings.Contains(address, "#") {
		return refuse(verifier.CausePage, "a page that checks on this device reads from its own server only")
	}
	if r.count.Add(1) > mostRead {
		return refuse(verifier.CauseTooMany, "too much had to be read first")
	}
	body, status, err := r.Read(ctx, address, limit)
	switch {
	case errors.Is(err, ErrTooLong):
		return verifier.Document{}, verifier.ErrTooLarge
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(verifier.CauseTimeout, "the server did not answer in time")
	case err != nil:
		return refuse(verifier.CauseConnection, "the server could not be reached")
	case status == 404:
		return refuse(verifier.CauseNotFound, "the server has nothing there")
	case status == 410:
		return verifier.Document{}, &verifier.FetchError{Kind: verifier.ErrGone, Cause: verifier.CauseGone, Detail: "the server says that it has been withdrawn"}
	case status != 200:
		return verifier.Document{}, &verifier.FetchError{Kind: verifier.ErrUnavailable, Cause: verifier.CauseStatus, Status: status, Detail: fmt.Sprintf("the server answered with status %d", status)}
	}
	return verifier.Document{Bytes: body, URL: address, ReadAt: r.Now(), Origin: verifier.Installation}, nil
}
