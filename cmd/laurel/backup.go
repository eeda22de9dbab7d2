package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/laurelbadges/laurel/internal/backup"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

type backupCommand struct {
	To          []string `help:"Who can open the backup: age1..., as --new-identity prints it." placeholder:"RECIPIENT"`
	Output      string   `short:"o" help:"File to write, 0600; - for standard output." placeholder:"FILE"`
	NewIdentity string   `help:"Make what opens backups, write it to FILE, print its recipient, and do nothing else." placeholder:"FILE"`
}

// Run writes a backup, through the running server where there is one.
func (c *backupCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	switch {
	case c.NewIdentity != "":
		return newIdentity(c.NewIdentity, t)
	case len(c.To) == 0:
		return errors.New("say who can open the backup with --to age1...; laurel backup --new-identity FILE makes an identity and prints its recipient")
	case c.Output == "":
		return errors.New("say where to with --output FILE, or --output - for standard output")
	}
	if err := backup.CheckRecipients(c.To); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM) // nothing half written is left behind
	defer stop()
	write := func(w io.Writer) error { return backUp(ctx, g.place(), c.To, w) }
	if c.Output == "-" {
		return write(t.out)
	}
	size, err := writeWhole(c.Output, write)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.err, "Wrote %s, %d bytes. laurel restore --check %s --identity FILE reads it to its end.\n", c.Output, size, c.Output)
	return err
}

// backUp writes a backup: the running server does it, or else the store is opened for looking, without its keys, so that what is left
// of a damaged one can be saved too.
func backUp(ctx context.Context, at place, recipients []string, w io.Writer) error {
	if o, err := runningOffice(ctx, at); err != nil {
		return err
	} else if o != nil {
		return o.Backup(ctx, recipients, w)
	}
	if err := at.exists(); err != nil {
		return err
	}
	engine, err := at.open(ctx, true)
	if err != nil {
		return err
	}
	base, err := issuer.NewDocuments(engine).Base(ctx)
	if err == nil {
		err = writeBackup(ctx, engine, at.folder, base, recipients, w)
	}
	return errors.Join(err, engine.Close())
}

// writeBackup writes all that a store holds, and what opens its keys.
func writeBackup(ctx context.Context, engine store.Engine, folder, base string, recipients []string, w io.Writer) error {
	var files fs.FS
	if folder := filepath.Join(folder, "keys"); exists(folder) {
		files = os.DirFS(folder)
	}
	_, err := backup.Write(ctx, w, backup.Options{Recipients: recipients, Engine: engine, Kinds: kinds(), Files: files,
		Created: time.Now(), Program: version(), Base: base})
	if err != nil && ctx.Err() == nil { // the socket is the owner's, who has to know what is damaged
		return &issuer.Error{Kind: issuer.KindUnavailable, Code: "no_backup", Detail: "The backup was not made (" + err.Error() + "). laurel doctor --deep looks at everything.", Err: err}
	}
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// newIdentity makes the identity of backups. Its file is for a safe place: with it and a backup, all of an installation is there.
func newIdentity(file string, t *terminal) error {
	identity, recipient, err := backup.NewIdentity()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the identity: %w", err)
	}
	_, err = fmt.Fprintf(f, "# Opens backups of Laurel made for %s\n%s\n", recipient, identity)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the identity: %w", err)
	}
	fmt.Fprintf(t.err, "Keep %s away from this machine, in two safe places: without it no backup can be opened. The recipient is:\n", file)
	_, err = fmt.Fprintln(t.out, recipient)
	return err
}

// writeWhole writes a file that is there as a whole or not at all.
func writeWhole(path string, write func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".laurel-*") // 0600
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	if err = write(f); err == nil {
		size, err = f.Seek(0, io.SeekCurrent)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return 0, err
	}
	folder, err := os.Open(filepath.Dir(path)) // the name is on disk only once its folder is
	if err != nil {
		return 0, err
	}
	return size, errors.Join(folder.Sync(), folder.Close())
}

type restoreCommand struct {
	File      string `arg:"" optional:"" help:"The backup, or - for standard input."`
	Identity  string `help:"File with the identity that opens it." type:"existingfile" placeholder:"FILE"`
	Check     bool   `help:"Read it to its end, say what it holds, and restore nothing."`
	Recovered bool   `help:"For a store that was set back to an earlier moment by other means, such as a point-in-time recovery: open new status lists."`
}

// Validate refuses what does not go together.
func (c *restoreCommand) Validate() error {
	switch {
	case c.Recovered && (c.File != "" || c.Identity != "" || c.Check):
		return errors.New("--recovered is for a store that is already there, and takes no backup")
	case !c.Recovered && (c.File == "" || c.Identity == ""):
		return errors.New("name the backup, and with --identity FILE what opens it")
	}
	return nil
}

// Run restores into the folder of --data, and the database of --store, which must be empty.
func (c *restoreCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if c.Recovered {
		return recovered(ctx, g, t)
	}
	text, err := os.ReadFile(c.Identity)
	if err != nil {
		return fmt.Errorf("reading the identity: %w", err)
	}
	identities, err := backup.Identities(string(text))
	if err != nil {
		return err
	}
	in := t.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("reading the backup: %w", err)
		}
		defer f.Close()
		in = f
	}
	if c.Check {
		found, err := backup.Verify(ctx, in, identities)
		if err != nil {
			return err
		}
		return tell(t.out, "It is whole: a backup of", found)
	}
	found, err := c.restore(ctx, g, in, identities)
	if err != nil {
		return err
	}
	if err := tell(t.out, "Restored", found); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, `First stop whatever still runs from the lost installation, for good. Then start laurel serve here.
What was done after %s is not in it:
  - awards of these hours stay authentic, but this installation does not know them
  - revocations, and tokens and keys that were ended, have to be ended again
  - new awards get their places in new status lists, so that none is given twice
  - batches that were under way are on hold: laurel batch list
  - messages that waited are not sent, as they may have been: the staff can send them again
  - the staff have to sign in anew; who was removed or disabled has to be so again
  - who was erased in these hours is here again: before the start, laurel erase --replay LOG, with what
    laurel audit export has written since; and erase them from this backup
`, found.Header.Created.Format(time.RFC3339))
	return err
}

func (c *restoreCommand) restore(ctx context.Context, g *grammar, in io.Reader, identities []string) (found backup.Summary, err error) {
	engine, err := g.place().open(ctx, false)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	found, err = backup.Read(ctx, in, identities, backup.Into{Engine: engine, Kinds: kinds(), Folder: filepath.Join(g.folder(), "keys")})
	if err == nil {
		err = settleKeys(g.place(), engine)
	}
	if err == nil {
		err = issuer.Restored(ctx, engine, found.Header.Created, time.Now(), actor, passing()...)
	}
	return found, err
}

// stopped says so when a server runs in the folder: what is to be done is for a store that nobody uses.
func stopped(ctx context.Context, g *grammar) error {
	if control.Dial(ctx, g.folder()) != nil {
		return errors.New("a server is running in this folder; stop it first, and every other that uses this store")
	}
	return nil
}

// recovered closes the status lists of a store that knows less than was done.
func recovered(ctx context.Context, g *grammar, t *terminal) (err error) {
	if err := stopped(ctx, g); err != nil {
		return err
	}
	if err := g.place().exists(); err != nil {
		return err
	}
	engine, err := g.place().open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	found, err := issuer.NewDocuments(engine).Inspect(ctx, time.Now())
	if err != nil {
		return err
	}
	if err := settleKeys(g.place(), engine); err != nil { // a restore that was broken off may not have come to it
		return err
	}
	if err := issuer.Restored(ctx, engine, found.Latest, time.Now(), actor, passing()...); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "The latest act that this store knows was at %s. New awards get their places in new status lists, so that none of the hours since is given twice.\n", found.Latest.Format(time.RFC3339))
	return err
}

// tell says what a backup holds.
func tell(out io.Writer, doing string, found backup.Summary) error {
	_, err := fmt.Fprintf(out, "%s %s of %s\n", doing, found.Header.Base, found.Header.Created.Format(time.RFC3339))
	for _, k := range append(found.Kinds, backup.Content{Name: "counter", Count: found.Counters.Count}, backup.Content{Name: "key file", Count: found.Files.Count}) {
		if k.Count > 0 && err == nil {
			_, err = fmt.Fprintf(out, "  %9d  %s\n", k.Count, strings.ReplaceAll(k.Name, "-", " "))
		}
	}
	return err
}

type migrateCommand struct {
	Target string `arg:"" help:"Where to: postgres://USER@HOST/NAME, or a new folder."`
}

// Run copies everything, compares both, and leaves the old store marked, so that nobody goes on issuing from it.
func (c *migrateCommand) Run(ctx context.Context, g *grammar, t *terminal) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM) // the old store is not left marked
	defer stop()
	from, to := g.place(), place{folder: c.Target}
	if strings.Contains(c.Target, "://") {
		to = place{address: c.Target, folder: g.folder()}
	}
	where, err := to.name() // the mark is read elsewhere
	if err != nil {
		return err
	}
	if here, err := from.name(); err != nil || here == where {
		return errors.Join(err, errors.New("that is where the records are already; name the new place, and the old one with --data or --store"))
	}
	if err := stopped(ctx, g); err != nil {
		return err
	}
	if err := from.exists(); err != nil {
		return err
	}
	source, err := from.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if from.folder != to.folder {
		if err := copyKeyFolder(filepath.Join(from.folder, "keys"), filepath.Join(to.folder, "keys")); err != nil {
			return fmt.Errorf("copying the keys: %w", err)
		}
	}
	target, err := to.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	before, err := issuer.NewDocuments(source).Inspect(ctx, time.Now())
	if err != nil {
		return err
	}
	if err := issuer.MarkMoved(ctx, source, where, time.Now(), actor); err != nil {
		return err
	}
	found, err := backup.Copy(ctx, source, target, kinds())
	if err == nil {
		err = settleKeys(to, target)
	}
	ctx = context.WithoutCancel(ctx)      // the marks are set right also for somebody who breaks it off
	if err != nil && before.Moved == "" { // the mark of a move that was done before stays: the other store may be in use
		err = errors.Join(err, issuer.MarkMoved(ctx, source, "", time.Now(), actor))
	}
	if err != nil {
		return err
	}
	if err := issuer.MarkMoved(ctx, target, "", time.Now(), actor); err != nil { // it may have taken all the same, so the source stays marked
		return fmt.Errorf("everything was copied, but whether the copy can be used is not known; see what laurel doctor says there, or empty it and move again: %w", err)
	}
	fmt.Fprintf(t.out, "Copied %d records and compared them one by one.\n", found.Records())
	how := "--data " + word(c.Target)
	if to.address != "" {
		how = "--store (or LAUREL_STORE) naming the database, and --data " + word(g.folder()) + " for what opens the keys"
	}
	_, err = fmt.Fprintf(t.out, "From now on start laurel serve with %s. The old store says that it was moved and is not opened any more; keep it until the new one has a backup.\n", how)
	return err
}

// settleKeys brings sealed keys to where an installation looks for them: from files into the database, from records into the folder.
func settleKeys(at place, engine store.Engine) error {
	files, records := keys.SealedFiles(filepath.Join(at.folder, "keys")), issuer.KeyFiles(engine)
	if at.address == "" {
		files, records = records, files
	}
	_, err := keys.CopySealed(files, records)
	return err
}

// copyKeyFolder copies a folder of keys, where there is one: with a hardware module or a cloud service there is none. A file that is
// there already and is another belongs to another issuer, who could never sign again without it.
func copyKeyFolder(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	for _, entry := range entries {
		if err != nil || entry.IsDir() {
			continue
		}
		file := filepath.Join(to, entry.Name())
		content, reading := os.ReadFile(filepath.Join(from, entry.Name()))
		there, absent := os.ReadFile(file)
		switch {
		case reading != nil:
			err = reading
		case absent == nil && !bytes.Equal(there, content):
			err = fmt.Errorf("%s is there already and is another; name a new folder", file)
		case absent != nil:
			_, err = writeWhole(file, func(w io.Writer) error { _, err := w.Write(content); return err })
		}
		clear(content)
		clear(there)
	}
	return err
}
