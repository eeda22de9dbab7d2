package pdf

// family is what the components of a colour mean.
type family int

const (
	grey family = iota
	rgb
	cmyk
	tint // ink: 1 is dark (8.6.6.4, 8.6.6.5)
	lab
	indexed
	pattern
)

// space is a colour space (8.6), as far as lightness goes.
type space struct {
	family     family
	components int
	table      []uint8 // lightness by index
}

var (
	deviceGrey = space{family: grey, components: 1}
	deviceRGB  = space{family: rgb, components: 3}
	deviceCMYK = space{family: cmyk, components: 4}
)

// plainSpaces are the colour spaces that a name alone stands for, also in pictures that stand in a content stream (8.6.3, 8.9.7).
var plainSpaces = map[name]space{
	"DeviceGray": deviceGrey, "G": deviceGrey, "CalGray": deviceGrey,
	"DeviceRGB": deviceRGB, "RGB": deviceRGB, "CalRGB": deviceRGB,
	"DeviceCMYK": deviceCMYK, "CMYK": deviceCMYK,
	"Pattern": {family: pattern},
}

// space reads a colour space, named in resources or written out. What is not known has no components.
func (r *reader) space(v any, resources dict, depth int) space {
	v = r.resolve(v)
	if depth > 4 {
		return space{}
	}
	if n, ok := v.(name); ok {
		if plain, known := plainSpaces[n]; known {
			return plain
		}
		if named := r.get(r.dictionary(resources, "ColorSpace"), n); named != nil {
			return r.space(named, nil, depth+1)
		}
		return space{}
	}
	list, _ := v.(array)
	if len(list) == 0 {
		return space{}
	}
	kind, _ := r.resolve(list[0]).(name)
	if len(list) == 1 {
		return r.space(kind, resources, depth+1)
	}
	switch kind {
	case "CalGray", "CalRGB", "Pattern":
		return plainSpaces[kind]
	case "Lab":
		return space{family: lab, components: 3}
	case "ICCBased":
		if profile, _ := r.resolve(list[1]).(*stream); profile != nil {
			return map[int]space{1: deviceGrey, 3: deviceRGB, 4: deviceCMYK}[r.integer(profile.dict, "N", 0, 1, 4)]
		}
	case "Separation":
		return space{family: tint, components: 1}
	case "DeviceN":
		if names, _ := r.resolve(list[1]).(array); len(names) > 0 && len(names) <= 32 {
			return space{family: tint, components: len(names)}
		}
	case "Indexed", "I":
		if len(list) >= 4 {
			return r.indexed(r.space(list[1], resources, depth+1), list[3])
		}
	}
	return space{}
}

// indexed is a space of the colours that a table lists (8.6.6.3).
func (r *reader) indexed(base space, colours any) space {
	if base.components == 0 || base.family == indexed {
		return space{}
	}
	var table []byte
	switch t := r.resolve(colours).(type) {
	case text:
		table = t
	case *stream:
		table, _ = r.decode(t)
	}
	out := space{family: indexed, components: 1}
	colour := make([]float64, base.components)
	for ; len(table) >= base.components && len(out.table) < 256; table = table[base.components:] {
		for i := range colour {
			colour[i] = float64(table[i]) / 255
		}
		if base.family == lab {
			colour[0] *= 100
		}
		out.table = append(out.table, base.lightness(colour))
	}
	return out
}

// lightness is how light a colour is, from 0 to 255.
func (s space) lightness(c []float64) uint8 {
	if len(c) < s.components || s.components == 0 {
		return 0
	}
	var light float64
	switch s.family {
	case grey:
		light = c[0]
	case rgb:
		light = 0.299*c[0] + 0.587*c[1] + 0.114*c[2]
	case cmyk:
		light = 1 - (0.299*c[0] + 0.587*c[1] + 0.114*c[2]) - c[3]
	case tint:
		light = 1
		for _, ink := range c[:s.components] {
			light -= ink
		}
	case lab:
		light = c[0] / 100
	case indexed:
		if i := int(max(0, min(c[0], 255))); i < len(s.table) {
			return s.table[i]
		}
	}
	return uint8(max(0, min(light, 1))*255 + 0.5)
}
