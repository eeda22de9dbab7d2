package bake

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/internal/referencedata"
)

// picture is a small PNG as the standard library writes it.
func picture(t testing.TB, side int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// insert puts chunks before IEND.
func insert(file []byte, chunks ...[]byte) []byte {
	at := len(file) - 12
	out := bytes.Clone(file[:at])
	for _, c := range chunks {
		out = append(out, c...)
	}
	return append(out, file[at:]...)
}

func make1(kind, data string) []byte { return appendChunk(nil, kind, []byte(data)) }

func deflate(t testing.TB, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestUnbake(t *testing.T) {
	plain := picture(t, 3)
	const badge = `{"id":"urn:uuid:1"}`
	const head = keyword + "\x00"
	one := make1("iTXt", head+"\x00\x00\x00\x00"+badge)
	baked := insert(plain, one)
	wrongCRC := bytes.Clone(baked)
	wrongCRC[len(wrongCRC)-13] ^= 1
	wrongPixelCRC := bytes.Clone(baked)
	wrongPixelCRC[len(signature)+8+13] ^= 1
	longest := bytes.Clone(baked)
	binary.BigEndian.PutUint32(longest[len(plain)-12:], 1<<32-1)
	var many [][]byte
	for range 60_000 {
		many = append(many, make1("tEXt", "a\x00b"))
	}
	bare := []byte(signature)
	header := plain[len(signature) : len(signature)+25]

	cases := map[string]struct {
		file []byte
		code string
		want string
	}{
		"JSON":                        {baked, "", badge},
		"compact JWS":                 {insert(plain, make1("iTXt", head+"\x00\x00\x00\x00ey.ey.c2ln")), "", "ey.ey.c2ln"},
		"language and translation":    {insert(plain, make1("iTXt", head+"\x00\x00en\x00badge\x00"+badge)), "", badge},
		"method without compression":  {insert(plain, make1("iTXt", head+"\x00\x07\x00\x00"+badge)), "", badge},
		"compressed":                  {insert(plain, make1("iTXt", head+"\x01\x00\x00\x00"+deflate(t, []byte(badge)))), "", badge},
		"as tEXt, in Latin-1":         {insert(plain, make1("tEXt", head+"{\"a\":\"\xfc\"}")), "", `{"a":"ü"}`},
		"as zTXt, in Latin-1":         {insert(plain, make1("zTXt", head+"\x00"+deflate(t, []byte("{\"a\":\"\xfc\"}")))), "", `{"a":"ü"}`},
		"beside other texts":          {insert(plain, make1("tEXt", "Comment\x00x"), make1("iTXt", "openbadgecredentials\x00\x00\x00\x00\x00x"), one), "", badge},
		"beside an older badge":       {insert(plain, make1("iTXt", legacyKeyword+"\x00\x00\x00\x00\x00{}"), one), "", badge},
		"beside a broken older badge": {insert(plain, make1("iTXt", legacyKeyword+"\x00"), one), "", badge},
		"a learner record":            {insert(plain, make1("iTXt", recordKeyword+"\x00\x00\x00\x00\x00{}")), "", "{}"},
		"older badge as iTXt":         {insert(plain, make1("iTXt", legacyKeyword+"\x00\x00\x00\x00\x00{}")), "", "{}"},
		"older badge as tEXt":         {insert(plain, make1("tEXt", legacyKeyword+"\x00https://example.org/1")), "", "https://example.org/1"},
		"older badge as zTXt":         {insert(plain, make1("zTXt", legacyKeyword+"\x00\x00"+deflate(t, []byte("x.y.z")))), "", "x.y.z"},
		"empty beside an older badge": {insert(plain, make1("iTXt", head+"\x00\x00\x00\x00"), make1("tEXt", legacyKeyword+"\x00{}")), "", "{}"},
		"no credential":               {plain, CodeNoCredential, ""},
		"empty credential":            {insert(plain, make1("iTXt", head+"\x00\x00\x00\x00")), CodeNoCredential, ""},
		"empty tEXt":                  {insert(plain, make1("tEXt", head)), CodeNoCredential, ""},
		"empty zTXt":                  {insert(plain, make1("zTXt", head+"\x00"+deflate(t, nil))), CodeNoCredential, ""},
		"in a chunk of another type":  {insert(plain, make1("eXIf", head+badge)), CodeNoCredential, ""},
		"keyword in other case":       {insert(plain, make1("iTXt", "OpenBadgeCredential\x00\x00\x00\x00\x00"+badge)), CodeNoCredential, ""},
		"two credentials":             {insert(plain, one, one), CodeImageInvalid, ""},
		"two kinds of chunk":          {insert(plain, make1("tEXt", head+badge), one), CodeImageInvalid, ""},
		"two older badges":            {insert(plain, make1("tEXt", legacyKeyword+"\x00{}"), make1("iTXt", legacyKeyword+"\x00\x00\x00\x00\x00{}")), CodeImageInvalid, ""},
		"zTXt without a method":       {insert(plain, make1("zTXt", head)), CodeImageInvalid, ""},
		"zTXt of another method":      {insert(plain, make1("zTXt", head+"\x01"+deflate(t, []byte(badge)))), CodeImageInvalid, ""},
		"zTXt that is a bomb":         {insert(plain, make1("zTXt", head+"\x00"+deflate(t, make([]byte, 200<<20)))), CodeTooLarge, ""},
		"tEXt too long as UTF-8":      {insert(plain, make1("tEXt", head+strings.Repeat("\xfc", maxText/2+1))), CodeTooLarge, ""},
		"wrong CRC":                   {wrongCRC, CodeImageInvalid, ""},
		"wrong CRC of another chunk":  {wrongPixelCRC, CodeImageInvalid, ""},
		"length of 4 GiB":             {longest, CodeImageInvalid, ""},
		"cut short":                   {baked[:len(baked)-3], CodeImageInvalid, ""},
		"without IEND":                {baked[:len(baked)-12], CodeImageInvalid, ""},
		"data after IEND":             {append(bytes.Clone(baked), "PK\x03\x04"...), CodeImageInvalid, ""},
		"credential after IEND":       {append(bytes.Clone(plain), one...), CodeImageInvalid, ""},
		"60,000 chunks":               {insert(baked, many...), CodeImageInvalid, ""},
		"bomb of 200 MB":              {insert(plain, make1("iTXt", head+"\x01\x00\x00\x00"+deflate(t, make([]byte, 200<<20)))), CodeTooLarge, ""},
		"longer than the limit":       {insert(plain, make1("iTXt", head+"\x00\x00\x00\x00"+strings.Repeat("a", maxText+1))), CodeTooLarge, ""},
		"data after the zlib stream":  {insert(plain, make1("iTXt", head+"\x01\x00\x00\x00"+deflate(t, []byte(badge))+"x")), CodeImageInvalid, ""},
		"zlib stream cut short":       {insert(plain, make1("iTXt", head+"\x01\x00\x00\x00"+deflate(t, []byte(badge))[:9])), CodeImageInvalid, ""},
		"not a zlib stream":           {insert(plain, make1("iTXt", head+"\x01\x00\x00\x00"+badge)), CodeImageInvalid, ""},
		"unknown compression method":  {insert(plain, make1("iTXt", head+"\x01\x01\x00\x00"+badge)), CodeImageInvalid, ""},
		"unknown compression flag":    {insert(plain, make1("iTXt", head+"\x02\x00\x00\x00"+badge)), CodeImageInvalid, ""},
		"chunk ends in its fields":    {insert(plain, make1("iTXt", head+"\x00\x00en")), CodeImageInvalid, ""},
		"chunk ends with its keyword": {insert(plain, make1("iTXt", head)), CodeImageInvalid, ""},
		"empty file":                  {nil, CodeImageInvalid, ""},
		"signature alone":             {bare, CodeImageInvalid, ""},
		"another kind of file":        {[]byte("GIF89a"), CodeImageInvalid, ""},
		"file before the signature":   {append([]byte("%PDF-1.7\n"), baked...), CodeImageInvalid, ""},
		"header not first":            {append(append(bytes.Clone(bare), one...), plain[len(signature):]...), CodeImageInvalid, ""},
		"two headers":                 {append(append(bytes.Clone(bare), header...), baked[len(signature):]...), CodeImageInvalid, ""},
		"header too short":            {append(append(bytes.Clone(bare), make1("IHDR", "x")...), make1("IEND", "")...), CodeImageInvalid, ""},
		"IEND with data":              {append(append(bytes.Clone(bare), header...), make1("IEND", badge)...), CodeImageInvalid, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Unbake(c.file)
			if code(err) != c.code || string(got) != c.want {
				t.Errorf("got %.40q, %v; want %q, code %q", got, err, c.want, c.code)
			}
		})
	}
}

func TestBakeRefuses(t *testing.T) {
	plain := picture(t, 3)
	for name, c := range map[string]struct {
		file, credential []byte
		code             string
	}{
		"nothing to bake":   {plain, nil, CodeNoCredential},
		"not UTF-8":         {plain, []byte("\xff"), CodeNoCredential},
		"zero byte":         {plain, []byte("a\x00b"), CodeNoCredential},
		"over the limit":    {plain, bytes.Repeat([]byte("a"), maxText+1), CodeTooLarge},
		"not a picture":     {[]byte("GIF89a"), []byte("{}"), CodeImageInvalid},
		"picture cut short": {plain[:len(plain)-1], []byte("{}"), CodeImageInvalid},
	} {
		if out, err := Bake(c.file, c.credential); code(err) != c.code || out != nil {
			t.Errorf("%s: %v, want code %s", name, err, c.code)
		}
	}
}

// TestUnbakeAll: one credential of each standard comes out, in their order, and what is broken hides nothing else.
func TestUnbakeAll(t *testing.T) {
	plain := picture(t, 3)
	three := [][]byte{make1("tEXt", legacyKeyword+"\x00https://example.org/1"), make1("iTXt", recordKeyword+"\x00\x00\x00\x00\x00{}"), make1("iTXt", keyword+"\x00\x00\x00\x00\x00a.b.c")}
	legacy := `<o:assertion xmlns:o="` + legacyNamespace + `" verify="https://example.org/1"/>`
	learner := `<o:credential xmlns:o="` + recordNamespace + `">{}</o:credential>`
	for name, c := range map[string]struct {
		file       []byte
		want, code string
	}{
		"PNG of three":             {insert(plain, three...), "a.b.c {} https://example.org/1", ""},
		"SVG of three":             {[]byte(holding(legacy, learner, element(` verify="a.b.c"`, ""))), "a.b.c {} https://example.org/1", ""},
		"PNG with an empty place":  {insert(plain, make1("tEXt", keyword+"\x00"), three[1]), "{}", ""},
		"SVG with an empty place":  {[]byte(holding(element("", " "), learner)), "{}", ""},
		"PNG with one place twice": {insert(plain, three[0], three[0], three[2]), "a.b.c", CodeImageInvalid},
		"SVG with one place twice": {[]byte(holding(learner, legacy, learner)), "https://example.org/1", CodeImageInvalid},
		"PNG with nothing":         {plain, "", CodeNoCredential},
		"SVG with nothing":         {[]byte(svgPlain), "", CodeNoCredential},
		"PNG of empty places":      {insert(plain, make1("tEXt", keyword+"\x00"), make1("tEXt", legacyKeyword+"\x00")), "", CodeNoCredential},
		"PNG cut short":            {insert(plain, three...)[:200], "", CodeImageInvalid},
		"neither":                  {[]byte("GIF89a"), "", CodeImageInvalid},
	} {
		got, err := UnbakeAll(c.file)
		if all := string(bytes.Join(got, []byte(" "))); all != c.want || code(err) != c.code {
			t.Errorf("%s: got %q, %v; want %q, code %q", name, all, err, c.want, c.code)
		}
	}
}

// TestRoundTrip: what was baked comes out; baking again replaces; the chunks of the picture stay.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pixels bytes.Buffer
		if err := png.Encode(&pixels, image.NewNRGBA(image.Rect(0, 0, rapid.IntRange(1, 40).Draw(t, "width"), 5))); err != nil {
			t.Fatal(err)
		}
		texts := rapid.StringMatching(`[^\x00]{1,200}`)
		first, second := texts.Draw(t, "first"), texts.Draw(t, "second")
		file := pixels.Bytes()
		// A picture may hold several credentials before; one is left.
		for range rapid.IntRange(0, 3).Draw(t, "before") {
			file = insert(file, make1("iTXt", keyword+"\x00broken"))
		}
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
		chunks, err := split(again)
		if err != nil {
			t.Fatal(err)
		}
		left := []byte(signature)
		for _, c := range chunks {
			if !carries(c, openBadge) {
				left = append(left, c.whole...)
			}
		}
		if !bytes.Equal(left, pixels.Bytes()) {
			t.Fatal("a chunk of the picture changed")
		}
		if _, err := png.Decode(bytes.NewReader(again)); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCorpus reads the baked pictures that others published.
func TestCorpus(t *testing.T) {
	root := referencedata.Folder(t)
	data, err := os.ReadFile(filepath.Join(root, "corpus", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest []struct{ File, Format string }
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, entry := range manifest {
		if !strings.HasPrefix(entry.Format, "baked PNG") {
			continue
		}
		seen++
		file, err := os.ReadFile(filepath.Join(root, "corpus", filepath.FromSlash(entry.File)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unbake(file)
		switch {
		case strings.Contains(entry.Format, "iTXt:openbadges "):
			if all, refusal := UnbakeAll(file); err != nil || refusal != nil || len(all) != 1 || !bytes.Equal(all[0], got) {
				t.Errorf("%s: %v, %v, %d credentials", entry.File, err, refusal, len(all))
			}
		case err != nil:
			t.Errorf("%s: %v", entry.File, err)
		case strings.Contains(entry.Format, "VC-JWT") != (strings.Count(string(got), ".") == 2 && got[0] != '{'):
			t.Errorf("%s: the text is not what the manifest says: %.40q", entry.File, got)
		default:
			if again, err := Bake(file, got); err != nil {
				t.Errorf("%s: %v", entry.File, err)
			} else if back, err := Unbake(again); err != nil || !bytes.Equal(back, got) {
				t.Errorf("%s: baked again it differs: %v", entry.File, err)
			}
		}
	}
	if seen == 0 {
		t.Error("the manifest lists no baked picture")
	}
}

func FuzzUnbake(f *testing.F) {
	plain := picture(f, 2)
	f.Add(plain)
	f.Add(insert(plain, make1("iTXt", keyword+"\x00\x00\x00\x00\x00{}")))
	f.Add(insert(plain, make1("iTXt", keyword+"\x00\x01\x00\x00\x00"+deflate(f, []byte("{}")))))
	f.Add(insert(plain, make1("tEXt", legacyKeyword+"\x00https://example.org/1"), make1("zTXt", recordKeyword+"\x00\x00"+deflate(f, []byte("a.b.c")))))
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
			return
		}
		if len(got) == 0 || len(got) > maxText || !IsPNG(file) {
			t.Fatalf("a credential of %d bytes was taken", len(got))
		}
	})
}
