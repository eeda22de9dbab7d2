package qr

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"

	price "github.com/laurelbadges/laurel/credential/carrier/internal/jpeg"
)

// readJPEG decodes a JPEG that is not too large by its headers.
func readJPEG(data []byte) (image.Image, error) {
	cost, err := price.Price(data)
	switch {
	case tooMany(cost.Width, cost.Height):
		return nil, tooLarge(cost.Width, cost.Height)
	case errors.Is(err, price.ErrScans):
		return nil, &Error{CodeTooLarge, "pixels", err.Error()}
	case err != nil:
		return nil, damaged(err.Error())
	}
	if err := afford(cost.Width, cost.Height, 0, cost.Memory); err != nil {
		return nil, err
	}
	return jpeg.Decode(bytes.NewReader(data))
}
