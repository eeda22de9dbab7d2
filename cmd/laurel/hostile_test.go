package main

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// slowSockets are held open by clients that hardly send; twice what the server accepts at a time.
const (
	slowSockets      = 2000 // in a long run
	slowSocketsShort = 600  // as part of all tests, on whatever else the machine does
)

// attack is one way to do harm. Its requests are written to a connection of their own, byte for byte.
type attack struct {
	name     string
	requests [][]byte // sent in turn, each on its own connection
	answers  []int    // statuses that are right; 0: the connection is closed without an answer
	half     bool     // the connection is given up when the request is written
	turn     int
}

// strike sends the next request of an attack and looks at the status of the answer.
func (s *scene) strike(ctx context.Context, t *testing.T, a *attack) {
	request := a.requests[a.turn%len(a.requests)]
	a.turn++
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(s.process.address, "http://"))
	if err != nil {
		if ctx.Err() == nil {
			t.Errorf("%s: %v", a.name, err)
		}
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	written := make(chan struct{})
	go func() { // the answer may come before the request is read to its end
		defer close(written)
		_, _ = conn.Write(request)
	}()
	status := 0
	if a.half {
		<-written
	} else if response, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		status = response.StatusCode
	}
	_ = conn.SetDeadline(time.Now())
	<-written
	if ctx.Err() != nil { // broken off from here
		return
	}
	// A server with more sockets than it has room for may hang up on anybody; one with room has to answer.
	hungUp := status == 0 && os.Getenv("LAUREL_LOAD_SECONDS") != ""
	if !a.half && !hungUp && !slices.Contains(a.answers, status) {
		t.Errorf("%s: answered with %d, want one of %v: %.80q", a.name, status, a.answers, request)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.struck++
	if s.answers[a.name] == nil {
		s.answers[a.name] = map[int]struct{}{}
	}
	s.answers[a.name][status] = struct{}{}
}

// holdSockets opens connections that send next to nothing, until ctx ends, and opens each anew when the server drops it. It
// returns their number, which the system may limit.
func (s *scene) holdSockets(ctx context.Context, t *testing.T, group *sync.WaitGroup) int {
	t.Helper()
	count := slowSocketsShort
	if os.Getenv("LAUREL_LOAD_SECONDS") != "" {
		count = slowSockets
	}
	if room := openFiles() - 500; room < count {
		count = max(0, room)
		t.Logf("only %d slow sockets: the system allows no more open files", count)
	}
	drip := []string{
		"",
		"GET /verify HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"POST /verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{",
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
	}
	for i := range count {
		group.Go(func() {
			for ctx.Err() == nil {
				s.hold(ctx, drip[i%len(drip)], i%len(drip) == 1 || i%len(drip) == 2)
				sleep(ctx, time.Second)
			}
		})
	}
	return count
}

// hold keeps one connection until the server drops it.
func (s *scene) hold(ctx context.Context, first string, dripping bool) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(s.process.address, "http://"))
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	dropped := make(chan struct{})
	go func() {
		defer close(dropped)
		_, _ = io.Copy(io.Discard, conn)
	}()
	for text := first; ; text = " " {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		next := time.After(time.Second)
		if !dripping {
			next = nil
		}
		select {
		case <-dropped:
			return
		case <-next:
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// postRequest is a POST /verify as it goes over the wire, which asks for JSON.
func postRequest(header string, body []byte) []byte {
	return fmt.Appendf(nil, "POST /verify HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s", header, len(body), body)
}

func getRequest(path, header string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + "\r\n")
}

// attacks are all that is done to the server beside the slow sockets.
func (s *scene) attacks() []*attack {
	const jsonBody, pngBody = "Content-Type: application/vc\r\n", "Content-Type: image/png\r\n"
	badge := "/c/" + s.inForce.ID
	var paths, types [][]byte
	for _, path := range []string{
		"/..", "/../verify", "/c/..", "/c/../verify", "/c/%2e%2e", "/c/%2e%2e%2fverify", badge + "%2F", badge + "%2f..", badge + "/..", badge + "/.",
		badge + ".", badge + "..json", badge + ".json.", badge + ".json%00", badge + "%00.json", badge + "%20", badge + "/", "/" + badge, badge + ".JSON", badge + ";.json",
		"/c/" + strings.Repeat("A", 8000), "/c/*", "/status/..", "/status/" + s.inForce.Slot.Revocation + ".", "/status/" + s.inForce.Slot.Revocation + "%2Fx",
		"/static/..%2f..%2fgo.mod", "/static/../../etc/passwd", "/static/%5c..%5cetc", "/i/..%2f", "/.well-known/../c", "/%ff%fe", "/\\..\\verify", "//", "/c//" + s.inForce.ID,
	} {
		paths = append(paths, getRequest(path, ""))
	}
	for _, header := range []string{
		"application/xml", "text/html", "application/json; charset=utf-16", "application/vc; charset=iso-8859-1", ";;;", "application/", "multipart/mixed; boundary=x",
		"application/vc\r\nContent-Encoding: gzip", "*/*",
	} {
		types = append(types, postRequest("Content-Type: "+header+"\r\n", s.inForce.JSON))
	}
	form := func(field string, size int) []byte {
		return postRequest("Content-Type: multipart/form-data; boundary=x\r\n",
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
	return []*attack{
		{name: "half a body", half: true, requests: [][]byte{postRequest(jsonBody, s.inForce.JSON)[:600], postRequest(pngBody, bytes.Repeat([]byte("A"), 1<<20))[:1<<19]}},
		{name: "half a header", half: true, requests: [][]byte{getRequest(badge, "")[:30]}},
		{name: "oversize, announced", answers: []int{413}, requests: [][]byte{
			fmt.Appendf(nil, "POST /verify HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n%sContent-Length: %d\r\n\r\n{", jsonBody, 2*upload)}},
		{name: "oversize, in chunks", answers: []int{413, 0}, requests: [][]byte{ // 0: what we still send resets the connection
			fmt.Appendf(nil, "POST /verify HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s", jsonBody, 2*upload, bytes.Repeat([]byte(" "), upload+1<<18))}},
		{name: "oversize, in a form", answers: []int{413, 0}, requests: [][]byte{form("credential", upload+1), form("text", credential.Limits.Document+1)}},
		{name: "oversize, elsewhere", answers: []int{404, 405, 413, 0}, requests: [][]byte{bytes.Replace(postRequest(jsonBody, bytes.Repeat([]byte("A"), 2<<20)), []byte("/verify"), []byte(badge), 1)}},
		{name: "as large as allowed", answers: []int{200}, requests: [][]byte{form("credential", upload), postRequest(pngBody, slices.Concat(pngHead(), make([]byte, upload-100)))}},
		{name: "header floods", answers: []int{431, 0}, requests: [][]byte{getRequest(badge, header(2000, 20)), getRequest(badge, header(1, 64<<10))}},
		{name: "many headers", answers: []int{200}, requests: [][]byte{getRequest(badge+".json", header(500, 10)), getRequest(badge, "Accept: "+strings.Repeat("a/b;q=0.5,", 1200)+"text/html\r\n")}},
		{name: "many ranges", answers: []int{200, 206, 416}, requests: [][]byte{getRequest(badge+".json", "Range: bytes="+strings.Repeat("0-,", 3000)+"1-\r\n")}},
		{name: "tricks in paths", answers: []int{301, 308, 400, 404}, requests: paths},
		{name: "types and charsets", answers: []int{415}, requests: types},
		{name: "methods", answers: []int{404, 405}, requests: [][]byte{
			bytes.Replace(getRequest(badge, ""), []byte("GET"), []byte("BREW"), 1), bytes.Replace(getRequest("/verify", ""), []byte("GET"), []byte("TRACE"), 1),
			bytes.Replace(postRequest(jsonBody, s.inForce.JSON), []byte("POST"), []byte("PUT"), 1)}},
		{name: "no HTTP", answers: []int{400, 0}, requests: [][]byte{
			[]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), []byte("GET\r\n\r\n"), []byte("GET / HTTP/1.1\r\n\r\n"),
			[]byte("POST /verify HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"), []byte("POST /verify HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{")}},
		{name: "links to inside", answers: []int{422}, requests: [][]byte{
			postRequest("Content-Type: application/json\r\n", []byte(`{"url":"https://127.0.0.1/c/x"}`)), postRequest("Content-Type: application/json\r\n", []byte(`{"url":"https://[::ffff:169.254.169.254]/"}`)),
			postRequest("Content-Type: application/json\r\n", []byte(`{"url":"file:///etc/passwd"}`)), postRequest("Content-Type: application/json\r\n", []byte(`{"url":"http://localhost/"}`))}},
		{name: "forms of other sites", answers: []int{403}, requests: [][]byte{postRequest(jsonBody+"Origin: https://evil.example\r\n", s.inForce.JSON), postRequest(jsonBody+"Sec-Fetch-Site: cross-site\r\n", s.inForce.JSON)}},
		{name: "nothing", answers: []int{400}, requests: [][]byte{postRequest(jsonBody, nil), postRequest(jsonBody, []byte(" \n")), postRequest("Content-Type: multipart/form-data; boundary=x\r\n", []byte("--x--\r\n")),
			postRequest("Content-Type: multipart/form-data; boundary=x\r\n", []byte("--x\r\nContent-Disposition: form-data"))}},
		{name: "poisoned documents", answers: []int{200}, requests: s.poison(jsonBody)},
		{name: "poisoned documents, too", answers: []int{200}, requests: s.poison(jsonBody)},
		{name: "poisoned pictures", answers: []int{200}, requests: [][]byte{postRequest(pngBody, pngBomb()), postRequest(pngBody, pngChunks()), postRequest(pngBody, pngHead())}},
	}
}

// poison are documents that are made to cost time or memory: their proof is read, and does not fit.
func (s *scene) poison(header string) (requests [][]byte) {
	changed := func(change func(badge map[string]any)) {
		var badge map[string]any
		if err := json.Unmarshal(s.inForce.JSON, &badge); err != nil {
			panic(err) // it came from the server
		}
		change(badge)
		text, err := json.Marshal(badge)
		if err != nil {
			panic(err)
		}
		requests = append(requests, postRequest(header, text))
	}
	times := func(n int, make func(i int) any) []any {
		list := []any{}
		for i := range n {
			list = append(list, make(i))
		}
		return list
	}
	evidence := func(int) any { return map[string]any{"type": []any{"Evidence"}, "name": "A"} }
	changed(func(b map[string]any) { b["evidence"] = times(1900, evidence) })
	changed(func(b map[string]any) { b["evidence"] = times(6000, evidence) })
	for _, size := range []int{7, 12, 40} { // everybody knows everybody
		changed(func(b map[string]any) {
			b["evidence"] = times(size, func(i int) any {
				return map[string]any{"id": fmt.Sprintf("_:e%d", i), "type": []any{"Evidence"}, "name": times(size, func(j int) any { return map[string]any{"id": fmt.Sprintf("_:e%d", j)} })}
			})
		})
	}
	changed(func(b map[string]any) {
		entry := b["credentialStatus"].([]any)[0]
		b["credentialStatus"] = times(1000, func(int) any { return entry })
	})
	changed(func(b map[string]any) {
		b["proof"] = times(16, func(int) any { return b["proof"] })
	})
	changed(func(b map[string]any) { b["proof"] = times(500, func(int) any { return b["proof"] }) })
	changed(func(b map[string]any) { b["endorsementJwt"] = times(500, func(int) any { return s.inForce.JWT }) })
	changed(func(b map[string]any) { b["name"] = strings.Repeat("Ω", 1<<20) })
	changed(func(b map[string]any) {
		b["@context"] = times(3000, func(int) any { return "https://www.w3.org/ns/credentials/v2" })
	})
	for _, text := range []string{
		strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 100_000), "[" + strings.Repeat("1,", 1<<20) + "1]", "[" + strings.Repeat("{},", 1<<20) + "{}]",
		`{"a":1` + strings.Repeat("0", 1<<20) + "}", `{"a":1e` + strings.Repeat("9", 1000) + "}", strings.Repeat("eyJ", 1<<20) + "..", "\xff\xfe{\x00}\x00",
	} {
		requests = append(requests, postRequest(header, []byte(text)))
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
