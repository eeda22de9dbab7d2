package qr

import (
	"image"
	"image/color"
)

// mostPlane is how many pixels are looked at: a larger picture is halved first.
const mostPlane = 13_000_000

// plane is the luminance of a picture, 0 is black. Rows are stride bytes apart.
type plane struct {
	width, height, stride int
	pix                   []byte
}

func newPlane(width, height int) *plane {
	return &plane{width, height, width, make([]byte, width*height)}
}

func (p *plane) row(y int) []byte { return p.pix[y*p.stride : y*p.stride+p.width] }

// luminance returns the luminance of a picture on white ground, in at most mostPlane pixels. It may share memory with the picture
// and is not written to.
func luminance(picture image.Image) *plane {
	size := picture.Bounds().Size()
	read, shared := reader(picture)
	if size.X*size.Y <= mostPlane {
		if shared != nil {
			return shared
		}
		p := newPlane(size.X, size.Y)
		for y := range p.height {
			read(y, p.row(y))
		}
		return p
	}
	by := 2
	for (size.X/by)*(size.Y/by) > mostPlane {
		by++
	}
	if size.X < by || size.Y < by { // a line: no code fits on it
		return newPlane(1, 1)
	}
	p := newPlane(size.X/by, size.Y/by)
	row, sums := make([]byte, size.X), make([]int, p.width)
	for y := range p.height {
		clear(sums)
		for line := range by {
			read(y*by+line, row)
			for x := range sums {
				for _, v := range row[x*by : x*by+by] {
					sums[x] += int(v)
				}
			}
		}
		for x, sum := range sums {
			p.pix[y*p.stride+x] = byte(sum / (by * by))
		}
	}
	return p
}

// reader returns what fills a row of luminance, counted from the top of the picture; and the luminance itself where the picture
// holds it as such.
func reader(picture image.Image) (read func(y int, row []byte), shared *plane) {
	b := picture.Bounds()
	share := func(pix []byte, offset, stride int) (func(int, []byte), *plane) {
		p := &plane{b.Dx(), b.Dy(), stride, pix[offset:]}
		return func(y int, row []byte) { copy(row, p.row(y)) }, p
	}
	switch m := picture.(type) {
	case *image.Gray:
		return share(m.Pix, m.PixOffset(b.Min.X, b.Min.Y), m.Stride)
	case *image.YCbCr:
		return share(m.Y, m.YOffset(b.Min.X, b.Min.Y), m.YStride)
	case *image.Paletted:
		var table [256]byte
		for i, c := range m.Palette[:min(len(m.Palette), 256)] {
			table[i] = onWhite(c)
		}
		return func(y int, row []byte) {
			from := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range row {
				row[x] = table[from[x]]
			}
		}, nil
	case *image.RGBA: // the colour is multiplied with the alpha already
		return func(y int, row []byte) {
			from := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range row {
				c := from[4*x : 4*x+4 : 4*x+4]
				row[x] = byte(min(luma(uint32(c[0]), uint32(c[1]), uint32(c[2]))+255-uint32(c[3]), 255))
			}
		}, nil
	case *image.NRGBA:
		return func(y int, row []byte) {
			from := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range row {
				c := from[4*x : 4*x+4 : 4*x+4]
				alpha := uint32(c[3])
				row[x] = byte((luma(uint32(c[0]), uint32(c[1]), uint32(c[2]))*alpha + 255*(255-alpha)) / 255)
			}
		}, nil
	case *image.CMYK:
		return func(y int, row []byte) {
			from := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range row {
				c := from[4*x : 4*x+4 : 4*x+4]
				row[x] = byte(luma(255-uint32(c[0]), 255-uint32(c[1]), 255-uint32(c[2])) * (255 - uint32(c[3])) / 255)
			}
		}, nil
	}
	if m, ok := picture.(image.RGBA64Image); ok { // without a value on the heap for each pixel
		return func(y int, row []byte) {
			for x := range row {
				c := m.RGBA64At(b.Min.X+x, b.Min.Y+y)
				row[x] = byte(min(luma(uint32(c.R>>8), uint32(c.G>>8), uint32(c.B>>8))+255-uint32(c.A>>8), 255))
			}
		}, nil
	}
	return func(y int, row []byte) {
		for x := range row {
			row[x] = onWhite(picture.At(b.Min.X+x, b.Min.Y+y))
		}
	}, nil
}

// luma is the luminance of a colour (ITU-R BT.601), each part from 0 to 255.
func luma(r, g, b uint32) uint32 { return (77*r + 150*g + 29*b) >> 8 }

func onWhite(c color.Color) byte {
	if c == nil {
		return 255
	}
	r, g, b, a := c.RGBA()
	return byte(min(luma(r>>8, g>>8, b>>8)+255-a>>8, 255))
}

// half returns the plane at half its width and height.
func (p *plane) half() *plane {
	out := newPlane(p.width/2, p.height/2)
	for y := range out.height {
		upper, lower, row := p.row(2*y), p.row(2*y+1), out.row(y)
		for x := range row {
			row[x] = byte((int(upper[2*x]) + int(upper[2*x+1]) + int(lower[2*x]) + int(lower[2*x+1]) + 2) / 4)
		}
	}
	return out
}

// double returns the plane at twice its width and height, each new pixel between its neighbours.
func (p *plane) double() *plane {
	out := newPlane(2*p.width, 2*p.height)
	for y := range out.height {
		near, far := p.row(y/2), p.row(min(max(y/2-1+y%2*2, 0), p.height-1))
		row := out.row(y)
		for x := range row {
			a, b := x/2, min(max(x/2-1+x%2*2, 0), p.width-1)
			row[x] = byte((9*int(near[a]) + 3*int(near[b]) + 3*int(far[a]) + int(far[b]) + 8) / 16)
		}
	}
	return out
}
