package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// documents are the routes that are read by programs; their errors are too, unless a page is asked for.
var documents = map[string]bool{
	"/i/:id/did.json": true, "/i/:id/jwks.json": true, "/.well-known/did.json": true, "/.well-known/jwks.json": true,
	"/a/:id/image.png": true, "/a/:id/image.svg": true, "/a/:id/art.svg": true, "/a/:id/definition.json": true, "/i/:id/image.png": true, "/i/:id/image.svg": true,
	"/i/:id/revocations": true, "/i/:id/revocations/:number": true, "/e/:id": true, "/c/:id/refresh": true, "/status/:id": true, "/c/:id/qr.png": true, "/c/:id/qr.svg": true, "/c/:id/link.png": true, "/c/:id/link.svg": true,
	"/c/:id/preview.png": true, "/c/:id/preview/:version": true, "/a/:id/preview.png": true, "/a/:id/preview/:version": true, "/oembed": true,
	"/healthz": true, "/static/:file": true, packPath: true, "/accent/:colour": true,
}

// How long a copy may be kept, by what it is.
const (
	cacheList     = "public, max-age=300"
	cacheDocument = "public, max-age=300"
	cachePicture  = "public, max-age=3600"
	cacheAsk      = "no-cache"          // keep it, but ask before each use
	cacheOwn      = "private, no-cache" // the same, and for whoever asked alone
	cacheNever    = "no-store"
	cacheForever  = "public, max-age=31536000, immutable"
)

// send answers with a document: ETag, If-None-Match (304), ranges and HEAD.
func send(c echo.Context, media, cache string, body []byte) error {
	h := c.Response().Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", cache)
	// The type is part of the digest: one address may give the same bytes in two types, and those are two answers.
	digest := sha256.Sum256(append([]byte(media+"\n"), body...))
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(digest[:16])+`"`)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(body))
	return nil
}

// Policies of drawings. Opened by itself a drawing is a document, so its policy takes every right from it; one that somebody else drew
// may say in it how it looks.
const (
	policyDrawn  = "default-src 'none'; sandbox"
	policyOthers = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
)

func sendSVG(c echo.Context, policy, cache string, drawing []byte) error {
	c.Response().Header().Set("Content-Security-Policy", policy)
	return send(c, mediaSVG, cache, drawing)
}

// identifier is the {id} of a path, without the ending that names a form. Anything that could not be an id is not found
// before it reaches the store.
func identifier(c echo.Context) (string, error) {
	id, _, _ := strings.Cut(c.Param("id"), ".")
	if id == "" || len(id) > 64 {
		return "", notFound()
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return "", notFound()
		}
	}
	return id, nil
}

// form is the ending of a path that names one form of a credential, with its dot: .json, .jwt, .png ... "" when there is none.
func form(id string) string {
	at := strings.IndexByte(id, '.')
	if at < 0 {
		return ""
	}
	return id[at:]
}

// whole refuses ids with an ending, on routes whose ids have none.
func whole(c echo.Context) (string, error) {
	if strings.Contains(c.Param("id"), ".") {
		return "", notFound()
	}
	return identifier(c)
}

// document serves the document that the installation publishes at this very address.
func (s *server) document(media string) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, err := s.published(c)
		if err != nil {
			return err
		}
		return send(c, media, cacheDocument, body)
	}
}

// published reads the document that the installation publishes at the address of a request.
func (s *server) published(c echo.Context) ([]byte, error) {
	path := c.Path()
	if strings.Contains(path, ":id") {
		id, err := whole(c)
		if err != nil {
			return nil, err
		}
		path = strings.Replace(path, ":id", id, 1)
	}
	return s.Office.Document(c.Request().Context(), s.Base+path)
}

// revocations serves a 1EdTechRevocationList (1EdTech VCRL 1.0), for verifiers that know no other list. It is not signed.
func (s *server) revocations(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	number := 1
	if text := c.Param("number"); text != "" {
		if number, err = strconv.Atoi(text); err != nil || number < 2 || strconv.Itoa(number) != text { // the first has no number
			return notFound()
		}
	}
	list, err := s.Office.RevocationList(c.Request().Context(), id, number)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", mediaJSON)
	h.Set("Cache-Control", cacheList)
	h.Set("ETag", list.ETag)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(list.JSON))
	return nil
}

// statusList serves a Bitstring Status List credential. Readers ask for lists again and again, so nothing is done for each
// request that was not done when the list was signed: its ETag comes with it.
func (s *server) statusList(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	media := negotiate(c.Request().Header.Get("Accept"), mediaVC, mediaVCLD, mediaLD, mediaJSON, mediaVCJWT)
	if media == "" {
		media = mediaVC // a list is better than no list: whoever asks, asks whether a badge still counts
	}
	list, err := s.Office.StatusList(c.Request().Context(), id)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Vary", "Accept")
	if media == mediaVCJWT { // rarely asked for, so it is signed then
		token, err := s.Office.StatusListVCJWT(c.Request().Context(), id)
		if err != nil {
			return err
		}
		return send(c, media, cacheList, []byte(token))
	}
	h.Set("Content-Type", media)
	h.Set("Cache-Control", cacheList)
	// One list in two types is two answers; every type of ours may stand in an ETag.
	h.Set("ETag", strings.TrimSuffix(list.ETag, `"`)+"-"+media+`"`)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(list.JSON))
	return nil
}
