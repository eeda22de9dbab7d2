// Package picture makes an uploaded picture safe to serve: it reads a PNG or SVG and writes it anew with what draws and nothing else.
//
// Start with [Clean]. No script, reference to another place, comment, metadata or credential that somebody hid in the picture comes
// through, and nothing is decoded whose size was not counted first. Pixels are never decoded.
package picture

import (
	"bytes"
	"fmt"
)

const (
	// MaxInput and MaxOutput bound a picture in bytes, before and after cleaning.
	MaxInput  = 2 << 20
	MaxOutput = 1 << 20
	// MaxSide bounds the width and the height in pixels.
	MaxSide = 4096
)

// Media types of what [Clean] returns.
const (
	PNG = "image/png"
	SVG = "image/svg+xml"
)

// Error says in one plain sentence, without a word of the picture, why it was refused.
type Error struct{ Detail string }

// Error returns the sentence.
func (e *Error) Error() string { return e.Detail }

func refused(detail string, values ...any) error { return &Error{fmt.Sprintf(detail, values...)} }

// Clean returns the picture in data written anew, its media type, and its size in pixels; of an SVG that is the size which it has when
// nobody scales it. What is cleaned comes out of Clean as it went in. Every error is an [*Error].
func Clean(data []byte) (clean []byte, mediaType string, width, height int, err error) {
	if len(data) > MaxInput {
		return nil, "", 0, 0, refused("The picture is larger than %d MiB.", MaxInput>>20)
	}
	switch {
	case bytes.HasPrefix(data, []byte(signature)):
		mediaType = PNG
		clean, width, height, err = cleanPNG(data)
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n"), []byte("<")):
		mediaType = SVG
		clean, width, height, err = cleanSVG(data)
	default:
		err = refused("The picture is neither a PNG nor an SVG.")
	}
	if err == nil && len(clean) > MaxOutput {
		err = refused("The picture is larger than %d MiB, even without what does not draw.", MaxOutput>>20)
	}
	if err != nil {
		return nil, "", 0, 0, err
	}
	return clean, mediaType, width, height, nil
}
