package pdf

import (
	"bufio"
	"bytes"
	"image"
	"image/jpeg"
	"io"

	"golang.org/x/image/ccitt"

	price "github.com/laurelbadges/laurel/credential/carrier/internal/jpeg"
)

const (
	mostPicture = 12_000_000 // pixels of one picture
	mostPhoto   = 80 << 20   // bytes that decoding a JPEG takes
)

// picture decodes a picture (8.9.5) to grey. It gives nil when it cannot be decoded.
func (r *reader) picture(s *stream, resources dict, w, h int, fill uint8) *image.Gray {
	if w > mostPicture/h || !r.spend(2*w*h) {
		return nil
	}
	filters := r.filters(s)
	var out *image.Gray
	if n := len(filters); n > 0 && filters[n-1].name == "DCTDecode" {
		out = r.photo(s, filters[:n-1], w, h)
	} else {
		out = r.raster(s, filters, resources, w, h, fill)
	}
	if out != nil {
		r.mask(s, out)
	}
	return out
}

// samples reads the samples of a picture row by row.
type samples struct {
	in         io.Reader
	row        []byte
	bits       int
	components int
	width      int
}

// samples opens a picture that is not a JPEG.
func (r *reader) samples(s *stream, filters []filter, w, h, bits, components int) *samples {
	var in io.Reader
	var err error
	if n := len(filters); n > 0 && filters[n-1].name == "CCITTFaxDecode" {
		in, err = r.fax(s, filters, w, h)
	} else {
		in, err = r.filtered(s, filters)
	}
	if err != nil {
		return nil
	}
	return &samples{bufio.NewReaderSize(in, 32<<10), make([]byte, (w*bits*components+7)/8), bits, components, w}
}

// next reads a row. What is missing of the last is zero.
func (p *samples) next() bool {
	n, _ := io.ReadFull(p.in, p.row)
	clear(p.row[n:])
	return n > 0
}

// at is a sample of the row. Of sixteen bits the upper eight count.
func (p *samples) at(i int) byte {
	switch p.bits {
	case 8:
		return p.row[i]
	case 16:
		return p.row[2*i]
	}
	first := i * p.bits
	return p.row[first>>3] >> (8 - p.bits - first&7) & (1<<p.bits - 1)
}

// fax opens a picture in CCITT group 3 or 4 (7.4.6).
func (r *reader) fax(s *stream, filters []filter, w, h int) (io.Reader, error) {
	last := filters[len(filters)-1].parameters
	in, err := r.filtered(s, filters[:len(filters)-1])
	if err != nil || !r.spend(2*w*h) {
		return nil, errDamaged
	}
	k, _ := r.get(last, "K").(float64)
	format := ccitt.Group3
	switch {
	case k < 0:
		format = ccitt.Group4
	case k > 0:
		return nil, errUnknownFilter // group 3 in two dimensions
	}
	if r.integer(last, "Columns", 1728, 1, 1<<20) != w {
		return nil, errUnknownFilter
	}
	align, _ := r.get(last, "EncodedByteAlign").(bool)
	black, _ := r.get(last, "BlackIs1").(bool)
	return ccitt.NewReader(in, ccitt.MSB, format, w, h, &ccitt.Options{Align: align, Invert: black}), nil
}

// raster decodes a picture that is not a JPEG.
func (r *reader) raster(s *stream, filters []filter, resources dict, w, h int, fill uint8) *image.Gray {
	bits := r.integer(s.dict, "BitsPerComponent", 8, 1, 16)
	var in space
	if stencil, _ := r.get(s.dict, "ImageMask").(bool); stencil {
		// A stencil paints the colour of the fill where its samples are 0 (8.9.6.2).
		bits, in = 1, space{family: indexed, components: 1, table: []uint8{fill, 255}}
		if fill > 200 {
			in.table = []uint8{255, 0} // light on something dark, as it seems
		}
	} else {
		if len(filters) > 0 && filters[len(filters)-1].name == "CCITTFaxDecode" {
			bits = 1
		}
		in = r.space(s.dict.at("ColorSpace"), resources, 0)
	}
	if in.components == 0 || bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16 {
		return nil
	}
	if !r.spend(w * h * (in.components - 1)) {
		return nil
	}
	p := r.samples(s, filters, w, h, bits, in.components)
	if p == nil {
		return nil
	}
	out := white(w, h)
	shades := r.shades(s, in, min(bits, 8))
	hidden := r.colourKey(s, in.components)
	for y := range h {
		if !p.next() {
			if y == 0 {
				return nil
			}
			break
		}
		line := out.Pix[y*w : y*w+w]
		if in.components == 1 && hidden == nil {
			for x := range line {
				line[x] = shades[p.at(x)]
			}
			continue
		}
		for x := range line {
			at := x * in.components
			if !hidden.hides(p, at) {
				line[x] = mix(p, at, in, shades)
			}
		}
	}
	return out
}

// white is a picture with nothing on it.
func white(w, h int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, w, h))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	return out
}

// shades maps samples: to lightness where there is one component, else to the value of the component. It heeds Decode (8.9.5.2).
func (r *reader) shades(s *stream, in space, bits int) (out [256]uint8) {
	most := 1<<bits - 1
	low, high := 0.0, 1.0
	if in.family == indexed {
		high = float64(most)
	}
	if d := r.numbers(s.dict, "Decode"); len(d) >= 2 && in.family != lab {
		low, high = d[0], d[1]
	}
	for i := range most + 1 {
		v := low + float64(i)/float64(most)*(high-low)
		if in.components == 1 {
			out[i] = in.lightness([]float64{v})
		} else {
			out[i] = uint8(max(0, min(v, 1))*255 + 0.5)
		}
	}
	return out
}

// mix is the lightness of a pixel of several components.
func mix(p *samples, at int, in space, shades [256]uint8) uint8 {
	switch in.family {
	case grey, indexed:
		return shades[p.at(at)]
	case rgb:
		return uint8((299*int(shades[p.at(at)]) + 587*int(shades[p.at(at+1)]) + 114*int(shades[p.at(at+2)]) + 500) / 1000)
	case cmyk:
		ink := (299*int(shades[p.at(at)])+587*int(shades[p.at(at+1)])+114*int(shades[p.at(at+2)]))/1000 + int(shades[p.at(at+3)])
		return uint8(max(0, 255-ink))
	case lab:
		return shades[p.at(at)]
	}
	if in.components == 1 {
		return shades[p.at(at)]
	}
	light := 255
	for i := range in.components {
		light -= int(shades[p.at(at+i)])
	}
	return uint8(max(0, light))
}

// key is a range of samples for each component that are transparent (8.9.6.4).
type key []float64

func (r *reader) colourKey(s *stream, components int) key {
	if _, list := r.get(s.dict, "Mask").(array); list {
		if v := r.numbers(s.dict, "Mask"); len(v) == 2*components {
			return v
		}
	}
	return nil
}

func (k key) hides(p *samples, at int) bool {
	if k == nil {
		return false
	}
	for i := range len(k) / 2 {
		if v := float64(p.at(at + i)); v < k[2*i] || v > k[2*i+1] {
			return false
		}
	}
	return true
}

// mask makes white what a soft mask or a stencil hides (11.6.5.2, 8.9.6.3).
func (r *reader) mask(s *stream, out *image.Gray) {
	m, _ := r.get(s.dict, "SMask").(*stream)
	stencil := m == nil
	if stencil {
		if m, _ = r.get(s.dict, "Mask").(*stream); m == nil {
			return
		}
	}
	w, h := r.integer(m.dict, "Width", 0, 1, 1<<16), r.integer(m.dict, "Height", 0, 1, 1<<16)
	bits := r.integer(m.dict, "BitsPerComponent", 8, 1, 16)
	if stencil {
		bits = 1
	}
	if w < 1 || h < 1 || w > mostPicture/h || bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16 {
		return
	}
	wide, high := out.Rect.Dx(), out.Rect.Dy()
	filters := r.filters(m)
	if n := len(filters); n > 0 && filters[n-1].name == "DCTDecode" || !r.spend(2*w*h+2*wide*high) {
		return
	}
	p := r.samples(m, filters, w, h, bits, 1)
	if p == nil {
		return
	}
	shades := r.shades(m, deviceGrey, min(bits, 8))
	row := 0
	for y := range high {
		for want := y*h/high + 1; row < want; row++ {
			if !p.next() {
				return
			}
		}
		line := out.Pix[y*out.Stride : y*out.Stride+wide]
		for x := range line {
			cover := int(shades[p.at(x*w/wide)])
			if stencil {
				cover = 255 - cover // 1 is hidden
			}
			line[x] = uint8((cover*int(line[x]) + (255-cover)*255) / 255)
		}
	}
}

// photo decodes a JPEG (7.4.8).
func (r *reader) photo(s *stream, filters []filter, w, h int) *image.Gray {
	var body []byte
	var err error
	if len(filters) == 0 {
		body, _ = r.body(s, nil) // a photo has an end of its own
	} else {
		var in io.Reader
		if in, err = r.filtered(s, filters); err == nil {
			body, err = r.all(in)
		}
		if err != nil {
			return nil
		}
	}
	cost, err := price.Price(body)
	if err != nil || cost.Width > w || cost.Height > h || cost.Memory > mostPhoto || !r.spend(4*cost.Width*cost.Height+64/3*cost.Blocks+8*len(body)) {
		return nil
	}
	decoded, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	return r.lightness(s, decoded)
}

// lightness is a decoded JPEG in grey.
func (r *reader) lightness(s *stream, decoded image.Image) *image.Gray {
	inverted := false // the values of an Adobe JPEG in four inks are inverted unless Decode says otherwise
	if d := r.numbers(s.dict, "Decode"); len(d) >= 2 && d[0] > d[1] {
		inverted = true
	}
	b := decoded.Bounds()
	switch decoded := decoded.(type) {
	case *image.Gray:
		if inverted {
			for i := range decoded.Pix {
				decoded.Pix[i] = 255 - decoded.Pix[i]
			}
		}
		return decoded
	case *image.YCbCr:
		return &image.Gray{Pix: decoded.Y, Stride: decoded.YStride, Rect: b}
	}
	out := white(b.Dx(), b.Dy())
	for y := range b.Dy() {
		for x := range b.Dx() {
			var light int
			switch decoded := decoded.(type) {
			case *image.CMYK:
				c := decoded.CMYKAt(b.Min.X+x, b.Min.Y+y)
				inks := [4]int{int(c.C), int(c.M), int(c.Y), int(c.K)}
				if !inverted {
					for i := range inks {
						inks[i] = 255 - inks[i]
					}
				}
				light = 255 - (299*inks[0]+587*inks[1]+114*inks[2])/1000 - inks[3]
			case *image.RGBA:
				c := decoded.RGBAAt(b.Min.X+x, b.Min.Y+y)
				light = (299*int(c.R) + 587*int(c.G) + 114*int(c.B)) / 1000
			}
			out.Pix[y*out.Stride+x] = uint8(max(0, light))
		}
	}
	return out
}
