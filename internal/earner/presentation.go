package earner

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
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

// Presentation writes the badges of a set as a Verifiable Presentation, each as its issuer signed it. It names no holder: earners have no
// keys here, and nobody else can say who presents something. It is signed with a key that is made for it and forgotten, so that its
// signature shows that the list was not changed since, and not who holds it. Badges of Open Badges 2.0 are no credentials in this sense and
// left out, as are somebody else's awards; left is how many. nil: there is nothing to present.
func (c *Collection) Presentation(ctx context.Context, badges []Badge) (document []byte, left int, err error) {
	p := presentation{Context: []string{contextV2}, Type: []string{"VerifiablePresentation"}}
	for _, b := range badges {
		if b.Imported != nil && (b.Award != nil || strings.HasPrefix(b.Imported.Standard, "Open Badges 2")) {
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
	document, err = c.sealed(ctx, bytes.TrimSpace(out.Bytes()))
	return document, left, err
}

// sealed signs a presentation with a new key, for authentication (VC Data Integrity 1.0 section 2.1). The text is signed as it stands
// (eddsa-jcs-2022), because badges from elsewhere may use words that are not known here.
func (c *Collection) sealed(ctx context.Context, document []byte) ([]byte, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of a presentation: %w", err)
	}
	did, err := keys.DIDKey(public)
	if err != nil {
		return nil, fmt.Errorf("making the key of a presentation: %w", err)
	}
	signer := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	signed, err := proof.Seal(ctx, document, proof.SealOptions{Signer: signer, Suite: "eddsa-jcs-2022", Purpose: keys.Authentication, Created: c.Earners.now()})
	if err != nil {
		return nil, fmt.Errorf("signing a presentation: %w", err)
	}
	return signed, nil
}
