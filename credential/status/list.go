// Package status reads and writes Bitstring Status List v1.0 (W3C Recommendation of 15 May 2025): the list as bits, the
// entry that a credential carries, and the unsigned list credential that an issuer publishes.
//
// A verifier starts with [ParseEntry], reads the credential at Entry.ListURL, hands its credentialSubject to [ParseSubject]
// and that list to [Decode], and asks [List.Value]. An issuer starts with [New] and ends with [Credential].
//
// The package is pure: no clock, no network, no keys. Whether a list may be believed (signature, dates, whose list it is)
// is for the verifier to judge.
package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// Codes of the findings of this package; they are codes of the verification report.
const (
	CodeInvalid  = "status_invalid" // a rule of the specification is broken
	CodeTooLarge = "too_large"      // the list is longer than credential.Limits.StatusList after inflating
)

// Error is a refusal of a status entry or a status list.
type Error struct {
	Code    string // CodeInvalid or CodeTooLarge
	Pointer string // JSON Pointer (RFC 6901) within the entry or the list's subject; "" is the whole of it
	Clause  string // the clause of the specification that sets the rule
	Detail  string // one clause for a person, without the input's own text
}

// Error returns the detail and the clause.
func (e *Error) Error() string { return e.Detail + " (" + e.Clause + ")" }

const (
	clauseEntry   = "Bitstring Status List 1.0 2.1"
	clauseList    = "Bitstring Status List 1.0 2.2"
	clauseCheck   = "Bitstring Status List 1.0 3.2"
	clauseInflate = "Bitstring Status List 1.0 3.4"
)

func invalid(clause, pointer, detail string) error {
	return &Error{Code: CodeInvalid, Pointer: pointer, Clause: clause, Detail: detail}
}

// List is the bitstring of a status list. The bit of index 0 is the left-most one: the most significant bit of the first
// byte (Bitstring Status List 1.0 section 3.3). The zero List has no entries; copies of a List share their bits.
type List struct {
	bits []byte
}

// New returns a list with every bit clear. entries is rounded up to the minimum of 131,072 (section 2.2) and then to a
// multiple of 8, so that the text form holds exactly as many bits as the list.
func New(entries int) List {
	return List{bits: make([]byte, (max(entries, credential.Limits.StatusMinimum)+7)/8)}
}

// Len is the number of bits.
func (l List) Len() int { return 8 * len(l.bits) }

// Get tells whether the bit at index i is set. An index outside the list is an error.
func (l List) Get(i int) (bool, error) {
	if i < 0 || i >= l.Len() {
		return false, outOfRange()
	}
	return l.bits[i/8]&(0x80>>(i%8)) != 0, nil
}

// Set sets the bit at index i, or clears it. An index outside the list is an error and changes nothing.
func (l List) Set(i int, on bool) error {
	if i < 0 || i >= l.Len() {
		return outOfRange()
	}
	if mask := byte(0x80) >> (i % 8); on {
		l.bits[i/8] |= mask
	} else {
		l.bits[i/8] &^= mask
	}
	return nil
}

// Value is the status that the list holds for the entry: the Size bits from bit Index × Size on, read with the left-most
// first (section 3.2). Zero means that the status is not set. The list must hold 131,072 entries of that size.
func (l List) Value(e Entry) (uint32, error) {
	if e.Size < 1 || e.Size > maxSize {
		return 0, invalid(clauseEntry, "/statusSize", "the status size is not one that Laurel reads")
	}
	entries := l.Len() / e.Size
	if entries < credential.Limits.StatusMinimum {
		return 0, tooShort()
	}
	if e.Index < 0 || e.Index >= entries {
		return 0, outOfRange()
	}
	var value uint32
	for i := e.Index * e.Size; i < (e.Index+1)*e.Size; i++ {
		value = value<<1 | uint32(l.bits[i/8]>>(7-i%8)&1)
	}
	return value, nil
}

func outOfRange() error {
	return invalid(clauseCheck, "/statusListIndex", "the index is outside the status list")
}

func tooShort() error {
	return invalid(clauseList, "/encodedList", fmt.Sprintf("the status list has fewer than %d entries", credential.Limits.StatusMinimum))
}

func tooLarge() error {
	return &Error{Code: CodeTooLarge, Pointer: "/encodedList", Clause: clauseInflate,
		Detail: fmt.Sprintf("the status list is longer than %d bytes", credential.Limits.StatusList)}
}

// Encode writes the list as an encodedList: the multibase prefix u, then unpadded base64url of the gzipped bits
// (section 3.3). The gzip header carries no time and no name, so equal lists give equal text.
func (l List) Encode() (string, error) {
	if l.Len() < credential.Limits.StatusMinimum {
		return "", tooShort()
	}
	if len(l.bits) > credential.Limits.StatusList {
		return "", tooLarge()
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return "", fmt.Errorf("encoding a status list: %w", err)
	}
	if _, err := w.Write(l.bits); err != nil {
		return "", fmt.Errorf("encoding a status list: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("encoding a status list: %w", err)
	}
	return "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes()), nil
}

// Decode reads an encodedList (section 3.4): multibase u, unpadded base64url in its one right spelling, exactly one gzip
// member and nothing after it, and at least 131,072 bits. It stops inflating at credential.Limits.StatusList bytes. Every
// error is an [*Error].
func Decode(encoded string) (List, error) {
	const pointer = "/encodedList"
	text, ok := strings.CutPrefix(encoded, "u")
	// The decoder of the standard library skips line ends; here they are as wrong as any other foreign character.
	if !ok || strings.ContainsAny(text, "\r\n") {
		return List{}, invalid(clauseInflate, pointer, "the list is not multibase base64url")
	}
	packed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return List{}, invalid(clauseInflate, pointer, "the list is not multibase base64url")
	}
	rest := bytes.NewReader(packed)
	r, err := gzip.NewReader(rest)
	if err != nil {
		return List{}, invalid(clauseInflate, pointer, "the list is not compressed with gzip")
	}
	r.Multistream(false)
	// The last four bytes of gzip say how long the data is (RFC 1952 section 2.3.1), and are checked with it: room for that much,
	// made once, halves the memory of a long list.
	length := 0
	if end := len(packed) - 4; end > 0 {
		length = min(int(binary.LittleEndian.Uint32(packed[end:])), credential.Limits.StatusList)
	}
	inflated := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead))
	_, err = inflated.ReadFrom(io.LimitReader(r, int64(credential.Limits.StatusList)+1))
	bits := inflated.Bytes()
	switch {
	case errors.Is(err, gzip.ErrChecksum):
		return List{}, invalid(clauseInflate, pointer, "the checksum of the compressed list is wrong")
	case err != nil:
		return List{}, invalid(clauseInflate, pointer, "the compressed list is damaged")
	case len(bits) > credential.Limits.StatusList:
		return List{}, tooLarge()
	case rest.Len() > 0:
		return List{}, invalid(clauseInflate, pointer, "there is more data after the compressed list")
	case 8*len(bits) < credential.Limits.StatusMinimum:
		return List{}, tooShort()
	}
	return List{bits: bits}, nil
}
