package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

type doctorCommand struct {
	JSON    bool `name:"json" help:"Print what was found as JSON and nothing else."`
	Offline bool `help:"Call nobody: whether others reach the public address is then not tried."`
	Deep    bool `help:"Read every record, hold it against its checksum and against the audit log; takes a minute for a million."`
}

// Run looks at everything, changes nothing, and says what to do. The exit status is 0 when nothing is to be mended, else 1.
func (c *doctorCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if err := g.place().exists(); err != nil {
		return err
	}
	passphrase, err := g.passphrase()
	if err != nil {
		return err
	}
	d := &doctor{folder: g.folder(), address: g.Store, keyStore: g.KeyStore, passphrase: passphrase, now: time.Now(), deep: c.Deep}
	if !c.Offline {
		d.web = fetch.New(fetch.Options{})
	}
	if err := d.examine(ctx); err != nil {
		return err
	}
	outcome := "ok"
	for _, l := range d.lines {
		if l.Outcome == mend {
			outcome = mend
		}
	}
	if c.JSON {
		err = printJSON(t.out, struct {
			Outcome string `json:"outcome"`
			Checks  []line `json:"checks"`
		}{outcome, d.lines})
	} else {
		err = printLines(t.out, d.lines)
	}
	if err == nil && outcome == mend {
		return finished(exitInvalid)
	}
	return err
}

// Outcomes of a check.
const (
	fine = "ok"
	mend = "mend" // something is to be done; the sentence says what
	note = "note" // good to know
)

// line is one finding: one sentence.
type line struct {
	Check   string `json:"check"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail"`
}

func printLines(out io.Writer, lines []line) error {
	for _, l := range lines {
		if _, err := fmt.Fprintf(out, "%-5s %-12s %s\n", l.Outcome, l.Check, l.Detail); err != nil {
			return err
		}
	}
	return nil
}

// doctor examines one installation.
type doctor struct {
	folder     string
	address    string // of the database; "" for the file in the folder
	keyStore   string // where private keys are; "" beside the records
	passphrase string
	now        time.Time
	deep       bool
	web        publicWeb // nil: nobody is called
	lines      []line
	engine     store.Engine // nil when a server holds it, or when it cannot be opened
}

func (d *doctor) say(check, outcome, format string, arguments ...any) {
	d.lines = append(d.lines, line{check, outcome, fmt.Sprintf(format, arguments...)})
}

// examine makes every check. An error says that it could not look at all.
func (d *doctor) examine(ctx context.Context) error {
	d.say("program", fine, "%s, built with %s.", version(), runtime.Version())
	d.modes()
	found, own, finish, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer finish()
	d.identity(found != nil && found.Inspection.Public)
	if found != nil {
		d.store(found.Inspection)
		d.clock(found.Inspection)
		d.keys(found)
		d.lists(found)
		d.zones(found)
		d.public(ctx, found, own)
		if d.deep {
			d.everything(ctx, own)
		}
	}
	d.disk()
	return nil
}

// zones names the organisations that have not said where their days are told. A day may be the one after there, and a month as well.
func (d *doctor) zones(found *condition) {
	for _, o := range found.Inspection.Organisations {
		if o.Settings.Zone == "" {
			d.say("zone", note, "%s has no time zone, so its days are told in UTC; set it with laurel organisation set --issuer %s --zone NAME.", o.Name, o.ID)
		}
	}
}

// condition is what the checks go by.
type condition struct {
	control.Condition
	running bool // a server holds the installation; else only Inspection is known
}

// open reads how the installation is: from the server that holds it, or from its store. It is nil when that is damaged.
func (d *doctor) open(ctx context.Context) (found *condition, own documents, finish func(), err error) {
	finish = func() {}
	if client := control.Dial(ctx, d.folder); client != nil {
		told, err := client.Condition(ctx)
		if err != nil {
			d.say("server", mend, "The running server does not say how it is; stop it and start it with this program (%s).", explain(err))
			return nil, nil, finish, nil
		}
		d.server(told)
		return &condition{told, true}, client, finish, nil
	}
	engine, err := place{d.address, d.folder}.open(ctx, true)
	switch {
	case d.address != "" && err != nil:
		return nil, nil, nil, err
	case errors.Is(err, store.ErrLocked):
		return nil, nil, nil, fmt.Errorf("%s is in use by another process; run laurel doctor as the user that runs laurel serve there, or try again in a moment", d.folder)
	case errors.Is(err, fs.ErrPermission):
		return nil, nil, nil, fmt.Errorf("%s belongs to another user; run laurel doctor as that user", d.folder)
	case err != nil:
		d.damaged(err.Error())
		return nil, nil, finish, nil
	}
	d.engine, finish = engine, func() { _ = engine.Close() }
	d.say("server", note, "No server is running in this folder.")
	if d.address == "" {
		if err := bolt.Usable(d.folder); err != nil { // what can still be read is worth a backup
			d.say("store", mend, "No server starts with this store (%v).", err)
		}
	}
	var told condition
	if told.Inspection, err = inspect(ctx, engine, d.now); errors.Is(err, issuer.ErrNotFound) {
		finish()
		return nil, nil, nil, fmt.Errorf("there is no installation in %s; start `laurel serve` there once, or name another folder with --data", d.folder)
	} else if err != nil {
		d.damaged(explain(err))
		return nil, nil, finish, nil
	}
	return &told, issuer.NewDocuments(engine), finish, nil
}

// inspect reads the store. A file that is damaged inside makes the engine panic or fault; that is a finding here.
func inspect(ctx context.Context, store issuer.Store, now time.Time) (found issuer.Inspection, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = errors.New("a part of it cannot be read")
		}
	}()
	return issuer.NewDocuments(store).Inspect(ctx, now)
}

// examined is what looks into the whole store: a running server, or the store that was opened here.
type examined interface {
	CheckStore(ctx context.Context) ([]string, error)
	VerifyAuditDeep(ctx context.Context) (int, error)
}

// openedStore is a store that was opened for looking.
type openedStore struct {
	*issuer.Documents
	engine store.Engine
}

func (o openedStore) CheckStore(ctx context.Context) ([]string, error) {
	return checkStore(ctx, o.engine)
}

// everything reads all records.
func (d *doctor) everything(ctx context.Context, own documents) {
	look, ok := own.(examined)
	if !ok {
		look = openedStore{issuer.NewDocuments(d.engine), d.engine}
	}
	faults, err := look.CheckStore(ctx)
	switch {
	case err != nil:
		d.say("records", mend, "The records could not be read to the end (%s).", explain(err))
	case len(faults) > 0:
		for _, fault := range faults {
			d.say("records", mend, "%s", fault)
		}
		d.say("records", mend, "Restore the last good backup into a new folder (docs/operate.md, Damage).")
	default:
		d.say("records", fine, "Every record is as it was written, by its checksum.")
	}
	if _, err := look.VerifyAuditDeep(ctx); err != nil {
		d.say("audit deep", mend, "%s", explain(err))
	} else {
		d.say("audit deep", fine, "Every record is as the newest entry about it in the audit log says.")
	}
}

func (d *doctor) damaged(cause string) {
	d.say("store", mend, "The store cannot be read; restore the last good backup into a new folder with laurel restore (%s: %s).",
		filepath.Join(d.folder, bolt.FileName), cause)
}

// server says which one is running.
func (d *doctor) server(told control.Condition) {
	if told.Version != version() {
		d.say("server", mend, "The running server is %s; start it again to use this program.", told.Version)
		return
	}
	if told.NotReady != "" {
		d.say("server", mend, "The server on %s runs, but does not do its work: %s", told.Listen, told.NotReady)
		return
	}
	d.say("server", fine, "A server runs on %s and does its work.", told.Listen)
}
