package verifier

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
)

// TestViewLanguage: the language of an achievement is told where it is one, whatever was signed.
func TestViewLanguage(t *testing.T) {
	b := newBench(t)
	for tag, want := range map[string]string{
		"es": "es", "en-US": "en-US", "zh-Hant-TW": "zh-Hant-TW", "pt-br": "pt-br", "": "",
		"x": "", "Spanish": "", "es_MX": "", `es" onload="alert(1)`: "", strings.Repeat("es-", 3334): "",
	} {
		input := b.seal(b.badge(func(d map[string]any) {
			if tag != "" {
				subject(d)["achievement"].(map[string]any)["inLanguage"] = tag
			}
		}))
		for _, profile := range []credential.Profile{credential.OpenBadges, credential.VerifiableCredentials} {
			r, err := Verify(t.Context(), input, Options{At: at, Fetch: b.documents, Profile: profile})
			if err != nil {
				t.Fatal(err)
			}
			told := r.Authentic == Yes || profile == credential.VerifiableCredentials // what is for another profile is not judged by rules of Open Badges
			if told != (r.Credential != nil) || told && r.Credential.Achievement.InLanguage != want {
				t.Errorf("%.60q: %s, %+v", tag, answers(r), r.Credential)
			}
		}
	}
}
