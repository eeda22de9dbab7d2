package earner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

const contextV2 = "https://www.w3.org/ns/credentials/v2"

// presentation is a Verifiable Presentation (VCDM 2.0 section 4.13).
type presentation struct {
	Context     []string          `json:"@context"`
	Type        []string          `json:"type"`
	Credentials []json.RawMessage `json:"verifiableCredential"`
}

// enveloped is a token in a presentation (VCDM 2.0 section 4.13.1).
type enveloped struct {
	Context string `json:"@context"`
	ID      string `json:"id"`
	Type    string `json:"type"`
}

// Presentation writes the badges of a set as a Verifiable Presentation, each as its issuer signed it. The presentation itself is not
// signed and names no holder: earners have no keys here, and nobody else can say who presents something. Badges of Open Badges 2.0 are
// no credentials in this sense and left out; left is how many. nil: there is nothing to present.
func (c *Collection) Presentation(ctx context.Context, badges []Badge) (document []byte, left int, err error) {
	p := presentation{Context: []string{contextV2}, Type: []string{"VerifiablePresentation"}}
	for _, b := range badges {
		if b.Imported != nil && strings.HasPrefix(b.Imported.Standard, "Open Badges 2") {
			left++
			continue
		}
		text, token, err := c.Text(ctx, b)
		if err != nil {
			return nil, 0, err
		}
		if token {
			if text, err = json.Marshal(enveloped{contextV2, "data:application/vc+jwt," + strings.TrimSpace(string(text)), "EnvelopedVerifiableCredential"}); err != nil {
				return nil, 0, fmt.Errorf("writing a presentation: %w", err)
			}
		}
		p.Credentials = append(p.Credentials, json.RawMessage(text))
	}
	if len(p.Credentials) == 0 {
		return nil, left, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(p); err != nil {
		return nil, 0, fmt.Errorf("writing a presentation: %w", err)
	}
	return out.Bytes(), left, nil
}
