package verifier

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/proof"
)

const emptySVG = `<svg xmlns="http://www.w3.org/2000/svg"/>`

func (b *bench) baked(document []byte) []byte {
	b.Helper()
	picture, err := bake.Bake([]byte(emptySVG), document)
	if err != nil {
		b.Fatal(err)
	}
	return picture
}

// TestSVG: the badge in a picture gets the verdict of the badge, whichever form it has; what a picture hides gets none.
func TestSVG(t *testing.T) {
	b := newBench(t)
	sealed := b.seal(b.badge(nothing))
	token, err := proof.SealJWT(b.badge(nothing), b.key)
	if err != nil {
		t.Fatal(err)
	}
	picture := b.baked(sealed)
	start, end, _ := strings.Cut(string(picture), "</openbadges:credential>")
	end = "</openbadges:credential>" + end
	const close = "</svg>"
	inner := strings.TrimSuffix(strings.TrimPrefix(string(picture), strings.TrimSuffix(emptySVG, "/>")+">"), close)
	for name, c := range map[string]struct {
		input              []byte
		authentic, inForce Answer
		code               string
	}{
		"JSON":               {picture, Yes, Yes, ""},
		"token":              {b.baked([]byte(token)), Yes, Yes, ""},
		"byte order mark":    {append([]byte("\ufeff\n"), picture...), Yes, Yes, ""},
		"changed badge":      {bytes.Replace(picture, []byte("Gives it."), []byte("Gave it."), 1), No, Undecided, "signature_invalid"},
		"changed token":      {b.baked([]byte(token[:len(token)-4] + "AAAA")), No, Undecided, "signature_invalid"},
		"two badges":         {[]byte(strings.TrimSuffix(string(picture), close) + inner + close), No, Undecided, "image_invalid"},
		"no badge":           {[]byte(emptySVG), No, Undecided, "no_credential"},
		"badge in a comment": {[]byte(strings.Replace(string(picture), inner, "<!--"+inner+"-->", 1)), No, Undecided, "no_credential"},
		"another badge, 2.0": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><a:assertion xmlns:a="http://openbadges.org" verify="https://example.org/1"/></svg>`), No, Undecided, "no_credential"},
		"entities":           {append([]byte(`<!DOCTYPE svg [<!ENTITY a "b">]>`), picture...), No, Undecided, "image_invalid"},
		"text beside JSON":   {[]byte(start + "x" + end), No, Undecided, "malformed"},
		"a page as badge":    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><c:credential xmlns:c="https://purl.imsglobal.org/ob/v3p0">&lt;html></c:credential></svg>`), No, Undecided, "no_credential"},
		"no SVG":             {[]byte("<!doctype html><html><title>x</title></html>"), No, Undecided, "no_credential"},
		"cut":                {picture[:len(picture)-3], No, Undecided, "image_invalid"},
		"too large":          {append(bytes.Clone(picture), bytes.Repeat([]byte(" "), credential.Limits.Upload)...), No, Undecided, "too_large"},
	} {
		r := b.verify(c.input)
		expect(t, name, r, c.authentic, c.inForce, c.code)
		want := map[string]string{"no SVG": "html", "too large": "json"}[name]
		if want == "" {
			want = "svg"
		}
		if r.Input.Kind != want {
			t.Errorf("%s: kind %s", name, r.Input.Kind)
		}
	}
}

// TestPublishedSVG: the baked SVG of the official validator's tests. Its key stands in the token only, so the issuer has to
// be asked whether it is theirs, and without a network nobody can.
func TestPublishedSVG(t *testing.T) {
	file := referencedata.File(t, "corpus/files/1EdTech__digital-credentials-public-validator/inspector-vc_src_test_resources_ob30_simple-jwt.svg")
	r, err := Verify(context.Background(), file, Options{At: at, Fetch: library{}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "simple-jwt.svg", r, Undecided, Undecided, "issuer_unresolved")
	if r.Input.Kind != "svg" {
		t.Errorf("kind %s", r.Input.Kind)
	}
}
