package paper

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

func TestArt(t *testing.T) {
	art, err := ArtPNG()
	if err != nil {
		t.Fatal(err)
	}
	if len(art) > 40_000 {
		t.Errorf("the picture has %d bytes", len(art))
	}
	again, err := ArtPNG()
	if err != nil || !bytes.Equal(art, again) {
		t.Errorf("two drawings differ (%v)", err)
	}
	picture, err := png.Decode(bytes.NewReader(art))
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds() != image.Rect(0, 0, artSide, artSide) {
		t.Errorf("the picture is %v", picture.Bounds())
	}
	opaque := 0
	for y := range artSide {
		for x := range artSide {
			_, _, _, alpha := picture.At(x, y).RGBA()
			if alpha > 0 {
				opaque++
				if x < 16 || y < 16 || x >= artSide-16 || y >= artSide-16 {
					t.Fatalf("there is paint in the margin at %d, %d", x, y)
				}
			}
		}
	}
	if share := float64(opaque) / (artSide * artSide); share < 0.3 || share > 0.6 {
		t.Errorf("%.0f %% of the picture is painted", 100*share)
	}
}
