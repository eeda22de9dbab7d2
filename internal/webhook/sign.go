package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of a delivery (Standard Webhooks, Webhook Headers).
const (
	HeaderID        = "webhook-id"        // of the delivery: the same each time it is sent
	HeaderTimestamp = "webhook-timestamp" // when it was sent, in seconds since 1970
	HeaderSignature = "webhook-signature" // one or several, with spaces between them
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32 // of 24 to 64 (Standard Webhooks, Symmetric)
	leastSecret  = 24
	mostSecret   = 64

	signatureVersion = "v1," // HMAC-SHA256
	tolerance        = 5 * time.Minute
)

// ErrSignature says that a delivery does not come from the holder of the secret, or not from now.
var ErrSignature = errors.New("the webhook is not signed with this secret, or not at this time")

func newSecret() []byte {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	return secret
}

func secretText(secret []byte) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

func readSecret(text string) ([]byte, error) {
	digits, found := strings.CutPrefix(text, secretPrefix)
	secret, err := base64.StdEncoding.DecodeString(digits)
	if !found || err != nil || len(secret) < leastSecret || len(secret) > mostSecret {
		return nil, errors.New("the secret of a webhook is whsec_ and 24 to 64 bytes in base64")
	}
	return secret, nil
}

// sign is the signature of a delivery as it is sent at an instant.
func sign(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return signatureVersion + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Verify says whether a delivery comes from the holder of a secret, written as it was shown: a nil error. body is the body as it was
// received. A delivery that was sent more than five minutes before or after now has [ErrSignature], as has one that is signed otherwise;
// so keep each id for that long and do nothing twice. Comparing takes the same time whatever is compared.
func Verify(secret string, header http.Header, body []byte, now time.Time) error {
	key, err := readSecret(secret)
	if err != nil {
		return err
	}
	id, timestamp := header.Get(HeaderID), header.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" {
		return ErrSignature
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return ErrSignature
	}
	wanted := []byte(sign(key, id, timestamp, body))
	for given := range strings.FieldsSeq(header.Get(HeaderSignature)) {
		if hmac.Equal([]byte(given), wanted) {
			return nil
		}
	}
	return ErrSignature
}
