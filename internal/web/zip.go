package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/internal/zipped"
)

// leastZipped is the length in bytes from which a page is zipped: a shorter one fits into one packet as it is.
const leastZipped = 1 << 10

// sendPage answers with a page, zipped where its reader takes that. What a form has sent is never answered so: the length of such an
// answer would say something of what stands in it beside what was sent (the BREACH attack). The pages of addresses hold nothing that
// whoever knows the address does not know.
func (s *server) sendPage(c echo.Context, status int, page []byte) error {
	if !s.mayZip(c, page) {
		return c.HTMLBlob(status, page)
	}
	short, err := zipped.Page(page)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Encoding", "gzip")
	return c.HTMLBlob(status, short)
}

// mayZip says whether a page is to be zipped for a request.
func (s *server) mayZip(c echo.Context, page []byte) bool {
	return readsAddress(c) && len(page) >= leastZipped && zipped.Taken(c.Request().Header.Get("Accept-Encoding"))
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
