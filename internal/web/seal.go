package web

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/batch"
)

// seal lets a page carry reports and give them back: this server keeps nothing, and sets nothing down on paper that it did not
// find itself. Its key lives as long as the process, where Config gives none.
type seal struct{ key [32]byte }

func newSeal() (s seal) {
	_, _ = rand.Read(s.key[:]) // never fails
	return s
}

// sealOf returns the seal of a key that processes share. Those of another version of the program have another one: they may read what
// is sealed in another way.
func sealOf(key []byte, version string) seal {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte("seal of reports, version " + version)) // a digest takes every write
	return seal{key: [32]byte(mac.Sum(nil))}
}

// mostSealed bounds what sealed rows take to be opened, in bytes: twice what 500 usual reports have. Without it a page that packs
// well would be small to send and large to read, as often as anybody likes.
const mostSealed = 16 << 20

// errUnsealed: a text that this process did not seal.
var errUnsealed = errors.New("the reports were not sealed here")

// close writes rows for a page, "" when they are more than a page can send back.
func (s seal) close(all []batch.Row) (string, error) {
	var out bytes.Buffer
	out.Write(make([]byte, sha256.Size))
	packed := gzip.NewWriter(&out)
	length := 0
	for _, row := range all {
		text, err := json.Marshal(row)
		if err != nil {
			return "", fmt.Errorf("sealing reports: %w", err)
		}
		if length += len(text); length > mostSealed || base64.RawURLEncoding.EncodedLen(out.Len()) > credential.Limits.Upload {
			return "", nil
		}
		if _, err := packed.Write(text); err != nil {
			return "", fmt.Errorf("sealing reports: %w", err)
		}
	}
	if err := packed.Close(); err != nil {
		return "", fmt.Errorf("sealing reports: %w", err)
	}
	text := out.Bytes()
	copy(text, s.sum(text[sha256.Size:]))
	if base64.RawURLEncoding.EncodedLen(len(text)) > credential.Limits.Upload {
		return "", nil
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

func (s seal) sum(text []byte) []byte {
	mac := hmac.New(sha256.New, s.key[:])
	_, _ = mac.Write(text) // a digest takes every write
	return mac.Sum(nil)
}

// open reads what close wrote, and nothing else.
func (s seal) open(sealed string) ([]batch.Row, error) {
	text, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(text) < sha256.Size || !hmac.Equal(text[:sha256.Size], s.sum(text[sha256.Size:])) {
		return nil, errUnsealed
	}
	packed, err := gzip.NewReader(bytes.NewReader(text[sha256.Size:]))
	if err != nil {
		return nil, fmt.Errorf("opening sealed reports: %w", err)
	}
	var all []batch.Row
	for decoder := json.NewDecoder(packed); ; {
		var row batch.Row
		switch err := decoder.Decode(&row); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("opening sealed reports: %w", err)
		}
		all = append(all, row)
	}
}
