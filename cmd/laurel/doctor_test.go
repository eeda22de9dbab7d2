package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// said is the one line of a check; "" when there is none.
func said(t *testing.T, d *doctor, check string) string {
	t.Helper()
	found := ""
	for _, l := range d.lines {
		if l.Check != check {
			continue
		}
		if found != "" {
			t.Errorf("%s is said twice", check)
		}
		found = l.Outcome + ": " + l.Detail
	}
	return found
}

func expect(t *testing.T, d *doctor, check, want string) {
	t.Helper()
	if got := said(t, d, check); !strings.HasPrefix(got, want) || want == "" && got != "" {
		t.Errorf("%s: %q, want %q", check, got, want)
	}
}

// outside is what the public web answers.
type outside struct {
	document string
	fault    error
	end      time.Time
	endFault error
}

func (o outside) Fetch(_ context.Context, address string, _ int) (verifier.Document, error) {
	return verifier.Document{Bytes: []byte(o.document), URL: address}, o.fault
}

func (o outside) CertificateEnd(context.Context, string) (time.Time, error) { return o.end, o.endFault }

// inside is the installation's own document, whatever the address.
type inside string

func (i inside) Document(_ context.Context, address string) ([]byte, error) {
	if address != "https://badges.example.org/.well-known/did.json" {
		return nil, errors.New("there is no such document")
	}
	return []byte(i), nil
}

func public() *condition {
	return &condition{control.Condition{Proxies: 1, Inspection: issuer.Inspection{
		Base: "https://badges.example.org", Public: true, Organisations: []issuer.Organisation{{Name: "Example", DID: "did:web:badges.example.org"}},
	}}, true}
}

func TestDoctorPublic(t *testing.T) {
	year := noon.AddDate(1, 0, 0)
	for name, c := range map[string]struct {
		web                 outside
		address, certified  string
		change              func(*condition)
		proxied, onlyThings string
	}{
		"reached":            {web: outside{"{}", nil, year, nil}, address: "ok: Everybody can read", certified: "ok: The TLS certificate lasts until 2027-11-22", proxied: "ok: Visitors"},
		"another document":   {web: outside{`{"a":1}`, nil, year, nil}, address: "mend: https://badges.example.org/.well-known/did.json answers with another", certified: "ok", proxied: "ok"},
		"unreachable":        {web: outside{"", fmt.Errorf("%w: the name of the server could not be resolved", verifier.ErrUnavailable), year, fmt.Errorf("%w: x", verifier.ErrUnavailable)}, address: "mend: Nobody can read https://badges.example.org/.well-known/did.json, so no badge can be checked: the name of the server could not be resolved;", certified: "mend: No trusted TLS connection to https://badges.example.org can be made: x.", proxied: "ok"},
		"from inside":        {web: outside{"", fmt.Errorf("%w: its name leads into a private network", verifier.ErrBlocked), year, nil}, address: "note: From this machine the name leads into a private network", certified: "ok", proxied: "ok"},
		"certificate ended":  {web: outside{"{}", nil, noon.AddDate(0, 0, -1), nil}, address: "ok", certified: "mend: The TLS certificate ended on 2026-11-21", proxied: "ok"},
		"certificate ending": {web: outside{"{}", nil, noon.AddDate(0, 0, 3), nil}, address: "ok", certified: "mend: The TLS certificate ends on 2026-11-25", proxied: "ok"},
		"no proxy":           {web: outside{"{}", nil, year, nil}, change: func(c *condition) { c.Proxies = 0 }, address: "ok", certified: "ok", proxied: "mend: The server speaks plain HTTP and knows no proxy"},
		"own TLS":            {web: outside{"{}", nil, year, nil}, change: func(c *condition) { c.Proxies, c.TLS, c.CertificateEnd = 0, true, year }, address: "ok", certified: "ok", proxied: "ok: The server speaks TLS itself"},
		"not running":        {web: outside{"{}", nil, year, nil}, change: func(c *condition) { c.running = false }, address: "note: Whether everybody reaches"},
		"local":              {web: outside{"{}", nil, year, nil}, change: func(c *condition) { c.Inspection.Public = false }, address: "note: This installation works on this machine only"},
	} {
		t.Run(name, func(t *testing.T) {
			d, found := &doctor{now: noon, web: c.web}, public()
			if c.change != nil {
				c.change(found)
			}
			d.public(t.Context(), found, inside("{}"))
			expect(t, d, "public URL", c.address)
			expect(t, d, "certificate", c.certified)
			expect(t, d, "proxy", c.proxied)
		})
	}
	d, found := &doctor{now: noon}, public()
	found.TLS, found.CertificateEnd = true, noon.AddDate(0, 0, -1)
	d.public(t.Context(), found, inside("{}"))
	expect(t, d, "public URL", "note: Whether everybody reaches https://badges.example.org was not tried (--offline)")
	expect(t, d, "certificate", "mend: The TLS certificate ended") // its own is known without a call
}

func TestDoctorRecords(t *testing.T) {
	for name, c := range map[string]struct {
		found  issuer.Inspection
		checks map[string]string
	}{
		"good":       {issuer.Inspection{Acts: 7, Latest: noon, Lists: 2, ListsEnd: noon.Add(1)}, map[string]string{"audit log": "ok: The store opens, and the chain of its 7 acts", "drafts": "ok", "clock": "ok", "status lists": "ok: All 2"}},
		"broken":     {issuer.Inspection{Broken: "The audit log is not as it was written: entry 3 was changed or is missing."}, map[string]string{"audit log": "mend: The audit log is not as it was written: entry 3", "status lists": "ok: There are none yet"}},
		"drafts":     {issuer.Inspection{Drafts: 2}, map[string]string{"drafts": "mend: Awards that were begun and are not finished: 2;"}},
		"clock":      {issuer.Inspection{Latest: noon.Add(time.Hour)}, map[string]string{"clock": "mend: The clock says 2026-11-22T12:00:00Z, before the latest act of 2026-11-22T13:00:00Z"}},
		"clock near": {issuer.Inspection{Latest: noon.Add(time.Minute)}, map[string]string{"clock": "ok"}},
		"unsigned":   {issuer.Inspection{Lists: 2, Unsigned: 1}, map[string]string{"status lists": "mend: Lists that have changed since they were last signed: 1;"}},
		"old lists":  {issuer.Inspection{Lists: 2, ListsEnd: noon.Add(-1)}, map[string]string{"status lists": "mend: The newest signed copies ended on 2026-11-22"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := &doctor{now: noon}
			d.store(c.found)
			d.clock(c.found)
			d.lists(&condition{Condition: control.Condition{Inspection: c.found}})
			for check, want := range c.checks {
				expect(t, d, check, want)
			}
		})
	}
}

func TestDoctorServer(t *testing.T) {
	for want, told := range map[string]control.Condition{
		"ok: A server runs on :1":                            {Version: version(), Listen: ":1"},
		"mend: The running server is laurel v0":              {Version: "laurel v0"},
		"mend: The server on :1 runs, but does not do its w": {Version: version(), Listen: ":1", NotReady: "The store could not be read."},
	} {
		d := &doctor{now: noon}
		d.server(told)
		expect(t, d, "server", want)
	}
}

func TestDoctorSpace(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		free, whole uint64
		want        string
	}{
		{50 * gib, 100 * gib, "ok: 50 GiB are free"},
		{2 * gib, 10 * gib, "ok"},
		{gib / 2, 2 * gib, "mend: Only 0.5 GiB of 2.0 GiB are free"},
		{2 * gib, 100 * gib, "mend: Only 2.0 GiB of 100.0 GiB"},
		{3 * gib, 1000 * gib, "mend"},
		{12 * gib, 1000 * gib, "ok: 12 GiB are free"},
	} {
		d := &doctor{}
		d.space(c.free, c.whole)
		expect(t, d, "disk", c.want)
	}
}

// An act that somebody rewrote in the store, and a draft that a crash left, are found without keys and without a server.
func TestDoctorFindsTampering(t *testing.T) {
	g := &grammar{Data: t.TempDir()}
	opened, _, err := openInstallation(t.Context(), g, "http://localhost:1", false, officeFlags{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := opened.EnsureOrganisation(t.Context(), "Example", ""); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	d := &doctor{folder: g.Data, now: time.Now()}
	if err := d.examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, d, "audit log", "ok: The store opens, and the chain of its 2 acts is unbroken")

	store, err := bolt.Open(g.Data)
	if err != nil {
		t.Fatal(err)
	}
	audit := kinds()[slices.IndexFunc(kinds(), func(k issuer.Kind) bool { return k.Name == "audit" })]
	err = store.Update(t.Context(), func(tx issuer.Tx) error {
		row, err := tx.Get(audit, fmt.Sprintf("%020d", 1))
		if err != nil {
			return err
		}
		var entry map[string]any
		if err := json.Unmarshal(row.Body, &entry); err != nil {
			return err
		}
		entry["actor"] = "nobody"
		if row.Body, err = json.Marshal(entry); err != nil {
			return err
		}
		return tx.Put(audit, row)
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	d = &doctor{folder: g.Data, now: time.Now()}
	if err := d.examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, d, "audit log", "mend: The audit log is not as it was written: entry 1 was changed. Keep a copy")
}
