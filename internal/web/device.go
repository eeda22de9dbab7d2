package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
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
	Here      string // the issuers of this installation, as JSON; "" where they are too many
}

// deviceForm is the page that checks in the browser.
func (s *server) deviceForm(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+policyDevice)
	l := languageOf(c)
	data := devicePage{frame: s.spoken(c, l.Say("page.device.heading")), Base: s.Base, FileBytes: credential.Limits.Upload, Signs: wording.Signs, Here: s.hereData(c.Request().Context())}
	data.Unlisted = false
	data.frame.Preview = &preview{Title: data.Title, Description: l.Say("page.device.preview"), URL: s.Base + devicePath}
	program, runtime := s.assets[deviceProgram], s.assets[deviceRuntime]
	if program == nil || runtime == nil {
		return s.keptPage(c, l, "device", data)
	}
	var err error
	if data.Program, err = program.address(); err != nil {
		return err
	}
	if data.Runtime, err = runtime.address(); err != nil {
		return err
	}
	travels, err := program.zipped()
	if err != nil {
		return fmt.Errorf("reading the static file %s: %w", deviceProgram, err)
	}
	data.Script = "device.js"
	data.Size = megabytes(l, int(travels.Size()))
	if s.Pack != nil {
		// Without the store there is no pack, and the page is as good as ever.
		if signer, document, err := s.packSigner(c.Request().Context()); err == nil && signer != "" {
			data.Pack, data.Signer, data.Document = packPath, signer, document
		}
	}
	return s.keptPage(c, l, "device", data)
}

// megabytes is a length in words, with one decimal.
func megabytes(l wording.Language, bytes int) string {
	return l.Number(float64((bytes+50_000)/100_000)/10) + " MB"
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

// Times of packs: how long one is given again, for status lists are signed anew no more often; how long a failure is; and how long the
// making of one may take.
const (
	packFresh  = 5 * time.Minute
	packFailed = 30 * time.Second
	packTime   = 2 * time.Minute
)

// offlinePack answers with the newest pack. One is made at a time, for all who ask meanwhile, and to its end, whoever goes away.
type offlinePack struct {
	gather func(ctx context.Context) ([]byte, error)
	now    func() time.Time

	mu     sync.Mutex
	made   madePack
	until  time.Time     // how long made is given
	making chan struct{} // closed when the next one is made; nil while none is
}

type madePack struct {
	text []byte
	etag string
	err  error // in place of both
}

func (p *offlinePack) serve(c echo.Context) error {
	made := p.current(c.Request().Context())
	if made.err != nil {
		return made.err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="laurel-offline.pack"`)
	h.Set("Cache-Control", cacheList)
	h.Set("ETag", made.etag)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(made.text))
	return nil
}

func (p *offlinePack) current(ctx context.Context) madePack {
	p.mu.Lock()
	if left := p.until.Sub(p.now()); left > 0 && left <= packFresh {
		defer p.mu.Unlock()
		return p.made
	}
	if p.making == nil {
		p.making = make(chan struct{})
		go p.make(context.WithoutCancel(ctx))
	}
	done := p.making
	p.mu.Unlock()
	select {
	case <-done:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.made
	case <-ctx.Done():
		return madePack{err: ctx.Err()}
	}
}

func (p *offlinePack) make(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, packTime)
	defer cancel()
	made, keep := madePack{err: errPackFault}, packFailed
	defer func() {
		fault := recover() // none of this goes back through the handlers, which would tell it
		p.mu.Lock()
		defer p.mu.Unlock()
		if fault != nil {
			made.err = fmt.Errorf("%w: %v", errPackFault, fault)
		}
		p.made, p.until = made, p.now().Add(keep)
		close(p.making)
		p.making = nil
	}()
	text, err := p.gather(ctx)
	if err != nil {
		made.err = err
		return
	}
	digest := sha256.Sum256(text)
	made, keep = madePack{text: text, etag: `"` + base64.RawURLEncoding.EncodeToString(digest[:16]) + `"`}, packFresh
}

var errPackFault = errors.New("making the offline pack broke off")
