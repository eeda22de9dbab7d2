package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

//go:embed static
var staticFiles embed.FS

// builtFiles are what `make build` puts beside the pages, the verifier for browsers and what starts it; none in a build without.
//
//go:embed device
var builtFiles embed.FS

// assets are the files that pages link to. A name carries the digest of what it names, so a copy may be kept for ever.
type assets struct {
	address map[string]string // by plain name: laurel.css -> /static/laurel.0123456789abcdef.css
	content map[string]*asset // by the last element of the address
}

// asset is one file, small and plain.
type asset struct {
	name   string
	zipped []byte                 // by gzip
	plain  func() ([]byte, error) // for the few who cannot inflate
}

// mediaOf are the types of static files.
var mediaOf = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".wasm": "application/wasm",
}

// loaded are the assets of the program, which are the same for every Site.
var loaded = sync.OnceValues(loadAssets)

func loadAssets() (assets, error) {
	a := assets{address: make(map[string]string), content: make(map[string]*asset)}
	for _, folder := range []struct {
		fs.FS
		name string
	}{{staticFiles, "static"}, {builtFiles, "device"}} {
		entries, err := fs.ReadDir(folder, folder.name)
		if err != nil {
			return a, fmt.Errorf("reading the static files: %w", err)
		}
		for _, entry := range entries {
			body, err := fs.ReadFile(folder, folder.name+"/"+entry.Name())
			if err != nil {
				return a, fmt.Errorf("reading the static files: %w", err)
			}
			name, zipped := strings.CutSuffix(entry.Name(), ".gz")
			if mediaOf[path.Ext(name)] == "" {
				continue // says what belongs into the folder
			}
			if err := a.add(name, body, zipped); err != nil {
				return a, fmt.Errorf("reading the static files: %w", err)
			}
		}
	}
	return a, nil
}

// add takes a file in, which may be zipped already.
func (a assets) add(plainName string, body []byte, zipped bool) error {
	digest := sha256.Sum256(body)
	ending := path.Ext(plainName)
	name := strings.TrimSuffix(plainName, ending) + "." + hex.EncodeToString(digest[:8]) + ending
	file := &asset{name: plainName, zipped: body}
	if zipped {
		file.plain = sync.OnceValues(func() ([]byte, error) { return inflate(body) })
	} else {
		file.plain = func() ([]byte, error) { return body, nil }
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(body); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		file.zipped = out.Bytes()
	}
	a.address[plainName] = "/static/" + name
	a.content[name] = file
	return nil
}

func inflate(zipped []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// link is the address of a static file; a page that names one that does not exist cannot be loaded.
func (a assets) link(name string) (string, error) {
	address, ok := a.address[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return address, nil
}

func (s *server) static(c echo.Context) error {
	name := c.Param("file")
	file, ok := s.assets.content[name]
	if !ok {
		return notFound()
	}
	h := c.Response().Header()
	h.Set("Content-Type", mediaOf[path.Ext(name)])
	h.Set("Cache-Control", cacheForever)
	h.Set("Vary", "Accept-Encoding")
	if file.name == deviceWorker { // a worker has the policy that it comes with, and not that of its page
		h.Set("Content-Security-Policy", policyWorker)
	}
	body := file.zipped
	if takesGzip(c.Request().Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
	} else {
		var err error
		if body, err = file.plain(); err != nil {
			return fmt.Errorf("inflating %s: %w", file.name, err)
		}
	}
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(body))
	return nil
}

// takesGzip says whether an Accept-Encoding names gzip, or everything, with a weight above 0 (RFC 9110 section 12.5.3).
func takesGzip(accept string) bool {
	named, others := -1.0, -1.0
	for _, part := range strings.Split(accept, ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q="); found {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			named = weight
		case "*":
			others = weight
		}
	}
	if named >= 0 {
		return named > 0
	}
	return others > 0
}
