package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/keys"
)

const (
	devicePath = "/verify/device"
	packPath   = "/offline-pack"
)

// Files of the page that checks in the browser.
const (
	deviceProgram = "laurel-device.wasm" // the verifier
	deviceRuntime = "wasm_exec.js"       // what Go brings along to run it
	deviceWorker  = "device-worker.js"
)

// Policies of single pages, beyond the one of all. The verifier is compiled in a worker, and reads documents of this server only.
const (
	policyDevice = "; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'"
	policyWorker = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
	policyCamera = "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
)

type devicePage struct {
	frame
	Base      string
	Program   string // address of the verifier; "" in a build without
	Runtime   string
	Size      string // of the verifier as it travels, in words
	FileBytes int
	Pack      string // address of the pack; "" where none is published
	Signer    string // DID of whoever signs it
	Document  string // its DID document; "" where the DID is its own
	Signs     []string
}

// deviceForm is the page that checks in the browser.
func (s *server) deviceForm(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", cacheAsk)
	h.Set("Vary", "Accept-Language")
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+policyDevice)
	l := languageOf(c)
	data := devicePage{frame: s.spoken(c, l.Say("page.device.heading")), Base: s.Base, FileBytes: credential.Limits.Upload, Signs: wording.Signs}
	data.Unlisted = false
	data.frame.Preview = &preview{Title: data.Title, Description: l.Say("page.device.preview"), URL: s.Base + devicePath}
	data.Program, data.Runtime = s.assets.address[deviceProgram], s.assets.address[deviceRuntime]
	if data.Program == "" || data.Runtime == "" {
		data.Program = ""
		return s.pageIn(c, l, http.StatusOK, "device", data)
	}
	data.Script = "device.js"
	data.Size = megabytes(l, len(s.assets.content[data.Program[len("/static/"):]].zipped))
	if s.Pack != nil {
		// Without the store there is no pack, and the page is as good as ever.
		if signer, document, err := s.packSigner(c.Request().Context()); err == nil && signer != "" {
			data.Pack, data.Signer, data.Document = packPath, signer, document
		}
	}
	return s.pageIn(c, l, http.StatusOK, "device", data)
}

// megabytes is a length in words, with one decimal.
func megabytes(l wording.Language, bytes int) string {
	tenths := (bytes + 50_000) / 100_000
	point := "."
	if l == wording.Spanish {
		point = ","
	}
	return strconv.Itoa(tenths/10) + point + strconv.Itoa(tenths%10) + " MB"
}

// packSigner is who signs packs, the first issuer, with the document that says which keys are theirs.
func (s *server) packSigner(ctx context.Context) (did, document string, err error) {
	first, _, err := s.Office.OrganisationsFrom(ctx, "", 1)
	if err != nil || len(first) == 0 {
		return "", "", err
	}
	did = first[0].DID
	if address, notWeb := keys.WebURL(did); notWeb == nil {
		text, err := s.Office.Document(ctx, address)
		if err != nil {
			return "", "", err
		}
		document = string(text)
	}
	return did, document, nil
}

// packFresh is how long a pack is given again: status lists are signed anew no more often.
const packFresh = 5 * time.Minute

// offlinePack answers with the newest pack.
type offlinePack struct {
	gather func(ctx context.Context) ([]byte, error)
	now    func() time.Time

	mu    sync.Mutex // held while one is made: who waits gets the same
	pack  []byte
	etag  string
	until time.Time
}

func (p *offlinePack) serve(c echo.Context) error {
	pack, etag, err := p.current(c.Request().Context())
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="laurel-offline.pack"`)
	h.Set("Cache-Control", cacheList)
	h.Set("ETag", etag)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(pack))
	return nil
}

func (p *offlinePack) current(ctx context.Context) ([]byte, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if left := p.until.Sub(now); p.pack != nil && left > 0 && left <= packFresh {
		return p.pack, p.etag, nil
	}
	pack, err := p.gather(ctx)
	if err != nil {
		return nil, "", err
	}
	digest := sha256.Sum256(pack)
	p.pack, p.etag, p.until = pack, `"`+base64.RawURLEncoding.EncodeToString(digest[:16])+`"`, now.Add(packFresh)
	return p.pack, p.etag, nil
}
