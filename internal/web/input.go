package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/wording"
)

const (
	envelope  = 64 * 1024                       // what a JSON object or a form may add around a file of the greatest size
	formMost  = batch.MostBytes + 4<<20 + 1<<20 // bytes of a form: files, pasted text, and what stands around them
	partsMost = 2000                            // parts of a form that are looked at; beyond batch.MostRows without their content
)

// given is what a request brought to be checked.
type given struct {
	sources []batch.Source
	link    bool // it is one address, which the visitor named
}

// input reads what to check: a form, a JSON object that names or wraps a credential, or the file itself.
func (s *server) input(r *http.Request) (given, error) {
	media := "application/octet-stream"
	if r.Header.Get("Content-Encoding") != "" {
		return given{}, failure{status: http.StatusUnsupportedMediaType, code: "content_encoding"}
	}
	if named := r.Header.Get("Content-Type"); named != "" {
		var parameters map[string]string
		var err error
		if media, parameters, err = mime.ParseMediaType(named); err != nil {
			return given{}, unsupported()
		}
		// JSON and tokens are UTF-8 (RFC 8259 section 8.1); reading them as anything else would be a guess.
		if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
			return given{}, failure{status: http.StatusUnsupportedMediaType, code: "charset"}
		}
	}
	switch media {
	case "multipart/form-data":
		return s.formInput(r)
	case mediaJSON:
		body, err := readBody(r, credential.Limits.Upload+envelope)
		if err != nil {
			return given{}, err
		}
		return s.wrapped(body)
	case mediaVC, mediaVCLD, mediaLD, mediaJWT, mediaVCJWT, mediaText, "application/octet-stream",
		"image/png", "image/svg+xml", "image/jpeg", "image/webp", "image/gif", "image/heic", "image/heif", "application/pdf", "application/zip":
		body, err := readBody(r, credential.Limits.Upload)
		if err != nil {
			return given{}, err
		}
		return one(body)
	}
	return given{}, unsupported()
}

func unsupported() failure {
	return failure{status: http.StatusUnsupportedMediaType, code: "media_type"}
}

// nothing is the answer to a request that brought nothing.
func nothing() failure { return failure{status: http.StatusBadRequest, code: "empty"} }

// one is a file or a text without a name.
func one(body []byte) (given, error) {
	if len(body) > credential.Limits.Upload {
		return given{}, tooLarge(int64(credential.Limits.Upload))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return given{}, nothing()
	}
	return given{sources: []batch.Source{{Bytes: body}}}, nil
}

// address is a link that the visitor named. Only https is opened, and what stands on this very server.
func (s *server) address(link string) (given, error) {
	link = strings.TrimSpace(link)
	if !strings.HasPrefix(strings.ToLower(link), "https://") && !strings.HasPrefix(link, s.Base+"/") {
		return given{}, failure{status: http.StatusUnprocessableEntity, code: "ssrf_blocked"}
	}
	return given{link: true, sources: []batch.Source{{URL: link}}}, nil
}

// readBody is readUpTo for a body, with room at once for what a short one announces.
func readBody(r *http.Request, limit int) ([]byte, error) {
	if r.ContentLength <= 0 || r.ContentLength > announcedMost {
		return readUpTo(r.Body, limit)
	}
	body := bytes.NewBuffer(make([]byte, 0, r.ContentLength+bytes.MinRead))
	if _, err := body.ReadFrom(io.LimitReader(r.Body, int64(limit)+1)); err != nil {
		return nil, unreadable(err)
	}
	if body.Len() > limit {
		return nil, tooLarge(int64(limit))
	}
	return body.Bytes(), nil
}

// announcedMost bounds the memory that is taken before anything was sent.
const announcedMost = 64 << 10

func readUpTo(r io.Reader, limit int) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(body) > limit {
		return nil, tooLarge(int64(limit))
	}
	return body, nil
}

// unreadable tells a body that is over the limit from one that broke off.
func unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(large.Limit)
	}
	return failure{status: http.StatusBadRequest, code: "bad_request"}
}

// formBody is what the form of the page has brought so far.
type formBody struct {
	sources []batch.Source
	held    int // bytes of the files in sources
	pasted  []byte
}

// formInput reads the form of the page: any number of files in the field credential, and the text or the links that were pasted
// into the field text.
func (s *server) formInput(r *http.Request) (given, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return given{}, unreadable(err)
	}
	var form formBody
	for parts := 0; ; parts++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return given{}, unreadable(err)
		}
		if parts == partsMost {
			return given{}, failure{status: http.StatusRequestEntityTooLarge, code: "too_many", facts: []string{"most", strconv.Itoa(batch.MostRows)}}
		}
		if err := form.take(part); err != nil {
			return given{}, err
		}
	}
	// What stands behind the last part is read too: the connection is then free to say that the visitor has gone.
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return given{}, unreadable(err)
	}
	return s.given(&form)
}

// take reads one part of the form. A file that is too large is not kept: beside others it is told in its row.
func (f *formBody) take(part *multipart.Part) error {
	if _, _, err := mime.ParseMediaType(part.Header.Get("Content-Disposition")); err != nil {
		return unreadable(err) // it may be a file, and none is left out silently
	}
	switch part.FormName() {
	case "text":
		content, err := readUpTo(part, credential.Limits.Document)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(content)) > 0 && len(f.pasted) > 0 {
			return failure{status: http.StatusBadRequest, code: "bad_request"}
		}
		f.pasted = append(f.pasted, bytes.TrimSpace(content)...)
		return nil
	case "credential":
	default:
		return nil
	}
	source := batch.Source{Name: wording.Plain(part.FileName())} // every row carries it
	var large failure
	content, err := readUpTo(part, credential.Limits.Upload)
	switch {
	case errors.As(err, &large) && large.limit == int64(credential.Limits.Upload):
		source.Problem = carrier.TooLarge()
		if _, err := io.Copy(io.Discard, part); err != nil {
			return unreadable(err)
		}
	case err != nil:
		return err
	case len(content) == 0 && source.Name == "":
		return nil // an empty field of the form
	case len(f.sources) < batch.MostRows: // beyond it nobody looks, so nothing is kept
		source.Bytes = content
	}
	if f.held += len(source.Bytes); f.held > batch.MostBytes {
		return tooLarge(batch.MostBytes)
	}
	f.sources = append(f.sources, source)
	return nil
}

// given sorts what the form brought.
func (s *server) given(f *formBody) (given, error) {
	texts := carrier.Lines(string(f.pasted))
	if len(f.sources) == 0 && len(texts) == 1 && carrier.IsLink(texts[0]) {
		return s.address(texts[0])
	}
	for i, text := range texts {
		switch {
		case text == "":
		case len(f.sources) > batch.MostRows: // nobody looks at what comes now
			f.sources[len(f.sources)-1].More = len(texts) - i
			return given{sources: f.sources}, nil
		case carrier.IsLink(text):
			f.sources = append(f.sources, batch.Source{URL: text})
		default:
			f.sources = append(f.sources, batch.Source{Bytes: []byte(text)})
		}
	}
	if len(f.sources) == 1 {
		switch only := f.sources[0]; {
		case only.Problem != nil:
			return given{}, tooLarge(int64(credential.Limits.Upload))
		case len(bytes.TrimSpace(only.Bytes)) == 0:
			return given{}, nothing()
		}
	}
	if len(f.sources) == 0 {
		return given{}, nothing()
	}
	return given{sources: f.sources}, nil
}

// wrapped opens {"url": …} and {"credential": …}. Anything else is the credential itself. The bytes of a wrapped
// credential are taken as they stand: writing them anew could hide what the strict reader refuses.
func (s *server) wrapped(body []byte) (given, error) {
	name, value, ok := onlyMember(body)
	if !ok {
		return one(body)
	}
	var text string
	isText := json.Unmarshal(value, &text) == nil
	switch {
	case name == "url" && isText:
		return s.address(text)
	case name == "credential" && isText: // a JWT
		return one([]byte(text))
	case name == "credential":
		return one(value)
	}
	return one(body)
}

// onlyMember is the single member of a JSON object, with its value as it was written.
func onlyMember(body []byte) (string, json.RawMessage, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return "", nil, false
	}
	key, err := decoder.Token()
	name, ok := key.(string)
	if err != nil || !ok || (name != "url" && name != "credential") {
		return "", nil, false
	}
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return "", nil, false
	}
	if _, err := decoder.Token(); err != nil {
		return "", nil, false
	}
	_, err = decoder.Token()
	return name, value, errors.Is(err, io.EOF)
}
