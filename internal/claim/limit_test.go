package claim

import (
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/wording"
)

// TestOneSite: whoever has many networks gets no more than a site does, and shuts nobody else out; nor do very many sites.
func TestOneSite(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	l := newLimiter(func() time.Time { return now })
	address := func(site, network uint16) netip.Addr {
		b := [16]byte{0x20, 0x01, 0x0d, 0xb8}
		binary.BigEndian.PutUint16(b[4:], site)
		binary.BigEndian.PutUint16(b[6:], network)
		return netip.AddrFrom16(b)
	}
	allowed := 0
	for network := range uint16(10_000) {
		if l.allow(address(1, network)) == nil {
			allowed++
		}
	}
	if allowed != siteMost {
		t.Errorf("one site may ask %d times", allowed)
	}
	for site := range uint16(networks) {
		if site != 1 && l.allow(address(site, 0)) != nil {
			t.Fatalf("site %d is shut out", site)
		}
	}
	if err := l.allow(netip.MustParseAddr("192.0.2.1")); err != nil || len(l.counts) > networks {
		t.Errorf("%d networks are remembered, and another one is told %v", len(l.counts), err)
	}
}

// TestPartsOnPage: where everything is more than one file, each has its link.
func TestPartsOnPage(t *testing.T) {
	for _, l := range wording.Languages {
		all, err := loadPages(l, func(name string) string { return name })
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := all["mine"].Execute(&out, minePage{Count: 1, Parts: []part{{1, "/mine/badges.zip?part=1"}, {2, "/mine/badges.zip?part=2"}}}); err != nil {
			t.Fatal(err)
		}
		if page := out.String(); strings.Count(page, "/mine/badges.zip?part=") != 2 || strings.Contains(page, "{part}") || strings.Contains(page, `badges.zip"`) {
			t.Error(page)
		}
	}
}

// TestDownloadCut: a file that cannot be ended is not taken for a whole one.
func TestDownloadCut(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	link := w.link(mail.Award)
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("the connection is not cut: %v", got)
		}
	}()
	w.site.ServeHTTP(&full{ResponseWriter: httptest.NewRecorder()}, httptest.NewRequestWithContext(t.Context(), "GET", base+link+"/badge.zip", nil))
	t.Error("the download ended")
}

// full is a connection that breaks after its first bytes.
type full struct {
	http.ResponseWriter
	begun bool
}

func (f *full) Write(p []byte) (int, error) {
	if f.begun {
		return 0, io.ErrClosedPipe
	}
	f.begun = true
	return f.ResponseWriter.Write(p)
}
