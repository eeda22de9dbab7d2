package backup

import (
	"bufio"
	"bytes"
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

	"filippo.io/age"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// Into says where a backup is restored to.
type Into struct {
	Engine store.Engine  // an empty store
	Kinds  []issuer.Kind // all that this program keeps
	Folder string        // for the key files: absent, or empty
}

// Read restores a backup that one of the identities (AGE-SECRET-KEY-1...) opens. Every record is held against its checksum as it
// comes, and the whole against counts and digest before the import ends: after an error the store says store.ErrHalf, if it was
// touched at all, and the folder holds nothing, or what an error of the file system left there. The installation in the store does
// not open before issuer.Restored was called. Errors wrap ErrBroken, ErrIdentity or ErrNewer when the backup is the cause.
func Read(ctx context.Context, in io.Reader, identities []string, into Into) (Summary, error) {
	if err := vacant(into.Folder); err != nil {
		return Summary{}, err
	}
	r, err := open(ctx, in, identities, into.Kinds)
	if err != nil {
		return Summary{}, err
	}
	err = into.Engine.Import(ctx, func(sink store.Sink) error {
		files, err := r.contents(unsettled{sink})
		if err != nil {
			return err
		}
		defer func() {
			for _, f := range files {
				clear(f.content)
			}
		}()
		return putFiles(into.Folder, files)
	})
	if err != nil {
		return Summary{}, fmt.Errorf("restoring: %w", err)
	}
	return r.summary(), nil
}

// Verify reads a backup to its end and says what it holds. Nothing is kept.
func Verify(ctx context.Context, in io.Reader, identities []string) (Summary, error) {
	r, err := open(ctx, in, identities, nil)
	if err != nil {
		return Summary{}, err
	}
	if _, err := r.contents(nothing{}); err != nil {
		return Summary{}, fmt.Errorf("reading the backup: %w", err)
	}
	return r.summary(), nil
}

// unsettled is a store.Sink of a restore.
type unsettled struct{ store.Sink }

func (u unsettled) Row(k issuer.Kind, r issuer.Row) error {
	r, keep, err := issuer.Restoring(k, r)
	if err != nil || !keep {
		return err
	}
	return u.Sink.Row(k, r)
}

// nothing is a store.Sink that keeps nothing.
type nothing struct{}

func (nothing) Row(issuer.Kind, issuer.Row) error { return nil }
func (nothing) Counter(string, uint64) error      { return nil }

// file is a file of a backup.
type file struct {
	name    string
	mode    fs.FileMode
	content []byte
}

// reader reads what writer wrote.
type reader struct {
	ctx    context.Context
	source *source
	in     *bufio.Reader // the frames
	under  *bufio.Reader // the compressed stream, to see that nothing follows it
	digest hash.Hash     // of the frames
	buffer bytes.Buffer  // content of the last frame
	header Header
	tally  *tally
	room   []byte // for the frame of what was read, as it would be written
}

// source remembers when the input itself could not be read, which is not the fault of what is in it.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// open reads a backup up to its first record. known are the kinds that it may hold; nil for any.
func open(ctx context.Context, in io.Reader, identities []string, known []issuer.Kind) (*reader, error) {
	by, err := parseIdentities(identities)
	if err != nil {
		return nil, err
	}
	from := &source{Reader: in}
	plain, err := age.Decrypt(from, by...)
	var none *age.NoIdentityMatchError
	switch {
	case from.err != nil:
		return nil, fmt.Errorf("reading the backup: %w", from.err)
	case errors.As(err, &none):
		return nil, ErrIdentity
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrBroken, err)
	}
	return begin(ctx, from, plain, known)
}

// begin reads what was encrypted up to the first record.
func begin(ctx context.Context, from *source, plain io.Reader, known []issuer.Kind) (*reader, error) {
	r := &reader{ctx: ctx, source: from, under: bufio.NewReaderSize(plain, 64<<10), digest: sha256.New()}
	head := make([]byte, len(magic)+2)
	if _, err := io.ReadFull(r.under, head); err != nil {
		return nil, r.broken(err)
	}
	number, found := bytes.CutPrefix(head, []byte(magic))
	switch {
	case !found || binary.BigEndian.Uint16(number) == 0:
		return nil, r.broken(errors.New("it holds something else"))
	case binary.BigEndian.Uint16(number) > format:
		return nil, ErrNewer
	}
	r.in = bufio.NewReaderSize(flate.NewReader(r.under), 64<<10)
	if kind, err := r.frame(); err != nil {
		return nil, err
	} else if kind != headerFrame {
		return nil, r.broken(errors.New("it has no header"))
	}
	if err := json.Unmarshal(r.buffer.Bytes(), &r.header); err != nil {
		return nil, r.broken(err)
	}
	kinds, err := kindsOf(r.header, known)
	r.tally = newTally(kinds)
	return r, err
}

// kindsOf gives the kinds of a backup in its order, as the program knows them.
func kindsOf(h Header, known []issuer.Kind) ([]issuer.Kind, error) {
	if len(h.Kinds) > kindsMost {
		return nil, fmt.Errorf("%w (too many kinds of record)", ErrBroken)
	}
	kinds := make([]issuer.Kind, len(h.Kinds))
	for i, k := range h.Kinds {
		same := func(other issuer.Kind) bool { return other.Name == k.Name }
		at := slices.IndexFunc(known, same)
		switch {
		case k.Name == "" || slices.ContainsFunc(kinds[:i], same):
			return nil, fmt.Errorf("%w (the kind of record %.80q is named twice, or has no name)", ErrBroken, k.Name)
		case known == nil:
			kinds[i] = issuer.Kind{Name: k.Name, Lookups: k.Lookups}
			continue
		case at < 0:
			return nil, fmt.Errorf("%w (it holds records of the kind %.80q)", ErrNewer, k.Name)
		}
		kinds[i] = known[at]
		short := min(len(k.Lookups), len(kinds[i].Lookups))
		switch {
		case !slices.Equal(k.Lookups[:short], kinds[i].Lookups[:short]):
			return nil, fmt.Errorf("%w (the lookups of the kind %.80q are others)", ErrBroken, k.Name)
		case len(k.Lookups) > short:
			return nil, fmt.Errorf("%w (its records of the kind %.80q have a further lookup)", ErrNewer, k.Name)
		}
	}
	return kinds, nil
}

// broken is an error of the stream, or of the input when that could not be read.
func (r *reader) broken(cause error) error {
	if r.source.err != nil {
		return fmt.Errorf("reading the backup: %w", r.source.err)
	}
	return fmt.Errorf("%w (%w)", ErrBroken, cause)
}

// frame reads the next frame into the buffer and gives its letter.
func (r *reader) frame() (kind byte, err error) {
	if kind, err = r.in.ReadByte(); err != nil {
		return 0, r.broken(unexpected(err))
	}
	length, err := binary.ReadUvarint(r.in)
	if err != nil {
		return 0, r.broken(unexpected(err))
	}
	if length > uint64(mostOf(kind)) {
		return 0, r.broken(fmt.Errorf("a frame of %d bytes", length))
	}
	r.buffer.Reset()
	if _, err := io.CopyN(&r.buffer, r.in, int64(length)); err != nil { // grows with what is there, not with what is said
		return 0, r.broken(unexpected(err))
	}
	if kind != trailerFrame {
		r.digest.Write(binary.AppendUvarint([]byte{kind}, length))
		r.digest.Write(r.buffer.Bytes())
	}
	return kind, nil
}

// unexpected says of the end of the input that it came too early.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// contents reads all that follows the header. The error of what is not a backup wraps ErrBroken; one of sink is passed on.
func (r *reader) contents(sink store.Sink) ([]file, error) {
	var files []file
	total, stage := 0, 0
	for {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		kind, err := r.frame()
		if err != nil {
			return nil, err
		}
		now := strings.IndexByte("RCFT", kind)
		if now < stage { // also what is no frame at all
			return nil, r.broken(fmt.Errorf("a frame %q in the wrong place", kind))
		}
		stage = now
		switch kind {
		case recordFrame:
			err = r.record(sink)
		case counterFrame:
			err = r.counter(sink)
		case fileFrame:
			var f file
			if f, err = r.file(); err == nil {
				files = append(files, f)
				if total += len(f.content); total > filesMost {
					err = r.broken(errors.New("its files are too large"))
				}
			}
		case trailerFrame:
			return files, r.end()
		}
		if err != nil {
			return nil, err
		}
	}
}

func (r *reader) record(sink store.Sink) error {
	f := fields{rest: r.buffer.Bytes()}
	place := f.number()
	var row issuer.Row
	row.ID, row.Version, row.Order = f.text(), binary.BigEndian.Uint64(f.fixed(8)), f.text()
	count := f.number()
	if place >= uint64(len(r.tally.kinds)) || count > uint64(len(r.tally.kinds[place].Lookups)) {
		return r.broken(errors.New("a record of no kind that the header names"))
	}
	row.Lookups = make([]string, count, len(r.tally.kinds[place].Lookups))
	for i := range row.Lookups {
		row.Lookups[i] = f.text()
	}
	sum := binary.BigEndian.Uint32(f.fixed(4))
	row.Body = bytes.Clone(f.bytes())
	kind := r.tally.kinds[place]
	if !f.whole() || row.Version == 0 || sum != store.Sum(kind, row) {
		return r.broken(fmt.Errorf("a %s is not as it was written", kind.Name))
	}
	row, err := padded(kind, row)
	if err == nil {
		err = store.CheckRow(kind, row)
	}
	if err == nil {
		r.room, err = r.tally.record(r.room, kind, row)
	}
	if err != nil {
		return r.broken(err)
	}
	return sink.Row(kind, row)
}

func (r *reader) counter(sink store.Sink) error {
	f := fields{rest: r.buffer.Bytes()}
	name, value := f.text(), binary.BigEndian.Uint64(f.fixed(8))
	sum := binary.BigEndian.Uint32(f.fixed(4))
	if !f.whole() || name == "" || len(name) > store.MaxText || strings.Contains(name, "\x00") || sum != store.SumCounter(name, value) {
		return r.broken(errors.New("a counter is not as it was written"))
	}
	if _, err := r.tally.counter(nil, name, value); err != nil {
		return r.broken(err)
	}
	return sink.Counter(name, value)
}

func (r *reader) file() (file, error) {
	f := fields{rest: r.buffer.Bytes()}
	found := file{name: f.text(), mode: fs.FileMode(binary.BigEndian.Uint32(f.fixed(4)))}
	found.content = bytes.Clone(f.bytes())
	if !f.whole() || len(found.content) > fileMost || !fileName(found.name) || found.mode != found.mode.Perm() {
		return file{}, r.broken(fmt.Errorf("a file %.80q", found.name))
	}
	if err := r.tally.files.add(found.name, r.buffer.Bytes()); err != nil {
		return file{}, r.broken(err)
	}
	return found, nil
}

// end holds what was read against the trailer, and sees that nothing follows.
func (r *reader) end() error {
	var t trailer
	if err := json.Unmarshal(r.buffer.Bytes(), &t); err != nil {
		return r.broken(err)
	}
	want := trailer{Records: r.tally.summary().Records(), Counters: r.tally.counters.count, Files: r.tally.files.count, SHA256: hex.EncodeToString(r.digest.Sum(nil))}
	if t != want {
		return r.broken(errors.New("its end does not fit what came before"))
	}
	for _, rest := range []*bufio.Reader{r.in, r.under} {
		if _, err := rest.ReadByte(); err != io.EOF {
			return r.broken(errors.Join(errors.New("it goes on after its end"), err))
		}
	}
	return nil
}

func (r *reader) summary() Summary {
	s := r.tally.summary()
	s.Header = r.header
	return s
}
