package credential

import (
	"strings"
	"testing"
)

func TestLanguageTag(t *testing.T) {
	for _, tag := range []string{"es", "en-US", "pt-br", "EN", "zh-Hant-TW", "es-419", "ast", "zh-yue-Hant", "sl-rozaj-biske-1994", "de-CH-1901", "en-u-ca-gregory", "de-x-phonebk"} {
		if got := LanguageTag(tag); got != tag {
			t.Errorf("%s: %q", tag, got)
		}
	}
	for _, text := range []string{"", "x", "e", "x-private", "English", "es_MX", "es-", "-es", "es--MX", "en-u", "en-x", "es MX", " es", "es\n", "é", "es-ñ", "12",
		`es" onload="alert(1)`, "es'", "es>", "es\u202e", "es-MX-MX", strings.Repeat("e", 10_000), "es" + strings.Repeat("-abcde", 6), "es" + strings.Repeat("-abcde", 2_000)} {
		if got := LanguageTag(text); got != "" {
			t.Errorf("%.60q is a language tag", text)
		}
	}
}
