// Package qr reads the texts of QR codes (ISO/IEC 18004) in photos and screenshots.
//
// [Is] tells a picture by its first bytes, [Read] takes a PNG, JPEG, GIF or WebP file, [ReadImage] a picture that is decoded
// already. What a text means is not said here: it is whatever somebody wrote into a QR code.
//
// What decoding a file would take is worked out from its headers before it is decoded (at most 52 million pixels and 80 MiB).
// Patterns that look like the corner of a QR code are counted, and so are the attempts to read one, so that no picture takes long.
//
// The cases of an [Error], which carriers pass on:
//
//	code           case      what it says
//	too_large      pixels    more pixels, or more memory to decode them, than are taken
//	no_credential  picture   a picture without a QR code that can be read
//	no_credential  heic      a picture in a format that this program does not read
//	image_invalid  damaged   not a whole PNG, JPEG, GIF or WebP
//	input_unavailable files  more QR codes than are read; beside the texts of those that were
//
// The package is pure.
package qr

import (
	"bytes"
	"errors"
	"fmt"
	"image"

	"github.com/laurelbadges/laurel/credential"
)

// Codes of the findings of this package; they are codes of the verification report.
const (
	CodeTooLarge     = "too_large"
	CodeNoCredential = "no_credential"
	CodeImageInvalid = "image_invalid"
)

// Bounds on one picture.
const (
	mostPixels = 52_000_000 // pixels of a picture: the widest mode of most cameras
	mostMemory = 80 << 20   // bytes that decoding may take beside the file
)

// Error is why no text came out of a picture.
type Error struct {
	Code   string // one of the Code constants, or credential.CodeInputUnavailable
	Case   string // pixels, picture, heic, damaged or files
	Detail string // one sentence for a person
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Is tells the kind of picture by its first bytes: png, jpeg, gif, webp, or heic, which stands for the formats HEIC and AVIF that
// phones write and [Read] cannot read. ok is false for anything else.
func Is(data []byte) (kind string, ok bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "png", true
	case bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff}):
		return "jpeg", true
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return "gif", true
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return "webp", true
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		switch string(data[8:12]) { // ISO/IEC 23008-12 section 10.2; AV1 Image File Format section 6
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis":
			return "heic", true
		}
	}
	return "", false
}

// Read returns the texts of the QR codes in a PNG, JPEG, GIF (its first frame) or WebP file, each text once, at least one. Turned,
// tilted, inverted and mirrored codes are read; how a camera was held (EXIF) makes no difference. Of more than some sixteen codes
// not all are read: then there is an error (input_unavailable) beside the texts of those that were.
//
// Every error is an [*Error].
func Read(picture []byte) ([]string, error) {
	kind, ok := Is(picture)
	if !ok {
		return nil, damaged("the file is not a PNG, JPEG, GIF or WebP picture")
	}
	if kind == "heic" {
		return nil, &Error{CodeNoCredential, "heic", "the picture is in a format of phones (HEIC or AVIF) that cannot be read here"}
	}
	decoded, err := decode(kind, picture)
	if err != nil {
		return nil, err
	}
	return ReadImage(decoded)
}

// ReadImage is [Read] for a picture that is decoded already; its pixels are bounded too. The picture is not
// changed.
//
// Every error is an [*Error].
func ReadImage(picture image.Image) ([]string, error) {
	size := picture.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 {
		return nil, damaged("the picture has no pixels")
	}
	if tooMany(size.X, size.Y) {
		return nil, tooLarge(size.X, size.Y)
	}
	switch texts, all := scan(luminance(picture)); {
	case len(texts) > 0 && !all:
		return texts, &Error{credential.CodeInputUnavailable, "files", "there are more QR codes in the picture than are read"}
	case len(texts) > 0:
		return texts, nil
	}
	return nil, &Error{CodeNoCredential, "picture", "no QR code was found in the picture"}
}

// decode prices a picture by its headers and decodes it when the price is right.
func decode(kind string, data []byte) (picture image.Image, err error) {
	defer func() {
		if recover() != nil { // a decoder gave up on its input in its own way
			picture, err = nil, damaged("the picture is damaged")
		}
	}()
	reader := map[string]func([]byte) (image.Image, error){"png": readPNG, "jpeg": readJPEG, "gif": readGIF, "webp": readWebP}[kind]
	picture, err = reader(data)
	var refused *Error
	switch {
	case err == nil:
		return picture, nil
	case errors.As(err, &refused):
		return nil, refused
	}
	return nil, damaged("the picture is damaged or cut short")
}

func damaged(detail string) *Error { return &Error{CodeImageInvalid, "damaged", detail} }

func tooMany(width, height int) bool { return width > 0 && height > mostPixels/width }

func tooLarge(width, height int) *Error {
	return &Error{CodeTooLarge, "pixels", fmt.Sprintf("the picture has %d by %d pixels, which is more than can be read here", width, height)}
}

// afford refuses a picture of more pixels or more bytes to decode it than are taken. perPixel is in quarters of a byte, extra in
// bytes.
func afford(width, height, perPixel, extra int) error {
	switch {
	case width < 1 || height < 1:
		return damaged("the picture has no pixels")
	case tooMany(width, height), width*height/4*perPixel+extra > mostMemory:
		return tooLarge(width, height)
	}
	return nil
}
