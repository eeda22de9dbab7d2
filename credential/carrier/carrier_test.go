package carrier

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

func TestOpenTexts(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"JSON":                     {badge, "json: " + badge},
		"JSON and space around":    {"\n " + badge + "\n", "json: \n " + badge + "\n"},
		"a JSON array":             {"[]", "json: []"},
		"a JSON number":            {"12", "json: 12"},
		"JSON with an order mark":  {"\ufeff{}", "json: \ufeff{}"},
		"token":                    {token, "jwt: " + token},
		"token and line feed":      {token + "\r\n", "jwt: " + token},
		"token and more":           {token + "\n\n", "jwt: " + token + "\n"},
		"token with a bad header":  {"eyJ", "jwt: eyJ"},
		"token with a disclosure":  {token + "~WyJhIl0~", "jwt: " + token + "~WyJhIl0~"},
		"address":                  {" https://example.org/a?b=c \r\n", "url -> https://example.org/a?b=c"},
		"address and order mark":   {"\ufeffhttps://example.org/a", "url -> https://example.org/a"},
		"address in capitals":      {"HTTPS://EXAMPLE.ORG/A/%2F", "url -> https://example.org/A/%2F"},
		"address with a fragment":  {"https://example.org/a#b", "url -> https://example.org/a"},
		"address beyond ASCII":     {"https://example.org/ü", "url -> https://example.org/%C3%BC"},
		"address of a known host":  {"https://verifierplus.org/#verify?vc=https%3A%2F%2Fexample.org%2F1.json", "url -> https://example.org/1.json https://verifierplus.org/"},
		"nothing":                  {"", "json no_credential/empty"},
		"space":                    {" \n", "json no_credential/empty"},
		"a word":                   {"hello", "json no_credential/text"},
		"a sentence with a colon":  {"Badge: of Ann", "json no_credential/text"},
		"two addresses":            {"https://example.org/1 https://example.org/2", "json no_credential/text"},
		"no UTF-8":                 {"\x01\xff\xfe", "json no_credential/binary"},
		"zero bytes":               {"a\x00b", "json no_credential/binary"},
		"javascript":               {"javascript: alert(1)", "url no_credential/other_address"},
		"JavaScript in capitals":   {"JAVASCRIPT:alert(1)", "url no_credential/other_address"},
		"file":                     {"file:///etc/passwd", "url no_credential/other_address"},
		"data":                     {"data:application/json,{}", "url no_credential/other_address"},
		"another scheme":           {"gopher://example.org/1", "url no_credential/other_address"},
		"mail":                     {"mailto:ann@example.org", "url no_credential/other_address"},
		"no encryption":            {"http://example.org/1", "url -> http://example.org/1"},
		"a host with a password":   {"https://example.org:b@attacker.example/", "url no_credential/other_address"},
		"no host":                  {"https:///a", "url no_credential/other_address"},
		"no slashes":               {"https:example.org", "url no_credential/other_address"},
		"too long an address":      {"https://example.org/" + strings.Repeat("a", maxAddress), "url no_credential/other_address"},
		"a broken address":         {"https://exa%mple.org/%", "url no_credential/other_address"},
		"offer for a wallet":       {"openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fexample.org", "url no_credential/wallet_offer"},
		"offer by https":           {"https://wallet.example/?credential_offer=%7B%7D", "url no_credential/wallet_offer"},
		"offer for a wallet (LCW)": {"https://lcw.app/request.html?issuer=a", "url no_credential/wallet_offer"},
		"CBOR-LD":                  {"VP1-B3ECQDEYAADQ", "json no_credential/cbor_ld"},
		"gzip":                     {"\x1f\x8b\x08\x00", "zip no_credential/archive_kind"},
		"7z":                       {"7z\xbc\xaf\x27\x1c\x00", "zip no_credential/archive_kind"},
		"rar":                      {"Rar!\x1a\x07\x01\x00", "zip no_credential/archive_kind"},
		"tar":                      {strings.Repeat("a", 257) + "ustar\x00" + strings.Repeat("\x00", 300), "zip no_credential/archive_kind"},
		"an old Word document":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "json no_credential/office"},
		"RTF":                      {`{\rtf1 a}`, "json no_credential/office"},
		"larger than an upload":    {badge + strings.Repeat(" ", credential.Limits.Upload), "json too_large/file"},
		"larger than a credential": {badge + strings.Repeat(" ", credential.Limits.Document), "json too_large/credential"},
		"XML":                      {`<?xml version="1.0"?><badge/>`, "html no_credential/html"},
		"a page of nothing":        {"<!doctype html><title>x</title>", "html no_credential/html"},
		"a page with order mark":   {"\ufeff <p>x", "html no_credential/html"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(t, []byte(c.input), ""); got != c.want {
				t.Errorf("got  %.300s\nwant %.300s", got, c.want)
			}
		})
	}
}

func TestOpenPictures(t *testing.T) {
	shrouded := bytes.Clone(baking(t, plain(t), badge))
	shrouded[len(shrouded)-20] ^= 1
	for name, c := range map[string]struct {
		input []byte
		want  string
	}{
		"PNG with JSON":              {baking(t, plain(t), badge), "png: " + badge},
		"PNG with a token":           {baking(t, plain(t), token+"\n"), "png: " + token},
		"PNG with an address":        {older(t, "https://example.org/1"), "png -> https://example.org/1"},
		"PNG with a bad address":     {older(t, "http://example.org/1"), "png -> http://example.org/1"},
		"PNG with a script":          {older(t, "javascript:alert(1)"), "png no_credential/other_address"},
		"PNG with a page":            {older(t, "<html>"), "png no_credential/text"},
		"PNG of two standards":       {baking(t, older(t, "{}"), token), "png: " + token + "\npng: {}"},
		"PNG that is not whole":      {shrouded, "png image_invalid/damaged"},
		"PNG with a zip behind":      {append(baking(t, plain(t), badge), packed(t, entry{name: "a.json", content: badge})...), "png image_invalid/damaged"},
		"PNG without a badge":        {plain(t), "png no_credential/picture"},
		"PNG of a QR code":           {qrCode(t, "https://example.org/c/1"), "qr -> https://example.org/c/1"},
		"PNG with a badge and a QR":  {baking(t, qrCode(t, "https://example.org/c/1"), badge), "png: " + badge},
		"PNG of a bad QR code":       {qrCode(t, "javascript:alert(1)"), "qr no_credential/other_address"},
		"PNG of a QR code of a text": {qrCode(t, "hello"), "qr no_credential/text"},
		"SVG with JSON":              {baking(t, []byte(svg), badge), "svg: " + badge},
		"SVG with a token":           {baking(t, []byte(svg), token), "svg: " + token},
		"SVG without a badge":        {[]byte(svg), "svg no_credential/picture"},
		"SVG that is not whole":      {[]byte(svg + "x"), "svg image_invalid/damaged"},
		"SVG of two badges":          {[]byte(strings.Replace(svg, "<path", `<c:credential xmlns:c="https://purl.imsglobal.org/ob/v3p0">{}</c:credential><c:credential xmlns:c="https://purl.imsglobal.org/ob/v3p0">{}</c:credential><path`, 1)), "svg image_invalid/several"},
		"JPEG of a QR code":          {recoded(t, qrCode(t, token), "jpeg"), "qr: " + token},
		"GIF of a QR code":           {recoded(t, qrCode(t, badge), "gif"), "qr: " + badge},
		"JPEG without one":           {recoded(t, plain(t), "jpeg"), "jpeg no_credential/picture"},
		"JPEG that is not whole":     {recoded(t, plain(t), "jpeg")[:300], "jpeg image_invalid/damaged"},
		"HEIC":                       {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "heic no_credential/heic"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(t, c.input, ""); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// older is a PNG with a text in the place of Open Badges 2.0.
func older(t testing.TB, text string) []byte {
	t.Helper()
	return withChunk(plain(t), "tEXt", "openbadges\x00"+text)
}

func withChunk(file []byte, kind, data string) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, kind...), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Insert(bytes.Clone(file), len(file)-12, chunk...)
}

// TestOpenLists: of several badges in one text, page or document none is left out without a word.
func TestOpenLists(t *testing.T) {
	const script = `<script type="application/ld+json">{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}</script>`
	const credly = "https://www.credly.com/badges/3f9a6c1e-0000-4000-8000-00000000000"
	const api = "https://api.credly.com/v1/obi/v2/badge_assertions/3f9a6c1e-0000-4000-8000-00000000000"
	long := func(n int) string {
		var lines strings.Builder
		for i := range n {
			fmt.Fprintf(&lines, "https://example.org/%d\n", i)
		}
		return lines.String()
	}
	var portfolio []string
	for i := range 33 {
		portfolio = append(portfolio, fmt.Sprintf("%s%012d", strings.TrimRight(credly, "0"), i))
	}
	for name, c := range map[string]struct {
		input []byte
		want  string
	}{
		"addresses":                     {[]byte("https://example.org/1\r\n\r\n https://example.org/2 \r\nhttps://example.org/1\r\n"), "url -> https://example.org/1\nurl -> https://example.org/2"},
		"with a byte order mark":        {[]byte("\ufeffhttps://example.org/1\nhttps://example.org/2"), "url -> https://example.org/1\nurl -> https://example.org/2"},
		"one of them bad":               {[]byte("https://example.org/1\njavascript:alert(1)\nfile:///etc/passwd"), "url -> https://example.org/1\nurl no_credential/other_address\nurl no_credential/other_address"},
		"one address twice":             {[]byte("https://example.org/1\nhttps://example.org/1"), "url -> https://example.org/1"},
		"with words between":            {[]byte("https://example.org/1\nand\nhttps://example.org/2"), "json no_credential/text"},
		"a QR code of two":              {qrCode(t, "https://example.org/1\nhttps://example.org/2"), "qr no_credential/text"},
		"more than are followed":        {[]byte(long(100)), strings.Repeat("url -> https://example.org/_\n", maxListed) + "url input_unavailable/files"},
		"tokens":                        {[]byte(token + "\n" + token + "A\n"), "jwt: " + token + "\njwt: " + token + "A"},
		"a token and an address":        {[]byte(token + "\nhttps://example.org/1"), "jwt: " + token + "\nurl -> https://example.org/1"},
		"a token that was broken":       {[]byte(token[:22] + "\n" + token[22:]), "jwt: " + token[:22] + "\n" + token[22:]},
		"one many times":                {[]byte(strings.Repeat("https://example.org/1\n", credential.Limits.Document/22)), "url -> https://example.org/1"},
		"a page of more than are taken": {[]byte("<html>" + strings.Repeat(script, 9)), strings.Repeat("html: "+script[len(`<script type="application/ld+json">`):len(script)-len("</script>")]+"\n", 8) + "html input_unavailable/files"},
		"a portfolio":                   {printed{links: []string{credly + "1", "https://example.org/", credly + "2/public_url", credly + "2"}}.pdf(t), "pdf -> " + api + "1 " + credly + "1\npdf -> " + api + "2 " + credly + "2/public_url"},
		"a portfolio of more":           {printed{links: portfolio}.pdf(t), strings.Repeat("pdf -> "+api+"_ "+credly+"_\n", 32) + "pdf input_unavailable/files"},
		"one badge and other links":     {printed{links: []string{"https://example.org/", credly + "2/public_url", credly + "2"}}.pdf(t), "pdf -> " + api + "2 " + credly + "2/public_url " + credly + "2 https://example.org/"},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(t, c.input, "")
			if name == "more than are followed" {
				for i := range 100 {
					got = strings.Replace(got, fmt.Sprintf("https://example.org/%d\n", i), "https://example.org/_\n", 1)
				}
			}
			if name == "a portfolio of more" {
				for i := range portfolio {
					got = strings.ReplaceAll(got, fmt.Sprintf("-%012d", i), "-00000000000_")
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if got := told(t, []byte("https://example.org/1\nhttps://example.org/2"), "https://example.org/"); got != "json no_credential/text" {
		t.Errorf("a list at an address: %s", got)
	}
}

func TestLines(t *testing.T) {
	for text, want := range map[string][]string{
		"":                    nil,
		" \n":                 nil,
		"{\n}":                {"{\n}"},
		"https://a.example/1": {"https://a.example/1"},
		"\ufeff https://a.example/1 \r\n\r\n" + token + "\nhttps://a.example/1": {"https://a.example/1", token, "https://a.example/1"},
		"https://a.example/1\nmailto:a@a.example":                               {"https://a.example/1", "mailto:a@a.example"},
		"https://a.example/1\nand":                                              {"https://a.example/1\nand"},
		token[:22] + "\n" + token[22:]:                                          {token[:22] + "\n" + token[22:]},
		token + ".\n" + token:                                                   {token + ".\n" + token},
	} {
		if got := Lines(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"https://a.example/1": true, "HTTP://a.example": true, "http://127.0.0.1/?credential_offer=1": true, "https://a.example/1 2": false, "mailto:a@a.example": false, "": false, token: false, "https://a.example/1\n": false} {
		if got := IsLink(text); got != want {
			t.Errorf("%q is a link: %v", text, got)
		}
	}
}

// TestLight: nothing in what is light is decoded or unpacked.
func TestLight(t *testing.T) {
	pdf := printed{}.pdf(t)
	zip := packed(t, entry{name: "a.json", content: badge})
	for name, c := range map[string]struct {
		input []byte
		want  bool
	}{
		"nothing": {nil, true}, "JSON": {[]byte(badge), true}, "a token": {[]byte(token), true}, "an address": {[]byte("https://example.org/"), true},
		"a page": {[]byte("<html></html>"), true}, "an SVG": {[]byte(svg), true}, "bytes": {[]byte("\x00\x01"), true}, "gzip": {[]byte("\x1f\x8b\x08"), true},
		"too large": {append([]byte("%PDF-1.7"), make([]byte, credential.Limits.Upload)...), true},
		"a PDF":     {pdf, false}, "a PDF after other bytes": {append([]byte("MIME\r\n"), pdf...), false}, "an archive": {zip, false},
		"a large archive": {append(zip, make([]byte, credential.Limits.Upload)...), false},
		"a PNG":           {plain(t), false}, "a GIF": {recoded(t, plain(t), "gif"), false}, "a JPEG": {recoded(t, plain(t), "jpeg"), false},
	} {
		if got := Light(c.input); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestBelow(t *testing.T) {
	for want, parts := range map[string][2]string{"": {}, "a": {"a", ""}, "b": {"", "b"}, "a/b": {"a", "b"}, "/x/a.zip/b": {"/x/a.zip", "b"}} {
		if got := Below(parts[0], parts[1]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOpenPDF(t *testing.T) {
	qr := qrCode(t, "https://example.org/c/1")
	crowd := func(pictures ...[]byte) [][]byte { // 33 pictures with QR codes
		for i := len(pictures); i < 33; i++ {
			pictures = append(pictures, qrCode(t, fmt.Sprintf("openid4vp://%d", i)))
		}
		return pictures
	}
	var many []entry
	for i := range 100 {
		many = append(many, entry{name: fmt.Sprintf("%d.json", i), content: badge})
	}
	for name, c := range map[string]struct {
		input []byte
		want  string
	}{
		"JSON attached":           {printed{attached: []entry{{name: "badge.json", content: badge}}}.pdf(t), "pdf badge.json: " + badge},
		"picture attached":        {printed{attached: []entry{{name: "badge.png", content: string(baking(t, plain(t), token))}}}.pdf(t), "pdf badge.png: " + token},
		"two badges attached":     {printed{attached: []entry{{name: "1.json", content: "{}"}, {name: "2.jwt", content: token}}}.pdf(t), "pdf 1.json: {}\npdf 2.jwt: " + token},
		"and something else":      {printed{attached: []entry{{name: "style.css", content: "a"}, {name: "2.jwt", content: token}}}.pdf(t), "pdf 2.jwt: " + token},
		"attached before a QR":    {printed{attached: []entry{{name: "1.json", content: "{}"}}, pictures: [][]byte{qr}}.pdf(t), "pdf 1.json: {}"},
		"a QR code":               {printed{pictures: [][]byte{plain(t), qr}, links: []string{"https://example.org/"}}.pdf(t), "pdf -> https://example.org/c/1"},
		"a QR code twice":         {printed{pictures: [][]byte{qr, qr}}.pdf(t), "pdf -> https://example.org/c/1"},
		"two QR codes":            {printed{pictures: [][]byte{qr, qrCode(t, "https://example.org/c/2")}}.pdf(t), "pdf -> https://example.org/c/1\npdf -> https://example.org/c/2"},
		"a QR code and files":     {printed{attached: []entry{{name: "style.css", content: "a"}}, pictures: [][]byte{qr}}.pdf(t), "pdf -> https://example.org/c/1"},
		"links":                   {printed{links: []string{"https://example.org/", "http://example.org/badge", "https://example.org/badges/1"}}.pdf(t), "pdf -> https://example.org/badges/1 https://example.org/"},
		"nothing":                 {printed{}.pdf(t), "pdf no_credential/pdf"},
		"a text attached":         {printed{attached: []entry{{name: "a.txt", content: "hello"}}}.pdf(t), "pdf no_credential/pdf"},
		"a broken picture":        {printed{attached: []entry{{name: "a.png", content: string(plain(t)[:50])}}}.pdf(t), "pdf a.png image_invalid/damaged"},
		"a bad QR code":           {printed{pictures: [][]byte{qrCode(t, "file:///etc/passwd")}}.pdf(t), "pdf no_credential/other_address"},
		"an archive attached":     {printed{attached: []entry{{name: "a.zip", content: string(packed(t, entry{name: "a.json", content: badge}))}}}.pdf(t), "pdf a.zip no_credential/archive_nested"},
		"a PDF in it":             {printed{attached: []entry{{name: "a.pdf", content: string(printed{}.pdf(t))}}}.pdf(t), "pdf a.pdf no_credential/pdf_nested"},
		"names of attachments":    {printed{attached: []entry{{name: "../\u202egnp.1", content: "{}"}, {name: "", content: "[]"}}}.pdf(t), "pdf gnp.1: {}\npdf attachment 2: []"},
		"too many pictures":       {showing(40, "/ColorSpace /DeviceGray", strings.Repeat("x", 900)), "pdf input_unavailable/pictures_many"},
		"an unread picture":       {showing(1, "/Filter /JPXDecode", "jP"), "pdf input_unavailable/pictures_unread"},
		"pictures and a bad code": {printed{pictures: crowd()}.pdf(t), "pdf no_credential/wallet_offer\npdf input_unavailable/files"},
		"pictures and a code":     {printed{pictures: crowd(qr)}.pdf(t), "pdf -> https://example.org/c/1"},
		"too many QR codes":       {printed{pictures: crowd(qr, qrCode(t, "https://example.org/c/2"))}.pdf(t), "pdf -> https://example.org/c/1\npdf -> https://example.org/c/2\npdf input_unavailable/files"},
		"with a zip behind":       {append(printed{attached: []entry{{name: "1.json", content: "{}"}}}.pdf(t), packed(t, entry{name: "a.json", content: badge})...), "pdf 1.json: {}"},
		"after other bytes":       {append([]byte("\x00\x00\r\n"), printed{}.pdf(t)...), "pdf no_credential/pdf"},
		"long, after others":      {append(append([]byte("MIME\r\n"), printed{}.pdf(t)...), make([]byte, credential.Limits.Document)...), "pdf no_credential/pdf"},
		"in a JSON text":          {[]byte(`{"a":"%PDF-1.7"}`), `json: {"a":"%PDF-1.7"}`},
		"in a long JSON text":     {[]byte(`{"a":"%PDF-1.7` + strings.Repeat(" ", credential.Limits.Document)), "json too_large/credential"},
		"in an address":           {[]byte("javascript:%PDF-1.7"), "url no_credential/other_address"},
		"with a password":         {printed{password: "secret", links: []string{"https://example.org/"}}.pdf(t), "pdf encrypted/pdf_password"},
		"broken":                  {[]byte("%PDF-1.7\n"), "pdf malformed/pdf"},
		"100 attachments":         {printed{attached: many}.pdf(t), strings.Repeat("pdf _.json: "+badge+"\n", maxAttachments) + "pdf input_unavailable/attachments"},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(t, c.input, "")
			if name == "100 attachments" {
				for i := range 100 {
					got = strings.Replace(got, fmt.Sprintf("pdf %d.json", i), "pdf _.json", 1)
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOpenHTML(t *testing.T) {
	const script = `<script type="application/ld+json">{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}</script>`
	for name, c := range map[string]struct{ input, at, want string }{
		"a link":                {`<html><link rel="alternate" type="application/vc" href="https://example.org/1.json">`, "", "html -> https://example.org/1.json"},
		"a link below":          {`<html><link rel="alternate" type="application/vc" href="1.json">`, "https://example.org/c/1", "html -> https://example.org/c/1.json"},
		"a credential":          {"<html>" + script, "", `html: {"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}`},
		"a link to itself":      {`<html><link rel="alternate" type="application/vc" href="https://example.org/1">`, "https://example.org/1", "html no_credential/html"},
		"a page of verifiers":   {`<html>`, "https://verifierplus.org/#verify?vc=https%3A%2F%2Fexample.org%2F1.json", "html -> https://example.org/1.json"},
		"an answer in wrapping": {`{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}}`, "https://verifierplus.org/api/credentials/1", `json: {"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}`},
		"a bad link":            {`<html><link rel="alternate" type="application/vc" href="javascript:alert(1)">`, "https://example.org/c/1", "html no_credential/html"},
		"an address in itself":  {"https://example.org/1", "https://example.org/1", "url no_credential/other_address"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(t, []byte(c.input), c.at); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOpenArchive(t *testing.T) {
	one := entry{name: "1.json", content: badge}
	encrypted := func(h *zip.FileHeader) { h.Flags |= 1 }
	link := func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }
	broken := packed(t, entry{name: "1.json", content: badge, set: func(h *zip.FileHeader) { h.Method = zip.Store }}, entry{name: "2.jwt", content: token})
	broken[bytes.Index(broken, []byte("urn:uuid"))] ^= 1
	lzma := packed(t, one)
	binary.LittleEndian.PutUint16(lzma[bytes.Index(lzma, []byte("PK\x01\x02"))+10:], 14)
	for name, c := range map[string]struct {
		input []byte
		want  string
	}{
		"one file":            {packed(t, one), "json 1.json: " + badge},
		"by content":          {packed(t, entry{name: "b.txt", content: token}, entry{name: "c", content: string(baking(t, plain(t), badge))}), "jwt b.txt: " + token + "\npng c: " + badge},
		"folders":             {packed(t, entry{name: "a/"}, entry{name: "a/b/1.json", content: badge}), "json a/b/1.json: " + badge},
		"two of one name":     {packed(t, one, entry{name: "1.json", content: token}), "json 1.json: " + badge + "\njwt 1.json: " + token},
		"nothing is skipped":  {packed(t, entry{name: "a.txt", content: "hello"}, entry{name: "b"}), "json a.txt no_credential/text\njson b no_credential/empty"},
		"what computers add":  {packed(t, entry{name: "__MACOSX/._1.json", content: "\x00\x05\x16\x07x"}, one, entry{name: "a/.DS_Store", content: "\x00\x00\x00\x01Bud1"}, entry{name: "Thumbs.db", content: "\xd0\xcf\x11\xe0"}, entry{name: "desktop.ini", content: "[.ShellClassInfo]\r\n"}, entry{name: ".DS_Store"}), "json 1.json: " + badge},
		"a badge so named":    {packed(t, entry{name: "__MACOSX/._1.json", content: badge}, entry{name: "Thumbs.db", content: "x"}), "json __MACOSX/._1.json: " + badge + "\njson Thumbs.db no_credential/text"},
		"nothing else":        {packed(t, entry{name: ".DS_Store", content: "\x00\x00\x00\x01Bud1"}), "zip no_credential/archive_empty"},
		"empty":               {packed(t), "zip no_credential/archive_empty"},
		"folders alone":       {packed(t, entry{name: "a/"}), "zip no_credential/archive_empty"},
		"names":               {packed(t, entry{name: "../../etc/\x1b[1mpasswd\u202e", content: "{}"}, entry{name: `C:\a\..\b.json`, content: "{}"}, entry{name: "..", content: "{}"}, entry{name: "\xff\n.json", content: "{}"}), "json etc/[1mpasswd: {}\njson C:/b.json: {}\njson file 3: {}\njson \ufffd .json: {}"},
		"a password":          {packed(t, entry{name: "1.json", content: badge, set: encrypted}, entry{name: "2.jwt", content: token}), "zip 1.json encrypted/archive\njwt 2.jwt: " + token},
		"a link":              {packed(t, entry{name: "1.json", content: "/etc/passwd", set: link}), "zip 1.json no_credential/archive_link"},
		"a damaged file":      {broken, "zip 1.json malformed/archive_entry\njwt 2.jwt: " + token},
		"packed otherwise":    {lzma, "zip 1.json no_credential/archive_kind"},
		"an archive in it":    {packed(t, entry{name: "a.zip", content: string(packed(t, one))}, one), "zip a.zip no_credential/archive_nested\njson 1.json: " + badge},
		"a document in it":    {packed(t, entry{name: "a.docx", content: string(packed(t, entry{name: "[Content_Types].xml"}))}), "zip a.docx no_credential/office"},
		"docx":                {packed(t, entry{name: "[Content_Types].xml"}, entry{name: "word/document.xml"}), "zip no_credential/office"},
		"odt":                 {packed(t, entry{name: "mimetype"}, entry{name: "content.xml"}, entry{name: "META-INF/manifest.xml"}), "zip no_credential/office"},
		"epub":                {packed(t, entry{name: "mimetype", content: "application/epub+zip"}, entry{name: "META-INF/container.xml", content: "<a/>"}), "json mimetype no_credential/text\nhtml META-INF/container.xml no_credential/html"},
		"PDF in it":           {packed(t, entry{name: "a/b.pdf", content: string(printed{attached: []entry{one}}.pdf(t))}), "pdf a/b.pdf/1.json: " + badge},
		"cut short":           {packed(t, one)[:40], "zip malformed/archive"},
		"signature alone":     {[]byte("PK\x03\x04"), "zip malformed/archive"},
		"a file beyond 12 MB": {packed(t, entry{name: "a.json", content: strings.Repeat(" ", credential.Limits.Upload+1)}, one), "json a.json too_large/file\njson 1.json: " + badge},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(t, c.input, ""); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestItemBytes: every item has the file that carried it.
func TestItemBytes(t *testing.T) {
	paper := printed{attached: []entry{{name: "1.json", content: badge}}}.pdf(t)
	archive := packed(t, entry{name: "a.pdf", content: string(paper)}, entry{name: "1.json", content: badge})
	var got [][]byte
	for item := range Open(archive, "") {
		got = append(got, item.Bytes)
	}
	if len(got) != 2 || !bytes.Equal(got[0], paper) || string(got[1]) != badge {
		t.Errorf("%d items of other files", len(got))
	}
	for item := range Open(paper, "") {
		if !bytes.Equal(item.Bytes, paper) {
			t.Error("an attachment is not said to come from its PDF")
		}
	}
}

// TestOpenStops: whoever has enough gets no more, and may begin again.
func TestOpenStops(t *testing.T) {
	open := Open(packed(t, entry{name: "1", content: "{}"}, entry{name: "2", content: "{}"}, entry{name: "3"}), "")
	for want := range 4 {
		seen := 0
		for range open {
			if seen++; seen > want {
				break
			}
		}
		if seen != min(want+1, 3) {
			t.Errorf("%d items, wanted to stop at %d", seen, want+1)
		}
	}
}

// TestCorpus: what others publish is found in the files that they publish it in.
func TestCorpus(t *testing.T) {
	folder := filepath.Join(referencedata.Folder(t), "corpus")
	kinds := map[string]int{}
	err := filepath.WalkDir(filepath.Join(folder, "files"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for item := range Open(file, "") {
			kinds[item.Kind]++
			if item.Text == nil && !strings.HasPrefix(string(file), "https://") { // one names itself before it begins
				t.Errorf("%s: %s, %v, %+v", filepath.Base(name), item.Kind, item.Links, item.Problem)
			}
		}
		return nil
	})
	if err != nil || kinds["json"] == 0 || kinds["jwt"] == 0 || kinds["png"] == 0 || kinds["svg"] == 0 {
		t.Errorf("%v, %v", kinds, err)
	}
	t.Log(kinds)
}
