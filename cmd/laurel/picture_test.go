package main

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"testing"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/issuer"
)

// shelf answers documents by their addresses.
type shelf map[string][]byte

func (s shelf) Document(_ context.Context, address string) ([]byte, error) {
	if text, there := s[address]; there {
		return text, nil
	}
	return nil, &issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: "Nothing.", Err: issuer.ErrNotFound}
}

// TestPictureOfAchievement: a badge that is written to a folder is baked into the picture that was uploaded, and badge art stands where none was.
func TestPictureOfAchievement(t *testing.T) {
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewGray(image.Rect(0, 0, 7, 5))); err != nil {
		t.Fatal(err)
	}
	award := issuer.Credential{ID: "c1", URL: "https://badges.example/c/c1", Achievement: "a1", JWT: "x",
		JSON: []byte(`{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"urn:uuid:1","type":["VerifiableCredential","OpenBadgeCredential"]}`)}
	own := shelf{"https://badges.example/a/a1/image.png": small.Bytes()}
	files, err := writeForms(t.Context(), own, t.TempDir(), award)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"png", "svg"} {
		data, err := os.ReadFile(files[form])
		if err != nil {
			t.Fatal(err)
		}
		if inside, err := bake.Unbake(data); err != nil || !bytes.Equal(inside, award.JSON) {
			t.Errorf("%s: error %v", form, err)
		}
		if form == "png" {
			if c, err := png.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width != 7 {
				t.Errorf("the picture is %d wide, error %v", c.Width, err)
			}
		}
	}
	delete(own, "https://badges.example/a/a1/image.png")
	if art, err := paper.ArtPNG(); err != nil {
		t.Error(err)
	} else if got, err := artOf(t.Context(), own, award, "png"); err != nil || !bytes.Equal(got, art) {
		t.Error("no badge art:", err)
	}
}
