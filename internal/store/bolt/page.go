package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/laurelbadges/laurel/issuer"
)

// The layout of a page, as bbolt writes it: its id (8 bytes), kind (2), number of elements (2) and of the further pages that it
// takes (4), all in the byte order of the machine; then elements of 16 bytes; then what these point to, without a gap.
const (
	pageHeader  = 16
	elementSize = 16
	branchPage  = 0x01
	leafPage    = 0x02
	freePage    = 0x10
	bucketFlag  = 0x01 // of a leaf element: the value is a bucket
	bucketSize  = 16   // of the head of such a value: the root page (8 bytes), 0 for a page that follows inside the value
	longRead    = 8    // pages that are read at once before it is known how many are needed
	maxDepth    = 32   // a tree of 2^32 pages that are half full is not deeper
)

var order = binary.NativeEndian

// damaged says what is wrong with the file. It wraps issuer.ErrDamaged.
func damaged(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, issuer.ErrDamaged)...)
}

// page is a checked branch or leaf page.
type page struct {
	id       uint64
	leaf     bool
	count    int
	overflow uint64
	data     []byte
}

// parse checks everything that a page says of itself. bbolt trusts all of it.
func parse(id uint64, data []byte) (page, error) {
	if len(data) < pageHeader {
		return page{}, damaged("page %d is cut short", id)
	}
	p := page{id: id, count: int(order.Uint16(data[10:])), overflow: uint64(order.Uint32(data[12:])), data: data}
	kind := order.Uint16(data[8:])
	p.leaf = kind == leafPage
	if order.Uint64(data) != id || !p.leaf && (kind != branchPage || p.count == 0) {
		return page{}, damaged("page %d is not what its parent says", id)
	}
	return p, nil
}

// check checks the elements: that they lie one after another within the page, in the order of their keys from low to below high
// (nil: without end), and that those of a leaf are all buckets, or none is.
func (p page) check(low, high []byte, buckets bool) error {
	end := pageHeader + elementSize*p.count
	before := low
	for i := range p.count {
		start, keySize, rest := p.element(i)
		if start != end || keySize == 0 || keySize > len(p.data)-start || rest > len(p.data)-start-keySize {
			return damaged("element %d of page %d lies outside of it", i, p.id)
		}
		key := p.data[start : start+keySize]
		if c := bytes.Compare(before, key); c > 0 || c == 0 && i > 0 {
			return damaged("the keys of page %d are not in order", p.id)
		}
		if p.leaf {
			if flags := order.Uint32(p.data[pageHeader+elementSize*i:]); flags > 1 || (flags == bucketFlag) != buckets {
				return damaged("element %d of page %d is of the wrong kind", i, p.id)
			}
		}
		end, before = start+keySize+rest, key
	}
	if high != nil && p.count > 0 && bytes.Compare(before, high) >= 0 {
		return damaged("the keys of page %d belong to the page after it", p.id)
	}
	return nil
}

// element gives the place of a key in the page, its length, and the length of the value behind it.
func (p page) element(i int) (start, keySize, valueSize int) {
	at := pageHeader + elementSize*i
	if at+elementSize > len(p.data) {
		return -1, 0, 0
	}
	e := p.data[at : at+elementSize : at+elementSize]
	if p.leaf {
		return at + int(order.Uint32(e[4:8])), int(order.Uint32(e[8:12])), int(order.Uint32(e[12:16]))
	}
	return at + int(order.Uint32(e[0:4])), int(order.Uint32(e[4:8])), 0
}

func (p page) key(i int) []byte {
	start, size, _ := p.element(i)
	return p.data[start : start+size]
}

func (p page) value(i int) []byte {
	start, size, rest := p.element(i)
	return p.data[start+size : start+size+rest]
}

func (p page) child(i int) uint64 { return order.Uint64(p.data[pageHeader+elementSize*i+8:]) }

// search gives the first element that is not below key, and whether it is key.
func (p page) search(key []byte) (int, bool) {
	low, high := 0, p.count
	for low < high {
		middle := int(uint(low+high) / 2)
		switch c := bytes.Compare(p.key(middle), key); {
		case c < 0:
			low = middle + 1
		case c == 0:
			return middle, true
		default:
			high = middle
		}
	}
	return low, false
}

// branch gives the element that bbolt goes down for key.
func (p page) branch(key []byte) int {
	i, exact := p.search(key)
	if !exact && i > 0 {
		i--
	}
	return i
}

// inline checks the page that a small bucket keeps inside its value. It returns the root page of a bucket that is not small.
func inline(name, value []byte) (root uint64, err error) {
	if len(value) < bucketSize {
		return 0, damaged("the bucket %s is cut short", name)
	}
	if root = order.Uint64(value); root != 0 {
		return root, nil
	}
	p, err := parse(0, value[bucketSize:])
	if err == nil && !p.leaf {
		err = damaged("the bucket %s is of the wrong kind", name)
	}
	if err == nil {
		err = p.check(nil, nil, false)
	}
	return 0, err
}

// walker goes down the trees of one snapshot ahead of bbolt, and checks each page that bbolt will trust: bbolt reads beyond a
// page, or goes in circles for ever, where one is damaged. It reads the file, so that a bad disk is an error and no fault.
type walker struct {
	file    *os.File
	size    int             // bytes of a page
	limit   uint64          // the first page beyond the snapshot
	root    uint64          // page of the tree
	buckets bool            // the tree holds buckets, not values
	path    []step          // from the root downwards, as far as it was read last
	kept    map[uint64]step // branches that were read before, by their pages
	sides   map[side]bool   // leaves beside which was looked
}

// side is one side of a leaf: -1 is the one before it, 1 the one after.
type side struct {
	page uint64
	by   int
}

// keptBranches bounds what a walker keeps: a mebibyte with the usual pages.
const keptBranches = 256

// step is one page of a path and where in it the path goes on.
type step struct {
	page
	index     int
	low, high []byte // what the keys lie between
	buffer    []byte
}

// read reads a page into the step at depth and checks it, unless it lies there already.
func (w *walker) read(depth int, id uint64, low, high []byte) (*step, error) {
	if depth < len(w.path) && w.path[depth].id == id {
		return &w.path[depth], nil // what led here was the same
	}
	w.path = w.path[:min(depth, len(w.path))]
	if id < 2 || id >= w.limit || depth >= maxDepth {
		return nil, damaged("a page leads to page %d, which cannot be", id)
	}
	for _, above := range w.path {
		if above.id == id {
			return nil, damaged("page %d leads to itself", id)
		}
	}
	w.leave(depth)
	w.path = w.path[:depth+1]
	s := &w.path[depth]
	if k, known := w.kept[id]; known && bytes.Equal(k.low, low) && bytes.Equal(k.high, high) {
		*s = k
		return s, nil
	}
	*s = step{buffer: s.buffer, low: low, high: high}
	if err := s.load(w, id); err != nil {
		s.page = page{}
		w.path = w.path[:depth]
		return nil, err
	}
	return s, nil
}

// leave empties the steps from depth on and keeps their branches: nothing changes under a snapshot. The deepest go first, as what
// they lie between is written in those above.
func (w *walker) leave(depth int) {
	steps := w.path[:cap(w.path)]
	for i := len(steps) - 1; i >= depth; i-- {
		s := &steps[i]
		if s.count > 0 && !s.leaf && len(w.kept) < keptBranches {
			if w.kept == nil {
				w.kept = map[uint64]step{}
			}
			if _, known := w.kept[s.id]; !known {
				w.kept[s.id] = step{page: s.page, low: bytes.Clone(s.low), high: bytes.Clone(s.high)}
				s.buffer = nil
			}
		}
		s.page = page{}
	}
}

// load reads a page at once when it is no longer than the one that lay there before.
func (s *step) load(w *walker, id uint64) error {
	size := max(len(s.buffer), w.size)
	for {
		s.buffer = slices.Grow(s.buffer[:0], size)[:size]
		n, err := w.file.ReadAt(s.buffer, int64(id)*int64(w.size))
		if err != nil && !errors.Is(err, io.EOF) {
			return damaged("page %d cannot be read (%v)", id, err)
		}
		if n < w.size {
			return damaged("the file ends before page %d", id)
		}
		p, err := parse(id, s.buffer[:n])
		if err != nil {
			return err
		}
		if p.overflow >= w.limit-id {
			return damaged("page %d does not end in the file", id)
		}
		whole := w.size * (1 + int(p.overflow))
		switch {
		case whole <= n:
			p.data, s.buffer = s.buffer[:whole:whole], s.buffer[:min(whole, longRead*w.size)]
			s.page = p
			return p.check(s.low, s.high, w.buckets)
		case n < size:
			return damaged("the file ends before page %d", id)
		}
		size = whole
	}
}

// below gives the bounds of the keys under the element of a branch that the path takes.
func (s *step) below() (low, high []byte) {
	low, high = s.key(s.index), s.high
	if s.index+1 < s.count {
		high = s.key(s.index + 1)
	}
	return low, high
}

// down goes from the root to the leaf where key is or would be; last goes to the end of the tree instead.
func (w *walker) down(key []byte, last bool) (*step, error) {
	if s := w.here(key); s != nil && !last {
		return s, nil
	}
	s, err := w.read(0, w.root, nil, nil)
	for depth := 1; err == nil && !s.leaf; depth++ {
		next := s.count - 1
		if !last {
			next = s.branch(key)
		}
		if next != s.index {
			s.index, w.path = next, w.path[:depth]
		}
		low, high := s.below()
		s, err = w.read(depth, s.child(s.index), low, high)
		if err == nil && s.leaf && s.count == 0 {
			err = damaged("page %d is empty", s.id)
		}
	}
	return s, err
}

// here is the leaf that the path ends in where key lies between its bounds: most keys come near the one before.
func (w *walker) here(key []byte) *step {
	if len(w.path) < 2 {
		return nil
	}
	s := &w.path[len(w.path)-1]
	if !s.leaf || s.count == 0 || bytes.Compare(key, s.low) < 0 || s.high != nil && bytes.Compare(key, s.high) >= 0 {
		return nil
	}
	return s
}

// beside checks the leaf before (-1) or after (1) the one that the path ends in, which is page.
func (w *walker) beside(page uint64, by int) error {
	if w.sides[side{page, by}] {
		return nil
	}
	if _, err := w.aside(by); err != nil {
		return err
	}
	if w.sides == nil {
		w.sides = map[side]bool{}
	}
	w.sides[side{page, by}] = true
	return nil
}

// aside goes on to the leaf before (-1) or after (1) the one that the path ends in; nil when there is none.
func (w *walker) aside(by int) (*step, error) {
	turn := len(w.path) - 2
	for turn >= 0 && (w.path[turn].index+by < 0 || w.path[turn].index+by >= w.path[turn].count) {
		turn--
	}
	if turn < 0 {
		return nil, nil
	}
	s := &w.path[turn]
	s.index += by
	w.path = w.path[:turn+1]
	for !s.leaf {
		low, high := s.below()
		next, err := w.read(len(w.path), s.child(s.index), low, high)
		if err != nil {
			return nil, err
		}
		if s = next; s.count == 0 {
			return nil, damaged("page %d is empty", s.id)
		}
		if by < 0 {
			s.index = s.count - 1
		}
	}
	return s, nil
}
