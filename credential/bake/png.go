package bake

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	signature     = "\x89PNG\r\n\x1a\n"
	keyword       = "openbadgecredential" // Open Badges 3.0, "Baked Badge", PNG
	legacyKeyword = "openbadges"          // Open Badges 2.0 baking

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

// unbakePNG is [Unbake] for a PNG.
func unbakePNG(png []byte) ([]byte, error) {
	chunks, err := split(png)
	if err != nil {
		return nil, err
	}
	var found, legacy []chunk
	for _, c := range chunks {
		switch {
		case carries(c):
			found = append(found, c)
		case c.kind == "iTXt" || c.kind == "tEXt" || c.kind == "zTXt":
			if bytes.HasPrefix(c.data, []byte(legacyKeyword+"\x00")) {
				legacy = append(legacy, c)
			}
		}
	}
	switch {
	case len(found) > 1:
		return nil, &Error{CodeImageInvalid, "the picture carries more than one credential"}
	case len(found) == 1:
		return text(found[0].data[len(keyword)+1:])
	case len(legacy) > 0:
		return nil, &Error{CodeNoCredential, "the picture carries an Open Badges 2.0 badge and no Open Badges 3.0 credential"}
	}
	return nil, &Error{CodeNoCredential, "the picture carries no credential"}
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
		if carries(c) {
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

// carries tells whether the chunk is one for a credential, well-formed or not.
func carries(c chunk) bool {
	return c.kind == "iTXt" && bytes.HasPrefix(c.data, []byte(keyword+"\x00"))
}

// split reads the whole file into chunks and checks their order and their CRCs.
func split(png []byte) ([]chunk, error) {
	var chunks []chunk
	for rest := png[len(signature):]; ; {
		if len(rest) < 12 {
			return nil, &Error{CodeImageInvalid, "the picture is cut off"}
		}
		length := binary.BigEndian.Uint32(rest)
		if length > maxLength || uint64(length) > uint64(len(rest)-12) {
			return nil, &Error{CodeImageInvalid, "a chunk of the picture is longer than the picture"}
		}
		end := 8 + int(length)
		c := chunk{kind: string(rest[4:8]), data: rest[8:end], whole: rest[:end+4]}
		if crc32.ChecksumIEEE(rest[4:end]) != binary.BigEndian.Uint32(rest[end:]) {
			return nil, &Error{CodeImageInvalid, "a checksum of the picture is wrong"}
		}
		// IHDR comes first and once (section 5.6); its fields take 13 bytes (section 11.2.1).
		if (len(chunks) == 0) != (c.kind == "IHDR") || (c.kind == "IHDR" && length != 13) {
			return nil, &Error{CodeImageInvalid, "the picture does not begin with one PNG header"}
		}
		if len(chunks) == maxChunks {
			return nil, &Error{CodeImageInvalid, fmt.Sprintf("the picture has more than %d chunks", maxChunks)}
		}
		chunks, rest = append(chunks, c), rest[end+4:]
		if c.kind == "IEND" {
			if length > 0 || len(rest) > 0 {
				return nil, &Error{CodeImageInvalid, "there is more data after the end of the picture"}
			}
			return chunks, nil
		}
	}
}

// text reads what follows the keyword of an iTXt chunk (section 11.3.3.4): compression flag, compression method, language
// tag and translated keyword, each of these two ended by a zero byte, then the text.
func text(data []byte) ([]byte, error) {
	malformed := &Error{CodeImageInvalid, "the credential's chunk in the picture is malformed"}
	if len(data) < 2 {
		return nil, malformed
	}
	flag, method, data := data[0], data[1], data[2:]
	for range 2 {
		end := bytes.IndexByte(data, 0)
		if end < 0 {
			return nil, malformed
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
		return nil, malformed
	}
	if len(data) > maxText {
		return nil, tooLarge()
	}
	if len(data) == 0 {
		return nil, &Error{CodeNoCredential, "the credential's chunk in the picture is empty"}
	}
	return bytes.Clone(data), nil
}

// inflate reads one zlib stream that fills data. It stops one byte beyond maxText.
func inflate(data []byte) ([]byte, error) {
	damaged := &Error{CodeImageInvalid, "the compressed credential in the picture is damaged"}
	rest := bytes.NewReader(data)
	r, err := zlib.NewReader(rest)
	if err != nil {
		return nil, damaged
	}
	out, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil || (len(out) <= maxText && rest.Len() > 0) {
		return nil, damaged
	}
	return out, nil
}

func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}
