package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/wording"
)

// leastZipped is the length in bytes from which a page is zipped: a shorter one fits into one packet as it is.
const leastZipped = 1 << 10

// sendPage answers with a page, zipped where its reader takes that. What a form has sent is never answered so: the length of such an
// answer would say something of what stands in it beside what was sent (the BREACH attack). The pages of addresses hold nothing that
// whoever knows the address does not know.
func (s *server) sendPage(c echo.Context, status int, page []byte) error {
	if !readsAddress(c) || len(page) < leastZipped || !takesGzip(c.Request().Header.Get("Accept-Encoding")) {
		return c.HTMLBlob(status, page)
	}
	var out bytes.Buffer
	out.Grow(len(page) / 3)
	w := s.zippers.Get().(*gzip.Writer)
	defer s.zippers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(page); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Encoding", "gzip")
	return c.HTMLBlob(status, out.Bytes())
}

// readsAddress says that a request only asks for what is at its address.
func readsAddress(c echo.Context) bool {
	method := c.Request().Method
	return method == http.MethodGet || method == http.MethodHead
}

// varies adds to the headers that an answer depends on.
func varies(h http.Header, names ...string) {
	h.Set("Vary", strings.Join(wording.Present(append([]string{h.Get("Vary")}, names...)...), ", "))
}

// zipper is a writer that is quick rather than thorough: a page is zipped for each reader.
func zipper() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	return w
}
