package record

import (
	"strings"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// box stands for a letter that the fonts do not have.
const box = '□'

// letters are the characters that every font of a record has: those of the Latin, Greek and Cyrillic scripts, and some signs.
var letters = sync.OnceValue(func() map[rune]bool {
	common := map[rune]bool{}
	for i, data := range [][]byte{goregular.TTF, gobold.TTF, gomono.TTF} {
		font, err := sfnt.Parse(data)
		if err != nil {
			panic(err) // it is part of the program
		}
		var buffer sfnt.Buffer
		for r := rune(' '); r < 0x10000; r++ {
			if i > 0 && !common[r] {
				continue
			}
			glyph, err := font.GlyphIndex(&buffer, r)
			switch has := err == nil && glyph != 0; {
			case has:
				common[r] = true
			case i > 0:
				delete(common, r)
			}
		}
	}
	return common
})

// printable puts a box in the place of each character that the fonts do not have, and says whether there was one. A letter and the
// accents behind it become one character first, where there is one (Unicode Standard Annex 15, form C).
func printable(text string) (shown string, whole bool) {
	whole = true
	has := letters()
	shown = strings.Map(func(r rune) rune {
		if has[r] {
			return r
		}
		whole = false
		return box
	}, norm.NFC.String(text))
	return shown, whole
}
