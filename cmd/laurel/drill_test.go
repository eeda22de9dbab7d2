package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const lostAwards = 40 // awarded after the backup, half of them revoked

// TestDrill loses the machine some hours after a backup. Restored into a new folder, and into a database, every award of the backup
// is there as it was and verifies; what is awarded from then on takes no place in a list that was given in the lost hours, whose
// awards stay authentic. Then the installation moves from the file into a database and back: nothing is lost, and what it moved
// away from is not opened again.
func TestDrill(t *testing.T) {
	faulty(t)
	count := 300
	if text := os.Getenv("LAUREL_DRILL"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatalf("LAUREL_DRILL: %v", err)
		}
	}
	d := &drill{ledger: newLedger(onFile(t))}
	d.prepare(t, count)
	d.lose(t)
	server := onServer(t)
	t.Run("into a folder", func(t *testing.T) { d.restore(t, onFile(t)) })
	t.Run("into a database", func(t *testing.T) { d.restore(t, server) })
	t.Run("moved there and back", func(t *testing.T) {
		from := onFile(t)
		l := d.restored(t, from)
		into := &ground{folder: from.folder, cluster: server.cluster, address: server.cluster.Database(t)}
		back := onFile(t)
		d.move(t, from, into, into.address)
		d.move(t, into, back, back.folder)
		p := back.start(t, "--public-url", publicBase)
		l.ground = back
		l.check(t, p)
		back.laurel(t, "audit", "verify", "--deep").well(t)
		if _, err := back.office(t).Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Actor: "test"}); err != nil {
			t.Error(err)
		}
	})
}

// drill is an installation, its backup, and what was awarded after that.
type drill struct {
	*ledger
	backup, identity string
	lost             []issuer.Credential
	given            map[string]bool // lists of which places were given before the machine was lost
}

// prepare awards, and makes the backup beside the running server, which goes on awarding.
func (d *drill) prepare(t *testing.T, count int) {
	t.Helper()
	p := d.start(t, "--public-url", publicBase, "--sample", "--verify-rate", "0")
	begun := time.Now()
	ids := awardMany(t, d.office(t), count)
	made := time.Since(begun)
	office := d.office(t)
	for _, id := range ids[:10] {
		if _, err := office.Revoke(t.Context(), id, "Given by mistake.", "test"); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	d.identity, d.backup = filepath.Join(folder, "identity"), filepath.Join(folder, "laurel.backup")
	recipient := strings.TrimSpace(d.laurel(t, "backup", "--new-identity", d.identity).well(t).out)
	stop, busy := make(chan struct{}), make(chan error, 1)
	go func() { // somebody awards while the backup is made; whether it holds these awards nobody was told
		for {
			select {
			case <-stop:
				busy <- nil
				return
			default:
			}
			c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Actor: "beside the backup"})
			if err != nil {
				busy <- err
				return
			}
			d.lost = append(d.lost, c)
		}
	}()
	took := d.laurel(t, "backup", "--to", recipient, "--output", d.backup).well(t).took
	close(stop)
	if err := <-busy; err != nil {
		t.Fatal(err)
	}
	beside := len(d.lost)
	for n := range lostAwards {
		c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Name: "Kim Lee", Actor: "test"})
		if err == nil && n%2 == 0 {
			_, err = office.Revoke(t.Context(), c.ID, "Given by mistake.", "test")
		}
		if err != nil {
			t.Fatal(err)
		}
		d.lost = append(d.lost, c)
	}
	if _, err := office.Revoke(t.Context(), ids[11], "Given by mistake.", "test"); err != nil {
		t.Fatal(err)
	}
	if said := p.log.String(); said != "" {
		t.Errorf("the server complained:\n%s", said)
	}
	p.kill(t)
	info, err := os.Stat(d.backup)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d awards in %v; the backup of %d bytes took %v, and %d more were awarded beside it", count, made, info.Size(), took, beside)
}

// lose remembers what was given, and the machine is gone.
func (d *drill) lose(t *testing.T) {
	t.Helper()
	d.inspect(t)
	d.given = map[string]bool{}
	for _, a := range d.awards {
		d.given[a.slot.Revocation], d.given[a.slot.Suspension] = true, true
	}
	if err := os.RemoveAll(d.folder); err != nil {
		t.Fatal(err)
	}
}

// restored restores the backup on a ground, and gives what it holds.
func (d *drill) restored(t *testing.T, g *ground) *ledger {
	t.Helper()
	if out := g.laurel(t, "restore", "--identity", d.identity, d.backup).well(t).out; !strings.Contains(out, "Restored "+publicBase) {
		t.Errorf("restore says:\n%s", out)
	}
	l := newLedger(g)
	l.inspect(t)
	for id, a := range d.awards {
		got := l.awards[id]
		switch {
		case got == nil && !d.late(id):
			t.Errorf("%s is not in the backup", id)
		case got != nil && (got.slot != a.slot || got.sum != a.sum && (got.standing != issuer.CredentialPending || !d.late(id))): // one that was half made is finished
			t.Errorf("%s is not what it was", id)
		}
	}
	return l
}

// late says that an award was made after the backup was begun.
func (d *drill) late(id string) bool {
	for _, c := range d.lost {
		if c.ID == id {
			return true
		}
	}
	return false
}

func (d *drill) restore(t *testing.T, g *ground) {
	begun := time.Now()
	l := d.restored(t, g)
	took := time.Since(begun)
	p := g.start(t, "--public-url", publicBase, "--verify-rate", "0")
	l.check(t, p)
	g.laurel(t, "audit", "verify", "--deep").well(t)
	office := g.office(t)
	for range 60 {
		c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if d.given[c.Slot.Revocation] || d.given[c.Slot.Suspension] {
			t.Fatalf("%s was given a place in a list of the lost hours", c.ID)
		}
		if report, err := verifier.Verify(t.Context(), c.JSON, verifier.Options{Fetch: ownDocuments{office, nil}}); err != nil || report.Outcome != verifier.Valid {
			t.Errorf("a new award: %+v, error %v", report, err)
		}
	}
	source := &readOnce{next: ownDocuments{office, nil}}
	for _, c := range d.lost {
		for _, form := range [][]byte{c.JSON, []byte(c.JWT)} {
			if report, err := verifier.Verify(t.Context(), form, verifier.Options{Fetch: source}); err != nil || report.Authentic != verifier.Yes {
				t.Errorf("an award of the lost hours: %+v, error %v", report, err)
			}
		}
	}
	p.kill(t)
	l.inspect(t)
	t.Logf("%d awards were restored in %v and verified; %d of the lost hours are authentic", len(l.awards), took, len(d.lost))
}

// move moves an installation, compares, and tries the place that it was moved from.
func (d *drill) move(t *testing.T, from, to *ground, target string) {
	t.Helper()
	before := stored(t, from)
	took := from.laurel(t, "migrate-store", target).well(t).took
	after := stored(t, to)
	for name, text := range before {
		if after[name] != text && !strings.HasPrefix(name, "key-file") {
			t.Errorf("%s is not the same", name)
		}
	}
	for name := range after {
		// That it moved is recorded; a database has the sealed keys too.
		if before[name] == "" && !strings.HasPrefix(name, "audit") && !strings.HasPrefix(name, "key-file") {
			t.Errorf("%s is new", name)
		}
	}
	// A move that is asked for once more fails, and takes no mark away.
	if again := from.refused(t, "migrate-store", target); again.status != exitCannot {
		t.Errorf("moved there a second time: %d %s", again.status, again.err)
	}
	for _, command := range [][]string{{"migrate-store", filepath.Join(t.TempDir(), "again")}, {"serve", "--listen", "127.0.0.1:0"}, {"issue", "--recipient", "kim@example.org"}} {
		if again := from.refused(t, command...); again.status != exitCannot || !strings.Contains(again.err, "was moved to") {
			t.Errorf("%s, where it was moved from: %d %s", command[0], again.status, again.err)
		}
	}
	t.Logf("%d records moved and compared in %v", len(after), took)
}

// stored is all that a store holds, but the end of the audit log, which says that it moved.
func stored(t *testing.T, g *ground) map[string]string {
	t.Helper()
	engine := g.look(t)
	all := everything{}
	if err := errors.Join(engine.Export(t.Context(), kinds(), all), engine.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

// everything is a store.Sink.
type everything map[string]string

// Row implements store.Sink.
func (e everything) Row(k issuer.Kind, r issuer.Row) error {
	if k.Name != "audit-head" {
		e[k.Name+" "+r.ID] = strconv.FormatUint(r.Version, 10) + " " + r.Order + " " + strings.Join(r.Lookups, "|") + " " + string(r.Body)
	}
	return nil
}

// Counter implements store.Sink.
func (e everything) Counter(name string, value uint64) error {
	e["counter "+name] = strconv.FormatUint(value, 10)
	return nil
}

var _ store.Sink = everything{}
