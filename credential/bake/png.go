package bake

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf8"
)

const (
	signature     = "\x89PNG\r\n\x1a\n"
	keyword       = "openbadgecredential" // Open Badges 3.0 section 5.3.1
	recordKeyword = "clrcredential"       // CLR 2.0
	legacyKeyword = "openbadges"          // Open Badges 2.0, Baking Specification

	maxChunks = 10_000 // real pictures have a few hundred at most
	maxLength = 1<<31 - 1
)

// chunk is one chunk of a PNG (section 5.3). Its slices point into the file.
type chunk struct {
	kind  string
	data  []byte
	whole []byte // with length, type and CRC
}

// IsPNG tells whether data begins with the PNG signature.
func IsPNG(data []byte) bool { return bytes.HasPrefix(data, []byte(signature)) }

// chunkText reads the chunk for one place; nil where there is none.
func chunkText(chunks []chunk, where place) ([]byte, error) {
	var found *chunk
	for i, c := range chunks {
		if !carries(c, where) {
			continue
		}
		if found != nil {
			return nil, several()
		}
		found = &chunks[i]
	}
	if found == nil {
		return nil, nil
	}
	data := found.data[len(keywordOf(where))+1:]
	switch found.kind {
	case "tEXt": // section 11.3.3.2: Latin-1, not compressed
		return fitting(latin1(data))
	case "zTXt": // section 11.3.3.3: a compression method, then Latin-1
		if len(data) == 0 || data[0] != 0 {
			return nil, malformedChunk()
		}
		text, err := inflate(data[1:])
		if err != nil {
			return nil, err
		}
		return fitting(latin1(text))
	}
	return text(data)
}

// bakePNG is [Bake] for a PNG; iTXt cannot carry zero bytes (section 11.3.3.4).
func bakePNG(png, credential []byte) ([]byte, error) {
	chunks, err := split(png)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(png)+len(credential)+64)
	out = append(out, signature...)
	for _, c := range chunks {
		if carries(c, openBadge) {
			continue
		}
		if c.kind == "IEND" {
			// Compression flag and method, then an empty language tag and an empty translated keyword.
			data := append([]byte(keyword+"\x00"+"\x00\x00"+"\x00"+"\x00"), credential...)
			out = appendChunk(out, "iTXt", data)
		}
		out = append(out, c.whole...)
	}
	return out, nil
}

// carries tells whether the chunk is one for a credential in that place, well-formed or not.
func carries(c chunk, where place) bool {
	return (c.kind == "iTXt" || c.kind == "tEXt" || c.kind == "zTXt") && bytes.HasPrefix(c.data, []byte(keywordOf(where)+"\x00"))
}

func keywordOf(where place) string {
	return [places]string{openBadge: keyword, record: recordKeyword, assertion: legacyKeyword}[where]
}

// split reads the whole file into chunks and checks their order and their CRCs.
func split(png []byte) ([]chunk, error) {
	var chunks []chunk
	for rest := png[len(signature):]; ; {
		if len(rest) < 12 {
			return nil, damaged("the picture is cut off")
		}
		length := binary.BigEndian.Uint32(rest)
		if length > maxLength || uint64(length) > uint64(len(rest)-12) {
			return nil, damaged("a chunk of the picture is longer than the picture")
		}
		end := 8 + int(length)
		c := chunk{kind: string(rest[4:8]), data: rest[8:end], whole: rest[:end+4]}
		if crc32.ChecksumIEEE(rest[4:end]) != binary.BigEndian.Uint32(rest[end:]) {
			return nil, damaged("a checksum of the picture is wrong")
		}
		// IHDR comes first and once (section 5.6); its fields take 13 bytes (section 11.2.1).
		if (len(chunks) == 0) != (c.kind == "IHDR") || (c.kind == "IHDR" && length != 13) {
			return nil, damaged("the picture does not begin with one PNG header")
		}
		if len(chunks) == maxChunks {
			return nil, damaged(fmt.Sprintf("the picture has more than %d chunks", maxChunks))
		}
		chunks, rest = append(chunks, c), rest[end+4:]
		if c.kind == "IEND" {
			if length > 0 || len(rest) > 0 {
				return nil, damaged("there is more data after the end of the picture")
			}
			return chunks, nil
		}
	}
}

// text reads what follows the keyword of an iTXt chunk (section 11.3.3.4): compression flag, compression method, language
// tag and translated keyword, each of these two ended by a zero byte, then the text.
func text(data []byte) ([]byte, error) {
	if len(data) < 2 {
		return nil, malformedChunk()
	}
	flag, method, data := data[0], data[1], data[2:]
	for range 2 {
		end := bytes.IndexByte(data, 0)
		if end < 0 {
			return nil, malformedChunk()
		}
		data = data[end+1:]
	}
	switch {
	case flag == 1 && method == 0:
		var err error
		if data, err = inflate(data); err != nil {
			return nil, err
		}
	case flag != 0:
		return nil, malformedChunk()
	}
	return fitting(bytes.Clone(data))
}

// fitting holds a text against the bounds of a credential.
func fitting(text []byte) ([]byte, error) {
	switch {
	case len(text) > maxText:
		return nil, tooLarge()
	case len(text) == 0:
		return nil, empty()
	}
	return text, nil
}

// latin1 writes ISO 8859-1 as UTF-8, and stops a little beyond maxText.
func latin1(data []byte) []byte {
	out := make([]byte, 0, min(len(data), maxText+2))
	for _, c := range data {
		if out = utf8.AppendRune(out, rune(c)); len(out) > maxText {
			break
		}
	}
	return out
}

func malformedChunk() error { return damaged("the credential's chunk in the picture is malformed") }

// inflate reads one zlib stream that fills data. It stops one byte beyond maxText.
func inflate(data []byte) ([]byte, error) {
	broken := damaged("the compressed credential in the picture is damaged")
	rest := bytes.NewReader(data)
	r, err := zlib.NewReader(rest)
	if err != nil {
		return nil, broken
	}
	out, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil || (len(out) <= maxText && rest.Len() > 0) {
		return nil, broken
	}
	return out, nil
}

func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}
