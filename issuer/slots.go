package issuer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
)

// listEntries is the length of a status list. The least that the specification allows keeps lists small; a full pair is
// followed by a new one.
const listEntries = 131072

// segmentEntries is how many bits are stored, and rewritten by a change, together.
const (
	segmentEntries = 4096
	listSegments   = listEntries / segmentEntries
)

// pair is where an organisation's next award gets its slot: one list for revocation and one for suspension, used with the same
// index in both.
type pair struct {
	Organisation string `json:"organisation"`
	Revocation   string `json:"revocation"`
	Suspension   string `json:"suspension"`
	Secret       []byte `json:"secret"` // keys the order in which indices are given; unknown outside, so it tells nothing
}

var pairs = Table[pair]{
	Kind: Kind{Name: "list-pair"},
	Key:  func(p *pair) string { return p.Organisation },
}

// statusList is a published list. Its bits lie in segments.
type statusList struct {
	ID           string `json:"id"` // the {list} of /status/{list}
	Organisation string `json:"organisation"`
	Purpose      string `json:"purpose"`
	Version      uint64 `json:"version"` // counts the changes of its bits
	// Changed is, by the numbers of the segments, the Version with which each was changed last, 0 for never; of a list that was changed
	// last by an earlier release it is nil.
	Changed []uint64 `json:"changed,omitempty"`
}

var statusLists = Table[statusList]{
	Kind:    Kind{Name: "status-list", Lookups: []string{"all", "organisation"}},
	Key:     func(l *statusList) string { return l.ID },
	Lookups: func(l *statusList) []string { return []string{inAll, l.Organisation} },
}

// segment is a run of bits of a list; one that does not exist is all zero.
type segment struct {
	List   string `json:"list"`
	Number int    `json:"number"`
	Bits   []byte `json:"bits"` // the first entry is the highest bit of the first byte
}

var segments = Table[segment]{
	Kind: Kind{Name: "status-bits"},
	Key:  func(s *segment) string { return segmentID(s.List, s.Number) },
}

func segmentID(list string, number int) string { return fmt.Sprintf("%s/%03d", list, number) }

// takeSlot gives the next award of an organisation its place, which no other award has had or will have. When all places of
// a pair are given, it begins a new one.
func takeSlot(tx Tx, organisation string) (Slot, error) {
	p, version, err := pairs.Get(tx, organisation)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Slot{}, err
	}
	for {
		if version > 0 {
			given, err := tx.Next("slot/" + p.Revocation)
			if err != nil {
				return Slot{}, err
			}
			if given <= listEntries {
				index := permute(p.Secret, uint32(given-1))
				return Slot{Revocation: p.Revocation, Suspension: p.Suspension, Index: int(index)}, nil
			}
		}
		if p, err = openPair(tx, organisation, version); err != nil {
			return Slot{}, err
		}
		version++
	}
}

func openPair(tx Tx, organisation string, version uint64) (pair, error) {
	p := pair{Organisation: organisation, Revocation: newID(), Suspension: newID(), Secret: make([]byte, 32)}
	_, _ = rand.Read(p.Secret) // never fails
	for id, purpose := range map[string]string{p.Revocation: status.PurposeRevocation, p.Suspension: status.PurposeSuspension} {
		l := statusList{ID: id, Organisation: organisation, Purpose: purpose}
		if err := statusLists.Put(tx, &l, 0); err != nil {
			return pair{}, err
		}
	}
	return p, pairs.Put(tx, &p, version)
}

const (
	halfBits = 9 // an index has 17 bits: the halves have 18, and results beyond the list are walked on
	halfMask = 1<<halfBits - 1
	rounds   = 8
)

// permute maps 0 to listEntries-1 onto itself, in an order that only the secret tells: a Feistel network over 18 bits, applied
// until the result lies within the list (cycle walking). It is one to one, so a counter never gives an index twice.
func permute(secret []byte, n uint32) uint32 {
	mac := hmac.New(sha256.New, secret)
	for {
		left, right := n>>halfBits&halfMask, n&halfMask
		for round := range uint32(rounds) {
			left, right = right, left^scramble(mac, round, right)
		}
		if n = left<<halfBits | right; n < listEntries {
			return n
		}
	}
}

func scramble(mac hash.Hash, round, half uint32) uint32 {
	var room [sha256.Size]byte
	mac.Reset()
	mac.Write(binary.BigEndian.AppendUint32(room[:0], round<<16|half))
	return binary.BigEndian.Uint32(mac.Sum(room[:0])) & halfMask
}

// setBit writes one bit of a list and counts the change, if it is one.
func setBit(tx Tx, list string, index int, on bool) error {
	number, offset := index/segmentEntries, index%segmentEntries
	s, version, err := segments.Get(tx, segmentID(list, number))
	if errors.Is(err, ErrNotFound) {
		s = segment{List: list, Number: number, Bits: make([]byte, segmentEntries/8)}
	} else if err != nil {
		return err
	}
	mask := byte(0x80) >> (offset % 8)
	if (s.Bits[offset/8]&mask != 0) == on {
		return nil
	}
	s.Bits[offset/8] ^= mask
	if err := segments.Put(tx, &s, version); err != nil {
		return err
	}
	l, version, err := statusLists.Get(tx, list)
	if err != nil {
		return err
	}
	l.Version++
	if l.Changed == nil {
		l.Changed = slices.Repeat([]uint64{l.Version - 1}, listSegments) // each may have been
	}
	l.Changed[number] = l.Version
	return statusLists.Put(tx, &l, version)
}

// bitsInMemory are the bits of a list as they were committed, and how far they are read.
type bitsInMemory struct {
	list    status.List
	version uint64 // of the list
	known   bool   // version is valid
}

// read brings the bits to the state of l, as tx sees it: it reads the segments that have changed since, and no others.
func (b *bitsInMemory) read(tx Tx, l statusList) error {
	if b.list.Len() == 0 || l.Version < b.version { // the store was set back
		*b = bitsInMemory{list: status.New(max(listEntries, credential.Limits.StatusMinimum))}
	}
	if l.Version == 0 || b.known && l.Version == b.version {
		return nil
	}
	for number := range listSegments {
		if l.Changed != nil && (l.Changed[number] == 0 || b.known && l.Changed[number] <= b.version) {
			continue
		}
		s, _, err := segments.Get(tx, segmentID(l.ID, number))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range segmentEntries {
			if err := b.list.Set(number*segmentEntries+i, s.Bits[i/8]&(0x80>>(i%8)) != 0); err != nil {
				return err
			}
		}
	}
	b.version, b.known = l.Version, true
	return nil
}
