// Package jpeg works out from the headers of a JPEG (ITU-T T.81 annex B) what it takes to decode it with image/jpeg, before anything is
// decoded.
package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Bounds on the scans of one JPEG. A progressive picture goes over its blocks in each of its scans, and a scan that changes nothing
// is a few bytes long.
const (
	mostScans  = 64
	mostBlocks = 4_000_000
)

// Errors of [Price].
var (
	ErrDamaged = errors.New("the picture is damaged or cut short")
	ErrKind    = errors.New("the picture is a JPEG of a kind that is not read here")
	ErrScans   = errors.New("the picture goes over its pixels more often than can be read here")
)

// Cost is what decoding takes.
type Cost struct {
	Width, Height int // in pixels; whoever decodes bounds them
	Memory        int // bytes beside the file
	Blocks        int // of 8 by 8 samples, each counted in every scan that it belongs to; at most 4,000,000
}

// Price reads the headers of a JPEG. With an error comes what was known by then: the size of the picture, where it has one.
func Price(data []byte) (Cost, error) {
	var cost Cost
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		return cost, ErrDamaged
	}
	var picture *frame
	scans, plain := 0, false
	for rest := data[2:]; ; {
		marker, segment, next := marker(rest)
		switch {
		case next == nil:
			return cost, ErrDamaged
		case marker == 0xd9: // end of the picture
			if scans == 0 {
				return cost, ErrDamaged
			}
			cost.Memory = picture.memory(plain)
			return cost, nil
		case marker >= 0xc0 && marker <= 0xc2: // a frame: baseline, extended or progressive
			if picture != nil {
				return cost, ErrDamaged
			}
			if picture = frameOf(marker == 0xc2, segment); picture == nil {
				return cost, ErrDamaged
			}
			cost.Width, cost.Height = picture.width, picture.height
		case marker >= 0xc3 && marker <= 0xcf && marker != 0xc4: // lossless, hierarchical or arithmetic coding
			return cost, ErrKind
		case marker == 0xee && len(segment) >= 12 && string(segment[:5]) == "Adobe":
			plain = plain || segment[11] == 0
		case marker == 0xda: // a scan
			if picture == nil {
				return cost, ErrDamaged
			}
			scans++
			cost.Blocks += picture.blocks(segment)
			if scans > mostScans || cost.Blocks > mostBlocks {
				return cost, ErrScans
			}
		}
		rest = next
	}
}

// marker finds the next marker, what its segment holds, and what follows it; nil when there is none. Entropy-coded data and fill
// bytes before it are passed over.
func marker(data []byte) (code byte, segment, next []byte) {
	for {
		at := bytes.IndexByte(data, 0xff)
		if at < 0 || at+1 >= len(data) {
			return 0, nil, nil
		}
		code = data[at+1]
		data = data[at+1:]
		if code == 0xff { // fill
			continue
		}
		data = data[1:]
		if code == 0 || code == 1 || (code >= 0xd0 && code <= 0xd8) { // a stuffed byte, or a marker without a segment
			continue
		}
		if code == 0xd9 {
			return code, nil, data
		}
		if len(data) < 2 {
			return 0, nil, nil
		}
		length := int(binary.BigEndian.Uint16(data))
		if length < 2 || length > len(data) {
			return 0, nil, nil
		}
		return code, data[2:length], data[length:]
	}
}

// frame is what a frame header says (section B.2.2).
type frame struct {
	width, height int
	progressive   bool
	components    []component
	units         int // minimum coded units
}

type component struct{ id, horizontal, vertical int }

// frameOf reads a frame header, nil when it is none.
func frameOf(progressive bool, segment []byte) *frame {
	if len(segment) < 6 || len(segment) != 6+3*int(segment[5]) || segment[5] < 1 || segment[5] > 4 {
		return nil
	}
	f := &frame{height: int(binary.BigEndian.Uint16(segment[1:])), width: int(binary.BigEndian.Uint16(segment[3:])), progressive: progressive}
	for at := 6; at < len(segment); at += 3 {
		c := component{int(segment[at]), int(segment[at+1] >> 4), int(segment[at+1] & 15)}
		if c.horizontal < 1 || c.horizontal > 4 || c.vertical < 1 || c.vertical > 4 {
			return nil
		}
		f.components = append(f.components, c)
	}
	if len(f.components) == 1 { // its factors mean nothing
		f.components[0].horizontal, f.components[0].vertical = 1, 1
	}
	across, down := 8*f.components[0].horizontal, 8*f.components[0].vertical // no component may be finer than the first
	f.units = ((f.width + across - 1) / across) * ((f.height + down - 1) / down)
	return f
}

// memory is how many bytes it takes to decode the frame. plain says that its components may be red, green and blue.
func (f *frame) memory(plain bool) int {
	samples := 0
	for _, c := range f.components {
		samples += 64 * f.units * c.horizontal * c.vertical
	}
	needed := samples
	if f.progressive {
		needed += 4 * samples // the coefficients, until the end
	}
	first := f.components[0]
	named := len(f.components) == 3 && first.id == 'R'
	if plain || named || len(f.components) > 3 { // put together in a picture of four channels
		needed += 4 * 64 * f.units * first.horizontal * first.vertical
	}
	return needed
}

// blocks is how many blocks a scan goes over (section B.2.3).
func (f *frame) blocks(segment []byte) int {
	total := 0
	if len(segment) > 0 {
		for i := 0; i < int(segment[0]) && 1+2*i < len(segment); i++ {
			for _, c := range f.components {
				if c.id == int(segment[1+2*i]) {
					total += f.units * c.horizontal * c.vertical
				}
			}
		}
	}
	return total
}
