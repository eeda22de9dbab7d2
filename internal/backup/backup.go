// Package backup writes all that a store holds, and the key files beside it, as one encrypted stream, and reads it back. It
// also copies one store into another and compares them.
//
// # Format
//
// A backup is a binary age file (age-encryption.org/v1) for one or more X25519 recipients. Its content begins with the 14 bytes
// "laurel-backup\n" and the number of the format, 2 bytes, the high one first. A raw DEFLATE stream (RFC 1951) of frames
// follows, and nothing after it. A frame is a letter, the length of what it holds as an unsigned LEB128 number, and that:
//
//	H  header, once, first: JSON, see Header
//	R  record: the number of its kind in the header, from 0; id; version, 8 bytes; order; the number of its lookup values, and
//	   these; the checksum that it carries in a store, 4 bytes; the body
//	C  counter: its name; its value, 8 bytes; its checksum in a store, 4 bytes
//	F  file: its name; its mode, 4 bytes; its content
//	T  trailer, once, last: JSON, see trailer
//
// Texts, the body and the content stand after their length; these and the other numbers are LEB128 unless said otherwise, and
// numbers of a fixed size have the high byte first. Records come by kind in the order of the header and then by id, counters
// and files by name, each rising. The digest in the trailer is over all frames before it.
//
// Anybody who knows a recipient can encrypt to it: the stream is proof against accident and against readers, not against
// somebody who hands over a backup of their own.
package backup

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// What is wrong with what was to be read. Errors wrap them with a cause or with what to do.
var (
	// ErrBroken says that something is not a whole, unchanged backup.
	ErrBroken = errors.New("this is not a backup of laurel as it was written: it is another file, cut short or changed")
	// ErrIdentity says that a backup was made for others.
	ErrIdentity = errors.New("the backup cannot be opened with this identity: it was made for another recipient, or its first lines were changed")
	// ErrNewer says that a newer version of the program made the backup.
	ErrNewer = errors.New("the backup was made by a newer version of laurel; use that version, or a newer one")
)

const (
	magic  = "laurel-backup\n"
	format = 1

	frameMost   = 64 << 20 // bytes that a frame holds: what reading takes in memory
	headerMost  = 1 << 20
	trailerMost = 1 << 20
	kindsMost   = 1000
	fileMost    = 1 << 20 // bytes of a file, which are keys
	filesMost   = 32 << 20
)

const (
	headerFrame  = 'H'
	recordFrame  = 'R'
	counterFrame = 'C'
	fileFrame    = 'F'
	trailerFrame = 'T'
)

// Header says what a backup is of.
type Header struct {
	Program string       `json:"program"` // version of the program that made it
	Created time.Time    `json:"created"` //
	Base    string       `json:"base"`    // address of the installation
	Kinds   []headerKind `json:"kinds"`
}

type headerKind struct {
	Name    string   `json:"name"`
	Lookups []string `json:"lookups,omitempty"`
}

// trailer says what came before it.
type trailer struct {
	Records  uint64 `json:"records"`
	Counters uint64 `json:"counters"`
	Files    uint64 `json:"files"`
	SHA256   string `json:"sha256"` // hex, over all frames before this one
}

// Summary says what was written, read or copied. Two of them compare what they are of: a backup, what was read from it, a store
// and its copy.
type Summary struct {
	Header   Header    `json:"header"` // zero for a copy
	Kinds    []Content `json:"kinds"`
	Counters Content   `json:"counters"`
	Files    Content   `json:"files"`
}

// Content is how much there is of something, and the digest of all of it in its order.
type Content struct {
	Name   string `json:"name"`
	Count  uint64 `json:"count"`
	SHA256 string `json:"sha256"` // hex
}

// Records is the number of records of all kinds.
func (s Summary) Records() (count uint64) {
	for _, k := range s.Kinds {
		count += k.Count
	}
	return count
}

// tally makes a Summary, and holds what is added to the order that the format has: duplicates do not pass.
type tally struct {
	kinds    []issuer.Kind
	places   map[string]int
	contents []part
	counters part
	files    part
	at       int // the kind of the last record
}

type part struct {
	count  uint64
	last   string
	digest hash.Hash
}

func newTally(kinds []issuer.Kind) *tally {
	t := &tally{kinds: kinds, places: map[string]int{}, contents: make([]part, len(kinds))}
	for i, k := range kinds {
		t.places[k.Name] = i
		t.contents[i].digest = sha256.New()
	}
	t.counters.digest, t.files.digest = sha256.New(), sha256.New()
	return t
}

// add notes the frame of something whose name has to come after the last one.
func (r *part) add(name string, frame []byte) error {
	if r.count > 0 && name <= r.last {
		return fmt.Errorf("%.80q comes after %.80q", name, r.last)
	}
	r.count, r.last = r.count+1, name
	r.digest.Write(frame)
	return nil
}

func (r *part) content(name string) Content {
	return Content{Name: name, Count: r.count, SHA256: hex.EncodeToString(r.digest.Sum(nil))}
}

// record notes a record and gives its frame, which the next call overwrites when it is handed back as room.
func (t *tally) record(room []byte, k issuer.Kind, r issuer.Row) ([]byte, error) {
	place, known := t.places[k.Name]
	if !known || place < t.at {
		return nil, fmt.Errorf("a %s is out of its place", k.Name)
	}
	r, err := padded(t.kinds[place], r)
	if err != nil {
		return nil, err
	}
	t.at = place
	frame := appendRecord(room[:0], place, k, r)
	if err := t.contents[place].add(r.ID, frame); err != nil {
		return nil, fmt.Errorf("a %s: %w", k.Name, err)
	}
	return frame, nil
}

func (t *tally) counter(room []byte, name string, value uint64) ([]byte, error) {
	frame := appendText(room[:0], name)
	frame = binary.BigEndian.AppendUint64(frame, value)
	frame = binary.BigEndian.AppendUint32(frame, store.SumCounter(name, value))
	if err := t.counters.add(name, frame); err != nil {
		return nil, fmt.Errorf("a counter: %w", err)
	}
	return frame, nil
}

func (t *tally) summary() Summary {
	s := Summary{Counters: t.counters.content("counters"), Files: t.files.content("files"), Kinds: make([]Content, len(t.kinds))}
	for i, k := range t.kinds {
		s.Kinds[i] = t.contents[i].content(k.Name)
	}
	return s
}

// padded gives a row from before a lookup was declared an empty value for it.
func padded(k issuer.Kind, r issuer.Row) (issuer.Row, error) {
	if len(r.Lookups) > len(k.Lookups) {
		return r, fmt.Errorf("%s %.80q has more lookup values than there are lookups: %w", k.Name, r.ID, ErrNewer)
	}
	if short := len(k.Lookups) - len(r.Lookups); short > 0 {
		r.Lookups = append(append(make([]string, 0, len(k.Lookups)), r.Lookups...), make([]string, short)...)
	}
	return r, nil
}

func appendRecord(out []byte, place int, k issuer.Kind, r issuer.Row) []byte {
	out = binary.AppendUvarint(out, uint64(place))
	out = appendText(out, r.ID)
	out = binary.BigEndian.AppendUint64(out, r.Version)
	out = appendText(out, r.Order)
	out = binary.AppendUvarint(out, uint64(len(r.Lookups)))
	for _, value := range r.Lookups {
		out = appendText(out, value)
	}
	out = binary.BigEndian.AppendUint32(out, store.Sum(k, r))
	return appendText(out, r.Body)
}

func appendText[T string | []byte](out []byte, text T) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// fields takes a frame apart. The first fault stays, and all that is read after it is empty.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) number() uint64 {
	n, size := binary.Uvarint(f.rest)
	if size <= 0 {
		f.fail()
		return 0
	}
	f.rest = f.rest[size:]
	return n
}

func (f *fields) fixed(size int) []byte {
	if f.bad || len(f.rest) < size {
		f.fail()
		return make([]byte, size)
	}
	out := f.rest[:size]
	f.rest = f.rest[size:]
	return out
}

// bytes gives a part of the frame, which the next frame overwrites.
func (f *fields) bytes() []byte {
	length := f.number()
	if length > uint64(len(f.rest)) {
		f.fail()
		return nil
	}
	return f.fixed(int(length))
}

func (f *fields) text() string { return string(f.bytes()) }

func (f *fields) fail() { f.rest, f.bad = nil, true }

// whole says that all was there and nothing is left.
func (f *fields) whole() bool { return !f.bad && len(f.rest) == 0 }
