package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
)

const (
	signature = "\x89PNG\r\n\x1a\n"
	maxChunks = 10_000   // pictures have a few hundred at most
	maxPixels = 65 << 20 // bytes before they are compressed: MaxSide both ways, with 8 bits for each of four channels
)

// header is what IHDR says (PNG section 11.2.1).
type header struct {
	width, height int
	depth         int // bits of a sample or palette index
	colour        int // colour type
	interlaced    bool
}

// shape is what there is to know of a colour type (PNG table 11.1).
type shape struct {
	depths   []int
	channels int
}

var shapes = map[int]shape{0: {[]int{1, 2, 4, 8, 16}, 1}, 2: {[]int{8, 16}, 3}, 3: {[]int{1, 2, 4, 8}, 1}, 4: {[]int{8, 16}, 2}, 6: {[]int{8, 16}, 4}}

// kept are the chunks before IDAT that change how the picture looks, in the order in which they are written (PNG section 5.6).
var kept = []string{"cHRM", "gAMA", "sRGB", "pHYs", "PLTE", "tRNS"}

// cleanPNG keeps the chunks that draw, once each, and writes the pixels into one IDAT.
func cleanPNG(data []byte) (clean []byte, width, height int, err error) {
	damaged := refused("The picture is damaged, or is no PNG.")
	var h header
	found := map[string][]byte{}
	var pixels []byte
	ended := false // after the last IDAT
	rest := data[len(signature):]
	for count := 0; ; count++ {
		if len(rest) < 12 || count == maxChunks {
			return nil, 0, 0, damaged
		}
		length := uint64(binary.BigEndian.Uint32(rest))
		if length > uint64(len(rest)-12) {
			return nil, 0, 0, damaged
		}
		kind, body := string(rest[4:8]), rest[8:8+length]
		if crc32.ChecksumIEEE(rest[4:8+length]) != binary.BigEndian.Uint32(rest[8+length:]) || (count == 0) != (kind == "IHDR") {
			return nil, 0, 0, damaged
		}
		rest = rest[12+length:]
		ended = ended || pixels != nil && kind != "IDAT"
		_, twice := found[kind]
		switch {
		case kind == "IHDR":
			if h, err = readHeader(body); err != nil {
				return nil, 0, 0, err
			}
			found[kind] = body
		case kind == "IDAT":
			if ended { // they follow each other (PNG section 5.6)
				return nil, 0, 0, damaged
			}
			pixels = append(pixels, body...)
			if pixels == nil {
				pixels = []byte{}
			}
		case kind == "IEND":
			if length > 0 || pixels == nil || h.colour == 3 && found["PLTE"] == nil {
				return nil, 0, 0, damaged
			}
			if pixels, err = h.whole(pixels); err != nil {
				return nil, 0, 0, err
			}
			return writePNG(found, pixels), h.width, h.height, nil
		case slices.Contains(kept, kind):
			if twice && kind == "PLTE" {
				return nil, 0, 0, damaged
			}
			if !twice && pixels == nil && h.fits(kind, body, found["PLTE"]) {
				found[kind] = body
			} else if kind == "PLTE" || kind == "tRNS" {
				return nil, 0, 0, damaged
			}
		case kind[0]&0x20 == 0: // critical, so the picture means something else without it (PNG section 5.4)
			return nil, 0, 0, damaged
		}
	}
}

func readHeader(body []byte) (h header, err error) {
	if len(body) != 13 {
		return h, refused("The picture is damaged, or is no PNG.")
	}
	w, t := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
	if w == 0 || t == 0 || w > MaxSide || t > MaxSide {
		return h, refused("The picture may have at most %d pixels a side.", MaxSide)
	}
	h = header{int(w), int(t), int(body[8]), int(body[9]), body[12] == 1}
	if s, known := shapes[h.colour]; !known || !slices.Contains(s.depths, h.depth) || body[10] != 0 || body[11] != 0 || body[12] > 1 {
		return h, refused("The picture is damaged, or is no PNG.")
	}
	return h, nil
}

// fits says whether a chunk has the length that its kind has with this header.
func (h header) fits(kind string, body, palette []byte) bool {
	switch kind {
	case "cHRM":
		return len(body) == 32
	case "gAMA":
		return len(body) == 4
	case "sRGB":
		return len(body) == 1
	case "pHYs":
		return len(body) == 9
	case "PLTE":
		most := 256
		if h.colour == 3 {
			most = 1 << h.depth
		}
		return (h.colour&2) != 0 && len(body) > 0 && len(body)%3 == 0 && len(body)/3 <= most
	}
	switch h.colour { // tRNS
	case 0:
		return len(body) == 2
	case 2:
		return len(body) == 6
	case 3:
		return len(body) > 0 && len(body) <= len(palette)/3
	}
	return false
}

// size is how many bytes the pixels take before they are compressed: each row with one byte for its filter (PNG sections 7.2, 8).
func (h header) size() int64 {
	bits := shapes[h.colour].channels * h.depth
	rows := func(width, height int) int64 {
		if width == 0 || height == 0 {
			return 0
		}
		return int64(height) * int64(1+(width*bits+7)/8)
	}
	if !h.interlaced {
		return rows(h.width, h.height)
	}
	var all int64
	for _, pass := range [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		all += rows(max(0, h.width-pass[0]+pass[2]-1)/pass[2], max(0, h.height-pass[1]+pass[3]-1)/pass[3])
	}
	return all
}

// whole inflates pixels, keeping none of it, and returns the stream without what may stand behind it. It has to hold exactly what the
// header asks for.
func (h header) whole(pixels []byte) ([]byte, error) {
	damaged := refused("The picture is damaged, or holds more or less than it says.")
	rest := bytes.NewReader(pixels)
	r, err := zlib.NewReader(rest)
	if err != nil {
		return nil, damaged
	}
	want := h.size()
	if want > maxPixels {
		return nil, refused("The picture may have at most %d pixels a side, of 8 bits a channel.", MaxSide)
	}
	got, err := io.Copy(io.Discard, io.LimitReader(r, want+1))
	if err != nil || got != want {
		return nil, damaged
	}
	return pixels[:len(pixels)-rest.Len()], nil
}

func writePNG(found map[string][]byte, pixels []byte) []byte {
	out := append(make([]byte, 0, len(pixels)+1024), signature...)
	chunk := func(kind string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		start := len(out)
		out = append(append(out, kind...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
	}
	chunk("IHDR", found["IHDR"])
	for _, kind := range kept {
		if body, there := found[kind]; there {
			chunk(kind, body)
		}
	}
	chunk("IDAT", pixels)
	chunk("IEND", nil)
	return out
}
