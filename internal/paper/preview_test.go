package paper

import (
	"bytes"
	"image/png"
	"os"
	"strings"
	"testing"
)

var previews = map[string]Preview{
	"plain": {Art: Art{Title: "Small-Group Instruction", Kind: "Micro-credential"}, Title: "Small-Group Instruction from Evidence", Issuer: "Cedar County Schools", Check: "Check it: badges.cedar.example/c/7K4M92"},
	"ended": {Art: Art{Title: "Small-Group Instruction", Kind: "Micro-credential"}, Title: "Small-Group Instruction from Evidence", Issuer: "Cedar County Schools", Check: "Check it: badges.cedar.example/c/7K4M92", Notice: "No longer in force"},
	"long":  {Art: Art{Title: strings.Repeat("Professional learning ", 14), Kind: "Micro-credential"}, Title: strings.Repeat("Professional learning ", 14), Issuer: strings.Repeat("Ministry of Education ", 6), Check: "Check it: https://badges.a-very-long-name-of-a-host.education.example/c/0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33", Notice: "No longer in force"},
	"other": {Art: Art{Title: "识字", Kind: "证书"}, Title: "识字", Issuer: "学校", Check: "Check it: badges.cedar.example/c/7K4M92"},
	"word":  {Art: Art{Title: "A"}, Title: strings.Repeat("Donaudampfschifffahrt", 6), Issuer: "Ö", Check: "x"},
	"empty": {},
}

func TestPreview(t *testing.T) {
	for name, p := range previews {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := PreviewPNG(p)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := PreviewPNG(p)
			if !bytes.Equal(out, again) {
				t.Error("the same preview has other bytes")
			}
			if len(out) > 80_000 {
				t.Errorf("%d bytes", len(out))
			}
			config, err := png.DecodeConfig(bytes.NewReader(out))
			if err != nil || config.Width != PreviewWidth || config.Height != PreviewHeight {
				t.Errorf("%v %v", config, err)
			}
			if dir := os.Getenv("LAUREL_PICTURES"); dir != "" {
				os.WriteFile(dir+"/preview-"+name+".png", out, 0o600)
			}
		})
	}
}

// TestPreviewPicture: a picture of its own stands in the place of the art.
func TestPreviewPicture(t *testing.T) {
	t.Parallel()
	art, err := ArtPNG()
	if err != nil {
		t.Fatal(err)
	}
	p := previews["plain"]
	plain, err := PreviewPNG(p)
	if err != nil {
		t.Fatal(err)
	}
	p.Picture = art
	own, err := PreviewPNG(p)
	if err != nil || bytes.Equal(own, plain) || len(own) > 1_000_000 {
		t.Errorf("%d bytes, %v", len(own), err)
	}
	p.Picture = []byte("GIF89a")
	if _, err := PreviewPNG(p); err == nil {
		t.Error("what is no PNG was drawn")
	}
}

func BenchmarkPreview(b *testing.B) {
	for b.Loop() {
		if _, err := PreviewPNG(previews["plain"]); err != nil {
			b.Fatal(err)
		}
	}
}
