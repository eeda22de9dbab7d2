package qr

import (
	"math/bits"

	"github.com/makiuchi-d/gozxing"
)

// bitmap is a picture of two colours, one bit a pixel, the lowest bit of a word leftmost; 1 is dark.
type bitmap struct {
	width, height, words int
	bits                 []uint32
}

func newBitmap(width, height int) *bitmap {
	words := (width + 31) / 32
	return &bitmap{width, height, words, make([]uint32, words*height)}
}

func (b *bitmap) dark(x, y int) bool { return b.bits[y*b.words+x>>5]>>(x&31)&1 != 0 }

// runEnd is where the run of one colour that x stands in ends, at most the width.
func (b *bitmap) runEnd(row []uint32, x int) int {
	word := x >> 5
	turned := row[word]
	if turned>>(x&31)&1 != 0 {
		turned = ^turned
	}
	inverted := turned != row[word]
	turned &= ^uint32(0) << (x & 31)
	for turned == 0 {
		word++
		if word == len(row) {
			return b.width
		}
		turned = row[word]
		if inverted {
			turned = ^turned
		}
	}
	return min(word<<5+bits.TrailingZeros32(turned), b.width)
}

// matrix returns the picture as the library takes it; inverted turns its colours.
func (b *bitmap) matrix(inverted bool) *gozxing.BitMatrix {
	matrix, err := gozxing.NewBitMatrix(b.width, b.height)
	if err != nil {
		panic(err) // a plane has pixels
	}
	row := gozxing.NewBitArray(b.width)
	for y := range b.height {
		for i, word := range b.bits[y*b.words : (y+1)*b.words] {
			if inverted {
				word = ^word
			}
			row.SetBulk(32*i, word)
		}
		matrix.SetRow(y, row)
	}
	return matrix
}

const (
	side     = 8  // pixels of a block
	contrast = 24 // difference of luminance below which a place counts as plain
)

// byPlace divides dark from light by what is near: halfway between the mean and the middle of the darkest and the lightest pixel
// of five by five blocks. Where there is no contrast, whole decides.
func byPlace(p *plane, whole int) *bitmap {
	across, down := (p.width+side-1)/side, (p.height+side-1)/side
	type block struct{ sum, count, least, most int32 }
	blocks := make([]block, across*down)
	for y := range p.height {
		row, line := p.row(y), blocks[y/side*across:]
		for i := range across {
			b := &line[i]
			if y%side == 0 {
				b.least = 255
			}
			pixels := row[i*side : min((i+1)*side, len(row))]
			for _, v := range pixels {
				v := int32(v)
				b.sum, b.least, b.most = b.sum+v, min(b.least, v), max(b.most, v)
			}
			b.count += int32(len(pixels))
		}
	}
	out := newBitmap(p.width, p.height)
	thresholds := make([]int32, across)
	for y := range down {
		for x := range across {
			near := block{least: 255}
			for yy := max(y-2, 0); yy <= min(y+2, down-1); yy++ {
				for _, b := range blocks[yy*across+max(x-2, 0) : yy*across+min(x+3, across)] {
					near.sum, near.count = near.sum+b.sum, near.count+b.count
					near.least, near.most = min(near.least, b.least), max(near.most, b.most)
				}
			}
			thresholds[x] = int32(whole)
			if near.most-near.least > contrast {
				thresholds[x] = (near.sum/near.count + (near.least+near.most)/2) / 2
			}
		}
		for line := y * side; line < min((y+1)*side, p.height); line++ {
			row, words := p.row(line), out.bits[line*out.words:(line+1)*out.words]
			for x := 0; x < len(row); x += side {
				threshold, eight := thresholds[x/side], uint32(0)
				for i, v := range row[x:min(x+side, len(row))] {
					// The sign of the difference is the bit: no branch that noise could make slow.
					eight |= uint32(int32(v)-threshold) >> 31 << i
				}
				words[x>>5] |= eight << (x & 31)
			}
		}
	}
	return out
}

// byWhole divides dark from light at one luminance.
func byWhole(p *plane, whole int) *bitmap {
	out := newBitmap(p.width, p.height)
	for y := range p.height {
		words := out.bits[y*out.words : (y+1)*out.words]
		for x, v := range p.row(y) {
			words[x>>5] |= uint32(int32(v)-int32(whole)) >> 31 << (x & 31)
		}
	}
	return out
}

// divide is the luminance that divides the picture into two classes that differ most (the method of Otsu).
func divide(p *plane) int {
	var histogram [256]int
	step := max(p.height/512, 1)
	for y := 0; y < p.height; y += step {
		for _, v := range p.row(y) {
			histogram[v]++
		}
	}
	count, sum := 0, 0
	for v, n := range histogram {
		count, sum = count+n, sum+v*n
	}
	best, whole, below, belowSum := -1.0, 128, 0, 0
	for v, n := range histogram {
		below, belowSum = below+n, belowSum+v*n
		if below == 0 || below == count {
			continue
		}
		difference := float64(belowSum)/float64(below) - float64(sum-belowSum)/float64(count-below)
		if score := float64(below) * float64(count-below) * difference * difference; score > best {
			best, whole = score, v+1
		}
	}
	return whole
}
