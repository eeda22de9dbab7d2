package pdf

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// FuzzRead: any bytes are answered, with a whole error or a document whose pictures can be walked, twice alike.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"chromium", "linearized", "encrypted", "rc4-40", "rc4-128", "aes-128", "revision5", "cleartext", "password"} {
		data, err := os.ReadFile("testdata/" + name + ".pdf")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(revised(file("<< /Pages 2 0 R /AF [<< /F (a) /EF << /F 4 0 R >> >>] >>", onePageTree, emptyPage, streamOf("", []byte("one"))), "/Root 1 0 R", "", "", emptyPage))
	f.Add(onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf("/Width 24 /Height 24 /BitsPerComponent 2 /ColorSpace [/Indexed /DeviceRGB 1 <000000FFFFFF>] /Mask [1 1]", make([]byte, 144))))
	f.Add(onePage("/ColorSpace << /C [/DeviceN [/A /B] 1 1] >>", "/C cs 1 0 scn "+grid(12)+"BI /W 24 /H 24 /BPC 1 /IM true ID "+strings.Repeat("x", 72)+"\nEI"))
	f.Add([]byte("%PDF-1.7\n4 0 obj << /Type /ObjStm /N 2 /First 10 /Length 99 >> stream\n1 0 2 18 <</Pages 2 0 R>>   <</Kids[3 0 R]>>\nendstream endobj trailer << /Root 1 0 R >>"))
	list := func(m method) string { return "<< /F (" + sealedText(m, 1, 0, "a") + ") /EF << /F 4 0 R >> >>" }
	for version, m := range map[int]method{1: rc4128, 5: aes256} {
		f.Add(sealedFile(version, filtersOf("Std", "Std", "Own", "Own"), "<< /Pages 2 0 R /AF ["+list(m)+"] >>", onePageTree, emptyPage, streamOf("/Filter /Crypt", []byte("one"))))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(data)
		if outcome(t, err) != "read" {
			return
		}
		walk := func() (sizes string) {
			for p := range d.Pictures() {
				sizes += fmt.Sprint(p.Bounds())
				_ = p.At(p.Bounds().Max.X-1, p.Bounds().Max.Y-1)
			}
			return sizes
		}
		if first, second := walk(), walk(); first != second {
			t.Errorf("%s, then %s", first, second)
		}
		for _, address := range d.Links {
			if https(address) != address || !strings.HasPrefix(address, "https://") {
				t.Errorf("%q is no https address", address)
			}
		}
		for _, a := range d.Attachments {
			if (a.Error != nil) == (a.Data != nil) && a.Error != nil {
				t.Errorf("%v with data", a.Error)
			}
		}
	})
}

// FuzzContent: any content of a page is followed to its end.
func FuzzContent(f *testing.F) {
	f.Add([]byte("q 3 0 0 3 1 1 cm 0 g 0 0 m 1 0 l 1 1 l h f* Q 1 w 0 0 9 9 re B /X Do"))
	f.Add([]byte("BI /W 24 /H 24 /BPC 8 /CS /G /F /AHx ID 00>\nEI 1 0 0 RG 0 0 m 1 1 2 2 3 3 c 4 4 5 5 v 6 6 7 7 y b*"))
	f.Add([]byte("BT /F 1 Tf [(https://) 3 (e.example/)] TJ T* (x)' ET " + grid(14)))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := Read(onePage("/XObject << /X 5 0 R >> /ExtGState << /X << /LW 2 /ca .1 >> >>", string(content), streamOf("/Subtype /Form", []byte("0 0 1 1 re f /X Do"))))
		if outcome(t, err) == "read" {
			scanned(d)
		}
	})
}
