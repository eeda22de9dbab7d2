package issuer_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/issuer"
)

func TestText(t *testing.T) {
	for name, test := range map[string]struct{ body, text string }{
		"as it is now":        {`"{\"a\":\"\u003cb\u003e\"}"`, `{"a":"<b>"}`},
		"of earlier releases": {`"eyJhIjoxfQ=="`, `{"a":1}`},
		"nothing":             {`null`, ""},
		"nothing, as text":    {`""`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var text issuer.Text
			if err := json.Unmarshal([]byte(test.body), &text); err != nil || string(text) != test.text {
				t.Errorf("%q, error %v", text, err)
			}
		})
	}
	for name, body := range map[string]string{
		"a number": `1`, "an object": `{}`, "no base64": `"a b"`, "base64 of no object": `"W10="`,
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			var text issuer.Text
			if err := json.Unmarshal([]byte(body), &text); err == nil {
				t.Errorf("read as %q", text)
			}
		})
	}
	for _, text := range []issuer.Text{{}, issuer.Text("[]"), issuer.Text(" {}"), issuer.Text("{\xff}")} {
		if body, err := json.Marshal(text); err == nil {
			t.Errorf("%q was written as %s", text, body)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		type before struct{ Document []byte }
		type now struct{ Document issuer.Text }
		text := "{" + rapid.String().Draw(t, "text")
		for _, written := range []any{before{[]byte(text)}, now{issuer.Text(text)}} {
			body, err := json.Marshal(written)
			if err != nil {
				t.Fatal(err)
			}
			var read now
			if err := json.Unmarshal(body, &read); err != nil || string(read.Document) != text {
				t.Fatalf("%s was read as %q, error %v", body, read.Document, err)
			}
		}
	})
}
