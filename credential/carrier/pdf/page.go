package pdf

// page is one page of the file. Its dictionary is read again when it is needed, so that thousands take no memory.
type page struct {
	object    int // its number
	resources int // of the page or the node above it that has the resources (7.8.3)
	box       int // and of the one with the media box
}

// pages walks the page tree (7.7.3) from its root, each node once.
func (r *reader) pages() []page {
	type node struct {
		page
		depth int
	}
	root := r.dictionary(r.trailer, "Root")
	first, ok := root.at("Pages").(ref)
	if !ok {
		return nil
	}
	var out []page
	seen := map[int]bool{}
	for stack := []node{{page{object: int(first)}, 0}}; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		d, _ := r.object(n.object).(dict)
		if d == nil || seen[n.object] {
			continue
		}
		seen[n.object] = true
		if d.at("Resources") != nil {
			n.resources = n.object
		}
		if d.at("MediaBox") != nil {
			n.box = n.object
		}
		kids, isNode := r.get(d, "Kids").(array)
		if !isNode {
			if out = append(out, n.page); len(out) > mostPages {
				r.exceed(codeTooComplex, "the PDF file has too many pages")
				return nil
			}
			continue
		}
		if n.depth > mostDepth || len(stack)+len(kids) > mostObjects || !r.spend(len(kids)) {
			r.exceed(codeTooComplex, "the pages of the PDF file are nested too deeply")
			return nil
		}
		for i := len(kids) - 1; i >= 0; i-- {
			if kid, ok := kids[i].(ref); ok && !seen[int(kid)] {
				below := n
				below.object, below.depth = int(kid), n.depth+1
				stack = append(stack, below)
			}
		}
	}
	return out
}

// dictOfPage is the dictionary of a page, with its resources and its media box, wherever they stand.
func (r *reader) dictOfPage(p page) (d, resources dict, box []float64) {
	d, _ = r.object(p.object).(dict)
	resources = r.dictionary(dictOf(r.object(p.resources)), "Resources")
	if box = r.numbers(dictOf(r.object(p.box)), "MediaBox"); len(box) != 4 {
		box = []float64{0, 0, 612, 792}
	}
	return d, resources, box
}

// annotations are those of a page (12.5).
func (r *reader) annotations(page dict) []dict {
	list, _ := r.get(page, "Annots").(array)
	var out []dict
	for _, v := range list {
		if d, _ := r.resolve(v).(dict); d != nil {
			out = append(out, d)
		}
		if len(out) == mostAnnotations || r.over != nil {
			break
		}
	}
	return out
}

const mostAnnotations = 1000 // of one page that are looked at
