package web

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"
)

// tone is a colour in sRGB, each part from 0 to 1.
type tone struct{ red, green, blue float64 }

func (t tone) String() string {
	part := func(f float64) int { return int(math.Round(255 * min(1, max(0, f)))) }
	return fmt.Sprintf("#%02x%02x%02x", part(t.red), part(t.green), part(t.blue))
}

// towards mixes a share of another colour into this one, as color-mix does in srgb.
func (t tone) towards(other tone, share float64) tone {
	mix := func(a, b float64) float64 { return a + (b-a)*share }
	return tone{mix(t.red, other.red), mix(t.green, other.green), mix(t.blue, other.blue)}
}

// luminance is the relative luminance (WCAG 2.2, definition of that name).
func (t tone) luminance() float64 {
	linear := func(f float64) float64 {
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(t.red) + 0.7152*linear(t.green) + 0.0722*linear(t.blue)
}

// contrast is the contrast ratio of two colours (WCAG 2.2, definition of that name), from 1 to 21.
func contrast(a, b tone) float64 {
	light, dark := a.luminance(), b.luminance()
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

// scheme is a scheme of colours as far as an accent has to get on with it: every ground that links and buttons stand on, the colour of
// text on a button that is filled, and what an accent that is too near to the grounds is mixed with. They are those of laurel.css.
type scheme struct {
	grounds []tone
	on      tone
	end     tone
}

var (
	lightScheme = scheme{[]tone{colour("faf8f3"), colour("fffefb")}, colour("fffefb"), colour("000000")}
	darkScheme  = scheme{[]tone{colour("121714"), colour("1a211d")}, colour("121714"), colour("ffffff")}
)

// enough is the contrast of text that WCAG 2.2 asks for in 1.4.3, with a little to spare for rounding.
const enough = 4.55

// accent makes a colour fit a scheme: it is darkened or lightened just as far as text in it takes to be read on every ground, also where
// a tenth of it is mixed in (under the pointer), and text on it.
func (s scheme) accent(t tone) tone {
	const steps = 200
	fits := func(t tone) bool {
		for _, ground := range s.grounds {
			if contrast(t, ground) < enough || contrast(t, ground.towards(t, 0.1)) < enough {
				return false
			}
		}
		return contrast(t, s.on) >= enough
	}
	for i := range steps {
		if mixed := t.towards(s.end, float64(i)/steps); fits(mixed) {
			return mixed
		}
	}
	return s.end
}

var sixDigits = regexp.MustCompile(`^[0-9a-f]{6}$`)

// colour reads six hexadecimal digits; anything else is black.
func colour(digits string) tone {
	var red, green, blue uint8
	if _, err := fmt.Sscanf(digits, "%02x%02x%02x", &red, &green, &blue); err != nil {
		return tone{}
	}
	return tone{float64(red) / 255, float64(green) / 255, float64(blue) / 255}
}

// accentSheet is the style sheet for a colour that an issuer has chosen.
func accentSheet(t tone) string {
	return fmt.Sprintf(":root { --laurel: %s; --on-laurel: %s; }\n@media (prefers-color-scheme: dark) { :root { --laurel: %s; --on-laurel: %s; } }\n",
		lightScheme.accent(t), lightScheme.on, darkScheme.accent(t), darkScheme.on)
}

// accent serves the style sheet of a colour, /accent/1d5b43.css. It depends on nothing but its address.
func (s *server) accent(c echo.Context) error {
	digits, isSheet := strings.CutSuffix(c.Param("colour"), ".css")
	if !isSheet || !sixDigits.MatchString(digits) {
		return notFound()
	}
	return send(c, "text/css; charset=utf-8", cacheForever, []byte(accentSheet(colour(digits))))
}
