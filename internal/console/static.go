package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

// assets are the files that pages link to. A name carries the digest of what it names, so a copy may be kept for ever.
type assets struct {
	address map[string]string // by plain name: console.css -> /console/static/console.0123456789abcdef.css
	content map[string][]byte // by the last element of the address
}

func loadAssets() (assets, error) {
	a := assets{address: make(map[string]string), content: make(map[string][]byte)}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return a, fmt.Errorf("reading the static files: %w", err)
	}
	for _, entry := range entries {
		body, err := staticFiles.ReadFile("static/" + entry.Name())
		if err != nil {
			return a, fmt.Errorf("reading the static files: %w", err)
		}
		digest := sha256.Sum256(body)
		ending := path.Ext(entry.Name())
		name := strings.TrimSuffix(entry.Name(), ending) + "." + hex.EncodeToString(digest[:8]) + ending
		a.address[entry.Name()] = "/console/static/" + name
		a.content[name] = body
	}
	return a, nil
}

// asset is the address of a static file: one of the console, or else of the public pages.
func (s *server) asset(name string) (string, error) {
	if address, ok := s.assets.address[name]; ok {
		return address, nil
	}
	return s.Asset(name)
}

func (s *server) static(v *visit) error {
	name := v.Param("file")
	body, ok := s.assets.content[name]
	if !ok {
		return notFound()
	}
	h := v.Response().Header()
	h.Set("Content-Type", map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}[path.Ext(name)])
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(v.Response(), v.Request(), "", time.Time{}, bytes.NewReader(body))
	return nil
}
