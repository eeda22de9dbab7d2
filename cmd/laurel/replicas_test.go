package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// TestReplicas: of two servers on one database each shows at once what the other did, and opens what the other sealed; one that is
// killed in a batch leaves a batch that the other finishes, each row once.
func TestReplicas(t *testing.T) {
	faulty(t)
	g := onServer(t)
	flags := []string{"--public-url", publicBase, "--sample", "--verify-rate", "0"}
	a := g.start(t, flags...)
	other := g.replica(t)
	b := other.start(t, flags...)
	atOnce(t, g, a, b)
	opensSealed(t, a, b)

	l := newLedger(g)
	office, rest := g.office(t), other.office(t)
	rows := scale(t, 120, 500)
	in := issuer.BatchInput{Name: "A school", Actor: "a school"}
	for n := range rows {
		in.Awards = append(in.Awards, issuer.AwardInput{Recipient: fmt.Sprintf("pupil%d@example.org", n)})
	}
	batch, err := office.StartBatch(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	l.batches[in.Actor] = batch.ID
	// Either may have taken it: whoever is killed, another finishes.
	within(t, patience, "the batch is begun", func() error {
		if batch, err = rest.Batch(t.Context(), batch.ID); err == nil && batch.Done == 0 {
			err = errors.New("no row is done")
		}
		return err
	})
	a.kill(t)
	begun := time.Now()
	atKill := batch.Done
	within(t, batchWithin, "the other finishes the batch", func() error {
		if batch, err = rest.Batch(t.Context(), batch.ID); err == nil && batch.State != issuer.BatchFinished {
			err = fmt.Errorf("%+v", batch)
		}
		return err
	})
	took := time.Since(begun)
	if batch.Done != rows || batch.Failed > 0 {
		t.Errorf("%+v", batch)
	}
	other.laurel(t, "audit", "verify", "--deep").well(t)
	b.kill(t)
	l.inspect(t)
	p := other.start(t, flags...)
	l.ground = other
	l.check(t, p)
	if said := a.log.String() + b.log.String() + p.log.String(); said != "" {
		t.Errorf("a server complained:\n%s", said)
	}
	t.Logf("killed when %d of %d rows were done; the other had finished after %v", atKill, rows, took)
}

// atOnce changes the standing of an award at one server, and looks at the other at once.
func atOnce(t *testing.T, g *ground, a, b *process) {
	t.Helper()
	office := g.office(t)
	c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Name: "Kim Lee", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		to        string
		do        func() error
		list      string
		set, good bool
	}{
		{"awarded", func() error { return nil }, c.Slot.Revocation, false, true},
		{"suspended", func() error {
			_, err := office.Suspend(t.Context(), c.ID, "Being looked into.", "test")
			return err
		}, c.Slot.Suspension, true, false},
		{"reinstated", func() error { _, err := office.Reinstate(t.Context(), c.ID, "test"); return err }, c.Slot.Suspension, false, true},
		{"revoked", func() error {
			_, err := office.Revoke(t.Context(), c.ID, "Given by mistake.", "test")
			return err
		}, c.Slot.Revocation, true, false},
	} {
		for _, p := range []*process{a, b} { // what they might keep is there
			p.get(t, "/c/"+c.ID)
			p.get(t, "/status/"+step.list)
		}
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*process{b, a} {
			if set, err := decodedList(t, p.get(t, "/status/"+step.list)).Get(c.Slot.Index); err != nil || set != step.set {
				t.Errorf("%s: the bit is %v, error %v", step.to, set, err)
			}
			if page := string(p.get(t, "/c/"+c.ID)); strings.Contains(page, "Authentic, and in force today") != step.good {
				t.Errorf("%s: the page says in force: %v", step.to, !step.good)
			}
			if sealed := p.get(t, "/c/"+c.ID+".json"); !bytes.Equal(bytes.TrimSpace(sealed), bytes.TrimSpace(c.JSON)) {
				t.Errorf("%s: another document", step.to)
			}
			if report, err := p.judge(t, "application/vc", c.JSON); err != nil || (report.Outcome == string(verifier.Valid)) != step.good {
				t.Errorf("%s: judged %s, error %v", step.to, report.Outcome, err)
			}
		}
	}
}

var sealedField = regexp.MustCompile(`name="reports" value="([^"]+)"`)

// opensSealed has one server judge a badge, and the other write the record of it.
func opensSealed(t *testing.T, a, b *process) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("credential", "badge.json")
	if err == nil {
		_, err = part.Write(foreign(t))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	post := func(p *process, path, media string, body []byte) reply {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", media)
		request.Header.Set("Accept", "text/html")
		answer, err := exchange(http.DefaultClient, request)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	page := post(a, "/verify", w.FormDataContentType(), form.Bytes())
	sealed := sealedField.FindSubmatch(page.body)
	if sealed == nil {
		t.Fatalf("no sealed reports in the page: %d", page.status)
	}
	fields := url.Values{"reports": {html.UnescapeString(string(sealed[1]))}, "as": {"pdf"}}.Encode()
	record := post(b, "/verify/record", "application/x-www-form-urlencoded", []byte(fields))
	if record.status != http.StatusOK || !bytes.HasPrefix(record.body, []byte("%PDF-")) {
		t.Errorf("the record: %d %.200s", record.status, record.body)
	}
}
