package pdf

import (
	"image"
	"image/draw"
	"iter"
)

const (
	mostPictures  = 32
	mostPixels    = 24_000_000 // of all pictures together
	leastSide     = 20         // pixels; the smallest QR code has 21 modules a side
	smallSide     = 250        // pixels; pictures up to this are enlarged
	mostWhole     = 4          // pages that are rendered as a whole, where no drawing stands out
	leastForWhole = 100        // dark shapes of such a page
)

// Pictures gives the raster pictures that the pages show, page by page, and after those of a page the drawings on it that may be
// QR codes. They are grey, have a white margin when they are small, and come at most once each, at most 32 with 24 million pixels
// together. Each is decoded when its turn comes. What cannot be decoded is left out, and [Document.LeftOut] tells so afterwards.
func (d *Document) Pictures() iter.Seq[image.Image] {
	return func(yield func(image.Image) bool) {
		own := *d.reader // so that each walk has the same budget
		own.left.work, own.streams, own.held, own.over = pictureWork, nil, 0, nil
		g := gallery{reader: &own, yield: yield, pixels: mostPixels, seen: map[int]bool{}}
		for _, p := range d.pages {
			if !g.page(p) {
				break
			}
		}
		d.more, d.unread = g.more || own.over != nil, g.unread
	}
}

// gallery is one walk through the pictures.
type gallery struct {
	reader *reader
	yield  func(image.Image) bool
	seen   map[int]bool // objects of pictures
	pixels int          // that may still be given
	given  int
	whole  int
	ended  bool // the caller wants no more
	more   bool // see [Document.LeftOut]
	unread bool
}

// page gives the pictures of a page and tells whether to go on.
func (g *gallery) page(p page) bool {
	r := g.reader
	s := &scene{}
	c := painter{r: r, scene: s, picture: g.show}
	c.page(p)
	g.more, g.unread = g.more || s.full, g.unread || c.cut
	if g.ended || r.over != nil || g.given >= mostPictures {
		return false
	}
	symbols := s.symbols(r)
	for _, one := range symbols {
		area, scale := one.box, 900/max(one.box.width(), one.box.height())
		margin := 100
		if one.module > 0 {
			scale = min(5/one.module, 1200/max(area.width(), area.height()))
			margin = 24
			area = box{area.x0 - one.module, area.y0 - one.module, area.x1 + one.module, area.y1 + one.module}
		}
		if !g.draw(s, area, scale, margin) {
			return false
		}
	}
	if dark := s.dark(); len(symbols) == 0 && dark >= leastForWhole && g.whole < mostWhole {
		_, _, b := r.dictOfPage(p)
		area := nowhere.with(point{float32(b[0]), float32(b[1])}).with(point{float32(b[2]), float32(b[3])})
		if side := max(area.width(), area.height()); side > 1 && side < farthest {
			g.whole++
			return g.draw(s, area, 2000/side, 0)
		}
	}
	return r.over == nil
}

// dark is the number of dark shapes.
func (s *scene) dark() int {
	n := 0
	for _, f := range s.fills {
		if f.light < dark {
			n += int(f.to - f.from)
		}
	}
	return n
}

// draw gives a part of the drawings and tells whether to go on.
func (g *gallery) draw(s *scene, area box, scale float32, margin int) bool {
	w, h := int(area.width()*scale)+1+2*margin, int(area.height()*scale)+1+2*margin
	if !g.room(w, h) {
		return true
	}
	if picture := s.render(g.reader, area, scale, margin); picture != nil {
		return g.give(picture)
	}
	return false
}

// room takes the pixels of a picture off what may be given, when there are enough.
func (g *gallery) room(w, h int) bool {
	if g.given >= mostPictures || w > g.pixels || h > g.pixels/w {
		g.more = true
		return false
	}
	g.pixels -= w * h
	return true
}

func (g *gallery) give(picture image.Image) bool {
	g.given++
	g.ended = !g.yield(picture)
	return !g.ended
}

// show gives one raster picture and tells whether to go on.
func (g *gallery) show(s *stream, resources dict, fill uint8) bool {
	r := g.reader
	if s.number > 0 && g.seen[s.number] {
		return true
	}
	if s.number > 0 {
		g.seen[s.number] = true
	}
	w := r.integer(s.dict, "Width", 0, 1, 1<<20)
	h := r.integer(s.dict, "Height", 0, 1, 1<<20)
	if w < leastSide || h < leastSide {
		return r.over == nil
	}
	if !g.room(w, h) {
		return g.given < mostPictures
	}
	picture := r.picture(s, resources, w, h, fill)
	if picture == nil {
		g.unread = true
		return r.over == nil
	}
	if max(w, h) <= smallSide {
		picture = enlarge(picture)
	}
	return g.give(picture)
}

// enlarge makes a small picture some times as large, with a white margin. A QR code may have one pixel for a module, and its margin
// on the page instead of in the picture.
func enlarge(picture *image.Gray) *image.Gray {
	b := picture.Bounds()
	factor := max(2, 500/max(b.Dx(), b.Dy()))
	margin := 8 * factor
	out := image.NewGray(image.Rect(0, 0, b.Dx()*factor+2*margin, b.Dy()*factor+2*margin))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	for y := range b.Dy() * factor {
		from := picture.Pix[y/factor*picture.Stride:]
		to := out.Pix[(y+margin)*out.Stride+margin:]
		for x := range b.Dx() * factor {
			to[x] = from[x/factor]
		}
	}
	return out
}
