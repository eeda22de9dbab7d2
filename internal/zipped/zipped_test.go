package zipped

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

func TestTaken(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "gzip, deflate, br": true, "br;q=1, GZIP;q=0.2": true, "gzip;q=0": false, "*": true, "*, gzip;q=0": false, "*;q=0, gzip": true,
		"identity": false, "gzip;q=x": false, "x-gzip": true, "gzipped": false,
	} {
		if got := Taken(accept); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

func TestPage(t *testing.T) {
	text := strings.Repeat("the same ", 500)
	packed, err := Page([]byte(text))
	if err != nil || len(packed) > len(text)/10 {
		t.Fatal(len(packed), err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != text {
		t.Error(err)
	}
}
