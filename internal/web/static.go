package web

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

	"github.com/labstack/echo/v4"
)

//go:embed static
var staticFiles embed.FS

// assets are the files that pages link to. A name carries the digest of what it names, so a copy may be kept for ever.
type assets struct {
	address map[string]string // by plain name: laurel.css -> /static/laurel.0123456789abcdef.css
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
		a.address[entry.Name()] = "/static/" + name
		a.content[name] = body
	}
	return a, nil
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
	body, ok := s.assets.content[name]
	if !ok {
		return notFound()
	}
	media := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	h := c.Response().Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", cacheForever)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(body))
	return nil
}
