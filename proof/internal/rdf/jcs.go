package rdf

import (
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// canonicalJSON is the lexical form of a JSON literal: the text of RFC 8785 (JSON-LD API 1.1 section 8.2.2 step 4). The value
// comes from the strict reader, so its texts are valid Unicode and encoding/json keeps its numbers as they are written.
func canonicalJSON(value any) (string, error) {
	text, err := json.Marshal([]any{value}) // in an array, as a JSON text may be a scalar too
	if err == nil {
		text, err = jcs.Transform(text)
	}
	if err != nil {
		return "", fmt.Errorf("a JSON literal has no canonical form: %s", quote(err.Error()))
	}
	return string(text[1 : len(text)-1]), nil
}
