package wording

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// families are the beginnings of keys that are made while the program runs. Those of checks are tested in cases_test.go.
var families = []string{
	"check.", "verdict.", "cause.", "month.", "origin.", "kind.", "step.", "credential.", "type.",
	"result.", "identity.", "place.", "word.", "reason.",
}

// root is the folder of the repository.
const root = "../.."

func catalogues(t *testing.T) (en, es map[string]string) {
	t.Helper()
	return texts()[English], texts()[Spanish]
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// placeholders are the names in a text, sorted, each once.
func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestCataloguesAgree(t *testing.T) {
	en, es := catalogues(t)
	for _, key := range slices.Sorted(maps.Keys(en)) {
		other, there := es[key]
		if !there {
			t.Errorf("%s is in en.json only", key)
		} else if a, b := placeholders(en[key]), placeholders(other); !slices.Equal(a, b) {
			t.Errorf("%s: placeholders %v in English, %v in Spanish", key, a, b)
		}
	}
	for key := range es {
		if _, there := en[key]; !there {
			t.Errorf("%s is in es.json only", key)
		}
	}
}

var straightQuote = regexp.MustCompile(`["']`)

func TestTextsAreWellSet(t *testing.T) {
	for _, l := range Languages {
		for key, text := range texts()[l] {
			switch {
			case strings.TrimSpace(text) == "":
				t.Errorf("%s %s is empty", l, key)
			case text != strings.TrimSpace(text) && !strings.HasPrefix(key, "page.") || strings.Contains(text, "  "):
				t.Errorf("%s %s has spaces too many: %q", l, key, text)
			case strings.ContainsAny(text, "<>\n\t"):
				t.Errorf("%s %s holds markup or a line break: %q", l, key, text)
			case straightQuote.MatchString(text):
				t.Errorf("%s %s holds a straight quotation mark: %q", l, key, text)
			case strings.Count(text, "{") != strings.Count(text, "}"), strings.Count(text, "{") != len(placeholder.FindAllString(text, -1)):
				t.Errorf("%s %s holds a broken placeholder: %q", l, key, text)
			case l == Spanish && strings.Count(text, "¿") != strings.Count(text, "?"):
				t.Errorf("%s %s lacks an opening question mark: %q", l, key, text)
			}
			if isCheck := strings.HasPrefix(key, "check.") || strings.HasPrefix(key, "verdict.") || strings.HasPrefix(key, "cause."); isCheck && (strings.HasSuffix(key, ".text") || strings.HasSuffix(key, ".bare") || strings.HasSuffix(key, ".advice")) && text != "-" && !strings.ContainsAny(text[len(text)-1:], ".?") && !strings.HasSuffix(text, "”") && !strings.HasSuffix(text, "»") {
				t.Errorf("%s %s is no sentence: %q", l, key, text)
			}
		}
	}
}

// TestNoFindingPoints: what is said of a check, or in a verdict, stands in tables, exports and lists too, where nothing is below it.
func TestNoFindingPoints(t *testing.T) {
	points := regexp.MustCompile(`(?i)\b(below|above|abajo|arriba)\b`)
	for _, l := range Languages {
		for key, text := range texts()[l] {
			if (strings.HasPrefix(key, "check.") || strings.HasPrefix(key, "verdict.") || strings.HasPrefix(key, "cause.")) && points.MatchString(text) {
				t.Errorf("%s %s points to what may not be there: %q", l, key, text)
			}
		}
	}
}

// TestFilesAreSorted keeps the catalogues easy to compare by eye: one key a line, in the order of bytes, none twice.
func TestFilesAreSorted(t *testing.T) {
	line := regexp.MustCompile(`^  ("(?:[^"\\]|\\.)*"): "`)
	for _, l := range Languages {
		file, err := os.ReadFile(string(l) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for _, text := range strings.Split(strings.TrimSpace(string(file)), "\n") {
			found := line.FindStringSubmatch(text)
			if found == nil {
				if text != "{" && text != "}" {
					t.Errorf("%s.json: not one key a line: %s", l, text)
				}
				continue
			}
			var key string
			if err := json.Unmarshal([]byte(found[1]), &key); err != nil {
				t.Fatal(err)
			}
			if key <= last {
				t.Errorf("%s.json: %s stands after %s", l, key, last)
			}
			last = key
		}
	}
}

// sentences splits a text at the ends of its sentences.
func sentences(text string) []string {
	return regexp.MustCompile(`[.:;?!] `).Split(text, -1)
}

// TestSentencesAreShort: what is read aloud has to be understood at once.
func TestSentencesAreShort(t *testing.T) {
	const most = 30
	for _, l := range Languages {
		for key, text := range texts()[l] {
			for _, s := range sentences(text) {
				if n := len(strings.Fields(s)); n > most {
					t.Errorf("%s %s: a sentence of %d words: %q", l, key, n, s)
				}
			}
		}
	}
}

// jargon is what nobody has to know who was handed a badge. The bare word "Verified" is for nobody.
var (
	jargon   = regexp.MustCompile(`(?i)\b(json|jwt|jws|cryptograph\w*|criptogr\w*|hash\w*|cipher\w*|cifra\w*|(?-i:DIDs?)|verification method|canonical\w*|canóni\w*|multibase|payload|token\w*|byte\w*|https? status|http \d+|schema|esquema|parse\w*|URI|pointer|metadata|metadatos|endpoint|null|object|member|array|algorithm\w*|algoritmo\w*|decod\w*|decodific\w*)\b`)
	verified = regexp.MustCompile(`(?i)\b(verified|verificad[oa]s?)\b`)
	informal = regexp.MustCompile(`(?i)\b(tú|tu|tus|te|puedes|tienes|quieres|debes|haz)\b`)
)

func TestNoJargon(t *testing.T) {
	en, es := catalogues(t)
	for _, catalogue := range []map[string]string{en, es} {
		for key, text := range catalogue {
			if verified.MatchString(text) {
				t.Errorf("%s says %q", key, verified.FindString(text))
			}
			lay := slices.ContainsFunc([]string{"check.", "verdict.", "cause.", "place.", "word."}, func(p string) bool { return strings.HasPrefix(key, p) })
			if found := jargon.FindString(placeholder.ReplaceAllString(text, "")); lay && found != "" {
				t.Errorf("%s says %q: %q", key, found, text)
			}
		}
	}
	for key, text := range es {
		if found := informal.FindString(text); found != "" {
			t.Errorf("%s speaks to a friend (%q): %q", key, found, text)
		}
	}
}

// sources are the files of the program that may name a key: Go without tests, and templates.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".html"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			all[path] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// said are calls for a text in Go and in templates, with their key.
var said = regexp.MustCompile(`\b(Say|Count|say|count|signed|either)\(?(?:r, )? ?"([a-zA-Z_.]+)"`)

// ownTexts are the texts of a room that speaks of more than reports, by a catalogue of its own beside this one. Its tests hold that.
func ownTexts(t *testing.T, path string) map[string]string {
	t.Helper()
	if !strings.HasPrefix(path, filepath.Join(root, "internal", "claim")+string(filepath.Separator)) {
		return nil
	}
	file, err := os.ReadFile(filepath.Join(root, "internal", "claim", "words", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var own map[string]string
	if err := json.Unmarshal(file, &own); err != nil {
		t.Fatal(err)
	}
	return own
}

// TestKeysAreUsed: every key is used somewhere, and none that is used is missing.
func TestKeysAreUsed(t *testing.T) {
	en, _ := catalogues(t)
	literal := regexp.MustCompile("[\"`]([a-zA-Z]+(?:\\.[a-zA-Z0-9_]+)+)[\"`]")
	used := map[string]bool{}
	for path, text := range sources(t) {
		for _, found := range literal.FindAllStringSubmatch(text, -1) {
			used[found[1]] = true
		}
		for _, call := range said.FindAllStringSubmatch(text, -1) {
			key := call[2]
			if strings.HasSuffix(key, ".") {
				continue // the beginning of a key
			}
			forms := []string{key}
			if strings.EqualFold(call[1], "count") {
				forms = []string{key + ".one", key + ".other"}
			}
			for _, form := range forms {
				if _, there := en[form]; !there && strings.Contains(key, ".") && ownTexts(t, path)[form] == "" {
					t.Errorf("%s uses %s, which is in no catalogue", path, form)
				}
			}
		}
	}
	made := func(key string) bool {
		if slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(key, f) }) {
			return true
		}
		base, form := key[:max(0, strings.LastIndexByte(key, '.'))], key[strings.LastIndexByte(key, '.')+1:]
		if used[base] && (form == "one" || form == "other") {
			return true
		}
		return familyOfSource(t, key)
	}
	for _, key := range slices.Sorted(maps.Keys(en)) {
		if !used[key] && !made(key) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

// familyOfSource says whether a source makes keys with this beginning: a literal that ends with a full stop.
func familyOfSource(t *testing.T, key string) bool {
	t.Helper()
	for _, text := range sources(t) {
		for i := strings.IndexByte(key, '.'); i >= 0 && i < len(key); {
			if strings.Contains(text, `"`+key[:i+1]+`"`) {
				return true
			}
			next := strings.IndexByte(key[i+1:], '.')
			if next < 0 {
				break
			}
			i += next + 1
		}
	}
	return false
}

func TestEveryFamilyIsWhole(t *testing.T) {
	for _, l := range Languages {
		var keys []string
		for month := 1; month <= 12; month++ {
			keys = append(keys, fmt.Sprintf("month.%d", month))
		}
		for _, step := range steps {
			keys = append(keys, "step."+step)
		}
		for _, kind := range []string{"json", "jwt", "png", "svg", "jpeg", "gif", "webp", "heic", "pdf", "qr", "url", "html", "zip", "file"} {
			keys = append(keys, "kind."+kind)
		}
		for _, origin := range []string{"network", "installation", "file", "pack"} {
			keys = append(keys, "origin."+origin)
		}
		for _, cause := range causes {
			keys = append(keys, "cause."+cause+".text", "cause."+cause+".advice")
		}
		for _, shape := range []Shape{ShapeYes, ShapeNo, ShapeUnknown, ShapeNote, ShapeNone} {
			keys = append(keys, "word."+string(shape))
		}
		for _, why := range append(slices.Clone(standings), "other") {
			keys = append(keys, "verdict."+why+".title", "verdict."+why+".text", "verdict."+why+".advice", "verdict.and."+why)
		}
		for _, key := range keys {
			if _, there := texts()[l][key]; !there {
				t.Errorf("%s lacks %s", l, key)
			}
		}
	}
}

// members are the names that the verifier has for parts of a credential, and the two ways to speak of any other part.
var members = words("recipient_name recipient_email recipient_id recipient_identifier credential_name credential_description credential_id awarded valid_from " +
	"valid_until issuer issuer_name issuer_id achievement achievement_name achievement_description achievement_id achievement_type criteria result evidence " +
	"alignment image status type whole pointer")

func TestPlaces(t *testing.T) {
	en, _ := catalogues(t)
	for _, name := range members {
		if en["place."+name] == "" {
			t.Errorf("place.%s is missing", name)
		}
	}
	for key := range en {
		if name, is := strings.CutPrefix(key, "place."); is && !slices.Contains(members, name) {
			t.Errorf("%s is used nowhere", key)
		}
	}
	for pointer, want := range map[string]string{"": "The badge as a whole", "/a/0": "The part /a/0"} {
		if got := English.place("", pointer); got != want {
			t.Errorf("%q is %q", pointer, got)
		}
	}
}
