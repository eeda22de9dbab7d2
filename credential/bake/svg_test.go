package bake

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/internal/referencedata"
)

const (
	svgOpen  = `<svg xmlns="` + svgNamespace + `" viewBox="0 0 2 2">`
	drawn    = `<path d="M0 0h2v2z"/>`
	svgPlain = svgOpen + drawn + `</svg>`
	badge    = `{"id":"urn:uuid:1","name":"a < b & ]]> ü"}`
	token    = "ey.ey.c2ln_-"
)

// holding is an SVG with elements before the drawing.
func holding(elements ...string) string {
	return svgOpen + strings.Join(elements, "") + drawn + `</svg>`
}

func element(attributes, body string) string {
	return `<o:credential xmlns:o="` + badgeNamespace + `"` + attributes + `>` + body + `</o:credential>`
}

// utf16 is text in UTF-16, little endian, with its mark.
func utf16(text string) string {
	out := "\xff\xfe"
	for _, b := range []byte(text) {
		out += string([]byte{b, 0})
	}
	return out
}

func TestUnbakeSVG(t *testing.T) {
	const cdata = `<![CDATA[` + `{"id":"urn:uuid:1","name":"a < b & ]]` + `]]><![CDATA[` + `> ü"}` + `]]>`
	asJSON, asToken := element("", cdata), element(` verify="`+token+`"`, "")
	entities := `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">`
	for i := range 9 {
		entities += fmt.Sprintf(`<!ENTITY %c "%s">`, 'b'+i, strings.Repeat(fmt.Sprintf("&%c;", 'a'+i), 10))
	}
	cases := map[string]struct {
		file string
		code string
		want string
	}{
		"JSON":                        {holding(asJSON), "", badge},
		"compact JWS":                 {holding(asToken), "", token},
		"JSON with space around":      {holding(element("", "\n  <![CDATA[\n "+`{"a":1}`+" ]]>\n")), "", `{"a":1}`},
		"JSON as text":                {holding(element("", `{"a":"&lt;&amp;&#252;"}`)), "", `{"a":"<&ü"}`},
		"JSON around a comment":       {holding(element("", `{"a"<!-- x -->:1}`)), "", `{"a":1}`},
		"space in an empty element":   {holding(element(` verify="`+token+`"`, "\n")), "", token},
		"another prefix, inherited":   {`<s:svg xmlns:s="` + svgNamespace + `" xmlns:b="` + badgeNamespace + `"><b:credential verify="` + token + `"/></s:svg>`, "", token},
		"default namespace":           {holding(`<credential xmlns="` + badgeNamespace + `" verify="` + token + `"/>`), "", token},
		"deeper in the picture":       {holding(`<metadata>` + asToken + `</metadata>`), "", token},
		"byte order mark":             {"\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>" + holding(asToken), "", token},
		"all that may come before":    {"<?xml version='1.0' encoding='UTF-8' standalone=\"no\" ?>\r\n<!-- a --><?b c?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n" + holding(asToken) + "\n<!-- d -->\n", "", token},
		"document type without place": {"<!DOCTYPE svg>" + holding(asToken), "", token},
		"beside an older badge":       {holding(`<o:assertion xmlns:o="`+legacyNamespace+`" verify="x.y.z"/>`, asToken), "", token},
		"100 levels":                  {holding(strings.Repeat("<g>", 98), asToken, strings.Repeat("</g>", 98)), "", token},

		"older badge":                 {holding(`<o:assertion xmlns:o="` + legacyNamespace + `" verify="https://example.org/1"/>`), "", "https://example.org/1"},
		"older badge with address":    {holding(`<o:assertion xmlns:o="` + legacyNamespace + `" verify="https://example.org/1"><![CDATA[{"a":1}]]></o:assertion>`), "", `{"a":1}`},
		"a learner record":            {holding(`<o:credential xmlns:o="` + recordNamespace + `" verify="` + token + `"/>`), "", token},
		"empty beside an older badge": {holding(element("", ""), `<o:assertion xmlns:o="`+legacyNamespace+`">{}</o:assertion>`), "", "{}"},

		"no credential":            {svgPlain, CodeNoCredential, ""},
		"empty element":            {holding(element("", "")), CodeNoCredential, ""},
		"empty attribute":          {holding(element(` verify=" "`, "")), CodeNoCredential, ""},
		"attribute with a prefix":  {holding(element(` o:verify="`+token+`"`, "")), CodeNoCredential, ""},
		"wrong namespace":          {holding(`<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p1" verify="` + token + `"/>`), CodeNoCredential, ""},
		"no namespace":             {holding(`<credential verify="` + token + `"/>`), CodeNoCredential, ""},
		"prefix without namespace": {holding(`<openbadges:credential verify="` + token + `"/>`), CodeNoCredential, ""},
		"only in a comment":        {holding(`<!--` + asToken + `-->`), CodeNoCredential, ""},
		"only in a CDATA section":  {holding(`<desc><![CDATA[` + asToken + `]]></desc>`), CodeNoCredential, ""},

		"two credentials":               {holding(asToken, asToken), CodeImageInvalid, ""},
		"two credentials far apart":     {holding(asToken, `<g>`+asJSON+`</g>`), CodeImageInvalid, ""},
		"attribute and text":            {holding(element(` verify="`+token+`"`, badge[:2])), CodeImageInvalid, ""},
		"empty attribute and text":      {holding(element(` verify=""`, `{}`)), CodeImageInvalid, ""},
		"older token and text":          {holding(`<o:assertion xmlns:o="` + legacyNamespace + `" verify="x.y.z">{}</o:assertion>`), CodeImageInvalid, ""},
		"badge in an older badge":       {holding(`<o:assertion xmlns:o="` + legacyNamespace + `">` + asToken + `</o:assertion>`), CodeImageInvalid, ""},
		"elements as the text":          {holding(element("", `{"a":<b/>1}`)), CodeImageInvalid, ""},
		"credential in a credential":    {holding(element("", asToken)), CodeImageInvalid, ""},
		"two attributes verify":         {holding(element(` verify="a.b.c" verify="`+token+`"`, "")), CodeImageInvalid, ""},
		"one attribute by two prefixes": {holding(asToken, `<g xmlns:a="urn:a" xmlns:b="urn:a" a:x="" b:x=""/>`), CodeImageInvalid, ""},
		"101 levels":                    {holding(strings.Repeat("<g>", 99), asToken, strings.Repeat("</g>", 99)), CodeImageInvalid, ""},
		"a million levels":              {holding(strings.Repeat("<g>", 1_000_000)), CodeImageInvalid, ""},
		"200,000 elements":              {holding(asToken, strings.Repeat("<g/>", 200_000)), CodeImageInvalid, ""},
		"billion laughs":                {entities + "]>" + holding(element("", "&j;")), CodeImageInvalid, ""},
		"external entity":               {`<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + holding(element("", "&a;")), CodeImageInvalid, ""},
		"external document type":        {`<!DOCTYPE svg SYSTEM "https://attacker.example/a.dtd">` + holding(asToken), CodeImageInvalid, ""},
		"SVG type and own entities":     {`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "a.dtd" [<!ENTITY a "b">]>` + holding(asToken), CodeImageInvalid, ""},
		"parameter entity":              {`<!DOCTYPE svg [<!ENTITY % a SYSTEM "https://attacker.example/">%a;]>` + holding(asToken), CodeImageInvalid, ""},
		"document type inside":          {holding(`<!DOCTYPE svg>`, asToken), CodeImageInvalid, ""},
		"document type after":           {holding(asToken) + `<!DOCTYPE svg>`, CodeImageInvalid, ""},
		"two document types":            {`<!DOCTYPE svg><!DOCTYPE svg>` + holding(asToken), CodeImageInvalid, ""},
		"entity that nobody declared":   {holding(element("", "&nbsp;"), asToken), CodeImageInvalid, ""},
		"says UTF-16":                   {`<?xml version="1.0" encoding="UTF-16"?>` + holding(asToken), CodeImageInvalid, ""},
		"says UTF-16 with spaces":       {`<?xml version="1.0" encoding = "UTF-16"?>` + holding(asToken), CodeImageInvalid, ""},
		"says ISO 8859-1":               {`<?xml version="1.0" encoding="iso-8859-1"?>` + holding(asToken), CodeImageInvalid, ""},
		"is UTF-16":                     {utf16(holding(asToken)), CodeImageInvalid, ""},
		"XML 1.1":                       {`<?xml version="1.1"?>` + holding(asToken), CodeImageInvalid, ""},
		"declaration not first":         {"\n" + `<?xml version="1.0"?>` + holding(asToken), CodeImageInvalid, ""},
		"declaration inside":            {holding(`<?xml version="1.0"?>`, asToken), CodeImageInvalid, ""},
		"invalid UTF-8":                 {holding(asToken, "<desc>\xff</desc>"), CodeImageInvalid, ""},
		"zero byte":                     {holding(asToken, "<desc>\x00</desc>"), CodeImageInvalid, ""},
		"reference to a zero byte":      {holding(element("", "{&#0;}")), CodeImageInvalid, ""},
		"cut short":                     {strings.TrimSuffix(holding(asToken), "vg>"), CodeImageInvalid, ""},
		"tags cross":                    {holding(asToken, "<g><a></g></a>"), CodeImageInvalid, ""},
		"text before the root":          {"x" + holding(asToken), CodeImageInvalid, ""},
		"text after the root":           {holding(asToken) + "x", CodeImageInvalid, ""},
		"CDATA after the root":          {holding(asToken) + "<![CDATA[ ]]>", CodeImageInvalid, ""},
		"two roots":                     {svgPlain + holding(asToken), CodeImageInvalid, ""},
		"root of no namespace":          {`<svg>` + asToken + `</svg>`, CodeImageInvalid, ""},
		"another root":                  {`<html>` + holding(asToken) + `</html>`, CodeImageInvalid, ""},
		"text longer than the limit":    {holding(element("", strings.Repeat("a", maxText+1))), CodeTooLarge, ""},
		"token longer than the limit":   {holding(element(` verify="`+strings.Repeat("a", maxText+1)+`"`, "")), CodeTooLarge, ""},
		"file longer than the limit":    {holding(asToken, strings.Repeat(" ", maxSVG)), CodeTooLarge, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Unbake([]byte(c.file))
			if code(err) != c.code || string(got) != c.want {
				t.Errorf("got %.60q, %v; want %q, code %q", got, err, c.want, c.code)
			}
		})
	}
}

func TestIsSVG(t *testing.T) {
	for file, want := range map[string]bool{
		svgPlain: true, "\ufeff \n" + svgPlain: true, svgOpen: true, `<!DOCTYPE svg [<!ENTITY a "b">]><!-- -->` + svgPlain: true,
		`<?xml version="1.0" encoding="UTF-16"?>` + svgPlain: true, // so that it is called a picture that cannot be read
		"": false, "<": false, "svg": false, `{"a":"<svg/>"}`: false, `<svg/>`: false, `<svg xmlns="http://www.w3.org/2000/SVG"/>`: false,
		`<!doctype html><html><body>` + svgPlain: false, "<g>" + svgPlain + "</g>": false, "a" + svgPlain: false,
	} {
		if got := IsSVG([]byte(file)); got != want {
			t.Errorf("%.60q: %v", file, got)
		}
	}
}

func TestBakeSVG(t *testing.T) {
	const asToken = `<openbadges:credential xmlns:openbadges="` + badgeNamespace + `" verify="` + token + `"></openbadges:credential>`
	for name, c := range map[string]struct{ file, credential, want string }{
		"compact JWS":       {svgPlain, token, svgOpen + asToken + drawn + "</svg>"},
		"line feed at end":  {svgPlain, token + "\r\n", svgOpen + asToken + drawn + "</svg>"},
		"replaced":          {holding(element("", "{}")), token, svgOpen + asToken + drawn + "</svg>"},
		"replaced below":    {holding("<g>", element("", "{}"), "\n</g>"), token, svgOpen + asToken + "<g>\n</g>" + drawn + "</svg>"},
		"others stay":       {holding(element("", "{}"), `<o:assertion xmlns:o="`+legacyNamespace+`"/>`), token, svgOpen + asToken + `<o:assertion xmlns:o="` + legacyNamespace + `"/>` + drawn + "</svg>"},
		"several replaced":  {holding(element("", asToken), "<g/>", asToken), token, svgOpen + asToken + "<g/>" + drawn + "</svg>"},
		"empty root":        {`<svg xmlns="` + svgNamespace + `" />`, token, `<svg xmlns="` + svgNamespace + `" >` + asToken + "</svg>"},
		"empty with prefix": {`<?a b?><s:svg xmlns:s="` + svgNamespace + `"/><!---->`, token, `<?a b?><s:svg xmlns:s="` + svgNamespace + `">` + asToken + "</s:svg><!---->"},
		"all else as it is": {"\ufeff<?xml version=\"1.0\"?>\r\n<!DOCTYPE svg>\r\n" + svgOpen + "\r\n\t<script>a()</script>&amp;<![CDATA[<]]></svg >\r\n", token,
			"\ufeff<?xml version=\"1.0\"?>\r\n<!DOCTYPE svg>\r\n" + svgOpen + asToken + "\r\n\t<script>a()</script>&amp;<![CDATA[<]]></svg >\r\n"},
		"no characters of XML": {svgPlain, "{\"\ufffe\uffff\":1}", svgOpen + `<openbadges:credential xmlns:openbadges="` + badgeNamespace +
			`"><![CDATA[{"\ufffe\uffff":1}]]></openbadges:credential>` + drawn + "</svg>"},
		"JSON with the end of a section": {svgPlain, "\n" + `{"a":"]]>]]>"}` + "\n", svgOpen + `<openbadges:credential xmlns:openbadges="` + badgeNamespace +
			`"><![CDATA[{"a":"]]]]><![CDATA[>]]]]><![CDATA[>"}]]></openbadges:credential>` + drawn + "</svg>"},
	} {
		if got, err := Bake([]byte(c.file), []byte(c.credential)); err != nil || string(got) != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", name, got, err, c.want)
		}
	}
}

func TestBakeSVGRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, credential, code string }{
		"neither JSON nor JWS":            {svgPlain, "hello", CodeNoCredential},
		"JWS with a quote":                {svgPlain, `a.b.c"`, CodeNoCredential},
		"space alone":                     {svgPlain, " \n", CodeNoCredential},
		"control character":               {svgPlain, "{\x01}", CodeNoCredential},
		"over the limit":                  {svgPlain, strings.Repeat("a", maxText+1), CodeTooLarge},
		"file over the limit with it":     {holding(strings.Repeat(" ", maxSVG-300)), `{"a":"` + strings.Repeat("a", 300) + `"}`, CodeTooLarge},
		"not well-formed":                 {svgPlain + "x", token, CodeImageInvalid},
		"entities":                        {`<!DOCTYPE svg [<!ENTITY a "b">]>` + svgPlain, token, CodeImageInvalid},
		"end of a section comes together": {holding("]]", element("", "{}"), ">"), token, CodeImageInvalid},
	} {
		if out, err := Bake([]byte(c.file), []byte(c.credential)); code(err) != c.code || out != nil {
			t.Errorf("%s: %v, want code %s", name, err, c.code)
		}
	}
}

// TestRoundTripSVG: what was baked comes out; baking again replaces; nothing else changes; other readers find it too.
func TestRoundTripSVG(t *testing.T) {
	credential := rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "token") {
			return rapid.StringMatching(`[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,80}`).Draw(t, "JWS")
		}
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\]>&<!\[]{0,12}`))
		encoded, err := json.Marshal(map[string]string{"a": text.Draw(t, "a"), "b": text.Draw(t, "b")})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		for _, r := range string(encoded) { // as other writers do, who escape nothing
			switch r {
			case '\ufffe', '\uffff':
				fmt.Fprintf(&out, `\u%04x`, r)
			default:
				out.WriteRune(r)
			}
		}
		plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(out.String())
		if json.Valid([]byte(plain)) {
			return plain
		}
		return out.String()
	})
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SampledFrom([]string{"", "\ufeff", "<?xml version=\"1.0\"?>\r\n", "<!DOCTYPE svg>", "<!-- a -->"}).Draw(t, "before")
		start := rapid.SampledFrom([]string{svgOpen, `<svg:svg xmlns:svg="` + svgNamespace + "\"\n>"}).Draw(t, "root")
		inside := rapid.SampledFrom([]string{"", "\n ", drawn, "a&#13;<g>\r\n</g>", "<script>1 &lt; 2</script>"}).Draw(t, "inside")
		end := "</svg>"
		if strings.HasPrefix(start, "<svg:") {
			end = "</svg:svg>"
		}
		first, second := credential.Draw(t, "first"), credential.Draw(t, "second")
		file := []byte(before + start + inside + end)
		baked, err := Bake(file, []byte(first))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Unbake(baked); err != nil || string(got) != first {
			t.Fatalf("got %q, %v", got, err)
		}
		again, err := Bake(baked, []byte(second))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Unbake(again); err != nil || string(got) != second {
			t.Fatalf("got %q, %v", got, err)
		}
		if back, err := Bake(again, []byte(first)); err != nil || !bytes.Equal(back, baked) {
			t.Fatalf("baking twice differs from baking once: %v", err)
		}
		if !bytes.HasPrefix(baked, []byte(before+start)) || !bytes.HasSuffix(baked, []byte(inside+end)) {
			t.Fatal("something else changed")
		}
		var read struct {
			Credential struct {
				Verify string `xml:"verify,attr"`
				Text   string `xml:",chardata"`
			} `xml:"https://purl.imsglobal.org/ob/v3p0 credential"`
		}
		if err := xml.Unmarshal(bytes.TrimPrefix(baked, byteOrderMark), &read); err != nil || read.Credential.Verify+read.Credential.Text != first {
			t.Fatalf("another reader finds %q, %v", read.Credential, err)
		}
	})
}

// TestCorpusSVG reads the baked SVG that others published.
func TestCorpusSVG(t *testing.T) {
	folder := filepath.Join(referencedata.Folder(t), "corpus", "files")
	files, err := filepath.Glob(filepath.Join(folder, "*", "*.svg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no baked SVG (%v)", err)
	}
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unbake(file)
		if err != nil || bytes.Count(got, []byte(".")) != 2 {
			t.Errorf("%s: %.40q, %v", filepath.Base(name), got, err)
		} else if again, err := Bake(file, got); err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
		} else if back, err := Unbake(again); err != nil || !bytes.Equal(back, got) {
			t.Errorf("%s: baked again it differs: %v", filepath.Base(name), err)
		}
	}
}

// FuzzUnbakeSVG: no file does harm, and what can be read can be baked again around it.
func FuzzUnbakeSVG(f *testing.F) {
	f.Add([]byte(svgPlain))
	f.Add([]byte(holding(element(` verify="`+token+`"`, ""))))
	f.Add([]byte("\ufeff<?xml version=\"1.0\"?>\n<!DOCTYPE svg>" + holding(element("", "<![CDATA[{}]]>")) + "<!-- -->"))
	f.Add([]byte(`<!DOCTYPE svg [<!ENTITY a "b">]><s:svg xmlns:s="` + svgNamespace + `"/>`))
	f.Add([]byte(holding(`<o:assertion xmlns:o="` + legacyNamespace + `" verify="x"/>`)))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Unbake(file)
		all, refusal := UnbakeAll(file)
		if len(all) > int(places) || refusal == nil && (err != nil || !bytes.Equal(all[0], got)) || len(all) > 0 && err == nil && !bytes.Equal(all[0], got) {
			t.Fatalf("one is %q, %v, and all are %q, %v", got, err, all, refusal)
		}
		if err != nil {
			if c := code(err); c != CodeImageInvalid && c != CodeNoCredential && c != CodeTooLarge {
				t.Fatalf("unknown code %q", c)
			}
		} else if len(got) == 0 || len(got) > maxText {
			t.Fatalf("a credential of %d bytes was taken", len(got))
		}
		baked, err := Bake(file, []byte(badge))
		if err != nil {
			return
		}
		if back, err := Unbake(baked); err != nil || string(back) != badge {
			t.Fatalf("baked %q, read %q, %v", baked, back, err)
		}
	})
}

// TestCrowdedTag: a tag of a million attributes is refused before anything is built of it.
func TestCrowdedTag(t *testing.T) {
	var svg strings.Builder
	svg.WriteString(`<svg xmlns="http://www.w3.org/2000/svg"`)
	for i := range 1_000_000 {
		fmt.Fprintf(&svg, ` a%d=""`, i)
	}
	svg.WriteString("/>")
	text := []byte(svg.String())
	if !IsSVG(text) {
		t.Error("it is not taken for an SVG")
	}
	grown := testing.AllocsPerRun(1, func() {
		var refusal *Error
		if _, err := Unbake(text); !errors.As(err, &refusal) || refusal.Code != CodeImageInvalid {
			t.Errorf("%v", err)
		}
	})
	if grown > 1000 {
		t.Errorf("%v allocations", grown)
	}
}
