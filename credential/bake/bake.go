// Package bake puts a credential into a picture and takes it out again (Open Badges 3.0, section 5.3, "Baked Badge").
//
// [Bake], [Unbake] and [UnbakeAll] tell a PNG from an SVG by its content. They walk the chunks of a PNG (PNG Specification,
// Third Edition, section 5) and never decode its pixels; they read the elements of an SVG and never draw it. The credential is
// text: JSON, a compact JWS, or for Open Badges 2.0 also its address. Nothing is said about whether it is genuine.
//
// Three standards have a place of their own in a picture, and each may be taken once:
//
//	standard         PNG: keyword of iTXt, tEXt or zTXt   SVG: element
//	Open Badges 3.0  openbadgecredential                  {https://purl.imsglobal.org/ob/v3p0}credential
//	CLR 2.0          clrcredential                        {https://purl.imsglobal.org/clr/v2p0}credential
//	Open Badges 2.0  openbadges                           {http://openbadges.org}assertion
//
// The package is pure and needs the standard library only.
package bake

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Codes of the findings of this package; they are codes of the verification report.
const (
	CodeImageInvalid = "image_invalid" // not one well-formed PNG or SVG, or two credentials in one place
	CodeNoCredential = "no_credential" // a well-formed picture without a credential
	CodeTooLarge     = "too_large"     // the credential is longer than 4 MiB, or an SVG longer than 12 MiB
)

// Error is a refusal of a picture or of a credential to bake.
type Error struct {
	Code   string // one of the Code constants
	Case   string // image_invalid: damaged, several; no_credential: picture; too_large: credential, file; "" of what is to bake
	Detail string // one clause for a person
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

const maxText = 4 << 20 // bytes of a credential, inflated; the same as credential.Limits.Document

// place is where a credential of one standard stands in a picture.
type place int

// The places, in the order in which credentials come out.
const (
	openBadge place = iota // Open Badges 3.0
	record                 // CLR 2.0
	assertion              // Open Badges 2.0
	places
)

// Unbake returns the credential in the picture as it was found there, at most 4 MiB of it: the one of Open Badges 3.0, else of
// CLR 2.0, else of Open Badges 2.0.
//
// A PNG must be whole: every chunk with its right CRC, IHDR first, IEND last and nothing after it. Exactly one chunk may
// carry a credential of one standard. Open Badges 3.0 wants it in an uncompressed iTXt chunk, but pictures with others exist and
// read the same, so they are read within the same bound.
//
// An SVG must be well-formed XML 1.0 in UTF-8, at most 12 MiB, 100,000 elements and 100 levels of it, that declares no
// entities. Exactly one element may carry a credential of one standard, in its attribute verify or as its text; space around it
// is not part of it. An Open Badges 2.0 assertion may have both, its address and its text; then the text counts.
//
// Every error is an [*Error].
func Unbake(picture []byte) ([]byte, error) {
	read, err := open(picture)
	if err != nil {
		return nil, err
	}
	nothing := none()
	for where := range places {
		text, err := read(where)
		switch {
		case err == nil && text != nil:
			return text, nil
		case isEmpty(err):
			nothing = err
		case err != nil:
			return nil, err
		}
	}
	return nil, nothing
}

// UnbakeAll returns every credential in the picture, at most one of each standard, in the order of [Unbake] and by its rules.
// With an error it returns those that could be read all the same. A place that is empty counts as not there when there is
// another.
//
// Every error is an [*Error].
func UnbakeAll(picture []byte) ([][]byte, error) {
	read, err := open(picture)
	if err != nil {
		return nil, err
	}
	var found [][]byte
	var refusal error
	nothing := none()
	for where := range places {
		text, err := read(where)
		switch {
		case err == nil && text != nil:
			found = append(found, text)
		case isEmpty(err):
			nothing = err
		case err != nil && refusal == nil:
			refusal = err
		}
	}
	if len(found) == 0 && refusal == nil {
		refusal = nothing
	}
	return found, refusal
}

// open surveys the picture and returns what reads one place of it: the text there, nil where there is none.
func open(picture []byte) (func(place) ([]byte, error), error) {
	switch {
	case IsPNG(picture):
		chunks, err := split(picture)
		return func(where place) ([]byte, error) { return chunkText(chunks, where) }, err
	case IsSVG(picture):
		drawing, err := survey(picture)
		return func(where place) ([]byte, error) { return drawing.text(where) }, err
	}
	return nil, neither()
}

// Bake returns the picture with the credential in it, in the place of Open Badges 3.0. A credential that is already there is
// replaced; everything else stays as it is, byte for byte. In a PNG it stands uncompressed in the last chunk before IEND. In an SVG
// it stands in the first child of the root: a compact JWS as the attribute verify, a JSON object as the text, with line ends as XML
// reads them (XML 1.0 section 2.11) and the two characters that XML has no place for, U+FFFE and U+FFFF, as JSON escapes.
//
// An SVG can hold scripts and references. Bake does not take them out: whoever serves an SVG that somebody else drew has to
// keep it from running.
//
// The credential is UTF-8 text of 1 byte to 4 MiB without zero bytes. Every error is an [*Error].
func Bake(picture, credential []byte) ([]byte, error) {
	switch {
	case len(credential) == 0:
		return nil, &Error{CodeNoCredential, "", "there is no credential to bake"}
	case len(credential) > maxText:
		return nil, tooLarge()
	case !utf8.Valid(credential) || bytes.IndexByte(credential, 0) >= 0:
		return nil, &Error{CodeNoCredential, "", "the credential to bake is not text"}
	case IsPNG(picture):
		return bakePNG(picture, credential)
	case IsSVG(picture):
		return bakeSVG(picture, credential)
	}
	return nil, neither()
}

func neither() error { return damaged("the file is neither a PNG nor an SVG picture") }

func none() error { return &Error{CodeNoCredential, "picture", "the picture carries no credential"} }

func empty() error {
	return &Error{CodeNoCredential, "picture", "the place for the credential in the picture is empty"}
}

// isEmpty tells whether a place is there and holds nothing.
func isEmpty(err error) bool {
	var refusal *Error
	return errors.As(err, &refusal) && refusal.Code == CodeNoCredential
}

func damaged(detail string) error { return &Error{CodeImageInvalid, "damaged", detail} }

func several() error {
	return &Error{CodeImageInvalid, "several", "the picture carries more than one credential in one place"}
}

func tooLarge() error {
	return &Error{CodeTooLarge, "credential", fmt.Sprintf("the credential is longer than %d bytes", maxText)}
}
