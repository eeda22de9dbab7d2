// Package status reads the ways in which issuers keep the status of credentials, and writes the current one.
//
// Read are Bitstring Status List v1.0 (W3C Recommendation of 15 May 2025), Status List 2021, which came before it, and the
// unsigned 1EdTech Revocation List 1.0; written is the first alone. A verifier starts with [ParseEntry] and reads what stands at
// Entry.ListURL. Of a signed list it hands the credentialSubject to [ParseSubject], takes the list out with [Subject.Decode], and
// asks [List.Value]; an unsigned one goes to [ParseRevocations]. An issuer starts with [New] and ends with [Credential].
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
	"sync"

	quick "github.com/klauspost/compress/gzip"

	"github.com/laurelbadges/laurel/credential"
)

// Codes of the findings of this package; they are codes of the verification report.
const (
	CodeInvalid     = "status_invalid"     // a rule of the specification is broken
	CodeUnavailable = "status_unavailable" // the status is kept in a way that this package does not read
	CodeTooLarge    = "too_large"          // the list is longer than credential.Limits allow
)

// Error is a refusal of a status entry or a status list.
type Error struct {
	Code    string // one of the Code constants
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
	clauseType    = "VCDM 2.0 4.10"

	clauseEntry2021   = "Status List 2021, StatusList2021Entry"
	clauseList2021    = "Status List 2021, StatusList2021Credential"
	clauseInflate2021 = "Status List 2021, Bitstring Expansion"

	clauseRevocations = "1EdTech VCRL 1.0"
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
// first (section 3.2). Zero means that the status is not set. The list must hold 131,072 entries of that size. A shorter one hides
// its credentials among too few others, and what it holds is given beside the error; with any other error the value is zero.
func (l List) Value(e Entry) (uint32, error) {
	if e.Size < 1 || e.Size > maxSize {
		return 0, invalid(clauseEntry, "/statusSize", "the status size is not one that Laurel reads")
	}
	entries := l.Len() / e.Size
	if e.Index < 0 || e.Index >= entries {
		return 0, outOfRange()
	}
	var value uint32
	for i := e.Index * e.Size; i < (e.Index+1)*e.Size; i++ {
		value = value<<1 | uint32(l.bits[i/8]>>(7-i%8)&1)
	}
	if entries < credential.Limits.StatusMinimum {
		return value, tooShort()
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

// packers are of *quick.Writer: 800 kB that are needed for the moment of encoding a list.
var packers = sync.Pool{New: func() any {
	w, _ := quick.NewWriterLevel(nil, quick.BestSpeed) // fails for levels that there are not
	return w
}}

// Encode writes the list as an encodedList: the multibase prefix u, then unpadded base64url of the gzipped bits
// (section 3.3). The gzip header carries no time and no name, so equal lists give equal text. Random bits pack badly at any level, so
// it is the quickest one: with one bit in a hundred set, a fifth longer than the tightest, in a hundredth of its time.
func (l List) Encode() (string, error) {
	if l.Len() < credential.Limits.StatusMinimum {
		return "", tooShort()
	}
	if len(l.bits) > credential.Limits.StatusList {
		return "", tooLarge()
	}
	var packed bytes.Buffer
	w := packers.Get().(*quick.Writer)
	defer packers.Put(w)
	w.Reset(&packed)
	if _, err := w.Write(l.bits); err != nil {
		return "", fmt.Errorf("encoding a status list: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("encoding a status list: %w", err)
	}
	text := make([]byte, 1+base64.RawURLEncoding.EncodedLen(packed.Len()))
	text[0] = 'u'
	base64.RawURLEncoding.Encode(text[1:], packed.Bytes())
	return string(text), nil
}

// Decode reads an encodedList (section 3.4): multibase u, unpadded base64url in its one right spelling, exactly one gzip
// member and nothing after it, and at least 131,072 bits. It stops inflating at credential.Limits.StatusList bytes. Every
// error is an [*Error].
func Decode(encoded string) (List, error) {
	list, err := Subject{Method: Bitstring, EncodedList: encoded}.Decode()
	if err == nil && list.Len() < credential.Limits.StatusMinimum {
		return List{}, tooShort()
	}
	return list, err
}

// unpack reads the text of a list of one of the two methods.
func unpack(method Method, encoded string) ([]byte, error) {
	clause, detail := clauseInflate, "the list is not multibase base64url"
	text, encoding, ok := encoded, base64.RawURLEncoding, method == StatusList2021
	if method == Bitstring {
		text, ok = strings.CutPrefix(encoded, "u")
	} else { // without a prefix; old issuers write any of the four forms of base64 (RFC 4648 sections 4 and 5)
		clause, detail = clauseInflate2021, "the list is not base64"
		if strings.ContainsAny(text, "+/") {
			encoding = base64.RawStdEncoding
		}
		if strings.HasSuffix(text, "=") {
			encoding = encoding.WithPadding(base64.StdPadding)
		}
	}
	// The decoder of the standard library skips line ends; here they are as wrong as any other foreign character.
	if !ok || strings.ContainsAny(text, "\r\n") {
		return nil, invalid(clause, pointerList, detail)
	}
	packed, err := encoding.Strict().DecodeString(text)
	if err != nil {
		return nil, invalid(clause, pointerList, detail)
	}
	return packed, nil
}

const pointerList = "/encodedList"

// inflate reads one gzip member, up to credential.Limits.StatusList bytes.
func inflate(clause string, packed []byte) ([]byte, error) {
	rest := bytes.NewReader(packed)
	r, err := gzip.NewReader(rest)
	if err != nil {
		return nil, invalid(clause, pointerList, "the list is not compressed with gzip")
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
		return nil, invalid(clause, pointerList, "the checksum of the compressed list is wrong")
	case err != nil:
		return nil, invalid(clause, pointerList, "the compressed list is damaged")
	case len(bits) > credential.Limits.StatusList:
		return nil, tooLarge()
	case rest.Len() > 0:
		return nil, invalid(clause, pointerList, "there is more data after the compressed list")
	}
	return bits, nil
}
