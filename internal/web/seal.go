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
	"github.com/laurelbadges/laurel/verifier"
)

// seal lets a page carry reports and give them back: this server keeps nothing, and sets nothing down on paper that it did not
// find itself. Its key lives as long as the process.
type seal struct{ key [32]byte }

func newSeal() (s seal) {
	_, _ = rand.Read(s.key[:]) // never fails
	return s
}

// sealedRow is a row as a page carries it.
type sealedRow struct {
	Number int              `json:"number"`
	SameAs int              `json:"sameAs,omitempty"`
	Like   int              `json:"like,omitempty"`
	Report *verifier.Report `json:"report"`
}

// errUnsealed: a text that this process did not seal.
var errUnsealed = errors.New("the reports were not sealed here")

// close writes rows for a page, "" when they are more than a page can send back.
func (s seal) close(all []batch.Row) (string, error) {
	var out bytes.Buffer
	out.Write(make([]byte, sha256.Size))
	packed := gzip.NewWriter(&out)
	carried := make([]sealedRow, len(all))
	for i, row := range all {
		carried[i] = sealedRow{row.Number, row.SameAs, row.Like, row.Report}
	}
	if err := json.NewEncoder(packed).Encode(carried); err != nil {
		return "", fmt.Errorf("sealing reports: %w", err)
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
	content, err := io.ReadAll(packed)
	if err != nil {
		return nil, fmt.Errorf("opening sealed reports: %w", err)
	}
	var carried []sealedRow
	if err := json.Unmarshal(content, &carried); err != nil {
		return nil, fmt.Errorf("opening sealed reports: %w", err)
	}
	all := make([]batch.Row, len(carried))
	for i, row := range carried {
		all[i] = batch.Row{Number: row.Number, SameAs: row.SameAs, Like: row.Like, Report: row.Report}
	}
	return all, nil
}
