// Package bake puts a credential into a picture and takes it out again (Open Badges 3.0, section 5.3, "Baked Badge").
//
// [Bake] and [Unbake] tell a PNG from an SVG by its content. They walk the chunks of a PNG (PNG Specification, Third
// Edition, section 5) and never decode its pixels; they read the elements of an SVG and never draw it. The credential is
// text: JSON, or a compact JWS. Nothing is said about whether it is genuine.
//
// The package is pure and needs the standard library only.
package bake

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Codes of the findings of this package; they are codes of the verification report.
const (
	CodeImageInvalid = "image_invalid" // not one well-formed PNG or SVG, or more than one credential in it
	CodeNoCredential = "no_credential" // a well-formed picture without a credential
	CodeTooLarge     = "too_large"     // the credential is longer than 4 MiB, or an SVG longer than 12 MiB
)

// Error is a refusal of a picture or of a credential to bake.
type Error struct {
	Code   string // one of the Code constants
	Detail string // one clause for a person
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

const maxText = 4 << 20 // bytes of a credential, inflated; the same as credential.Limits.Document

// Unbake returns the credential in the picture as it was found there, at most 4 MiB of it.
//
// A PNG must be whole: every chunk with its right CRC, IHDR first, IEND last and nothing after it. Exactly one chunk may
// carry a credential. Open Badges 3.0 forbids a compressed one, but such pictures exist and read the same, so they are read
// within the same bound.
//
// An SVG must be well-formed XML 1.0 in UTF-8, at most 12 MiB, 100,000 elements and 100 levels of it, that declares no
// entities. Exactly one element may carry a credential, in its attribute verify or as its text; space around it is not part
// of it.
//
// Every error is an [*Error].
func Unbake(picture []byte) ([]byte, error) {
	switch {
	case IsPNG(picture):
		return unbakePNG(picture)
	case IsSVG(picture):
		return unbakeSVG(picture)
	}
	return nil, neither()
}

// Bake returns the picture with the credential in it. A credential that is already there is replaced; everything else
// stays as it is, byte for byte. In a PNG it stands uncompressed in the last chunk before IEND. In an SVG it stands in the
// first child of the root: a compact JWS as the attribute verify, a JSON object as the text, with line ends as XML reads them
// (XML 1.0 section 2.11) and the two characters that XML has no place for, U+FFFE and U+FFFF, as JSON escapes.
//
// An SVG can hold scripts and references. Bake does not take them out: whoever serves an SVG that somebody else drew has to
// keep it from running.
//
// The credential is UTF-8 text of 1 byte to 4 MiB without zero bytes. Every error is an [*Error].
func Bake(picture, credential []byte) ([]byte, error) {
	switch {
	case len(credential) == 0:
		return nil, &Error{CodeNoCredential, "there is no credential to bake"}
	case len(credential) > maxText:
		return nil, tooLarge()
	case !utf8.Valid(credential) || bytes.IndexByte(credential, 0) >= 0:
		return nil, &Error{CodeNoCredential, "the credential to bake is not text"}
	case IsPNG(picture):
		return bakePNG(picture, credential)
	case IsSVG(picture):
		return bakeSVG(picture, credential)
	}
	return nil, neither()
}

func neither() error {
	return &Error{CodeImageInvalid, "the file is neither a PNG nor an SVG picture"}
}

func tooLarge() error {
	return &Error{CodeTooLarge, fmt.Sprintf("the credential is longer than %d bytes", maxText)}
}
