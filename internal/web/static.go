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
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/zipped"
)

//go:embed static
var staticFiles embed.FS

// builtFiles are what `make build` puts beside the pages, the verifier for browsers and what starts it; none in a build without.
//
//go:embed device
var builtFiles embed.FS

// assets are the files that pages link to, by plain name, such as laurel.css.
type assets map[string]*asset

// asset is one file. What it takes to serve one is made when it is asked for first: a server starts without, and reads what is embedded
// where it lies.
type asset struct {
	name    string
	address func() (string, error) // with the digest of the file, so that a copy may be kept for ever: /static/laurel.0123456789abcdef.css
	zipped  func() (*io.SectionReader, error)
	plain   func() (*io.SectionReader, error) // for the few who cannot inflate
}

// mediaOf are the types of static files.
var mediaOf = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".wasm": "application/wasm",
}

// loaded are the assets of the program, which are the same for every Site.
var loaded = sync.OnceValues(loadAssets)

func loadAssets() (assets, error) {
	a := make(assets)
	for _, folder := range []struct {
		fs.FS
		name string
	}{{staticFiles, "static"}, {builtFiles, "device"}} {
		entries, err := fs.ReadDir(folder, folder.name)
		if err != nil {
			return a, fmt.Errorf("reading the static files: %w", err)
		}
		for _, entry := range entries {
			name, zipped := strings.CutSuffix(entry.Name(), ".gz")
			if mediaOf[path.Ext(name)] == "" {
				continue // says what belongs into the folder
			}
			body, err := embedded(folder, folder.name+"/"+entry.Name())
			if err != nil {
				return a, fmt.Errorf("reading the static files: %w", err)
			}
			a.add(name, body, zipped)
		}
	}
	return a, nil
}

// embedded is a file as it lies in the program; fs.ReadFile would copy it.
func embedded(folder fs.FS, name string) (*io.SectionReader, error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	at, ok := file.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read in parts", name)
	}
	return io.NewSectionReader(at, 0, info.Size()), nil
}

// fresh reads what another one reads, from its beginning; many can do so at once.
func fresh(r *io.SectionReader) *io.SectionReader { return io.NewSectionReader(r, 0, r.Size()) }

// add takes a file in, which may be zipped already.
func (a assets) add(plainName string, body *io.SectionReader, zipped bool) {
	file := &asset{name: plainName}
	file.address = sync.OnceValues(func() (string, error) {
		digest := sha256.New()
		if _, err := io.Copy(digest, fresh(body)); err != nil {
			return "", fmt.Errorf("reading the static file %s: %w", plainName, err)
		}
		ending := path.Ext(plainName)
		return "/static/" + strings.TrimSuffix(plainName, ending) + "." + hex.EncodeToString(digest.Sum(nil)[:8]) + ending, nil
	})
	asItIs := func() (*io.SectionReader, error) { return body, nil }
	if zipped {
		file.zipped, file.plain = asItIs, inflated(body)
	} else {
		file.zipped, file.plain = sync.OnceValues(func() (*io.SectionReader, error) { return deflated(body) }), asItIs
	}
	a[plainName] = file
}

func deflated(plain *io.SectionReader) (*io.SectionReader, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, fresh(plain)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return io.NewSectionReader(bytes.NewReader(out.Bytes()), 0, int64(out.Len())), nil
}

// inflated is a zipped file as it is, which is held as long as somebody reads it: the verifier for browsers has 16 MB.
func inflated(zipped *io.SectionReader) func() (*io.SectionReader, error) {
	var mu sync.Mutex
	var held weak.Pointer[bytes.Reader]
	return func() (*io.SectionReader, error) {
		mu.Lock()
		defer mu.Unlock()
		plain := held.Value()
		if plain == nil {
			content, err := inflate(fresh(zipped))
			if err != nil {
				return nil, err
			}
			plain = bytes.NewReader(content)
			held = weak.Make(plain)
		}
		return io.NewSectionReader(plain, 0, plain.Size()), nil
	}
}

func inflate(zipped io.Reader) ([]byte, error) {
	r, err := gzip.NewReader(zipped)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// link is the address of a static file; a page that names one that does not exist cannot be shown.
func (a assets) link(name string) (string, error) {
	file, ok := a[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return file.address()
}

// at is the file at an address; nil where there is none.
func (a assets) at(address string) (*asset, error) {
	ending := path.Ext(address)
	named := strings.TrimSuffix(address, ending)
	file, ok := a[path.Base(strings.TrimSuffix(named, path.Ext(named)))+ending]
	if !ok {
		return nil, nil
	}
	if its, err := file.address(); err != nil || its != address {
		return nil, err
	}
	return file, nil
}

func (s *server) static(c echo.Context) error {
	file, err := s.assets.at("/static/" + c.Param("file"))
	if err != nil {
		return err
	}
	if file == nil {
		return notFound()
	}
	h := c.Response().Header()
	h.Set("Content-Type", mediaOf[path.Ext(file.name)])
	h.Set("Cache-Control", cacheForever)
	h.Set("Vary", "Accept-Encoding")
	if file.name == deviceWorker { // a worker has the policy that it comes with, and not that of its page
		h.Set("Content-Security-Policy", policyWorker)
	}
	body := file.plain
	if zipped.Taken(c.Request().Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = file.zipped
	}
	content, err := body()
	if err != nil {
		return fmt.Errorf("reading the static file %s: %w", file.name, err)
	}
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, fresh(content))
	return nil
}
