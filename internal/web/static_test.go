package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// TestStaticFiles: a file comes zipped to whom that helps and plain to others, for ever and with its type; both are the same.
func TestStaticFiles(t *testing.T) {
	f := newFixture(t, nil)
	page := f.get("/verify", mediaHTML).Body.String()
	address := regexp.MustCompile(`/static/laurel\.[0-9a-f]{16}\.css`).FindString(page)
	plain, zipped := f.get(address, "*/*"), f.call(http.MethodGet, address, nil, "Accept-Encoding", "gzip, br")
	for _, h := range []http.Header{plain.Header(), zipped.Header()} {
		if h.Get("Vary") != "Accept-Encoding" || h.Get("Cache-Control") != cacheForever || h.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("headers %v", h)
		}
	}
	if plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() > plain.Body.Len()/2 {
		t.Errorf("%d bytes plain, %d zipped", plain.Body.Len(), zipped.Body.Len())
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if inside, err := io.ReadAll(r); err != nil || !bytes.Equal(inside, plain.Body.Bytes()) {
		t.Errorf("the zipped file is another: %v", err)
	}
}

// TestDevicePolicies: only the page that checks in the browser may compile and fetch, only the form may use a camera, and nothing but
// the worker's file has the worker's policy.
func TestDevicePolicies(t *testing.T) {
	f := newFixture(t, nil)
	for path, want := range map[string]struct{ wasm, camera bool }{
		"/": {}, "/verify": {camera: true}, "/verify/device": {wasm: true}, "/c/" + testID: {}, "/static/none.css": {},
	} {
		h := f.get(path, mediaHTML).Header()
		policy := h.Get("Content-Security-Policy")
		if strings.Contains(policy, "wasm-unsafe-eval") != want.wasm || strings.Contains(policy, "connect-src 'self'") != want.wasm ||
			strings.Contains(policy, "'unsafe-eval'") || strings.Contains(policy, "unsafe-inline") || !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: %s", path, policy)
		}
		if strings.Contains(h.Get("Permissions-Policy"), "camera=(self)") != want.camera || !strings.Contains(h.Get("Permissions-Policy"), "microphone=()") {
			t.Errorf("%s: %s", path, h.Get("Permissions-Policy"))
		}
	}
	files, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		address, err := files.link(name)
		if err != nil {
			t.Fatal(err)
		}
		worker := strings.Contains(f.get(address, "*/*").Header().Get("Content-Security-Policy"), "wasm-unsafe-eval")
		if worker != (name == deviceWorker) {
			t.Errorf("%s: %v", name, worker)
		}
	}
}

func section(body []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(body), 0, int64(len(body)))
}

// TestZippedFile: a file that is zipped already comes as it is to those who can inflate, and inflated and in parts to others, however
// many ask at once; at another address there is nothing.
func TestZippedFile(t *testing.T) {
	f := newFixture(t, nil)
	want := bytes.Repeat([]byte("0123456789"), 10_000)
	travels, err := deflated(section(want))
	if err != nil {
		t.Fatal(err)
	}
	files := assets{}
	files.add(deviceProgram, travels, true)
	f.Handler.(*Site).server.assets = files
	address, err := files.link(deviceProgram)
	if err != nil || !regexp.MustCompile(`^/static/laurel-device\.[0-9a-f]{16}\.wasm$`).MatchString(address) {
		t.Fatalf("%s, %v", address, err)
	}
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 3 {
				if w := f.get(address, "*/*"); !bytes.Equal(w.Body.Bytes(), want) || w.Header().Get("Content-Length") != "100000" || w.Header().Get("Content-Type") != "application/wasm" {
					t.Errorf("%d bytes, %v", w.Body.Len(), w.Header())
				}
				if w := f.call(http.MethodGet, address, nil, "Range", "bytes=5-14"); w.Code != http.StatusPartialContent || w.Body.String() != "5678901234" {
					t.Errorf("a part is %d %s", w.Code, w.Body)
				}
				if w := f.call(http.MethodGet, address, nil, "Accept-Encoding", "gzip"); int64(w.Body.Len()) != travels.Size() || w.Header().Get("Content-Encoding") != "gzip" {
					t.Errorf("zipped it has %d bytes, %v", w.Body.Len(), w.Header())
				}
			}
		})
	}
	asking.Wait()
	for _, other := range []string{"/static/laurel-device.wasm", "/static/laurel-device..wasm", "/static/laurel-device.0123456789abcdef.wasm", strings.Replace(address, "laurel", "x.laurel", 1), address + ".gz", "/static/", "/static/."} {
		if w := f.get(other, "*/*"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", other, w.Code)
		}
	}
}

// TestDevicePage: with the verifier the page names it, and without it says so; in both languages.
func TestDevicePage(t *testing.T) {
	for _, built := range []bool{false, true} {
		s := newFixture(t, nil)
		files := assets{}
		for _, name := range []string{"laurel.css", "device.js", deviceWorker} {
			files.add(name, section([]byte(name)), false)
		}
		if built {
			for name, body := range map[string][]byte{deviceProgram: bytes.Repeat([]byte("w"), 1_240_000), deviceRuntime: []byte("r")} {
				files.add(name, section(body), true)
			}
		}
		s.Handler.(*Site).server.assets = files
		for lang, words := range map[string][2]string{
			"en": {"This server was built without the checker", "Loading the checker (1.2 MB)"},
			"es": {"Este servidor se construyó sin el comprobador", "Cargando el comprobador (1,2 MB)"},
		} {
			w := s.get("/verify/device?lang="+lang, mediaHTML)
			wantStatus(t, w, http.StatusOK)
			page := w.Body.String()
			if strings.Contains(page, words[0]) == built || strings.Contains(page, words[1]) != built || strings.Contains(page, "laurel-device") != built {
				t.Errorf("built %v, %s:\n%s", built, lang, page)
			}
		}
	}
}
