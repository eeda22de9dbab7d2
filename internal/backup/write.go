package backup

import (
	"bufio"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// Options say what to back up, and for whom. Recipients, Engine and Kinds are needed.
type Options struct {
	Recipients []string // age1...; each of them alone can open the backup
	Engine     store.Engine
	Kinds      []issuer.Kind // all that the store may hold; a record of another kind makes the backup fail
	Files      fs.FS         // the folder of the keys; nil for none. Names that begin with a dot are left out
	Created    time.Time
	Program    string // version of this program
	Base       string // address of the installation
}

// Write writes a backup to out. It takes one snapshot of the store, while others go on writing to it, and the files after that;
// memory does not grow with the store. A damaged record makes it fail, with an error that wraps issuer.ErrDamaged: a backup
// hides no damage. What was written before an error is no backup.
func Write(ctx context.Context, out io.Writer, o Options) (Summary, error) {
	recipients, err := parseRecipients(o.Recipients)
	if err != nil {
		return Summary{}, err
	}
	fault := func(err error) (Summary, error) { return Summary{}, fmt.Errorf("writing the backup: %w", err) }
	sealed, err := age.Encrypt(out, recipients...)
	if err != nil {
		return fault(err)
	}
	if _, err := sealed.Write(binary.BigEndian.AppendUint16([]byte(magic), format)); err != nil {
		return fault(err)
	}
	packed, err := flate.NewWriter(sealed, flate.BestSpeed)
	if err != nil {
		return fault(err)
	}
	w := &writer{ctx: ctx, out: bufio.NewWriterSize(packed, 64<<10), digest: sha256.New(), tally: newTally(o.Kinds)}
	header := Header{Program: o.Program, Created: o.Created.UTC(), Base: o.Base, Kinds: make([]headerKind, len(o.Kinds))}
	for i, k := range o.Kinds {
		header.Kinds[i] = headerKind{k.Name, k.Lookups}
	}
	if err := w.frames(header, o); err != nil {
		return fault(err)
	}
	if err := errors.Join(w.out.Flush(), packed.Close(), sealed.Close()); err != nil {
		return fault(err)
	}
	s := w.tally.summary()
	s.Header = header
	return s, nil
}

// writer is the store.Sink that makes frames.
type writer struct {
	ctx    context.Context
	out    *bufio.Writer
	digest hash.Hash // of the frames
	tally  *tally
	room   []byte // for the content of a frame
	head   []byte // for the beginning of a frame
}

func (w *writer) frames(header Header, o Options) error {
	if err := w.object(headerFrame, header); err != nil {
		return err
	}
	if err := o.Engine.Export(w.ctx, o.Kinds, w); err != nil {
		return err
	}
	if o.Files != nil {
		if err := w.files(o.Files); err != nil {
			return err
		}
	}
	t := trailer{Records: w.tally.summary().Records(), Counters: w.tally.counters.count, Files: w.tally.files.count, SHA256: hex.EncodeToString(w.digest.Sum(nil))}
	return w.object(trailerFrame, t)
}

func (w *writer) object(kind byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return w.frame(kind, text)
}

func (w *writer) frame(kind byte, content []byte) error {
	if len(content) > mostOf(kind) {
		return fmt.Errorf("something of %d bytes is more than a backup takes at once", len(content))
	}
	w.head = binary.AppendUvarint(append(w.head[:0], kind), uint64(len(content)))
	w.digest.Write(w.head)
	w.digest.Write(content)
	if _, err := w.out.Write(w.head); err != nil {
		return err
	}
	_, err := w.out.Write(content)
	return err
}

// mostOf is how many bytes a frame may hold.
func mostOf(kind byte) int {
	switch kind {
	case headerFrame:
		return headerMost
	case trailerFrame:
		return trailerMost
	}
	return frameMost
}

// Row implements store.Sink.
func (w *writer) Row(k issuer.Kind, r issuer.Row) (err error) {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.room, err = w.tally.record(w.room, k, r); err != nil {
		return err
	}
	return w.frame(recordFrame, w.room)
}

// Counter implements store.Sink.
func (w *writer) Counter(name string, value uint64) (err error) {
	if w.room, err = w.tally.counter(w.room, name, value); err != nil {
		return err
	}
	return w.frame(counterFrame, w.room)
}

// files writes the files of a folder and those below it, in the order of their names.
func (w *writer) files(from fs.FS) error {
	var names []string
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.Type().IsRegular():
			names = append(names, name)
		case !entry.IsDir():
			return fmt.Errorf("%s is not a plain file", name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(names)
	total := 0
	for _, name := range names {
		content, mode, err := readFile(from, name)
		if err != nil {
			return err
		}
		if total += len(content); total > filesMost {
			return fmt.Errorf("the files are more than %d MiB, which is too much for keys: is this the right folder", filesMost>>20)
		}
		frame := fileContent(w.room, name, mode, content)
		if err := w.tally.files.add(name, frame); err != nil {
			return err
		}
		if err := w.frame(fileFrame, frame); err != nil {
			return err
		}
		clear(content)
		clear(frame)
	}
	return nil
}

func fileContent(room []byte, name string, mode fs.FileMode, content []byte) []byte {
	frame := appendText(room[:0], name)
	return appendText(binary.BigEndian.AppendUint32(frame, uint32(mode.Perm())), content)
}

func readFile(from fs.FS, name string) (content []byte, mode fs.FileMode, err error) {
	file, err := from.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	content, err = io.ReadAll(io.LimitReader(file, fileMost+1))
	if err == nil && len(content) > fileMost {
		err = fmt.Errorf("%s is larger than %d MiB, which is too much for a key: is this the right folder", name, fileMost>>20)
	}
	return content, info.Mode(), err
}
