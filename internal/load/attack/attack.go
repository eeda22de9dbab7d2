// Package attack has what is done to a server to do it harm: requests as they go over the wire, with the answers that are right, and
// clients that hold connections without saying much. Tests and the program of loads share it; nothing of it is in the product.
package attack

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// Badge is an award in force of the server, out of which requests are made.
type Badge struct {
	ID   string // of the award
	List string // id of its revocation list
	JSON []byte // with its Data Integrity proof
	JWT  string
}

// Shape is one way to do harm. Each of its requests goes byte for byte over a connection of its own.
type Shape struct {
	Name     string
	Requests [][]byte // to be sent in turn
	Answers  []int    // statuses that are right; 0: the connection is closed without an answer
	Half     bool     // the connection is given up when the request is written
}

// Post is a POST /verify as it goes over the wire, which asks for JSON.
func Post(header string, body []byte) []byte {
	return fmt.Appendf(nil, "POST /verify HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s", header, len(body), body)
}

// Get is a GET as it goes over the wire.
func Get(path, header string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + "\r\n")
}

// Shapes are all that is done to a server that has this badge, beside slow sockets.
func Shapes(b Badge) []Shape {
	const jsonBody, pngBody = "Content-Type: application/vc\r\n", "Content-Type: image/png\r\n"
	badge := "/c/" + b.ID
	var paths, types [][]byte
	for _, path := range []string{
		"/..", "/../verify", "/c/..", "/c/../verify", "/c/%2e%2e", "/c/%2e%2e%2fverify", badge + "%2F", badge + "%2f..", badge + "/..", badge + "/.",
		badge + ".", badge + "..json", badge + ".json.", badge + ".json%00", badge + "%00.json", badge + "%20", badge + "/", "/" + badge, badge + ".JSON", badge + ";.json",
		"/c/" + strings.Repeat("A", 8000), "/c/*", "/status/..", "/status/" + b.List + ".", "/status/" + b.List + "%2Fx",
		"/static/..%2f..%2fgo.mod", "/static/../../etc/passwd", "/static/%5c..%5cetc", "/i/..%2f", "/.well-known/../c", "/%ff%fe", "/\\..\\verify", "//", "/c//" + b.ID,
	} {
		paths = append(paths, Get(path, ""))
	}
	for _, header := range []string{
		"application/xml", "text/html", "application/json; charset=utf-16", "application/vc; charset=iso-8859-1", ";;;", "application/", "multipart/mixed; boundary=x",
		"application/vc\r\nContent-Encoding: gzip", "*/*",
	} {
		types = append(types, Post("Content-Type: "+header+"\r\n", b.JSON))
	}
	form := func(field string, size int) []byte {
		return Post("Content-Type: multipart/form-data; boundary=x\r\n",
			fmt.Appendf(nil, "--x\r\nContent-Disposition: form-data; name=%q; filename=f\r\n\r\n%s\r\n--x--\r\n", field, bytes.Repeat([]byte("A"), size)))
	}
	header := func(n, size int) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, "X-Flood-%d: %s\r\n", i, strings.Repeat("a", size))
		}
		return out.String()
	}
	upload := credential.Limits.Upload
	return []Shape{
		{Name: "half a body", Half: true, Requests: [][]byte{Post(jsonBody, b.JSON)[:600], Post(pngBody, bytes.Repeat([]byte("A"), 1<<20))[:1<<19]}},
		{Name: "half a header", Half: true, Requests: [][]byte{Get(badge, "")[:30]}},
		{Name: "oversize, announced", Answers: []int{413}, Requests: [][]byte{
			fmt.Appendf(nil, "POST /verify HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n%sContent-Length: %d\r\n\r\n{", jsonBody, 2*upload)}},
		{Name: "oversize, in chunks", Answers: []int{413, 0}, Requests: [][]byte{ // 0: what we still send resets the connection
			fmt.Appendf(nil, "POST /verify HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s", jsonBody, 2*upload, bytes.Repeat([]byte(" "), upload+1<<18))}},
		{Name: "oversize, in a form", Answers: []int{413, 0}, Requests: [][]byte{form("credential", upload+1), form("text", credential.Limits.Document+1)}},
		{Name: "oversize, elsewhere", Answers: []int{404, 405, 413, 0}, Requests: [][]byte{bytes.Replace(Post(jsonBody, bytes.Repeat([]byte("A"), 2<<20)), []byte("/verify"), []byte(badge), 1)}},
		{Name: "as large as allowed", Answers: []int{200}, Requests: [][]byte{form("credential", upload), Post(pngBody, slices.Concat(pngHead(), make([]byte, upload-100)))}},
		{Name: "header floods", Answers: []int{431, 0}, Requests: [][]byte{Get(badge, header(2000, 20)), Get(badge, header(1, 64<<10))}},
		{Name: "many headers", Answers: []int{200}, Requests: [][]byte{Get(badge+".json", header(500, 10)), Get(badge, "Accept: "+strings.Repeat("a/b;q=0.5,", 1200)+"text/html\r\n")}},
		{Name: "many ranges", Answers: []int{200, 206, 416}, Requests: [][]byte{Get(badge+".json", "Range: bytes="+strings.Repeat("0-,", 3000)+"1-\r\n")}},
		{Name: "tricks in paths", Answers: []int{301, 308, 400, 404}, Requests: paths},
		{Name: "types and charsets", Answers: []int{415}, Requests: types},
		{Name: "methods", Answers: []int{404, 405}, Requests: [][]byte{
			bytes.Replace(Get(badge, ""), []byte("GET"), []byte("BREW"), 1), bytes.Replace(Get("/verify", ""), []byte("GET"), []byte("TRACE"), 1),
			bytes.Replace(Post(jsonBody, b.JSON), []byte("POST"), []byte("PUT"), 1)}},
		{Name: "no HTTP", Answers: []int{400, 0}, Requests: [][]byte{
			[]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), []byte("GET\r\n\r\n"), []byte("GET / HTTP/1.1\r\n\r\n"),
			[]byte("POST /verify HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"), []byte("POST /verify HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{")}},
		{Name: "links to inside", Answers: []int{422}, Requests: [][]byte{
			Post("Content-Type: application/json\r\n", []byte(`{"url":"https://127.0.0.1/c/x"}`)), Post("Content-Type: application/json\r\n", []byte(`{"url":"https://[::ffff:169.254.169.254]/"}`)),
			Post("Content-Type: application/json\r\n", []byte(`{"url":"file:///etc/passwd"}`)), Post("Content-Type: application/json\r\n", []byte(`{"url":"http://localhost/"}`))}},
		{Name: "forms of other sites", Answers: []int{403}, Requests: [][]byte{Post(jsonBody+"Origin: https://evil.example\r\n", b.JSON), Post(jsonBody+"Sec-Fetch-Site: cross-site\r\n", b.JSON)}},
		{Name: "nothing", Answers: []int{400}, Requests: [][]byte{Post(jsonBody, nil), Post(jsonBody, []byte(" \n")), Post("Content-Type: multipart/form-data; boundary=x\r\n", []byte("--x--\r\n")),
			Post("Content-Type: multipart/form-data; boundary=x\r\n", []byte("--x\r\nContent-Disposition: form-data"))}},
		{Name: "poisoned documents", Answers: []int{200}, Requests: Poison(b, jsonBody)},
		{Name: "poisoned documents, too", Answers: []int{200}, Requests: Poison(b, jsonBody)},
		{Name: "poisoned pictures", Answers: []int{200}, Requests: [][]byte{Post(pngBody, pngBomb()), Post(pngBody, pngChunks()), Post(pngBody, pngHead())}},
	}
}

// Poison are documents that are made to cost time or memory: their proof is read, and does not fit.
func Poison(b Badge, header string) (requests [][]byte) {
	changed := func(change func(document map[string]any)) {
		var badge map[string]any
		if err := json.Unmarshal(b.JSON, &badge); err != nil {
			panic(err) // it came from the server
		}
		change(badge)
		text, err := json.Marshal(badge)
		if err != nil {
			panic(err)
		}
		requests = append(requests, Post(header, text))
	}
	times := func(n int, make func(i int) any) []any {
		list := []any{}
		for i := range n {
			list = append(list, make(i))
		}
		return list
	}
	evidence := func(int) any { return map[string]any{"type": []any{"Evidence"}, "name": "A"} }
	changed(func(d map[string]any) { d["evidence"] = times(1900, evidence) })
	changed(func(d map[string]any) { d["evidence"] = times(6000, evidence) })
	for _, size := range []int{7, 12, 40} { // everybody knows everybody
		changed(func(d map[string]any) {
			d["evidence"] = times(size, func(i int) any {
				return map[string]any{"id": fmt.Sprintf("_:e%d", i), "type": []any{"Evidence"}, "name": times(size, func(j int) any { return map[string]any{"id": fmt.Sprintf("_:e%d", j)} })}
			})
		})
	}
	changed(func(d map[string]any) {
		entry := d["credentialStatus"].([]any)[0]
		d["credentialStatus"] = times(1000, func(int) any { return entry })
	})
	changed(func(d map[string]any) {
		d["proof"] = times(16, func(int) any { return d["proof"] })
	})
	changed(func(d map[string]any) { d["proof"] = times(500, func(int) any { return d["proof"] }) })
	changed(func(d map[string]any) { d["endorsementJwt"] = times(500, func(int) any { return b.JWT }) })
	changed(func(d map[string]any) { d["name"] = strings.Repeat("Ω", 1<<20) })
	changed(func(d map[string]any) {
		d["@context"] = times(3000, func(int) any { return "https://www.w3.org/ns/credentials/v2" })
	})
	for _, text := range []string{
		strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 100_000), "[" + strings.Repeat("1,", 1<<20) + "1]", "[" + strings.Repeat("{},", 1<<20) + "{}]",
		`{"a":1` + strings.Repeat("0", 1<<20) + "}", `{"a":1e` + strings.Repeat("9", 1000) + "}", strings.Repeat("eyJ", 1<<20) + "..", "\xff\xfe{\x00}\x00",
	} {
		requests = append(requests, Post(header, []byte(text)))
	}
	return requests
}

func pngChunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func pngHead() []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", []byte{0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0})...)
}

// pngBomb carries a credential of 64 MiB in some 64 KiB.
func pngBomb() []byte {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	for range 64 {
		_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20)) // into memory
	}
	_ = w.Close()
	return slices.Concat(pngHead(), pngChunk("iTXt", append([]byte("openbadgecredential\x00\x01\x00\x00\x00"), packed.Bytes()...)), pngChunk("IEND", nil))
}

// pngChunks has very many chunks that mean nothing.
func pngChunks() []byte {
	return slices.Concat(pngHead(), bytes.Repeat(pngChunk("tEXt", []byte("a\x00b")), 60_000), pngChunk("IEND", nil))
}
