package client

import (
	"net/http"
	"time"

	"github.com/laurelbadges/laurel/internal/webhook"
)

// VerifyWebhook says whether a webhook comes from the holder of a secret, written as it was shown when the webhook was made (Standard
// Webhooks 1.0): a nil error. body is the body as it was received, and now the time of the receiver. One that was sent more than five
// minutes before or after now is refused, as is one that is signed otherwise; so keep each webhook-id for that long, and do nothing twice.
func VerifyWebhook(secret string, header http.Header, body []byte, now time.Time) error {
	return webhook.Verify(secret, header, body, now)
}
